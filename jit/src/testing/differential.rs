//! Differential fuzzing: every backend and layout against the oracle, bit for bit.
//!
//! A crash in native code ends the process: long runs belong into child processes.

use std::collections::BTreeSet;
use std::fmt;

use super::compare::{Tolerance, memory_difference};
use super::generate::FuzzCase;
use super::liveness::live_instructions_by_paths;
use super::write::execute_case_line;
use crate::analysis::random_ordinals;
use crate::eval::{Backend, Evaluation, Evaluator, Probe, TaskRecord, Worker};
use crate::exec::random::{Stream, key};
use crate::lang::{ComponentFunction, Op};
use crate::oracle::{Oracle, OracleProbe};

/// What a fuzzer has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FuzzReport {
    /// Programs run.
    pub programs: u64,
    /// Comparisons of a whole result of one backend and layout with the oracle's.
    pub cases: u64,
    /// Comparisons that found a difference. A program is left at its first.
    pub divergences: u64,
    /// Different ops that were executed, of 65.
    pub ops_covered: usize,
    /// The share of runs (program and task) that trained to their end.
    pub finished_share: f64,
    /// Comparisons in which the interpreter ran in place of native code: none, unless the host cannot have it.
    pub replaced: u64,
}

/// A backend that does not give what the oracle gives.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Divergence {
    /// The seed of [`FuzzCase::generate`] that makes it again.
    pub seed: u64,
    /// Backend, what was observed, and number of lanes.
    pub subject: String,
    /// What differs first.
    pub difference: String,
    /// The program's text, as run.
    pub program: String,
    /// Number and kind of tasks, in words.
    pub setting: String,
    /// The task that differs, and its number, as one line of a case file with the oracle's outcome. It runs the task alone, so it
    /// shows the difference only where that needs no other tasks beside it; the seed always does.
    pub case: Option<(usize, String)>,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divergence { seed, subject, difference, program, setting, .. } = self;
        writeln!(f, "{subject}: {difference}\n{setting}\nto replay: FuzzCase::generate({seed:#018x})")?;
        f.write_str(program)
    }
}

/// Generates cases and compares all backends on them. Workers and their scratch memory are kept from case to case, so that what
/// one program leaves behind can show in the next.
#[derive(Debug)]
pub struct Fuzzer {
    seed: u64,
    oracle: Oracle,
    interp: Worker,
    jit: Worker,
    plain: Worker,
    report: FuzzReport,
    ops: BTreeSet<Op>,
    runs: u64,
    finished: u64,
}

/// What the oracle says of a case.
struct Expected {
    records: Vec<TaskRecord>,
    ordinals: Vec<u32>,
}

/// A difference, and the task where it is.
type Difference = (Option<usize>, String);

/// Lanes that the interpreter is observed with.
const INTERP_WIDTHS: [usize; 6] = [1, 2, 4, 8, 12, 16];
/// Lanes that native code is observed with.
const JIT_WIDTHS: [usize; 4] = [1, 2, 4, 12];

impl Fuzzer {
    /// A fuzzer whose cases follow from `seed`.
    pub fn new(seed: u64) -> Fuzzer {
        Fuzzer {
            seed,
            oracle: Oracle::new(),
            interp: Evaluator::new(Backend::Interp).worker(),
            jit: Evaluator::new(Backend::Jit).worker(),
            plain: Evaluator::new(Backend::Oracle).worker(),
            report: FuzzReport::default(),
            ops: BTreeSet::new(),
            runs: 0,
            finished: 0,
        }
    }

    /// Runs the next case.
    ///
    /// # Errors
    /// The first difference, if there is one; the fuzzer can go on after it.
    pub fn run_one(&mut self) -> Result<(), Box<Divergence>> {
        self.run_case(&FuzzCase::generate(key(self.seed, self.report.programs)))
    }

