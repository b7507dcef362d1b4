//! Tasks and groups of tasks: the data that a program is evaluated on.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::lane_data::{LaneData, most_layouts};
use crate::exec::chunk::Scoring;
use crate::exec::random::{Stream, key, purpose};
use crate::lang::{AddressCounts, CLASSES, Interface, MAX_FEATURES};

/// Labelled examples of one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Examples {
    /// Row-major, one row of F features an example.
    pub features: Vec<f64>,
    /// One label an example; with classes the number of the class.
    pub labels: Vec<f64>,
}

/// One task: examples to train and to validate on, and the seed of all its randomness.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Seeds the program's draws and the order of examples.
    pub seed: u64,
    /// Training examples.
    pub train: Examples,
    /// Validation examples.
    pub valid: Examples,
    /// The order of training examples in each epoch, where it was recorded; otherwise it follows from the seed.
    pub train_orders: Option<Vec<Vec<u32>>>,
}

impl Task {
    /// The order of the `count` training examples in epoch `epoch`: the given one first, a shuffle of it in each later epoch.
    pub fn train_order(&self, epoch: u32) -> Vec<u32> {
        if let Some(orders) = &self.train_orders {
            return orders[epoch as usize].clone();
        }
        let mut order: Vec<u32> = (0..self.train.labels.len() as u32).collect();
        if epoch > 0 {
            Stream::named(key(self.seed, purpose::ORDER), epoch.into()).shuffle(&mut order);
        }
        order
    }
}

/// Which epoch's validation gives the fitness on a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScoredEpoch {
    /// The best one, as in search.
    #[default]
    Best,
    /// The last one; fitness 0 where training did not come to its end. For unseen examples: the best of several would be chosen by them.
    Last,
}

/// What all tasks of a group have in common besides their numbers of examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupSettings {
    /// F, 1 to 4,096.
    pub features: usize,
    /// How predictions are scored.
    pub scoring: Scoring,
    /// How often the training examples are gone through, at least 1.
    pub epochs: u32,
    /// Which of these epochs gives the fitness.
    pub scored_epoch: ScoredEpoch,
    /// An error above it, or NaN, ends training or validation; at least 0, infinity allowed.
    pub max_abs_error: f64,
    /// The most bytes that data and memory of the group may take.
    pub memory_limit: usize,
}

impl GroupSettings {
    /// The default of [`GroupSettings::memory_limit`]: 1 GiB.
    pub const DEFAULT_MEMORY_LIMIT: usize = 1 << 30;

    /// One epoch (of several, the best), a largest error of 100 and the default memory limit.
    pub const fn new(features: usize, scoring: Scoring) -> GroupSettings {
        GroupSettings {
            features,
            scoring,
            epochs: 1,
            scored_epoch: ScoredEpoch::Best,
            max_abs_error: 100.0,
            memory_limit: GroupSettings::DEFAULT_MEMORY_LIMIT,
        }
    }

    /// Whether the data of `tasks` tasks of so many examples stay within the limit, in all the layouts that they may be kept in.
    ///
    /// # Errors
    /// [`GroupError::Features`] and [`GroupError::Memory`].
    pub fn check_data(&self, train: usize, valid: usize, tasks: usize) -> Result<(), GroupError> {
        if !(1..=MAX_FEATURES).contains(&self.features) {
            return Err(GroupError::Features(self.features));
        }
        let examples = train as u128 + valid as u128;
        let orders = u128::from(self.epochs) * train as u128 * 4;
        let copies = 1 + most_layouts(self.features) as u128;
        let needed = (examples * (self.features as u128 + 1) * 8 * copies + orders) * tasks as u128;
        if needed > self.memory_limit as u128 {
            return Err(GroupError::Memory { what: "task data", needed, limit: self.memory_limit });
        }
        Ok(())
    }
}

