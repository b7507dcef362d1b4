//! Program text out: what the parser reads back bit for bit.

use std::fmt;

use super::instruction::{Data, Instruction};
use super::op::{Notation, Space};
use super::program::{ComponentFunction, Program};

/// An address as it is written: `s3`.
#[derive(Clone, Copy)]
struct Address(Space, u8);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.letter(), self.1)
    }
}

/// A constant in the shortest decimal that reads back to the same bits of its own type.
struct Constant<T>(T);

impl<T: fmt::Debug + Copy + Into<f64>> fmt::Display for Constant<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Debug` of f32 and f64 is shortest and has a point or an exponent, but spells NaN otherwise.
        if self.0.into().is_nan() { f.write_str("nan") } else { write!(f, "{:?}", self.0) }
    }
}

/// One line of program text, without indentation and line end: `s3 = s1 + s2`.
impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.op().info();
        let Some(output) = info.output else { return f.write_str("noop()") };
        write!(f, "{}", Address(output, self.out()))?;
        let mut inputs = self.reads().map(|(space, address)| Address(space, address));
        let (first, second) = (inputs.next(), inputs.next());
        match (info.notation, first, second) {
            (Notation::Infix(symbol), Some(a), Some(b)) => write!(f, " = {a} {symbol} {b}"),
            (Notation::Reciprocal, Some(a), None) => write!(f, " = 1 / {a}"),
            (Notation::Call(name), Some(a), None) => write!(f, " = {name}({a})"),
            (Notation::Call(name), Some(a), Some(b)) => write!(f, " = {name}({a}, {b})"),
            (Notation::CallAxis(name, axis), Some(a), None) => write!(f, " = {name}({a}, axis={axis})"),
            (notation, ..) => write_constants(f, notation, self.data()),
        }
    }
}

/// The rest of an instruction that reads no address.
fn write_constants(f: &mut fmt::Formatter<'_>, notation: Notation, data: Data) -> fmt::Result {
    match (notation, data) {
        (Notation::Draw(name), Data::Uniform { low: a, high: b } | Data::Gaussian { mean: a, st_dev: b }) => {
            write!(f, " = {name}({}, {})", Constant(a), Constant(b))
        }
        (_, Data::ScalarConst(value)) => write!(f, " = {}", Constant(value)),
        (_, Data::VectorConst { index, value }) => write!(f, "[{}] = {}", Constant(index), Constant(value)),
        (_, Data::MatrixConst { row, column, value }) => {
            write!(f, "[{}, {}] = {}", Constant(row), Constant(column), Constant(value))
        }
        _ => Ok(()),
    }
}

/// Setup, Predict and Learn, always all three, each instruction on a line of its own.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for function in ComponentFunction::ALL {
            writeln!(f, "def {}():", function.name())?;
            for instruction in self.function(function) {
                writeln!(f, "  {instruction}")?;
            }
        }
        Ok(())
    }
}
