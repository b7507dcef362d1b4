//! Several search methods on the same tasks and at the same budget: how often each finds a program that is better than a reference (the
//! paper's figure 4).

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{Backend, Combine, Evaluator, Program, TaskGroup, Worker, known_program};
use rayon::prelude::*;

use super::acceptance::Bar;
use super::checks::{Checks, IslandChecks};
use super::control::Halt;
use super::individual::IslandId;
use super::island::{Island, IslandPlace, IslandSettings};
use super::migration::Exchange;
use super::outcome::SearchError;
use super::run::{REPORT_EVERY, check_effort};
use super::search_tasks::SearchTasks;
use crate::experiment::{Experiment, ExperimentError, Method};
use crate::task::{DataCache, SetName, TaskKind, TaskSpec, build_group};
use crate::verify::{Claim, DEFAULT_RATE, Verifier};

/// The most experiments of one method; a few words are kept of each.
const MAX_REPEATS: u64 = 1_000_000;
/// Individuals between two looks at the clock.
const LOOK_EVERY: u64 = 256;

/// One method and how many experiments it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodRuns {
    /// The method.
    pub method: Method,
    /// Its experiments, each of `search.max_individuals` individuals.
    pub repeats: u64,
}

/// What is compared, and what does not change the result but how fast it is there.
#[derive(Clone, Debug)]
pub struct ComparisonOptions {
    /// The methods, in the order in which they run.
    pub methods: Vec<MethodRuns>,
    /// What an acceptable program is better than; by default [`Comparison::default_reference`].
    pub reference: Option<Program>,
    /// How programs are executed.
    pub backend: Backend,
    /// Threads; 0 takes as many as the machine has.
    pub threads: usize,
    /// The share, in [0, 1], of true fitness values that the oracle evaluates again; the first acceptable program of an experiment
    /// always is.
    pub verify: f64,
    /// Set by the caller to stop every experiment at its next child.
    pub stop: Arc<AtomicBool>,
}

impl Default for ComparisonOptions {
    /// No methods yet, all threads, the cheapest backend, checks that cost next to nothing.
    fn default() -> ComparisonOptions {
        ComparisonOptions {
            methods: Vec::new(),
            reference: None,
            backend: Backend::Auto,
            threads: 0,
            verify: DEFAULT_RATE,
            stop: Arc::default(),
        }
    }
}

/// How far a comparison is.
#[derive(Clone, Copy, Debug)]
pub struct ComparisonProgress {
    /// The method at work.
    pub method: Method,
    /// Its experiments that are over.
    pub experiments: u64,
    /// How many it gets.
    pub repeats: u64,
    /// Its individuals so far.
    pub evaluations: u64,
    /// Its successes so far.
    pub successes: u64,
    /// Wall time since the start of this method.
    pub elapsed: Duration,
}

/// What one method reached.
#[derive(Clone, Debug)]
pub struct MethodOutcome {
    /// The method.
    pub method: Method,
    /// Experiments that came to their end: used up, or ended by a success.
    pub experiments: u64,
    /// Experiments that an interrupt ended; what they evaluated is counted.
    pub unfinished: u64,
    /// Individuals evaluated, however they were answered.
    pub evaluations: u64,
    /// Random search: acceptable programs. Other methods: experiments with one, each of which ends there.
    pub successes: u64,
    /// Experiments with an acceptable program.
    pub successful_experiments: u64,
    /// Training examples begun in search, over all tasks.
    pub train_steps: u64,
    /// Programs answered by functional equivalence checking.
    pub fec_hits: u64,
    /// The mean fitness of the reference on the tasks of all experiments.
    pub reference_fitness: Option<f64>,
    /// The mean RMS error of the reference over the same; where tasks are scored by accuracy there is none.
    pub reference_rms: Option<f64>,
    /// The first acceptable program of the lowest experiment that has one.
    pub example: Option<Program>,
    /// Wall time.
    pub elapsed: Duration,
}

/// The results of all methods.
#[derive(Clone, Debug)]
pub struct ComparisonOutcome {
    /// One for each method that was begun, in order.
    pub methods: Vec<MethodOutcome>,
    /// Whether the stop flag ended the comparison.
    pub interrupted: bool,
    /// Evaluations that the oracle confirmed.
    pub verified: u64,
}

