//! Evaluation of programs on groups of tasks: training, validation, fitness, and the choice of a backend.

mod task;

pub use task::{Examples, GroupError, GroupSettings, Scoring, Task, TaskGroup};
