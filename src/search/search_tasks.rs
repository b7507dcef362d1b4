//! A set of search tasks, as the islands that evolve on it see it.

use std::sync::OnceLock;

use exnihilo_jit::TaskGroup;
use xxhash_rust::xxh3::Xxh3;

/// The tasks of one set, and their division where a hurdle stands between the first and the rest.
#[derive(Debug)]
pub(super) struct SearchTasks {
    all: TaskGroup,
    /// The first tasks and the rest; empty where all are one stage.
    stages: Vec<TaskGroup>,
    fingerprint: OnceLock<u128>,
}

impl SearchTasks {
    /// The tasks of `all`, of which the first `first` are the first stage, if any are beyond them.
    pub(super) fn new(all: TaskGroup, first: Option<usize>) -> SearchTasks {
        let tasks = all.tasks().len();
        let stages = first.filter(|&first| first < tasks).map_or(Vec::new(), |first| vec![all.part(0..first), all.part(first..tasks)]);
        SearchTasks { all, stages, fingerprint: OnceLock::new() }
    }

    /// The same tasks, known by this fingerprint: the [`whole_hash`] of all that belongs to them, where no experiment describes them.
    pub(super) fn known_by(self, fingerprint: u128) -> SearchTasks {
        SearchTasks { fingerprint: OnceLock::from(fingerprint), ..self }
    }

    /// All tasks.
    pub(super) const fn all(&self) -> &TaskGroup {
        &self.all
    }

    /// The tasks in the groups that are run one after the other.
    pub(super) fn stages(&self) -> &[TaskGroup] {
        if self.stages.is_empty() { std::slice::from_ref(&self.all) } else { &self.stages }
    }

    /// 128 bits of all examples and seeds: files may change between a checkpoint and the day when a run goes on. Made when first asked for.
    pub(super) fn fingerprint(&self) -> u128 {
        *self.fingerprint.get_or_init(|| self.hash())
    }

    fn hash(&self) -> u128 {
        let mut hasher = Xxh3::new();
        for task in self.all.tasks() {
            hasher.update(&task.seed.to_le_bytes());
            for numbers in [&task.train.features, &task.train.labels, &task.valid.features, &task.valid.labels] {
                numbers.iter().for_each(|number| hasher.update(&number.to_bits().to_le_bytes()));
            }
        }
        hasher.digest128()
    }

    /// Whether a hurdle stands between two stages.
    pub(super) const fn has_hurdle(&self) -> bool {
        !self.stages.is_empty()
    }

    /// The training steps of a program that never stops early.
    pub(super) fn whole_steps(&self) -> u64 {
        let examples = self.all.tasks().len() as u64 * self.all.train_examples() as u64;
        examples.saturating_mul(self.all.settings().epochs.into())
    }
}

/// 128 bits of everything in these groups: settings, seeds, examples, orders, and how many there are of each.
pub(super) fn whole_hash<'g>(groups: impl IntoIterator<Item = &'g TaskGroup>) -> u128 {
    let mut hasher = Xxh3::new();
    for group in groups {
        // All fields, by name: a new one changes the text.
        hasher.update(format!("{:?}, {} tasks;", group.settings(), group.tasks().len()).as_bytes());
        for task in group.tasks() {
            hasher.update(&task.seed.to_le_bytes());
            for numbers in [&task.train.features, &task.train.labels, &task.valid.features, &task.valid.labels] {
                hasher.update(&numbers.len().to_le_bytes());
                numbers.iter().for_each(|number| hasher.update(&number.to_bits().to_le_bytes()));
            }
            let orders = task.train_orders.as_deref().unwrap_or_default();
            hasher.update(&orders.len().to_le_bytes());
            orders.iter().flatten().for_each(|example| hasher.update(&example.to_le_bytes()));
        }
    }
    hasher.digest128()
}
