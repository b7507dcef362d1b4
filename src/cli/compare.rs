//! `compare`: success rates of search methods at equal budget.

mod report;
mod result;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use exnihilo::experiment::{Experiment, Method};
use exnihilo::search::{Comparison, ComparisonOptions, MethodRuns, SearchError};
use exnihilo::verify::DEFAULT_RATE;
use exnihilo_jit::Backend;

use super::args::{ThreadArgs, note_replaced, parse_rate, search_backend};
use super::evolve::changes::Changes;
use super::evolve::session::stop_on_interrupt;
use super::failure::Failure;
use super::output::print_event_line;
use super::programs::read_program;
use super::{Exit, difference};
use report::Reporter;
use result::Report;

/// The experiments of a method unless told otherwise.
const DEFAULT_REPEATS: u64 = 20;

/// Compare search methods at equal budget: how often each finds a program better than a reference
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo compare fig4-linear-backprop --repeats 1000
  exnihilo compare fig4-linear --methods evolution,random --repeats 20000 --json
  exnihilo compare own.toml --methods evolution,local --reference best.az

Methods: evolution (the parent is the best of a tournament), random (every program is new), local
(the parent is drawn uniformly). An experiment has search.max_individuals individuals. Experiment i
of every method is about the same tasks.

A program is acceptable if its mean RMS error over the search tasks is smaller than the reference's
(its mean accuracy larger, where tasks are scored by accuracy). An experiment ends with its first
acceptable program, which is a success; random search goes on, and every acceptable program is a
success. The rate is successes by evaluated individuals, in all experiments. Intervals have a
confidence of 95 %: of rates and shares by Clopper and Pearson, of the ratio to random search by the
conditional binomial test.

With --json, one line a method: method, experiments, unfinished (by Ctrl-C), repeats, evaluations,
successes, rate, rate_low, rate_high, successful_experiments, success_share, success_share_low,
success_share_high (of experiments), ratio_to_random, ratio_low, ratio_high, reference_fitness and
reference_rms (means over experiments; the latter null for accuracy), train_steps, cache_hits,
elapsed_seconds, evaluations_per_second, program (the first acceptable one, simplified). Last: done,
with what was asked for.

The first Ctrl-C stops and prints what there is (exit code 130), the second aborts.")]
pub(super) struct Compare {
    /// Built-in experiment or TOML file
    #[arg(value_name = "PRESET|FILE.toml")]
    experiment: String,
    /// Methods to compare, of evolution, random and local
    #[arg(long, value_name = "METHOD,…", value_delimiter = ',', value_parser = parse_method, default_value = "evolution,random")]
    methods: Vec<Method>,
    /// Experiments of each method, or of one: N or METHOD=N, with commas between (repeatable; default 20)
    #[arg(long, value_name = "N|METHOD=N,…", value_delimiter = ',', value_parser = parse_repeats)]
    repeats: Vec<Repeats>,
    /// What acceptable programs are better than: a program (default: the hand-written one for the kind of the search tasks)
    ///
    /// linear for linear tasks, affine for affine ones, net for two-layer ones, linear for all others.
    #[arg(long, value_name = "linear|affine|net|FILE.az")]
    reference: Option<PathBuf>,
    /// How programs are executed; never changes results
    #[arg(long, default_value = "auto", value_parser = search_backend())]
    backend: Backend,
    /// The same seed gives the same result
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    threads: ThreadArgs,
    #[command(flatten)]
    changes: Changes,
    /// Evaluate this share of programs once more with the oracle (0 to 1); never changes results
    ///
    /// The first acceptable program of an experiment is always confirmed. A difference ends the comparison with exit code 3 and a case
    /// file.
    #[arg(long, value_name = "RATE", value_parser = parse_rate, default_value_t = DEFAULT_RATE)]
    verify: f64,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// No progress on stderr
    #[arg(long)]
    quiet: bool,
}

/// A number of experiments, of one method or of all.
#[derive(Clone, Copy, Debug)]
struct Repeats {
    method: Option<Method>,
    count: u64,
}

fn parse_method(text: &str) -> Result<Method, String> {
    Method::ALL.into_iter().find(|method| method.name() == text).ok_or_else(|| "choose evolution, random or local".to_owned())
}

fn parse_repeats(text: &str) -> Result<Repeats, String> {
    let (method, count) = match text.split_once('=') {
        Some((method, count)) => (Some(parse_method(method.trim())?), count),
        None => (None, text),
    };
    match count.trim().parse() {
        Ok(count) if count > 0 => Ok(Repeats { method, count }),
        _ => Err("write a number of experiments above 0, as in 100 or random=1000".to_owned()),
    }
}

impl Compare {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let stop = stop_on_interrupt()?;
        let experiment = self.changes.resolve(&self.experiment, self.quiet)?;
        let options = ComparisonOptions {
            methods: self.runs()?,
            reference: self.reference.as_deref().map(read_program).transpose()?,
            backend: self.backend,
            threads: self.threads.count(),
            verify: self.verify,
            stop: Arc::clone(&stop),
        };
        let comparison = Comparison::new(experiment.clone(), self.seed, options)?;
        note_replaced(self.backend);

        let mut reporter = Reporter::new(self.json, self.quiet, stop);
        let compared = comparison.run(|progress| reporter.progress(progress));
        reporter.finish()?;
        let outcome = match compared {
            Err(SearchError::Difference(difference)) => {
                let (event, failure) = difference::conclude(&difference, std::path::Path::new(""));
                if self.json {
                    // The failure is of more weight than a closed stdout.
                    let _ = print_event_line(&event.line());
                }
                return Err(failure);
            }
            compared => compared?,
        };
        let reference = self.reference_name(&experiment);
        let report = Report::new(&experiment, &reference, &outcome);
        if self.json {
            report.print_events(&self)?
        } else {
            report.print_table(&self)?
        }
        Ok(if outcome.interrupted { Exit::Interrupted } else { Exit::Done })
    }

    /// The methods with their numbers of experiments: what is said of a method itself goes before what is said of all, and later words
    /// before earlier ones.
    fn runs(&self) -> Result<Vec<MethodRuns>, Failure> {
        if let Some(stray) = self.repeats.iter().filter_map(|repeats| repeats.method).find(|method| !self.methods.contains(method)) {
            let name = stray.name();
            return Err(Failure::usage(format!("--repeats {name}=…: {name} is not compared; add it to --methods")));
        }
        let count = |method| self.repeats.iter().rev().find(|repeats| repeats.method == method).map(|repeats| repeats.count);
        let runs = |&method| MethodRuns { method, repeats: count(Some(method)).or_else(|| count(None)).unwrap_or(DEFAULT_REPEATS) };
        Ok(self.methods.iter().map(runs).collect())
    }

    fn reference_name(&self, experiment: &Experiment) -> String {
        let default = || Comparison::default_reference(&experiment.tasks.search[0]).to_owned();
        self.reference.as_ref().map_or_else(default, |path| path.display().to_string())
    }
}
