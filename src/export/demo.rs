//! The small set of examples that comes with code which is to be tried at once.

use exnihilo_jit::{CLASSES, Scoring, Stream};

/// The largest F of a demonstration: its examples are text in the file.
pub const MAX_DEMO_FEATURES: usize = 64;

/// Examples to train on.
const TRAIN: usize = 60;
/// Examples to validate on.
const VALID: usize = 8;

/// Features that are standard normal, and labels that a random linear map gives.
#[derive(Clone, Debug)]
pub(super) struct Demo {
    /// A row each: the features, then the label.
    pub(super) train: Vec<Vec<f64>>,
    /// As `train`.
    pub(super) valid: Vec<Vec<f64>>,
}

impl Demo {
    /// Examples of one task of this kind.
    pub(super) fn new(scoring: Scoring, features: usize) -> Demo {
        let mut stream = Stream::new(0);
        // Three decimals are enough, and can be read.
        let mut normals = |count: usize| (0..count).map(|_| (stream.normal() * 1e3).round() / 1e3).collect::<Vec<f64>>();
        let outputs = if scoring == Scoring::Classes { CLASSES } else { 1 };
        let weights: Vec<Vec<f64>> = (0..outputs).map(|_| normals(features)).collect();
        let mut rows = (0..TRAIN + VALID).map(|_| {
            let mut row = normals(features);
            let scores = weights.iter().map(|weights| weights.iter().zip(&row).map(|(w, x)| w * x).sum::<f64>());
            let (class, score) = scores.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).expect("one output at least");
            row.push(match scoring {
                Scoring::Rms => (score * 1e3).round() / 1e3,
                Scoring::Accuracy => f64::from(score > 0.0),
                Scoring::Classes => class as f64,
            });
            row
        });
        Demo { train: rows.by_ref().take(TRAIN).collect(), valid: rows.collect() }
    }

    /// Rows of numbers, each between `open` and `close`.
    pub(super) fn rows(rows: &[Vec<f64>], indent: &str, open: &str, close: &str) -> String {
        let row =
            |row: &Vec<f64>| format!("{indent}{open}{}{close},\n", row.iter().map(|x| format!("{x:?}")).collect::<Vec<_>>().join(", "));
        rows.iter().map(row).collect()
    }
}
