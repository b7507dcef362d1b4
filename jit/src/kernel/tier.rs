//! From generic code to machine code for the machine at hand.

use std::sync::OnceLock;

use super::{Body, Context, Kernel, Operands, Operation};
#[cfg(feature = "jit")]
use super::{ErrorBody, ErrorKernel, ErrorRows};
#[cfg(not(target_arch = "x86_64"))]
use crate::exec::simd::Pair as BaselinePair;
#[cfg(target_arch = "x86_64")]
use crate::exec::simd::{Oct, Quad, SsePair as BaselinePair};
use crate::exec::simd::{Register, Single};

/// Which vector instructions kernels are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// What every machine of the compiled target has.
    Baseline,
    /// 256 bits of x86-64.
    Avx2,
    /// 512 bits of x86-64, and twice as many registers of 256.
    Avx512,
}

impl Tier {
    /// The best tier that this machine has. `EXNIHILO_SIMD` = `baseline`, `avx2` or `avx512` asks for a lower one, for tests.
    pub(crate) fn of_machine() -> Tier {
        static TIER: OnceLock<Tier> = OnceLock::new();
        *TIER.get_or_init(|| {
            let asked = std::env::var("EXNIHILO_SIMD").unwrap_or_default();
            let most = match asked.as_str() {
                "baseline" => Tier::Baseline,
                "avx2" => Tier::Avx2,
                _ => Tier::Avx512,
            };
            Tier::detect().min(most)
        })
    }

    #[cfg(target_arch = "x86_64")]
    fn detect() -> Tier {
        let has_avx512 =
            is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl");
        match (is_x86_feature_detected!("avx2"), has_avx512) {
            (true, true) => Tier::Avx512,
            (true, false) => Tier::Avx2,
            _ => Tier::Baseline,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn detect() -> Tier {
        Tier::Baseline
    }
}

/// Code that is not a kernel but, like one, made for a register type: loops that call kernels.
pub(crate) trait Loops {
    /// What it works on.
    type Pass<'a>;

    /// # Safety
    /// The pass belongs to a chunk whose rows have `R` registers `V`, and the machine has their instructions.
    unsafe fn run<V: Register, const R: usize>(pass: &mut Self::Pass<'_>);
}

/// One entry point a tier: generic code that is inlined here gets the tier's instructions.
macro_rules! entries {
    ($(#[$feature:meta])* $kernel:ident, $loops:ident, $error:ident) => {
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

        /// # Safety
        /// As for [`Loops::run`].
        $(#[$feature])*
        unsafe fn $loops<L: Loops, V: Register, const R: usize>(pass: &mut L::Pass<'_>) {
            // SAFETY: the promise of whoever calls it.
            unsafe { L::run::<V, R>(pass) }
        }
    };
}

entries!(kernel_baseline, loops_baseline, error_baseline);
#[cfg(target_arch = "x86_64")]
entries!(
    #[target_feature(enable = "avx2")]
    kernel_avx2,
    loops_avx2,
    error_avx2
);
#[cfg(target_arch = "x86_64")]
entries!(
    #[target_feature(enable = "avx2,avx512f,avx512dq,avx512vl")]
    kernel_avx512,
    loops_avx512,
    error_avx512
);

/// The registers of a row of each width on each tier. Twelve lanes are three registers of 256 bits on every machine that has them: as rows
/// of 96 bytes, registers of 512 bits would straddle cache lines.
macro_rules! by_width {
    ($tier:expr, $width:expr, $baseline:ident, $avx2:ident, $avx512:ident, $code:ident) => {
        match ($tier, $width) {
            #[cfg(target_arch = "x86_64")]
            (Tier::Avx512, 2) => $avx512::<$code, BaselinePair, 1>,
            #[cfg(target_arch = "x86_64")]
            (Tier::Avx512, 4) => $avx512::<$code, Quad, 1>,
            #[cfg(target_arch = "x86_64")]
            (Tier::Avx512, 8) => $avx512::<$code, Oct, 1>,
            #[cfg(target_arch = "x86_64")]
            (Tier::Avx512, 12) => $avx512::<$code, Quad, 3>,
            #[cfg(target_arch = "x86_64")]
            (Tier::Avx512, 16) => $avx512::<$code, Oct, 2>,
            #[cfg(target_arch = "x86_64")]
            (Tier::Avx2, 4) => $avx2::<$code, Quad, 1>,
            #[cfg(target_arch = "x86_64")]
            (Tier::Avx2, 8) => $avx2::<$code, Quad, 2>,
            #[cfg(target_arch = "x86_64")]
            (Tier::Avx2, 12) => $avx2::<$code, Quad, 3>,
            #[cfg(target_arch = "x86_64")]
            (Tier::Avx2, 16) => $avx2::<$code, Quad, 4>,
            (_, 1) => $baseline::<$code, Single, 1>,
            (_, 2) => $baseline::<$code, BaselinePair, 1>,
            (_, 4) => $baseline::<$code, BaselinePair, 2>,
            (_, 8) => $baseline::<$code, BaselinePair, 4>,
            (_, 12) => $baseline::<$code, BaselinePair, 6>,
            (_, 16) => $baseline::<$code, BaselinePair, 8>,
            (_, width) => unreachable!("no chunk has {width} lanes"),
        }
    };
}

/// A kernel on rows of `width` lanes.
pub(super) fn rows<B: Body>(tier: Tier, width: usize) -> Kernel {
    by_width!(tier, width, kernel_baseline, kernel_avx2, kernel_avx512, B)
}

/// An error kernel on rows of `width` lanes.
#[cfg(feature = "jit")]
pub(super) fn error<E: ErrorBody>(tier: Tier, width: usize) -> ErrorKernel {
    by_width!(tier, width, error_baseline, error_avx2, error_avx512, E)
}

/// A kernel that treats rows as one flat list, whose length is a multiple of the row's: the widest register that divides a row.
pub(super) fn flat<B: Body>(tier: Tier, width: usize) -> Kernel {
    match (tier, width) {
        #[cfg(target_arch = "x86_64")]
        (Tier::Avx512, 8 | 16) => kernel_avx512::<B, Oct, 1>,
        #[cfg(target_arch = "x86_64")]
        (Tier::Avx512 | Tier::Avx2, 4 | 8 | 12 | 16) => kernel_avx2::<B, Quad, 1>,
        _ => kernel_baseline::<B, BaselinePair, 1>,
    }
}

/// A kernel on rows of one lane, whose registers go along the elements: the widest there are.
pub(super) fn along<B: Body>(tier: Tier) -> Kernel {
    match tier {
        #[cfg(target_arch = "x86_64")]
        Tier::Avx512 => kernel_avx512::<B, Oct, 1>,
        #[cfg(target_arch = "x86_64")]
        Tier::Avx2 => kernel_avx2::<B, Quad, 1>,
        _ => kernel_baseline::<B, BaselinePair, 1>,
    }
}

/// The loops for chunks of `width` lanes.
///
/// # Safety
/// As for [`Loops::run`].
pub(crate) unsafe fn run_loops<L: Loops>(tier: Tier, width: usize, pass: &mut L::Pass<'_>) {
    let loops: unsafe fn(&mut L::Pass<'_>) = by_width!(tier, width, loops_baseline, loops_avx2, loops_avx512, L);
    // SAFETY: by the caller's promise.
    unsafe { loops(pass) }
}
