//! What tests of programs that must give the same results have in common.

use exnihilo_jit::testing::FuzzCase;
use exnihilo_jit::{Backend, Evaluator, GroupSettings, Program, Scoring, TaskGroup};

/// What can be seen of a program on a group, bit by bit: of each task the fitness, the training steps, and the errors of training and
/// validation.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen(pub(crate) Vec<(u64, u64, Vec<u64>, Vec<u64>)>);

/// Runs a program on the oracle.
pub(crate) fn run(program: &Program, group: &TaskGroup) -> Seen {
    let counts = program.address_counts();
    let observed = Evaluator::new(Backend::Oracle).worker().observe(program, counts, group, None).expect("small");
    let bits = |list: &[f64]| list.iter().map(|x| x.to_bits()).collect();
    Seen(observed.records.iter().map(|r| (r.fitness.to_bits(), r.train_steps, bits(&r.train_errors), bits(&r.valid_errors))).collect())
}

/// The tasks of a case, shortened to so many examples, scored the given way and gone through several times.
pub(crate) fn group_of(case: &FuzzCase, scoring: Scoring, examples: usize, max_abs_error: f64) -> TaskGroup {
    let features = case.group.features();
    let mut tasks: Vec<_> = case.group.tasks().iter().take(2).cloned().collect();
    for task in &mut tasks {
        task.train_orders = None;
        for part in [&mut task.train, &mut task.valid] {
            part.labels.truncate(examples);
            part.features.truncate(examples * features);
            if scoring == Scoring::Accuracy {
                part.labels.iter_mut().for_each(|label| *label = f64::from(u8::from(*label > 0.0)));
            }
        }
    }
    let settings = GroupSettings { epochs: 3, max_abs_error, ..GroupSettings::new(features, scoring) };
    TaskGroup::new(settings, tasks).expect("consistent shapes")
}
