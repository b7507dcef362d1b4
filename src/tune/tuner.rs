//! Constants tuned anew (the paper, S7 and S8): a changed program may be worse only because its learning rate, say, no longer fits.
//!
//! Every constant of the program is multiplied by a factor in [1 / [`LARGEST_FACTOR`], [`LARGEST_FACTOR`]], and the factors with the best
//! mean fitness on the tuning tasks win. Trial 0 is the program as it is. The paper draws all factors anew in every trial, which rarely
//! hits anything where there are many constants; here trials go on from the best factors before them:
//! - in odd trials each constant has its factor of the best trial with probability 1/2, and otherwise one drawn log-uniformly from the
//!   whole range; at least one is drawn;
//! - in even trials one constant, or about half of them, have their factor of the best trial times a log-normal one, of a width that is
//!   drawn log-uniformly too: steps of a few percent as well as of a power of ten.
//!
//! Trials are made in rounds of [`ROUND`], and what is best counts from the next round on: so they are the same on any number of threads.

use exnihilo_jit::exec::math;
use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{EvalError, Program, Stream, simplify_for};

use super::benchmark::Benchmark;
use super::tunable_constants::{LARGEST_FACTOR, Place, TunableConstants};
use crate::stats::mean;

/// How many trials are made and evaluated side by side.
pub const ROUND: u32 = 32;

/// The narrowest and the widest step around the best factors: standard deviations of the logarithm.
const STEPS: [f64; 2] = [0.05, 3.0];

/// Tunes the constants of programs, each with the same number of trials on the same tasks.
///
/// ```
/// use exnihilo::tune::{Benchmark, Tuner};
/// use exnihilo::task::{DataCache, TaskKind, TaskSpec};
/// use exnihilo_jit::{Program, known_program};
///
/// let program = known_program("linear").expect("a program of that name");
/// let slow: Program = program.to_string().replace("s2 = 0.01", "s2 = 0.0002").parse()?;
/// let benchmark = Benchmark::new(&TaskSpec::new(TaskKind::Linear), &[5, 6], 1, &DataCache::new())?;
/// let tuned = Tuner::new(&benchmark, 100, 0).tune(&slow, |_| {})?;
/// assert!(tuned.before < 0.9 && tuned.after > 0.99);
/// assert!(tuned.constants[0].factor > 10.0, "its learning rate was too small");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tuner<'a> {
    benchmark: &'a Benchmark,
    trials: u32,
    seed: u64,
}

/// A constant that was multiplied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TunedConstant {
    /// Where it is in [`Tuned::program`].
    pub place: Place,
    /// By what it was multiplied.
    pub factor: f64,
}

/// A program with the best constants that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// The program, without dead instructions.
    pub program: Program,
    /// The trial that it is; 0 for the program as it was.
    pub trial: u32,
    /// Its constants, by what they were multiplied.
    pub constants: Vec<TunedConstant>,
    /// The mean fitness of the program as it was on the tuning tasks.
    pub before: f64,
    /// That of the tuned program there; never lower.
    pub after: f64,
}

impl<'a> Tuner<'a> {
    /// The most trials of a program, as in the paper.
    pub const MOST_TRIALS: u32 = 10_000;

    /// Tunes on these tasks, which should not be those that the programs are measured on afterwards. The factors of a trial depend on
    /// `seed` and on the trials before it. Trial 0 is one of the `trials`.
    pub const fn new(benchmark: &'a Benchmark, trials: u32, seed: u64) -> Tuner<'a> {
        Tuner { benchmark, trials, seed }
    }

    /// The trials of each program.
    pub const fn trials(&self) -> u32 {
        self.trials
    }

    /// The tasks that programs are tuned on.
    pub const fn benchmark(&self) -> &'a Benchmark {
        self.benchmark
    }

