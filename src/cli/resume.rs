//! `resume`: goes on with an interrupted run.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use exnihilo::experiment::Experiment;
use exnihilo::run::event::Done;
use exnihilo::run::{Recorder, RunDirectory};
use exnihilo::search::{Checkpoint, CheckpointError, Limits, Search, SearchOptions};
use exnihilo::text::printable_path;

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

Seed, experiment and limits are those that the run was started with, unless other limits are given;
limits count from the beginning of the run. The result is that of a run without interruption, on any
backend and any number of threads. (A limit in training steps is shared out among the islands on the
way, so with another one they end at other individuals than if it had held from the beginning.) A
result that the interrupted part has saved gives way to that of the whole run, unless it is better
on the select tasks.")]
pub(super) struct Resume {
    /// Directory of the run, as `evolve` printed it
    #[arg(value_name = "RUN_DIR")]
    directory: PathBuf,
    #[command(flatten)]
    run: RunArgs,
}

impl Resume {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let stop = session::stop_on_interrupt()?;
        let mut directory = RunDirectory::open(&self.directory)?;
        let checkpoint = take_checkpoint(&mut directory)?;
        let (experiment, seed) = (checkpoint.experiment().clone(), checkpoint.seed());
        let path = directory.path().join("experiment.toml");
        let text =
            fs::read_to_string(&path).map_err(|error| Failure::failed(format!("{}: cannot be read: {error}", printable_path(&path))))?;
        let saved = Experiment::from_toml(&text).map_err(|error| Failure::from(error).at(printable_path(&path)))?;
        if saved != experiment {
            return Err(Failure::failed(format!(
                "{}: its checkpoint is of another experiment than experiment.toml, which a run must not change under way; undo the change, \
                 or start a new run with `exnihilo evolve`",
                printable_path(&self.directory)
            )));
        }
        let limits = self.limits(checkpoint.limits());
        self.refuse_finished(&checkpoint, limits)?;
        let options = SearchOptions {
            max_individuals: limits.max_individuals,
            max_train_steps: limits.max_train_steps,
            max_seconds: limits.max_seconds,
            target: limits.target,
            checkpoint_every: Some(experiment.checkpoint.every_seconds),
            ..self.run.options(stop)
        };
        let (individuals, seconds) = (exnihilo::text::grouped(checkpoint.individuals()), checkpoint.elapsed_seconds());
        let note = Some(format!("going on after {individuals} individuals, {seconds:.0} s"));
        let search = Search::resume(checkpoint, options.clone())?;
        let (telling, server) = (self.run.telling(), self.run.server()?);
        let recorder = Recorder::resume(directory, &experiment, seed, &options);
        Session { search, experiment, seed, options, recorder, note, telling, server }.run()
    }

    /// The limits of the run from now on.
    fn limits(&self, before: Limits) -> Limits {
        Limits {
            max_individuals: self.run.max_individuals.or(before.max_individuals),
            max_train_steps: self.run.max_train_steps.or(before.max_train_steps),
            max_seconds: self.run.max_seconds.or(before.max_seconds),
            target: self.run.target_fitness.or(before.target),
        }
    }

    /// A run that a limit has ended cannot go on within that limit; its result is there.
    fn refuse_finished(&self, checkpoint: &Checkpoint, limits: Limits) -> Result<(), Failure> {
        let reached = |most: Option<u64>, count: u64| most.is_some_and(|most| count >= most);
        let (limit, option) = if reached(limits.max_individuals, checkpoint.individuals()) {
            ("individuals", "--max-individuals")
        } else if reached(limits.max_train_steps, checkpoint.train_steps()) {
            ("training steps", "--max-train-steps")
        } else if limits.max_seconds.is_some_and(|most| checkpoint.elapsed_seconds() >= most) {
            ("seconds", "--max-seconds")
        } else {
            return Ok(());
        };
        // Without a result it was killed on the way from its last individual to that.
        if !self.has_result_of(checkpoint.individuals()) {
            return Ok(());
        }
        let path = printable_path(&self.directory);
        Err(Failure::usage(format!("{path}: the run is over: its limit in {limit} ended it; raise {option} to go on")))
    }

    /// Whether there is a result of a run that had made so many individuals.
    fn has_result_of(&self, individuals: u64) -> bool {
        let Ok(files) = fs::read_dir(&self.directory) else { return false };
        files.flatten().any(|file| {
            let is_result = file.file_name().to_str().is_some_and(|name| name.starts_with("result") && name.ends_with(".json"));
            let read = || serde_json::from_slice::<Done>(&fs::read(file.path()).ok()?).ok();
            is_result && read().is_some_and(|result| result.individuals == Some(individuals))
        })
    }
}

/// The latest checkpoint that is whole.
fn take_checkpoint(directory: &mut RunDirectory) -> Result<Checkpoint, Failure> {
    for number in directory.checkpoints()? {
        let path = directory.checkpoint_path(number);
        let refused = |error: CheckpointError| Failure::failed(format!("{}: {error}", printable_path(&path)));
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                note(&format!("{}: cannot be read: {error}; trying the one before it", printable_path(&path)));
                continue;
            }
        };
        match Checkpoint::decode(&bytes) {
            Ok(checkpoint) => {
                directory.resume_from(number);
                return Ok(checkpoint);
            }
            Err(error @ (CheckpointError::Torn(_) | CheckpointError::Other)) => {
                note(&format!("{}: {error}; trying the one before it", printable_path(&path)));
            }
            Err(error) => return Err(refused(error)),
        }
    }
    Err(Failure::failed(format!(
        "{}: it has no checkpoint to go on from; start the search again with `exnihilo evolve`",
        printable_path(directory.path())
    )))
}
