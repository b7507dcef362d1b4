//! The evaluator and its per-thread workers.

#[cfg(feature = "jit")]
use std::time::Instant;

use super::Backend;
#[cfg(feature = "jit")]
use super::cost;
use super::decoded::Decoded;
use super::evaluation::{Evaluation, Probe};
use super::group_run::{GroupRun, GroupRuns};
use super::prepared::Simplified;
#[cfg(feature = "jit")]
use super::speed;
use crate::analysis::{CanonicalKey, Canonicalizer, Simplifier};
#[cfg(feature = "jit")]
use crate::compile::{Checks, CompileError, Compiled, Compiler, Listing, Target};
use crate::interp::Interpreter;
use crate::lanes::{ALONG, Chunking, RunSettings, TaskGroup, WIDTHS};
use crate::lang::{AddressCounts, Interface, Program};
use crate::oracle::{Oracle, TaskRecord};
use crate::task::{EvalError, TaskSet};

/// Evaluates programs: immutable, shared by all threads. Everything that changes is in its [`Worker`]s.
///
/// ```
/// use exnihilo_jit::{Backend, Combine, Evaluator, Examples, GroupSettings, Scoring, Task, TaskGroup, known_program};
/// // y = 2 x, three examples to train on, one to validate.
/// let task = Task {
///     seed: 1,
///     train: Examples { features: vec![1.0, -1.0, 0.5], labels: vec![2.0, -2.0, 1.0] },
///     valid: Examples { features: vec![3.0], labels: vec![6.0] },
///     train_orders: None,
/// };
/// let settings = GroupSettings { epochs: 500, ..GroupSettings::new(1, Scoring::Rms) };
/// let group = TaskGroup::new(settings, vec![task])?;
/// let program = known_program("linear").expect("a program of that name");
/// let mut worker = Evaluator::new(Backend::Auto).worker();
/// assert!(worker.evaluate(&program, &group)?.fitness(Combine::Mean) > 0.99);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Evaluator {
    backend: Backend,
    #[cfg(feature = "jit")]
    checks: Checks,
}

/// What a worker has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counters {
    /// Programs turned into native code.
    pub compiled: u64,
    /// Programs that should have been, but were interpreted: the host is unknown to the compiler, or compiling failed.
    pub compile_failures: u64,
    /// Time spent compiling.
    pub compile_seconds: f64,
}

/// What was seen of a program by someone who looks at its memory.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// One record a task.
    pub records: Vec<TaskRecord>,
    /// The backend that ran it.
    pub backend: Backend,
}

impl Evaluator {
    /// An evaluator that executes programs on `backend`.
    pub fn new(backend: Backend) -> Evaluator {
        Evaluator {
            backend,
            #[cfg(feature = "jit")]
            checks: Checks::default(),
        }
    }

    /// The same with Cranelift checking its own work, for tests: compiling takes longer.
    #[cfg(feature = "jit")]
    #[must_use]
    pub const fn checked(self, checks: Checks) -> Evaluator {
        Evaluator { checks, ..self }
    }

    /// The backend asked for.
    pub const fn backend(&self) -> Backend {
        self.backend
    }

    /// A worker, for one thread at a time.
    pub fn worker(&self) -> Worker {
        #[cfg_attr(not(feature = "jit"), expect(unused_mut, reason = "only a compiler has more settings"))]
        let mut worker = Worker { backend: self.backend, ..Worker::default() };
        #[cfg(feature = "jit")]
        worker.compiler.set_checks(self.checks);
        worker
    }
}

/// Evaluates programs, one after the other; holds all scratch memory, so that nothing is allocated per evaluation once it is warm.
///
/// [`Worker::evaluate`] does all at once. By steps, a program is [simplified](Worker::simplify), [decoded](Simplified::decode), and then
/// probed and run on as many groups as there are; each step is a value, so that none can be left out.
#[derive(Debug, Default)]
pub struct Worker {
    backend: Backend,
    simplifier: Simplifier,
    canonicalizer: Canonicalizer,
    decoded: Decoded,
    runs: GroupRuns,
    evaluation: Evaluation,
    oracle: Oracle,
    counters: Counters,
    #[cfg(feature = "jit")]
    compiler: Compiler,
    /// Why the latest program that was to be compiled was not.
    #[cfg(feature = "jit")]
    compile_error: Option<CompileError>,
}

