//! Runs decoded steps with the widest vector instructions that the machine has.
//!
//! The interpreter is compiled once for every x86-64 or other machine and once more with AVX2; which one runs is decided at run time.
//! Both give the same bits: neither contracts a product and a sum into a fused operation.
#![allow(unsafe_code)]

use super::code::Step;
use super::step::{Draws, execute};

/// Executes steps in order; the type says with which instructions.
pub(super) trait Isa {
    /// Runs all of `steps` on the chunk's memory.
    fn run<const L: usize>(self, steps: &[Step], features: usize, rows: &mut [[f64; L]], spare: &mut [[f64; L]], draws: Draws<'_>);
}

/// What every machine of the compiled target has.
#[derive(Clone, Copy)]
pub(super) struct Baseline;

impl Isa for Baseline {
    fn run<const L: usize>(self, steps: &[Step], features: usize, rows: &mut [[f64; L]], spare: &mut [[f64; L]], draws: Draws<'_>) {
        for step in steps {
            execute(step, features, rows, spare, draws);
        }
    }
}

/// 256-bit vectors of x86-64. A value of this type is proof that the machine has them.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

#[cfg(target_arch = "x86_64")]
impl Avx2 {
    /// The proof, if the machine has AVX2.
    pub(super) fn detect() -> Option<Avx2> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Avx2(()))
    }
}

#[cfg(target_arch = "x86_64")]
impl Isa for Avx2 {
    fn run<const L: usize>(self, steps: &[Step], features: usize, rows: &mut [[f64; L]], spare: &mut [[f64; L]], draws: Draws<'_>) {
        // SAFETY: `self` exists only if `detect` found AVX2 on this machine; the function needs nothing else.
        unsafe { run_avx2(steps, features, rows, spare, draws) }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<const L: usize>(steps: &[Step], features: usize, rows: &mut [[f64; L]], spare: &mut [[f64; L]], draws: Draws<'_>) {
    for step in steps {
        execute(step, features, rows, spare, draws);
    }
}

/// Executes one step on the memory of a chunk of `width` lanes: for compiled code, which leaves some steps to the interpreter.
#[cfg(feature = "jit")]
pub(crate) fn run_one(step: &Step, features: usize, width: usize, memory: &mut [f64], spare: &mut [f64], draws: Draws<'_>) {
    fn with_lanes<const L: usize>(step: &Step, features: usize, memory: &mut [f64], spare: &mut [f64], draws: Draws<'_>) {
        let (rows, _) = memory.as_chunks_mut::<L>();
        let (spare, _) = spare.as_chunks_mut::<L>();
        #[cfg(target_arch = "x86_64")]
        if let Some(isa) = Avx2::detect() {
            return isa.run(std::slice::from_ref(step), features, rows, spare, draws);
        }
        Baseline.run(std::slice::from_ref(step), features, rows, spare, draws);
    }
    match width {
        2 => with_lanes::<2>(step, features, memory, spare, draws),
        4 => with_lanes::<4>(step, features, memory, spare, draws),
        width => unreachable!("compiled code has 2 or 4 lanes, not {width}"),
    }
}
