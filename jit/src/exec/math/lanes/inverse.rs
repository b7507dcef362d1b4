//! arcsin, arccos and arctan. None of them needs the scalar functions for any lane.

use super::{SIGN, coefficients, high_half, high_word, horner};
use crate::exec::simd::Register;

const PIO2_HI: f64 = f64::from_bits(0x3ff9_21fb_5444_2d18);
const PIO2_LO: f64 = f64::from_bits(0x3c91_a626_3314_5c07);
const P: [f64; 6] = coefficients([
    0x3fc5_5555_5555_5555,
    0xbfd4_d612_03eb_6f7d,
    0x3fc9_c155_0e88_4455,
    0xbfa4_8228_b568_8f3b,
    0x3f49_efe0_7501_b288,
    0x3f02_3de1_0dfd_f709,
]);
const Q: [f64; 5] =
    coefficients([0x3ff0_0000_0000_0000, 0xc003_3a27_1c8a_2d4b, 0x4000_2ae5_9c59_8ac8, 0xbfe6_066c_1b8d_0159, 0x3fb3_b8c5_b12e_9282]);

/// (arcsin(sqrt z) - sqrt z) / sqrt z^3, times z, for z in [0, 1/4].
#[inline(always)]
fn quotient<V: Register>(z: V) -> V {
    z.mul(horner(z, P)).div(horner(z, Q))
}

/// arcsin x; NaN outside [-1, 1].
#[inline(always)]
pub(crate) fn arcsin<V: Register>(x: V) -> V {
    let (half, one, two) = (V::splat(0.5), V::splat(1.0), V::splat(2.0));
    let (high, low) = (V::splat(PIO2_HI), V::splat(PIO2_LO));
    let size = x.abs();
    let small = size.lt(half);
    let folded = one.sub(size).mul(half);
    let r = quotient(V::select(small, size.mul(size), folded));
    let near_zero = size.add(size.mul(r));
    // Beyond 1 the root is NaN, and with it the result.
    let s = folded.sqrt();
    let near_one = high.sub(two.mul(s.add(s.mul(r))).sub(low));
    let f = high_half(s);
    let c = folded.sub(f.mul(f)).div(s.add(f));
    let half_high = V::splat(0.5 * PIO2_HI);
    let between = half_high.sub(two.mul(s).mul(r).sub(low.sub(two.mul(c))).sub(half_high.sub(two.mul(f))));
    let large = V::select(V::splat(high_word(0x3fef_3333)).le(size), near_one, between);
    V::select(small, near_zero, large).bits_xor(x.bits_and(V::splat(SIGN)))
}

/// arccos x; NaN outside [-1, 1].
#[inline(always)]
pub(crate) fn arccos<V: Register>(x: V) -> V {
    let (zero, half, one, two) = (V::splat(0.0), V::splat(0.5), V::splat(1.0), V::splat(2.0));
    let (high, low) = (V::splat(PIO2_HI), V::splat(PIO2_LO));
    let size = x.abs();
    let small = size.lt(half);
    let folded = one.sub(size).mul(half);
    let r = quotient(V::select(small, size.mul(size), folded));
    let near_zero = high.sub(x.sub(low.sub(x.mul(r))));
    // Beyond 1 the root is NaN, and with it the result.
    let s = folded.sqrt();
    let negative = two.mul(high.sub(s.add(r.mul(s).sub(low))));
    let f = high_half(s);
    let c = folded.sub(f.mul(f)).div(s.add(f));
    let positive = two.mul(f.add(r.mul(s).add(c)));
    // At 1, c is 0 / 0.
    let positive = V::select(size.eq(one), zero, positive);
    V::select(small, near_zero, V::select(x.lt(zero), negative, positive))
}

/// arctan 0.5, 1, 1.5 and infinity, each as a sum of two.
const HIGH: [f64; 4] = coefficients([0x3fdd_ac67_0561_bb4f, 0x3fe9_21fb_5444_2d18, 0x3fef_730b_d281_f69b, 0x3ff9_21fb_5444_2d18]);
const LOW: [f64; 4] = coefficients([0x3c7a_2b7f_222f_65e2, 0x3c81_a626_3314_5c07, 0x3c70_0788_7af0_cbbd, 0x3c91_a626_3314_5c07]);
const AT: [f64; 11] = coefficients([
    0x3fd5_5555_5555_550d,
    0xbfc9_9999_9998_ebc4,
    0x3fc2_4924_9200_83ff,
    0xbfbc_71c6_fe23_1671,
    0x3fb7_45cd_c54c_206e,
    0xbfb3_b0f2_af74_9a6d,
    0x3fb1_0d66_a0d0_3d51,
    0xbfad_de2d_52de_fd9a,
    0x3fa9_7b4b_2476_0deb,
    0xbfa2_b444_2c6a_6c2f,
    0x3f90_ad3a_e322_da11,
]);

/// arctan x.
#[inline(always)]
pub(crate) fn arctan<V: Register>(x: V) -> V {
    let (zero, one, two, one_half) = (V::splat(0.0), V::splat(1.0), V::splat(2.0), V::splat(1.5));
    let size = x.abs();
    let bounds = [0x3fdc_0000, 0x3fe6_0000, 0x3ff3_0000, 0x4003_8000];
    let below_0 = size.lt(V::splat(high_word(bounds[0])));
    let below_1 = size.lt(V::splat(high_word(bounds[1])));
    let below_2 = size.lt(V::splat(high_word(bounds[2])));
    let below_3 = size.lt(V::splat(high_word(bounds[3])));

    // x / 1, (2 x - 1) / (2 + x), (x - 1) / (x + 1), (x - 1.5) / (1 + 1.5 x), -1 / x.
    let minus_one = V::splat(-1.0);
    let above = V::select(below_2, size.sub(one), V::select(below_3, size.sub(one_half), minus_one));
    let above = V::select(below_1, two.mul(size).sub(one), above);
    let under = V::select(below_2, size.add(one), V::select(below_3, one.add(one_half.mul(size)), size));
    let under = V::select(below_1, two.add(size), under);
    let t = V::select(below_0, size, above).div(V::select(below_0, one, under));
    let high = V::select(below_2, V::splat(HIGH[1]), V::select(below_3, V::splat(HIGH[2]), V::splat(HIGH[3])));
    let high = V::select(below_0, zero, V::select(below_1, V::splat(HIGH[0]), high));
    let low = V::select(below_2, V::splat(LOW[1]), V::select(below_3, V::splat(LOW[2]), V::splat(LOW[3])));
    let low = V::select(below_0, zero, V::select(below_1, V::splat(LOW[0]), low));

    let z = t.mul(t);
    let w = z.mul(z);
    let s1 = z.mul(horner(w, [AT[0], AT[2], AT[4], AT[6], AT[8], AT[10]]));
    let s2 = w.mul(horner(w, [AT[1], AT[3], AT[5], AT[7], AT[9]]));
    // With high and low 0 this is t - t (s1 + s2). At infinity t is 0, and high is the result.
    high.sub(t.mul(s1.add(s2)).sub(low).sub(t)).bits_xor(x.bits_and(V::splat(SIGN)))
}
