//! sin, cos and tan: fdlibm's `rem_pio2` and its kernels on [-pi/4, pi/4].

use super::{SIGN, coefficients, high_half, high_word, horner, one_by_one};
use crate::exec::math;
use crate::exec::simd::{Register, all_lanes};

/// 1.5 * 2^52: added to a number below 2^51 it rounds it to an integer, which then stands in the lowest bits.
const TO_INT: f64 = 6_755_399_441_055_744.0;
/// 2 / pi.
const INV_PIO2: f64 = f64::from_bits(0x3fe4_5f30_6dc9_c883);
/// The first 33 bits of pi/2, and the rest.
const PIO2_1: f64 = f64::from_bits(0x3ff9_21fb_5440_0000);
const PIO2_1T: f64 = f64::from_bits(0x3dd0_b461_1a62_6331);
/// The second 33 bits of pi/2, and the rest.
const PIO2_2: f64 = f64::from_bits(0x3dd0_b461_1a60_0000);
const PIO2_2T: f64 = f64::from_bits(0x3ba3_198a_2e03_7073);

/// From here on (a little above 9 pi/4) `rem_pio2` rounds x 2/pi; below, it compares |x| with multiples of pi/4.
const ROUNDED: f64 = high_word(0x401c_463c);
/// From here on (2^20 pi/2) it takes as many bits of pi as the exponent asks for.
const LARGE: f64 = high_word(0x4139_21fb);
/// Its comparisons below [`ROUNDED`] are of high words, so up to 5.7e-6 above an odd multiple of pi/4 they choose the multiple of pi/2
/// below. Reduced values as near to pi/4 as that are therefore not trusted there.
const NEAR_PIO4: f64 = std::f64::consts::FRAC_PI_4 - 6e-6;

const EXPONENT: u64 = 0x7ff << 52;

/// |x| = n pi/2 + (y0 + y1) in the lanes that are not in `lanes_left`.
struct Reduced<V> {
    /// n as an f64.
    multiple: V,
    /// The lowest bits are those of n.
    bits: V,
    y0: V,
    y1: V,
    lanes_left: u32,
}

#[inline(always)]
fn reduce<V: Register>(size: V) -> Reduced<V> {
    let bits = size.mul(V::splat(INV_PIO2)).add(V::splat(TO_INT));
    let multiple = bits.sub(V::splat(TO_INT));
    let mut r = size.sub(multiple.mul(V::splat(PIO2_1)));
    let mut w = multiple.mul(V::splat(PIO2_1T));
    let mut y0 = r.sub(w);
    let mut lanes_left = 0;

    // So long as less than 16 bits cancel, one round is all that rem_pio2 does. Large, infinite and NaN lanes fail this as well.
    let y0_size = y0.abs();
    let one_round = V::mask_and(size.mul(V::splat(1.0 / 65_536.0)).le(y0_size), y0_size.le(V::splat(NEAR_PIO4)));
    if V::mask_bits(one_round) != all_lanes::<V>() {
        let exponent = V::splat_bits(EXPONENT);
        let rounded = V::splat(ROUNDED).le(size);
        let scale = size.bits_and(exponent);
        let second = V::mask_and(rounded, y0.bits_and(exponent).lt(scale.mul(V::splat(1.0 / 65_536.0))));
        let w2 = multiple.mul(V::splat(PIO2_2));
        let r2 = r.sub(w2);
        let w2 = multiple.mul(V::splat(PIO2_2T)).sub(r.sub(r2).sub(w2));
        r = V::select(second, r2, r);
        w = V::select(second, w2, w);
        y0 = r.sub(w);
        let third = V::mask_and(second, y0.bits_and(exponent).lt(scale.mul(V::splat(1.0 / (1u64 << 49) as f64))));
        let small = V::mask_and(V::mask_not(one_round), size.lt(V::splat(ROUNDED)));
        let large = V::mask_and(V::splat(LARGE).le(size), size.lt(V::splat(f64::INFINITY)));
        lanes_left = V::mask_bits(V::mask_or(third, V::mask_or(small, large)));
    }
    Reduced { multiple, bits, y0, y1: r.sub(y0).sub(w), lanes_left }
}

