//! Checkpoints: everything that decides how a run goes on, as bytes.
//!
//! A checkpoint is 40 bytes of head and a body. The head, in little-endian numbers: the eight letters `EXNIHILO`; the version of the format
//! (u32); the semantics version (u32); the length of the body (u64); the 128-bit XXH3 hash of all before it and of the body (u128). The body
//! is the experiment (TOML), the seed of the run and the [`RunState`], in the encoding of the crate `postcard`. What only remembers pure facts
//! (the memo, compiled code) is not in it, nor what the tasks' seeds give again.

use exnihilo_jit::SEMANTICS_VERSION;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::damage::Damage;
use super::run_state::RunState;
use super::totals::Limits;
use crate::experiment::{Experiment, ExperimentError};

const MAGIC: [u8; 8] = *b"EXNIHILO";

/// Rises with every change of the body.
const FORMAT_VERSION: u32 = 2;

const HEAD_BYTES: usize = 40;
/// Where the hash begins in the head.
const HASH_AT: usize = 24;

/// A run between two children.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    experiment: Experiment,
    seed: u64,
    state: RunState,
}

#[derive(Serialize, Deserialize)]
struct Body {
    experiment: String,
    seed: u64,
    state: RunState,
}

/// Why bytes are no checkpoint that can be gone on from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Something else, or less than a head.
    #[error("this is not a checkpoint")]
    Other,
    /// Another version of the format.
    #[error(
        "it is a checkpoint of format {found}, and this version of exnihilo reads {FORMAT_VERSION}; resume with the version that wrote it"
    )]
    Format {
        /// The version it has.
        found: u32,
    },
    /// Other results would come out.
    #[error(
        "it is of semantics version {found}, this version of exnihilo has {SEMANTICS_VERSION} and would go on to another result; resume with the version that wrote it"
    )]
    Semantics {
        /// The version it has.
        found: u32,
    },
    /// Not all bytes, or others, are there.
    #[error("it is torn or damaged: {0}")]
    Torn(&'static str),
    /// Its contents cannot be, though its hash is right.
    #[error("it is damaged: {0}")]
    Impossible(String),
    /// The tasks have other examples now.
    #[error(
        "the data of the tasks have changed since: put the files back that `tasks` names, or give the search the tasks in memory that it had, or start a new run"
    )]
    Data,
    /// The experiment in it is refused.
    #[error("the experiment in it is refused: {0}")]
    Experiment(#[from] ExperimentError),
}

impl From<Damage> for CheckpointError {
    fn from(Damage(what): Damage) -> CheckpointError {
        CheckpointError::Impossible(what)
    }
}

impl Checkpoint {
    pub(super) const fn new(experiment: Experiment, seed: u64, state: RunState) -> Checkpoint {
        Checkpoint { experiment, seed, state }
    }

    /// What the run searches.
    pub const fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The seed of the run.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The limits of the run.
    pub const fn limits(&self) -> Limits {
        self.state.limits
    }

    /// Individuals so far.
    pub fn individuals(&self) -> u64 {
        let islands = self.state.batch.iter().flat_map(|experiment| &experiment.islands);
        islands.fold(self.state.finished.counts.individuals, |sum, island| sum.saturating_add(island.totals.counts.individuals))
    }

    /// Training steps so far.
    pub fn train_steps(&self) -> u64 {
        let islands = self.state.batch.iter().flat_map(|experiment| &experiment.islands);
        islands.fold(self.state.finished.counts.train_steps, |sum, island| sum.saturating_add(island.totals.counts.train_steps))
    }

    /// Seconds of search so far.
    pub const fn elapsed_seconds(&self) -> f64 {
        self.state.elapsed_seconds
    }

    pub(super) fn into_parts(self) -> (Experiment, u64, RunState) {
        (self.experiment, self.seed, self.state)
    }

    /// The checkpoint as bytes.
    ///
    /// # Errors
    /// An experiment that TOML cannot hold.
    pub fn encode(&self) -> Result<Vec<u8>, ExperimentError> {
        let body = Body { experiment: self.experiment.to_toml()?, seed: self.seed, state: self.state.clone() };
        let body = postcard::to_stdvec(&body).expect("plain data of known length");
        Ok(with_head(&body))
    }

    /// The checkpoint that these bytes are.
    ///
    /// # Errors
    /// [`CheckpointError`]. What is returned may still be impossible; that shows when a search resumes from it.
    pub fn decode(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let (head, body) = bytes.split_at_checked(HEAD_BYTES).ok_or(CheckpointError::Other)?;
        if head[..8] != MAGIC {
            return Err(CheckpointError::Other);
        }
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"));
        let [format, semantics] = [number(8), number(12)];
        let length = u64::from_le_bytes(head[16..24].try_into().expect("eight bytes"));
        if body.len() as u64 != length {
            return Err(CheckpointError::Torn("it is not as long as it says"));
        }
        if head[HASH_AT..] != hash(&head[..HASH_AT], body).to_le_bytes() {
            return Err(CheckpointError::Torn("its hash is another one"));
        }
        if format != FORMAT_VERSION {
            return Err(CheckpointError::Format { found: format });
        }
        if semantics != SEMANTICS_VERSION {
            return Err(CheckpointError::Semantics { found: semantics });
        }
        let (Body { experiment, seed, state }, rest) =
            postcard::take_from_bytes(body).map_err(|error| CheckpointError::Impossible(error.to_string()))?;
        if !rest.is_empty() {
            return Err(CheckpointError::Impossible(format!("{} bytes too many", rest.len())));
        }
        let experiment = Experiment::from_toml(&experiment)?;
        experiment.validate()?;
        Ok(Checkpoint { experiment, seed, state })
    }

    /// A body with the head that belongs to it: for tests that damage bodies.
    #[doc(hidden)]
    pub fn with_head(body: &[u8]) -> Vec<u8> {
        with_head(body)
    }
}

fn with_head(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&SEMANTICS_VERSION.to_le_bytes());
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    let hash = hash(&bytes, body);
    bytes.extend_from_slice(&hash.to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn hash(head: &[u8], body: &[u8]) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(head);
    hasher.update(body);
    hasher.digest128()
}
