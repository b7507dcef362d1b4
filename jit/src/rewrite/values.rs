//! Values by number: two addresses that hold values with the same number hold the same bits, on every task and at every feature size.
//!
//! A value is a constant (every element of a vector or a matrix the same), an op of other values, or unknown. Only what holds for every
//! number is used, NaN, infinities and -0.0 included; all NaNs count as one.

use std::collections::HashMap;

use crate::analysis::commutes;
use crate::lang::{AddressCounts, Data, Instruction, Op, Space};
use crate::oracle::{Memory, execute};

/// The number of a value.
pub(super) type Id = u32;

/// What is known of a value besides its number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Known {
    /// The bits of every element, where they are all one constant.
    pub(super) constant: Option<u64>,
    /// Whether no element is ever -0.0.
    pub(super) never_minus_zero: bool,
    /// Whether no element ever has the sign of negative numbers, -0.0 included; it may be NaN.
    pub(super) never_negative: bool,
}

impl Known {
    /// Nothing.
    pub(super) const NOTHING: Known = Known { constant: None, never_minus_zero: false, never_negative: false };

    fn of_constant(value: f64) -> Known {
        let minus_zero = value.to_bits() == (-0.0_f64).to_bits();
        Known { constant: Some(bits(value)), never_minus_zero: !minus_zero, never_negative: value.is_nan() || value.is_sign_positive() }
    }

    /// What is known of a value that is one of two.
    pub(super) fn either(self, other: Known) -> Known {
        Known {
            constant: self.constant.filter(|_| self.constant == other.constant),
            never_minus_zero: self.never_minus_zero && other.never_minus_zero,
            never_negative: self.never_negative && other.never_negative,
        }
    }
}

/// The bits of a number, of NaN always the same.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN } else { value }.to_bits()
}

const ZERO: u64 = 0.0_f64.to_bits();
const MINUS_ZERO: u64 = (-0.0_f64).to_bits();
const ONE: u64 = 1.0_f64.to_bits();

/// An op of values: of equal ops of equal values there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Expression {
    op: Op,
    /// The inputs in order, those of commuting ops ascending; of what sets one element, the old value of the output. 0 where there is none.
    inputs: [Id; 2],
    /// The constants.
    data: [u64; 3],
}

/// All values that were met, by number.
#[derive(Debug)]
pub(super) struct Values {
    known: Vec<Known>,
    made: Vec<Option<Expression>>,
    constants: HashMap<(Space, u64), Id>,
    expressions: HashMap<Expression, Id>,
    /// One feature: what an op makes of constants is seen in one element.
    memory: Memory,
}

impl Values {
    pub(super) fn new() -> Values {
        let memory = Memory::new(1, AddressCounts { scalars: 4, vectors: 4, matrices: 4 });
        Values { known: Vec::new(), made: Vec::new(), constants: HashMap::new(), expressions: HashMap::new(), memory }
    }

    /// What is known of a value.
    pub(super) fn known(&self, id: Id) -> Known {
        self.known[id as usize]
    }

    fn push(&mut self, known: Known, made: Option<Expression>) -> Id {
        self.known.push(known);
        self.made.push(made);
        (self.known.len() - 1) as Id
    }

    /// A value that is no other.
    pub(super) fn unknown(&mut self, known: Known) -> Id {
        self.push(known, None)
    }

    /// The value of which every element is this constant.
    pub(super) fn constant(&mut self, space: Space, value: f64) -> Id {
        if let Some(&id) = self.constants.get(&(space, bits(value))) {
            return id;
        }
        let id = self.push(Known::of_constant(value), None);
        self.constants.insert((space, bits(value)), id);
        id
    }

