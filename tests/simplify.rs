//! `simplify` as people and scripts use it: what it prints, what it keeps, which tasks it measures on.
#![cfg(feature = "cli")]

mod common;

use exnihilo::experiment::Experiment;
use exnihilo_jit::Program;
use serde_json::Value;

use common::Folder;

/// The fitness on every task, as `eval` gives it.
#[track_caller]
fn task_fitness(folder: &Folder, program: &str, tasks: &[&str]) -> Value {
    folder.done(&[&["eval", program, "--json"], tasks].concat()).events()[0]["task_fitness"].clone()
}

/// A linear model with a dead instruction, a copy, a constant that is computed, other names, a bias, and noise that does little.
const PADDED: &str = "\
def Setup():
  s7 = 0.1
  v7 = gaussian(0.0, 0.001)
def Predict():
  s5 = dot(v4, v0)
  s1 = s5 + s6
  s9 = sin(s1)
def Learn():
  s3 = s0 - s1
  s8 = s7 * s7
  s4 = s8 * s3
  s10 = s3 * s8
  v2 = s10 * v0
  v3 = uniform(-0.00001, 0.00001)
  v2 = v2 + v3
  v4 = v4 + v2
  s6 = s4 + s6
";

const TASKS: [&str; 6] = ["--task", "linear", "--train", "200", "--tasks", "4"];

#[test]
fn what_is_left_has_the_same_fitness_to_the_bit() {
    let folder = Folder::new();
    folder.file("p.az", PADDED);
    let plain = folder.done(&["simplify", "p.az"]);
    let simplified: Program = plain.stdout.parse().expect("a program");
    assert_eq!((plain.stderr.as_str(), simplified.instructions().len()), ("", 10));
    assert_eq!(simplified.to_string(), plain.stdout);
    folder.file("q.az", &plain.stdout);
    for tasks in [&["--task", "affine"][..], &["--task", "digits"], &["--task", "two-layer", "--epochs", "3", "--features", "3"]] {
        assert_eq!(task_fitness(&folder, "p.az", tasks), task_fitness(&folder, "q.az", tasks), "{tasks:?}");
    }
    assert_eq!(folder.done(&["simplify", "q.az"]).stdout, plain.stdout, "once is enough");
    // Only names differ.
    folder.file("r.az", PADDED.replace("s5", "s33").replace("v4", "v12").replace("s4", "s5"));
    assert_eq!(folder.done(&["simplify", "r.az"]).stdout, plain.stdout);
}

#[test]
fn every_exact_step_is_told_with_its_reason() {
    let folder = Folder::new();
    folder.file("p.az", PADDED);
    let told = folder.done(&["simplify", "p.az", "--steps"]).stdout;
    for line in [
        "# p.az: 14 instructions, 10 remain\n",
        "dropped Setup 2 `v7 = gaussian(0.0, 0.001)`",
        "dropped Predict 3 `s9 = sin(s1)`",
        "changed Learn 2 `s8 = s7 * s7` to `s8 = 0.010000000000000002`",
        "changed Learn 5 `v2 = s10 * v0` to `v2 = s4 * v0`",
        "dropped Learn 4 `s10 = s3 * s8`",
        "dropped Setup 1 `s7 = 0.1`",
        "# renamed ",
    ] {
        assert!(told.contains(line), "no {line:?} in {told}");
    }
    assert_eq!(told.parse::<Program>().expect("a program").to_string(), folder.done(&["simplify", "p.az"]).stdout);
    let events = folder.done(&["simplify", "p.az", "--json"]).events();
    let (done, steps) = events.split_last().expect("events");
    assert!(steps.iter().all(|step| step["event"] == "step"));
    assert!(steps.iter().any(|step| {
        step["kind"] == "constant" && step["line"]["function"] == "learn" && step["line"]["index"] == 1 && step["before"] == "s8 = s7 * s7"
    }));
    assert!(steps.iter().any(|step| step["kind"] == "dead" && step["after"].is_null()));
    assert_eq!((&done["event"], &done["instructions_before"], &done["instructions"]), (&"done".into(), &14.into(), &10.into()));
    assert_eq!(done["simplified"], folder.done(&["simplify", "p.az"]).stdout);
    assert_eq!(done["program"], PADDED.parse::<Program>().expect("a program").to_string());
    assert!(done.get("epsilon").is_none());
}

