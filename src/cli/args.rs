//! Options that several commands take, with one meaning.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, RangedU64ValueParser, TypedValueParser};
use exnihilo::experiment::{Experiment, ExperimentError, TaskSets};
use exnihilo::task::{DataCache, Pair, SetName, TaskError, TaskKind, TaskSpec, build_group};
use exnihilo::text::printable_path;
use exnihilo::tune::{Benchmark, Tuner};
use exnihilo_jit::{Backend, GroupSettings, Interface, Scoring, TaskGroup, known_program, no_native_code};

use super::failure::Failure;
use super::output::note;

/// Parses a backend that searches run on.
pub(super) fn search_backend() -> impl TypedValueParser<Value = Backend> {
    backend(&["auto", "jit", "interp"])
}

/// Parses any backend.
pub(super) fn any_backend() -> impl TypedValueParser<Value = Backend> {
    backend(&["auto", "jit", "interp", "oracle"])
}

fn backend(names: &'static [&'static str]) -> impl TypedValueParser<Value = Backend> {
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Backend>())
}

/// Says so where native code is asked for and cannot be had. Results are the same.
pub(super) fn note_replaced(backend: Backend) {
    if let (Backend::Jit, Some(reason)) = (backend, no_native_code()) {
        note(&format!("{reason}; programs are interpreted"));
    }
}

/// How many threads a command uses.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct ThreadArgs {
    /// Threads (default: all cores); never changes results
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
}

impl ThreadArgs {
    pub(super) fn count(self) -> usize {
        self.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
    }
}

/// Which tasks a program is evaluated on.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tasks")]
pub(super) struct TaskArgs {
    /// Kind of task: linear, affine, two-layer, projected, digits or table (see `exnihilo tasks`)
    ///
    /// By default `linear`; with --data, `projected` for a folder of images and `table` for a file; with --classes alone, `digits`.
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    task: Option<TaskKind>,
    /// F, the size of vectors (default: the kind's; linear: 4)
    #[arg(long, value_name = "F")]
    features: Option<usize>,
    /// Training examples of each task (default: the kind's; linear: 1000)
    #[arg(long, value_name = "N")]
    train: Option<usize>,
    /// Validation examples of each task (default: the kind's; linear: 100)
    #[arg(long, value_name = "M")]
    valid: Option<usize>,
    /// Number of tasks (default: 10)
    #[arg(long, value_name = "D")]
    tasks: Option<usize>,
    /// How often the training examples are gone through (default: 1)
    #[arg(long, value_name = "E")]
    epochs: Option<u32>,
    /// Seed of the tasks
    #[arg(long, value_name = "N", default_value_t = 0)]
    task_seed: u64,
    /// An error above it ends training or validation (default: 100; inf: never)
    #[arg(long, value_name = "X")]
    max_abs_error: Option<f64>,
    /// Own data: a CSV file, or a folder of IDX or CIFAR-10 binary files
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Classes to tell apart, for images: A-B, as in 3-5 (repeatable)
    #[arg(long, value_name = "A-B", value_parser = parse_pair)]
    pair: Vec<Pair>,
    /// All ten classes of the images in every task, in place of pairs: 10; programs answer in v2
    #[arg(long, value_name = "10", conflicts_with = "pair", value_parser = RangedU64ValueParser::<usize>::new().range(10..=10))]
    classes: Option<usize>,
    /// Label column of a CSV file (default: the last)
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
}

impl TaskArgs {
    fn spec(&self) -> TaskSpec {
        let kind = self.task.unwrap_or(match &self.data {
            None if self.classes.is_some() => TaskKind::Digits,
            None => TaskKind::Linear,
            Some(path) if path.is_dir() => TaskKind::Projected,
            Some(_) => TaskKind::Table,
        });
        let spec = TaskSpec::new(kind);
        TaskSpec {
            features: self.features,
            train: self.train,
            valid: self.valid,
            tasks: self.tasks.unwrap_or(spec.tasks),
            epochs: self.epochs.unwrap_or(spec.epochs),
            max_abs_error: self.max_abs_error.unwrap_or(spec.max_abs_error),
            data: self.data.clone(),
            pairs: (!self.pair.is_empty()).then(|| self.pair.clone()),
            classes: self.classes,
            label: self.label.clone(),
            ..spec
        }
    }

    /// Whether some option says what the tasks are like; how many there are and their seed do not.
    fn describes(&self) -> bool {
        self.task.is_some()
            || self.features.is_some()
            || self.train.is_some()
            || self.valid.is_some()
            || self.epochs.is_some()
            || self.max_abs_error.is_some()
            || self.data.is_some()
            || !self.pair.is_empty()
            || self.classes.is_some()
            || self.label.is_some()
    }

