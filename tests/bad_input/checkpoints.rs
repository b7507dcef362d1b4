//! Runs that cannot be resumed: checkpoints that are torn, of other versions, or impossible; folders that are no runs.

use std::sync::OnceLock;

use exnihilo::experiment::Experiment;
use exnihilo::search::{Checkpoint, Report, Search, SearchOptions};

use super::{Folder, Row, check, nothing, row};

const HEAD_BYTES: usize = 40;

/// A small experiment, and a checkpoint of it after 20 individuals.
fn run() -> &'static (Experiment, Vec<u8>) {
    static RUN: OnceLock<(Experiment, Vec<u8>)> = OnceLock::new();
    RUN.get_or_init(|| {
        let mut experiment = Experiment::preset("linear").expect("a built-in preset");
        for (key, value) in [("search.population", "10"), ("search.side_by_side", "1"), ("tasks.select.tasks", "2")] {
            experiment.set(key, value).expect("a known key");
        }
        let options = SearchOptions { threads: 1, max_individuals: Some(20), checkpoint_every: Some(f64::MAX), ..SearchOptions::default() };
        let search = Search::new(experiment.clone(), 1, options).expect("a valid search");
        let mut bytes = Vec::new();
        let outcome = search.run(|report| {
            if let Report::Checkpoint(checkpoint, _) = report {
                bytes = checkpoint.encode().expect("a preset can be written");
            }
        });
        outcome.expect("a result");
        (experiment, bytes)
    })
}

/// A run with one checkpoint, changed.
fn with(folder: &Folder, change: impl FnOnce(&mut Vec<u8>)) {
    let (experiment, mut bytes) = run().clone();
    change(&mut bytes);
    folder.file("run/experiment.toml", experiment.to_toml().expect("a preset can be written"));
    folder.file("run/events.jsonl", "{\"schema\":1,\"event\":\"start\"}\n");
    folder.file("run/checkpoint-000001.bin", bytes);
}

/// A run with one checkpoint whose body is changed under a hash that fits it.
fn with_body(folder: &Folder, change: impl FnOnce(&mut Vec<u8>)) {
    with(folder, |bytes| {
        let mut body = bytes.split_off(HEAD_BYTES);
        change(&mut body);
        *bytes = Checkpoint::with_head(&body);
    });
}

/// A run whose checkpoint has another byte in its head, under a hash that fits it.
fn with_head(folder: &Folder, at: usize, value: u8) {
    with(folder, |bytes| {
        bytes[at] = value;
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(&bytes[..24]);
        hasher.update(&bytes[HEAD_BYTES..]);
        bytes[24..HEAD_BYTES].copy_from_slice(&hasher.digest128().to_le_bytes());
    });
}

/// Replaces the first occurrence of some bytes by as many others.
fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    let at = bytes.windows(old.len()).position(|window| window == old).expect("it is there");
    bytes[at..at + new.len()].copy_from_slice(new);
}

