//! The command line as people and scripts use it: output, events, exit codes, messages.
#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder of its own for each test, where the program runs.
struct Folder(tempfile::TempDir);

/// A program as people see it.
fn for_readers(program: &exnihilo_jit::Program) -> exnihilo_jit::Program {
    exnihilo_jit::rewrite::rewrite(program, exnihilo_jit::Interface::Number).program
}

/// The end of a command.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a writable folder");
        fs::write(&path, content).expect("a writable folder");
        path.to_str().expect("a path of plain characters").to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.end(self.command(arguments))
    }

    /// Runs as on a machine that Cranelift does not know.
    fn run_without_native_code(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        command.env("EXNIHILO_NO_JIT", "1");
        self.end(command)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exnihilo"));
        command.args(arguments).current_dir(self.0.path());
        command
    }

    fn end(&self, mut command: Command) -> Ended {
        let Output { status, stdout, stderr } = command.output().expect("the program was built for this test");
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Runs what must fail with this code and one message that has these words in it.
    #[track_caller]
    fn refuse(&self, arguments: &[&str], code: i32, words: &[&str]) {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stdout.is_empty(), "{arguments:?}: {}", ended.stdout);
        assert!(ended.stderr.starts_with("error: "), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stderr.matches("error: ").count(), 1, "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{arguments:?}: {}", ended.stderr);
        for word in words {
            assert!(ended.stderr.contains(word), "{arguments:?}: no {word:?} in {}", ended.stderr);
        }
    }
}

impl Ended {
    #[track_caller]
    fn events(&self) -> Vec<Value> {
        let events: Vec<Value> = self.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        assert!(events.iter().all(|event| event["schema"] == 1 && event["event"].is_string()), "{}", self.stdout);
        events
    }

    #[track_caller]
    fn last(&self) -> Value {
        self.events().pop().expect("at least one event")
    }
}

#[track_caller]
fn has_fields(event: &Value, fields: &[&str]) {
    for field in fields {
        assert!(event.get(field).is_some(), "no {field} in {event}");
    }
}

const SMALL: [&str; 6] = ["evolve", "--json", "--max-individuals", "6000", "--set", "search.population=100"];

fn small_with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SMALL.into_iter().chain(more.iter().copied()).collect()
}

#[test]
fn evolve_tells_what_scripts_read() {
    let folder = Folder::new();
    let ended = folder.run(&SMALL);
    assert_eq!(ended.code, Some(4), "6,000 individuals do not reach the target: {}", ended.stderr);
    let events = ended.events();
    let (done, progress) = events.split_last().expect("events");
    assert!(!progress.is_empty());
    for event in progress {
        assert_eq!(event["event"], "progress");
        let fields = [
            "individuals",
            "elapsed_seconds",
            "individuals_per_second",
            "train_steps",
            "best_fitness",
            "mean_fitness",
            "cache_hits",
            "structural_hits",
            "compiled",
            "verified",
            "remaining_seconds",
            "best_program",
        ];
        has_fields(event, &fields);
    }
    assert!(progress.iter().all(|event| event["remaining_seconds"].as_f64().is_some_and(|seconds| seconds >= 0.0)), "there is a limit");
    assert_eq!(progress.last().expect("checked above")["remaining_seconds"], 0.0);
    let bests: Vec<&str> = progress.iter().filter_map(|event| event["best_program"].as_str()).collect();
    let best = bests.last().expect("there is a best program").parse::<exnihilo_jit::Program>().expect("a program");
    assert_eq!(for_readers(&best), best);
    assert!(bests.windows(2).all(|pair| pair[0] != pair[1]), "only what is new");
    assert_eq!(done["event"], "done");
    let fields = [
        "preset",
        "seed",
        "backend",
        "threads",
        "experiments",
        "individuals",
        "train_steps",
        "elapsed_seconds",
        "individuals_per_second",
        "search_fitness",
        "select_fitness",
        "final_fitness",
        "program",
        "program_simplified",
        "run_dir",
        "cache_hits",
        "structural_hits",
        "verified",
    ];
    has_fields(done, &fields);
    assert_eq!((&done["preset"], &done["seed"], &done["individuals"]), (&"linear".into(), &0.into(), &6000.into()));
    assert_eq!(progress.last().expect("checked above")["individuals"], 6000);
    let program = done["program"].as_str().expect("a text").parse::<exnihilo_jit::Program>().expect("a program");
    assert_eq!(done["program_simplified"], for_readers(&program).to_string());
    assert!(done["final_fitness"].as_f64().is_some_and(|fitness| (0.0..=1.0).contains(&fitness)));

    // The run was saved, and the next one does not overwrite it.
    let run = folder.path("runs/linear-s0");
    let result: Value = serde_json::from_str(&fs::read_to_string(run.join("result.json")).expect("a result")).expect("JSON");
    assert_eq!((&result["program"], &result["semantics"]), (&done["program"], &1.into()));
    assert!(fs::read_to_string(run.join("best.az")).expect("a program").contains(done["program"].as_str().expect("a text")));
    assert!(fs::read_to_string(run.join("events.jsonl")).expect("events").lines().count() >= 3);
    let again = folder.run(&["evolve", run.join("experiment.toml").to_str().expect("plain"), "--json", "--max-individuals", "6000"]);
    let again = again.last();
    assert_eq!((&again["program"], &again["final_fitness"]), (&done["program"], &done["final_fitness"]));
    assert!(again["run_dir"].as_str().is_some_and(|path| path.ends_with("linear-s0-2")), "{again}");
}

