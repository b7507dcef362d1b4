//! Progress of a search: a bar or the live view on a terminal, a line now and then elsewhere, or events.

use std::io::IsTerminal;
use std::sync::atomic::Ordering;
use std::time::Duration;

use exnihilo::experiment::Experiment;
use exnihilo::run::RunDirectory;
use exnihilo::search::{Famous, HallOfFame, Improvement, Limits, Milestone, ProgramHash, Progress, Report, SearchOptions, Tiers};
use exnihilo::text::{grouped, span};
use exnihilo_jit::lang::RecordId;
use exnihilo_jit::rewrite::rewrite;
use exnihilo_jit::{Interface, Program, ProgramRecord};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::tiers::{self, saved_share};
use super::watch::{About, View, Watch};
use crate::cli::failure::Failure;
use crate::cli::output::{event_line, note, print_event_line, shell_word};

/// The least time between two events: rounds of small experiments end many times a second.
const EVENT_EVERY: Duration = Duration::from_millis(450);

/// A bar that is full.
const BAR_LENGTH: u64 = 1_000;

/// The least time between two lines for people where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct ProgressEvent<'a> {
    individuals: u64,
    elapsed_seconds: f64,
    individuals_per_second: f64,
    train_steps: u64,
    best_fitness: Option<f64>,
    mean_fitness: Option<f64>,
    /// Of the result so far; null before there is any.
    select_fitness: Option<f64>,
    cache_hits: u64,
    structural_hits: u64,
    tiers: Tiers,
    saved_share: f64,
    compiled: u64,
    experiments: u64,
    verified: u64,
    /// To the nearest limit; null without one.
    remaining_seconds: Option<f64>,
    /// The best program, simplified; null where it is the same as in the event before, and before there is one.
    best_program: Option<&'a str>,
}

