//! The data that a program is evaluated on, without any thought of how: tasks, their examples and settings, the numbers of their steps.
//! It uses the language and the random streams.

mod error;
mod example;
mod set;
mod settings;

pub use error::{EvalError, GroupError};
pub use example::{Examples, Task};
pub use set::TaskSet;
pub use settings::{GroupSettings, ScoredEpoch};
