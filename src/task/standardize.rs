//! What is done to features before programs see them: projection to fewer dimensions, and standardization.

use exnihilo_jit::{Projection, Stream};

/// The random matrix that takes examples of `inputs` numbers to F numbers: N(0, 1), drawn row by row, the F weights of the first input first.
pub(super) fn random_projection(inputs: usize, features: usize, mut stream: Stream) -> Projection {
    let matrix: Vec<f64> = (0..inputs * features).map(|_| stream.normal()).collect();
    Projection::new(&matrix, features)
}

/// The mean and the standard deviation (over n) of each column.
pub(super) struct Standardizer {
    columns: Vec<(f64, f64)>,
}

impl Standardizer {
    /// Measures the columns of rows of `width` numbers.
    pub(super) fn fit(rows: &[f64], width: usize) -> Standardizer {
        let (count, first) = ((rows.len() / width) as f64, &rows[..width]);
        // Row by row, as the numbers lie in memory; each column is added up from the first row to the last.
        let means_of = |term: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; width];
            for row in rows.chunks_exact(width) {
                for (column, (sum, &x)) in sums.iter_mut().zip(row).enumerate() {
                    *sum += term(column, x);
                }
            }
            sums.iter().map(|sum| sum / count).collect::<Vec<_>>()
        };
        let means = means_of(&|_, x| x);
        let variances = means_of(&|column, x| (x - means[column]) * (x - means[column]));
        let mut constant = vec![true; width];
        for row in rows.chunks_exact(width) {
            constant.iter_mut().zip(row.iter().zip(first)).for_each(|(constant, (x, first))| *constant &= x == first);
        }
        let column = |column: usize| {
            // The mean of equal numbers may differ from them by rounding, which must not be blown up to a deviation.
            if constant[column] { (first[column], 0.0) } else { (means[column], variances[column].sqrt()) }
        };
        Standardizer { columns: (0..width).map(column).collect() }
    }

    /// Subtracts the means and divides by the deviations; a deviation of 0 does not divide.
    pub(super) fn apply(&self, rows: &mut [f64]) {
        for row in rows.chunks_exact_mut(self.columns.len()) {
            for (x, &(mean, deviation)) in row.iter_mut().zip(&self.columns) {
                *x -= mean;
                if deviation > 0.0 {
                    *x /= deviation;
                }
            }
        }
    }
}

/// Standardizes both parts by the moments of the first, the training part. Rows have `width` numbers.
pub(super) fn standardize(train: &mut [f64], valid: &mut [f64], width: usize) {
    let standardizer = Standardizer::fit(train, width);
    standardizer.apply(train);
    standardizer.apply(valid);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_use_the_moments_of_training() {
        let mut train = [1.0, 0.1, 3.0, 0.1, 1.0, 0.1, 3.0, 0.1];
        let mut valid = [5.0, 0.3];
        standardize(&mut train, &mut valid, 2);
        assert_eq!(train, [-1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 1.0, 0.0]);
        assert_eq!(valid, [3.0, 0.3 - 0.1]);
    }

    #[test]
    fn a_constant_column_whose_mean_would_round_is_only_shifted() {
        let mut train = [0.1; 10];
        assert_ne!(train.iter().sum::<f64>() / 10.0, 0.1);
        standardize(&mut train, &mut [], 1);
        assert_eq!(train, [0.0; 10]);
    }

    #[test]
    fn a_random_projection_has_the_weights_of_the_first_input_first() {
        let projection = random_projection(3, 2, Stream::new(1));
        let mut stream = Stream::new(1);
        let weights: Vec<f64> = (0..6).map(|_| stream.normal()).collect();
        let mut out = vec![7.0];
        projection.apply([[2.0, 0.0, -1.0].as_slice()], &mut out);
        assert_eq!(out, [7.0, 2.0 * weights[0] - weights[4], 2.0 * weights[1] - weights[5]]);
    }
}
