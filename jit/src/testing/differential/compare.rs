//! Where the results of a backend first differ from the oracle's.

use super::super::compare::{Tolerance, memory_difference};
use crate::eval::{Evaluation, Probe};
use crate::oracle::OracleProbe;
use crate::oracle::TaskRecord;

/// A difference, and the task where it is.
pub(crate) type Difference = (Option<usize>, String);

/// Of records whose memories were observed.
pub(crate) fn records_difference(expected: &[TaskRecord], found: &[TaskRecord]) -> Result<(), Difference> {
    errors_difference(expected, found)?;
    for (task, (expected, found)) in expected.iter().zip(found).enumerate() {
        if let Some(difference) = memory_difference(&expected.memory, &found.memory, |_, _| Tolerance::Exact) {
            return Err((Some(task), difference));
        }
    }
    Ok(())
}

/// Of records, whatever became of memory.
pub(crate) fn errors_difference(expected: &[TaskRecord], found: &[TaskRecord]) -> Result<(), Difference> {
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
    }
    Ok(())
}

/// Of what a search sees: fitness of each task, steps of all.
pub(crate) fn evaluation_difference(expected: &[TaskRecord], found: &Evaluation) -> Result<(), Difference> {
    if expected.len() != found.task_fitness.len() {
        return Err((None, format!("{} tasks, expected {}", found.task_fitness.len(), expected.len())));
    }
    for (task, (expected, &found)) in expected.iter().zip(&found.task_fitness).enumerate() {
        numbers_difference("fitness", &[expected.fitness], &[found]).map_err(|difference| (Some(task), difference))?;
    }
    steps_difference(expected.iter().map(|record| record.train_steps).sum::<u64>(), found.train_steps)
}

/// Of the errors at the beginning of a run.
pub(crate) fn probe_difference(
    found: &Probe,
    tasks: usize,
    mut expected: impl FnMut(usize) -> Result<OracleProbe, String>,
) -> Result<(), Difference> {
    let mut steps = 0;
    for task in 0..tasks {
        let of_task = |difference| (Some(task), difference);
        let expected = expected(task).map_err(of_task)?;
        numbers_difference("training error", &expected.train_errors, found.train_errors(task)).map_err(of_task)?;
        numbers_difference("validation error", &expected.valid_errors, found.valid_errors(task)).map_err(of_task)?;
        steps += expected.train_steps;
    }
    steps_difference(steps, found.train_steps)
}

fn steps_difference(expected: u64, found: u64) -> Result<(), Difference> {
    if expected == found { Ok(()) } else { Err((None, format!("{found} training steps over all tasks, expected {expected}"))) }
}

/// Of lists of numbers, bit for bit.
pub(crate) fn numbers_difference(what: &str, expected: &[f64], found: &[f64]) -> Result<(), String> {
    let differ = |&(_, (&expected, &found)): &(usize, (&f64, &f64))| !Tolerance::Exact.accepts(expected, found);
    if let Some((number, (expected, found))) = expected.iter().zip(found).enumerate().find(differ) {
        return Err(format!("{what} {number} is {found:e}, expected {expected:e}"));
    }
    if expected.len() == found.len() { Ok(()) } else { Err(format!("{} times {what}, expected {}", found.len(), expected.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
