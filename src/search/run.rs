//! A whole run: experiments side by side in equal rounds, one batch after another, until a program passes the target or a
//! limit ends it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use exnihilo_jit::{Backend, Combine, Evaluation, Evaluator, TaskGroup, simplify_for};
use rayon::prelude::*;

use super::checks::Checks;
use super::control::Halt;
use super::experiment_run::{ExperimentRun, Judged, Shared};
use super::island::{Island, IslandSettings};
use super::outcome::{Outcome, SearchError, StoppedBy};
use super::progress::{Board, Progress};
use super::share;
use crate::experiment::Experiment;
use crate::task::{DataCache, SetName, build_group};
use crate::verify::{Claim, DEFAULT_RATE, Verifier};

/// How often a running search reports.
const REPORT_EVERY: Duration = Duration::from_millis(500);

/// The most threads; more than any machine has.
const MAX_THREADS: usize = 4_096;

/// What does not change the result of a search, but where it ends and how fast it gets there.
#[derive(Clone, Debug)]
pub struct SearchOptions {
    /// How programs are executed.
    pub backend: Backend,
    /// Threads; 0 takes as many as the machine has.
    pub threads: usize,
    /// Individuals of the whole run, exact: divided evenly among the experiments of a batch and their islands, of which the
    /// lowest numbers get one more where it does not divide.
    pub max_individuals: Option<u64>,
    /// Training steps of the whole run: what is left is divided evenly among the islands at work, and an island stops after
    /// the child that used up its part, so each can go beyond by less than one child.
    pub max_train_steps: Option<u64>,
    /// Wall time: every island stops at its next child.
    pub max_seconds: Option<f64>,
    /// The target in place of the experiment's own.
    pub target: Option<f64>,
    /// The share, in [0, 1], of true fitness values (run, or answered by the memo) that the oracle evaluates again; the reported
    /// program's always are. A difference ends the search with [`SearchError::Difference`].
    pub verify: f64,
    /// Set by the caller to stop every island at its next child.
    pub stop: Arc<AtomicBool>,
}

impl Default for SearchOptions {
    /// No limits, all threads, the cheapest backend, checks that cost next to nothing.
    fn default() -> SearchOptions {
        SearchOptions {
            backend: Backend::Auto,
            threads: 0,
            max_individuals: None,
            max_train_steps: None,
            max_seconds: None,
            target: None,
            verify: DEFAULT_RATE,
            stop: Arc::default(),
        }
    }
}

/// A search that can be run.
///
/// Its result is a function of the experiment, the seed, the limits in individuals and training steps, and nothing else.
#[derive(Clone, Debug)]
pub struct Search {
    experiment: Experiment,
    seed: u64,
    options: SearchOptions,
}

impl Search {
    /// A search.
    ///
    /// # Errors
    /// An experiment or an option that cannot be.
    pub fn new(experiment: Experiment, seed: u64, options: SearchOptions) -> Result<Search, SearchError> {
        experiment.validate()?;
        let refused = |option, value: String, remedy| Err(SearchError::Option { option, value, remedy });
        if let Some(0) = options.max_individuals {
            return refused("max_individuals", "0".to_owned(), "choose at least 1");
        }
        if let Some(0) = options.max_train_steps {
            return refused("max_train_steps", "0".to_owned(), "choose at least 1");
        }
        if let Some(seconds) = options.max_seconds.filter(|&seconds| seconds.is_nan() || seconds <= 0.0) {
            return refused("max_seconds", seconds.to_string(), "choose a number above 0");
        }
        if let Some(target) = options.target.filter(|target| !(0.0..=1.0).contains(target)) {
            return refused("target", target.to_string(), "a fitness lies between 0 and 1");
        }
        if !(0.0..=1.0).contains(&options.verify) {
            return refused("verify", options.verify.to_string(), "a share lies between 0 and 1");
        }
        if options.threads > MAX_THREADS {
            return refused("threads", options.threads.to_string(), "choose at most 4096");
        }
        Ok(Search { experiment, seed, options })
    }

