//! The evaluator and its per-thread workers.

#[cfg(feature = "jit")]
mod lowering;

#[cfg(feature = "jit")]
use std::time::Instant;

use super::Backend;
#[cfg(feature = "jit")]
use super::cost::{self, Target};
use super::drive::{ChunkShape, DriveScratch};
use super::evaluation::{Evaluation, Probe, TaskRecord};
use super::lane_data::{ALONG, Chunking, WIDTHS, fitted};
use super::task::{GroupError, TaskGroup};
use crate::analysis::{CanonicalKey, Canonicalizer, Fusion, Liveness, Role, Simplifier, random_ordinals};
#[cfg(feature = "jit")]
use crate::compile::{Checks, CodePaths, CompileError, Compiled, Compiler, Source};
use crate::exec::chunk::{RunSettings, Scoring};
use crate::exec::layout::Layout;
use crate::interp::{Calls, Code, Interpreter};
use crate::lang::{AddressCounts, AddressError, ComponentFunction, Interface, InterfaceError, Program};
use crate::oracle::{Memory, Oracle};

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

/// Why a program cannot be evaluated on a group.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// It needs too much memory.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// It uses addresses that are not declared.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// It writes what the evaluation sets on tasks of this kind.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
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
#[derive(Debug, Default)]
pub struct Worker {
    backend: Backend,
    simplifier: Simplifier,
    canonicalizer: Canonicalizer,
    program: Program,
    ordinals: Vec<u32>,
    live: Vec<bool>,
    liveness: Liveness,
    fusion: Fusion,
    layout: Layout,
    code: Code,
    calls: Calls,
    /// Training examples that a probe of the prepared program has done on the group with this number: a run there goes on from them.
    probed: Option<(u64, usize)>,
    drive: DriveScratch,
    evaluation: Evaluation,
    probe: Probe,
    oracle: Oracle,
    counters: Counters,
    #[cfg(feature = "jit")]
    compiler: Compiler,
    /// Why the latest program that was to be compiled was not.
    #[cfg(feature = "jit")]
    compile_error: Option<CompileError>,
}

impl Worker {
    /// Makes `program` the one that [`Worker::probe`] and [`Worker::run`] execute on `group`: simplified, decoded.
    ///
    /// # Errors
    /// [`EvalError::Group`] if its memory would pass the group's limit, [`EvalError::Interface`] if it writes a label.
    pub fn prepare(&mut self, program: &Program, group: &TaskGroup) -> Result<(), EvalError> {
        self.simplify(program, group)?;
        self.prepare_simplified(group);
        Ok(())
    }

    /// The first half of [`Worker::prepare`], for those who may know the program already: simplifies it, and gives the key of its
    /// canonical form at the group's feature size. Programs with the same key have the same errors, fitness and steps on the group.
    /// What was prepared before can no longer be run.
    ///
    /// # Errors
    /// As [`Worker::prepare`].
    pub fn canonical_key(&mut self, program: &Program, group: &TaskGroup) -> Result<CanonicalKey, EvalError> {
        self.simplify(program, group)?;
        Ok(self.canonicalizer.key(&self.program, group.interface(), group.features()))
    }

    /// The second half of [`Worker::prepare`]: decodes the program of the last [`Worker::canonical_key`], on the same group.
    pub fn prepare_simplified(&mut self, group: &TaskGroup) {
        self.fusion.set(&self.program, &self.liveness);
        self.decode(group);
        self.probed = None;
    }

    fn simplify(&mut self, program: &Program, group: &TaskGroup) -> Result<(), EvalError> {
        group.interface().check_outputs(program)?;
        self.liveness = self.simplifier.simplify_into(program, group.interface(), &mut self.program, &mut self.ordinals);
        if !group.has_memory_for_all() {
            group.check_memory(self.program.address_counts())?;
        }
        Ok(())
    }

