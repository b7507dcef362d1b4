//! `resume` from the outside: runs that were killed, interrupted, damaged, or are at work.
#![cfg(all(feature = "cli", unix))]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use common::{BUILT, command, output};

/// A search of two islands that exchange programs, in three experiments side by side, with a checkpoint whenever one is possible.
const SEARCH: &[&str] = &[
    "evolve",
    "--json",
    "--seed=5",
    "--target-fitness=1",
    "--max-individuals=60000",
    "--islands=2",
    "--set=search.side_by_side=3",
    "--set=search.population=60",
    "--set=search.round=7000",
    "--set=migration.every=500",
    "--set=fec.capacity=2000",
    "--set=tasks.select.tasks=5",
    "--set=tasks.final.tasks=5",
    "--set=checkpoint.every_seconds=0.02",
];

fn start(folder: &Path, arguments: &[&str]) -> Child {
    command(folder, arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect(BUILT)
}

fn evolve(run: &str) -> Vec<&str> {
    [SEARCH, &["--out", run]].concat()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// What must not depend on interruptions.
fn result(run: &Path) -> Vec<(&'static str, Value)> {
    let text = fs::read_to_string(run.join("result.json")).expect("the run has ended");
    let mut result: Value = serde_json::from_str(&text).expect("JSON");
    let fields = [
        "program",
        "individuals",
        "train_steps",
        "experiments",
        "experiment",
        "cache_hits",
        "search_fitness",
        "true_fitness",
        "select_fitness",
        "final_fitness",
        "stopped_by",
    ];
    fields.map(|field| (field, result[field].take())).into()
}

/// The kinds of events of a run, and whether all its lines are whole.
fn events(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join("events.jsonl")).expect("a file");
    let event = |line| serde_json::from_str::<Value>(line).expect("a whole line")["event"].as_str().expect("a text").to_owned();
    text.lines().map(event).collect()
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = output(folder, arguments);
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(code), "{message}");
    message
}

#[test]
fn a_run_that_was_killed_ten_times_is_the_straight_run() {
    let folder = folder();
    assert_eq!(output(folder.path(), &evolve("straight")).status.code(), Some(4), "the target cannot be reached");
    let (straight, killed) = (folder.path().join("straight"), folder.path().join("killed"));
    let mut kills = 0;
    while kills < 10 && !killed.join("result.json").exists() {
        let has_checkpoint = fs::read_dir(&killed)
            .is_ok_and(|files| files.flatten().any(|file| file.file_name().to_str().is_some_and(|name| name.ends_with(".bin"))));
        let threads = ["--threads=1", "--threads=2"][kills % 2];
        let mut child = if has_checkpoint {
            start(folder.path(), &["resume", "killed", threads])
        } else {
            // It was killed before its first checkpoint, of the beginning.
            let _ = fs::remove_dir_all(&killed);
            start(folder.path(), &[&evolve("killed")[..], &[threads]].concat())
        };
        std::thread::sleep(Duration::from_millis(60 + 37 * kills as u64));
        child.kill().expect("it was not waited for yet");
        child.wait().expect("it is dead");
        kills += 1;
    }
    // On a quick machine the last part may have come to its end before it was to be killed.
    if !killed.join("result.json").exists() {
        let last = output(folder.path(), &["resume", "killed", "--backend=interp", "--json"]);
        assert_eq!(last.status.code(), Some(4), "{}", String::from_utf8_lossy(&last.stderr));
    }
    assert_eq!(result(&killed), result(&straight));
    assert!(events(&killed).last().is_some_and(|event| event == "done"));
    assert!(fs::read_dir(&killed).expect("a folder").flatten().all(|file| !file.path().to_string_lossy().contains("partial")));
}

