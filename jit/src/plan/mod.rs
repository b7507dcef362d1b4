//! A program made ready for execution: which instructions run as one, and each as a step on rows of memory. Interpreter and compiler
//! both work from it.

mod fusion;
#[allow(clippy::module_inception, reason = "the room is named after what it makes")]
mod plan;
mod step;

pub(crate) use fusion::{Fusion, Role};
pub(crate) use plan::Plan;
pub(crate) use step::Step;
