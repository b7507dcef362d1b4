//! `conform`: recorded cases on every backend.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use exnihilo::text::{printable_name, printable_path};
use exnihilo_jit::cases::{Case, CaseReader};
use exnihilo_jit::testing::{CaseBackend, OracleBackend, Verdict, WorkerBackend, check};
use exnihilo_jit::{Backend, no_native_code};
use serde::Serialize;

use super::Exit;
use super::failure::Failure;
use super::output::{note, print_event, print_line};

/// Run recorded cases on every backend and compare the results
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo conform tests/cases/*.jsonl*
  exnihilo conform case.jsonl --json

Exit code 3 if any backend gives another result than the case expects.")]
pub(super) struct Conform {
    /// Case files (.jsonl, .jsonl.gz)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Print the last line only
    #[arg(long)]
    quiet: bool,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Tally {
    cases: u64,
    passed: u64,
    failed: u64,
}

impl Tally {
    fn count(&mut self, passed: bool) {
        self.cases += 1;
        self.passed += u64::from(passed);
        self.failed += u64::from(!passed);
    }
}

#[derive(Serialize)]
struct FailureEvent<'a> {
    backend: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct DoneEvent<'a> {
    #[serde(flatten)]
    all: Tally,
    by_backend: &'a BTreeMap<&'static str, Tally>,
}

impl Conform {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let mut oracle = [OracleBackend::default()];
        let mut interp = WorkerBackend::every_layout(Backend::Interp);
        let missing = no_native_code();
        let mut jit = if missing.is_none() { WorkerBackend::every_layout(Backend::Jit) } else { Vec::new() };
        let mut all = Tally::default();
        let mut by_backend = BTreeMap::new();
        for file in &self.files {
            let before = all.cases;
            for case in CaseReader::open(file).map_err(malformed)? {
                let case = case.map_err(malformed)?;
                let mut passed = self.check(&mut oracle, "oracle", &case, &mut by_backend)?;
                passed &= self.check(&mut interp, "interp", &case, &mut by_backend)?;
                if !jit.is_empty() {
                    passed &= self.check(&mut jit, "jit", &case, &mut by_backend)?;
                }
                all.count(passed);
            }
            if all.cases == before {
                return Err(Failure::failed(format!("{}: there is no case in it; write one JSON case a line", printable_path(file))));
            }
        }
        if let Some(reason) = missing {
            note(&format!("jit: skipped: {reason}"));
        }
        if self.json {
            print_event("done", &DoneEvent { all, by_backend: &by_backend })?;
        } else {
            for (backend, Tally { cases, passed, failed }) in &by_backend {
                print_line(&format!("{backend:<7} {cases:>7} cases  {passed:>7} passed  {failed:>5} failed"))?;
            }
            print_line(&format!("all     {:>7} cases  {:>7} passed  {:>5} failed", all.cases, all.passed, all.failed))?;
        }
        Ok(if all.failed == 0 { Exit::Done } else { Exit::Difference })
    }

    /// Runs a case on the layouts of a backend, counts and shows. True if it passes on all of them.
    fn check(
        &self,
        layouts: &mut [impl CaseBackend],
        name: &'static str,
        case: &Case,
        tallies: &mut BTreeMap<&'static str, Tally>,
    ) -> Result<bool, Failure> {
        let verdicts = layouts.iter_mut().map(|layout| check(layout, case)).collect::<Result<Vec<_>, _>>();
        tallies.entry(name).or_default().count(verdicts.is_ok());
        let message = match verdicts {
            Ok(verdicts) => {
                if let Some(difference) = verdicts.iter().rev().find_map(Verdict::last_bits) {
                    note(&format!("{name}, case {:?} passes, decided by the last bits of sin … log: {difference}", case.id()));
                }
                return Ok(true);
            }
            Err(mismatch) => mismatch.to_string(),
        };
        if self.json {
            print_event("failure", &FailureEvent { backend: name, message: &message })?;
        } else if !self.quiet {
            print_line(&printable_name(&message))?;
        }
        Ok(false)
    }
}

/// The message has the name of the file and words of it, on one line.
fn malformed(error: impl std::fmt::Display) -> Failure {
    Failure::failed(printable_name(&error.to_string()))
}
