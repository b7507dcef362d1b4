//! What is known of programs by their canonical form: a pure memo. With it, without it and with any capacity a search is the same,
//! since what it remembers is what running the program again would give.

use std::num::NonZeroU64;

use exnihilo_jit::analysis::CanonicalKey;

use crate::experiment::MemoSettings;

/// The slots that a memo begins with; it grows as programs come.
const FIRST_SLOTS: usize = 1 << 10;

/// The memo of one island: a table in which every key has one slot, and the latest program of a slot stays. That forgets more than
/// the oldest programs alone, but takes one look at one cache line.
pub(super) struct Memo {
    /// A power of two of them.
    slots: Vec<Slot>,
    /// The most slots.
    capacity: usize,
    /// How many are taken.
    taken: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    key: CanonicalKey,
    known: Known,
}

/// What is known of a program; nothing at first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Known {
    /// Its probe for functional equivalence checking.
    pub(super) probe: Option<KnownProbe>,
    /// Its full run.
    pub(super) run: Option<KnownRun>,
}

/// What a probe gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct KnownProbe {
    /// The key of its errors.
    pub(super) key: u128,
    /// The training steps that it begins: every task begins one at least.
    pub(super) train_steps: NonZeroU64,
    /// Those on the tasks behind a hurdle.
    pub(super) rest_steps: u64,
}

/// What a full run gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct KnownRun {
    /// The true fitness.
    pub(super) fitness: f64,
    /// The training steps that it begins: every task begins one at least.
    pub(super) train_steps: NonZeroU64,
}

// One cache line, if it begins with one.
const _: () = assert!(size_of::<Slot>() == 64);

impl Memo {
    /// An empty memo with the settings of a valid experiment; the capacity is rounded down to a power of two.
    pub(super) fn new(settings: &MemoSettings) -> Memo {
        let capacity = 1 << settings.capacity.max(1).ilog2();
        Memo { slots: Vec::new(), capacity, taken: 0 }
    }

    /// What is known of the programs with this key.
    pub(super) fn look_up(&self, key: CanonicalKey) -> Known {
        match self.slots.get(self.index(key)) {
            Some(slot) if slot.key == key => slot.known,
            _ => Known::default(),
        }
    }

    /// Keeps what is known of the programs with this key, in place of what its slot held.
    pub(super) fn insert(&mut self, key: CanonicalKey, known: Known) {
        // A new program drives out another with the probability that its slot is taken: there is room until a quarter are.
        if self.taken * 4 >= self.slots.len() && self.slots.len() < self.capacity {
            self.grow();
        }
        let index = self.index(key);
        self.taken += usize::from(self.slots[index].known == Known::default());
        self.slots[index] = Slot { key, known };
    }

    fn index(&self, key: CanonicalKey) -> usize {
        // No slots: no index is below their number.
        key.bits() as usize & self.slots.len().wrapping_sub(1)
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(FIRST_SLOTS).min(self.capacity);
        // Any key serves: where nothing is known, nothing is what a look-up finds.
        let empty = Slot { key: CanonicalKey::default(), known: Known::default() };
        let old = std::mem::replace(&mut self.slots, vec![empty; slots]);
        // Twice the slots part what shared one, and join nothing.
        for slot in old.into_iter().filter(|slot| slot.known != Known::default()) {
            let index = self.index(slot.key);
            self.slots[index] = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::Interface;
    use exnihilo_jit::analysis::{Canonicalizer, simplify};

    use super::*;

    fn memo(capacity: usize) -> Memo {
        Memo::new(&MemoSettings { enabled: true, capacity })
    }

    /// The key of a program with a constant of its own, and something known of it.
    fn fact(number: u64) -> (CanonicalKey, Known) {
        let text = format!("def Predict():\n  s1 = {number}.0\n");
        let key = Canonicalizer::default().key(&simplify(&text.parse().expect("a program")), Interface::Number, 1);
        let train_steps = NonZeroU64::MIN.saturating_add(number);
        let run = Some(KnownRun { fitness: number as f64, train_steps });
        (key, Known { probe: Some(KnownProbe { key: number.into(), train_steps, rest_steps: 0 }), run })
    }

    #[test]
    fn what_it_knows_is_right_and_bounded() {
        for (capacity, least) in [(1, 1), (2, 1), (3, 1), (1_000, 300), (1_024, 350), (100_000, 2_500)] {
            let mut memo = memo(capacity);
            assert_eq!(memo.look_up(fact(0).0), Known::default());
            for number in 0..4_000 {
                let (key, known) = fact(number);
                memo.insert(key, known);
                assert_eq!(memo.look_up(key), known, "the latest is there");
                assert_eq!(memo.look_up(fact(number + 1).0), Known::default(), "not seen yet");
            }
            assert!(memo.slots.len() <= capacity && memo.taken <= memo.slots.len(), "{capacity}: {} slots", memo.slots.len());
            let found = (0..4_000).map(fact).filter(|(key, known)| {
                let answer = memo.look_up(*key);
                assert!(answer == *known || answer == Known::default());
                answer == *known
            });
            let found = found.count();
            assert!((least..=capacity).contains(&found), "{found} of {capacity}");
        }
    }

    #[test]
    fn what_is_learned_later_is_added() {
        let mut memo = memo(16);
        let (key, known) = fact(7);
        memo.insert(key, Known { run: None, ..known });
        assert_eq!(memo.look_up(key).run, None);
        memo.insert(key, known);
        assert_eq!((memo.look_up(key), memo.taken), (known, 1));
    }

    #[test]
    fn short_runs_take_little_memory() {
        let mut memo = memo(1 << 16);
        assert_eq!(memo.slots.len(), 0);
        for number in 0..300 {
            let (key, known) = fact(number);
            memo.insert(key, known);
        }
        assert!(memo.slots.len() <= 2 * FIRST_SLOTS, "{} slots", memo.slots.len());
    }
}
