//! `report`: a page about runs.

use std::path::PathBuf;

use clap::Args;
use exnihilo::report::{Page, ReportError, RunRecord};
use serde::Serialize;

use super::Exit;
use super::failure::Failure;
use super::output::{note, print_event, print_text};

/// Write one HTML page about a run, or that compares several
///
/// The page needs nothing else: no network, no other file. It has fitness over time, how programs were answered, the hall of fame, the best
/// program and its lineage, and the final evaluation; every plot can be downloaded as SVG and as CSV.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo report runs/linear-s0                             writes runs/linear-s0/report.html
  exnihilo report runs/linear-s0 runs/linear-s1 --out page.html

A run that is still at work is reported as far as it has come. What cannot be read of a damaged run is left out, and the page says so.
An earlier report gives way to the new one; another file does so with --force only.

With --json, one line: report, with file, runs and notes (what could not be read, one text each).")]
pub(super) struct Report {
    /// Directories of runs, as `evolve` printed them
    #[arg(value_name = "RUN_DIR", required = true)]
    directories: Vec<PathBuf>,
    /// Where the page goes (default for one run: report.html in its directory)
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
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
        Page::new(&runs).write(&out, self.force)?;
        let of_run = |run: &RunRecord| run.notes().into_iter().map(|note| format!("{}: {note}", run.path().display())).collect::<Vec<_>>();
        let notes: Vec<String> = runs.iter().flat_map(of_run).collect();
        let file = out.display().to_string();
        if self.json {
            print_event("report", &ReportEvent { file, runs: runs.len(), notes })?;
        } else {
            notes.iter().for_each(|line| note(&line.escape_debug().to_string()));
            print_text(&format!("{file}\n"))?;
        }
        Ok(Exit::Done)
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Failure {
        Failure::Failed(error.into())
    }
}
