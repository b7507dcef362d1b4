//! Where the generator's decisions come from: a seed, or bytes that a fuzzing engine chose.

use arbitrary::Unstructured;

use crate::exec::random::{Stream, mix};

/// A source of decisions. Bytes that have run out decide for the first of all choices.
pub(super) enum Choices<'b> {
    Seed(Stream),
    Bytes(Unstructured<'b>),
}

impl Choices<'_> {
    /// A number below `bound`, which is at least 1.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        match self {
            Choices::Seed(stream) => stream.below(bound),
            Choices::Bytes(bytes) => bytes.int_in_range(0..=bound - 1).unwrap_or(0),
        }
    }

    /// True once in `times` times.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        // The first choice, which bytes that have run out make, is the ordinary one.
        self.below(times) == times - 1
    }

    /// One of some values, of which there is at least one.
    pub(super) fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    /// A number in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        match self {
            Choices::Seed(stream) => stream.unit(),
            Choices::Bytes(bytes) => f64::from(bytes.arbitrary::<u16>().unwrap_or(0)) / 65_536.0,
        }
    }

    /// A number of no great size, of either sign: standard normal from a seed.
    pub(super) fn normal(&mut self) -> f64 {
        match self {
            Choices::Seed(stream) => stream.normal(),
            Choices::Bytes(bytes) => f64::from(bytes.arbitrary::<i16>().unwrap_or(0)) / 10_000.0,
        }
    }

    /// A stream of its own for what is only data.
    pub(super) fn stream(&mut self) -> Stream {
        match self {
            Choices::Seed(stream) => Stream::new(stream.next_u64()),
            Choices::Bytes(bytes) => Stream::new(mix(bytes.arbitrary::<u16>().unwrap_or(0).into())),
        }
    }

    /// Puts items in any order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
