//! The op table as analysis reads it, millions of times a second: spaces as indices and facts as bits, so that going over an
//! instruction takes shifts and masks where the table's slices would take branches.

use crate::lang::{DataKind, Element, Op, Shape, Space};

/// What analysis needs to know of an op. Where there is no operand, its space is 0 and its bit is 0, so that shifting the bit
/// to any address gives the empty set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operands {
    /// The spaces of the inputs.
    in_spaces: [u8; 2],
    /// 1 for each input that there is.
    in_bits: [u8; 2],
    /// The space of the output.
    out_space: u8,
    /// 1 if there is an output.
    out_bit: u8,
    /// 1 if nothing of the old output is left.
    overwrites: u8,
    /// Whether the inputs can be exchanged without a change of any bit of the output.
    pub(super) commutes: bool,
}

/// By the number of the op.
const TABLE: [Operands; Op::ALL.len()] = {
    let mut table = [Operands::from_table(Op::NoOp); Op::ALL.len()];
    let mut number = 0;
    while number < table.len() {
        table[number] = Operands::from_table(Op::ALL[number]);
        number += 1;
    }
    table
};

impl Operands {
    const fn from_table(op: Op) -> Operands {
        let (mut in_spaces, mut in_bits) = ([0; 2], [0; 2]);
        let inputs = op.inputs();
        let mut which = 0;
        while which < inputs.len() {
            (in_spaces[which], in_bits[which]) = (inputs[which] as u8, 1);
            which += 1;
        }
        let (out_space, out_bit) = match op.output() {
            Some(space) => (space as u8, 1),
            None => (0, 0),
        };
        let overwrites = out_bit * !op.writes_one_element() as u8;
        Operands { in_spaces, in_bits, out_space, out_bit, overwrites, commutes: commutes(op) }
    }

    /// Of this op.
    #[inline]
    pub(super) const fn of(op: Op) -> &'static Operands {
        &TABLE[op as usize]
    }

    /// The space of an input, as an index below 4.
    #[inline]
    pub(super) const fn in_space(&self, which: usize) -> usize {
        (self.in_spaces[which] & 3) as usize
    }

    /// The set of the one address `address`, if the op has this input.
    #[inline]
    pub(super) const fn read(&self, which: usize, address: u8) -> u64 {
        (self.in_bits[which] as u64) << (address & 63)
    }

    /// Whether the op has this input.
    #[inline]
    pub(super) const fn has_input(&self, which: usize) -> bool {
        self.in_bits[which] != 0
    }

    /// The space of the output, as an index below 4.
    #[inline]
    pub(super) const fn out_space(&self) -> usize {
        (self.out_space & 3) as usize
    }

    /// The set of the one address `address`, if the op has an output.
    #[inline]
    pub(super) const fn written(&self, address: u8) -> u64 {
        (self.out_bit as u64) << (address & 63)
    }

    /// The same if nothing of the old output is left.
    #[inline]
    pub(super) const fn overwritten(&self, address: u8) -> u64 {
        (self.overwrites as u64) << (address & 63)
    }
}

/// IEEE 754 sums and products of two numbers do not depend on their order, all NaNs being alike; an inner product adds the same
/// products in the same order. Minimum and maximum choose a side for a NaN and between 0.0 and -0.0.
pub(crate) const fn commutes(op: Op) -> bool {
    let alike = matches!(op.inputs(), [a, b] if *a as u8 == *b as u8);
    let commutes = match op.shape() {
        Shape::Elementwise(element) => match element {
            Element::Sum | Element::Product => alike,
            Element::Difference
            | Element::Quotient
            | Element::Abs
            | Element::Reciprocal
            | Element::Heaviside
            | Element::Minimum
            | Element::Maximum
            | Element::Function => false,
        },
        Shape::Dot => alike && matches!(op.output(), Some(Space::Scalar)),
        Shape::Nothing | Shape::Repeat | Shape::Transpose | Shape::Outer | Shape::Reduce(..) | Shape::Constant | Shape::Drawn(_) => false,
    };
    assert!(!commutes || matches!(op.info().data, DataKind::None), "what commutes has no constants");
    commutes
}

/// How many words a set of addresses has: one a space and one that is never used, so that a masked index needs no check.
pub(super) const WORDS: usize = Space::ALL.len() + 1;
