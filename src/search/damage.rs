//! What is impossible in a checkpoint: a file may hold anything, so whoever makes a part of one checks it when it comes back.

use exnihilo_jit::Program;

use crate::experiment::Experiment;

/// What is impossible in a checkpoint whose hash is right.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Damage(pub(super) String);

/// No island makes more individuals.
const MAX_COUNT: u64 = 1 << 48;
/// Nor begins, or saves, more training steps. (Those saved are counted as if no program stopped early.)
const MAX_STEPS: u64 = 1 << 62;

/// Checks a counter.
pub(super) fn count(what: &str, value: u64) -> Result<u64, Damage> {
    if value <= MAX_COUNT { Ok(value) } else { Err(Damage(format!("{what}: {value} is impossible"))) }
}

/// Checks a number of training steps.
pub(super) fn steps(what: &str, value: u64) -> Result<u64, Damage> {
    if value <= MAX_STEPS { Ok(value) } else { Err(Damage(format!("{what}: {value} is impossible"))) }
}

/// Checks a fitness.
pub(super) fn fitness(what: &str, value: f64) -> Result<f64, Damage> {
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(Damage(format!("{what}: a fitness of {value} is impossible"))) }
}

/// Reads a program, which must be possible in `experiment`.
pub(super) fn program(what: &str, text: &str, experiment: &Experiment) -> Result<Program, Damage> {
    let program: Program = text.parse().map_err(|error| Damage(format!("{what}: {error}")))?;
    experiment.check_program(&program, &[]).map_err(|misfit| Damage(format!("{what}: {}", misfit.problem)))?;
    Ok(program)
}
