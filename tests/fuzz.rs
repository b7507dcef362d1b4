//! `exnihilo fuzz` as people and scripts use it: bounds, repeatability, and processes that end where they should not.
#![cfg(feature = "cli")]

mod common;

use std::process::Output;

use serde_json::Value;

fn fuzz(folder: &tempfile::TempDir, arguments: &[&str]) -> (Output, Value) {
    let output = common::output(folder.path(), &[&["fuzz"], arguments].concat());
    let stdout = String::from_utf8_lossy(&output.stdout);
    let last = stdout.lines().last().map_or(Value::Null, |line| serde_json::from_str(line).expect("a line of JSON"));
    (output, last)
}

#[test]
fn fuzzing_is_bounded_and_repeatable() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |arguments: &[&str]| {
        let (output, done) = fuzz(&folder, arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        for field in ["programs", "cases", "divergences", "ops_covered", "finished_share", "seed", "programs_per_second", "findings"] {
            assert!(done.get(field).is_some(), "no {field} in {done}");
        }
        done
    };
    let whole = |done: &Value| {
        ["programs", "cases", "divergences", "ops", "features", "code_paths", "runs", "finished"].map(|field| done[field].clone())
    };
    let first = run(&["--cases", "150", "--seed", "5", "--json"]);
    assert!(first["cases"].as_u64() >= Some(150) && first["divergences"] == 0 && first["seed"] == 5, "{first}");
    assert_eq!(whole(&first), whole(&run(&["--cases", "150", "--seed", "5", "--json"])));
    assert_ne!(whole(&first), whole(&run(&["--cases", "150", "--seed", "6", "--json"])));
    let of_size = run(&["--cases", "60", "--features", "3", "--threads", "2", "--json"]);
    assert_eq!(of_size["features"].as_object().map(|sizes| sizes.keys().cloned().collect::<Vec<_>>()), Some(vec!["3".to_owned()]));
    let single = run(&["--first", "17", "--cases", "1", "--json"]);
    assert_eq!(single["programs"], 1);
    assert!(std::fs::read_dir(folder.path()).expect("a folder").next().is_none(), "no folder without findings");
}

/// A program that ends its process is a finding, with its number and what replays it; fuzzing goes on behind it.
#[cfg(target_os = "linux")]
#[test]
fn a_crash_is_a_finding_and_not_the_end() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["fuzz", "--seconds", "600", "--cases", "4000", "--json", "--out", "found"];
    let mut parent = common::command(folder.path(), &arguments).stdout(Stdio::piped()).spawn().expect(common::BUILT);
    // The only child of the process, once it is at work: it has its pipe and runs programs.
    let children = format!("/proc/{0}/task/{0}/children", parent.id());
    let child = loop {
        let listed = std::fs::read_to_string(&children).expect("the kernel lists children");
        if let Some(child) = listed.split_whitespace().next()
            && std::fs::read_to_string(format!("/proc/{child}/cmdline")).is_ok_and(|line| line.contains("--child"))
            && std::fs::read_to_string(format!("/proc/{child}/io")).is_ok_and(|io| written(&io) > 0)
        {
            break child.to_owned();
        }
        std::thread::yield_now();
    };
    assert!(Command::new("kill").args(["-ILL", &child]).status().expect("a shell tool").success());
    let mut lines = BufReader::new(parent.stdout.take().expect("a pipe"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a finding");
    let finding: Value = serde_json::from_str(&line).expect("a line of JSON");
    assert_eq!(
        (&finding["event"], &finding["kind"], &finding["reproduced"]),
        (&"finding".into(), &"crash".into(), &false.into()),
        "{line}"
    );
    assert!(finding["difference"].as_str().is_some_and(|how| how.contains("SIGILL")), "{line}");
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("the end");
    let done: Value = serde_json::from_str(rest.lines().last().expect("a last line")).expect("a line of JSON");
    assert_eq!((&done["event"], &done["findings"], &done["divergences"]), (&"done".into(), &1.into(), &0.into()), "{rest}");
    assert!(done["cases"].as_u64() >= Some(4_000), "it went on: {done}");
    assert_eq!(parent.wait().expect("it ended").code(), Some(3));

    // The case is there, and conforms, since nothing was wrong with it.
    let file = finding["file"].as_str().expect("a case file");
    assert!(finding["replay"][0].as_str().is_some_and(|command| command.ends_with(file)));
    let conform = common::output(folder.path(), &["conform", file]);
    assert_eq!(conform.status.code(), Some(0), "{}", String::from_utf8_lossy(&conform.stdout));
    assert_eq!(std::fs::read_dir(folder.path().join("found")).expect("the folder").count(), 1, "no leftovers");
}

/// Bytes written, in the kernel's account of a process.
#[cfg(target_os = "linux")]
fn written(io: &str) -> u64 {
    io.lines().find_map(|line| line.strip_prefix("wchar: ")).and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}
