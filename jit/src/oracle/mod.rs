//! The plain one-task interpreter: what every op means, and nothing else. Every backend is held against it, bit for bit.
//!
//! It runs a program as written and is told the numbers of the random instructions. It knows the language, tasks as plain
//! data, the scalar maths, the random draws and the order of sums; nothing of analysis, lanes or layouts, so that a mistake there cannot hide here.

mod execute;
mod memory;
mod record;
mod run;

pub use execute::execute;
pub use memory::Memory;
pub use record::TaskRecord;
pub use run::{EpochRecord, Oracle, OracleProbe, OracleRun};
#[cfg(feature = "testing")]
pub(crate) use run::{class_of, softmax};
