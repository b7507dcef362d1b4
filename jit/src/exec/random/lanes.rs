//! Draws for a register of lanes at once: **the bits of [`StepDraws::uniform`] and [`StepDraws::gaussian`]** in every lane.
//!
//! Lanes are tasks: their keys differ, step and element are the same.
#![allow(unsafe_code)]

use super::{DrawKey, StepDraws, output};
use crate::exec::math::lanes as math;
use crate::exec::simd::Register;

/// No register has more lanes.
const MAX_LANES: usize = 8;

/// The draws of some lanes in one step.
#[derive(Clone, Copy)]
struct Streams([u64; MAX_LANES]);

impl Streams {
    /// At most `MAX_LANES` keys.
    #[inline(always)]
    fn at_step(keys: &[DrawKey], step: u64) -> Streams {
        let mut streams = [0; MAX_LANES];
        for (stream, key) in streams.iter_mut().zip(keys) {
            let StepDraws(key) = key.at_step(step);
            *stream = key;
        }
        Streams(streams)
    }

    /// Output number `index` of every lane.
    #[inline(always)]
    fn outputs<V: Register>(&self, index: u64) -> V {
        let mut bits = [0; MAX_LANES];
        for (bits, &key) in bits.iter_mut().zip(&self.0).take(V::LANES) {
            *bits = output(key, index);
        }
        register(&bits)
    }
}

#[inline(always)]
fn register<V: Register>(bits: &[u64; MAX_LANES]) -> V {
    // SAFETY: no register has more than MAX_LANES lanes, and any 64 bits are an f64.
    unsafe { V::load(bits.as_ptr().cast()) }
}

/// The upper 53 of 64 bits as a number in [0, 1).
#[inline(always)]
fn unit<V: Register>(bits: V) -> V {
    // The upper 21 of them as 2^84 + upper 2^32 and the lower 32 as 2^52 + lower; then both powers go, which is exact.
    const TWO_84: f64 = (1u128 << 84) as f64;
    const TWO_52: f64 = (1u64 << 52) as f64;
    let upper = bits.bits_shr::<43>().bits_or(V::splat(TWO_84)).sub(V::splat(TWO_84 + TWO_52));
    let lower = bits.bits_shr::<11>().bits_and(V::splat_bits(0xffff_ffff)).bits_or(V::splat(TWO_52));
    upper.add(lower).mul(V::splat(1.0 / (1u64 << 53) as f64))
}

/// The two standard normal values of every lane, of an even element and the next, from their outputs.
#[inline(always)]
fn normal_pair<V: Register>(first: V, second: V) -> (V, V) {
    // 1 - u is in [2^-53, 1], so its logarithm needs no special cases.
    let radius = V::splat(-2.0).mul(math::log_of_normal(V::splat(1.0).sub(unit(first)))).sqrt();
    let (sin, cos) = math::sin_cos(V::splat(std::f64::consts::TAU).mul(unit(second)));
    (radius.mul(cos), radius.mul(sin))
}

/// Fills `out` with the uniform values of elements 0 to `elements` on every lane: `out[element * lanes + lane]`. There are as many lanes
/// as keys; those beyond a multiple of `V::LANES` are drawn one by one.
///
/// # Safety
/// `out` must be valid for writes of `elements * keys.len()` f64.
#[inline(always)]
pub(crate) unsafe fn fill_uniform<V: Register>(out: *mut f64, elements: usize, keys: &[DrawKey], step: u64, low: f64, high: f64) {
    let lanes = keys.len();
    let registers = keys.chunks_exact(V::LANES);
    let left = registers.remainder();
    for (n, keys) in registers.enumerate() {
        let streams = Streams::at_step(keys, step);
        for element in 0..elements {
            let value = if low < high {
                V::splat(low).add(V::splat(high - low).mul(unit(streams.outputs::<V>(element as u64))))
            } else {
                V::splat(low)
            };
            // SAFETY: an element's values of LANES lanes.
            unsafe { value.store(out.add(element * lanes + n * V::LANES)) };
        }
    }
    for (n, key) in left.iter().enumerate() {
        let draws = key.at_step(step);
        for element in 0..elements {
            // SAFETY: an element's value on one lane.
            unsafe { *out.add(element * lanes + lanes - left.len() + n) = draws.uniform(element, low, high) };
        }
    }
}

