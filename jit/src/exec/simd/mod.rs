//! Registers of f64 lanes: the small trait that every kernel is written against, over 128, 256 and 512 bits.
//!
//! A kernel is a generic `#[inline(always)]` function over [`Register`]. It becomes machine code only inside an entry point with the
//! `#[target_feature]`s of its register type, chosen at run time ([`SimdLevel`]), so that one binary serves every machine. Outside of such an
//! entry point the methods still compute the same values where the machine has the instructions, only slowly.
//!
//! No operation here contracts a product and a sum, so all registers give the same bits in every lane.
#![allow(unsafe_code)]

mod aligned;
mod level;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use aligned::AlignedVec;
pub(crate) use level::{Loops, SimdLevel, by_width, run_loops};
#[cfg(any(test, not(target_arch = "x86_64")))]
pub(crate) use portable::Pair;
/// The register of two lanes that every machine of the compiled target has.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) use portable::Pair as BaselinePair;
pub(crate) use portable::Single;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Oct, Quad, SsePair as BaselinePair};

/// A register of f64 lanes. Methods on bits treat each lane as a 64-bit integer; those integers wrap around.
///
/// # Safety
/// Registers wider than the compile target's baseline may only be used where the machine was found to have their instructions;
/// whoever instantiates a kernel for such a type makes sure of that.
pub(crate) trait Register: Copy {
    /// How many f64 it holds.
    const LANES: usize;
    /// The result of a comparison, a truth value a lane.
    type Mask: Copy;

    /// # Safety
    /// `from` must be valid for reads of `LANES` f64; it need not be aligned.
    unsafe fn load(from: *const f64) -> Self;
    /// # Safety
    /// `to` must be valid for writes of `LANES` f64; it need not be aligned.
    unsafe fn store(self, to: *mut f64);
    fn splat(value: f64) -> Self;

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    /// Rounded towards zero; for values beyond 2^51 any result with the same value when converted back is fine.
    fn trunc(self) -> Self;

    /// self < other; false for NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// self <= other; false for NaN.
    fn le(self, other: Self) -> Self::Mask;
    /// self == other; false for NaN.
    fn eq(self, other: Self) -> Self::Mask;
    /// `then` where the mask holds, else `otherwise`.
    fn select(mask: Self::Mask, then: Self, otherwise: Self) -> Self;
    fn mask_and(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn mask_or(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn mask_not(mask: Self::Mask) -> Self::Mask;
    /// Bit l is lane l.
    fn mask_bits(mask: Self::Mask) -> u32;

    /// The sum of the lanes: of its two halves, then of the halves of that, down to one.
    fn sum_of_halves(self) -> f64;

    /// The lane with these bits, in every lane.
    fn splat_bits(bits: u64) -> Self;
    fn bits_and(self, other: Self) -> Self;
    fn bits_or(self, other: Self) -> Self;
    fn bits_xor(self, other: Self) -> Self;
    fn bits_add(self, other: Self) -> Self;
    /// Shifted left by `N` bits.
    fn bits_shl<const N: i32>(self) -> Self;
    /// Shifted right by `N` bits, zeros from above.
    fn bits_shr<const N: i32>(self) -> Self;
}

/// All bits of a mask of `LANES` lanes.
pub(crate) const fn all_lanes<V: Register>() -> u32 {
    (1 << V::LANES) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes<V: Register>(register: V) -> Vec<u64> {
        let mut values = vec![0.0; V::LANES];
        // SAFETY: as many values as lanes.
        unsafe { register.store(values.as_mut_ptr()) };
        values.into_iter().map(|x| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }).collect()
    }

    fn check<V: Register>() {
        let special =
            [0.0, -0.0, 1.0, -1.5, 2.5e-310, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e308, -3.99, 4_503_599_627_370_495.5, 0.1];
        for &x in &special {
            for &y in &special {
                let both: Vec<f64> = (0..V::LANES).map(|lane| if lane % 2 == 0 { x } else { y }).collect();
                let swapped: Vec<f64> = (0..V::LANES).map(|lane| if lane % 2 == 0 { y } else { x }).collect();
                // SAFETY: as many values as lanes.
                let (a, b) = unsafe { (V::load(both.as_ptr()), V::load(swapped.as_ptr())) };
                let expect = |f: &dyn Fn(f64, f64) -> f64| -> Vec<u64> {
                    let value = |(&x, &y): (&f64, &f64)| f(x, y);
                    both.iter().zip(&swapped).map(value).map(|x| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }).collect()
                };
                let bits = |f: fn(u64, u64) -> u64| expect(&move |x, y| f64::from_bits(f(x.to_bits(), y.to_bits())));
                assert_eq!(lanes(a.add(b)), expect(&|x, y| x + y));
                assert_eq!(lanes(a.sub(b)), expect(&|x, y| x - y));
                assert_eq!(lanes(a.mul(b)), expect(&|x, y| x * y));
                assert_eq!(lanes(a.div(b)), expect(&|x, y| x / y));
                assert_eq!(lanes(a.sqrt()), expect(&|x, _| x.sqrt()));
                assert_eq!(lanes(a.abs()), expect(&|x, _| x.abs()));
                assert_eq!(lanes(a.trunc()), expect(&|x, _| x.trunc()));
                let mut halves = both.clone();
                while halves.len() > 1 {
                    let upper = halves.split_off(halves.len() / 2);
                    halves.iter_mut().zip(upper).for_each(|(low, high)| *low += high);
                }
                assert!(a.sum_of_halves().to_bits() == halves[0].to_bits() || halves[0].is_nan() && a.sum_of_halves().is_nan());
                assert_eq!(lanes(V::select(a.lt(b), a, b)), expect(&|x, y| if x < y { x } else { y }));
                assert_eq!(lanes(V::select(a.le(b), a, b)), expect(&|x, y| if x <= y { x } else { y }));
                assert_eq!(lanes(V::select(a.eq(b), a, V::splat(7.0))), expect(&|x, y| if x == y { x } else { 7.0 }));
                let of =
                    |f: fn(f64, f64) -> bool| both.iter().zip(&swapped).enumerate().fold(0, |m, (l, (&x, &y))| m | u32::from(f(x, y)) << l);
                assert_eq!(V::mask_bits(a.lt(b)), of(|x, y| x < y));
                assert_eq!(V::mask_bits(V::mask_and(a.lt(b), a.le(a))), of(|x, y| x < y));
                assert_eq!(V::mask_bits(V::mask_or(a.lt(b), b.lt(a))), of(|x, y| x < y || y < x));
                assert_eq!(V::mask_bits(V::mask_not(a.le(b))), all_lanes::<V>() & !of(|x, y| x <= y));
                assert_eq!(lanes(a.bits_and(b)), bits(|x, y| x & y));
                assert_eq!(lanes(a.bits_or(b)), bits(|x, y| x | y));
                assert_eq!(lanes(a.bits_xor(b)), bits(|x, y| x ^ y));
                assert_eq!(lanes(a.bits_add(b)), bits(u64::wrapping_add));
                assert_eq!(lanes(a.bits_shl::<52>()), bits(|x, _| x << 52));
                assert_eq!(lanes(a.bits_shr::<20>()), bits(|x, _| x >> 20));
            }
        }
        assert_eq!(lanes(V::splat(-2.0)), vec![(-2.0f64).to_bits(); V::LANES]);
        assert_eq!(lanes(V::splat_bits(5)), vec![5; V::LANES]);
    }

    #[test]
    fn every_register_computes_what_scalars_do() {
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
