//! Where programs come from: of every line of descent the programs that were better than all their ancestors on the same tasks (the steps
//! of the paper's Figure 6), as long as a living program descends from them.
//!
//! A program refers to its latest milestone by a number, so that a child costs no more than the copy of one; a new milestone is made where
//! a child betters that of its parent. Numbers that nobody refers to are given up now and then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use exnihilo_jit::Program;
use serde::{Deserialize, Serialize};

use super::damage::{self, Damage};
use super::lineage::Origin;
use crate::experiment::Experiment;

/// A program that was better than all its ancestors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MilestoneState {
    pub(super) island: u64,
    pub(super) number: u64,
    pub(super) task_set: u64,
    pub(super) individual: u64,
    pub(super) fitness: f64,
    pub(super) program: String,
    pub(super) origin: Origin,
    pub(super) mutations: u32,
    /// The place in the list of the one before it.
    pub(super) before: Option<u32>,
    pub(super) is_told: bool,
}

/// What a program descends from.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct LineState {
    /// The place of its latest milestone in the list of its experiment.
    pub(super) latest: Option<u32>,
    /// The mutations since.
    pub(super) mutations: u32,
}

/// A program with a higher search fitness than all milestones before it in its line on the same set of search tasks, or better than all
/// before it on its island.
#[derive(Debug)]
pub struct Milestone {
    /// The experiment, from 0.
    pub experiment: u64,
    /// The island of the experiment, from 0.
    pub island: u64,
    /// Which milestone of its island, from 0.
    pub number: u64,
    /// The set of search tasks that the island evolves on, from 0.
    pub task_set: usize,
    /// How many individuals the island had made before it.
    pub individual: u64,
    /// Its search fitness.
    pub fitness: f64,
    /// The program, as evolved.
    pub program: Program,
    /// How it came about.
    pub origin: Origin,
    /// The mutations, its own included, since the milestone before it.
    pub mutations: u32,
    before: Option<Arc<Milestone>>,
    /// Whether it was told of.
    is_told: AtomicBool,
}

impl Milestone {
    /// The milestone before it in its line of descent, which may be of another island.
    pub fn before(&self) -> Option<&Milestone> {
        self.before.as_deref()
    }

    /// Those of its line that nobody was told of yet, the earliest first, itself the last; they count as told then.
    pub(super) fn take_untold(self: &Arc<Milestone>) -> Vec<Arc<Milestone>> {
        let line = std::iter::successors(Some(self), |milestone| milestone.before.as_ref());
        let mut untold: Vec<Arc<Milestone>> =
            line.take_while(|milestone| !milestone.is_told.swap(true, Ordering::Relaxed)).map(Arc::clone).collect();
        untold.reverse();
        untold
    }
}

impl Drop for Milestone {
    /// One after the other: a line may be longer than the stack is deep.
    fn drop(&mut self) {
        let mut before = self.before.take();
        while let Some(mut milestone) = before.and_then(Arc::into_inner) {
            before = milestone.before.take();
        }
    }
}

/// What a program of a population descends from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The number of its latest milestone here, itself perhaps.
    place: u32,
    /// The mutations since.
    mutations: u32,
}

impl Line {
    /// Of a program without ancestors.
    pub(super) const NONE: Line = Line { place: u32::MAX, mutations: 0 };

    /// Of a mutation of a program with this line.
    pub(super) const fn mutated(self) -> Line {
        Line { mutations: self.mutations.saturating_add(1), ..self }
    }
}

/// A line of descent by itself, as it goes from island to island.
#[derive(Clone, Debug, Default)]
pub(super) struct Descent {
    latest: Option<Arc<Milestone>>,
    mutations: u32,
}

/// What is known of a new milestone but its place in the line.
pub(super) struct NewMilestone {
    pub(super) experiment: u64,
    pub(super) island: u64,
    pub(super) individual: u64,
    pub(super) fitness: f64,
    pub(super) program: Program,
    pub(super) origin: Origin,
}

/// A milestone that programs of an island refer to.
#[derive(Clone, Debug)]
struct Latest {
    milestone: Arc<Milestone>,
    /// The highest fitness in its line on the tasks of the island, if there is any.
    best: Option<f64>,
}

/// The milestones that programs of an island refer to.
#[derive(Debug)]
pub(super) struct Milestones {
    places: Vec<Latest>,
    /// How many were made here.
    made: u64,
    /// The set of search tasks that the island evolves on.
    task_set: usize,
}

