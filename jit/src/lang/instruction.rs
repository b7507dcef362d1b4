//! One instruction: an op, its addresses and its constants.

use super::op::{DataKind, Op, Space};

/// The constants of an instruction. NaN constants are kept in one form, so that equal programs have equal bits.
#[derive(Clone, Copy, Debug)]
pub enum Data {
    /// The op has no constants.
    None,
    /// [`Op::ScalarConstSet`]: the value.
    ScalarConst(f64),
    /// [`Op::VectorConstSet`]: which element, as a fraction of F in [0, 1], and its value.
    VectorConst {
        /// Index as a fraction of F.
        index: f32,
        /// The element's new value.
        value: f32,
    },
    /// [`Op::MatrixConstSet`]: which element, as fractions of F in [0, 1], and its value.
    MatrixConst {
        /// Row as a fraction of F.
        row: f32,
        /// Column as a fraction of F.
        column: f32,
        /// The element's new value.
        value: f32,
    },
    /// The uniform draws: values in [low, high), or always low unless low < high.
    Uniform {
        /// Lower end.
        low: f32,
        /// Upper end, excluded.
        high: f32,
    },
    /// The normal draws.
    Gaussian {
        /// Mean.
        mean: f32,
        /// Standard deviation; text may hold any value.
        st_dev: f32,
    },
}

impl Data {
    /// Which kind of constants these are.
    pub const fn kind(self) -> DataKind {
        match self {
            Data::None => DataKind::None,
            Data::ScalarConst(_) => DataKind::ScalarConst,
            Data::VectorConst { .. } => DataKind::VectorConst,
            Data::MatrixConst { .. } => DataKind::MatrixConst,
            Data::Uniform { .. } => DataKind::Uniform,
            Data::Gaussian { .. } => DataKind::Gaussian,
        }
    }

    /// The constants as f64 in the order of the case-file format, up to three.
    pub fn values(self) -> ([f64; 3], usize) {
        match self {
            Data::None => ([0.0; 3], 0),
            Data::ScalarConst(value) => ([value, 0.0, 0.0], 1),
            Data::VectorConst { index, value } => ([index.into(), value.into(), 0.0], 2),
            Data::MatrixConst { row, column, value } => ([row.into(), column.into(), value.into()], 3),
            Data::Uniform { low, high } => ([low.into(), high.into(), 0.0], 2),
            Data::Gaussian { mean, st_dev } => ([mean.into(), st_dev.into(), 0.0], 2),
        }
    }

    /// The same constants with every NaN in the one form that programs hold.
    fn with_one_nan(self) -> Data {
        let f = |x: f32| if x.is_nan() { f32::NAN } else { x };
        match self {
            Data::None => Data::None,
            Data::ScalarConst(value) => Data::ScalarConst(if value.is_nan() { f64::NAN } else { value }),
            Data::VectorConst { index, value } => Data::VectorConst { index, value: f(value) },
            Data::MatrixConst { row, column, value } => Data::MatrixConst { row, column, value: f(value) },
            Data::Uniform { low, high } => Data::Uniform { low: f(low), high: f(high) },
            Data::Gaussian { mean, st_dev } => Data::Gaussian { mean: f(mean), st_dev: f(st_dev) },
        }
    }
}

/// Bitwise: 0.0 differs from -0.0, NaN equals NaN.
impl PartialEq for Data {
    fn eq(&self, other: &Data) -> bool {
        self.kind() == other.kind() && self.values().0.map(f64::to_bits) == other.values().0.map(f64::to_bits)
    }
}

impl Eq for Data {}

/// One instruction. `in1` and `in2` are 0 where the op has no such input, `out` is 0 for [`Op::NoOp`].
///
/// Only [`Instruction::new`] makes one, so every instruction obeys the language: inputs below [`super::MAX_ADDRESSES`],
/// an output that may be written, constants of the op's kind, fractions in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    op: Op,
    in1: u8,
    in2: u8,
    out: u8,
    data: Data,
}

/// Why an instruction cannot be.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InstructionError {
    /// An address past the last that any program can have.
    #[error("address {}{address} is out of range: the last {} is {}{}", .space.letter(), .space.word(), .space.letter(), super::MAX_ADDRESSES - 1)]
    Address {
        /// The space of the address.
        space: Space,
        /// The address.
        address: u8,
    },
    /// `s0` or `v0` as an output.
    #[error("{op} may not write {}{address}: it is set by the evaluation; write {}{} or higher", .space.letter(), .space.letter(), .space.first_writable())]
    Reserved {
        /// The op.
        op: Op,
        /// The space of the output.
        space: Space,
        /// The address.
        address: u8,
    },
    /// Constants of another kind than the op's.
    #[error("{op} takes {expected:?} constants, not {found:?}")]
    Data {
        /// The op.
        op: Op,
        /// What the op carries.
        expected: DataKind,
        /// What was given.
        found: DataKind,
    },
    /// An index fraction outside [0, 1].
    #[error("the index fraction {0} is not in [0, 1]")]
    Fraction(f32),
}

impl Instruction {
    /// Does nothing.
    pub const NO_OP: Instruction = Instruction { op: Op::NoOp, in1: 0, in2: 0, out: 0, data: Data::None };

