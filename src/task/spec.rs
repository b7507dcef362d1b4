//! What an experiment writes to describe a set of tasks.

use std::path::{Path, PathBuf};

use exnihilo_jit::lang::MAX_FEATURES;
use exnihilo_jit::{CLASSES, Interface};
use serde::{Deserialize, Serialize};

use super::error::TaskError;
use super::kind::{Sizes, TaskKind};
use super::projected::Pair;

/// A description of a set of tasks: a table of an experiment's TOML file. All but `kind` may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    /// The kind of task.
    pub kind: TaskKind,
    /// F, 1 to 4,096; if absent, the kind's default, or for tables the number of feature columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<usize>,
    /// Training examples a task; if absent, the kind's default, or for tables the rows that validation leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Validation examples a task; if absent, the kind's default, or for tables a fifth of the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<usize>,
    /// How many tasks there are in the set.
    #[serde(default = "default_tasks")]
    pub tasks: usize,
    /// How often the training examples are gone through.
    #[serde(default = "default_epochs")]
    pub epochs: u32,
    /// An error above it ends training or validation; at least 0, `inf` allowed.
    #[serde(default = "default_max_abs_error")]
    pub max_abs_error: f64,
    /// `projected`: the folder of images; `table`: the CSV file. Relative to the current folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// `projected`, `digits`: exactly these pairs of classes for every set, in place of the division into search pairs and held-out pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<Vec<Pair>>,
    /// `projected`, `digits`: all ten classes in every task, in place of pairs; 10 is the only number that there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<usize>,
    /// `table`: the name of the label column (its number from 1 where there is no header); the last one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `two-layer`: whether the network behind the labels has hidden units 0 and 2 off, as in the published code; yes if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zeroed: Option<bool>,
    /// `digits`: the examples that a task has if own images take the place of the digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_data: Option<ExampleCounts>,
}

/// How many examples a task has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleCounts {
    /// Training examples.
    pub train: usize,
    /// Validation examples.
    pub valid: usize,
}

fn default_tasks() -> usize {
    10
}

fn default_epochs() -> u32 {
    1
}

fn default_max_abs_error() -> f64 {
    100.0
}

/// What is told about a key of a task description.
#[derive(Clone, Copy, Debug)]
pub struct KeyDoc {
    /// The key.
    pub key: &'static str,
    /// What it sets, in one line, with its default.
    pub meaning: &'static str,
}

/// All keys of a task description, in the order of the fields of [`TaskSpec`].
pub const TASK_KEYS: [KeyDoc; 13] = [
    KeyDoc { key: "kind", meaning: "the kind of task" },
    KeyDoc { key: "features", meaning: "F, the size of vectors, 1 to 4,096 (default: the kind's; table: its number of feature columns)" },
    KeyDoc { key: "train", meaning: "training examples a task (default: the kind's; table: all rows that validation leaves)" },
    KeyDoc { key: "valid", meaning: "validation examples a task (default: the kind's; table: a fifth of the rows)" },
    KeyDoc { key: "tasks", meaning: "tasks in the set (default 10)" },
    KeyDoc { key: "epochs", meaning: "how often the training examples are gone through (default 1)" },
    KeyDoc { key: "max_abs_error", meaning: "an error above it ends training or validation (default 100; inf: never)" },
    KeyDoc { key: "data", meaning: "projected: folder with IDX or CIFAR-10 files; table: CSV file, plain or .gz" },
    KeyDoc {
        key: "pairs",
        meaning: "pairs of classes, as in [\"3-5\"], for all sets (default: 36 pairs for search, the other 9 to select and at the end)",
    },
    KeyDoc { key: "classes", meaning: "10: all ten classes in every task, with programs that answer in v2 (default: pairs of classes)" },
    KeyDoc { key: "label", meaning: "name of the label column (default: the last column)" },
    KeyDoc { key: "zeroed", meaning: "whether hidden units 0 and 2 of the network behind the labels are off (default true)" },
    KeyDoc {
        key: "with_data",
        meaning: "{ train = N, valid = M }: the examples with images of --data DIR (default: train and valid as they are)",
    },
];

impl TaskSpec {
    /// A set of 10 tasks of this kind with all its defaults.
    pub fn new(kind: TaskKind) -> TaskSpec {
        TaskSpec {
            kind,
            features: None,
            train: None,
            valid: None,
            tasks: default_tasks(),
            epochs: default_epochs(),
            max_abs_error: default_max_abs_error(),
            data: None,
            pairs: None,
            classes: None,
            label: None,
            zeroed: None,
            with_data: None,
        }
    }

