//! What tests, fuzzing, the `conform` command and the self-check of searches share: slow and obvious forms of what is fast elsewhere, and
//! case files.
//! Nothing that evaluates programs in earnest may use it.

mod backend;
mod cases;
mod compare;
mod differential;
mod faulty;
mod generate;
mod liveness;
#[cfg(feature = "jit")]
mod lowering;
mod minimize;
mod record;
mod sensitivity;
mod write;

pub use backend::{CaseBackend, Mismatch, OracleBackend, Verdict, WorkerBackend, check};
pub use cases::{Case, CaseError, CaseReader, ExecuteCase, ExecuteOutcome, MAX_LINE_BYTES, OpCase};
pub use compare::{Tolerance, memory_difference};
pub use differential::{Divergence, FuzzReport, Fuzzer, oracle_records, seen_in_memory, seen_in_search};
pub use faulty::{Fault, FaultyBackend};
pub use generate::{Family, FuzzCase, SPECIAL_NUMBERS, disguised};
pub use liveness::{live_instructions_by_paths, ordinals_by_definition};
#[cfg(feature = "jit")]
pub use lowering::Lowering;
pub use minimize::minimize;
pub use write::execute_case_line;