const S: [f64; 6] = coefficients([
    0xbfc5_5555_5555_5549,
    0x3f81_1111_1110_f8a6,
    0xbf2a_01a0_19c1_61d5,
    0x3ec7_1de3_57b1_fe7d,
    0xbe5a_e5e6_8a2b_9ceb,
    0x3de5_d93a_5acf_d57c,
]);
const C: [f64; 6] = coefficients([
    0x3fa5_5555_5555_554c,
    0xbf56_c16c_16c1_5177,
    0x3efa_01a0_19cb_1590,
    0xbe92_7e4f_809c_52ad,
    0x3e21_ee9e_bdb4_b1c4,
    0xbda8_fae9_be88_38d4,
]);

/// What follows the first coefficient of sine, for z = y0^2.
#[inline(always)]
fn sine_tail<V: Register>(z: V) -> V {
    horner(z, [S[1], S[2], S[3]]).add(z.mul(z.mul(z)).mul(horner(z, [S[4], S[5]])))
}

/// sin(y0 + y1).
#[inline(always)]
fn sine<V: Register>(y0: V, y1: V, z: V, tail: V) -> V {
    let v = z.mul(y0);
    let inner = z.mul(V::splat(0.5).mul(y1).sub(v.mul(tail))).sub(y1);
    y0.sub(inner.sub(v.mul(V::splat(S[0]))))
}

/// sin(y0 + y1), where an n of 0 means that y0 is all of |x|.
#[inline(always)]
fn sine_from_zero<V: Register>(reduced: &Reduced<V>, z: V) -> V {
    let tail = sine_tail(z);
    let y0 = reduced.y0;
    let whole = y0.add(z.mul(y0).mul(V::splat(S[0]).add(z.mul(tail))));
    V::select(reduced.multiple.eq(V::splat(0.0)), whole, sine(y0, reduced.y1, z, tail))
}

/// cos(y0 + y1).
#[inline(always)]
fn cosine<V: Register>(y0: V, y1: V, z: V) -> V {
    let one = V::splat(1.0);
    let w = z.mul(z);
    let r = z.mul(horner(z, [C[0], C[1], C[2]])).add(w.mul(w).mul(horner(z, [C[3], C[4], C[5]])));
    let half = V::splat(0.5).mul(z);
    let w = one.sub(half);
    w.add(one.sub(w).sub(half).add(z.mul(r).sub(y0.mul(y1))))
}

/// sin of n pi/2 + y from sin y and cos y; the lowest two bits of `bits` are those of n.
#[inline(always)]
fn in_quadrant<V: Register>(bits: V, sine: V, cosine: V) -> V {
    // An odd n makes this 2 or -2, an even one 0 or -0; the sign is that of the quadrant.
    let quadrant = bits.bits_shl::<62>();
    V::select(quadrant.eq(V::splat(0.0)), sine, cosine).bits_xor(quadrant.bits_and(V::splat(SIGN)))
}

/// The number of the next quadrant: cos a = sin(a + pi/2).
#[inline(always)]
fn next<V: Register>(bits: V) -> V {
    bits.bits_add(V::splat_bits(1))
}

/// sin x.
#[inline(always)]
pub(crate) fn sin<V: Register>(x: V) -> V {
    let reduced = reduce(x.abs());
    let z = reduced.y0.mul(reduced.y0);
    let (sine, cosine) = (sine_from_zero(&reduced, z), cosine(reduced.y0, reduced.y1, z));
    let result = in_quadrant(reduced.bits, sine, cosine).bits_xor(x.bits_and(V::splat(SIGN)));
    one_by_one(result, x, reduced.lanes_left, math::sin)
}

/// cos x.
#[inline(always)]
pub(crate) fn cos<V: Register>(x: V) -> V {
    let reduced = reduce(x.abs());
    let (y0, y1) = (reduced.y0, reduced.y1);
    let z = y0.mul(y0);
    let result = in_quadrant(next(reduced.bits), sine(y0, y1, z, sine_tail(z)), cosine(y0, y1, z));
    one_by_one(result, x, reduced.lanes_left, math::cos)
}

