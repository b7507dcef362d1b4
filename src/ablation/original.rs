//! Changed programs held against the one that they come from, with the constants as they are and tuned anew.

use exnihilo_jit::{EvalError, Program};

use crate::stats::{Effect, mean};
use crate::tune::{Benchmark, Tuned, Tuner};

/// A program as it was, and what it is worth: what changes do is measured against it.
///
/// ```
/// use exnihilo::ablation::{Line, Original, without};
/// use exnihilo::tune::{Benchmark, Tuner};
/// use exnihilo::task::{DataCache, TaskKind, TaskSpec};
/// use exnihilo_jit::{ComponentFunction, Program};
///
/// // Two factors that make a step of 0.01; without the first one the step is far too large.
/// let program: Program = "def Setup():\n  s2 = 0.005\n  s3 = 2.0\ndef Predict():\n  s1 = dot(v0, v1)\n\
///     def Learn():\n  s4 = s0 - s1\n  s4 = s4 * s2\n  s4 = s4 * s3\n  v2 = s4 * v0\n  v1 = v1 + v2\n".parse()?;
/// let data = DataCache::new();
/// let spec = TaskSpec::new(TaskKind::Linear);
/// let (benchmark, tuning) = (Benchmark::new(&spec, &[0, 1], 1, &data)?, Benchmark::new(&spec, &[2, 3], 1, &data)?);
/// let original = Original::new(&program, &benchmark, Some(Tuner::new(&tuning, 100, 0)), |_| {})?;
/// let scaling = Line { function: ComponentFunction::Learn, index: 1 };
/// let changed = original.measure(&[without(&program, &[scaling])], |_| {})?.remove(0);
/// assert!(changed.effect.mean < -0.9, "with the constants as they are");
/// assert!(changed.tuned.expect("there is a tuner").effect.mean > -0.01, "with the constants tuned anew");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Original<'a> {
    benchmark: &'a Benchmark,
    tuner: Option<Tuner<'a>>,
    fitness: Vec<f64>,
    tuned: Option<(Tuned, Vec<f64>)>,
}

/// What a change does with the constants of both programs tuned.
#[derive(Clone, Debug, PartialEq)]
pub struct TunedChange {
    /// The changed program with its constants tuned.
    pub tuned: Tuned,
    /// The mean of its fitness.
    pub fitness: f64,
    /// Against the original with its constants tuned.
    pub effect: Effect,
}

/// What a change does.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The mean of the changed program's fitness.
    pub fitness: f64,
    /// Against the original, both with their constants as they are.
    pub effect: Effect,
    /// The same with tuned constants, where they are tuned.
    pub tuned: Option<TunedChange>,
}

