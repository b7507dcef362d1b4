//! Streams of random numbers, all made from one mixing function, so that every draw is a pure function of names.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood 2014): output number i of the stream with key k is
//! `mix(k + (i + 1) * GAMMA)` in wrapping 64-bit arithmetic. Streams are told apart by their keys; a key is made by
//! [`key`] from a parent key and a name (a number).
//!
//! **Draws of programs.** The draw at element e, in step t, of the random instruction with ordinal o, on the task with
//! seed s, uses output e of the stream with key `key(key(s, PROGRAM + o), t)`; see [`DrawKey`].
//! A uniform value is `low + (high - low) * u` with u = (output >> 11) * 2^-53, or `low` unless low < high.
//! A normal value is `mean + sd * z`, by the Box-Muller transform: elements 2p and 2p + 1 share the outputs 2p and 2p + 1,
//! turned into u1 and u2 as above; r = sqrt(-2 log(1 - u1)), a = 2 pi u2; the even element gets z = r cos a, the odd one r sin a.
//! (One output per value, no rejection, so each value is reached directly; log, sin and cos are those of [`super::math`].)

use super::math;

pub(crate) mod lanes;

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Purposes of streams, so that no two share a key. Program draws add the ordinal of their instruction to `PROGRAM`.
pub mod purpose {
    /// Draws of programs, from here on by ordinal.
    pub const PROGRAM: u64 = 1 << 32;
    /// Weights of a synthetic task, projection of an image task.
    pub const WEIGHTS: u64 = 1;
    /// Features of training examples; choice of examples.
    pub const TRAIN: u64 = 2;
    /// Features of validation examples.
    pub const VALID: u64 = 3;
    /// The order of examples: parent of one stream per epoch.
    pub const ORDER: u64 = 4;
    /// Decisions of a search.
    pub const SEARCH: u64 = 5;
    /// Seeds of the tasks of a set.
    pub const TASK_SET: u64 = 6;
    /// Choice of classes and projection of an image task.
    pub const CHOICE: u64 = 7;
    /// Choice of the evaluations that the oracle checks.
    pub const VERIFY: u64 = 8;
    /// Choices of programs that islands exchange.
    pub const MIGRATION: u64 = 9;
    /// Seeds of the methods in a comparison.
    pub const COMPARE: u64 = 10;
    /// Factors of constants that are tuned: parent of one stream per trial.
    pub const TUNING: u64 = 11;
}

/// The output function of SplitMix64 (variant 13 of Stafford's mixers): a bijection of 64-bit numbers.
#[inline]
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The key of the stream that is called `name` under `parent`.
#[inline]
pub const fn key(parent: u64, name: u64) -> u64 {
    mix(mix(parent.wrapping_add(GAMMA)) ^ name.wrapping_mul(GAMMA).wrapping_add(name))
}

/// Output number `index` of the stream with this key.
#[inline]
pub const fn output(key: u64, index: u64) -> u64 {
    mix(key.wrapping_add(index.wrapping_add(1).wrapping_mul(GAMMA)))
}

/// 53 bits as a number in [0, 1).
#[inline]
pub const fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A standard normal value; `odd` chooses which one of the pair that two outputs make.
#[inline]
fn normal(first: u64, second: u64, odd: bool) -> f64 {
    let radius = (-2.0 * math::log(1.0 - unit(first))).sqrt();
    let angle = std::f64::consts::TAU * unit(second);
    radius * if odd { math::sin(angle) } else { math::cos(angle) }
}

/// What a random instruction draws from on one task: every value is a pure function of this key, the step and the element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawKey(u64);

impl DrawKey {
    /// The key of the random instruction with number `ordinal` on the task with seed `task_seed`.
    #[inline]
    pub const fn new(task_seed: u64, ordinal: u32) -> DrawKey {
        DrawKey(key(task_seed, purpose::PROGRAM + ordinal as u64))
    }

    /// The draws of one execution, in step number `step`.
    #[inline]
    pub const fn at_step(self, step: u64) -> StepDraws {
        StepDraws(key(self.0, step))
    }
}

/// The draws of one execution of a random instruction on one task.
#[derive(Clone, Copy, Debug)]
pub struct StepDraws(u64);

impl StepDraws {
    /// The uniform value of an element: low + (high - low) u, or low unless low < high.
    #[inline]
    pub fn uniform(self, element: usize, low: f64, high: f64) -> f64 {
        if low < high { low + (high - low) * unit(output(self.0, element as u64)) } else { low }
    }

    /// The normal value of an element: mean + sd z.
    #[inline]
    pub fn gaussian(self, element: usize, mean: f64, st_dev: f64) -> f64 {
        let pair = element as u64 & !1;
        mean + st_dev * normal(output(self.0, pair), output(self.0, pair + 1), element & 1 == 1)
    }
}

/// A sequential stream of random numbers, for tasks and for search decisions.
///
/// ```
/// use exnihilo_jit::Stream;
/// let (mut a, mut b) = (Stream::new(7), Stream::new(7));
/// assert_eq!(a.next_u64(), b.next_u64());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    key: u64,
    position: u64,
}