    /// Tunes a program; the earliest of equally good trials wins. `observe` is told how many trials are done, after each round.
    ///
    /// Where nothing is left to find (no constant, or the highest fitness that there is) the rest of the trials is left out.
    ///
    /// # Errors
    /// As [`Benchmark::fitness`].
    pub fn tune(&self, program: &Program, mut observe: impl FnMut(u32)) -> Result<Tuned, EvalError> {
        let program = simplify_for(program, self.benchmark.interface());
        let constants = TunableConstants::each(&program);
        let before = mean(&self.benchmark.fitness(&program)?);
        let mut best = Best { trial: 0, logs: vec![0.0; constants.count()], fitness: before };
        let mut next = 1;
        while next < self.trials && constants.count() > 0 && best.fitness < 1.0 {
            let round = next..(next + ROUND).min(self.trials);
            let logs: Vec<Vec<f64>> = round.clone().map(|trial| self.draw(trial, &best.logs)).collect();
            let programs: Vec<Program> = logs.iter().map(|logs| constants.scaled(&program, &factors(logs))).collect();
            next = round.end;
            for ((trial, logs), fitness) in round.zip(logs).zip(self.benchmark.fitness_of(&programs)?) {
                let fitness = mean(&fitness);
                if fitness > best.fitness {
                    best = Best { trial, logs, fitness };
                }
            }
            observe(next);
        }
        let factors = factors(&best.logs);
        let tuned = constants.groups().iter().zip(&factors).map(|(group, &factor)| TunedConstant { place: group[0], factor });
        let (tuned, program) = (tuned.collect(), constants.scaled(&program, &factors));
        Ok(Tuned { program, trial: best.trial, constants: tuned, before, after: best.fitness })
    }

    /// The logarithms of the factors of a trial, made of the best before it.
    fn draw(&self, trial: u32, best: &[f64]) -> Vec<f64> {
        let mut stream = Stream::named(key(self.seed, purpose::TUNING), trial.into());
        let end = math::log(LARGEST_FACTOR);
        let changed = stream.below(best.len());
        if !trial.is_multiple_of(2) {
            let anew = |(number, &log): (usize, &f64)| {
                let (is_kept, drawn) = (stream.unit() < 0.5, end * (2.0 * stream.unit() - 1.0));
                if is_kept && number != changed { log } else { drawn }
            };
            return best.iter().enumerate().map(anew).collect();
        }
        let [narrow, wide] = STEPS.map(math::log);
        let width = math::exp(narrow + (wide - narrow) * stream.unit());
        let only_one = stream.unit() < 0.5;
        let near = |(number, &log): (usize, &f64)| {
            let (is_kept, step) = (only_one || stream.unit() < 0.5, width * stream.normal());
            if is_kept && number != changed { log } else { (log + step).clamp(-end, end) }
        };
        best.iter().enumerate().map(near).collect()
    }
}

/// The best trial so far.
struct Best {
    trial: u32,
    /// The logarithms of its factors.
    logs: Vec<f64>,
    fitness: f64,
}

