//! Registers in plain Rust: one lane, and two for machines without own code.

use super::Register;

macro_rules! array_register {
    ($(#[$doc:meta])* $name:ident, $lanes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name([f64; $lanes]);

        impl $name {
            #[inline(always)]
            fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
                let mut out = self;
                for lane in 0..$lanes {
                    out.0[lane] = f(self.0[lane], other.0[lane]);
                }
                out
            }

            #[inline(always)]
            fn bits(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
                self.zip(other, |x, y| f64::from_bits(f(x.to_bits(), y.to_bits())))
            }

            #[inline(always)]
            fn compare(self, other: Self, f: impl Fn(f64, f64) -> bool) -> [bool; $lanes] {
                let mut out = [false; $lanes];
                for lane in 0..$lanes {
                    out[lane] = f(self.0[lane], other.0[lane]);
                }
                out
            }
        }

        impl Register for $name {
            const LANES: usize = $lanes;
            type Mask = [bool; $lanes];

            #[inline(always)]
            unsafe fn load(from: *const f64) -> Self {
                // SAFETY: by the caller's promise; an array needs no more alignment than its elements.
                $name(unsafe { *from.cast::<[f64; $lanes]>() })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f64) {
                // SAFETY: as in `load`.
                unsafe { *to.cast::<[f64; $lanes]>() = self.0 }
            }

            #[inline(always)]
            fn splat(value: f64) -> Self {
                $name([value; $lanes])
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self.zip(other, |x, y| x + y)
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self.zip(other, |x, y| x - y)
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self.zip(other, |x, y| x * y)
            }

            #[inline(always)]
            fn div(self, other: Self) -> Self {
                self.zip(other, |x, y| x / y)
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                self.zip(self, |x, _| x.sqrt())
            }

            #[inline(always)]
            fn abs(self) -> Self {
                self.zip(self, |x, _| x.abs())
            }

            #[inline(always)]
            fn trunc(self) -> Self {
                self.zip(self, |x, _| x.trunc())
            }

            #[inline(always)]
            fn lt(self, other: Self) -> Self::Mask {
                self.compare(other, |x, y| x < y)
            }

            #[inline(always)]
            fn le(self, other: Self) -> Self::Mask {
                self.compare(other, |x, y| x <= y)
            }

            #[inline(always)]
            fn eq(self, other: Self) -> Self::Mask {
                self.compare(other, |x, y| x == y)
            }

            #[inline(always)]
            fn select(mask: Self::Mask, then: Self, otherwise: Self) -> Self {
                let mut out = otherwise;
                for lane in 0..$lanes {
                    out.0[lane] = if mask[lane] { then.0[lane] } else { otherwise.0[lane] };
                }
                out
            }

            #[inline(always)]
            fn mask_and(mut a: Self::Mask, b: Self::Mask) -> Self::Mask {
                a.iter_mut().zip(b).for_each(|(a, b)| *a &= b);
                a
            }

            #[inline(always)]
            fn mask_or(mut a: Self::Mask, b: Self::Mask) -> Self::Mask {
                a.iter_mut().zip(b).for_each(|(a, b)| *a |= b);
                a
            }

            #[inline(always)]
            fn mask_not(mask: Self::Mask) -> Self::Mask {
                mask.map(|holds| !holds)
            }

            #[inline(always)]
            fn mask_bits(mask: Self::Mask) -> u32 {
                mask.into_iter().enumerate().fold(0, |bits, (lane, holds)| bits | u32::from(holds) << lane)
            }

            #[inline(always)]
            fn sum_of_halves(self) -> f64 {
                self.0.into_iter().reduce(|x, y| x + y).expect("at least one lane")
            }

            #[inline(always)]
            fn splat_bits(bits: u64) -> Self {
                $name([f64::from_bits(bits); $lanes])
            }

            #[inline(always)]
            fn bits_and(self, other: Self) -> Self {
                self.bits(other, |x, y| x & y)
            }

            #[inline(always)]
            fn bits_or(self, other: Self) -> Self {
                self.bits(other, |x, y| x | y)
            }

            #[inline(always)]
            fn bits_xor(self, other: Self) -> Self {
                self.bits(other, |x, y| x ^ y)
            }

            #[inline(always)]
            fn bits_add(self, other: Self) -> Self {
                self.bits(other, u64::wrapping_add)
            }

            #[inline(always)]
            fn bits_shl<const N: i32>(self) -> Self {
                self.bits(self, |x, _| x << N)
            }

            #[inline(always)]
            fn bits_shr<const N: i32>(self) -> Self {
                self.bits(self, |x, _| x >> N)
            }
        }
    };
}

array_register!(
    /// One lane: of a single task, or what is left of a list.
    Single,
    1
);
#[cfg(any(test, not(target_arch = "x86_64")))]
array_register!(
    /// Two lanes, left to the compiler: 128-bit registers on Arm and others.
    Pair,
    2
);
