//! Synthetic regression tasks: linear, affine, two-layer.

use exnihilo_jit::exec::random::purpose;
use exnihilo_jit::exec::sum::sum;
use exnihilo_jit::{Examples, Stream, Task};

/// The function behind the labels of a task.
enum Teacher {
    /// w . x
    Linear { weights: Vec<f64> },
    /// w . x + b
    Affine { weights: Vec<f64>, bias: f64 },
    /// w2 . relu(W1 x), W1 F x F and row-major.
    TwoLayer { hidden: Vec<f64>, output: Vec<f64> },
}

/// Hidden units that the reference switches off: their row of W1 and their element of w2 are 0.
const SWITCHED_OFF: [usize; 2] = [0, 2];

/// Which of the synthetic tasks is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    Linear,
    Affine,
    TwoLayer {
        /// Whether the units of [`SWITCHED_OFF`] are off.
        zeroed: bool,
    },
}

impl Teacher {
    /// Draws the weights, all N(0, 1): w then b, or W1 row by row then w2.
    fn draw(model: Model, features: usize, mut stream: Stream) -> Teacher {
        let mut normals = |count: usize| -> Vec<f64> { (0..count).map(|_| stream.normal()).collect() };
        match model {
            Model::Linear => Teacher::Linear { weights: normals(features) },
            Model::Affine => Teacher::Affine { weights: normals(features), bias: normals(1)[0] },
            Model::TwoLayer { zeroed } => {
                let (mut hidden, mut output) = (normals(features * features), normals(features));
                for unit in SWITCHED_OFF.into_iter().filter(|&unit| zeroed && unit < features) {
                    hidden[unit * features..][..features].fill(0.0);
                    output[unit] = 0.0;
                }
                Teacher::TwoLayer { hidden, output }
            }
        }
    }

    /// The label of an example, summed as programs sum, so that a perfect program has an error of exactly 0.
    fn label(&self, x: &[f64]) -> f64 {
        let dot = |weights: &[f64]| sum(x.len(), |i| weights[i] * x[i]);
        match self {
            Teacher::Linear { weights } => dot(weights),
            Teacher::Affine { weights, bias } => dot(weights) + bias,
            Teacher::TwoLayer { hidden, output } => sum(x.len(), |unit| output[unit] * relu(dot(&hidden[unit * x.len()..]))),
        }
    }

    /// `count` examples with features N(0, 1), drawn example by example.
    fn examples(&self, count: usize, features: usize, mut stream: Stream) -> Examples {
        let drawn: Vec<f64> = (0..count * features).map(|_| stream.normal()).collect();
        let labels = drawn.chunks_exact(features).map(|x| self.label(x)).collect();
        Examples { features: drawn, labels }
    }
}

fn relu(x: f64) -> f64 {
    if x > 0.0 { x } else { 0.0 }
}

/// The task with this seed, which has `train` and `valid` examples of `features` numbers.
pub(super) fn task(model: Model, features: usize, train: usize, valid: usize, seed: u64) -> Task {
    let teacher = Teacher::draw(model, features, Stream::named(seed, purpose::WEIGHTS));
    Task {
        seed,
        train: teacher.examples(train, features, Stream::named(seed, purpose::TRAIN)),
        valid: teacher.examples(valid, features, Stream::named(seed, purpose::VALID)),
        train_orders: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weights of the task with this seed, in the order in which they are drawn.
    fn weights(seed: u64, count: usize) -> Vec<f64> {
        let mut stream = Stream::named(seed, purpose::WEIGHTS);
        (0..count).map(|_| stream.normal()).collect()
    }

    fn plain_dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// Checks every label of both parts against a function of the features.
    fn check_labels(task: &Task, features: usize, label: impl Fn(&[f64]) -> f64) {
        for examples in [&task.train, &task.valid] {
            for (x, &found) in examples.features.chunks_exact(features).zip(&examples.labels) {
                assert!((label(x) - found).abs() < 1e-12, "{found} is not {}", label(x));
            }
        }
    }

    #[test]
    fn labels_follow_the_formulas() {
        let w = weights(5, 9);
        let linear = task(Model::Linear, 8, 20, 10, 5);
        assert_eq!((linear.train.labels.len(), linear.train.features.len(), linear.valid.features.len()), (20, 160, 80));
        check_labels(&linear, 8, |x| plain_dot(&w[..8], x));
        check_labels(&task(Model::Affine, 8, 20, 10, 5), 8, |x| plain_dot(&w[..8], x) + w[8]);
        for features in [2, 3, 5] {
            let w = weights(5, features * features + features);
            for zeroed in [true, false] {
                let two_layer = task(Model::TwoLayer { zeroed }, features, 20, 10, 5);
                check_labels(&two_layer, features, |x| {
                    let units = (0..features).filter(|unit| !zeroed || ![0, 2].contains(unit));
                    units.map(|unit| w[features * features + unit] * plain_dot(&w[unit * features..][..features], x).max(0.0)).sum()
                });
                assert!(two_layer.train.labels.iter().any(|&label| label != 0.0));
            }
        }
    }

    #[test]
    fn features_are_standard_normal_and_differ_between_parts_and_tasks() {
        let one = task(Model::Linear, 4, 5_000, 100, 1);
        let n = one.train.features.len() as f64;
        let mean = one.train.features.iter().sum::<f64>() / n;
        let variance = one.train.features.iter().map(|x| x * x).sum::<f64>() / n - mean * mean;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "mean {mean}, variance {variance}");
        assert_ne!(one.train.features[..4], one.valid.features[..4]);
        assert_ne!(one.train.features[..4], task(Model::Linear, 4, 1, 1, 2).train.features[..]);
    }

    #[test]
    fn more_examples_leave_the_first_ones_alone() {
        let (few, many) = (task(Model::Affine, 4, 10, 5, 3), task(Model::Affine, 4, 30, 9, 3));
        assert_eq!(few.train.features[..], many.train.features[..40]);
        assert_eq!(few.valid.labels[..], many.valid.labels[..5]);
    }
}
