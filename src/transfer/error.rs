//! Why a transfer cannot be made.

use exnihilo_jit::EvalError;

use crate::task::TaskError;

/// Why a transfer cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// Settings that cannot be.
    #[error("`{key}` is {value}: {remedy}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
        /// What to write instead.
        remedy: String,
    },
    /// Data that cannot be read, or are not enough.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A program whose memory at full dimension passes the limit.
    #[error("{}: {source}", crate::text::printable_name(.title))]
    Program {
        /// Which program.
        title: String,
        /// Why.
        source: EvalError,
    },
    /// Threads that cannot be started.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}