    /// The same with the defaults of the kind written out, except what only the data tell.
    #[must_use]
    pub fn resolved(&self) -> TaskSpec {
        let doc = self.kind.doc();
        let [features, train, valid] = match doc.of_classes.filter(|_| self.classes.is_some()) {
            Some(Sizes { features, train, valid }) => [features, train, valid].map(Some),
            None => [doc.features, doc.train, doc.valid],
        };
        TaskSpec { features: self.features.or(features), train: self.train.or(train), valid: self.valid.or(valid), ..self.clone() }
    }

    /// The addresses through which programs meet the tasks.
    pub const fn interface(&self) -> Interface {
        if self.classes.is_some() { Interface::Classes } else { Interface::Number }
    }

    /// Whether the description makes sense; data files are not looked at.
    ///
    /// # Errors
    /// [`TaskError::Key`], naming the key and what to write instead.
    pub fn validate(&self) -> Result<(), TaskError> {
        let refuse = |key, problem: String, remedy: &str| Err(TaskError::Key { key, problem, remedy: remedy.to_owned() });
        let keys = self.kind.doc().keys;
        let optional = [
            ("data", self.data.is_some()),
            ("pairs", self.pairs.is_some()),
            ("classes", self.classes.is_some()),
            ("label", self.label.is_some()),
            ("zeroed", self.zeroed.is_some()),
            ("with_data", self.with_data.is_some()),
        ];
        for (key, given) in optional {
            if given && !keys.contains(&key) {
                return refuse(key, format!("means nothing for tasks of kind `{}`", self.kind), "remove it or choose another kind");
            }
        }
        if keys.contains(&"data") {
            self.data_path()?;
        }
        if let Some(features) = self.features
            && !(1..=MAX_FEATURES).contains(&features)
        {
            return refuse("features", format!("is {features}"), &format!("choose 1 to {MAX_FEATURES}"));
        }
        if self.kind == TaskKind::TwoLayer && self.features == Some(1) {
            return refuse("features", "is 1, where every label of a two-layer task is 0".to_owned(), "choose at least 2");
        }
        let counts =
            [("train", self.train == Some(0)), ("valid", self.valid == Some(0)), ("tasks", self.tasks == 0), ("epochs", self.epochs == 0)];
        for (key, zero) in counts {
            if zero {
                return refuse(key, "is 0".to_owned(), "choose at least 1");
            }
        }
        if self.with_data.is_some_and(|counts| counts.train == 0 || counts.valid == 0) {
            return refuse("with_data", "has a count of 0".to_owned(), "choose at least 1 for train and valid");
        }
        if self.max_abs_error.is_nan() || self.max_abs_error < 0.0 {
            return refuse("max_abs_error", format!("is {}", self.max_abs_error), "choose a number from 0 up, or inf");
        }
        if let Some(classes) = self.classes {
            if classes != CLASSES {
                return refuse("classes", format!("is {classes}"), &format!("choose {CLASSES}, or remove the key for pairs of classes"));
            }
            if self.pairs.is_some() {
                let remedy = "remove one of the two keys";
                return refuse("pairs", "means nothing beside `classes`, which has all classes in each task".to_owned(), remedy);
            }
            if let Some(features) = self.features.filter(|&features| features < CLASSES) {
                let remedy = format!("choose {CLASSES} to {MAX_FEATURES}");
                return refuse("features", format!("is {features}, too few for a prediction of {CLASSES} classes"), &remedy);
            }
        }
        if self.pairs.as_ref().is_some_and(Vec::is_empty) {
            return refuse("pairs", "is an empty list".to_owned(), "name at least one pair, as in [\"3-5\"], or remove the key");
        }
        if let Some(pairs) = &self.pairs
            && let Some(twice) = pairs.iter().enumerate().find(|(index, pair)| pairs[..*index].contains(pair))
        {
            return refuse("pairs", format!("has {} twice", twice.1), "name each pair once");
        }
        Ok(())
    }

