//! `resume`: goes on with an interrupted run.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use exnihilo::experiment::{Experiment, RunDirectory};
use exnihilo::search::{Checkpoint, CheckpointError, Limits, Search, SearchOptions};
use serde::Deserialize;

use super::Exit;
use super::evolve::session::{self, RunArgs, Session};
use super::failure::Failure;
use super::output::note;

/// Go on with an interrupted run, exactly as if it had not been interrupted
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo resume runs/linear-s0
  exnihilo resume runs/digits-s0 --max-seconds 3600   give it an hour in all

Seed, experiment and limits are those that the run was started with, unless other limits are given; limits count from the beginning of
the run. The result is that of a run without interruption, on any backend and any number of threads. A result that the interrupted
part has saved gives way to that of the whole run, unless it is better on the select tasks.")]
pub(super) struct Resume {
    /// Directory of the run, as `evolve` printed it
    #[arg(value_name = "RUN_DIR")]
    directory: PathBuf,
    #[command(flatten)]
    run: RunArgs,
}

/// What an earlier part of the run came to.
#[derive(Deserialize)]
struct EarlierResult {
    stopped_by: String,
}

impl Resume {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let stop = session::stop_on_interrupt()?;
        let mut directory = RunDirectory::open(&self.directory)?;
        let checkpoint = take_checkpoint(&mut directory)?;
        let (experiment, seed) = (checkpoint.experiment().clone(), checkpoint.seed());
        let saved = Experiment::load(&directory.path().join("experiment.toml"))?;
        if saved != experiment {
            return Err(Failure::failed(format!(
                "{}: its checkpoint is of another experiment than experiment.toml, which a run must not change under way; undo the change, \
                 or start a new run with `exnihilo evolve`",
                self.directory.display()
            )));
        }
        let limits = self.limits(checkpoint.limits());
        self.refuse_finished(&directory, checkpoint.limits(), limits)?;
        let options = SearchOptions {
            max_individuals: limits.max_individuals,
            max_train_steps: limits.max_train_steps,
            max_seconds: limits.max_seconds,
            target: self.run.target_fitness,
            checkpoint_every: Some(experiment.checkpoint.every_seconds),
            ..self.run.options(stop)
        };
        if !self.run.quiet {
            let (individuals, seconds) = (checkpoint.individuals(), checkpoint.elapsed_seconds());
            note(&format!("going on after {} individuals, {seconds:.0} s", super::output::grouped(individuals)));
        }
        let search = Search::resume(checkpoint, options.clone())?;
        let telling = self.run.telling();
        Session { search, experiment, seed, options, directory: Some(directory), begins_with: "resume", telling }.run()
    }

    /// The limits of the run from now on.
    fn limits(&self, before: Limits) -> Limits {
        Limits {
            max_individuals: self.run.max_individuals.or(before.max_individuals),
            max_train_steps: self.run.max_train_steps.or(before.max_train_steps),
            max_seconds: self.run.max_seconds.or(before.max_seconds),
        }
    }

    /// A run that a limit has ended cannot go on within that limit.
    fn refuse_finished(&self, directory: &RunDirectory, before: Limits, now: Limits) -> Result<(), Failure> {
        let Ok(text) = fs::read(directory.path().join("result.json")) else { return Ok(()) };
        let Ok(EarlierResult { stopped_by }) = serde_json::from_slice(&text) else { return Ok(()) };
        let (same, option) = match stopped_by.as_str() {
            "individuals" => (before.max_individuals == now.max_individuals, "--max-individuals"),
            "train_steps" => (before.max_train_steps == now.max_train_steps, "--max-train-steps"),
            "seconds" => (before.max_seconds == now.max_seconds, "--max-seconds"),
            _ => return Ok(()),
        };
        if same {
            let limit = stopped_by.replace('_', " ");
            let path = self.directory.display();
            return Err(Failure::usage(format!("{path}: the run is over: its limit in {limit} ended it; raise {option} to go on")));
        }
        Ok(())
    }
}

/// The latest checkpoint that is whole.
fn take_checkpoint(directory: &mut RunDirectory) -> Result<Checkpoint, Failure> {
    for number in directory.checkpoints()? {
        let path = directory.checkpoint_path(number);
        let refused = |error: CheckpointError| Failure::failed(format!("{}: {error}", path.display()));
        let bytes = fs::read(&path).map_err(|error| Failure::failed(format!("{}: cannot be read: {error}", path.display())))?;
        match Checkpoint::decode(&bytes) {
            Ok(checkpoint) => {
                directory.resume_from(number);
                return Ok(checkpoint);
            }
            Err(error @ (CheckpointError::Torn(_) | CheckpointError::Other)) => {
                note(&format!("{}: {error}; trying the one before it", path.display()));
            }
            Err(error) => return Err(refused(error)),
        }
    }
    Err(Failure::failed(format!(
        "{}: it has no checkpoint to go on from; start the search again with `exnihilo evolve`",
        directory.path().display()
    )))
}
