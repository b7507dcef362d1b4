//! Functional equivalence checking: programs with the same errors on a few examples are taken for equal.

use std::hash::{BuildHasherDefault, Hasher};
use std::num::NonZeroUsize;

use exnihilo_jit::TaskGroup;
use lru::LruCache;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::damage::Damage;
use super::population::Score;
use crate::experiment::FecSettings;

/// An entry of a cache of functional equivalence.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct FecEntryState {
    pub(super) key: u128,
    pub(super) score: Score,
    pub(super) seen: u32,
}

/// The cache of one island: hash of the probe's errors to search fitness, least recently seen out first.
pub(super) struct Fec {
    cache: LruCache<u128, Entry, BuildHasherDefault<KeyHasher>>,
    forget_after: u32,
    /// What is hashed, kept between children.
    bytes: Vec<u8>,
    hits: u64,
}

struct Entry {
    score: Score,
    /// How often the key was seen, the insertion included.
    seen: u32,
}

impl Fec {
    /// An empty cache with the settings of a valid experiment.
    pub(super) fn new(settings: &FecSettings) -> Fec {
        let capacity = NonZeroUsize::new(settings.capacity).unwrap_or(NonZeroUsize::MIN);
        Fec {
            cache: LruCache::with_hasher(capacity, BuildHasherDefault::default()),
            forget_after: settings.forget_after,
            bytes: Vec::new(),
            hits: 0,
        }
    }

    /// The cache as a checkpoint holds it: from the least to the most recently seen.
    pub(super) fn state(&self) -> Vec<FecEntryState> {
        self.cache.iter().rev().map(|(&key, &Entry { score, seen })| FecEntryState { key, score, seen }).collect()
    }

    /// The cache of a checkpoint, with so many hits so far.
    pub(super) fn restore(settings: &FecSettings, entries: Vec<FecEntryState>, hits: u64) -> Result<Fec, Damage> {
        let (mut fec, count) = (Fec::new(settings), entries.len());
        fec.hits = hits;
        for FecEntryState { key, score, seen } in entries {
            if !(1..settings.forget_after).contains(&seen) {
                return Err(Damage(format!("an FEC entry that was seen {seen} times")));
            }
            fec.cache.put(key, Entry { score: score.restore()?, seen });
        }
        if fec.cache.len() == count { Ok(fec) } else { Err(Damage(format!("{count} FEC entries, of which {} fit", fec.cache.len()))) }
    }

    /// The key of a probe: 128 bits of the errors, how many there are, the tasks' seeds and the number of training examples.
    /// `errors` gives the training and the validation errors of each task.
    pub(super) fn key<'a>(&mut self, group: &TaskGroup, errors: impl Iterator<Item = [&'a [f64]; 2]>) -> u128 {
        self.bytes.clear();
        self.bytes.extend_from_slice(&(group.train_examples() as u64).to_le_bytes());
        for (task, lists) in group.tasks().iter().zip(errors) {
            self.bytes.extend_from_slice(&task.seed.to_le_bytes());
            for list in lists {
                self.bytes.extend_from_slice(&(list.len() as u64).to_le_bytes());
                for &error in list {
                    let error = if error.is_nan() { f64::NAN } else { error };
                    self.bytes.extend_from_slice(&error.to_bits().to_le_bytes());
                }
            }
        }
        xxh3_128(&self.bytes)
    }

    /// The score kept for a key. The entry becomes the most recent, or goes when seen often enough, which this answer still has.
    pub(super) fn look_up(&mut self, key: u128) -> Option<Score> {
        let entry = self.cache.get_mut(&key)?;
        entry.seen += 1;
        let (score, seen) = (entry.score, entry.seen);
        if seen >= self.forget_after {
            self.cache.pop(&key);
        }
        self.hits += 1;
        Some(score)
    }

    /// Keeps the score of a key that was looked up in vain.
    pub(super) fn insert(&mut self, key: u128, score: Score) {
        self.cache.put(key, Entry { score, seen: 1 });
    }

    /// How many look-ups were answered.
    pub(super) const fn hits(&self) -> u64 {
        self.hits
    }
}

