//! Sums over rows, in the documented order, four lanes at a time: then the eight partial sums fit the vector registers of any machine.

use crate::exec::lanes::Lanes;
use crate::exec::sum::{Adder, Terms, sum_terms};

/// Evenly spaced rows.
#[derive(Clone, Copy)]
pub(super) struct RowSeries {
    /// The first row.
    pub(super) first: usize,
    /// Rows from one to the next.
    pub(super) stride: usize,
}

impl RowSeries {
    /// Consecutive rows.
    pub(super) const fn from(first: usize) -> RowSeries {
        RowSeries { first, stride: 1 }
    }

    #[inline(always)]
    const fn at(self, i: usize) -> usize {
        self.first + i * self.stride
    }

    /// States once that `n` rows of the series exist, so that the loop over them needs no check per row.
    #[inline(always)]
    fn exist<const L: usize>(self, rows: &[[f64; L]], n: usize) {
        assert!(n > 0 && self.at(n - 1) < rows.len(), "rows that the layout has");
    }
}

/// Block number `block` of `B` lanes of the rows x[i].
struct Values<'a, const L: usize> {
    rows: &'a [[f64; L]],
    x: RowSeries,
    block: usize,
}

/// The same of the products x[i] * y[i].
struct Products<'a, const L: usize> {
    x: Values<'a, L>,
    y: Values<'a, L>,
}

impl<const L: usize> Values<'_, L> {
    #[inline(always)]
    fn at<const B: usize>(&self, i: usize) -> Lanes<B> {
        Lanes(self.rows[self.x.at(i)].as_chunks::<B>().0[self.block])
    }
}

macro_rules! lane_terms {
    ($terms:ident, $self:ident, $i:ident, $term:expr) => {
        impl<const L: usize, const B: usize> Adder<Lanes<B>> for $terms<'_, L> {
            #[inline(always)]
            fn add(&mut self, x: Lanes<B>, y: Lanes<B>) -> Lanes<B> {
                x + y
            }
        }

        impl<const L: usize, const B: usize> Terms<Lanes<B>> for $terms<'_, L> {
            #[inline(always)]
            fn term(&mut $self, $i: usize) -> Lanes<B> {
                $term
            }
        }
    };
}

lane_terms!(Values, self, i, self.at(i));
lane_terms!(Products, self, i, self.x.at(i) * self.y.at(i));

/// Sums the terms of every block of lanes. The smallest common sizes are told apart, since in their sums nothing is left to decide.
macro_rules! sum_blocks {
    ($lanes:ident, $n:ident, $terms:expr) => {{
        let mut out = [0.0; $lanes];
        if $lanes.is_multiple_of(4) {
            for (block, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                *out = sum_of_size(&mut $terms(block), $n).0;
            }
        } else {
            for (block, out) in out.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                *out = sum_of_size(&mut $terms(block), $n).0;
            }
        }
        Lanes(out)
    }};
}

#[inline(always)]
fn sum_of_size<T: Copy>(terms: &mut impl Terms<T>, n: usize) -> T {
    match n {
        4 => sum_terms(terms, 4),
        8 => sum_terms(terms, 8),
        n => sum_terms(terms, n),
    }
}

/// The sum of x[i] over `n` rows.
#[inline(always)]
pub(super) fn total<const L: usize>(rows: &[[f64; L]], n: usize, x: RowSeries) -> Lanes<L> {
    x.exist(rows, n);
    sum_blocks!(L, n, |block| Values { rows, x, block })
}

/// The sum of x[i] * y[i] over `n` rows.
#[inline(always)]
pub(super) fn dot<const L: usize>(rows: &[[f64; L]], n: usize, x: RowSeries, y: RowSeries) -> Lanes<L> {
    x.exist(rows, n);
    y.exist(rows, n);
    sum_blocks!(L, n, |block| Products { x: Values { rows, x, block }, y: Values { rows, x: y, block } })
}
