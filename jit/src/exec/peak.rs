//! What the arithmetic units of this machine can do at most, measured: the yardstick beside every measured time.
#![allow(unsafe_code)]

use std::hint::black_box;
use std::time::Instant;

use super::simd::{Loops, Register, SimdLevel, run_loops};

/// Registers that are added to, and as many that are multiplied: independent of each other, more than latency times units of any machine,
/// and with the two constants few enough for 16 registers.
const CHAINS: usize = 6;

/// Rounds of one measurement, tens of microseconds: shorter than what the system lets a thread run undisturbed.
const ROUNDS: usize = 8_192;

/// Measurements, of which the best counts, since every disturbance makes it slower.
const TRIES: usize = 1_000;

/// Operands that stay far from overflow and from denormal numbers.
const STEP: f64 = 1e-9;
const FACTOR: f64 = 1.000_000_001;

/// The arithmetic of one core, without fused operations, which programs never are made of: they round differently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Additions and multiplications of f64 a second, half of each, independent of each other, in the registers of kernels that do most.
    pub flops_per_second: f64,
    /// Seconds from an operand to the result of one addition or multiplication: the mean of both.
    pub latency_seconds: f64,
    /// f64 in one of those registers.
    pub lanes: usize,
}

impl Peak {
    /// Measures this core as it is now, for about 30 ms.
    pub fn measure() -> Peak {
        // Some machines do more in registers of half the width, at a higher clock or with more units.
        let [narrow, wide] = [4, 8].map(independent);
        let (flops_per_second, lanes) = if narrow.0 > wide.0 { narrow } else { wide };
        let (step, factor) = (black_box(STEP), black_box(FACTOR));
        let dependent = best_of(|| {
            let mut x = step;
            for _ in 0..ROUNDS {
                x = (x + step) * factor;
            }
            black_box(x);
        });
        Peak { flops_per_second, latency_seconds: dependent / (2 * ROUNDS) as f64, lanes }
    }
}

/// Operations a second in the registers for rows of `width` lanes, and how many f64 those hold.
fn independent(width: usize) -> (f64, usize) {
    let mut pass = Pass { step: black_box(STEP), factor: black_box(FACTOR), result: 0.0, lanes: 1 };
    let seconds = best_of(|| {
        // SAFETY: the code works on registers alone, and this level's are the machine's.
        unsafe { run_loops::<Independent>(SimdLevel::of_machine(), width, &mut pass) };
        black_box(pass.result);
    });
    ((2 * CHAINS * ROUNDS * pass.lanes) as f64 / seconds, pass.lanes)
}

fn best_of(mut run: impl FnMut()) -> f64 {
    let time = |_| {
        let begin = Instant::now();
        run();
        begin.elapsed().as_secs_f64()
    };
    (0..TRIES).map(time).fold(f64::INFINITY, f64::min)
}

struct Pass {
    step: f64,
    factor: f64,
    result: f64,
    /// Of the register that ran it.
    lanes: usize,
}

/// The loop of independent operations.
struct Independent;

impl Loops for Independent {
    type Pass<'a> = Pass;

    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(pass: &mut Pass) {
        let (step, factor) = (V::splat(pass.step), V::splat(pass.factor));
        // Indexed by constants once unrolled, so that all of them stay in registers.
        let (mut sums, mut products) = ([step; CHAINS], [factor; CHAINS]);
        for _ in 0..ROUNDS {
            for chain in 0..CHAINS {
                sums[chain] = sums[chain].add(step);
                products[chain] = products[chain].mul(factor);
            }
        }
        let mut total = step;
        for chain in 0..CHAINS {
            total = total.add(sums[chain]).add(products[chain]);
        }
        let mut result = [0.0; 8];
        // SAFETY: no register has more than eight lanes.
        unsafe { total.store(result.as_mut_ptr()) };
        pass.result = result[0];
        pass.lanes = V::LANES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_number_that_a_machine_can_have() {
        let peak = Peak::measure();
        assert!(peak.flops_per_second > 1e7 && peak.flops_per_second < 1e13, "{peak:?}");
        assert!(peak.latency_seconds > 1e-11 && peak.latency_seconds < 1e-5, "{peak:?}");
        assert!([2, 4, 8].contains(&peak.lanes));
    }
}
