//! The programs that `bench` runs, and what arithmetic allows for them.

use clap::ValueEnum;
use exnihilo::limit::{StepLimit, StepWork};
use exnihilo_jit::{Peak, Program, ProgramRecord, known_program, simplify};

use super::size::Size;

/// Random programs that train to the end on the tasks that they were recorded on: 10 instructions of Setup, 6 of Predict, 10 of
/// Learn, all ops.
const RANDOM_PROGRAMS: &str = include_str!("../data/random.jsonl");

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum BenchProgram {
    Linear,
    Net,
    Random,
}

impl BenchProgram {
    pub(super) const fn name(self) -> &'static str {
        match self {
            BenchProgram::Linear => "linear",
            BenchProgram::Net => "net",
            BenchProgram::Random => "random",
        }
    }

    pub(super) fn programs(self) -> Vec<Program> {
        match self {
            BenchProgram::Linear | BenchProgram::Net => known_program(self.name()).into_iter().collect(),
            BenchProgram::Random => RANDOM_PROGRAMS
                .lines()
                .map(|line| {
                    let record: ProgramRecord = serde_json::from_str(line).expect("the list is part of the crate and read in its tests");
                    Program::try_from(&record).expect("the list is part of the crate and read in its tests")
                })
                .collect(),
        }
    }
}

/// The arithmetic limits of a program at one F and number of tasks; of several programs the mean.
#[derive(Clone, Debug)]
pub(super) struct ProgramLimit {
    tasks: usize,
    /// Floating-point operations of a training step.
    pub(super) flops_per_step: f64,
    /// The limits of a training step, each by itself.
    pub(super) train: StepLimit,
    /// Training steps, then validation steps of each program: the least ns that one takes.
    steps: Vec<(f64, f64)>,
}

impl ProgramLimit {
    pub(super) fn new(which: BenchProgram, features: usize, tasks: usize, peak: &Peak) -> ProgramLimit {
        let programs: Vec<Program> = which.programs().iter().map(simplify).collect();
        let work: Vec<StepWork> = programs.iter().map(|program| StepWork::of_training(program, features)).collect();
        let mean = |values: &dyn Fn(&StepWork) -> f64| work.iter().map(values).sum::<f64>() / work.len() as f64;
        let valid = programs.iter().map(|program| StepWork::of_validation(program, features));
        let ns = |work: &StepWork| work.limit(peak, tasks).ns();
        ProgramLimit {
            tasks,
            flops_per_step: mean(&|work| work.flops),
            train: StepLimit {
                flops_ns: mean(&|work| work.limit(peak, tasks).flops_ns),
                chain_ns: mean(&|work| work.limit(peak, tasks).chain_ns),
            },
            steps: work.iter().zip(valid).map(|(train, valid)| (ns(train), ns(&valid))).collect(),
        }
    }

    /// The least ns of a training step.
    pub(super) fn train_ns(&self) -> f64 {
        self.steps.iter().map(|(train, _)| train).sum::<f64>() / self.steps.len() as f64
    }

    /// The most evaluations a second of a size: all steps of all tasks and nothing else.
    pub(super) fn evaluations_per_second(&self, size: Size) -> f64 {
        let ns: f64 = self.steps.iter().map(|(train, valid)| train * size.train as f64 + valid * size.valid as f64).sum();
        self.steps.len() as f64 * 1e9 / (ns * self.tasks as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_random_programs_can_be_read() {
        assert_eq!(BenchProgram::Random.programs().len(), 20);
    }

    #[test]
    fn limits_add_up() {
        let peak = Peak { flops_per_second: 1e10, latency_seconds: 3e-9, lanes: 4 };
        let limit = ProgramLimit::new(BenchProgram::Linear, 4, 10, &peak);
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
        assert_eq!(limit.flops_per_step, 19.0);
        assert!(near(limit.train.flops_ns, 1.9) && near(limit.train.chain_ns, 2.1) && near(limit.train_ns(), 2.1), "{limit:?}");
        let ns = 10.0 * (100.0 * 2.1 + 50.0 * 1.1);
        assert!(near(limit.evaluations_per_second(Size { train: 100, valid: 50 }), 1e9 / ns), "{limit:?}");
        for which in [BenchProgram::Net, BenchProgram::Random] {
            let limit = ProgramLimit::new(which, 8, 10, &peak);
            assert!(limit.train_ns() >= limit.train.flops_ns.max(limit.train.chain_ns) && limit.train_ns().is_finite(), "{limit:?}");
        }
    }
}
