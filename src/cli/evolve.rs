//! `evolve`: the main job.

mod baselines;
mod report;
mod result;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use exnihilo::experiment::{Experiment, PRESETS, RunDirectory};
use exnihilo::search::{Outcome, Search, SearchError, SearchOptions, StoppedBy};
use exnihilo::verify::DEFAULT_RATE;
use exnihilo_jit::Backend;

use super::args::{ThreadArgs, note_replaced, parse_rate, parse_seconds, search_backend};
use super::failure::Failure;
use super::output::{note, print_line};
use super::{Exit, difference, output};
use report::Reporter;
use result::{DoneEvent, StartEvent};

/// Search for a learning algorithm, select the best program and evaluate it on unseen tasks
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo evolve                                  discover linear regression
  exnihilo evolve digits --max-seconds 60          classifiers of handwritten digits
  exnihilo evolve digits --data table.csv          the same search on an own table
  exnihilo evolve baseline --data cifar-10-batches-bin/ --max-individuals 1000000
  exnihilo evolve own.toml --seed 3 --set search.population=200 --json

Built-in experiments: exnihilo presets. One as a file to start from: exnihilo presets linear > own.toml.

The first Ctrl-C stops the search and reports the best program so far (exit code 130), the second aborts.
Exit code 4: the search ended without reaching its target.
Exit code 3: the oracle does not confirm an evaluation; the case file is in the run's directory, or here if there is none.")]
pub(super) struct Evolve {
    /// Built-in experiment or TOML file
    #[arg(value_name = "PRESET|FILE.toml", default_value = "linear")]
    experiment: String,
    /// How programs are executed; never changes results
    #[arg(long, default_value = "auto", value_parser = search_backend())]
    backend: Backend,
    /// The same seed gives the same result
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    threads: ThreadArgs,
    /// Set one key of the experiment, as in search.population=1000 (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_setting)]
    set: Vec<Setting>,
    /// Own data in place of the experiment's: a CSV file, or a folder of IDX or CIFAR-10 binary files
    #[arg(long, value_name = "DIR|FILE.csv")]
    data: Option<PathBuf>,
    /// Islands of each experiment (default: the experiment's)
    #[arg(long, value_name = "N")]
    islands: Option<usize>,
    /// Stop when a program reaches this fitness on the select tasks (default: the experiment's target)
    #[arg(long, value_name = "X")]
    target_fitness: Option<f64>,
    /// Stop after exactly N individuals in all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_individuals: Option<u64>,
    /// Stop when about N training steps are used up
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_train_steps: Option<u64>,
    /// Stop after S seconds of search
    #[arg(long, value_name = "S", value_parser = parse_seconds)]
    max_seconds: Option<f64>,
    /// Evaluate this share of programs once more with the oracle (0 to 1); never changes results
    ///
    /// The reported program is always confirmed. A difference ends the run with exit code 3 and a case file.
    #[arg(long, value_name = "RATE", value_parser = parse_rate, default_value_t = DEFAULT_RATE)]
    verify: f64,
    /// Directory of the run; must not exist or be empty (default: runs/PRESET-sSEED, numbered if taken)
    #[arg(long, value_name = "DIR", conflicts_with = "no_save")]
    out: Option<PathBuf>,
    /// Save nothing
    #[arg(long)]
    no_save: bool,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// No progress on stderr
    #[arg(long)]
    quiet: bool,
}

/// A key and its value, from the command line.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    key: String,
    value: String,
}

pub(super) fn parse_setting(text: &str) -> Result<Setting, String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, as in search.population=1000")?;
    Ok(Setting { key: key.trim().to_owned(), value: value.to_owned() })
}

/// The experiment of a name, a preset's or a file's, with own data and settings.
///
/// # Errors
/// An experiment that cannot be found, read or changed so.
pub(super) fn resolve(named: &str, data: Option<&Path>, set: &[Setting]) -> Result<Experiment, Failure> {
    let path = Path::new(named);
    let is_preset = PRESETS.iter().any(|preset| preset.name == named);
    let is_file = path.extension().is_some_and(|extension| extension == "toml") || path.components().count() > 1 || path.is_file();
    let mut experiment = if !is_preset && is_file {
        Experiment::load(path).map_err(|error| match error {
            // It names the file itself.
            error @ exnihilo::experiment::ExperimentError::File { .. } => Failure::from(error),
            error => Failure::from(error).at(named),
        })?
    } else {
        Experiment::preset(named)?
    };
    if let Some(data) = data {
        experiment.set_data(data)?;
    }
    for Setting { key, value } in set {
        experiment.set(key, value)?;
    }
    experiment.take_in_initial(Path::new(""))?;
    Ok(experiment)
}

