//! Every command that the README and the pages of `docs/` show is run, as a reader would: in the order of the page, in a folder of the
//! page's own. Limits of time and number are cut to what a test can wait for. Blocks marked `no_run` need data or hours: of their commands
//! only the names of command and options are checked. Where a transcript is marked `exact`, the command must print just that.
#![cfg(feature = "cli")]

mod common;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

/// Options whose numbers are divided, by what, and the most that is left: a limit that is raised on a page is still raised.
const CUT: [(&str, u32, u32); 6] =
    [("--max-seconds", 30, 3), ("--seconds", 30, 2), ("--repeats", 300, 3), ("--cases", 200, 500), ("--trials", 30, 3), ("--tune", 30, 3)];

/// Pages whose commands are run, one test each.
macro_rules! pages {
    ($($test:ident: $page:literal,)*) => {
        const PAGES: &[&str] = &[$($page),*];

        $(#[test]
        fn $test() {
            Page::read($page).check();
        })*
    };
}

pages! {
    readme: "README.md",
    tour: "docs/tour.md",
    explain: "docs/explain.md",
    simplify: "docs/simplify.md",
    export: "docs/export.md",
    report: "docs/report.md",
    own_data: "docs/own-data.md",
    experiments: "docs/experiments.md",
    runs: "docs/runs.md",
    transfer: "docs/transfer.md",
    speed: "docs/speed.md",
    fuzzing: "docs/fuzzing.md",
    fuzzing_log: "docs/fuzzing-log.md",
    semantics: "docs/semantics.md",
    library: "docs/library.md",
    extending: "docs/extending.md",
    glossary: "docs/glossary.md",
    unsafe_code: "docs/unsafe.md",
}

/// A command line of a page.
#[derive(Debug, PartialEq)]
struct Shown {
    line: usize,
    arguments: Vec<String>,
    is_run: bool,
    /// What it must print, line by line.
    output: Option<Vec<String>>,
}

struct Page {
    name: &'static str,
    shown: Vec<Shown>,
}

impl Page {
    fn read(name: &'static str) -> Page {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        Page { name, shown: commands(&fs::read_to_string(path).expect("a page of the repository")) }
    }

    fn check(&self) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("table.csv"), table()).expect("a writable folder");
        for shown in &self.shown {
            let place = format!("{}:{}: exnihilo {}", self.name, shown.line, shown.arguments.join(" "));
            if !shown.is_run {
                check_names(&shown.arguments, &place);
                continue;
            }
            let Output { status, stdout, stderr } = exnihilo(&cut(&shown.arguments), folder.path());
            // 4: the target was not reached, in the time that is left of it.
            assert!(matches!(status.code(), Some(0 | 4)), "{place}\n{status}\n{}", String::from_utf8_lossy(&stderr));
            if let Some(output) = &shown.output {
                let stdout = String::from_utf8(stdout).expect("output is UTF-8");
                assert_eq!(&stdout.lines().collect::<Vec<_>>(), output, "{place}");
            }
        }
    }
}

fn exnihilo(arguments: &[String], folder: &Path) -> Output {
    common::output(folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A table with two columns of numbers and a label.
fn table() -> String {
    let row = |row: u32| format!("{},{},{}\n", row % 7, row % 5, f64::from(row % 7) * 0.5 - f64::from(row % 5));
    format!("width,height,price\n{}", (0..200).map(row).collect::<String>())
}

/// The commands in the blocks of shell code and of transcripts (there after `$ `), without comments.
fn commands(text: &str) -> Vec<Shown> {
    let mut shown = Vec::new();
    let mut block: Option<String> = None;
    for (index, line) in text.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            block = if block.is_some() { None } else { Some(language.to_owned()) };
            continue;
        }
        let (command, is_run) = match block.as_deref() {
            Some("sh") => (Some(line), true),
            Some("sh,no_run") => (Some(line), false),
            Some("console" | "console,exact") => (line.strip_prefix("$ "), true),
            _ => continue,
        };
        let is_exact = block.as_deref() == Some("console,exact");
        if let (true, None, Some(Shown { output: Some(output), .. })) = (is_exact, command, shown.last_mut()) {
            output.push(line.to_owned());
        }
        let mut words = command.map_or(Vec::new(), words);
        // What is done with the output is the reader's.
        words.truncate(words.iter().position(|word| matches!(word.as_str(), ">" | "|" | "&&")).unwrap_or(words.len()));
        let begins = |prefix: &[&str]| words.len() >= prefix.len() && words.iter().zip(prefix).all(|(word, prefix)| word == prefix);
        let prefix = [&["exnihilo"][..], &["cargo", "run", "--release", "--"]].into_iter().find(|prefix| begins(prefix));
        if let Some(prefix) = prefix {
            shown.push(Shown { line: index + 1, arguments: words[prefix.len()..].to_vec(), is_run, output: is_exact.then(Vec::new) });
        }
    }
    shown
}

