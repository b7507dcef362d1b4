//! How far a search is: shown by the islands now and then, read by whoever watches.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use exnihilo_jit::Program;

use super::checkpoint::state::Totals;
use super::checks::Checks;
use super::island::Best;
use super::scorer::Tiers;

/// Totals since the start of a search.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Programs added to populations, initial ones included.
    pub individuals: u64,
    /// Wall time.
    pub elapsed: Duration,
    /// Training examples begun, over all tasks.
    pub train_steps: u64,
    /// The best search fitness so far; none before the first program is evaluated.
    pub best_fitness: Option<f64>,
    /// The mean search fitness of the populations at work; none before the first program is evaluated.
    pub mean_fitness: Option<f64>,
    /// Programs answered by functional equivalence checking.
    pub fec_hits: u64,
    /// Programs by how they were answered.
    pub tiers: Tiers,
    /// Training steps that were not begun, thanks to FEC, the hurdle and the budget, as far as no program stops early.
    pub saved_steps: u64,
    /// The program with the best search fitness so far of those at work, as evolved.
    pub best: Option<Program>,
    /// Programs compiled to native code.
    pub compiled: u64,
    /// Experiments begun.
    pub experiments: u64,
    /// Evaluations that the oracle has confirmed.
    pub verified: u64,
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
    islands: Vec<Arc<Shown>>,
}

impl Board {
    /// No islands yet, after experiments with these totals; `checks` are the run's.
    pub(super) fn new(checks: Arc<Checks>, finished: Totals) -> Board {
        Board { watched: Mutex::new(Watched { finished, ..Watched::default() }), checks }
    }

    /// The islands at work from now on; those before are over. So many experiments were begun by now.
    pub(super) fn replace(&self, experiments: u64, islands: Vec<Arc<Shown>>) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.finished = watched.total().0;
        watched.experiments = experiments;
        watched.islands = islands;
    }

    /// The totals now.
    pub(super) fn progress(&self, elapsed: Duration) -> Progress {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let (totals, mean_fitness) = watched.total();
        let best = watched.islands.iter().filter_map(|island| island.look().best);
        let best = best.reduce(|first, second| if second.fitness > first.fitness { second } else { first });
        Progress {
            elapsed,
            individuals: totals.individuals,
            train_steps: totals.train_steps,
            best_fitness: totals.best_fitness,
            mean_fitness,
            fec_hits: totals.fec_hits,
            tiers: totals.tiers,
            saved_steps: totals.saved_steps,
            best: best.map(|best| best.program.clone()),
            compiled: totals.compiled,
            experiments: watched.experiments,
            verified: self.checks.confirmed(),
        }
    }
}

impl Watched {
    /// The totals, and the mean of the populations' mean fitness.
    fn total(&self) -> (Totals, Option<f64>) {
        let mut total = self.finished;
        let (mut mean_sum, mut mean_count) = (0.0, 0);
        for island in &self.islands {
            let Look { totals, mean_fitness, .. } = island.look();
            total = total.and(totals);
            if let Some(mean) = mean_fitness {
                (mean_sum, mean_count) = (mean_sum + mean, mean_count + 1);
            }
        }
        (total, (mean_count > 0).then(|| mean_sum / f64::from(mean_count)))
    }
}
