//! Tasks of equal shape, and the numbering of their steps.

use std::ops::Range;
use std::sync::Arc;

use super::error::GroupError;
use super::example::Task;
use super::settings::GroupSettings;
use crate::lang::{AddressCounts, CLASSES, Interface, MAX_FEATURES, Scoring};

/// Tasks of equal shape, as plain data: all that the oracle needs to know of them. Parts of a set share its tasks.
#[derive(Clone, Debug)]
pub struct TaskSet {
    settings: GroupSettings,
    train_examples: usize,
    valid_examples: usize,
    /// The tasks of the set that this one is part of.
    all_tasks: Arc<[Task]>,
    /// Which of them are its own.
    own: Range<usize>,
}

impl TaskSet {
    /// A set of tasks.
    ///
    /// # Errors
    /// See [`GroupError`]; all tasks must have the same numbers of examples, features and labels must fit together.
    pub fn new(settings: GroupSettings, tasks: Vec<Task>) -> Result<TaskSet, GroupError> {
        if !(1..=MAX_FEATURES).contains(&settings.features) {
            return Err(GroupError::Features(settings.features));
        }
        if settings.scoring == Scoring::Classes && settings.features < CLASSES {
            return Err(GroupError::FewFeatures(settings.features));
        }
        if settings.max_abs_error.is_nan() || settings.max_abs_error < 0.0 {
            return Err(GroupError::MaxAbsError(settings.max_abs_error));
        }
        if settings.epochs == 0 {
            return Err(GroupError::Empty("epoch"));
        }
        let first = tasks.first().ok_or(GroupError::Empty("task"))?;
        let (train_examples, valid_examples) = (first.train.labels.len(), first.valid.labels.len());
        for (what, count) in [("training example", train_examples), ("validation example", valid_examples)] {
            if count == 0 {
                return Err(GroupError::Empty(what));
            }
        }
        for (index, task) in tasks.iter().enumerate() {
            check_task(index, task, &settings, train_examples, valid_examples)?;
        }
        let own = 0..tasks.len();
        Ok(TaskSet { settings, train_examples, valid_examples, all_tasks: tasks.into(), own })
    }

    /// Some of the tasks as a set of their own.
    ///
    /// # Panics
    /// If the range is empty or goes beyond the tasks.
    #[must_use]
    pub fn part(&self, tasks: Range<usize>) -> TaskSet {
        assert!(tasks.start < tasks.end && tasks.end <= self.own.len(), "some of {} tasks: {tasks:?}", self.own.len());
        TaskSet { own: self.own.start + tasks.start..self.own.start + tasks.end, ..self.clone() }
    }

    /// What the tasks have in common.
    pub fn settings(&self) -> &GroupSettings {
        &self.settings
    }

    /// The addresses through which programs meet these tasks.
    pub fn interface(&self) -> Interface {
        self.settings.scoring.interface()
    }

    /// F.
    pub fn features(&self) -> usize {
        self.settings.features
    }

    /// N, the training examples of each task.
    pub fn train_examples(&self) -> usize {
        self.train_examples
    }

    /// M, the validation examples of each task.
    pub fn valid_examples(&self) -> usize {
        self.valid_examples
    }

    /// The tasks, in order.
    pub fn tasks(&self) -> &[Task] {
        &self.all_tasks[self.own.clone()]
    }

    /// The step number of training example `example` of epoch `epoch`; Setup is step 0, and the validation examples follow.
    pub fn train_step(&self, epoch: u32, example: usize) -> u64 {
        1 + u64::from(epoch) * (self.train_examples + self.valid_examples) as u64 + example as u64
    }

    /// The step number of validation example `example` after epoch `epoch`.
    pub fn valid_step(&self, epoch: u32, example: usize) -> u64 {
        self.train_step(epoch, self.train_examples) + example as u64
    }

    /// Whether memories of these address counts stay within the limit.
    ///
    /// # Errors
    /// [`GroupError::Memory`] if not.
    pub fn check_memory(&self, counts: AddressCounts) -> Result<(), GroupError> {
        let needed = self.memory_of(counts);
        if needed > self.settings.memory_limit as u128 {
            return Err(GroupError::Memory { what: "program memory", needed, limit: self.settings.memory_limit });
        }
        Ok(())
    }

    /// Whether the memories of any program stay within the limit, so that none need be checked.
    pub(crate) fn has_memory_for_all(&self) -> bool {
        self.memory_of(AddressCounts::MAX) <= self.settings.memory_limit as u128
    }

    fn memory_of(&self, counts: AddressCounts) -> u128 {
        let counts = counts.max(self.interface().least_counts());
        counts.elements(self.features()) as u128 * 8 * self.own.len() as u128
    }
}

fn check_task(index: usize, task: &Task, settings: &GroupSettings, train: usize, valid: usize) -> Result<(), GroupError> {
    let shape = |what, found, expected| {
        if found == expected { Ok(()) } else { Err(GroupError::Shape { task: index, what, found, expected }) }
    };
    shape("the training labels", task.train.labels.len(), train)?;
    shape("the validation labels", task.valid.labels.len(), valid)?;
    shape("the training features", task.train.features.len(), train * settings.features)?;
    shape("the validation features", task.valid.features.len(), valid * settings.features)?;
    if settings.scoring == Scoring::Classes {
        let is_class = |label: f64| (0..CLASSES).any(|class| label == class as f64);
        for (what, examples) in [("the training part", &task.train), ("the validation part", &task.valid)] {
            if let Some(&label) = examples.labels.iter().find(|&&label| !is_class(label)) {
                return Err(GroupError::Class { task: index, what, label });
            }
        }
    }
    if let Some(orders) = &task.train_orders {
        let fits = |order: &Vec<u32>| order.len() == train && order.iter().all(|&example| (example as usize) < train);
        if orders.len() != settings.epochs as usize || !orders.iter().all(fits) {
            return Err(GroupError::Order { task: index, examples: train, epochs: settings.epochs });
        }
    }
    Ok(())
}
