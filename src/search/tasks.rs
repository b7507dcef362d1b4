//! Where the tasks of a search come from: from the descriptions of its experiment, or from a program that has them in memory.

use std::fmt;

use exnihilo_jit::TaskGroup;

use super::outcome::SearchError;
use crate::experiment::Experiment;
use crate::task::{DataCache, SetName, TaskError, TaskSpec, build_group, build_group_from};

/// Gives a search its tasks. It is asked by several threads, again for each experiment, and again at the end; for the same arguments it
/// must give the same tasks; where a search is resumed, all of them are compared with those of its checkpoint.
pub trait TaskSource: fmt::Debug + Send + Sync {
    /// How many sets of search tasks there are, at least 1; islands are divided among them.
    fn search_sets(&self) -> usize;

    /// Set number `set` of the search tasks of an experiment: what fitness in evolution is measured on. The experiments of a run may
    /// have different tasks.
    ///
    /// # Errors
    /// Tasks that cannot be made.
    fn search_tasks(&self, set: usize, experiment: u64) -> Result<TaskGroup, TaskError>;

    /// How many select tasks an experiment has.
    fn select_count(&self) -> usize;

    /// The select tasks of an experiment: the best programs are chosen on them.
    ///
    /// # Errors
    /// Tasks that cannot be made.
    fn select_tasks(&self, experiment: u64) -> Result<TaskGroup, TaskError>;

    /// The final tasks, if there are any: what is reported of the chosen program.
    ///
    /// # Errors
    /// Tasks that cannot be made.
    fn final_tasks(&self) -> Result<Option<TaskGroup>, TaskError>;

    /// Whether select and final tasks can be made, as far as that is cheaply known before the search: then it shows at once.
    ///
    /// # Errors
    /// They cannot.
    fn check_later_tasks(&self) -> Result<(), SearchError> {
        Ok(())
    }
}

/// The tasks that an experiment describes.
#[derive(Debug)]
pub(super) struct DescribedTasks<'a> {
    experiment: &'a Experiment,
    /// The seed of all tasks: the experiment's, or else the run's.
    seed: u64,
    data: DataCache,
}

impl<'a> DescribedTasks<'a> {
    pub(super) fn new(experiment: &'a Experiment, run_seed: u64) -> DescribedTasks<'a> {
        DescribedTasks { experiment, seed: experiment.tasks.seed.unwrap_or(run_seed), data: DataCache::default() }
    }

    fn group(&self, set: SetName, spec: &TaskSpec, experiment: u64) -> Result<TaskGroup, TaskError> {
        build_group(spec, set, self.seed, experiment, &self.data)
    }
}

impl TaskSource for DescribedTasks<'_> {
    fn search_sets(&self) -> usize {
        self.experiment.tasks.search.len()
    }

    /// The tasks of all sets are numbered through, so that none has another's seed.
    fn search_tasks(&self, set: usize, experiment: u64) -> Result<TaskGroup, TaskError> {
        let specs = &self.experiment.tasks.search;
        let first = specs[..set].iter().map(|spec| spec.tasks as u64).sum();
        build_group_from(&specs[set], SetName::Search, self.seed, experiment, first, &self.data)
    }

    fn select_count(&self) -> usize {
        self.experiment.tasks.select.tasks
    }

    fn select_tasks(&self, experiment: u64) -> Result<TaskGroup, TaskError> {
        self.group(SetName::Select, &self.experiment.tasks.select, experiment)
    }

    fn final_tasks(&self) -> Result<Option<TaskGroup>, TaskError> {
        self.experiment.tasks.final_set.as_ref().map(|spec| self.group(SetName::Final, spec, 0)).transpose()
    }

    fn check_later_tasks(&self) -> Result<(), SearchError> {
        let tasks = &self.experiment.tasks;
        for (set, spec) in [(SetName::Select, Some(&tasks.select)), (SetName::Final, tasks.final_set.as_ref())] {
            let Some(spec) = spec else { continue };
            self.group(set, &TaskSpec { tasks: 1, ..spec.clone() }, 0)
                .map_err(|error| SearchError::Tasks { set: set.name(), error: error.into() })?;
        }
        Ok(())
    }
}

/// Tasks in memory, the same for all experiments of a run.
///
/// ```
/// use exnihilo::search::TasksInMemory;
/// use exnihilo_jit::{Examples, GroupSettings, Scoring, Task, TaskGroup};
///
/// let examples = |x: f64| Examples { features: vec![x, -x], labels: vec![x, 2.0 * x] };
/// let group = |x| {
///     let task = Task { seed: 1, train: examples(x), valid: examples(x + 1.0), train_orders: None };
///     TaskGroup::new(GroupSettings::new(1, Scoring::Rms), vec![task])
/// };
/// let tasks = TasksInMemory { search: vec![group(1.0)?], select: group(2.0)?, last: Some(group(3.0)?) };
/// # Ok::<(), exnihilo_jit::GroupError>(())
/// ```
#[derive(Debug)]
pub struct TasksInMemory {
    /// The sets of search tasks, at least one; feature sizes may differ, the kind of labels may not.
    pub search: Vec<TaskGroup>,
    /// The select tasks.
    pub select: TaskGroup,
    /// The final tasks, if there are any.
    pub last: Option<TaskGroup>,
}

/// All tasks of a group as another group, which shares their data.
fn shared(group: &TaskGroup) -> TaskGroup {
    group.part(0..group.tasks().len())
}

impl TaskSource for TasksInMemory {
    fn search_sets(&self) -> usize {
        self.search.len()
    }

    fn search_tasks(&self, set: usize, _: u64) -> Result<TaskGroup, TaskError> {
        Ok(shared(&self.search[set]))
    }

    fn select_count(&self) -> usize {
        self.select.tasks().len()
    }

    fn select_tasks(&self, _: u64) -> Result<TaskGroup, TaskError> {
        Ok(shared(&self.select))
    }

    fn final_tasks(&self) -> Result<Option<TaskGroup>, TaskError> {
        Ok(self.last.as_ref().map(shared))
    }
}