    /// The errors of the prepared program on the first `train` training examples and, where it does not stop in them, the first
    /// `valid` validation examples: exactly as in the run of which this is the beginning. Never compiled.
    pub fn probe(&mut self, group: &TaskGroup, train: usize, valid: usize) -> &Probe {
        let shape = shape(&self.code, &self.layout, fitted(&self.layout, group));
        let mut engine = Interpreter { code: &self.code, calls: &mut self.calls, settings: run_settings(group, false) };
        let done = self.drive.probe(&mut engine, group, shape, (train, valid), &mut self.probe);
        self.probed = Some((group.id(), done));
        &self.probe
    }

    /// What the latest [`Worker::probe`] gave.
    pub const fn probed(&self) -> &Probe {
        &self.probe
    }

    /// The fitness of the prepared program on every task. After a probe on this group, the interpreter goes on where that ended.
    pub fn run(&mut self, group: &TaskGroup) -> &Evaluation {
        match self.backend {
            Backend::Oracle => self.run_oracle(group),
            Backend::Interp => self.run_interpreted(group),
            Backend::Jit => self.run_compiled(group),
            Backend::Auto => self.run_cheapest(group),
        }
        &self.evaluation
    }

    /// [`Worker::prepare`] and [`Worker::run`].
    ///
    /// # Errors
    /// As [`Worker::prepare`].
    pub fn evaluate(&mut self, program: &Program, group: &TaskGroup) -> Result<&Evaluation, EvalError> {
        self.prepare(program, group)?;
        Ok(self.run(group))
    }

    /// As [`Worker::evaluate`], but with `width` tasks side by side (1, 2, 4, 8, 12 or 16), whatever the backend would choose: for
    /// tests, since the cheapest choice leaves some code to rare programs. The oracle has no width.
    ///
    /// # Errors
    /// As [`Worker::prepare`].
    ///
    /// # Panics
    /// If the width is another one.
    pub fn evaluate_with_width(&mut self, program: &Program, group: &TaskGroup, width: usize) -> Result<&Evaluation, EvalError> {
        assert!(width == ALONG || WIDTHS.contains(&width), "{width} tasks side by side");
        self.prepare(program, group)?;
        match self.backend {
            Backend::Oracle => self.run_oracle(group),
            #[cfg(feature = "jit")]
            Backend::Jit => self.run_target(group, Target::of_width(width, group.features())),
            _ => self.run_interpreted_in(group, Chunking::Uniform(width)),
        }
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
        self.take_whole(program, group.interface());
        let mut observed = Observed { records: Vec::new(), backend: Backend::Oracle };
        if self.backend == Backend::Oracle {
            for task in 0..group.tasks().len() {
                observed.records.push(self.oracle.record(program, &self.ordinals, group, task, counts)?);
            }
            return Ok(observed);
        }
        self.decode_whole(counts, group.interface(), group.features());
        let width = width.filter(|&width| width == ALONG || WIDTHS.contains(&width));
        #[cfg(feature = "jit")]
        if self.backend != Backend::Interp {
            let target = width.map_or_else(|| self.target(group), |width| Target::of_width(width, group.features()));
            if let Some(mut engine) = self.compile(run_settings(group, true), target, true) {
                let shape = shape(&self.code, &self.layout, target.chunking());
                let records = Some((&mut observed.records, &self.layout, counts));
                self.drive.run(&mut engine, group, shape, None, &mut self.evaluation, records);
                observed.backend = Backend::Jit;
                return Ok(observed);
            }
        }
        let chunking = width.map_or(fitted(&self.layout, group), Chunking::Uniform);
        let shape = shape(&self.code, &self.layout, chunking);
        let mut engine = Interpreter { code: &self.code, calls: &mut self.calls, settings: run_settings(group, true) };
        let records = Some((&mut observed.records, &self.layout, counts));
        self.drive.run(&mut engine, group, shape, None, &mut self.evaluation, records);
        observed.backend = Backend::Interp;
        Ok(observed)
    }

