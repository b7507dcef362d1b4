//! Experiment files (TOML) and single keys of them (`--set`).

use super::{Folder, Row, check, nothing, row};

const EVOLVE: &str = "x evolve e.toml --no-save --max-individuals 10";

/// The preset `linear` with a piece of its text replaced.
fn changed(folder: &Folder, from: &str, to: &str) {
    let preset = include_str!("../../src/experiment/presets/linear.toml");
    assert!(preset.contains(from), "{from} is there to be replaced");
    folder.file("e.toml", preset.replacen(from, to, 1));
}

pub(super) fn rows() -> Vec<Row> {
    let files: [Row; 23] = [
        row(
            "final tasks that cannot be, before the search and not after it",
            |_| (),
            "x evolve digits --no-save --max-seconds 100000 --target-fitness 1 --set tasks.final.valid=1000",
            1,
            &["tasks.final: ", "lower `valid`"],
        ),
        row(
            "toml: empty",
            |f| f.file("e.toml", ""),
            EVOLVE,
            2,
            &["e.toml", "line 1", "missing field `program`", "exnihilo presets linear"],
        ),
        row("toml: a byte order mark only", |f| f.file("e.toml", "\u{feff}"), EVOLVE, 2, &["e.toml", "line 1", "missing field"]),
        row("toml: not UTF-8", |f| f.file("e.toml", b"name = \"\xff\"\n"), EVOLVE, 1, &["e.toml", "byte 8", "UTF-8"]),
        row("toml: a zero byte", |f| f.file("e.toml", b"name = \"\0\"\n"), EVOLVE, 1, &["e.toml", "line 1"]),
        row("toml: cut off in a section", |f| f.file("e.toml", "[program\n"), EVOLVE, 1, &["e.toml", "line 1"]),
        row("toml: cut off in a string", |f| f.file("e.toml", "name = \"lin"), EVOLVE, 1, &["e.toml", "line 1"]),
        row("toml: cut off in a list", |f| f.file("e.toml", "name = 'x'\na = [1,\n"), EVOLVE, 1, &["e.toml", "line 2"]),
        row("toml: a key twice", |f| f.file("e.toml", "name = 'a'\r\nname = 'b'\r\n"), EVOLVE, 1, &["e.toml", "line 2", "duplicate key"]),
        row(
            "toml: an unknown key",
            |f| changed(f, "tournament", "turnament"),
            EVOLVE,
            2,
            &["e.toml", "line ", "did you mean `tournament`?"],
        ),
        row("toml: an unknown section", |f| changed(f, "[search]", "[serch]"), EVOLVE, 2, &["e.toml", "did you mean `search`?"]),
        row("toml: an unknown op", |f| changed(f, "SCALAR_DIFF_OP", "SCALAR_DIF_OP"), EVOLVE, 2, &["did you mean `SCALAR_DIFF_OP`?"]),
        row(
            "toml: a word for a number",
            |f| changed(f, "tournament = 10", "tournament = 'x'"),
            EVOLVE,
            2,
            &["line ", "expected a whole number"],
        ),
        row("toml: a negative number", |f| changed(f, "tournament = 10", "tournament = -1"), EVOLVE, 2, &["e.toml", "line ", "-1"]),
        row("toml: a number too large", |f| changed(f, "tournament = 10", "tournament = 9223372036854775808"), EVOLVE, 1, &["line "]),
        row(
            "toml: a number out of range",
            |f| changed(f, "tournament = 10", "tournament = 1000001"),
            EVOLVE,
            2,
            &["search.tournament: 1000001 is not possible; choose 1 to 1000000"],
        ),
        row("toml: NaN", |f| changed(f, "mutate_prob = 0.9", "mutate_prob = nan"), EVOLVE, 2, &["search.mutate_prob", "0 to 1"]),
        row("toml: deep lists", |f| f.file("e.toml", format!("a = {}", "[".repeat(500_000))), EVOLVE, 1, &["e.toml", "line 1", "recurs"]),
        row("toml: deep sections", |f| f.file("e.toml", format!("a{} = 1", ".a".repeat(200_000))), EVOLVE, 1, &["e.toml", "recurs"]),
        row(
            "toml: a key of a megabyte",
            |f| f.file("e.toml", format!("{} = 1", "k".repeat(1 << 20))),
            EVOLVE,
            2,
            &["e.toml", "unknown field"],
        ),
        row(
            "toml: a list of megabytes",
            |f| f.file("e.toml", format!("a = [{}]", "1,".repeat(2_000_000))),
            EVOLVE,
            2,
            &["unknown field `a`"],
        ),
        row(
            "toml: a sparse gigabyte",
            |f| f.sparse("e.toml", b"a = '", 1 << 30),
            EVOLVE,
            1,
            &["larger than 4194304 bytes; name another file"],
        ),
        row(
            "toml: a start program that is none",
            |f| {
                f.file("start.az", "def Learn():\n  s2 = sinus(s1)\n");
                changed(f, "initial = \"random\"", "initial = \"start.az\"");
            },
            EVOLVE,
            1,
            &["start.az: line 2, column 8", "sinus"],
        ),
    ];
    let keys: [Row; 16] = [
        row("set: no value", nothing, "x evolve --set search.population", 2, &["KEY=VALUE"]),
        row("set: no key", nothing, "x evolve --set =1", 2, &["SECTION.KEY"]),
        row("set: dots only", nothing, "x evolve --set ...=1", 2, &["SECTION.KEY"]),
        row("set: deeper than any key", nothing, "x evolve --set a.b.c.d.e.f.g.h.i=1", 2, &["SECTION.KEY"]),
        row("set: below a value", nothing, "x evolve --set search.population.x=1", 2, &["`population` is a value"]),
        row("set: an unknown key", nothing, "x evolve --set search.popluation=1", 2, &["did you mean `population`?"]),
        row("set: a section", nothing, "x evolve --set search=1", 2, &["search", "expected a section"]),
        row("set: not a number", nothing, "x evolve --set search.population=[1,2", 2, &["search.population", "expected a whole number"]),
        row("set: beyond 64 bits", nothing, "x evolve --set tasks.seed=18446744073709551615", 2, &["tasks.seed", "9223372036854775807"]),
        row("set: beyond 32 bits", nothing, "x evolve --set fec.forget_after=4294967296", 2, &["fec.forget_after", "0 to 4294967295"]),
        row("set: too many addresses", nothing, "x evolve --set program.addresses.scalars=65", 2, &["program.addresses", "65"]),
        row("set: caches beyond memory", nothing, "x evolve --set fec.capacity=100000000", 2, &["fec.capacity", "choose at most 12500000"]),
        row(
            "set: populations beyond memory",
            nothing,
            "x evolve --set program.learn.max=10000 --set search.population=1000000",
            2,
            &["search.population", "too large", "choose at most"],
        ),
        row("set: nested lists", nothing, "x evolve --set search.mutations=\"$(printf '[%.0s' $(seq 5000))\"", 2, &["search.mutations"]),
        row("set: a long key", nothing, "x evolve --set \"$(printf 'k%.0s' $(seq 50000))=1\"", 2, &["cannot set kkk"]),
        row("set: a start program that is a folder", nothing, "x evolve --set search.initial=.", 1, &["folder"]),
    ];
    files.into_iter().chain(keys).collect()
}

#[test]
fn experiments_are_refused_with_key_and_remedy() {
    check(&rows());
}