/// Why a group of tasks is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// A feature size outside 1 to 4,096.
    #[error("features of size {0} are not possible: choose 1 to {MAX_FEATURES}")]
    Features(usize),
    /// Fewer features than the predictions of classes have elements.
    #[error("tasks with {CLASSES} classes need features of size {CLASSES} or more, not {0}")]
    FewFeatures(usize),
    /// A label that is not the number of a class.
    #[error("task {task}: {what} has the label {label} where the number of a class belongs, 0 to {}", CLASSES - 1)]
    Class {
        /// Which task, from 0.
        task: usize,
        /// Which part of it.
        what: &'static str,
        /// The label.
        label: f64,
    },
    /// No tasks, examples or epochs.
    #[error("there must be at least one {0}")]
    Empty(&'static str),
    /// A largest error that is negative or NaN.
    #[error("max_abs_error must be at least 0, not {0}")]
    MaxAbsError(f64),
    /// Data of other shapes than the group's.
    #[error("task {task}: {what} has {found} numbers where {expected} belong")]
    Shape {
        /// Which task, from 0.
        task: usize,
        /// Which part of it.
        what: &'static str,
        /// How many numbers there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// An order of training examples that is not a list of existing examples, one list an epoch.
    #[error("task {task}: the recorded order of training examples does not fit {examples} examples and {epochs} epochs")]
    Order {
        /// Which task, from 0.
        task: usize,
        /// Training examples there are.
        examples: usize,
        /// Epochs there are.
        epochs: u32,
    },
    /// More memory than the limit.
    #[error("{needed} bytes of {what} pass the memory limit of {limit}; lower features, examples, tasks or addresses, or raise the limit")]
    Memory {
        /// For what.
        what: &'static str,
        /// Bytes that would be needed.
        needed: u128,
        /// The limit in bytes.
        limit: usize,
    },
}

fn next_id() -> u64 {
    static NEXT_ID: AtomicU64 = AtomicU64::new(0);
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// Tasks of equal shape that a program is evaluated on together: the unit of evaluation.
#[derive(Debug)]
pub struct TaskGroup {
    /// Unlike that of any other group of this process.
    id: u64,
    settings: GroupSettings,
    train_examples: usize,
    valid_examples: usize,
    /// Those of the group that this one is part of.
    all_tasks: Arc<[Task]>,
    /// Which of them are its own.
    own: Range<usize>,
    pub(super) lanes: LaneData,
}

impl TaskGroup {
    /// A group of tasks.
    ///
    /// # Errors
    /// See [`GroupError`]; all tasks must have the same numbers of examples, features and labels must fit together.
    pub fn new(settings: GroupSettings, tasks: Vec<Task>) -> Result<TaskGroup, GroupError> {
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
        settings.check_data(train_examples, valid_examples, tasks.len())?;
        for (index, task) in tasks.iter().enumerate() {
            check_task(index, task, &settings, train_examples, valid_examples)?;
        }
        let own = 0..tasks.len();
        Ok(TaskGroup { id: next_id(), settings, train_examples, valid_examples, all_tasks: tasks.into(), own, lanes: LaneData::default() })
    }

    /// Some of the tasks as a group of their own, which shares their data.
    ///
    /// # Panics
    /// If the range is empty or goes beyond the tasks.
    #[must_use]
    pub fn part(&self, tasks: Range<usize>) -> TaskGroup {
        assert!(tasks.start < tasks.end && tasks.end <= self.own.len(), "some of {} tasks: {tasks:?}", self.own.len());
        let own = self.own.start + tasks.start..self.own.start + tasks.end;
        let TaskGroup { settings, train_examples, valid_examples, .. } = *self;
        let all_tasks = Arc::clone(&self.all_tasks);
        TaskGroup { id: next_id(), settings, train_examples, valid_examples, all_tasks, own, lanes: LaneData::default() }
    }

    /// A number that no other group of this process has.
    pub(super) fn id(&self) -> u64 {
        self.id
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
    pub(super) fn has_memory_for_all(&self) -> bool {
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
