//! Experiments: everything that decides the result of a search besides its seed, as TOML, with the built-in presets.
//! The search and the command line use it; it knows tasks and the program language, and nothing of how a search runs.

mod data;
mod error;
mod initial;
mod mutations;
mod paper;
mod populations;
mod presets;
mod scale;
mod settings;
mod validate;

use std::path::Path;

use exnihilo_jit::Interface;
use serde::{Deserialize, Serialize};

pub use error::ExperimentError;
pub use initial::InitialPopulation;
pub use mutations::{MutationKind, Mutations};
pub use paper::PaperScale;
pub use populations::Populations;
pub use presets::{PRESETS, Preset};
pub use scale::Scaled;
pub use settings::{
    BudgetSettings, CheckpointSettings, ConstantFactor, FecSettings, FunctionSettings, HurdleSettings, MemoSettings, Method,
    MigrationSettings, OpName, ProgramSettings, SearchSettings, TaskSets,
};

use crate::task::TaskSpec;
use error::{shortened, with_nearest};

/// The most bytes of an experiment file.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The most parts of a dotted key; the deepest known key has three.
const MAX_KEY_PARTS: usize = 8;

/// An experiment: what is searched, how, and on which tasks.
///
/// ```
/// use exnihilo::experiment::Experiment;
/// let mut experiment = Experiment::preset("linear").expect("a built-in preset");
/// experiment.set("search.population", "100").expect("a known key");
/// assert_eq!(experiment.search.population.of_island(0), 100);
/// assert!(experiment.set("search.populaton", "100").unwrap_err().to_string().contains("did you mean `population`?"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// A short name, part of the default run directory.
    #[serde(default)]
    pub name: String,
    /// One or two sentences for lists.
    #[serde(default)]
    pub description: String,
    /// The fitness on the select tasks that ends the run; without one only limits end it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// What the paper ran; without it the experiment is not one of the paper's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<PaperScale>,
    /// What programs may look like.
    pub program: ProgramSettings,
    /// How they evolve.
    #[serde(default)]
    pub search: SearchSettings,
    /// Functional equivalence checking.
    #[serde(default)]
    pub fec: FecSettings,
    /// The hurdle between the first tasks and the rest.
    #[serde(default)]
    pub hurdle: HurdleSettings,
    /// What a program may cost.
    #[serde(default)]
    pub budget: BudgetSettings,
    /// The memo of canonical forms.
    #[serde(default)]
    pub memo: MemoSettings,
    /// Exchange of programs between islands.
    #[serde(default)]
    pub migration: MigrationSettings,
    /// How often a run can be resumed from.
    #[serde(default)]
    pub checkpoint: CheckpointSettings,
    /// What they are evaluated on.
    pub tasks: TaskSets,
}

impl Experiment {
    /// Reads an experiment; [`Experiment::validate`] is the caller's, after its own changes.
    ///
    /// # Errors
    /// Malformed TOML, unknown keys (with the nearest known one) and values of the wrong type, with line and column.
    pub fn from_toml(text: &str) -> Result<Experiment, ExperimentError> {
        text.parse::<toml::Table>().map_err(|error| ExperimentError::Toml(shortened(error.to_string().trim_end())))?;
        toml::from_str(text).map_err(|error| {
            let message = with_nearest(error.to_string().trim_end(), error.message());
            let remedy =
                if error.message().starts_with("missing field") { "; `exnihilo presets linear` prints a whole experiment" } else { "" };
            ExperimentError::Keys(message + remedy)
        })
    }

    /// Reads an experiment file; a program that it names by path is looked for beside the file and taken in as text.
    ///
    /// # Errors
    /// Unreadable or oversized files and whatever [`Experiment::from_toml`] refuses.
    pub fn load(path: &Path) -> Result<Experiment, ExperimentError> {
        let mut experiment = Experiment::from_toml(&read_text(path, MAX_FILE_BYTES)?)?;
        if experiment.name.is_empty() {
            experiment.name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        }
        experiment.take_in_initial(path.parent().unwrap_or(Path::new("")))?;
        Ok(experiment)
    }

    /// The addresses through which programs meet the tasks; all sets of a valid experiment have the same.
    pub fn interface(&self) -> Interface {
        self.tasks.search.first().map_or_else(Interface::default, TaskSpec::interface)
    }

    /// A built-in experiment.
    ///
    /// # Errors
    /// An unknown name, with the nearest known one.
    pub fn preset(name: &str) -> Result<Experiment, ExperimentError> {
        presets::find(name).and_then(|preset| Experiment::from_toml(preset.toml))
    }

