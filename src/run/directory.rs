//! The directory of a run: what was searched, what happened, what it can be resumed from, what came out. It is made before the search
//! starts, so that a run that cannot be saved costs nothing, and never overwrites another. `docs/runs.md` describes its files.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::event::{Done, RunEvent};
use crate::experiment::{Experiment, ExperimentError};
use crate::text::printable_path;
use exnihilo_jit::{Program, SEMANTICS_VERSION};

/// The most runs of one experiment and seed that get a directory of their own by default.
const MAX_NUMBERED: u32 = 100_000;

/// The largest number of a checkpoint.
const MAX_CHECKPOINT: u64 = 1 << 40;

/// Lines of `events.jsonl` longer than any that is written there are not looked at as a whole.
const MAX_LINE_BYTES: u64 = 16 << 20;

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
    #[error("{}: cannot be written: {source}; choose another directory for the run, or do not save it", printable_path(.path))]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A directory with something in it.
    #[error("{}: exists and is not empty, and a run never overwrites another; choose another directory", printable_path(.0))]
    Taken(PathBuf),
    /// Another process writes in it.
    #[error("{}: another process is running this search; wait for it or stop it", printable_path(.0))]
    Busy(PathBuf),
    /// Something else.
    #[error("{}: this is not the directory of a run: {problem}", printable_path(.path))]
    NoRun {
        /// The directory.
        path: PathBuf,
        /// What is missing.
        problem: String,
    },
    /// An experiment that TOML cannot hold.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
}