    /// Runs a case, whatever it comes from.
    ///
    /// # Errors
    /// The first difference, if there is one.
    pub fn run_case(&mut self, case: &FuzzCase) -> Result<(), Box<Divergence>> {
        self.report.programs += 1;
        self.ops.extend(case.program.instructions().iter().map(|instruction| instruction.op()));
        let expected = self.expected(case).map_err(|error| self.divergence(case, None, "oracle", (None, error)))?;
        let outcome = self
            .compare_observed(case, &expected)
            .and_then(|()| self.compare_production(case, &expected))
            .map_err(|(subject, difference)| self.divergence(case, Some(&expected), &subject, difference));
        self.report.divergences += u64::from(outcome.is_err());
        outcome
    }

    /// What was done so far.
    pub fn report(&self) -> FuzzReport {
        let finished_share = if self.runs == 0 { 0.0 } else { self.finished as f64 / self.runs as f64 };
        FuzzReport { ops_covered: self.ops.len(), finished_share, ..self.report }
    }

    /// Runs the program as written on each task. Ordinals come from liveness by its definition.
    fn expected(&mut self, case: &FuzzCase) -> Result<Expected, String> {
        let FuzzCase { program, counts, group, .. } = case;
        let mut ordinals = Vec::new();
        random_ordinals(program, &live_instructions_by_paths(program), &mut ordinals);
        let mut records = Vec::new();
        for task in 0..group.tasks().len() {
            let run = self.oracle.run(program, &ordinals, group, task, *counts, true).map_err(|error| error.to_string())?;
            let first = run.epochs.into_iter().next().unwrap_or_default();
            self.runs += 1;
            self.finished += u64::from(run.train_steps == u64::from(group.settings().epochs) * group.train_examples() as u64);
            records.push(TaskRecord {
                fitness: run.fitness,
                train_errors: first.train_errors,
                valid_errors: first.valid_errors,
                memory: self.oracle.memory().clone(),
                train_steps: run.train_steps,
            });
        }
        Ok(Expected { records, ordinals })
    }

    /// Whole memories, errors, steps and fitness of the program as written, with every number of lanes.
    fn compare_observed(&mut self, case: &FuzzCase, expected: &Expected) -> Result<(), (String, Difference)> {
        let interp = INTERP_WIDTHS.map(|width| (Backend::Interp, width));
        let jit = JIT_WIDTHS.map(|width| (Backend::Jit, width));
        for (backend, width) in interp.into_iter().chain(jit) {
            let worker = if backend == Backend::Jit { &mut self.jit } else { &mut self.interp };
            let failed = |difference| (format!("{backend}, observed, {width} lanes"), difference);
            let observed = worker
                .observe(&case.program, case.counts, &case.group, Some(width))
                .map_err(|error| failed((None, format!("refused: {error}"))))?;
            self.report.cases += 1;
            self.report.replaced += u64::from(observed.backend != backend);
            records_difference(&expected.records, &observed.records).map_err(failed)?;
        }
        Ok(())
    }

    /// Errors, steps and fitness of the simplified program, as a search sees them.
    fn compare_production(&mut self, case: &FuzzCase, expected: &Expected) -> Result<(), (String, Difference)> {
        let FuzzCase { program, group, .. } = case;
        // Any numbers will do, such as follow from the case.
        let mut stream = Stream::new(case.seed);
        let (train, valid) = (1 + stream.below(group.train_examples()), 1 + stream.below(group.valid_examples()));
        let failed = |subject: &str| {
            let subject = subject.to_owned();
            move |difference| (subject, difference)
        };
        let refused = |subject: &str| {
            let failed = failed(subject);
            move |error: crate::EvalError| failed((None, format!("refused: {error}")))
        };

        self.interp.prepare(program, group).map_err(refused("interp"))?;
        self.report.cases += 1;
        let probe = self.interp.probe(group, train, valid);
        let oracle = &mut self.oracle;
        let expected_probe = |task| oracle.probe(program, &expected.ordinals, group, task, train, valid).map_err(|error| error.to_string());
        probe_difference(probe, group.tasks().len(), expected_probe).map_err(failed("interp, probe"))?;

        self.report.cases += 1;
        evaluation_difference(&expected.records, self.interp.run(group)).map_err(failed("interp, after a probe"))?;

        for (worker, backend) in [(&mut self.jit, Backend::Jit), (&mut self.plain, Backend::Oracle)] {
            self.report.cases += 1;
            let subject = format!("{backend}, simplified");
            let evaluation = worker.evaluate(program, group).map_err(refused(&subject))?;
            self.report.replaced += u64::from(evaluation.backend != backend);
            evaluation_difference(&expected.records, evaluation).map_err(failed(&subject))?;
        }
        Ok(())
    }