#[test]
fn neither_backend_nor_threads_change_the_result() {
    let folder = Folder::new();
    let result = |more: &[&str]| {
        let mut done = folder.run(&small_with(more)).last();
        let object = done.as_object_mut().expect("an object");
        for field in ["backend", "threads", "elapsed_seconds", "individuals_per_second", "compiled", "run_dir"] {
            object.remove(field);
        }
        // Who ran the programs differs; how many were run does not.
        let tiers = object["tiers"].as_object_mut().expect("an object");
        let ran: Vec<u64> =
            ["interpreted", "compiled"].map(|tier| tiers.remove(tier).and_then(|count| count.as_u64()).expect("a count")).into();
        tiers.insert("run".to_owned(), ran.iter().sum::<u64>().into());
        done
    };
    let first = result(&["--no-save", "--backend", "interp", "--threads", "1"]);
    assert_eq!(first, result(&["--no-save", "--backend", "interp", "--threads", "2"]));
    assert_eq!(first, result(&["--no-save", "--backend", "jit", "--threads", "2"]));
    assert_ne!(first["program"], result(&["--no-save", "--seed", "1"])["program"]);
    assert!(!folder.path("runs").exists());
}

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

#[test]
fn any_share_can_be_checked_and_none_changes_the_result() {
    let folder = Folder::new();
    let result = |rate: &[&str]| {
        let ended = folder.run(&small_with(&[&["--no-save"], rate].concat()));
        assert_eq!(ended.code, Some(4), "{}", ended.stderr);
        let mut done = ended.last();
        let object = done.as_object_mut().expect("an object");
        for field in ["elapsed_seconds", "individuals_per_second"] {
            object.remove(field);
        }
        (object.remove("verified").and_then(|verified| verified.as_u64()).expect("a number"), done)
    };
    let (none, first) = result(&["--verify", "0"]);
    assert_eq!(none, 3, "the reported program on its three sets of tasks");
    let (some, default) = result(&[]);
    let (all, whole) = result(&["--verify", "1"]);
    assert!(default == first && whole == first);
    let run = 6_000 - first["cache_hits"].as_u64().expect("a number");
    assert!(some >= none && all > run, "{some}, {all} of {run}");

    let list = folder.file("list.jsonl", "{\"setup\":[],\"predict\":[],\"learn\":[]}\n".repeat(20));
    for (rate, least, most) in [("0", 0, 0), ("0.5", 1, 21), ("1", 22, 22)] {
        let ended = folder.run(&["eval", "linear", "net", &list, "--json", "--verify", rate]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let verified = ended.last()["verified"].as_u64().expect("a number");
        assert!((least..=most).contains(&verified), "{verified} at rate {rate}");
    }
    let ended = folder.run(&["eval", "linear", "--verify", "1"]);
    assert!(ended.stdout.contains("1 confirmed by the oracle"), "{}", ended.stdout);
}

#[test]
fn a_target_within_reach_ends_the_search() {
    let ended = Folder::new().run(&small_with(&["--no-save", "--target-fitness", "0.01"]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.last()["stopped_by"], "target");
}

#[test]
fn people_read_the_program_and_how_it_compares() {
    let ended = Folder::new().run(&["evolve", "--max-individuals", "2000", "--set", "search.population=50", "--out", "here", "--quiet"]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    for words in ["def Predict():", "final fitness", "linear model", "2,000 individuals", "here"] {
        assert!(ended.stdout.contains(words), "no {words:?} in {}", ended.stdout);
    }
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
}

#[test]
fn eval_knows_the_hand_written_programs_and_lists() {
    let folder = Folder::new();
    let list = folder.file("list.jsonl", "{\"id\":\"none\",\"num_scalars\":5,\"setup\":[],\"predict\":[],\"learn\":[]}\n");
    let mut fitness = Vec::new();
    for backend in ["oracle", "interp", "jit", "auto"] {
        let ended = folder.run(&["eval", "linear", "net", &list, "--json", "--backend", backend, "--repeat", "3"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let events = ended.events();
        assert_eq!(events[..3].iter().map(|event| &event["name"]).collect::<Vec<_>>(), ["linear", "net", "none"]);
        for event in &events[..3] {
            has_fields(event, &["fitness", "train_steps", "backend"]);
            assert_eq!(event["task_fitness"].as_array().map(Vec::len), Some(10));
        }
        assert!(events[0]["fitness"].as_f64() > Some(0.99), "{}", events[0]);
        let done = &events[3];
        has_fields(done, &["fitness", "eval_seconds", "compile_seconds"]);
        assert_eq!((&done["event"], &done["programs"], &done["backend"]), (&"done".into(), &3.into(), &backend.into()));
        assert_eq!(done["train_steps"], 30_000);
        fitness.push(events[..3].iter().map(|event| event["task_fitness"].to_string()).collect::<String>());
    }
    assert!(fitness.windows(2).all(|pair| pair[0] == pair[1]), "{fitness:?}");
}

#[test]
fn programs_learn_the_ten_digits_at_once() {
    let folder = Folder::new();
    let eval = |more: &[&str]| {
        let arguments =
            [&["eval", "softmax", "softmax-net", "--task", "digits", "--classes", "10", "--tasks", "3", "--json"], more].concat();
        let ended = folder.run(&arguments);
        assert_eq!(ended.code, Some(0));
        ended.events().into_iter().take(2).map(|event| event["fitness"].as_f64().expect("a number")).collect::<Vec<_>>()
    };
    let once = eval(&["--verify", "1"]);
    let often = eval(&["--epochs", "10"]);
    assert!(once.iter().all(|&fitness| fitness > 0.75) && often.iter().all(|&fitness| fitness > 0.85), "{once:?}, {often:?}");
    for backend in ["interp", "jit", "oracle"] {
        assert_eq!(eval(&["--backend", backend]), once);
    }
    let task = ["--task", "digits", "--classes", "10"];
    folder.refuse(&[&["eval", "linear"], &task[..]].concat(), 1, &["linear", "writes v1"]);
    folder.refuse(&[&["eval", "softmax", "--features", "9"], &task[..]].concat(), 2, &["`features` is 9", "choose 10"]);
    folder.refuse(
        &[&["eval", "softmax", "--train", "1250"], &task[..]].concat(),
        1,
        &["asks for 1250", "training part has", "at most 1160"],
    );
    folder.refuse(&[&["eval", "softmax", "--pair", "3-5"], &task[..]].concat(), 2, &["--pair", "--classes"]);
}

#[test]
fn a_search_on_ten_classes_is_the_same_on_every_backend() {
    let folder = Folder::new();
    let settings = [
        "tasks.search.classes=10",
        "tasks.select.classes=10",
        "tasks.final.classes=10",
        "tasks.search.train=100",
        "tasks.select.train=100",
        "tasks.final.train=100",
        "tasks.search.tasks=3",
        "tasks.select.tasks=3",
        "tasks.final.tasks=3",
        "search.initial=softmax",
        "search.population=30",
    ];
    let mut arguments = vec!["evolve", "digits", "--no-save", "--json", "--max-individuals", "900", "--verify", "0.1"];
    // The sizes of pairs of digits are those of the preset.
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    let run = |more: &[&str]| {
        let done = folder.run(&[&arguments[..], more].concat()).last();
        assert_eq!(done["event"], "done");
        ["program", "program_simplified", "search_fitness", "final_fitness", "train_steps", "cache_hits", "baselines"]
            .map(|key| done[key].clone())
    };
    let first = run(&["--backend", "interp", "--threads", "1"]);
    for backend in ["jit", "auto"] {
        assert_eq!(run(&["--backend", backend, "--threads", "2"]), first);
    }
    assert!(first[1].as_str().is_some_and(|program| program.contains("v2 = ") && !program.contains("  v1 = ")), "{}", first[1]);
    assert!(first[2].as_f64().is_some_and(|fitness| fitness > 0.5), "{first:?}");
    let names: Vec<_> = first[6].as_array().expect("a list").iter().map(|baseline| baseline["name"].clone()).collect();
    assert_eq!(names, ["softmax"], "the net needs more addresses than the preset has");
}

#[test]
fn eval_gives_the_same_in_the_same_order_on_any_number_of_threads() {
    let folder = Folder::new();
    // Some take long and some none, so that threads overtake each other.
    let mut programs = String::new();
    for id in 0..40 {
        let predict = r#"{"op":"VECTOR_INNER_PRODUCT_OP","in1":0,"in2":1,"out":1}"#;
        let learn = r#"{"op":"VECTOR_SUM_OP","in1":0,"in2":1,"out":1},"#.repeat(id % 7 * 5 + 1);
        let learn = learn.trim_end_matches(',');
        programs += &format!("{{\"id\":{id},\"setup\":[],\"predict\":[{predict}],\"learn\":[{learn}]}}\n");
    }
    let list = folder.file("list.jsonl", programs);
    let run = |threads: &str, backend: &str| {
        let ended = folder.run(&["eval", &list, "net", "--json", "--train", "100", "--threads", threads, "--backend", backend]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let mut events = ended.events();
        assert_eq!(events.len(), 42);
        let done = events.last_mut().and_then(Value::as_object_mut).expect("an object");
        for timing in ["eval_seconds", "compile_seconds", "train_steps_per_second"] {
            assert!(done.remove(timing).is_some_and(|value| value.is_number()));
        }
        events
    };
    for backend in ["interp", "auto"] {
        let one = run("1", backend);
        assert!((0..40).all(|id| one[id]["name"] == id.to_string().as_str()), "{}", one[0]);
        assert_eq!(run("2", backend), one);
        assert_eq!(run("5", backend), one);
    }
    folder.refuse(&["eval", "linear", "--threads", "0"], 2, &["threads"]);
}

#[test]
fn recorded_cases_pass_and_a_changed_one_is_a_difference() {
    let folder = Folder::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/own.jsonl");
    let ended = folder.run(&["conform", own.to_str().expect("plain"), "--json"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let done = ended.last();
    assert!(done["cases"].as_u64() > Some(10) && done["failed"] == 0 && done["passed"] == done["cases"], "{done}");
    for backend in ["interp", "oracle"] {
        assert_eq!(done["by_backend"][backend]["passed"], done["cases"], "{done}");
    }

    let case = r#"{"kind":"op","id":"wrong","features_size":2,"initial":{"scalars":[0,0,1],"vectors":[[0,0]],"matrices":[]},
        "instruction":{"op":"SCALAR_SUM_OP","in1":2,"in2":2,"out":1},"final":{"scalars":[0,3,1],"vectors":[[0,0]],"matrices":[]}}"#;
    let wrong = folder.file("wrong.jsonl", case.replace('\n', " "));
    let ended = folder.run(&["conform", &wrong, "--json"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert_eq!(ended.last()["failed"], 1);
    assert!(ended.stdout.contains("wrong") && ended.stdout.contains("expected 3"), "{}", ended.stdout);
}

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

#[test]
fn the_small_commands_print_what_they_say() {
    let folder = Folder::new();
    let program = folder.file("p.az", "def Predict():\n  s1 = dot(v0, v1)\n  s5 = s1 + s1\n");
    let simplified = folder.run(&["simplify", &program]);
    assert_eq!(simplified.stdout, "def Setup():\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n");
    let of_classes = folder.run(&["simplify", &program, "--classes", "10"]);
    assert_eq!(of_classes.stdout, "def Setup():\ndef Predict():\ndef Learn():\n");
    assert_eq!(folder.run(&["simplify", "softmax", "--classes", "10"]).stdout.lines().count(), 11);
    folder.refuse(&["simplify", "linear", "--classes", "10"], 1, &["linear: ", "writes v1", "v2 or higher"]);
    folder.refuse(&["simplify", "softmax", "--classes", "9"], 2, &["--classes", "10"]);
    let presets = folder.run(&["presets", "--json"]).events();
    let names = [
        "linear",
        "affine",
        "net-from-damaged",
        "digits",
        "fig4-linear",
        "fig4-affine",
        "fig4-linear-backprop",
        "fig4-affine-backprop",
        "fig5-net",
        "main",
        "few-examples",
        "few-examples-control",
        "fast-training",
        "fast-training-control",
        "multi-class",
        "multi-class-control",
        "baseline",
    ];
    assert_eq!(presets.iter().map(|preset| &preset["name"]).collect::<Vec<_>>(), names);
    let listed = folder.run(&["presets"]).stdout;
    for preset in &presets {
        let section = preset["paper"]["section"].as_str().expect("a section");
        assert!(listed.contains(&format!("paper: {section}")), "{section}");
    }
    assert!(folder.run(&["presets", "main"]).stdout.contains("processes = 10_000"));
    let own = folder.file("own.toml", folder.run(&["presets", "digits"]).stdout);
    assert_eq!(folder.run(&["evolve", &own, "--no-save", "--max-individuals", "8", "--quiet"]).code, Some(4));
    assert_eq!(folder.run(&["tasks", "--json"]).events().len(), 6);
    assert!(folder.run(&["tasks"]).stdout.contains("two-layer"));
    assert!(folder.run(&["completions", "bash"]).stdout.contains("evolve"));
    assert!(folder.run(&["man"]).stdout.contains("exnihilo"));
    assert!(folder.run(&["man", "eval"]).stdout.contains("task"));
    folder.refuse(&["man", "evel"], 2, &["evel", "eval"]);
    assert!(folder.run(&["--version"]).stdout.starts_with("exnihilo "));
}

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

#[test]
fn methods_and_mutations_are_settings_of_evolve() {
    let folder = Folder::new();
    let result = |settings: &[&str]| {
        let mut arguments = small_with(&["--no-save"]);
        for setting in settings {
            arguments.extend(["--set", setting]);
        }
        let ended = folder.run(&arguments);
        assert_eq!(ended.code, Some(4), "{settings:?}: {}", ended.stderr);
        ended.last()["program"].to_string()
    };
    let evolution = result(&[]);
    assert_eq!(evolution, result(&["search.method=evolution", "search.mutations=reference", "search.constants=log-normal"]));
    for other in [
        "search.method=random",
        "search.method=local",
        "search.mutations=paper",
        "search.mutations={ alter-parameter = 3, randomize-function = 1 }",
        "search.constants=uniform",
    ] {
        assert_ne!(evolution, result(&[other]), "{other}");
    }
    folder.refuse(&["evolve", "--set", "search.method=annealing"], 2, &["search.method", "evolution"]);
    folder.refuse(&["evolve", "--set", "search.constants=uniforn"], 2, &["search.constants", "did you mean `uniform`?"]);
    folder.refuse(&["evolve", "--set", "search.mutations=papers"], 2, &["search.mutations", "did you mean `paper`?"]);
    folder.refuse(&["evolve", "--set", "search.randomize=[\"learn\"]"], 2, &["search.randomize", "start from a program"]);
}

/// Every command does its work, says what is missing, and gives the same results.
#[test]
fn without_native_code_programs_are_interpreted() {
    let folder = Folder::new();
    let reason = if cfg!(feature = "jit") { "EXNIHILO_NO_JIT=1" } else { "no native code in this build" };

    let eval = ["eval", "linear", "--json", "--backend", "jit"];
    let (with, without) = (folder.run(&eval), folder.run_without_native_code(&eval));
    assert_eq!(without.code, Some(0), "{}", without.stderr);
    assert!(without.stderr.contains(reason) && without.stderr.contains("interpreted"), "{}", without.stderr);
    let (with, without) = (&with.events()[0], &without.events()[0]);
    assert_eq!((&without["backend"], &without["task_fitness"]), (&"interp".into(), &with["task_fitness"]));
    let auto = folder.run_without_native_code(&["eval", "linear", "--backend", "auto"]);
    assert!(auto.code == Some(0) && auto.stderr.is_empty(), "nothing is missing that was asked for: {}", auto.stderr);

    let evolve = small_with(&["--no-save", "--backend", "jit", "--threads", "2"]);
    let (with, without) = (folder.run(&evolve), folder.run_without_native_code(&evolve));
    assert!(without.stderr.contains(reason), "{}", without.stderr);
    let (with, without) = (with.last(), without.last());
    assert_eq!((&without["program"], &without["search_fitness"]), (&with["program"], &with["search_fitness"]));
    assert_eq!(without["compiled"], 0);

    let fuzz = folder.run_without_native_code(&["fuzz", "--cases", "60", "--json"]);
    assert_eq!(fuzz.code, Some(0), "{}{}", fuzz.stdout, fuzz.stderr);
    assert!(fuzz.stderr.contains(reason) && fuzz.last()["replaced"].as_u64() > Some(0), "{}{}", fuzz.stdout, fuzz.stderr);

    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/own.jsonl");
    let conform = folder.run_without_native_code(&["conform", own.to_str().expect("plain"), "--json"]);
    assert_eq!(conform.code, Some(0), "{}{}", conform.stdout, conform.stderr);
    assert!(conform.stderr.contains("jit: skipped") && conform.stderr.contains(reason), "{}", conform.stderr);
    assert!(conform.last()["by_backend"]["jit"].is_null(), "{}", conform.stdout);

    let disasm = folder.run_without_native_code(&["disasm", "linear"]);
    assert_eq!(disasm.code, Some(1));
    assert!(disasm.stdout.is_empty() && disasm.stderr.contains("no native code"), "{}", disasm.stderr);

    let bench = ["bench", "--json", "--features", "4", "--programs", "linear", "--backends", "jit", "--sizes", "10/10", "--seconds", "0.1"];
    let bench = folder.run_without_native_code(&bench).last();
    assert_eq!((&bench["ran"], &bench["compile_us"]), (&"interp".into(), &Value::Null));
}

#[cfg(feature = "jit")]
#[test]
fn disasm_labels_code_by_function_and_instruction() {
    let folder = Folder::new();
    let both = folder.run(&["disasm", "linear", "--features", "4"]);
    assert_eq!(both.code, Some(0), "{}", both.stderr);
    assert!(both.stdout.contains("; Predict 0: s1 = dot(v0, v1)") && both.stdout.contains("; IR"), "{}", both.stdout);
    let assembly = folder.run(&["disasm", "linear", "--asm"]).stdout;
    assert!(assembly.contains("; Learn 0: s3 = s0 - s1") && assembly.contains("bytes of machine code"), "{assembly}");
    assert!(!assembly.contains("block0"), "{assembly}");
    assert!(folder.run(&["disasm", "linear", "--ir"]).stdout.contains("block0"));
}

#[test]
fn malformed_programs_are_refused_with_their_place() {
    let folder = Folder::new();
    let unknown = folder.file("unknown.az", "def Predict():\n  s1 = sinus(s2)\n");
    let out_of_range = folder.file("range.az", "def Predict():\n  s1 = s64 + s2\n");
    let reserved = folder.file("reserved.az", "def Predict():\n  s0 = s1 + s2\n");
    for command in ["eval", "simplify", "disasm"] {
        folder.refuse(&[command, &unknown], 1, &["unknown.az: line 2, column 8", "sinus"]);
        folder.refuse(&[command, &out_of_range], 1, &["range.az: line 2, column 8", "s64"]);
        folder.refuse(&[command, &reserved], 1, &["reserved.az: line 2, column 3"]);
        folder.refuse(&[command, "nowhere.az"], 1, &["nowhere.az", "`linear`, `affine`, `net`, `softmax` and `softmax-net`"]);
        folder.refuse(&[command, "."], 1, &["folder"]);
    }
    let list = folder.file("list.jsonl", "{\"setup\":[{\"op\":\"SCALAR_SUN_OP\"}],\"predict\":[],\"learn\":[]}");
    folder.refuse(&["eval", &list], 1, &["list.jsonl", "line 1", "SCALAR_SUN_OP"]);
    let packed = folder.file("list.jsonl.gz", b"\x1f\x8b\x08\x00broken");
    folder.refuse(&["eval", &packed], 1, &["list.jsonl.gz"]);
    folder.refuse(&["evolve", "--set", "search.initial=net", "--no-save"], 2, &["search.initial", "program.addresses"]);
}

#[test]
fn a_scale_is_told_and_recorded() {
    let folder = Folder::new();
    let run = |experiment: &str, out: &str, more: &[&str]| {
        let arguments = ["evolve", experiment, "--scale", "0.2", "--max-individuals", "400", "--out", out];
        folder.run(&[&arguments[..], more].concat())
    };
    let ended = run("main", "run", &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for line in [
        "scale 0.2: search: islands 18 to 4\n",
        "scale 0.2: tasks.search: sets 18 to 4\n",
        "scale 0.2: tasks.search.0: train 232 to 47, valid 58 to 12, tasks 10 to 2\n",
        "paper: section 4.2; 10000 processes; 5 days; ",
        "here: 4 islands an experiment on 4 sets of search tasks, 1 experiment side by side\n",
    ] {
        assert!(ended.stderr.contains(line), "no {line:?} in {}", ended.stderr);
    }
    let text = fs::read_to_string(folder.path("run/experiment.toml")).expect("a readable file");
    assert!(text.contains("islands = 4\n") && text.contains("train = 47\n") && text.contains("processes = 10000\n"), "{text}");
    let own = folder.file("own.toml", folder.run(&["presets", "digits"]).stdout);
    let own = run(&own, "own", &["--quiet", "--set", "tasks.search.train=40"]);
    assert_eq!((own.code, own.stderr.as_str()), (Some(4), ""));
    let text = fs::read_to_string(folder.path("own/experiment.toml")).expect("a readable file");
    assert!(text.contains("train = 40\n"), "single keys go before the scale: {text}");
    for scale in ["0", "-1", "nan", "1001"] {
        folder.refuse(&["evolve", "--no-save", &format!("--scale={scale}")], 2, &["--scale", "above 0", "1000"]);
    }
    folder.refuse(&["evolve", "--no-save", "--scale", "half"], 2, &["--scale", "half"]);
}

#[test]
fn several_data_are_taken_in_turn_and_found_from_anywhere() {
    let folder = Folder::new();
    let rows = |rows: &str| format!("a,b,y\n{}", rows.repeat(30));
    folder.file("one.csv", rows("0.5,1,2\n1,0.25,3\n0.5,1,7\n"));
    folder.file("two.csv", rows("0.25,1,1\n1,0.75,4\n"));
    let ended = folder.run(&small_with(&["--data", "one.csv", "--data", "two.csv", "--out", "run"]));
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    let text = fs::read_to_string(folder.path("run/experiment.toml")).expect("a readable file");
    let data: Vec<&str> = text.lines().filter(|line| line.starts_with("data = ")).collect();
    let [one, two] = ["one", "two"].map(|name| format!("data = \"{}\"", folder.path(&format!("{name}.csv")).display()));
    assert_eq!(data, [&one, &two, &one, &one], "two sets of search tasks, to select, final");
    assert!(text.contains("islands = 2\n"), "{text}");
}

#[test]
fn malformed_data_are_refused_with_their_place() {
    let folder = Folder::new();
    let rows = |third: &str| format!("a,b,y\n{}1,2,{third}\n", "0.5,1,2\n1,0.25,3\n".repeat(20));
    let text = folder.file("text.csv", rows("3").replace("0.25", "quarter"));
    let label = folder.file("label.csv", rows("many"));
    let short = folder.file("short.csv", rows("3").replace("1,2,3", "1,2"));
    let good = folder.file("good.csv", rows("5"));
    folder.refuse(&["eval", "linear", "--data", &text], 1, &["text.csv", "line 3", "`b`", "quarter"]);
    folder.refuse(&["eval", "linear", "--data", &label], 1, &["label.csv", "line 42", "`y`", "many"]);
    folder.refuse(&["eval", "linear", "--data", &short], 1, &["short.csv", "line 42"]);
    folder.refuse(&["eval", "linear", "--data", &good, "--label", "z"], 1, &["good.csv", "z"]);
    folder.refuse(&["evolve", "--no-save", "--data", &text], 1, &["text.csv", "line 3"]);
    assert_eq!(folder.run(&["eval", "linear", "--data", &good]).code, Some(0));
    let ended = folder.run(&small_with(&["--no-save", "--data", &good]));
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);

    // Header and labels of two images of 2 x 2 pixels, of which the last is cut off.
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2][..], &[7; 6]].concat();
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 0, 1];
    for part in ["train", "t10k"] {
        folder.file(&format!("idx/{part}-images-idx3-ubyte"), &images);
        folder.file(&format!("idx/{part}-labels-idx1-ubyte"), labels);
    }
    folder.refuse(&["eval", "net", "--data", "idx"], 1, &["train-images-idx3-ubyte"]);
    folder.refuse(&["evolve", "baseline", "--no-save", "--data", "idx"], 1, &["train-images-idx3-ubyte"]);
}

#[test]
fn wrong_shapes_are_refused() {
    let folder = Folder::new();
    let case = r#"{"kind":"op","id":"shape","features_size":4,"initial":{"scalars":[0,0],"vectors":[[0,0]],"matrices":[]},
        "instruction":{"op":"NO_OP"},"final":{"scalars":[0,0],"vectors":[[0,0]],"matrices":[]}}"#;
    let shape = folder.file("shape.jsonl", case.replace('\n', " "));
    folder.refuse(&["conform", &shape], 1, &["shape.jsonl, line 1", "shape"]);
    folder.refuse(&["conform", "nowhere.jsonl"], 1, &["nowhere.jsonl"]);
    folder.refuse(&["eval", "linear", "--features", "4097"], 2, &["features", "4096"]);
    folder.refuse(&["eval", "linear", "--task", "two-layer", "--features", "1"], 2, &["features"]);
    folder.refuse(&["eval", "net", "--features", "4096", "--train", "1", "--valid", "1"], 1, &["net", "memory limit"]);
    folder.refuse(&["eval", "linear", "--train", "1000000000000"], 2, &["memory limit"]);
}

#[test]
fn without_a_terminal_nothing_is_drawn() {
    let folder = Folder::new();
    let few = ["evolve", "--watch", "--max-individuals", "2000", "--out", "run", "--set", "search.population=100"];
    for arguments in [&few[..], &["resume", "run", "--watch", "--max-individuals", "4000"]] {
        let ended = folder.run(arguments);
        assert_eq!(ended.code, Some(4), "{}", ended.stderr);
        assert!(ended.stderr.contains("stderr is not a terminal, where --watch could draw"), "{}", ended.stderr);
        assert!(!ended.stderr.contains('\x1b') && !ended.stdout.contains('\x1b'), "{}", ended.stderr);
        assert!(ended.stdout.contains("def Predict():") && ended.stdout.contains("final fitness"), "{}", ended.stdout);
    }
}

#[test]
fn unknown_words_are_wrong_usage() {
    let folder = Folder::new();
    let toml = folder.run(&["presets", "linear"]).stdout.replace("tournament", "turnament");
    let unknown = folder.file("unknown.toml", toml);
    let broken = folder.file("broken.toml", "[program\n");
    folder.refuse(&["evolve", &unknown], 2, &["unknown.toml", "turnament", "did you mean `tournament`?"]);
    folder.refuse(&["evolve", &broken], 1, &["broken.toml", "line 1"]);
    folder.refuse(&["evolve", "nowhere.toml"], 1, &["nowhere.toml"]);
    folder.refuse(&["evolve", "liner"], 2, &["liner", "did you mean `linear`?"]);
    folder.refuse(&["evolve", "--set", "search.popluation=5"], 2, &["did you mean `population`?"]);
    folder.refuse(&["evolve", "--set", "search.population=0"], 2, &["search.population", "1 to"]);
    folder.refuse(&["evolve", "--set", "search.population"], 2, &["KEY=VALUE"]);
    folder.refuse(&["evolve", "--target-fitness", "2"], 2, &["target"]);
    folder.refuse(&["evolve", "--backend", "oracle"], 2, &["oracle", "interp"]);
    folder.refuse(&["evolve", "--max-individuals", "0"], 2, &["--max-individuals"]);
    folder.refuse(&["evolve", "--max-seconds", "-1"], 2, &["-1"]);
    folder.refuse(&["evolve", "--max-seconds=nan"], 2, &["seconds"]);
    folder.refuse(&["evolve", "--verify", "1.5"], 2, &["--verify", "between 0 and 1"]);
    folder.refuse(&["eval", "linear", "--verify=nan"], 2, &["--verify", "between 0 and 1"]);
    folder.refuse(&["evolve", "--watch", "--json"], 2, &["--watch", "--json"]);
    folder.refuse(&["resume", "run", "--watch", "--quiet"], 2, &["--watch", "--quiet"]);
    folder.refuse(&["evolve", "--no-such-option"], 2, &["--no-such-option"]);
    folder.refuse(&["eval", "linear", "--task", "linaer"], 2, &["did you mean `linear`?"]);
    folder.refuse(&["eval", "linear", "--pair", "3-3"], 2, &["3-3"]);
    folder.refuse(&["eval"], 2, &["PROGRAM"]);
    assert!(!folder.path("runs").exists(), "nothing was saved");
}

#[test]
fn a_run_that_cannot_be_saved_does_not_start() {
    let folder = Folder::new();
    let file = folder.file("file", "");
    let taken = folder.file("taken/keep.txt", "mine");
    folder.refuse(&["evolve", "--out", &format!("{file}/run")], 1, &["cannot be written"]);
    folder.refuse(&["evolve", "--out", "taken"], 1, &["taken", "never overwrites"]);
    assert_eq!(fs::read_to_string(taken).expect("still there"), "mine");
}

/// Whoever reads the output may stop reading.
#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_quietly() {
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_exnihilo"))
        .args(["presets", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built for this test");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// The first interrupt reports the best program so far.
#[cfg(unix)]
#[test]
fn an_interrupt_reports_the_best_so_far() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_exnihilo"))
        .args(["evolve", "--json", "--no-save", "--target-fitness", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built for this test");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut text = String::new();
    stdout.read_line(&mut text).expect("an event");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
    assert!(kill.success());
    stdout.read_to_string(&mut text).expect("more events");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let done: Value = serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&done["event"], &done["stopped_by"]), (&"done".into(), &"interrupt".into()));
}
