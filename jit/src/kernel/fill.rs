//! Constants and random draws.

use std::marker::PhantomData;

use super::elementwise::store_row;
use super::{Body, Operands};
use crate::exec::math;
use crate::exec::random::StepDraws;
use crate::exec::simd::Register;

/// The first constant, in one row.
pub(super) struct Constant;

impl Body for Constant {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        // SAFETY: the output is a row.
        unsafe { store_row([V::splat(x.operation.constants[0]); R], x.out) };
    }
}

/// How an element is drawn.
pub(super) trait Draw {
    fn draw(draws: StepDraws, element: usize, constants: [f64; 2]) -> f64;
}

pub(super) struct Uniform;
pub(super) struct Gaussian;

impl Draw for Uniform {
    fn draw(draws: StepDraws, element: usize, [low, high]: [f64; 2]) -> f64 {
        draws.uniform(element, low, high)
    }
}

impl Draw for Gaussian {
    fn draw(draws: StepDraws, element: usize, [mean, st_dev]: [f64; 2]) -> f64 {
        draws.gaussian(element, mean, st_dev)
    }
}

/// Every element drawn anew.
pub(super) struct Random<D>(PhantomData<D>);

impl<D: Draw> Body for Random<D> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let width = R * V::LANES;
        for lane in 0..width {
            // SAFETY: there is a key for each lane of every random instruction, and the output has `rows` rows.
            unsafe {
                let draws = (*x.context.keys.add(x.operation.draw as usize * width + lane)).at_step(x.context.step);
                for i in 0..x.operation.rows as usize {
                    *x.out.add(i * width + lane) = D::draw(draws, i, x.operation.constants);
                }
            }
        }
    }
}

/// A function of one scalar that is computed lane by lane.
pub(super) trait Function {
    fn of(x: f64) -> f64;
}

macro_rules! functions {
    ($($name:ident = $function:path;)*) => {
        $(
            pub(super) struct $name;

            impl Function for $name {
                fn of(x: f64) -> f64 {
                    $function(x)
                }
            }
        )*
    };
}

functions! {
    Sin = math::sin;
    Cos = math::cos;
    Tan = math::tan;
    Arcsin = math::arcsin;
    Arccos = math::arccos;
    Arctan = math::arctan;
    Exp = math::exp;
    Log = math::log;
    Sigmoid = math::sigmoid;
}

/// A function of one scalar in every lane.
pub(super) struct ByLane<F>(PhantomData<F>);

impl<F: Function> Body for ByLane<F> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        for lane in 0..R * V::LANES {
            // SAFETY: the operands are rows.
            unsafe { *x.out.add(lane) = F::of(*x.a.add(lane)) };
        }
    }
}
