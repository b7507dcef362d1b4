//! Program text (`.az`) and lists of program records (`.jsonl`, `.jsonl.gz`).

use super::{Folder, Row, check, nothing, row};

/// A record with these instructions in Predict.
fn record(instructions: &str) -> String {
    format!("{{\"setup\":[],\"predict\":[{instructions}],\"learn\":[]}}\n")
}

fn body(lines: &str, count: usize) -> String {
    format!("def Learn():\n{}", lines.repeat(count))
}

const SUM: &str = r#"{"op":"SCALAR_SUM_OP","in1":1,"in2":1,"out":2}"#;

pub(super) fn rows() -> Vec<Row> {
    let text: [Row; 16] = [
        row("az: empty", |f| f.file("p.az", ""), "x eval p.az", 1, &["p.az: line 1", "no function", "write at least one"]),
        row("az: a byte order mark only", |f| f.file("p.az", "\u{feff}"), "x eval p.az", 1, &["p.az: line 1", "no function"]),
        row(
            "az: not UTF-8",
            |f| f.file("p.az", b"def Predict():\r\n  s1 = s2 + \xff\n"),
            "x eval p.az",
            1,
            &["p.az: line 2, column 13", "UTF-8"],
        ),
        row("az: UTF-16", |f| f.file("p.az", b"\xff\xfed\0e\0f\0"), "x simplify p.az", 1, &["p.az: line 1, column 1", "UTF-8"]),
        row(
            "az: cut off in an instruction",
            |f| f.file("p.az", "def Predict():\n  s1 = dot(v0"),
            "x eval p.az",
            1,
            &["p.az: line 2, column"],
        ),
        row("az: cut off in a def", |f| f.file("p.az", "def Pre"), "x eval p.az", 1, &["p.az: line 1", "Predict"]),
        row(
            "az: an address out of range",
            |f| f.file("p.az", "def Learn():\r\n  v64 = v0 + v1\r\n"),
            "x eval p.az",
            1,
            &["p.az: line 2, column 3", "v64"],
        ),
        row(
            "az: an address of many digits",
            |f| f.file("p.az", format!("def Learn():\n  s{} = s1 + s2\n", "9".repeat(1 << 20))),
            "x eval p.az",
            1,
            &["p.az: line 2, column 3"],
        ),
        row(
            "az: a name of a megabyte",
            |f| f.file("p.az", format!("def Learn():\n  s2 = {}(s1)\n", "f".repeat(1 << 20))),
            "x eval p.az",
            1,
            &["p.az: line 2, column 8"],
        ),
        row(
            "az: an unknown function",
            |f| f.file("p.az", "def Lern():\n"),
            "x eval p.az",
            1,
            &["line 1, column 5", "did you mean `Learn`?"],
        ),
        row(
            "az: a function twice",
            |f| f.file("p.az", "def Learn():\ndef Learn():\n"),
            "x eval p.az",
            1,
            &["p.az: line 2", "the first is on line 1"],
        ),
        row(
            "az: a constant too large for its type",
            |f| f.file("p.az", "def Setup():\n  s2 = 1e400\n"),
            "x eval p.az",
            1,
            &["p.az: line 2, column 8", "1e400"],
        ),
        row(
            "az: 20,000 instructions",
            |f| f.file("p.az", body("  s2 = s1 + s1\n", 20_000)),
            "x eval p.az",
            1,
            &["p.az: line 10002", "more than 10000 instructions", "remove instructions"],
        ),
        row(
            "az: a line of two gigabytes",
            |f| f.sparse("p.az", b"def Learn():\n  s2 = ", 2 << 30),
            "x eval p.az",
            1,
            &["p.az", "8388608", "check that this is a program file"],
        ),
        row(
            "az: a control character",
            |f| f.file("p.az", "def Learn():\n  \u{1b}[2Js2 = s1\n"),
            "x eval p.az",
            1,
            &["p.az: line 2, column 3"],
        ),
        row("az: compressed", |f| f.gzip("p.az", "def Learn():\n"), "x eval p.az", 1, &["p.az: line 1, column 2", "UTF-8"]),
    ];
    let records: [Row; 22] = [
        row("jsonl: empty", |f| f.file("l.jsonl", ""), "x eval l.jsonl", 1, &["l.jsonl", "no program", "one JSON record a line"]),
        row("jsonl: blank lines only", |f| f.file("l.jsonl", "\n\r\n \n"), "x eval l.jsonl", 1, &["l.jsonl", "no program"]),
        row("jsonl: a byte order mark", |f| f.file("l.jsonl", "\u{feff}{}"), "x eval l.jsonl", 1, &["l.jsonl: line 1"]),
        row("jsonl: cut off", |f| f.file("l.jsonl", record(SUM) + &record(SUM)[..40]), "x eval l.jsonl", 1, &["l.jsonl: line 2", "EOF"]),
        row(
            "jsonl: a field missing",
            |f| f.file("l.jsonl", r#"{"setup":[],"learn":[]}"#),
            "x eval l.jsonl",
            1,
            &["l.jsonl: line 1", "missing field `predict`"],
        ),
        row(
            "jsonl: a field twice",
            |f| f.file("l.jsonl", r#"{"setup":[],"setup":[],"predict":[],"learn":[]}"#),
            "x eval l.jsonl",
            1,
            &["l.jsonl: line 1", "duplicate field `setup`"],
        ),
        row("jsonl: not UTF-8", |f| f.file("l.jsonl", b"{\"id\":\"\xff\"}"), "x eval l.jsonl", 1, &["l.jsonl: line 1"]),
        row("jsonl: another type", |f| f.file("l.jsonl", "[1,2]"), "x eval l.jsonl", 1, &["l.jsonl: line 1", "not a program record"]),
        row(
            "jsonl: an unknown op",
            |f| f.file("l.jsonl", record(r#"{"op":"SCALAR_HEAVISIDE_OP","in1":1,"out":2}"#)),
            "x eval l.jsonl",
            1,
            &["l.jsonl: line 1: instruction 1 of Predict", "HEAVYSIDE"],
        ),
        row(
            "jsonl: an address missing",
            |f| f.file("l.jsonl", record(r#"{"op":"SCALAR_SUM_OP","in1":1,"out":2}"#)),
            "x eval l.jsonl",
            1,
            &["line 1: instruction 1 of Predict", "\"in2\""],
        ),
        row(
            "jsonl: a huge address",
            |f| f.file("l.jsonl", record(r#"{"op":"SCALAR_ABS_OP","in1":18446744073709551615,"out":2}"#)),
            "x eval l.jsonl",
            1,
            &["line 1: instruction 1 of Predict", "out of range", "s63"],
        ),
        row(
            "jsonl: a negative address",
            |f| f.file("l.jsonl", record(r#"{"op":"SCALAR_ABS_OP","in1":-1,"out":2}"#)),
            "x eval l.jsonl",
            1,
            &["l.jsonl: line 1", "-1"],
        ),
        row(
            "jsonl: too few constants",
            |f| f.file("l.jsonl", record(r#"{"op":"SCALAR_UNIFORM_SET_OP","out":2,"data":[1]}"#)),
            "x eval l.jsonl",
            1,
            &["line 1: instruction 1 of Predict", "takes 2 numbers"],
        ),
        row(
            "jsonl: a constant too large for 32 bits",
            |f| f.file("l.jsonl", record(r#"{"op":"SCALAR_GAUSSIAN_SET_OP","out":2,"data":[1e39,1]}"#)),
            "x eval l.jsonl",
            1,
            &["line 1: instruction 1 of Predict", "too large for 32 bits"],
        ),
        row(
            "jsonl: a fraction above 1",
            |f| f.file("l.jsonl", record(r#"{"op":"VECTOR_CONST_SET_OP","out":2,"data":[1.5,1]}"#)),
            "x eval l.jsonl",
            1,
            &["line 1: instruction 1 of Predict", "1.5"],
        ),
        row(
            "jsonl: a number of megabytes",
            |f| f.file("l.jsonl", record(&format!(r#"{{"op":"SCALAR_CONST_SET_OP","out":2,"data":[{}]}}"#, "1".repeat(10 << 20)))),
            "x eval l.jsonl",
            1,
            &["l.jsonl: line 1", "number out of range"],
        ),
        row(
            "jsonl: 20,000 instructions",
            |f| f.file("l.jsonl", record(&[SUM; 20_000].join(","))),
            "x eval l.jsonl",
            1,
            &["l.jsonl: line 1: Predict has 20000 instructions", "at most 10000"],
        ),
        row("jsonl: deep nesting", |f| f.file("l.jsonl", "{\"x\":".repeat(100_000)), "x eval l.jsonl", 1, &["l.jsonl: line 1", "EOF"]),
        row(
            "jsonl: an id of a megabyte",
            |f| f.file("l.jsonl", record(SUM).replacen('{', &format!("{{\"id\":\"{}\",", "i".repeat(1 << 20)), 1)),
            "x eval l.jsonl",
            1,
            &["l.jsonl: line 1", "id has 1048576 bytes", "at most 256"],
        ),
        row(
            "jsonl: a line of two gigabytes",
            |f| f.sparse("l.jsonl", b"{", 2 << 30),
            "x eval l.jsonl",
            1,
            &["l.jsonl: line 1", "longer than 16777216 bytes", "a line holds one program"],
        ),
        row(
            "jsonl.gz: not compressed",
            |f| f.file("l.jsonl.gz", record(SUM)),
            "x eval l.jsonl.gz",
            1,
            &["l.jsonl.gz: line 1: cannot be read", "gzip"],
        ),
        row(
            "jsonl.gz: cut off",
            |f| cut_off(f, "l.jsonl.gz", &record(SUM).repeat(1_000)),
            "x eval l.jsonl.gz",
            1,
            &["l.jsonl.gz: line", "cannot be read"],
        ),
    ];
    text.into_iter().chain(records).collect()
}

/// A compressed file without its last bytes.
pub(super) fn cut_off(folder: &Folder, name: &str, content: &str) {
    folder.gzip(name, content);
    let whole = std::fs::read(folder.path(name)).expect("it was just made");
    folder.file(name, &whole[..whole.len() - 12]);
}

/// Bombs: a gigabyte in a megabyte.
pub(super) fn bombs() -> Vec<Row> {
    fn of(folder: &Folder, name: &str, byte: u8) {
        let block = vec![byte; 1 << 20];
        folder.gzip_parts(name, (0..1_024).map(|_| &block[..]));
    }
    Vec::from([
        row("jsonl.gz: a bomb of zeros", |f| of(f, "l.jsonl.gz", 0), "x eval l.jsonl.gz", 1, &["line 1", "longer than 16777216 bytes"]),
        row(
            "jsonl.gz: a bomb of blank lines",
            |f| of(f, "l.jsonl.gz", b'\n'),
            "x eval l.jsonl.gz",
            1,
            &["line 16777217", "more than 16777216 blank bytes", "remove blank lines"],
        ),
        row(
            "case.gz: a bomb of blank lines",
            |f| of(f, "c.jsonl.gz", b'\n'),
            "x conform c.jsonl.gz",
            1,
            &["c.jsonl.gz, line 16777217: more than 16777216 blank bytes", "remove blank lines"],
        ),
    ])
}

#[test]
fn programs_are_refused_with_their_place() {
    check(&rows());
}

#[test]
fn bombs_are_read_up_to_the_cap() {
    check(&bombs());
}

#[test]
fn every_command_that_takes_a_program_refuses_alike() {
    let folder = |f: &Folder| f.file("p.az", "def Predict():\n  s0 = s1 + s2\n");
    let commands = ["x eval p.az", "x simplify p.az", "x disasm p.az", "x evolve --no-save --set search.initial=p.az"];
    check(&commands.map(|command| row("a write to s0", folder, command, 1, &["p.az: line 2, column 3", "s0"])));
    check(&commands.map(|command| {
        let words: &[&str] =
            if command.contains("evolve") { &["`p.az`"] } else { &["p.az", "`linear`, `affine`, `net`, `softmax` and `softmax-net`"] };
        row("no such file", nothing, command, if command.contains("evolve") { 2 } else { 1 }, words)
    }));
}
