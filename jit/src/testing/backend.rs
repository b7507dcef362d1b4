//! One suite of cases for every backend: a backend joins by one implementation of [`CaseBackend`].

use super::compare::{Tolerance, memory_difference};
use super::differential::{INTERP_WIDTHS, JIT_WIDTHS, checked_worker, evaluation_difference, numbers_difference};
use super::generate::disguised;
use super::sensitivity::is_decided_by_last_bits;
use crate::cases::{Case, ExecuteCase, ExecuteOutcome, OpCase};
#[cfg(feature = "jit")]
use crate::compile::CompileError;
use crate::eval::{Backend, Evaluator, Worker};
use crate::exec::random::Stream;
use crate::lang::Program;
use crate::oracle::TaskRecord;
use crate::oracle::{Memory, Oracle, execute};

/// Something that can run cases and show the whole memory afterwards.
pub trait CaseBackend {
    /// Its name in messages.
    fn name(&self) -> &str;

    /// The memory after the case's one instruction.
    ///
    /// # Errors
    /// Why the backend cannot run it.
    fn run_op(&mut self, case: &OpCase) -> Result<Memory, String>;

    /// The outcome of the case's evaluation on each of its tasks, train steps and memory included.
    ///
    /// # Errors
    /// Why the backend cannot run it, or in what its ways to run it differ.
    fn run_execute(&mut self, case: &ExecuteCase) -> Result<Vec<ExecuteOutcome>, String>;
}

/// The oracle as a backend of the suite.
#[derive(Debug, Default)]
pub struct OracleBackend {
    oracle: Oracle,
}

impl CaseBackend for OracleBackend {
    fn name(&self) -> &str {
        "oracle"
    }

    fn run_op(&mut self, case: &OpCase) -> Result<Memory, String> {
        let mut memory = case.initial.clone();
        execute(&case.instruction, 0, 0, 0, &mut memory);
        Ok(memory)
    }

    fn run_execute(&mut self, case: &ExecuteCase) -> Result<Vec<ExecuteOutcome>, String> {
        let of_task = |task| {
            let record = self.oracle.record(&case.program, &case.ordinals, &case.group, task, case.counts);
            record.map(ExecuteOutcome::from).map_err(|error| error.to_string())
        };
        (0..case.group.tasks().len()).map(of_task).collect()
    }
}

/// A worker's backend in the suite, with a number of tasks side by side.
#[derive(Debug)]
pub struct WorkerBackend {
    worker: Worker,
    backend: Backend,
    name: String,
    width: Option<usize>,
}

impl WorkerBackend {
    /// The backend with this many lanes, or as many as it chooses. Cranelift checks its own work.
    pub fn new(backend: Backend, width: Option<usize>) -> WorkerBackend {
        let name = width.map_or(backend.name().to_owned(), |width| format!("{} with {width} lanes", backend.name()));
        let worker = if backend == Backend::Jit { checked_worker(true) } else { Evaluator::new(backend).worker() };
        WorkerBackend { worker, backend, name, width }
    }

    /// The backend with the layout of its own choice, as a search has it, and with every number of lanes.
    pub fn every_layout(backend: Backend) -> Vec<WorkerBackend> {
        let widths: &[usize] = if backend == Backend::Jit { &JIT_WIDTHS } else { &INTERP_WIDTHS };
        std::iter::once(None).chain(widths.iter().copied().map(Some)).map(|width| WorkerBackend::new(backend, width)).collect()
    }

    /// The program simplified, as a search runs it, must give the fitness and steps of the one observed; with the layout of the backend's
    /// choice also after a probe, and under other names.
    fn check_production(&mut self, case: &ExecuteCase, observed: &[TaskRecord]) -> Result<(), String> {
        let ExecuteCase { program, group, .. } = case;
        let evaluation = match self.width {
            Some(width) => self.worker.testing().evaluate_with_width(program, group, width),
            None => self.worker.evaluate(program, group),
        };
        let evaluation = evaluation.map_err(|error| error.to_string())?;
        let (ran, difference) = (evaluation.backend, evaluation_difference(observed, evaluation));
        self.expect(ran)?;
        difference.map_err(|(_, difference)| format!("in production: {difference}"))?;
        if self.width.is_some() {
            return Ok(());
        }
        for examples in [1, 3, 10] {
            let mut prepared = self.worker.simplify(program, group).map_err(|error| error.to_string())?.decode();
            let probe = prepared.probe(group, examples, examples);
            for (task, record) in observed.iter().enumerate() {
                let expected = &record.train_errors[..examples.min(record.train_errors.len())];
                numbers_difference("training error", expected, probe.train_errors(task))
                    .map_err(|difference| format!("in a probe of {examples} examples, task {task}: {difference}"))?;
            }
            evaluation_difference(observed, prepared.run(group)).map_err(|(_, difference)| format!("after a probe: {difference}"))?;
            let other = disguised(program, group.interface(), &mut Stream::new(examples as u64));
            let evaluation = self.worker.evaluate(&other, group).map_err(|error| error.to_string())?;
            evaluation_difference(observed, evaluation).map_err(|(_, difference)| format!("under other names: {difference}"))?;
        }
        Ok(())
    }

    /// An answer of another backend would show nothing; but what is too large to compile is interpreted.
    fn expect(&self, ran: Backend) -> Result<(), String> {
        #[cfg(feature = "jit")]
        if let Some(CompileError::TooLarge(_) | CompileError::TooManyRows(_)) = self.worker.compile_error() {
            return Ok(());
        }
        if ran == self.backend { Ok(()) } else { Err(format!("{ran} ran in its place")) }
    }
}

