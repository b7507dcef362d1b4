//! Which programs are acceptable in a comparison of search methods: those better than a reference program on the same tasks, as in the
//! paper's figure 4.

use std::f64::consts::FRAC_PI_2;

use exnihilo_jit::exec::math;
use exnihilo_jit::{Combine, Scoring};

/// What a program's search fitness may fall short by, through rounding, of what being acceptable implies.
const ROUNDING: f64 = 1e-9;

/// What must be beaten on one group of tasks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bar {
    scoring: Scoring,
    /// The reference's mean RMS error, or its mean accuracy.
    score: f64,
    /// The search fitness of an acceptable program is above it.
    least: f64,
}

impl Bar {
    /// The bar that a reference with this fitness on every task sets for programs whose search fitness is the `combine` of theirs.
    pub(super) fn new(reference: &[f64], scoring: Scoring, combine: Combine) -> Bar {
        let score = score(reference, scoring);
        // So many of the tasks have the median fitness or less.
        let tasks = reference.len() as f64;
        let lower = (reference.len() / 2 + 1) as f64;
        let least = match (scoring, combine) {
            // RMS error is a convex function of the fitness: the error of the mean fitness is no larger than the mean error.
            (Scoring::Rms, Combine::Mean) => math::rms_fitness(score * score),
            (Scoring::Rms, Combine::Median) => {
                let most = score * tasks / lower;
                math::rms_fitness(most * most)
            }
            (Scoring::Accuracy | Scoring::Classes, Combine::Mean) => score,
            // The others are right everywhere at best.
            (Scoring::Accuracy | Scoring::Classes, Combine::Median) => (tasks * score - (tasks - lower)) / lower,
        };
        Bar { scoring, score, least: least - ROUNDING }
    }

    /// The reference's mean RMS error, where that is the measure.
    pub(super) fn rms_error(&self) -> Option<f64> {
        (self.scoring == Scoring::Rms).then_some(self.score)
    }

    /// Whether a program with this true fitness as its search fitness can be acceptable: most cannot, and need no look at each task.
    pub(super) fn may_pass(&self, fitness: f64) -> bool {
        fitness >= self.least
    }

    /// Whether a program with this true fitness on every task is acceptable: a smaller mean RMS error, or a larger mean accuracy.
    pub(super) fn passes(&self, task_fitness: &[f64]) -> bool {
        let score = score(task_fitness, self.scoring);
        match self.scoring {
            Scoring::Rms => score < self.score,
            Scoring::Accuracy | Scoring::Classes => score > self.score,
        }
    }
}

/// The mean RMS error, or the mean accuracy, added in task order.
fn score(task_fitness: &[f64], scoring: Scoring) -> f64 {
    let sum: f64 = match scoring {
        Scoring::Rms => task_fitness.iter().map(|&fitness| rms_error(fitness)).sum(),
        Scoring::Accuracy | Scoring::Classes => task_fitness.iter().sum(),
    };
    sum / task_fitness.len() as f64
}

/// The RMS error behind a fitness; infinite where validation ended early.
fn rms_error(fitness: f64) -> f64 {
    if fitness > 0.0 { math::tan(FRAC_PI_2 * (1.0 - fitness)) } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::{Evaluation, Stream};

    use super::*;

    #[test]
    fn errors_come_back_from_fitness() {
        for error in [0.0, 1e-6, 0.1, 1.0, 30.0] {
            let back = rms_error(math::rms_fitness(error * error));
            assert!((back - error).abs() <= 1e-9 * (1.0 + error * error), "{error}: {back}");
        }
        assert_eq!(rms_error(0.0), f64::INFINITY);
    }

    /// The quick look at the search fitness must let through whatever the look at each task accepts, and little else.
    #[test]
    fn no_acceptable_program_is_overlooked() {
        let mut stream = Stream::new(3);
        for scoring in [Scoring::Rms, Scoring::Accuracy, Scoring::Classes] {
            for combine in [Combine::Mean, Combine::Median] {
                for tasks in 1..=6 {
                    let (mut accepted, mut refused) = (0, 0);
                    for _ in 0..2_000 {
                        let mut draw =
                            |spread: f64| -> Vec<f64> { (0..tasks).map(|_| (0.6 + spread * stream.normal()).clamp(0.0, 1.0)).collect() };
                        let (reference, program) = (draw(0.1), draw(0.2));
                        let bar = Bar::new(&reference, scoring, combine);
                        let fitness = Evaluation { task_fitness: program.clone(), ..Evaluation::default() }.fitness(combine);
                        // By the definition, on the errors themselves.
                        let mean = |values: &[f64], of: fn(f64) -> f64| values.iter().map(|&value| of(value)).sum::<f64>() / tasks as f64;
                        let error = |fitness: f64| if fitness == 0.0 { f64::INFINITY } else { (FRAC_PI_2 * (1.0 - fitness)).tan() };
                        let expected = match scoring {
                            Scoring::Rms => mean(&program, error) < mean(&reference, error),
                            Scoring::Accuracy | Scoring::Classes => mean(&program, |fitness| fitness) > mean(&reference, |fitness| fitness),
                        };
                        assert_eq!(bar.passes(&program), expected, "{program:?} against {reference:?}");
                        assert!(bar.may_pass(fitness) || !expected, "{scoring:?} {combine:?}: {program:?} against {reference:?}");
                        accepted += usize::from(expected);
                        refused += usize::from(!bar.may_pass(fitness));
                    }
                    assert!(
                        accepted > 300 && refused > 0,
                        "{scoring:?} {combine:?}, {tasks} tasks: {accepted} accepted, {refused} refused"
                    );
                }
            }
        }
    }

    #[test]
    fn as_good_is_not_better() {
        for scoring in [Scoring::Rms, Scoring::Accuracy] {
            let bar = Bar::new(&[0.75, 0.5], scoring, Combine::Mean);
            assert!(bar.may_pass(0.625) && !bar.passes(&[0.75, 0.5]) && bar.passes(&[0.75, 0.5 + 1e-12]));
        }
    }
}
