//! Programs made shorter as long as their fitness stays near what it was.

use std::collections::HashMap;

use exnihilo_jit::analysis::Canonicalizer;
use exnihilo_jit::{Instruction, Program, simplify_for};

use super::change::{Change, changes};
use super::error::AblationError;
use super::line::Line;
use crate::stats::{Effect, mean};
use crate::tune::Benchmark;

/// The most instructions of a program that is reduced: the time taken grows with the cube of their number.
pub const MOST_INSTRUCTIONS: usize = 500;

/// One instruction that went.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    /// Where it stood in the program before this step.
    pub line: Line,
    /// What it was.
    pub instruction: Instruction,
    /// How it went.
    pub change: Change,
    /// What that did, against the program before this step.
    pub step: Effect,
    /// What all steps so far did, against the original.
    pub total: Effect,
    /// The mean fitness after this step.
    pub fitness: f64,
    /// The program after this step, without dead instructions.
    pub program: Program,
}

/// Takes instructions out of a program one after another, each time that which costs the least fitness, as long as the mean fitness on the
/// benchmark is not more than `epsilon` below that of `program`. Of equals the one goes that leaves the fewest instructions, then the first.
/// `observe` is told each step.
///
/// The result depends on the program and the tasks, not on the number of threads.
///
/// # Errors
/// A program that is too long or cannot run on the tasks.
pub fn reduce(program: &Program, benchmark: &Benchmark, epsilon: f64, mut observe: impl FnMut(&Reduced)) -> Result<Program, AblationError> {
    let interface = benchmark.interface();
    let mut current = simplify_for(program, interface);
    let count = current.instructions().len();
    if count > MOST_INSTRUCTIONS {
        return Err(AblationError::Length { count, limit: MOST_INSTRUCTIONS });
    }
    let original = benchmark.fitness(program)?;
    let least = mean(&original) - epsilon;
    let mut before = original.clone();
    while let Some(mut reduced) = best_change(&current, &before, benchmark)? {
        if reduced.fitness < least {
            break;
        }
        let fitness = benchmark.fitness(&reduced.program)?;
        reduced.total = Effect::of(&original, &fitness);
        observe(&reduced);
        (current, before) = (reduced.program, fitness);
    }
    Ok(current)
}

/// The change that leaves the highest mean fitness, none if there is nothing to change. Its `total` is against `before` too.
fn best_change(current: &Program, before: &[f64], benchmark: &Benchmark) -> Result<Option<Reduced>, AblationError> {
    let interface = benchmark.interface();
    let features = benchmark.groups()[0].features();
    let mut canonicalizer = Canonicalizer::default();
    // Many changes leave the same live instructions, which need to run once.
    let (mut programs, mut known, mut all) = (Vec::new(), HashMap::new(), Vec::new());
    for (line, change, changed) in changes(current, interface) {
        if interface.check_outputs(&changed).is_err() {
            continue;
        }
        let changed = simplify_for(&changed, interface);
        let index = *known.entry(canonicalizer.key(&changed, interface, features)).or_insert_with(|| {
            programs.push(changed);
            programs.len() - 1
        });
        all.push((line, change, index));
    }
    let fitness = benchmark.fitness_of(&programs)?;
    let means: Vec<f64> = fitness.iter().map(|fitness| mean(fitness)).collect();
    let size = |index: usize| programs[index].instructions().len();
    // The first of equals: `max_by` would take the last.
    let best = all.into_iter().reduce(|best, other| {
        let better = means[other.2].total_cmp(&means[best.2]).then(size(best.2).cmp(&size(other.2))).is_gt();
        if better { other } else { best }
    });
    Ok(best.map(|(line, change, index)| {
        let step = Effect::of(before, &fitness[index]);
        let instruction = line.of(current).expect("a line of this program");
        Reduced { line, instruction, change, step, total: step, fitness: means[index], program: programs.swap_remove(index) }
    }))
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::known_program;

    use super::*;
    use crate::task::{DataCache, TaskKind, TaskSpec};

    fn benchmark(threads: usize) -> Benchmark {
        let spec = TaskSpec { train: Some(200), valid: Some(20), tasks: 4, ..TaskSpec::new(TaskKind::Linear) };
        Benchmark::new(&spec, &[1, 2], threads, &DataCache::new()).expect("small tasks")
    }

    fn steps(program: &Program, epsilon: f64, threads: usize) -> (Program, Vec<Reduced>) {
        let mut steps = Vec::new();
        let reduced = reduce(program, &benchmark(threads), epsilon, |step| steps.push(step.clone())).expect("a small program");
        (reduced, steps)
    }

    /// The linear model with a bias that linear tasks do not need, and with noise that does little.
    fn padded() -> Program {
        "def Setup():\n  s2 = 0.01\ndef Predict():\n  s5 = dot(v0, v1)\n  s1 = s5 + s6\ndef Learn():\n  s3 = s0 - s1\n  s4 = s3 * s2\n  \
         v2 = s4 * v0\n  v3 = uniform(-0.00001, 0.00001)\n  v2 = v2 + v3\n  v1 = v1 + v2\n  s6 = s6 + s4\n"
            .parse()
            .expect("a program")
    }

    #[test]
    fn what_does_little_goes_and_what_matters_stays() {
        let (reduced, steps) = steps(&padded(), 0.02, 1);
        let linear = known_program("linear").expect("a known name");
        assert!(reduced.instructions().len() <= linear.instructions().len(), "{reduced}");
        let [before, after] = [&padded(), &reduced].map(|program| mean(&benchmark(1).fitness(program).expect("small")));
        assert!(after >= before - 0.02, "{before} {after}");
        let last = steps.last().expect("something went");
        assert_eq!((&last.program, last.fitness), (&reduced, after));
        assert!((last.total.mean - (after - before)).abs() < 1e-12);
        let sum: f64 = steps.iter().map(|step| step.step.mean).sum();
        assert!((sum - last.total.mean).abs() < 1e-12, "steps add up");
        assert!(steps.iter().all(|step| step.total.mean >= -0.02));
        // Nothing more can go.
        assert!(steps.windows(2).all(|pair| pair[1].program.instructions().len() < pair[0].program.instructions().len()));
        for (_, _, changed) in changes(&reduced, benchmark(1).interface()) {
            assert!(mean(&benchmark(1).fitness(&changed).expect("small")) < before - 0.02, "{changed}");
        }
    }

    #[test]
    fn the_result_does_not_depend_on_threads() {
        assert_eq!(steps(&padded(), 0.01, 1), steps(&padded(), 0.01, 3));
    }

    #[test]
    fn everything_may_go_and_long_programs_are_refused() {
        let (reduced, _) = steps(&padded(), 1.0, 2);
        assert_eq!(reduced, Program::default());
        assert_eq!(steps(&Program::default(), 1.0, 1), (Program::default(), Vec::new()));
        let long = format!("def Predict():\n{}", "  s1 = s1 + s2\n".repeat(MOST_INSTRUCTIONS + 1));
        let error = reduce(&long.parse().expect("a program"), &benchmark(1), 0.1, |_| {}).expect_err("it is refused").to_string();
        assert!(error.contains("501 live instructions") && error.contains("at most 500"), "{error}");
    }
}
