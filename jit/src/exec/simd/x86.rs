//! The registers of x86-64.

use std::arch::x86_64::*;

use super::Register;

/// Two lanes in 128 bits: what every x86-64 machine has.
#[derive(Clone, Copy)]
pub(crate) struct SsePair(__m128d);

/// Four lanes in 256 bits: AVX2.
#[derive(Clone, Copy)]
pub(crate) struct Quad(__m256d);

/// Eight lanes in 512 bits: AVX-512 F and DQ.
#[derive(Clone, Copy)]
pub(crate) struct Oct(__m512d);

/// Methods that are one intrinsic each. All of them are safe but for the machine having the instruction, which the trait leaves to
/// whoever instantiates the kernel.
macro_rules! intrinsics {
    ($wrap:ident: $($method:ident($x:ident $(, $y:ident)?) = $body:expr;)*) => {
        $(
            #[inline(always)]
            fn $method(self $(, $y: Self)?) -> Self {
                let $x = self.0;
                $(let $y = $y.0;)?
                // SAFETY: the machine has this register type's instructions (see `Register`).
                $wrap(unsafe { $body })
            }
        )*
    };
}

macro_rules! memory {
    ($wrap:ident, $load:ident, $store:ident) => {
        #[inline(always)]
        unsafe fn load(from: *const f64) -> Self {
            // SAFETY: by the caller's promise, and the machine has the instruction.
            $wrap(unsafe { $load(from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f64) {
            // SAFETY: by the caller's promise, and the machine has the instruction.
            unsafe { $store(to, self.0) }
        }
    };
}

/// SAFETY of every block below: the machine has this register type's instructions (see [`Register`]).
impl Register for SsePair {
    const LANES: usize = 2;
    type Mask = __m128d;

    memory!(SsePair, _mm_loadu_pd, _mm_storeu_pd);
    intrinsics! { SsePair:
        add(x, y) = _mm_add_pd(x, y);
        sub(x, y) = _mm_sub_pd(x, y);
        mul(x, y) = _mm_mul_pd(x, y);
        div(x, y) = _mm_div_pd(x, y);
        sqrt(x) = _mm_sqrt_pd(x);
        abs(x) = _mm_andnot_pd(_mm_set1_pd(-0.0), x);
        bits_and(x, y) = _mm_and_pd(x, y);
        bits_or(x, y) = _mm_or_pd(x, y);
        bits_xor(x, y) = _mm_xor_pd(x, y);
        bits_add(x, y) = _mm_castsi128_pd(_mm_add_epi64(_mm_castpd_si128(x), _mm_castpd_si128(y)));
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        // SAFETY: see above the impl.
        SsePair(unsafe { _mm_set1_pd(value) })
    }

    #[inline(always)]
    fn trunc(self) -> Self {
        // Without SSE 4.1 there is no instruction for it.
        let mut lanes = [0.0; 2];
        // SAFETY: two lanes for two lanes.
        unsafe {
            self.store(lanes.as_mut_ptr());
            lanes = lanes.map(f64::trunc);
            Self::load(lanes.as_ptr())
        }
    }

    #[inline(always)]
    fn lt(self, other: Self) -> __m128d {
        // SAFETY: see above the impl.
        unsafe { _mm_cmplt_pd(self.0, other.0) }
    }

    #[inline(always)]
    fn le(self, other: Self) -> __m128d {
        // SAFETY: see above the impl.
        unsafe { _mm_cmple_pd(self.0, other.0) }
    }

    #[inline(always)]
    fn eq(self, other: Self) -> __m128d {
        // SAFETY: see above the impl.
        unsafe { _mm_cmpeq_pd(self.0, other.0) }
    }

    #[inline(always)]
    fn select(mask: __m128d, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above the impl.
        SsePair(unsafe { _mm_or_pd(_mm_and_pd(mask, then.0), _mm_andnot_pd(mask, otherwise.0)) })
    }

    #[inline(always)]
    fn mask_and(a: __m128d, b: __m128d) -> __m128d {
        // SAFETY: see above the impl.
        unsafe { _mm_and_pd(a, b) }
    }

    #[inline(always)]
    fn mask_or(a: __m128d, b: __m128d) -> __m128d {
        // SAFETY: see above the impl.
        unsafe { _mm_or_pd(a, b) }
    }

    #[inline(always)]
    fn mask_not(mask: __m128d) -> __m128d {
        // SAFETY: see above the impl.
        unsafe { _mm_xor_pd(mask, _mm_castsi128_pd(_mm_set1_epi64x(-1))) }
    }

    #[inline(always)]
    fn mask_bits(mask: __m128d) -> u32 {
        // SAFETY: see above the impl.
        unsafe { _mm_movemask_pd(mask) as u32 }
    }

    #[inline(always)]
    fn sum_of_halves(self) -> f64 {
        // SAFETY: see above the impl.
        unsafe { _mm_cvtsd_f64(_mm_add_sd(self.0, _mm_unpackhi_pd(self.0, self.0))) }
    }

    #[inline(always)]
    fn splat_bits(bits: u64) -> Self {
        // SAFETY: see above the impl.
        SsePair(unsafe { _mm_castsi128_pd(_mm_set1_epi64x(bits as i64)) })
    }

    #[inline(always)]
    fn bits_shl<const N: i32>(self) -> Self {
        // SAFETY: see above the impl.
        SsePair(unsafe { _mm_castsi128_pd(_mm_slli_epi64::<N>(_mm_castpd_si128(self.0))) })
    }

    #[inline(always)]
    fn bits_shr<const N: i32>(self) -> Self {
        // SAFETY: see above the impl.
        SsePair(unsafe { _mm_castsi128_pd(_mm_srli_epi64::<N>(_mm_castpd_si128(self.0))) })
    }
}

/// SAFETY of every block below: the machine has this register type's instructions (see [`Register`]).
impl Register for Quad {
    const LANES: usize = 4;
    type Mask = __m256d;

    memory!(Quad, _mm256_loadu_pd, _mm256_storeu_pd);
    intrinsics! { Quad:
        add(x, y) = _mm256_add_pd(x, y);
        sub(x, y) = _mm256_sub_pd(x, y);
        mul(x, y) = _mm256_mul_pd(x, y);
        div(x, y) = _mm256_div_pd(x, y);
        sqrt(x) = _mm256_sqrt_pd(x);
        abs(x) = _mm256_andnot_pd(_mm256_set1_pd(-0.0), x);
        trunc(x) = _mm256_round_pd::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(x);
        bits_and(x, y) = _mm256_and_pd(x, y);
        bits_or(x, y) = _mm256_or_pd(x, y);
        bits_xor(x, y) = _mm256_xor_pd(x, y);
        bits_add(x, y) = _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(x), _mm256_castpd_si256(y)));
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        // SAFETY: see above the impl.
        Quad(unsafe { _mm256_set1_pd(value) })
    }

    #[inline(always)]
    fn lt(self, other: Self) -> __m256d {
        // SAFETY: see above the impl.
        unsafe { _mm256_cmp_pd::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn le(self, other: Self) -> __m256d {
        // SAFETY: see above the impl.
        unsafe { _mm256_cmp_pd::<_CMP_LE_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn eq(self, other: Self) -> __m256d {
        // SAFETY: see above the impl.
        unsafe { _mm256_cmp_pd::<_CMP_EQ_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn select(mask: __m256d, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above the impl.
        Quad(unsafe { _mm256_blendv_pd(otherwise.0, then.0, mask) })
    }

    #[inline(always)]
    fn mask_and(a: __m256d, b: __m256d) -> __m256d {
        // SAFETY: see above the impl.
        unsafe { _mm256_and_pd(a, b) }
    }

    #[inline(always)]
    fn mask_or(a: __m256d, b: __m256d) -> __m256d {
        // SAFETY: see above the impl.
        unsafe { _mm256_or_pd(a, b) }
    }

    #[inline(always)]
    fn mask_not(mask: __m256d) -> __m256d {
        // SAFETY: see above the impl.
        unsafe { _mm256_xor_pd(mask, _mm256_castsi256_pd(_mm256_set1_epi64x(-1))) }
    }

    #[inline(always)]
    fn mask_bits(mask: __m256d) -> u32 {
        // SAFETY: see above the impl.
        unsafe { _mm256_movemask_pd(mask) as u32 }
    }

    #[inline(always)]
    fn sum_of_halves(self) -> f64 {
        // SAFETY: see above the impl.
        SsePair(unsafe { _mm_add_pd(_mm256_castpd256_pd128(self.0), _mm256_extractf128_pd::<1>(self.0)) }).sum_of_halves()
    }

    #[inline(always)]
    fn splat_bits(bits: u64) -> Self {
        // SAFETY: see above the impl.
        Quad(unsafe { _mm256_castsi256_pd(_mm256_set1_epi64x(bits as i64)) })
    }

    #[inline(always)]
    fn bits_shl<const N: i32>(self) -> Self {
        // SAFETY: see above the impl.
        Quad(unsafe { _mm256_castsi256_pd(_mm256_slli_epi64::<N>(_mm256_castpd_si256(self.0))) })
    }

    #[inline(always)]
    fn bits_shr<const N: i32>(self) -> Self {
        // SAFETY: see above the impl.
        Quad(unsafe { _mm256_castsi256_pd(_mm256_srli_epi64::<N>(_mm256_castpd_si256(self.0))) })
    }
}

/// SAFETY of every block below: the machine has this register type's instructions (see [`Register`]).
impl Register for Oct {
    const LANES: usize = 8;
    type Mask = __mmask8;

    memory!(Oct, _mm512_loadu_pd, _mm512_storeu_pd);
    intrinsics! { Oct:
        add(x, y) = _mm512_add_pd(x, y);
        sub(x, y) = _mm512_sub_pd(x, y);
        mul(x, y) = _mm512_mul_pd(x, y);
        div(x, y) = _mm512_div_pd(x, y);
        sqrt(x) = _mm512_sqrt_pd(x);
        abs(x) = _mm512_andnot_pd(_mm512_set1_pd(-0.0), x);
        trunc(x) = _mm512_roundscale_pd::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(x);
        bits_and(x, y) = _mm512_and_pd(x, y);
        bits_or(x, y) = _mm512_or_pd(x, y);
        bits_xor(x, y) = _mm512_xor_pd(x, y);
        bits_add(x, y) = _mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(x), _mm512_castpd_si512(y)));
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        // SAFETY: see above the impl.
        Oct(unsafe { _mm512_set1_pd(value) })
    }

    #[inline(always)]
    fn lt(self, other: Self) -> __mmask8 {
        // SAFETY: see above the impl.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn le(self, other: Self) -> __mmask8 {
        // SAFETY: see above the impl.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn eq(self, other: Self) -> __mmask8 {
        // SAFETY: see above the impl.
        unsafe { _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn select(mask: __mmask8, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above the impl.
        Oct(unsafe { _mm512_mask_blend_pd(mask, otherwise.0, then.0) })
    }

    #[inline(always)]
    fn mask_and(a: __mmask8, b: __mmask8) -> __mmask8 {
        a & b
    }

    #[inline(always)]
    fn mask_or(a: __mmask8, b: __mmask8) -> __mmask8 {
        a | b
    }

    #[inline(always)]
    fn mask_not(mask: __mmask8) -> __mmask8 {
        !mask
    }

    #[inline(always)]
    fn mask_bits(mask: __mmask8) -> u32 {
        mask.into()
    }

    #[inline(always)]
    fn sum_of_halves(self) -> f64 {
        // SAFETY: see above the impl.
        Quad(unsafe { _mm256_add_pd(_mm512_castpd512_pd256(self.0), _mm512_extractf64x4_pd::<1>(self.0)) }).sum_of_halves()
    }

    #[inline(always)]
    fn splat_bits(bits: u64) -> Self {
        // SAFETY: see above the impl.
        Oct(unsafe { _mm512_castsi512_pd(_mm512_set1_epi64(bits as i64)) })
    }

    #[inline(always)]
    fn bits_shl<const N: i32>(self) -> Self {
        // SAFETY: see above the impl.
        Oct(unsafe { _mm512_castsi512_pd(_mm512_sllv_epi64(_mm512_castpd_si512(self.0), _mm512_set1_epi64(N as i64))) })
    }

    #[inline(always)]
    fn bits_shr<const N: i32>(self) -> Self {
        // SAFETY: see above the impl.
        Oct(unsafe { _mm512_castsi512_pd(_mm512_srlv_epi64(_mm512_castpd_si512(self.0), _mm512_set1_epi64(N as i64))) })
    }
}
