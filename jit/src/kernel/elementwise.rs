//! Ops that treat every element alike, and copies of rows.

use std::marker::PhantomData;

use super::{Body, Operands};
use crate::exec::math::lanes;
use crate::exec::simd::Register;

/// A function of one element, as a type: closures would not be inlined into code for wider registers than the rest of the program has.
pub(super) trait Unary {
    fn apply<V: Register>(x: V) -> V;
}

/// A function of two elements.
pub(super) trait Binary {
    fn apply<V: Register>(x: V, y: V) -> V;
}

macro_rules! functions {
    ($trait:ident: $($(#[$doc:meta])* $name:ident($($arg:ident),*) = $body:expr;)*) => {
        $(
            $(#[$doc])*
            pub(super) struct $name;

            impl $trait for $name {
                #[inline(always)]
                fn apply<V: Register>($($arg: V),*) -> V {
                    $body
                }
            }
        )*
    };
}

functions! { Unary:
    Abs(x) = x.abs();
    Reciprocal(x) = V::splat(1.0).div(x);
    /// 1 from 0 on: the scalar op.
    HeavisideFromZero(x) = V::select(V::splat(0.0).le(x), V::splat(1.0), V::splat(0.0));
    /// 1 above 0: the vector and matrix ops.
    HeavisideAboveZero(x) = V::select(V::splat(0.0).lt(x), V::splat(1.0), V::splat(0.0));
    Sin(x) = lanes::sin(x);
    Cos(x) = lanes::cos(x);
    Tan(x) = lanes::tan(x);
    Arcsin(x) = lanes::arcsin(x);
    Arccos(x) = lanes::arccos(x);
    Arctan(x) = lanes::arctan(x);
    Exp(x) = lanes::exp(x);
    Log(x) = lanes::log(x);
}

functions! { Binary:
    Sum(x, y) = x.add(y);
    Diff(x, y) = x.sub(y);
    Product(x, y) = x.mul(y);
    Division(x, y) = x.div(y);
    /// y < x ? y : x
    MinFirst(x, y) = V::select(y.lt(x), y, x);
    /// x < y ? y : x
    MaxFirst(x, y) = V::select(x.lt(y), y, x);
    /// x < y ? x : y
    MinSecond(x, y) = V::select(x.lt(y), x, y);
    /// x > y ? x : y
    MaxSecond(x, y) = V::select(y.lt(x), x, y);
    /// y - x
    DiffFrom(x, y) = y.sub(x);
}

/// One scalar: a row.
pub(super) struct ScalarMap<F>(PhantomData<F>);

impl<F: Unary> Body for ScalarMap<F> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        for r in 0..R {
            // SAFETY: the operands are rows of R registers.
            unsafe { F::apply(V::load(x.a.add(r * V::LANES))).store(x.out.add(r * V::LANES)) };
        }
    }
}

/// Two scalars.
pub(super) struct ScalarZip<F>(PhantomData<F>);

impl<F: Binary> Body for ScalarZip<F> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        for r in 0..R {
            let at = r * V::LANES;
            // SAFETY: the operands are rows of R registers.
            unsafe { F::apply(V::load(x.a.add(at)), V::load(x.b.add(at))).store(x.out.add(at)) };
        }
    }
}

/// How many f64 the output of an elementwise op has.
#[inline(always)]
fn elements(x: &Operands<'_>) -> usize {
    x.operation.rows as usize * x.operation.width as usize
}

/// Every element of a vector or matrix; rows do not matter.
pub(super) struct Map<F>(PhantomData<F>);

impl<F: Unary> Body for Map<F> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let count = elements(&x);
        let mut i = 0;
        // SAFETY: i and the three registers after it are below `count`, which all operands have.
        unsafe {
            while i + 4 * V::LANES <= count {
                let [p, q, r, s] = [i, i + V::LANES, i + 2 * V::LANES, i + 3 * V::LANES];
                let (w, y, z, u) = (V::load(x.a.add(p)), V::load(x.a.add(q)), V::load(x.a.add(r)), V::load(x.a.add(s)));
                F::apply(w).store(x.out.add(p));
                F::apply(y).store(x.out.add(q));
                F::apply(z).store(x.out.add(r));
                F::apply(u).store(x.out.add(s));
                i += 4 * V::LANES;
            }
            while i < count {
                F::apply(V::load(x.a.add(i))).store(x.out.add(i));
                i += V::LANES;
            }
        }
    }
}

