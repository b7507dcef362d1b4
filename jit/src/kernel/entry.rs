//! From generic code to machine code for the machine at hand.

use super::{Body, Context, Kernel, Operands, Operation};
#[cfg(feature = "jit")]
use super::{ErrorBody, ErrorKernel, ErrorRows};
use crate::exec::simd::{BaselinePair, Register, SimdLevel, by_width};
#[cfg(target_arch = "x86_64")]
use crate::exec::simd::{Oct, Quad};

/// One entry point a level: generic code that is inlined here gets the level's instructions.
macro_rules! entries {
    ($(#[$feature:meta])* $kernel:ident, $error:ident) => {
        /// # Safety
        /// As for a [`Kernel`].
        $(#[$feature])*
        unsafe extern "C" fn $kernel<B: Body, V: Register, const R: usize>(
            out: *mut f64,
            a: *const f64,
            b: *const f64,
            c: *const f64,
            operation: &Operation,
            context: &Context,
        ) {
            // SAFETY: the promise of whoever calls a `Kernel`.
            unsafe { B::run::<V, R>(Operands { out, a, b, c, operation, context }) }
        }

        /// # Safety
        /// As for an [`ErrorKernel`].
        #[cfg(feature = "jit")]
        $(#[$feature])*
        unsafe extern "C" fn $error<E: ErrorBody, V: Register, const R: usize>(
            error: *mut f64,
            label: *const f64,
            prediction: *mut f64,
            loss: *mut f64,
            limit: f64,
            features: usize,
        ) -> u64 {
            // SAFETY: the promise of whoever calls an `ErrorKernel`.
            u64::from(unsafe { E::run::<V, R>(ErrorRows { error, label, prediction, loss, limit, features }) })
        }
    };
}

entries!(kernel_baseline, error_baseline);
#[cfg(target_arch = "x86_64")]
entries!(
    #[target_feature(enable = "avx2")]
    kernel_avx2,
    error_avx2
);
#[cfg(target_arch = "x86_64")]
entries!(
    #[target_feature(enable = "avx2,avx512f,avx512dq,avx512vl")]
    kernel_avx512,
    error_avx512
);

/// A kernel on rows of `width` lanes.
pub(super) fn rows<B: Body>(level: SimdLevel, width: usize) -> Kernel {
    by_width!(level, width, kernel_baseline, kernel_avx2, kernel_avx512, B)
}

/// An error kernel on rows of `width` lanes.
#[cfg(feature = "jit")]
pub(super) fn error<E: ErrorBody>(level: SimdLevel, width: usize) -> ErrorKernel {
    by_width!(level, width, error_baseline, error_avx2, error_avx512, E)
}

/// A kernel that treats rows as one flat list, whose length is a multiple of the row's: the widest register that divides a row.
pub(super) fn flat<B: Body>(level: SimdLevel, width: usize) -> Kernel {
    match (level, width) {
        #[cfg(target_arch = "x86_64")]
        (SimdLevel::Avx512, 8 | 16) => kernel_avx512::<B, Oct, 1>,
        #[cfg(target_arch = "x86_64")]
        (SimdLevel::Avx512 | SimdLevel::Avx2, 4 | 8 | 12 | 16) => kernel_avx2::<B, Quad, 1>,
        _ => kernel_baseline::<B, BaselinePair, 1>,
    }
}

/// A kernel on rows of one lane, whose registers go along the elements: the widest there are.
pub(super) fn along<B: Body>(level: SimdLevel) -> Kernel {
    match level {
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512 => kernel_avx512::<B, Oct, 1>,
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2 => kernel_avx2::<B, Quad, 1>,
        _ => kernel_baseline::<B, BaselinePair, 1>,
    }
}
