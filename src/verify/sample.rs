//! Which evaluations are checked.

use exnihilo_jit::exec::random::{key, output, purpose, unit};

/// The share of evaluations that a search checks unless told otherwise. A check takes 5 to 50 times as long as what it checks; this
/// share costs 0.1 % of `linear`, 0.15 % of `digits`, 0.25 % at the size of `baseline`, and 0.5 % where the memo answers most and FEC is
/// off (measured), so that it stays below 1 % elsewhere too.
pub const DEFAULT_RATE: f64 = 0.0001;

/// A share of numbered things, chosen by hashing names and nothing else: the choice repeats, and costs no random decision of a search.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    rate: f64,
    key: u64,
}

impl Sample {
    /// The share `rate`, in [0, 1], of things with these names (seed, experiment and island, say).
    pub fn new(rate: f64, names: &[u64]) -> Sample {
        Sample { rate, key: names.iter().fold(purpose::VERIFY, |parent, &name| key(parent, name)) }
    }

    /// Whether thing number `number` is in it.
    #[inline]
    pub const fn takes(&self, number: u64) -> bool {
        unit(output(self.key, number)) < self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_as_large_as_it_says() {
        for (rate, least, most) in [(0.0, 0, 0), (1.0, 100_000, 100_000), (0.01, 900, 1_100), (0.5, 49_000, 51_000)] {
            let sample = Sample::new(rate, &[1, 2, 3]);
            let taken = (0..100_000).filter(|&number| sample.takes(number)).count();
            assert!((least..=most).contains(&taken), "{taken} at rate {rate}");
        }
    }

    #[test]
    fn each_name_has_a_choice_of_its_own() {
        let choice = |names: &[u64]| {
            let sample = Sample::new(0.5, names);
            (0..64).map(|number| sample.takes(number)).collect::<Vec<_>>()
        };
        assert_eq!(choice(&[1, 2, 3]), choice(&[1, 2, 3]));
        for other in [[0, 2, 3], [1, 0, 3], [1, 2, 0]] {
            assert_ne!(choice(&[1, 2, 3]), choice(&other));
        }
    }
}
