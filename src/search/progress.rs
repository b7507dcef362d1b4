//! How far a search is: shown by the islands now and then, read by whoever watches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::checkpoint::state::Totals;
use super::checks::Checks;

/// Totals since the start of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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
    /// Programs of which nothing was run, since one with the same canonical form was known; most of them are FEC hits too.
    pub structural_hits: u64,
    /// Programs compiled to native code.
    pub compiled: u64,
    /// Experiments begun.
    pub experiments: u64,
    /// Evaluations that the oracle has confirmed.
    pub verified: u64,
}

/// What one island lets others see. Fitness lies in [0, 1], so its bits order as its values do and 0 to 1 leave
/// `NO_FITNESS` free.
#[derive(Debug)]
pub(super) struct Shown {
    individuals: AtomicU64,
    train_steps: AtomicU64,
    fec_hits: AtomicU64,
    structural_hits: AtomicU64,
    compiled: AtomicU64,
    best_fitness: AtomicU64,
    mean_fitness: AtomicU64,
}

const NO_FITNESS: u64 = u64::MAX;

impl Shown {
    pub(super) const fn new() -> Shown {
        Shown {
            individuals: AtomicU64::new(0),
            train_steps: AtomicU64::new(0),
            fec_hits: AtomicU64::new(0),
            structural_hits: AtomicU64::new(0),
            compiled: AtomicU64::new(0),
            best_fitness: AtomicU64::new(NO_FITNESS),
            mean_fitness: AtomicU64::new(NO_FITNESS),
        }
    }

    pub(super) fn show(&self, totals: &Totals, mean_fitness: Option<f64>) {
        let bits = |fitness: Option<f64>| fitness.map_or(NO_FITNESS, f64::to_bits);
        for (cell, value) in [
            (&self.individuals, totals.individuals),
            (&self.train_steps, totals.train_steps),
            (&self.fec_hits, totals.fec_hits),
            (&self.structural_hits, totals.structural_hits),
            (&self.compiled, totals.compiled),
            (&self.best_fitness, bits(totals.best_fitness)),
            (&self.mean_fitness, bits(mean_fitness)),
        ] {
            cell.store(value, Ordering::Relaxed);
        }
    }

    fn read(&self) -> (Totals, Option<f64>) {
        let fitness = |cell: &AtomicU64| {
            let bits = cell.load(Ordering::Relaxed);
            (bits != NO_FITNESS).then(|| f64::from_bits(bits))
        };
        let totals = Totals {
            individuals: self.individuals.load(Ordering::Relaxed),
            train_steps: self.train_steps.load(Ordering::Relaxed),
            fec_hits: self.fec_hits.load(Ordering::Relaxed),
            structural_hits: self.structural_hits.load(Ordering::Relaxed),
            compiled: self.compiled.load(Ordering::Relaxed),
            best_fitness: fitness(&self.best_fitness),
        };
        (totals, fitness(&self.mean_fitness))
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
        Progress {
            elapsed,
            individuals: totals.individuals,
            train_steps: totals.train_steps,
            best_fitness: totals.best_fitness,
            mean_fitness,
            fec_hits: totals.fec_hits,
            structural_hits: totals.structural_hits,
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
            let (totals, mean) = island.read();
            total = total.and(totals);
            if let Some(mean) = mean {
                (mean_sum, mean_count) = (mean_sum + mean, mean_count + 1);
            }
        }
        (total, (mean_count > 0).then(|| mean_sum / f64::from(mean_count)))
    }
}