    /// The tasks.
    ///
    /// # Errors
    /// Sizes that cannot be, and data that cannot be read.
    pub(super) fn build(&self) -> Result<TaskGroup, TaskError> {
        build_group(&self.spec(), SetName::Eval, self.task_seed, 0, &DataCache::new())
    }

    /// The seed of the tasks.
    pub(super) const fn seed(&self) -> u64 {
        self.task_seed
    }

    /// The kind of the tasks.
    pub(super) fn kind(&self) -> TaskKind {
        self.spec().kind
    }
}

/// Fresh tasks that changes of a program are measured on.
#[derive(Clone, Debug, Args)]
pub(super) struct PanelArgs {
    #[command(flatten)]
    tasks: TaskArgs,
    /// How many task seeds, from --task-seed on, with --tasks tasks each
    #[arg(long, value_name = "N", default_value_t = SEEDS, value_parser = clap::value_parser!(u16).range(1..=1000), help_heading = "Tasks")]
    seeds: u16,
}

/// Whether constants are tuned anew before programs are compared.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct TuneArgs {
    /// Tune the constants of the whole program and of each changed one anew: so many trials each, 2 to 10000
    ///
    /// On as many other fresh tasks, for a part may seem to matter only because the learning rate, say, no longer fits without it. Trial 0
    /// is the program as it is. 300 trials take some 300 times as long as without.
    #[arg(long, value_name = "TRIALS", conflicts_with = "no_measure", value_parser = clap::value_parser!(u32).range(2..=i64::from(Tuner::MOST_TRIALS)))]
    pub(super) tune: Option<u32>,
}

impl TuneArgs {
    /// The tasks to tune on, where constants are tuned: other ones than those of round 0.
    ///
    /// # Errors
    /// As [`PanelPlan::build`].
    pub(super) fn benchmark(self, plan: &PanelPlan, threads: usize, data: &DataCache) -> Result<Option<Benchmark>, Failure> {
        let build = |_| Ok(plan.build(TUNING_ROUND, threads, data)?.on_backend(Backend::Jit));
        self.tune.map(build).transpose()
    }

    /// What tunes constants on a benchmark of [`TuneArgs::benchmark`].
    pub(super) fn tuner<'a>(self, plan: &PanelPlan, benchmark: Option<&'a Benchmark>) -> Option<Tuner<'a>> {
        benchmark.zip(self.tune).map(|(benchmark, trials)| Tuner::new(benchmark, trials, plan.first_seed(TUNING_ROUND)))
    }
}

/// The round of tasks that constants are tuned on; round 0 is measured on.
pub(super) const TUNING_ROUND: u64 = 1;

/// Which fresh tasks a program is measured on.
#[derive(Clone, Debug)]
pub(super) struct PanelPlan {
    spec: TaskSpec,
    first_seed: u64,
    seeds: u64,
    /// The experiment that the description comes from, and which of its sets.
    from: Option<(PathBuf, &'static str)>,
}

/// Unless asked for more, a task seed gives no more tasks than that to measure the programs of a run on: there are several seeds, and many
/// changes to measure.
const MOST_TASKS_OF_RUN: usize = 20;

/// Task seeds, unless there is another number.
const SEEDS: u16 = 5;

/// The experiment of the run in whose directory a program lies; none for hand-written ones and elsewhere.
pub(super) fn experiment_of(program: &Path) -> Option<PathBuf> {
    let path = program.with_file_name("experiment.toml");
    (known_program(&program.to_string_lossy()).is_none() && path.is_file()).then_some(path)
}

impl PanelArgs {
    /// Where the program lies in the directory of a run and no option says what the tasks are like, they are like those of its final
    /// set, or like those of its select set where there is none, at most 20 a seed; otherwise as options and defaults of `eval` say.
    ///
    /// # Errors
    /// An experiment that cannot be read, tasks that cannot be; data are not looked at.
    pub(super) fn plan(&self, program: &Path) -> Result<PanelPlan, Failure> {
        let plan = self.unchecked_plan(program)?;
        plan.spec.validate()?;
        Ok(plan)
    }

