//! Measuring programs: medians of evaluations on groups of different sizes, whose differences are the cost of a step.
//!
//! All backends take turns on the same program and group, so that whatever else the machine does hits all of them alike.

use std::collections::HashMap;
use std::time::Instant;

use exnihilo::task::{DataCache, SetName, TaskError, TaskKind, TaskSpec, build_group};
use exnihilo_jit::{Backend, EvalError, Evaluator, Examples, Program, Task, TaskGroup, Worker};

use super::program::BenchProgram;
use super::size::Size;

/// Examples of the groups that steps are measured on.
const STEP_EXAMPLES: usize = 1_000;

/// The most evaluations of one program on one group, within the time there is.
const MOST: usize = 200;

/// Seconds of an evaluation that is short.
const SHORT: f64 = 1e-3;

/// The cost of a program on a backend; of several programs the mean.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) backend: Backend,
    /// Per task, without compiling, as the backend runs evaluations of the standard size.
    pub(super) train_ns_per_step: f64,
    /// Per task, without compiling.
    pub(super) valid_ns_per_step: f64,
    /// Whole evaluations, in the order of the sizes asked for.
    pub(super) evaluations: Vec<Evaluations>,
}

/// Whole evaluations of one size, compiling included.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Evaluations {
    /// What ran; `None` if different programs ran on different backends.
    pub(super) ran: Option<Backend>,
    /// The mean over the programs that were compiled, if any was.
    pub(super) compile_us: Option<f64>,
    pub(super) per_second: f64,
}

/// The tasks of one feature size, in the sizes that measuring needs.
pub(super) struct BenchTasks {
    /// In the order of the sizes asked for.
    whole: Vec<TaskGroup>,
    /// Which of them says how backends run when steps are measured.
    standard: usize,
    /// One example to train on and one to validate.
    one: TaskGroup,
    /// Many training examples and one to validate.
    train: TaskGroup,
    /// One training example and many to validate.
    valid: TaskGroup,
}

/// What one evaluation took.
#[derive(Clone, Copy, Debug, Default)]
struct Timing {
    ran: Backend,
    seconds: f64,
    compile_seconds: f64,
    train_steps: u64,
}

/// The workers of a backend: its own, and for auto those of the backends that it chose.
#[derive(Default)]
struct Contestant {
    workers: HashMap<Backend, Worker>,
}

impl Contestant {
    fn worker(&mut self, backend: Backend) -> &mut Worker {
        self.workers.entry(backend).or_insert_with(|| Evaluator::new(backend).worker())
    }
}

impl BenchTasks {
    /// The tasks for evaluations of each of `sizes`; the one at `standard` decides how steps are run.
    ///
    /// # Errors
    /// Sizes that cannot be.
    pub(super) fn new(features: usize, tasks: usize, sizes: &[Size], standard: usize) -> Result<BenchTasks, TaskError> {
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
            build_group(&spec, SetName::Eval, 0, 0, &data).and_then(|group| as_large_as_four(&group))
        };
        Ok(BenchTasks {
            whole: sizes.iter().map(|size| group(size.train, size.valid)).collect::<Result<_, _>>()?,
            standard,
            one: group(1, 1)?,
            train: group(STEP_EXAMPLES, 1)?,
            valid: group(1, STEP_EXAMPLES)?,
        })
    }

    /// Measures a program on every backend, for about `seconds`, or as long as an evaluation on every group and backend takes.
    ///
    /// # Errors
    /// Programs that need more memory than there may be.
    pub(super) fn measure(&self, which: BenchProgram, backends: &[Backend], seconds: f64) -> Result<Vec<Measured>, EvalError> {
        let programs = which.programs();
        let mut contestants: Vec<Contestant> = backends.iter().map(|_| Contestant::default()).collect();
        let mut sums: Vec<Sum> = backends.iter().map(|_| Sum::new(self.whole.len())).collect();
        let share = seconds / (programs.len() * (self.whole.len() + 3)) as f64;
        for (number, program) in programs.iter().enumerate() {
            let begin = Instant::now();
            let mut shares = 0.0;
            let mut race = |group: &TaskGroup, chosen: &[Backend]| {
                // What a group leaves of its share goes to the next ones.
                shares += share;
                let time_left = shares - begin.elapsed().as_secs_f64();
                // The first program makes what is made once for all, tasks in lanes above all.
                race(&mut contestants, chosen, program, group, time_left, number == 0)
            };
            let mut whole = Vec::new();
            for group in &self.whole {
                whole.push(race(group, backends)?);
            }
            // What auto chose for a whole evaluation is what its steps cost there, whatever it would choose for fewer.
            let chosen: Vec<Backend> = whole[self.standard].iter().map(|timing| timing.ran).collect();
            let one = race(&self.one, &chosen)?;
            let train = race(&self.train, &chosen)?;
            let valid = race(&self.valid, &chosen)?;
            let valid_steps = (self.one.tasks().len() * (STEP_EXAMPLES - 1)) as f64;
            for (index, sum) in sums.iter_mut().enumerate() {
                let (one, train) = (one[index], train[index]);
                sum.train_ns += per_step(train, one, train.train_steps.saturating_sub(one.train_steps) as f64);
                sum.valid_ns += per_step(valid[index], one, valid_steps);
                for (size, timings) in sum.sizes.iter_mut().zip(&whole) {
                    size.add(timings[index]);
                }
            }
        }
        Ok(sums.iter().zip(backends).map(|(sum, &backend)| sum.mean(backend, programs.len() as f64)).collect())
    }
}

