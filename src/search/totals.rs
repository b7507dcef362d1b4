//! What a search has done so far, where it ends, and where an island ends its part.

use serde::{Deserialize, Serialize};

use super::damage::{Damage, count, fitness, steps};
use super::scorer::Tiers;

/// What ends a run besides its experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Individuals.
    pub max_individuals: Option<u64>,
    /// Training steps.
    pub max_train_steps: Option<u64>,
    /// Seconds.
    pub max_seconds: Option<f64>,
    /// The target in place of the experiment's own.
    pub target: Option<f64>,
}

impl Limits {
    /// Whether the islands get the same shares of what is limited.
    pub(super) fn has_same_division(self, other: Limits) -> bool {
        (self.max_individuals, self.max_train_steps) == (other.max_individuals, other.max_train_steps)
    }
}

/// Where an island ends its part of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pass {
    /// At so many individuals.
    pub(super) goal: u64,
    /// Or as soon as so many training steps were begun.
    pub(super) last_step: u64,
}

impl Pass {
    /// As far as it can.
    pub(super) const WHOLE: Pass = Pass { goal: u64::MAX, last_step: u64::MAX };
}

/// Counts of programs, of how they were answered, and of training steps: of an island, or of all until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Programs added to populations, initial ones included.
    pub individuals: u64,
    /// Training examples begun in search, over all tasks; select and final evaluations are not counted.
    pub train_steps: u64,
    /// Programs answered by functional equivalence checking.
    pub fec_hits: u64,
    /// Programs by how they were answered.
    pub tiers: Tiers,
    /// Training steps that were not begun, thanks to FEC, the hurdle and the budget, as far as no program stops early.
    pub saved_steps: u64,
    /// Programs compiled to native code.
    pub compiled: u64,
}

/// Counts, and the best fitness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Totals {
    pub(super) counts: Counts,
    pub(super) best_fitness: Option<f64>,
}

impl Counts {
    /// The share of training steps that need not be begun.
    pub fn saved_share(&self) -> f64 {
        self.saved_steps as f64 / (self.saved_steps + self.train_steps).max(1) as f64
    }

    /// The sum.
    const fn and(self, other: Counts) -> Counts {
        Counts {
            individuals: self.individuals + other.individuals,
            train_steps: self.train_steps.saturating_add(other.train_steps),
            fec_hits: self.fec_hits + other.fec_hits,
            tiers: self.tiers.and(other.tiers),
            saved_steps: self.saved_steps.saturating_add(other.saved_steps),
            compiled: self.compiled + other.compiled,
        }
    }
}

impl Totals {
    /// Checks all of them.
    pub(super) fn restore(self) -> Result<Totals, Damage> {
        let Totals { counts, best_fitness } = self;
        let Counts { individuals, train_steps, fec_hits, tiers, saved_steps, compiled } = counts;
        let counts = [("individuals", individuals), ("FEC hits", fec_hits), ("compiled programs", compiled)];
        for (what, value) in counts.into_iter().chain(tiers.counts()) {
            count(what, value)?;
        }
        steps("training steps", train_steps)?;
        steps("saved training steps", saved_steps)?;
        best_fitness.map_or(Ok(0.0), |best| fitness("the best fitness", best))?;
        Ok(self)
    }

    /// The sum.
    pub(super) fn and(self, other: Totals) -> Totals {
        Totals {
            counts: self.counts.and(other.counts),
            best_fitness: match (self.best_fitness, other.best_fitness) {
                (Some(one), Some(two)) => Some(one.max(two)),
                (one, two) => one.or(two),
            },
        }
    }
}
