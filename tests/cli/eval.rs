//! `eval`: lists, classes, order.

use serde_json::Value;

use super::common::Folder;
use super::has_fields;

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
