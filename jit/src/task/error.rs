//! Why tasks are refused, and programs on them.

use crate::lang::{AddressError, CLASSES, InterfaceError, MAX_FEATURES};

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

/// Why a program cannot be evaluated on a set of tasks.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// It needs too much memory.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// It uses addresses that are not declared.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// It writes what the evaluation sets on tasks of this kind.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
}
