//! `explain` from the outside: annotated programs, events, measurements, refusals.
#![cfg(feature = "cli")]

mod common;

use serde_json::Value;

use common::{Ended, Folder};

/// The paper's best program in outline: noisy input, a bilinear form, a normalized gradient, accumulated weights.
const PAPER: &str = "\
def Setup():
  s2 = 0.02
  m0 = gaussian(0.0, 0.1)
  m1 = maximum(m0, m0)
def Predict():
  v2 = v0 + v1
  v3 = v0 - v1
  v4 = dot(m1, v2)
  s1 = dot(v3, v4)
  m2 = m2 + m0
  m1 = maximum(m2, m2)
def Learn():
  s3 = s0 - s1
  v5 = s3 * v2
  m3 = outer(v3, v5)
  s4 = norm(m3)
  s4 = 1 / s4
  m3 = s4 * m3
  m3 = s2 * m3
  m0 = m0 + m3
  m1 = maximum(m0, m0)
  v1 = uniform(-0.1, 0.1)
  s9 = exp(s4)
";

/// Tasks that are done at once.
const SMALL: [&str; 6] = ["--task=two-layer", "--train=60", "--valid=20", "--tasks=3", "--seeds=2", "--features=3"];

/// A folder with the program in it.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("paper.az", PAPER);
    folder
}

fn run(folder: &Folder, arguments: &[&str]) -> Ended {
    folder.run(&[&["explain"], arguments].concat())
}

#[track_caller]
fn done(folder: &Folder, arguments: &[&str]) -> Ended {
    folder.done(&[&["explain"], arguments].concat())
}

fn lines(event: &Value) -> Vec<u64> {
    event["lines"].as_array().expect("lines").iter().map(|line| line.as_u64().expect("a number")).collect()
}

#[test]
fn the_papers_program_is_annotated_and_taken_apart() {
    let folder = folder();
    let text = done(&folder, &["paper.az", "--no-measure"]).stdout;
    for words in [
        "   1  s2 = 0.02                | learning rate, scales 16\n",
        "   9  m1 = maximum(m2, m2)     | new value of m1           reads 8\n",
        "reads 3, 18 (last example), 9 (last example, in validation), 4\n",
        "  19  v5 = uniform(-0.1, 0.1)  | noise\n",
        "Parameter m0: begins with line 2, updated by line 17\n",
        "Left out: 1 of the lines as written",
    ] {
        assert!(text.contains(words), "no {words:?} in\n{text}");
    }
    assert!(!text.contains("Fitness"), "{text}");
    let events = done(&folder, &["paper.az", "--no-measure", "--json"]);
    let idioms: Vec<(String, Vec<u64>)> =
        events.events_of("idiom").iter().map(|event| (event["kind"].as_str().expect("a name").to_owned(), lines(event))).collect();
    let expected = [
        ("linear_layer", vec![6]),
        ("bilinear_form", vec![6, 7]),
        ("outer_product_update", vec![12, 15, 16, 17]),
        ("gradient_normalization", vec![13, 14, 15]),
        ("weight_averaging", vec![8]),
        ("input_noise", vec![4, 5, 19]),
    ];
    assert_eq!(idioms, expected.map(|(kind, lines)| (kind.to_owned(), lines)));
    let done = &events.events_of("done")[0];
    assert_eq!((&done["lines"], &done["left_out"], &done["fitness"]), (&19.into(), &1.into(), &Value::Null));
    let edges = done["edges"].as_array().expect("edges");
    let validation: Vec<&Value> = edges.iter().filter(|edge| edge["only_in_validation"] == true).collect();
    assert_eq!(validation.len(), 1);
    assert_eq!((&validation[0]["from"], &validation[0]["to"], &validation[0]["kind"]), (&9.into(), &6.into(), &"next_example".into()));
}

#[test]
fn dead_lines_are_shown_as_written() {
    let folder = folder();
    let text = done(&folder, &["paper.az", "--no-measure", "--as-written"]).stdout;
    assert!(
        text.contains("v1 = uniform(-0.1, 0.1)")
            && text.contains("s9 = exp(s4)")
            && text.contains("| no effect")
            && !text.contains("Left out"),
        "{text}"
    );
}

