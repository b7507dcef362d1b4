//! `report`: a page about runs.

use std::path::{Path, PathBuf};

use clap::Args;
use exnihilo::ablation;
use exnihilo::explain::{Explanation, knocked_out};
use exnihilo::report::{Effect, Effects, Page, ReportError, RunRecord};
use exnihilo::task::DataCache;
use exnihilo::text::printable_name;
use exnihilo_jit::Program;
use exnihilo_jit::rewrite::rewrite;
use serde::Serialize;

use super::args::{PanelPlan, ThreadArgs};
use super::failure::Failure;
use super::output::{note, print_event, print_text};
use super::{Exit, programs};

/// Write one HTML page about a run, or that compares several
///
/// The page needs nothing else: no network, no other file. It has fitness over time, how programs were answered, the hall of fame, the best
/// program, its lineage and what its parts are worth, and the final evaluation; every plot can be downloaded as SVG and as CSV.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo report runs/linear-s0                             writes runs/linear-s0/report.html
  exnihilo report runs/linear-s0 runs/linear-s1 --out page.html

A run that is still at work is reported as far as it has come. What cannot be read of a damaged run
is left out, and the page says so.
What could not be measured is told on stderr. An earlier report gives way to the new one; another
file does so with --force only.

With --json, one line: report, with file, runs and notes (what could not be read, one text each).")]
pub(super) struct Report {
    /// Directories of runs, as `evolve` printed them
    #[arg(value_name = "RUN_DIR", required = true)]
    directories: Vec<PathBuf>,
    /// Where the page goes (default for one run: report.html in its directory)
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
    /// Leave out what the parts of found programs are worth, which is measured on fresh tasks (see `exnihilo explain`)
    #[arg(long)]
    no_measure: bool,
    #[command(flatten)]
    threads: ThreadArgs,
    /// Overwrite a file that is no report
    #[arg(long)]
    force: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct ReportEvent {
    file: String,
    runs: usize,
    notes: Vec<String>,
}

impl Report {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let out = match (&self.out, &self.directories[..]) {
            (Some(out), _) => out.clone(),
            (None, [directory]) => directory.join("report.html"),
            (None, _) => return Err(Failure::usage("several runs need a file to be reported in: add --out FILE.html")),
        };
        let runs = self.directories.iter().map(|directory| RunRecord::read(directory)).collect::<Result<Vec<_>, _>>()?;
        let mut page = Page::new(&runs);
        let mut notes = Vec::new();
        if !self.no_measure {
            for (number, directory) in self.directories.iter().enumerate() {
                match self.knock_outs(directory) {
                    Ok(Some(effects)) => page = page.with_effects(number, effects),
                    Ok(None) => {}
                    Err(failure) => notes.push(format!("{}: its parts could not be measured: {}", directory.display(), failure.message())),
                }
            }
        }
        page.write(&out, self.force)?;
        let of_run = |run: &RunRecord| run.notes().into_iter().map(|note| format!("{}: {note}", run.path().display())).collect::<Vec<_>>();
        notes.extend(runs.iter().flat_map(of_run));
        let file = out.display().to_string();
        if self.json {
            print_event("report", &ReportEvent { file, runs: runs.len(), notes })?;
        } else {
            notes.iter().for_each(|line| note(&printable_name(line)));
            print_text(&format!("{file}\n"))?;
        }
        Ok(Exit::Done)
    }

    /// What the idioms of a run's result are worth; none where there is no result yet, or nothing is recognized in it.
    fn knock_outs(&self, directory: &Path) -> Result<Option<Effects>, Failure> {
        let best = directory.join("best.az");
        let experiment = directory.join("experiment.toml");
        // Opening something else may wait for ever.
        if !best.is_file() || !experiment.is_file() {
            return Ok(None);
        }
        let program = programs::read_program(&best)?;
        let plan = PanelPlan::of_run(experiment)?;
        let interface = plan.interface();
        interface.check_outputs(&program).map_err(|error| Failure::failed(error.to_string()))?;
        let program = rewrite(&program, interface).program;
        let explanation = Explanation::of(&program, interface);
        let idioms = explanation.idioms();
        if idioms.is_empty() {
            return Ok(None);
        }
        let panel = plan.build(0, self.threads.count(), &DataCache::new())?;
        let original = panel.fitness(&program)?;
        let changed: Vec<Program> = idioms.iter().map(|idiom| knocked_out(&program, idiom)).collect();
        let effect = |(idiom, effect): (&exnihilo::explain::Idiom, ablation::Effect)| {
            let numbers: Vec<String> = idiom.lines.iter().map(|line| (line + 1).to_string()).collect();
            let plural = if numbers.len() == 1 { "" } else { "s" };
            let ablation::Effect { mean, low, high } = effect;
            Effect {
                name: format!("{} (line{plural} {})", idiom.kind.words(), numbers.join(", ")),
                mean,
                low,
                high,
                lines: idiom.lines.iter().map(|&line| format!("{}: {}", line + 1, program.instructions()[line])).collect(),
            }
        };
        let text = format!(
            "The change of mean fitness where a part of the program is left out, with its 95 % interval: {}, where the whole program has {:.6}. \
             Lines are counted as in the simplified program; `exnihilo explain {}` says more.",
            plan.describe(&panel, 0),
            ablation::mean(&original),
            best.display()
        );
        Ok(Some(Effects {
            title: "Knock-outs".to_owned(),
            text,
            label: "change of fitness".to_owned(),
            effects: idioms.iter().zip(panel.effects(&original, &changed)?).map(effect).collect(),
        }))
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Failure {
        Failure::Failed(error.into())
    }
}
