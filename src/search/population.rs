//! The queue of programs of one island.

use exnihilo_jit::{Program, Stream};
use serde::{Deserialize, Serialize};

use super::damage::{self, Damage};
use super::milestones::{Descent, Line, LineState, MilestoneTable, Milestones, RestoredMilestones};
use crate::experiment::Experiment;

/// A program of a population.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MemberState {
    pub(super) program: String,
    pub(super) score: Score,
    pub(super) line: LineState,
}

/// What evolution knows of a program.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Score {
    /// The search fitness, in [0, 1].
    pub(super) fitness: f64,
    /// The mean fitness on the first tasks, where a hurdle stands behind them and it ran there.
    pub(super) first_stage: Option<f64>,
    /// Whether it did not run on all tasks: it stayed below the hurdle, or was over the budget.
    pub(super) is_partial: bool,
}

impl Score {
    /// Of a program that was evaluated on all tasks, without a hurdle between them.
    pub(super) const fn full(fitness: f64) -> Score {
        Score { fitness, first_stage: None, is_partial: false }
    }

    /// Of a program that stayed below the hurdle.
    pub(super) const fn partial(first_stage: f64) -> Score {
        Score { fitness: first_stage, first_stage: Some(first_stage), is_partial: true }
    }

    /// Of a program that would cost too much.
    pub(super) const fn unrun() -> Score {
        Score { fitness: 0.0, first_stage: None, is_partial: true }
    }

    /// Checks a score that comes from a checkpoint.
    pub(super) fn restore(self) -> Result<Score, Damage> {
        damage::fitness("a score", self.fitness)?;
        self.first_stage.map_or(Ok(0.0), |fitness| damage::fitness("a score on the first tasks", fitness))?;
        Ok(self)
    }
}

impl MemberState {
    pub(super) fn new(program: &Program, score: Score, descent: &Descent, table: &mut MilestoneTable) -> MemberState {
        MemberState { program: program.to_string(), score, line: table.add(descent) }
    }

    /// The program, its score and what it descends from.
    pub(super) fn restore(self, milestones: &RestoredMilestones, experiment: &Experiment) -> Result<(Program, Score, Descent), Damage> {
        let program = damage::program("a program of a population", &self.program, experiment)?;
        Ok((program, self.score.restore()?, milestones.descent(self.line)?))
    }
}

/// P programs with their scores; the newest replaces the oldest.
#[derive(Debug)]
pub(super) struct Population {
    programs: Vec<Program>,
    scores: Vec<Score>,
    lines: Vec<Line>,
    capacity: usize,
    /// Where the oldest program is, once the queue is full.
    oldest: usize,
}

impl Population {
    /// An empty queue for `capacity` programs, at least 1.
    pub(super) fn new(capacity: usize) -> Population {
        let (programs, scores, lines) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        Population { programs, scores, lines, capacity, oldest: 0 }
    }

    /// The queue as a checkpoint holds it.
    pub(super) fn state(&self, milestones: &Milestones, table: &mut MilestoneTable) -> Vec<MemberState> {
        let member = |age| {
            let (program, score) = self.get(age);
            MemberState::new(program, score, &milestones.leave(self.line(age)), table)
        };
        (0..self.len()).map(member).collect()
    }

    /// The queue of a checkpoint, whose lines go on in `milestones`.
    pub(super) fn restore(
        capacity: usize,
        members: Vec<MemberState>,
        restored: &RestoredMilestones,
        milestones: &mut Milestones,
        experiment: &Experiment,
    ) -> Result<Population, Damage> {
        if members.len() > capacity {
            return Err(Damage(format!("{} programs in a population of {capacity}", members.len())));
        }
        let mut population = Population::new(capacity);
        for member in members {
            let (program, score, descent) = member.restore(restored, experiment)?;
            population.programs.push(program);
            population.scores.push(score);
            population.lines.push(milestones.join(descent));
        }
        Ok(population)
    }

    /// Whether there are P programs.
    pub(super) fn is_full(&self) -> bool {
        self.programs.len() == self.capacity
    }

    /// Adds a program and drops the oldest of a full queue, whose buffer `child` then holds for reuse.
    pub(super) fn push(&mut self, child: &mut Program, score: Score, line: Line) {
        if !self.is_full() {
            self.programs.push(child.clone());
            self.scores.push(score);
            self.lines.push(line);
            return;
        }
        std::mem::swap(&mut self.programs[self.oldest], child);
        self.scores[self.oldest] = score;
        self.lines[self.oldest] = line;
        self.oldest = if self.oldest + 1 == self.capacity { 0 } else { self.oldest + 1 };
    }

    /// The age rank of the best of `draws` programs, drawn uniformly with replacement by age; the first drawn wins a tie.
    pub(super) fn tournament(&self, draws: usize, stream: &mut Stream) -> usize {
        let mut best = stream.below(self.programs.len());
        let mut best_fitness = self.scores[self.place(best)].fitness;
        for _ in 1..draws {
            let drawn = stream.below(self.programs.len());
            let fitness = self.scores[self.place(drawn)].fitness;
            if fitness > best_fitness {
                (best, best_fitness) = (drawn, fitness);
            }
        }
        best
    }

    /// The hurdle: of the unique mean fitness values on the first tasks, in ascending order, the least that the share `percentile` of
    /// them does not exceed (nearest rank). None where no program has any.
    pub(super) fn hurdle(&self, percentile: f64) -> Option<f64> {
        let mut unique: Vec<f64> = self.scores.iter().filter_map(|score| score.first_stage).collect();
        unique.sort_unstable_by(f64::total_cmp);
        unique.dedup();
        let rank = (percentile * unique.len() as f64).ceil() as usize;
        unique.get(rank.saturating_sub(1)).copied()
    }

