//! Why an experiment is refused, and the guess at what was meant.

use std::path::PathBuf;

use crate::text::{printable_name, printable_path};

/// Why an experiment is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// Malformed TOML; the message has the place.
    #[error("{0}")]
    Toml(String),
    /// An unknown key, or a value of the wrong type; the message has the place.
    #[error("{0}")]
    Keys(String),
    /// A key or value given apart from the file.
    #[error("cannot set {}: {}", printable_name(.key), printable_name(.problem))]
    Set {
        /// The key or keys.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// A value that cannot be.
    #[error("{key}: {}; {remedy}", printable_name(.problem))]
    Value {
        /// The dotted key.
        key: String,
        /// What is wrong.
        problem: String,
        /// What would be right.
        remedy: String,
    },
    /// A preset that does not exist.
    #[error("there is no preset `{}`{}; there are {known}", printable_name(.name), suggestion(.nearest.as_deref()))]
    Preset {
        /// What was asked for.
        name: String,
        /// The most similar name.
        nearest: Option<String>,
        /// All names.
        known: String,
    },
    /// A file that cannot be read.
    #[error("{}: {problem}", printable_path(.path))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl ExperimentError {
    pub(crate) fn value(key: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> ExperimentError {
        ExperimentError::Value { key: key.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// The name most similar to `word`, unless none shares at least half of it.
pub(super) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer words resemble no name, and the distance takes their length times that of each name.
    const LONGEST: usize = 64;
    let length = word.chars().count();
    if length > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(&word, &name.to_lowercase()), name))
        .filter(|&(distance, name)| 2 * distance <= length.max(name.len()))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// Lines longer than any that a person would read are cut: the parser quotes whole lines of the file, however long.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 400;
    let cut = |line: &str| match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

/// The parser names types of Rust; people write numbers and sections.
const TYPE_NAMES: [(&str, &str); 6] = [
    ("expected usize", "expected a whole number"),
    ("expected u64", "expected a whole number"),
    ("expected u32", "expected a whole number from 0 to 4294967295"),
    ("expected u8", "expected a whole number from 0 to 255"),
    ("expected f64", "expected a number"),
    ("expected struct", "expected a section,"),
];

/// `text`, with `message` in it on one line, for people, and, where serde's `message` is about an unknown field or variant and lists the known ones, the nearest of these.
pub(super) fn with_nearest(text: &str, message: &str) -> String {
    let guess = ["unknown field `", "unknown variant `"].iter().find_map(|start| {
        let (word, rest) = message.strip_prefix(start)?.split_once('`')?;
        // The known names stand between backticks: every second piece.
        nearest(word, rest.split('`').skip(1).step_by(2))
    });
    let text = shortened(&text.replace(message, &printable_name(message)));
    let text = TYPE_NAMES.iter().fold(text, |text, (rust, people)| text.replace(rust, people));
    format!("{text}{}", suggestion(guess))
}
