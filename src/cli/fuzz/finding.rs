//! What was found: made smaller, and written as a case file with the command that replays it.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use exnihilo_jit::exec::random::key;
use exnihilo_jit::oracle::Oracle;
use exnihilo_jit::testing::{Case, CaseReader, Divergence, Family, FuzzCase, execute_case_line, minimize, oracle_records};
use serde::Serialize;

use super::Work;
use super::children::in_words;

/// The most smaller cases that are tried, each in a process of its own.
const ATTEMPTS: usize = 600;

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
}

impl Findings {
    pub(super) fn new(folder: &Path, work: Work) -> Findings {
        Findings { folder: folder.to_owned(), work, count: 0 }
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

    /// A program that ended its process, or had to be ended.
    ///
    /// # Errors
    /// A case file that cannot be written.
    pub(super) fn death(&mut self, number: u64, how: &str) -> io::Result<Finding> {
        let features = self.work.features.map(usize::from);
        let seed = key(self.work.seed, number);
        // What ended the child may end the generator too, if the fault lies there.
        let cases = catch_unwind(|| {
            let family = Family::generate(seed, features);
            vec![family.first(), family.relative(1)]
        })
        .unwrap_or_default();
        let program = cases.first().map_or_else(String::new, |case| case.program.to_string());
        self.finding("crash", number, how.to_owned(), program, cases)
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
        let path = self.folder.join(format!("fuzz-{seed}-{number}.jsonl"));
        let attempt = self.folder.join(format!("fuzz-{seed}-{number}.attempt.jsonl"));
        let shows = |case: &FuzzCase| {
            let line = line_of_case(case).unwrap_or_default();
            !line.is_empty() && std::fs::write(&attempt, line).is_ok() && fault_of(&attempt).is_some()
        };
        let failing = cases.iter().position(shows);
        let kept = failing.unwrap_or(0);
        finding.reproduced = failing.is_some();
        let smaller = failing.and_then(|index| minimize(&cases[index], ATTEMPTS, shows));
        // Where there was nothing to attempt, there is nothing to remove.
        let _ = std::fs::remove_file(&attempt);
        let case = smaller.as_ref().unwrap_or(&cases[kept]);
        let Some(line) = line_of_case(case) else { return Ok(finding) };
        std::fs::write(&path, line)?;
        if let Some(fault) = fault_of(&path) {
            finding.difference += "\nsmallest: ";
            finding.difference += &fault;
        }
        finding.program = case.program.to_string();
        finding.replay.insert(0, format!("exnihilo conform {}", path.display()));
        finding.file = Some(path);
        Ok(finding)
    }
}

/// The case that a line of a case file describes.
fn case_of_line(line: &str) -> Option<FuzzCase> {
    let cursor = io::Cursor::new(line.as_bytes().to_vec());
    let Some(Ok(Case::Execute(case))) = CaseReader::new("found".to_owned(), Box::new(cursor)).next() else { return None };
    Some(FuzzCase { seed: 0, origin: "found", counts: case.counts, program: case.program, group: case.group })
}

/// The case as a case file with what the oracle gives; none if the oracle cannot run it.
fn line_of_case(case: &FuzzCase) -> Option<String> {
    let FuzzCase { program, counts, group, .. } = case;
    let (records, _) = catch_unwind(AssertUnwindSafe(|| oracle_records(&mut Oracle::new(), program, *counts, group))).ok()?.ok()?;
    let name = ("found-by-fuzzing".to_owned(), "own".to_owned());
    Some(execute_case_line(name, program, *counts, group, 0..group.tasks().len(), &records) + "\n")
}

/// What is wrong when a case file is replayed in a process of its own; none if nothing is.
fn fault_of(path: &Path) -> Option<String> {
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
                return Some(format!("did not end in {} seconds", REPLAY_LIMIT.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let output = process.wait_with_output().ok()?;
    match status.code() {
        Some(0) => None,
        Some(3) => String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned),
        _ => Some(in_words(status, String::from_utf8_lossy(&output.stderr).trim())),
    }
}
