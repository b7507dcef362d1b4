//! `conform`, `disasm`, and the commands that print what there is.

use std::path::Path;

use super::common::Folder;

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