/// The words of a shell line up to a comment; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(end), _) if c == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The same with less to do.
fn cut(arguments: &[String]) -> Vec<String> {
    let mut cut = arguments.to_vec();
    for (option, divisor, most) in CUT {
        if let Some(place) = cut.iter().position(|argument| argument == option)
            && let Some(value) = cut.get_mut(place + 1)
            && let Ok(number) = value.parse::<u32>()
        {
            *value = number.div_ceil(divisor).min(most).to_string();
        }
    }
    cut
}

/// Checks that there is such a command with such options.
fn check_names(arguments: &[String], place: &str) {
    let (command, options) = arguments.split_first().expect("a command");
    let help = exnihilo(&[command.clone(), "--help".to_owned()], Path::new("."));
    assert!(help.status.success(), "{place}: no such command");
    let help = String::from_utf8(help.stdout).expect("help is UTF-8");
    let known: HashSet<&str> = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
    for option in options.iter().filter(|option| option.starts_with("--")) {
        let name = option.split('=').next().expect("a word");
        assert!(known.contains(name), "{place}: {name} is no option of {command}");
    }
}

#[test]
fn every_page_is_checked_and_in_the_contents() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let contents = fs::read_to_string(docs.join("SUMMARY.md")).expect("the table of contents");
    let pages: Vec<PathBuf> = fs::read_dir(&docs)
        .expect("the folder of pages")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    for path in pages {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
        if name != "SUMMARY.md" {
            assert!(contents.contains(&format!("({name})")), "{name} is not in docs/SUMMARY.md");
            assert!(PAGES.contains(&format!("docs/{name}").as_str()), "docs/{name} is no page of tests/guide.rs");
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in PAGES.iter().chain(&["docs/SUMMARY.md", "CHANGELOG.md"]) {
        let path = root.join(page);
        let text = fs::read_to_string(&path).expect("a page of the repository");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if file.contains("://") {
                continue;
            }
            let linked = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            assert!(linked.exists(), "{page}: {target} leads nowhere");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&linked).expect("a page");
                assert!(text.lines().any(|line| line.starts_with('#') && anchor_of(line) == anchor), "{page}: no heading {target}");
            }
        }
    }
}

/// The anchor of a heading, as GitHub and mdBook make it.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn commands_are_found_and_cut() {
    let text = "```sh\nexnihilo evolve --set 'a b=1' > x && y # a comment\nls\n```\n```sh,no_run\nexnihilo x --data d/\n```\n```console\n$ cargo run --release -- eval linear\nexnihilo no\n```\nexnihilo y\n```console,exact\n$ exnihilo tasks\none\n\n$ exnihilo presets\n```\n";
    let strings = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let shown = |line, arguments: &[&str], is_run| Shown { line, arguments: strings(arguments), is_run, output: None };
    let exact = |line, argument, output: &[&str]| Shown { output: Some(strings(output)), ..shown(line, &[argument], true) };
    assert_eq!(
        commands(text),
        [
            shown(2, &["evolve", "--set", "a b=1"], true),
            shown(6, &["x", "--data", "d/"], false),
            shown(9, &["eval", "linear"], true),
            exact(14, "tasks", &["one", ""]),
            exact(17, "presets", &[]),
        ]
    );
    for (number, less) in [("1", "1"), ("60", "2"), ("90", "3"), ("36000", "3")] {
        let with = |number: &str| strings(&["evolve", "--max-seconds", number, "--seed", "60"]);
        assert_eq!(cut(&with(number)), with(less));
    }
}
