//! What a program is charged for, by a table that is the same on every machine: the budget of a search may depend on it.

use crate::lang::{ComponentFunction, Distribution, Element, Op, Program, Reduction, Shape, Space};

/// One addition or the like, of one element.
const STEP: u64 = 1;
/// One division or square root.
const DIVISION: u64 = 4;
/// One sine, exponential and the like.
const FUNCTION: u64 = 12;
/// One uniform draw.
const UNIFORM: u64 = 4;
/// One normal draw: a logarithm, a sine or cosine, a square root, half of two outputs of the generator.
const GAUSSIAN: u64 = 24;

/// The charge for one execution of an op with features of size `features`, in elementary operations:
///
/// | ops | charge |
/// |---|---|
/// | sums, differences, products, abs, minimum, maximum, heaviside, broadcasts, transpose | 1 for each element of the output |
/// | divisions, reciprocals | 4 for each element of the output |
/// | sin, cos, tan, arcsin, arccos, arctan, exp, log | 12 |
/// | dot of vectors, outer product | 2 F, F^2 |
/// | matrix-vector, matrix-matrix product | 2 F^2, 2 F^3 |
/// | means | 1 for each element of the input, 4 for each of the output |
/// | norms, standard deviations | 2 (norm) or 3 for each element of the input, 4 for each of the output |
/// | constants | 1 |
/// | uniform, gaussian | 4, 24 for each element of the output |
/// | no-op | 0 |
pub fn op_charge(op: Op, features: usize) -> u64 {
    let f = features as u64;
    let elements = |space: Option<&Space>| space.map_or(0, |space| space.elements(features) as u64);
    let (input, output) = (elements(op.inputs().first()), elements(op.output().as_ref()));
    match op.shape() {
        Shape::Nothing => 0,
        Shape::Constant => STEP,
        Shape::Elementwise(element) => match element {
            Element::Quotient | Element::Reciprocal => DIVISION * output,
            Element::Function => FUNCTION,
            Element::Sum
            | Element::Difference
            | Element::Product
            | Element::Abs
            | Element::Heaviside
            | Element::Minimum
            | Element::Maximum => STEP * output,
        },
        Shape::Repeat | Shape::Transpose | Shape::Outer => STEP * output,
        Shape::Dot => 2 * f * output,
        Shape::Reduce(Reduction::Mean, _) => input + DIVISION * output,
        Shape::Reduce(Reduction::Norm, _) => 2 * input + DIVISION * output,
        Shape::Reduce(Reduction::StDev, _) => 3 * input + DIVISION * output,
        Shape::Drawn(Distribution::Uniform) => UNIFORM * output,
        Shape::Drawn(Distribution::Gaussian) => GAUSSIAN * output,
    }
}

/// The charge for all of a program on one task: Setup once; in each epoch Predict and Learn for each of `train` examples and Predict for
/// each of `valid`. Every instruction is charged, so the program should be simplified.
pub fn charge(program: &Program, features: usize, train: usize, valid: usize, epochs: u32) -> u64 {
    let [setup, predict, learn] = ComponentFunction::ALL.map(|function| {
        let charges = program.function(function).iter().map(|instruction| op_charge(instruction.op(), features));
        charges.fold(0, u64::saturating_add)
    });
    let (train, valid) = (train as u64, valid as u64);
    let epoch = predict.saturating_mul(train.saturating_add(valid)).saturating_add(learn.saturating_mul(train));
    setup.saturating_add(epoch.saturating_mul(epochs.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::known_program;

    #[test]
    fn every_op_is_charged_and_more_for_more_features() {
        for op in Op::ALL {
            let [small, large] = [4, 16].map(|features| op_charge(op, features));
            assert_eq!(small == 0, op == Op::NoOp, "{op}");
            let has_vectors = op.inputs().iter().copied().chain(op.output()).any(|space| space != Space::Scalar);
            let is_constant = matches!(op, Op::VectorConstSet | Op::MatrixConstSet);
            assert_eq!(large > small, has_vectors && !is_constant, "{op}: {small} and {large}");
        }
    }

    #[test]
    fn charges_add_up() {
        let program: Program =
            "def Setup():\n  s2 = 0.5\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  v1 = s1 * v0\n  m0 = transpose(m0)\n"
                .parse()
                .expect("a program");
        assert_eq!(charge(&program, 4, 10, 5, 3), 1 + 3 * (8 * 15 + (4 + 16) * 10));
        let [linear, net] = ["linear", "net"].map(|name| charge(&known_program(name).expect("a known name"), 16, 1_000, 100, 1));
        assert!(2 * linear < net, "{linear} and {net}");
        assert_eq!(charge(&program, 4, usize::MAX, usize::MAX, u32::MAX), u64::MAX, "no overflow");
    }
}
