//! What an evaluation answers.

use super::Backend;
use crate::oracle::TaskRecord;

/// How the fitness values of several tasks become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Combine {
    /// The mean, added in task order.
    #[default]
    Mean,
    /// The upper median: element floor(D / 2) of the ascending values.
    Median,
}

/// The result of one evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// One fitness in [0, 1] a task, in task order.
    pub task_fitness: Vec<f64>,
    /// Training steps begun, over all tasks.
    pub train_steps: u64,
    /// The backend that ran it.
    pub backend: Backend,
}

impl Evaluation {
    /// The fitness of the program.
    pub fn fitness(&self, combine: Combine) -> f64 {
        match combine {
            Combine::Mean => self.task_fitness.iter().sum::<f64>() / self.task_fitness.len() as f64,
            Combine::Median => {
                let mut ascending = self.task_fitness.clone();
                ascending.sort_by(f64::total_cmp);
                ascending[ascending.len() / 2]
            }
        }
    }
}

/// The errors of the beginning of an evaluation, for functional equivalence checking.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    pub(super) records: Vec<TaskRecord>,
    /// Training steps begun, over all tasks.
    pub train_steps: u64,
}

impl Probe {
    /// Errors of the training examples of a task, up to its early stop.
    pub fn train_errors(&self, task: usize) -> &[f64] {
        &self.records[task].train_errors
    }

    /// Errors of the validation examples of a task, up to its end.
    pub fn valid_errors(&self, task: usize) -> &[f64] {
        &self.records[task].valid_errors
    }

    /// Empties the lists, which keep their memory.
    pub(super) fn begin(&mut self, tasks: usize) {
        self.train_steps = 0;
        self.records.resize_with(tasks, TaskRecord::default);
        for record in &mut self.records {
            record.train_errors.clear();
            record.valid_errors.clear();
        }
    }
}
