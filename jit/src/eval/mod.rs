//! Evaluation of programs on groups of tasks: training, validation, fitness, and the choice of a backend.

mod backend;
#[cfg(feature = "jit")]
mod cost;
mod decoded;
mod evaluation;
mod group_run;
mod prepared;
mod schedule;
#[cfg(feature = "jit")]
mod speed;
mod worker;

pub use backend::{Backend, UnknownBackend, no_native_code};
pub use evaluation::{Combine, Evaluation, Probe};
pub use prepared::{Prepared, Simplified};
#[cfg(feature = "testing")]
pub use worker::TestHandle;
pub use worker::{Counters, Evaluator, Observed, Worker};