    /// Runs the search. `report` is called about twice a second and after every round, from this thread or another, never
    /// from two at once.
    ///
    /// # Errors
    /// Tasks that cannot be made, programs that cannot be evaluated, threads that cannot be started, a stop before the first
    /// program was evaluated, and an evaluation that the oracle does not confirm.
    pub fn run(&self, report: impl FnMut(&Progress) + Send) -> Result<Outcome, SearchError> {
        let started = Instant::now();
        let shared = self.shared()?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.options.threads).build()?;
        let halt = Halt::new(Arc::clone(&self.options.stop));
        let board = Board::new(Arc::clone(&shared.checks));
        let report = Mutex::new(report);
        let show = || {
            let mut report = report.lock().expect("a report that panicked ends the search here");
            report(&board.progress(started.elapsed()));
        };
        let mut run = Run { options: &self.options, shared, halt: &halt, board: &board, best: None, individuals: 0, train_steps: 0 };
        let deadline = self.options.max_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let over = Over::default();
        let stopped_by = std::thread::scope(|scope| {
            let _over = EndOnDrop(&over);
            scope.spawn(|| watch(started, deadline, &over, &halt, &show));
            pool.install(|| run.batches(&show))
        })?;
        let elapsed = started.elapsed();
        run.finish(stopped_by, board.progress(elapsed))
    }

    fn shared(&self) -> Result<Shared<'_>, SearchError> {
        Ok(Shared {
            experiment: &self.experiment,
            settings: Arc::new(IslandSettings::new(&self.experiment)?),
            evaluator: Evaluator::new(self.options.backend),
            data: DataCache::default(),
            seed: self.seed,
            checks: Arc::new(Checks::new(self.options.verify, self.seed)),
        })
    }
}

/// Set when the search is over, so that its watcher ends.
#[derive(Default)]
struct Over(Mutex<bool>, Condvar);

/// Ends the watcher however the search ends, by a panic too: the scope waits for both.
struct EndOnDrop<'a>(&'a Over);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

