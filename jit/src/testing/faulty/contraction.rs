//! What ops give where a product and the sum that takes it are contracted to a fused multiply-add, which nothing here may do.

use crate::exec::random::StepDraws;
use crate::exec::sum::{Adder, Terms, sum, sum_terms};
use crate::lang::{Instruction, Op, Space};
use crate::oracle::Memory;

/// Whether the op has a product and a sum in it, or can be one of such a pair of instructions.
pub(super) fn applies_to(op: Op) -> bool {
    is_product(op) || is_sum(op) || is_difference(op) || op.is_random() || is_reduction_of_products(op)
}

/// Whether the op is a product whose result a sum may take.
pub(super) fn is_product(op: Op) -> bool {
    matches!(
        op,
        Op::ScalarProduct
            | Op::ScalarVectorProduct
            | Op::VectorProduct
            | Op::ScalarMatrixProduct
            | Op::MatrixProduct
            | Op::VectorOuterProduct
    )
}

fn is_sum(op: Op) -> bool {
    matches!(op, Op::ScalarSum | Op::VectorSum | Op::MatrixSum)
}

fn is_difference(op: Op) -> bool {
    matches!(op, Op::ScalarDiff | Op::VectorDiff | Op::MatrixDiff)
}

fn is_reduction_of_products(op: Op) -> bool {
    matches!(
        op,
        Op::VectorInnerProduct
            | Op::MatrixVectorProduct
            | Op::MatrixMatrixProduct
            | Op::VectorNorm
            | Op::MatrixNorm
            | Op::MatrixColumnNorm
            | Op::MatrixRowNorm
            | Op::VectorStDev
            | Op::MatrixStDev
            | Op::MatrixRowStDev
    )
}

/// The output of a sum or difference right after the product that it takes, contracted; none if it does not take it.
pub(super) fn of_pair(product: &Instruction, before_product: &Memory, taker: &Instruction, before: &mut Memory) -> Option<Vec<f64>> {
    if !is_sum(taker.op()) && !is_difference(taker.op()) {
        return None;
    }
    let takes: Vec<bool> = taker.reads().map(|read| Some(read) == product.writes()).collect();
    let (space, other) = taker.reads().zip(&takes).find(|(_, takes)| !**takes)?.0;
    let takes_first = *takes.first()?;
    if takes_first == takes[1] {
        return None;
    }
    let mut memory = before_product.clone();
    let mut inputs = product.reads().map(|(space, address)| memory.elements_mut(space, address).to_vec());
    let (a, b) = (inputs.next()?, inputs.next()?);
    let others = before.elements_mut(space, other);
    let f = before_product.features();
    let factors = |i: usize| match product.op() {
        Op::VectorOuterProduct => (a[i / f], b[i % f]),
        Op::ScalarVectorProduct | Op::ScalarMatrixProduct => (a[0], b[i]),
        _ => (a[i], b[i]),
    };
    let contracted = |(i, &other): (usize, &f64)| {
        let (x, y) = factors(i);
        match (is_sum(taker.op()), takes_first) {
            (true, _) => x.mul_add(y, other),
            (false, true) => x.mul_add(y, -other),
            (false, false) => (-x).mul_add(y, other),
        }
    };
    Some(others.iter().enumerate().map(contracted).collect())
}

/// The output of an op that has products and sums in itself, contracted; none for others.
pub(super) fn of_one(instruction: &Instruction, before: &mut Memory, draws: StepDraws) -> Option<Vec<f64>> {
    let op = instruction.op();
    let f = before.features();
    let elements = instruction.writes().map_or(0, |(space, _)| space.elements(f));
    let ([first, second, _], _) = instruction.data().values();
    match op {
        Op::ScalarUniformSet | Op::VectorUniformSet | Op::MatrixUniformSet if first < second => {
            return Some((0..elements).map(|i| (second - first).mul_add(draws.uniform(i, 0.0, 1.0), first)).collect());
        }
        Op::ScalarGaussianSet | Op::VectorGaussianSet | Op::MatrixGaussianSet => {
            return Some((0..elements).map(|i| second.mul_add(draws.gaussian(i, 0.0, 1.0), first)).collect());
        }
        _ if !is_reduction_of_products(op) => return None,
        _ => {}
    }
    let mut inputs = instruction.reads().map(|(space, address)| before.elements_mut(space, address).to_vec());
    let (a, b) = (inputs.next()?, inputs.next().unwrap_or_default());
    let all = op.inputs().first().map_or(0, |space: &Space| space.elements(f));
    let norm = |count: usize, x: &dyn Fn(usize) -> f64| sum_of_products(count, |i| (x(i), x(i))).sqrt();
    Some(match op {
        Op::VectorInnerProduct => vec![sum_of_products(f, |i| (a[i], b[i]))],
        Op::MatrixVectorProduct => (0..f).map(|r| sum_of_products(f, |c| (a[r * f + c], b[c]))).collect(),
        Op::MatrixMatrixProduct => (0..f * f).map(|i| sum_of_products(f, |k| (a[i / f * f + k], b[k * f + i % f]))).collect(),
        Op::VectorNorm | Op::MatrixNorm => vec![norm(all, &|i| a[i])],
        Op::MatrixColumnNorm => (0..f).map(|c| norm(f, &|r| a[r * f + c])).collect(),
        Op::MatrixRowNorm => (0..f).map(|r| norm(f, &|c| a[r * f + c])).collect(),
        Op::MatrixRowStDev => (0..f).map(|r| st_dev(&a[r * f..][..f])).collect(),
        _ => vec![st_dev(&a)],
    })
}

fn st_dev(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = sum(x.len(), |i| x[i]) / n;
    let squares = sum_of_products(x.len(), |i| (x[i], x[i]));
    (-mean).mul_add(mean, squares / n).sqrt()
}

/// A term of a sum: a product that is not computed yet, or a value.
#[derive(Clone, Copy)]
enum Term {
    Product(f64, f64),
    Value(f64),
}

impl Term {
    fn value(self) -> f64 {
        match self {
            Term::Product(a, b) => a * b,
            Term::Value(value) => value,
        }
    }
}

/// Products in the documented order of sums, each added to a partial sum by a fused multiply-add.
struct Contracted<F>(F);

impl<F> Adder<Term> for Contracted<F> {
    fn add(&mut self, x: Term, y: Term) -> Term {
        Term::Value(match y {
            Term::Product(a, b) => a.mul_add(b, x.value()),
            Term::Value(y) => x.value() + y,
        })
    }
}

impl<F: FnMut(usize) -> (f64, f64)> Terms<Term> for Contracted<F> {
    fn term(&mut self, i: usize) -> Term {
        let (a, b) = (self.0)(i);
        Term::Product(a, b)
    }
}

fn sum_of_products(count: usize, factors: impl FnMut(usize) -> (f64, f64)) -> f64 {
    sum_terms(&mut Contracted(factors), count).value()
}
