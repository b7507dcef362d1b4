//! Ctrl-C at any moment of a search leaves a directory in which every file is whole.
#![cfg(all(feature = "cli", unix))]

mod common;

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use exnihilo::experiment::Experiment;
use exnihilo_jit::Program;
use serde_json::Value;

/// A search that saves its run in `run`, and the lines that it prints.
struct Running {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Running {
    fn start(folder: &Path, more: &[&str]) -> Running {
        let search = ["evolve", "--json", "--out", "run", "--target-fitness", "1", "--set", "search.population=100"];
        Running::command(folder, &[&search, more].concat())
    }

    fn command(folder: &Path, arguments: &[&str]) -> Running {
        let mut child = common::command(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect(common::BUILT);
        let stdout = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let stderr = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        Running { child, stdout, stderr }
    }

    fn interrupt(&self) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// Waits for the next line about progress. None if the search is over.
    fn progress(&mut self) -> Option<Value> {
        let event: Value = serde_json::from_str(&self.stdout.next()?.expect("text")).expect("JSON");
        (event["event"] == "progress").then_some(event)
    }

    /// Waits for the end.
    fn end(mut self) -> ExitStatus {
        self.stdout.by_ref().for_each(drop);
        self.stderr.by_ref().for_each(drop);
        self.child.wait().expect("it ends")
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Whether the run has a result, after checking that everything in its directory is whole.
#[track_caller]
fn check_run(folder: &Path) -> bool {
    const RESULT: [&str; 3] = ["best.az", "best_simplified.az", "result.json"];
    let run = folder.join("run");
    let names: Vec<OsString> = fs::read_dir(&run).expect("a directory").map(|entry| entry.expect("a file").file_name()).collect();
    let known = |name: &OsString| {
        let is_checkpoint = name.to_str().is_some_and(|name| name.starts_with("checkpoint-") && name.ends_with(".bin"));
        is_checkpoint || ["experiment.toml", "events.jsonl", "hall_of_fame.jsonl"].iter().chain(&RESULT).any(|known| name == known)
    };
    assert!(names.iter().all(known), "{names:?}");
    let read = |name: &str| fs::read_to_string(run.join(name)).expect("a text");

    let experiment = Experiment::load(&run.join("experiment.toml")).expect("a whole experiment");
    assert_eq!(experiment.search.population.of_island(0), 100);
    let events = read("events.jsonl");
    assert!(events.is_empty() || events.ends_with('\n'), "{events}");
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect();
    assert!(events.first().is_none_or(|event| event["event"] == "start"), "{events:?}");

    let there = RESULT.map(|name| names.iter().any(|known| known == name));
    let program = |name: &str| read(name).parse::<Program>().expect("a whole program");
    let programs = [0, 1].map(|index| there[index].then(|| program(RESULT[index])));
    if !there[2] {
        return false;
    }
    let result: Value = serde_json::from_str(&read("result.json")).expect("whole JSON");
    for (program, field) in programs.into_iter().zip(["program", "program_simplified"]) {
        let text = result[field].as_str().expect("a text");
        assert_eq!(program, Some(text.parse().expect("a program")), "written before the result");
    }
    assert_eq!(events.last().expect("an event")["event"], "done");
    true
}

#[test]
fn after_any_line_of_progress_the_best_so_far_is_saved() {
    for lines in 1..=3 {
        let folder = folder();
        let mut running = Running::start(folder.path(), &[]);
        for _ in 0..lines {
            assert!(running.progress().is_some(), "without a limit the search goes on");
        }
        running.interrupt();
        assert_eq!(running.end().code(), Some(130));
        assert!(check_run(folder.path()));
    }
}

/// The last line of progress comes before the final evaluation, which here takes most of the time.
#[test]
fn in_the_final_evaluation_the_result_is_still_saved() {
    let folder = folder();
    let more = ["--max-individuals", "800", "--set", "tasks.final.tasks=500", "--set", "tasks.final.train=2000"];
    let mut running = Running::start(folder.path(), &more);
    while running.progress().is_some_and(|event| event["individuals"] != 800) {}
    running.interrupt();
    let code = running.end().code();
    assert!(code == Some(4) || code == Some(130), "{code:?}");
    assert!(check_run(folder.path()));
}

/// A pipe in place of the start program holds the search in its set-up.
fn held_in_set_up(folder: &Path) -> Running {
    let made = Command::new("mkfifo").arg(folder.join("start.az")).status().expect("mkfifo is there");
    assert!(made.success());
    let sizes = ["--set", "program.setup.min=0", "--set", "program.predict.min=0", "--set", "program.learn.min=0"];
    Running::start(folder, &[&["--set", "search.initial=start.az"], &sizes[..]].concat())
}

#[test]
fn in_the_set_up_the_search_ends_before_it_begins() {
    let folder = folder();
    let mut running = held_in_set_up(folder.path());
    // Opening waits for the search to open its end.
    let pipe = fs::File::options().write(true).open(folder.path().join("start.az")).expect("a pipe");
    running.interrupt();
    assert_eq!(running.stderr.next().expect("a line").expect("text"), "stopping; once more to abort");
    std::io::Write::write_all(&mut &pipe, b"def Learn():\n").expect("the search reads");
    drop(pipe);
    assert_eq!(running.end().code(), Some(130));
    assert!(!check_run(folder.path()), "there is nothing to report");
}

#[test]
fn the_second_interrupt_aborts_at_once() {
    let folder = folder();
    let mut running = held_in_set_up(folder.path());
    // As long as this end is open, the search waits: only an abort ends it.
    let pipe = fs::File::options().write(true).open(folder.path().join("start.az")).expect("a pipe");
    running.interrupt();
    assert_eq!(running.stderr.next().expect("a line").expect("text"), "stopping; once more to abort");
    running.interrupt();
    assert_eq!(running.end().code(), Some(130));
    assert!(!folder.path().join("run").exists());
    drop(pipe);
}

/// Moments that are not chosen: whatever is going on, what is left is whole. How far the search comes differs from run to run.
#[test]
fn at_moments_that_nobody_chose_what_is_left_is_whole() {
    for moment in 0..12 {
        let folder = folder();
        let running = Running::start(folder.path(), &["--max-individuals", "3000"]);
        std::thread::sleep(Duration::from_millis(25 * moment));
        // A process that has ended waits for its parent, so it can always be signalled.
        running.interrupt();
        if moment % 3 == 2 {
            running.interrupt();
        }
        let status = running.end();
        if status.signal().is_some() {
            // It had not yet got so far as to watch for interrupts.
            assert!(!folder.path().join("run").exists());
        } else {
            assert!(matches!(status.code(), Some(130 | 4)), "{status}");
            let saved = folder.path().join("run/experiment.toml").exists() && check_run(folder.path());
            assert!(saved || status.code() == Some(130), "a search that ended has a result");
        }
    }
}

#[test]
fn an_interrupted_comparison_prints_what_there_is() {
    let folder = folder();
    let mut running = Running::command(folder.path(), &["compare", "fig4-linear", "--json", "--repeats", "1000000"]);
    assert!(running.progress().is_some(), "a million experiments take hours");
    running.interrupt();
    let events = running.stdout.by_ref().map(|line| serde_json::from_str(&line.expect("text")).expect("JSON"));
    let events: Vec<Value> = events.filter(|event: &Value| event["event"] != "progress").collect();
    assert_eq!(running.end().code(), Some(130));
    let [method, done] = &events[..] else { panic!("one method was begun: {events:?}") };
    assert_eq!((&method["method"], &done["interrupted"]), (&"evolution".into(), &true.into()));
    let number = |field: &str| method[field].as_u64().expect("a count");
    assert!(number("experiments") + number("unfinished") < 1_000_000 && number("evaluations") > 0, "{method}");
}
