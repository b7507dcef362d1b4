//! Ops that relate rows and columns of a matrix.

use std::marker::PhantomData;

use super::elementwise::{Binary, load_row, store_row};
use super::reduce::{Products, Series};
use super::{Body, Operands};
use crate::exec::simd::Register;
use crate::exec::sum::{Adder, Terms, sum_terms};

/// a[r] * b[c].
pub(super) struct Outer;

impl Body for Outer {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let f = x.operation.features as usize;
        let row = R * V::LANES;
        // SAFETY: a and b have f rows, the output f * f.
        unsafe {
            for i in 0..f {
                let left: [V; R] = load_row(x.a.add(i * row));
                let out = x.out.add(i * f * row);
                for c in 0..f {
                    for (r, left) in left.iter().enumerate() {
                        let at = c * row + r * V::LANES;
                        left.mul(V::load(x.b.add(at))).store(out.add(at));
                    }
                }
            }
        }
    }
}

/// a[r] * b[c], combined with c[r][c]: a rank-one update of matrix c.
pub(super) struct OuterThen<F>(PhantomData<F>);

impl<F: Binary> Body for OuterThen<F> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let f = x.operation.features as usize;
        let row = R * V::LANES;
        // SAFETY: a and b have f rows, c and the output f * f.
        unsafe {
            for i in 0..f {
                let left: [V; R] = load_row(x.a.add(i * row));
                let (out, matrix) = (x.out.add(i * f * row), x.c.add(i * f * row));
                for c in 0..f {
                    for (r, left) in left.iter().enumerate() {
                        let at = c * row + r * V::LANES;
                        F::apply(left.mul(V::load(x.b.add(at))), V::load(matrix.add(at))).store(out.add(at));
                    }
                }
            }
        }
    }
}

/// a in every column: m[r][c] = a[r].
pub(super) struct ColumnBroadcast;

impl Body for ColumnBroadcast {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let f = x.operation.features as usize;
        let row = R * V::LANES;
        // SAFETY: a has f rows, the output f * f.
        unsafe {
            for i in 0..f {
                let value: [V; R] = load_row(x.a.add(i * row));
                for c in 0..f {
                    store_row(value, x.out.add((i * f + c) * row));
                }
            }
        }
    }
}

/// a in every row: m[r][c] = a[c].
pub(super) struct RowBroadcast;

impl Body for RowBroadcast {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let f = x.operation.features as usize;
        let row = R * V::LANES;
        // SAFETY: a has f rows, the output f * f.
        unsafe {
            for c in 0..f {
                let value: [V; R] = load_row(x.a.add(c * row));
                for i in 0..f {
                    store_row(value, x.out.add((i * f + c) * row));
                }
            }
        }
    }
}

/// m[r][c] = a[c][r], through scratch memory.
pub(super) struct Transpose;

impl Body for Transpose {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let f = x.operation.features as usize;
        let row = R * V::LANES;
        // SAFETY: a, the output and the scratch memory have f * f rows.
        unsafe {
            let in_place = std::ptr::eq(x.a, x.out);
            let out = if in_place { x.context.scratch } else { x.out };
            for i in 0..f {
                for c in 0..f {
                    store_row::<V, R>(load_row(x.a.add((c * f + i) * row)), out.add((i * f + c) * row));
                }
            }
            if in_place {
                std::ptr::copy_nonoverlapping(x.context.scratch, x.out, f * f * row);
            }
        }
    }
}

/// The terms m[i] * v[i] with the vector in registers.
struct RegisterProducts<'a, V, const N: usize> {
    row: Series,
    vector: &'a [V; N],
}

impl<V: Register, const N: usize> Adder<V> for RegisterProducts<'_, V, N> {
    #[inline(always)]
    fn add(&mut self, x: V, y: V) -> V {
        x.add(y)
    }
}

impl<V: Register, const N: usize> Terms<V> for RegisterProducts<'_, V, N> {
    #[inline(always)]
    fn term(&mut self, i: usize) -> V {
        // SAFETY: the row has N elements, and N terms are summed.
        unsafe { self.row.get::<V>(i).mul(self.vector[i]) }
    }
}

/// The registers of `N` rows, `stride` apart.
///
/// # Safety
/// The series has `N` terms.
#[inline(always)]
unsafe fn load_column<V: Register, const N: usize>(series: Series) -> [V; N] {
    let mut registers = [V::splat(0.0); N];
    for (i, register) in registers.iter_mut().enumerate() {
        // SAFETY: the series has N terms.
        *register = unsafe { series.get(i) };
    }
    registers
}

/// Matrix a times vector b for small F = `N`: the vector stays in registers, so each product is one load.
pub(super) struct SmallMatrixVector<const N: usize>;

impl<const N: usize> Body for SmallMatrixVector<N> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let row = R * V::LANES;
        for r in 0..R {
            let at = r * V::LANES;
            // SAFETY: a has N * N rows, b and the output N. The output may be b, of which these registers are read before.
            unsafe {
                let vector: [V; N] = load_column(Series { first: x.b.add(at), stride: row });
                for i in 0..N {
                    let matrix_row = Series { first: x.a.add(i * N * row + at), stride: row };
                    sum_terms::<V>(&mut RegisterProducts { row: matrix_row, vector: &vector }, N).store(x.out.add(i * row + at));
                }
            }
        }
    }
}

