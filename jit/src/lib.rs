//! Evaluates AutoML-Zero programs on groups of tasks.
#![deny(unsafe_code)]

pub mod analysis;
pub mod eval;
pub mod exec;
mod interp;
pub mod lang;

pub use analysis::simplify;
pub use eval::{Backend, Combine, EvalError, Evaluation, Evaluator, Examples, GroupError, GroupSettings, Probe, Scoring, Task, TaskGroup, Worker};
pub use exec::random::Stream;
pub use lang::{AddressCounts, AddressError, ComponentFunction, Data, Instruction, Op, Program, Space};
