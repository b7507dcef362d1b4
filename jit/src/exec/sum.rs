//! The one order in which every reduction adds its terms.
//!
//! Eight partial sums p_j = x_j + x_(j+8) + x_(j+16) + …, j = 0 to 7, each in that order; then, while at least two are left,
//! the upper half is added to the lower one: p_j + p_(j+4), then + p_(j+2), then + p_(j+1). Partial sums that do not exist
//! (fewer than eight terms) are skipped, never replaced by zeros; the sum of one term is that term.
//!
//! Why eight: with lanes across tasks it is a halving tree for F = 2 to 16 (depth 1 to 4, no longer than any other order),
//! and with lanes across the elements of one task it is one 512-bit, two 256-bit or four 128-bit accumulators.
//! `docs/semantics.md` has the measurements.

use std::ops::Add;

/// How many partial sums there are.
pub const PARTIALS: usize = 8;

/// Adds two values, or makes code that does.
pub trait Adder<T> {
    /// x + y.
    fn add(&mut self, x: T, y: T) -> T;
}

/// The terms of a sum. A trait and not a closure, so that its functions can be inlined into loops for wider registers than the rest
/// of the program has.
pub trait Terms<T>: Adder<T> {
    /// Term number `i`.
    fn term(&mut self, i: usize) -> T;
}

/// Adds `count` terms in the order of this module; `term(i)` is called once for each i, in ascending order.
///
/// # Panics
/// If `count` is 0: no op reduces nothing.
#[inline(always)]
pub fn sum<T: Copy + Add<Output = T>>(count: usize, term: impl FnMut(usize) -> T) -> T {
    sum_terms(&mut Each(term), count)
}

struct Each<F>(F);

impl<T: Add<Output = T>, F> Adder<T> for Each<F> {
    #[inline(always)]
    fn add(&mut self, x: T, y: T) -> T {
        x + y
    }
}

impl<T: Add<Output = T>, F: FnMut(usize) -> T> Terms<T> for Each<F> {
    #[inline(always)]
    fn term(&mut self, i: usize) -> T {
        self.0(i)
    }
}

/// As [`sum`], for any kind of term.
///
/// # Panics
/// If `count` is 0.
#[inline(always)]
pub fn sum_terms<T: Copy>(terms: &mut impl Terms<T>, count: usize) -> T {
    assert!(count > 0, "a sum of no terms");
    // Partial sums are indexed by constants only, so that the optimizer can keep them in registers.
    let mut partials = [terms.term(0); PARTIALS];
    for (j, partial) in partials.iter_mut().enumerate().skip(1) {
        if j < count {
            *partial = terms.term(j);
        }
    }
    let mut begin = PARTIALS;
    while begin + PARTIALS <= count {
        for (j, partial) in partials.iter_mut().enumerate() {
            let next = terms.term(begin + j);
            *partial = terms.add(*partial, next);
        }
        begin += PARTIALS;
    }
    for (j, partial) in partials.iter_mut().enumerate() {
        if begin + j < count {
            let next = terms.term(begin + j);
            *partial = terms.add(*partial, next);
        }
    }
    combine(terms, partials, count.min(PARTIALS))
}

/// Adds the first `count` of eight partial sums, halving their number.
#[inline(always)]
pub fn combine<T: Copy>(adder: &mut impl Adder<T>, mut partials: [T; PARTIALS], count: usize) -> T {
    for j in 0..4 {
        if j + 4 < count {
            partials[j] = adder.add(partials[j], partials[j + 4]);
        }
    }
    for j in 0..2 {
        if j + 2 < count {
            partials[j] = adder.add(partials[j], partials[j + 2]);
        }
    }
    if count > 1 { adder.add(partials[0], partials[1]) } else { partials[0] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule of the module's text, written as a list of terms that is folded.
    fn by_the_text(terms: &[f64]) -> f64 {
        let mut partials: Vec<f64> = Vec::new();
        for (i, &term) in terms.iter().enumerate() {
            if i < 8 { partials.push(term) } else { partials[i % 8] += term }
        }
        for width in [4, 2, 1] {
            while partials.len() > width {
                let last = partials.len() - 1;
                let upper = partials.pop().expect("longer than width");
                partials[last - width] += upper;
            }
        }
        partials[0]
    }

    #[test]
    fn the_order_is_the_documented_one() {
        for count in 1..70 {
            let terms: Vec<f64> = (0..count).map(|i| 1.0 / (i as f64 + 0.7) * if i % 3 == 0 { -1e8 } else { 1.0 }).collect();
            assert_eq!(sum(count, |i| terms[i]).to_bits(), by_the_text(&terms).to_bits(), "{count} terms");
        }
    }

    #[test]
    fn no_zero_enters() {
        assert_eq!(sum(1, |_| -0.0f64).to_bits(), (-0.0f64).to_bits());
        assert_eq!(sum(3, |_| -0.0f64).to_bits(), (-0.0f64).to_bits());
        assert_eq!(sum(9, |_| -0.0f64).to_bits(), (-0.0f64).to_bits());
    }
}
