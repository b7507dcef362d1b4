//! Cases in the format of case files, from programs and tasks at hand.

use super::record::{CaseRecord, EvalType, ExecuteRecord, ExpectRecord, InfoRecord, MemoryRecord};
use crate::eval::{Examples, Scoring, TaskGroup, TaskRecord};
use crate::lang::{AddressCounts, Number, Program, ProgramRecord};
use crate::oracle::Memory;

/// One line of a case file (without its end): `program` as written, with a memory of `counts`, on task number `task` of `group`
/// gives `expected`.
///
/// # Panics
/// If the group has no such task.
pub fn execute_case_line(
    (id, category): (String, String),
    program: &Program,
    counts: AddressCounts,
    group: &TaskGroup,
    task: usize,
    expected: &TaskRecord,
) -> String {
    let settings = group.settings();
    let task = &group.tasks()[task];
    let ProgramRecord { setup, predict, learn, .. } = ProgramRecord::from(program);
    let features_size = settings.features;
    let record = ExecuteRecord {
        semantics: crate::SEMANTICS_VERSION,
        id,
        category,
        task_seed: task.seed,
        features_size,
        num_scalars: counts.scalars,
        num_vectors: counts.vectors,
        num_matrices: counts.matrices,
        eval_type: match settings.scoring {
            Scoring::Rms => EvalType::RmsError,
            Scoring::Accuracy => EvalType::Accuracy,
        },
        max_abs_error: Number(settings.max_abs_error),
        num_train_epochs: settings.epochs,
        setup,
        predict,
        learn,
        train_features: feature_rows(&task.train, features_size),
        train_labels: numbers(&task.train.labels),
        train_order: (0..settings.epochs).map(|epoch| task.train_order(epoch)).collect(),
        valid_features: feature_rows(&task.valid, features_size),
        valid_labels: numbers(&task.valid.labels),
        valid_order: (0..task.valid.labels.len()).collect(),
        expect: ExpectRecord {
            fitness: Number(expected.fitness),
            train_errors: numbers(&expected.train_errors),
            valid_errors: numbers(&expected.valid_errors),
            final_memory: Some(memory_record(&expected.memory)),
        },
        info: InfoRecord { train_steps: Some(expected.train_steps) },
    };
    serde_json::to_string(&CaseRecord::Execute(record)).expect("numbers, strings and lists only")
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
    use super::super::cases::{Case, CaseReader};
    use super::super::compare::{Tolerance, memory_difference};
    use super::super::generate::FuzzCase;
    use super::*;

    /// What is written is read back as the same program, task and outcome, special numbers included.
    #[test]
    fn a_written_case_reads_back() {
        for seed in 0..40 {
            let FuzzCase { program, counts, group, .. } = FuzzCase::generate(seed);
            let mut memory = Memory::new(group.features(), counts);
            memory.scalars_mut().copy_from_slice(&super::super::SPECIAL_NUMBERS[..usize::from(counts.scalars)]);
            let expected =
                TaskRecord { fitness: 0.25, train_errors: vec![0.1, -0.0], valid_errors: vec![1e308], memory, train_steps: seed };
            let task = group.tasks().len() - 1;
            let line = execute_case_line(("a".into(), "b".into()), &program, counts, &group, task, &expected);
            let mut reader = CaseReader::new("case".into(), Box::new(std::io::Cursor::new(line.into_bytes())));
            let Some(Ok(Case::Execute(read))) = reader.next() else { panic!("seed {seed}: no case") };
            assert_eq!((&read.program, read.counts, read.group.settings()), (&program, counts, group.settings()));
            let (read_task, task) = (&read.group.tasks()[0], &group.tasks()[task]);
            assert_eq!(read_task.seed, task.seed);
            assert!((0..group.settings().epochs).all(|epoch| read_task.train_order(epoch) == task.train_order(epoch)));
            let bits = |values: &[f64]| values.iter().map(|x| if x.is_nan() { 1 } else { x.to_bits() }).collect::<Vec<_>>();
            for (read, written) in [(&read_task.train, &task.train), (&read_task.valid, &task.valid)] {
                assert_eq!((bits(&read.features), bits(&read.labels)), (bits(&written.features), bits(&written.labels)));
            }
            assert_eq!((read.expected.fitness, read.expected.train_steps), (0.25, Some(seed)));
            let memory = read.expected.memory.expect("it was written");
            assert_eq!(memory_difference(&expected.memory, &memory, |_, _| Tolerance::Exact), None);
        }
    }
}
