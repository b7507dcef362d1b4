//! What is known of memory whenever Predict begins, and the values in memory on the way through the component functions.

use std::collections::HashMap;

use super::values::{Id, Known, Values};
use crate::lang::{ComponentFunction, Instruction, Interface, MAX_ADDRESSES, Program, Space};

/// The addresses of all spaces, one after another.
const SLOTS: usize = Space::ALL.len() * MAX_ADDRESSES;

/// The slot of an address.
pub(super) const fn slot(space: Space, address: u8) -> usize {
    space as usize * MAX_ADDRESSES + address as usize
}

/// The space and the address of a slot.
const fn address_of(slot: usize) -> (Space, u8) {
    (Space::ALL[slot / MAX_ADDRESSES], (slot % MAX_ADDRESSES) as u8)
}

/// What is known of one address.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fact {
    /// The first slot that holds the same value.
    first: usize,
    known: Known,
}

/// What is known of memory at one point of all runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facts([Fact; SLOTS]);

impl Facts {
    /// What holds after Setup, and whenever Predict has ended or Learn has: that is, whenever Predict begins, but for what the evaluation
    /// sets then. It starts with what holds after Setup and gives up what Predict and Learn do not keep, until they keep the rest.
    pub(super) fn before_predict(program: &Program, interface: Interface) -> Facts {
        let mut values = Values::new();
        let mut memory = Contents::zero(&mut values);
        memory.run(program.function(ComponentFunction::Setup), &mut values);
        let mut facts = memory.facts(&values);
        // Each round splits a set of equal addresses or gives up what was known of one, so this ends.
        loop {
            let mut values = Values::new();
            let mut memory = Contents::before_predict(&facts, interface, &mut values);
            memory.run(program.function(ComponentFunction::Predict), &mut values);
            let after_predict = memory.facts(&values);
            memory.enter_learn(interface, &mut values);
            memory.run(program.function(ComponentFunction::Learn), &mut values);
            let met = facts.meet(&after_predict).meet(&memory.facts(&values));
            if met == facts {
                return facts;
            }
            facts = met;
        }
    }

    /// What holds in both.
    fn meet(&self, other: &Facts) -> Facts {
        let mut firsts = HashMap::new();
        let mut met = self.clone();
        for (slot, (fact, other)) in met.0.iter_mut().zip(&other.0).enumerate() {
            let first = *firsts.entry((fact.first, other.first)).or_insert(slot);
            *fact = Fact { first, known: fact.known.either(other.known) };
        }
        met
    }
}

/// The values in memory, and since when.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    ids: [Id; SLOTS],
    since: [usize; SLOTS],
    now: usize,
}

impl Contents {
    /// Before Setup.
    pub(super) fn zero(values: &mut Values) -> Contents {
        let zeros = Space::ALL.map(|space| values.constant(space, 0.0));
        Contents { ids: std::array::from_fn(|slot| zeros[slot / MAX_ADDRESSES]), since: [0; SLOTS], now: 0 }
    }

    /// When Predict begins.
    pub(super) fn before_predict(facts: &Facts, interface: Interface, values: &mut Values) -> Contents {
        let mut memory = Contents { ids: [0; SLOTS], since: [0; SLOTS], now: 0 };
        for slot in 0..SLOTS {
            let Fact { first, known } = facts.0[slot];
            memory.ids[slot] = match known.constant {
                Some(constant) => values.constant(address_of(slot).0, f64::from_bits(constant)),
                None if first < slot => memory.ids[first],
                None => values.unknown(known),
            };
        }
        for &(space, address) in interface.inputs() {
            // The label is zero in Predict, as every input but the features is.
            let is_features = (space, address) == FEATURES;
            let value = if is_features { values.unknown(Known::NOTHING) } else { values.constant(space, 0.0) };
            memory.ids[slot(space, address)] = value;
        }
        memory
    }

    /// From the end of Predict to the beginning of Learn: the label is there, and the prediction may have gone through a sigmoid or a
    /// softmax. The features are the same.
    pub(super) fn enter_learn(&mut self, interface: Interface, values: &mut Values) {
        for (space, address) in [interface.label(), interface.prediction()] {
            self.set(slot(space, address), values.unknown(Known::NOTHING));
        }
    }

    /// The value at an address.
    pub(super) fn at(&self, space: Space, address: u8) -> Id {
        self.ids[slot(space, address)]
    }

    /// Since when an address has its value.
    pub(super) fn since(&self, space: Space, address: u8) -> usize {
        self.since[slot(space, address)]
    }

    fn set(&mut self, slot: usize, id: Id) {
        self.now += 1;
        if self.ids[slot] != id {
            (self.ids[slot], self.since[slot]) = (id, self.now);
        }
    }

    /// Executes one instruction; returns the value that it writes, if it writes one that was not there.
    pub(super) fn step(&mut self, instruction: &Instruction, values: &mut Values) -> Option<Id> {
        let (space, out) = instruction.writes()?;
        let mut inputs = [0; 2];
        for (input, (space, address)) in inputs.iter_mut().zip(instruction.reads()) {
            *input = self.at(space, address);
        }
        let old = self.at(space, out);
        let new = values.result(instruction, inputs, old);
        self.set(slot(space, out), new);
        (new != old).then_some(new)
    }

    fn run(&mut self, instructions: &[Instruction], values: &mut Values) {
        for instruction in instructions {
            self.step(instruction, values);
        }
    }

    fn facts(&self, values: &Values) -> Facts {
        let mut firsts = HashMap::new();
        Facts(std::array::from_fn(|slot| {
            let id = self.ids[slot];
            Fact { first: *firsts.entry(id).or_insert(slot), known: values.known(id) }
        }))
    }
}

/// Where every kind of task has its features.
const FEATURES: (Space, u8) = (Space::Vector, 0);
