//! `evolve`: the main job.

pub(super) mod changes;
mod report;
mod result;
pub(super) mod session;
mod tiers;
mod watch;

use std::path::{Path, PathBuf};

use clap::Args;
use exnihilo::experiment::Experiment;
use exnihilo::run::{Recorder, RunDirectory};
use exnihilo::search::{Search, SearchOptions};

use super::Exit;
use super::failure::Failure;
use changes::Changes;
use session::{RunArgs, Session};

/// Search for a learning algorithm, select the best program and evaluate it on unseen tasks
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo evolve                                  discover linear regression
  exnihilo evolve digits --max-seconds 60          classifiers of handwritten digits
  exnihilo evolve digits --watch                   the same, seen live
  exnihilo evolve digits --serve 127.0.0.1:8060    the same in a browser, with plots
  exnihilo evolve digits --data table.csv          the same search on an own table
  exnihilo evolve baseline --data cifar-10-batches-bin/ --max-individuals 1000000
  exnihilo evolve main --data cifar/ --data mnist/ --scale 0.2 --max-seconds 3600
  exnihilo evolve own.toml --seed 3 --set search.population=200 --json

Built-in experiments: exnihilo presets. One to start from: exnihilo presets linear > own.toml.

--watch shows the search live (docs/runs.md has its keys, and the files of a run).

The first Ctrl-C stops the search and reports the best program (exit code 130), the second aborts.
exnihilo resume RUN_DIR goes on as if it had not been stopped, also after a crash: at most the time
between two checkpoints (--set checkpoint.every_seconds=S, by default 60) is run again.
Exit code 4: the search ended without reaching its target.
Exit code 3: the oracle does not confirm an evaluation; the case file is in the run's directory, or
here if there is none.")]
pub(super) struct Evolve {
    /// Built-in experiment or TOML file
    #[arg(value_name = "PRESET|FILE.toml", default_value = "linear")]
    experiment: String,
    /// The same seed gives the same result
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    changes: Changes,
    /// Islands of each experiment (default: the experiment's)
    #[arg(long, value_name = "N")]
    islands: Option<usize>,
    #[command(flatten)]
    run: RunArgs,
    /// Directory of the run; must not exist or be empty (default: runs/PRESET-sSEED, numbered if taken)
    #[arg(long, value_name = "DIR", conflicts_with = "no_save")]
    out: Option<PathBuf>,
    /// Save nothing
    #[arg(long, conflicts_with = "serve")]
    no_save: bool,
}

impl Evolve {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let stop = session::stop_on_interrupt()?;
        let experiment = self.resolve()?;
        let options = SearchOptions {
            max_individuals: self.run.max_individuals,
            max_train_steps: self.run.max_train_steps,
            max_seconds: self.run.max_seconds,
            checkpoint_every: (!self.no_save).then_some(experiment.checkpoint.every_seconds),
            ..self.run.options(stop)
        };
        let search = Search::new(experiment.clone(), self.seed, options.clone())?;
        let server = self.run.server()?;
        let directory = self.directory(&experiment)?;
        let telling = self.run.telling();
        let recorder = Recorder::start(directory, &experiment, self.seed, &options);
        Session { search, experiment, seed: self.seed, options, recorder, note: None, telling, server }.run()
    }

    /// The experiment with everything that was said of it on the command line.
    fn resolve(&self) -> Result<Experiment, Failure> {
        let mut experiment = self.changes.resolve(&self.experiment, self.run.quiet)?;
        if let Some(islands) = self.islands {
            experiment.search.islands = islands;
        }
        experiment.target = self.run.target_fitness.or(experiment.target);
        Ok(experiment)
    }

    fn directory(&self, experiment: &Experiment) -> Result<Option<RunDirectory>, Failure> {
        Ok(match &self.out {
            _ if self.no_save => None,
            Some(path) => Some(RunDirectory::create(path, experiment, self.seed)?),
            None => Some(RunDirectory::create_numbered(Path::new("runs"), experiment, self.seed)?),
        })
    }
}
