//! Options that several commands take, with one meaning.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use exnihilo::task::{DataCache, Pair, SetName, TaskError, TaskKind, TaskSpec, build_group};
use exnihilo_jit::{Backend, TaskGroup, no_native_code};

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
    /// By default `linear`; with --data, `projected` for a folder of images and `table` for a file.
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
    /// Number of tasks
    #[arg(long, value_name = "D", default_value_t = 10)]
    tasks: usize,
    /// How often the training examples are gone through
    #[arg(long, value_name = "E", default_value_t = 1)]
    epochs: u32,
    /// Seed of the tasks
    #[arg(long, value_name = "N", default_value_t = 0)]
    task_seed: u64,
    /// An error above it ends training or validation (inf: never)
    #[arg(long, value_name = "X", default_value_t = 100.0)]
    max_abs_error: f64,
    /// Own data: a CSV file, or a folder of IDX or CIFAR-10 binary files
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Classes to tell apart, for images: A-B, as in 3-5 (repeatable)
    #[arg(long, value_name = "A-B", value_parser = parse_pair)]
    pair: Vec<Pair>,
    /// All ten classes of the images in every task, in place of pairs: 10; programs answer in v2
    #[arg(long, value_name = "10", conflicts_with = "pair")]
    classes: Option<usize>,
    /// Label column of a CSV file (default: the last)
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
}

impl TaskArgs {
    fn spec(&self) -> TaskSpec {
        let kind = self.task.unwrap_or(match &self.data {
            None => TaskKind::Linear,
            Some(path) if path.is_dir() => TaskKind::Projected,
            Some(_) => TaskKind::Table,
        });
        TaskSpec {
            features: self.features,
            train: self.train,
            valid: self.valid,
            tasks: self.tasks,
            epochs: self.epochs,
            max_abs_error: self.max_abs_error,
            data: self.data.clone(),
            pairs: (!self.pair.is_empty()).then(|| self.pair.clone()),
            classes: self.classes,
            label: self.label.clone(),
            ..TaskSpec::new(kind)
        }
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
