//! `evolve`: events, limits, settings, what is saved.

use std::fs;

use serde_json::Value;

use super::common::Folder;
use super::{SMALL, for_readers, has_fields, small_with};

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
fn a_run_that_cannot_be_saved_does_not_start() {
    let folder = Folder::new();
    let file = folder.file("file", "");
    let taken = folder.file("taken/keep.txt", "mine");
    folder.refuse(&["evolve", "--out", &format!("{file}/run")], 1, &["cannot be written"]);
    folder.refuse(&["evolve", "--out", "taken"], 1, &["taken", "never overwrites"]);
    assert_eq!(fs::read_to_string(taken).expect("still there"), "mine");
}

/// The first interrupt reports the best program so far.
#[cfg(unix)]
#[test]
fn an_interrupt_reports_the_best_so_far() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};

    use super::common::BUILT;

    let folder = Folder::new();
    let mut command = folder.command(&["evolve", "--json", "--no-save", "--target-fitness", "1"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect(BUILT);
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