/// The same tasks with features and labels scaled as if there were four features. A step size that fits one size of gradient then fits
/// all, and the hand-written programs train to the end at every F.
fn as_large_as_four(group: &TaskGroup) -> Result<TaskGroup, TaskError> {
    let scale = (4.0 / group.features() as f64).sqrt().min(1.0);
    let scaled = |examples: &Examples| Examples {
        features: examples.features.iter().map(|x| x * scale).collect(),
        labels: examples.labels.iter().map(|label| label * scale).collect(),
    };
    let tasks = group.tasks().iter().map(|task| Task { train: scaled(&task.train), valid: scaled(&task.valid), ..task.clone() });
    Ok(TaskGroup::new(*group.settings(), tasks.collect())?)
}

/// Of several programs on one backend.
struct Sum {
    train_ns: f64,
    valid_ns: f64,
    sizes: Vec<SizeSum>,
}

#[derive(Clone, Default)]
struct SizeSum {
    ran: Vec<Backend>,
    seconds: f64,
    compile_seconds: f64,
    compiled: u32,
}

impl Sum {
    fn new(sizes: usize) -> Sum {
        Sum { train_ns: 0.0, valid_ns: 0.0, sizes: vec![SizeSum::default(); sizes] }
    }

    fn mean(&self, backend: Backend, count: f64) -> Measured {
        let evaluations = self.sizes.iter().map(|size| Evaluations {
            ran: size.ran.first().copied().filter(|first| size.ran.iter().all(|ran| ran == first)),
            compile_us: (size.compiled > 0).then(|| size.compile_seconds * 1e6 / f64::from(size.compiled)),
            per_second: count / size.seconds,
        });
        Measured {
            backend,
            train_ns_per_step: self.train_ns / count,
            valid_ns_per_step: self.valid_ns / count,
            evaluations: evaluations.collect(),
        }
    }
}