impl CaseBackend for WorkerBackend {
    fn name(&self) -> &str {
        &self.name
    }

    fn run_op(&mut self, case: &OpCase) -> Result<Memory, String> {
        let mut memory = case.initial.clone();
        let program = Program::new(&[case.instruction], &[], &[]);
        let ran = self.worker.testing().execute_setup(&program, 0, &mut memory).map_err(|error| error.to_string())?;
        self.expect(ran)?;
        Ok(memory)
    }

    fn run_execute(&mut self, case: &ExecuteCase) -> Result<Vec<ExecuteOutcome>, String> {
        let observed = self.worker.observe(&case.program, case.counts, &case.group, self.width).map_err(|error| error.to_string())?;
        self.expect(observed.backend)?;
        self.check_production(case, &observed.records)?;
        Ok(observed.records.into_iter().map(ExecuteOutcome::from).collect())
    }
}

impl From<TaskRecord> for ExecuteOutcome {
    fn from(record: TaskRecord) -> ExecuteOutcome {
        ExecuteOutcome {
            fitness: record.fitness,
            train_errors: record.train_errors,
            valid_errors: record.valid_errors,
            train_steps: Some(record.train_steps),
            memory: Some(record.memory),
        }
    }
}

/// A backend that does not give what a case expects.
#[derive(Debug, thiserror::Error)]
#[error("{backend}, case {id:?} ({about}): {difference}")]
pub struct Mismatch {
    backend: String,
    id: String,
    about: String,
    difference: String,
}

/// How a case passes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The result is what the case expects, within the tolerance that the format of recorded cases states.
    Agrees,
    /// It is not, but no more so than if a sin, cos, … log were rounded otherwise: measured, not declared. Says what differs.
    DecidedByLastBits(String),
}

impl Verdict {
    /// What differs by last bits; none if nothing does.
    pub fn last_bits(&self) -> Option<&str> {
        match self {
            Verdict::Agrees => None,
            Verdict::DecidedByLastBits(difference) => Some(difference),
        }
    }
}

/// Runs a case on a backend.
///
/// # Errors
/// The first difference from what the case expects that neither the tolerance nor the last bits of the maths allow.
pub fn check(backend: &mut impl CaseBackend, case: &Case) -> Result<Verdict, Mismatch> {
    let name = backend.name().to_owned();
    let mismatch = |id: &str, about, difference| Mismatch { backend: name, id: id.to_owned(), about, difference };
    match case {
        Case::Op(case) => {
            let about = format!("{}, F = {}, {}", case.instruction.op(), case.initial.features(), case.note);
            match backend.run_op(case).map(|memory| op_difference(case, &memory)) {
                Ok(None) => Ok(Verdict::Agrees),
                Ok(Some(difference)) | Err(difference) => Err(mismatch(&case.id, about, difference)),
            }
        }
        Case::Execute(case) => {
            let about = format!("F = {}, {}", case.group.features(), case.category);
            let found = match backend.run_execute(case) {
                Ok(found) if found.len() == case.expected.len() => found,
                Ok(found) => return Err(mismatch(&case.id, about, format!("{} tasks, expected {}", found.len(), case.expected.len()))),
                Err(difference) => return Err(mismatch(&case.id, about, difference)),
            };
            let mut verdict = Verdict::Agrees;
            for (task, (expected, found)) in case.expected.iter().zip(&found).enumerate() {
                match execute_difference(expected, found, case.exact).map(|difference| format!("task {task}: {difference}")) {
                    None => {}
                    Some(difference) if !case.exact && is_decided_by_last_bits(case, task, found.fitness) => {
                        verdict = Verdict::DecidedByLastBits(difference);
                    }
                    Some(difference) => return Err(mismatch(&case.id, about, difference)),
                }
            }
            Ok(verdict)
        }
    }
}

fn op_difference(case: &OpCase, found: &Memory) -> Option<String> {
    let output = case.instruction.writes().map(|(space, address)| (space, usize::from(address)));
    memory_difference(&case.expected, found, |space, address| {
        if output == Some((space, address)) { Tolerance::of_op(case.instruction.op()) } else { Tolerance::Exact }
    })
}

fn execute_difference(expected: &ExecuteOutcome, found: &ExecuteOutcome, exact: bool) -> Option<String> {
    let near = |relative, absolute| if exact { Tolerance::Exact } else { Tolerance::Near { relative, absolute } };
    if !near(0.0, 1e-9).accepts(expected.fitness, found.fitness) {
        return Some(format!("the fitness is {:e}, expected {:e}", found.fitness, expected.fitness));
    }
    let errors = near(1e-9, 1e-12);
    errors_difference("training", errors, &expected.train_errors, &found.train_errors)
        .or_else(|| errors_difference("validation", errors, &expected.valid_errors, &found.valid_errors))
        .or_else(|| match (expected.train_steps, found.train_steps) {
            (Some(expected), Some(found)) if expected != found => Some(format!("{found} training steps, expected {expected}")),
            _ => None,
        })
        .or_else(|| match (&expected.memory, &found.memory) {
            (Some(expected), Some(found)) => memory_difference(expected, found, |_, _| near(1e-7, 1e-12)),
            _ => None,
        })
}

fn errors_difference(what: &str, tolerance: Tolerance, expected: &[f64], found: &[f64]) -> Option<String> {
    if expected.len() != found.len() {
        return Some(format!("{} {what} errors, expected {}", found.len(), expected.len()));
    }
    let (number, (expected, found)) =
        expected.iter().zip(found).enumerate().find(|(_, (expected, found))| !tolerance.accepts(**expected, **found))?;
    Some(format!("{what} error {number} is {found:e}, expected {expected:e}"))
}
