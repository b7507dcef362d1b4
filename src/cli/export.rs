//! `export`: a program as stand-alone code.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use exnihilo::export::{Export as Exported, ExportError, Language};
use exnihilo::text::printable_path;
use exnihilo_jit::{GroupSettings, Scoring};

use super::args::{PanelPlan, experiment_of};
use super::failure::Failure;
use super::output::print_data;
use super::{Exit, programs};

/// Write a program as stand-alone code: NumPy, Rust, C, LaTeX, a graph or JSON
///
/// NumPy, Rust and C learn and predict as the program does here; each file says how it is run on examples in CSV files, and how exactly
/// its results agree. LaTeX shows the algorithm, dot (Graphviz) which instruction depends on which; JSON is a program record, as eval
/// reads in lists.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo export runs/linear-s0/best.az --to numpy > model.py
  exnihilo export linear --to rust --features 8 --demo > model.rs && rustc -O model.rs && ./model
  exnihilo export runs/digits-s0/best.az --to c > model.c
  exnihilo export softmax-net --to latex --classes 10 > softmax-net.tex
  exnihilo export net --to dot | dot -Tsvg > net.svg")]
pub(super) struct Export {
    /// Program file (.az), or the name of a hand-written one
    program: PathBuf,
    /// What to write
    #[arg(long, value_name = "LANGUAGE", value_parser = PossibleValuesParser::new(Language::ALL.map(Language::name)).try_map(|name| name.parse::<Language>()))]
    to: Language,
    /// The kind of task: 2 for classes 0 and 1, 10 for ten classes, where the program answers in v2
    ///
    /// By default that of the run in whose directory the program lies, with its features and largest error; elsewhere regression.
    #[arg(long, value_name = "2|10", value_parser = PossibleValuesParser::new(["2", "10"]).map(|classes| scoring(&classes)))]
    classes: Option<Scoring>,
    /// F, a constant at the top of Rust and C; NumPy takes it from the data (default: the run's; 4, with --classes 16)
    #[arg(long, value_name = "F")]
    features: Option<usize>,
    /// An error above it ends training or validation (inf: never; default: the run's; 100)
    #[arg(long, value_name = "X")]
    max_abs_error: Option<f64>,
    /// Every instruction, in place of those that can matter
    #[arg(long)]
    as_written: bool,
    /// With a small set of examples, on which the code runs when no files are named
    #[arg(long)]
    demo: bool,
}

fn scoring(classes: &str) -> Scoring {
    if classes == "10" { Scoring::Classes } else { Scoring::Accuracy }
}

impl Export {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let program = programs::read_program(&self.program)?;
        let of_run = if self.classes.is_none() { run_settings(&self.program)? } else { None };
        let scoring = self.classes.or(of_run.map(|settings| settings.scoring)).unwrap_or(Scoring::Rms);
        let name = self.program.display().to_string();
        let defaults = Exported::new(&program, scoring);
        let export = Exported {
            features: self.features.or(of_run.map(|settings| settings.features)).unwrap_or(defaults.features),
            max_abs_error: self.max_abs_error.or(of_run.map(|settings| settings.max_abs_error)).unwrap_or(defaults.max_abs_error),
            as_written: self.as_written,
            demo: self.demo,
            source: &name,
            ..defaults
        };
        let text = export.to(self.to).map_err(|error| match error {
            ExportError::Interface(_) => Failure::failed(format!("{}: {error}", printable_path(&self.program))),
            _ => Failure::usage(error.to_string()),
        })?;
        programs::note_if_nothing_matters(&program, scoring.interface());
        print_data(&text)?;
        Ok(Exit::Done)
    }
}

/// What the tasks of a run are like, if the program lies in the directory of one.
fn run_settings(program: &Path) -> Result<Option<GroupSettings>, Failure> {
    let Some(path) = experiment_of(program) else { return Ok(None) };
    let refused =
        |problem: String| Failure::failed(format!("{problem}; or say with --classes what the tasks are like")).at(printable_path(&path));
    let plan = PanelPlan::of_run(path.clone()).map_err(|error| refused(error.to_string()))?;
    plan.settings().map(Some).map_err(|failure| refused(failure.message()))
}
