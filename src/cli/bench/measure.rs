//! Measuring: medians of evaluations on groups of different sizes, whose differences are the cost of a step.

use std::time::Instant;

use clap::ValueEnum;
use exnihilo::task::{DataCache, SetName, TaskError, TaskKind, TaskSpec, build_group};
use exnihilo_jit::{Backend, EvalError, Evaluator, Program, ProgramRecord, TaskGroup, Worker, known_program};

/// Random programs that train to the end on the tasks that they were recorded on: 10 instructions of Setup, 6 of Predict, 10 of
/// Learn, all ops.
const RANDOM_PROGRAMS: &str = include_str!("../data/random.jsonl");

/// Examples of a whole evaluation.
const TRAIN: usize = 1_000;
const VALID: usize = 100;

/// The most evaluations of one program on one group, within the time there is.
const MOST: usize = 200;

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

    fn programs(self) -> Vec<Program> {
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

/// The cost of a program on a backend; of several programs the mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// The backend that ran the last program.
    pub(super) ran: Backend,
    /// Per task, without compiling.
    pub(super) train_ns_per_step: f64,
    /// Per task, without compiling.
    pub(super) valid_ns_per_step: f64,
    /// Of one program, if any was compiled.
    pub(super) compile_us: Option<f64>,
    pub(super) evals_per_second: f64,
}

/// The tasks of one feature size, in the sizes that measuring needs.
pub(super) struct BenchTasks {
    whole: TaskGroup,
    one: TaskGroup,
    many: StepGroups,
    /// For programs of which one run on many examples takes too long.
    few: StepGroups,
}

/// Many training examples and one to validate, and the other way round.
struct StepGroups {
    train: TaskGroup,
    valid: TaskGroup,
    examples: usize,
}

/// What one evaluation took.
#[derive(Clone, Copy, Default)]
struct Timing {
    ran: Backend,
    seconds: f64,
    compile_seconds: f64,
    train_steps: u64,
}

impl BenchTasks {
    pub(super) fn new(features: usize, tasks: usize) -> Result<BenchTasks, TaskError> {
        let data = DataCache::new();
        let group = |train, valid| {
            let spec = TaskSpec {
                features: Some(features),
                train: Some(train),
                valid: Some(valid),
                tasks,
                max_abs_error: f64::INFINITY,
                ..TaskSpec::new(TaskKind::TwoLayer)
            };
            build_group(&spec, SetName::Eval, 0, 0, &data)
        };
        let steps = |examples| Ok::<_, TaskError>(StepGroups { train: group(examples, 1)?, valid: group(1, examples)?, examples });
        Ok(BenchTasks { whole: group(TRAIN, VALID)?, one: group(1, 1)?, many: steps(1_000)?, few: steps(50)? })
    }

    /// Measures for about `seconds`.
    pub(super) fn measure(&self, which: BenchProgram, backend: Backend, seconds: f64) -> Result<Measured, EvalError> {
        let programs = which.programs();
        let count = programs.len() as f64;
        let mut worker = Evaluator::new(backend).worker();
        let mut sum = Measured { ran: backend, train_ns_per_step: 0.0, valid_ns_per_step: 0.0, compile_us: None, evals_per_second: 0.0 };
        let mut seconds_of_all = 0.0;
        for program in &programs {
            let budget = seconds / count / 4.0;
            let whole = median(&mut worker, program, &self.whole, budget)?;
            let ran = whole.ran;
            seconds_of_all += whole.seconds;
            // What auto chose for the whole evaluation is what its steps cost there, whatever it would choose for fewer.
            let mut chosen = Evaluator::new(ran).worker();
            let groups = if whole.seconds > budget / 4.0 { &self.few } else { &self.many };
            let one = median(&mut chosen, program, &self.one, budget)?;
            let train = median(&mut chosen, program, &groups.train, budget)?;
            let valid = median(&mut chosen, program, &groups.valid, budget)?;
            sum.train_ns_per_step += per_step(train, one, train.train_steps.saturating_sub(one.train_steps) as f64);
            let tasks = self.one.tasks().len();
            sum.valid_ns_per_step += per_step(valid, one, (tasks * (groups.examples - 1)) as f64);
            if whole.compile_seconds > 0.0 {
                *sum.compile_us.get_or_insert(0.0) += whole.compile_seconds * 1e6 / count;
            }
            sum.ran = ran;
        }
        Ok(Measured {
            train_ns_per_step: sum.train_ns_per_step / count,
            valid_ns_per_step: sum.valid_ns_per_step / count,
            evals_per_second: count / seconds_of_all,
            ..sum
        })
    }
}

/// Nanoseconds of running a step, from the difference to a run almost without steps; noise may not make it negative.
fn per_step(many: Timing, one: Timing, steps: f64) -> f64 {
    if steps > 0.0 { ((running(many) - running(one)) * 1e9 / steps).max(0.0) } else { 0.0 }
}

/// The time of running alone.
fn running(timing: Timing) -> f64 {
    timing.seconds - timing.compile_seconds
}

fn time(worker: &mut Worker, program: &Program, group: &TaskGroup) -> Result<Timing, EvalError> {
    worker.forget_compiled();
    let compiled_before = worker.counters().compile_seconds;
    let begin = Instant::now();
    let evaluation = worker.evaluate(program, group)?;
    let seconds = begin.elapsed().as_secs_f64();
    let (ran, train_steps) = (evaluation.backend, evaluation.train_steps);
    Ok(Timing { ran, seconds, compile_seconds: worker.counters().compile_seconds - compiled_before, train_steps })
}

/// The median evaluation of as many as fit into `seconds`.
fn median(worker: &mut Worker, program: &Program, group: &TaskGroup, seconds: f64) -> Result<Timing, EvalError> {
    let begin = Instant::now();
    // It makes what is made once, so it counts only where there is no time for another.
    let first = time(worker, program, group)?;
    let mut timings = Vec::new();
    while timings.len() < MOST && begin.elapsed().as_secs_f64() + first.seconds < seconds {
        timings.push(time(worker, program, group)?);
    }
    timings.sort_by(|a, b| running(*a).total_cmp(&running(*b)));
    Ok(timings.get(timings.len() / 2).copied().unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_random_programs_can_be_read_and_run() {
        let programs = BenchProgram::Random.programs();
        assert_eq!(programs.len(), 20);
        let tasks = BenchTasks::new(4, 2).expect("small tasks");
        for program in &programs {
            let timing = time(&mut Evaluator::new(Backend::Interp).worker(), program, &tasks.one).expect("small tasks");
            assert_eq!(timing.train_steps, 2);
        }
    }

    #[test]
    fn steps_cost_the_difference_without_compiling() {
        let one = Timing { ran: Backend::Jit, seconds: 1.5, compile_seconds: 0.5, train_steps: 1 };
        let many = Timing { ran: Backend::Jit, seconds: 5.0, compile_seconds: 2.0, train_steps: 101 };
        assert_eq!(per_step(many, one, 100.0), 2e7);
        assert_eq!((per_step(one, many, 100.0), per_step(many, one, 0.0)), (0.0, 0.0));
    }
}