/// A comparison that can be run.
///
/// Experiment i of every method is about the same tasks, those of experiment i of a search with the same seed; the decisions of methods
/// are independent of each other. The counts are a function of the experiment, the seed, the methods, their numbers of experiments and
/// the reference, and of nothing else.
#[derive(Clone, Debug)]
pub struct Comparison {
    experiment: Experiment,
    seed: u64,
    options: ComparisonOptions,
    reference: Program,
    /// Individuals of one experiment.
    budget: u64,
}

impl Comparison {
    /// A comparison.
    ///
    /// # Errors
    /// An experiment or an option that cannot be, or that cannot be compared.
    pub fn new(experiment: Experiment, seed: u64, options: ComparisonOptions) -> Result<Comparison, SearchError> {
        experiment.validate()?;
        let refused = |key: &str, problem: &str, remedy: &str| Err(ExperimentError::value(key, problem, remedy).into());
        let impossible = |option, value: String, remedy| Err(SearchError::Option { option, value, remedy });
        let Some(budget) = experiment.search.max_individuals else {
            return refused("search.max_individuals", "is missing, and with it the budget of an experiment", "set it, to 10000 say");
        };
        if experiment.search.islands != 1 {
            return refused("search.islands", "methods are compared on one population an experiment", "set it to 1");
        }
        if options.methods.is_empty() {
            return impossible("methods", "none".to_owned(), "name at least one");
        }
        let mut seen = HashSet::new();
        for &MethodRuns { method, repeats } in &options.methods {
            if !seen.insert(method) {
                return impossible("methods", format!("{} twice", method.name()), "name each method once");
            }
            if !(1..=MAX_REPEATS).contains(&repeats) {
                return impossible("repeats", repeats.to_string(), "choose 1 to 1000000");
            }
            with_method(&experiment, method).validate()?;
        }
        check_effort(options.threads, options.verify)?;
        let default = || known_program(Comparison::default_reference(&experiment.tasks.search[0])).expect("a known name");
        let reference = options.reference.clone().unwrap_or_else(default);
        Ok(Comparison { experiment, seed, options, reference, budget })
    }

    /// The name of the hand-written program that acceptable ones are better than, if no other is given.
    pub const fn default_reference(tasks: &TaskSpec) -> &'static str {
        match tasks.kind {
            _ if tasks.classes.is_some() => "softmax",
            TaskKind::Affine => "affine",
            TaskKind::TwoLayer => "net",
            TaskKind::Linear | TaskKind::Projected | TaskKind::Digits | TaskKind::Table => "linear",
        }
    }

    /// Runs the experiments of one method after those of the other, those of one method side by side. `report` is called about twice a
    /// second and after the last experiment of a method, from any thread, never from two at once.
    ///
    /// # Errors
    /// Tasks that cannot be made, programs that cannot be evaluated, threads that cannot be started, and an evaluation that the oracle
    /// does not confirm.
    pub fn run(&self, report: impl FnMut(&ComparisonProgress) + Send) -> Result<ComparisonOutcome, SearchError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.options.threads).build()?;
        let halt = Halt::new(Arc::clone(&self.options.stop));
        let checks = Arc::new(Checks::new(self.options.verify, self.seed, 0));
        let (report, data) = (Mutex::new(report), DataCache::default());
        let mut methods = Vec::new();
        for &runs in &self.options.methods {
            if halt.is_interrupted() {
                break;
            }
            let run = MethodRun {
                comparison: self,
                settings: Arc::new(IslandSettings::new(&with_method(&self.experiment, runs.method))?),
                evaluator: Evaluator::new(self.options.backend),
                data: &data,
                checks: &checks,
                halt: &halt,
                board: Board::new(runs, &report),
            };
            methods.push(pool.install(|| run.run())?);
        }
        Ok(ComparisonOutcome { methods, interrupted: halt.is_interrupted(), verified: checks.confirmed() })
    }
}

fn with_method(experiment: &Experiment, method: Method) -> Experiment {
    let mut experiment = experiment.clone();
    experiment.search.method = method;
    experiment
}