/// sin x and cos x, for little more than one of them.
#[inline(always)]
pub(crate) fn sin_cos<V: Register>(x: V) -> (V, V) {
    let reduced = reduce(x.abs());
    let z = reduced.y0.mul(reduced.y0);
    let (sine, cosine) = (sine_from_zero(&reduced, z), cosine(reduced.y0, reduced.y1, z));
    let sin = in_quadrant(reduced.bits, sine, cosine).bits_xor(x.bits_and(V::splat(SIGN)));
    let cos = in_quadrant(next(reduced.bits), sine, cosine);
    (one_by_one(sin, x, reduced.lanes_left, math::sin), one_by_one(cos, x, reduced.lanes_left, math::cos))
}

const T: [f64; 13] = coefficients([
    0x3fd5_5555_5555_5563,
    0x3fc1_1111_1110_fe7a,
    0x3fab_a1ba_1bb3_41fe,
    0x3f96_64f4_8406_d637,
    0x3f82_26e3_e96e_8493,
    0x3f6d_6d22_c956_0328,
    0x3f57_dbc8_fee0_8315,
    0x3f43_44d8_f2f2_6501,
    0x3f30_26f7_1a8d_1068,
    0x3f14_7e88_a037_92a6,
    0x3f12_b80f_32f0_a7e9,
    0xbef3_75cb_db60_5373,
    0x3efb_2a70_74bf_7ad4,
]);
const PIO4: f64 = f64::from_bits(0x3fe9_21fb_5444_2d18);
const PIO4_LO: f64 = f64::from_bits(0x3c81_a626_3314_5c07);
/// From here on (0.6744) the kernel of tan goes by the distance to pi/4.
const NEARER_PIO4: f64 = high_word(0x3fe5_9428);

/// tan x.
#[inline(always)]
pub(crate) fn tan<V: Register>(x: V) -> V {
    let (zero, one, two) = (V::splat(0.0), V::splat(1.0), V::splat(2.0));
    let reduced = reduce(x.abs());
    // Everything below is odd in (y0, y1), so it may be computed for y0 >= 0.
    let sign = reduced.y0.bits_and(V::splat(SIGN));
    let (y0, y1) = (reduced.y0.abs(), reduced.y1.bits_xor(sign));
    let odd = reduced.bits.bits_shl::<63>();

    let big = V::splat(NEARER_PIO4).le(y0);
    let y0 = V::select(big, V::splat(PIO4).sub(y0).add(V::splat(PIO4_LO).sub(y1)), y0);
    let y1 = V::select(big, zero, y1);
    let z = y0.mul(y0);
    let w = z.mul(z);
    let r = horner(w, [T[1], T[3], T[5], T[7], T[9], T[11]]);
    let v = z.mul(horner(w, [T[2], T[4], T[6], T[8], T[10], T[12]]));
    let s = z.mul(y0);
    let r = y1.add(z.mul(s.mul(r.add(v)).add(y1))).add(s.mul(V::splat(T[0])));
    let w = y0.add(r);

    // One division for both ways that have one: w^2 / (w + s) near pi/4, else -1 / w.
    let s = one.bits_xor(odd);
    let quotient = V::select(big, w.mul(w), V::splat(-1.0)).div(V::select(big, w.add(s), w));
    let near_pio4 = s.sub(two.mul(y0.add(r.sub(quotient))));
    let (w_high, a_high) = (high_half(w), high_half(quotient));
    let low = r.sub(w_high.sub(y0));
    let inverse = a_high.add(quotient.mul(one.add(a_high.mul(w_high)).add(a_high.mul(low))));
    let even = s.eq(one);
    let result = V::select(big, near_pio4, V::select(even, w, inverse)).bits_xor(sign).bits_xor(x.bits_and(V::splat(SIGN)));
    one_by_one(result, x, reduced.lanes_left, math::tan)
}
