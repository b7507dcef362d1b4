//! How far a search is: shown by the islands now and then, read by whoever watches.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use exnihilo_jit::Program;

use super::checks::Checks;
use super::hall_of_fame::Famous;
use super::island::Best;
use super::totals::{Counts, Limits, Totals};

/// Totals since the start of a search.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// What was done.
    pub counts: Counts,
    /// Wall time.
    pub elapsed: Duration,
    /// The best search fitness so far; none before the first program is evaluated.
    pub best_fitness: Option<f64>,
    /// The mean search fitness of the populations at work; none before the first program is evaluated.
    pub mean_fitness: Option<f64>,
    /// The mean fitness of the result so far on the select tasks; none before a program was evaluated there, which is when one passes
    /// the target in search, or its experiment ends.
    pub select_fitness: Option<f64>,
    /// The program with the best search fitness so far, as evolved.
    pub best: Option<Program>,
    /// Experiments begun.
    pub experiments: u64,
    /// Evaluations that the oracle has confirmed.
    pub verified: u64,
}

impl Progress {
    /// The time until the nearest of these limits, if the search goes on as fast as it was so far. None without a limit, and before
    /// there is anything to tell by.
    pub fn remaining(&self, limits: Limits) -> Option<Duration> {
        let elapsed = self.elapsed.as_secs_f64();
        let at_this_rate =
            |done: u64, most: Option<u64>| most.filter(|_| done > 0).map(|most| elapsed * most.saturating_sub(done) as f64 / done as f64);
        let all = [
            at_this_rate(self.counts.individuals, limits.max_individuals),
            at_this_rate(self.counts.train_steps, limits.max_train_steps),
            limits.max_seconds.map(|most| (most - elapsed).max(0.0)),
        ];
        let nearest = all.into_iter().flatten().reduce(f64::min)?;
        Duration::try_from_secs_f64(nearest).ok()
    }
}

/// What one island lets others see now and then.
#[derive(Debug, Default)]
pub(super) struct Shown(Mutex<Look>);

/// A look at one island.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    pub(super) totals: Totals,
    /// The mean search fitness of the population, if there are programs.
    pub(super) mean_fitness: Option<f64>,
    pub(super) best: Option<Arc<Best>>,
}

impl Shown {
    pub(super) fn show(&self, look: Look) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = look;
    }

    fn look(&self) -> Look {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Adds up what all islands showed, those of earlier experiments included.
#[derive(Debug)]
pub(super) struct Board {
    watched: Mutex<Watched>,
    checks: Arc<Checks>,
}

#[derive(Debug, Default)]
struct Watched {
    /// Of experiments that are over.
    finished: Totals,
    /// Experiments begun.
    experiments: u64,
    /// The best program of those that are over, with its fitness.
    best: Option<(Program, f64)>,
    /// Of the result so far.
    select_fitness: Option<f64>,
    islands: Vec<Arc<Shown>>,
}

impl Board {
    /// No islands yet, after experiments with these totals; `checks` are the run's.
    pub(super) fn new(checks: Arc<Checks>, finished: Totals) -> Board {
        Board { watched: Mutex::new(Watched { finished, ..Watched::default() }), checks }
    }

    /// The islands at work from now on; those before are over, and this is the best of their programs. So many experiments were begun
    /// by now.
    pub(super) fn replace(&self, experiments: u64, islands: Vec<Arc<Shown>>, best: Option<&Famous>) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.finished = watched.total(&watched.looks()).0;
        watched.best = best.map(|best| (best.program.clone(), best.fitness));
        watched.experiments = experiments;
        watched.islands = islands;
    }

    /// The result so far has this fitness on the select tasks.
    pub(super) fn selected(&self, fitness: f64) {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).select_fitness = Some(fitness);
    }

    /// The totals now.
    pub(super) fn progress(&self, elapsed: Duration) -> Progress {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let looks = watched.looks();
        let (totals, mean_fitness) = watched.total(&looks);
        let best_before = watched.best.as_ref().map(|(program, fitness)| (program, *fitness));
        let bests = looks.iter().filter_map(|look| look.best.as_deref()).map(|best| (&best.program, best.fitness));
        let best = best_before.into_iter().chain(bests).reduce(|first, second| if second.1 > first.1 { second } else { first });
        Progress {
            elapsed,
            counts: totals.counts,
            best_fitness: totals.best_fitness,
            mean_fitness,
            select_fitness: watched.select_fitness,
            best: best.map(|(program, _)| program.clone()),
            experiments: watched.experiments,
            verified: self.checks.confirmed(),
        }
    }
}

