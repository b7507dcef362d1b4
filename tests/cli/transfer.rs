//! `transfer`: tables, events, refusals.

use std::fs;

use super::common::Folder;
use super::has_fields;

/// A linear model whose learning rate is the norm of a vector.
const COMPUTED_RATE: &str = "def Setup():\n  v3[0.0] = 0.05\n  s2 = norm(v3)\n  s9 = 3.0\ndef Predict():\n  s1 = dot(v0, v1)\n\
                             def Learn():\n  s3 = s0 - s1\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n";

#[test]
fn transfer_tells_what_a_program_is_worth_on_whole_images() {
    let folder = Folder::new();
    let program = folder.file("found.az", COMPUTED_RATE);
    let out = folder.path("tuned.az");
    let out = out.to_str().expect("plain");
    let command = ["transfer", &program, "--decouple", "--pair", "3-5", "--pair", "8-9", "--train", "120", "--trials", "5", "--seeds", "2"];
    let ended = folder.run(&[&command[..], &["--net", "2", "--json", "--out", out]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let events = ended.events();
    let (done, rows) = events.split_last().expect("events");
    let kinds: Vec<[&str; 2]> = rows.iter().map(|row| ["event", "variant"].map(|field| row[field].as_str().expect("a text"))).collect();
    let expected = [["program", "found"], ["program", "tuned"], ["program", "decoupled"], ["baseline", "tuned"], ["baseline", "tuned"]];
    assert_eq!(kinds, expected);
    for row in rows {
        has_fields(row, &["name", "trial", "valid_accuracy", "test_mean", "test_st_dev", "test_by_seed", "constants", "program"]);
        assert!(row["program"].as_str().is_some_and(|text| text.parse::<exnihilo_jit::Program>().is_ok()));
        let pairs = row["pairs"].as_array().expect("a list");
        assert_eq!(pairs.iter().map(|pair| pair["pair"].as_str().expect("a text")).collect::<Vec<_>>(), ["3-5", "8-9"]);
        let mean = |field: &str| pairs.iter().map(|pair| pair[field].as_f64().expect("a number")).sum::<f64>() / 2.0;
        assert!((mean("test_mean") - row["test_mean"].as_f64().expect("a number")).abs() < 1e-12, "{row}");
        assert!((mean("valid_accuracy") - row["valid_accuracy"].as_f64().expect("a number")).abs() < 1e-12, "{row}");
        assert!(pairs.iter().all(|pair| pair["test_accuracy"].as_array().is_some_and(|seeds| seeds.len() == 2)));
    }
    assert!(rows[3]["test_mean"].as_f64().is_some_and(|mean| mean > 0.8), "logistic regression learns: {}", rows[3]);
    assert_eq!(rows[2]["decoupled"][0]["scalar"], "s2");
    assert!((rows[2]["decoupled"][0]["value"].as_f64().expect("a number") - 0.05).abs() < 1e-8, "{}", rows[2]);
    assert!(rows[2]["constants"].as_array().is_some_and(|constants| constants.len() == 1));
    assert_eq!((&done["event"], &done["features"], &done["train"], &done["trials"]), (&"done".into(), &64.into(), &120.into(), &5.into()));
    assert_eq!(done["runs"], 4 * 2 * 5 + 5 * 2 * 2);

    // The best variant was written, and is not written over.
    let kept = &rows[if done["variant"] == "decoupled" { 2 } else { 1 }];
    let written = fs::read_to_string(out).expect("a program").parse::<exnihilo_jit::Program>().expect("a program");
    assert_eq!((&done["program"], written.to_string().as_str()), (&kept["program"], kept["program"].as_str().expect("a text")));
    folder.refuse(&[&command[..], &["--out", out]].concat(), 1, &["tuned.az", "exists already"]);

    let text = folder.run(&[&command[..], &["--net", "none", "--quiet"]].concat());
    assert_eq!((text.code, text.stderr.as_str()), (Some(0), ""));
    for words in ["logistic regression", "as found", "decoupled, tuned", "test % of each pair", "8-9", "s2 = 0.05"] {
        assert!(text.stdout.contains(words), "no {words:?} in {}", text.stdout);
    }
    assert!(!text.stdout.contains("net"), "{}", text.stdout);
}

#[test]
fn transfers_are_the_same_on_any_threads_and_backend() {
    let folder = Folder::new();
    let program = folder.file("found.az", COMPUTED_RATE);
    let result = |more: &[&str]| {
        let command = ["transfer", &program, "--decouple", "--pair", "1-8", "--trials", "7", "--seeds", "2", "--net", "1", "--json"];
        let ended = folder.run(&[&command[..], more].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let mut events = ended.events();
        for event in &mut events {
            let object = event.as_object_mut().expect("an object");
            for field in ["backend", "threads", "elapsed_seconds", "compiled", "compile_failures"] {
                object.remove(field);
            }
        }
        events
    };
    let first = result(&["--threads", "1"]);
    assert_eq!(first, result(&["--threads", "2"]));
    assert_eq!(first, result(&["--threads", "2", "--backend", "jit"]));
    assert_ne!(first, result(&["--seed", "1"]));
    assert_ne!(first, result(&["--epochs", "2"]));
}

#[test]
fn transfers_that_cannot_be_are_refused_at_once() {
    let folder = Folder::new();
    folder.refuse(&["transfer", "linear", "--data", "nowhere"], 1, &["nowhere", "cannot be read"]);
    folder.refuse(&["transfer", "linear", "--data", "."], 1, &["no images that are recognized", "data_batch_1.bin"]);
    folder.refuse(&["transfer", "nothing.az"], 1, &["nothing.az"]);
    folder.refuse(&["transfer", "linear", "--pair", "3-33"], 1, &["3-33", "choose other `pairs`"]);
    folder.refuse(&["transfer", "linear", "--train", "5000"], 1, &["lower `train` to at most"]);
    folder.refuse(&["transfer", "linear", "--pair", "3-5", "--pair", "3-5"], 2, &["`pair` is 3-5 twice"]);
    folder.refuse(&["transfer", "linear", "--test", "0"], 2, &["`test` is 0", "at least 1"]);
    let many: String = (0..60).map(|matrix| format!("  v1 = dot(m{matrix}, v0)\n  s2 = norm(v1)\n  s1 = s1 + s2\n")).collect();
    let greedy = folder.file("greedy.az", format!("def Predict():\n{many}"));
    folder.refuse(&["transfer", &greedy, "--quiet", "--memory-limit", "1"], 1, &["greedy.az", "program memory", "memory limit of 1048576"]);
    assert_eq!(folder.run(&["transfer", "linear", "--net", "29"]).code, Some(2));
}
