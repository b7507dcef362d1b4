//! `report` from the outside: pages about runs that ended, are damaged, hostile, or at work.
#![cfg(feature = "cli")]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use exnihilo::report::Page;
use exnihilo::run::RunRecord;
use serde_json::{Value, json};

use common::{command, output};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A hall of fame of which no line is possible: no JSON, and a size that its program has not.
const HALL: &str = "x\n{\"setup\":[],\"predict\":[],\"learn\":[],\"size\":18446744073709551615,\"task_set\":0,\"experiment\":0,\"island\":0,\"search_fitness\":0.5}\n";

/// The files of a run that are read, the longest first.
const FILES: [&str; 4] = ["events.jsonl", "hall_of_fame.jsonl", "result.json", "experiment.toml"];

/// How many damaged runs are read, each damaged up to three times; more with `EXNIHILO_DAMAGED_RUNS=100000`.
const DAMAGED: u64 = 1_000;

/// A small search of two islands.
const SEARCH: &[&str] = &[
    "evolve",
    "--quiet",
    "--max-individuals=8000",
    "--target-fitness=1",
    "--islands=2",
    "--set=search.population=60",
    "--set=search.side_by_side=2",
    "--set=tasks.select.tasks=5",
    "--set=tasks.final.tasks=5",
];