/// Of logarithms; that of 1 is exactly 0, so what is not changed stays the same to the bit.
fn factors(logs: &[f64]) -> Vec<f64> {
    logs.iter().map(|&log| math::exp(log)).collect()
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::known_program;

    use super::*;
    use crate::task::{DataCache, TaskKind, TaskSpec};

    fn benchmark(threads: usize) -> Benchmark {
        let spec = TaskSpec { features: Some(4), train: Some(100), valid: Some(10), tasks: 3, ..TaskSpec::new(TaskKind::TwoLayer) };
        Benchmark::new(&spec, &[1, 2], threads, &DataCache::new()).expect("small tasks")
    }

    fn net() -> Program {
        known_program("net").expect("a known name")
    }

    #[test]
    fn tuned_programs_are_at_least_as_good_and_the_best_of_their_trials() {
        let benchmark = benchmark(2);
        let fitness = |program: &Program| mean(&benchmark.fitness(program).expect("a small program"));
        let mut last = fitness(&net());
        for trials in [1, 2, 40, 200] {
            let tuned = Tuner::new(&benchmark, trials, 5).tune(&net(), |_| {}).expect("a small program");
            assert_eq!((tuned.before, tuned.after), (fitness(&net()), fitness(&tuned.program)), "{trials} trials");
            assert!(tuned.after >= last && tuned.trial < trials, "{trials} trials: {tuned:?}");
            assert_eq!(tuned.trial == 0, tuned.after == tuned.before);
            last = tuned.after;
        }
        assert!(last > fitness(&net()) + 0.1, "{last}");
        let as_it_is = Tuner::new(&benchmark, 1, 5).tune(&net(), |_| {}).expect("a small program");
        assert_eq!((as_it_is.program, as_it_is.constants.len()), (net(), 3));
        assert!(as_it_is.constants.iter().all(|constant| constant.factor == 1.0));
    }

    #[test]
    fn the_result_depends_on_the_seed_and_not_on_threads() {
        let tuned = |threads, seed| Tuner::new(&benchmark(threads), 100, seed).tune(&net(), |_| {}).expect("a small program");
        assert_eq!(tuned(1, 3), tuned(3, 3));
        assert_ne!(tuned(1, 3).program, tuned(1, 4).program);
    }

    #[test]
    fn trials_are_told_round_by_round_and_end_where_nothing_is_left_to_find() {
        let benchmark = benchmark(1);
        let told = |program: &Program, trials| {
            let mut told = Vec::new();
            Tuner::new(&benchmark, trials, 1).tune(program, |done| told.push(done)).expect("a small program");
            told
        };
        assert_eq!(told(&net(), 70), [33, 65, 70]);
        assert_eq!(told(&net(), 33), [33]);
        let constant: Program = "def Setup():\n  s5 = 0.5\ndef Predict():\n  s1 = mean(v0)\n".parse().expect("a program");
        assert!(told(&constant, 1_000).is_empty(), "s5 is dead, and there is no other");
        let linear = TaskSpec { train: Some(500), valid: Some(10), tasks: 2, ..TaskSpec::new(TaskKind::Linear) };
        let linear = Benchmark::new(&linear, &[1], 1, &DataCache::new()).expect("small tasks");
        let exact = known_program("linear").expect("a known name").to_string().replace("0.01", "0.02").parse().expect("a program");
        let mut rounds = 0;
        let tuned = Tuner::new(&linear, Tuner::MOST_TRIALS, 1).tune(&exact, |_| rounds += 1).expect("a small program");
        assert_eq!(tuned.after, 1.0);
        assert!(rounds < 20, "nothing is better than 1: {rounds} rounds");
    }

    #[test]
    fn factors_stay_in_their_range_and_each_trial_changes_something() {
        let benchmark = benchmark(1);
        let tuner = Tuner::new(&benchmark, 2, 9);
        let end = math::log(LARGEST_FACTOR);
        let best = [end, 0.5, -end, 0.0, 1.0];
        let (mut alone, mut near, mut anew) = (0, 0, 0);
        for trial in 1..2_000 {
            let logs = tuner.draw(trial, &best);
            assert!(logs.iter().all(|log| (-end..=end).contains(log)), "{logs:?}");
            let changed = logs.iter().zip(&best).filter(|(new, old)| new != old).count();
            alone += u32::from(changed <= 1);
            if trial % 2 == 0 {
                near += u32::from((logs[1] - 0.5).abs() < 1.0);
            } else {
                anew += u32::from((logs[1] - 0.5).abs() >= 1.0);
                assert!(changed >= 1);
            }
            assert!(tuner.draw(trial, &[0.0])[0] != 0.0, "the only constant is always another");
        }
        assert!((400..900).contains(&alone), "half of the small steps are of one constant: {alone}");
        assert!(near > 800, "most steps are small: {near}");
        assert!((400..600).contains(&anew), "half of the others are from the whole range: {anew}");
    }
}