    /// What an instruction writes, given the values of its inputs and the value that its output had before.
    pub(super) fn result(&mut self, instruction: &Instruction, inputs: [Id; 2], old: Id) -> Id {
        let (op, data) = (instruction.op(), instruction.data());
        let Some(space) = op.output() else { return old };
        if op.is_random() {
            // Each execution draws anew.
            return self.unknown(drawn(data));
        }
        if let Data::ScalarConst(value) = data {
            return self.constant(space, value);
        }
        if let Data::VectorConst { value, .. } | Data::MatrixConst { value, .. } = data {
            return self.with_element(op, data, old, value.into());
        }
        let used = &inputs[..op.inputs().len()];
        if let Some(id) = self.folded(op, space, used) {
            return id;
        }
        if let Some(id) = self.same_as(op, used) {
            return id;
        }
        let inputs = match *used {
            [a, b] if commutes(op) => [a.min(b), a.max(b)],
            [a, b] => [a, b],
            [a] => [a, 0],
            _ => [0, 0],
        };
        let known = self.known_of(op, used);
        self.expression(Expression { op, inputs, data: [0; 3] }, known)
    }

    fn expression(&mut self, expression: Expression, known: Known) -> Id {
        if let Some(&id) = self.expressions.get(&expression) {
            return id;
        }
        let id = self.push(known, Some(expression));
        self.expressions.insert(expression, id);
        id
    }

    /// A vector or a matrix with one element set. Which element it is depends on F, but equal fractions are equal elements.
    fn with_element(&mut self, op: Op, data: Data, old: Id, value: f64) -> Id {
        let expression = Expression { op, inputs: [old, 0], data: data.values().0.map(bits) };
        let (known, set) = (self.known(old), Known::of_constant(value));
        let is_set_already = self.made[old as usize].is_some_and(|made| made.op == op && made.data == expression.data);
        if known.constant == set.constant || is_set_already {
            return old;
        }
        self.expression(expression, known.either(set))
    }

    /// The constant that an op makes of constants. Sums over elements depend on F, except those of zeros: whatever sums, means, norms and
    /// standard deviations there are of any number of +0.0, they are +0.0.
    fn folded(&mut self, op: Op, space: Space, inputs: &[Id]) -> Option<Id> {
        let mut constants = [0; 2];
        for (constant, &input) in constants.iter_mut().zip(inputs) {
            *constant = self.known(input).constant?;
        }
        if adds_elements(op) && constants[..inputs.len()].iter().any(|&constant| constant != ZERO) {
            return None;
        }
        let instruction = Instruction::new(op, 1, 2, 3, Data::None).expect("an op without constants, and addresses that all programs have");
        for ((&space, constant), address) in op.inputs().iter().zip(constants).zip(1..) {
            self.memory.elements_mut(space, address)[0] = f64::from_bits(constant);
        }
        execute(&instruction, 0, 0, 0, &mut self.memory);
        let result = self.memory.elements_mut(space, 3)[0];
        Some(self.constant(space, result))
    }

    /// The value that an op of these inputs gives unchanged, if it is one of them.
    fn same_as(&self, op: Op, inputs: &[Id]) -> Option<Id> {
        let is = |which: usize, constant: u64| self.known(inputs[which]).constant == Some(constant);
        let made = |which: usize| self.made[inputs[which] as usize];
        match op {
            Op::ScalarAbs | Op::VectorAbs | Op::MatrixAbs => self.known(inputs[0]).never_negative.then_some(inputs[0]),
            // x + -0.0 is x; x + 0.0 is x unless x is -0.0.
            Op::ScalarSum | Op::VectorSum | Op::MatrixSum => [(0, 1), (1, 0)]
                .into_iter()
                .find(|&(of, zero)| is(zero, MINUS_ZERO) || is(zero, ZERO) && self.known(inputs[of]).never_minus_zero)
                .map(|(of, _)| inputs[of]),
            Op::ScalarDiff | Op::VectorDiff | Op::MatrixDiff => is(1, ZERO).then_some(inputs[0]),
            Op::ScalarProduct | Op::VectorProduct | Op::MatrixProduct => {
                [(0, 1), (1, 0)].into_iter().find(|&(_, one)| is(one, ONE)).map(|(of, _)| inputs[of])
            }
            Op::ScalarVectorProduct | Op::ScalarMatrixProduct => is(0, ONE).then_some(inputs[1]),
            Op::ScalarDivision | Op::VectorDivision | Op::MatrixDivision => is(1, ONE).then_some(inputs[0]),
            // The same once more changes nothing: one of two equal values, or of one of two and the second.
            Op::ScalarMin | Op::VectorMin | Op::MatrixMin | Op::ScalarMax | Op::VectorMax | Op::MatrixMax => {
                let again = made(0).is_some_and(|made| made.op == op && made.inputs[1] == inputs[1]);
                (inputs[0] == inputs[1] || again).then_some(inputs[0])
            }
            // Of 0 and 1 elementwise; the scalar one makes 1 of 0.
            Op::VectorHeaviside | Op::MatrixHeaviside => made(0).is_some_and(|made| made.op == op).then_some(inputs[0]),
            Op::MatrixTranspose => made(0).filter(|made| made.op == op).map(|made| made.inputs[0]),
            _ => None,
        }
    }