    /// The data file or folder.
    pub(super) fn data_path(&self) -> Result<&Path, TaskError> {
        let what = if self.kind == TaskKind::Table { "a CSV file" } else { "a folder with IDX or CIFAR-10 files" };
        self.data.as_deref().ok_or_else(|| TaskError::Key {
            key: "data",
            problem: format!("is missing, which tasks of kind `{}` need", self.kind),
            remedy: format!("give {what} (on the command line: --data)"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(toml: &str) -> String {
        let spec: TaskSpec = toml::from_str(toml).expect("it parses");
        spec.validate().expect_err("it is refused").to_string()
    }

    #[test]
    fn what_is_left_out_has_defaults_and_survives_a_round_trip() {
        let spec: TaskSpec = toml::from_str("kind = 'linear'").expect("it parses");
        assert_eq!(spec, TaskSpec::new(TaskKind::Linear));
        let resolved = spec.resolved();
        assert_eq!((resolved.features, resolved.train, resolved.valid, resolved.tasks), (Some(4), Some(1_000), Some(100), 10));
        let of_classes = TaskSpec { classes: Some(10), ..TaskSpec::new(TaskKind::Digits) }.resolved();
        assert_eq!((of_classes.features, of_classes.train, of_classes.valid), (Some(16), Some(1_160), Some(290)));
        let text = toml::to_string(&resolved).expect("it prints");
        assert_eq!(toml::from_str::<TaskSpec>(&text).expect("it parses again"), resolved);
    }

    #[test]
    fn the_documented_keys_are_those_of_the_file_and_every_kind_takes_only_such() {
        let full = TaskSpec {
            features: Some(1),
            train: Some(1),
            valid: Some(1),
            data: Some("x".into()),
            pairs: Some(vec!["3-5".parse().expect("a pair")]),
            classes: Some(10),
            label: Some("y".into()),
            zeroed: Some(true),
            with_data: Some(ExampleCounts { train: 1, valid: 1 }),
            ..TaskSpec::new(TaskKind::Table)
        };
        let table = toml::Table::try_from(&full).expect("it prints");
        let documented: Vec<&str> = TASK_KEYS.iter().map(|doc| doc.key).collect();
        assert_eq!(table.len(), documented.len());
        assert!(documented.iter().all(|key| table.contains_key(*key)));
        for kind in super::super::TASK_KINDS {
            assert!(kind.keys.iter().all(|key| documented.contains(key)));
        }
    }

    #[test]
    fn refusals_name_the_key_and_the_remedy() {
        assert_eq!(refusal("kind = 'linear'\nfeatures = 0"), "`features` is 0: choose 1 to 4096");
        assert_eq!(refusal("kind = 'linear'\nfeatures = 4097"), "`features` is 4097: choose 1 to 4096");
        assert_eq!(refusal("kind = 'linear'\ntrain = 0"), "`train` is 0: choose at least 1");
        assert_eq!(refusal("kind = 'linear'\nvalid = 0"), "`valid` is 0: choose at least 1");
        assert_eq!(refusal("kind = 'linear'\ntasks = 0"), "`tasks` is 0: choose at least 1");
        assert_eq!(refusal("kind = 'linear'\nepochs = 0"), "`epochs` is 0: choose at least 1");
        assert!(refusal("kind = 'linear'\nmax_abs_error = nan").starts_with("`max_abs_error` is NaN"));
        assert!(refusal("kind = 'linear'\nmax_abs_error = -1.0").starts_with("`max_abs_error` is -1"));
        assert!(refusal("kind = 'linear'\npairs = ['3-5']").contains("means nothing for tasks of kind `linear`"));
        assert!(refusal("kind = 'digits'\ndata = 'x'").starts_with("`data` means nothing"));
        assert!(refusal("kind = 'digits'\npairs = []").contains("empty list"));
        assert!(refusal("kind = 'digits'\npairs = ['3-5', '5-3', '3-5']").contains("has 3-5 twice"));
        assert_eq!(refusal("kind = 'digits'\nclasses = 5"), "`classes` is 5: choose 10, or remove the key for pairs of classes");
        assert!(refusal("kind = 'digits'\nclasses = 10\npairs = ['3-5']").contains("`pairs` means nothing beside `classes`"));
        let few = "`features` is 9, too few for a prediction of 10 classes: choose 10 to 4096";
        assert_eq!(refusal("kind = 'digits'\nclasses = 10\nfeatures = 9"), few);
        assert!(refusal("kind = 'linear'\nclasses = 10").contains("means nothing for tasks of kind `linear`"));
        assert!(refusal("kind = 'table'\ndata = 'x'\nclasses = 10").contains("means nothing for tasks of kind `table`"));
        assert!(refusal("kind = 'linear'\nzeroed = false").contains("`zeroed` means nothing for tasks of kind `linear`"));
        assert!(refusal("kind = 'projected'\ndata = 'x'\nwith_data = { train = 1, valid = 1 }").contains("`with_data` means nothing"));
        assert!(refusal("kind = 'digits'\nwith_data = { train = 1, valid = 0 }").contains("`with_data` has a count of 0"));
        assert!(refusal("kind = 'table'").contains("give a CSV file"));
        assert!(refusal("kind = 'projected'").contains("give a folder"));
        assert!(refusal("kind = 'two-layer'\nfeatures = 1").contains("choose at least 2"));
        let infinite: TaskSpec = toml::from_str("kind = 'linear'\nmax_abs_error = inf").expect("it parses");
        assert!(infinite.validate().is_ok());
    }

    #[test]
    fn unknown_keys_kinds_and_pairs_are_errors() {
        let unknown = |toml: &str| toml::from_str::<TaskSpec>(toml).expect_err("it is refused").to_string();
        assert!(unknown("kind = 'linear'\nfeature = 3").contains("`feature`"));
        assert!(unknown("kind = 'linaer'").contains("linear"));
        assert!(unknown("kind = 'digits'\npairs = ['3-3']").contains("3-3"));
    }
}
