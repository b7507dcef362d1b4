//! What each of the 65 ops means, to be read beside `docs/semantics.md`.

use super::memory::{Memory, Parts};
use crate::exec::random::{DrawKey, StepDraws};
use crate::exec::{math, sum::sum};
use crate::lang::{Instruction, Op, element_index};

/// Executes one instruction on `memory`. `ordinal` is its number among the random instructions, `step` the step number and
/// `task_seed` the seed of the task; only random ops look at the three.
///
/// # Panics
/// If the memory lacks an address of the instruction.
pub fn execute(instruction: &Instruction, ordinal: u32, step: u64, task_seed: u64, memory: &mut Memory) {
    executor(memory.features())(std::slice::from_ref(instruction), &[ordinal], step, task_seed, memory);
}

/// Executes instructions one after another, each with its ordinal: (instructions, ordinals, step, task seed, memory).
pub(super) type Executor = fn(&[Instruction], &[u32], u64, u64, &mut Memory);

/// The executor for features of size `features`: the common sizes have one in which F is a constant and loops unroll.
pub(super) fn executor(features: usize) -> Executor {
    match features {
        2 => execute_all::<2>,
        4 => execute_all::<4>,
        8 => execute_all::<8>,
        16 => execute_all::<16>,
        _ => execute_all::<0>,
    }
}

/// `FIXED` is F, or 0 where only the memory knows it.
fn execute_all<const FIXED: usize>(instructions: &[Instruction], ordinals: &[u32], step: u64, task_seed: u64, memory: &mut Memory) {
    let f = if FIXED == 0 { memory.features() } else { FIXED };
    let Parts { scalars, vectors, matrices, result } = memory.parts();
    for (instruction, &ordinal) in instructions.iter().zip(ordinals) {
        let draws = || DrawKey::new(task_seed, ordinal).at_step(step);
        execute_one(f, instruction, draws, scalars, vectors, matrices, result);
    }
}

