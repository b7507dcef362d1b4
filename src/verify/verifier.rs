//! One check of one evaluation.

use std::borrow::Cow;
use std::ops::Range;

use exnihilo_jit::analysis::Simplifier;
use exnihilo_jit::cases::{MAX_LINE_BYTES, execute_case_line, ordinals_by_definition};
use exnihilo_jit::oracle::{Oracle, TaskRecord};
use exnihilo_jit::{Backend, Combine, Evaluation, Program, TaskGroup};

use super::difference::{Difference, Values};

/// The most tasks in a case file: a group may have hundreds, of megabytes each.
const MAX_CASES: usize = 10;

/// What is said of a program on a group of tasks.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    subject: &'static str,
    /// One a task, where they are known.
    task_fitness: Option<&'a [f64]>,
    values: Values,
    combine: Combine,
}

impl<'a> Claim<'a> {
    /// What a backend gave.
    pub fn of(evaluation: &'a Evaluation, combine: Combine) -> Claim<'a> {
        let values = Values { fitness: evaluation.fitness(combine), train_steps: evaluation.train_steps };
        Claim { subject: evaluation.backend.name(), task_fitness: Some(&evaluation.task_fitness), values, combine }
    }

    /// What the memo of canonical forms answered.
    pub const fn remembered(fitness: f64, train_steps: u64, combine: Combine) -> Claim<'a> {
        Claim { subject: "memo", task_fitness: None, values: Values { fitness, train_steps }, combine }
    }
}

/// Checks evaluations; keeps the oracle's memory from one to the next.
///
/// ```
/// use exnihilo::task::{DataCache, SetName, TaskKind, TaskSpec, build_group};
/// use exnihilo::verify::{Claim, Verifier};
/// use exnihilo_jit::{Backend, Combine, Evaluator, known_program};
/// let group = build_group(&TaskSpec::new(TaskKind::Linear), SetName::Eval, 0, 0, &DataCache::new())?;
/// let program = known_program("linear").expect("a program of that name");
/// let mut evaluation = Evaluator::new(Backend::Auto).worker().evaluate(&program, &group)?.clone();
/// let mut verifier = Verifier::default();
/// assert!(verifier.confirm(&program, &group, Claim::of(&evaluation, Combine::Mean)).is_ok());
/// evaluation.task_fitness[3] = 1.0;
/// assert!(verifier.confirm(&program, &group, Claim::of(&evaluation, Combine::Mean)).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Verifier {
    oracle: Oracle,
}

/// Which tasks differ, and how.
struct Fault {
    tasks: Vec<usize>,
    detail: String,
}

impl Verifier {
    /// Evaluates `program` as written on `group` and compares, bit for bit, the fitness (of each task, where it is known) and the
    /// training steps.
    ///
    /// # Errors
    /// The difference.
    ///
    /// # Panics
    /// If not even the simplified program fits into the group's memory limit: no backend can have evaluated it.
    pub fn confirm(&mut self, program: &Program, group: &TaskGroup, claim: Claim<'_>) -> Result<(), Box<Difference>> {
        let (run, ordinals) = what_fits(program, group);
        let expected = self.evaluate(&run, &ordinals, group);
        let Some(Fault { tasks, detail }) = fault(&expected, &claim) else { return Ok(()) };
        let cases = self.cases(&run, &ordinals, group, &tasks, &claim);
        Err(Box::new(Difference {
            subject: claim.subject,
            found: claim.values,
            expected: Values { fitness: expected.fitness(claim.combine), train_steps: expected.train_steps },
            detail,
            program: program.clone(),
            cases,
        }))
    }

    fn evaluate(&mut self, program: &Program, ordinals: &[u32], group: &TaskGroup) -> Evaluation {
        let mut evaluation = Evaluation { backend: Backend::Oracle, ..Evaluation::default() };
        for task in 0..group.tasks().len() {
            let run = self.oracle.run(program, ordinals, group, task, program.address_counts(), false).expect(FITS);
            evaluation.task_fitness.push(run.fitness);
            evaluation.train_steps += run.train_steps;
        }
        evaluation
    }

    /// All tasks as one case, in which they run side by side again; where that is too large, each of those that differ by itself, as far
    /// as it is not too large either.
    fn cases(&mut self, program: &Program, ordinals: &[u32], group: &TaskGroup, differ: &[usize], claim: &Claim<'_>) -> Vec<String> {
        let all = group.tasks().len();
        let numbers = all * (group.train_examples() + group.valid_examples()) * (group.features() + 1);
        let whole = if numbers * BYTES_OF_A_NUMBER <= MAX_LINE_BYTES { Some(0..all) } else { None };
        let whole = whole.map(|tasks| self.case(program, ordinals, group, tasks, claim)).filter(|line| line.len() <= MAX_LINE_BYTES);
        if let Some(line) = whole {
            return vec![line];
        }
        let single = differ.iter().take(MAX_CASES).map(|&task| self.case(program, ordinals, group, task..task + 1, claim));
        single.filter(|line| line.len() <= MAX_LINE_BYTES).collect()
    }

    fn case(&mut self, program: &Program, ordinals: &[u32], group: &TaskGroup, tasks: Range<usize>, claim: &Claim<'_>) -> String {
        let counts = program.address_counts().max(group.interface().least_counts());
        let record = |task| self.oracle.record(program, ordinals, group, task, counts).expect(FITS);
        let records: Vec<TaskRecord> = tasks.clone().map(record).collect();
        let id = if tasks.len() == 1 { format!("verify-task-{}", tasks.start) } else { "verify".to_owned() };
        execute_case_line((id, format!("differs by {}", claim.subject)), program, counts, group, tasks, &records)
    }
}

/// About the length of a number in a case file.
const BYTES_OF_A_NUMBER: usize = 20;

const FITS: &str = "what does not fit into the group's memory limit was not evaluated before";

/// The program as written, with the numbers of its random instructions by the definition. Where only its simplification fits into the
/// group's memory limit, that.
fn what_fits<'p>(program: &'p Program, group: &TaskGroup) -> (Cow<'p, Program>, Vec<u32>) {
    if group.check_memory(program.address_counts()).is_err() {
        let (mut simplified, mut ordinals) = (Program::default(), Vec::new());
        Simplifier::default().simplify_into(program, group.interface(), &mut simplified, &mut ordinals);
        return (Cow::Owned(simplified), ordinals);
    }
    (Cow::Borrowed(program), ordinals_by_definition(program, group.interface()))
}

fn fault(expected: &Evaluation, claim: &Claim<'_>) -> Option<Fault> {
    let all = || (0..expected.task_fitness.len()).collect::<Vec<_>>();
    if let Some(found) = claim.task_fitness {
        let differs = |&task: &usize| found.get(task).map(|fitness| fitness.to_bits()) != Some(expected.task_fitness[task].to_bits());
        let tasks: Vec<usize> = all().into_iter().filter(differs).collect();
        if let Some(&first) = tasks.first() {
            let (found, expected) = (found.get(first).copied().unwrap_or(f64::NAN), expected.task_fitness[first]);
            let detail = format!("{} of {} tasks differ, first task {first}: {found:?}, not {expected:?}", tasks.len(), all().len());
            return Some(Fault { tasks, detail });
        }
    }
    if expected.fitness(claim.combine).to_bits() != claim.values.fitness.to_bits() {
        return Some(Fault { tasks: all(), detail: "the fitness of single tasks is not known".to_owned() });
    }
    (expected.train_steps != claim.values.train_steps).then(|| Fault { tasks: all(), detail: "the fitness is the same".to_owned() })
}

#[cfg(test)]
mod tests;
