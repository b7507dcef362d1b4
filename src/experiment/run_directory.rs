//! The directory of a run: what was searched, what happened, what came out. It is made before the search starts, so that a
//! run that cannot be saved costs nothing, and never overwrites another.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use exnihilo_jit::{Program, SEMANTICS_VERSION};

use super::Experiment;

/// The most runs of one experiment and seed that get a directory of their own by default.
const MAX_NUMBERED: u32 = 100_000;

/// Held while a file of a run is written.
static WRITING: Mutex<()> = Mutex::new(());

fn writing() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a run cannot be saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunDirectoryError {
    /// A directory or file that cannot be written.
    #[error("{}: cannot be written: {source}; choose another directory for the run, or do not save it", .path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A directory with something in it.
    #[error("{}: exists and is not empty, and a run never overwrites another; choose another directory", .0.display())]
    Taken(PathBuf),
    /// An experiment that TOML cannot hold.
    #[error(transparent)]
    Experiment(#[from] super::ExperimentError),
}

/// The directory of one run: `experiment.toml`, `events.jsonl`, and in the end `best.az`, `best_simplified.az` and `result.json`.
/// Each file but the events is complete or absent, whatever happens; `result.json` comes last.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    events: File,
    /// Bytes of whole lines in `events.jsonl`.
    events_length: u64,
}

impl RunDirectory {
    /// Makes the directory `path`, which must not exist or be empty, and saves the experiment in it.
    ///
    /// # Errors
    /// [`RunDirectoryError`], before anything was overwritten.
    pub fn create(path: &Path, experiment: &Experiment, seed: u64) -> Result<RunDirectory, RunDirectoryError> {
        let refused = |source| RunDirectoryError::Io { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(refused)?;
        if fs::read_dir(path).map_err(refused)?.next().is_some() {
            return Err(RunDirectoryError::Taken(path.to_owned()));
        }
        RunDirectory::begin(path.to_owned(), experiment, seed)
    }

    /// Makes the directory NAME-sSEED in `parent`, with -2, -3 and so on after it if it is taken.
    ///
    /// # Errors
    /// [`RunDirectoryError`].
    pub fn create_numbered(parent: &Path, experiment: &Experiment, seed: u64) -> Result<RunDirectory, RunDirectoryError> {
        let refused = |path: &Path, source| RunDirectoryError::Io { path: path.to_owned(), source };
        fs::create_dir_all(parent).map_err(|source| refused(parent, source))?;
        let first = format!("{}-s{seed}", file_name(&experiment.name));
        let mut path = parent.join(&first);
        for number in 2..=MAX_NUMBERED {
            // Making it, not looking for it, decides between runs that start at once.
            match fs::create_dir(&path) {
                Ok(()) => return RunDirectory::begin(path, experiment, seed),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => path = parent.join(format!("{first}-{number}")),
                Err(source) => return Err(refused(&path, source)),
            }
        }
        Err(RunDirectoryError::Taken(path))
    }

    fn begin(path: PathBuf, experiment: &Experiment, seed: u64) -> Result<RunDirectory, RunDirectoryError> {
        let head = format!("# exnihilo {}, semantics version {SEMANTICS_VERSION}, seed {seed}\n", env!("CARGO_PKG_VERSION"));
        write_new(&path.join("experiment.toml"), &(head + &experiment.to_toml()?))?;
        let events = path.join("events.jsonl");
        let file = open_new(&events).map_err(|source| RunDirectoryError::Io { path: events, source })?;
        Ok(RunDirectory { path, events: file, events_length: 0 })
    }

    /// Ends the process, but not in the middle of writing a file of a run.
    pub fn exit_between_writes(code: i32) -> ! {
        let _nothing_is_being_written = writing();
        std::process::exit(code)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line to `events.jsonl`.
    ///
    /// # Errors
    /// [`RunDirectoryError::Io`], a full disk say; the lines before it are whole.
    pub fn event(&mut self, line: &str) -> Result<(), RunDirectoryError> {
        let _guard = writing();
        let line = format!("{line}\n");
        if let Err(source) = self.events.write_all(line.as_bytes()) {
            // Part of the line may have found room. If it cannot be taken back, the error that is reported stays the first one.
            let _ = self.events.set_len(self.events_length);
            return Err(RunDirectoryError::Io { path: self.path.join("events.jsonl"), source });
        }
        self.events_length += line.len() as u64;
        Ok(())
    }

    /// Saves the program that the run found, as evolved and simplified, and `result`, a JSON text about it.
    ///
    /// # Errors
    /// [`RunDirectoryError::Io`].
    pub fn finish(&self, program: &Program, simplified: &Program, result: &str) -> Result<(), RunDirectoryError> {
        write_new(&self.path.join("best.az"), &versioned(program))?;
        write_new(&self.path.join("best_simplified.az"), &versioned(simplified))?;
        write_new(&self.path.join("result.json"), &format!("{result}\n"))
    }
}

fn versioned(program: &Program) -> String {
    format!("# semantics version {SEMANTICS_VERSION}\n{program}")
}

fn open_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Writes a file under another name first, so that it is never seen in part.
fn write_new(path: &Path, text: &str) -> Result<(), RunDirectoryError> {
    let _guard = writing();
    let partial = path.with_added_extension("partial");
    let written = open_new(&partial).and_then(|mut file| file.write_all(text.as_bytes())).and_then(|()| fs::rename(&partial, path));
    written.map_err(|source| {
        // What cannot be removed either is left; the error is reported all the same.
        let _ = fs::remove_file(&partial);
        RunDirectoryError::Io { path: path.to_owned(), source }
    })
}

/// The name of an experiment as part of a file name: a name may come from anywhere and must not lead elsewhere.
fn file_name(name: &str) -> String {
    const LONGEST: usize = 80;
    let safe: String =
        name.chars().take(LONGEST).map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' }).collect();
    if safe.is_empty() { "run".to_owned() } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_numbered_and_never_overwritten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let experiment = Experiment::preset("linear").expect("a built-in preset");
        let parent = folder.path().join("runs");
        for name in ["linear-s7", "linear-s7-2", "linear-s7-3"] {
            let mut run = RunDirectory::create_numbered(&parent, &experiment, 7).expect("a writable folder");
            assert_eq!(run.path(), parent.join(name));
            run.event("{}").expect("a writable folder");
            run.finish(&Program::default(), &Program::default(), "{}").expect("a writable folder");
            assert_eq!(Experiment::load(&run.path().join("experiment.toml")).expect("it reads back"), experiment);
            let best = fs::read_to_string(run.path().join("best.az")).expect("it was written");
            assert!(best.starts_with("# semantics version 1\n") && best.parse::<Program>() == Ok(Program::default()), "{best}");
        }
        assert!(matches!(RunDirectory::create(&parent.join("linear-s7"), &experiment, 7), Err(RunDirectoryError::Taken(_))));
        assert!(RunDirectory::create(&parent.join("own/deep"), &experiment, 7).is_ok());
        let file = parent.join("file");
        fs::write(&file, "").expect("a small file");
        let message = RunDirectory::create(&file.join("run"), &experiment, 7).expect_err("a file is no folder").to_string();
        assert!(message.contains("cannot be written"), "{message}");
    }

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(file_name("../../etc/x"), "------etc-x");
        assert_eq!(file_name(""), "run");
        assert_eq!(file_name(&"é".repeat(1_000)).len(), 80);
    }
}
