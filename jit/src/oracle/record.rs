//! What a run of a program shows besides its fitness.

use super::memory::Memory;

/// The outcome of a program on one task, with its errors and its memory.
#[derive(Clone, Debug, Default)]
pub struct TaskRecord {
    /// The fitness on the task.
    pub fitness: f64,
    /// Absolute errors of the first epoch's training; the one that stopped it is not listed.
    pub train_errors: Vec<f64>,
    /// Errors of the first validation; the one that ended it is not listed.
    pub valid_errors: Vec<f64>,
    /// The memory when the evaluation returned.
    pub memory: Memory,
    /// Training steps begun.
    pub train_steps: u64,
}
