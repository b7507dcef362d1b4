//! One task at a time, for large F: rows are single f64, and registers go along the elements of vectors and of rows of matrices.
//!
//! The sums of eight partial sums (see [`crate::exec::sum`]) are made for this: they are one register of eight lanes, two of four or four of two.

use std::marker::PhantomData;

use super::elementwise::{Binary, Unary};
use super::fill::Draw;
use super::{Body, Operands};
use crate::exec::simd::{Register, Single};
use crate::exec::sum::{Adder, PARTIALS, Terms, combine, sum_terms};

/// Something of each element, a register of them at a time, and one by one where fewer are left.
trait Elements {
    /// # Safety
    /// There are elements i to i + `W::LANES` - 1.
    unsafe fn at<W: Register>(&self, i: usize) -> W;
}

/// Writes `count` elements to `out`.
///
/// # Safety
/// There are as many, and `out` is valid for as many writes.
#[inline(always)]
unsafe fn write<V: Register>(elements: &impl Elements, out: *mut f64, count: usize) {
    let mut i = 0;
    // SAFETY: there are `count` elements of everything.
    unsafe {
        while i + V::LANES <= count {
            elements.at::<V>(i).store(out.add(i));
            i += V::LANES;
        }
        while i < count {
            elements.at::<Single>(i).store(out.add(i));
            i += 1;
        }
    }
}

struct Applied<F>(*const f64, PhantomData<F>);
struct Zipped<F>(*const f64, *const f64, PhantomData<F>);
struct Scaled(f64, *const f64);
struct ScaledThen<F>(f64, *const f64, *const f64, PhantomData<F>);
struct Constant(f64);
struct Values(*const f64);
struct Products(*const f64, *const f64);

macro_rules! elements {
    ($name:ident $(<$f:ident: $bound:ident>)?, |$self:ident, $i:ident| $value:expr) => {
        impl $(<$f: $bound>)? Elements for $name $(<$f>)? {
            #[inline(always)]
            unsafe fn at<W: Register>(&$self, $i: usize) -> W {
                // SAFETY: by the caller's promise.
                unsafe { $value }
            }
        }
    };
}

elements!(Applied<F: Unary>, |self, i| F::apply(W::load(self.0.add(i))));
elements!(Zipped<F: Binary>, |self, i| F::apply(W::load(self.0.add(i)), W::load(self.1.add(i))));
elements!(Scaled, |self, i| W::splat(self.0).mul(W::load(self.1.add(i))));
elements!(ScaledThen<F: Binary>, |self, i| F::apply(W::splat(self.0).mul(W::load(self.1.add(i))), W::load(self.2.add(i))));
elements!(Values, |self, i| W::load(self.0.add(i)));
elements!(Products, |self, i| W::load(self.0.add(i)).mul(W::load(self.1.add(i))));

impl Elements for Constant {
    #[inline(always)]
    unsafe fn at<W: Register>(&self, _: usize) -> W {
        W::splat(self.0)
    }
}

/// Elements as the terms of a sum, one by one.
struct OneByOne<'a, E>(&'a E);

impl<E> Adder<f64> for OneByOne<'_, E> {
    #[inline(always)]
    fn add(&mut self, x: f64, y: f64) -> f64 {
        x + y
    }
}

impl<E: Elements> Terms<f64> for OneByOne<'_, E> {
    #[inline(always)]
    fn term(&mut self, i: usize) -> f64 {
        // SAFETY: whoever sums has as many elements as it asks for.
        unsafe { one(self.0.at::<Single>(i)) }
    }
}

#[inline(always)]
fn one(register: Single) -> f64 {
    let mut value = 0.0;
    // SAFETY: one lane for one lane.
    unsafe { register.store(&raw mut value) };
    value
}