/// Matrix a times vector b for F = 8 `K`: the four even partial sums of every element first, then the odd ones, so that the half of the
/// vector that is needed stays in 4 `K` registers.
pub(super) struct MatrixVectorByHalves<const K: usize>;

impl<const K: usize> MatrixVectorByHalves<K> {
    /// (p_j + p_(j+4)) + (p_(j+2) + p_(j+6)) for j = `half` of one matrix row.
    ///
    /// # Safety
    /// The row has 8 K elements.
    #[inline(always)]
    unsafe fn half_sum<V: Register>(row: Series, half: usize, vector: &[[V; 4]; K]) -> V {
        let mut partials = [V::splat(0.0); 4];
        for (j, partial) in partials.iter_mut().enumerate() {
            // SAFETY: the row has 8 K elements.
            unsafe {
                *partial = row.get::<V>(half + 2 * j).mul(vector[0][j]);
                for (k, vector) in vector.iter().enumerate().skip(1) {
                    *partial = partial.add(row.get::<V>(8 * k + half + 2 * j).mul(vector[j]));
                }
            }
        }
        let [first, third, fifth, seventh] = partials;
        first.add(fifth).add(third.add(seventh))
    }

    /// The elements of a vector that the half sums of every row need.
    ///
    /// # Safety
    /// The vector has 8 K elements.
    #[inline(always)]
    unsafe fn half_vector<V: Register>(vector: Series, half: usize) -> [[V; 4]; K] {
        let mut registers = [[V::splat(0.0); 4]; K];
        for (k, registers) in registers.iter_mut().enumerate() {
            for (j, register) in registers.iter_mut().enumerate() {
                // SAFETY: the vector has 8 K elements.
                *register = unsafe { vector.get(8 * k + half + 2 * j) };
            }
        }
        registers
    }
}

impl<const K: usize> Body for MatrixVectorByHalves<K> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let (row, f) = (R * V::LANES, 8 * K);
        for r in 0..R {
            let at = r * V::LANES;
            // SAFETY: a has f * f rows, b, the output and the scratch memory f. The output may be b, of which these registers are read before.
            unsafe {
                let vector = Series { first: x.b.add(at), stride: row };
                let matrix_row = |i: usize| Series { first: x.a.add(i * f * row + at), stride: row };
                let even = Self::half_vector::<V>(vector, 0);
                for i in 0..f {
                    Self::half_sum(matrix_row(i), 0, &even).store(x.context.scratch.add(i * row + at));
                }
                let odd = Self::half_vector::<V>(vector, 1);
                for i in 0..f {
                    let even_sum = V::load(x.context.scratch.add(i * row + at));
                    even_sum.add(Self::half_sum(matrix_row(i), 1, &odd)).store(x.out.add(i * row + at));
                }
            }
        }
    }
}

/// Matrix a times vector b for any F.
pub(super) struct MatrixVector;

impl Body for MatrixVector {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let f = x.operation.features as usize;
        let row = R * V::LANES;
        // SAFETY: a has f * f rows, b, the output and the scratch memory f.
        unsafe {
            let vector = if std::ptr::eq(x.b, x.out) {
                std::ptr::copy_nonoverlapping(x.b, x.context.scratch, f * row);
                x.context.scratch.cast_const()
            } else {
                x.b
            };
            for i in 0..f {
                for r in 0..R {
                    let at = r * V::LANES;
                    let matrix_row = Series { first: x.a.add(i * f * row + at), stride: row };
                    let vector = Series { first: vector.add(at), stride: row };
                    sum_terms::<V>(&mut Products(matrix_row, vector), f).store(x.out.add(i * row + at));
                }
            }
        }
    }
}

/// Matrix a times matrix b for small F = `N`, a row of a in registers, through scratch memory.
pub(super) struct SmallMatrixMatrix<const N: usize>;

impl<const N: usize> Body for SmallMatrixMatrix<N> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let row = R * V::LANES;
        // SAFETY: a, b, the output and the scratch memory have N * N rows.
        unsafe {
            for i in 0..N {
                for r in 0..R {
                    let at = r * V::LANES;
                    let left: [V; N] = load_column(Series { first: x.a.add(i * N * row + at), stride: row });
                    for c in 0..N {
                        let column = Series { first: x.b.add(c * row + at), stride: N * row };
                        let sum = sum_terms::<V>(&mut RegisterProducts { row: column, vector: &left }, N);
                        sum.store(x.context.scratch.add((i * N + c) * row + at));
                    }
                }
            }
            std::ptr::copy_nonoverlapping(x.context.scratch, x.out, N * N * row);
        }
    }
}

/// Matrix a times matrix b for any F, through scratch memory.
pub(super) struct MatrixMatrix;

impl Body for MatrixMatrix {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let f = x.operation.features as usize;
        let row = R * V::LANES;
        // SAFETY: a, b, the output and the scratch memory have f * f rows.
        unsafe {
            for i in 0..f {
                for c in 0..f {
                    for r in 0..R {
                        let at = r * V::LANES;
                        let left = Series { first: x.a.add(i * f * row + at), stride: row };
                        let column = Series { first: x.b.add(c * row + at), stride: f * row };
                        let sum = sum_terms::<V>(&mut Products(left, column), f);
                        sum.store(x.context.scratch.add((i * f + c) * row + at));
                    }
                }
            }
            std::ptr::copy_nonoverlapping(x.context.scratch, x.out, f * f * row);
        }
    }
}
