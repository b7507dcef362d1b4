//! Case files: one instruction or one whole evaluation a line, with what must come of it. Written by the self-check of searches and by the
//! fuzzer, read by the `conform` command and the tests.

mod ordinals;
mod read;
mod record;
mod write;

pub use ordinals::{live_instructions_by_paths, ordinals_by_definition};
pub use read::{Case, CaseError, CaseReader, ExecuteCase, ExecuteOutcome, MAX_LINE_BYTES, OpCase};
pub use write::execute_case_line;