impl Worker {
    /// Simplifies `program` for tasks like `tasks`, whatever their number of examples.
    ///
    /// # Errors
    /// [`EvalError::Group`] if its memory would pass the limit of `tasks`, [`EvalError::Interface`] if it writes a label.
    pub fn simplify(&mut self, program: &Program, tasks: &TaskSet) -> Result<Simplified<'_>, EvalError> {
        tasks.interface().check_outputs(program)?;
        self.decoded.simplify(&mut self.simplifier, program, tasks.interface());
        if !tasks.has_memory_for_all() {
            tasks.check_memory(self.decoded.program.address_counts())?;
        }
        Ok(Simplified::new(self, tasks.interface(), tasks.features()))
    }

    /// Simplifies, decodes and runs `program` on a group.
    ///
    /// # Errors
    /// As [`Worker::simplify`].
    pub fn evaluate(&mut self, program: &Program, group: &TaskGroup) -> Result<&Evaluation, EvalError> {
        self.simplify(program, group)?.decode().run(group);
        Ok(&self.evaluation)
    }

    /// Evaluates `program` as it is, with a memory of `counts` addresses, and tells what became of that memory, and the errors.
    /// `width` is how many tasks go side by side (1, 2, 4, 8, 12 or 16); by default the backend's own choice.
    ///
    /// # Errors
    /// If the program uses other addresses or writes a label, or memory would pass the group's limit.
    pub fn observe(
        &mut self,
        program: &Program,
        counts: AddressCounts,
        group: &TaskGroup,
        width: Option<usize>,
    ) -> Result<Observed, EvalError> {
        group.interface().check_outputs(program)?;
        program.check_addresses(counts)?;
        let counts = counts.max(group.interface().least_counts());
        group.check_memory(counts)?;
        let mut observed = Observed { records: Vec::new(), backend: Backend::Oracle };
        if self.backend == Backend::Oracle {
            self.decoded.take_whole(program, group.interface());
            for task in 0..group.tasks().len() {
                observed.records.push(self.oracle.record(program, &self.decoded.ordinals, group, task, counts)?);
            }
            return Ok(observed);
        }
        self.decoded.decode_whole(program, counts, group.interface(), group.features());
        self.runs.clear();
        let width = width.filter(|&width| width == ALONG || WIDTHS.contains(&width));
        #[cfg(feature = "jit")]
        if self.backend != Backend::Interp {
            let target = width.map_or_else(|| self.target(group), |width| Target::of_width(width, group.features()));
            if let Some(mut engine) = self.compile(run_settings(group, true), target, true) {
                let (decoded, run) = (&self.decoded, self.runs.of(group));
                let records = Some((&mut observed.records, &decoded.layout, counts));
                run.schedule.run(&mut engine, group, decoded.shape(cost::chunking(target)), None, &mut self.evaluation, records);
                observed.backend = Backend::Jit;
                return Ok(observed);
            }
        }
        let (decoded, GroupRun { schedule, calls, .. }) = (&self.decoded, self.runs.of(group));
        let shape = decoded.shape(width.map_or(decoded.fitted(group), Chunking::Uniform));
        let mut engine = Interpreter { plan: &decoded.plan, calls, settings: run_settings(group, true) };
        let records = Some((&mut observed.records, &decoded.layout, counts));
        schedule.run(&mut engine, group, shape, None, &mut self.evaluation, records);
        observed.backend = Backend::Interp;
        Ok(observed)
    }

    /// Why the latest program that was to be compiled was interpreted; none if it was compiled.
    #[cfg(feature = "jit")]
    pub const fn compile_error(&self) -> Option<&CompileError> {
        self.compile_error.as_ref()
    }

    /// What this worker has done so far.
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// The latest program that was simplified.
    pub(super) fn simplified(&self) -> &Program {
        &self.decoded.program
    }

    pub(super) fn canonical_key(&mut self, interface: Interface, features: usize) -> CanonicalKey {
        self.canonicalizer.key(&self.decoded.program, interface, features)
    }

    pub(super) fn decode(&mut self, interface: Interface, features: usize) {
        self.decoded.decode(interface, features);
        self.runs.clear();
    }

    pub(super) fn probe(&mut self, group: &TaskGroup, train: usize, valid: usize) -> &Probe {
        let decoded = &self.decoded;
        let GroupRun { schedule, calls, probe, probed, .. } = self.runs.of(group);
        let mut engine = Interpreter { plan: &decoded.plan, calls, settings: run_settings(group, false) };
        *probed = Some(schedule.probe(&mut engine, group, decoded.shape(decoded.fitted(group)), (train, valid), probe));
        probe
    }

    pub(super) fn probed(&self, group: &TaskGroup) -> Option<&Probe> {
        self.runs.known(group).map(|run| &run.probe)
    }

    /// Runs the decoded program.
    pub(super) fn run(&mut self, group: &TaskGroup) -> &Evaluation {
        match self.backend {
            Backend::Oracle => self.run_oracle(group),
            Backend::Interp => self.run_interpreted(group),
            Backend::Jit => self.run_compiled(group),
            Backend::Auto => self.run_cheapest(group),
        }
        &self.evaluation
    }

    pub(super) fn run_oracle(&mut self, group: &TaskGroup) {
        self.evaluation.task_fitness.clear();
        self.evaluation.train_steps = 0;
        let Decoded { program, ordinals, .. } = &self.decoded;
        for task in 0..group.tasks().len() {
            let run = self.oracle.run(program, ordinals, group, task, program.address_counts(), false);
            let run = run.expect("memory was checked before the run");
            self.evaluation.task_fitness.push(run.fitness);
            self.evaluation.train_steps += run.train_steps;
        }
        self.evaluation.backend = Backend::Oracle;
    }

    fn run_interpreted(&mut self, group: &TaskGroup) {
        self.run_interpreted_in(group, self.decoded.fitted(group));
    }

    pub(super) fn run_interpreted_in(&mut self, group: &TaskGroup, chunking: Chunking) {
        let decoded = &self.decoded;
        let GroupRun { schedule, calls, probed, .. } = self.runs.of(group);
        let mut engine = Interpreter { plan: &decoded.plan, calls, settings: run_settings(group, false) };
        schedule.run(&mut engine, group, decoded.shape(chunking), probed.take(), &mut self.evaluation, None);
        self.evaluation.backend = Backend::Interp;
    }
}

