//! Reductions to scalars and, row by row or column by column, to vectors, in the documented order of sums.
//!
//! `N` is the number of terms where it is known when the kernel is chosen: then nothing about the order is left to decide while it runs.
//! It is 0 where the number is any.

use super::{Body, Operands};
use crate::exec::simd::Register;
use crate::exec::sum::{Adder, Terms, sum_terms};

/// Evenly spaced registers, one of each row.
#[derive(Clone, Copy)]
pub(super) struct Series {
    pub(super) first: *const f64,
    /// f64 from one to the next.
    pub(super) stride: usize,
}

impl Series {
    /// # Safety
    /// Term `i` must exist.
    #[inline(always)]
    pub(super) unsafe fn get<V: Register>(self, i: usize) -> V {
        // SAFETY: by the caller's promise.
        unsafe { V::load(self.first.add(i * self.stride)) }
    }

    #[inline(always)]
    fn step(self, elements: usize) -> Series {
        Series { first: self.first.wrapping_add(elements), stride: self.stride }
    }
}

/// The terms x[i].
struct Values(Series);
/// The terms x[i] * y[i].
pub(super) struct Products(pub(super) Series, pub(super) Series);
/// The terms x[i]^2.
struct Squares(Series);

macro_rules! terms {
    ($name:ident, |$self:ident, $i:ident| $term:expr) => {
        impl<V: Register> Adder<V> for $name {
            #[inline(always)]
            fn add(&mut self, x: V, y: V) -> V {
                x.add(y)
            }
        }

        impl<V: Register> Terms<V> for $name {
            #[inline(always)]
            fn term(&mut $self, $i: usize) -> V {
                // SAFETY: whoever makes these terms has as many as it asks to be summed.
                unsafe { $term }
            }
        }
    };
}

terms!(Values, |self, i| self.0.get::<V>(i));
terms!(Products, |self, i| self.0.get::<V>(i).mul(self.1.get(i)));
terms!(Squares, |self, i| {
    let x = self.0.get::<V>(i);
    x.mul(x)
});

/// How many terms there are: `N`, or what is given where N is 0.
#[inline(always)]
const fn count<const N: usize>(given: usize) -> usize {
    if N == 0 { given } else { N }
}

/// What a reduction makes of n values.
pub(super) trait Reduction {
    /// # Safety
    /// The series has n values.
    unsafe fn of<V: Register>(x: Series, n: usize) -> V;
}

pub(super) struct Mean;
pub(super) struct Norm;
pub(super) struct StDev;

impl Reduction for Mean {
    #[inline(always)]
    unsafe fn of<V: Register>(x: Series, n: usize) -> V {
        sum_terms::<V>(&mut Values(x), n).div(V::splat(n as f64))
    }
}

impl Reduction for Norm {
    #[inline(always)]
    unsafe fn of<V: Register>(x: Series, n: usize) -> V {
        sum_terms::<V>(&mut Squares(x), n).sqrt()
    }
}

impl Reduction for StDev {
    #[inline(always)]
    unsafe fn of<V: Register>(x: Series, n: usize) -> V {
        let mean = sum_terms::<V>(&mut Values(x), n).div(V::splat(n as f64));
        let squares = sum_terms::<V>(&mut Squares(x), n);
        squares.div(V::splat(n as f64)).sub(mean.mul(mean)).sqrt()
    }
}

/// The inner product of vectors a and b.
pub(super) struct Dot<const N: usize>;

impl<const N: usize> Body for Dot<N> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let n = count::<N>(x.operation.features as usize);
        let stride = R * V::LANES;
        for r in 0..R {
            let at = r * V::LANES;
            let (a, b) = (Series { first: x.a, stride }.step(at), Series { first: x.b, stride }.step(at));
            // SAFETY: a and b have n rows of R registers, the output has one.
            unsafe { sum_terms::<V>(&mut Products(a, b), n).store(x.out.add(at)) };
        }
    }
}

/// A whole vector or matrix to a scalar.
pub(super) struct Whole<const N: usize, F>(std::marker::PhantomData<F>);

impl<const N: usize, F: Reduction> Body for Whole<N, F> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let n = count::<N>(x.operation.rows as usize);
        for r in 0..R {
            let at = r * V::LANES;
            let series = Series { first: x.a, stride: R * V::LANES }.step(at);
            // SAFETY: a has n rows of R registers, the output has one.
            unsafe { F::of::<V>(series, n).store(x.out.add(at)) };
        }
    }
}

/// Every row of a matrix to an element of a vector.
pub(super) struct Rows<const N: usize, F>(std::marker::PhantomData<F>);

impl<const N: usize, F: Reduction> Body for Rows<N, F> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let f = count::<N>(x.operation.features as usize);
        // SAFETY: a has f rows of f elements, one after the other.
        unsafe { reduce_lines::<V, R, F>(x, f, f, 1) }
    }
}

/// Every column of a matrix to an element of a vector.
pub(super) struct Columns<const N: usize, F>(std::marker::PhantomData<F>);

impl<const N: usize, F: Reduction> Body for Columns<N, F> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let f = count::<N>(x.operation.features as usize);
        // SAFETY: a has f columns of f elements, which are a matrix row apart.
        unsafe { reduce_lines::<V, R, F>(x, f, 1, f) }
    }
}

/// Reduces `f` lines of `f` elements of a, which begin `between` elements apart and go on in steps of `step`.
///
/// # Safety
/// There are such lines, of elements of `R` registers, and the output has an element for each.
#[inline(always)]
unsafe fn reduce_lines<V: Register, const R: usize, F: Reduction>(x: Operands<'_>, f: usize, between: usize, step: usize) {
    let element = R * V::LANES;
    for line in 0..f {
        for r in 0..R {
            let at = r * V::LANES;
            let series = Series { first: x.a, stride: step * element }.step(line * between * element + at);
            // SAFETY: by the caller's promise.
            unsafe { F::of::<V>(series, f).store(x.out.add(line * element + at)) };
        }
    }
}
