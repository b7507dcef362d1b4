//! How far a search is: shown by the islands now and then, read by whoever watches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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

/// The state of one island at one time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct IslandState {
    pub(super) individuals: u64,
    pub(super) train_steps: u64,
    pub(super) fec_hits: u64,
    pub(super) structural_hits: u64,
    pub(super) compiled: u64,
    pub(super) best_fitness: Option<f64>,
    pub(super) mean_fitness: Option<f64>,
}

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

    pub(super) fn show(&self, state: &IslandState) {
        let bits = |fitness: Option<f64>| fitness.map_or(NO_FITNESS, f64::to_bits);
        for (cell, value) in [
            (&self.individuals, state.individuals),
            (&self.train_steps, state.train_steps),
            (&self.fec_hits, state.fec_hits),
            (&self.structural_hits, state.structural_hits),
            (&self.compiled, state.compiled),
            (&self.best_fitness, bits(state.best_fitness)),
            (&self.mean_fitness, bits(state.mean_fitness)),
        ] {
            cell.store(value, Ordering::Relaxed);
        }
    }

    fn read(&self) -> IslandState {
        let fitness = |cell: &AtomicU64| {
            let bits = cell.load(Ordering::Relaxed);
            (bits != NO_FITNESS).then(|| f64::from_bits(bits))
        };
        IslandState {
            individuals: self.individuals.load(Ordering::Relaxed),
            train_steps: self.train_steps.load(Ordering::Relaxed),
            fec_hits: self.fec_hits.load(Ordering::Relaxed),
            structural_hits: self.structural_hits.load(Ordering::Relaxed),
            compiled: self.compiled.load(Ordering::Relaxed),
            best_fitness: fitness(&self.best_fitness),
            mean_fitness: fitness(&self.mean_fitness),
        }
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
    finished: Progress,
    /// Experiments begun.
    experiments: u64,
    islands: Vec<Arc<Shown>>,
}

impl Board {
    /// No islands yet; `checks` are the run's.
    pub(super) fn new(checks: Arc<Checks>) -> Board {
        Board { watched: Mutex::default(), checks }
    }

    /// The islands at work from now on; those before are over.
    pub(super) fn replace(&self, experiments: u64, islands: Vec<Arc<Shown>>) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.finished = watched.total();
        watched.experiments += experiments;
        watched.islands = islands;
    }

    /// The totals now.
    pub(super) fn progress(&self, elapsed: Duration) -> Progress {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        Progress { elapsed, verified: self.checks.confirmed(), ..watched.total() }
    }
}

impl Watched {
    fn total(&self) -> Progress {
        let mut total = Progress { experiments: self.experiments, ..self.finished };
        let (mut mean_sum, mut mean_count) = (0.0, 0);
        for island in &self.islands {
            let state = island.read();
            total.individuals += state.individuals;
            total.train_steps += state.train_steps;
            total.fec_hits += state.fec_hits;
            total.structural_hits += state.structural_hits;
            total.compiled += state.compiled;
            if let Some(best) = state.best_fitness {
                total.best_fitness = Some(total.best_fitness.map_or(best, |other| other.max(best)));
            }
            if let Some(mean) = state.mean_fitness {
                (mean_sum, mean_count) = (mean_sum + mean, mean_count + 1);
            }
        }
        if mean_count > 0 {
            total.mean_fitness = Some(mean_sum / f64::from(mean_count));
        }
        total
    }
}
