//! Lines of `events.jsonl` and of other files of a run, as far as a report shows them. Fields that are not there are None, for events
//! gain fields; a field of another type makes a line one that cannot be read.

use exnihilo_jit::InstructionRecord;
use serde::Deserialize;

use crate::search::Tiers;

/// A line of `events.jsonl`.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Event {
    Start(Part),
    Resume(Part),
    Progress(Progress),
    Milestone(Milestone),
    Improvement(Milestone),
    Difference(Difference),
    Done(Box<Outcome>),
    /// Of no weight here, or of another version.
    #[serde(other)]
    Other,
}

/// The beginning of a part of a run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    pub(super) version: Option<String>,
    pub(super) preset: Option<String>,
    pub(super) seed: Option<u64>,
    pub(super) backend: Option<String>,
    pub(super) threads: Option<u64>,
    pub(super) max_individuals: Option<u64>,
    pub(super) max_train_steps: Option<u64>,
    pub(super) max_seconds: Option<f64>,
}

/// How far a run was.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    pub(super) individuals: u64,
    pub(super) elapsed_seconds: Option<f64>,
    pub(super) train_steps: u64,
    pub(super) best_fitness: Option<f64>,
    pub(super) mean_fitness: Option<f64>,
    pub(super) select_fitness: Option<f64>,
    pub(super) tiers: Option<Tiers>,
    pub(super) experiments: u64,
    pub(super) best_program: Option<String>,
}

/// A program better than all its ancestors, or even than all before it on its island; the program is read again where it is needed.
#[derive(Debug, Deserialize)]
pub(super) struct Milestone {
    pub(super) experiment: u64,
    pub(super) island: u64,
    pub(super) individual: u64,
    #[serde(default)]
    pub(super) task_set: u64,
    pub(super) search_fitness: Option<f64>,
    pub(super) hash: String,
    pub(super) origin: String,
    /// Which of its island.
    pub(super) milestone: Option<u64>,
    /// Since the one before it.
    #[serde(default)]
    pub(super) mutations: u64,
    pub(super) before: Option<MilestoneName>,
}

/// Which milestone of an experiment.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct MilestoneName {
    pub(super) island: u64,
    pub(super) milestone: u64,
}

/// The program of a milestone.
#[derive(Debug, Deserialize)]
pub(super) struct MilestoneProgram {
    pub(super) program: String,
}

/// An evaluation that the oracle did not confirm.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Difference {
    pub(super) difference: Option<String>,
}

/// What a part of a run came to: a `done` event, or `result.json`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Outcome {
    pub(super) preset: Option<String>,
    pub(super) seed: Option<u64>,
    pub(super) backend: Option<String>,
    pub(super) threads: Option<u64>,
    pub(super) experiments: Option<u64>,
    pub(super) individuals: Option<u64>,
    pub(super) train_steps: Option<u64>,
    pub(super) elapsed_seconds: Option<f64>,
    pub(super) individuals_per_second: Option<f64>,
    pub(super) search_fitness: Option<f64>,
    pub(super) true_fitness: Option<f64>,
    pub(super) select_fitness: Option<f64>,
    pub(super) final_fitness: Option<f64>,
    pub(super) experiment: Option<u64>,
    pub(super) target: Option<f64>,
    pub(super) reached_target: Option<bool>,
    pub(super) stopped_by: Option<String>,
    pub(super) saved_share: Option<f64>,
    pub(super) verified: Option<u64>,
    pub(super) baselines: Vec<Baseline>,
    pub(super) program: Option<String>,
    pub(super) version: Option<String>,
}

/// What a hand-written program reaches.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Baseline {
    pub(super) name: String,
    pub(super) final_fitness: Option<f64>,
}

/// A line of `hall_of_fame.jsonl`.
#[derive(Debug, Deserialize)]
pub(super) struct FamousRecord {
    pub(super) setup: Vec<InstructionRecord>,
    pub(super) predict: Vec<InstructionRecord>,
    pub(super) learn: Vec<InstructionRecord>,
    pub(super) size: u64,
    #[serde(default)]
    pub(super) task_set: u64,
    #[serde(default)]
    pub(super) experiment: u64,
    #[serde(default)]
    pub(super) island: u64,
    pub(super) search_fitness: Option<f64>,
}
