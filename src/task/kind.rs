//! The kinds of task there are: the closed list behind `kind`, `--task` and `exnihilo tasks`.

use std::fmt;
use std::str::FromStr;

use exnihilo_jit::Scoring;
use serde::{Deserialize, Serialize};

use super::error::TaskError;

/// A kind of task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// Scalar linear regression.
    Linear,
    /// Scalar affine regression.
    Affine,
    /// Regression on a two-layer network of scalar output.
    TwoLayer,
    /// Projected pairs of classes from a folder of images.
    Projected,
    /// Projected pairs of the embedded 8x8 digits.
    Digits,
    /// A table from a CSV file.
    Table,
}

/// What is told about a kind of task.
#[derive(Clone, Copy, Debug)]
pub struct KindDoc {
    /// The kind.
    pub kind: TaskKind,
    /// Its name in files and on the command line.
    pub name: &'static str,
    /// How it is scored; `None` where that depends on the data.
    pub scoring: Option<Scoring>,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Which keys of a task description it takes.
    pub keys: &'static [&'static str],
    /// F if not given; `None` where the data tell.
    pub features: Option<usize>,
    /// Training examples a task if not given; `None` where the data tell.
    pub train: Option<usize>,
    /// Validation examples a task if not given; `None` where the data tell.
    pub valid: Option<usize>,
    /// The same with `classes`; `None` for kinds that do not have it.
    pub of_classes: Option<Sizes>,
}

/// The sizes of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// F.
    pub features: usize,
    /// Training examples.
    pub train: usize,
    /// Validation examples.
    pub valid: usize,
}

const SYNTHETIC_KEYS: &[&str] = &["kind", "features", "train", "valid", "tasks", "epochs", "max_abs_error"];

/// All kinds of task, in the order of [`TaskKind`].
pub const TASK_KINDS: [KindDoc; 6] = [
    KindDoc {
        kind: TaskKind::Linear,
        name: "linear",
        scoring: Some(Scoring::Rms),
        summary: "scalar linear regression: label = w . x, features and weights standard normal",
        keys: SYNTHETIC_KEYS,
        features: Some(4),
        train: Some(1_000),
        valid: Some(100),
        of_classes: None,
    },
    KindDoc {
        kind: TaskKind::Affine,
        name: "affine",
        scoring: Some(Scoring::Rms),
        summary: "scalar affine regression: label = w . x + b, all standard normal",
        keys: SYNTHETIC_KEYS,
        features: Some(4),
        train: Some(1_000),
        valid: Some(100),
        of_classes: None,
    },
    KindDoc {
        kind: TaskKind::TwoLayer,
        name: "two-layer",
        scoring: Some(Scoring::Rms),
        summary: "regression on a two-layer network: label = w2 . relu(W1 x), W1 of F x F, two of the hidden units off unless `zeroed = false`",
        keys: &["kind", "features", "train", "valid", "tasks", "epochs", "max_abs_error", "zeroed"],
        features: Some(4),
        train: Some(1_000),
        valid: Some(100),
        of_classes: None,
    },
    KindDoc {
        kind: TaskKind::Projected,
        name: "projected",
        scoring: Some(Scoring::Accuracy),
        summary: "two classes (or all ten) of MNIST, Fashion-MNIST (IDX files, plain or .gz) or CIFAR-10 (binary), randomly projected to F dimensions",
        keys: &["kind", "data", "pairs", "classes", "features", "train", "valid", "tasks", "epochs", "max_abs_error"],
        features: Some(16),
        train: Some(8_000),
        valid: Some(1_000),
        of_classes: Some(Sizes { features: 16, train: 40_000, valid: 5_000 }),
    },
    KindDoc {
        kind: TaskKind::Digits,
        name: "digits",
        scoring: Some(Scoring::Accuracy),
        summary: "the same on 1,797 embedded 8x8 handwritten digits; needs no files",
        keys: &["kind", "pairs", "classes", "features", "train", "valid", "tasks", "epochs", "max_abs_error", "with_data"],
        features: Some(16),
        train: Some(232),
        valid: Some(58),
        of_classes: Some(Sizes { features: 16, train: 1_160, valid: 290 }),
    },
    KindDoc {
        kind: TaskKind::Table,
        name: "table",
        scoring: None,
        summary: "a CSV file of numbers: classification if the label has two values, else regression; each task is another split of the rows",
        keys: &["kind", "data", "label", "features", "train", "valid", "tasks", "epochs", "max_abs_error"],
        features: None,
        train: None,
        valid: None,
        of_classes: None,
    },
];

impl TaskKind {
    /// What is told about this kind.
    pub const fn doc(self) -> &'static KindDoc {
        &TASK_KINDS[self as usize]
    }

    /// The name in files and on the command line.
    pub const fn name(self) -> &'static str {
        self.doc().name
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for TaskKind {
    type Err = TaskError;

    /// The kind of this name.
    ///
    /// # Errors
    /// [`TaskError::Kind`], with the nearest name if one is near.
    fn from_str(text: &str) -> Result<TaskKind, TaskError> {
        if let Some(doc) = TASK_KINDS.iter().find(|doc| doc.name == text) {
            return Ok(doc.kind);
        }
        // Names are short, so what is longer is near none of them; it is shortened for the message.
        let found: String = text.chars().take(40).collect();
        let near = |doc: &&KindDoc| strsim::damerau_levenshtein(doc.name, &found) <= 2;
        let hint = TASK_KINDS.iter().find(near).map_or(String::new(), |doc| format!(" (did you mean `{}`?)", doc.name));
        Err(TaskError::Kind { found, hint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_enum_and_its_names_are_those_of_files() {
        for (index, doc) in TASK_KINDS.iter().enumerate() {
            assert_eq!(doc.kind as usize, index);
            assert_eq!(doc.name.parse::<TaskKind>().expect("a listed name"), doc.kind);
            assert_eq!(serde_json::to_value(doc.kind).expect("a string"), doc.name);
        }
    }

    #[test]
    fn an_unknown_kind_names_the_nearest() {
        let message = "twolayer".parse::<TaskKind>().expect_err("not a name").to_string();
        assert!(message.contains("`twolayer`") && message.contains("did you mean `two-layer`?"), "{message}");
        let message = "x".repeat(1_000_000).parse::<TaskKind>().expect_err("not a name").to_string();
        assert!(!message.contains("did you mean") && message.len() < 200, "{message}");
    }
}
