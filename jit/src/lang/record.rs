//! Programs as JSON: the instruction format of recorded case files and of program lists.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::instruction::{Data, Instruction, InstructionError};
use super::op::{DataKind, Op, Space};
use super::program::{ComponentFunction, MAX_ADDRESSES, MAX_INSTRUCTIONS, Program};

/// An f64 in JSON: a number, or one of the strings `"NaN"`, `"Infinity"`, `"-Infinity"`.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub f64);

/// Bitwise, all NaNs alike.
impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.0.to_bits() == other.0.to_bits() || (self.0.is_nan() && other.0.is_nan())
    }
}

impl Eq for Number {}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if x.is_nan() => serializer.serialize_str("NaN"),
            f64::INFINITY => serializer.serialize_str("Infinity"),
            f64::NEG_INFINITY => serializer.serialize_str("-Infinity"),
            x => serializer.serialize_f64(x),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        struct NumberVisitor;

        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
                Ok(Number(value))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Number, E> {
                match value {
                    "NaN" => Ok(Number(f64::NAN)),
                    "Infinity" => Ok(Number(f64::INFINITY)),
                    "-Infinity" => Ok(Number(f64::NEG_INFINITY)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(value), &self)),
                }
            }
        }

        deserializer.deserialize_any(NumberVisitor)
    }
}

/// An instruction in JSON: `{"op":"SCALAR_SUM_OP","in1":1,"in2":2,"out":3}`, constants in `data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstructionRecord {
    /// The reference's name of the op.
    pub op: String,
    /// The address of the first input, where the op has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in1: Option<u64>,
    /// The address of the second input, where the op has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in2: Option<u64>,
    /// The address of the output, where the op has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<u64>,
    /// The constants in the order of [`Data::values`], f32 widened to f64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Number>,
}

/// What a program is called in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RecordId {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordId::Number(number) => number.fmt(f),
            RecordId::Text(text) => text.fmt(f),
        }
    }
}

/// A program in JSON; other fields beside these are ignored when it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramRecord {
    /// What the program is called, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RecordId>,
    /// The instructions of Setup.
    pub setup: Vec<InstructionRecord>,
    /// The instructions of Predict.
    pub predict: Vec<InstructionRecord>,
    /// The instructions of Learn.
    pub learn: Vec<InstructionRecord>,
}

/// Why an instruction record is not an instruction.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InstructionRecordError {
    /// No op has this name.
    #[error("unknown op {0:?}; ops have the reference's names, such as SCALAR_SUM_OP (and it spells HEAVYSIDE)")]
    Op(String),
    /// An address that the op needs is not there.
    #[error("{op} needs the address \"{field}\"")]
    Missing {
        /// The op.
        op: Op,
        /// The name of the absent field.
        field: &'static str,
    },
    /// An address past the last that any program can have.
    #[error("address {}{address} is out of range: the last {} is {}{}", .space.letter(), .space.word(), .space.letter(), MAX_ADDRESSES - 1)]
    Address {
        /// The space of the address.
        space: Space,
        /// The address.
        address: u64,
    },
    /// The wrong number of constants.
    #[error("{op} takes {expected} numbers in \"data\", not {found}")]
    Constants {
        /// The op.
        op: Op,
        /// How many it takes.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A finite constant that no f32 can hold.
    #[error("the constant {value:e} of {op} is too large for 32 bits; the largest is {:e}", f32::MAX)]
    Overflow {
        /// The op.
        op: Op,
        /// The constant.
        value: f64,
    },
    /// What the language forbids.
    #[error(transparent)]
    Instruction(#[from] InstructionError),
}

/// Why a program record is not a program, and where.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// An instruction that cannot be.
    #[error("instruction {position} of {}: {error}", .function.name())]
    Instruction {
        /// The component function.
        function: ComponentFunction,
        /// The place of the instruction in it, from 1.
        position: usize,
        /// What is wrong.
        error: InstructionRecordError,
    },
    /// More instructions than a function can have.
    #[error("{} has {length} instructions; a function can have at most {MAX_INSTRUCTIONS}", .function.name())]
    TooLong {
        /// The component function.
        function: ComponentFunction,
        /// Its length.
        length: usize,
    },
}

