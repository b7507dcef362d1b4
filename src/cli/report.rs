//! `report`: a page about runs.

use std::path::PathBuf;

use clap::Args;
use exnihilo::ablation::{Changed, MOST_INSTRUCTIONS, Original};
use exnihilo::explain::{Explanation, Idiom, knocked_out};
use exnihilo::report::{Effect, Effects, Page, ReportError};
use exnihilo::run::RunRecord;
use exnihilo::stats;
use exnihilo::task::DataCache;
use exnihilo::text::{grouped, printable_name, printable_path};
use exnihilo_jit::Program;
use exnihilo_jit::rewrite::rewrite;
use serde::Serialize;

use super::args::{PanelPlan, TUNING_ROUND, ThreadArgs, TuneArgs};
use super::explain::{at_lines, too_long};
use super::failure::Failure;
use super::output::{note, print_event, print_line, shell_word};
use super::pace::Pace;
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
  exnihilo report runs/digits-s0 --tune 300                  constants tuned anew without each part

A run that is still at work is reported as far as it has come. What cannot be read of a damaged run
is left out, and the page says so; what could not be measured is told there and on stderr.

With --tune, 300 trials of each program on 100 small tasks, such as those of digits, take about a
second; a program of ten parts is eleven programs.

An earlier report gives way to the new one; another file does so with --force only.

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
    tune: TuneArgs,
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
        let runs = self
            .directories
            .iter()
            .map(|directory| RunRecord::read(directory).map_err(ReportError::from))
            .collect::<Result<Vec<_>, _>>()?;
        let mut page = Page::new(&runs);
        let mut notes = Vec::new();
        if !self.no_measure {
            for (number, run) in runs.iter().enumerate() {
                match self.knock_outs(run) {
                    Ok(Some(effects)) => page = page.with_effects(number, effects),
                    Ok(None) => {}
                    Err(failure) => {
                        let text = format!("its parts could not be measured: {}", failure.message());
                        notes.push(format!("{}: {text}", run.path().display()));
                        page = page.with_effects(number, Effects { title: TITLE.to_owned(), text, ..Effects::default() });
                    }
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
            print_line(&printable_name(&file))?;
        }
        Ok(Exit::Done)
    }

    /// What the idioms of a run's result are worth; none where there is no result yet, or nothing is recognized in it.
    fn knock_outs(&self, run: &RunRecord) -> Result<Option<Effects>, Failure> {
        let (best, path) = (run.path().join("best.az"), run.path().join("experiment.toml"));
        // Opening something else may wait for ever.
        if !best.is_file() || !path.is_file() {
            return Ok(None);
        }
        let program = programs::read_program(&best)?;
        let experiment = run.experiment().ok_or_else(|| Failure::failed(format!("{}: is no experiment", printable_path(&path))))?;
        let plan = PanelPlan::of_experiment(experiment, path);
        let interface = plan.interface();
        interface.check_outputs(&program).map_err(|error| Failure::failed(error.to_string()))?;
        let program = rewrite(&program, interface).program;
        let count = program.instructions().len();
        if count > MOST_INSTRUCTIONS {
            return Err(Failure::failed(format!("{}; --no-measure leaves it out", too_long(&best, count))));
        }
        let explanation = Explanation::of(&program, interface);
        let idioms = explanation.idioms();
        if idioms.is_empty() {
            return Ok(None);
        }
        let (data, threads) = (DataCache::new(), self.threads.count());
        let benchmark = plan.build(0, threads, &data)?;
        let tuning = self.tune.benchmark(&plan, threads, &data)?;
        let mut pace = Pace::new(1 + idioms.len(), self.tune.tune.unwrap_or(0), self.json);
        let tuner = self.tune.tuner(&plan, tuning.as_ref());
        let original = Original::new(&program, &benchmark, tuner, |trials| pace.done(trials))?;
        let changed: Vec<Program> = idioms.iter().map(|idiom| knocked_out(&program, idiom)).collect();
        let changed = original.measure(&changed, |trials| pace.done(trials))?;
        let tuned = original.tuned().zip(tuning.as_ref()).map_or_else(String::new, |((_, fitness), tuning)| {
            format!(
                ", {fitness:.6} with its constants tuned. Those of the whole program and of each changed one were tuned anew, with {} trials \
                 each on {}; beside each change is that with the constants as they are",
                grouped(self.tune.tune.unwrap_or(0).into()),
                plan.describe(tuning, TUNING_ROUND)
            )
        });
        let text = format!(
            "The change of mean fitness where a part of the program is left out, with its 95 % interval: {}, where the whole program has \
             {:.6}{tuned}. Lines are counted as in the simplified program",
            plan.describe(&benchmark, 0),
            original.fitness(),
        );
        // What stands between backticks is code on the page.
        let text = text.replace('`', "'");
        let command = Some(shell_word(&best)).filter(|best| !best.contains('`'));
        let text = command.map_or_else(|| format!("{text}."), |best| format!("{text}; `exnihilo explain {best}` says more."));
        Ok(Some(Effects {
            title: TITLE.to_owned(),
            text,
            label: "change of fitness".to_owned(),
            effects: idioms.iter().zip(&changed).flat_map(|(idiom, changed)| effects(&program, idiom, changed)).collect(),
        }))
    }
}

/// The heading of what the parts of a run's result are worth.
const TITLE: &str = "Knock-outs";

/// What it does to leave an idiom of a program out: with tuned constants first, where they are tuned.
fn effects(program: &Program, idiom: &Idiom, changed: &Changed) -> impl Iterator<Item = Effect> {
    let name = format!("{} ({})", idiom.kind.words(), at_lines(&idiom.lines));
    let lines: Vec<String> = idiom.lines.iter().map(|&line| format!("{}: {}", line + 1, program.instructions()[line])).collect();
    let effect = move |name, stats::Effect { mean, low, high }, is_beside| {
        // They are not told twice.
        let lines = if is_beside { Vec::new() } else { lines.clone() };
        Effect { name, mean, low, high, lines, is_beside }
    };
    // Long names are cut at their end.
    let as_they_are = match &changed.tuned {
        Some(_) => effect(format!("untuned: {name}"), changed.effect, true),
        None => effect(name.clone(), changed.effect, false),
    };
    let tuned = changed.tuned.as_ref().map(|tuned| effect(name, tuned.effect, false));
    tuned.into_iter().chain([as_they_are])
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Failure {
        Failure::Failed(error.into())
    }
}
