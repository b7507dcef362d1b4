//! Progress of a search: a bar on a terminal, a line now and then elsewhere, or events.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use exnihilo::experiment::RunDirectory;
use exnihilo::search::{Famous, HallOfFame, Improvement, ProgramHash, Progress, Report};
use exnihilo_jit::ProgramRecord;
use exnihilo_jit::lang::RecordId;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::tiers::{Tiers, saved_share};
use crate::cli::failure::Failure;
use crate::cli::output::{event_line, grouped, note, print_line};

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
    tiers: Tiers,
    saved_share: f64,
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
            structural_hits: progress.tiers.structural,
            tiers: progress.tiers.into(),
            saved_share: saved_share(progress.saved_steps, progress.train_steps),
            compiled: progress.compiled,
            experiments: progress.experiments,
            verified: progress.verified,
        }
    }

    fn line(&self) -> String {
        let fitness = |fitness: Option<f64>| fitness.map_or_else(|| "-".to_owned(), |fitness| format!("{fitness:.6}"));
        format!(
            "{} individuals, {} a second, {} experiments, best {}, mean {}; {}",
            grouped(self.individuals),
            grouped(self.individuals_per_second as u64),
            self.experiments,
            fitness(self.best_fitness),
            fitness(self.mean_fitness),
            self.tiers.for_people()
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

/// A program is better than all before it on its island.
#[derive(Serialize)]
struct ImprovementEvent {
    experiment: u64,
    island: u64,
    task_set: usize,
    individual: u64,
    search_fitness: f64,
    hash: String,
    parent: Option<String>,
    /// How it came about: the mutation, or `start`, `copy`, `migration`.
    origin: &'static str,
    program: String,
}

impl ImprovementEvent {
    fn new(improvement: &Improvement) -> ImprovementEvent {
        let Improvement { experiment, island, task_set, individual, fitness, program, origin, parent, .. } = improvement;
        ImprovementEvent {
            experiment: *experiment,
            island: *island,
            task_set: *task_set,
            individual: *individual,
            search_fitness: *fitness,
            hash: ProgramHash::of(program).to_string(),
            parent: parent.map(|parent| parent.to_string()),
            origin: origin.name(),
            program: program.to_string(),
        }
    }
}

/// A program of the hall of fame: a record that `eval` reads.
#[derive(Serialize)]
struct FamousRecord {
    #[serde(flatten)]
    program: ProgramRecord,
    size: usize,
    task_set: usize,
    experiment: u64,
    island: u64,
    individual: u64,
    search_fitness: f64,
}

/// The hall of fame as a list of programs.
pub(super) fn hall_of_fame(hall: &HallOfFame) -> String {
    let record = |famous: &Famous| {
        let Famous { task_set, size, experiment, island, individual, fitness, ref program, .. } = *famous;
        let id = Some(RecordId::Text(ProgramHash::of(program).to_string()));
        let program = ProgramRecord { id, ..program.into() };
        let record = FamousRecord { program, size, task_set, experiment, island, individual, search_fitness: fitness };
        serde_json::to_string(&record).expect("numbers, texts and lists only") + "\n"
    };
    hall.programs().map(record).collect()
}

/// What is told when a search has begun.
pub(super) struct First {
    /// An event, to be saved.
    pub(super) event: String,
    /// Lines for people.
    pub(super) notes: Vec<String>,
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
    /// The first event and notes, until the search has begun: an earlier run loses nothing before that.
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
        if let Some(First { event, notes }) = self.first.take() {
            self.save(|directory| Ok(directory.event(&event)?));
            notes.iter().for_each(|line| note(line));
        }
        match report {
            Report::Progress(progress) => self.progress(progress),
            Report::Improvement(improvement) => {
                let line = event_line("improvement", &ImprovementEvent::new(improvement));
                self.save(|directory| Ok(directory.event(&line)?));
            }
            Report::Checkpoint(checkpoint, hall) => self.save(|directory| {
                let event = CheckpointEvent {
                    checkpoint: directory.next_checkpoint(),
                    individuals: checkpoint.individuals(),
                    elapsed_seconds: checkpoint.elapsed_seconds(),
                };
                directory.save_hall_of_fame(&hall_of_fame(hall))?;
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
        self.last = Some((progress.clone(), is_due));
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
        if let Some((progress, false)) = self.last.take() {
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
