//! Output that cannot be written: full disks, folders that are none.

use std::fs;

use super::{Folder, Row, check, nothing, row, shell};

pub(super) fn rows() -> Vec<Row> {
    const FULL: &[&str] = &["cannot write to stdout", "No space left on device"];
    Vec::from([
        row("stdout full: help", nothing, "x --help >/dev/full", 1, FULL),
        row("stdout full: help of a command", nothing, "x evolve --help >/dev/full", 1, FULL),
        row("stdout full: version", nothing, "x --version >/dev/full", 1, FULL),
        row("stdout full: presets", nothing, "x presets >/dev/full", 1, FULL),
        row("stdout full: tasks", nothing, "x tasks --json >/dev/full", 1, FULL),
        row("stdout full: man", nothing, "x man >/dev/full", 1, FULL),
        row("stdout full: completions", nothing, "x completions bash >/dev/full", 1, FULL),
        row("stdout full: simplify", nothing, "x simplify linear >/dev/full", 1, FULL),
        row("stdout full: eval", nothing, "x eval linear >/dev/full", 1, FULL),
        row("stdout full: fuzz", nothing, "x fuzz --cases 1 >/dev/full", 1, FULL),
        row("stdout full: evolve", nothing, "x evolve --no-save --quiet --max-individuals 8 >/dev/full", 1, FULL),
        row("stdout full: events", nothing, "x evolve --no-save --json --max-individuals 8 >/dev/full", 1, FULL),
        row(
            "run below a file",
            |f| f.file("file", ""),
            "x evolve --out file/run",
            1,
            &["file/run: cannot be written", "another directory"],
        ),
        row("run in a file", |f| f.file("file", ""), "x evolve --out file", 1, &["file: cannot be written"]),
        row("run on a device", nothing, "x evolve --out /dev/full", 1, &["/dev/full: cannot be written"]),
        row("run taken", |f| f.file("run/x", ""), "x evolve --out run", 1, &["run: exists and is not empty", "another directory"]),
        row("runs in a file", |f| f.file("runs", ""), "x evolve", 1, &["runs: cannot be written"]),
        row("findings in a file", nothing, "x fuzz --cases 1 --out /dev/null", 1, &["/dev/null: not a folder", "--out"]),
    ])
}

#[test]
fn output_that_cannot_be_written_is_told() {
    check(&rows());
}

/// A limit on the size of files stands for a full disk: at the first file, and at an event with a long program.
#[test]
fn a_full_disk_leaves_whole_files_and_lines() {
    let begun = &["checkpoint-000001.bin", "events.jsonl", "experiment.toml", "hall_of_fame.jsonl"][..];
    for (blocks, full, left) in [(0, "experiment.toml", &[][..]), (8, "events.jsonl", begun)] {
        let folder = Folder(tempfile::tempdir().expect("a temporary folder"));
        let sizes = "--set program.learn.max=1000 --set program.learn.initial=1000 --set program.learn.min=1000";
        let run = format!("(trap '' XFSZ; ulimit -f {blocks}; x evolve --quiet --max-individuals 8 --out run {sizes})");
        let (_, stdout, stderr) = shell(folder.0.path(), &format!("{{ {run} 2>&1; echo code $?; }} | cat"));
        assert!(
            stdout.starts_with("error: ") && stdout.contains(&format!("run/{full}: cannot be written: File too large")),
            "{stdout}{stderr}"
        );
        assert_eq!(stdout.contains("`exnihilo resume run` goes on"), blocks > 0, "{stdout}");
        assert!(stdout.ends_with("\ncode 1\n") && stdout.lines().count() == 2, "{stdout}");
        let mut names: Vec<_> =
            fs::read_dir(folder.path("run")).expect("a folder").map(|entry| entry.expect("a name").file_name()).collect();
        names.sort();
        assert_eq!(names, left);
        if blocks > 0 {
            let events = fs::read_to_string(folder.path("run/events.jsonl")).expect("checked above");
            assert!(events.ends_with('\n') && events.lines().count() >= 2, "{events}");
            assert!(events.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{events}");
        }
    }
}
