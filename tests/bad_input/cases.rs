//! Case files (`conform`).

use super::programs::cut_off;
use super::{Folder, Row, check, nothing, row};

const CONFORM: &str = "x conform c.jsonl";

const CASE: &str = concat!(
    r#"{"kind":"execute","id":"y","features_size":1,"num_scalars":2,"num_vectors":1,"num_matrices":0,"eval_type":"RMS_ERROR","#,
    r#""max_abs_error":100,"num_train_epochs":1,"setup":[],"predict":[],"learn":[],"train_features":[[1]],"train_labels":[0],"#,
    r#""train_order":[[0]],"valid_features":[[1]],"valid_labels":[3],"valid_order":[0],"#,
    r#""expect":{"fitness":1,"train_errors":[],"valid_errors":[]}}"#
);

/// A file of one case with a piece of it replaced.
fn changed(folder: &Folder, from: &str, to: &str) {
    assert!(CASE.contains(from), "{from} is there to be replaced");
    folder.file("c.jsonl", CASE.replacen(from, to, 1));
}

pub(super) fn rows() -> Vec<Row> {
    Vec::from([
        row("case: no file", nothing, CONFORM, 1, &["c.jsonl: cannot be opened: No such file"]),
        row("case: empty", |f| f.file("c.jsonl", ""), CONFORM, 1, &["c.jsonl: there is no case", "one JSON case a line"]),
        row("case: cut off", |f| f.file("c.jsonl", &CASE[..200]), CONFORM, 1, &["c.jsonl, line 1: not a case", "EOF"]),
        row("case: not UTF-8", |f| f.file("c.jsonl", b"\n{\"kind\":\"\xff\"}"), CONFORM, 1, &["c.jsonl, line 2: not a case"]),
        row("case: an unknown kind", |f| changed(f, "execute", "exec"), CONFORM, 1, &["line 1: not a case", "unknown variant `exec`"]),
        row("case: an unknown field", |f| changed(f, "\"id\"", "\"idd\""), CONFORM, 1, &["line 1: not a case", "unknown field `idd`"]),
        row(
            "case: huge features",
            |f| changed(f, "features_size\":1", "features_size\":18446744073709551615"),
            CONFORM,
            1,
            &["line 1: case \"y\"", "not in 1 to 4096"],
        ),
        row(
            "case: more addresses than any program",
            |f| changed(f, "num_scalars\":2", "num_scalars\":255"),
            CONFORM,
            1,
            &["case \"y\"", "255 scalars"],
        ),
        row(
            "case: memory beyond the limit",
            |f| {
                let numbers = format!("[[{}1]]", "1,".repeat(4_095));
                let case = CASE.replace("features_size\":1", "features_size\":4096").replace("num_matrices\":0", "num_matrices\":64");
                f.file("c.jsonl", case.replace("features\":[[1]]", &format!("features\":{numbers}")));
            },
            CONFORM,
            1,
            &["case \"y\"", "memory limit"],
        ),
        row("case: huge epochs", |f| changed(f, "epochs\":1", "epochs\":4294967295"), CONFORM, 1, &["case \"y\"", "memory limit"]),
        row(
            "case: an example that is not there",
            |f| changed(f, "\"valid_order\":[0]", "\"valid_order\":[4294967296]"),
            CONFORM,
            1,
            &["names example 4294967296"],
        ),
        row(
            "case: an order that does not fit",
            |f| changed(f, "\"train_order\":[[0]]", "\"train_order\":[[1]]"),
            CONFORM,
            1,
            &["order of training examples"],
        ),
        row(
            "case: a bad number",
            |f| changed(f, "\"max_abs_error\":100", "\"max_abs_error\":\"nan\""),
            CONFORM,
            1,
            &["line 1: not a case", "\"NaN\""],
        ),
        row(
            "case: another semantics version",
            |f| changed(f, "\"id\"", "\"semantics\":9,\"id\""),
            CONFORM,
            1,
            &["semantics version 9", "version 1"],
        ),
        row("case: deep nesting", |f| f.file("c.jsonl", "[".repeat(1 << 20)), CONFORM, 1, &["c.jsonl, line 1"]),
        row(
            "case: lists of megabytes",
            |f| changed(f, "\"train_features\":[[1]]", &format!("\"train_features\":[{}[1]]", "[],".repeat(4 << 20))),
            CONFORM,
            1,
            &["row 0 has 0 numbers"],
        ),
        row(
            "case: a line of two gigabytes",
            |f| f.sparse("c.jsonl", b"{", 2 << 30),
            CONFORM,
            1,
            &["c.jsonl, line 1: longer than 16777216 bytes"],
        ),
        row("case.gz: cut off", |f| cut_off(f, "c.jsonl.gz", CASE), "x conform c.jsonl.gz", 1, &["c.jsonl.gz, line"]),
        row("case: a folder", |f| f.file("c.jsonl/x", ""), CONFORM, 1, &["c.jsonl: is a folder"]),
    ])
}

#[test]
fn cases_are_refused_with_their_line() {
    check(&rows());
}