impl Milestones {
    /// None yet, on an island that evolves on this set of search tasks.
    pub(super) const fn new(task_set: usize) -> Milestones {
        Milestones { places: Vec::new(), made: 0, task_set }
    }

    /// The highest fitness that a milestone of a line has on the tasks of the island, if any has.
    pub(super) fn best(&self, line: Line) -> Option<f64> {
        self.places.get(line.place as usize)?.best
    }

    fn get(&self, line: Line) -> Option<&Arc<Milestone>> {
        self.places.get(line.place as usize).map(|latest| &latest.milestone)
    }

    /// Makes a milestone at the end of a line, and gives the line that goes on from it.
    pub(super) fn make(&mut self, line: Line, new: NewMilestone) -> (Arc<Milestone>, Line) {
        let NewMilestone { experiment, island, individual, fitness, program, origin } = new;
        let best = Some(self.best(line).map_or(fitness, |best| best.max(fitness)));
        let milestone = Arc::new(Milestone {
            experiment,
            island,
            number: self.made,
            task_set: self.task_set,
            individual,
            fitness,
            program,
            origin,
            mutations: line.mutations,
            before: self.get(line).cloned(),
            is_told: AtomicBool::new(false),
        });
        self.made += 1;
        let place = self.add(Latest { milestone: Arc::clone(&milestone), best });
        (milestone, Line { place, mutations: 0 })
    }

    /// A line as it leaves for another island.
    pub(super) fn leave(&self, line: Line) -> Descent {
        Descent { latest: self.get(line).cloned(), mutations: line.mutations }
    }

    /// The line of a program that comes from another island.
    pub(super) fn join(&mut self, descent: Descent) -> Line {
        let Descent { latest, mutations } = descent;
        let Some(milestone) = latest else { return Line { mutations, ..Line::NONE } };
        let line = std::iter::successors(Some(&*milestone), |milestone| milestone.before());
        let best = line.filter(|milestone| milestone.task_set == self.task_set).map(|milestone| milestone.fitness).reduce(f64::max);
        Line { place: self.add(Latest { milestone, best }), mutations }
    }

    fn add(&mut self, latest: Latest) -> u32 {
        let place = u32::try_from(self.places.len()).expect("places are given up long before");
        self.places.push(latest);
        place
    }

    /// Whether there are so many numbers that it is worth while to look at all `living` lines for those in use.
    pub(super) const fn is_due(&self, living: usize) -> bool {
        self.places.len() >= 4 * living + 64
    }

    /// Gives up the numbers that none of these lines refers to.
    pub(super) fn keep<'a>(&mut self, lines: impl Iterator<Item = &'a mut Line>) {
        let mut places = Vec::new();
        let mut moved = vec![u32::MAX; self.places.len()];
        for line in lines {
            let Some(to) = moved.get_mut(line.place as usize) else { continue };
            if *to == u32::MAX {
                *to = places.len() as u32;
                places.push(self.places[line.place as usize].clone());
            }
            line.place = *to;
        }
        self.places = places;
    }

    /// How many were made here.
    pub(super) const fn made(&self) -> u64 {
        self.made
    }

    /// The island has made so many before.
    pub(super) const fn set_made(&mut self, made: u64) {
        self.made = made;
    }
}

/// The milestones of an experiment as a checkpoint holds them: each after the one before it.
#[derive(Debug, Default)]
pub(super) struct MilestoneTable {
    states: Vec<MilestoneState>,
    numbers: HashMap<*const Milestone, u32>,
}

impl MilestoneTable {
    /// A line as the checkpoint holds it; its milestones go into the table.
    pub(super) fn add(&mut self, descent: &Descent) -> LineState {
        LineState { latest: descent.latest.as_ref().map(|latest| self.number(latest)), mutations: descent.mutations }
    }