#[test]
fn what_hardly_matters_goes_and_fresh_tasks_confirm_it() {
    let folder = Folder::new();
    folder.file("p.az", PADDED);
    let approximate = [&["simplify", "p.az", "--approximate", "0.01", "--seeds", "2", "--task-seed", "5"], &TASKS[..]].concat();
    let with = |more: &[&str]| folder.done(&[&approximate[..], more].concat());
    let plain = with(&[]);
    let reduced: Program = plain.stdout.parse().expect("a program");
    assert!(reduced.instructions().len() <= 6, "{reduced}");
    for words in ["2 x 4 linear tasks (F = 4, 200/100 examples), task seeds 5 to 6", "removed ", "tasks that it never saw:"] {
        assert!(plain.stderr.contains(words), "no {words:?} in {}", plain.stderr);
    }
    assert_eq!(with(&["--quiet"]).stderr, "");
    let events = with(&["--json", "--threads", "1"]).events();
    assert_eq!(events, with(&["--json", "--threads", "3"]).events(), "threads change nothing");
    let done = events.last().expect("events");
    assert_eq!((&done["simplified"], &done["epsilon"], &done["tasks"]), (&plain.stdout.as_str().into(), &0.01.into(), &8.into()));

    // Both comparisons are those of `eval`.
    folder.file("q.az", &plain.stdout);
    for (set, seeds) in [("decided", ["5", "6"]), ("confirmed", ["7", "8"])] {
        let found = &done[set];
        assert_eq!(found["task_seed"].to_string(), seeds[0]);
        for (field, program) in [("fitness_before", "p.az"), ("fitness", "q.az")] {
            let values = seeds.map(|seed| task_fitness(&folder, program, &[&["--task-seed", seed], &TASKS[..]].concat()));
            let all: Vec<f64> =
                values.iter().flat_map(|list| list.as_array().expect("a list")).map(|x| x.as_f64().expect("a number")).collect();
            assert_eq!(found[field].as_f64(), Some(all.iter().sum::<f64>() / 8.0), "{set} {field}");
        }
        let effect = |key: &str| found["effect"][key].as_f64().expect("a number");
        assert!(effect("low") <= effect("mean") && effect("mean") <= effect("high") && effect("mean") >= -0.01);
    }
    assert_eq!(done["within"], true);

    // Every step is told, and in all none loses more than was allowed.
    let steps: Vec<&Value> = events.iter().filter(|event| event["kind"] == "remove" || event["kind"] == "merge").collect();
    assert!(!steps.is_empty());
    for step in &steps {
        assert!(step["total"]["mean"].as_f64().is_some_and(|mean| mean >= -0.01), "{step}");
        assert!(plain.stderr.contains(step["before"].as_str().expect("an instruction")), "{step}");
        assert_eq!(step["kind"] == "merge", step["read_instead"].is_string());
    }
    let told = with(&["--steps"]).stdout;
    assert_eq!(told.parse::<Program>().expect("a program"), reduced);
    assert_eq!(told.lines().filter(|line| line.starts_with("# removed ") || line.starts_with("# merged ")).count(), steps.len());

    // All may go where any loss will do; nothing that is needed goes where none will.
    let all = [&["simplify", "linear", "--approximate", "1", "--seeds", "1", "--quiet"], &TASKS[..]].concat();
    assert_eq!(folder.done(&all).stdout, "def Setup():\ndef Predict():\ndef Learn():\n");
    let none = [&["simplify", "linear", "--approximate", "0.001", "--seeds", "1", "--quiet"], &TASKS[..]].concat();
    assert_eq!(folder.done(&none).stdout.lines().count(), 9);
}

/// A run of the preset `digits`, with smaller tasks.
fn run_directory(folder: &Folder, name: &str) -> Experiment {
    let mut experiment = Experiment::preset("digits").expect("a preset");
    for (set, tasks) in [("select", "3"), ("final", "2")] {
        experiment.set(&format!("tasks.{set}.tasks"), tasks).expect("a known key");
        experiment.set(&format!("tasks.{set}.train"), "50").expect("a known key");
    }
    folder.file(&format!("{name}/experiment.toml"), experiment.to_toml().expect("it was TOML"));
    experiment
}

#[test]
fn programs_of_runs_are_measured_on_tasks_like_those_of_the_run() {
    let folder = Folder::new();
    let mut experiment = run_directory(&folder, "runs/a");
    folder.file("runs/a/best.az", PADDED);
    let arguments = ["simplify", "runs/a/best.az", "--approximate", "0", "--seeds", "3"];
    let says = |more: &[&str], words: &str| {
        let ended = folder.done(&[&arguments[..], more].concat());
        assert!(ended.stderr.starts_with(words), "no {words:?} in {}", ended.stderr);
    };
    says(&[], "3 x 2 digits tasks (F = 16, 50/58 examples), task seeds 0 to 2, like the final tasks of runs/a/experiment.toml\n");
    says(&["--task-seed", "9", "--tasks", "1"], "3 x 1 digits tasks (F = 16, 50/58 examples), task seeds 9 to 11, like the final");
    says(&["--task", "affine"], "3 x 10 affine tasks (F = 4, 1000/100 examples), task seeds 0 to 2\n");
    says(&["--features", "3"], "3 x 10 linear tasks (F = 3, ");
    experiment.tasks.final_set = None;
    folder.file("runs/a/experiment.toml", experiment.to_toml().expect("it was TOML"));
    says(&[], "3 x 3 digits tasks (F = 16, 50/58 examples), task seeds 0 to 2, like the select tasks of");
    folder.file("runs/a/experiment.toml", "name = 3");
    folder.refuse(&arguments, 1, &["runs/a/experiment.toml", "name"]);
    folder.refuse(&arguments[..2], 1, &["runs/a/experiment.toml"]);
    says(&["--task", "linear"], "3 x 10 linear tasks");
}