    fn divergence(&self, case: &FuzzCase, expected: Option<&Expected>, subject: &str, (task, difference): Difference) -> Box<Divergence> {
        let FuzzCase { seed, program, counts, group, origin } = case;
        let settings = group.settings();
        let case = task.zip(expected).map(|(task, expected)| {
            let name = (format!("fuzz-{seed:016x}-{task}"), format!("fuzz, {subject}"));
            (task, execute_case_line(name, program, *counts, group, task, &expected.records[task]))
        });
        let setting = format!(
            "{origin}; F = {}, {} tasks of {} and {} examples, {:?}, {} epochs, max_abs_error {}, addresses {}/{}/{}, functions of {:?} instructions",
            settings.features,
            group.tasks().len(),
            group.train_examples(),
            group.valid_examples(),
            settings.scoring,
            settings.epochs,
            settings.max_abs_error,
            counts.scalars,
            counts.vectors,
            counts.matrices,
            ComponentFunction::ALL.map(|function| program.function(function).len()),
        );
        let difference = task.map_or_else(|| difference.clone(), |task| format!("task {task}: {difference}"));
        Box::new(Divergence { seed: *seed, subject: subject.to_owned(), difference, program: program.to_string(), setting, case })
    }
}

fn records_difference(expected: &[TaskRecord], found: &[TaskRecord]) -> Result<(), Difference> {
    if expected.len() != found.len() {
        return Err((None, format!("{} tasks, expected {}", found.len(), expected.len())));
    }
    for (task, (expected, found)) in expected.iter().zip(found).enumerate() {
        let of_task = |difference| (Some(task), difference);
        numbers_difference("training error", &expected.train_errors, &found.train_errors).map_err(of_task)?;
        numbers_difference("validation error", &expected.valid_errors, &found.valid_errors).map_err(of_task)?;
        if expected.train_steps != found.train_steps {
            return Err(of_task(format!("{} training steps, expected {}", found.train_steps, expected.train_steps)));
        }
        numbers_difference("fitness", &[expected.fitness], &[found.fitness]).map_err(of_task)?;
        memory_difference(&expected.memory, &found.memory, |_, _| Tolerance::Exact)
            .map_or(Ok(()), |difference| Err(of_task(difference)))?;
    }
    Ok(())
}

fn evaluation_difference(expected: &[TaskRecord], found: &Evaluation) -> Result<(), Difference> {
    if expected.len() != found.task_fitness.len() {
        return Err((None, format!("{} tasks, expected {}", found.task_fitness.len(), expected.len())));
    }
    for (task, (expected, &found)) in expected.iter().zip(&found.task_fitness).enumerate() {
        numbers_difference("fitness", &[expected.fitness], &[found]).map_err(|difference| (Some(task), difference))?;
    }
    let steps = expected.iter().map(|record| record.train_steps).sum::<u64>();
    if steps != found.train_steps {
        return Err((None, format!("{} training steps over all tasks, expected {steps}", found.train_steps)));
    }
    Ok(())
}

