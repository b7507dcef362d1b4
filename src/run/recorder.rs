//! Records a search while it runs: from what it reports to the events and files of its directory.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use exnihilo_jit::rewrite::rewrite;
use exnihilo_jit::{Interface, Program};

use super::directory::{RunDirectory, RunDirectoryError};
use super::event::{Baseline, Checkpoint, Done, ImprovementRecord, Milestone, Progress, RunEvent, Start};
use super::hall;
use crate::experiment::Experiment;
use crate::search::{self, Outcome, Report, SearchOptions};

/// The least time between two events of progress: rounds of small experiments end many times a second.
const PROGRESS_EVERY: Duration = Duration::from_millis(450);

/// Records a search, in a directory if there is one.
///
/// ```
/// use exnihilo::experiment::Experiment;
/// use exnihilo::run::{Recorder, RunDirectory};
/// use exnihilo::search::{Search, SearchOptions};
///
/// let folder = tempfile::tempdir()?;
/// let experiment = Experiment::preset("linear")?;
/// let options = SearchOptions { max_individuals: Some(3_000), checkpoint_every: Some(60.0), ..SearchOptions::default() };
/// let search = Search::new(experiment.clone(), 1, options.clone())?;
/// let directory = RunDirectory::create(&folder.path().join("run"), &experiment, 1)?;
/// let mut recorder = Recorder::start(Some(directory), &experiment, 1, &options);
/// let outcome = search.run(|report| recorder.record(report))?;
/// recorder.conclude(&outcome, Vec::new())?;
/// assert!(folder.path().join("run/result.json").is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Recorder {
    directory: Option<RunDirectory>,
    experiment: Experiment,
    seed: u64,
    options: SearchOptions,
    /// The first event, until the search has begun: an earlier run loses nothing before that.
    first: Option<RunEvent>,
    best: Best,
    /// The last progress, and whether there is an event of it.
    last: Option<(search::Progress, bool)>,
    next_progress: Duration,
    /// The first thing that could not be written; it stops the search.
    failure: Option<RunDirectoryError>,
}

/// What is left of a run that has ended.
#[derive(Debug)]
pub struct Recorded {
    /// The last event.
    pub done: Done,
    /// Where the result was saved; under a name with a number if an earlier result of the run is better.
    pub result: Option<PathBuf>,
}

/// The best program so far.
#[derive(Debug, Default)]
struct Best {
    program: Option<Program>,
    /// Simplified.
    text: String,
    /// Whether an event has told of it.
    is_told: bool,
}

impl Best {
    fn update(&mut self, best: Option<&Program>, interface: Interface) {
        if self.program.as_ref() != best {
            self.text = best.map_or_else(String::new, |best| rewrite(best, interface).program.to_string());
            self.program = best.cloned();
            self.is_told = false;
        }
    }
}

impl Recorder {
    /// Of a search that begins.
    pub fn start(directory: Option<RunDirectory>, experiment: &Experiment, seed: u64, options: &SearchOptions) -> Recorder {
        Recorder::new(directory, experiment, seed, options, RunEvent::Start)
    }

    /// Of a search that goes on from a checkpoint of the directory ([`RunDirectory::resume_from`]).
    pub fn resume(directory: RunDirectory, experiment: &Experiment, seed: u64, options: &SearchOptions) -> Recorder {
        Recorder::new(Some(directory), experiment, seed, options, RunEvent::Resume)
    }

    fn new(
        directory: Option<RunDirectory>,
        experiment: &Experiment,
        seed: u64,
        options: &SearchOptions,
        begins: fn(Start) -> RunEvent,
    ) -> Recorder {
        Recorder {
            directory,
            experiment: experiment.clone(),
            seed,
            options: options.clone(),
            first: Some(begins(Start::new(experiment, seed, options))),
            best: Best::default(),
            last: None,
            next_progress: Duration::ZERO,
            failure: None,
        }
    }

    /// Records what a search reports. Where it cannot be written, the search is stopped, by [`SearchOptions::stop`], which the options of
    /// the search and of the recorder must share (a clone does); [`Recorder::conclude`] says why.
    pub fn record(&mut self, report: Report<'_>) {
        self.record_and_tell(report, |_| ());
    }

