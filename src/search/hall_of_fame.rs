//! The best programs by size.

use std::collections::BTreeMap;

use exnihilo_jit::Program;
use serde::{Deserialize, Serialize};

use super::damage::{self, Damage};
use crate::experiment::Experiment;

/// A program of the hall of fame.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FamousState {
    pub(super) task_set: u64,
    pub(super) size: u64,
    pub(super) experiment: u64,
    pub(super) island: u64,
    pub(super) individual: u64,
    pub(super) fitness: f64,
    pub(super) program: String,
}

/// The best program of its size: highest search fitness, of equals that of the lowest experiment, the earliest there, of the lowest island.
#[derive(Clone, Debug, PartialEq)]
pub struct Famous {
    /// The set of search tasks on which it has its fitness, from 0.
    pub task_set: usize,
    /// Its instructions that matter.
    pub size: usize,
    /// The experiment that found it.
    pub experiment: u64,
    /// The island of the experiment.
    pub island: u64,
    /// How many individuals the island had made before it.
    pub individual: u64,
    /// Its search fitness.
    pub fitness: f64,
    /// The program, as evolved.
    pub program: Program,
}

impl Famous {
    /// By which the first of equals is told.
    const fn age(&self) -> [u64; 3] {
        [self.experiment, self.individual, self.island]
    }
}

/// The best program of every size, for each set of search tasks; of an island or of a run.
#[derive(Clone, Debug, Default)]
pub struct HallOfFame {
    by_size: BTreeMap<(usize, usize), Famous>,
}

impl HallOfFame {
    /// Takes in a program of this place (set of tasks, size), fitness and age, if it is better than the one there.
    pub(super) fn admit(&mut self, place: (usize, usize), fitness: f64, age: [u64; 3], famous: impl FnOnce() -> Famous) {
        match self.by_size.get_mut(&place) {
            Some(old) if fitness > old.fitness || (fitness == old.fitness && age < old.age()) => *old = famous(),
            Some(_) => {}
            None => drop(self.by_size.insert(place, famous())),
        }
    }

    /// Takes in those of another that are better than the ones here.
    pub(super) fn merge(&mut self, other: &HallOfFame) {
        for famous in other.by_size.values() {
            self.admit((famous.task_set, famous.size), famous.fitness, famous.age(), || famous.clone());
        }
    }

    /// The programs, by set of tasks, then from the smallest to the largest.
    pub fn programs(&self) -> impl Iterator<Item = &Famous> {
        self.by_size.values()
    }

    /// The best of all: highest search fitness, the first of equals in their order here.
    pub(super) fn best(&self) -> Option<&Famous> {
        self.programs().reduce(|first, second| if second.fitness > first.fitness { second } else { first })
    }

    pub(super) fn state(&self) -> Vec<FamousState> {
        let state = |famous: &Famous| FamousState {
            task_set: famous.task_set as u64,
            size: famous.size as u64,
            experiment: famous.experiment,
            island: famous.island,
            individual: famous.individual,
            fitness: famous.fitness,
            program: famous.program.to_string(),
        };
        self.programs().map(state).collect()
    }

    pub(super) fn restore(programs: Vec<FamousState>, experiment: &Experiment) -> Result<HallOfFame, Damage> {
        let mut hall = HallOfFame::default();
        for state in programs {
            let program = damage::program("a program of the hall of fame", &state.program, experiment)?;
            let (task_set, size) = (state.task_set as usize, state.size as usize);
            if size > program.instructions().len() || task_set >= experiment.tasks.search.len() {
                return Err(Damage(format!("a program of size {size} and task set {task_set} in the hall of fame")));
            }
            let fitness = damage::fitness("the hall of fame", state.fitness)?;
            let FamousState { experiment, island, individual, .. } = state;
            hall.by_size.insert((task_set, size), Famous { task_set, size, experiment, island, individual, fitness, program });
        }
        Ok(hall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn famous(size: usize, fitness: f64, individual: u64) -> Famous {
        Famous { task_set: 0, size, experiment: 0, island: 0, individual, fitness, program: Program::default() }
    }

    #[test]
    fn each_size_has_its_earliest_best() {
        let mut hall = HallOfFame::default();
        let mut other = HallOfFame::default();
        for (number, (size, fitness)) in (0..).zip([(3, 0.5), (3, 0.4), (3, 0.5), (1, 0.9), (3, 0.6)]) {
            hall.admit((0, size), fitness, [0, number, 0], || famous(size, fitness, number));
            other.admit((0, size + 2), fitness + 0.05, [0, number, 0], || famous(size + 2, fitness + 0.05, number));
        }
        let found = |hall: &HallOfFame| hall.programs().map(|f| (f.size, f.fitness, f.individual)).collect::<Vec<_>>();
        assert_eq!(found(&hall), [(1, 0.9, 3), (3, 0.6, 4)]);
        hall.merge(&other);
        assert_eq!(found(&hall), [(1, 0.9, 3), (3, 0.9 + 0.05, 3), (5, 0.6 + 0.05, 4)]);
    }
}
