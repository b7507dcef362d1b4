//! What tests, fuzzing and the `conform` command share: slow and obvious forms of what is fast elsewhere, and case files.
//! Nothing that evaluates programs in earnest may use it.

mod liveness;

pub use liveness::live_instructions_by_paths;
