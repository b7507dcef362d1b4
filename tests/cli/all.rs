//! What holds for every command: malformed input, missing native code, closed pipes.

use std::path::Path;

use serde_json::Value;

use super::common::Folder;
use super::small_with;

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

/// Whoever reads the output may stop reading.
#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_quietly() {
    use std::process::Stdio;

    use super::common::BUILT;

    let folder = Folder::new();
    let mut child = folder.command(&["presets", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect(BUILT);
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// Names of files and folders may have any character in them. In what people read there is no line of their own making, nothing that a
/// terminal obeys, and nothing that turns the direction of a line; JSON has them as they are.
#[cfg(unix)]
#[test]
fn names_are_shown_and_do_nothing() {
    use exnihilo::text::is_unseen;

    use super::common::Ended;

    const NAME: &str = "a\n\u{1b}[31m\u{9b}b\u{202e}c\u{2028}d";
    const SHOWN: &str = "a\\n\\u{1b}[31m\\u{9b}b\\u{202e}c\\u{2028}d";
    let folder = Folder::new();
    let best = format!("{NAME}/best.az");
    folder.file(&best, exnihilo_jit::known_program("affine").expect("a known name").to_string());
    folder.file(&format!("{NAME}/experiment.toml"), folder.run(&["presets", "linear"]).stdout);
    let record = serde_json::json!({ "id": NAME, "setup": [], "predict": [], "learn": [] });
    folder.file("list.jsonl", format!("{record}\n"));
    let tasks = ["--tasks", "1", "--seeds", "1"];
    let missing = format!("no {NAME}");
    let [run, inside, keys, no_keys] = ["run NAME", "list.jsonl/NAME", "NAME.toml", "no NAME.toml"].map(|name| name.replace("NAME", NAME));
    folder.file(&keys, r#""a\n\u001b[31mb" = 1"#);
    folder.file("table.csv", format!("\"{NAME}\",y\nx,1\nz,2\n"));
    let [table, set, section, value] = ["no.csv-", "", "tasks.", "search.population="].map(|start| format!("{start}{NAME}"));
    let [set, section] = [set, section].map(|key| format!("{key}=1"));
    let option = format!("--{NAME}");
    let commands = [
        ([&["simplify", &best, "--approximate", "0.01", "--steps"][..], &tasks].concat(), 0),
        ([&["explain", &best, "--knock-in", &best][..], &tasks].concat(), 0),
        (vec!["export", &best, "--to", "numpy"], 0),
        (vec!["export", &best, "--to", "c"], 0),
        (vec!["eval", &best, "--tasks", "1"], 0),
        (vec!["transfer", &best, "--trials", "1", "--seeds", "1", "--train", "40", "--pair", "3-5", "--net", "none"], 0),
        (vec!["report", NAME, "--out", &best], 1),
        (vec!["report", NAME], 0),
        (vec!["resume", NAME], 1),
        (vec!["simplify", &missing], 1),
        (vec!["conform", &best], 1),
        (vec!["conform", &missing], 1),
        (vec!["evolve", "--max-individuals", "100", "--set", "search.population=20", "--out", &run], 4),
        (vec!["resume", &run, "--max-individuals", "100"], 2),
        (vec!["evolve", "--out", NAME], 1),
        (vec!["evolve", "--out", &inside], 1),
        (vec!["evolve", NAME], 2),
        (vec!["evolve", &keys], 2),
        (vec!["evolve", &no_keys], 1),
        (vec!["evolve", "--data", &table], 1),
        (vec!["evolve", "--set", &set], 2),
        (vec!["evolve", "--set", &section], 2),
        (vec!["evolve", "--set", &value], 2),
        (vec!["evolve", "--set", NAME], 2),
        (vec!["evolve", "--seed", NAME], 2),
        (vec!["compare", NAME], 2),
        (vec!["compare", "linear", "--reference", &missing], 1),
        (vec!["compare", "linear", "--methods", NAME], 2),
        (vec!["presets", NAME], 2),
        (vec!["man", NAME], 2),
        (vec!["completions", NAME], 2),
        (vec!["report", &missing], 1),
        (vec!["serve", &missing], 1),
        (vec!["serve", NAME, "--addr", NAME], 2),
        (vec!["eval", "linear", "--task", NAME], 2),
        (vec!["eval", "linear", "--pair", NAME], 2),
        (vec!["eval", "linear", "--data", &missing], 1),
        (vec!["eval", "linear", "--data", "table.csv", "--label", &missing], 1),
        (vec!["eval", "linear", "--data", "table.csv"], 1),
        (vec!["explain", &missing], 1),
        (vec!["disasm", &missing], 1),
        (vec!["export", &missing, "--to", "c"], 1),
        (vec!["export", "linear", "--to", NAME], 2),
        (vec!["transfer", &missing], 1),
        (vec!["transfer", "linear", "--out", &best], 1),
        (vec!["fuzz", "--out", &best], 1),
        (vec!["bench", "--features", NAME], 2),
        (vec!["tasks", NAME], 2),
        (vec![NAME], 2),
        (vec!["eval", &option], 2),
    ];
    for (arguments, code) in commands {
        let Ended { code: found, stdout, stderr } = folder.run(&arguments);
        assert_eq!(found, Some(code), "{arguments:?}: {stderr}");
        let unseen = |text: &str| text.chars().find(|&c| is_unseen(c) && c != '\n');
        assert_eq!((unseen(&stdout), unseen(&stderr)), (None, None), "{arguments:?}: {stdout}{stderr}");
        let makes_a_line = |line: &str| ["\\u{1b}[31m", "\\033[31m"].iter().any(|start| line.trim_start().starts_with(start));
        assert!(!stdout.lines().chain(stderr.lines()).any(makes_a_line), "{arguments:?}: {stdout}{stderr}");
        assert!(code == 0 || stderr.contains("\\u{1b}") || stdout.contains("\\u{1b}"), "{arguments:?}: it is not shown: {stderr}");
        if arguments[0] == "simplify" && code == 0 {
            assert!(stdout.starts_with(&format!("# {SHOWN}/best.az: ")), "{stdout}");
            assert!(
                stdout.parse::<exnihilo_jit::Program>().is_ok() && stdout.contains(&format!("tasks of {SHOWN}/experiment.toml")),
                "{stdout}"
            );
        }
        if arguments[0] == "explain" && code == 0 {
            assert!(stdout.contains(&format!("\nPut into {SHOWN}/best.az, which")), "{stdout}");
        }
        if arguments == ["simplify", &missing] {
            assert!(stderr.starts_with(&format!("error: no {SHOWN}: ")), "{stderr}");
        }
    }
    let page = std::fs::read_to_string(folder.path(NAME).join("report.html")).expect("a page");
    assert!(!page.contains(|c| is_unseen(c) && c != '\n' && c != '\t') && page.contains(SHOWN));
    let listed = folder.run(&["eval", "list.jsonl", "--tasks", "1"]);
    assert!(listed.stdout.starts_with(SHOWN), "{}{}", listed.stdout, listed.stderr);
    assert_eq!(folder.run(&["eval", "list.jsonl", "--tasks", "1", "--json"]).events()[0]["name"], NAME);
}
