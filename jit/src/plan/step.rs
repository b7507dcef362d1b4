//! One step of a plan: an instruction with its addresses as rows, or two instructions in one.

use crate::kernel::{Combine, Fused, Operation};
use crate::lanes::Layout;
use crate::lang::{ComponentFunction, Data, Instruction, Op, Space, element_index};

/// One decoded instruction, or two in one. Offsets are rows of the chunk's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// What it computes.
    pub(crate) kind: Fused,
    /// The op that gives the output.
    pub(crate) op: Op,
    /// First row of the output; for an element constant the row of that element.
    pub(crate) out: u32,
    /// First rows of the inputs; the third one is what a product is combined with.
    pub(crate) inputs: [u32; 3],
    /// The constants: the value to set; low and high; mean and standard deviation.
    pub(crate) constants: [f64; 2],
    /// Which of the chunk's draw keys a random instruction uses.
    pub(crate) draw: u32,
    /// Its place among the instructions of the program; of two in one that of the later.
    #[cfg_attr(not(feature = "jit"), expect(dead_code, reason = "listings of native code ask for it"))]
    pub(crate) position: u32,
}

impl Step {
    /// The spaces of its inputs.
    pub(crate) fn input_spaces(&self) -> &'static [Space] {
        match (self.kind, self.op.output()) {
            (Fused::Op(op), _) => op.inputs(),
            (Fused::Scaled(_), Some(Space::Matrix)) => &[Space::Scalar, Space::Matrix, Space::Matrix],
            (Fused::Scaled(_), _) => &[Space::Scalar, Space::Vector, Space::Vector],
            (Fused::Outer(_), _) => &[Space::Vector, Space::Vector, Space::Matrix],
        }
    }

    /// How many of its inputs mean something.
    pub(crate) fn input_count(&self) -> usize {
        self.input_spaces().len()
    }

    /// The spaces of its inputs, then of its output.
    #[cfg(feature = "jit")]
    pub(crate) fn operand_spaces(&self) -> impl Iterator<Item = Space> + use<> {
        self.input_spaces().iter().copied().chain(self.op.output())
    }

    /// The first row and the number of rows of its inputs, then of its output; of an element constant the one element.
    #[cfg(feature = "jit")]
    pub(crate) fn operand_rows(&self, features: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let rows = self.inputs.into_iter().take(self.input_count()).chain([self.out]);
        let one = self.op.writes_one_element();
        rows.zip(self.operand_spaces()).map(move |(row, space)| (row as usize, if one { 1 } else { space.elements(features) }))
    }

    /// What its kernel is told.
    pub(crate) fn operation(&self, features: usize, width: usize) -> Operation {
        let space = match (self.op.output(), self.op.inputs()) {
            (Some(Space::Scalar), &[input, ..]) => input,
            (Some(output), _) => output,
            (None, _) => Space::Scalar,
        };
        let rows = if self.op.writes_one_element() { 1 } else { space.elements(features) };
        Operation { rows: rows as u32, features: features as u32, width: width as u32, draw: self.draw, constants: self.constants }
    }
}

/// An instruction alone; `draw` is its number among the random steps.
pub(super) fn decode(instruction: &Instruction, function: ComponentFunction, draw: u32, layout: &Layout) -> Step {
    let features = layout.features();
    let mut reads = instruction.reads().map(|(space, address)| layout.row_to_read(function, space, address) as u32);
    let inputs = [reads.next().unwrap_or(0), reads.next().unwrap_or(0), 0];
    let mut out = instruction.writes().map_or(0, |(space, address)| layout.row(space, address));
    let constants = match instruction.data() {
        Data::None => [0.0; 2],
        Data::ScalarConst(value) => [value, 0.0],
        Data::VectorConst { index, value } => {
            out += element_index(index, features);
            [value.into(), 0.0]
        }
        Data::MatrixConst { row, column, value } => {
            out += element_index(row, features) * features + element_index(column, features);
            [value.into(), 0.0]
        }
        Data::Uniform { low, high } => [low.into(), high.into()],
        Data::Gaussian { mean, st_dev } => [mean.into(), st_dev.into()],
    };
    Step { kind: Fused::Op(instruction.op()), op: instruction.op(), out: out as u32, inputs, constants, draw, position: 0 }
}

/// A sum or difference together with the product that it takes.
pub(super) fn decode_pair(product: &Instruction, taker: &Instruction, function: ComponentFunction, layout: &Layout) -> Step {
    let row = |(space, address)| layout.row_to_read(function, space, address) as u32;
    let taken = product.writes();
    let mut factors = product.reads().map(row);
    let mut factor = || factors.next().expect("a product has two inputs");
    let other = taker.reads().find(|&read| Some(read) != taken).map(row).expect("one input is not the product");
    let takes_first = taker.reads().next() == taken;
    let combined = match taker.op() {
        Op::VectorDiff | Op::MatrixDiff if takes_first => Combine::DiffOf,
        Op::VectorDiff | Op::MatrixDiff => Combine::DiffFrom,
        _ => Combine::Sum,
    };
    let kind = if product.op() == Op::VectorOuterProduct { Fused::Outer(combined) } else { Fused::Scaled(combined) };
    let (space, out) = taker.writes().expect("a sum has an output");
    let out = layout.row(space, out) as u32;
    Step { kind, op: taker.op(), out, inputs: [factor(), factor(), other], constants: [0.0; 2], draw: 0, position: 0 }
}
