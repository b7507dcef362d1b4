//! Bad input of every kind, as a table: how it is made, the command that reads it, the exit code, and what the message must say.
//! Every row runs the real program with little address space, so that what is not checked before it is allocated shows.
#![cfg(all(feature = "cli", unix))]

mod arguments;
mod cases;
mod checkpoints;
mod experiments;
mod files;
mod images;
mod output;
mod programs;
mod tables;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Address space of the program, in KiB: enough for every cap on input, and far less than bad input asks for.
const ADDRESS_SPACE: u32 = 1 << 20;

/// Nothing takes nearly as long; a program that runs longer hangs.
const HANGS: Duration = Duration::from_secs(120);

/// The longest message that a person would read, in bytes, and the most lines.
const READABLE: (usize, usize) = (2_000, 12);

/// One bad input.
struct Row {
    name: &'static str,
    /// Makes the input in the row's own folder.
    make: fn(&Folder),
    /// A line for the shell, in the folder; `x` stands for the program, and the command must come last.
    command: &'static str,
    code: i32,
    /// What the message must contain.
    words: &'static [&'static str],
}

const fn row(name: &'static str, make: fn(&Folder), command: &'static str, code: i32, words: &'static [&'static str]) -> Row {
    Row { name, make, command, code, words }
}

fn nothing(_: &Folder) {}

/// The folder of a row.
struct Folder(tempfile::TempDir);

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a writable folder");
        fs::write(path, content).expect("a writable folder");
    }

    fn gzip(&self, name: &str, content: impl AsRef<[u8]>) {
        self.gzip_parts(name, [content.as_ref()]);
    }

    /// A compressed file of parts, none of which need fit into memory together.
    fn gzip_parts<'a>(&self, name: &str, parts: impl IntoIterator<Item = &'a [u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a writable folder");
        let file = File::create(path).expect("a writable folder");
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        for part in parts {
            encoder.write_all(part).expect("a writable folder");
        }
        encoder.finish().expect("a writable folder");
    }

    /// A file of that many zero bytes which takes no room on the disk.
    fn sparse(&self, name: &str, start: &[u8], length: u64) {
        self.file(name, start);
        let file = File::options().write(true).open(self.path(name)).expect("it was just made");
        file.set_len(length).expect("a sparse file");
    }

    fn link(&self, name: &str, target: &str) {
        std::os::unix::fs::symlink(target, self.path(name)).expect("a writable folder");
    }
}

/// Runs a line in the shell; `x` is the program. Ends it if it hangs.
fn shell(folder: &Path, line: &str) -> (ExitStatus, String, String) {
    let [stdout, stderr] = ["stdout", "stderr"].map(|name| folder.join(name));
    let create = |path: &Path| File::create(path).expect("a writable folder");
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -v {ADDRESS_SPACE}; x() {{ exec \"$EXNIHILO\" \"$@\"; }}; {line}")])
        .env("EXNIHILO", env!("CARGO_BIN_EXE_exnihilo"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(create(&stdout))
        .stderr(create(&stderr))
        .spawn()
        .expect("a shell");
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child of this process") {
            break status;
        }
        if begin.elapsed() > HANGS {
            child.kill().expect("a child of this process");
            panic!("`{line}` hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let read = |path| String::from_utf8_lossy(&fs::read(path).expect("it was made above")).into_owned();
    (status, read(stdout), read(stderr))
}

/// What is wrong with the answer to a row, if anything.
fn problem(row: &Row) -> Option<String> {
    let folder = Folder(tempfile::tempdir().expect("a temporary folder"));
    (row.make)(&folder);
    let (status, stdout, stderr) = shell(folder.0.path(), row.command);
    let missing = row.words.iter().find(|word| !stderr.contains(**word));
    let problem = if status.code() != Some(row.code) {
        format!("{status}, not {}", row.code)
    } else if !stdout.is_empty() {
        format!("stdout has {stdout:?}")
    } else if !stderr.starts_with("error: ") || stderr.matches("error: ").count() > 1 || stderr.contains("panicked") {
        "not one message".to_owned()
    } else if stderr.len() > READABLE.0 || stderr.lines().count() > READABLE.1 || !stderr.ends_with('\n') {
        format!("not readable: {} bytes in {} lines", stderr.len(), stderr.lines().count())
    } else if stderr.chars().any(|c| c.is_control() && c != '\n') {
        "control characters".to_owned()
    } else if let Some(word) = missing {
        format!("no {word:?}")
    } else {
        return None;
    };
    let shown: String = stderr.chars().take(3_000).collect();
    Some(format!("{}: `{}`: {problem}; stderr:\n{shown}", row.name, row.command))
}

/// Runs all rows and fails with all that is wrong.
#[track_caller]
fn check(rows: &[Row]) {
    let problems: Vec<String> = rows.iter().filter_map(problem).collect();
    assert!(problems.is_empty(), "{} of {} rows:\n{}", problems.len(), rows.len(), problems.join("\n"));
}

#[test]
fn the_table_has_at_least_sixty_rows_of_different_names() {
    let rows = [
        programs::rows(),
        programs::bombs(),
        experiments::rows(),
        tables::rows(),
        images::idx_rows(),
        images::cifar_rows(),
        cases::rows(),
        checkpoints::rows(),
        arguments::rows(),
        files::rows(),
        output::rows(),
    ];
    let mut names: Vec<&str> = rows.iter().flatten().map(|row| row.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() == count && count >= 60, "{} names of {count} rows", names.len());
}
