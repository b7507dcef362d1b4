//! What a checkpoint holds: plain data, as it is written. Programs are in the printer's text, which reads back to the same bits. The owners
//! of each part make it (`state`) and check it when it comes back (`restore`): a file may hold anything.

use exnihilo_jit::Program;
use serde::{Deserialize, Serialize};

use super::Damage;
use crate::experiment::Experiment;
use crate::search::lineage::Origin;
use crate::search::population::Score;
use crate::search::scorer::Tiers;

/// A run between two children.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::search) struct RunState {
    pub(in crate::search) limits: Limits,
    /// Seconds of search and selection so far.
    pub(in crate::search) elapsed_seconds: f64,
    /// Evaluations that the oracle has confirmed.
    pub(in crate::search) verified: u64,
    /// Of experiments that are over.
    pub(in crate::search) finished: Totals,
    /// The number of the first experiment of the batch under way.
    pub(in crate::search) first: u64,
    /// The individuals of each of its experiments when they were last looked at on the select tasks.
    pub(in crate::search) judged_at: u64,
    /// Where each island ends the pass under way, if one is.
    pub(in crate::search) pass: Option<Vec<Pass>>,
    pub(in crate::search) batch: Vec<ExperimentState>,
    /// The result so far.
    pub(in crate::search) best: Option<JudgedState>,
    /// The best programs by size, of batches that are over.
    pub(in crate::search) hall: Vec<FamousState>,
}

/// What ends a run besides its experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Individuals.
    pub max_individuals: Option<u64>,
    /// Training steps.
    pub max_train_steps: Option<u64>,
    /// Seconds.
    pub max_seconds: Option<f64>,
    /// The target in place of the experiment's own.
    pub target: Option<f64>,
}

impl Limits {
    /// Whether the islands get the same shares of what is limited.
    pub(in crate::search) fn has_same_division(self, other: Limits) -> bool {
        (self.max_individuals, self.max_train_steps) == (other.max_individuals, other.max_train_steps)
    }
}

/// Where an island ends its part of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::search) struct Pass {
    /// At so many individuals.
    pub(in crate::search) goal: u64,
    /// Or as soon as so many training steps were begun.
    pub(in crate::search) last_step: u64,
}

impl Pass {
    /// As far as it can.
    pub(in crate::search) const WHOLE: Pass = Pass { goal: u64::MAX, last_step: u64::MAX };
}

/// Counts of children and of how they were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::search) struct Totals {
    pub(in crate::search) individuals: u64,
    pub(in crate::search) train_steps: u64,
    pub(in crate::search) fec_hits: u64,
    pub(in crate::search) tiers: Tiers,
    pub(in crate::search) saved_steps: u64,
    pub(in crate::search) compiled: u64,
    pub(in crate::search) best_fitness: Option<f64>,
}

/// An experiment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::search) struct ExperimentState {
    /// What the programs below descend from, each after the one before it.
    pub(in crate::search) milestones: Vec<MilestoneState>,
    pub(in crate::search) islands: Vec<IslandState>,
    /// Programs on their way between islands.
    pub(in crate::search) pools: Vec<PoolState>,
    /// For each set of search tasks: which island's best program was last evaluated on the select tasks, and the how manieth best of that
    /// island it was.
    pub(in crate::search) judged: Vec<Option<(u64, u64)>>,
    /// The fingerprint of each set of search tasks.
    pub(in crate::search) fingerprints: Vec<u128>,
}

/// An island.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::search) struct IslandState {
    /// Random numbers drawn for decisions.
    pub(in crate::search) decisions: u64,
    pub(in crate::search) totals: Totals,
    /// From the oldest to the newest.
    pub(in crate::search) population: Vec<MemberState>,
    /// From the least to the most recently seen; none if there is no cache.
    pub(in crate::search) fec: Option<Vec<FecEntryState>>,
    /// What the first tasks ask for, once there is a hurdle.
    pub(in crate::search) hurdle: Option<f64>,
    pub(in crate::search) best: Option<BestState>,
    /// How many programs were the best one after the other.
    pub(in crate::search) bests: u64,
    /// Its best programs by size.
    pub(in crate::search) hall: Vec<FamousState>,
    /// How many milestones were made on it.
    pub(in crate::search) milestones: u64,
}

/// A program that was better than all its ancestors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::search) struct MilestoneState {
    pub(in crate::search) island: u64,
    pub(in crate::search) number: u64,
    pub(in crate::search) task_set: u64,
    pub(in crate::search) individual: u64,
    pub(in crate::search) fitness: f64,
    pub(in crate::search) program: String,
    pub(in crate::search) origin: Origin,
    pub(in crate::search) mutations: u32,
    /// The place in the list of the one before it.
    pub(in crate::search) before: Option<u32>,
    pub(in crate::search) is_told: bool,
}