#[test]
fn an_interrupted_run_goes_on_and_its_result_gives_way() {
    let folder = folder();
    let run = folder.path().join("run");
    // The limit of time stands for the interrupt, and one of individuals for the end.
    let seconds = output(folder.path(), &[&evolve("run")[..], &["--max-seconds=0.2"]].concat());
    assert_eq!(seconds.status.code(), Some(4), "{}", String::from_utf8_lossy(&seconds.stderr));
    if fs::read_to_string(run.join("result.json")).expect("a result").contains(r#""stopped_by": "seconds""#) {
        let message = refused(folder.path(), &["resume", "run"], 2);
        assert!(message.contains("its limit in seconds ended it; raise --max-seconds"), "{message}");
        let longer = output(folder.path(), &["resume", "run", "--max-seconds=10000", "--json"]);
        assert_eq!(longer.status.code(), Some(4), "{}", String::from_utf8_lossy(&longer.stderr));
    }
    assert_eq!(output(folder.path(), &evolve("straight")).status.code(), Some(4));
    let is_better = run.join("result-2.json").exists();
    if !is_better {
        assert_eq!(result(&run), result(&folder.path().join("straight")));
    }
    let message = refused(folder.path(), &["resume", "run"], 2);
    assert!(message.contains("raise --max-individuals"), "{message}");
    let longer = output(folder.path(), &["resume", "run", "--max-individuals=61000", "--json", "--max-seconds=10000"]);
    let done = String::from_utf8(longer.stdout).expect("text");
    let done: Value = serde_json::from_str(done.lines().last().expect("a line")).expect("JSON");
    assert_eq!((done["event"].as_str(), done["individuals"].as_u64()), (Some("done"), Some(61_000)));
}

/// A run with several checkpoints, killed.
fn killed_run(folder: &Path) -> std::path::PathBuf {
    let run = folder.join("run");
    let endless = evolve("run").into_iter().filter(|argument| !argument.starts_with("--max-individuals")).collect::<Vec<_>>();
    let mut child = start(folder, &endless);
    while !run.exists() || checkpoints(&run).last().is_none_or(|name| name.as_str() < "checkpoint-000003.bin") {
        std::thread::sleep(Duration::from_millis(5));
        assert!(child.try_wait().expect("a child").is_none(), "it runs for long");
    }
    let busy = refused(folder, &["resume", "run"], 1);
    assert!(busy.contains("another process is running this search"), "{busy}");
    child.kill().expect("it was not waited for yet");
    child.wait().expect("it is dead");
    run
}

/// The numbers of its checkpoints, in order.
fn checkpoints(run: &Path) -> Vec<String> {
    let names = fs::read_dir(run).expect("a folder").flatten().filter_map(|file| file.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".bin")).collect();
    names.sort();
    names
}

#[test]
fn damaged_runs_go_on_from_what_is_whole_or_are_refused() {
    let folder = folder();
    let run = killed_run(folder.path());
    let few = ["resume", "run", "--max-individuals=1", "--json"];
    let names = checkpoints(&run);
    // It may have been killed before it removed the oldest.
    assert!((2..=3).contains(&names.len()), "the last two are kept: {names:?}");
    let last = names.last().expect("two or three");

    // A torn last one: the one before it serves, and the events go back to it.
    let bytes = fs::read(run.join(last)).expect("a checkpoint");
    fs::write(run.join(last), &bytes[..bytes.len() / 2]).expect("a writable folder");
    let resumed = output(folder.path(), &few);
    let message = String::from_utf8(resumed.stderr).expect("text");
    assert_eq!(resumed.status.code(), Some(4), "{message}");
    assert!(message.contains("torn or damaged") && message.contains("trying the one before it"), "{message}");
    let kinds = events(&run);
    let place = kinds.iter().position(|event| event == "resume").expect("it went on");
    assert_eq!(kinds[place - 1], "checkpoint");

    let names = checkpoints(&run);
    assert_eq!(names.len(), 2, "older ones go with the next");
    let whole = fs::read(run.join(&names[1])).expect("a checkpoint");
    let both = |bytes: &[u8]| names.iter().for_each(|name| fs::write(run.join(name), bytes).expect("a writable folder"));
    for (bytes, words) in [
        (&b""[..], "it has no checkpoint to go on from"),
        (b"checkpoint", "it has no checkpoint to go on from"),
        (&whole[..whole.len() - 1], "it has no checkpoint to go on from"),
    ] {
        both(bytes);
        let message = refused(folder.path(), &few, 1);
        assert!(message.contains(words), "{message}");
    }
    both(&whole);

    let experiment = fs::read_to_string(run.join("experiment.toml")).expect("an experiment");
    fs::write(run.join("experiment.toml"), experiment.replace("tournament = 10", "tournament = 9")).expect("a writable folder");
    let message = refused(folder.path(), &few, 1);
    assert!(message.contains("another experiment than experiment.toml"), "{message}");
    fs::write(run.join("experiment.toml"), &experiment).expect("a writable folder");

    // Events are for people and reports; without them the run goes on all the same.
    fs::remove_file(run.join("events.jsonl")).expect("it is there");
    fs::remove_file(run.join("result.json")).expect("it is there");
    assert_eq!(output(folder.path(), &few).status.code(), Some(4));
    assert_eq!(events(&run)[0], "resume");
    assert!(refused(folder.path(), &["resume", "nowhere"], 1).contains("does not exist"));
}