pub(super) fn rows() -> Vec<Row> {
    const NOTHING_LEFT: &[&str] = &["run: it has no checkpoint to go on from", "exnihilo evolve"];
    Vec::from([
        row("resume nothing", nothing, "x resume run", 1, &["run: this is not the directory of a run", "does not exist"]),
        row("resume a file", |f| f.file("run", ""), "x resume run", 1, &["run: this is not the directory of a run", "it is a file"]),
        row("resume another folder", |f| f.file("run/x", ""), "x resume run", 1, &["run: ", "has no experiment.toml"]),
        row("resume a device", nothing, "x resume /dev/null", 1, &["/dev/null: ", "it is a file"]),
        row(
            "no checkpoint",
            |f| f.file("run/experiment.toml", run().0.to_toml().expect("a preset can be written")),
            "x resume run",
            1,
            NOTHING_LEFT,
        ),
        row("checkpoint empty", |f| with(f, Vec::clear), "x resume run --quiet 2>&1 | tail -1 >&2; exit 1", 1, NOTHING_LEFT),
        row("checkpoint cut in the head", |f| with(f, |b| b.truncate(20)), "x resume run 2>&1 | tail -1 >&2; exit 1", 1, NOTHING_LEFT),
        row("checkpoint cut", |f| with(f, |b| b.truncate(b.len() - 1)), "x resume run 2>&1 | tail -1 >&2; exit 1", 1, NOTHING_LEFT),
        row("checkpoint with a wrong bit", |f| with(f, |b| b[900] ^= 4), "x resume run 2>&1 | tail -1 >&2; exit 1", 1, NOTHING_LEFT),
        row("checkpoint of text", |f| with(f, |b| *b = b"hello".repeat(50)), "x resume run 2>&1 | tail -1 >&2; exit 1", 1, NOTHING_LEFT),
        row(
            "checkpoint of another format",
            |f| with_head(f, 8, 200),
            "x resume run",
            1,
            &["checkpoint-000001.bin: it is a checkpoint of format 200", "resume with the version that wrote it"],
        ),
        row(
            "checkpoint of other semantics",
            |f| with_head(f, 12, 200),
            "x resume run",
            1,
            &["checkpoint-000001.bin: it is of semantics version 200", "another result"],
        ),
        row(
            "checkpoint of another experiment",
            |f| {
                with(f, |_| {});
                f.file("run/experiment.toml", Experiment::preset("linear").expect("a preset").to_toml().expect("it can be written"));
            },
            "x resume run",
            1,
            &["run: its checkpoint is of another experiment than experiment.toml"],
        ),
        row(
            "experiment of the run is no TOML",
            |f| {
                with(f, |_| {});
                f.file("run/experiment.toml", "name = ");
            },
            "x resume run",
            1,
            &["TOML"],
        ),
        row("body empty", |f| with_body(f, Vec::clear), "x resume run", 1, &["checkpoint-000001.bin: it is damaged"]),
        row("body of zeros", |f| with_body(f, |b| b.fill(0)), "x resume run", 1, &["checkpoint-000001.bin: "]),
        row("body of ones", |f| with_body(f, |b| b.fill(0xff)), "x resume run", 1, &["checkpoint-000001.bin: it is damaged"]),
        row("body cut", |f| with_body(f, |b| b.truncate(b.len() / 2)), "x resume run", 1, &["checkpoint-000001.bin: it is damaged"]),
        row(
            "body with more",
            |f| with_body(f, |b| b.extend([1, 2, 3])),
            "x resume run",
            1,
            &["checkpoint-000001.bin: it is damaged: 3 bytes too many"],
        ),
        row(
            "an experiment that cannot be",
            |f| with_body(f, |b| replace(b, b"population = 10", b"population = 00")),
            "x resume run",
            1,
            &["checkpoint-000001.bin: the experiment in it is refused"],
        ),
        row(
            "a program that is none",
            |f| with_body(f, |b| replace(b, b"def Predict", b"dif Predict")),
            "x resume run",
            1,
            &["the checkpoint cannot be resumed: it is damaged", "line "],
        ),
        row(
            "a program of other sizes",
            |f| with_body(f, |b| replace(b, b"setup]\ninitial = 10\nmin = 10\nmax = 10", b"setup]\ninitial = 11\nmin = 11\nmax = 11")),
            "sed -i '/setup/,/ops/ s/10/11/' run/experiment.toml; x resume run",
            1,
            &["the checkpoint cannot be resumed: it is damaged: a milestone: Setup has 10 instructions"],
        ),
        row("a wrong byte in the head", |f| with(f, |b| b[9] = 5), "x resume run 2>&1 | tail -1 >&2; exit 1", 1, NOTHING_LEFT),
        row(
            "other data than before",
            |f| {
                f.file("data.csv", (0..60).map(|row| format!("{row},{},{}\n", row * row % 7, row % 2)).collect::<String>());
            },
            "(x evolve linear --data data.csv --max-individuals 20 --out run --quiet >/dev/null); sed -i 's/^5,.*/5,6,1/' data.csv; \
             x resume run --max-individuals 30",
            1,
            &["the checkpoint cannot be resumed: the data of the tasks have changed since"],
        ),
        row("limit of nothing", |f| with(f, |_| {}), "x resume run --max-individuals 0", 2, &["--max-individuals"]),
        row("target of nothing", |f| with(f, |_| {}), "x resume run --target-fitness 2", 2, &["target", "between 0 and 1"]),
    ])
}

#[test]
fn what_cannot_be_resumed_is_refused() {
    check(&rows());
}
