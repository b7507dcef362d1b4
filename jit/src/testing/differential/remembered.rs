//! Answers remembered by canonical form, as a search remembers them, against running the program again.

use std::collections::HashMap;

use super::super::generate::SPECIAL_NUMBERS;
use super::Difference;
use crate::analysis::CanonicalKey;
use crate::eval::Worker;
use crate::exec::random::Stream;
use crate::lanes::TaskGroup;
use crate::lang::Scoring;
use crate::lang::{CLASSES, Interface, Program};
use crate::task::{Examples, GroupSettings, Task};

/// The most answers that are remembered.
const CAPACITY: usize = 100_000;

/// What programs gave on a few fixed groups of tasks.
#[derive(Debug)]
pub(super) struct Remembered {
    groups: Vec<TaskGroup>,
    answers: HashMap<(CanonicalKey, usize), Answer>,
}

/// The bits of each task's fitness, and the training steps of all.
type Answer = (Vec<u64>, u64);

impl Remembered {
    pub(super) fn new() -> Remembered {
        let scorings = [Scoring::Rms, Scoring::Accuracy];
        let of_numbers = [1, 2, 4, 5].into_iter().flat_map(|features| scorings.map(|scoring| group(features, scoring)));
        let groups = of_numbers.chain([10, 11].map(|features| group(features, Scoring::Classes))).collect();
        Remembered { groups, answers: HashMap::new() }
    }

    /// Runs a program on one of the groups of its kind, and compares with what a program of the same form gave there earlier. True if one did.
    pub(super) fn check(&mut self, worker: &mut Worker, program: &Program, interface: Interface, number: u64) -> Result<bool, Difference> {
        let of_kind: Vec<usize> = (0..self.groups.len()).filter(|&index| self.groups[index].interface() == interface).collect();
        let index = of_kind[number as usize % of_kind.len()];
        let group = &self.groups[index];
        let mut simplified = worker.simplify(program, group).map_err(|error| (None, error.to_string()))?;
        let key = simplified.key();
        let mut prepared = simplified.decode();
        let evaluation = prepared.run(group);
        let answer: Answer = (evaluation.task_fitness.iter().map(|fitness| fitness.to_bits()).collect(), evaluation.train_steps);
        match self.answers.get(&(key, index)) {
            Some(remembered) if *remembered == answer => Ok(true),
            Some(remembered) => Err((
                None,
                format!(
                    "a program of the same canonical form gave {remembered:?} on the fixed tasks number {index}, this one gives {answer:?}"
                ),
            )),
            None => {
                if self.answers.len() < CAPACITY {
                    self.answers.insert((key, index), answer);
                }
                Ok(false)
            }
        }
    }
}

/// Three short tasks; the last has special numbers in it.
fn group(features: usize, scoring: Scoring) -> TaskGroup {
    let mut stream = Stream::new(features as u64);
    let mut examples = |count: usize, special: bool| {
        let mut number =
            || if special && stream.below(4) == 0 { SPECIAL_NUMBERS[stream.below(SPECIAL_NUMBERS.len())] } else { stream.normal() };
        let features = (0..count * features).map(|_| number()).collect();
        let label = |x: f64| match scoring {
            Scoring::Rms => x,
            Scoring::Accuracy => f64::from(u8::from(x > 0.0)),
            Scoring::Classes => (0..CLASSES).rfind(|&class| x.abs() * 5.0 >= class as f64).unwrap_or(0) as f64,
        };
        let labels = (0..count).map(|_| label(number())).collect();
        Examples { features, labels }
    };
    let tasks =
        (0..3).map(|task| Task { seed: task, train: examples(8, task == 2), valid: examples(4, false), train_orders: None }).collect();
    TaskGroup::new(GroupSettings { epochs: 2, ..GroupSettings::new(features, scoring) }, tasks).expect("a valid group")
}