/// Keys are hashes already: their low half serves.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::{Examples, GroupSettings, Scoring, Task};

    use super::*;

    fn fec(capacity: usize) -> Fec {
        Fec::new(&FecSettings { capacity, ..FecSettings::default() })
    }

    fn group(train: usize, seeds: &[u64]) -> TaskGroup {
        let examples = |count| Examples { features: vec![0.0; count], labels: vec![0.0; count] };
        let task = |&seed| Task { seed, train: examples(train), valid: examples(1), train_orders: None };
        TaskGroup::new(GroupSettings::new(1, Scoring::Rms), seeds.iter().map(task).collect()).expect("a valid group")
    }

    #[test]
    fn an_entry_goes_when_seen_for_the_hundredth_time() {
        let mut fec = fec(10);
        for _ in 0..2 {
            assert_eq!(fec.look_up(7), None);
            fec.insert(7, Score::full(0.5));
            for hit in 1..=99 {
                assert_eq!(fec.look_up(7), Some(Score::full(0.5)), "hit {hit}");
            }
            assert_eq!(fec.look_up(7), None, "the 99th hit is the 100th time and the last");
        }
        assert_eq!(fec.hits(), 198);
    }

    #[test]
    fn the_least_recently_seen_goes_first() {
        let mut fec = fec(3);
        for key in [1, 2, 3] {
            fec.insert(key, Score::full(key as f64 / 10.0));
        }
        assert_eq!(fec.look_up(1), Some(Score::full(0.1)));
        fec.insert(4, Score::full(0.4));
        assert_eq!(fec.look_up(2), None, "2 was the least recently seen");
        assert_eq!([1, 3, 4].map(|key| fec.look_up(key)), [0.1, 0.3, 0.4].map(|fitness| Some(Score::full(fitness))));
    }

    #[test]
    fn a_checkpoint_keeps_order_and_counts() {
        let mut fec = fec(3);
        for key in [1, 2, 3] {
            fec.insert(key, Score::full(key as f64 / 10.0));
        }
        fec.look_up(1);
        let settings = FecSettings { capacity: 3, ..FecSettings::default() };
        let mut again = Fec::restore(&settings, fec.state(), fec.hits()).expect("its own state");
        let entries = |fec: &Fec| fec.state().iter().map(|entry| (entry.key, entry.score.fitness, entry.seen)).collect::<Vec<_>>();
        assert_eq!((entries(&again), again.hits()), (vec![(2, 0.2, 1), (3, 0.3, 1), (1, 0.1, 2)], 1));
        for fec in [&mut fec, &mut again] {
            fec.insert(4, Score::full(0.4));
        }
        assert_eq!(entries(&again), entries(&fec));
        let damage = |change: fn(&mut Vec<FecEntryState>)| {
            let mut entries = fec.state();
            change(&mut entries);
            Fec::restore(&settings, entries, 0).err().expect("it is impossible").to_string()
        };
        assert!(damage(|entries| entries[0].seen = 0).contains("seen 0 times"));
        assert!(damage(|entries| entries[0].seen = 100).contains("seen 100 times"));
        assert!(damage(|entries| entries[0].key = entries[1].key).contains("of which 2 fit"));
        assert!(damage(|entries| entries.push(FecEntryState { key: 9, ..entries[0] })).contains("of which 3 fit"));
        assert!(damage(|entries| entries[0].score.fitness = f64::NAN).contains("NaN"));
    }

    #[test]
    fn keys_tell_apart_what_they_must() {
        let mut fec = fec(1);
        let nan = f64::from_bits(0xfff8_0000_0000_0001);
        let mut key = |group: &TaskGroup, errors: &[[&[f64]; 2]]| fec.key(group, errors.iter().copied());
        let one = group(5, &[1]);
        let reference = key(&one, &[[&[1.0, f64::NAN], &[2.0]]]);
        assert_eq!(reference, key(&one, &[[&[1.0, nan], &[2.0]]]), "NaNs are all alike");
        assert_ne!(reference, key(&one, &[[&[1.0], &[f64::NAN, 2.0]]]), "list lengths");
        assert_ne!(reference, key(&one, &[[&[1.0, f64::NAN], &[2.5]]]), "errors");
        assert_ne!(reference, key(&group(6, &[1]), &[[&[1.0, f64::NAN], &[2.0]]]), "training examples");
        assert_ne!(reference, key(&group(5, &[2]), &[[&[1.0, f64::NAN], &[2.0]]]), "task seeds");
        let two = group(5, &[1, 2]);
        assert_ne!(key(&two, &[[&[1.0], &[2.0]], [&[3.0], &[4.0]]]), key(&two, &[[&[3.0], &[4.0]], [&[1.0], &[2.0]]]), "which task");
    }
}
