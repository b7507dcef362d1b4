//! Decoded steps as calls of kernels on rows of a certain width.

use super::code::{Code, Step};
use crate::exec::layout::{FEATURES_ROW, LABEL_ROW};
use crate::kernel::{Kernel, Kind, Operation, Tier, kernel};
use crate::lang::{ComponentFunction, Interface, Space};

/// What an input's offset counts from. The features and the label of an example are read where the group has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Base {
    /// The chunk's memory.
    Memory,
    /// The features of the current example.
    Features,
    /// The labels of the current example.
    Label,
}

/// One call of a kernel. Offsets count f64.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) kernel: Kernel,
    pub(crate) out: usize,
    pub(crate) inputs: [usize; 3],
    pub(crate) bases: [Base; 3],
    pub(crate) operation: Operation,
}

/// The calls of a program: Setup, Predict and Learn in one buffer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    calls: Vec<Call>,
    ranges: [std::ops::Range<usize>; 3],
    /// Lanes and rows of the memory that the calls are for; no lanes if there are no calls yet.
    shape: (usize, usize),
}

impl Calls {
    /// Makes them the calls of `code` for chunks of so many lanes and rows.
    ///
    /// # Panics
    /// If a step is not for so many rows ([`Code::check`]).
    pub(crate) fn set(&mut self, code: &Code, features: usize, shape: (usize, usize)) {
        let tier = Tier::of_machine();
        let (width, rows) = shape;
        code.check(features, rows);
        self.calls.clear();
        self.shape = shape;
        for function in ComponentFunction::ALL {
            self.ranges[function as usize] = code.range(function);
            self.calls.extend(code.function(function).iter().map(|step| call(step, function, code.interface(), tier, features, width)));
        }
    }

    /// Makes the next [`Calls::shape`] that of no chunk.
    pub(crate) fn clear(&mut self) {
        self.shape = (0, 0);
    }

    pub(crate) fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// The calls of one component function.
    pub(crate) fn function(&self, function: ComponentFunction) -> &[Call] {
        &self.calls[self.ranges[function as usize].clone()]
    }
}

/// The call of one step.
fn call(step: &Step, function: ComponentFunction, interface: Interface, tier: Tier, features: usize, width: usize) -> Call {
    let base_of = |input: usize| match step.inputs[input] as usize {
        _ if function == ComponentFunction::Setup => Base::Memory,
        // A label of classes is in memory, in rows of its own; `s0` is 0 there.
        LABEL_ROW if interface == Interface::Number && function == ComponentFunction::Learn && input < step.input_count() => Base::Label,
        FEATURES_ROW if input < step.input_count() => Base::Features,
        _ => Base::Memory,
    };
    let bases = [0, 1, 2].map(base_of);
    let inputs = [0, 1, 2].map(|input| if bases[input] == Base::Memory { step.inputs[input] as usize * width } else { 0 });
    Call {
        kernel: kernel(step.kind, tier, width, features),
        out: step.out as usize * width,
        inputs,
        bases,
        operation: step.operation(features, width),
    }
}

impl Step {
    /// The spaces of its inputs.
    pub(crate) fn input_spaces(&self) -> &'static [Space] {
        match (self.kind, self.op.output()) {
            (Kind::Op(op), _) => op.inputs(),
            (Kind::Scaled(_), Some(Space::Matrix)) => &[Space::Scalar, Space::Matrix, Space::Matrix],
            (Kind::Scaled(_), _) => &[Space::Scalar, Space::Vector, Space::Vector],
            (Kind::Outer(_), _) => &[Space::Vector, Space::Vector, Space::Matrix],
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
