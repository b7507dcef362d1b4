//! Values of several tasks side by side: lane l of every value belongs to task l of a chunk.

use std::ops::{Add, Div, Mul, Sub};

/// One value per lane.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(transparent)]
pub struct Lanes<const L: usize>(pub [f64; L]);

impl<const L: usize> Lanes<L> {
    /// The same value in every lane.
    #[inline(always)]
    pub fn splat(value: f64) -> Self {
        Lanes([value; L])
    }

    /// Applies `f` in every lane.
    #[inline(always)]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        let mut out = self.0;
        for lane in &mut out {
            *lane = f(*lane);
        }
        Lanes(out)
    }

    /// Applies `f` to the two values of every lane.
    #[inline(always)]
    pub fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let mut out = self.0;
        for (lane, &b) in out.iter_mut().zip(&other.0) {
            *lane = f(*lane, b);
        }
        Lanes(out)
    }

    /// The square root in every lane.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }
}

macro_rules! lane_operator {
    ($trait:ident, $method:ident, $op:tt) => {
        impl<const L: usize> $trait for Lanes<L> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a $op b)
            }
        }
    };
}

lane_operator!(Add, add, +);
lane_operator!(Sub, sub, -);
lane_operator!(Mul, mul, *);
lane_operator!(Div, div, /);
