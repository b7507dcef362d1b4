//! `bench`: what it measures, what it refuses.

use serde_json::Value;

use super::common::Folder;
use super::has_fields;

/// Whether a number that must be there is one above 0.
#[track_caller]
fn positive(event: &Value, fields: &[&str]) {
    for field in fields {
        assert!(event[field].as_f64().is_some_and(|number| number.is_finite() && number > 0.0), "{field} in {event}");
    }
}

#[test]
fn bench_has_a_line_for_each_program_size_and_backend() {
    let arguments =
        ["bench", "--json", "--features", "4,8", "--programs", "linear,net", "--backends", "oracle,interp,jit,auto", "--seconds", "1"];
    let ended = Folder::new().run(&arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = ended.events();
    assert_eq!(events.len(), 16);
    let fields = ["program", "features", "tasks", "backend", "train_ns_per_step", "valid_ns_per_step", "compile_us", "evals_per_second"];
    let limits = ["flops_per_step", "limit_ns_per_step", "flops_limit_ns", "chain_limit_ns", "peak_gflops"];
    for event in &events {
        assert_eq!(event["event"], "bench");
        has_fields(event, &fields);
        has_fields(event, &["train_ratio_to_oracle", "valid_ratio_to_oracle", "break_even_steps"]);
        positive(event, &["evals_per_second", "ratio_to_oracle"]);
        positive(event, &limits);
        assert!(event["train_ns_per_step"].is_number() && event["valid_ns_per_step"].is_number(), "{event}");
        assert_eq!(event["compile_us"].is_number(), event["ran"] == "jit", "{event}");
        let sizes = event["by_size"].as_array().expect("a list");
        let names: Vec<String> = sizes.iter().map(|size| format!("{}/{}", size["train"], size["valid"])).collect();
        assert_eq!(names, ["10/10", "100/100", "1000/100", "1000/1000", "8000/1000"]);
        for size in sizes {
            positive(size, &["evals_per_second", "ratio_to_oracle", "limit_evals_per_second"]);
        }
        assert_eq!(sizes[2]["evals_per_second"], event["evals_per_second"]);
    }
    assert_eq!(events.iter().filter(|event| event["backend"] == "oracle" && event["ratio_to_oracle"] == 1.0).count(), 4);
}

#[test]
fn bench_shows_sizes_asked_for_and_refuses_others() {
    let folder = Folder::new();
    let ended =
        folder.run(&["bench", "--features", "4", "--programs", "linear", "--backends", "interp", "--sizes", "5/3", "--seconds", "0.1"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for words in ["Gflop/s", "limits:", "5/3", "1000/100", "limit  "] {
        assert!(ended.stdout.contains(words), "no {words:?} in {}", ended.stdout);
    }
    folder.refuse(&["bench", "--sizes", "5"], 2, &["TRAIN/VALID"]);
    folder.refuse(&["bench", "--search", "--features", "4"], 2, &["--features"]);
    folder.refuse(&["bench", "--threads", "2"], 2, &["--search"]);
}

#[test]
fn bench_measures_whole_searches() {
    let ended = Folder::new().run(&["bench", "--search", "--json", "--backends", "interp,auto", "--threads", "1,2", "--seconds", "0.5"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = ended.events();
    assert_eq!(events.len(), 16);
    for event in &events {
        assert_eq!(event["event"], "search");
        has_fields(event, &["search", "tasks", "fec", "memo", "backend", "threads", "ratio_to_oracle", "compiled"]);
        positive(event, &["individuals", "individuals_per_second", "scaling"]);
        assert!(event["fec"] == true || event["fec_hits"] == 0, "{event}");
        assert!(event["memo"] == true || event["structural_hits"] == 0, "{event}");
    }
    for variant in events.chunks(4) {
        assert!(variant.iter().all(|event| event["individuals"] == variant[0]["individuals"]), "{variant:?}");
        assert!(variant.iter().all(|event| event["fec_hits"] == variant[0]["fec_hits"]), "{variant:?}");
    }
    let names: Vec<_> = events.chunks(4).map(|variant| (&variant[0]["search"], &variant[0]["tasks"])).collect();
    assert_eq!(names[3], (&Value::from("baseline"), &Value::from("digits")));
}