impl SizeSum {
    fn add(&mut self, timing: Timing) {
        self.ran.push(timing.ran);
        self.seconds += timing.seconds;
        if timing.ran == Backend::Jit {
            self.compile_seconds += timing.compile_seconds;
            self.compiled += 1;
        }
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
    worker.testing().forget_compiled();
    let compiled_before = worker.counters().compile_seconds;
    let begin = Instant::now();
    let evaluation = worker.evaluate(program, group)?;
    let seconds = begin.elapsed().as_secs_f64();
    let (ran, train_steps) = (evaluation.backend, evaluation.train_steps);
    Ok(Timing { ran, seconds, compile_seconds: worker.counters().compile_seconds - compiled_before, train_steps })
}

/// Evaluates twice what is so short that what another backend left in the caches would be most of its time; the second counts.
fn turn(worker: &mut Worker, program: &Program, group: &TaskGroup) -> Result<Timing, EvalError> {
    let first = time(worker, program, group)?;
    if first.seconds < SHORT { time(worker, program, group) } else { Ok(first) }
}

/// The median evaluation of each contestant on its chosen backend, of as many rounds as there is time for in `seconds`. The first round
/// is only counted if no other is; with `again`, there always is another.
fn race(
    contestants: &mut [Contestant],
    chosen: &[Backend],
    program: &Program,
    group: &TaskGroup,
    seconds: f64,
    again: bool,
) -> Result<Vec<Timing>, EvalError> {
    let begin = Instant::now();
    let mut round = || -> Result<Vec<Timing>, EvalError> {
        let turns = contestants.iter_mut().zip(chosen);
        turns.map(|(contestant, &backend)| turn(contestant.worker(backend), program, group)).collect()
    };
    let first = round()?;
    let round_seconds = begin.elapsed().as_secs_f64();
    let mut rounds = Vec::new();
    while rounds.len() < MOST && (again && rounds.is_empty() || begin.elapsed().as_secs_f64() + round_seconds <= seconds) {
        rounds.push(round()?);
    }
    if rounds.is_empty() {
        rounds.push(first);
    }
    Ok((0..chosen.len()).map(|index| median(rounds.iter().map(|round| round[index]).collect())).collect())
}

fn median(mut timings: Vec<Timing>) -> Timing {
    timings.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    timings[timings.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that stops early would be measured on fewer steps than its line says.
    #[test]
    fn all_programs_train_to_the_end() {
        let sizes = [Size { train: 2_000, valid: 1 }];
        for features in [4, 8, 16, 32] {
            let tasks = BenchTasks::new(features, 10, &sizes, 0).expect("small tasks");
            for which in [BenchProgram::Linear, BenchProgram::Net, BenchProgram::Random] {
                for program in which.programs() {
                    let timing = time(&mut Evaluator::new(Backend::Interp).worker(), &program, &tasks.whole[0]).expect("small tasks");
                    assert_eq!(timing.train_steps, 20_000, "F = {features}:\n{program}");
                }
            }
        }
    }

    #[test]
    fn every_backend_is_measured_on_every_size() {
        let sizes = [Size { train: 3, valid: 2 }, Size { train: 10, valid: 10 }];
        let tasks = BenchTasks::new(4, 3, &sizes, 1).expect("small tasks");
        let backends = [Backend::Auto, Backend::Oracle, Backend::Interp];
        let measured = tasks.measure(BenchProgram::Linear, &backends, 0.01).expect("a small program");
        assert_eq!(measured.iter().map(|measured| measured.backend).collect::<Vec<_>>(), backends);
        for measured in measured {
            assert_eq!(measured.evaluations.len(), 2);
            assert!(measured.evaluations.iter().all(|size| size.per_second > 0.0 && size.per_second.is_finite()), "{measured:?}");
            assert!(measured.train_ns_per_step.is_finite() && measured.valid_ns_per_step.is_finite(), "{measured:?}");
            let ran = if measured.backend == Backend::Oracle { Backend::Oracle } else { Backend::Interp };
            assert!(measured.evaluations.iter().all(|size| (size.ran, size.compile_us) == (Some(ran), None)), "{measured:?}");
        }
    }

    #[test]
    fn steps_cost_the_difference_without_compiling() {
        let one = Timing { ran: Backend::Jit, seconds: 1.5, compile_seconds: 0.5, train_steps: 1 };
        let many = Timing { ran: Backend::Jit, seconds: 5.0, compile_seconds: 2.0, train_steps: 101 };
        assert_eq!(per_step(many, one, 100.0), 2e7);
        assert_eq!((per_step(one, many, 100.0), per_step(many, one, 0.0)), (0.0, 0.0));
    }

    #[test]
    fn compiling_is_the_mean_over_what_was_compiled() {
        let mut sum = Sum::new(1);
        sum.sizes[0].add(Timing { ran: Backend::Jit, seconds: 0.3, compile_seconds: 0.1, train_steps: 1 });
        sum.sizes[0].add(Timing { ran: Backend::Interp, seconds: 0.1, compile_seconds: 0.0, train_steps: 1 });
        let evaluations = &sum.mean(Backend::Auto, 2.0).evaluations[0];
        assert_eq!(evaluations, &Evaluations { ran: None, compile_us: Some(0.1 * 1e6), per_second: 2.0 / 0.4 });
    }
}
