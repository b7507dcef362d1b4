//! The arithmetic of each op: how many floating-point operations it takes, and how many of them one after the other.
//!
//! Additions, multiplications, comparisons, divisions and square roots count one each, though the last two take longer, so that what
//! is computed from the counts stays a lower bound. Loads, stores, copies and the integers of the random generator count nothing.

use std::ops::Add;

use exnihilo_jit::exec::sum::sum;
use exnihilo_jit::lang::{Distribution, Element, Extent, Reduction, Shape};
use exnihilo_jit::{Instruction, Op, Space};

/// What one value of a function of the mathematics library counts: range reduction and a polynomial of about eight terms.
pub const FUNCTION_FLOPS: usize = 20;

/// Floating-point operations of one execution of an op on one task.
pub fn flops(op: Op, features: usize) -> usize {
    let out = op.output().map_or(0, |space| space.elements(features));
    let terms = op.inputs().first().map_or(0, |space| space.elements(features));
    match op.shape() {
        Shape::Nothing | Shape::Repeat | Shape::Transpose | Shape::Constant => 0,
        Shape::Elementwise(Element::Function) => FUNCTION_FLOPS,
        Shape::Elementwise(_) | Shape::Outer => out,
        Shape::Dot => out * (2 * features - 1),
        // Squares, their sum and a root for each result.
        Shape::Reduce(Reduction::Norm, _) => 2 * terms,
        // A sum and a division for each result.
        Shape::Reduce(Reduction::Mean, _) => terms,
        // Sum, squares and their sum; two divisions, the square of the mean, a difference and a root.
        Shape::Reduce(Reduction::StDev, _) => 3 * terms + 3 * out,
        // To a fraction, times the range, plus its low end.
        Shape::Drawn(Distribution::Uniform) => 3 * out,
        // By Box and Muller two values share a logarithm and a root, and each has a sine or cosine.
        Shape::Drawn(Distribution::Gaussian) => (3 * FUNCTION_FLOPS / 2 + 5) * out,
    }
}

/// Operations from an input of an op to its output, one after the other.
fn depth(op: Op, features: usize) -> u32 {
    // Reduced together, to one result.
    let terms = |extent| match extent {
        Extent::All => op.inputs().first().map_or(1, |space| space.elements(features)),
        Extent::Rows | Extent::Columns => features,
    };
    match op.shape() {
        Shape::Nothing | Shape::Repeat | Shape::Transpose | Shape::Constant => 0,
        // A polynomial is evaluated in a tree, not term by term.
        Shape::Elementwise(Element::Function) => FUNCTION_FLOPS as u32 / 2,
        Shape::Elementwise(_) | Shape::Outer | Shape::Drawn(_) => 1,
        Shape::Dot => 1 + sum_depth(features),
        Shape::Reduce(Reduction::Norm, extent) => 2 + sum_depth(terms(extent)),
        Shape::Reduce(Reduction::Mean, extent) => 1 + sum_depth(terms(extent)),
        // The mean, its square, the difference, the root.
        Shape::Reduce(Reduction::StDev, extent) => 4 + sum_depth(terms(extent)),
    }
}

/// Additions one after the other in a sum, in the order that the language prescribes.
fn sum_depth(terms: usize) -> u32 {
    #[derive(Clone, Copy)]
    struct Depth(u32);

    impl Add for Depth {
        type Output = Depth;

        fn add(self, other: Depth) -> Depth {
            Depth(self.0.max(other.0) + 1)
        }
    }

    sum(terms, |_| Depth(0)).0
}

/// Operations that each repetition of `instructions` has to wait for after the one before, one after the other: the longest way from
/// memory back to the same memory. Features and label of all examples are there from the beginning.
pub fn chain(instructions: &[Instruction], features: usize) -> f64 {
    const STEPS: u32 = 128;
    const ADDRESSES: usize = exnihilo_jit::lang::MAX_ADDRESSES;
    // When the value at each address is there.
    let mut ready = [[0_u32; ADDRESSES]; 3];
    let mut step = |latest_before: u32| {
        let mut latest = latest_before;
        for instruction in instructions {
            let Some((space, address)) = instruction.writes() else { continue };
            let at = |(space, address): (Space, u8)| ready[space as usize][usize::from(address)];
            // Where one element is set the others stay, so all of it is there when it was.
            let kept = if instruction.op().writes_one_element() { at((space, address)) } else { 0 };
            let begin = instruction.reads().map(at).max().unwrap_or(0);
            let end = begin + depth(instruction.op(), features);
            ready[space as usize][usize::from(address)] = end.max(kept);
            latest = latest.max(end);
        }
        latest
    };
    let half = (0..STEPS / 2).fold(0, |latest, _| step(latest));
    let whole = (0..STEPS / 2).fold(half, |latest, _| step(latest));
    f64::from(whole - half) / f64::from(STEPS / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use exnihilo_jit::Program;

    #[test]
    fn every_op_is_counted_and_grows_with_features() {
        let free = ["NO_OP", "SCALAR_BROADCAST_OP", "VECTOR_COLUMN_BROADCAST_OP", "VECTOR_ROW_BROADCAST_OP", "MATRIX_TRANSPOSE_OP"];
        for op in Op::ALL {
            let sets_constant = op.info().reference_name.ends_with("CONST_SET_OP");
            assert_eq!(flops(op, 4) == 0, sets_constant || free.contains(&op.info().reference_name), "{op}");
            assert_eq!(depth(op, 4) == 0, flops(op, 4) == 0, "{op}");
            let scalar = op.inputs().iter().copied().chain(op.output()).all(|space| space == Space::Scalar);
            assert_eq!(flops(op, 32) == flops(op, 4), scalar || flops(op, 4) == 0, "{op}");
            assert!(depth(op, 32) as usize <= flops(op, 32).max(1), "{op}");
        }
    }

    #[test]
    fn counts_are_those_of_the_formulas() {
        let counted = [
            (Op::VectorInnerProduct, 15),
            (Op::MatrixVectorProduct, 8 * 15),
            (Op::MatrixMatrixProduct, 64 * 15),
            (Op::MatrixNorm, 64 + 63 + 1),
            (Op::MatrixRowNorm, 8 * (8 + 7 + 1)),
            (Op::VectorMean, 7 + 1),
            (Op::VectorStDev, 7 + 8 + 7 + 2 + 1 + 1 + 1),
            (Op::MatrixSum, 64),
        ];
        for (op, expected) in counted {
            assert_eq!(flops(op, 8), expected, "{op}");
        }
    }

    #[test]
    fn a_chain_goes_through_memory_from_step_to_step() {
        let of = |learn: &str| {
            let program: Program = format!("def Setup():\ndef Predict():\ndef Learn():\n{learn}").parse().expect("program text");
            chain(program.function(exnihilo_jit::ComponentFunction::Learn), 4)
        };
        assert_eq!(of(""), 0.0);
        assert_eq!(of("  s2 = s0 * s0\n  s3 = s2 + s0\n"), 0.0, "nothing is kept");
        assert_eq!(of("  s2 = s2 + s0\n"), 1.0);
        assert_eq!(of("  s2 = 0.5\n  s2 = s2 + s0\n"), 0.0, "it is set anew in every step");
        // Two steps of two operations, once around through both addresses.
        assert_eq!(of("  s4 = s3 * s3\n  s3 = s2 + s2\n  s2 = abs(s4)\n"), 1.5);
        assert_eq!(of("  v1[0.4] = 0.5\n  v1 = v1 + v0\n"), 1.0, "the other elements stay");
    }
}
