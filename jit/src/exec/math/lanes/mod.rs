//! The functions of [`math`](super) on registers of f64 lanes: **every lane gets exactly the bits of the scalar function** (all NaNs
//! counting as equal). Kernels may call either.
//!
//! They are the algorithms of `libm` (fdlibm's, by way of musl) with the same operations in the same order, but every lane takes the
//! same way through them: where `libm` branches, both results are computed and one selected. `libm` compares the high word of |x|; that
//! equals comparing |x| with the f64 that has this high word and zeros below, so no integer comparison is needed.
//!
//! Lanes beyond the fast range are found with one mask and one branch a call, rarely taken. Behind it, results that need no computing (at
//! infinities, at zero, overflow) are selected, and what is left is computed by the scalar function, lane by lane.
#![allow(unsafe_code)]

mod exponential;
mod inverse;
#[cfg(test)]
mod tests;
mod trig;

pub(crate) use exponential::{exp, log, log_of_normal, sigmoid};
pub(crate) use inverse::{arccos, arcsin, arctan};
pub(crate) use trig::{cos, sin, sin_cos, tan};

use crate::exec::simd::Register;

/// No register has more lanes.
const MAX_LANES: usize = 8;

/// The bit of the sign.
const SIGN: f64 = -0.0;

/// The f64 whose high word is `high` and whose low word is 0.
const fn high_word(high: u32) -> f64 {
    f64::from_bits((high as u64) << 32)
}

/// Coefficients by their bits, as their origin gives them too.
const fn coefficients<const N: usize>(bits: [u64; N]) -> [f64; N] {
    let mut values = [0.0; N];
    let mut i = 0;
    while i < N {
        values[i] = f64::from_bits(bits[i]);
        i += 1;
    }
    values
}

/// c_0 + x (c_1 + x (c_2 + …)).
#[inline(always)]
fn horner<V: Register, const N: usize>(x: V, c: [f64; N]) -> V {
    let mut sum = V::splat(c[N - 1]);
    let mut i = N - 1;
    while i > 0 {
        i -= 1;
        sum = V::splat(c[i]).add(x.mul(sum));
    }
    sum
}

/// x with the low half of its bits cleared.
#[inline(always)]
fn high_half<V: Register>(x: V) -> V {
    x.bits_and(V::splat_bits(0xffff_ffff_0000_0000))
}

/// `results`, but f(x) in the lanes of the set `lanes` (bit l is lane l).
#[inline(always)]
fn one_by_one<V: Register>(results: V, x: V, lanes: u32, f: fn(f64) -> f64) -> V {
    if lanes == 0 {
        return results;
    }
    let (mut from, mut to) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
    // SAFETY: no register has more than MAX_LANES lanes.
    unsafe {
        x.store(from.as_mut_ptr());
        results.store(to.as_mut_ptr());
    }
    recompute(&from, &mut to, lanes, f);
    // SAFETY: as above.
    unsafe { V::load(to.as_ptr()) }
}

#[cold]
#[inline(never)]
fn recompute(from: &[f64; MAX_LANES], to: &mut [f64; MAX_LANES], mut lanes: u32, f: fn(f64) -> f64) {
    while lanes != 0 {
        let lane = lanes.trailing_zeros() as usize % MAX_LANES;
        to[lane] = f(from[lane]);
        lanes &= lanes - 1;
    }
}
