//! Tables (`--data FILE.csv`), plain and compressed.

use super::programs::cut_off;
use super::{Row, check, row};

const EVAL: &str = "x eval linear --data t.csv";

/// Forty good rows below a header, then one more line.
fn ending(last: &str) -> String {
    format!("a,b,y\n{}{last}\n", "0.5,1,2\n1,0.25,3\n".repeat(20))
}

pub(super) fn rows() -> Vec<Row> {
    Vec::from([
        row("csv: empty", |f| f.file("t.csv", ""), EVAL, 1, &["t.csv: is empty", "expected lines of numbers"]),
        row("csv: a byte order mark only", |f| f.file("t.csv", "\u{feff}\r\n"), EVAL, 1, &["t.csv", "empty"]),
        row("csv: a header only", |f| f.file("t.csv", "a,b,y\r\n"), EVAL, 1, &["t.csv", "no rows", "at least 2"]),
        row("csv: one row", |f| f.file("t.csv", "1,2,3\n"), EVAL, 1, &["t.csv"]),
        row("csv: one column", |f| f.file("t.csv", "y\n1\n2\n"), EVAL, 1, &["t.csv", "one column", "comma"]),
        row("csv: semicolons", |f| f.file("t.csv", "1;2\n3;4\n"), EVAL, 1, &["t.csv", "one column"]),
        row("csv: NaN", |f| f.file("t.csv", ending("nan,1,2")), EVAL, 1, &["t.csv, line 42, column `a`", "not finite", "remove the line"]),
        row("csv: infinity", |f| f.file("t.csv", ending("1,-inf,2")), EVAL, 1, &["t.csv, line 42, column `b`", "not finite"]),
        row("csv: a label of NaN", |f| f.file("t.csv", ending("1,1,NaN")), EVAL, 1, &["t.csv, line 42, column `y`", "not finite"]),
        row("csv: a value missing", |f| f.file("t.csv", ending("1,,2")), EVAL, 1, &["line 42, column `b`", "missing", "fill it in"]),
        row("csv: a word", |f| f.file("t.csv", ending("1,one,2")), EVAL, 1, &["line 42, column `b`", "`one` is not a number"]),
        row("csv: overflow", |f| f.file("t.csv", ending("1,1e999,2")), EVAL, 1, &["line 42, column `b`", "1e999"]),
        row("csv: too large", |f| f.file("t.csv", ending("1,1e300,2")), EVAL, 1, &["line 42, column `b`", "1e100", "another unit"]),
        row("csv: a field too few", |f| f.file("t.csv", ending("1,2")), EVAL, 1, &["line 42, column `y`", "2 fields", "first line 3"]),
        row("csv: a field too many", |f| f.file("t.csv", ending("1,2,3,4")), EVAL, 1, &["line 42, column `4`", "4 fields"]),
        row("csv: equal labels", |f| f.file("t.csv", "1,2\n3,2\n"), EVAL, 1, &["t.csv", "every label is `2`"]),
        row(
            "csv: three words as labels",
            |f| f.file("t.csv", "a,y\n1,u\n2,v\n3,w\n"),
            EVAL,
            1,
            &["t.csv, line 2, column `y`", "two different"],
        ),
        row("csv: not UTF-8", |f| f.file("t.csv", b"1,2\n\xff,3\n"), EVAL, 1, &["t.csv, line 2, column `1`", "not UTF-8"]),
        row("csv: a quote that never ends", |f| f.file("t.csv", ending("1,\"2,3")), EVAL, 1, &["t.csv, line 42"]),
        row("csv: control characters", |f| f.file("t.csv", ending("1,\u{1b}[2J\u{7},2")), EVAL, 1, &["line 42, column `b`", "\\u{1b}[2J"]),
        row(
            "csv: a field of megabytes",
            |f| f.file("t.csv", ending(&format!("1,{},2", "9".repeat(8 << 20)))),
            EVAL,
            1,
            &["line 42, column `b`"],
        ),
        row("csv: a name of megabytes", |f| f.file("t.csv", format!("{},y\nx,1\n", "n".repeat(8 << 20))), EVAL, 1, &["t.csv, line 2"]),
        row("csv: more columns than any table", |f| f.file("t.csv", ",".repeat(4 << 20)), EVAL, 1, &["line 1 has more than 65536 fields"]),
        row(
            "csv: more features than programs take",
            |f| f.file("t.csv", format!("{0}1\n{0}2\n{0}3\n", "1,".repeat(5_000))),
            EVAL,
            1,
            &["t.csv", "5000 feature columns", "4096", "`features`"],
        ),
        row(
            "csv: an unknown label column",
            |f| f.file("t.csv", ending("1,2,3")),
            "x eval linear --data t.csv --label z",
            1,
            &["no column `z`", "`a`, `b`, `y`"],
        ),
        row(
            "csv: a label column twice",
            |f| f.file("t.csv", "y,y\n1,2\n3,4\n"),
            "x eval linear --data t.csv --label y",
            1,
            &["two columns called `y`"],
        ),
        row(
            "csv: fewer rows than asked for",
            |f| f.file("t.csv", ending("1,2,3")),
            "x eval linear --data t.csv --train 100",
            1,
            &["t.csv", "41 rows", "lower `train`"],
        ),
        row(
            "csv: a line of two gigabytes",
            |f| f.sparse("t.csv", b"1,2\n", 2 << 30),
            EVAL,
            1,
            &["t.csv", "more than 134217728 bytes of text"],
        ),
        row("csv.gz: cut off", |f| cut_off(f, "t.csv", &ending("1,2,3")), EVAL, 1, &["t.csv: cannot be read"]),
        row(
            "csv.gz: a bomb",
            |f| {
                let block = b"1,2\n".repeat(1 << 18);
                f.gzip_parts("t.csv", (0..256).map(|_| &block[..]));
            },
            EVAL,
            1,
            &["t.csv", "more than 134217728 bytes of text", "fewer rows"],
        ),
        row(
            "csv: the table of a search",
            |f| f.file("t.csv", ending("1,x,2")),
            "x evolve --no-save --data t.csv",
            1,
            &["tasks.search: ", "/t.csv, line 42"],
        ),
    ])
}

#[test]
fn tables_are_refused_with_line_column_and_remedy() {
    check(&rows());
}