/// One instruction for features of size `f`. In the arms a and b are the inputs in order: a number, a slice of F elements or a
/// slice of F x F, row-major; i, r and c are the element, row and column of the output that the expression after them gives.
#[inline(always)]
fn execute_one(
    f: usize,
    instruction: &Instruction,
    draws: impl Fn() -> StepDraws,
    scalars: &mut [f64],
    vectors: &mut [f64],
    matrices: &mut [f64],
    result: &mut [f64],
) {
    let (in1, in2, out) = (usize::from(instruction.in1()), usize::from(instruction.in2()), usize::from(instruction.out()));
    let square = f * f;
    let s = |address: usize| scalars[address];
    let v = |address: usize| &vectors[address * f..][..f];
    let m = |address: usize| &matrices[address * square..][..square];
    let constants = || instruction.data().values().0;

    macro_rules! to_scalar {
        ($($input:ident = $operand:expr),*; $value:expr) => {{
            $(let $input = $operand;)*
            scalars[out] = $value;
        }};
    }
    macro_rules! to_vector {
        ($($input:ident = $operand:expr),*; |$i:ident| $element:expr) => {{
            $(let $input = $operand;)*
            let result = &mut result[..f];
            for ($i, element) in result.iter_mut().enumerate() {
                *element = $element;
            }
            vectors[out * f..][..f].copy_from_slice(result);
        }};
    }
    macro_rules! to_matrix {
        ($($input:ident = $operand:expr),*; |$i:ident| $element:expr) => {{
            $(let $input = $operand;)*
            let result = &mut result[..square];
            for ($i, element) in result.iter_mut().enumerate() {
                *element = $element;
            }
            matrices[out * square..][..square].copy_from_slice(result);
        }};
        ($($input:ident = $operand:expr),*; |$r:ident, $c:ident| $element:expr) => {{
            $(let $input = $operand;)*
            let result = &mut result[..square];
            for ($r, row) in result.chunks_exact_mut(f).enumerate() {
                for ($c, element) in row.iter_mut().enumerate() {
                    *element = $element;
                }
            }
            matrices[out * square..][..square].copy_from_slice(result);
        }};
    }

    match instruction.op() {
        Op::NoOp => {}

        Op::ScalarSum => to_scalar!(a = s(in1), b = s(in2); a + b),
        Op::ScalarDiff => to_scalar!(a = s(in1), b = s(in2); a - b),
        Op::ScalarProduct => to_scalar!(a = s(in1), b = s(in2); a * b),
        Op::ScalarDivision => to_scalar!(a = s(in1), b = s(in2); a / b),
        Op::ScalarAbs => to_scalar!(a = s(in1); a.abs()),
        Op::ScalarReciprocal => to_scalar!(a = s(in1); 1.0 / a),
        Op::ScalarSin => to_scalar!(a = s(in1); math::sin(a)),
        Op::ScalarCos => to_scalar!(a = s(in1); math::cos(a)),
        Op::ScalarTan => to_scalar!(a = s(in1); math::tan(a)),
        Op::ScalarArcsin => to_scalar!(a = s(in1); math::arcsin(a)),
        Op::ScalarArccos => to_scalar!(a = s(in1); math::arccos(a)),
        Op::ScalarArctan => to_scalar!(a = s(in1); math::arctan(a)),
        Op::ScalarExp => to_scalar!(a = s(in1); math::exp(a)),
        Op::ScalarLog => to_scalar!(a = s(in1); math::log(a)),

        // 1 at zero for a scalar, 0 at zero for the elements of vectors and matrices.
        Op::ScalarHeaviside => to_scalar!(a = s(in1); if a >= 0.0 { 1.0 } else { 0.0 }),
        Op::VectorHeaviside => to_vector!(a = v(in1); |i| if a[i] > 0.0 { 1.0 } else { 0.0 }),
        Op::MatrixHeaviside => to_matrix!(a = m(in1); |i| if a[i] > 0.0 { 1.0 } else { 0.0 }),

        Op::ScalarVectorProduct => to_vector!(a = s(in1), b = v(in2); |i| a * b[i]),
        Op::ScalarBroadcast => to_vector!(a = s(in1); |_i| a),
        Op::VectorReciprocal => to_vector!(a = v(in1); |i| 1.0 / a[i]),
        Op::VectorNorm => to_scalar!(a = v(in1); norm(f, |i| a[i])),
        Op::VectorAbs => to_vector!(a = v(in1); |i| a[i].abs()),
        Op::VectorSum => to_vector!(a = v(in1), b = v(in2); |i| a[i] + b[i]),
        Op::VectorDiff => to_vector!(a = v(in1), b = v(in2); |i| a[i] - b[i]),
        Op::VectorProduct => to_vector!(a = v(in1), b = v(in2); |i| a[i] * b[i]),
        Op::VectorDivision => to_vector!(a = v(in1), b = v(in2); |i| a[i] / b[i]),
        Op::VectorInnerProduct => to_scalar!(a = v(in1), b = v(in2); sum(f, |i| a[i] * b[i])),
        Op::VectorOuterProduct => to_matrix!(a = v(in1), b = v(in2); |r, c| a[r] * b[c]),

        Op::ScalarMatrixProduct => to_matrix!(a = s(in1), b = m(in2); |i| a * b[i]),
        Op::MatrixReciprocal => to_matrix!(a = m(in1); |i| 1.0 / a[i]),
        Op::MatrixVectorProduct => to_vector!(a = m(in1), b = v(in2); |r| sum(f, |c| a[r * f + c] * b[c])),
        Op::VectorColumnBroadcast => to_matrix!(a = v(in1); |r, _c| a[r]),
        Op::VectorRowBroadcast => to_matrix!(a = v(in1); |_r, c| a[c]),
        Op::MatrixNorm => to_scalar!(a = m(in1); norm(square, |i| a[i])),
        Op::MatrixColumnNorm => to_vector!(a = m(in1); |c| norm(f, |r| a[r * f + c])),
        Op::MatrixRowNorm => to_vector!(a = m(in1); |r| norm(f, |c| a[r * f + c])),
        Op::MatrixTranspose => to_matrix!(a = m(in1); |r, c| a[c * f + r]),
        Op::MatrixAbs => to_matrix!(a = m(in1); |i| a[i].abs()),
        Op::MatrixSum => to_matrix!(a = m(in1), b = m(in2); |i| a[i] + b[i]),
        Op::MatrixDiff => to_matrix!(a = m(in1), b = m(in2); |i| a[i] - b[i]),
        Op::MatrixProduct => to_matrix!(a = m(in1), b = m(in2); |i| a[i] * b[i]),
        Op::MatrixDivision => to_matrix!(a = m(in1), b = m(in2); |i| a[i] / b[i]),
        Op::MatrixMatrixProduct => to_matrix!(a = m(in1), b = m(in2); |r, c| sum(f, |k| a[r * f + k] * b[k * f + c])),

        // A tie or a NaN gives a for scalars and vectors, b for matrices.
        Op::ScalarMin => to_scalar!(a = s(in1), b = s(in2); if b < a { b } else { a }),
        Op::VectorMin => to_vector!(a = v(in1), b = v(in2); |i| if b[i] < a[i] { b[i] } else { a[i] }),
        Op::MatrixMin => to_matrix!(a = m(in1), b = m(in2); |i| if a[i] < b[i] { a[i] } else { b[i] }),
        Op::ScalarMax => to_scalar!(a = s(in1), b = s(in2); if a < b { b } else { a }),
        Op::VectorMax => to_vector!(a = v(in1), b = v(in2); |i| if a[i] < b[i] { b[i] } else { a[i] }),
        Op::MatrixMax => to_matrix!(a = m(in1), b = m(in2); |i| if a[i] > b[i] { a[i] } else { b[i] }),

        Op::VectorMean => to_scalar!(a = v(in1); mean(f, |i| a[i])),
        Op::MatrixMean => to_scalar!(a = m(in1); mean(square, |i| a[i])),
        Op::MatrixRowMean => to_vector!(a = m(in1); |r| mean(f, |c| a[r * f + c])),
        Op::MatrixRowStDev => to_vector!(a = m(in1); |r| st_dev(f, |c| a[r * f + c])),
        Op::VectorStDev => to_scalar!(a = v(in1); st_dev(f, |i| a[i])),
        Op::MatrixStDev => to_scalar!(a = m(in1); st_dev(square, |i| a[i])),

        Op::ScalarConstSet => to_scalar!(k = constants(); k[0]),
        Op::VectorConstSet => {
            let [index, value, _] = constants();
            vectors[out * f + element_index(index as f32, f)] = value;
        }
        Op::MatrixConstSet => {
            let [row, column, value] = constants();
            matrices[out * square + element_index(row as f32, f) * f + element_index(column as f32, f)] = value;
        }
        Op::ScalarUniformSet => to_scalar!(d = draws(), k = constants(); d.uniform(0, k[0], k[1])),
        Op::VectorUniformSet => to_vector!(d = draws(), k = constants(); |i| d.uniform(i, k[0], k[1])),
        Op::MatrixUniformSet => to_matrix!(d = draws(), k = constants(); |i| d.uniform(i, k[0], k[1])),
        Op::ScalarGaussianSet => to_scalar!(d = draws(), k = constants(); d.gaussian(0, k[0], k[1])),
        Op::VectorGaussianSet => to_vector!(d = draws(), k = constants(); |i| d.gaussian(i, k[0], k[1])),
        Op::MatrixGaussianSet => to_matrix!(d = draws(), k = constants(); |i| d.gaussian(i, k[0], k[1])),
    }
}

