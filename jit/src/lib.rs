//! Evaluates AutoML-Zero programs on groups of tasks.
#![deny(unsafe_code)]

pub mod analysis;
pub mod eval;
pub mod exec;
pub mod lang;
pub mod oracle;
pub mod testing;

pub use eval::{Examples, GroupError, GroupSettings, Scoring, Task, TaskGroup};
pub use exec::random::Stream;
pub use lang::{
    AddressCounts, AddressError, ComponentFunction, Data, Instruction, InstructionRecord, KNOWN_PROGRAMS, Number, Op, ParseError, Program,
    ProgramRecord, RecordError, Space, known_program,
};

/// The version of what programs mean. It stands in everything that is saved, and rises with any change of results.
pub const SEMANTICS_VERSION: u32 = 1;
