//! From a description and a seed to a group of tasks.
//!
//! Seeds, with `key` of `exnihilo_jit::exec::random`: the key of a set is `key(key(S, TASK_SET), set)`, S the task seed of
//! the run and set 1 to 4 for search, select, final and eval; for search and select it is `key(that, experiment)`.
//! Task i of the set has the seed `key(key of the set, i)`. So neither the number of tasks nor any other setting moves a seed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{GroupError, GroupSettings, Scoring, TaskGroup};

use super::error::TaskError;
use super::images::ImageSet;
use super::kind::TaskKind;
use super::projected::{PairTasks, pairs_of, valid_part};
use super::spec::TaskSpec;
use super::synthetic::{self, Model};
use super::table::Table;
use super::table_task::TableTasks;
use super::{cifar, digits, idx};

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
    spec.validate()?;
    let spec = &spec.resolved();
    let seeds = |shape: Shape| -> Result<Vec<u64>, TaskError> {
        shape.check_memory(spec.tasks)?;
        Ok((0..spec.tasks as u64).map(|index| task_seed(set, run_seed, experiment, index)).collect())
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
        let pairs = spec.pairs.clone().unwrap_or_else(|| pairs_of(set));
        let Shape { features, train, valid, .. } = shape;
        let tasks = PairTasks { images, pairs: &pairs, features, train, valid, valid_part: valid_part(set) };
        group(features, Scoring::Accuracy, tasks.build(set_key(set, run_seed, experiment), &seeds(shape)?)?)
    };
    match spec.kind {
        TaskKind::Linear => synthetic(Model::Linear),
        TaskKind::Affine => synthetic(Model::Affine),
        TaskKind::TwoLayer => synthetic(Model::TwoLayer),
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

/// Data files that were read, so that each is read once however many sets of tasks are made of it.
#[derive(Debug, Default)]
pub struct DataCache {
    digits: OnceLock<Arc<ImageSet>>,
    images: Mutex<HashMap<PathBuf, Arc<ImageSet>>>,
    tables: Mutex<HashMap<(PathBuf, Option<String>), Arc<Table>>>,
}

impl DataCache {
    /// An empty cache.
    pub fn new() -> DataCache {
        DataCache::default()
    }

    /// The embedded 8x8 digits.
    pub fn digits(&self) -> Arc<ImageSet> {
        self.digits.get_or_init(|| Arc::new(digits::load())).clone()
    }

    /// The images in a folder: IDX files (MNIST, Fashion-MNIST) or CIFAR-10 in its binary version.
    ///
    /// # Errors
    /// [`TaskError::Io`], [`TaskError::NoImages`] and [`TaskError::Format`].
    pub fn images(&self, folder: &Path) -> Result<Arc<ImageSet>, TaskError> {
        let mut loaded = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(images) = loaded.get(folder) {
            return Ok(images.clone());
        }
        let images = Arc::new(read_images(folder)?);
        loaded.insert(folder.to_owned(), images.clone());
        Ok(images)
    }

    /// The table in a CSV file, with its label column.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn table(&self, path: &Path, label: Option<&str>) -> Result<Arc<Table>, TaskError> {
        let mut loaded = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (path.to_owned(), label.map(str::to_owned));
        if let Some(table) = loaded.get(&name) {
            return Ok(table.clone());
        }
        let table = Arc::new(Table::read(path, label)?);
        loaded.insert(name, table.clone());
        Ok(table)
    }
}

/// Reads whichever kind of images the folder has.
fn read_images(folder: &Path) -> Result<ImageSet, TaskError> {
    // For the system's own message where there is no such folder.
    std::fs::read_dir(folder).map_err(|source| TaskError::Io { path: folder.to_owned(), source })?;
    let refuse = |problem: &str| TaskError::NoImages {
        path: folder.to_owned(),
        problem: problem.to_owned(),
        recognized: format!("for MNIST and Fashion-MNIST {}; for CIFAR-10 {}", idx::RECOGNIZED, cifar::RECOGNIZED),
    };
    match (idx::is_in(folder), cifar::is_in(folder)) {
        (true, false) => idx::read(folder),
        (false, true) => cifar::read(folder),
        (true, true) => Err(refuse("has both IDX and CIFAR-10 files, give each set its own folder")),
        (false, false) => Err(refuse("has no images that are recognized")),
    }
}

#[cfg(test)]
mod tests;
