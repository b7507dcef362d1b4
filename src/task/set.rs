//! From a description and a seed to a group of tasks.
//!
//! Seeds, with `key` of `exnihilo_jit::exec::random`: the key of a set is `key(key(S, TASK_SET), set)`, S the task seed of
//! the run and set 1 to 4 for search, select, final and eval; for search and select it is `key(that, experiment)`.
//! Task i of the set has the seed `key(key of the set, i)`. So neither the number of tasks nor any other setting moves a seed.

use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{GroupError, GroupSettings, Scoring, TaskGroup};

use super::cache::DataCache;
use super::classes::ClassTasks;
use super::error::TaskError;
use super::images::ImageSet;
use super::kind::TaskKind;
use super::projected::{PairTasks, pairs_of, valid_part};
use super::spec::TaskSpec;
use super::synthetic::{self, Model};
use super::table_task::TableTasks;

/// What a set of tasks is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetName {
    /// Fitness in evolution.
    Search = 1,
    /// The choice among the best programs of several searches.
    Select = 2,
    /// Unseen: what is reported in the end.
    Final = 3,
    /// The command `eval`.
    Eval = 4,
}

impl SetName {
    /// The name in experiments and messages.
    pub const fn name(self) -> &'static str {
        match self {
            SetName::Search => "search",
            SetName::Select => "select",
            SetName::Final => "final",
            SetName::Eval => "eval",
        }
    }
}

/// The key that the seeds of a set's tasks come from.
const fn set_key(set: SetName, run_seed: u64, experiment: u64) -> u64 {
    let parent = key(key(run_seed, purpose::TASK_SET), set as u64);
    match set {
        SetName::Search | SetName::Select => key(parent, experiment),
        SetName::Final | SetName::Eval => parent,
    }
}

/// The seed of task `index` of a set; `experiment` counts for search and select only.
pub const fn task_seed(set: SetName, run_seed: u64, experiment: u64, index: u64) -> u64 {
    key(set_key(set, run_seed, experiment), index)
}

/// Makes the tasks of a set. `run_seed` is the task seed of the run; `experiment` counts for search and select only.
///
/// # Errors
/// See [`TaskError`]: a description that makes no sense, data that cannot be read or are too small for it, or more memory than
/// [`GroupSettings::DEFAULT_MEMORY_LIMIT`].
pub fn build_group(spec: &TaskSpec, set: SetName, run_seed: u64, experiment: u64, data: &DataCache) -> Result<TaskGroup, TaskError> {
    build_group_from(spec, set, run_seed, experiment, 0, data)
}

/// As [`build_group`], with the tasks of the set from number `first` on: a set may be made of several descriptions.
///
/// # Errors
/// As [`build_group`].
pub fn build_group_from(
    spec: &TaskSpec,
    set: SetName,
    run_seed: u64,
    experiment: u64,
    first: u64,
    data: &DataCache,
) -> Result<TaskGroup, TaskError> {
    spec.validate()?;
    let spec = &spec.resolved();
    let seeds = |shape: Shape| -> Result<Vec<u64>, TaskError> {
        shape.check_memory(spec.tasks)?;
        Ok((first..first + spec.tasks as u64).map(|index| task_seed(set, run_seed, experiment, index)).collect())
    };
    let group = |features, scoring, tasks| {
        let settings = GroupSettings { epochs: spec.epochs, max_abs_error: spec.max_abs_error, ..GroupSettings::new(features, scoring) };
        Ok(TaskGroup::new(settings, tasks)?)
    };
    let synthetic = |model| {
        let shape = Shape::of(spec);
        let tasks = seeds(shape)?.into_iter().map(|seed| synthetic::task(model, shape.features, shape.train, shape.valid, seed)).collect();
        group(shape.features, Scoring::Rms, tasks)
    };
    let images = |images: &ImageSet| {
        let shape = Shape { inputs: images.image_size(), ..Shape::of(spec) };
        if spec.classes.is_some() {
            let Shape { features, train, valid, .. } = shape;
            let tasks = ClassTasks { images, set, first: first as usize, features, train, valid };
            return group(features, Scoring::Classes, tasks.build(set_key(set, run_seed, experiment), &seeds(shape)?)?);
        }
        let pairs = spec.pairs.clone().unwrap_or_else(|| pairs_of(set));
        let Shape { features, train, valid, .. } = shape;
        let tasks = PairTasks { images, pairs: &pairs, first: first as usize, features, train, valid, valid_part: valid_part(set) };
        group(features, Scoring::Accuracy, tasks.build(set_key(set, run_seed, experiment), &seeds(shape)?)?)
    };
    match spec.kind {
        TaskKind::Linear => synthetic(Model::Linear),
        TaskKind::Affine => synthetic(Model::Affine),
        TaskKind::TwoLayer => synthetic(Model::TwoLayer { zeroed: spec.zeroed.unwrap_or(true) }),
        TaskKind::Digits => images(&data.digits()),
        TaskKind::Projected => images(&*data.images(spec.data_path()?)?),
        TaskKind::Table => {
            let table = data.table(spec.data_path()?, spec.label.as_deref())?;
            let tasks = TableTasks::plan(spec, &table)?;
            let inputs = table.columns().len();
            let seeds = seeds(Shape { features: tasks.features, train: tasks.train, valid: tasks.valid, inputs })?;
            group(tasks.features, tasks.scoring(), seeds.into_iter().map(|seed| tasks.task(seed)).collect())
        }
    }
}

/// The sizes of a task.
#[derive(Clone, Copy)]
struct Shape {
    features: usize,
    train: usize,
    valid: usize,
    /// Numbers an example before it is projected.
    inputs: usize,
}

impl Shape {
    /// The sizes that a resolved description of anything but a table gives.
    fn of(spec: &TaskSpec) -> Shape {
        let given = |number: Option<usize>| number.expect("only tables are without defaults");
        let features = given(spec.features);
        Shape { features, train: given(spec.train), valid: given(spec.valid), inputs: features }
    }

    /// Refuses what would not fit before any of it is made.
    fn check_memory(self, tasks: usize) -> Result<(), GroupError> {
        let limit = GroupSettings::DEFAULT_MEMORY_LIMIT;
        let refuse_above = |what, factors: [u128; 3]| {
            let needed = factors.into_iter().fold(8, u128::saturating_mul);
            if needed > limit as u128 { Err(GroupError::Memory { what, needed, limit }) } else { Ok(()) }
        };
        refuse_above("task data", [self.train as u128 + self.valid as u128, tasks as u128, self.features as u128 + 1])?;
        refuse_above("projection", [self.inputs as u128, self.features as u128, 1])
    }
}

#[cfg(test)]
mod tests;