/// The result of its first part says that a limit ended it; that limit holds no more.
#[test]
fn a_run_that_goes_on_beyond_its_result_can_be_killed_too() {
    let folder = folder();
    let run = folder.path().join("run");
    let first = evolve("run")
        .into_iter()
        .map(|argument| if argument.starts_with("--max-individuals") { "--max-individuals=600" } else { argument });
    assert_eq!(output(folder.path(), &first.collect::<Vec<_>>()).status.code(), Some(4));
    assert!(refused(folder.path(), &["resume", "run"], 2).contains("raise --max-individuals"));
    // Further checkpoints come when it goes on.
    let go_on_until_a_checkpoint = |more: &[&str]| {
        let before = checkpoints(&run);
        let mut child = start(folder.path(), &[&["resume", "run"], more].concat());
        while checkpoints(&run) == before {
            std::thread::sleep(Duration::from_millis(5));
            assert!(child.try_wait().expect("a child").is_none(), "it goes on");
        }
        child.kill().expect("it was not waited for yet");
        child.wait().expect("it is dead");
    };
    go_on_until_a_checkpoint(&["--max-individuals=1000000000"]);
    go_on_until_a_checkpoint(&[]);
    assert!(run.join("result.json").exists(), "the first part's");
}

/// A limit on the size of files stands for a full disk: the run ends with an error and goes on when there is room.
#[test]
fn after_a_full_disk_the_run_goes_on() {
    let folder = folder();
    let program = env!("CARGO_BIN_EXE_exnihilo");
    let arguments = evolve("run").join(" ");
    let script = format!("trap '' XFSZ; ulimit -f 40; {program} {arguments} >/dev/null");
    let full = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().expect("a shell");
    let message = String::from_utf8(full.stderr).expect("text");
    assert_eq!(full.status.code(), Some(1), "{message}");
    assert!(message.contains("cannot be written: File too large"), "{message}");
    let run = folder.path().join("run");
    assert!(!run.join("result.json").exists() && !checkpoints(&run).is_empty());
    assert_eq!(output(folder.path(), &["resume", "run"]).status.code(), Some(4));
    assert_eq!(output(folder.path(), &evolve("straight")).status.code(), Some(4));
    assert_eq!(result(&run), result(&folder.path().join("straight")));
}

#[test]
fn runs_of_earlier_versions_are_reported_and_go_on() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runs");
    for version in ["format-2"] {
        let (folder, from) = (folder(), recorded.join(version));
        let run = folder.path().join("run");
        fs::create_dir(&run).expect("a writable folder");
        for file in fs::read_dir(&from).expect("a recorded run") {
            let path = file.expect("a readable folder").path();
            fs::copy(&path, run.join(path.file_name().expect("a file"))).expect("a writable folder");
        }
        let reported = output(folder.path(), &["report", "run", "--out", "before.html"]);
        let said = String::from_utf8_lossy(&reported.stderr).into_owned();
        assert!(reported.status.success(), "{version}: {said}");
        let page = fs::read_to_string(folder.path().join("before.html")).expect("a page");
        for words in ["linear seed 4", "Hall of fame", "Lineage"] {
            assert!(page.to_lowercase().contains(&words.to_lowercase()), "{version}: no {words:?} on the page");
        }
        assert!(!page.contains("left out"), "{version}: something of the run could not be read");

        let ended = output(folder.path(), &["resume", "run", "--max-individuals", "1200", "--json", "--quiet"]);
        let text = String::from_utf8(ended.stdout).expect("output is UTF-8");
        let done: Value = serde_json::from_str(text.lines().last().expect("a last event")).expect("JSON");
        let expected: Value = serde_json::from_str(&fs::read_to_string(from.join("resumed.json")).expect("recorded")).expect("JSON");
        for (field, value) in expected.as_object().expect("an object") {
            assert_eq!(&done[field], value, "{version}: {field}");
        }
    }
}
