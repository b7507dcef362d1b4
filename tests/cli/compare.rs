//! `compare`: rates, intervals, refusals.

use serde_json::Value;

use super::common::Folder;
use super::has_fields;

/// A comparison that takes no time: tiny tasks, and a reference that many programs are better than.
const COMPARE: [&str; 14] = [
    "compare",
    "fig4-linear",
    "--methods",
    "evolution,random,local",
    "--set",
    "search.population=50",
    "--set",
    "search.max_individuals=500",
    "--set",
    "tasks.search.features=2",
    "--set",
    "tasks.search.train=20",
    "--reference",
    "poor.az",
];

fn compare_with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    COMPARE.into_iter().chain(more.iter().copied()).collect()
}

#[test]
fn compare_tells_rates_and_intervals() {
    let folder = Folder::new();
    folder.file("poor.az", "def Predict():\n  s1 = mean(v0)\n");
    let result = |more: &[&str]| {
        let ended = folder.run(&compare_with(&[&["--json", "--repeats", "8", "--repeats", "random=3,local=4"], more].concat()));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let mut events: Vec<Value> = ended.events().into_iter().filter(|event| event["event"] != "progress").collect();
        for event in &mut events {
            let object = event.as_object_mut().expect("an object");
            for field in ["elapsed_seconds", "evaluations_per_second", "backend", "threads"] {
                object.remove(field);
            }
        }
        events
    };
    let events = result(&["--threads", "1"]);
    assert_eq!(events, result(&["--threads", "2", "--backend", "interp"]));
    assert_ne!(events, result(&["--seed", "1"]));
    let (done, methods) = events.split_last().expect("events");
    assert_eq!(methods.iter().map(|method| &method["method"]).collect::<Vec<_>>(), ["evolution", "random", "local"]);
    let number = |method: &Value, field: &str| method[field].as_f64().unwrap_or_else(|| panic!("no {field} in {method}"));
    for (method, experiments) in methods.iter().zip([8.0, 3.0, 4.0]) {
        assert_eq!((&method["event"], &method["unfinished"]), (&"method".into(), &0.into()));
        assert_eq!(number(method, "experiments"), experiments);
        assert_eq!(number(method, "rate"), number(method, "successes") / number(method, "evaluations"));
        assert!(number(method, "rate_low") < number(method, "rate") && number(method, "rate") < number(method, "rate_high"));
        assert!(number(method, "success_share_low") < number(method, "success_share"));
        assert!(number(method, "success_share") <= number(method, "success_share_high"));
        assert!(number(method, "reference_rms") > 0.5 && number(method, "reference_fitness") < 0.7);
        method["program"].as_str().expect("many are acceptable").parse::<exnihilo_jit::Program>().expect("a program");
        has_fields(method, &["successful_experiments", "train_steps", "cache_hits"]);
    }
    assert_eq!(number(&methods[1], "evaluations"), 1_500.0);
    assert!(methods[1]["ratio_to_random"].is_null() && number(&methods[0], "ratio_low") < number(&methods[0], "ratio_to_random"));
    let fields = ["preset", "seed", "methods", "max_individuals", "confidence", "verified", "interrupted"];
    has_fields(done, &fields);
    assert_eq!((&done["event"], &done["reference"], &done["methods"]), (&"done".into(), &"poor.az".into(), &3.into()));

    let people = folder.run(&compare_with(&["--quiet", "--repeats", "2"]));
    assert_eq!((people.code, people.stderr.as_str()), (Some(0), ""));
    for words in ["500 individuals an experiment", "ratio to random", "of 2 experiments", "def Learn():"] {
        assert!(people.stdout.contains(words), "no {words:?} in {}", people.stdout);
    }
}

#[test]
fn compare_refuses_what_cannot_be_compared() {
    let folder = Folder::new();
    folder.refuse(&["compare", "fig4-liner"], 2, &["fig4-liner", "did you mean `fig4-linear`?"]);
    folder.refuse(&["compare", "fig4-linear", "--methods", "evolution,evolution"], 2, &["methods", "evolution twice"]);
    folder.refuse(&["compare", "fig4-linear", "--repeats", "local=3"], 2, &["local is not compared", "--methods"]);
    folder.refuse(&["compare", "fig4-linear", "--repeats", "2000000"], 2, &["repeats", "choose 1 to 1000000"]);
    folder.refuse(&["compare", "fig4-linear", "--set", "search.islands=2"], 2, &["search.islands", "set it to 1"]);
    folder.refuse(&["compare", "digits"], 2, &["search.method", "program.setup.initial"]);
    folder.refuse(&["compare", "fig4-linear", "--reference", "absent.az"], 1, &["absent.az"]);
    let own = folder.run(&["presets", "fig4-linear"]).stdout.replace("max_individuals = 10_000\n", "");
    folder.refuse(&["compare", &folder.file("own.toml", own)], 2, &["search.max_individuals", "is missing"]);
    for (arguments, words) in [
        (&["--methods", "annealing"][..], "choose evolution, random or local"),
        (&["--repeats", "0"], "above 0"),
        (&["--repeats", "annealing=3"], "choose evolution, random or local"),
        (&["--verify", "2"], "between 0 and 1"),
    ] {
        let ended = folder.run(&[&["compare", "fig4-linear"], arguments].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}