    /// The mean search fitness, if there are programs.
    pub(super) fn mean_fitness(&self) -> Option<f64> {
        let sum = self.scores.iter().map(|score| score.fitness).sum::<f64>();
        (!self.scores.is_empty()).then(|| sum / self.scores.len() as f64)
    }

    /// P, the most programs.
    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many programs there are.
    pub(super) const fn len(&self) -> usize {
        self.programs.len()
    }

    /// The program of an age rank, 0 the oldest, with its score.
    pub(super) fn get(&self, age: usize) -> (&Program, Score) {
        let place = self.place(age);
        (&self.programs[place], self.scores[place])
    }

    /// What the program of an age rank descends from.
    pub(super) fn line(&self, age: usize) -> Line {
        self.lines[self.place(age)]
    }

    /// What the programs descend from, in no order.
    pub(super) fn lines_mut(&mut self) -> impl Iterator<Item = &mut Line> {
        self.lines.iter_mut()
    }

    /// Puts a program in the place of that of an age rank, 0 the oldest, whose age it takes over.
    pub(super) fn replace(&mut self, age: usize, program: &Program, score: Score, line: Line) {
        let place = self.place(age);
        self.programs[place].copy_from(program);
        self.scores[place] = score;
        self.lines[place] = line;
    }

    /// Where the program of an age rank is, 0 the oldest: draws by age do not depend on where the queue begins.
    const fn place(&self, age: usize) -> usize {
        let place = self.oldest + age;
        if place >= self.capacity { place - self.capacity } else { place }
    }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::Instruction;

    use super::*;

    /// A program that is told from others by its length.
    fn program(length: usize) -> Program {
        Program::new(&vec![Instruction::NO_OP; length], &[], &[])
    }

    fn population(fitness: &[f64]) -> Population {
        let mut population = Population::new(fitness.len());
        for (length, &fitness) in fitness.iter().enumerate() {
            population.push(&mut program(length), Score::full(fitness), Line::NONE);
        }
        population
    }

    #[test]
    fn the_oldest_goes() {
        let mut population = population(&[0.0, 1.0, 2.0]);
        let mut child = program(3);
        population.push(&mut child, Score::full(3.0), Line::NONE);
        assert_eq!(child, program(0), "the child's buffer is the oldest's");
        let ages = |population: &Population| (0..3).map(|age| population.get(age).1.fitness).collect::<Vec<_>>();
        assert_eq!(ages(&population), [1.0, 2.0, 3.0]);
        for fitness in [4.0, 5.0, 6.0] {
            population.push(&mut program(9), Score::full(fitness), Line::NONE);
        }
        assert_eq!(ages(&population), [4.0, 5.0, 6.0]);
        assert_eq!(population.mean_fitness(), Some(5.0));
    }

    #[test]
    fn the_hurdle_is_a_percentile_of_unique_values() {
        assert_eq!(Population::new(3).hurdle(0.75), None);
        let mut population = Population::new(8);
        for first_stage in [0.4, 0.1, 0.1, 0.2, 0.1, 0.3, 0.1] {
            population.push(&mut program(1), Score { fitness: 0.9, first_stage: Some(first_stage), is_partial: false }, Line::NONE);
        }
        population.push(&mut program(1), Score::unrun(), Line::NONE);
        for (percentile, expected) in [(0.0, 0.1), (0.25, 0.1), (0.26, 0.2), (0.5, 0.2), (0.75, 0.3), (0.76, 0.4), (1.0, 0.4)] {
            assert_eq!(population.hurdle(percentile), Some(expected), "{percentile}");
        }
    }

    #[test]
    fn a_replacement_takes_over_the_age() {
        let mut population = population(&[0.0, 0.1, 0.2]);
        population.push(&mut program(3), Score::full(0.3), Line::NONE);
        population.replace(1, &program(7), Score::full(0.7), Line::NONE);
        let state = |population: &Population| (0..3).map(|age| population.get(age).0.instructions().len()).collect::<Vec<_>>();
        assert_eq!(state(&population), [1, 7, 3]);
        population.push(&mut program(4), Score::full(0.4), Line::NONE);
        population.push(&mut program(5), Score::full(0.5), Line::NONE);
        assert_eq!(state(&population), [3, 4, 5], "it went when its turn came");
    }

    #[test]
    fn the_first_drawn_wins_ties() {
        let population = population(&[0.5; 7]);
        for seed in 0..200 {
            let first = Stream::new(seed).below(7);
            assert_eq!(population.tournament(10, &mut Stream::new(seed)), first);
        }
    }

    #[test]
    fn the_best_drawn_wins_and_draws_are_with_replacement() {
        let population = population(&[0.1, 0.9, 0.5, 0.3]);
        let mut stream = Stream::new(3);
        let mut wins = [0; 4];
        for _ in 0..40_000 {
            wins[population.tournament(2, &mut stream)] += 1;
        }
        // The program of rank r (0 the worst) of n wins with probability ((r + 1)^2 - r^2) / n^2 in two draws.
        for (program, expected) in [(0, 2_500), (3, 7_500), (2, 12_500), (1, 17_500)] {
            assert!(usize::abs_diff(wins[program], expected) < 500, "{wins:?}");
        }
    }
}
