//! A whole run: experiments side by side in equal rounds, one batch after another, until a program passes the target or a
//! limit ends it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use exnihilo_jit::rewrite::rewrite;
use exnihilo_jit::{Backend, Combine, Evaluation, Evaluator, TaskGroup};
use rayon::prelude::*;

use super::checkpoint::Checkpoint;
use super::checks::Checks;
use super::control::Halt;
use super::damage::{self, Damage};
use super::experiment_run::{ExperimentRun, Judged, Shared};
use super::hall_of_fame::HallOfFame;
use super::island::{Island, IslandSettings};
use super::lineage::Improvement;
use super::milestones::Milestone;
use super::outcome::{Outcome, SearchError, StoppedBy};
use super::progress::{Board, Progress};
use super::run_state::RunState;
use super::share;
use super::tasks::{DescribedTasks, TaskSource};
use super::totals::{Limits, Pass, Totals};
use crate::experiment::Experiment;
use crate::verify::{Claim, DEFAULT_RATE, Verifier};

/// How often a running search or comparison reports.
pub(super) const REPORT_EVERY: Duration = Duration::from_millis(500);

/// A search that is saved runs at least this many times as long as it saves: on a slow disk checkpoints are rarer than they were asked for.
const CHECKPOINT_SHARE: u32 = 10;

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
    /// Wall time of the whole run: every island stops at its next child.
    pub max_seconds: Option<f64>,
    /// The target in place of the experiment's own.
    pub target: Option<f64>,
    /// The share, in [0, 1], of true fitness values (run, or answered by the memo) that the oracle evaluates again; the reported
    /// program's always are. A difference ends the search with [`SearchError::Difference`].
    pub verify: f64,
    /// Seconds between two checkpoints ([`Report::Checkpoint`]), besides those at the beginning and at the end; without them there are none.
    pub checkpoint_every: Option<f64>,
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
            checkpoint_every: None,
            stop: Arc::default(),
        }
    }
}

impl SearchOptions {
    /// Where it ends.
    pub const fn limits(&self) -> Limits {
        Limits {
            max_individuals: self.max_individuals,
            max_train_steps: self.max_train_steps,
            max_seconds: self.max_seconds,
            target: self.target,
        }
    }
}

