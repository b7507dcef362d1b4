//! The lane interpreter: runs the same instructions on a chunk of tasks in lock step, so that dispatch is paid once for all of them.
//! It is the fallback where no native code can be made, and compiled code calls [`step::execute`] for what it does not do itself.

pub(crate) mod code;
mod dispatch;
mod matrix;
mod reduce;
mod run;
pub(crate) mod step;

pub(crate) use code::{Code, Step};
#[cfg(feature = "jit")]
pub(crate) use dispatch::run_one;
pub(crate) use run::Interpreter;
#[cfg(feature = "jit")]
pub(crate) use step::Draws;
pub(crate) use step::spare_rows;