#[test]
fn measurements_are_numbers_and_the_same_on_any_threads() {
    let folder = folder();
    let arguments = |threads| [&["paper.az", "--json", "--each-line", "--knock-in=linear", threads], SMALL.as_slice()].concat();
    let one = done(&folder, &arguments("--threads=1"));
    assert_eq!(one.stdout, done(&folder, &arguments("--threads=3")).stdout);
    assert!(one.stderr.is_empty(), "{}", one.stderr);
    let fitness = one.events_of("done")[0]["fitness"].as_f64().expect("it was measured");
    let knock_outs = one.events_of("knock_out");
    assert_eq!(knock_outs.len(), 6 + 19);
    for event in &knock_outs {
        let [mean, low, high] = ["mean", "low", "high"].map(|field| event["effect"][field].as_f64().expect("a number"));
        assert!(low <= mean && mean <= high, "{event}");
        assert!((event["fitness"].as_f64().expect("a number") - fitness - mean).abs() < 1e-9, "{event}");
    }
    let by_itself = knock_outs.iter().filter(|event| event["kind"].is_null()).count();
    assert_eq!(by_itself, 19);
    let constants = one.events_of("constant");
    let told: Vec<(u64, &str)> =
        constants.iter().map(|event| (event["line"].as_u64().expect("a line"), event["constant"].as_str().expect("a name"))).collect();
    assert_eq!(told, [(1, "value"), (2, "st_dev"), (19, "low"), (19, "high")]);
    for event in &constants {
        let points = event["points"].as_array().expect("points");
        assert_eq!(points.len(), 10);
        let as_it_is = points.iter().find(|point| point["factor"] == 1.0).expect("a factor of 1");
        assert!((as_it_is["fitness"].as_f64().expect("a number") - fitness).abs() < 1e-12, "{event}");
    }
    let knock_ins = one.events_of("knock_in");
    let into: Vec<(&str, bool)> =
        knock_ins.iter().map(|event| (event["kind"].as_str().expect("a name"), event["effect"].is_object())).collect();
    let expected = [
        ("linear_layer", false),
        ("bilinear_form", false),
        ("outer_product_update", false),
        ("gradient_normalization", true),
        ("weight_averaging", true),
        ("input_noise", true),
    ];
    assert_eq!(into, expected);
    assert!(knock_ins.iter().all(|event| event["reason"].is_string() != event["effect"].is_object()));
}

#[test]
fn what_a_part_is_worth_shows() {
    let folder = folder();
    let ended = done(&folder, &["net", "--task=two-layer", "--features=6", "--tasks=5", "--seeds=2"]);
    assert!(ended.stderr.contains("2 x 5 two-layer tasks"), "{}", ended.stderr);
    let text = &ended.stdout;
    let effect = |name: &str| {
        let line = text.lines().find(|line| line.contains(name) && line.contains('[')).expect("a knock-out");
        line.split_whitespace().next().expect("a number").parse::<f64>().expect("a number")
    };
    assert!(effect("ReLU") < -0.1 && effect("outer-product weight update") < -0.1, "{text}");
    assert!(text.contains("s2 = 0.01, value (line 1)"), "{text}");
}

/// Gradient descent with steps of one length, whose rate is far too large for steps as long as the gradient.
const NORMALIZED: &str = "\
def Setup():
  s2 = 0.9
def Predict():
  s1 = dot(v0, v1)
def Learn():
  s3 = s0 - s1
  v2 = s3 * v0
  s4 = norm(v2)
  s4 = 1 / s4
  v2 = s4 * v2
  v2 = s2 * v2
  v1 = v1 + v2
";

/// Enough tasks and examples for gradient descent.
const LINEAR: [&str; 4] = ["--task=linear", "--train=300", "--tasks=3", "--seeds=2"];

