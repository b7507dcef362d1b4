//! What was found: made smaller, and written as a case file with the command that replays it.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use exnihilo::verify::write_case_file;
use exnihilo_jit::cases::{Case, CaseReader, MAX_LINE_BYTES, execute_case_line};
use exnihilo_jit::exec::random::key;
use exnihilo_jit::oracle::Oracle;
use exnihilo_jit::testing::{Divergence, Family, FuzzCase, minimize, oracle_records};
use serde::Serialize;

use super::Work;
use super::children::{in_words, is_interrupt};
use crate::cli::output::shell_word;

/// The most smaller cases that are tried, each in a process of its own.
const ATTEMPTS: usize = 600;

/// How long that may take.
const MINIMIZE_FOR: Duration = Duration::from_secs(60);

/// A case that takes longer than this to replay hangs.
const REPLAY_LIMIT: Duration = Duration::from_secs(20);

/// Something wrong with a program on some backend.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    kind: &'static str,
    number: u64,
    seed: u64,
    /// What is wrong with the program as it was generated.
    difference: String,
    /// Its text, made smaller where the case alone shows the fault.
    program: String,
    /// The case file.
    file: Option<PathBuf>,
    /// Whether the case file alone shows the fault.
    reproduced: bool,
    /// The commands that show it again.
    replay: Vec<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { kind, number, difference, program, reproduced, replay, .. } = self;
        writeln!(f, "{kind} in program {number}: {difference}")?;
        if !reproduced {
            writeln!(f, "(the case alone does not show it: it may need what ran before)")?;
        }
        write!(f, "{program}replay: {}", replay.join("\n     or "))
    }
}

/// The findings of a run.
pub(super) struct Findings {
    folder: PathBuf,
    work: Work,
    count: u64,
    /// Set when no smaller cases are to be looked for.
    stop: Arc<AtomicBool>,
}