/// What a running search tells.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Report<'a> {
    /// How far it is.
    Progress(&'a Progress),
    /// An ancestor of the improvement that is told of next: better than all milestones before it in its line on the same tasks, but not
    /// than all before it on its island. Each is told of once.
    Milestone(&'a Milestone),
    /// A program that is better than all before it on its island. Told before any checkpoint that has it.
    Improvement(&'a Improvement),
    /// What it can be resumed from, and the best programs by size until then; the search waits while this is told.
    Checkpoint(&'a Checkpoint, &'a HallOfFame),
}

/// A search that can be run.
///
/// Its result is a function of the experiment, the seed, the limits in individuals and training steps, and nothing else.
#[derive(Clone, Debug)]
pub struct Search {
    experiment: Experiment,
    seed: u64,
    options: SearchOptions,
    /// Tasks in place of those that the experiment describes.
    tasks: Option<Arc<dyn TaskSource>>,
    /// Where it goes on.
    from: Option<RunState>,
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
        check_effort(options.threads, options.verify)?;
        if let Some(seconds) = options.checkpoint_every.filter(|&seconds| seconds.is_nan() || seconds <= 0.0) {
            return refused("checkpoint_every", seconds.to_string(), "choose a number above 0");
        }
        Ok(Search { experiment, seed, options, tasks: None, from: None })
    }

    /// A search that goes on where a checkpoint was taken. With the limits of [`Checkpoint::limits`] it ends as the run would have that
    /// the checkpoint is of; they count from the beginning of that run.
    ///
    /// # Errors
    /// An option that cannot be.
    pub fn resume(checkpoint: Checkpoint, options: SearchOptions) -> Result<Search, SearchError> {
        let (experiment, seed, state) = checkpoint.into_parts();
        Ok(Search { from: Some(state), ..Search::new(experiment, seed, options)? })
    }

    /// The same search on other tasks than the experiment describes: on own arrays, say ([`TasksInMemory`](super::TasksInMemory)). What
    /// the experiment says of tasks then counts for nothing but the kind of their labels, numbers or classes. A search that is resumed
    /// must be given the tasks that it had.
    ///
    /// # Errors
    /// Another number of sets of search tasks than the experiment has.
    pub fn on_tasks(self, tasks: Arc<dyn TaskSource>) -> Result<Search, SearchError> {
        let (found, expected) = (tasks.search_sets(), self.experiment.tasks.search.len());
        if found != expected {
            let value = format!("{found} sets of search tasks, where the experiment has {expected}");
            return Err(SearchError::Option { option: "tasks", value, remedy: "give as many sets, or change tasks.search" });
        }
        Ok(Search { tasks: Some(tasks), ..self })
    }

    /// The final tasks of the search, if it has any.
    ///
    /// # Errors
    /// Tasks that cannot be made.
    pub fn final_tasks(&self) -> Result<Option<TaskGroup>, SearchError> {
        let described = DescribedTasks::new(&self.experiment, self.seed);
        self.shared(&described)?.final_tasks()
    }

    /// Whether the search can go on from its checkpoint, without running anything.
    ///
    /// # Errors
    /// What is impossible in the checkpoint, and tasks that cannot be made.
    pub fn check(&self) -> Result<(), SearchError> {
        let described = DescribedTasks::new(&self.experiment, self.seed);
        let shared = self.shared(&described)?;
        let halt = Halt::new(Arc::default());
        let (board, report) = (Board::new(Arc::clone(&shared.checks), Totals::default()), Mutex::new(|_: Report<'_>| {}));
        let over = Over::default();
        let reporting = Reporting::new(&report, &board, &over, Clock::new(Duration::ZERO), None);
        Run::new(self, shared, &halt, &reporting)?.shared.check_later_tasks()
    }

    /// Runs the search. `report` is called with the progress about twice a second and after every round, from this thread or another,
    /// never from two at once.
    ///
    /// # Errors
    /// Tasks that cannot be made, programs that cannot be evaluated, threads that cannot be started, a stop before the first
    /// program was evaluated, and an evaluation that the oracle does not confirm.
    pub fn run(&self, report: impl FnMut(Report<'_>) + Send) -> Result<Outcome, SearchError> {
        let before = self.from.as_ref().map_or(0.0, |state| state.elapsed_seconds);
        let before = Duration::try_from_secs_f64(before).map_err(|_| Damage(format!("{before} seconds so far")))?;
        let clock = Clock::new(before);
        let described = DescribedTasks::new(&self.experiment, self.seed);
        let shared = self.shared(&described)?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.options.threads).build()?;
        let halt = Halt::new(Arc::clone(&self.options.stop));
        let finished = self.from.as_ref().map_or(Totals::default(), |state| state.finished);
        let board = Board::new(Arc::clone(&shared.checks), finished);
        let report = Mutex::new(report);
        let over = Over::default();
        let seconds = |seconds: Option<f64>| seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let deadline = seconds(self.options.max_seconds);
        let reporting = Reporting::new(&report, &board, &over, clock, seconds(self.options.checkpoint_every));
        let mut run = Run::new(self, shared, &halt, &reporting)?;
        run.shared.check_later_tasks()?;
        let stopped_by = std::thread::scope(|scope| {
            let _over = EndOnDrop(&over);
            scope.spawn(|| watch(deadline, &halt, &reporting));
            pool.install(|| run.batches())
        })?;
        run.finish(stopped_by, board.progress(clock.elapsed()))
    }

    fn shared<'a>(&'a self, described: &'a DescribedTasks<'a>) -> Result<Shared<'a>, SearchError> {
        let verified = self.from.as_ref().map_or(Ok(0), |state| damage::count("confirmed evaluations", state.verified))?;
        Ok(Shared {
            experiment: &self.experiment,
            settings: Arc::new(IslandSettings::new(&self.experiment)?),
            evaluator: Evaluator::new(self.options.backend),
            tasks: self.tasks.as_deref().unwrap_or(described),
            is_described: self.tasks.is_none(),
            seed: self.seed,
            checks: Arc::new(Checks::new(self.options.verify, self.seed, verified)),
        })
    }
}

/// Whether there can be so many threads, and such a share of checks.
pub(super) fn check_effort(threads: usize, verify: f64) -> Result<(), SearchError> {
    let refused = |option, value: String, remedy| Err(SearchError::Option { option, value, remedy });
    if !(0.0..=1.0).contains(&verify) {
        return refused("verify", verify.to_string(), "a share lies between 0 and 1");
    }
    if threads > MAX_THREADS {
        return refused("threads", threads.to_string(), "choose at most 4096");
    }
    Ok(())
}

/// The time of a run, that before its checkpoint included.
#[derive(Clone, Copy)]
struct Clock {
    before: Duration,
    started: Instant,
}

impl Clock {
    fn new(before: Duration) -> Clock {
        Clock { before, started: Instant::now() }
    }

    fn elapsed(self) -> Duration {
        self.before.saturating_add(self.started.elapsed())
    }
}

/// Who is told, and of what.
struct Reporting<'a, R> {
    report: &'a Mutex<R>,
    board: &'a Board,
    over: &'a Over,
    clock: Clock,
    /// The time between two checkpoints, if there are any between the first and the last.
    checkpoint_every: Option<Duration>,
    next_checkpoint: Mutex<Duration>,
}

