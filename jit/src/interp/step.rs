//! One instruction on all lanes of a chunk. What each op means is defined in [`crate::oracle`]; this must agree bit for bit.

use std::cell::Cell;

use super::code::Step;
use super::matrix;
use super::reduce::{RowSeries, dot, total};
use crate::exec::lanes::Lanes;
use crate::exec::math;
use crate::exec::random::DrawKey;
use crate::lang::{Op, Space};

/// Where the random instructions of a chunk draw from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws<'a> {
    /// Keys by [`Step::draw`], then lane.
    pub(crate) keys: &'a [DrawKey],
    /// The step number.
    pub(crate) step: u64,
}

/// The rows of one chunk's memory.
type Rows<const L: usize> = [[f64; L]];

#[inline(always)]
pub(super) fn get<const L: usize>(rows: &Rows<L>, row: usize) -> Lanes<L> {
    Lanes(rows[row])
}

/// The rows as cells, so that an output may be one of the inputs and slices of both can be walked without a check per row.
#[inline(always)]
pub(super) fn cells<const L: usize>(rows: &mut Rows<L>) -> &[Cell<[f64; L]>] {
    Cell::from_mut(rows).as_slice_of_cells()
}

/// Elementwise: an output that is also an input is read before it is written, element by element.
#[inline(always)]
fn map<const L: usize>(rows: &mut Rows<L>, step: &Step, n: usize, f: impl Fn(f64) -> f64 + Copy) {
    let rows = cells(rows);
    let (a, out) = (&rows[step.in1 as usize..][..n], &rows[step.out as usize..][..n]);
    for (out, a) in out.iter().zip(a) {
        out.set(Lanes(a.get()).map(f).0);
    }
}

#[inline(always)]
fn zip<const L: usize>(rows: &mut Rows<L>, step: &Step, n: usize, f: impl Fn(f64, f64) -> f64 + Copy) {
    let rows = cells(rows);
    let (a, b, out) = (&rows[step.in1 as usize..][..n], &rows[step.in2 as usize..][..n], &rows[step.out as usize..][..n]);
    for ((out, a), b) in out.iter().zip(a).zip(b) {
        out.set(Lanes(a.get()).zip(Lanes(b.get()), f).0);
    }
}

/// A scalar with every element of a vector or matrix.
#[inline(always)]
fn scale<const L: usize>(rows: &mut Rows<L>, step: &Step, n: usize) {
    let factor = get(rows, step.in1 as usize);
    let rows = cells(rows);
    let (b, out) = (&rows[step.in2 as usize..][..n], &rows[step.out as usize..][..n]);
    for (out, b) in out.iter().zip(b) {
        out.set((factor * Lanes(b.get())).0);
    }
}

#[inline(always)]
fn fill<const L: usize>(rows: &mut Rows<L>, step: &Step, n: usize, draws: Draws<'_>, draw: impl Fn(DrawKey, u64, usize) -> f64) {
    let keys = &draws.keys[step.draw as usize * L..][..L];
    for i in 0..n {
        rows[step.out as usize + i] = std::array::from_fn(|lane| draw(keys[lane], draws.step, i));
    }
}

/// The mean of n rows.
#[inline(always)]
pub(super) fn mean<const L: usize>(rows: &Rows<L>, n: usize, x: RowSeries) -> Lanes<L> {
    total(rows, n, x) / Lanes::splat(n as f64)
}

/// The square root of the sum of squares of n rows.
#[inline(always)]
pub(super) fn norm<const L: usize>(rows: &Rows<L>, n: usize, x: RowSeries) -> Lanes<L> {
    dot(rows, n, x, x).sqrt()
}

/// sqrt(sum of squares / n - mean^2) of n rows.
#[inline(always)]
pub(super) fn st_dev<const L: usize>(rows: &Rows<L>, n: usize, x: RowSeries) -> Lanes<L> {
    let mean = mean(rows, n, x);
    (dot(rows, n, x, x) / Lanes::splat(n as f64) - mean * mean).sqrt()
}

