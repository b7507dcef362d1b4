//! What the command line changes of an experiment.

use std::path::{Path, PathBuf};

use clap::Args;
use exnihilo::experiment::{Experiment, ExperimentError, PRESETS};
use exnihilo::text::printable_path;

use crate::cli::failure::Failure;
use crate::cli::output::note;

/// Changes to an experiment, in this order: data, scale, single keys.
#[derive(Debug, Args)]
pub(in crate::cli) struct Changes {
    /// Own data in place of the experiment's: a CSV file, or a folder of IDX or CIFAR-10 binary files (repeatable)
    ///
    /// Given more than once, there are islands on each of them, and the first is the one to select and to test on.
    #[arg(long, value_name = "DIR|FILE.csv")]
    data: Vec<PathBuf>,
    /// Multiply islands, tasks of each set and examples by X, rounded up
    ///
    /// The numbers that come out are told, and are those of the run's experiment.toml. As many examples as functional equivalence
    /// checking takes are left; with fewer islands than sets of search tasks only the first sets are. Above 1, images and tables have no more
    /// examples.
    #[arg(long, value_name = "X")]
    scale: Option<f64>,
    /// Set one key of the experiment, as in search.population=1000 (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_setting)]
    set: Vec<Setting>,
}

/// A key and its value, from the command line.
#[derive(Clone, Debug)]
struct Setting {
    key: String,
    value: String,
}

fn parse_setting(text: &str) -> Result<Setting, String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, as in search.population=1000")?;
    Ok(Setting { key: key.trim().to_owned(), value: value.to_owned() })
}

impl Changes {
    /// The experiment of a name, a preset's or a file's, with the changes.
    ///
    /// # Errors
    /// An experiment that cannot be found, read or changed so.
    pub(in crate::cli) fn resolve(&self, named: &str, quiet: bool) -> Result<Experiment, Failure> {
        let mut experiment = find(named)?;
        experiment.set_data(&self.data)?;
        if let Some(scale) = self.scale {
            for scaled in experiment.scale(scale)? {
                if !quiet {
                    note(&format!("scale {scale}: {scaled}"));
                }
            }
        }
        for Setting { key, value } in &self.set {
            experiment.set(key, value)?;
        }
        experiment.make_data_absolute();
        experiment.take_in_initial(Path::new(""))?;
        Ok(experiment)
    }
}

/// The preset or file of this name.
fn find(named: &str) -> Result<Experiment, Failure> {
    let path = Path::new(named);
    let is_preset = PRESETS.iter().any(|preset| preset.name == named);
    let is_file = path.extension().is_some_and(|extension| extension == "toml") || path.components().count() > 1 || path.is_file();
    if is_preset || !is_file {
        return Ok(Experiment::preset(named)?);
    }
    Experiment::load(path).map_err(|error| match error {
        // It names the file itself.
        error @ ExperimentError::File { .. } => Failure::from(error),
        error => Failure::from(error).at(printable_path(path)),
    })
}
