//! Which instructions can reach a prediction.
//!
//! An instruction is live if reads of whole addresses lead from its output to the prediction (`s1`, or `v2` on tasks with classes) at the
//! end of some Predict, over every sequence Setup (Predict Learn?)*. A Predict may follow a Predict: validation has no Learn, and comes
//! before the training of a later epoch. The inputs of the task's [`Interface`] are overwritten at the start of Predict and Learn;
//! constants that set one element kill nothing. The sigmoid of an accuracy task replaces `s1` by a function of `s1` between Predict and
//! Learn, and the softmax of a task with classes `v2` by one of `v2`, which lets reads through.

use super::operands::{Operands, WORDS};
use crate::lang::{ComponentFunction, Instruction, Interface, Program, Space};

/// A set of addresses, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressSet {
    /// Bit a of word `space` is address a of that space; the last word stays empty.
    words: [u64; WORDS],
}

impl AddressSet {
    /// Whether the address is in the set.
    pub const fn contains(&self, space: Space, address: u8) -> bool {
        self.words[space as usize] >> address & 1 == 1
    }

    /// Puts an address into the set.
    pub const fn insert(&mut self, space: Space, address: u8) {
        self.words[space as usize] |= 1 << address;
    }

    /// Takes an address out of the set.
    pub const fn remove(&mut self, space: Space, address: u8) {
        self.words[space as usize] &= !(1 << address);
    }

    /// The addresses that are in this set or the other.
    pub const fn union(self, other: AddressSet) -> AddressSet {
        let ([s, v, m, none], [other_s, other_v, other_m, other_none]) = (self.words, other.words);
        AddressSet { words: [s | other_s, v | other_v, m | other_m, none | other_none] }
    }

    /// Goes back over one instruction: from what is live after it to what is live before it. Returns whether it is live.
    #[inline]
    fn step_back(&mut self, instruction: &Instruction) -> bool {
        let operands = Operands::of(instruction.op());
        let word = &mut self.words[operands.out_space()];
        if *word & operands.written(instruction.out()) == 0 {
            return false;
        }
        *word &= !operands.overwritten(instruction.out());
        self.words[operands.in_space(0)] |= operands.read(0, instruction.in1());
        self.words[operands.in_space(1)] |= operands.read(1, instruction.in2());
        true
    }
}

/// The addresses that some later prediction depends on, at the ends of the component functions. Dead instructions do not change it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Liveness {
    after_predict: AddressSet,
    before_predict: AddressSet,
    before_learn: AddressSet,
}

impl Liveness {
    /// The liveness of a program: backward passes over Learn and Predict until nothing changes.
    pub fn of(program: &Program, interface: Interface) -> Liveness {
        Liveness::solve(program, interface, |_, _| {})
    }

    /// The same, and sets `live` to one entry an instruction, in order.
    pub fn mark(program: &Program, interface: Interface, live: &mut Vec<bool>) -> Liveness {
        live.clear();
        live.resize(program.instructions().len(), false);
        let liveness = Liveness::solve(program, interface, |position, is_live| live[position] = is_live);
        before_function(program.function(ComponentFunction::Setup), liveness.before_predict, interface, |position, is_live| {
            live[position] = is_live;
        });
        liveness
    }

    /// Tells `mark` in every round which instructions of Predict and Learn are live in it. The last round begins with what is
    /// live after Predict in the end, so what it says holds.
    #[inline]
    fn solve(program: &Program, interface: Interface, mut mark: impl FnMut(usize, bool)) -> Liveness {
        let [setup, predict, learn] = ComponentFunction::ALL.map(|function| program.function(function));
        let (first_predict, first_learn) = (setup.len(), setup.len() + predict.len());
        let mut prediction = AddressSet::default();
        let (space, address) = interface.prediction();
        prediction.insert(space, address);
        let mut after_predict = prediction;
        // The set only grows, by at least one address a round, so this ends.
        loop {
            let before_predict = before_function(predict, after_predict, interface, |position, live| mark(first_predict + position, live));
            let before_learn = before_function(learn, before_predict, interface, |position, live| mark(first_learn + position, live));
            let grown = prediction.union(before_predict).union(before_learn);
            if grown == after_predict {
                return Liveness { after_predict, before_predict, before_learn };
            }
            after_predict = grown;
        }
    }

    /// What is live when this component function ends.
    pub const fn after(&self, function: ComponentFunction) -> AddressSet {
        match function {
            ComponentFunction::Setup | ComponentFunction::Learn => self.before_predict,
            ComponentFunction::Predict => self.after_predict,
        }
    }

    /// What must be kept until Predict begins; the inputs, which are set then, are never in it.
    pub const fn before_predict(&self) -> AddressSet {
        self.before_predict
    }

    /// What must be kept until Learn begins; the inputs, which are set then, are never in it.
    pub const fn before_learn(&self) -> AddressSet {
        self.before_learn
    }
}

