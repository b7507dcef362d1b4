//! A list of f64 that begins at a cache line, so that no register's worth of a row of lanes is split between two.

use std::ops::{Deref, DerefMut};

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f64; 8]);

/// A list of f64 at an address that is a multiple of 64.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlignedVec {
    lines: Vec<Line>,
    len: usize,
}

impl AlignedVec {
    /// Makes it `len` zeros.
    pub(crate) fn set_zeros(&mut self, len: usize) {
        self.lines.clear();
        self.resize(len);
    }

    /// Makes it `len` long; new elements are zero, old ones stay.
    pub(crate) fn resize(&mut self, len: usize) {
        self.lines.resize(len.div_ceil(8), Line([0.0; 8]));
        self.len = len;
    }

    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> AlignedVec {
        let mut list = AlignedVec::default();
        list.set_zeros(len);
        list
    }

    /// Makes it equal to `values`.
    pub(crate) fn copy_from(&mut self, values: &[f64]) {
        self.resize(values.len());
        self.copy_from_slice(values);
    }
}

impl Deref for AlignedVec {
    type Target = [f64];

    #[inline]
    fn deref(&self) -> &[f64] {
        // SAFETY: `Line` is eight f64 without padding, and there are at least `len` / 8 of them, rounded up.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for AlignedVec {
    #[inline]
    fn deref_mut(&mut self) -> &mut [f64] {
        // SAFETY: as in `deref`.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}
