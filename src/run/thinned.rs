//! A bounded part of a long series.

use crate::text::grouped;

/// Every n-th value of a series and its last one, n being 1 as long as there is room and twice as large whenever there is none left.
#[derive(Clone, Debug)]
pub(crate) struct Thinned<T> {
    kept: Vec<T>,
    most: usize,
    stride: u64,
    seen: u64,
    /// The last value, if it is not among those kept.
    last: Option<T>,
}

impl<T: Clone> Thinned<T> {
    /// At most `most` values, which must be at least 2.
    pub(crate) const fn new(most: usize) -> Thinned<T> {
        Thinned { kept: Vec::new(), most, stride: 1, seen: 0, last: None }
    }

    pub(crate) fn push(&mut self, value: T) {
        if self.seen.is_multiple_of(self.stride) {
            if self.kept.len() + 1 >= self.most {
                let mut number = 0;
                self.kept.retain(|_| {
                    number += 1;
                    number % 2 == 1
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.kept.push(value);
                self.last = None;
            } else {
                self.last = Some(value);
            }
        } else {
            self.last = Some(value);
        }
        self.seen += 1;
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> + Clone {
        self.kept.iter().chain(&self.last)
    }

    pub(crate) fn last(&self) -> Option<&T> {
        self.last.as_ref().or(self.kept.last())
    }

    /// Which of the values, called so, are there, if not all.
    pub(crate) fn note(&self, things: &str) -> Option<String> {
        (self.stride > 1).then(|| {
            let (kept, seen) = (grouped(self.values().count() as u64), grouped(self.seen));
            format!("{kept} of {seen} {things} are drawn: one in {}, and the last.", self.stride)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_evenly_spread_and_has_the_last() {
        let mut thinned = Thinned::new(8);
        for number in 0..1_000 {
            thinned.push(number);
            assert_eq!(thinned.last(), Some(&number));
            let values: Vec<i32> = thinned.values().copied().collect();
            assert!(values.len() <= 8 && values.is_sorted() && values[0] == 0, "{values:?}");
        }
        let values: Vec<i32> = thinned.values().copied().collect();
        assert_eq!(values, [0, 256, 512, 768, 999]);
        assert_eq!(thinned.note("values").as_deref(), Some("5 of 1,000 values are drawn: one in 256, and the last."));
        assert_eq!(Thinned::<u8>::new(8).note("values"), None);
    }
}