/// Counts what the experiments of a method do, and reports it.
struct Board<'a, R> {
    runs: MethodRuns,
    started: Instant,
    experiments: AtomicU64,
    evaluations: AtomicU64,
    successes: AtomicU64,
    /// When the next report is due, in nanoseconds from the start.
    next_report: AtomicU64,
    report: &'a Mutex<R>,
}

impl<'a, R: FnMut(&ComparisonProgress) + Send> Board<'a, R> {
    fn new(runs: MethodRuns, report: &'a Mutex<R>) -> Board<'a, R> {
        let zero = AtomicU64::default;
        let started = Instant::now();
        Board { runs, started, experiments: zero(), evaluations: zero(), successes: zero(), next_report: zero(), report }
    }

    fn add(&self, evaluations: u64, successes: u64) {
        self.evaluations.fetch_add(evaluations, Ordering::Relaxed);
        self.successes.fetch_add(successes, Ordering::Relaxed);
        let elapsed = self.started.elapsed();
        let (now, due) = (elapsed.as_nanos() as u64, self.next_report.load(Ordering::Relaxed));
        let next = (elapsed + REPORT_EVERY).as_nanos() as u64;
        // One thread of those that see that it is due.
        if now >= due && self.next_report.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.show();
        }
    }

    fn show(&self) {
        let mut report = self.report.lock().expect("a report that panicked ends the comparison here");
        report(&ComparisonProgress {
            method: self.runs.method,
            experiments: self.experiments.load(Ordering::Relaxed),
            repeats: self.runs.repeats,
            evaluations: self.evaluations.load(Ordering::Relaxed),
            successes: self.successes.load(Ordering::Relaxed),
            elapsed: self.started.elapsed(),
        });
    }
}

/// The experiments of one method.
struct MethodRun<'a, R> {
    comparison: &'a Comparison,
    settings: Arc<IslandSettings>,
    evaluator: Evaluator,
    data: &'a DataCache,
    checks: &'a Arc<Checks>,
    halt: &'a Halt,
    board: Board<'a, R>,
}

/// What one experiment of one method came to.
#[derive(Debug, Default, PartialEq)]
struct Trial {
    finished: bool,
    evaluations: u64,
    /// At most one where a success ends the experiment.
    acceptable: u64,
    train_steps: u64,
    fec_hits: u64,
    reference_fitness: f64,
    reference_rms: Option<f64>,
    /// The first acceptable program.
    example: Option<Box<Program>>,
}