/// Fills `out` with the normal values of elements 0 to `elements` on every lane: `out[element * lanes + lane]`. There are as many lanes
/// as keys; those beyond a multiple of `V::LANES` fill registers with several elements each.
///
/// # Safety
/// `out` must be valid for writes of `elements * keys.len()` f64.
#[inline(always)]
pub(crate) unsafe fn fill_gaussian<V: Register>(out: *mut f64, elements: usize, keys: &[DrawKey], step: u64, mean: f64, st_dev: f64) {
    let lanes = keys.len();
    let registers = keys.chunks_exact(V::LANES);
    let left = registers.remainder();
    for (n, keys) in registers.enumerate() {
        let streams = Streams::at_step(keys, step);
        for even in (0..elements).step_by(2) {
            let pair = even as u64;
            let (first, second) = normal_pair(streams.outputs::<V>(pair), streams.outputs::<V>(pair + 1));
            // SAFETY: an element's values of LANES lanes.
            unsafe { scaled(first, mean, st_dev).store(out.add(even * lanes + n * V::LANES)) };
            if even + 1 < elements {
                // SAFETY: as above, of the next element.
                unsafe { scaled(second, mean, st_dev).store(out.add((even + 1) * lanes + n * V::LANES)) };
            }
        }
    }

    let streams = Streams::at_step(left, step);
    let (mut element, mut lane) = (0, 0);
    while !left.is_empty() && element < elements {
        // The next draws, lanes first, as many as fill a register; each is of an element and the next.
        let (mut firsts, mut seconds, mut places) = ([0; MAX_LANES], [0; MAX_LANES], [(0, 0); MAX_LANES]);
        let mut filled = 0;
        while filled < V::LANES && element < elements {
            firsts[filled] = output(streams.0[lane], element as u64);
            seconds[filled] = output(streams.0[lane], element as u64 + 1);
            places[filled] = (element, element * lanes + lanes - left.len() + lane);
            filled += 1;
            lane += 1;
            if lane == left.len() {
                (element, lane) = (element + 2, 0);
            }
        }
        let (even, odd) = normal_pair(register::<V>(&firsts), register::<V>(&seconds));
        let (mut evens, mut odds) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
        // SAFETY: no register has more than MAX_LANES lanes.
        unsafe {
            scaled(even, mean, st_dev).store(evens.as_mut_ptr());
            scaled(odd, mean, st_dev).store(odds.as_mut_ptr());
        }
        for (i, &(element, at)) in places[..filled].iter().enumerate() {
            // SAFETY: an element's value on one lane, and the next element's if there is one.
            unsafe {
                *out.add(at) = evens[i];
                if element + 1 < elements {
                    *out.add(at + lanes) = odds[i];
                }
            }
        }
    }
}

#[inline(always)]
fn scaled<V: Register>(normal: V, mean: f64, st_dev: f64) -> V {
    V::splat(mean).add(V::splat(st_dev).mul(normal))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "x86_64")]
    use crate::exec::simd::{BaselinePair, Oct, Quad};
    use crate::exec::simd::{Pair, Single};

    /// Both fills against the draws one by one.
    fn check<V: Register>() {
        for (lanes, elements, step) in
            [(8, 0, 1), (8, 1, 0), (16, 5, 3), (8, 64, u64::MAX), (24, 333, 12), (1, 33, 2), (3, 6, 7), (13, 9, 5), (2, 1, 4)]
        {
            let keys: Vec<DrawKey> = (0..lanes as u64).map(|task| DrawKey::new(task * 77, 5)).collect();
            for (a, b) in [(0.0, 1.0), (-3.5, 2.0), (2.0, -1.0), (1.0, f64::INFINITY), (f64::NAN, 1.0), (0.5, f64::NAN), (-1e300, 1e300)] {
                let mut out = vec![0.0; lanes * elements];
                let same = |out: &[f64], draw: &dyn Fn(StepDraws, usize) -> f64| {
                    out.iter().enumerate().all(|(i, x)| {
                        let expected = draw(keys[i % lanes].at_step(step), i / lanes);
                        x.to_bits() == expected.to_bits() || x.is_nan() && expected.is_nan()
                    })
                };
                // SAFETY: `out` has as many values.
                unsafe { fill_uniform::<V>(out.as_mut_ptr(), elements, &keys, step, a, b) };
                assert!(same(&out, &|draws, element| draws.uniform(element, a, b)), "uniform({a}, {b})");
                // SAFETY: as above.
                unsafe { fill_gaussian::<V>(out.as_mut_ptr(), elements, &keys, step, a, b) };
                assert!(same(&out, &|draws, element| draws.gaussian(element, a, b)), "gaussian({a}, {b})");
            }
        }
    }

    #[test]
    fn every_lane_draws_what_it_draws_alone() {
        check::<Single>();
        check::<Pair>();
        #[cfg(target_arch = "x86_64")]
        {
            check::<BaselinePair>();
            if is_x86_feature_detected!("avx2") {
                check::<Quad>();
            }
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                check::<Oct>();
            }
        }
    }
}