impl Stream {
    /// The stream with this key, from its first output.
    pub const fn new(key: u64) -> Stream {
        Stream { key, position: 0 }
    }

    /// The stream called `name` under the key `parent`.
    pub const fn named(parent: u64, name: u64) -> Stream {
        Stream::new(key(parent, name))
    }

    /// The same stream from output number `position` on.
    pub const fn at(self, position: u64) -> Stream {
        Stream { key: self.key, position }
    }

    /// How many outputs were taken; with [`Stream::at`] a stream goes on where it was.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The next 64 random bits.
    #[inline]
    pub const fn next_u64(&mut self) -> u64 {
        let bits = output(self.key, self.position);
        self.position += 1;
        bits
    }

    /// Uniform in [0, 1), 53 bits.
    #[inline]
    pub const fn unit(&mut self) -> f64 {
        unit(self.next_u64())
    }

    /// Uniform below `bound`: the high half of a 64 x 64-bit product (the bias, bound / 2^64, is far below what any run can see).
    ///
    /// # Panics
    /// If `bound` is 0.
    #[inline]
    pub const fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "a choice among nothing");
        ((self.next_u64() as u128 * bound as u128) >> 64) as usize
    }

    /// Standard normal; takes two outputs.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let (first, second) = (self.next_u64(), self.next_u64());
        normal(first, second, false)
    }

    /// Fisher-Yates shuffle, from the last element down.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

impl Stream {
    /// Brings `count` of the items, or all if they are fewer, to the front, drawn uniformly without replacement, and gives these: the
    /// beginning of a Fisher-Yates shuffle, from the first element up.
    pub fn draw<'a, T>(&mut self, items: &'a mut [T], count: usize) -> &'a mut [T] {
        let count = count.min(items.len());
        for place in 0..count {
            items.swap(place, place + self.below(items.len() - place));
        }
        &mut items[..count]
    }
}

/// Lets the distributions and generators of the `rand` crate draw from a stream.
impl rand::TryRng for Stream {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((self.next_u64() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(Stream::next_u64(self))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&Stream::next_u64(self).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_those_of_splitmix64() {
        // The first three outputs of the published generator from state 1234567.
        assert_eq!(
            [output(1_234_567, 0), output(1_234_567, 1), output(1_234_567, 2)],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn degenerate_uniforms_are_their_low_end() {
        let draws = DrawKey::new(1, 0).at_step(0);
        assert_eq!(draws.uniform(0, 2.0, 2.0), 2.0);
        assert_eq!(draws.uniform(0, 2.0, 1.0), 2.0);
        assert_eq!(draws.uniform(0, 2.0, f64::NAN), 2.0);
        assert!(draws.uniform(0, f64::NAN, 1.0).is_nan());
        let value = draws.uniform(0, -1.0, 1.0);
        assert!((-1.0..1.0).contains(&value));
    }

    #[test]
    fn draws_have_the_moments_of_their_distributions() {
        let n = 100_000;
        let (mut sum, mut squares, mut fourth, mut uniform) = (0.0, 0.0, 0.0, 0.0);
        for step in 0..n / 10 {
            let draws = DrawKey::new(99, 3).at_step(step);
            for element in 0..10 {
                let z = draws.gaussian(element, 0.0, 1.0);
                (sum, squares, fourth) = (sum + z, squares + z * z, fourth + z * z * z * z);
                uniform += draws.uniform(element, 0.0, 1.0);
            }
        }
        let n = n as f64;
        assert!((sum / n).abs() < 0.015 && (squares / n - 1.0).abs() < 0.02 && (fourth / n - 3.0).abs() < 0.15);
        assert!((uniform / n - 0.5).abs() < 0.005);
    }

    #[test]
    fn streams_with_other_names_differ() {
        let keys: std::collections::HashSet<u64> = (0..100).flat_map(|parent| (0..100).map(move |name| key(parent, name))).collect();
        assert_eq!(keys.len(), 10_000);
    }

    #[test]
    fn a_stream_goes_on_from_its_position() {
        let mut stream = Stream::named(3, 4);
        stream.normal();
        let mut resumed = Stream::named(3, 4).at(stream.position());
        assert_eq!((resumed.position(), resumed.next_u64()), (2, stream.next_u64()));
    }

    #[test]
    fn draws_are_different_items_and_all_are_reached() {
        let mut seen = [0; 7];
        for seed in 0..700 {
            let mut items = [0, 1, 2, 3, 4, 5, 6];
            let drawn = Stream::new(seed).draw(&mut items, 3).to_vec();
            assert!(drawn.len() == 3 && drawn[0] != drawn[1] && drawn[1] != drawn[2] && drawn[0] != drawn[2], "{drawn:?}");
            drawn.into_iter().for_each(|item| seen[item] += 1);
        }
        assert!(seen.iter().all(|&count| (230..370).contains(&count)), "{seen:?}");
        assert_eq!(Stream::new(1).draw(&mut [0; 2], 5).len(), 2);
        assert!(Stream::new(1).draw(&mut [0; 0], 5).is_empty());
    }

    #[test]
    fn a_shuffle_is_a_permutation() {
        let mut items: Vec<u32> = (0..100).collect();
        Stream::new(5).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
