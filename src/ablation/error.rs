//! Why the effect of a change cannot be measured.

use exnihilo_jit::EvalError;

use crate::task::TaskError;

/// Why the effect of a change cannot be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AblationError {
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
    /// A program that would take too long.
    #[error(
        "the program has {count} live instructions, and to reduce one takes a time that grows with the cube of their number: at most {limit} are possible"
    )]
    Length {
        /// Its live instructions.
        count: usize,
        /// The most.
        limit: usize,
    },
    /// A program that cannot run on the tasks.
    #[error(transparent)]
    Program(#[from] EvalError),
    /// Threads that cannot be started.
    #[error("cannot start threads: {0}; choose fewer")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}
