//! What a search returns.

use std::time::Duration;

use exnihilo_jit::{EvalError, Program};

use super::checkpoint::CheckpointError;
use super::damage::Damage;
use super::hall_of_fame::HallOfFame;
use super::totals::Counts;
use crate::experiment::ExperimentError;
use crate::task::TaskError;
use crate::verify::Difference;

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoppedBy {
    /// A program passed the target on the select tasks.
    Target,
    /// The limit of individuals.
    Individuals,
    /// The limit of training steps.
    TrainSteps,
    /// The limit of time.
    Seconds,
    /// The stop flag.
    Interrupt,
}

/// The result of a search: its best program and how it was come by.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The program with the best fitness on the select tasks, as evolved.
    pub program: Program,
    /// The same for readers: rewritten without what cannot matter, with the same results.
    pub simplified: Program,
    /// The number of the experiment that found it, from 0.
    pub experiment: u64,
    /// The set of search tasks on which it evolved, from 0.
    pub task_set: usize,
    /// What evolution saw; by functional equivalence checking it may be another program's.
    pub search_fitness: f64,
    /// The fitness on the search tasks, evaluated anew and confirmed by the oracle.
    pub true_fitness: f64,
    /// The mean fitness on the select tasks of its experiment, confirmed by the oracle.
    pub select_fitness: f64,
    /// The mean fitness on the final tasks, if the experiment has any, confirmed by the oracle.
    pub final_fitness: Option<f64>,
    /// Experiments begun.
    pub experiments: u64,
    /// What was done in search.
    pub counts: Counts,
    /// Evaluations that the oracle confirmed: the share asked for, and the program's own on search, select and final tasks.
    pub verified: u64,
    /// The best programs by size.
    pub hall: HallOfFame,
    /// Wall time of search and selection, without the final evaluation.
    pub elapsed: Duration,
    /// Whether the program passed the target on the select tasks.
    pub reached_target: bool,
    /// Why the search ended.
    pub stopped_by: StoppedBy,
}

/// Why a search cannot run or has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The experiment is refused.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// Its tasks cannot be made.
    #[error("tasks.{set}: {error}")]
    Tasks {
        /// Which set: search, select or final.
        set: &'static str,
        /// Why.
        error: Box<TaskError>,
    },
    /// Its programs cannot be evaluated.
    #[error(transparent)]
    Evaluation(#[from] EvalError),
    /// The oracle does not confirm an evaluation. It entered no population, and there is no result.
    #[error(transparent)]
    Difference(#[from] Box<Difference>),
    /// The checkpoint to go on from cannot be.
    #[error("the checkpoint cannot be resumed: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// An option that cannot be.
    #[error("{option}: {value} is not possible; {remedy}")]
    Option {
        /// Which option.
        option: &'static str,
        /// What was given.
        value: String,
        /// What would be right.
        remedy: &'static str,
    },
    /// The threads cannot be started.
    #[error("cannot start the threads: {0}; choose fewer")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The search ended before a single program was evaluated on all its tasks.
    #[error("the search ended before a single program was evaluated on all its tasks; there is no result")]
    NothingEvaluated,
}

impl From<Damage> for SearchError {
    fn from(damage: Damage) -> SearchError {
        SearchError::Checkpoint(damage.into())
    }
}
