//! Evaluates AutoML-Zero programs on groups of tasks.
#![deny(unsafe_code)]

pub mod eval;
pub mod exec;
pub mod lang;

pub use eval::{Examples, GroupError, GroupSettings, Scoring, Task, TaskGroup};
pub use exec::random::Stream;
pub use lang::{
    AddressCounts, AddressError, ComponentFunction, Data, Instruction, InstructionRecord, KNOWN_PROGRAMS, Number, Op, ParseError, Program,
    ProgramRecord, RecordError, Space, known_program,
};
