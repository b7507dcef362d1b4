//! When two numbers or memories count as the same, and where they first differ.

use crate::lang::{Element, Op, Shape, Space};
use crate::oracle::Memory;

/// How near a found number must be to the expected one. NaN equals NaN and nothing else; infinities must be exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// The same bits: -0.0 differs from 0.0. What our own backends owe each other.
    Exact,
    /// At most so many representable numbers away; -0.0 and 0.0 differ.
    Ulps(u64),
    /// The difference at most `relative` times the larger magnitude, or at most `absolute`; the sign of zero is free.
    Near {
        /// Relative to the larger magnitude.
        relative: f64,
        /// In the unit of the numbers.
        absolute: f64,
    },
}

impl Tolerance {
    /// What the output of an op may differ by from the recorded one: nothing, except that the maths of the platform where the
    /// cases were recorded is up to 2 ulp away, and that its sums have another order.
    pub const fn of_op(op: Op) -> Tolerance {
        match op.shape() {
            Shape::Elementwise(Element::Function) => Tolerance::Ulps(2),
            Shape::Dot | Shape::Reduce(..) => Tolerance::Near { relative: 1e-9, absolute: 0.0 },
            Shape::Nothing
            | Shape::Elementwise(_)
            | Shape::Repeat
            | Shape::Transpose
            | Shape::Outer
            | Shape::Constant
            | Shape::Drawn(_) => Tolerance::Exact,
        }
    }

    /// Whether `found` may stand for `expected`.
    pub fn accepts(self, expected: f64, found: f64) -> bool {
        if expected.is_nan() || found.is_nan() {
            return expected.is_nan() && found.is_nan();
        }
        if expected.to_bits() == found.to_bits() {
            return true;
        }
        if expected.is_infinite() || found.is_infinite() {
            return false;
        }
        match self {
            Tolerance::Exact => false,
            Tolerance::Ulps(most) => {
                expected.is_sign_negative() == found.is_sign_negative() && expected.to_bits().abs_diff(found.to_bits()) <= most
            }
            Tolerance::Near { relative, absolute } => {
                let difference = (expected - found).abs();
                difference <= absolute || difference <= relative * expected.abs().max(found.abs())
            }
        }
    }
}

/// The first element of `found` that is not what is expected, in words; the tolerance may depend on the address.
pub fn memory_difference(expected: &Memory, found: &Memory, tolerance: impl Fn(Space, usize) -> Tolerance) -> Option<String> {
    let features = expected.features();
    if features != found.features() {
        return Some(format!("features of size {}, expected {features}", found.features()));
    }
    let parts = [
        (Space::Scalar, expected.scalars(), found.scalars()),
        (Space::Vector, expected.vectors(), found.vectors()),
        (Space::Matrix, expected.matrices(), found.matrices()),
    ];
    for (space, expected, found) in parts {
        let size = space.elements(features);
        if expected.len() != found.len() {
            return Some(format!("{} {} addresses, expected {}", found.len() / size, space.word(), expected.len() / size));
        }
        for (position, (&expected, &found)) in expected.iter().zip(found).enumerate() {
            let (address, element) = (position / size, position % size);
            if !tolerance(space, address).accepts(expected, found) {
                let element = match space {
                    Space::Scalar => String::new(),
                    Space::Vector => format!("[{element}]"),
                    Space::Matrix => format!("[{}][{}]", element / features, element % features),
                };
                return Some(format!("{}{address}{element} is {found:e}, expected {expected:e}", space.letter()));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::AddressCounts;

    #[test]
    fn tolerances_are_as_wide_as_they_say() {
        let near = Tolerance::Near { relative: 1e-9, absolute: 0.0 };
        for tolerance in [Tolerance::Exact, Tolerance::Ulps(2), near] {
            assert!(tolerance.accepts(f64::NAN, -f64::NAN));
            assert!(!tolerance.accepts(f64::NAN, 1.0) && !tolerance.accepts(1.0, f64::NAN));
            assert!(tolerance.accepts(f64::INFINITY, f64::INFINITY) && !tolerance.accepts(f64::INFINITY, f64::MAX));
            assert!(!tolerance.accepts(f64::INFINITY, f64::NEG_INFINITY));
        }
        assert!(!Tolerance::Exact.accepts(0.0, -0.0) && !Tolerance::Ulps(2).accepts(0.0, -0.0) && near.accepts(0.0, -0.0));
        let next = |x: f64, by: u64| f64::from_bits(x.to_bits() + by);
        assert!(Tolerance::Ulps(2).accepts(1.0, next(1.0, 2)) && !Tolerance::Ulps(2).accepts(1.0, next(1.0, 3)));
        assert!(!Tolerance::Exact.accepts(1.0, next(1.0, 1)));
        assert!(near.accepts(1.0, 1.0 + 1e-10) && !near.accepts(1.0, 1.0 + 1e-8) && !near.accepts(0.0, 1e-300));
        assert!(Tolerance::Near { relative: 0.0, absolute: 1e-12 }.accepts(0.0, 1e-13));
    }

    #[test]
    fn the_first_difference_is_named() {
        let mut memory = Memory::new(2, AddressCounts { scalars: 2, vectors: 2, matrices: 2 });
        let expected = memory.clone();
        let difference = |memory: &Memory| memory_difference(&expected, memory, |_, _| Tolerance::Exact);
        assert_eq!(difference(&memory), None);
        memory.matrices_mut()[6] = 1.5;
        assert_eq!(difference(&memory).as_deref(), Some("m1[1][0] is 1.5e0, expected 0e0"));
        memory.vectors_mut()[3] = f64::NAN;
        assert_eq!(difference(&memory).as_deref(), Some("v1[1] is NaN, expected 0e0"));
        assert!(
            memory_difference(&expected, &memory, |space, _| match space {
                Space::Scalar => Tolerance::Exact,
                Space::Vector | Space::Matrix => Tolerance::Near { relative: 0.0, absolute: 2.0 },
            })
            .is_some_and(|difference| difference.starts_with("v1[1]")),
            "a NaN is never near"
        );
    }
}