    /// Executes the Setup of `program` as it is on a memory that holds anything, on task seed `seed`.
    ///
    /// # Errors
    /// If the program uses addresses that the memory does not have.
    pub fn execute_setup(&mut self, program: &Program, seed: u64, memory: &mut Memory) -> Result<Backend, EvalError> {
        let counts = memory.counts();
        program.check_addresses(counts)?;
        self.take_whole(program, Interface::Number);
        if self.backend == Backend::Oracle {
            for (instruction, &ordinal) in program.function(ComponentFunction::Setup).iter().zip(&self.ordinals) {
                crate::oracle::execute(instruction, ordinal, 0, seed, memory);
            }
            return Ok(Backend::Oracle);
        }
        self.decode_whole(counts, Interface::Number, memory.features());
        let settings = RunSettings {
            features: memory.features(),
            scoring: Scoring::Rms,
            max_abs_error: f64::INFINITY,
            freeze_training: true,
            freeze_validation: true,
            inputs_in_memory: true,
        };
        #[cfg(feature = "jit")]
        if self.backend != Backend::Interp
            && let Some(mut engine) = self.compile(settings, Target::of_width(2, settings.features), true)
        {
            let shape = shape(&self.code, &self.layout, Chunking::Uniform(2));
            self.drive.setup_only(&mut engine, shape, &self.layout, seed, memory);
            return Ok(Backend::Jit);
        }
        let shape = shape(&self.code, &self.layout, Chunking::Uniform(2));
        let mut engine = Interpreter { code: &self.code, calls: &mut self.calls, settings };
        self.drive.setup_only(&mut engine, shape, &self.layout, seed, memory);
        Ok(Backend::Interp)
    }

    /// Takes the program as it is; live random instructions are numbered first, then dead ones.
    fn take_whole(&mut self, program: &Program, interface: Interface) {
        self.liveness = Liveness::mark(program, interface, &mut self.live);
        random_ordinals(program, &self.live, &mut self.ordinals);
        self.program.copy_from(program);
        self.fusion.set_none(program);
        self.probed = None;
    }

    /// Lays out and decodes the program taken as it is, with all addresses of `counts`.
    fn decode_whole(&mut self, counts: AddressCounts, interface: Interface, features: usize) {
        self.layout.set_full(counts, interface, features);
        self.code.set(&self.program, &self.ordinals, &self.fusion, &self.layout);
        self.calls.clear();
    }

    /// Lays out and decodes the program with the fusion that is set.
    fn decode(&mut self, group: &TaskGroup) {
        let roles = self.fusion.roles();
        self.layout.set_used(&self.program, group.interface(), group.features(), |position| roles[position] != Role::Deferred);
        self.code.set(&self.program, &self.ordinals, &self.fusion, &self.layout);
        self.calls.clear();
    }

    /// The native code that suits the prepared program.
    #[cfg(feature = "jit")]
    fn target(&self, group: &TaskGroup) -> Target {
        cost::best_target(&self.code, &self.layout, group)
    }

    /// What someone says of the prepared program.
    #[cfg(feature = "jit")]
    pub(super) fn of_prepared<T>(&self, says: impl FnOnce(&Code, &Layout) -> T) -> T {
        says(&self.code, &self.layout)
    }

    /// Seconds to compile the prepared program; none where it cannot be.
    #[cfg(feature = "jit")]
    pub(super) fn time_compiling(&mut self, group: &TaskGroup, target: Target) -> Option<f64> {
        let before = self.counters.compile_seconds;
        self.compile(run_settings(group, false), target, false)?;
        Some(self.counters.compile_seconds - before)
    }

    /// Makes the next evaluations compile anew, as if nothing had been compiled before: for measuring.
    pub fn forget_compiled(&mut self) {
        #[cfg(feature = "jit")]
        self.compiler.forget();
    }

    /// Why the latest program that was to be compiled was interpreted; none if it was compiled.
    #[cfg(feature = "jit")]
    pub const fn compile_error(&self) -> Option<&CompileError> {
        self.compile_error.as_ref()
    }

