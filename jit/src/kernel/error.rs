//! Errors of predictions, as kernels of one row: what an evaluation does between Predict and Learn.

use std::marker::PhantomData;

use super::elementwise::{load_row, store_row};
use crate::exec::math::lanes::{exp, sigmoid};
use crate::exec::simd::{Register, all_lanes};
use crate::lang::{CLASSES, Interface};

/// The rows that an error is about.
#[derive(Clone, Copy)]
pub(crate) struct ErrorRows {
    /// Where the errors go.
    pub(crate) error: *mut f64,
    pub(crate) label: *const f64,
    /// In the training of a classification task the predictions become their sigmoids. With classes it is the first of F rows that become
    /// their softmax, and F rows follow which become the label, 1 at the class.
    pub(crate) prediction: *mut f64,
    /// In validation the squared errors are added to these.
    pub(crate) loss: *mut f64,
    /// Largest error allowed.
    pub(crate) limit: f64,
    /// F.
    pub(crate) features: usize,
}

/// An error kernel for compiled code: (error, label, prediction, loss, limit, F); not 0 if some lane's error is beyond the limit, or NaN.
///
/// # Safety
/// All pointers are rows of the width that the kernel was made for, `loss` in validation only; with classes the prediction is the first of
/// 2 F rows, and F is at least [`CLASSES`]. The machine has the instructions of its level.
#[cfg(feature = "jit")]
pub(crate) type ErrorKernel = unsafe extern "C" fn(*mut f64, *const f64, *mut f64, *mut f64, f64, usize) -> u64;

/// The code of an error kernel, for rows of `R` registers.
pub(crate) trait ErrorBody {
    /// Whether some lane's error is beyond the limit, or NaN.
    ///
    /// # Safety
    /// The rows have `R` registers `V` each; there are as many as [`ErrorRows`] says.
    unsafe fn run<V: Register, const R: usize>(x: ErrorRows) -> bool;
}

/// The errors of a kind of task, in training and in validation.
pub(crate) trait Errors {
    const INTERFACE: Interface;
    type Train: ErrorBody;
    type Valid: ErrorBody;
}

impl<S: Score> Errors for S {
    const INTERFACE: Interface = Interface::Number;
    type Train = TrainError<S>;
    type Valid = ValidError<S>;
}

/// Tasks with classes.
pub(crate) struct Classes;

impl Errors for Classes {
    const INTERFACE: Interface = Interface::Classes;
    type Train = TrainClasses;
    type Valid = ValidClasses;
}

/// Which error a task has whose prediction is a number.
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

/// The error of a training example of a task with classes: the largest difference of the label from the softmax of the prediction.
pub(crate) struct TrainClasses;

impl ErrorBody for TrainClasses {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: ErrorRows) -> bool {
        let (width, zero, one) = (R * V::LANES, V::splat(0.0), V::splat(1.0));
        // SAFETY: by the caller's promise; F is at least the number of classes.
        unsafe {
            let class: [V; R] = load_row(x.label);
            let mut error = class;
            for r in 0..R {
                let prediction = x.prediction.add(r * V::LANES);
                let label = prediction.add(x.features * width);
                let mut powers: [V; CLASSES] = load_classes(prediction, width);
                let mut largest = powers[0];
                for power in &powers[1..] {
                    largest = V::select(largest.lt(*power), *power, largest);
                }
                for power in &mut powers {
                    *power = exp(power.sub(largest));
                }
                let mut sum = powers[0];
                for power in &powers[1..] {
                    sum = sum.add(*power);
                }
                for (i, power) in powers.into_iter().enumerate() {
                    let share = power.div(sum);
                    let wanted = V::select(class[r].eq(V::splat(i as f64)), one, zero);
                    let difference = wanted.sub(share).abs();
                    // All are NaN or none is: a NaN among the predictions makes the sum one.
                    error[r] = if i == 0 { difference } else { V::select(error[r].lt(difference), difference, error[r]) };
                    share.store(prediction.add(i * width));
                    wanted.store(label.add(i * width));
                }
                for i in CLASSES..x.features {
                    zero.store(prediction.add(i * width));
                }
            }
            store_row(error, x.error);
            any_beyond(&error, x.limit)
        }
    }
}

/// The error of a validation example of a task with classes: 0 where the last of the largest predictions is at the label's class and none
/// is NaN, else 1.
pub(crate) struct ValidClasses;

impl ErrorBody for ValidClasses {
    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(x: ErrorRows) -> bool {
        let width = R * V::LANES;
        // SAFETY: by the caller's promise; F is at least the number of classes.
        unsafe {
            let class: [V; R] = load_row(x.label);
            let (mut error, mut loss): ([V; R], [V; R]) = (class, load_row(x.loss));
            for r in 0..R {
                let predictions: [V; CLASSES] = load_classes(x.prediction.add(r * V::LANES), width);
                let (mut largest, mut chosen) = (predictions[0], V::splat(0.0));
                let mut ordered = largest.eq(largest);
                for (i, prediction) in predictions.into_iter().enumerate().skip(1) {
                    let is_larger = largest.le(prediction);
                    largest = V::select(is_larger, prediction, largest);
                    chosen = V::select(is_larger, V::splat(i as f64), chosen);
                    ordered = V::mask_and(ordered, prediction.eq(prediction));
                }
                let right = V::mask_and(ordered, chosen.eq(class[r]));
                error[r] = V::select(right, V::splat(0.0), V::splat(1.0));
                loss[r] = loss[r].add(error[r].mul(error[r]));
            }
            store_row(error, x.error);
            store_row(loss, x.loss);
            any_beyond(&error, x.limit)
        }
    }
}

/// A register of each of the first rows of a prediction, `width` apart.
///
/// # Safety
/// There are as many rows.
#[inline(always)]
unsafe fn load_classes<V: Register>(prediction: *const f64, width: usize) -> [V; CLASSES] {
    let mut rows = [V::splat(0.0); CLASSES];
    for (i, row) in rows.iter_mut().enumerate() {
        // SAFETY: by the caller's promise.
        *row = unsafe { V::load(prediction.add(i * width)) };
    }
    rows
}