/// Reports now and then and stops the islands when the time is up, until the search is over.
fn watch(started: Instant, deadline: Option<Duration>, over: &Over, halt: &Halt, show: &impl Fn()) {
    let mut next_report = REPORT_EVERY;
    let mut is_over = over.0.lock().unwrap_or_else(PoisonError::into_inner);
    while !*is_over {
        let elapsed = started.elapsed();
        if deadline.is_some_and(|deadline| elapsed >= deadline) {
            halt.end_time();
        }
        if elapsed >= next_report {
            show();
            next_report = elapsed + REPORT_EVERY;
        }
        let next = deadline.filter(|_| !halt.is_time_up()).map_or(next_report, |deadline| deadline.min(next_report));
        let pause = next.saturating_sub(started.elapsed());
        is_over = over.1.wait_timeout(is_over, pause).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// A search under way.
struct Run<'a> {
    options: &'a SearchOptions,
    shared: Shared<'a>,
    halt: &'a Halt,
    board: &'a Board,
    /// The result so far.
    best: Option<Judged>,
    /// Of batches that are over.
    individuals: u64,
    /// Of batches that are over.
    train_steps: u64,
}

impl Run<'_> {
    fn target(&self) -> Option<f64> {
        self.options.target.or(self.shared.experiment.target)
    }

    fn passes(&self, fitness: f64) -> bool {
        self.target().is_some_and(|target| fitness >= target)
    }

    /// One batch of experiments after another.
    fn batches(&mut self, show: &(impl Fn() + Sync)) -> Result<StoppedBy, SearchError> {
        let side_by_side = self.shared.experiment.search.side_by_side as u64;
        let mut first = 0;
        loop {
            let shared = &self.shared;
            let mut batch: Vec<ExperimentRun> =
                (first..first + side_by_side).map(|number| ExperimentRun::new(shared, number)).collect::<Result<_, _>>()?;
            let islands = batch.iter().flat_map(ExperimentRun::islands);
            self.board.replace(side_by_side, islands.map(Island::published).collect());
            let stopped = self.rounds(&mut batch, show)?;
            self.individuals += total(&batch, Island::individuals);
            self.train_steps += total(&batch, Island::train_steps);
            if let Some(stopped_by) = stopped {
                return Ok(stopped_by);
            }
            first += side_by_side;
        }
    }

    /// The rounds of a batch until it is used up (no reason to stop) or the run ends.
    fn rounds(&mut self, batch: &mut [ExperimentRun], show: &(impl Fn() + Sync)) -> Result<Option<StoppedBy>, SearchError> {
        let search = &self.shared.experiment.search;
        let limit = search.max_individuals.unwrap_or(u64::MAX);
        let budget = self.options.max_individuals.map_or(u64::MAX, |most| most - self.individuals);
        let mut goal: u64 = 0;
        loop {
            goal = goal.saturating_add(search.round).min(limit);
            let batch_goal = goal.saturating_mul(batch.len() as u64).min(budget);
            let out_of_steps = self.round(batch, batch_goal)?;
            let stopped = if self.halt.is_interrupted() {
                Some(StoppedBy::Interrupt)
            } else if self.halt.is_time_up() {
                Some(StoppedBy::Seconds)
            } else if batch_goal == budget {
                Some(StoppedBy::Individuals)
            } else {
                out_of_steps.then_some(StoppedBy::TrainSteps)
            };
            let used_up = goal == limit;
            let reached = self.judge(batch, used_up || stopped.is_some())?;
            show();
            if reached {
                return Ok(Some(StoppedBy::Target));
            }
            if used_up || stopped.is_some() {
                return Ok(stopped);
            }
        }
    }

    /// Brings all islands of a batch to their shares of `batch_goal`. True if the training steps ran out.
    fn round(&self, batch: &mut [ExperimentRun], batch_goal: u64) -> Result<bool, SearchError> {
        let slots = batch.len();
        loop {
            let used = self.train_steps + total(batch, Island::train_steps);
            let left = self.options.max_train_steps.map_or(u64::MAX, |most| most.saturating_sub(used));
            if left == 0 {
                return Ok(true);
            }
            let mut islands: Vec<(&mut Island, u64)> = batch
                .iter_mut()
                .enumerate()
                .flat_map(|(slot, experiment)| experiment.islands_with_goals(share(batch_goal, slots, slot)))
                .filter(|(island, goal)| island.individuals() < *goal)
                .collect();
            if islands.is_empty() || self.halt.is_set() {
                return Ok(false);
            }
            // Every pass uses up at least one part, so what is left shrinks until it is less than one child for each.
            let allowance = if left == u64::MAX { left } else { left.div_ceil(islands.len() as u64) };
            islands.par_iter_mut().with_max_len(1).try_for_each(|(island, goal)| {
                // The rest of a round may take minutes.
                island.advance(*goal, allowance, self.halt).inspect_err(|_| self.halt.fail())
            })?;
        }
    }

    /// Evaluates on the select tasks what is new and passes the target in search, or whatever is new at the end of a batch.
    /// True if a program passes there too; of several the lowest experiment's is the result.
    fn judge(&mut self, batch: &mut [ExperimentRun], all: bool) -> Result<bool, SearchError> {
        // No fitness passes infinity: without a target only the end of a batch asks for an opinion.
        let least = if all { f64::NEG_INFINITY } else { self.target().unwrap_or(f64::INFINITY) };
        let shared = &self.shared;
        let judged: Vec<Option<Judged>> =
            batch.par_iter_mut().map(|experiment| experiment.judge(shared, least)).collect::<Result<_, SearchError>>()?;
        for judged in judged.into_iter().flatten() {
            if self.passes(judged.select_fitness) {
                self.best = Some(judged);
                return Ok(true);
            }
            if self.best.as_ref().is_none_or(|best| judged.select_fitness > best.select_fitness) {
                self.best = Some(judged);
            }
        }
        Ok(false)
    }

    /// Evaluates the result once more on its search tasks and on the final tasks; the oracle confirms what is reported.
    fn finish(self, stopped_by: StoppedBy, progress: Progress) -> Result<Outcome, SearchError> {
        let shared = &self.shared;
        let reached_target = stopped_by == StoppedBy::Target;
        let best = self.best.ok_or(SearchError::NothingEvaluated)?;
        let (mut worker, mut verifier) = (shared.evaluator.worker(), Verifier::default());
        let mut confirm = |group: &TaskGroup, evaluation: &Evaluation, combine: Combine| -> Result<f64, SearchError> {
            shared.checks.confirm(&mut verifier, &best.program, group, Claim::of(evaluation, combine))?;
            Ok(evaluation.fitness(combine))
        };
        let true_fitness = confirm(&best.search_group, worker.evaluate(&best.program, &best.search_group)?, shared.settings.combine())?;
        // Made again: the tasks of all experiments since would take much memory.
        let select_fitness = confirm(&shared.group(SetName::Select, best.experiment)?, &best.select, Combine::Mean)?;
        let final_fitness = match &shared.experiment.tasks.final_set {
            None => None,
            Some(spec) => {
                let group = build_group(spec, SetName::Final, shared.task_seed(), 0, &shared.data)
                    .map_err(|error| SearchError::Tasks { set: "final", error: error.into() })?;
                Some(confirm(&group, worker.evaluate(&best.program, &group)?, Combine::Mean)?)
            }
        };
        Ok(Outcome {
            simplified: simplify_for(&best.program, shared.experiment.interface()),
            program: best.program,
            experiment: best.experiment,
            search_fitness: best.search_fitness,
            true_fitness,
            select_fitness,
            final_fitness,
            experiments: progress.experiments,
            individuals: self.individuals,
            train_steps: self.train_steps,
            fec_hits: progress.fec_hits,
            structural_hits: progress.structural_hits,
            compiled: progress.compiled,
            verified: shared.checks.confirmed(),
            elapsed: progress.elapsed,
            reached_target,
            stopped_by,
        })
    }
}

fn total(batch: &[ExperimentRun], count: impl Fn(&Island) -> u64) -> u64 {
    batch.iter().flat_map(ExperimentRun::islands).map(count).sum()
}

#[cfg(test)]
mod tests;
