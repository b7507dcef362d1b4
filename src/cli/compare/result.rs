//! What came out of a comparison: as events, and as a table for people.

use std::fmt::Write;

use exnihilo::experiment::{Experiment, Method};
use exnihilo::search::{ComparisonOutcome, MethodOutcome};
use exnihilo::text::{grouped, printable_name};
use exnihilo_jit::{Backend, SEMANTICS_VERSION, simplify};
use serde::Serialize;

use super::{Compare, Failure};
use crate::cli::output::{print_event, print_text};
use exnihilo::stats::{CONFIDENCE, Interval, rate_ratio, share};

/// One method.
#[derive(Serialize)]
struct MethodEvent {
    method: &'static str,
    experiments: u64,
    /// Ended by Ctrl-C.
    unfinished: u64,
    evaluations: u64,
    successes: u64,
    /// Successes an evaluation.
    rate: Option<f64>,
    rate_low: Option<f64>,
    rate_high: Option<f64>,
    successful_experiments: u64,
    /// Of all experiments that came to their end.
    success_share: Option<f64>,
    success_share_low: Option<f64>,
    success_share_high: Option<f64>,
    ratio_to_random: Option<f64>,
    ratio_low: Option<f64>,
    ratio_high: Option<f64>,
    reference_fitness: Option<f64>,
    /// None where tasks are scored by accuracy.
    reference_rms: Option<f64>,
    train_steps: u64,
    cache_hits: u64,
    elapsed_seconds: f64,
    evaluations_per_second: f64,
    /// The first acceptable program of the lowest experiment that has one, simplified.
    program: Option<String>,
}

#[derive(Serialize)]
struct DoneEvent<'a> {
    preset: &'a str,
    seed: u64,
    backend: Backend,
    threads: usize,
    methods: usize,
    /// Of an experiment.
    max_individuals: Option<u64>,
    reference: &'a str,
    confidence: f64,
    interrupted: bool,
    elapsed_seconds: f64,
    verified: u64,
    semantics: u32,
    version: &'static str,
}

impl MethodEvent {
    fn new(outcome: &MethodOutcome, random: Option<&MethodOutcome>) -> MethodEvent {
        let elapsed_seconds = outcome.elapsed.as_secs_f64();
        let ratio_of = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let rate = ratio_of(outcome.successes, outcome.evaluations);
        let interval = share(outcome.successes, outcome.evaluations);
        let of_experiments = share(outcome.successful_experiments, outcome.experiments);
        let random = random.filter(|random| random.method != outcome.method && random.evaluations > 0 && outcome.evaluations > 0);
        let ratio =
            random.and_then(|random| Some(rate? / ratio_of(random.successes, random.evaluations)?)).filter(|ratio| ratio.is_finite());
        let counts = |outcome: &MethodOutcome| (outcome.successes, outcome.evaluations);
        let ratio_interval = random.and_then(|random| rate_ratio(counts(outcome), counts(random)));
        let low = |interval: Option<Interval>| interval.map(|interval| interval.low);
        let high = |interval: Option<Interval>| interval.map(|interval| interval.high).filter(|high| high.is_finite());
        MethodEvent {
            method: outcome.method.name(),
            experiments: outcome.experiments,
            unfinished: outcome.unfinished,
            evaluations: outcome.evaluations,
            successes: outcome.successes,
            rate,
            rate_low: low(interval),
            rate_high: high(interval),
            successful_experiments: outcome.successful_experiments,
            success_share: ratio_of(outcome.successful_experiments, outcome.experiments),
            success_share_low: low(of_experiments),
            success_share_high: high(of_experiments),
            ratio_to_random: ratio,
            ratio_low: low(ratio_interval),
            ratio_high: high(ratio_interval),
            reference_fitness: outcome.reference_fitness,
            reference_rms: outcome.reference_rms,
            train_steps: outcome.train_steps,
            cache_hits: outcome.fec_hits,
            elapsed_seconds,
            evaluations_per_second: outcome.evaluations as f64 / elapsed_seconds,
            program: outcome.example.as_ref().map(|program| simplify(program).to_string()),
        }
    }
}

/// All that is printed.
pub(super) struct Report<'a> {
    experiment: &'a Experiment,
    reference: &'a str,
    outcome: &'a ComparisonOutcome,
    methods: Vec<MethodEvent>,
}

