//! The constants of programs: which can be multiplied, what each is worth, and the search for better ones, on a benchmark of tasks that no
//! search has seen.

mod benchmark;
mod error;
mod sensitivity;
mod tunable_constants;
mod tuner;

pub use benchmark::Benchmark;
pub use error::BenchmarkError;
pub use sensitivity::{Constant, FACTORS};
pub use tunable_constants::{ConstantPart, LARGEST_FACTOR, Place, TunableConstants};
pub use tuner::{ROUND, Tuned, TunedConstant, Tuner};
