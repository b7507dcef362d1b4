//! Progress of a search: a bar or the live view on a terminal, a line now and then elsewhere, or events.

use std::io::IsTerminal;
use std::sync::atomic::Ordering;
use std::time::Duration;

use exnihilo::experiment::Experiment;
use exnihilo::run::Recorder;
use exnihilo::search::{Limits, Progress, Report, SearchOptions};
use exnihilo::text::{grouped, span};
use indicatif::{ProgressBar, ProgressStyle};

use super::tiers;
use super::watch::{About, View, Watch};
use crate::cli::failure::Failure;
use crate::cli::output::{note, print_event_line, shell_word};

/// A bar that is full.
const BAR_LENGTH: u64 = 1_000;

/// The least time between two lines for people where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A line about progress.
fn line(progress: &Progress, remaining: Option<Duration>) -> String {
    let fitness = |fitness: Option<f64>| fitness.map_or_else(|| "-".to_owned(), |fitness| format!("{fitness:.6}"));
    format!(
        "{} individuals, {} a second, {} experiments, best {}, mean {}; {}{}",
        grouped(progress.counts.individuals),
        grouped((progress.counts.individuals as f64 / progress.elapsed.as_secs_f64()) as u64),
        progress.experiments,
        fitness(progress.best_fitness),
        fitness(progress.mean_fitness),
        tiers::for_people(progress.counts.tiers),
        remaining.map_or_else(String::new, |remaining| format!("; {} left", span(remaining.as_secs_f64())))
    )
}

/// How people are told.
enum Show {
    Bar(ProgressBar),
    Lines,
    Nothing,
    /// The live view as soon as the search has begun.
    View(Box<View>),
    Watch(Watch),
}

/// How a run is told of.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Telling {
    /// Events on stdout.
    pub(in crate::cli) json: bool,
    /// Nothing on stderr.
    pub(in crate::cli) quiet: bool,
    /// The live view.
    pub(in crate::cli) watch: bool,
}

/// The share of the way to the limit.
pub(super) fn share_done(elapsed: Duration, remaining: Duration) -> f64 {
    let [elapsed, remaining] = [elapsed, remaining].map(|time| time.as_secs_f64());
    if remaining > 0.0 { elapsed / (elapsed + remaining) } else { 1.0 }
}

/// Tells of the progress of a search while its recorder saves it.
pub(super) struct Reporter {
    recorder: Recorder,
    json: bool,
    show: Show,
    options: SearchOptions,
    /// What people are told when the search has begun.
    notes: Vec<String>,
    next_line: Duration,
    /// The first thing that could not be told; it stops the search.
    failure: Option<Failure>,
}

impl Reporter {
    pub(super) fn new(
        telling: Telling,
        experiment: &Experiment,
        seed: u64,
        options: &SearchOptions,
        recorder: Recorder,
        notes: Vec<String>,
    ) -> Reporter {
        let Telling { json, quiet, watch } = telling;
        let show = match (json || quiet, std::io::stderr().is_terminal()) {
            (true, _) => Show::Nothing,
            (false, true) if watch => {
                let path = recorder.path().map(|path| path.display().to_string());
                Show::View(Box::new(View::new(About::new(experiment, seed, options, path))))
            }
            (false, true) => Show::Bar(bar(options)),
            (false, false) => {
                if watch {
                    note("stderr is not a terminal, where --watch could draw; there are lines now and then in its place");
                }
                Show::Lines
            }
        };
        Reporter { recorder, json, show, options: options.clone(), notes, next_line: LINE_EVERY, failure: None }
    }

    /// Tells of what a search reports.
    pub(super) fn report(&mut self, report: Report<'_>) {
        let mut told = None;
        self.recorder.record_and_tell(report, |event| told = Some(event.line()));
        std::mem::take(&mut self.notes).iter().for_each(|line| note(line));
        self.open_view();
        self.print(told);
        match (report, &self.show) {
            (Report::Progress(progress), _) => self.progress(progress),
            (Report::Improvement(improvement), Show::Watch(watch)) => {
                watch.update(|view| view.improved((&*improvement.milestone).into()));
            }
            (Report::Checkpoint(checkpoint, _), Show::Watch(watch)) => {
                if let Some(number) = self.recorder.latest_checkpoint() {
                    watch.update(|view| view.saved(number, checkpoint));
                }
            }
            _ => {}
        }
    }

    /// Opens the live view, if it is asked for and not open.
    fn open_view(&mut self) {
        if let Show::View(view) = &mut self.show {
            self.show = Watch::open(std::mem::take(view), &self.options.stop).map_or_else(
                |error| {
                    note(&format!("the terminal cannot be taken for --watch: {error}; there is a bar in its place"));
                    Show::Bar(bar(&self.options))
                },
                Show::Watch,
            );
        }
    }

    /// Prints an event on stdout, if events are asked for.
    fn print(&mut self, line: Option<String>) {
        if let Some(line) = line.filter(|_| self.json)
            && let Err(failure) = print_event_line(&line)
        {
            self.options.stop.store(true, Ordering::Relaxed);
            self.failure.get_or_insert(failure);
        }
    }

    /// Shows progress to people.
    fn progress(&mut self, progress: &Progress) {
        let remaining = progress.remaining(self.options.limits());
        match &self.show {
            Show::Bar(bar) => {
                let done = remaining.map_or(0.0, |remaining| share_done(progress.elapsed, remaining));
                bar.set_position((done * BAR_LENGTH as f64) as u64);
                bar.set_message(line(progress, remaining));
            }
            Show::Watch(watch) => watch.update(|view| view.progressed(progress, remaining, self.recorder.best_program())),
            Show::Lines if progress.elapsed >= self.next_line => {
                self.next_line = progress.elapsed + LINE_EVERY;
                note(&format!("{:>6.0} s  {}", progress.elapsed.as_secs_f64(), line(progress, remaining)));
            }
            Show::Lines | Show::Nothing | Show::View(_) => {}
        }
    }

    /// Sees to it that there is an event of the last progress, and gives the recorder back, with what could not be told or written while
    /// the search ran.
    pub(super) fn finish(mut self) -> (Recorder, Result<(), Failure>) {
        match std::mem::replace(&mut self.show, Show::Nothing) {
            Show::Bar(bar) => bar.finish_and_clear(),
            Show::Watch(watch) => watch.close(),
            Show::Lines | Show::Nothing | Show::View(_) => {}
        }
        let mut told = None;
        let written = self.recorder.finish_progress(|event| told = Some(event.line()));
        self.print(told);
        let written = written.map_err(|error| {
            let failure = Failure::from(error);
            let Some(path) = self.recorder.path().filter(|_| self.recorder.latest_checkpoint().is_some()) else { return failure };
            let path = shell_word(path);
            failure.at(format!("the search stops; when this is mended, `exnihilo resume {path}` goes on from its last checkpoint"))
        });
        (self.recorder, self.failure.map_or(written, Err))
    }
}

/// A bar to the nearest limit, or without one a spinner.
fn bar(options: &SearchOptions) -> ProgressBar {
    let (bar, template) = if options.limits() == Limits::default() {
        (ProgressBar::new_spinner(), "{spinner} {elapsed_precise} {wide_msg}")
    } else {
        (ProgressBar::new(BAR_LENGTH), "{spinner} {elapsed_precise} [{bar:30}] {wide_msg}")
    };
    bar.set_style(ProgressStyle::with_template(template).expect("the template is one of the two above"));
    bar
}
