//! An evaluation that the oracle does not confirm, and its case file.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use exnihilo_jit::Program;

/// The most case files in one folder.
const MAX_NUMBERED: u32 = 100_000;

/// What an evaluation comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values {
    /// The fitness over all tasks.
    pub fitness: f64,
    /// Training steps begun, over all tasks.
    pub train_steps: u64,
}

/// A backend or a cache that does not give what the oracle gives.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Difference {
    /// The backend's name, or `memo`.
    pub subject: &'static str,
    /// What it gave.
    pub found: Values,
    /// What the oracle gives.
    pub expected: Values,
    /// Where the difference is, in words.
    pub detail: String,
    /// The program, as written.
    pub program: Program,
    /// Lines of a case file with the oracle's outcome: one of all tasks, or, where that is too large, one for each of the first that
    /// differ. `exnihilo conform` runs them on every backend and layout, simplified and as written; it passes where only a memo is wrong.
    pub cases: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { subject, found, expected, detail, program, .. } = self;
        writeln!(
            f,
            "{subject} gives fitness {:?} and {} training steps, the oracle {:?} and {} ({detail})",
            found.fitness, found.train_steps, expected.fitness, expected.train_steps
        )?;
        write!(f, "{program}")
    }
}

impl Difference {
    /// Writes the cases into a new file of `folder`, `difference.jsonl`, or `difference-2.jsonl` and so on if that is taken.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write_case_file(&self, folder: &Path) -> io::Result<PathBuf> {
        write_case_file(folder, "difference", &self.cases)
    }
}

/// Writes lines of a case file into a new file of `folder`, `NAME.jsonl`, or `NAME-2.jsonl` and so on if that is taken.
///
/// # Errors
/// A folder that cannot be written.
pub fn write_case_file(folder: &Path, name: &str, lines: &[String]) -> io::Result<PathBuf> {
    let mut path = folder.join(format!("{name}.jsonl"));
    for number in 2..=MAX_NUMBERED {
        // Making it, not looking for it, decides between runs that end at once.
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                for line in lines {
                    writeln!(file, "{line}")?;
                }
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => path = folder.join(format!("{name}-{number}.jsonl")),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many case files of one name in this folder"))
}
