//! Mean differences over paired tasks, with confidence intervals.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::CONFIDENCE;

/// What a change does to the fitness: the mean over tasks of the changed program's fitness less the original's, and the interval that
/// holds the true mean with a confidence of 95 % (Student's t over the differences).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// The mean difference; negative where the change does harm.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

impl Effect {
    /// Of fitness values of the same tasks in the same order. A single task tells nothing of others, so its interval is all that
    /// differences of fitness can be, -1 to 1. Differences that are all the same leave no doubt.
    ///
    /// # Panics
    /// If there are no tasks, or not the same number of both.
    pub fn of(original: &[f64], changed: &[f64]) -> Effect {
        assert_eq!(original.len(), changed.len(), "the same tasks");
        assert!(!original.is_empty(), "at least one task");
        let differences: Vec<f64> = changed.iter().zip(original).map(|(changed, original)| changed - original).collect();
        let (mean, count) = (mean(&differences), differences.len() as f64);
        let half = if differences.len() == 1 {
            2.0
        } else if differences.iter().all(|difference| *difference == differences[0]) {
            return Effect { mean: differences[0], low: differences[0], high: differences[0] };
        } else {
            let squares: f64 = differences.iter().map(|difference| (difference - mean).powi(2)).sum();
            let distribution = StudentsT::new(0.0, 1.0, count - 1.0).expect("two tasks or more are one degree of freedom or more");
            distribution.inverse_cdf(1.0 - (1.0 - CONFIDENCE) / 2.0) * (squares / (count - 1.0) / count).sqrt()
        };
        Effect { mean, low: (mean - half).max(-1.0), high: (mean + half).min(1.0) }
    }
}

/// The mean of fitness values, added in their order as evaluations add them.
///
/// # Panics
/// If there are none.
pub fn mean(values: &[f64]) -> f64 {
    assert!(!values.is_empty(), "at least one value");
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_tables_of_students_t() {
        // Differences 0.1, 0.2, 0.3, 0.4: mean 0.25, standard deviation sqrt(0.05 / 3), t(0.975, 3) = 3.182446.
        let effect = Effect::of(&[0.5, 0.1, 0.0, 0.2], &[0.6, 0.3, 0.3, 0.6]);
        let half = 3.182_446_305 * (0.05_f64 / 3.0 / 4.0).sqrt();
        assert!((effect.mean - 0.25).abs() < 1e-12);
        assert!((effect.low - (0.25 - half)).abs() < 1e-6 && (effect.high - (0.25 + half)).abs() < 1e-6, "{effect:?}");
    }

    #[test]
    fn few_and_equal_differences_give_numbers() {
        assert_eq!(Effect::of(&[0.5], &[0.25]), Effect { mean: -0.25, low: -1.0, high: 1.0 });
        assert_eq!(Effect::of(&[0.5, 0.75], &[0.25, 0.5]), Effect { mean: -0.25, low: -0.25, high: -0.25 });
        assert_eq!(Effect::of(&[0.3; 7], &[0.3; 7]), Effect { mean: 0.0, low: 0.0, high: 0.0 });
        // Two tasks that differ leave almost everything possible.
        assert_eq!(Effect::of(&[0.0, 0.0], &[0.9, -0.9]), Effect { mean: 0.0, low: -1.0, high: 1.0 });
    }

    #[test]
    fn more_tasks_narrow_the_interval() {
        let width = |count: usize| {
            let changed: Vec<f64> = (0..count).map(|task| if task % 2 == 0 { 0.1 } else { 0.2 }).collect();
            let effect = Effect::of(&vec![0.0; count], &changed);
            effect.high - effect.low
        };
        assert!(width(10) > width(40) && width(40) > width(1_000) && width(1_000) > 0.0);
    }
}
