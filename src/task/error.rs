//! What can be wrong with a description of tasks or with the data that it names.

use std::path::PathBuf;

use exnihilo_jit::GroupError;

use super::projected::Pair;
use crate::text::{printable_name, printable_path};

/// Why tasks cannot be made. Each message names the place (key, file, row, column) and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// A kind of task that does not exist.
    #[error("there is no kind of task `{}`{hint}; the kinds are linear, affine, two-layer, projected, digits, table", printable_name(.found))]
    Kind {
        /// What was asked for.
        found: String,
        /// The nearest name, as part of a sentence, or nothing.
        hint: String,
    },
    /// A key whose value is missing or impossible.
    #[error("`{key}` {}: {remedy}", printable_name(.problem))]
    Key {
        /// The key of the task description.
        key: &'static str,
        /// What is wrong with its value.
        problem: String,
        /// What to write instead.
        remedy: String,
    },
    /// Something that is not a pair of classes.
    #[error("`{}` is not a pair of classes: write two different numbers from 0 to 255, as in 3-5", printable_name(.found))]
    Pair {
        /// What was found.
        found: String,
    },
    /// A file or folder that cannot be read.
    #[error("{}: cannot be read: {source}", printable_path(.path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A data file that is not what it should be.
    #[error("{}: {place}: expected {}, found {found}", printable_path(.path), printable_name(.expected))]
    Format {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: String,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A folder without a complete set of images.
    #[error("{}: {problem}; recognized are {recognized}", printable_path(.path))]
    NoImages {
        /// The folder.
        path: PathBuf,
        /// What is wrong with its contents.
        problem: String,
        /// All the file names that would be recognized.
        recognized: String,
    },
    /// A data set with fewer images of a pair of classes than were asked for.
    #[error(
        "{}, pair {pair}: `{key}` asks for {asked} examples in equal halves, but the {part} part has {first} and {second} images of the two classes: {remedy}",
        printable_name(.data)
    )]
    TooFewImages {
        /// The name of the data set.
        data: String,
        /// The pair of classes.
        pair: Pair,
        /// The key that asks.
        key: &'static str,
        /// How many examples it asks for.
        asked: usize,
        /// The part of the data that they would come from.
        part: &'static str,
        /// Images of the first class there.
        first: usize,
        /// Images of the second class there.
        second: usize,
        /// What to write instead.
        remedy: String,
    },
    /// A data set with fewer images of a class than were asked for.
    #[error(
        "{}, class {class}: `{key}` asks for {asked} examples of ten classes in equal parts, {wanted} of this one, but the {part} part has {found}: {remedy}",
        printable_name(.data)
    )]
    TooFewOfClass {
        /// The name of the data set.
        data: String,
        /// The class.
        class: u8,
        /// The key that asks.
        key: &'static str,
        /// How many examples it asks for.
        asked: usize,
        /// How many of the class.
        wanted: usize,
        /// The part of the data that they would come from.
        part: &'static str,
        /// Images of the class there.
        found: usize,
        /// What to write instead.
        remedy: String,
    },
    /// A field of a table that is missing or not usable.
    #[error("{}, line {line}, column `{}`: {}", printable_path(.path), printable_name(.column), printable_name(.problem))]
    Field {
        /// The file.
        path: PathBuf,
        /// The line of the file, from 1, the header included.
        line: u64,
        /// The name of the column, or its number from 1 where there is no header.
        column: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A table that cannot be used as a whole.
    #[error("{}: {}", printable_path(.path), printable_name(.problem))]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// Tasks that do not fit together, or not into memory.
    #[error(transparent)]
    Group(#[from] GroupError),
}