/// The square root of the sum of squares of n terms.
#[inline(always)]
fn norm(n: usize, term: impl Fn(usize) -> f64) -> f64 {
    sum(n, |i| term(i) * term(i)).sqrt()
}

/// The mean of n terms.
#[inline(always)]
fn mean(n: usize, term: impl Fn(usize) -> f64) -> f64 {
    sum(n, term) / n as f64
}

/// The standard deviation of n terms by mean of squares less squared mean; not clamped, so it may be NaN.
#[inline(always)]
fn st_dev(n: usize, term: impl Fn(usize) -> f64) -> f64 {
    let mean = mean(n, &term);
    (sum(n, |i| term(i) * term(i)) / n as f64 - mean * mean).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::random::Stream;
    use crate::lang::{AddressCounts, Data, DataKind};

    fn constants_of(kind: DataKind) -> Data {
        match kind {
            DataKind::None => Data::None,
            DataKind::ScalarConst => Data::ScalarConst(0.25),
            DataKind::VectorConst => Data::VectorConst { index: 1.0, value: 0.5 },
            DataKind::MatrixConst => Data::MatrixConst { row: 0.5, column: 1.0, value: 0.5 },
            DataKind::Uniform => Data::Uniform { low: -1.0, high: 2.0 },
            DataKind::Gaussian => Data::Gaussian { mean: 1.0, st_dev: 0.5 },
        }
    }

    fn filled(features: usize, seed: u64) -> Memory {
        let mut memory = Memory::new(features, AddressCounts { scalars: 4, vectors: 4, matrices: 3 });
        let mut stream = Stream::new(seed);
        memory.scalars_mut().fill_with(|| stream.normal());
        memory.vectors_mut().fill_with(|| stream.normal());
        memory.matrices_mut().fill_with(|| stream.normal());
        memory
    }

    fn bits(numbers: &[f64]) -> Vec<u64> {
        numbers.iter().map(|&x| if x.is_nan() { f64::NAN } else { x }.to_bits()).collect()
    }

    /// Every op, under every way in which its operands can be one address, gives the element values that it gives with all
    /// operands apart: nothing of the output is seen by the inputs. Where F is a constant the result is that of run-time F.
    #[test]
    fn inputs_are_read_before_the_output_is_written() {
        for (op, features) in Op::ALL.into_iter().flat_map(|op| [1, 2, 3, 4, 8, 16, 19].map(|features| (op, features))) {
            let Some(space) = op.output() else { continue };
            let elements = space.elements(features);
            for (in1, in2, out) in [(2, 2, 2), (2, 1, 2), (1, 2, 2)] {
                let data = constants_of(op.info().data);
                let aliased = Instruction::new(op, in1, in2, out, data).expect("valid");
                let mut memory = filled(features, 7);
                execute(&aliased, 3, 5, 11, &mut memory);

                // The same operands copied to addresses of their own, and an output past the others.
                let mut apart = Memory::new(features, AddressCounts { scalars: 9, vectors: 9, matrices: 9 });
                let source = filled(features, 7);
                let (square, wide) = (features * features, usize::from);
                for (to, from) in [(4, in1), (5, in2), (6, out)] {
                    apart.scalars_mut()[to] = source.scalars()[wide(from)];
                    apart.vectors_mut()[to * features..][..features]
                        .copy_from_slice(&source.vectors()[wide(from) * features..][..features]);
                    apart.matrices_mut()[to * square..][..square].copy_from_slice(&source.matrices()[wide(from) * square..][..square]);
                }
                let separate = Instruction::new(op, 4, 5, 6, data).expect("valid");
                execute_all::<0>(&[separate], &[3], 5, 11, &mut apart);

                let part = |memory: &Memory, address: usize| {
                    let all = match space {
                        crate::lang::Space::Scalar => memory.scalars(),
                        crate::lang::Space::Vector => memory.vectors(),
                        crate::lang::Space::Matrix => memory.matrices(),
                    };
                    bits(&all[address * elements..][..elements])
                };
                assert_eq!(part(&memory, wide(out)), part(&apart, 6), "{op} at F = {features}, {in1} {in2} -> {out}");
            }
        }
    }

    #[test]
    fn draws_follow_seed_ordinal_and_step_and_nothing_else() {
        let draw = Instruction::new(Op::VectorGaussianSet, 0, 0, 2, Data::Gaussian { mean: 0.0, st_dev: 1.0 }).expect("valid");
        let run = |ordinal, step, seed, fill| {
            let mut memory = filled(4, fill);
            execute(&draw, ordinal, step, seed, &mut memory);
            bits(&memory.vectors()[8..12])
        };
        assert_eq!(run(1, 2, 3, 0), run(1, 2, 3, 9));
        assert_ne!(run(1, 2, 3, 0), run(0, 2, 3, 0));
        assert_ne!(run(1, 2, 3, 0), run(1, 1, 3, 0));
        assert_ne!(run(1, 2, 3, 0), run(1, 2, 4, 0));
        let values = run(1, 2, 3, 0);
        assert!(values.iter().all(|value| values.iter().filter(|other| *other == value).count() == 1), "each element its own draw");
    }
}
