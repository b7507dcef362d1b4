//! Groups of tasks for a program: sizes around the limits of unrolling, lanes that stop at different steps, validations that fail.

use super::choices::Choices;
use super::values::SPECIAL_NUMBERS;
use crate::exec::random::Stream;
use crate::lanes::TaskGroup;
use crate::lang::Scoring;
use crate::lang::{AddressCounts, CLASSES, ComponentFunction, Instruction, Interface, Op, Program};
use crate::task::{Examples, GroupSettings, Task};

/// Elements that one backend may compute on one case, about (ten times as many on a long one); examples, tasks and features are cut
/// down to it.
const BUDGET: usize = 80_000;

/// Elements of the largest memory of all lanes.
const MEMORY_BUDGET: usize = 1 << 19;

/// The shape of a group, and what its numbers are like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    settings: GroupSettings,
    tasks: usize,
    train: usize,
    valid: usize,
    /// Orders of training examples are given, not shuffled.
    recorded_orders: bool,
    /// Some features and labels are special numbers.
    specials: bool,
    /// Each task has labels of its own magnitude, so that lanes stop at different steps.
    uneven: bool,
    /// What labels of validation are multiplied with: farther off, it fails where training does not.
    valid_scale: f64,
}

/// A shape for a program, as many and as long tasks as the budget allows. `features` is F, if it is given.
pub(super) fn shape(
    choices: &mut Choices<'_>,
    program: &Program,
    counts: AddressCounts,
    interface: Interface,
    features: Option<usize>,
) -> Shape {
    // Long runs are compiled with more care; only small programs are affordable at that length.
    let long = choices.once_in(24);
    let drawn = match choices.below(16) {
        _ if long => 1 + choices.below(2),
        15 => choices.one_of(&[65, 96, 100, 128, 256, 257]),
        14 => choices.one_of(&[16, 17, 32, 33, 48, 63, 64]),
        12 | 13 => 1 + choices.below(64),
        11 => choices.one_of(&[4, 8, 16]),
        _ => 1 + choices.below(8),
    };
    // Classes need an element each: the sizes from there on.
    let (least, drawn) = match interface {
        Interface::Number => (1, drawn),
        Interface::Classes => (CLASSES, if drawn < CLASSES { CLASSES - 1 + drawn } else { drawn }),
    };
    let mut features = features.unwrap_or(drawn);
    while features > least && (work(program, features).iter().sum::<usize>() > BUDGET || counts.elements(features) * 16 > MEMORY_BUDGET) {
        features = (features / 2).max(least);
    }
    let scoring = match interface {
        Interface::Number if choices.once_in(3) => Scoring::Accuracy,
        Interface::Number => Scoring::Rms,
        Interface::Classes => Scoring::Classes,
    };
    let epochs = if long { 3 } else { 1 + choices.below(3) };
    let max_abs_error = match choices.below(8) {
        _ if long => f64::INFINITY,
        0 => f64::INFINITY,
        1 => 0.0,
        2 => 0.5,
        3 => 1.0,
        // The error of ten equal shares is 0.9.
        4 | 5 if scoring == Scoring::Classes => 0.85 + 0.15 * choices.unit(),
        4 | 5 => choices.normal().abs() * 3.0,
        _ => 100.0,
    };
    let mut tasks = if long { 13 + choices.below(5) } else { 1 + choices.below(17) };
    // Later epochs are gathered in blocks of 64 examples: sometimes more than one block.
    let mut train = match choices.below(12) {
        _ if long => 900,
        11 => 65 + choices.below(70),
        _ => 1 + choices.below(40),
    };
    let mut valid = 1 + choices.below(40);
    let [setup, predict, learn] = work(program, features);
    let budget = if long { 10 * BUDGET } else { BUDGET };
    while tasks * (setup + epochs * (train * (predict + learn) + valid * predict)) > budget {
        if train + valid > 8 {
            (train, valid) = (train.div_ceil(2), valid.div_ceil(2));
        } else if tasks > 1 {
            tasks = tasks.div_ceil(2);
        } else {
            break;
        }
    }
    Shape {
        settings: GroupSettings { epochs: epochs as u32, max_abs_error, ..GroupSettings::new(features, scoring) },
        tasks,
        train,
        valid,
        recorded_orders: choices.once_in(8),
        specials: choices.once_in(6),
        uneven: choices.once_in(4),
        valid_scale: choices.one_of(&[1.0, 1.0, 5.0]),
    }
}

/// Elements that one execution of each component function computes, about.
fn work(program: &Program, features: usize) -> [usize; 3] {
    ComponentFunction::ALL.map(|function| program.function(function).iter().map(|instruction| cost(instruction, features)).sum())
}

fn cost(instruction: &Instruction, features: usize) -> usize {
    let op = instruction.op();
    let elements = op.inputs().iter().copied().chain(op.output()).map(|space| space.elements(features)).max().unwrap_or(1);
    match op {
        Op::MatrixMatrixProduct => elements * features,
        op if op.is_random() => elements * 16,
        _ => elements + 1,
    }
}

impl Shape {
    /// Tasks of this shape.
    pub(super) fn group(&self, stream: &mut Stream) -> TaskGroup {
        let epochs = self.settings.epochs as usize;
        let made = (0..self.tasks).map(|_| {
            let weights: Vec<f64> = (0..self.settings.features).map(|_| stream.normal()).collect();
            let scale = if self.uneven { 10f64.powi(stream.below(5) as i32 - 2) } else { 1.0 };
            let train = self.labelled(stream, &weights, self.train, scale);
            let valid = self.labelled(stream, &weights, self.valid, scale * self.valid_scale);
            let orders = || (0..epochs).map(|_| (0..self.train).map(|_| stream.below(self.train) as u32).collect()).collect();
            let train_orders = self.recorded_orders.then(orders);
            Task { seed: stream.next_u64(), train, valid, train_orders }
        });
        let tasks = made.collect();
        TaskGroup::new(self.settings, tasks).expect("consistent shapes, far below the memory limit")
    }

    /// Examples of a linear task; some numbers replaced by special ones.
    fn labelled(&self, stream: &mut Stream, weights: &[f64], count: usize, scale: f64) -> Examples {
        let mut examples = Examples::default();
        for _ in 0..count {
            let mut label = 0.0;
            let (mut class, mut largest) = (0, f64::NEG_INFINITY);
            for (number, weight) in weights.iter().enumerate() {
                let special = self.specials && stream.below(20) == 0;
                let x = if special { SPECIAL_NUMBERS[stream.below(SPECIAL_NUMBERS.len())] } else { stream.normal() };
                label += weight * x;
                if number < CLASSES && weight * x > largest {
                    (class, largest) = (number, weight * x);
                }
                examples.features.push(x);
            }
            let label = match self.settings.scoring {
                Scoring::Accuracy => f64::from(u8::from(label > 0.0)),
                Scoring::Rms if self.specials && stream.below(20) == 0 => SPECIAL_NUMBERS[stream.below(SPECIAL_NUMBERS.len())],
                Scoring::Rms => label * scale,
                Scoring::Classes => class as f64,
            };
            examples.labels.push(label);
        }
        examples
    }
}