    /// The signs that the result of an op can have.
    fn known_of(&self, op: Op, inputs: &[Id]) -> Known {
        let known = |which: usize| self.known(inputs[which]);
        let negative = Known::NOTHING;
        let positive = Known { never_minus_zero: true, never_negative: true, ..Known::NOTHING };
        match op {
            Op::ScalarAbs | Op::VectorAbs | Op::MatrixAbs => positive,
            Op::VectorNorm | Op::MatrixNorm | Op::MatrixColumnNorm | Op::MatrixRowNorm => positive,
            Op::ScalarHeaviside | Op::VectorHeaviside | Op::MatrixHeaviside | Op::ScalarExp => positive,
            // A sum is -0.0 only if both terms are.
            Op::ScalarSum | Op::VectorSum | Op::MatrixSum => Known {
                never_minus_zero: known(0).never_minus_zero || known(1).never_minus_zero,
                never_negative: known(0).never_negative && known(1).never_negative,
                ..Known::NOTHING
            },
            // A difference is -0.0 only for -0.0 less 0.0.
            Op::ScalarDiff | Op::VectorDiff | Op::MatrixDiff => Known { never_minus_zero: known(0).never_minus_zero, ..Known::NOTHING },
            Op::ScalarProduct | Op::VectorProduct | Op::MatrixProduct | Op::VectorInnerProduct if inputs[0] == inputs[1] => positive,
            Op::ScalarProduct
            | Op::VectorProduct
            | Op::MatrixProduct
            | Op::ScalarDivision
            | Op::VectorDivision
            | Op::MatrixDivision
            | Op::ScalarVectorProduct
            | Op::ScalarMatrixProduct
            | Op::VectorOuterProduct
            | Op::VectorInnerProduct
            | Op::MatrixVectorProduct
            | Op::MatrixMatrixProduct => {
                if known(0).never_negative && known(1).never_negative {
                    positive
                } else {
                    negative
                }
            }
            Op::ScalarReciprocal | Op::VectorReciprocal | Op::MatrixReciprocal | Op::VectorMean | Op::MatrixMean | Op::MatrixRowMean => {
                if known(0).never_negative {
                    positive
                } else {
                    negative
                }
            }
            Op::ScalarBroadcast | Op::VectorColumnBroadcast | Op::VectorRowBroadcast | Op::MatrixTranspose => {
                Known { constant: None, ..known(0) }
            }
            Op::ScalarMin | Op::VectorMin | Op::MatrixMin | Op::ScalarMax | Op::VectorMax | Op::MatrixMax => {
                Known { constant: None, ..known(0).either(known(1)) }
            }
            _ => Known::NOTHING,
        }
    }
}

/// What is known of a draw: low + (high - low) u, mean + sd z, or low.
fn drawn(data: Data) -> Known {
    let first = Known::of_constant(data.values().0[0]);
    let never_negative = matches!(data, Data::Uniform { .. }) && first.never_negative;
    Known { constant: None, never_minus_zero: first.never_minus_zero, never_negative }
}

/// Whether the op adds up elements, as many as F or F x F.
fn adds_elements(op: Op) -> bool {
    matches!(
        op,
        Op::VectorNorm
            | Op::VectorInnerProduct
            | Op::MatrixVectorProduct
            | Op::MatrixNorm
            | Op::MatrixColumnNorm
            | Op::MatrixRowNorm
            | Op::MatrixMatrixProduct
            | Op::VectorMean
            | Op::MatrixMean
            | Op::MatrixRowMean
            | Op::MatrixRowStDev
            | Op::VectorStDev
            | Op::MatrixStDev
    )
}