    fn number(&mut self, milestone: &Arc<Milestone>) -> u32 {
        let line = std::iter::successors(Some(milestone), |milestone| milestone.before.as_ref());
        let new: Vec<&Arc<Milestone>> = line.take_while(|milestone| !self.numbers.contains_key(&Arc::as_ptr(milestone))).collect();
        for milestone in new.into_iter().rev() {
            let state = MilestoneState {
                island: milestone.island,
                number: milestone.number,
                task_set: milestone.task_set as u64,
                individual: milestone.individual,
                fitness: milestone.fitness,
                program: milestone.program.to_string(),
                origin: milestone.origin,
                mutations: milestone.mutations,
                before: milestone.before.as_ref().map(|before| self.numbers[&Arc::as_ptr(before)]),
                is_told: milestone.is_told.load(Ordering::Relaxed),
            };
            self.numbers.insert(Arc::as_ptr(milestone), self.states.len() as u32);
            self.states.push(state);
        }
        self.numbers[&Arc::as_ptr(milestone)]
    }

    pub(super) fn into_states(self) -> Vec<MilestoneState> {
        self.states
    }
}

/// The milestones of an experiment's checkpoint.
#[derive(Debug, Default)]
pub(super) struct RestoredMilestones(Vec<Arc<Milestone>>);

impl RestoredMilestones {
    /// Those of experiment number `number`.
    pub(super) fn new(states: Vec<MilestoneState>, number: u64, experiment: &Experiment) -> Result<RestoredMilestones, Damage> {
        let mut all: Vec<Arc<Milestone>> = Vec::new();
        for state in states {
            let before = match state.before {
                Some(before) => match all.get(before as usize) {
                    Some(before) => Some(Arc::clone(before)),
                    None => return Err(Damage(format!("milestone {} comes after milestone {before}", all.len()))),
                },
                None => None,
            };
            if state.island >= experiment.search.islands as u64 || state.task_set >= experiment.tasks.search.len() as u64 {
                return Err(Damage(format!("a milestone of island {} and task set {}", state.island, state.task_set)));
            }
            all.push(Arc::new(Milestone {
                experiment: number,
                island: state.island,
                number: damage::count("milestones", state.number)?,
                task_set: state.task_set as usize,
                individual: damage::count("the individuals before a milestone", state.individual)?,
                fitness: damage::fitness("a milestone", state.fitness)?,
                program: damage::program("a milestone", &state.program, experiment)?,
                origin: state.origin,
                mutations: state.mutations,
                before,
                is_told: AtomicBool::new(state.is_told),
            }));
        }
        Ok(RestoredMilestones(all))
    }

    /// A line of descent.
    pub(super) fn descent(&self, line: LineState) -> Result<Descent, Damage> {
        let LineState { latest, mutations } = line;
        let find = |latest: u32| {
            let found = self.0.get(latest as usize).map(Arc::clone);
            found.ok_or_else(|| Damage(format!("a program descends from milestone {latest} of {}", self.0.len())))
        };
        Ok(Descent { latest: latest.map(find).transpose()?, mutations })
    }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::Instruction;

    use super::*;

    fn new(individual: u64, fitness: f64) -> NewMilestone {
        // Of the lengths that the preset `linear` asks for.
        let program = Program::new(&[Instruction::NO_OP; 10], &[Instruction::NO_OP; 2], &[Instruction::NO_OP; 8]);
        NewMilestone { experiment: 0, island: 0, individual, fitness, program, origin: Origin::Start }
    }

    fn individuals(milestone: &Milestone) -> Vec<u64> {
        std::iter::successors(Some(milestone), |milestone| milestone.before()).map(|milestone| milestone.individual).collect()
    }

    #[test]
    fn lines_share_what_they_have_in_common_and_only_the_living_are_kept() {
        let mut milestones = Milestones::new(0);
        let (_, first) = milestones.make(Line::NONE, new(0, 0.1));
        let (_, dead) = milestones.make(Line::NONE, new(1, 0.2));
        assert_eq!((milestones.best(first), milestones.best(dead), milestones.best(Line::NONE)), (Some(0.1), Some(0.2), None));
        let (second, mut one) = milestones.make(first.mutated().mutated(), new(2, 0.3));
        let (_, mut two) = milestones.make(first.mutated(), new(3, 0.4));
        assert_eq!((second.mutations, second.number), (2, 2));
        let mut none = Line::NONE;
        milestones.keep([&mut one, &mut none, &mut two].into_iter());
        assert_eq!(milestones.places.len(), 2, "the first one has no number of its own any more");
        assert_eq!(none, Line::NONE);
        let line = |line: Line| individuals(milestones.get(line).expect("it is kept"));
        assert_eq!((line(one), line(two)), (vec![2, 0], vec![3, 0]));
    }

