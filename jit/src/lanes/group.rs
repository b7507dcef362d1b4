//! A set of tasks together with its examples as lanes need them: the unit of evaluation.

use std::ops::{Deref, Range};
use std::sync::atomic::{AtomicU64, Ordering};

use super::chunking::{ChunkSpan, most_layouts};
use super::data::{ChunkData, LaneData};
use crate::lang::MAX_FEATURES;
use crate::task::{GroupError, GroupSettings, Task, TaskSet};

/// Tasks of equal shape that a program is evaluated on together: the unit of evaluation. Shared by all threads.
///
/// It is a [`TaskSet`] that also keeps interleaved copies of the examples, made when they are first asked for.
#[derive(Debug)]
pub struct TaskGroup {
    /// Unlike that of any other group of this process.
    id: u64,
    tasks: TaskSet,
    lanes: LaneData,
}

impl Deref for TaskGroup {
    type Target = TaskSet;

    #[inline]
    fn deref(&self) -> &TaskSet {
        &self.tasks
    }
}

impl TaskGroup {
    /// A group of tasks.
    ///
    /// # Errors
    /// See [`GroupError`]; all tasks must have the same numbers of examples, features and labels must fit together.
    pub fn new(settings: GroupSettings, tasks: Vec<Task>) -> Result<TaskGroup, GroupError> {
        if let Some(first) = tasks.first() {
            TaskGroup::check_data(&settings, first.train.labels.len(), first.valid.labels.len(), tasks.len())?;
        }
        Ok(TaskGroup::of(TaskSet::new(settings, tasks)?))
    }

    fn of(tasks: TaskSet) -> TaskGroup {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        TaskGroup { id: NEXT_ID.fetch_add(1, Ordering::Relaxed), tasks, lanes: LaneData::default() }
    }

    /// Whether the data of `tasks` tasks of so many examples stay within the memory limit, in all the layouts that they may be kept in.
    ///
    /// # Errors
    /// [`GroupError::Features`] and [`GroupError::Memory`].
    pub fn check_data(settings: &GroupSettings, train: usize, valid: usize, tasks: usize) -> Result<(), GroupError> {
        let GroupSettings { features, epochs, memory_limit, .. } = *settings;
        if !(1..=MAX_FEATURES).contains(&features) {
            return Err(GroupError::Features(features));
        }
        let examples = train as u128 + valid as u128;
        let orders = u128::from(epochs) * train as u128 * 4;
        let copies = 1 + most_layouts(features) as u128;
        let needed = (examples * (features as u128 + 1) * 8 * copies + orders) * tasks as u128;
        if needed > memory_limit as u128 {
            return Err(GroupError::Memory { what: "task data", needed, limit: memory_limit });
        }
        Ok(())
    }

    /// Some of the tasks as a group of their own, which shares their data.
    ///
    /// # Panics
    /// If the range is empty or goes beyond the tasks.
    #[must_use]
    pub fn part(&self, tasks: Range<usize>) -> TaskGroup {
        TaskGroup::of(self.tasks.part(tasks))
    }

    /// A number that no other group of this process has.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The examples of a chunk.
    ///
    /// # Panics
    /// If there is no such chunk.
    pub(crate) fn chunk_data(&self, span: ChunkSpan) -> &ChunkData {
        self.lanes.chunk(&self.tasks, span)
    }

    /// The order of training examples in an epoch, by task; `None` if every task keeps the given order.
    pub(crate) fn train_orders(&self, epoch: u32) -> Option<&[Vec<u32>]> {
        self.lanes.train_orders(&self.tasks, epoch)
    }
}