impl From<&Instruction> for InstructionRecord {
    fn from(instruction: &Instruction) -> InstructionRecord {
        let (values, count) = instruction.data().values();
        let mut inputs = instruction.reads().map(|(_, address)| u64::from(address));
        InstructionRecord {
            op: instruction.op().info().reference_name.to_string(),
            in1: inputs.next(),
            in2: inputs.next(),
            out: instruction.writes().map(|(_, address)| u64::from(address)),
            data: values[..count].iter().copied().map(Number).collect(),
        }
    }
}

impl TryFrom<&InstructionRecord> for Instruction {
    type Error = InstructionRecordError;

    fn try_from(record: &InstructionRecord) -> Result<Instruction, InstructionRecordError> {
        let op = Op::from_reference_name(&record.op).ok_or_else(|| InstructionRecordError::Op(record.op.chars().take(40).collect()))?;
        let fields = [("in1", record.in1), ("in2", record.in2)];
        let mut inputs = [0; 2];
        for (place, (&space, (field, address))) in inputs.iter_mut().zip(op.inputs().iter().zip(fields)) {
            *place = used_address(op, space, field, address)?;
        }
        let out = op.output().map_or(Ok(0), |space| used_address(op, space, "out", record.out))?;
        Ok(Instruction::new(op, inputs[0], inputs[1], out, constants(op, &record.data)?)?)
    }
}

fn used_address(op: Op, space: Space, field: &'static str, address: Option<u64>) -> Result<u8, InstructionRecordError> {
    let address = address.ok_or(InstructionRecordError::Missing { op, field })?;
    u8::try_from(address).map_err(|_| InstructionRecordError::Address { space, address })
}

/// The constants of an op, f32 rounded once from the f64 of the record.
fn constants(op: Op, numbers: &[Number]) -> Result<Data, InstructionRecordError> {
    let narrow = |number: Number| {
        let value = number.0 as f32;
        if value.is_infinite() && number.0.is_finite() { Err(InstructionRecordError::Overflow { op, value: number.0 }) } else { Ok(value) }
    };
    let wrong_count = |expected| InstructionRecordError::Constants { op, expected, found: numbers.len() };
    match (op.info().data, numbers) {
        (DataKind::None, []) => Ok(Data::None),
        (DataKind::ScalarConst, &[value]) => Ok(Data::ScalarConst(value.0)),
        (DataKind::VectorConst, &[index, value]) => Ok(Data::VectorConst { index: narrow(index)?, value: narrow(value)? }),
        (DataKind::MatrixConst, &[row, column, value]) => {
            Ok(Data::MatrixConst { row: narrow(row)?, column: narrow(column)?, value: narrow(value)? })
        }
        (DataKind::Uniform, &[low, high]) => Ok(Data::Uniform { low: narrow(low)?, high: narrow(high)? }),
        (DataKind::Gaussian, &[mean, st_dev]) => Ok(Data::Gaussian { mean: narrow(mean)?, st_dev: narrow(st_dev)? }),
        (DataKind::None, _) => Err(wrong_count(0)),
        (DataKind::ScalarConst, _) => Err(wrong_count(1)),
        (DataKind::MatrixConst, _) => Err(wrong_count(3)),
        (DataKind::VectorConst | DataKind::Uniform | DataKind::Gaussian, _) => Err(wrong_count(2)),
    }
}

/// A record without a name.
impl From<&Program> for ProgramRecord {
    fn from(program: &Program) -> ProgramRecord {
        let [setup, predict, learn] = ComponentFunction::ALL.map(|function| program.function(function).iter().map(Into::into).collect());
        ProgramRecord { id: None, setup, predict, learn }
    }
}

impl TryFrom<&ProgramRecord> for Program {
    type Error = RecordError;

    fn try_from(record: &ProgramRecord) -> Result<Program, RecordError> {
        let read = |function: ComponentFunction, records: &[InstructionRecord]| {
            if records.len() > MAX_INSTRUCTIONS {
                return Err(RecordError::TooLong { function, length: records.len() });
            }
            let instruction = |(index, record): (usize, &InstructionRecord)| {
                record.try_into().map_err(|error| RecordError::Instruction { function, position: index + 1, error })
            };
            records.iter().enumerate().map(instruction).collect::<Result<Vec<Instruction>, RecordError>>()
        };
        let setup = read(ComponentFunction::Setup, &record.setup)?;
        let predict = read(ComponentFunction::Predict, &record.predict)?;
        let learn = read(ComponentFunction::Learn, &record.learn)?;
        Ok(Program::new(&setup, &predict, &learn))
    }
}

impl Serialize for Program {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ProgramRecord::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Program {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Program, D::Error> {
        Program::try_from(&ProgramRecord::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