impl Evolve {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        stop_on_interrupt(&stop)?;
        let experiment = self.resolve()?;
        let threads = self.threads.count();
        let options = SearchOptions {
            backend: self.backend,
            threads,
            max_individuals: self.max_individuals,
            max_train_steps: self.max_train_steps,
            max_seconds: self.max_seconds,
            target: None,
            verify: self.verify,
            stop: Arc::clone(&stop),
        };
        let search = Search::new(experiment.clone(), self.seed, options.clone())?;
        let directory = self.directory(&experiment)?;
        let folder = directory.as_ref().map_or_else(PathBuf::new, |directory| directory.path().to_owned());
        note_replaced(self.backend);

        let mut reporter = Reporter::new(self.json, self.quiet, self.max_individuals, directory, Arc::clone(&stop));
        reporter.start(&StartEvent::new(&experiment, self.seed, &options));
        let searched = search.run(|progress| reporter.progress(progress));
        let finished = reporter.finish();
        if let Err(SearchError::Difference(difference)) = &searched {
            let (event, failure) = difference::conclude(difference, &folder);
            // What else cannot be written is of less weight.
            if let Ok(Some(mut directory)) = finished {
                let _ = directory.event(&event);
            }
            if self.json {
                let _ = print_line(&event);
            }
            return Err(failure);
        }
        let directory = finished?;
        let outcome = match searched {
            Err(SearchError::NothingEvaluated) if stop.load(Ordering::Relaxed) => {
                note("interrupted before a single program was evaluated");
                return Ok(Exit::Interrupted);
            }
            searched => searched?,
        };
        self.conclude(&experiment, &outcome, threads, directory)?;
        Ok(match outcome.stopped_by {
            StoppedBy::Interrupt => Exit::Interrupted,
            _ if experiment.target.is_some() && !outcome.reached_target => Exit::TargetMissed,
            _ => Exit::Done,
        })
    }

    /// The experiment with everything that was said of it on the command line.
    fn resolve(&self) -> Result<Experiment, Failure> {
        let mut experiment = resolve(&self.experiment, self.data.as_deref(), &self.set)?;
        if let Some(islands) = self.islands {
            experiment.search.islands = islands;
        }
        experiment.target = self.target_fitness.or(experiment.target);
        Ok(experiment)
    }

    fn directory(&self, experiment: &Experiment) -> Result<Option<RunDirectory>, Failure> {
        Ok(match &self.out {
            _ if self.no_save => None,
            Some(path) => Some(RunDirectory::create(path, experiment, self.seed)?),
            None => Some(RunDirectory::create_numbered(Path::new("runs"), experiment, self.seed)?),
        })
    }

    /// Compares with the hand-written programs, saves, prints.
    fn conclude(
        &self,
        experiment: &Experiment,
        outcome: &Outcome,
        threads: usize,
        mut directory: Option<RunDirectory>,
    ) -> Result<(), Failure> {
        let baselines = if outcome.stopped_by == StoppedBy::Interrupt { Vec::new() } else { baselines::evaluate(experiment, self.seed)? };
        let run_dir = directory.as_ref().map(|directory| directory.path().display().to_string());
        let done = DoneEvent::new(experiment, outcome, &baselines, self.backend, self.seed, threads, run_dir.as_deref());
        if let Some(directory) = &mut directory {
            directory.event(&output::event_line("done", &done))?;
            directory.finish(&outcome.program, &outcome.simplified, &done.pretty())?;
        }
        if self.json { output::print_event("done", &done) } else { output::print_text(&done.for_people()) }
    }
}

/// The first interrupt asks the search to stop, the second ends the process.
pub(super) fn stop_on_interrupt(stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let stop = Arc::clone(stop);
    let set = ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            RunDirectory::exit_between_writes(Exit::Interrupted.code().into());
        }
        note("stopping; once more to abort");
    });
    set.map_err(|error| Failure::failed(format!("cannot watch for Ctrl-C: {error}")))
}