/// What must be live before a component function of these instructions begins, given what is live after it. `mark` is told of
/// each instruction, by its position, whether it is live.
#[inline]
fn before_function(instructions: &[Instruction], after: AddressSet, interface: Interface, mut mark: impl FnMut(usize, bool)) -> AddressSet {
    let mut set = after;
    for (position, instruction) in instructions.iter().enumerate().rev() {
        mark(position, set.step_back(instruction));
    }
    for &(space, address) in interface.inputs() {
        set.remove(space, address);
    }
    set
}

/// Sets `ordinals` to the number of each instruction among the random ones: the live ones from 0 in the order Setup, Predict,
/// Learn, the dead ones after them; 0 for an instruction that draws nothing.
///
/// # Panics
/// If `live` is not one entry an instruction.
pub fn random_ordinals(program: &Program, live: &[bool], ordinals: &mut Vec<u32>) {
    assert_eq!(live.len(), program.instructions().len(), "one entry an instruction");
    ordinals.clear();
    ordinals.resize(live.len(), 0);
    let mut next = 0;
    for wanted in [true, false] {
        for ((instruction, &live), ordinal) in program.instructions().iter().zip(live).zip(ordinals.iter_mut()) {
            if instruction.op().is_random() && live == wanted {
                *ordinal = next;
                next += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{Data, Op};

    fn live_of(program: &Program) -> Vec<bool> {
        let mut live = Vec::new();
        Liveness::mark(program, Interface::Number, &mut live);
        live
    }

    fn i(op: Op, in1: u8, in2: u8, out: u8) -> Instruction {
        Instruction::new(op, in1, in2, out, Data::None).expect("valid")
    }

    #[test]
    fn what_learn_writes_lives_through_the_next_predict() {
        // The linear regressor, with one dead instruction in each function.
        let rate = Instruction::new(Op::ScalarConstSet, 0, 0, 2, Data::ScalarConst(0.01)).expect("valid");
        let dead = i(Op::ScalarSin, 1, 0, 9);
        let program = Program::new(
            &[rate, dead],
            &[dead, i(Op::VectorInnerProduct, 0, 1, 1)],
            &[
                i(Op::ScalarDiff, 0, 1, 3),
                i(Op::ScalarProduct, 3, 2, 4),
                i(Op::ScalarVectorProduct, 4, 0, 2),
                i(Op::VectorSum, 1, 2, 1),
                dead,
                Instruction::NO_OP,
            ],
        );
        assert_eq!(live_of(&program), [true, false, false, true, true, true, true, true, false, false]);
        let liveness = Liveness::of(&program, Interface::Number);
        assert!(liveness.before_predict().contains(Space::Vector, 1) && !liveness.before_predict().contains(Space::Vector, 0));
        assert!(liveness.before_learn().contains(Space::Scalar, 1) && !liveness.before_learn().contains(Space::Scalar, 0));
        assert!(!liveness.before_predict().contains(Space::Scalar, 3));
    }

    #[test]
    fn a_predict_may_follow_a_predict() {
        // s2 is written after it is read, and Learn overwrites it: only a Predict right after a Predict sees it.
        let constant = Instruction::new(Op::ScalarConstSet, 0, 0, 2, Data::ScalarConst(0.5)).expect("valid");
        let program = Program::new(&[], &[i(Op::ScalarSum, 2, 2, 1), i(Op::ScalarExp, 3, 0, 2)], &[constant]);
        assert_eq!(live_of(&program), [true, true, true]);
    }

    #[test]
    fn an_empty_program_keeps_its_prediction() {
        let program = Program::default();
        assert!(live_of(&program).is_empty());
        for interface in Interface::ALL {
            let (space, address) = interface.prediction();
            assert!(Liveness::of(&program, interface).before_predict().contains(space, address));
        }
    }

    #[test]
    fn what_leads_to_classes_is_live_on_tasks_with_classes() {
        // A scalar model beside one of classes: each is dead on the other's tasks.
        let program: Program = "def Predict():\n  s1 = dot(v0, v3)\n  v2 = dot(m0, v0)\ndef Learn():\n  s2 = s0 - s1\n  v3 = s2 * v0\n  \
                                v4 = v1 - v2\n  m0 = outer(v4, v0)\n"
            .parse()
            .expect("a program");
        let mut live = Vec::new();
        Liveness::mark(&program, Interface::Number, &mut live);
        assert_eq!(live, [true, false, true, true, false, false]);
        let liveness = Liveness::mark(&program, Interface::Classes, &mut live);
        assert_eq!(live, [false, true, false, false, true, true]);
        assert!(!liveness.before_learn().contains(Space::Vector, 1) && liveness.before_learn().contains(Space::Vector, 2));
    }

    #[test]
    fn dead_draws_are_numbered_after_the_live_ones() {
        let draw = |out| Instruction::new(Op::ScalarUniformSet, 0, 0, out, Data::Uniform { low: 0.0, high: 1.0 }).expect("valid");
        let program = Program::new(&[draw(5), draw(2)], &[draw(6), i(Op::ScalarSum, 2, 3, 1)], &[draw(3)]);
        let mut ordinals = Vec::new();
        random_ordinals(&program, &live_of(&program), &mut ordinals);
        assert_eq!(ordinals, [2, 0, 3, 0, 1]);
    }
}
