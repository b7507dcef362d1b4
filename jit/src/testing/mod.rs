//! What tests, fuzzing and the `conform` command share: slow and obvious forms of what is fast elsewhere, and case files.
//! Nothing that evaluates programs in earnest may use it.

mod backend;
mod cases;
mod compare;
mod differential;
mod generate;
mod liveness;
#[cfg(feature = "jit")]
mod lowering;
mod record;
mod sensitivity;
mod write;

pub use backend::{CaseBackend, Mismatch, OracleBackend, Verdict, WorkerBackend, check};
pub use cases::{Case, CaseError, CaseReader, ExecuteCase, ExecuteOutcome, MAX_LINE_BYTES, OpCase};
pub use compare::{Tolerance, memory_difference};
pub use differential::{Divergence, FuzzReport, Fuzzer};
pub use generate::{FuzzCase, SPECIAL_NUMBERS};
pub use liveness::live_instructions_by_paths;
#[cfg(feature = "jit")]
pub use lowering::Lowering;
