//! A run between two children, as it stands in a checkpoint. Plain data; programs are in the printer's text, which reads back to the same bits.

use serde::{Deserialize, Serialize};

use super::experiment_run::{ExperimentState, JudgedState};
use super::hall_of_fame::FamousState;
use super::totals::{Limits, Pass, Totals};

/// A run between two children.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RunState {
    pub(super) limits: Limits,
    /// Seconds of search and selection so far.
    pub(super) elapsed_seconds: f64,
    /// Evaluations that the oracle has confirmed.
    pub(super) verified: u64,
    /// Of experiments that are over.
    pub(super) finished: Totals,
    /// The number of the first experiment of the batch under way.
    pub(super) first: u64,
    /// The individuals of each of its experiments when they were last looked at on the select tasks.
    pub(super) judged_at: u64,
    /// Where each island ends the pass under way, if one is.
    pub(super) pass: Option<Vec<Pass>>,
    pub(super) batch: Vec<ExperimentState>,
    /// The result so far.
    pub(super) best: Option<JudgedState>,
    /// The best programs by size, of batches that are over.
    pub(super) hall: Vec<FamousState>,
}