/// The sum of `n` elements in the documented order.
///
/// # Safety
/// There are as many.
#[inline(always)]
unsafe fn sum<V: Register>(elements: &impl Elements, n: usize) -> f64 {
    if n < PARTIALS {
        return sum_terms::<f64>(&mut OneByOne(elements), n);
    }
    let mut registers = [V::splat(0.0); 4];
    let mut partials = [0.0; PARTIALS];
    // SAFETY: there are `n` elements, and a register has at least two lanes, so that four hold the partial sums.
    unsafe {
        for (g, register) in registers.iter_mut().enumerate().take(PARTIALS / V::LANES) {
            *register = elements.at(g * V::LANES);
        }
        let mut i = PARTIALS;
        while i + PARTIALS <= n {
            for (g, register) in registers.iter_mut().enumerate().take(PARTIALS / V::LANES) {
                *register = register.add(elements.at(i + g * V::LANES));
            }
            i += PARTIALS;
        }
        if i == n {
            // The halves that the documented order adds are those of registers.
            let [a, b, c, d] = registers;
            return match PARTIALS / V::LANES {
                1 => a.sum_of_halves(),
                2 => a.add(b).sum_of_halves(),
                _ => a.add(c).add(b.add(d)).sum_of_halves(),
            };
        }
        for (g, register) in registers.into_iter().enumerate().take(PARTIALS / V::LANES) {
            register.store(partials[g * V::LANES..].as_mut_ptr());
        }
        for (j, partial) in partials.iter_mut().enumerate().take(n - i) {
            *partial += one(elements.at::<Single>(i + j));
        }
    }
    combine(&mut OneByOne(elements), partials, PARTIALS)
}

/// What a reduction makes of n values.
pub(super) trait Reduction {
    /// # Safety
    /// There are n values.
    unsafe fn of<V: Register>(x: *const f64, n: usize) -> f64;
}

macro_rules! reductions {
    ($($name:ident: |$x:ident, $n:ident| $value:expr;)*) => {
        $(
            impl Reduction for super::reduce::$name {
                #[inline(always)]
                unsafe fn of<V: Register>($x: *const f64, $n: usize) -> f64 {
                    // SAFETY: by the caller's promise.
                    unsafe { $value }
                }
            }
        )*
    };
}

reductions! {
    Mean: |x, n| sum::<V>(&Values(x), n) / n as f64;
    Norm: |x, n| sum::<V>(&Products(x, x), n).sqrt();
    StDev: |x, n| {
        let mean = sum::<V>(&Values(x), n) / n as f64;
        (sum::<V>(&Products(x, x), n) / n as f64 - mean * mean).sqrt()
    };
}

macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident $(<$f:ident: $bound:ident>)?: |$x:ident, $f_size:ident, $rows:ident| $body:block)*) => {
        $(
            $(#[$doc])*
            pub(super) struct $name $(<$f>(PhantomData<$f>))?;

            impl $(<$f: $bound>)? Body for $name $(<$f>)? {
                #[inline(always)]
                unsafe fn run<V: Register, const R: usize>($x: Operands<'_>) {
                    let ($f_size, $rows) = ($x.operation.features as usize, $x.operation.rows as usize);
                    // SAFETY: the operands have the rows of the op, each of one f64.
                    unsafe { $body }
                }
            }
        )*
    };
}