    /// The ways through the compiler that programs have taken.
    #[cfg(feature = "jit")]
    pub fn code_paths(&self) -> CodePaths {
        self.compiler.paths()
    }

    /// What this worker has done so far.
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// The prepared program: what of the given one can matter.
    pub fn prepared(&self) -> &Program {
        &self.program
    }

    fn run_oracle(&mut self, group: &TaskGroup) {
        self.evaluation.task_fitness.clear();
        self.evaluation.train_steps = 0;
        let counts = self.program.address_counts();
        for task in 0..group.tasks().len() {
            let run = self.oracle.run(&self.program, &self.ordinals, group, task, counts, false);
            let run = run.expect("memory was checked when the program was prepared");
            self.evaluation.task_fitness.push(run.fitness);
            self.evaluation.train_steps += run.train_steps;
        }
        self.evaluation.backend = Backend::Oracle;
    }

    fn run_interpreted(&mut self, group: &TaskGroup) {
        self.run_interpreted_in(group, fitted(&self.layout, group));
    }

    fn run_interpreted_in(&mut self, group: &TaskGroup, chunking: Chunking) {
        let shape = shape(&self.code, &self.layout, chunking);
        let mut engine = Interpreter { code: &self.code, calls: &mut self.calls, settings: run_settings(group, false) };
        let probed = self.probed.take().filter(|&(id, _)| id == group.id()).map(|(_, done)| done);
        self.drive.run(&mut engine, group, shape, probed, &mut self.evaluation, None);
        self.evaluation.backend = Backend::Interp;
    }

    #[cfg(not(feature = "jit"))]
    fn run_compiled(&mut self, group: &TaskGroup) {
        self.counters.compile_failures += 1;
        self.run_interpreted(group);
    }

    #[cfg(not(feature = "jit"))]
    fn run_cheapest(&mut self, group: &TaskGroup) {
        self.run_interpreted(group);
    }

    #[cfg(feature = "jit")]
    fn run_compiled(&mut self, group: &TaskGroup) {
        self.run_target(group, self.target(group));
    }

    #[cfg(feature = "jit")]
    fn run_cheapest(&mut self, group: &TaskGroup) {
        match cost::worthwhile_target(&self.code, &self.layout, group) {
            Some(target) => self.run_target(group, target),
            None => self.run_interpreted(group),
        }
    }

    /// Runs native code; the interpreter, where there can be none.
    #[cfg(feature = "jit")]
    fn run_target(&mut self, group: &TaskGroup, target: Target) {
        let Some(mut engine) = self.compile(run_settings(group, false), target, false) else {
            return self.run_interpreted(group);
        };
        self.probed = None;
        let shape = shape(&self.code, &self.layout, target.chunking());
        self.drive.run(&mut engine, group, shape, None, &mut self.evaluation, None);
        self.evaluation.backend = Backend::Jit;
    }

    /// Native code for the decoded program; `None`, counted, where there can be none.
    #[cfg(feature = "jit")]
    fn compile(&mut self, settings: RunSettings, target: Target, observe: bool) -> Option<Compiled> {
        let begin = Instant::now();
        let compiled = self.compiler.compile(source(&self.code, &self.layout, &self.liveness, settings, target, observe));
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
}

fn run_settings(group: &TaskGroup, observe: bool) -> RunSettings {
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

/// What is compiled of a decoded program.
#[cfg(feature = "jit")]
fn source<'a>(code: &'a Code, layout: &'a Layout, liveness: &Liveness, settings: RunSettings, target: Target, observe: bool) -> Source<'a> {
    let live_before_predict = liveness.before_predict();
    Source { code, layout, live_before_predict, settings, form: target.form, tile: target.tile, observe }
}

fn shape<'a>(code: &'a Code, layout: &Layout, chunking: Chunking) -> ChunkShape<'a> {
    ChunkShape { chunking, rows: layout.rows(), spare_rows: code.spare_rows(), ordinals: code.ordinals() }
}
