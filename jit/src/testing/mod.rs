//! What tests, the fuzzer and the `conform` command share: generators of programs and tasks, one suite of cases for all backends, comparison
//! with the oracle, faults put in on purpose. Behind the feature `testing`; nothing that evaluates programs in earnest may use it.

mod backend;
mod compare;
mod differential;
mod faulty;
mod generate;
#[cfg(feature = "jit")]
mod lowering;
mod minimize;
mod sensitivity;

pub use backend::{CaseBackend, Mismatch, OracleBackend, Verdict, WorkerBackend, check};
pub use compare::{Tolerance, memory_difference};
pub use differential::{Divergence, FuzzReport, Fuzzer, oracle_records, seen_in_memory, seen_in_search};
pub use faulty::{Fault, FaultyBackend};
pub use generate::{Family, FuzzCase, SPECIAL_NUMBERS, disguised};
#[cfg(feature = "jit")]
pub use lowering::Lowering;
pub use minimize::minimize;