impl Report<'_> {
    pub(super) fn new<'a>(experiment: &'a Experiment, reference: &'a str, outcome: &'a ComparisonOutcome) -> Report<'a> {
        let random = outcome.methods.iter().find(|other| other.method == Method::Random);
        let methods = outcome.methods.iter().map(|method| MethodEvent::new(method, random)).collect();
        Report { experiment, reference, outcome, methods }
    }

    pub(super) fn print_events(&self, command: &Compare) -> Result<(), Failure> {
        for method in &self.methods {
            print_event("method", method)?;
        }
        print_event(
            "done",
            &DoneEvent {
                preset: &self.experiment.name,
                seed: command.seed,
                backend: command.backend,
                threads: command.threads.count(),
                methods: self.methods.len(),
                max_individuals: self.experiment.search.max_individuals,
                reference: self.reference,
                confidence: CONFIDENCE,
                interrupted: self.outcome.interrupted,
                elapsed_seconds: self.outcome.methods.iter().map(|method| method.elapsed.as_secs_f64()).sum(),
                verified: self.outcome.verified,
                semantics: SEMANTICS_VERSION,
                version: env!("CARGO_PKG_VERSION"),
            },
        )
    }

    pub(super) fn print_table(&self, command: &Compare) -> Result<(), Failure> {
        print_text(&self.table(command.seed))
    }

    fn table(&self, seed: u64) -> String {
        let mut text = String::new();
        let mut line = |line: String| writeln!(text, "{}", line.trim_end()).expect("a String takes everything");
        if self.outcome.interrupted {
            line("Interrupted.".to_owned());
        }
        line(format!(
            "{} seed {seed}: {} individuals an experiment; acceptable programs are better than `{}`{}",
            printable_name(&self.experiment.name),
            grouped(self.experiment.search.max_individuals.unwrap_or_default()),
            printable_name(self.reference),
            self.methods.first().map(reference_quality).unwrap_or_default()
        ));
        line(format!(
            "{:<11}{:>12}{:>11}{:>15}   {:<33}{:<27}{:>9}{:>13}",
            "method",
            "experiments",
            "successes",
            "evaluations",
            "successes an evaluation (95 %)",
            "ratio to random (95 %)",
            "s",
            "a second"
        ));
        for method in &self.methods {
            line(format!(
                "{:<11}{:>12}{:>11}{:>15}   {:<33}{:<27}{:>9.1}{:>13}",
                method.method,
                grouped(method.experiments),
                grouped(method.successes),
                grouped(method.evaluations),
                with_interval(method.rate, method.rate_low, method.rate_high, |x| format!("{x:.2e}")),
                with_interval(method.ratio_to_random, method.ratio_low, method.ratio_high, |x| format!("{x:.1}")),
                method.elapsed_seconds,
                grouped(method.evaluations_per_second as u64),
            ));
        }
        for method in &self.methods {
            line(format!(
                "{}: {} of {} experiments with an acceptable program, {}{}",
                method.method,
                grouped(method.successful_experiments),
                grouped(method.experiments),
                with_interval(method.success_share, method.success_share_low, method.success_share_high, |x| format!("{:.2} %", 100.0 * x)),
                if method.unfinished > 0 { format!("; {} unfinished", grouped(method.unfinished)) } else { String::new() }
            ));
        }
        if let Some((method, program)) = self.methods.iter().find_map(|method| Some((method.method, method.program.as_ref()?))) {
            line(format!("\nThe first acceptable program of {method}, simplified:\n{program}"));
        }
        text
    }
}

/// How good the reference is.
fn reference_quality(method: &MethodEvent) -> String {
    match (method.reference_fitness, method.reference_rms) {
        (Some(fitness), Some(rms)) => format!(" (mean RMS error {rms:.2e}, mean fitness {fitness:.6})"),
        (Some(accuracy), None) => format!(" (mean accuracy {accuracy:.4})"),
        (None, _) => String::new(),
    }
}

/// A value with its interval; an upper end that is not known is infinite.
fn with_interval(value: Option<f64>, low: Option<f64>, high: Option<f64>, show: impl Fn(f64) -> String) -> String {
    let value = value.map_or_else(|| "-".to_owned(), &show);
    match low {
        None => value,
        Some(low) => format!("{value} ({} to {})", show(low), high.map_or_else(|| "∞".to_owned(), &show)),
    }
}
