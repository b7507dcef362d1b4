//! `fuzz`: random programs on every backend, compared with the oracle.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use exnihilo_jit::no_native_code;
use exnihilo_jit::testing::{Divergence, FuzzReport, Fuzzer};
use serde::Serialize;

use super::Exit;
use super::args::parse_seconds;
use super::failure::Failure;
use super::output::{grouped, note, print_event, print_line};

/// Run random programs on every backend and layout and compare whole results, bit for bit
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo fuzz --seconds 60 --seed 7
  exnihilo fuzz --cases 10000 --out found/

Exit code 3 if backends differ. What differs is printed, with a line for a case file (see `exnihilo conform`).")]
pub(super) struct Fuzz {
    /// Stop after S seconds (default: 10, if --cases is not given either)
    #[arg(long, value_name = "S", value_parser = parse_seconds)]
    seconds: Option<f64>,
    /// Stop after N comparisons
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    cases: Option<u64>,
    /// The same seed gives the same programs
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write a case file of each divergence into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// No progress on stderr
    #[arg(long)]
    quiet: bool,
}

#[derive(Serialize)]
struct DivergenceEvent<'a> {
    seed: u64,
    subject: &'a str,
    difference: &'a str,
    setting: &'a str,
    program: &'a str,
    case: Option<&'a str>,
    file: Option<String>,
}

#[derive(Serialize)]
struct DoneEvent {
    programs: u64,
    cases: u64,
    divergences: u64,
    ops_covered: usize,
    finished_share: f64,
    replaced: u64,
    seed: u64,
}

/// How many seconds, if nothing is said.
const DEFAULT_SECONDS: f64 = 10.0;

/// The time between two lines about progress.
const LINE_EVERY: Duration = Duration::from_secs(5);

impl Fuzz {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        if let Some(folder) = &self.out {
            std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        }
        let seconds = match (self.seconds, self.cases) {
            (None, None) => DEFAULT_SECONDS,
            (seconds, _) => seconds.unwrap_or(f64::INFINITY),
        };
        let begin = Instant::now();
        let mut next_line = LINE_EVERY;
        let mut fuzzer = Fuzzer::new(self.seed);
        while begin.elapsed().as_secs_f64() < seconds && self.cases.is_none_or(|cases| fuzzer.report().cases < cases) {
            if let Err(divergence) = fuzzer.run_one() {
                self.show(&divergence)?;
            }
            if !self.quiet && !self.json && begin.elapsed() >= next_line {
                next_line = begin.elapsed() + LINE_EVERY;
                note(&summary(&fuzzer.report()));
            }
        }
        let report = fuzzer.report();
        if report.replaced > 0 {
            let reason = no_native_code().unwrap_or_else(|| "compiling failed".to_owned());
            note(&format!("{reason}: {} comparisons were of the interpreter in its place", report.replaced));
        }
        if self.json {
            let FuzzReport { programs, cases, divergences, ops_covered, finished_share, replaced } = report;
            print_event("done", &DoneEvent { programs, cases, divergences, ops_covered, finished_share, replaced, seed: self.seed })?;
        } else {
            print_line(&format!("{}, seed {}", summary(&report), self.seed))?;
        }
        Ok(if report.divergences == 0 { Exit::Done } else { Exit::Difference })
    }

    fn show(&self, divergence: &Divergence) -> Result<(), Failure> {
        let case = divergence.case.as_ref().map(|(_, line)| line.as_str());
        let file = match (&self.out, case) {
            (Some(folder), Some(line)) => {
                let path = folder.join(format!("fuzz-{:016x}.jsonl", divergence.seed));
                std::fs::write(&path, format!("{line}\n")).map_err(|error| unwritable(&path, &error))?;
                Some(path.display().to_string())
            }
            _ => None,
        };
        let Divergence { seed, subject, difference, program, setting, .. } = divergence;
        if self.json {
            return print_event("divergence", &DivergenceEvent { seed: *seed, subject, difference, setting, program, case, file });
        }
        print_line(&divergence.to_string())?;
        match (file, case) {
            (Some(file), _) => print_line(&format!("case file: {file}")),
            (None, Some(case)) => print_line(&format!("case: {case}")),
            (None, None) => Ok(()),
        }
    }
}

fn unwritable(path: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{}: cannot be written: {error}", path.display()))
}

fn summary(report: &FuzzReport) -> String {
    let FuzzReport { programs, cases, divergences, ops_covered, finished_share, .. } = report;
    format!(
        "{} programs, {} comparisons, {divergences} divergences, {ops_covered} of 65 ops, {:.0} % of the runs trained to the end",
        grouped(*programs),
        grouped(*cases),
        100.0 * finished_share
    )
}