#[test]
fn constants_are_tuned_anew_before_parts_are_measured() {
    let folder = folder();
    folder.file("normalized.az", NORMALIZED);
    let arguments = |more: &[&'static str]| [&["normalized.az", "--json", "--knock-in=linear"], LINEAR.as_slice(), more].concat();
    let tuned = done(&folder, &arguments(&["--tune=80", "--threads=1"]));
    assert_eq!(tuned.stdout, done(&folder, &arguments(&["--tune=80", "--threads=3"])).stdout);
    assert!(tuned.stderr.is_empty(), "{}", tuned.stderr);
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    // What is told without tuning stays as it is.
    let plain = done(&folder, &arguments(&[]));
    for kind in ["knock_out", "knock_in", "constant", "done"] {
        let (before, after) = (plain.events_of(kind), tuned.events_of(kind));
        assert_eq!(before.len(), after.len(), "{kind}");
        for (before, after) in before.iter().zip(&after) {
            for (field, value) in before.as_object().expect("an object").iter().filter(|(_, value)| !value.is_null()) {
                assert_eq!(value, &after[field], "{kind}: {field}");
            }
            assert!(before["tuned"].is_null());
        }
    }
    let whole = &tuned.events_of("done")[0];
    assert_eq!((&whole["trials"], &whole["tuning_tasks"]), (&80.into(), &6.into()));
    assert!(whole["tuned"]["effect"].is_null());
    let knock_outs = tuned.events_of("knock_out");
    assert!(knock_outs.len() >= 3, "a layer, a normalization and a step");
    for event in &knock_outs {
        let tuned = &event["tuned"];
        let change = number(&tuned["fitness"]) - number(&whole["tuned"]["fitness"]);
        assert!((number(&tuned["effect"]["mean"]) - change).abs() < 1e-9, "of tuned against tuned: {event}");
        assert!(number(&tuned["tuning_fitness"]) >= number(&tuned["tuning_fitness_before"]), "{event}");
        assert!(tuned["program"].as_str().is_some_and(|text| text.contains("def Learn():")) && tuned["trial"].as_u64() < Some(80));
    }
    // Without the normalization the rate is too large, and that is all.
    let normalization = knock_outs.iter().find(|event| event["kind"] == "gradient_normalization").expect("it is recognized");
    assert!(number(&normalization["effect"]["high"]) < -0.3, "{normalization}");
    assert!(number(&normalization["tuned"]["effect"]["low"]) > -0.05, "{normalization}");
    let rate = &normalization["tuned"]["constants"][0];
    assert_eq!((&rate["line"], &rate["constant"]), (&1.into(), &"value".into()));
    assert!(number(&rate["factor"]) < 0.5, "{rate}");
    let step = knock_outs.iter().find(|event| event["kind"] == "gradient_step").expect("it is recognized");
    assert!(number(&step["tuned"]["effect"]["high"]) < -0.3, "no constant makes up for it: {step}");
    let into = tuned.events_of("knock_in").into_iter().find(|event| event["effect"].is_object()).expect("a normalization has a place");
    let change = number(&into["tuned"]["fitness"]) - number(&into["tuned_fitness_before"]);
    assert!((number(&into["tuned"]["effect"]["mean"]) - change).abs() < 1e-9, "{into}");

    let told = done(&folder, &[&["normalized.az", "--tune=80", "--knock-in=linear"], LINEAR.as_slice()].concat());
    assert!(
        told.stderr.contains("constants are tuned on 2 x 3 linear tasks") && told.stderr.contains("task seeds 2 to 3"),
        "{}",
        told.stderr
    );
    for words in ["with its constants tuned on 6 others", "constants tuned anew        with them as they are", " of 80)"] {
        assert!(told.stdout.contains(words), "no {words:?} in\n{}", told.stdout);
    }
    let [tuned, as_it_is] = [&normalization["tuned"]["effect"], &normalization["effect"]].map(|effect| number(&effect["mean"]));
    let line = told.stdout.lines().find(|line| line.contains("gradient normalization") && line.contains("bypassed")).expect("a knock-out");
    assert!(line.starts_with(&format!("  {tuned:+.4} [")) && line.contains(&format!("]  {as_it_is:+.4} [")), "{line}");
}

#[test]
fn tasks_of_a_run_are_those_of_its_programs() {
    let folder = folder();
    let ended = folder.run(&["evolve", "digits", "--max-individuals=200", "--quiet", "--out=run"]);
    assert!(folder.path("run/best.az").exists(), "{}", ended.stderr);
    let ended = done(&folder, &["run/best.az", "--seeds=1", "--tasks=2"]);
    assert!(ended.stderr.contains("digits tasks") && ended.stderr.contains("experiment.toml"), "{}", ended.stderr);
}

#[test]
fn classes_answer_in_a_vector() {
    let folder = folder();
    let text = done(&folder, &["softmax", "--classes=10", "--task=digits", "--no-measure"]).stdout;
    assert!(text.contains("v2 = v2 + v4") && text.contains("| prediction"), "{text}");
    let refused = run(&folder, &["linear", "--classes=10", "--task=digits"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("writes v1") && refused.stdout.is_empty(), "{}", refused.stderr);
}

#[test]
fn odd_programs_are_explained_and_bad_words_refused() {
    let folder = folder();
    for (name, text) in
        [("empty.az", "def Predict():\n"), ("nan.az", "def Setup():\n  s2 = nan\ndef Predict():\n  s1 = s2 / s3\n  noop()\n")]
    {
        folder.file(name, text);
        for mode in ["--as-written", "--each-line"] {
            let text = done(&folder, &[&[name, mode], SMALL.as_slice()].concat()).stdout;
            assert!(text.contains("Learns nothing") && text.contains("No idiom"), "{text}");
        }
    }
    // A ReLU of Learn, which leads to no prediction by itself.
    let rectified =
        "def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  v2 = maximum(v0, v5)\n  s2 = s0 - s1\n  v3 = s2 * v2\n  v1 = v1 + v3\n";
    folder.file("rectified.az", rectified);
    done(&folder, &[&["rectified.az", "--knock-in", "net"], SMALL.as_slice()].concat());
    for (arguments, code, words) in [
        (&["none.az"][..], 1, "none.az: cannot be read"),
        (&["net", "--knock-in", "none.az"], 1, "none.az: cannot be read"),
        (&["net", "--no-measure", "--each-line"], 2, "--each-line"),
        (&["net", "--seeds", "0"], 2, "--seeds"),
        (&["net", "--features", "0"], 2, "`features` is 0"),
        (&["net", "--features", "0", "--no-measure", "--json"], 2, "`features` is 0"),
        (&["net", "--tasks", "0", "--no-measure"], 2, "`tasks` is 0"),
        (&["net", "--max-abs-error=-1", "--no-measure"], 2, "`max_abs_error` is -1"),
        (&["net", "--train", "1000000000000"], 2, "memory limit"),
        (&["net", "--task", "table", "--data", "none.csv"], 1, "none.csv"),
        (&["net", "--tune", "1"], 2, "--tune"),
        (&["net", "--tune", "10001"], 2, "2..=10000"),
        (&["net", "--tune", "300", "--no-measure"], 2, "--no-measure"),
    ] {
        let ended = run(&folder, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words) && ended.stdout.is_empty(), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn the_longest_programs_take_no_more_than_their_length() {
    // Chains, fans, draws that are mixed, units that share an input, rates, element by element: whatever is quadratic would show.
    let folder = folder();
    let many = |of: &dyn Fn(usize) -> String, count: usize| (0..count).map(of).collect::<String>();
    let setup = many(&|line| format!("  m0[0.{}, 0.5] = 0.25\n", line % 10), 9_990);
    let draws = many(&|_| "  v6 = gaussian(0.0, 1.0)\n  v5 = v5 + v6\n".to_owned(), 1_500);
    let units = many(&|_| "  v3 = maximum(v2, v9)\n  v4 = v4 + v3\n".to_owned(), 1_500);
    let steps = many(&|_| "  v7 = heaviside(v2)\n  v7 = v7 * v5\n  s4 = s4 * s5\n  v8 = s4 * v7\n  v1 = v1 + v8\n".to_owned(), 1_900);
    let text = format!(
        "def Setup():\n{setup}def Predict():\n{draws}  v2 = dot(m0, v0)\n  v2 = v2 + v5\n{units}  s1 = dot(v4, v1)\n\
         def Learn():\n  s2 = s0 - s1\n  v5 = s2 * v0\n{steps}"
    );
    folder.file("long.az", text);
    let events = done(&folder, &["long.az", "--no-measure", "--json", "--as-written"]);
    assert!(events.events_of("line").len() > 20_000, "{}", events.events_of("line").len());
    assert!(events.events_of("idiom").len() > 1_000);
}

#[test]
fn long_programs_are_explained_and_not_measured() {
    let folder = folder();
    let program = |live: usize| {
        let lines = "  s2 = s2 + s1\n  s1 = s1 * s2\n".repeat(live / 2 - 1);
        format!("def Predict():\n  s1 = mean(v0)\n{lines}  s1 = s1 + s2\ndef Learn():\n  s9 = exp(s8)\n")
    };
    folder.file("most.az", program(500));
    folder.file("long.az", program(502));
    let [most, long] = ["most.az", "long.az"].map(|name| done(&folder, &[&[name, "--json"], SMALL.as_slice()].concat()));
    assert!(most.last()["fitness"].is_number() && most.stderr.is_empty(), "{}", most.stderr);
    assert!(long.last()["fitness"].is_null() && long.events_of("line").len() == 502, "{}", long.stdout);
    assert!(
        long.stderr.contains("long.az") && long.stderr.contains("502 instructions") && long.stderr.contains("at most 500"),
        "{}",
        long.stderr
    );
    for (arguments, words) in [
        (&["long.az", "--each-line"][..], "leave out --each-line"),
        (&["long.az", "--knock-in", "net"], "leave out --knock-in"),
        (&["net", "--knock-in", "long.az"], "programs of at most 500"),
    ] {
        let refused = run(&folder, arguments);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", refused.stderr);
        assert!(refused.stderr.contains(words), "{arguments:?}: {}", refused.stderr);
    }
    assert!(done(&folder, &["long.az", "--no-measure"]).stderr.is_empty());
}

#[test]
fn tasks_with_classes_are_those_of_digits_unless_another_kind_is_named() {
    let ended = done(&folder(), &["softmax", "--classes=10", "--train=20", "--valid=20", "--tasks=1", "--seeds=1"]);
    assert!(ended.stderr.contains("1 x 1 digits tasks"), "{}", ended.stderr);
    let nothing = done(&folder(), &["softmax", "--no-measure"]);
    assert!(nothing.stderr.contains("nothing in the program reaches its prediction, s1") && nothing.stderr.contains("--classes 10"));
}