fn evolve(folder: &Path, run: &str, seed: &str) {
    let ended = output(folder, &[SEARCH, &["--out", run, "--seed", seed]].concat());
    assert_eq!(ended.status.code(), Some(4), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// Makes the page of a run, which must succeed, and checks what holds for every page.
#[track_caller]
fn page(folder: &Path, runs: &[&str]) -> String {
    let ended = output(folder, &[&["report", "--out", "page.html"], runs].concat());
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let html = fs::read_to_string(folder.join("page.html")).expect("it was written");
    check_page(&html);
    html
}

/// No page loads anything, has a script or style but its own, or elements out of the texts of a run.
#[track_caller]
fn check_page(html: &str) {
    assert!(html.starts_with("<!doctype html>\n") && html.ends_with("</html>\n"));
    assert!(html.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-"));
    assert_eq!((html.matches("<script").count(), html.matches("<style").count()), (1, 1));
    // What stands in texts is escaped, so every tag is the page's own.
    let body = &html[html.find("<body>").expect("a body")..html.find("<script").expect("a script")];
    let tags: Vec<&str> = body.split('<').skip(1).map(|rest| rest.split('>').next().expect("an end")).collect();
    for forbidden in ["link ", "img", "iframe", "object", "embed", "base", "form"] {
        assert!(!tags.iter().any(|tag| tag.starts_with(forbidden)), "{forbidden:?} in the page");
    }
    for forbidden in [" src=", " style=", " onload=", " onerror=", " onclick=", "javascript:"] {
        assert!(!tags.iter().any(|tag| tag.contains(forbidden)), "{forbidden:?} in the page");
    }
    // Notes may tell of NaN, plots must not have it.
    assert!(!tags.iter().any(|tag| tag.contains("NaN")), "NaN in the page");
    for forbidden in ["\u{0}", "\u{1b}"] {
        assert!(!body.contains(forbidden), "{forbidden:?} in the page");
    }
    let figures = html.matches("<figure class=\"chart\"").count();
    for part in
        ["role=\"img\" aria-labelledby=", "<title id=", "<desc id=", ".svg\" href=\"data:image/svg+xml", ".csv\" href=\"data:text/csv"]
    {
        assert_eq!(html.matches(part).count(), figures, "{part}");
    }
    let ids: Vec<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().expect("an end")).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "identifiers that are there twice");
}

fn write_run(folder: &Path, run: &str, events: &[u8], others: &[(&str, &str)]) -> PathBuf {
    let path = folder.join(run);
    fs::create_dir_all(&path).expect("a writable folder");
    fs::write(path.join("events.jsonl"), events).expect("a writable folder");
    for (name, text) in others {
        fs::write(path.join(name), text).expect("a writable folder");
    }
    path
}

fn events_of(run: &Path) -> Vec<Value> {
    let text = fs::read_to_string(run.join("events.jsonl")).expect("events");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_run_is_shown_as_it_was() {
    let folder = folder();
    evolve(folder.path(), "run", "5");
    let ended = output(folder.path(), &["report", "run", "--json"]);
    let event: Value = serde_json::from_slice(&ended.stdout).expect("one object");
    let file = Path::new("run").join("report.html").display().to_string();
    assert_eq!(event, json!({"schema": 1, "event": "report", "file": file, "runs": 1, "notes": []}));
    let html = fs::read_to_string(folder.path().join("run/report.html")).expect("it was written");
    check_page(&html);
    let run = folder.path().join("run");
    let result: Value = serde_json::from_str(&fs::read_to_string(run.join("result.json")).expect("a result")).expect("JSON");
    for field in ["search_fitness", "select_fitness", "final_fitness"] {
        let fitness = result[field].as_f64().expect("a number");
        assert!(html.contains(&format!("<dd>{fitness:.6}</dd>")), "{field}");
    }
    for baseline in result["baselines"].as_array().expect("a list") {
        let fitness = baseline["final_fitness"].as_f64().expect("a number");
        assert!(html.contains(&format!("{fitness:.6}")), "{baseline}");
    }
    for field in ["program", "program_simplified"] {
        // Programs have no characters that are escaped but these.
        let text = result[field].as_str().expect("a text").replace('\'', "&#39;").replace('<', "&lt;").replace('>', "&gt;");
        assert!(html.contains(&format!("<code>{text}</code>")), "{field}");
    }
    for chart in ["fitness", "evaluation", "islands", "tiers", "hall"] {
        assert!(html.contains(&format!("data-chart=\"r0-chart-{chart}\"")), "{chart}");
    }
    assert!(html.contains("data-chart=\"r0-chart-throughput\"") || html.contains("individuals a second; the run was too short"));
    assert!(html.contains("Ended: target 1 not reached; the limit in individuals ended the search.") && html.contains("8,000"));
    assert!(html.contains("The select fitness of the result so far goes from"));
    assert!(html.contains("linear seed 5") && html.contains("experiment.toml, all settings") && html.contains("population = 60"));
    // Each island's best is told, and is that of its last improvement.
    let improvements: Vec<Value> = events_of(&run).into_iter().filter(|event| event["event"] == "improvement").collect();
    let winner = &result["experiment"];
    let last = improvements.iter().rfind(|event| event["experiment"] == *winner && event["island"] == 0).expect("an improvement");
    let told = format!("experiment {winner}, island 0 reaches {:.6}", last["search_fitness"].as_f64().expect("a number"));
    assert!(html.contains(&told), "no {told}");
    // The same page again, in place of the first.
    assert_eq!(output(folder.path(), &["report", "run"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(run.join("report.html")).expect("it is there"), html);
}

/// A line of events about milestone number `name` of island 0, `mutations` after the one before it.
fn milestone(event: &str, name: u64, before: Option<(u64, u64)>, fitness: f64, origin: &str, program: &str) -> String {
    let parsed: exnihilo_jit::Program = program.parse().expect("a program");
    let hash = exnihilo::search::ProgramHash::of(&parsed).to_string();
    let (mutations, before) = before.map_or((0, None), |(name, mutations)| (mutations, Some(json!({"island": 0, "milestone": name}))));
    let event = json!({"schema": 1, "event": event, "experiment": 0, "island": 0, "task_set": 0, "individual": 10 * name,
        "search_fitness": fitness, "milestone": name, "mutations": mutations, "before": before, "hash": hash, "origin": origin,
        "program": parsed.to_string()});
    format!("{event}\n")
}

/// The list items of a page's lineage.
fn steps(html: &str) -> Vec<&str> {
    let lineage = &html[html.find("id=\"r0-lineage\"").expect("a section")..html.find("id=\"r0-islands\"").expect("a section")];
    lineage.split("<li>").skip(1).collect()
}

#[test]
fn the_lineage_has_what_changed_from_step_to_step() {
    let folder = folder();
    let first = "def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  v1 = v1 + v0\n";
    let second = "def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  v2 = s0 * v0\n  v1 = v1 + v2\n";
    let third = "def Setup():\n  s3 = 0.5\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s2 = s0 - s1\n  s2 = s2 * s3\n  v2 = s2 * v0\n  v1 = v1 + v2\n";
    let events = [
        milestone("milestone", 3, None, 0.2, "start", first),
        milestone("improvement", 4, None, 0.3, "start", "def Predict():\n  s1 = mean(v0)\n"),
        milestone("milestone", 5, Some((3, 1)), 0.25, "insert-instruction", second),
        milestone("improvement", 7, Some((5, 12)), 0.9, "randomize-function", third),
    ];
    write_run(folder.path(), "run", events.concat().as_bytes(), &[]);
    let html = page(folder.path(), &["run"]);
    let steps = steps(&html);
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert!(steps[0].contains("Fitness 0.200000") && steps[0].contains("one of the first programs"), "{}", steps[0]);
    assert!(steps[1].contains("insert-instruction of the one before it<"), "{}", steps[1]);
    assert!(steps[1].contains("<ins>+   v2 = s0 * v0</ins>") && steps[1].contains("<del>-   v1 = v1 + v0</del>"), "{}", steps[1]);
    assert!(steps[2].contains("individual 70: 12 mutations after the one before it, the last one randomize-function<"), "{}", steps[2]);
    assert!(steps[2].contains("<ins>+   s3 = 0.5</ins>") && steps[2].contains("\n    v1 = v1 + v2\n"), "{}", steps[2]);
}

/// Of a real run, whose islands exchange programs: the line begins with a first program and rises to the result.
#[test]
fn the_lineage_of_a_run_is_whole() {
    let folder = folder();
    let settings =
        ["--set", "search.islands=3", "--set", "search.population=60", "--set", "migration.every=500", "--set", "search.side_by_side=1"];
    let ended = output(
        folder.path(),
        &[
            &["evolve", "linear", "--seed", "3", "--max-individuals", "30000", "--target-fitness", "1", "--out", "run", "--quiet"],
            &settings[..],
        ]
        .concat(),
    );
    assert_eq!(ended.status.code(), Some(4), "{}", String::from_utf8_lossy(&ended.stderr));
    let html = page(folder.path(), &["run"]);
    let steps = steps(&html);
    assert!(steps.len() > 5, "{steps:?}");
    assert!(steps[0].contains("one of the first programs"), "{}", steps[0]);
    assert!(!html.contains("is not on record"));
    let fitness =
        |step: &&str| step.split("Fitness ").nth(1).and_then(|rest| rest.split('<').next()).and_then(|text| text.parse::<f64>().ok());
    let fitness: Vec<f64> = steps.iter().map(|step| fitness(step).expect("a number")).collect();
    assert!(fitness.is_sorted(), "{fitness:?}");
    let result: Value = serde_json::from_str(&fs::read_to_string(folder.path().join("run/result.json")).expect("a result")).expect("JSON");
    let reached = result["search_fitness"].as_f64().expect("a number");
    assert_eq!(format!("{reached:.6}"), format!("{:.6}", fitness.last().expect("steps")));
}

#[test]
fn texts_of_a_run_stay_texts() {
    let folder = folder();
    let evil = "</title></style><script>alert(1)</script><img src=x onerror=\"alert('2')\">]]>&\u{1b}[31m\u{0}\u{202e}";
    let start = json!({"event": "start", "preset": evil, "seed": 1, "version": evil, "backend": evil});
    let strange = milestone("improvement", 1, None, 0.5, evil, "def Predict():\n  s1 = mean(v0)\n");
    let progress = json!({"event": "progress", "individuals": 10, "elapsed_seconds": 1.0, "best_fitness": 0.5, "mean_fitness": 0.1});
    let done = json!({"event": "done", "preset": evil, "stopped_by": evil, "program": evil, "select_fitness": 0.4,
        "baselines": [{"name": evil, "final_fitness": 0.3}]});
    let difference = json!({"event": "difference", "difference": evil});
    let settings = format!("name = {}\n# {}\n", json!("x"), evil.replace(['\u{0}', '\u{1b}'], ""));
    let events = format!("{start}\n{strange}{progress}\n{difference}\n{done}\n");
    let hall = format!("{}\n", json!({"id": evil, "setup": [{"op": evil}], "predict": [], "learn": [], "size": 1, "search_fitness": 0.5}));
    let run = "r<b>'\"&";
    write_run(folder.path(), run, events.as_bytes(), &[("experiment.toml", &settings), ("hall_of_fame.jsonl", &hall)]);
    let html = page(folder.path(), &[run]);
    assert!(html.contains("&lt;/title&gt;&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;2&#39;)&quot;&gt;]]&gt;&amp;"));
    assert!(!html.contains("<img") && !html.contains("<b>"), "an element out of a text");
    assert!(html.contains("\\u{1b}[31m\\u{0}\\u{202e}"));
    assert!(html.contains("r&lt;b&gt;&#39;&quot;&amp;"), "the path");
}

#[test]
fn damaged_runs_are_shown_as_far_as_they_can_be_read() {
    let folder = folder();
    evolve(folder.path(), "whole", "5");
    let whole = fs::read_to_string(folder.path().join("whole/events.jsonl")).expect("events");
    let long = format!("{{\"event\":\"progress\",\"x\":\"{}\"}}\n", "y".repeat(17 << 20));
    let bad = "{\"event\":\"progress\",\"elapsed_seconds\":1e999}\nnot JSON\n[1,2]\n{\"event\":7}\n{\"event\":\"unheard-of\",\"a\":{\"b\":[]}}\n\
               {\"event\":\"progress\",\"elapsed_seconds\":null,\"best_fitness\":null}\n{\"event\":\"progress\",\"individuals\":-4}\n\n\
               {\"event\":\"improvement\",\"experiment\":0,\"island\":0,\"individual\":1,\"search_fitness\":0.5,\"hash\":\"zz\",\"parent\":null,\"origin\":\"start\"}\n\
               {\"event\":\"progress\",\"individuals\":18446744073709551615,\"elapsed_seconds\":1e308,\"best_fitness\":-1e308,\
               \"tiers\":{\"structural\":18446744073709551615,\"over_budget\":18446744073709551615,\"fec\":1,\"hurdle\":0,\"interpreted\":0,\"compiled\":0}}\n";
    let events = [bad.as_bytes(), long.as_bytes(), b"\xff\xfe\n", whole.as_bytes(), b"{\"event\":\"prog"].concat();
    let damaged = [("result.json", "{\"select_fitness\":"), ("hall_of_fame.jsonl", HALL), ("experiment.toml", "name = 3")];
    write_run(folder.path(), "run", &events, &damaged);
    let ended = output(folder.path(), &["report", "run", "--json"]);
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let event: Value = serde_json::from_slice(&ended.stdout).expect("one object");
    let notes: Vec<&str> = event["notes"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let torn = format!("events.jsonl, line {}: has no end", 13 + whole.lines().count());
    let words = [
        "events.jsonl, line 1: no event that can be read",
        "events.jsonl, line 2: ",
        "events.jsonl, line 3: ",
        "events.jsonl, line 4: ",
        "events.jsonl, line 7: ",
        "events.jsonl, line 9: an improvement without fitness or hash",
        "events.jsonl, line 11: longer than 16777216 bytes",
        "events.jsonl, line 12: ",
        "result.json is no result",
        "hall_of_fame.jsonl, line 1: left out",
        "hall_of_fame.jsonl, line 2: left out",
        "experiment.toml: ",
        torn.as_str(),
    ];
    for words in words {
        assert!(notes.iter().any(|note| note.starts_with(&format!("run: {words}"))), "no {words:?} in {notes:#?}");
    }
    assert!(!notes.iter().any(|note| note.contains("line 5:") || note.contains("line 8:")), "unknown events and blank lines are no damage");
    let html = page(folder.path(), &["run"]);
    let clean = page(folder.path(), &["whole"]);
    for html in [&html, &clean] {
        assert!(html.contains("Ended: target 1 not reached") && html.contains("Best program"));
    }
    assert!(html.contains("events.jsonl, line 2: ") && !clean.contains("About the files"));
}

#[test]
fn thousands_of_events_are_thinned_and_that_is_said() {
    let folder = folder();
    let mut events = String::new();
    for number in 1..=5_000 {
        let fitness = 1.0 - 1.0 / f64::from(number);
        let event = json!({"event": "progress", "individuals": number * 100, "elapsed_seconds": number, "best_fitness": fitness, "mean_fitness": 0.5});
        events += &format!("{event}\n");
    }
    write_run(folder.path(), "run", events.as_bytes(), &[]);
    let html = page(folder.path(), &["run"]);
    assert!(
        html.contains("314 of 5,000 progress events are drawn: one in 16, and the last."),
        "{:?}",
        html.find("are drawn").map(|at| &html[at - 60..at + 40])
    );
    assert!(html.contains("5000,0.9998,0.5%0A\""), "the last event is there");
    assert!(html.len() < 400_000, "{} bytes", html.len());
    assert!(html.contains("Cut short"));
}

#[test]
fn several_runs_are_compared() {
    let folder = folder();
    evolve(folder.path(), "one", "5");
    evolve(folder.path(), "two", "6");
    evolve(folder.path(), "three", "5");
    let refused = output(folder.path(), &["report", "one", "two"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("add --out FILE.html"));
    let html = page(folder.path(), &["one", "two", "three"]);
    for name in ["linear seed 5 (one)", "linear seed 6", "linear seed 5 (three)"] {
        assert!(html.contains(&format!(">{name}</a>")), "{name}");
        assert!(html.contains(&format!("%22{}%22", name.replace(' ', "%20"))), "{name} in the data");
    }
    for chart in ["all-chart-time", "all-chart-individuals", "all-chart-final", "r2-chart-fitness"] {
        assert!(html.contains(&format!("data-chart=\"{chart}\"")), "{chart}");
    }
}

#[test]
fn a_run_at_work_is_shown_and_not_disturbed() {
    let folder = folder();
    let arguments = ["evolve", "--json", "--out", "run", "--target-fitness", "1", "--set", "search.population=100"];
    let mut child = command(folder.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program was built");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert!(lines.next().is_some(), "without a limit the search goes on");
    let html = page(folder.path(), &["run"]);
    assert!(html.contains("At work: this is what there is so far."));
    assert!(html.contains("The best on the search tasks so far"));
    child.kill().expect("it is at work");
    child.wait().expect("it ends");
    let html = page(folder.path(), &["run"]);
    assert!(html.contains("Cut short"), "it was killed");
}

#[test]
fn what_is_no_run_is_refused_and_no_other_file_overwritten() {
    let folder = folder();
    fs::create_dir(folder.path().join("empty")).expect("a writable folder");
    fs::write(folder.path().join("file"), "text").expect("a writable folder");
    write_run(folder.path(), "run", b"", &[]);
    let refuse = |arguments: &[&str], words: &str| {
        let ended = output(folder.path(), &[&["report"], arguments].concat());
        let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(words) && !stderr.contains("panicked"), "{stderr}");
    };
    refuse(&["none"], "it does not exist");
    refuse(&["file"], "it is a file");
    refuse(&["empty"], "it has neither experiment.toml nor events.jsonl");
    refuse(&["run", "--out", "file"], "exists and is no report");
    refuse(&["run", "--out", "none/page.html"], "cannot be written");
    assert_eq!(fs::read_to_string(folder.path().join("file")).expect("it is there"), "text");
    assert_eq!(output(folder.path(), &["report", "run", "--out", "file", "--force"]).status.code(), Some(0));
    let html = page(folder.path(), &["run"]);
    assert!(html.contains("There is no progress on record yet."));
    let names: Vec<_> = fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("a file").file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().contains("partial")), "{names:?}");
}

#[test]
fn parts_of_the_result_are_knocked_out_on_fresh_tasks() {
    let folder = folder();
    evolve(folder.path(), "run", "5");
    let run = folder.path().join("run");
    // Gradient descent, whatever was found.
    let program = "def Setup():\n  s2 = 0.05\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s3 = s0 - s1\n  s3 = s2 * s3\n  v2 = s3 * v0\n  v1 = v1 + v2\n";
    fs::write(run.join("best.az"), program).expect("a writable folder");
    let html = page(folder.path(), &["run"]);
    let explained = output(folder.path(), &["explain", "run/best.az", "--json"]);
    let events = String::from_utf8(explained.stdout).expect("text");
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let knock_outs: Vec<&Value> = events.iter().filter(|event| event["event"] == "knock_out").collect();
    assert!(knock_outs.len() >= 2, "a linear layer and its update");
    for event in knock_outs {
        let (name, mean) = (event["name"].as_str().expect("a name"), event["effect"]["mean"].as_f64().expect("a number"));
        assert!(mean < -0.3, "{event}");
        assert!(
            html.contains(name) && html.contains(&format!("{mean:.6}").replace('-', "\u{2212}")) || html.contains(&format!("{mean:.6}")),
            "{event}"
        );
    }
    let without = output(folder.path(), &["report", "run", "--no-measure", "--out", "page.html"]);
    assert!(without.status.success());
    let without = fs::read_to_string(folder.path().join("page.html")).expect("it was written");
    let heading = "<h2 id=\"r0-effects-0\">Knock-outs</h2>";
    assert!(html.contains(heading) && !without.contains(heading));
    assert!(html.contains("<td><code>2: s1 = dot(v0, v2)</code></td>"), "the lines of a part, as they are numbered");
    // With constants tuned anew that is said, and what they do as they are stands beside it.
    let tuned = output(folder.path(), &["report", "run", "--tune", "40", "--out", "page.html"]);
    assert!(tuned.status.success(), "{}", String::from_utf8_lossy(&tuned.stderr));
    let tuned = fs::read_to_string(folder.path().join("page.html")).expect("it was written");
    check_page(&tuned);
    assert!(tuned.contains("with its constants tuned.") && tuned.contains("with 40 trials each on 5 x 5 linear tasks"), "the text says so");
    assert!(tuned.contains("untuned: gradient step (lines "));
    assert!(html.contains("gradient step (lines ") && !html.contains("untuned"));
    let unmeasured = output(folder.path(), &["report", "run", "--tune", "40", "--no-measure"]);
    assert_eq!(unmeasured.status.code(), Some(2));
    // A long program is not measured, and paths with marks of code in them are shown as they are.
    let marked = folder.path().join("a`b`c");
    fs::create_dir(&marked).expect("a writable folder");
    for name in ["events.jsonl", "experiment.toml", "best.az", "result.json"] {
        fs::copy(run.join(name), marked.join(name)).expect("a file of the run");
    }
    assert!(
        page(folder.path(), &["a`b`c"]).contains("like the final tasks of a&#39;b&#39;c/experiment.toml, where the whole program has ")
    );
    let long = "  v1 = v1 + v0\n".repeat(501);
    fs::write(marked.join("best.az"), format!("def Predict():\n{long}  s1 = dot(v0, v1)\n")).expect("a writable folder");
    assert!(page(folder.path(), &["a`b`c"]).contains("the program has 502 instructions"));
    // What cannot be measured is told, and the page is made.
    fs::write(run.join("best.az"), "def Setup(:\n").expect("a writable folder");
    let damaged = output(folder.path(), &["report", "run", "--json"]);
    let event: Value = serde_json::from_slice(&damaged.stdout).expect("one object");
    let notes = event["notes"].to_string();
    assert!(damaged.status.success() && notes.contains("could not be measured") && notes.contains("best.az"), "{notes}");
    let html = fs::read_to_string(run.join("report.html")).expect("it was written");
    check_page(&html);
    let section = &html[html.find(heading).expect("a section says so")..];
    assert!(section.contains("could not be measured") && section.contains("best.az"));
}

/// Draws of SplitMix64.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`, or 0 where there is nothing below it.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    /// A piece of something of this length.
    fn piece(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let begin = self.below(length + 1);
        begin..(begin + self.below(most)).min(length)
    }
}

/// Damages a file; `other` is another of the run.
fn damage(draws: &mut Draws, bytes: &mut Vec<u8>, other: &[u8]) {
    const NUMBERS: &[&str] =
        &["-1", "0", "18446744073709551615", "18446744073709551616", "1e308", "-1e308", "1e999", "5e-324", "0.1", "999999999999999"];
    const VALUES: &[&str] =
        &["null", "true", "[]", "{}", "\"\"", "\"x\"", "[[[[[[[[1]]]]]]]]", "{\"a\":{\"a\":{}}}", "\"\\u0000\\ud800\"", "-"];
    let at = draws.below(bytes.len());
    match draws.below(11) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << draws.below(8),
        1 if !bytes.is_empty() => bytes[at] = draws.next() as u8,
        2 => bytes.truncate(at),
        3 => {
            let piece = draws.piece(bytes.len(), 300);
            let copy = bytes[piece.clone()].to_vec();
            bytes.splice(piece.end..piece.end, copy);
        }
        4 => drop(bytes.drain(draws.piece(bytes.len(), 300))),
        // Lines that change places, are there twice, or are missing.
        5..=7 => {
            let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            if !lines.is_empty() {
                let (one, two) = (draws.below(lines.len()), draws.below(lines.len()));
                match draws.below(3) {
                    0 => lines.swap(one, two),
                    1 => lines.insert(one, lines[two].clone()),
                    _ => drop(lines.remove(one)),
                }
            }
            *bytes = lines.concat();
        }
        // Another number, or something in the place of a value.
        8 => {
            let digits = |byte: &u8| byte.is_ascii_digit() || b".-+e".contains(byte);
            if let Some(begin) = bytes[at..].iter().position(u8::is_ascii_digit).map(|more| at + more) {
                let end = bytes[begin..].iter().position(|byte| !digits(byte)).map_or(bytes.len(), |more| begin + more);
                bytes.splice(begin..end, draws.of(NUMBERS).bytes());
            }
        }
        9 => {
            if let Some(begin) = bytes[at..].iter().position(|byte| b":=".contains(byte)).map(|more| at + more + 1) {
                let end = bytes[begin..].iter().position(|byte| b",}\n".contains(byte)).map_or(bytes.len(), |more| begin + more);
                bytes.splice(begin..end, draws.of(VALUES).bytes());
            }
        }
        _ => {
            let piece = other[draws.piece(other.len(), 300)].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

/// A run of which all parts are on its page, short enough to be read thousands of times, and without what depends on time: some
/// improvements, a part of the hall of fame, and the last progress event several times.
fn short_run(folder: &Path) -> Vec<Vec<u8>> {
    let ended = output(folder, &[SEARCH, &["--out", "long", "--seed=5", "--threads=1", "--backend=interp"]].concat());
    assert_eq!(ended.status.code(), Some(4), "{}", String::from_utf8_lossy(&ended.stderr));
    let timeless = |mut event: Value, seconds: u64| {
        let event_fields = event.as_object_mut().expect("an object");
        for (name, value) in [("elapsed_seconds", seconds), ("individuals_per_second", 1_000)] {
            event_fields.entry(name).and_modify(|old| *old = value.into());
        }
        event
    };
    let run = folder.join("long");
    let events = events_of(&run);
    let all = |kind: &str| events.iter().filter(|event| event["event"] == kind).cloned().collect::<Vec<_>>();
    let improvements = all("improvement");
    let progress = all("progress").pop().expect("one at the end");
    let progress = (1..=6).map(|second| {
        let mut event = timeless(progress.clone(), second);
        event["individuals"] = (second * 1_000).into();
        event
    });
    let last = improvements.len().saturating_sub(20);
    let done = timeless(all("done").remove(0), 7);
    let kept =
        all("start").into_iter().chain(improvements[..8].to_vec()).chain(progress).chain(improvements[last..].to_vec()).chain([done]);
    let events: String = kept.map(|event| format!("{event}\n")).collect();
    let text = |name: &str| fs::read_to_string(run.join(name)).expect("a file of the run");
    let hall: Vec<String> = text("hall_of_fame.jsonl").split_inclusive('\n').step_by(4).map(str::to_owned).collect();
    let result = timeless(serde_json::from_str(&text("result.json")).expect("JSON"), 7).to_string();
    [events, hall.concat(), result, text("experiment.toml")].map(String::into_bytes).into()
}

#[test]
fn no_damage_keeps_a_run_from_being_shown() {
    let folder = folder();
    let whole = short_run(folder.path());
    let path = folder.path().join("run");
    fs::create_dir(&path).expect("a writable folder");
    let write = |files: &[Vec<u8>]| {
        for (name, bytes) in FILES.iter().zip(files) {
            fs::write(path.join(name), bytes).expect("a writable folder");
        }
    };
    write(&whole);
    let show = |record: &RunRecord| Page::new(std::slice::from_ref(record)).html();
    // It is read on through all that follows, as a page is that is served.
    let mut served = RunRecord::read(&path).expect("a run");
    let html = show(&served);
    for part in ["fitness", "evaluation", "islands", "tiers", "hall"].map(|chart| format!("data-chart=\"r0-chart-{chart}\"")) {
        assert!(html.contains(&part), "no {part}");
    }
    assert!(html.contains("<ol class=\"steps\">") && served.notes().is_empty(), "{:?}", served.notes());

    let given = std::env::var("EXNIHILO_DAMAGED_RUNS").map(|number| number.parse().expect("EXNIHILO_DAMAGED_RUNS is a number"));
    let runs: u64 = given.unwrap_or(DAMAGED);
    let mut draws = Draws(2026);
    let (mut shown, mut noted) = (0_u64, 0_u64);
    for number in 0..runs {
        let mut files = whole.clone();
        let mut damaged = String::new();
        for _ in 0..1 + draws.below(3) {
            // Half of them in what is longest.
            let file = draws.below(8).saturating_sub(4);
            let other = whole[draws.below(whole.len())].clone();
            damage(&mut draws, &mut files[file], &other);
            write!(damaged, " {}", FILES[file]).expect("a String takes everything");
        }
        write(&files);
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let record = RunRecord::read(&path).expect("it has the files of a run");
            let html = show(&record);
            check_page(&html);
            assert!(html.len() < 1_000_000, "{} bytes", html.len());
            served.refresh().expect("it can be read");
            if number.is_multiple_of(8) {
                check_page(&show(&served));
            }
            (html, record.notes())
        }));
        let Ok((html, notes)) = told else { panic!("damaged run {number}:{damaged}") };
        shown += u64::from(html.contains("data-chart=\"r0-chart-fitness\""));
        noted += u64::from(!notes.is_empty());
    }
    println!("{shown} with their fitness, {noted} with notes");
    assert!(shown * 2 > runs && noted * 2 > runs, "{shown} with their fitness, {noted} with notes");
}
