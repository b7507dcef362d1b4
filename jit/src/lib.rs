//! Evaluates AutoML-Zero programs on groups of tasks: a plain oracle, a lane interpreter and native code, bit for bit the same.
//!
//! A [`Program`] has three component functions, Setup, Predict and Learn, over a small memory of scalars, vectors and matrices.
//! A [`TaskGroup`] holds tasks of equal shape. An [`Evaluator`] says how good the program is at learning them.
//!
//! The folders, from the lowest up; each uses only those before it:
//!
//! | folder | what |
//! |---|---|
//! | [`lang`] | the language: ops, instructions, programs, their text and records |
//! | [`exec`] | maths, random streams, order of sums, SIMD registers |
//! | [`analysis`] | what can be known of a program without running it: liveness, canonical form, charge |
//! | [`task`] | tasks as plain data |
//! | [`oracle`] | the plain interpreter of one task: what programs mean |
//! | `lanes` | tasks side by side: interleaved examples, memory layouts, chunks |
//! | `kernel` | each op as a function on the rows of a chunk |
//! | `plan` | a program as steps on rows, pairs of instructions fused |
//! | `interp` | runs a plan by calling kernels |
//! | [`compile`] | turns a plan into native code |
//! | [`eval`] | training, validation, fitness, choice of a backend |
//! | [`rewrite`] | shorter programs, for readers |
//! | [`cases`] | case files |
//! | [`testing`] | generators, the suite of all backends, faults put in on purpose (feature `testing`) |
#![deny(unsafe_code)]

pub mod analysis;
pub mod cases;
#[cfg(feature = "jit")]
pub mod compile;
pub mod eval;
pub mod exec;
mod interp;
mod kernel;
mod lanes;
pub mod lang;
pub mod oracle;
mod plan;
pub mod rewrite;
pub mod task;
#[cfg(feature = "testing")]
pub mod testing;

pub use analysis::{simplify, simplify_for};
pub use eval::{Backend, Combine, Counters, Evaluation, Evaluator, Observed, Prepared, Probe, Simplified, Worker, no_native_code};
pub use exec::random::Stream;
pub use exec::{Peak, Projection};
pub use lanes::TaskGroup;
pub use lang::{
    AddressCounts, AddressError, CLASSES, ComponentFunction, Data, Instruction, InstructionRecord, Interface, InterfaceError,
    KNOWN_PROGRAMS, Number, Op, ParseError, Program, ProgramRecord, RecordError, Scoring, Space, known_program, known_programs_for,
};
pub use task::{EvalError, Examples, GroupError, GroupSettings, ScoredEpoch, Task, TaskSet};

/// The version of what programs mean. It stands in everything that is saved, and rises with any change of results.
pub const SEMANTICS_VERSION: u32 = 1;
