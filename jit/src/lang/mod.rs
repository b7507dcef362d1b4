//! The program language: ops, instructions, programs, their text and their records.
//! Everything else may use it; it uses nothing of the crate.

mod instruction;
mod interface;
mod known;
mod list;
mod op;
mod parse;
mod print;
mod program;
mod record;
mod scoring;

pub use instruction::{Data, Instruction, InstructionError, element_index};
pub use interface::{CLASSES, Interface, InterfaceError};
pub use known::{KNOWN_PROGRAMS, known_program, known_programs_for};
pub use list::{ListError, ListedProgram, ProgramList};
pub use op::{DataKind, Distribution, Element, Extent, Notation, Op, OpInfo, Reduction, Shape, Space};
pub use parse::{MAX_TEXT_BYTES, ParseError};
pub use program::{AddressCounts, AddressError, ComponentFunction, MAX_ADDRESSES, MAX_FEATURES, MAX_INSTRUCTIONS, Program};
pub use record::{InstructionRecord, InstructionRecordError, Number, ProgramRecord, RecordError, RecordId};
pub use scoring::Scoring;