#[cfg(not(feature = "jit"))]
impl Worker {
    fn run_compiled(&mut self, group: &TaskGroup) {
        self.counters.compile_failures += 1;
        self.run_interpreted(group);
    }

    fn run_cheapest(&mut self, group: &TaskGroup) {
        self.run_interpreted(group);
    }
}

#[cfg(feature = "jit")]
impl Worker {
    /// The native code that suits the decoded program.
    fn target(&self, group: &TaskGroup) -> Target {
        cost::best_target(&self.decoded.plan, &self.decoded.layout, group, speed::of_machine())
    }

    fn run_compiled(&mut self, group: &TaskGroup) {
        self.run_target(group, self.target(group));
    }

    fn run_cheapest(&mut self, group: &TaskGroup) {
        match cost::worthwhile_target(&self.decoded.plan, &self.decoded.layout, group, speed::of_machine) {
            Some(target) => self.run_target(group, target),
            None => self.run_interpreted(group),
        }
    }

    /// Runs native code; the interpreter, where there can be none.
    pub(super) fn run_target(&mut self, group: &TaskGroup, target: Target) {
        let Some(mut engine) = self.compile(run_settings(group, false), target, false) else {
            return self.run_interpreted(group);
        };
        let run = self.runs.of(group);
        run.probed = None;
        let shape = self.decoded.shape(cost::chunking(target));
        run.schedule.run(&mut engine, group, shape, None, &mut self.evaluation, None);
        self.evaluation.backend = Backend::Jit;
    }

    /// Native code for the decoded program; `None`, counted, where there can be none.
    fn compile(&mut self, settings: RunSettings, target: Target, observe: bool) -> Option<Compiled> {
        let begin = Instant::now();
        let compiled = self.compiler.compile(self.decoded.unit(settings, target, observe));
        self.counters.compile_seconds += begin.elapsed().as_secs_f64();
        match compiled {
            Ok((compiled, fresh)) => {
                self.counters.compiled += u64::from(fresh);
                self.compile_error = None;
                Some(compiled)
            }
            Err(error) => {
                self.counters.compile_failures += 1;
                self.compile_error = Some(error);
                None
            }
        }
    }

    pub(super) fn listing(&mut self, group: &TaskGroup) -> Result<Listing, CompileError> {
        let target = self.target(group);
        self.compiler.listing(self.decoded.unit(run_settings(group, false), target, false))
    }
}

/// What an engine needs to know for a run on a group; `observe` if somebody looks at memory.
pub(super) fn run_settings(group: &TaskGroup, observe: bool) -> RunSettings {
    let settings = group.settings();
    RunSettings {
        features: settings.features,
        scoring: settings.scoring,
        max_abs_error: settings.max_abs_error,
        freeze_training: observe,
        freeze_validation: observe || settings.epochs > 1,
        inputs_in_memory: observe,
    }
}

/// What tests and measurements need beyond an evaluation; the tests themselves are elsewhere.
#[cfg(feature = "testing")]
mod testing;
#[cfg(feature = "testing")]
pub use testing::TestHandle;