impl ProgressEvent<'_> {
    fn new<'a>(progress: &Progress, remaining: Option<Duration>, best_program: Option<&'a str>) -> ProgressEvent<'a> {
        let elapsed_seconds = progress.elapsed.as_secs_f64();
        ProgressEvent {
            individuals: progress.individuals,
            elapsed_seconds,
            individuals_per_second: progress.individuals as f64 / elapsed_seconds,
            train_steps: progress.train_steps,
            best_fitness: progress.best_fitness,
            mean_fitness: progress.mean_fitness,
            select_fitness: progress.select_fitness,
            cache_hits: progress.fec_hits,
            structural_hits: progress.tiers.structural,
            tiers: progress.tiers,
            saved_share: saved_share(progress.saved_steps, progress.train_steps),
            compiled: progress.compiled,
            experiments: progress.experiments,
            verified: progress.verified,
            remaining_seconds: remaining.map(|remaining| remaining.as_secs_f64()),
            best_program,
        }
    }

    fn line(&self) -> String {
        let fitness = |fitness: Option<f64>| fitness.map_or_else(|| "-".to_owned(), |fitness| format!("{fitness:.6}"));
        format!(
            "{} individuals, {} a second, {} experiments, best {}, mean {}; {}{}",
            grouped(self.individuals),
            grouped(self.individuals_per_second as u64),
            self.experiments,
            fitness(self.best_fitness),
            fitness(self.mean_fitness),
            tiers::for_people(self.tiers),
            self.remaining_seconds.map_or_else(String::new, |seconds| format!("; {} left", span(seconds)))
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

/// A program is better than all its ancestors.
#[derive(Serialize)]
struct MilestoneEvent {
    experiment: u64,
    island: u64,
    task_set: usize,
    individual: u64,
    search_fitness: f64,
    /// Which of its island.
    milestone: u64,
    /// The mutations since the one before it.
    mutations: u32,
    /// The one before it in its line of descent.
    before: Option<MilestoneName>,
    /// How it came about: the mutation, or `start`, `copy`, `migration`.
    origin: &'static str,
    hash: String,
    program: String,
}

/// Which milestone of the experiment.
#[derive(Serialize)]
struct MilestoneName {
    island: u64,
    milestone: u64,
}

impl MilestoneEvent {
    fn new(milestone: &Milestone) -> MilestoneEvent {
        let Milestone { experiment, island, task_set, individual, fitness, ref program, origin, number, mutations, .. } = *milestone;
        let before = milestone.before().map(|&Milestone { island, number, .. }| MilestoneName { island, milestone: number });
        MilestoneEvent {
            experiment,
            island,
            task_set,
            individual,
            search_fitness: fitness,
            milestone: number,
            mutations,
            before,
            origin: origin.name(),
            hash: ProgramHash::of(program).to_string(),
            program: program.to_string(),
        }
    }
}

/// A program is better than all before it on its island.
#[derive(Serialize)]
struct ImprovementEvent {
    #[serde(flatten)]
    milestone: MilestoneEvent,
    /// The hash of its parent.
    parent: Option<String>,
}

impl ImprovementEvent {
    fn new(improvement: &Improvement) -> ImprovementEvent {
        let parent = improvement.parent.map(|parent| parent.to_string());
        ImprovementEvent { milestone: MilestoneEvent::new(&improvement.milestone), parent }
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

/// The best program so far as people see it.
#[derive(Default)]
struct Shown {
    best: Option<Program>,
    text: String,
    /// Whether an event has told of it.
    is_told: bool,
}

impl Shown {
    fn update(&mut self, best: Option<&Program>, interface: Interface) {
        if self.best.as_ref() != best {
            self.text = best.map_or_else(String::new, |best| rewrite(best, interface).program.to_string());
            self.best = best.cloned();
            self.is_told = false;
        }
    }
}

/// The share of the way to the limit.
pub(super) fn share_done(elapsed: Duration, remaining: Duration) -> f64 {
    let [elapsed, remaining] = [elapsed, remaining].map(|time| time.as_secs_f64());
    if remaining > 0.0 { elapsed / (elapsed + remaining) } else { 1.0 }
}

/// Tells of the progress of a search, and saves it.
pub(super) struct Reporter {
    json: bool,
    show: Show,
    interface: Interface,
    options: SearchOptions,
    directory: Option<RunDirectory>,
    /// The first event and notes, until the search has begun: an earlier run loses nothing before that.
    first: Option<First>,
    best: Shown,
    /// The last progress, and whether there is an event of it.
    last: Option<(Progress, bool)>,
    next_event: Duration,
    next_line: Duration,
    /// The first thing that could not be written; it stops the search.
    failure: Option<Failure>,
}

impl Reporter {
    pub(super) fn new(
        telling: Telling,
        experiment: &Experiment,
        seed: u64,
        options: &SearchOptions,
        directory: Option<RunDirectory>,
        first: First,
    ) -> Reporter {
        let Telling { json, quiet, watch } = telling;
        let show = match (json || quiet, std::io::stderr().is_terminal()) {
            (true, _) => Show::Nothing,
            (false, true) if watch => {
                let path = directory.as_ref().map(|directory| directory.path().display().to_string());
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
        Reporter {
            json,
            show,
            interface: experiment.interface(),
            options: options.clone(),
            directory,
            first: Some(first),
            best: Shown::default(),
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
            self.open_view();
        }
        match report {
            Report::Progress(progress) => self.progress(progress),
            Report::Milestone(milestone) => {
                let line = event_line("milestone", &MilestoneEvent::new(milestone));
                self.save(|directory| Ok(directory.event(&line)?));
            }
            Report::Improvement(improvement) => {
                let line = event_line("improvement", &ImprovementEvent::new(improvement));
                self.save(|directory| Ok(directory.event(&line)?));
                if let Show::Watch(watch) = &self.show {
                    watch.update(|view| view.improved((&*improvement.milestone).into()));
                }
            }
            Report::Checkpoint(checkpoint, hall) => {
                self.save(|directory| {
                    let event = CheckpointEvent {
                        checkpoint: directory.next_checkpoint(),
                        individuals: checkpoint.individuals(),
                        elapsed_seconds: checkpoint.elapsed_seconds(),
                    };
                    directory.save_hall_of_fame(&hall_of_fame(hall))?;
                    Ok(directory.save_checkpoint(&event_line("checkpoint", &event), &checkpoint.encode()?)?)
                });
                if let (Show::Watch(watch), Some(directory)) = (&self.show, &self.directory) {
                    let number = directory.next_checkpoint() - 1;
                    watch.update(|view| view.saved(number, checkpoint));
                }
            }
            _ => {}
        }
    }

    /// Opens the live view, if it is asked for.
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

    fn save(&mut self, save: impl FnOnce(&mut RunDirectory) -> Result<(), Failure>) {
        let Some(directory) = &mut self.directory else { return };
        let saved = save(directory).map_err(|failure| {
            if directory.next_checkpoint() == 1 {
                return failure;
            }
            let path = shell_word(directory.path());
            failure.at(format!("the search stops; when this is mended, `exnihilo resume {path}` goes on from its last checkpoint"))
        });
        self.check(saved);
    }

    /// Tells of progress.
    fn progress(&mut self, progress: &Progress) {
        self.best.update(progress.best.as_ref(), self.interface);
        let remaining = self.remaining(progress);
        let is_due = progress.elapsed >= self.next_event;
        self.last = Some((progress.clone(), is_due));
        if is_due {
            self.next_event = progress.elapsed + EVENT_EVERY;
            self.event(progress);
        }
        match &self.show {
            Show::Bar(bar) => {
                let done = remaining.map_or(0.0, |remaining| share_done(progress.elapsed, remaining));
                bar.set_position((done * BAR_LENGTH as f64) as u64);
                bar.set_message(ProgressEvent::new(progress, remaining, None).line());
            }
            Show::Watch(watch) => watch.update(|view| view.progressed(progress, remaining, &self.best.text)),
            Show::Lines if progress.elapsed >= self.next_line => {
                self.next_line = progress.elapsed + LINE_EVERY;
                note(&format!("{:>6.0} s  {}", progress.elapsed.as_secs_f64(), ProgressEvent::new(progress, remaining, None).line()));
            }
            Show::Lines | Show::Nothing | Show::View(_) => {}
        }
    }

    fn remaining(&self, progress: &Progress) -> Option<Duration> {
        progress.remaining(self.options.limits())
    }

    /// Sees to it that there is an event of the last progress, and gives the directory back.
    ///
    /// # Errors
    /// What could not be written while the search ran.
    pub(super) fn finish(mut self) -> Result<Option<RunDirectory>, Failure> {
        match std::mem::replace(&mut self.show, Show::Nothing) {
            Show::Bar(bar) => bar.finish_and_clear(),
            Show::Watch(watch) => watch.close(),
            Show::Lines | Show::Nothing | Show::View(_) => {}
        }
        if let Some((progress, false)) = self.last.take() {
            self.event(&progress);
        }
        self.failure.map_or(Ok(self.directory), Err)
    }

    fn event(&mut self, progress: &Progress) {
        let best = self.best.best.as_ref().filter(|_| !self.best.is_told).map(|_| self.best.text.as_str());
        let line = event_line("progress", &ProgressEvent::new(progress, self.remaining(progress), best));
        self.best.is_told = true;
        self.save(|directory| Ok(directory.event(&line)?));
        if self.json {
            self.check(print_event_line(&line));
        }
    }

    fn check(&mut self, written: Result<(), Failure>) {
        if let Err(failure) = written {
            self.options.stop.store(true, Ordering::Relaxed);
            self.failure.get_or_insert(failure);
        }
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