impl<'a, R: FnMut(Report<'_>)> Reporting<'a, R> {
    const fn new(
        report: &'a Mutex<R>,
        board: &'a Board,
        over: &'a Over,
        clock: Clock,
        checkpoint_every: Option<Duration>,
    ) -> Reporting<'a, R> {
        Reporting { report, board, over, clock, checkpoint_every, next_checkpoint: Mutex::new(Duration::MAX) }
    }

    /// When the next checkpoint is due.
    fn next_checkpoint(&self) -> Duration {
        *self.next_checkpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a checkpoint be saved. The next is not due before this one is, and never so soon that they take more than their share of the time.
    fn checkpoint(&self, checkpoint: &Checkpoint, hall: &HallOfFame) {
        let begun = self.clock.elapsed();
        self.tell(Report::Checkpoint(checkpoint, hall));
        let ended = self.clock.elapsed();
        let next = self.checkpoint_every.map_or(Duration::MAX, |every| {
            let least = ended.saturating_sub(begun).saturating_mul(CHECKPOINT_SHARE);
            ended.saturating_add(every.max(least))
        });
        *self.next_checkpoint.lock().unwrap_or_else(PoisonError::into_inner) = next;
        // The watcher sleeps until what was due before.
        drop(self.over.0.lock());
        self.over.1.notify_all();
    }

    fn progress(&self) {
        self.tell(Report::Progress(&self.board.progress(self.clock.elapsed())));
    }

    fn tell(&self, what: Report<'_>) {
        let mut report = self.report.lock().expect("a report that panicked ends the search here");
        report(what);
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

/// Reports now and then, asks for checkpoints and stops the islands when the time is up, until the search is over.
fn watch<R: FnMut(Report<'_>)>(deadline: Option<Duration>, halt: &Halt, reporting: &Reporting<'_, R>) {
    let (over, clock) = (reporting.over, reporting.clock);
    let mut next_report = clock.before + REPORT_EVERY;
    let mut is_over = over.0.lock().unwrap_or_else(PoisonError::into_inner);
    while !*is_over {
        let elapsed = clock.elapsed();
        if deadline.is_some_and(|deadline| elapsed >= deadline) {
            halt.end_time();
        }
        let next_checkpoint = reporting.next_checkpoint();
        if elapsed >= next_checkpoint {
            halt.ask_for_checkpoint();
        }
        if elapsed >= next_report {
            reporting.progress();
            next_report = elapsed + REPORT_EVERY;
        }
        let deadline = deadline.filter(|_| !halt.is_time_up()).unwrap_or(Duration::MAX);
        // A checkpoint that is due and not taken yet has nothing to wait for.
        let next_checkpoint = if elapsed >= next_checkpoint { Duration::MAX } else { next_checkpoint };
        let pause = next_report.min(next_checkpoint).min(deadline).saturating_sub(clock.elapsed());
        is_over = over.1.wait_timeout(is_over, pause).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// The individuals at which a round ends.
#[derive(Clone, Copy, Debug)]
struct Goals {
    /// Of one experiment.
    experiment: u64,
    /// Of the batch, which may be less than all of its experiments'.
    batch: u64,
    /// Whether the experiments are used up then.
    is_last: bool,
    /// Whether the run is.
    is_budget: bool,
}

/// A search under way.
struct Run<'a, R> {
    options: &'a SearchOptions,
    shared: Shared<'a>,
    halt: &'a Halt,
    reporting: &'a Reporting<'a, R>,
    /// Of batches that are over.
    finished: Totals,
    finished_hall: HallOfFame,
    /// The number of the first experiment of the batch under way.
    first: u64,
    /// The individuals of each of its experiments when they were last looked at on the select tasks.
    judged_at: u64,
    /// Whether a pass is under way, in which islands have their goals and shares of the training steps.
    in_pass: bool,
    batch: Vec<ExperimentRun>,
    /// The result so far.
    best: Option<Judged>,
}

impl<'a, R: FnMut(Report<'_>) + Send> Run<'a, R> {
    /// The run of `search` at its beginning or at its checkpoint.
    fn new(search: &'a Search, shared: Shared<'a>, halt: &'a Halt, reporting: &'a Reporting<'a, R>) -> Result<Run<'a, R>, SearchError> {
        let side_by_side = shared.experiment.search.side_by_side;
        let mut run = Run {
            options: &search.options,
            shared,
            halt,
            reporting,
            finished: Totals::default(),
            finished_hall: HallOfFame::default(),
            first: 0,
            judged_at: 0,
            in_pass: false,
            batch: Vec::new(),
            best: None,
        };
        let Some(state) = search.from.clone() else {
            run.begin_batch()?;
            return Ok(run);
        };
        if state.batch.len() != side_by_side {
            return Err(Damage(format!("{} experiments where {side_by_side} run side by side", state.batch.len())).into());
        }
        run.finished = state.finished.restore()?;
        run.finished_hall = HallOfFame::restore(state.hall, run.shared.experiment)?;
        run.first = damage::count("experiments", state.first)?;
        run.judged_at = state.judged_at;
        let experiments = (run.first..).zip(state.batch);
        run.batch = experiments.map(|(number, state)| ExperimentRun::restore(&run.shared, number, state)).collect::<Result<_, _>>()?;
        if let Some(passes) = state.pass.filter(|_| state.limits.has_same_division(run.options.limits())) {
            if passes.len() != run.islands().count() {
                return Err(Damage("a pass of other islands than there are".to_owned()).into());
            }
            run.in_pass = true;
            let (mut passes, goals) = (passes.into_iter(), run.goals());
            for (slot, experiment) in run.batch.iter_mut().enumerate() {
                experiment.set_passes(share(goals.batch, side_by_side, slot), passes.by_ref());
            }
        }
        if let Some(best) = state.best {
            let best = Judged::restore(best, &run.shared)?;
            run.set_best(best);
        }
        run.show_batch();
        Ok(run)
    }

    /// Everything that decides how the run goes on.
    fn state(&self) -> RunState {
        RunState {
            limits: self.options.limits(),
            elapsed_seconds: self.reporting.clock.elapsed().as_secs_f64(),
            verified: self.shared.checks.confirmed(),
            finished: self.finished,
            first: self.first,
            judged_at: self.judged_at,
            pass: self.in_pass.then(|| self.islands().map(Island::pass).collect()),
            batch: self.batch.iter().map(ExperimentRun::state).collect(),
            best: self.best.as_ref().map(Judged::state),
            hall: self.finished_hall.state(),
        }
    }

    /// Lets a checkpoint be saved, if somebody saves them.
    fn checkpoint(&self) {
        if self.options.checkpoint_every.is_some() {
            let checkpoint = Checkpoint::new(self.shared.experiment.clone(), self.shared.seed, self.state());
            self.reporting.checkpoint(&checkpoint, &self.hall());
        }
    }

    /// Tells of the improvements since the last time: experiment by experiment, island by island.
    fn tell_improvements(&mut self) {
        for island in self.batch.iter_mut().flat_map(ExperimentRun::islands_mut) {
            for improvement in island.take_improvements() {
                let untold = improvement.milestone.take_untold();
                for ancestor in &untold[..untold.len().saturating_sub(1)] {
                    self.reporting.tell(Report::Milestone(ancestor));
                }
                self.reporting.tell(Report::Improvement(&improvement));
            }
        }
    }

    /// The best programs by size.
    fn hall(&self) -> HallOfFame {
        let mut hall = self.finished_hall.clone();
        self.islands().for_each(|island| hall.merge(island.hall()));
        hall
    }

    fn islands(&self) -> impl Iterator<Item = &Island> {
        self.batch.iter().flat_map(ExperimentRun::islands)
    }

    fn totals(&self) -> Totals {
        self.batch.iter().map(ExperimentRun::totals).fold(self.finished, Totals::and)
    }

    fn target(&self) -> Option<f64> {
        self.options.target.or(self.shared.experiment.target)
    }

    fn passes(&self, fitness: f64) -> bool {
        self.target().is_some_and(|target| fitness >= target)
    }

    /// One batch of experiments after another.
    fn batches(&mut self) -> Result<StoppedBy, SearchError> {
        self.checkpoint();
        loop {
            if let Some(stopped_by) = self.rounds()? {
                return Ok(stopped_by);
            }
            self.finished = self.totals();
            self.finished_hall = self.hall();
            self.first += self.batch.len() as u64;
            self.judged_at = 0;
            self.begin_batch()?;
        }
    }

    fn begin_batch(&mut self) -> Result<(), SearchError> {
        // Those before give their memory back first.
        self.batch.clear();
        let numbers = self.first..self.first + self.shared.experiment.search.side_by_side as u64;
        self.batch = numbers.map(|number| ExperimentRun::new(&self.shared, number)).collect::<Result<_, _>>()?;
        self.show_batch();
        Ok(())
    }

    fn show_batch(&self) {
        let experiments = self.first + self.batch.len() as u64;
        self.reporting.board.replace(experiments, self.islands().map(Island::shown).collect(), self.finished_hall.best());
    }

    /// Where the round under way ends.
    fn goals(&self) -> Goals {
        let search = &self.shared.experiment.search;
        let limit = search.max_individuals.unwrap_or(u64::MAX);
        let budget = self.options.max_individuals.map_or(u64::MAX, |most| most.saturating_sub(self.finished.counts.individuals));
        let experiment = self.judged_at.saturating_add(search.round).min(limit);
        let batch = experiment.saturating_mul(self.batch.len() as u64).min(budget);
        Goals { experiment, batch, is_last: experiment == limit, is_budget: batch == budget }
    }

    /// The rounds of a batch until it is used up (no reason to stop) or the run ends.
    fn rounds(&mut self) -> Result<Option<StoppedBy>, SearchError> {
        loop {
            let goals = self.goals();
            let out_of_steps = self.round(goals.batch)?;
            let stopped = if self.halt.is_interrupted() {
                Some(StoppedBy::Interrupt)
            } else if self.halt.is_time_up() {
                Some(StoppedBy::Seconds)
            } else if goals.is_budget {
                Some(StoppedBy::Individuals)
            } else {
                out_of_steps.then_some(StoppedBy::TrainSteps)
            };
            if stopped.is_some() {
                // What follows is for the report alone: the run that goes on looks at the select tasks when the round is over.
                self.checkpoint();
            }
            let reached = self.judge(goals.is_last || stopped.is_some())?;
            self.reporting.progress();
            if reached {
                return Ok(Some(StoppedBy::Target));
            }
            if goals.is_last || stopped.is_some() {
                return Ok(stopped);
            }
            self.judged_at = goals.experiment;
        }
    }

    /// Brings all islands of a batch to their shares of `batch_goal`, pass by pass. True if the training steps ran out.
    fn round(&mut self, batch_goal: u64) -> Result<bool, SearchError> {
        loop {
            if !self.in_pass {
                if self.steps_left() == 0 {
                    return Ok(true);
                }
                if !self.begin_pass(batch_goal) {
                    return Ok(false);
                }
            }
            let mut islands: Vec<&mut Island> =
                self.batch.iter_mut().flat_map(ExperimentRun::islands_mut).filter(|island| island.can_go_on()).collect();
            islands.par_iter_mut().with_max_len(1).try_for_each(|island| {
                // The rest of a round may take minutes.
                island.advance(self.halt).inspect_err(|_| self.halt.fail())
            })?;
            self.tell_improvements();
            if self.halt.ends() {
                return Ok(false);
            }
            if self.halt.take_checkpoint() {
                self.checkpoint();
            } else {
                self.in_pass = false;
            }
        }
    }

    /// The training steps that may still be begun.
    fn steps_left(&self) -> u64 {
        self.options.max_train_steps.map_or(u64::MAX, |most| most.saturating_sub(self.totals().counts.train_steps))
    }

    /// Divides the training steps that are left evenly among the islands that have not reached their goals. False if all have.
    fn begin_pass(&mut self, batch_goal: u64) -> bool {
        let left = self.steps_left();
        let slots = self.batch.len();
        for (slot, experiment) in self.batch.iter_mut().enumerate() {
            experiment.set_passes(share(batch_goal, slots, slot), std::iter::repeat(Pass::WHOLE));
        }
        let at_work = self.islands().filter(|island| island.can_go_on()).count() as u64;
        if at_work == 0 {
            return false;
        }
        if left < u64::MAX {
            // Every pass uses up at least one part or ends a round of migration, so what is left shrinks until it is less than one child
            // for each.
            let allowance = left.div_ceil(at_work);
            self.batch.iter_mut().flat_map(ExperimentRun::islands_mut).for_each(|island| island.allow_steps(allowance));
        }
        self.in_pass = true;
        true
    }

    /// Evaluates on the select tasks what is new and passes the target in search, or whatever is new at the end of a batch.
    /// True if a program passes there too; of several the lowest experiment's is the result.
    fn judge(&mut self, all: bool) -> Result<bool, SearchError> {
        // No fitness passes infinity: without a target only the end of a batch asks for an opinion.
        let least = if all { f64::NEG_INFINITY } else { self.target().unwrap_or(f64::INFINITY) };
        let shared = &self.shared;
        let judged: Vec<Vec<Judged>> =
            self.batch.par_iter_mut().map(|experiment| experiment.judge(shared, least)).collect::<Result<_, SearchError>>()?;
        for judged in judged.into_iter().flatten() {
            if self.passes(judged.select_fitness) {
                self.set_best(judged);
                return Ok(true);
            }
            if self.best.as_ref().is_none_or(|best| judged.select_fitness > best.select_fitness) {
                self.set_best(judged);
            }
        }
        Ok(false)
    }

    fn set_best(&mut self, judged: Judged) {
        self.reporting.board.selected(judged.select_fitness);
        self.best = Some(judged);
    }

    /// Evaluates the result once more on its search tasks and on the final tasks; the oracle confirms what is reported.
    fn finish(self, stopped_by: StoppedBy, progress: Progress) -> Result<Outcome, SearchError> {
        let (totals, hall) = (self.totals(), self.hall());
        let shared = &self.shared;
        let reached_target = stopped_by == StoppedBy::Target;
        let best = self.best.ok_or(SearchError::NothingEvaluated)?;
        let (mut worker, mut verifier) = (shared.evaluator.worker(), Verifier::default());
        let mut confirm = |group: &TaskGroup, evaluation: &Evaluation, combine: Combine| -> Result<f64, SearchError> {
            shared.checks.confirm(&mut verifier, &best.program, group, Claim::of(evaluation, combine))?;
            Ok(evaluation.fitness(combine))
        };
        let true_fitness =
            confirm(best.search_tasks.all(), worker.evaluate(&best.program, best.search_tasks.all())?, shared.settings.combine())?;
        // Made again: the tasks of all experiments since would take much memory.
        let select_fitness = confirm(&shared.select_tasks(best.experiment)?, &best.select, Combine::Mean)?;
        let final_fitness = match shared.final_tasks()? {
            None => None,
            Some(group) => Some(confirm(&group, worker.evaluate(&best.program, &group)?, Combine::Mean)?),
        };
        Ok(Outcome {
            simplified: rewrite(&best.program, shared.experiment.interface()).program,
            program: best.program,
            experiment: best.experiment,
            task_set: best.task_set,
            search_fitness: best.search_fitness,
            true_fitness,
            select_fitness,
            final_fitness,
            experiments: progress.experiments,
            counts: totals.counts,
            verified: shared.checks.confirmed(),
            hall,
            elapsed: progress.elapsed,
            reached_target,
            stopped_by,
        })
    }
}

#[cfg(test)]
mod tests;
