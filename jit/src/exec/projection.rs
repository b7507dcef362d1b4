//! Examples times a matrix: how images become features before any program sees them.
//!
//! The limit: one product and one sum for each input and feature of each example, in registers of `lanes` f64. A CIFAR-10 pair of 9,000
//! images of 3,072 numbers, projected to 16, is 0.44 G products and as many sums: 55 M of each on eight lanes, some 15 ms where a core
//! starts one of both each cycle.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::simd::{AlignedVec, Loops, Register, SimdLevel, run_loops};

/// Examples that go through the matrix side by side, so that its weights are loaded once for all of them: as many as keep their sums,
/// the weights and one input in 16 registers, with two registers a row of weights.
const SIDE_BY_SIDE: usize = 6;

/// A matrix that takes examples of `inputs` numbers to F numbers.
#[derive(Clone, Debug)]
pub struct Projection {
    inputs: usize,
    features: usize,
    /// Features that are summed up together, a panel.
    width: usize,
    /// The matrix as `[panel][input][feature in panel]`; features beyond F are 0.
    panels: AlignedVec,
}

impl Projection {
    /// From a matrix of `inputs` x F numbers, row-major: an example is a row vector, multiplied from the left.
    ///
    /// # Panics
    /// If F is 0, or the matrix has no row or not a whole number of rows.
    pub fn new(matrix: &[f64], features: usize) -> Projection {
        let inputs = matrix.len() / features;
        assert!(inputs > 0 && matrix.len() == inputs * features, "{} numbers are not rows of {features}", matrix.len());
        // Two registers, so that an input that is loaded serves two products.
        let width = match SimdLevel::of_machine() {
            SimdLevel::Baseline => 4,
            SimdLevel::Avx512 if features > 8 => 16,
            SimdLevel::Avx2 | SimdLevel::Avx512 => 8,
        };
        let mut panels = AlignedVec::zeros(features.div_ceil(width) * width * inputs);
        for (input, row) in matrix.chunks_exact(features).enumerate() {
            for (panel, weights) in row.chunks(width).enumerate() {
                panels[(panel * inputs + input) * width..][..weights.len()].copy_from_slice(weights);
            }
        }
        Projection { inputs, features, width, panels }
    }

    /// Appends the projections of the examples, F numbers each. Every sum is taken in the order of the inputs, from 0 on, each product
    /// rounded before it is added: the same bits on every machine.
    ///
    /// # Panics
    /// If an example has not `inputs` numbers.
    pub fn apply<'a, X: Copy + Into<f64> + 'static>(&self, examples: impl IntoIterator<Item = &'a [X]>, out: &mut Vec<f64>) {
        let Projection { inputs, features, width, .. } = *self;
        let mut examples = examples.into_iter();
        let (mut block, mut sums) = (vec![0.0; SIDE_BY_SIDE * inputs], AlignedVec::zeros(SIDE_BY_SIDE * width));
        loop {
            let mut count = 0;
            for (numbers, example) in block.chunks_exact_mut(inputs).zip(examples.by_ref()) {
                assert_eq!(example.len(), inputs, "numbers of an example");
                // SAFETY: the registers of this width are the machine's.
                unsafe { run_loops::<Convert<X>>(SimdLevel::of_machine(), width, &mut (example, numbers)) };
                count += 1;
            }
            if count == 0 {
                return;
            }
            let start = out.len();
            out.resize(start + count * features, 0.0);
            for (panel, weights) in self.panels.chunks_exact(inputs * width).enumerate() {
                let mut pass = Pass { weights, block: &block, sums: &mut sums };
                // SAFETY: the rows of the panel have the registers of this width, which are the machine's.
                unsafe { run_loops::<Panel>(SimdLevel::of_machine(), width, &mut pass) };
                let first = panel * width;
                let columns = width.min(features - first);
                for (example, sums) in sums.chunks_exact(width).take(count).enumerate() {
                    out[start + example * features + first..][..columns].copy_from_slice(&sums[..columns]);
                }
            }
        }
    }
}

