//! Constants and random draws.

use std::marker::PhantomData;

use super::elementwise::store_row;
use super::{Body, Operands};
use crate::exec::random::{DrawKey, lanes};
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

/// How the elements of a vector or matrix are drawn.
pub(super) trait Draw {
    /// # Safety
    /// `out` has `elements` rows of as many lanes as there are keys.
    unsafe fn fill<V: Register>(out: *mut f64, elements: usize, keys: &[DrawKey], step: u64, constants: [f64; 2]);
}

pub(super) struct Uniform;
pub(super) struct Gaussian;

impl Draw for Uniform {
    #[inline(always)]
    unsafe fn fill<V: Register>(out: *mut f64, elements: usize, keys: &[DrawKey], step: u64, [low, high]: [f64; 2]) {
        // SAFETY: by the caller's promise.
        unsafe { lanes::fill_uniform::<V>(out, elements, keys, step, low, high) }
    }
}

impl Draw for Gaussian {
    #[inline(always)]
    unsafe fn fill<V: Register>(out: *mut f64, elements: usize, keys: &[DrawKey], step: u64, [mean, st_dev]: [f64; 2]) {
        // SAFETY: by the caller's promise.
        unsafe { lanes::fill_gaussian::<V>(out, elements, keys, step, mean, st_dev) }
    }
}

/// Every element drawn anew.
pub(super) struct Random<D>(PhantomData<D>);

impl<D: Draw> Body for Random<D> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>) {
        let width = R * V::LANES;
        // SAFETY: there is a key for each lane of every random instruction, and the output has `rows` rows.
        unsafe {
            let keys = std::slice::from_raw_parts(x.context.keys.add(x.operation.draw as usize * width), width);
            D::fill::<V>(x.out, x.operation.rows as usize, keys, x.context.step, x.operation.constants);
        }
    }
}
