//! Why there is no benchmark.

use crate::task::TaskError;

/// Why there is no benchmark.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchmarkError {
    /// Tasks that cannot be made.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Tasks that fit into memory set by set, but not all together.
    #[error("the examples of {seeds} sets of tasks take {needed} bytes, more than {limit}: choose fewer seeds, tasks or examples")]
    Memory {
        /// How many sets.
        seeds: usize,
        /// The bytes of their examples.
        needed: u128,
        /// The most bytes.
        limit: usize,
    },
    /// No tasks.
    #[error("there are no tasks to measure on: choose at least one seed")]
    NoTasks,
    /// Threads that cannot be started.
    #[error("cannot start threads: {0}; choose fewer")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}
