//! Errors of predictions, as kernels of one row: what an evaluation does between Predict and Learn.

use std::marker::PhantomData;

use super::elementwise::{load_row, store_row};
use crate::exec::math::lanes::sigmoid;
use crate::exec::simd::{Register, all_lanes};

/// The rows that an error is about.
#[derive(Clone, Copy)]
pub(crate) struct ErrorRows {
    /// Where the errors go.
    pub(crate) error: *mut f64,
    pub(crate) label: *const f64,
    /// In the training of a classification task the predictions become their sigmoids.
    pub(crate) prediction: *mut f64,
    /// In validation the squared errors are added to these.
    pub(crate) loss: *mut f64,
    /// Largest error allowed.
    pub(crate) limit: f64,
}

/// An error kernel for compiled code: (error, label, prediction, loss, limit); not 0 if some lane's error is beyond the limit, or NaN.
///
/// # Safety
/// All pointers are rows of the width that the kernel was made for, `loss` in validation only. The machine has the instructions of its tier.
#[cfg(feature = "jit")]
pub(crate) type ErrorKernel = unsafe extern "C" fn(*mut f64, *const f64, *mut f64, *mut f64, f64) -> u64;

/// The code of an error kernel, for rows of `R` registers.
pub(crate) trait ErrorBody {
    /// Whether some lane's error is beyond the limit, or NaN.
    ///
    /// # Safety
    /// The rows have `R` registers `V` each.
    unsafe fn run<V: Register, const R: usize>(x: ErrorRows) -> bool;
}

/// Which error a task has.
pub(crate) trait Score {
    /// The error in training, and what the prediction becomes.
    fn train<V: Register>(label: V, prediction: V) -> (V, V);
    /// The error in validation.
    fn validate<V: Register>(label: V, prediction: V) -> V;
}

pub(crate) struct Regression;
pub(crate) struct Classification;

impl Score for Regression {
    #[inline(always)]
    fn train<V: Register>(label: V, prediction: V) -> (V, V) {
        (label.sub(prediction).abs(), prediction)
    }

    #[inline(always)]
    fn validate<V: Register>(label: V, prediction: V) -> V {
        label.sub(prediction).abs()
    }
}

impl Score for Classification {
    #[inline(always)]
    fn train<V: Register>(label: V, prediction: V) -> (V, V) {
        let probability = sigmoid(prediction);
        (label.sub(probability).abs(), probability)
    }

    /// 1 where label and prediction are on different sides, else 0; NaN counts as the negative side.
    #[inline(always)]
    fn validate<V: Register>(label: V, prediction: V) -> V {
        let half = V::splat(0.5);
        let (is_positive, positive) = (half.lt(label), half.lt(sigmoid(prediction)));
        let both = V::mask_and(is_positive, positive);
        let neither = V::mask_not(V::mask_or(is_positive, positive));
        V::select(V::mask_or(both, neither), V::splat(0.0), V::splat(1.0))
    }
}

#[inline(always)]
fn any_beyond<V: Register, const R: usize>(error: &[V; R], limit: f64) -> bool {
    let limit = V::splat(limit);
    let mut within = error[0].le(limit);
    for error in &error[1..] {
        within = V::mask_and(within, error.le(limit));
    }
    V::mask_bits(within) != all_lanes::<V>()
}

/// The error of a training example.
pub(crate) struct TrainError<S>(PhantomData<S>);

impl<S: Score> ErrorBody for TrainError<S> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: ErrorRows) -> bool {
        // SAFETY: by the caller's promise.
        unsafe {
            let (label, mut prediction): ([V; R], [V; R]) = (load_row(x.label), load_row(x.prediction));
            let mut error = label;
            for r in 0..R {
                (error[r], prediction[r]) = S::train(label[r], prediction[r]);
            }
            store_row(error, x.error);
            store_row(prediction, x.prediction);
            any_beyond(&error, x.limit)
        }
    }
}

/// The error of a validation example.
pub(crate) struct ValidError<S>(PhantomData<S>);

impl<S: Score> ErrorBody for ValidError<S> {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: ErrorRows) -> bool {
        // SAFETY: by the caller's promise.
        unsafe {
            let (label, prediction): ([V; R], [V; R]) = (load_row(x.label), load_row(x.prediction));
            let (mut error, mut loss): ([V; R], [V; R]) = (label, load_row(x.loss));
            for r in 0..R {
                error[r] = S::validate(label[r], prediction[r]);
                loss[r] = loss[r].add(error[r].mul(error[r]));
            }
            store_row(error, x.error);
            store_row(loss, x.loss);
            any_beyond(&error, x.limit)
        }
    }
}