bodies! {
    /// Every element.
    AlongMap<F: Unary>: |x, _f, rows| { write::<V>(&Applied::<F>(x.a, PhantomData), x.out, rows) }
    /// Every pair of elements.
    AlongZip<F: Binary>: |x, _f, rows| { write::<V>(&Zipped::<F>(x.a, x.b, PhantomData), x.out, rows) }
    /// Scalar a with every element of b.
    AlongScale: |x, _f, rows| { write::<V>(&Scaled(*x.a, x.b), x.out, rows) }
    /// The same, combined with c.
    AlongScaleThen<F: Binary>: |x, _f, rows| { write::<V>(&ScaledThen::<F>(*x.a, x.b, x.c, PhantomData), x.out, rows) }
    /// Scalar a in every element.
    AlongBroadcast: |x, _f, rows| { write::<V>(&Constant(*x.a), x.out, rows) }
    /// The inner product of a and b.
    AlongDot: |x, f, _rows| { *x.out = sum::<V>(&Products(x.a, x.b), f) }
    /// A whole vector or matrix to a scalar.
    AlongWhole<F: Reduction>: |x, _f, rows| { *x.out = F::of::<V>(x.a, rows) }
    /// Every row of a matrix to an element of a vector.
    AlongRows<F: Reduction>: |x, f, _rows| {
        for r in 0..f {
            *x.out.add(r) = F::of::<V>(x.a.add(r * f), f);
        }
    }
    /// a[r] * b[c].
    AlongOuter: |x, f, _rows| {
        for r in 0..f {
            write::<V>(&Scaled(*x.a.add(r), x.b), x.out.add(r * f), f);
        }
    }
    /// a[r] * b[c], combined with c[r][c].
    AlongOuterThen<F: Binary>: |x, f, _rows| {
        for r in 0..f {
            write::<V>(&ScaledThen::<F>(*x.a.add(r), x.b, x.c.add(r * f), PhantomData), x.out.add(r * f), f);
        }
    }
    /// a in every column.
    AlongColumnBroadcast: |x, f, _rows| {
        for r in 0..f {
            write::<V>(&Constant(*x.a.add(r)), x.out.add(r * f), f);
        }
    }
    /// a in every row.
    AlongRowBroadcast: |x, f, _rows| {
        for r in 0..f {
            write::<V>(&Values(x.a), x.out.add(r * f), f);
        }
    }
    /// Matrix a times vector b.
    AlongMatrixVector: |x, f, _rows| {
        let vector = if std::ptr::eq(x.b, x.out) {
            std::ptr::copy_nonoverlapping(x.b, x.context.scratch, f);
            x.context.scratch.cast_const()
        } else {
            x.b
        };
        for r in 0..f {
            *x.out.add(r) = sum::<V>(&Products(x.a.add(r * f), vector), f);
        }
    }
    /// The norm of every column: registers go along a row, and sums down the columns.
    AlongColumnNorm: |x, f, _rows| { write::<V>(&ColumnNorms { matrix: x.a, f }, x.out, f) }
    /// Matrix a times matrix b, likewise, through scratch memory.
    AlongMatrixMatrix: |x, f, _rows| {
        for r in 0..f {
            write::<V>(&RowTimesMatrix { row: x.a.add(r * f), matrix: x.b, f }, x.context.scratch.add(r * f), f);
        }
        std::ptr::copy_nonoverlapping(x.context.scratch, x.out, f * f);
    }
    /// Every element drawn anew.
    AlongRandom<F: Draw>: |x, _f, rows| {
        let keys = std::slice::from_raw_parts(x.context.keys.add(x.operation.draw as usize), 1);
        F::fill::<V>(x.out, rows, keys, x.context.step, x.operation.constants);
    }
}

struct ColumnNorms {
    matrix: *const f64,
    f: usize,
}

struct RowTimesMatrix {
    row: *const f64,
    matrix: *const f64,
    f: usize,
}

/// The terms of the sums of neighbouring columns.
struct ColumnTerms<'a, E>(&'a E, usize);

impl Elements for ColumnNorms {
    #[inline(always)]
    unsafe fn at<W: Register>(&self, i: usize) -> W {
        sum_terms::<W>(&mut ColumnTerms(self, i), self.f).sqrt()
    }
}

impl Elements for RowTimesMatrix {
    #[inline(always)]
    unsafe fn at<W: Register>(&self, i: usize) -> W {
        sum_terms::<W>(&mut ColumnTerms(self, i), self.f)
    }
}

impl<W: Register, E> Adder<W> for ColumnTerms<'_, E> {
    #[inline(always)]
    fn add(&mut self, x: W, y: W) -> W {
        x.add(y)
    }
}

impl<W: Register> Terms<W> for ColumnTerms<'_, ColumnNorms> {
    #[inline(always)]
    fn term(&mut self, r: usize) -> W {
        // SAFETY: the matrix has f rows, and a register's worth of columns from this one on.
        let x = unsafe { W::load(self.0.matrix.add(r * self.0.f + self.1)) };
        x.mul(x)
    }
}

impl<W: Register> Terms<W> for ColumnTerms<'_, RowTimesMatrix> {
    #[inline(always)]
    fn term(&mut self, k: usize) -> W {
        // SAFETY: as above; the row has f elements.
        unsafe { W::splat(*self.0.row.add(k)).mul(W::load(self.0.matrix.add(k * self.0.f + self.1))) }
    }
}
