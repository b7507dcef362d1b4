//! The program language: ops, instructions, programs, their text and their records.
//! Everything else may use it; it uses nothing of the crate.

mod instruction;
mod op;
mod program;

pub use instruction::{Data, Instruction, InstructionError, element_index};
pub use op::{DataKind, Notation, Op, OpInfo, Space};
pub use program::{AddressCounts, AddressError, ComponentFunction, MAX_ADDRESSES, MAX_FEATURES, MAX_INSTRUCTIONS, Program};
