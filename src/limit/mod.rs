//! What arithmetic allows: how long a step of a program takes at least, beside which measured times are held. `bench` and the benches
//! use it; it knows the language and nothing of how programs run.

mod operations;

pub use operations::{FUNCTION_FLOPS, chain, flops};

use exnihilo_jit::{ComponentFunction, Instruction, Peak, Program};

/// The arithmetic of one step of one task.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepWork {
    /// Floating-point operations.
    pub flops: f64,
    /// Operations that one step has to wait for after the step before, one after the other; 0 where steps do not depend on each other.
    pub chain: f64,
}

/// The least that a step of one task takes, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepLimit {
    /// Floating-point operations over the peak of the core.
    pub flops_ns: f64,
    /// The latency of what one step waits for of the step before, shared by all tasks side by side.
    pub chain_ns: f64,
}

impl StepWork {
    /// A training step: Predict, the error, Learn. The error takes a subtraction and a comparison. Pass a simplified program.
    pub fn of_training(program: &Program, features: usize) -> StepWork {
        let predict = program.function(ComponentFunction::Predict);
        StepWork::of([predict, program.function(ComponentFunction::Learn)].concat().as_slice(), features, 2)
    }

    /// A validation step: Predict, the error, its square and their sum.
    pub fn of_validation(program: &Program, features: usize) -> StepWork {
        StepWork::of(program.function(ComponentFunction::Predict), features, 4)
    }

    fn of(instructions: &[Instruction], features: usize, more: usize) -> StepWork {
        let program: usize = instructions.iter().map(|instruction| flops(instruction.op(), features)).sum();
        StepWork { flops: (program + more) as f64, chain: chain(instructions, features) }
    }

    /// What that takes at least on a core, with `tasks` tasks side by side.
    pub fn limit(&self, peak: &Peak, tasks: usize) -> StepLimit {
        StepLimit { flops_ns: self.flops / peak.flops_per_second * 1e9, chain_ns: self.chain * peak.latency_seconds / tasks as f64 * 1e9 }
    }
}

impl StepLimit {
    /// The limit that binds.
    pub const fn ns(&self) -> f64 {
        self.flops_ns.max(self.chain_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exnihilo_jit::known_program;

    #[test]
    fn a_linear_model_is_counted_as_by_hand() {
        let linear = known_program("linear").expect("a known program");
        // dot: 4 products, 3 sums; difference; times step size; 4 products; 4 sums; subtraction and comparison of the error.
        let training = StepWork::of_training(&linear, 4);
        assert_eq!(training.flops, 7.0 + 1.0 + 1.0 + 4.0 + 4.0 + 2.0);
        // From weights to weights: product, two sums of a tree, difference, step size, product, sum.
        assert_eq!(training.chain, 7.0);
        assert_eq!(StepWork::of_validation(&linear, 4), StepWork { flops: 11.0, chain: 0.0 });
        // Each of eight partial sums of 32 terms has three additions, and their tree three more.
        assert_eq!(StepWork::of_training(&linear, 32).chain, 1.0 + 3.0 + 3.0 + 4.0);
    }

    #[test]
    fn the_limit_that_binds_is_the_larger_one() {
        let limit = |flops_ns, chain_ns| StepLimit { flops_ns, chain_ns }.ns();
        assert_eq!((limit(2.0, 0.7), limit(2.0, 7.0)), (2.0, 7.0));
        let peak = Peak { flops_per_second: 1e10, latency_seconds: 1e-9, lanes: 4 };
        let limit = StepWork { flops: 20.0, chain: 5.0 }.limit(&peak, 10);
        assert!((limit.flops_ns - 2.0).abs() < 1e-12 && (limit.chain_ns - 0.5).abs() < 1e-12, "{limit:?}");
    }
}