fn probe_difference(found: &Probe, tasks: usize, mut expected: impl FnMut(usize) -> Result<OracleProbe, String>) -> Result<(), Difference> {
    let mut steps = 0;
    for task in 0..tasks {
        let of_task = |difference| (Some(task), difference);
        let expected = expected(task).map_err(of_task)?;
        numbers_difference("training error", &expected.train_errors, found.train_errors(task)).map_err(of_task)?;
        numbers_difference("validation error", &expected.valid_errors, found.valid_errors(task)).map_err(of_task)?;
        steps += expected.train_steps;
    }
    if steps == found.train_steps {
        Ok(())
    } else {
        Err((None, format!("{} training steps over all tasks, expected {steps}", found.train_steps)))
    }
}

fn numbers_difference(what: &str, expected: &[f64], found: &[f64]) -> Result<(), String> {
    let differ = |&(_, (&expected, &found)): &(usize, (&f64, &f64))| !Tolerance::Exact.accepts(expected, found);
    if let Some((number, (expected, found))) = expected.iter().zip(found).enumerate().find(differ) {
        return Err(format!("{what} {number} is {found:e}, expected {expected:e}"));
    }
    if expected.len() == found.len() { Ok(()) } else { Err(format!("{} times {what}, expected {}", found.len(), expected.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Case, CaseReader, OracleBackend, Verdict, check};

    fn record(features: usize) -> TaskRecord {
        let counts = crate::lang::AddressCounts::MIN;
        TaskRecord { train_errors: vec![0.0, f64::NAN], memory: crate::oracle::Memory::new(features, counts), ..TaskRecord::default() }
    }

    #[test]
    fn every_part_of_a_record_is_compared() {
        let expected = [record(2), record(2)];
        assert_eq!(records_difference(&expected, &expected), Ok(()));
        assert!(records_difference(&expected, &expected[..1]).is_err());
        let altered = |alter: fn(&mut TaskRecord)| {
            let mut found = [record(2), record(2)];
            alter(&mut found[1]);
            records_difference(&expected, &found)
        };
        let on_task_1 = |text: &str| Err((Some(1), text.to_owned()));
        assert_eq!(altered(|r| r.train_errors[0] = -0.0), on_task_1("training error 0 is -0e0, expected 0e0"));
        assert_eq!(altered(|r| r.train_errors.truncate(1)), on_task_1("1 times training error, expected 2"));
        assert_eq!(altered(|r| r.valid_errors.push(1.0)), on_task_1("1 times validation error, expected 0"));
        assert_eq!(altered(|r| r.train_steps = 1), on_task_1("1 training steps, expected 0"));
        assert_eq!(altered(|r| r.fitness = 5e-324), on_task_1("fitness 0 is 5e-324, expected 0e0"));
        assert_eq!(altered(|r| r.memory.vectors_mut()[1] = 1.0), on_task_1("v0[1] is 1e0, expected 0e0"));
        assert_eq!(altered(|r| r.train_errors[1] = -f64::NAN), Ok(()));
    }

    /// A divergence carries all that is needed to commit it as a case, and the oracle meets that case.
    #[test]
    fn a_divergence_is_a_ready_case() {
        let mut fuzzer = Fuzzer::new(0);
        for seed in 0..20 {
            let case = FuzzCase::generate(seed);
            let expected = fuzzer.expected(&case).expect("small");
            let task = case.group.tasks().len() - 1;
            let divergence = fuzzer.divergence(&case, Some(&expected), "nobody", (Some(task), "nothing".into()));
            assert!(divergence.to_string().contains(&format!("task {task}: nothing")));
            let (_, line) = divergence.case.expect("a task was named");
            let mut reader = CaseReader::new("case".into(), Box::new(std::io::Cursor::new(line.into_bytes())));
            let Some(Ok(case @ Case::Execute(_))) = reader.next() else { panic!("seed {seed}: no case") };
            let verdict = check(&mut OracleBackend::default(), &case).expect("the oracle gives what it gave");
            assert_eq!(verdict, Verdict::Agrees);
        }
    }
}