    #[test]
    fn only_fitness_on_the_same_tasks_is_compared() {
        let mut islands = [Milestones::new(0), Milestones::new(1)];
        let (_, line) = islands[0].make(Line::NONE, new(0, 0.9));
        let descent = islands[0].leave(line.mutated());
        let line = islands[1].join(descent);
        assert_eq!(islands[1].best(line), None);
        let (arrived, line) = islands[1].make(line, new(7, 0.3));
        assert_eq!((individuals(&arrived), arrived.task_set, arrived.mutations), (vec![7, 0], 1, 1));
        let (_, line) = islands[1].make(line, new(8, 0.2));
        assert_eq!(islands[1].best(line), Some(0.3), "the latest is not the best");
        let descent = islands[1].leave(line);
        let line = islands[0].join(descent);
        assert_eq!(islands[0].best(line), Some(0.9));
    }

    #[test]
    fn each_is_told_once_the_earliest_first() {
        let mut milestones = Milestones::new(0);
        let (_, first) = milestones.make(Line::NONE, new(0, 0.1));
        let (second, line) = milestones.make(first, new(1, 0.2));
        let (third, _) = milestones.make(line, new(2, 0.3));
        let (other, _) = milestones.make(line, new(3, 0.4));
        let told = |milestone: &Arc<Milestone>| milestone.take_untold().iter().map(|told| told.individual).collect::<Vec<_>>();
        assert_eq!(told(&second), [0, 1]);
        assert_eq!(told(&third), [2]);
        assert_eq!(told(&other), [3]);
        assert!(told(&third).is_empty());
    }

    #[test]
    fn a_line_can_be_longer_than_the_stack_is_deep() {
        let mut milestones = Milestones::new(0);
        let mut line = Line::NONE;
        for individual in 0..100_000 {
            let (latest, next) = milestones.make(line, new(individual, 0.5));
            line = next;
            if individual % 1000 == 999 {
                milestones.keep(std::iter::once(&mut line));
            }
            drop(latest);
        }
        drop(milestones);
    }

    #[test]
    fn a_checkpoint_has_each_once_and_gives_the_same_lines() {
        let experiment = Experiment::preset("linear").expect("a built-in preset");
        let mut milestones = Milestones::new(0);
        let (_, first) = milestones.make(Line::NONE, new(5, 0.1));
        let (told, one) = milestones.make(first.mutated(), new(6, 0.2));
        let (_, two) = milestones.make(first, new(7, 0.3));
        told.take_untold();
        let mut table = MilestoneTable::default();
        let lines = [one, two.mutated(), Line::NONE].map(|line| table.add(&milestones.leave(line)));
        let states = table.into_states();
        assert_eq!(
            states.iter().map(|state| (state.individual, state.before, state.is_told)).collect::<Vec<_>>(),
            [(5, None, true), (6, Some(0), true), (7, Some(0), false)]
        );
        let restored = RestoredMilestones::new(states.clone(), 0, &experiment).expect("it was just made");
        let mut again = Milestones::new(0);
        again.set_made(milestones.made());
        let lines = lines.map(|line| again.join(restored.descent(line).expect("it is in the table")));
        assert_eq!(individuals(again.get(lines[1]).expect("it has one")), [7, 5]);
        assert_eq!((lines[1].mutations, again.get(lines[2]).is_none(), again.made()), (1, true, 3));

        let damaged = |change: &dyn Fn(&mut MilestoneState)| {
            let mut states = states.clone();
            change(&mut states[1]);
            RestoredMilestones::new(states, 0, &experiment).expect_err("it is damaged").0
        };
        assert!(damaged(&|state| state.before = Some(1)).contains("milestone 1 comes after milestone 1"));
        assert!(damaged(&|state| state.fitness = f64::NAN).contains("fitness"));
        assert!(damaged(&|state| state.island = 99).contains("island 99"));
        assert!(damaged(&|state| state.task_set = 1).contains("task set 1"));
        assert!(damaged(&|state| state.program.push('?')).contains("a milestone"));
        assert!(damaged(&|state| state.number = u64::MAX).contains("milestones"));
        let beyond = restored.descent(LineState { latest: Some(3), mutations: 0 }).expect_err("there are three");
        assert!(beyond.0.contains("milestone 3 of 3"), "{beyond}");
    }
}