pub(super) const fn min_first(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

pub(super) const fn max_first(a: f64, b: f64) -> f64 {
    if a < b { b } else { a }
}

/// Executes one instruction on the chunk's memory. `spare` takes F x F rows that matrix ops use for results that must not
/// overwrite their inputs.
#[inline(always)]
pub(crate) fn execute<const L: usize>(step: &Step, features: usize, rows: &mut Rows<L>, spare: &mut Rows<L>, draws: Draws<'_>) {
    let (a, b, out) = (step.in1 as usize, step.in2 as usize, step.out as usize);
    let n = step.op.output().map_or(0, |space| space.elements(features));
    let size = step.op.inputs().first().map_or(0, |space| space.elements(features));
    let [low, high] = step.constants;
    match step.op {
        Op::NoOp => {}
        Op::ScalarSum => zip(rows, step, 1, |a, b| a + b),
        Op::ScalarDiff => zip(rows, step, 1, |a, b| a - b),
        Op::ScalarProduct => zip(rows, step, 1, |a, b| a * b),
        Op::ScalarDivision => zip(rows, step, 1, |a, b| a / b),
        Op::ScalarMin => zip(rows, step, 1, min_first),
        Op::ScalarMax => zip(rows, step, 1, max_first),
        Op::VectorSum | Op::MatrixSum => zip(rows, step, n, |a, b| a + b),
        Op::VectorDiff | Op::MatrixDiff => zip(rows, step, n, |a, b| a - b),
        Op::VectorProduct | Op::MatrixProduct => zip(rows, step, n, |a, b| a * b),
        Op::VectorDivision | Op::MatrixDivision => zip(rows, step, n, |a, b| a / b),
        Op::VectorMin => zip(rows, step, n, min_first),
        Op::VectorMax => zip(rows, step, n, max_first),
        Op::MatrixMin => zip(rows, step, n, |a, b| if a < b { a } else { b }),
        Op::MatrixMax => zip(rows, step, n, |a, b| if a > b { a } else { b }),
        Op::ScalarAbs | Op::VectorAbs | Op::MatrixAbs => map(rows, step, n, f64::abs),
        Op::ScalarReciprocal | Op::VectorReciprocal | Op::MatrixReciprocal => map(rows, step, n, |a| 1.0 / a),
        Op::ScalarHeaviside => map(rows, step, 1, |a| if a >= 0.0 { 1.0 } else { 0.0 }),
        Op::VectorHeaviside | Op::MatrixHeaviside => map(rows, step, n, |a| if a > 0.0 { 1.0 } else { 0.0 }),
        Op::ScalarSin => map(rows, step, 1, math::sin),
        Op::ScalarCos => map(rows, step, 1, math::cos),
        Op::ScalarTan => map(rows, step, 1, math::tan),
        Op::ScalarArcsin => map(rows, step, 1, math::arcsin),
        Op::ScalarArccos => map(rows, step, 1, math::arccos),
        Op::ScalarArctan => map(rows, step, 1, math::arctan),
        Op::ScalarExp => map(rows, step, 1, math::exp),
        Op::ScalarLog => map(rows, step, 1, math::log),
        Op::ScalarVectorProduct | Op::ScalarMatrixProduct => scale(rows, step, n),
        Op::ScalarBroadcast => {
            let value = rows[a];
            rows[out..out + n].fill(value);
        }
        Op::VectorInnerProduct => rows[out] = dot(rows, size, RowSeries::from(a), RowSeries::from(b)).0,
        Op::VectorNorm | Op::MatrixNorm => rows[out] = norm(rows, size, RowSeries::from(a)).0,
        Op::VectorMean | Op::MatrixMean => rows[out] = mean(rows, size, RowSeries::from(a)).0,
        Op::VectorStDev | Op::MatrixStDev => rows[out] = st_dev(rows, size, RowSeries::from(a)).0,
        Op::ScalarConstSet | Op::VectorConstSet | Op::MatrixConstSet => rows[out] = [low; L],
        Op::ScalarUniformSet | Op::VectorUniformSet | Op::MatrixUniformSet => {
            fill(rows, step, n, draws, |key, at, element| key.at_step(at).uniform(element, low, high));
        }
        Op::ScalarGaussianSet | Op::VectorGaussianSet | Op::MatrixGaussianSet => {
            fill(rows, step, n, draws, |key, at, element| key.at_step(at).gaussian(element, low, high));
        }
        Op::VectorOuterProduct
        | Op::MatrixVectorProduct
        | Op::VectorColumnBroadcast
        | Op::VectorRowBroadcast
        | Op::MatrixColumnNorm
        | Op::MatrixRowNorm
        | Op::MatrixTranspose
        | Op::MatrixMatrixProduct
        | Op::MatrixRowMean
        | Op::MatrixRowStDev => matrix::execute(step, features, rows, spare),
    }
}

/// How many rows of spare memory a program with these ops needs for features of size `features`.
pub(crate) fn spare_rows(steps: &[Step], features: usize) -> usize {
    let through_spare = |step: &Step| match step.op {
        Op::MatrixVectorProduct => Space::Vector.elements(features),
        Op::MatrixTranspose | Op::MatrixMatrixProduct => Space::Matrix.elements(features),
        _ => 0,
    };
    steps.iter().map(through_spare).max().unwrap_or(0)
}
