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

/// Adds `count` terms in the order of this module; `term(i)` is called once for each i, in ascending order.
///
/// # Panics
/// If `count` is 0: no op reduces nothing.
#[inline(always)]
pub fn sum<T: Copy + Add<Output = T>>(count: usize, mut term: impl FnMut(usize) -> T) -> T {
    sum_with(&mut (), count, |(), i| term(i), |(), x, y| x + y)
}

/// As [`sum`], for terms whose addition needs a context, such as the function that is being compiled.
///
/// # Panics
/// If `count` is 0.
#[inline(always)]
pub fn sum_with<C, T: Copy>(
    context: &mut C,
    count: usize,
    mut term: impl FnMut(&mut C, usize) -> T,
    mut add: impl FnMut(&mut C, T, T) -> T,
) -> T {
    assert!(count > 0, "a sum of no terms");
    // The same order for the smallest common sizes, without a decision per term.
    if count == 4 {
        let x = std::array::from_fn::<T, 4, _>(|i| term(context, i));
        let (even, odd) = (add(context, x[0], x[2]), add(context, x[1], x[3]));
        return add(context, even, odd);
    }
    if count == PARTIALS {
        let x = std::array::from_fn::<T, PARTIALS, _>(|i| term(context, i));
        return combine(context, x, PARTIALS, &mut add);
    }
    // Partial sums are indexed by constants only, so that the optimizer can keep them in registers.
    let mut partials = [term(context, 0); PARTIALS];
    for (j, partial) in partials.iter_mut().enumerate().skip(1) {
        if j < count {
            *partial = term(context, j);
        }
    }
    let mut begin = PARTIALS;
    while begin + PARTIALS <= count {
        for (j, partial) in partials.iter_mut().enumerate() {
            let next = term(context, begin + j);
            *partial = add(context, *partial, next);
        }
        begin += PARTIALS;
    }
    for (j, partial) in partials.iter_mut().enumerate() {
        if begin + j < count {
            let next = term(context, begin + j);
            *partial = add(context, *partial, next);
        }
    }
    combine(context, partials, count.min(PARTIALS), &mut add)
}

/// Adds the first `count` of eight partial sums, halving their number.
#[inline(always)]
pub fn combine<C, T: Copy>(context: &mut C, mut partials: [T; PARTIALS], count: usize, mut add: impl FnMut(&mut C, T, T) -> T) -> T {
    for j in 0..4 {
        if j + 4 < count {
            partials[j] = add(context, partials[j], partials[j + 4]);
        }
    }
    for j in 0..2 {
        if j + 2 < count {
            partials[j] = add(context, partials[j], partials[j + 2]);
        }
    }
    if count > 1 { add(context, partials[0], partials[1]) } else { partials[0] }
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
