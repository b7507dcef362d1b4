//! Sums over rows, in the documented order, four lanes at a time: then the eight partial sums fit the vector registers of any machine.

use crate::exec::lanes::Lanes;
use crate::exec::sum::sum;

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

/// The sum of x[i] over `n` rows.
#[inline(always)]
pub(super) fn total<const L: usize>(rows: &[[f64; L]], n: usize, x: RowSeries) -> Lanes<L> {
    x.exist(rows, n);
    let mut out = [0.0; L];
    if L.is_multiple_of(4) {
        for (block, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *out = sum(n, |i| lanes(rows, x.at(i), block)).0;
        }
    } else {
        for (block, out) in out.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            *out = sum(n, |i| lanes(rows, x.at(i), block)).0;
        }
    }
    Lanes(out)
}

/// The sum of x[i] * y[i] over `n` rows.
#[inline(always)]
pub(super) fn dot<const L: usize>(rows: &[[f64; L]], n: usize, x: RowSeries, y: RowSeries) -> Lanes<L> {
    x.exist(rows, n);
    y.exist(rows, n);
    let mut out = [0.0; L];
    if L.is_multiple_of(4) {
        for (block, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *out = sum(n, |i| lanes(rows, x.at(i), block) * lanes(rows, y.at(i), block)).0;
        }
    } else {
        for (block, out) in out.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            *out = sum(n, |i| lanes(rows, x.at(i), block) * lanes(rows, y.at(i), block)).0;
        }
    }
    Lanes(out)
}

/// Block number `block` of `B` lanes of a row.
#[inline(always)]
fn lanes<const L: usize, const B: usize>(rows: &[[f64; L]], row: usize, block: usize) -> Lanes<B> {
    Lanes(rows[row].as_chunks::<B>().0[block])
}
