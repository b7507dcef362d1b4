//! What comes out of a transfer.

use std::time::Duration;

use exnihilo_jit::{Instruction, Program};

use super::decouple::Valued;
use crate::task::Pair;
use crate::tune::Place;

/// What a row of the result stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The program with the constants that it was found with.
    Found,
    /// The program with tuned constants.
    Tuned,
    /// The program with constants in place of hyperparameters that it computed, tuned.
    Decoupled,
    /// Logistic regression, tuned.
    Logistic,
    /// A two-layer network, tuned.
    Net,
}

/// Mean and standard deviation of several values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation over n - 1; none of a single value.
    pub st_dev: Option<f64>,
}

impl Spread {
    /// Of at least one value.
    pub fn of(values: &[f64]) -> Spread {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        Spread { mean, st_dev: (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()) }
    }
}

/// The accuracies of one program on one pair.
#[derive(Clone, Debug, PartialEq)]
pub struct PairScore {
    /// The pair.
    pub pair: Pair,
    /// On the validation part, in tuning.
    pub valid: f64,
    /// On the test part, one a seed.
    pub test: Vec<f64>,
}

/// A constant before and after tuning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// Where it is; where several are tuned together, the first.
    pub place: Place,
    /// The instruction that holds it, tuned.
    pub instruction: Instruction,
    /// What it was multiplied by.
    pub factor: f64,
}

/// The result of one program.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it stands for.
    pub role: Role,
    /// What it is called.
    pub title: String,
    /// The program as it was tested.
    pub program: Program,
    /// The trial that won, from 0.
    pub trial: u32,
    /// Its constants; none are listed of a program as it was found.
    pub constants: Vec<Constant>,
    /// The computed hyperparameters that constants took the place of, with their values then.
    pub decoupled: Vec<Valued>,
    /// By pair, in the order asked for.
    pub pairs: Vec<PairScore>,
}

impl Row {
    /// The mean validation accuracy over pairs, by which it was chosen.
    pub fn valid(&self) -> f64 {
        mean_of(self.pairs.iter().map(|pair| pair.valid))
    }

    /// The test accuracies of each seed, as means over pairs.
    pub fn test_by_seed(&self) -> Vec<f64> {
        let seeds = self.pairs.first().map_or(0, |pair| pair.test.len());
        (0..seeds).map(|seed| mean_of(self.pairs.iter().map(|pair| pair.test[seed]))).collect()
    }

    /// The test accuracy: the spread over seeds of the means over pairs.
    pub fn test(&self) -> Spread {
        Spread::of(&self.test_by_seed())
    }
}

/// The mean, added in the order given.
pub(super) fn mean_of(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// The result of a transfer.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The program as found, tuned, and decoupled if it computes hyperparameters and that was asked for; then the baselines.
    pub rows: Vec<Row>,
    /// The row of the program that is best by validation: the decoupled one if it is not worse than the tuned one.
    pub best: usize,
    /// Programs whose memory and code were made anew: as many as threads at most for each.
    pub compiled: u64,
    /// Programs that should have been compiled, but were interpreted.
    pub compile_failures: u64,
    /// Training steps begun.
    pub train_steps: u64,
    /// Programs run on a task.
    pub runs: u64,
    /// How long it took.
    pub elapsed: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_over_all_but_one() {
        assert_eq!(Spread::of(&[1.0, 2.0, 3.0]), Spread { mean: 2.0, st_dev: Some(1.0) });
        assert_eq!(Spread::of(&[0.5]), Spread { mean: 0.5, st_dev: None });
    }

    #[test]
    fn the_spread_of_a_row_is_that_of_seeds_not_of_pairs() {
        let pair = |pair: &str, valid, test: [f64; 2]| PairScore { pair: pair.parse().expect("a pair"), valid, test: test.to_vec() };
        let row = Row {
            role: Role::Tuned,
            title: "tuned".to_owned(),
            program: Program::default(),
            trial: 0,
            constants: Vec::new(),
            decoupled: Vec::new(),
            pairs: vec![pair("0-1", 0.5, [0.25, 0.5]), pair("2-3", 1.0, [0.75, 1.0])],
        };
        assert_eq!((row.valid(), row.test_by_seed()), (0.75, vec![0.5, 0.75]));
        assert_eq!(row.test(), Spread { mean: 0.625, st_dev: Some(0.03125f64.sqrt()) });
    }
}
