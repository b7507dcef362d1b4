//! `fuzz`: random programs on every backend, compared with the oracle, in child processes.

mod child;
mod children;
mod finding;
mod progress;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use exnihilo::text::printable_path;
use exnihilo_jit::no_native_code;
use exnihilo_jit::testing::FuzzReport;
use serde::Serialize;

use self::child::Message;
use self::children::{Children, Event};
use self::finding::{Finding, Findings};
use self::progress::{Progress, summary};
use super::Exit;
use super::args::parse_seconds;
use super::failure::Failure;
use super::output::{note, print_event, print_line};

/// Run random programs on every backend and compare whole results, bit for bit
///
/// Each program runs on some of the layouts (lanes, registers, chains of kernels), as they are drawn. Programs run in child processes, so that a crash of compiled code is a finding and not the end. What differs, crashes or hangs is
/// made as small as possible and written as a case file that `exnihilo conform` replays.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo fuzz --seconds 60 --seed 7
  exnihilo fuzz --cases 10000 --features 4 --out found/
  exnihilo fuzz --seed 7 --first 1234 --cases 1       program number 1234 of that seed again

Exit code 3 if there is a finding. The run ends with the 50th.")]
pub(super) struct Fuzz {
    /// Stop after S seconds (default: 10, if --cases is not given either)
    #[arg(long, value_name = "S", value_parser = parse_seconds)]
    seconds: Option<f64>,
    /// Stop after the program that completes N comparisons; in one process, unless --threads is given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    cases: Option<u64>,
    /// The same seed gives the same programs
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Begin with program number N of the seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    first: u64,
    /// Features of size F only, where programs are small enough for it (default: mostly 1 to 64, a few larger)
    #[arg(long, value_name = "F", value_parser = clap::value_parser!(u16).range(1..=1024))]
    features: Option<u16>,
    /// Processes side by side (default: all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// Where case files of findings go; made when there is one
    #[arg(long, value_name = "DIR", default_value = "fuzz-findings")]
    out: PathBuf,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// No progress on stderr
    #[arg(long)]
    quiet: bool,
    /// Run programs in this process and tell the parent: every N-th one
    #[arg(long, value_name = "N", hide = true)]
    child: Option<u64>,
}

#[derive(Serialize)]
struct DoneEvent<'a> {
    #[serde(flatten)]
    report: &'a FuzzReport,
    findings: u64,
    ops_covered: usize,
    finished_share: f64,
    elapsed_seconds: f64,
    programs_per_second: f64,
    cases_per_second: f64,
    seed: u64,
}

/// What a child is told to do.
#[derive(Clone, Copy, Debug)]
struct Work {
    seed: u64,
    /// The number of its first program, and how far it is from each to the next.
    first: u64,
    stride: u64,
    features: Option<u16>,
    seconds: Option<f64>,
    cases: Option<u64>,
}

/// How many seconds, if nothing is said.
const DEFAULT_SECONDS: f64 = 10.0;

/// With so many findings there is enough to do; each takes seconds to make small.
const MAX_FINDINGS: u64 = 50;

/// How long the main process waits for something to happen before it looks at clocks.
const TICK: Duration = Duration::from_millis(100);

impl Fuzz {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let seconds = match (self.seconds, self.cases) {
            (None, None) => Some(DEFAULT_SECONDS),
            (seconds, _) => seconds,
        };
        let work = Work { seed: self.seed, first: self.first, stride: 1, features: self.features, seconds, cases: self.cases };
        if let Some(stride) = self.child {
            return child::run(Work { stride, ..work });
        }
        if self.out.exists() && !self.out.is_dir() {
            return Err(Failure::failed(format!(
                "{}: not a folder; --out names one for case files of findings",
                printable_path(&self.out)
            )));
        }
        let stop = stop_at_interrupt()?;
        let processes = match (self.threads, self.cases) {
            (Some(threads), _) => usize::from(threads),
            (None, Some(_)) => 1,
            (None, None) => std::thread::available_parallelism().map_or(1, usize::from),
        };
        self.watch(work, processes, &stop)
    }

    /// Runs the children until they are done, deals with what they find, and shows how it goes.
    fn watch(&self, work: Work, processes: usize, stop: &Arc<AtomicBool>) -> Result<Exit, Failure> {
        let begin = Instant::now();
        let mut findings = Findings::new(&self.out, work, Arc::clone(stop));
        let mut children = Children::start(work, processes).map_err(|error| cannot_start(&error))?;
        let mut progress = Progress::new();
        while !children.is_empty() && !stop.load(Ordering::Relaxed) && findings.count() < MAX_FINDINGS {
            let found = match children.wait(TICK).map_err(|error| lost(&error))? {
                Some(Event::Found { number, divergence }) => Some(findings.difference(number, *divergence)),
                Some(Event::Died { number, hung, how }) => Some(findings.death(number, if hung { "hang" } else { "crash" }, &how)),
                None => None,
            };
            if let Some(found) = found {
                self.show(&found.map_err(|error| Failure::failed(format!("{}: cannot be written: {error}", printable_path(&self.out))))?)?;
            }
            if !self.quiet && !self.json && progress.is_due(begin.elapsed()) {
                note(&summary(&children.report(), findings.count(), begin.elapsed().as_secs_f64()));
            }
        }
        let report = children.report();
        drop(children);
        let elapsed = begin.elapsed().as_secs_f64();
        if report.replaced > 0 {
            let reason = no_native_code().unwrap_or_else(|| "some programs are too large to compile".to_owned());
            note(&format!("{reason}: {} comparisons were of the interpreter in its place", report.replaced));
        }
        if self.json {
            let done = DoneEvent {
                findings: findings.count(),
                ops_covered: report.ops.len(),
                finished_share: report.finished_share(),
                elapsed_seconds: elapsed,
                programs_per_second: report.programs as f64 / elapsed,
                cases_per_second: report.cases as f64 / elapsed,
                seed: self.seed,
                report: &report,
            };
            print_event("done", &done)?;
        } else {
            print_line(&format!("{}, seed {}", summary(&report, findings.count(), elapsed), self.seed))?;
        }
        Ok(match findings.count() {
            0 if stop.load(Ordering::Relaxed) => Exit::Interrupted,
            0 => Exit::Done,
            _ => Exit::Difference,
        })
    }

    fn show(&self, finding: &Finding) -> Result<(), Failure> {
        if self.json { print_event("finding", finding) } else { print_line(&finding.to_string()) }
    }
}

/// Set by Ctrl-C, which the children get too.
fn stop_at_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let by_signal = Arc::clone(&stop);
    ctrlc::set_handler(move || by_signal.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::failed(format!("Ctrl-C cannot be handled: {error}")))?;
    Ok(stop)
}

fn cannot_start(error: &std::io::Error) -> Failure {
    Failure::failed(format!("a process to fuzz in cannot be started: {error}"))
}

fn lost(error: &std::io::Error) -> Failure {
    Failure::failed(format!("a process to fuzz in is lost: {error}"))
}
