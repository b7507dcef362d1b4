//! Cases in the format of case files, from programs and tasks at hand.

use super::record::{CaseRecord, EvalType, ExecuteRecord, ExpectRecord, InfoRecord, MemoryRecord, TaskOfCase};
use crate::lanes::TaskGroup;
use crate::lang::Scoring;
use crate::lang::{AddressCounts, Number, Program, ProgramRecord};
use crate::oracle::Memory;
use crate::oracle::TaskRecord;
use crate::task::{Examples, Task};

/// One line of a case file (without its end): `program` as written, with a memory of `counts`, on the tasks `tasks` of `group`
/// gives `expected`, one record a task.
///
/// # Panics
/// If the group has no such tasks, or there is none.
pub fn execute_case_line(
    (id, category): (String, String),
    program: &Program,
    counts: AddressCounts,
    group: &TaskGroup,
    tasks: std::ops::Range<usize>,
    expected: &[TaskRecord],
) -> String {
    let settings = group.settings();
    let ProgramRecord { setup, predict, learn, .. } = ProgramRecord::from(program);
    let mut tasks = group.tasks()[tasks].iter().zip(expected).map(|(task, expected)| task_of_case(task, group, expected));
    let first = tasks.next().expect("a case has a task");
    let record = ExecuteRecord {
        semantics: crate::SEMANTICS_VERSION,
        id,
        category,
        exact: true,
        task_seed: first.task_seed,
        features_size: settings.features,
        num_scalars: counts.scalars,
        num_vectors: counts.vectors,
        num_matrices: counts.matrices,
        eval_type: match settings.scoring {
            Scoring::Rms => EvalType::RmsError,
            Scoring::Accuracy => EvalType::Accuracy,
            Scoring::Classes => EvalType::Classes,
        },
        max_abs_error: Number(settings.max_abs_error),
        num_train_epochs: settings.epochs,
        setup,
        predict,
        learn,
        train_features: first.train_features,
        train_labels: first.train_labels,
        train_order: first.train_order,
        valid_features: first.valid_features,
        valid_labels: first.valid_labels,
        valid_order: first.valid_order,
        expect: first.expect,
        info: first.info,
        more_tasks: tasks.collect(),
    };
    serde_json::to_string(&CaseRecord::Execute(record)).expect("numbers, strings and lists only")
}

fn task_of_case(task: &Task, group: &TaskGroup, expected: &TaskRecord) -> TaskOfCase {
    let settings = group.settings();
    TaskOfCase {
        task_seed: task.seed,
        train_features: feature_rows(&task.train, settings.features),
        train_labels: numbers(&task.train.labels),
        train_order: (0..settings.epochs).map(|epoch| task.train_order(epoch)).collect(),
        valid_features: feature_rows(&task.valid, settings.features),
        valid_labels: numbers(&task.valid.labels),
        valid_order: (0..task.valid.labels.len()).collect(),
        expect: ExpectRecord {
            fitness: Number(expected.fitness),
            train_errors: numbers(&expected.train_errors),
            valid_errors: numbers(&expected.valid_errors),
            final_memory: Some(memory_record(&expected.memory)),
        },
        info: InfoRecord { train_steps: Some(expected.train_steps) },
    }
}

fn memory_record(memory: &Memory) -> MemoryRecord {
    let f = memory.features();
    MemoryRecord {
        scalars: numbers(memory.scalars()),
        vectors: memory.vectors().chunks(f).map(numbers).collect(),
        matrices: memory.matrices().chunks(f * f).map(|matrix| matrix.chunks(f).map(numbers).collect()).collect(),
    }
}

fn feature_rows(examples: &Examples, features: usize) -> Vec<Vec<Number>> {
    examples.features.chunks(features).map(numbers).collect()
}

fn numbers(values: &[f64]) -> Vec<Number> {
    values.iter().copied().map(Number).collect()
}

#[cfg(test)]
mod tests {
    use super::super::read::{Case, CaseReader};
    use super::*;
    use crate::testing::FuzzCase;
    use crate::testing::{Tolerance, memory_difference};

    /// What is written is read back as the same program, task and outcome, special numbers included.
    #[test]
    fn a_written_case_reads_back() {
        for seed in 0..40 {
            let FuzzCase { program, counts, group, .. } = FuzzCase::generate(seed);
            let mut memory = Memory::new(group.features(), counts);
            memory.scalars_mut().copy_from_slice(&crate::testing::SPECIAL_NUMBERS[..usize::from(counts.scalars)]);
            let record = |task: usize| TaskRecord {
                fitness: 0.25,
                train_errors: vec![0.1, -0.0],
                valid_errors: vec![1e308],
                memory: memory.clone(),
                train_steps: task as u64,
            };
            let count = group.tasks().len();
            // All tasks, or one of them.
            let tasks = if seed % 2 == 0 { 0..count } else { count - 1..count };
            let expected: Vec<TaskRecord> = tasks.clone().map(record).collect();
            let line = execute_case_line(("a".into(), "b".into()), &program, counts, &group, tasks.clone(), &expected);
            let mut reader = CaseReader::new("case".into(), Box::new(std::io::Cursor::new(line.into_bytes())));
            let Some(Ok(Case::Execute(read))) = reader.next() else { panic!("seed {seed}: no case") };
            assert_eq!((&read.program, read.counts, read.group.settings()), (&program, counts, group.settings()));
            assert_eq!((read.group.tasks().len(), read.expected.len()), (tasks.len(), tasks.len()));
            for ((number, read_task), outcome) in tasks.zip(read.group.tasks()).zip(&read.expected) {
                let task = &group.tasks()[number];
                assert_eq!(read_task.seed, task.seed);
                assert!((0..group.settings().epochs).all(|epoch| read_task.train_order(epoch) == task.train_order(epoch)));
                let bits = |values: &[f64]| values.iter().map(|x| if x.is_nan() { 1 } else { x.to_bits() }).collect::<Vec<_>>();
                for (read, written) in [(&read_task.train, &task.train), (&read_task.valid, &task.valid)] {
                    assert_eq!((bits(&read.features), bits(&read.labels)), (bits(&written.features), bits(&written.labels)));
                }
                assert_eq!((outcome.fitness, outcome.train_steps), (0.25, Some(number as u64)));
                let found = outcome.memory.as_ref().expect("it was written");
                assert_eq!(memory_difference(&memory, found, |_, _| Tolerance::Exact), None);
            }
        }
    }
}