/// What a program descends from.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::search) struct LineState {
    /// The place of its latest milestone in the list of its experiment.
    pub(in crate::search) latest: Option<u32>,
    /// The mutations since.
    pub(in crate::search) mutations: u32,
}

/// A program of the hall of fame.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::search) struct FamousState {
    pub(in crate::search) task_set: u64,
    pub(in crate::search) size: u64,
    pub(in crate::search) experiment: u64,
    pub(in crate::search) island: u64,
    pub(in crate::search) individual: u64,
    pub(in crate::search) fitness: f64,
    pub(in crate::search) program: String,
}

/// A program of a population.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::search) struct MemberState {
    pub(in crate::search) program: String,
    pub(in crate::search) score: Score,
    pub(in crate::search) line: LineState,
}

/// An entry of a cache of functional equivalence.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::search) struct FecEntryState {
    pub(in crate::search) key: u128,
    pub(in crate::search) score: Score,
    pub(in crate::search) seen: u32,
}

/// The best program of an island.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::search) struct BestState {
    pub(in crate::search) program: String,
    pub(in crate::search) fitness: f64,
    pub(in crate::search) individual: u64,
}

/// What the islands published at the end of a round of migration, by island; none of an island that has not ended it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::search) struct PoolState {
    pub(in crate::search) round: u64,
    pub(in crate::search) published: Vec<Option<Vec<MigrantState>>>,
}

/// A program on its way to another island.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::search) struct MigrantState {
    pub(in crate::search) member: MemberState,
    /// The set of search tasks on which it has its score.
    pub(in crate::search) task_set: u64,
}

/// A program that was evaluated on the select tasks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::search) struct JudgedState {
    pub(in crate::search) program: String,
    pub(in crate::search) experiment: u64,
    pub(in crate::search) task_set: u64,
    pub(in crate::search) search_fitness: f64,
    /// On each select task.
    pub(in crate::search) select_fitness: Vec<f64>,
    pub(in crate::search) select_steps: u64,
}

/// No island makes more individuals.
const MAX_COUNT: u64 = 1 << 48;
/// Nor begins, or saves, more training steps. (Those saved are counted as if no program stopped early.)
const MAX_STEPS: u64 = 1 << 62;

/// Checks a counter.
pub(in crate::search) fn count(what: &str, value: u64) -> Result<u64, Damage> {
    if value <= MAX_COUNT { Ok(value) } else { Err(Damage(format!("{what}: {value} is impossible"))) }
}

/// Checks a number of training steps.
pub(in crate::search) fn steps(what: &str, value: u64) -> Result<u64, Damage> {
    if value <= MAX_STEPS { Ok(value) } else { Err(Damage(format!("{what}: {value} is impossible"))) }
}

/// Checks a fitness.
pub(in crate::search) fn fitness(what: &str, value: f64) -> Result<f64, Damage> {
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(Damage(format!("{what}: a fitness of {value} is impossible"))) }
}

/// Reads a program, which must be possible in `experiment`.
pub(in crate::search) fn program(what: &str, text: &str, experiment: &Experiment) -> Result<Program, Damage> {
    let program: Program = text.parse().map_err(|error| Damage(format!("{what}: {error}")))?;
    experiment.check_program(&program, &[]).map_err(|misfit| Damage(format!("{what}: {}", misfit.problem)))?;
    Ok(program)
}

impl Totals {
    /// Checks all of them.
    pub(in crate::search) fn restore(self) -> Result<Totals, Damage> {
        let Totals { individuals, train_steps, fec_hits, tiers, saved_steps, compiled, best_fitness } = self;
        let counts = [("individuals", individuals), ("FEC hits", fec_hits), ("compiled programs", compiled)];
        for (what, value) in counts.into_iter().chain(tiers.counts()) {
            count(what, value)?;
        }
        steps("training steps", train_steps)?;
        steps("saved training steps", saved_steps)?;
        best_fitness.map_or(Ok(0.0), |best| fitness("the best fitness", best))?;
        Ok(self)
    }

    /// The sum.
    pub(in crate::search) fn and(self, other: Totals) -> Totals {
        Totals {
            individuals: self.individuals + other.individuals,
            train_steps: self.train_steps.saturating_add(other.train_steps),
            fec_hits: self.fec_hits + other.fec_hits,
            tiers: self.tiers.and(other.tiers),
            saved_steps: self.saved_steps.saturating_add(other.saved_steps),
            compiled: self.compiled + other.compiled,
            best_fitness: match (self.best_fitness, other.best_fitness) {
                (Some(one), Some(two)) => Some(one.max(two)),
                (one, two) => one.or(two),
            },
        }
    }
}
