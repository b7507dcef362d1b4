//! Which vector instructions this machine has, and the machine code of generic loops for them.

use std::sync::OnceLock;

use super::Register;

/// Which vector instructions generic code is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SimdLevel {
    /// What every machine of the compiled target has.
    Baseline,
    /// 256 bits of x86-64.
    Avx2,
    /// 512 bits of x86-64, and twice as many registers of 256.
    Avx512,
}

impl SimdLevel {
    /// The best level that this machine has. `EXNIHILO_SIMD` = `baseline`, `avx2` or `avx512` asks for a lower one, for tests.
    pub(crate) fn of_machine() -> SimdLevel {
        static LEVEL: OnceLock<SimdLevel> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            let asked = std::env::var("EXNIHILO_SIMD").unwrap_or_default();
            let most = match asked.as_str() {
                "baseline" => SimdLevel::Baseline,
                "avx2" => SimdLevel::Avx2,
                _ => SimdLevel::Avx512,
            };
            SimdLevel::detect().min(most)
        })
    }

    #[cfg(target_arch = "x86_64")]
    fn detect() -> SimdLevel {
        let has_avx512 =
            is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl");
        match (is_x86_feature_detected!("avx2"), has_avx512) {
            (true, true) => SimdLevel::Avx512,
            (true, false) => SimdLevel::Avx2,
            _ => SimdLevel::Baseline,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn detect() -> SimdLevel {
        SimdLevel::Baseline
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

/// One entry point for each level: generic code that is inlined into it gets the level's instructions.
macro_rules! entries {
    ($(#[$feature:meta])* $loops:ident) => {
        /// # Safety
        /// As for [`Loops::run`].
        $(#[$feature])*
        unsafe fn $loops<L: Loops, V: Register, const R: usize>(pass: &mut L::Pass<'_>) {
            // SAFETY: the promise of whoever calls it.
            unsafe { L::run::<V, R>(pass) }
        }
    };
}

entries!(loops_baseline);
#[cfg(target_arch = "x86_64")]
entries!(
    #[target_feature(enable = "avx2")]
    loops_avx2
);
#[cfg(target_arch = "x86_64")]
entries!(
    #[target_feature(enable = "avx2,avx512f,avx512dq,avx512vl")]
    loops_avx512
);

/// The registers of a row of each width on each level. Twelve lanes are three registers of 256 bits on every machine that has them: as rows
/// of 96 bytes, registers of 512 bits would straddle cache lines.
macro_rules! by_width {
    ($level:expr, $width:expr, $baseline:ident, $avx2:ident, $avx512:ident, $code:ident) => {
        match ($level, $width) {
            #[cfg(target_arch = "x86_64")]
            ($crate::exec::simd::SimdLevel::Avx512, 2) => $avx512::<$code, $crate::exec::simd::BaselinePair, 1>,
            #[cfg(target_arch = "x86_64")]
            ($crate::exec::simd::SimdLevel::Avx512, 4) => $avx512::<$code, $crate::exec::simd::Quad, 1>,
            #[cfg(target_arch = "x86_64")]
            ($crate::exec::simd::SimdLevel::Avx512, 8) => $avx512::<$code, $crate::exec::simd::Oct, 1>,
            #[cfg(target_arch = "x86_64")]
            ($crate::exec::simd::SimdLevel::Avx512, 12) => $avx512::<$code, $crate::exec::simd::Quad, 3>,
            #[cfg(target_arch = "x86_64")]
            ($crate::exec::simd::SimdLevel::Avx512, 16) => $avx512::<$code, $crate::exec::simd::Oct, 2>,
            #[cfg(target_arch = "x86_64")]
            ($crate::exec::simd::SimdLevel::Avx2, 4) => $avx2::<$code, $crate::exec::simd::Quad, 1>,
            #[cfg(target_arch = "x86_64")]
            ($crate::exec::simd::SimdLevel::Avx2, 8) => $avx2::<$code, $crate::exec::simd::Quad, 2>,
            #[cfg(target_arch = "x86_64")]
            ($crate::exec::simd::SimdLevel::Avx2, 12) => $avx2::<$code, $crate::exec::simd::Quad, 3>,
            #[cfg(target_arch = "x86_64")]
            ($crate::exec::simd::SimdLevel::Avx2, 16) => $avx2::<$code, $crate::exec::simd::Quad, 4>,
            (_, 1) => $baseline::<$code, $crate::exec::simd::Single, 1>,
            (_, 2) => $baseline::<$code, $crate::exec::simd::BaselinePair, 1>,
            (_, 4) => $baseline::<$code, $crate::exec::simd::BaselinePair, 2>,
            (_, 8) => $baseline::<$code, $crate::exec::simd::BaselinePair, 4>,
            (_, 12) => $baseline::<$code, $crate::exec::simd::BaselinePair, 6>,
            (_, 16) => $baseline::<$code, $crate::exec::simd::BaselinePair, 8>,
            (_, width) => unreachable!("no chunk has {width} lanes"),
        }
    };
}
pub(crate) use by_width;

/// The loops for chunks of `width` lanes.
///
/// # Safety
/// As for [`Loops::run`].
pub(crate) unsafe fn run_loops<L: Loops>(level: SimdLevel, width: usize, pass: &mut L::Pass<'_>) {
    let loops: unsafe fn(&mut L::Pass<'_>) = by_width!(level, width, loops_baseline, loops_avx2, loops_avx512, L);
    // SAFETY: by the caller's promise.
    unsafe { loops(pass) }
}