/// The directory of one run: `experiment.toml`, `events.jsonl`, checkpoints, `hall_of_fame.jsonl`, and in the end `best.az`, `best_simplified.az` and
/// `result.json`. Each file but the events is complete or absent, whatever happens; `result.json` comes last. While it is in use, the
/// system holds a lock on `events.jsonl`, which goes with the process.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    events: File,
    /// Bytes of whole lines in `events.jsonl`.
    events_length: u64,
    /// The number of the latest checkpoint, from 1; 0 before the first.
    latest: u64,
    /// The checkpoint that the run goes on from: what happened after it is forgotten before anything else is written.
    resumed: Option<u64>,
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
        let text = head + &experiment.to_toml()?;
        // Making and locking this one decides between runs that begin in one folder at once.
        let events = path.join("events.jsonl");
        let file = open_new(&events).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => RunDirectoryError::Taken(path.clone()),
            _ => RunDirectoryError::Io { path: events.clone(), source },
        })?;
        let directory = RunDirectory::lock(path, file, 0, 0)?;
        let begun = write_whole(&directory.path.join("experiment.toml"), text.as_bytes()).and_then(|()| {
            let parent = directory.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            sync_folder(parent).map_err(|source| RunDirectoryError::Io { path: parent.to_owned(), source })
        });
        if begun.is_err() {
            // Nothing has begun; what cannot be removed either is left.
            let _ = fs::remove_file(&events);
        }
        begun.map(|()| directory)
    }

    /// Opens the directory of an earlier run, to go on with it.
    ///
    /// # Errors
    /// [`RunDirectoryError`]: no such directory, something else in it, or another process at work.
    pub fn open(path: &Path) -> Result<RunDirectory, RunDirectoryError> {
        let no_run = |problem: &str| RunDirectoryError::NoRun { path: path.to_owned(), problem: problem.to_owned() };
        if !path.is_dir() {
            return Err(no_run(if path.exists() { "it is a file" } else { "it does not exist" }));
        }
        if !path.join("experiment.toml").is_file() {
            return Err(no_run("it has no experiment.toml"));
        }
        let name = path.join("events.jsonl");
        // Lost events are no reason to lose a run.
        let events = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&name);
        let mut events = events.map_err(|source| RunDirectoryError::Io { path: name, source })?;
        let refused = |source| RunDirectoryError::Io { path: path.to_owned(), source };
        let length = events.seek(SeekFrom::End(0)).map_err(refused)?;
        let mut directory = RunDirectory::lock(path.to_owned(), events, length, 0)?;
        for entry in fs::read_dir(path).map_err(refused)? {
            let name = entry.map_err(refused)?.file_name();
            if name.to_str().is_some_and(|name| name.ends_with(".partial")) {
                // Of a process that was killed while it wrote.
                fs::remove_file(path.join(name)).map_err(refused)?;
            }
        }
        directory.latest = directory.checkpoints()?.first().copied().unwrap_or(0);
        Ok(directory)
    }

    fn lock(path: PathBuf, events: File, events_length: u64, latest: u64) -> Result<RunDirectory, RunDirectoryError> {
        match events.try_lock() {
            Ok(()) => Ok(RunDirectory { path, events, events_length, latest, resumed: None }),
            Err(TryLockError::WouldBlock) => Err(RunDirectoryError::Busy(path)),
            Err(TryLockError::Error(source)) => Err(RunDirectoryError::Io { path, source }),
        }
    }

    /// The numbers of its checkpoints, the latest first.
    ///
    /// # Errors
    /// [`RunDirectoryError::Io`].
    pub fn checkpoints(&self) -> Result<Vec<u64>, RunDirectoryError> {
        let refused = |source| RunDirectoryError::Io { path: self.path.clone(), source };
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(refused)? {
            let name = entry.map_err(refused)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("checkpoint-")?.strip_suffix(".bin"));
            let number = number.and_then(|number| number.parse::<u64>().ok()).filter(|&number| number <= MAX_CHECKPOINT);
            // Others have names of another form.
            numbers.extend(number.filter(|&number| self.checkpoint_path(number).file_name() == Some(&name)));
        }
        numbers.sort_unstable_by(|one, two| two.cmp(one));
        Ok(numbers)
    }

    /// Where a checkpoint is.
    pub fn checkpoint_path(&self, number: u64) -> PathBuf {
        self.path.join(format!("checkpoint-{number:06}.bin"))
    }

    /// The number that the next checkpoint will have.
    pub const fn next_checkpoint(&self) -> u64 {
        self.latest + 1
    }

    /// Saves a checkpoint, after a line about it in `events.jsonl`, and removes those before the last two. When this returns, both have
    /// reached the disk.
    ///
    /// # Errors
    /// [`RunDirectoryError::Io`], a full disk say; the checkpoints before it are still there.
    pub fn save_checkpoint(&mut self, line: &str, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        self.event(line)?;
        let refused = |path: &Path, source| RunDirectoryError::Io { path: path.to_owned(), source };
        self.events.sync_data().map_err(|source| refused(&self.path.join("events.jsonl"), source))?;
        let number = self.next_checkpoint();
        write_whole(&self.checkpoint_path(number), bytes)?;
        self.latest = number;
        for old in self.checkpoints()?.into_iter().skip(2) {
            let path = self.checkpoint_path(old);
            fs::remove_file(&path).map_err(|source| refused(&path, source))?;
        }
        Ok(())
    }

    /// Saves the hall of fame in place of an earlier one.
    ///
    /// # Errors
    /// [`RunDirectoryError::Io`].
    pub fn save_hall_of_fame(&self, records: &str) -> Result<(), RunDirectoryError> {
        write_whole(&self.path.join("hall_of_fame.jsonl"), records.as_bytes())
    }

    /// The run goes on from checkpoint number `number`: before the next event is added, those after it are removed, and later
    /// checkpoints, which are damaged, get names that say so. The number of the next checkpoint is above that of any other.
    pub const fn resume_from(&mut self, number: u64) {
        self.resumed = Some(number);
    }

    fn go_back(&mut self, number: u64) -> Result<(), RunDirectoryError> {
        let refused = |path: PathBuf, source| RunDirectoryError::Io { path, source };
        for later in self.checkpoints()?.into_iter().filter(|&later| later > number) {
            let path = self.checkpoint_path(later);
            fs::rename(&path, path.with_added_extension("damaged")).map_err(|source| refused(path, source))?;
        }
        self.forget_after(number).map_err(|source| refused(self.path.join("events.jsonl"), source))
    }

    /// Cuts `events.jsonl` behind the line about checkpoint number `number`, or, where there is none, behind its last whole line.
    fn forget_after(&mut self, number: u64) -> io::Result<()> {
        self.events.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::new(&self.events);
        let (mut line, mut at, mut whole, mut found) = (Vec::new(), 0, 0, None);
        loop {
            line.clear();
            let length = reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? as u64;
            if length == 0 {
                break;
            }
            at += length;
            if line.ends_with(b"\n") {
                whole = at;
                let is_found = |event| matches!(event, RunEvent::Checkpoint(checkpoint) if checkpoint.checkpoint == number);
                if may_be_checkpoint(&line) && serde_json::from_slice::<RunEvent>(&line).is_ok_and(is_found) {
                    found = Some(at);
                }
            }
        }
        self.events_length = found.unwrap_or(whole);
        self.events.set_len(self.events_length)?;
        self.events.seek(SeekFrom::Start(self.events_length)).map(drop)
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
        let refused = |path: &Path, source| RunDirectoryError::Io { path: path.join("events.jsonl"), source };
        if let Some(number) = self.resumed {
            self.go_back(number)?;
            self.resumed = None;
        }
        let line = format!("{line}\n");
        if let Err(source) = self.events.write_all(line.as_bytes()) {
            // Part of the line may have found room. If it cannot be taken back, the error that is reported stays the first one.
            let _ = self.events.set_len(self.events_length).and_then(|()| self.events.seek(SeekFrom::Start(self.events_length)));
            return Err(refused(&self.path, source));
        }
        self.events_length += line.len() as u64;
        Ok(())
    }

    /// Saves the program that the run found, as evolved and simplified, and `result`, a JSON text about it. The result of an earlier part
    /// of the run gives way, unless its fitness on the select tasks was better: then this one is saved under names with a number.
    /// Returns where the result is.
    ///
    /// # Errors
    /// [`RunDirectoryError::Io`].
    pub fn finish(&self, program: &Program, simplified: &Program, select_fitness: f64, result: &str) -> Result<PathBuf, RunDirectoryError> {
        let mut suffix = String::new();
        let mut number = 2;
        while self.is_better(&suffix, select_fitness) {
            suffix = format!("-{number}");
            number += 1;
        }
        write_whole(&self.path.join(format!("best{suffix}.az")), versioned(program).as_bytes())?;
        write_whole(&self.path.join(format!("best_simplified{suffix}.az")), versioned(simplified).as_bytes())?;
        let path = self.path.join(format!("result{suffix}.json"));
        write_whole(&path, format!("{result}\n").as_bytes())?;
        Ok(path)
    }

    /// Whether a result with this suffix is there that must not give way; one that cannot be read may be anything.
    fn is_better(&self, suffix: &str, select_fitness: f64) -> bool {
        match fs::read(self.path.join(format!("result{suffix}.json"))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(_) => true,
            Ok(bytes) => {
                let saved = serde_json::from_slice::<Done>(&bytes).ok().and_then(|saved| saved.select_fitness);
                saved.is_none_or(|saved| saved > select_fitness)
            }
        }
    }
}