    /// The experiment as TOML that reads back to the same.
    ///
    /// # Errors
    /// A value that TOML cannot hold, such as an integer above 2^63 - 1.
    pub fn to_toml(&self) -> Result<String, ExperimentError> {
        toml::to_string(self).map_err(|error| ExperimentError::Toml(error.to_string()))
    }

    /// Sets one key, `search.population` say, to a value in TOML's notation; what is not a TOML value is taken as a string.
    /// The experiment stays as it was if the key or the type of the value is refused.
    ///
    /// # Errors
    /// An unknown key, with the nearest known one, or a value of the wrong type.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ExperimentError> {
        let parsed = match value.trim().parse::<toml::Value>() {
            Ok(parsed) => parsed,
            Err(_) if value.trim().parse::<i128>().is_ok() => {
                let problem = format!("{} is not an integer of TOML: those go up to {}, without leading zeros", shortened(value), i64::MAX);
                return Err(ExperimentError::Set { key: shortened(key), problem });
            }
            Err(_) => toml::Value::String(value.to_owned()),
        };
        self.set_values(&[(key, parsed)])
    }

    fn set_values(&mut self, values: &[(&str, toml::Value)]) -> Result<(), ExperimentError> {
        let mut table = toml::Table::try_from(&*self).map_err(|error| ExperimentError::Toml(error.to_string()))?;
        for (key, value) in values {
            insert(&mut table, key, value.clone())?;
        }
        *self = Experiment::deserialize(table).map_err(|error| ExperimentError::Set {
            key: shortened(&values.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ")),
            problem: with_nearest(error.message(), error.message()),
        })?;
        Ok(())
    }
}

/// Puts a value at a dotted key, making the tables on the way.
fn insert(mut table: &mut toml::Table, key: &str, value: toml::Value) -> Result<(), ExperimentError> {
    let refused = |problem: &str| ExperimentError::Set { key: shortened(key), problem: problem.to_owned() };
    let parts: Vec<&str> = key.split('.').map(str::trim).take(MAX_KEY_PARTS + 1).collect();
    if parts.len() > MAX_KEY_PARTS || parts.iter().any(|part| part.is_empty()) {
        return Err(refused("this is not a key; write SECTION.KEY, as in search.population"));
    }
    let (last, sections) = parts.split_last().expect("splitting gives at least one part");
    for (depth, section) in sections.iter().enumerate() {
        let inner = table.entry((*section).to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        table = match inner {
            toml::Value::Table(inner) => inner,
            toml::Value::Array(list) if !list.is_empty() && list.iter().all(toml::Value::is_table) => {
                let rest = &parts[depth + 1..];
                return insert_in_list(list, rest, &value).map_err(|problem| refused(&problem));
            }
            _ => return Err(refused(&format!("`{}` is a value and has no keys of its own", shortened(section)))),
        };
    }
    table.insert((*last).to_owned(), value);
    Ok(())
}

/// Puts a value at a key of one section of a list, which its number from 0 names, or, without a number, of all.
fn insert_in_list(list: &mut [toml::Value], rest: &[&str], value: &toml::Value) -> Result<(), String> {
    let count = list.len();
    let (sections, rest) = match rest[0].parse::<usize>() {
        Err(_) => (list, rest),
        Ok(number) => match list.get_mut(number) {
            Some(section) => (std::slice::from_mut(section), &rest[1..]),
            None => return Err(format!("there is no section {number}; there are {count}, from 0")),
        },
    };
    let [key] = rest else {
        return Err("write one key behind the list, or its number and one key, as in tasks.search.0.features".to_owned());
    };
    for section in sections {
        let section = section.as_table_mut().expect("lists of sections only");
        section.insert((*key).to_owned(), value.clone());
    }
    Ok(())
}

/// The text of a file of at most `limit` bytes.
fn read_text(path: &Path, limit: u64) -> Result<String, ExperimentError> {
    use std::io::Read;
    let refused = |problem: String| ExperimentError::File { path: path.to_owned(), problem };
    if path.is_dir() {
        return Err(refused("it is a folder; name a file".to_owned()));
    }
    let file = std::fs::File::open(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| refused(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > limit {
        return Err(refused(format!("it is larger than {limit} bytes; name another file")));
    }
    String::from_utf8(bytes)
        .map_err(|error| refused(format!("byte {} is not UTF-8; save the file as UTF-8", error.utf8_error().valid_up_to())))
}

#[cfg(test)]
mod tests;