/// Every pair of elements.
pub(super) struct Zip<F>(PhantomData<F>);

impl<F: Binary> Body for Zip<F> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let count = elements(&x);
        let mut i = 0;
        // SAFETY: i and the three registers after it are below `count`, which all operands have.
        unsafe {
            while i + 4 * V::LANES <= count {
                let [p, q, r, s] = [i, i + V::LANES, i + 2 * V::LANES, i + 3 * V::LANES];
                let w = F::apply(V::load(x.a.add(p)), V::load(x.b.add(p)));
                let y = F::apply(V::load(x.a.add(q)), V::load(x.b.add(q)));
                let z = F::apply(V::load(x.a.add(r)), V::load(x.b.add(r)));
                let u = F::apply(V::load(x.a.add(s)), V::load(x.b.add(s)));
                w.store(x.out.add(p));
                y.store(x.out.add(q));
                z.store(x.out.add(r));
                u.store(x.out.add(s));
                i += 4 * V::LANES;
            }
            while i < count {
                F::apply(V::load(x.a.add(i)), V::load(x.b.add(i))).store(x.out.add(i));
                i += V::LANES;
            }
        }
    }
}

/// One row in registers.
///
/// # Safety
/// `row` is valid for reads of `R` registers.
#[inline(always)]
pub(super) unsafe fn load_row<V: Register, const R: usize>(row: *const f64) -> [V; R] {
    let mut registers = [V::splat(0.0); R];
    for (r, register) in registers.iter_mut().enumerate() {
        // SAFETY: a row has R registers.
        *register = unsafe { V::load(row.add(r * V::LANES)) };
    }
    registers
}

/// Registers as one row.
///
/// # Safety
/// `row` is valid for writes of `R` registers.
#[inline(always)]
pub(super) unsafe fn store_row<V: Register, const R: usize>(registers: [V; R], row: *mut f64) {
    for (r, register) in registers.into_iter().enumerate() {
        // SAFETY: a row has R registers.
        unsafe { register.store(row.add(r * V::LANES)) };
    }
}

/// Scalar a with every element of b.
pub(super) struct Scale;

impl Body for Scale {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let row = R * V::LANES;
        // SAFETY: a is a row, b and the output have `rows` rows.
        unsafe {
            let factor: [V; R] = load_row(x.a);
            for i in 0..x.operation.rows as usize {
                for (r, factor) in factor.iter().enumerate() {
                    let at = i * row + r * V::LANES;
                    factor.mul(V::load(x.b.add(at))).store(x.out.add(at));
                }
            }
        }
    }
}

/// Scalar a with every element of b, combined with c.
pub(super) struct ScaleThen<F>(PhantomData<F>);

impl<F: Binary> Body for ScaleThen<F> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let row = R * V::LANES;
        // SAFETY: a is a row, b, c and the output have `rows` rows.
        unsafe {
            let factor: [V; R] = load_row(x.a);
            for i in 0..x.operation.rows as usize {
                for (r, factor) in factor.iter().enumerate() {
                    let at = i * row + r * V::LANES;
                    F::apply(factor.mul(V::load(x.b.add(at))), V::load(x.c.add(at))).store(x.out.add(at));
                }
            }
        }
    }
}

/// Scalar a in every element.
pub(super) struct Broadcast;

impl Body for Broadcast {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        // SAFETY: a is a row, the output has `rows` rows.
        unsafe {
            let value: [V; R] = load_row(x.a);
            for i in 0..x.operation.rows as usize {
                store_row(value, x.out.add(i * R * V::LANES));
            }
        }
    }
}
