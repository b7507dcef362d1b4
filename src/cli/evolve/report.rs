//! Progress of a search: a bar on a terminal, a line now and then elsewhere, or events.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use exnihilo::experiment::RunDirectory;
use exnihilo::search::{Progress, Report};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::output::{event_line, grouped, note, percent, print_line};

/// The least time between two events: rounds of small experiments end many times a second.
const EVENT_EVERY: Duration = Duration::from_millis(450);

/// The least time between two lines for people where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct ProgressEvent {
    individuals: u64,
    elapsed_seconds: f64,
    individuals_per_second: f64,
    train_steps: u64,
    best_fitness: Option<f64>,
    mean_fitness: Option<f64>,
    cache_hits: u64,
    structural_hits: u64,
    compiled: u64,
    experiments: u64,
    verified: u64,
}

impl ProgressEvent {
    fn new(progress: &Progress) -> ProgressEvent {
        let elapsed_seconds = progress.elapsed.as_secs_f64();
        ProgressEvent {
            individuals: progress.individuals,
            elapsed_seconds,
            individuals_per_second: progress.individuals as f64 / elapsed_seconds,
            train_steps: progress.train_steps,
            best_fitness: progress.best_fitness,
            mean_fitness: progress.mean_fitness,
            cache_hits: progress.fec_hits,
            structural_hits: progress.structural_hits,
            compiled: progress.compiled,
            experiments: progress.experiments,
            verified: progress.verified,
        }
    }

    fn line(&self) -> String {
        let fitness = |fitness: Option<f64>| fitness.map_or_else(|| "-".to_owned(), |fitness| format!("{fitness:.6}"));
        format!(
            "{} individuals, {} a second, {} experiments, best {}, mean {}, hits {} structural, {} FEC",
            grouped(self.individuals),
            grouped(self.individuals_per_second as u64),
            self.experiments,
            fitness(self.best_fitness),
            fitness(self.mean_fitness),
            percent(self.structural_hits, self.individuals),
            percent(self.cache_hits, self.individuals)
        )
    }
}

/// A checkpoint was taken; it is written after this.
#[derive(Serialize)]
struct CheckpointEvent {
    checkpoint: u64,
    individuals: u64,
    elapsed_seconds: f64,
}

/// What is told when a search has begun.
pub(super) struct First {
    /// An event, to be saved.
    pub(super) event: String,
    /// A line for people.
    pub(super) note: Option<String>,
}

/// How people are told.
enum Show {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

/// Tells of the progress of a search, and saves it.
pub(super) struct Reporter {
    json: bool,
    show: Show,
    directory: Option<RunDirectory>,
    /// The first event and a note, until the search has begun: an earlier run loses nothing before that.
    first: Option<First>,
    stop: Arc<AtomicBool>,
    /// The last progress, and whether there is an event of it.
    last: Option<(Progress, bool)>,
    next_event: Duration,
    next_line: Duration,
    /// The first thing that could not be written; it stops the search.
    failure: Option<Failure>,
}

impl Reporter {
    pub(super) fn new(
        json: bool,
        quiet: bool,
        max_individuals: Option<u64>,
        directory: Option<RunDirectory>,
        first: First,
        stop: Arc<AtomicBool>,
    ) -> Reporter {
        let show = if json || quiet {
            Show::Nothing
        } else if std::io::stderr().is_terminal() {
            Show::Bar(bar(max_individuals))
        } else {
            Show::Lines
        };
        Reporter {
            json,
            show,
            directory,
            first: Some(first),
            stop,
            last: None,
            next_event: Duration::ZERO,
            next_line: LINE_EVERY,
            failure: None,
        }
    }

    /// Tells of what a search reports.
    pub(super) fn report(&mut self, report: Report<'_>) {
        if let Some(First { event, note: line }) = self.first.take() {
            self.save(|directory| Ok(directory.event(&event)?));
            line.into_iter().for_each(|line| note(&line));
        }
        match report {
            Report::Progress(progress) => self.progress(progress),
            Report::Checkpoint(checkpoint) => self.save(|directory| {
                let event = CheckpointEvent {
                    checkpoint: directory.next_checkpoint(),
                    individuals: checkpoint.individuals(),
                    elapsed_seconds: checkpoint.elapsed_seconds(),
                };
                Ok(directory.save_checkpoint(&event_line("checkpoint", &event), &checkpoint.encode()?)?)
            }),
            _ => {}
        }
    }

    fn save(&mut self, save: impl FnOnce(&mut RunDirectory) -> Result<(), Failure>) {
        let Some(directory) = &mut self.directory else { return };
        let saved = save(directory).map_err(|failure| {
            if directory.next_checkpoint() == 1 {
                return failure;
            }
            let path = directory.path().display();
            failure.at(format!("the search stops; when this is mended, `exnihilo resume {path}` goes on from its last checkpoint"))
        });
        self.check(saved);
    }

    /// Tells of progress.
    fn progress(&mut self, progress: &Progress) {
        let is_due = progress.elapsed >= self.next_event;
        self.last = Some((*progress, is_due));
        if is_due {
            self.next_event = progress.elapsed + EVENT_EVERY;
            self.event(progress);
        }
        match &self.show {
            Show::Bar(bar) => {
                bar.set_position(progress.individuals);
                bar.set_message(ProgressEvent::new(progress).line());
            }
            Show::Lines if progress.elapsed >= self.next_line => {
                self.next_line = progress.elapsed + LINE_EVERY;
                note(&format!("{:>6.0} s  {}", progress.elapsed.as_secs_f64(), ProgressEvent::new(progress).line()));
            }
            Show::Lines | Show::Nothing => {}
        }
    }

    /// Sees to it that there is an event of the last progress, and gives the directory back.
    ///
    /// # Errors
    /// What could not be written while the search ran.
    pub(super) fn finish(mut self) -> Result<Option<RunDirectory>, Failure> {
        if let Show::Bar(bar) = &self.show {
            bar.finish_and_clear();
        }
        if let Some((progress, false)) = self.last {
            self.event(&progress);
        }
        self.failure.map_or(Ok(self.directory), Err)
    }

    fn event(&mut self, progress: &Progress) {
        let line = event_line("progress", &ProgressEvent::new(progress));
        self.save(|directory| Ok(directory.event(&line)?));
        if self.json {
            self.check(print_line(&line));
        }
    }

    fn check(&mut self, written: Result<(), Failure>) {
        if let Err(failure) = written {
            self.stop.store(true, Ordering::Relaxed);
            self.failure.get_or_insert(failure);
        }
    }
}

fn bar(max_individuals: Option<u64>) -> ProgressBar {
    let (bar, template) = match max_individuals {
        Some(most) => (ProgressBar::new(most), "{spinner} {elapsed_precise} [{bar:30}] {wide_msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {elapsed_precise} {wide_msg}"),
    };
    bar.set_style(ProgressStyle::with_template(template).expect("the template is one of the two above"));
    bar
}
