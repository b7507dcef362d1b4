//! Evaluation of programs on groups of tasks: training, validation, fitness, and the choice of a backend.

mod backend;
#[cfg(feature = "jit")]
mod cost;
mod drive;
mod evaluation;
mod lane_data;
mod task;
mod worker;

pub use crate::exec::chunk::Scoring;
pub use backend::{Backend, UnknownBackend, no_native_code};
#[cfg(feature = "jit")]
pub(crate) use cost::MAX_REGISTER_VECTOR;
pub use evaluation::{Combine, Evaluation, Probe, TaskRecord};
pub use task::{Examples, GroupError, GroupSettings, ScoredEpoch, Task, TaskGroup};
pub use worker::{Counters, EvalError, Evaluator, Observed, Worker};