impl Findings {
    pub(super) fn new(folder: &Path, work: Work, stop: Arc<AtomicBool>) -> Findings {
        Findings { folder: folder.to_owned(), work, count: 0, stop }
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// A backend that does not give what the oracle gives.
    ///
    /// # Errors
    /// A case file that cannot be written.
    pub(super) fn difference(&mut self, number: u64, divergence: Divergence) -> io::Result<Finding> {
        let difference = format!("{}: {}\n{}", divergence.subject, divergence.difference, divergence.setting);
        let cases = divergence.case.into_iter().filter_map(|line| case_of_line(&line)).collect();
        self.finding("difference", number, difference, divergence.program, cases)
    }

    /// A program that ended its process (a crash), or had to be ended (a hang).
    ///
    /// # Errors
    /// A case file that cannot be written.
    pub(super) fn death(&mut self, number: u64, kind: &'static str, how: &str) -> io::Result<Finding> {
        let features = self.work.features.map(usize::from);
        let seed = key(self.work.seed, number);
        // What ended the child may end the generator too, if the fault lies there.
        let cases = catch_unwind(|| {
            let family = Family::generate(seed, features);
            vec![family.first(), family.relative(1)]
        })
        .unwrap_or_default();
        let program = cases.first().map_or_else(String::new, |case| case.program.to_string());
        self.finding(kind, number, how.to_owned(), program, cases)
    }

    fn finding(
        &mut self,
        kind: &'static str,
        number: u64,
        difference: String,
        program: String,
        cases: Vec<FuzzCase>,
    ) -> io::Result<Finding> {
        self.count += 1;
        let Work { seed, features, .. } = self.work;
        let size = features.map_or_else(String::new, |features| format!(" --features {features}"));
        let mut finding = Finding {
            kind,
            number,
            seed,
            difference,
            program,
            file: None,
            reproduced: false,
            replay: vec![format!("exnihilo fuzz --seed {seed} --first {number}{size} --cases 1")],
        };
        if cases.is_empty() {
            return Ok(finding);
        }
        std::fs::create_dir_all(&self.folder)?;
        let attempt = self.folder.join(format!("fuzz-{seed}-{number}.attempt"));
        let replay = |case: &FuzzCase| {
            let line = line_of_case(case)?;
            std::fs::write(&attempt, line + "\n").ok()?;
            let fault = fault_of(&attempt);
            // A replay that Ctrl-C ended shows nothing.
            if self.stop.load(Ordering::Relaxed) { None } else { fault }
        };
        let begin = Instant::now();
        let failing = cases.iter().find_map(|case| replay(case).map(|fault| (case, fault)));
        let (mut case, mut smaller) = (&cases[0], None);
        if let Some((failing, fault)) = &failing {
            case = failing;
            // Only the same kind of fault counts, lest another one, easier to have, takes its place.
            let same = |case: &FuzzCase| begin.elapsed() < MINIMIZE_FOR && replay(case).is_some_and(|found| found.kind == fault.kind);
            smaller = minimize(case, ATTEMPTS, same);
        }
        let smallest = smaller.as_ref().and_then(|smaller| replay(smaller).map(|fault| (smaller, fault)));
        if let Some((smaller, fault)) = smallest {
            case = smaller;
            finding.difference = format!("{}\nsmallest: {}", finding.difference, fault.words);
        }
        // Where nothing could be attempted, there is nothing to remove.
        let _ = std::fs::remove_file(&attempt);
        finding.reproduced = failing.is_some();
        finding.program = case.program.to_string();
        if let Some(line) = line_of_case(case) {
            let path = write_case_file(&self.folder, &format!("fuzz-{seed}-{number}"), &[line])?;
            finding.replay.insert(0, format!("exnihilo conform {}", shell_word(&path)));
            finding.file = Some(path);
        }
        Ok(finding)
    }
}

/// The case that a line of a case file describes.
fn case_of_line(line: &str) -> Option<FuzzCase> {
    let cursor = io::Cursor::new(line.as_bytes().to_vec());
    let Some(Ok(Case::Execute(case))) = CaseReader::new("found".to_owned(), Box::new(cursor)).next() else { return None };
    Some(FuzzCase { seed: 0, origin: "found", counts: case.counts, program: case.program, group: case.group })
}

/// The case as a line of a case file with what the oracle gives; none if the oracle cannot run it, or the line is too long.
fn line_of_case(case: &FuzzCase) -> Option<String> {
    let FuzzCase { program, counts, group, .. } = case;
    let (records, _) = catch_unwind(AssertUnwindSafe(|| oracle_records(&mut Oracle::new(), program, *counts, group))).ok()?.ok()?;
    let name = ("found-by-fuzzing".to_owned(), "own".to_owned());
    Some(execute_case_line(name, program, *counts, group, 0..group.tasks().len(), &records)).filter(|line| line.len() <= MAX_LINE_BYTES)
}

/// What is wrong with a case.
struct Fault {
    /// The backend that differs, or how the process ended.
    kind: String,
    /// All that is known.
    words: String,
}

/// What is wrong when a case file is replayed in a process of its own; none if nothing is.
fn fault_of(path: &Path) -> Option<Fault> {
    let program = std::env::current_exe().ok()?;
    let mut replay = Command::new(program);
    let mut process = replay.arg("conform").arg(path).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    let begin = Instant::now();
    let status: ExitStatus = loop {
        match process.try_wait().ok()? {
            Some(status) => break status,
            None if begin.elapsed() > REPLAY_LIMIT => {
                process.kill().ok()?;
                process.wait().ok()?;
                return Some(Fault { kind: "hang".to_owned(), words: format!("did not end in {} seconds", REPLAY_LIMIT.as_secs()) });
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let output = process.wait_with_output().ok()?;
    match status.code() {
        // It passes, or (1, 2) it is no case that can be replayed.
        Some(0..=2) => None,
        Some(3) => {
            let words = String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned();
            Some(Fault { kind: words.split_whitespace().next()?.to_owned(), words })
        }
        _ if is_interrupt(status) => None,
        _ => Some(Fault { kind: status.to_string(), words: in_words(status, String::from_utf8_lossy(&output.stderr).trim()) }),
    }
}
