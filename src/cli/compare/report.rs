//! Progress of a comparison: a bar on a terminal, a line now and then elsewhere, or events.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use exnihilo::search::ComparisonProgress;
use exnihilo::text::grouped;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::output::{note, print_event};

/// The least time between two lines for people where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct ProgressEvent {
    method: &'static str,
    experiments: u64,
    repeats: u64,
    evaluations: u64,
    successes: u64,
    elapsed_seconds: f64,
    evaluations_per_second: f64,
}

impl ProgressEvent {
    fn new(progress: &ComparisonProgress) -> ProgressEvent {
        let elapsed_seconds = progress.elapsed.as_secs_f64();
        ProgressEvent {
            method: progress.method.name(),
            experiments: progress.experiments,
            repeats: progress.repeats,
            evaluations: progress.evaluations,
            successes: progress.successes,
            elapsed_seconds,
            evaluations_per_second: progress.evaluations as f64 / elapsed_seconds,
        }
    }

    fn line(&self) -> String {
        format!(
            "{}: {} of {} experiments, {} evaluations, {} a second, {} successes",
            self.method,
            grouped(self.experiments),
            grouped(self.repeats),
            grouped(self.evaluations),
            grouped(self.evaluations_per_second as u64),
            grouped(self.successes)
        )
    }
}

/// How it is told.
enum Show {
    Events,
    Bar(ProgressBar),
    /// The time of the next line.
    Lines(Instant),
    Nothing,
}

/// Tells of the progress of a comparison.
pub(super) struct Reporter {
    show: Show,
    stop: Arc<AtomicBool>,
    /// The first thing that could not be written; it stops the comparison.
    failure: Option<Failure>,
}

impl Reporter {
    pub(super) fn new(json: bool, quiet: bool, stop: Arc<AtomicBool>) -> Reporter {
        let show = if json {
            Show::Events
        } else if quiet {
            Show::Nothing
        } else if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{spinner} {elapsed_precise} [{bar:30}] {wide_msg}");
            Show::Bar(ProgressBar::new(0).with_style(style.expect("the template is the one above")))
        } else {
            Show::Lines(Instant::now() + LINE_EVERY)
        };
        Reporter { show, stop, failure: None }
    }

    pub(super) fn progress(&mut self, progress: &ComparisonProgress) {
        let event = ProgressEvent::new(progress);
        match &mut self.show {
            Show::Events => {
                if let Err(failure) = print_event("progress", &event) {
                    self.stop.store(true, Ordering::Relaxed);
                    self.failure.get_or_insert(failure);
                }
            }
            Show::Bar(bar) => {
                bar.set_length(progress.repeats);
                bar.set_position(progress.experiments);
                bar.set_message(event.line());
            }
            Show::Lines(next) if Instant::now() >= *next => {
                *next = Instant::now() + LINE_EVERY;
                note(&format!("{:>6.0} s  {}", event.elapsed_seconds, event.line()));
            }
            Show::Lines(_) | Show::Nothing => {}
        }
    }

    /// # Errors
    /// What could not be written while the comparison ran.
    pub(super) fn finish(self) -> Result<(), Failure> {
        if let Show::Bar(bar) = &self.show {
            bar.finish_and_clear();
        }
        self.failure.map_or(Ok(()), Err)
    }
}