impl Watched {
    fn looks(&self) -> Vec<Look> {
        self.islands.iter().map(|island| island.look()).collect()
    }

    /// The totals with these of the islands, and the mean of the populations' mean fitness.
    fn total(&self, looks: &[Look]) -> (Totals, Option<f64>) {
        let mut total = self.finished;
        let (mut mean_sum, mut mean_count) = (0.0, 0);
        for &Look { totals, mean_fitness, .. } in looks {
            total = total.and(totals);
            if let Some(mean) = mean_fitness {
                (mean_sum, mean_count) = (mean_sum + mean, mean_count + 1);
            }
        }
        (total, (mean_count > 0).then(|| mean_sum / f64::from(mean_count)))
    }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::Instruction;

    use super::super::island::Best;
    use super::*;

    #[test]
    fn the_nearest_limit_is_told_by_the_rate_so_far() {
        let progress = Progress {
            counts: Counts { individuals: 100, train_steps: 5_000, ..Counts::default() },
            elapsed: Duration::from_secs(10),
            ..Progress::default()
        };
        let remaining = |max_individuals, max_train_steps, max_seconds| {
            progress.remaining(Limits { max_individuals, max_train_steps, max_seconds, target: None }).map(|left| left.as_secs_f64())
        };
        assert_eq!(remaining(None, None, None), None);
        assert_eq!(remaining(Some(400), None, None), Some(30.0));
        assert_eq!(remaining(None, Some(6_000), None), Some(2.0));
        assert_eq!(remaining(None, None, Some(17.5)), Some(7.5));
        assert_eq!(remaining(Some(400), Some(50_000), Some(17.5)), Some(7.5));
        assert_eq!(remaining(Some(150), Some(50_000), Some(17.5)), Some(5.0));
        assert_eq!(remaining(Some(90), Some(50_000), None), Some(0.0), "it is past the limit");
        assert_eq!(remaining(None, None, Some(3.0)), Some(0.0));
        assert_eq!(remaining(None, None, Some(f64::INFINITY)), None);
        let limits = Limits { max_individuals: Some(7), max_train_steps: Some(9), ..Limits::default() };
        assert_eq!(Progress::default().remaining(limits), None, "nothing to tell by");
    }

    #[test]
    fn the_best_program_outlives_its_experiment() {
        // Told from others by its length.
        let program = |length| Program::new(&vec![Instruction::NO_OP; length], &[], &[]);
        let board = Board::new(Arc::new(Checks::new(0.0, 0, 0)), Totals::default());
        let best = || board.progress(Duration::ZERO).best.map(|best| best.instructions().len());
        let (one, other) = (Arc::new(Shown::default()), Arc::new(Shown::default()));
        board.replace(1, vec![Arc::clone(&one), Arc::clone(&other)], None);
        assert_eq!(best(), None);
        let show = |shown: &Shown, length, fitness| {
            let best = Best { program: program(length), fitness, individual: 0, number: 1 };
            shown.show(Look { best: Some(Arc::new(best)), ..Look::default() });
        };
        show(&other, 3, 0.5);
        assert_eq!(best(), Some(3));
        show(&one, 4, 0.5);
        assert_eq!(best(), Some(4), "the first island of equals");
        let famous = Famous { task_set: 0, size: 0, experiment: 0, island: 0, individual: 0, fitness: 0.5, program: program(4) };
        board.replace(2, vec![Arc::clone(&other)], Some(&famous));
        assert_eq!(best(), Some(4));
        show(&other, 7, 0.6);
        assert_eq!(best(), Some(7));
    }
}