    fn unchecked_plan(&self, program: &Path) -> Result<PanelPlan, Failure> {
        let plan = PanelPlan { spec: self.tasks.spec(), first_seed: self.tasks.task_seed, seeds: self.seeds.into(), from: None };
        let Some(path) = experiment_of(program).filter(|_| !self.tasks.describes()) else { return Ok(plan) };
        let refused = |error| Failure::failed(format!("{error}; or say with --task what the tasks are like")).at(printable_path(&path));
        let of_run = PanelPlan::of_run(path.clone()).map_err(refused)?;
        let tasks = self.tasks.tasks.unwrap_or(of_run.spec.tasks);
        Ok(PanelPlan { spec: TaskSpec { tasks, ..of_run.spec }, from: of_run.from, ..plan })
    }
}

impl PanelPlan {
    /// Tasks like those of the final set of an experiment, or of its select set where there is none: five seeds, at most 20 tasks each.
    ///
    /// # Errors
    /// An experiment that cannot be read.
    pub(super) fn of_run(experiment: PathBuf) -> Result<PanelPlan, ExperimentError> {
        let loaded = Experiment::load(&experiment)?;
        Ok(PanelPlan::of_experiment(&loaded, experiment))
    }

    /// As [`PanelPlan::of_run`], of an experiment that has been read from `path`.
    pub(super) fn of_experiment(experiment: &Experiment, path: PathBuf) -> PanelPlan {
        let TaskSets { select, final_set, .. } = &experiment.tasks;
        let (spec, set) = final_set.as_ref().map_or((select, "select"), |spec| (spec, "final"));
        let spec = TaskSpec { tasks: spec.tasks.min(MOST_TASKS_OF_RUN), ..spec.clone() };
        PanelPlan { spec, first_seed: 0, seeds: SEEDS.into(), from: Some((path, set)) }
    }

    /// What all tasks have in common. Data are read only for tables, whose labels tell the kind.
    ///
    /// # Errors
    /// Sizes that cannot be, and tables that cannot be read.
    pub(super) fn settings(&self) -> Result<GroupSettings, Failure> {
        let spec = TaskSpec { tasks: 1, ..self.spec.resolved() };
        let Some(scoring) = spec.kind.doc().scoring else {
            return Ok(*build_group(&spec, SetName::Eval, self.first_seed, 0, &DataCache::new())?.settings());
        };
        let scoring = if spec.classes.is_some() { Scoring::Classes } else { scoring };
        let features = spec.features.unwrap_or(1);
        Ok(GroupSettings { epochs: spec.epochs, max_abs_error: spec.max_abs_error, ..GroupSettings::new(features, scoring) })
    }

    /// The tasks of round `round`: no two rounds have seeds in common.
    ///
    /// # Errors
    /// Sizes that cannot be, data that cannot be read, threads that cannot be started.
    pub(super) fn build(&self, round: u64, threads: usize, data: &DataCache) -> Result<Benchmark, Failure> {
        let first = self.first_seed(round);
        let seeds: Vec<u64> = (0..self.seeds).map(|seed| first.wrapping_add(seed)).collect();
        Ok(Benchmark::new(&self.spec, &seeds, threads, data)?)
    }

    /// The first task seed of a round; those of its other sets follow.
    pub(super) const fn first_seed(&self, round: u64) -> u64 {
        self.first_seed.wrapping_add(round.wrapping_mul(self.seeds))
    }

    /// The addresses through which programs meet the tasks.
    pub(super) const fn interface(&self) -> Interface {
        self.spec.interface()
    }

    /// The tasks of a round in words: how many, which, and where their description comes from.
    pub(super) fn describe(&self, benchmark: &Benchmark, round: u64) -> String {
        let group = &benchmark.groups()[0];
        let first = self.first_seed(round);
        let seeds =
            if self.seeds == 1 { format!("seed {first}") } else { format!("seeds {first} to {}", first.wrapping_add(self.seeds - 1)) };
        let from = self.from.as_ref().map_or_else(String::new, |(path, set)| format!(", like the {set} tasks of {}", printable_path(path)));
        format!(
            "{} x {} {} tasks (F = {}, {}/{} examples), task {seeds}{from}",
            self.seeds,
            group.tasks().len(),
            self.spec.kind,
            group.features(),
            group.train_examples(),
            group.valid_examples(),
        )
    }
}

fn parse_kind(text: &str) -> Result<TaskKind, TaskError> {
    text.parse()
}

/// Parses two classes of images.
pub(super) fn parse_pair(text: &str) -> Result<Pair, TaskError> {
    text.parse()
}

/// Where a page is served: an address with a port, where `localhost` stands for 127.0.0.1.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let numbers = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    numbers.parse().map_err(|_| "write an address with a port, as in 127.0.0.1:8060; port 0 is any that is free".to_owned())
}

/// A share in [0, 1].
pub(super) fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => Err("choose a share between 0 and 1, as in 0.01".to_owned()),
    }
}

/// A number of seconds above 0.
pub(super) fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 => Ok(seconds),
        _ => Err("choose a number of seconds above 0".to_owned()),
    }
}
