//! What a program is charged for, by a table that is the same on every machine: the budget of a search may depend on it.

use crate::lang::{ComponentFunction, Op, Program, Space};

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
    use Op::{
        MatrixColumnNorm, MatrixConstSet, MatrixDivision, MatrixGaussianSet, MatrixMatrixProduct, MatrixMean, MatrixNorm, MatrixReciprocal,
        MatrixRowMean, MatrixRowNorm, MatrixRowStDev, MatrixStDev, MatrixUniformSet, MatrixVectorProduct, NoOp, ScalarConstSet,
        ScalarDivision, ScalarGaussianSet, ScalarReciprocal, ScalarUniformSet, VectorConstSet, VectorDivision, VectorGaussianSet,
        VectorInnerProduct, VectorMean, VectorNorm, VectorReciprocal, VectorStDev, VectorUniformSet,
    };
    let f = features as u64;
    let elements = |space: Option<&Space>| space.map_or(0, |space| space.elements(features) as u64);
    let (input, output) = (elements(op.inputs().first()), elements(op.output().as_ref()));
    match op {
        NoOp => 0,
        ScalarConstSet | VectorConstSet | MatrixConstSet => STEP,
        ScalarDivision | VectorDivision | MatrixDivision | ScalarReciprocal | VectorReciprocal | MatrixReciprocal => DIVISION * output,
        op if op.is_function() => FUNCTION,
        VectorInnerProduct => 2 * f,
        MatrixVectorProduct => 2 * f * f,
        MatrixMatrixProduct => 2 * f * f * f,
        VectorMean | MatrixMean | MatrixRowMean => input + DIVISION * output,
        VectorNorm | MatrixNorm | MatrixColumnNorm | MatrixRowNorm => 2 * input + DIVISION * output,
        VectorStDev | MatrixStDev | MatrixRowStDev => 3 * input + DIVISION * output,
        ScalarUniformSet | VectorUniformSet | MatrixUniformSet => UNIFORM * output,
        ScalarGaussianSet | VectorGaussianSet | MatrixGaussianSet => GAUSSIAN * output,
        _ => STEP * output,
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
