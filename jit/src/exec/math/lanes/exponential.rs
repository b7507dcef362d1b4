//! exp, log and sigmoid.

use super::{SIGN, coefficients, high_word, horner, one_by_one};
use crate::exec::math;
use crate::exec::simd::{Register, all_lanes};

/// The first 32 bits of log 2, and the rest.
const LN2_HI: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LO: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
const INV_LN2: f64 = f64::from_bits(0x3ff7_1547_652b_82fe);
const P: [f64; 5] =
    coefficients([0x3fc5_5555_5555_553e, 0xbf66_c16c_16be_bd93, 0x3f11_566a_af25_de2c, 0xbebb_bd41_c5d2_6bf1, 0x3e66_3769_72be_a4d0]);
/// |x| from which exp x may not be a normal number.
const EXP_LIMIT: f64 = high_word(0x4086_232b);
/// Above this exp x is infinite.
const EXP_OVERFLOW: f64 = f64::from_bits(0x4086_2e42_fefa_39ef);
/// Below this exp x is 0.
const EXP_UNDERFLOW: f64 = f64::from_bits(0xc087_4910_d52d_3051);

/// e to the power x.
#[inline(always)]
pub(crate) fn exp<V: Register>(x: V) -> V {
    let (zero, half, one, two) = (V::splat(0.0), V::splat(0.5), V::splat(1.0), V::splat(2.0));
    let size = x.abs();
    // x = k log 2 + r. libm has k = 0 a little beyond log 2 / 2, and k = 1 up to 1.5 log 2, which this gives as well.
    let k = V::splat(INV_LN2).mul(x).add(half.bits_or(x.bits_and(V::splat(SIGN)))).trunc();
    let k = V::select(size.lt(V::splat(high_word(0x3fd6_2e43))), zero, k);
    let high = x.sub(k.mul(V::splat(LN2_HI)));
    let low = k.mul(V::splat(LN2_LO));
    let r = high.sub(low);
    let square = r.mul(r);
    let c = r.sub(square.mul(horner(square, P)));
    let rest = r.mul(c).div(two.sub(c)).sub(low).add(high);
    // Below 2^-28 it is 1 + x, which may round otherwise.
    let rest = V::select(size.lt(V::splat(high_word(0x3e30_0001))), x, rest);
    // 1.5 * 2^52 + 1,023 + k has 1,023 + k in its lowest bits: the exponent of 2^k.
    let scale = k.add(V::splat(6_755_399_441_055_744.0 + 1023.0)).bits_shl::<52>();
    let result = one.add(rest).mul(scale);

    let beyond = V::splat(EXP_LIMIT).le(size);
    if V::mask_bits(beyond) == 0 {
        return result;
    }
    let (over, under) = (V::splat(EXP_OVERFLOW).lt(x), x.lt(V::splat(EXP_UNDERFLOW)));
    let result = V::select(over, V::splat(f64::INFINITY), V::select(under, zero, result));
    let left = V::mask_and(beyond, V::mask_not(V::mask_or(over, under)));
    one_by_one(result, x, V::mask_bits(left), math::exp)
}

/// 1 / (1 + exp(-x)).
#[inline(always)]
pub(crate) fn sigmoid<V: Register>(x: V) -> V {
    let one = V::splat(1.0);
    one.div(one.add(exp(x.bits_xor(V::splat(SIGN)))))
}

const LG: [f64; 7] = coefficients([
    0x3fe5_5555_5555_5593,
    0x3fd9_9999_9997_fa04,
    0x3fd2_4924_9422_9359,
    0x3fcc_71c5_1d8e_78af,
    0x3fc7_4664_96cb_03de,
    0x3fc3_9a09_d078_c69f,
    0x3fc2_f112_df3e_5244,
]);
/// The high word of sqrt(1/2).
const SQRT_HALF: u64 = 0x3fe6_a09e << 32;
const ONE: u64 = 0x3ff0_0000 << 32;

/// The natural logarithm: NaN below 0, -inf at 0.
#[inline(always)]
pub(crate) fn log<V: Register>(x: V) -> V {
    let result = log_of_normal(x);
    let infinity = V::splat(f64::INFINITY);
    let normal = V::mask_and(V::splat(f64::MIN_POSITIVE).le(x), x.lt(infinity));
    if V::mask_bits(normal) == all_lanes::<V>() {
        return result;
    }
    let zero = V::splat(0.0);
    let other = V::select(x.lt(zero), V::splat(f64::NAN), V::select(x.eq(zero), V::splat(f64::NEG_INFINITY), x));
    let subnormal = V::mask_and(zero.lt(x), x.lt(V::splat(f64::MIN_POSITIVE)));
    one_by_one(V::select(normal, result, other), x, V::mask_bits(subnormal), math::log)
}

/// The natural logarithm of positive normal numbers; any value for others.
#[inline(always)]
pub(crate) fn log_of_normal<V: Register>(x: V) -> V {
    let (half, one, two) = (V::splat(0.5), V::splat(1.0), V::splat(2.0));
    // x = 2^k (1 + f) with 1 + f from sqrt(1/2) on.
    let shifted = x.bits_add(V::splat_bits(ONE - SQRT_HALF));
    // 2^52 + 1,023 + k, from its bits.
    let k = shifted.bits_shr::<52>().bits_or(V::splat_bits(0x433 << 52)).sub(V::splat(4_503_599_627_370_496.0 + 1023.0));
    let f = shifted.bits_and(V::splat_bits((1 << 52) - 1)).bits_add(V::splat_bits(SQRT_HALF)).sub(one);
    let half_square = half.mul(f).mul(f);
    let s = f.div(two.add(f));
    let z = s.mul(s);
    let w = z.mul(z);
    let t1 = w.mul(horner(w, [LG[1], LG[3], LG[5]]));
    let t2 = z.mul(horner(w, [LG[0], LG[2], LG[4], LG[6]]));
    let r = t2.add(t1);
    s.mul(half_square.add(r)).add(k.mul(V::splat(LN2_LO))).sub(half_square).add(f).add(k.mul(V::splat(LN2_HI)))
}