    /// An instruction; inputs that the op does not use are ignored.
    ///
    /// # Errors
    /// What breaks the language: see [`InstructionError`].
    pub fn new(op: Op, in1: u8, in2: u8, out: u8, data: Data) -> Result<Instruction, InstructionError> {
        let inputs = op.inputs();
        let used = |which: usize, address: u8| if which < inputs.len() { address } else { 0 };
        let (in1, in2) = (used(0, in1), used(1, in2));
        for (&space, address) in inputs.iter().zip([in1, in2]) {
            if usize::from(address) >= super::MAX_ADDRESSES {
                return Err(InstructionError::Address { space, address });
            }
        }
        let out = match op.output() {
            None => 0,
            Some(space) if usize::from(out) >= super::MAX_ADDRESSES => return Err(InstructionError::Address { space, address: out }),
            Some(space) if out < space.first_writable() => return Err(InstructionError::Reserved { op, space, address: out }),
            Some(_) => out,
        };
        if data.kind() != op.info().data {
            return Err(InstructionError::Data { op, expected: op.info().data, found: data.kind() });
        }
        let fractions = match data {
            Data::VectorConst { index, .. } => [index, 0.0],
            Data::MatrixConst { row, column, .. } => [row, column],
            _ => [0.0; 2],
        };
        if let Some(&fraction) = fractions.iter().find(|fraction| !(0.0..=1.0).contains(*fraction)) {
            return Err(InstructionError::Fraction(fraction));
        }
        Ok(Instruction { op, in1, in2, out, data: data.with_one_nan() })
    }

    /// The op.
    pub const fn op(&self) -> Op {
        self.op
    }

    /// The address of the first input; 0 if the op has none.
    pub const fn in1(&self) -> u8 {
        self.in1
    }

    /// The address of the second input; 0 if the op has none.
    pub const fn in2(&self) -> u8 {
        self.in2
    }

    /// The address of the output; 0 if the op has none.
    pub const fn out(&self) -> u8 {
        self.out
    }

    /// The constants.
    pub const fn data(&self) -> Data {
        self.data
    }

    /// The inputs that the op reads: space and address, in order.
    pub fn reads(&self) -> impl Iterator<Item = (Space, u8)> + use<> {
        self.op.inputs().iter().copied().zip([self.in1, self.in2])
    }

    /// What the instruction writes: space and address.
    pub fn writes(&self) -> Option<(Space, u8)> {
        self.op.output().map(|space| (space, self.out))
    }
}

/// The element that an index fraction addresses for features of size `features`: min(F - 1, floor(F * fraction)), the product in f32.
pub fn element_index(fraction: f32, features: usize) -> usize {
    ((features as f32 * fraction) as usize).min(features - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_enforced() {
        assert_eq!(
            Instruction::new(Op::ScalarSum, 1, 2, 0, Data::None),
            Err(InstructionError::Reserved { op: Op::ScalarSum, space: Space::Scalar, address: 0 })
        );
        assert_eq!(
            Instruction::new(Op::ScalarVectorProduct, 1, 64, 1, Data::None),
            Err(InstructionError::Address { space: Space::Vector, address: 64 })
        );
        assert!(Instruction::new(Op::VectorOuterProduct, 1, 0, 0, Data::None).is_ok(), "m0 may be written");
        assert_eq!(
            Instruction::new(Op::VectorConstSet, 0, 0, 1, Data::VectorConst { index: 1.5, value: 0.0 }),
            Err(InstructionError::Fraction(1.5))
        );
        assert!(matches!(
            Instruction::new(Op::VectorConstSet, 0, 0, 1, Data::VectorConst { index: f32::NAN, value: 0.0 }),
            Err(InstructionError::Fraction(_))
        ));
        assert!(matches!(Instruction::new(Op::ScalarConstSet, 0, 0, 1, Data::None), Err(InstructionError::Data { .. })));
    }

    #[test]
    fn unused_inputs_do_not_distinguish() {
        let a = Instruction::new(Op::ScalarAbs, 1, 7, 2, Data::None).expect("a valid instruction");
        assert_eq!(a.in2(), 0);
        assert_eq!(Instruction::new(Op::NoOp, 3, 3, 3, Data::None), Ok(Instruction::NO_OP));
    }

    #[test]
    fn all_nan_constants_are_one() {
        let other = f64::from_bits(0xfff8_0000_0000_0001);
        let a = Instruction::new(Op::ScalarConstSet, 0, 0, 1, Data::ScalarConst(other)).expect("a valid instruction");
        let b = Instruction::new(Op::ScalarConstSet, 0, 0, 1, Data::ScalarConst(f64::NAN)).expect("a valid instruction");
        assert_eq!(a, b);
    }

    #[test]
    fn fractions_address_elements_as_in_the_reference() {
        assert_eq!(element_index(0.0, 4), 0);
        assert_eq!(element_index(0.4, 4), 1);
        assert_eq!(element_index(0.999, 4), 3);
        assert_eq!(element_index(1.0, 4), 3);
        assert_eq!(element_index(1.0, 1), 0);
        // In f32, 10 * 0.7 is 7.0 exactly; in f64 the widened 0.7f32 would give 6.
        assert_eq!(element_index(0.7, 10), 7);
    }
}