    /// The same; `tell` is given each event of progress, which are for all who watch.
    pub fn record_and_tell(&mut self, report: Report<'_>, tell: impl FnOnce(&RunEvent)) {
        if let Some(first) = self.first.take() {
            self.record_event(&first);
        }
        match report {
            Report::Progress(progress) => {
                self.best.update(progress.best.as_ref(), self.experiment.interface());
                let is_due = progress.elapsed >= self.next_progress;
                self.last = Some((progress.clone(), is_due));
                if is_due {
                    self.next_progress = progress.elapsed + PROGRESS_EVERY;
                    self.progress(progress, tell);
                }
            }
            Report::Milestone(milestone) if self.directory.is_some() => self.record_event(&RunEvent::Milestone(Milestone::new(milestone))),
            Report::Improvement(improvement) if self.directory.is_some() => {
                self.record_event(&RunEvent::Improvement(ImprovementRecord::new(improvement)));
            }
            Report::Checkpoint(checkpoint, hall) => self.save(|directory| {
                let event = RunEvent::Checkpoint(Checkpoint {
                    checkpoint: directory.next_checkpoint(),
                    individuals: checkpoint.individuals(),
                    elapsed_seconds: Some(checkpoint.elapsed_seconds()),
                });
                directory.save_hall_of_fame(&hall::lines(hall))?;
                directory.save_checkpoint(&event.line(), &checkpoint.encode()?)
            }),
            _ => {}
        }
    }

    /// Records an event that does not come from the search's reports, such as a [difference](super::event::Difference).
    pub fn record_event(&mut self, event: &RunEvent) {
        self.save(|directory| directory.event(&event.line()));
    }

    /// Sees to it that there is an event of the last progress; `tell` is given it.
    ///
    /// # Errors
    /// What could not be written while the search ran.
    pub fn finish_progress(&mut self, tell: impl FnOnce(&RunEvent)) -> Result<(), RunDirectoryError> {
        if let Some((progress, false)) = self.last.take() {
            self.progress(&progress, tell);
        }
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Saves the outcome: the last event, the hall of fame, the programs and `result.json`. `baselines` are told beside it.
    ///
    /// # Errors
    /// What cannot be written now, or could not be while the search ran.
    pub fn conclude(mut self, outcome: &Outcome, baselines: Vec<Baseline>) -> Result<Recorded, RunDirectoryError> {
        self.finish_progress(|_| ())?;
        let path = self.path().map(|path| path.display().to_string());
        let done = Done::new(&self.experiment, self.seed, &self.options, outcome, baselines, path);
        let Some(mut directory) = self.directory.take() else { return Ok(Recorded { done, result: None }) };
        let pretty = done.pretty();
        let event = RunEvent::Done(Box::new(done.clone()));
        directory.event(&event.line())?;
        directory.save_hall_of_fame(&hall::lines(&outcome.hall))?;
        let result = directory.finish(&outcome.program, &outcome.simplified, outcome.select_fitness, &pretty)?;
        Ok(Recorded { done, result: Some(result) })
    }

    /// The directory.
    pub fn path(&self) -> Option<&Path> {
        self.directory.as_ref().map(RunDirectory::path)
    }

    /// The number of the latest checkpoint that was saved, from 1; None before the first.
    pub fn latest_checkpoint(&self) -> Option<u64> {
        self.directory.as_ref().map(|directory| directory.next_checkpoint() - 1).filter(|&number| number > 0)
    }

    /// The best program so far, simplified, as text; empty before there is one.
    pub fn best_program(&self) -> &str {
        &self.best.text
    }

    fn progress(&mut self, progress: &search::Progress, tell: impl FnOnce(&RunEvent)) {
        let best = self.best.program.as_ref().filter(|_| !self.best.is_told).map(|_| self.best.text.clone());
        let event = RunEvent::Progress(Progress::new(progress, progress.remaining(self.options.limits()), best));
        self.best.is_told = true;
        self.record_event(&event);
        tell(&event);
    }

    fn save(&mut self, save: impl FnOnce(&mut RunDirectory) -> Result<(), RunDirectoryError>) {
        let Some(directory) = &mut self.directory else { return };
        if let Err(failure) = save(directory) {
            self.options.stop.store(true, Ordering::Relaxed);
            self.failure.get_or_insert(failure);
        }
    }
}
