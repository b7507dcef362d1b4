//! The program as people and scripts start it, for the tests that do. Each of them uses a part of this.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What `output` and `spawn` of a command expect.
pub(crate) const BUILT: &str = "the program was built for this test";

/// A command that is to be run in a folder; nothing is there for it to read.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exnihilo"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn output(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect(BUILT)
}

/// The end of a command.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(command: &mut Command) -> Ended {
        let Output { status, stdout, stderr } = command.output().expect(BUILT);
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// What it printed with `--json`.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        let events: Vec<Value> = self.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        assert!(events.iter().all(|event| event["schema"] == 1 && event["event"].is_string()), "{}", self.stdout);
        events
    }

    /// The events of one kind.
    #[track_caller]
    pub(crate) fn events_of(&self, kind: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == kind).collect()
    }

    #[track_caller]
    pub(crate) fn last(&self) -> Value {
        self.events().pop().expect("at least one event")
    }
}

/// A folder of its own for each test, where the program runs.
pub(crate) struct Folder(pub(crate) tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, in a folder of its own if the name says so.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a writable folder");
        fs::write(&path, content).expect("a writable folder");
        path.to_str().expect("a path of UTF-8").to_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        command(self.0.path(), arguments)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&mut self.command(arguments))
    }

    /// Runs as on a machine that Cranelift does not know.
    pub(crate) fn run_without_native_code(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).env("EXNIHILO_NO_JIT", "1"))
    }

    /// Runs what must succeed.
    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        ended
    }

    /// Runs what must fail with this code and one message that has these words in it.
    #[track_caller]
    pub(crate) fn refuse(&self, arguments: &[&str], code: i32, words: &[&str]) {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stdout.is_empty(), "{arguments:?}: {}", ended.stdout);
        assert!(ended.stderr.starts_with("error: "), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stderr.matches("error: ").count(), 1, "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{arguments:?}: {}", ended.stderr);
        for word in words {
            assert!(ended.stderr.contains(word), "{arguments:?}: no {word:?} in {}", ended.stderr);
        }
    }
}
