//! What the tasks of a set have in common.

use crate::lang::Scoring;

/// Which epoch's validation gives the fitness on a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScoredEpoch {
    /// The best one, as in search.
    #[default]
    Best,
    /// The last one; fitness 0 where training did not come to its end. For unseen examples: the best of several would be chosen by them.
    Last,
}

/// What all tasks of a group have in common besides their numbers of examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupSettings {
    /// F, 1 to 4,096.
    pub features: usize,
    /// How predictions are scored.
    pub scoring: Scoring,
    /// How often the training examples are gone through, at least 1.
    pub epochs: u32,
    /// Which of these epochs gives the fitness.
    pub scored_epoch: ScoredEpoch,
    /// An error above it, or NaN, ends training or validation; at least 0, infinity allowed.
    pub max_abs_error: f64,
    /// The most bytes that data and memory of the group may take.
    pub memory_limit: usize,
}

impl GroupSettings {
    /// The default of [`GroupSettings::memory_limit`]: 1 GiB.
    pub const DEFAULT_MEMORY_LIMIT: usize = 1 << 30;

    /// One epoch (of several, the best), a largest error of 100 and the default memory limit.
    pub const fn new(features: usize, scoring: Scoring) -> GroupSettings {
        GroupSettings {
            features,
            scoring,
            epochs: 1,
            scored_epoch: ScoredEpoch::Best,
            max_abs_error: 100.0,
            memory_limit: GroupSettings::DEFAULT_MEMORY_LIMIT,
        }
    }
}
