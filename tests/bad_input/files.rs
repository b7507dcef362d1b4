//! Things that are no files, and names that are hardly names.

use std::os::unix::fs::PermissionsExt;
use std::{fs, thread};

use super::{Folder, Row, check, nothing, row, shell};

/// A pipe with a name, into which something writes without end.
fn endless(folder: &Folder, name: &str) {
    let path = folder.path(name);
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo is there");
    assert!(made.success());
    thread::spawn(move || {
        use std::io::Write;
        if let Ok(mut pipe) = fs::File::options().write(true).open(path) {
            // Ends when nobody reads any more.
            while pipe.write_all(&[b'x'; 1 << 16]).is_ok() {}
        }
    });
}

pub(super) fn rows() -> Vec<Row> {
    let loops = |f: &Folder| {
        for name in ["p.az", "l.jsonl", "e.toml", "t.csv", "c.jsonl", "d"] {
            f.link(name, name);
        }
    };
    const LOOP: &[&str] = &["levels of symbolic links"];
    Vec::from([
        row("a loop of links: program", loops, "x eval p.az", 1, LOOP),
        row("a loop of links: list", loops, "x eval l.jsonl", 1, LOOP),
        row("a loop of links: experiment", loops, "x evolve e.toml", 1, LOOP),
        row("a loop of links: table", loops, "x eval linear --data t.csv", 1, LOOP),
        row("a loop of links: cases", loops, "x conform c.jsonl", 1, LOOP),
        row("a loop of links: images", loops, "x eval net --task projected --data d", 1, LOOP),
        row("a loop of links: run", loops, "x evolve --out d/run", 1, &["d/run: cannot be written", "another directory"]),
        row("a folder: program", nothing, "x eval .", 1, &[".: is a folder", "a program is a file"]),
        row("a folder: list", |f| f.file("l.jsonl/x", ""), "x eval l.jsonl", 1, &["l.jsonl: is a folder"]),
        row("a folder: experiment", |f| f.file("e.toml/x", ""), "x evolve e.toml", 1, &["e.toml: it is a folder"]),
        row("a folder: table", nothing, "x eval linear --task table --data .", 1, &[".: cannot be read: not a regular file"]),
        row("/dev/null: program", nothing, "x eval /dev/null", 1, &["/dev/null: line 1", "no function"]),
        row("/dev/null: cases", nothing, "x conform /dev/null", 1, &["/dev/null: there is no case"]),
        row("/dev/null: table", nothing, "x eval linear --data /dev/null", 1, &["/dev/null: cannot be read: not a regular file"]),
        row("/dev/null: experiment", nothing, "x evolve /dev/null", 2, &["/dev/null", "missing field"]),
        row("/dev/zero: program", nothing, "x eval /dev/zero", 1, &["/dev/zero", "8388608"]),
        row("/dev/zero: start program", nothing, "x evolve --set search.initial=/dev/zero", 1, &["/dev/zero", "larger than 2097152 bytes"]),
        row("/dev/zero: experiment", nothing, "x evolve /dev/zero", 1, &["/dev/zero", "larger than 4194304 bytes"]),
        row("/dev/zero: table", nothing, "x eval linear --data /dev/zero", 1, &["/dev/zero: cannot be read: not a regular file"]),
        row("/dev/zero: cases", nothing, "x conform /dev/zero", 1, &["/dev/zero, line 1: longer than 16777216 bytes"]),
        row("an endless pipe: program", |f| endless(f, "p.az"), "x eval p.az", 1, &["p.az", "8388608"]),
        row("an endless pipe: list", |f| endless(f, "l.jsonl"), "x eval l.jsonl", 1, &["l.jsonl: line 1: longer than 16777216 bytes"]),
        row("an endless pipe: experiment", |f| endless(f, "e.toml"), "x evolve e.toml", 1, &["e.toml", "larger than 4194304 bytes"]),
        row("an endless pipe: cases", |f| endless(f, "c.jsonl"), "x conform c.jsonl", 1, &["c.jsonl, line 1: longer than 16777216 bytes"]),
        row(
            "an endless pipe: image",
            |f| endless(f, "d"),
            "x eval net --task projected --data d",
            1,
            &["d: cannot be read: Not a directory"],
        ),
        row("a name of two lines", nothing, "x eval \"$(printf 'a\\nb.az')\"", 1, &["a\\nb.az: cannot be read"]),
        row("a name that is not UTF-8", nothing, "x eval \"$(printf 'a\\377.az')\"", 1, &["a\u{fffd}.az: cannot be read"]),
        row("a name that is not UTF-8: table", nothing, "x evolve --data \"$(printf 'a\\377.csv')\"", 1, &["not UTF-8", "rename it"]),
        row("a name that is not UTF-8: experiment", nothing, "x evolve \"$(printf 'a\\377.toml')\"", 2, &["invalid UTF-8"]),
        row("a name of escapes", nothing, "x eval \"$(printf 'a\\033[2J.az')\"", 1, &["a\\u{1b}[2J.az"]),
        row("a name too long", nothing, "x eval \"$(printf 'a%.0s' $(seq 300)).az\"", 1, &["aaa", "File name too long"]),
    ])
}

#[test]
fn devices_folders_pipes_and_loops_are_refused() {
    check(&rows());
}

#[test]
fn files_without_permission_are_refused() {
    let folder = |f: &Folder| {
        f.file("p.az", "def Learn():\n");
        fs::set_permissions(f.path("p.az"), fs::Permissions::from_mode(0o000)).expect("an own file");
    };
    let probe = Folder(tempfile::tempdir().expect("a temporary folder"));
    folder(&probe);
    if fs::read(probe.path("p.az")).is_ok() {
        println!("SKIPPED: whoever runs this test may read every file");
        return;
    }
    check(&[row("no permission", folder, "x eval p.az", 1, &["p.az: cannot be read: Permission denied"])]);
}

/// A pipe can be read once only.
#[test]
fn a_start_program_from_a_pipe_is_read_once_and_saved() {
    let folder = Folder(tempfile::tempdir().expect("a temporary folder"));
    let line = "printf 'def Predict():\\n  s1 = dot(v0, v1)\\n' | x evolve --set search.initial=/dev/stdin --max-individuals 8 --out run \
        --set program.setup.min=0 --set program.predict.min=0 --set program.learn.min=0 --quiet";
    let (status, _, stderr) = shell(folder.0.path(), line);
    assert_eq!(status.code(), Some(4), "{stderr}");
    let saved = fs::read_to_string(folder.path("run/experiment.toml")).expect("it was saved");
    assert!(saved.contains("s1 = dot(v0, v1)"), "{saved}");
}