/// Whether a line of `events.jsonl` is worth reading for a checkpoint: most are others, with whole programs in them.
fn may_be_checkpoint(line: &[u8]) -> bool {
    const NAME: &[u8] = b"\"checkpoint\"";
    line.windows(NAME.len()).take(64).any(|window| window == NAME)
}

fn versioned(program: &Program) -> String {
    format!("# semantics version {SEMANTICS_VERSION}\n{program}")
}

fn open_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Writes a file under another name first, so that it is never seen in part; when this returns, it has reached the disk under its own.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RunDirectoryError> {
    let _guard = writing();
    let partial = path.with_added_extension("partial");
    let refused = |source| RunDirectoryError::Io { path: path.to_owned(), source };
    let mut file = open_new(&partial).map_err(refused)?;
    let mut write = || {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)?;
        sync_folder(path.parent().unwrap_or(Path::new(".")))
    };
    write().map_err(|source| {
        // What cannot be removed either is left; the error is reported all the same.
        let _ = fs::remove_file(&partial);
        refused(source)
    })
}

/// Makes new names in a folder last.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere folders cannot be opened, and names last without it.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
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
            run.finish(&Program::default(), &Program::default(), 0.5, r#"{"select_fitness":0.5}"#).expect("a writable folder");
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

    fn new_run(folder: &Path) -> RunDirectory {
        let experiment = Experiment::preset("linear").expect("a built-in preset");
        RunDirectory::create(&folder.join("run"), &experiment, 7).expect("a writable folder")
    }

    #[test]
    fn a_better_result_stays() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = new_run(folder.path());
        let finish = |fitness: f64| {
            let text = format!(r#"{{"select_fitness":{fitness}}}"#);
            run.finish(&Program::default(), &Program::default(), fitness, &text).expect("a writable folder")
        };
        assert_eq!(finish(0.5), run.path().join("result.json"));
        assert_eq!(finish(0.7), run.path().join("result.json"), "a worse one gives way");
        assert_eq!(finish(0.7), run.path().join("result.json"), "and so does an equal one");
        assert_eq!(finish(0.6), run.path().join("result-2.json"));
        assert_eq!(finish(0.4), run.path().join("result-3.json"));
        assert_eq!(finish(0.65), run.path().join("result-2.json"));
        let saved = fs::read_to_string(run.path().join("result.json")).expect("it is there");
        assert_eq!(saved, "{\"select_fitness\":0.7}\n");
        fs::write(run.path().join("result.json"), "torn").expect("a writable folder");
        assert_eq!(finish(0.9), run.path().join("result-2.json"), "what cannot be read may be better");
    }

    #[test]
    fn the_last_two_checkpoints_are_kept_and_events_go_back_to_the_one_resumed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut run = new_run(folder.path());
        for number in 1..=4 {
            assert_eq!(run.next_checkpoint(), number);
            run.event(&format!(r#"{{"event":"progress","individuals":{number}}}"#)).expect("a writable folder");
            let line = format!(r#"{{"event":"checkpoint","checkpoint":{number}}}"#);
            run.save_checkpoint(&line, &[number as u8; 10]).expect("a writable folder");
        }
        assert_eq!(run.checkpoints().expect("a readable folder"), [4, 3]);
        assert_eq!(fs::read(run.checkpoint_path(3)).expect("it is there"), [3; 10]);
        assert!(matches!(RunDirectory::open(run.path()), Err(RunDirectoryError::Busy(_))), "this process is at work");
        let (path, events) = (run.path().to_owned(), run.path().join("events.jsonl"));
        drop(run);
        let all = fs::read_to_string(&events).expect("it is there");
        fs::write(path.join("checkpoint-000005.bin.partial"), "torn").expect("a writable folder");
        fs::write(&events, format!("{all}{{\"event\":\"prog")).expect("a writable folder");
        for (number, lines, left) in [(4, 8, &[4, 3][..]), (3, 6, &[4, 3]), (9, 6, &[3])] {
            let mut run = RunDirectory::open(&path).expect("nobody is at work");
            assert_eq!((&run.checkpoints().expect("a readable folder")[..], run.next_checkpoint()), (left, left[0] + 1));
            run.resume_from(number);
            assert!(fs::read_to_string(&events).expect("it is there").starts_with(&all[..100]), "nothing was written");
            run.event("{}").expect("a writable folder");
            let text = fs::read_to_string(&events).expect("it is there");
            assert_eq!(text, all.lines().take(lines).map(|line| format!("{line}\n")).collect::<String>() + "{}\n");
            fs::write(&events, text.trim_end_matches("{}\n")).expect("a writable folder");
        }
        assert!(!path.join("checkpoint-000005.bin.partial").exists());
        assert!(path.join("checkpoint-000004.bin.damaged").exists(), "it was newer than the one resumed");
        for other in ["checkpoint-7.bin", "checkpoint-18446744073709551615.bin", "checkpoint-x.bin"] {
            fs::write(path.join(other), "").expect("a writable folder");
        }
        let mut run = RunDirectory::open(&path).expect("nobody is at work");
        assert_eq!(run.checkpoints().expect("a readable folder"), [3], "names of another form");
        run.resume_from(3);
        for number in [4, 5] {
            run.save_checkpoint("{}", b"x").expect("a writable folder");
            assert_eq!(run.checkpoints().expect("a readable folder"), [number, number - 1]);
        }
    }

    #[test]
    fn other_folders_are_no_runs() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let refused = |path: &Path| RunDirectory::open(path).expect_err("no run").to_string();
        assert!(refused(&folder.path().join("x")).contains("does not exist"));
        assert!(refused(folder.path()).contains("has no experiment.toml"));
        fs::write(folder.path().join("file"), "").expect("a writable folder");
        assert!(refused(&folder.path().join("file")).contains("it is a file"));
    }

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(file_name("../../etc/x"), "------etc-x");
        assert_eq!(file_name(""), "run");
        assert_eq!(file_name(&"é".repeat(1_000)).len(), 80);
    }
}