/// From the numbers of an example to f64.
struct Convert<X>(PhantomData<X>);

impl<X: Copy + Into<f64> + 'static> Loops for Convert<X> {
    type Pass<'a> = (&'a [X], &'a mut [f64]);

    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>((example, numbers): &mut Self::Pass<'_>) {
        for (number, &x) in numbers.iter_mut().zip(*example) {
            *number = x.into();
        }
    }
}

/// A block of examples and a panel of the matrix.
struct Pass<'a> {
    /// `[input][feature in panel]`.
    weights: &'a [f64],
    /// `[example][input]`.
    block: &'a [f64],
    /// `[example][feature in panel]`.
    sums: &'a mut [f64],
}

/// The product of both.
struct Panel;

impl Loops for Panel {
    type Pass<'a> = Pass<'a>;

    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "sums that are indexed by constants once unrolled stay in registers")]
    unsafe fn run<V: Register, const R: usize>(pass: &mut Pass<'_>) {
        let width = R * V::LANES;
        let inputs = pass.weights.len() / width;
        assert!(pass.block.len() == SIDE_BY_SIDE * inputs && pass.sums.len() == SIDE_BY_SIDE * width);
        let (weights, block) = (pass.weights.as_ptr(), pass.block.as_ptr());
        let mut sums = [[V::splat(0.0); R]; SIDE_BY_SIDE];
        for input in 0..inputs {
            let mut row = [V::splat(0.0); R];
            for register in 0..R {
                // SAFETY: `weights` has `inputs` rows of R registers.
                row[register] = unsafe { V::load(weights.add(input * width + register * V::LANES)) };
            }
            for example in 0..SIDE_BY_SIDE {
                // SAFETY: `block` has `SIDE_BY_SIDE` examples of `inputs` numbers.
                let x = V::splat(unsafe { *block.add(example * inputs + input) });
                for register in 0..R {
                    sums[example][register] = sums[example][register].add(x.mul(row[register]));
                }
            }
        }
        let out = pass.sums.as_mut_ptr();
        for example in 0..SIDE_BY_SIDE {
            for register in 0..R {
                // SAFETY: there are `SIDE_BY_SIDE` rows of R registers.
                unsafe { sums[example][register].store(out.add(example * width + register * V::LANES)) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stream;

    /// The definition: each sum by itself, in the order of the inputs.
    fn by_definition(examples: &[Vec<f64>], matrix: &[f64], features: usize) -> Vec<u64> {
        let sum = |example: &[f64], feature: usize| {
            example.iter().enumerate().fold(0.0, |sum, (input, x)| sum + x * matrix[input * features + feature])
        };
        examples.iter().flat_map(|example| (0..features).map(move |feature| sum(example, feature).to_bits())).collect()
    }

    #[test]
    fn every_shape_has_the_bits_of_sums_in_the_order_of_inputs() {
        let mut stream = Stream::new(1);
        for inputs in [1, 2, 7, 64] {
            for features in [1, 3, 4, 5, 8, 9, 16, 17, 33] {
                let matrix: Vec<f64> = (0..inputs * features).map(|_| stream.normal()).collect();
                let projection = Projection::new(&matrix, features);
                for count in [0, 1, 5, 6, 7, 13] {
                    let examples: Vec<Vec<f64>> =
                        (0..count).map(|_| (0..inputs).map(|_| (stream.below(4) as f64) * stream.normal()).collect()).collect();
                    let mut out = vec![7.0];
                    projection.apply(examples.iter().map(Vec::as_slice), &mut out);
                    assert_eq!(out.remove(0), 7.0);
                    let bits: Vec<u64> = out.iter().map(|x| x.to_bits()).collect();
                    assert_eq!(bits, by_definition(&examples, &matrix, features), "{count} x {inputs} x {features}");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "numbers of an example")]
    fn an_example_of_another_size_is_refused() {
        Projection::new(&[1.0; 6], 3).apply([&[1u8, 2][..], &[1]], &mut Vec::new());
    }
}