impl<'a> Original<'a> {
    /// Measures a program on the benchmark; with a tuner, with its constants tuned as well. `observe` is told of trials as by [`Tuner::tune`].
    ///
    /// # Errors
    /// As [`Benchmark::fitness`].
    pub fn new(
        program: &Program,
        benchmark: &'a Benchmark,
        tuner: Option<Tuner<'a>>,
        observe: impl FnMut(u32),
    ) -> Result<Original<'a>, EvalError> {
        let fitness = benchmark.fitness(program)?;
        let tuned = tuner.map(|tuner| tuner.tune(program, observe)).transpose()?;
        let tuned = tuned.map(|tuned| benchmark.fitness(&tuned.program).map(|fitness| (tuned, fitness))).transpose()?;
        Ok(Original { benchmark, tuner, fitness, tuned })
    }

    /// The tasks that it is measured on.
    pub const fn benchmark(&self) -> &'a Benchmark {
        self.benchmark
    }

    /// What tunes constants, if they are tuned.
    pub const fn tuner(&self) -> Option<&Tuner<'a>> {
        self.tuner.as_ref()
    }

    /// The mean of its fitness, with the constants as they are.
    pub fn fitness(&self) -> f64 {
        mean(&self.fitness)
    }

    /// The program with its constants tuned, and the mean of its fitness.
    pub fn tuned(&self) -> Option<(&Tuned, f64)> {
        self.tuned.as_ref().map(|(tuned, fitness)| (tuned, mean(fitness)))
    }

    /// What each of several changes does: first side by side with the constants as they are, then, where they are tuned, one after the
    /// other. `observe` is told of trials as by [`Tuner::tune`].
    ///
    /// # Errors
    /// As [`Benchmark::fitness`], of the first such program.
    pub fn measure(&self, changed: &[Program], mut observe: impl FnMut(u32)) -> Result<Vec<Changed>, EvalError> {
        let measured = changed.iter().zip(self.benchmark.fitness_of(changed)?);
        let one = |(program, fitness): (&Program, Vec<f64>)| {
            let tuned = match (&self.tuner, &self.tuned) {
                (Some(tuner), Some((_, original))) => {
                    let tuned = tuner.tune(program, &mut observe)?;
                    let fitness = self.benchmark.fitness(&tuned.program)?;
                    Some(TunedChange { tuned, fitness: mean(&fitness), effect: Effect::of(original, &fitness) })
                }
                _ => None,
            };
            Ok(Changed { fitness: mean(&fitness), effect: Effect::of(&self.fitness, &fitness), tuned })
        };
        measured.map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::{ComponentFunction, Interface};

    use super::*;
    use crate::ablation::{Line, without};
    use crate::explain::{Explanation, IdiomKind, knocked_out};
    use crate::task::{DataCache, TaskKind, TaskSpec};

    /// Gradient descent with steps of one length, whose rate is far too large for steps as long as the gradient.
    const NORMALIZED: &str = "def Setup():\n  s2 = 0.9\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s3 = s0 - s1\n  v2 = s3 * v0\n  \
                              s4 = norm(v2)\n  s4 = 1 / s4\n  v2 = s4 * v2\n  v2 = s2 * v2\n  v1 = v1 + v2\n";

    fn benchmark(seeds: &[u64], threads: usize) -> Benchmark {
        let spec = TaskSpec { train: Some(300), valid: Some(20), tasks: 3, ..TaskSpec::new(TaskKind::Linear) };
        Benchmark::new(&spec, seeds, threads, &DataCache::new()).expect("small tasks")
    }

    #[test]
    fn a_part_whose_loss_is_only_a_rate_is_no_loss_with_constants_tuned_anew() {
        let program: Program = NORMALIZED.parse().expect("a program");
        let explanation = Explanation::of(&program, Interface::Number);
        let of_kind = |kind| knocked_out(&program, explanation.idioms().iter().find(|idiom| idiom.kind == kind).expect("it has one"));
        let changed = [IdiomKind::GradientNormalization, IdiomKind::GradientStep].map(of_kind);
        let (measured, tuning) = (benchmark(&[1, 2], 2), benchmark(&[3, 4], 2));
        let original = Original::new(&program, &measured, Some(Tuner::new(&tuning, 100, 1)), |_| {}).expect("a small program");
        let [normalization, step] = original.measure(&changed, |_| {}).expect("small programs").try_into().expect("two of them");
        let tuned = normalization.tuned.expect("there is a tuner");
        assert!(normalization.effect.high < -0.3, "{:?}", normalization.effect);
        assert!(tuned.effect.low > -0.01 && tuned.fitness > 0.99, "{tuned:?}");
        assert!(step.tuned.expect("there is a tuner").effect.high < -0.2, "no constant makes up for a step");
    }

    #[test]
    fn effects_are_of_tuned_against_tuned_and_of_as_written_against_as_written() {
        let program: Program = NORMALIZED.parse().expect("a program");
        let line = Line { function: ComponentFunction::Learn, index: 4 };
        let changed = [without(&program, &[line])];
        let (measured, tuning) = (benchmark(&[1, 2], 1), benchmark(&[3, 4], 1));
        let tuner = Tuner::new(&tuning, 60, 7);
        let original = Original::new(&program, &measured, Some(tuner), |_| {}).expect("a small program");
        let found = original.measure(&changed, |_| {}).expect("a small program").remove(0);
        let fitness = |program: &Program| measured.fitness(program).expect("a small program");
        let tuned = [&program, &changed[0]].map(|program| tuner.tune(program, |_| {}).expect("a small program"));
        let [whole, part] = tuned.each_ref().map(|tuned| fitness(&tuned.program));
        assert_eq!(original.tuned(), Some((&tuned[0], mean(&whole))));
        assert_eq!(original.fitness(), mean(&fitness(&program)));
        let [_, tuned] = tuned;
        let expected = TunedChange { tuned, fitness: mean(&part), effect: Effect::of(&whole, &part) };
        assert_eq!(found.tuned.as_ref(), Some(&expected));
        let plain = Original::new(&program, &measured, None, |_| {}).expect("a small program");
        let as_written = plain.measure(&changed, |_| {}).expect("a small program").remove(0);
        assert_eq!((as_written.effect, as_written.tuned, plain.tuned()), (found.effect, None, None));
        assert_eq!(found.effect, measured.effect(&fitness(&program), &changed[0]).expect("a small program"));
    }
}
