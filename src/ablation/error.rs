//! Why a program cannot be reduced.

use exnihilo_jit::EvalError;

/// Why a program cannot be reduced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AblationError {
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
}
