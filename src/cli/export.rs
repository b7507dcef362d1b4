//! `export`: a program as stand-alone code.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use exnihilo::export::{Export as Exported, Language};
use exnihilo_jit::{Scoring, Space, simplify_for};

use super::failure::Failure;
use super::output::{note, print_text};
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
  exnihilo export runs/digits-s0/best.az --to c --classes 2 --features 16 > model.c
  exnihilo export softmax-net --to latex --classes 10 > softmax-net.tex
  exnihilo export net --to dot | dot -Tsvg > net.svg")]
pub(super) struct Export {
    /// Program file (.az), or the name of a hand-written one
    program: PathBuf,
    /// What to write
    #[arg(long, value_name = "LANGUAGE", value_parser = PossibleValuesParser::new(Language::ALL.map(Language::name)).try_map(|name| name.parse::<Language>()))]
    to: Language,
    /// The kind of task: 2 for classes 0 and 1, 10 for ten classes, where the program answers in v2; without it regression
    #[arg(long, value_name = "2|10", value_parser = PossibleValuesParser::new(["2", "10"]).map(|classes| scoring(&classes)))]
    classes: Option<Scoring>,
    /// F, a constant at the top of Rust and C; NumPy takes it from the data (default: 4, with --classes 16)
    #[arg(long, value_name = "F")]
    features: Option<usize>,
    /// An error above it ends training or validation (inf: never)
    #[arg(long, value_name = "X", default_value_t = 100.0)]
    max_abs_error: f64,
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
        let scoring = self.classes.unwrap_or(Scoring::Rms);
        let name = self.program.display().to_string();
        let defaults = Exported::new(&program, scoring);
        let export = Exported {
            features: self.features.unwrap_or(defaults.features),
            max_abs_error: self.max_abs_error,
            as_written: self.as_written,
            demo: self.demo,
            source: &name,
            ..defaults
        };
        let text = export.to(self.to).map_err(|error| Failure::failed(format!("{name}: {error}")))?;
        if simplify_for(&program, scoring.interface()).instructions().is_empty() {
            note(&remark(scoring));
        }
        print_text(&text)?;
        Ok(Exit::Done)
    }
}

/// What to say of a program that predicts nothing.
fn remark(scoring: Scoring) -> String {
    let (space, address) = scoring.interface().prediction();
    let hint = if space == Space::Scalar { "; a program for tasks with ten classes needs --classes 10" } else { "" };
    format!("note: nothing in the program reaches its prediction, {}{address}{hint}", space.letter())
}