#[test]
fn programs_of_runs_with_classes_are_for_tasks_with_classes() {
    let folder = Folder::new();
    let mut experiment = run_directory(&folder, "run");
    for set in ["search", "select", "final"] {
        experiment.set(&format!("tasks.{set}.classes"), "10").expect("a known key");
    }
    folder.file("run/experiment.toml", experiment.to_toml().expect("it was TOML"));
    let softmax = folder.done(&["simplify", "softmax", "--classes", "10"]).stdout;
    folder.file("run/best.az", &softmax);
    assert_eq!(folder.done(&["simplify", "run/best.az"]).stdout, softmax);
    folder.file("elsewhere.az", &softmax);
    assert_ne!(folder.done(&["simplify", "elsewhere.az"]).stdout, softmax);
    let reduced = folder.done(&["simplify", "run/best.az", "--approximate", "0.02", "--seeds", "1", "--json"]).events();
    assert!(
        reduced.last().expect("events")["panel"]
            .as_str()
            .is_some_and(|benchmark| benchmark.starts_with("1 x 2 digits tasks (F = 16, 50/58"))
    );
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let folder = Folder::new();
    for epsilon in ["-0.1", "1.5", "nan", "little"] {
        let ended = folder.run(&["simplify", "linear", &format!("--approximate={epsilon}")]);
        assert_eq!(ended.code, Some(2), "{epsilon}");
        assert!(ended.stderr.contains("between 0 and 1"), "{}", ended.stderr);
    }
    folder.refuse(&["simplify", "linear", "--approximate", "0.1", "--train", "0"], 2, &["`train` is 0"]);
    folder.refuse(&["simplify", "linear", "--train", "0"], 2, &["`train` is 0"]);
    folder.refuse(&["simplify", "linear", "--features", "0", "--json"], 2, &["`features` is 0"]);
    let nothing = folder.done(&["simplify", "softmax", "--json"]);
    assert!(
        nothing.stderr.contains("nothing in the program reaches its prediction, s1") && nothing.events().len() > 1,
        "{}",
        nothing.stderr
    );
    folder.refuse(
        &["simplify", "linear", "--approximate", "0.1", "--seeds", "1000", "--train", "100000"],
        2,
        &["1000 sets of tasks", "fewer seeds"],
    );
    folder.refuse(&["simplify", "linear", "--approximate", "0.1", "--classes", "10"], 1, &["linear: ", "writes v1"]);
    folder.refuse(&["simplify", "nothing.az"], 1, &["nothing.az: cannot be read"]);
    let ended = folder.run(&["simplify", "linear", "--seeds", "0"]);
    assert_eq!(ended.code, Some(2));
    // Far too long to be reduced, and rewritten in no time all the same.
    let line = "  s1 = s1 + s2\n  s1 = s1 * s1\n";
    folder.file("long.az", format!("def Predict():\n{}def Learn():\n  s2 = s0 - s1\n", line.repeat(2_000)));
    folder.refuse(&["simplify", "long.az", "--approximate", "0.1", "--quiet"], 1, &["4001 live instructions", "at most 500"]);
    assert_eq!(folder.done(&["simplify", "long.az"]).stdout.lines().count(), 4_004);
    // Twelve matrices of 4,096 x 4,096 numbers.
    let norms: String = (0..12).map(|matrix| format!("  s2 = norm(m{matrix})\n  s1 = s1 + s2\n")).collect();
    let sums: String = (0..12).map(|matrix| format!("  m{matrix} = m{matrix} + m{}\n", (matrix + 1) % 12)).collect();
    folder.file("wide.az", format!("def Predict():\n{norms}def Learn():\n{sums}  m0 = outer(v0, v0)\n"));
    let huge = ["simplify", "wide.az", "--approximate", "0.1", "--features", "4096", "--train", "1", "--valid", "1", "--quiet"];
    folder.refuse(&huge, 1, &["program memory", "memory limit"]);
}
