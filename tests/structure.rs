//! The folders of both crates and their order, as the top of each `lib.rs` says it: a folder uses only those before it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A crate's sources, and the folders in the order of its `lib.rs`.
struct Sources {
    folder: PathBuf,
    order: Vec<String>,
}

impl Sources {
    fn of(folder: &str) -> Sources {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let text = fs::read_to_string(folder.join("lib.rs")).expect("every crate has one");
        let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
        let names = rows.filter_map(|row| row.split(" |").next()).map(|name| name.trim_matches(['[', ']', '`']).to_owned());
        let order = names.filter(|name| name != "folder").collect();
        Sources { folder, order }
    }

    /// The files of production: tests may use anything.
    fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).expect("a folder of sources") {
                let path = entry.expect("a readable folder").path();
                if path.is_dir() {
                    walk(&path, files);
                } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                    files.push(path);
                }
            }
        }
        let mut files = Vec::new();
        walk(&self.folder, &mut files);
        files.sort();
        files
    }

    /// The folder of a file, or its own name where it lies at the top.
    fn room(&self, file: &Path) -> String {
        let inside = file.strip_prefix(&self.folder).expect("one of the files");
        let first = inside.components().next().expect("a file name").as_os_str().to_str().expect("plain names");
        first.trim_end_matches(".rs").to_owned()
    }
}

/// A file's code up to its tests, without comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a readable file");
    let production = text.split("#[cfg(test)]\nmod ").next().expect("there is always a first part");
    let lines = production.lines().map(|line| line.split("//").next().expect("there is always a first part"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The names that follow `root::` in code, those in braces included.
fn used<'c>(code: &'c str, root: &str) -> BTreeSet<&'c str> {
    let name_at = |text: &'c str| &text[..text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())];
    let mut names = BTreeSet::new();
    for (at, found) in code.match_indices(root) {
        let is_whole = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        let rest = &code[at + found.len()..];
        if !is_whole {
            continue;
        }
        match rest.strip_prefix('{') {
            None => drop(names.insert(name_at(rest))),
            Some(list) => {
                let mut depth = 0;
                let mut begins = true;
                for (at, c) in list.char_indices() {
                    match c {
                        '}' if depth == 0 => break,
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => begins = true,
                        c if begins && !c.is_whitespace() => {
                            names.insert(name_at(&list[at..]));
                            begins = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names
}

/// What uses what it may not, a line each.
fn wrong_arrows(sources: &Sources, is_allowed_above: impl Fn(&str) -> bool) -> Vec<String> {
    let place: BTreeMap<&str, usize> = sources.order.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let mut wrong = Vec::new();
    for file in sources.files() {
        let room = sources.room(&file);
        if is_allowed_above(&room) {
            continue;
        }
        let Some(&own) = place.get(room.as_str()) else {
            wrong.push(format!("{}: {room} is not in the table of lib.rs", file.display()));
            continue;
        };
        for name in used(&code(&file), "crate::") {
            match place.get(name) {
                Some(&other) if other > own => wrong.push(format!("{}: {room} is below {name}", file.display())),
                // The crate's own constants and re-exports.
                _ => {}
            }
        }
    }
    wrong
}

#[test]
fn folders_of_the_evaluation_crate_use_only_those_before_them() {
    let sources = Sources::of("jit/src");
    assert!(sources.order.len() >= 14 && sources.order[0] == "lang", "{:?}", sources.order);
    assert_eq!(wrong_arrows(&sources, |room| room == "lib"), [""; 0]);
}

#[test]
fn folders_of_the_search_crate_use_only_those_before_them() {
    let sources = Sources::of("src");
    assert!(sources.order.len() >= 14 && sources.order[0] == "text", "{:?}", sources.order);
    // The command line is a program of its own, above all of them.
    assert_eq!(wrong_arrows(&sources, |room| ["lib", "main", "cli"].contains(&room)), [""; 0]);
}

#[test]
fn the_oracle_knows_nothing_of_what_it_judges() {
    let sources = Sources::of("jit/src");
    let rooms = sources.files().into_iter().filter(|file| sources.room(file) == "oracle");
    let used_rooms: BTreeSet<String> =
        rooms.flat_map(|file| used(&code(&file), "crate::").into_iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert_eq!(used_rooms.into_iter().collect::<Vec<_>>(), ["exec", "lang", "task"]);
}

#[test]
fn interpreter_and_compiler_are_siblings() {
    let sources = Sources::of("jit/src");
    for file in sources.files() {
        let room = sources.room(&file);
        let code = code(&file);
        let used = used(&code, "crate::");
        assert!(room != "interp" || !used.contains("compile"), "{}", file.display());
        assert!(room != "compile" || !used.contains("interp"), "{}", file.display());
    }
}

#[test]
fn uses_are_read_from_lists_and_not_from_comments() {
    let text = "use crate::{lang::{Op, Space}, exec};\n let x = crate::task::y(); mycrate::z();";
    assert_eq!(used(text, "crate::").into_iter().collect::<Vec<_>>(), ["exec", "lang", "task"]);
}