impl<R: FnMut(&ComparisonProgress) + Send> MethodRun<'_, R> {
    fn run(&self) -> Result<MethodOutcome, SearchError> {
        let MethodRuns { method, repeats } = self.board.runs;
        let trials: Vec<Option<Trial>> = (0..repeats as usize)
            .into_par_iter()
            .with_max_len(1)
            .map(|number| {
                if self.halt.is_set() {
                    return Ok(None);
                }
                self.trial(number as u64).map(Some).inspect_err(|_| self.halt.fail())
            })
            .collect::<Result<_, SearchError>>()?;
        self.board.show();
        let begun: Vec<&Trial> = trials.iter().flatten().collect();
        let sum = |count: fn(&Trial) -> u64| begun.iter().map(|trial| count(trial)).sum::<u64>();
        // Added in the order of experiments: the same for any number of threads.
        let mean = |value: fn(&Trial) -> Option<f64>| {
            let sum = begun.iter().map(|trial| value(trial)).sum::<Option<f64>>()?;
            (!begun.is_empty()).then(|| sum / begun.len() as f64)
        };
        Ok(MethodOutcome {
            method,
            experiments: sum(|trial| trial.finished.into()),
            unfinished: sum(|trial| (!trial.finished).into()),
            evaluations: sum(|trial| trial.evaluations),
            successes: sum(|trial| trial.acceptable),
            successful_experiments: sum(|trial| (trial.acceptable > 0).into()),
            train_steps: sum(|trial| trial.train_steps),
            fec_hits: sum(|trial| trial.fec_hits),
            reference_fitness: mean(|trial| Some(trial.reference_fitness)),
            reference_rms: mean(|trial| trial.reference_rms),
            example: begun.iter().find_map(|trial| trial.example.as_deref().cloned()),
            elapsed: self.board.started.elapsed(),
        })
    }

    /// Experiment number `number`: to its end, to its first success unless all programs are random, or to an interrupt.
    fn trial(&self, number: u64) -> Result<Trial, SearchError> {
        let Comparison { experiment, seed, reference, budget, .. } = self.comparison;
        let method = self.board.runs.method;
        let task_seed = experiment.tasks.seed.unwrap_or(*seed);
        let group = build_group(&experiment.tasks.search[0], SetName::Search, task_seed, number, self.data)
            .map_err(|error| SearchError::Tasks { set: "search", error: error.into() })?;
        let tasks = Arc::new(SearchTasks::new(group, self.settings.first_tasks()));
        let mut judge = Judge::new(reference, tasks.all(), &self.evaluator, self.settings.combine())?;
        // The methods draw apart from each other, or the first programs of all would be the same.
        let id = IslandId { seed: key(key(*seed, purpose::COMPARE), method as u64), experiment: number, island: 0 };
        let place = IslandPlace {
            tasks: Arc::clone(&tasks),
            task_set: 0,
            evaluator: &self.evaluator,
            checks: IslandChecks::new(Arc::clone(self.checks), number, method as u64),
            exchange: Arc::new(Exchange::new(1)),
            id,
        };
        let mut island = Island::new(Arc::clone(&self.settings), place);
        let (mut acceptable, mut example, mut shown) = (0, None, (0, 0));
        let ends_at_success = method != Method::Random;
        while island.individuals() < *budget && !(ends_at_success && acceptable > 0) && !self.halt.is_set() {
            let scored = island.try_child()?;
            if judge.accepts(island.child(), scored.score.fitness)? {
                acceptable += 1;
                if example.is_none() {
                    judge.confirm(island.child(), self.checks)?;
                    example = Some(Box::new(island.child().clone()));
                }
            }
            island.add_child(scored);
            if island.individuals() - shown.0 >= LOOK_EVERY {
                self.board.add(island.individuals() - shown.0, acceptable - shown.1);
                shown = (island.individuals(), acceptable);
            }
        }
        let finished = island.individuals() == *budget || (ends_at_success && acceptable > 0);
        self.board.experiments.fetch_add(finished.into(), Ordering::Relaxed);
        self.board.add(island.individuals() - shown.0, acceptable - shown.1);
        Ok(Trial {
            finished,
            evaluations: island.individuals(),
            acceptable,
            train_steps: island.totals().counts.train_steps,
            fec_hits: island.fec_hits(),
            reference_fitness: judge.reference_fitness,
            reference_rms: judge.bar.rms_error(),
            example,
        })
    }
}

/// Says which programs are acceptable on the tasks of one experiment.
struct Judge<'a> {
    group: &'a TaskGroup,
    worker: Worker,
    bar: Bar,
    /// The mean over the tasks.
    reference_fitness: f64,
}

impl<'a> Judge<'a> {
    fn new(reference: &Program, group: &'a TaskGroup, evaluator: &Evaluator, combine: Combine) -> Result<Judge<'a>, SearchError> {
        let mut worker = evaluator.worker();
        let evaluation = worker.evaluate(reference, group)?;
        let bar = Bar::new(&evaluation.task_fitness, group.settings().scoring, combine);
        let reference_fitness = evaluation.fitness(Combine::Mean);
        Ok(Judge { group, worker, bar, reference_fitness })
    }

    /// Whether a program with this search fitness is acceptable. Functional equivalence checking may have given it another program's
    /// fitness, so one that might be is evaluated on its own.
    fn accepts(&mut self, program: &Program, fitness: f64) -> Result<bool, SearchError> {
        Ok(self.bar.may_pass(fitness) && self.bar.passes(&self.worker.evaluate(program, self.group)?.task_fitness))
    }

    /// Has the oracle evaluate the program that was accepted last.
    fn confirm(&mut self, program: &Program, checks: &Checks) -> Result<(), SearchError> {
        let evaluation = self.worker.evaluate(program, self.group)?;
        Ok(checks.confirm(&mut Verifier::default(), program, self.group, Claim::of(evaluation, Combine::Mean))?)
    }
}

#[cfg(test)]
mod tests;
