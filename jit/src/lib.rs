//! Evaluates AutoML-Zero programs on groups of tasks: a plain oracle, a lane interpreter and native code, bit for bit the same.
//!
//! A [`Program`] has three component functions, Setup, Predict and Learn, over a small memory of scalars, vectors and matrices.
//! A [`TaskGroup`] holds tasks of equal shape. An [`Evaluator`] says how good the program is at learning them.
//!
//! Folders, each using only those above it: `lang` (the language), `exec` (maths, random streams, order of sums, lanes), `analysis`
//! (liveness), `oracle`, `interp` and `compile` (three ways to execute), `eval` (training, validation, fitness), `rewrite` (shorter programs,
//! for readers), `testing`.
#![deny(unsafe_code)]

pub mod analysis;
#[cfg(feature = "jit")]
pub mod compile;
pub mod eval;
pub mod exec;
mod interp;
mod kernel;
pub mod lang;
pub mod oracle;
pub mod rewrite;
pub mod testing;

pub use analysis::{simplify, simplify_for};
pub use eval::{
    Backend, Combine, Counters, EvalError, Evaluation, Evaluator, Examples, GroupError, GroupSettings, Observed, Probe, ScoredEpoch,
    Scoring, Task, TaskGroup, Worker, no_native_code,
};
pub use exec::random::Stream;
pub use kernel::{Peak, Projection};
pub use lang::{
    AddressCounts, AddressError, CLASSES, ComponentFunction, Data, Instruction, InstructionRecord, Interface, InterfaceError,
    KNOWN_PROGRAMS, Number, Op, ParseError, Program, ProgramRecord, RecordError, Space, known_program, known_programs_for,
};

/// The version of what programs mean. It stands in everything that is saved, and rises with any change of results.
pub const SEMANTICS_VERSION: u32 = 1;
