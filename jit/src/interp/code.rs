//! A program decoded for execution: addresses as row offsets, index fractions as elements, constants as f64.

use crate::exec::layout::Layout;
use crate::lang::{ComponentFunction, Data, Instruction, Op, Program, element_index};

/// One decoded instruction. Offsets are rows of the chunk's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The op.
    pub(crate) op: Op,
    /// First row of the output; for an element constant the row of that element.
    pub(crate) out: u32,
    /// First row of the first input.
    pub(crate) in1: u32,
    /// First row of the second input.
    pub(crate) in2: u32,
    /// The constants: the value to set; low and high; mean and standard deviation.
    pub(crate) constants: [f64; 2],
    /// Which of the chunk's draw keys a random instruction uses.
    pub(crate) draw: u32,
}

/// A decoded program: Setup, Predict and Learn in one buffer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    steps: Vec<Step>,
    ends: [usize; 2],
    ordinals: Vec<u32>,
}

impl Code {
    /// Decodes `program` for `layout`; `ordinals` has the number of each instruction's draws (used for random ones only).
    pub(crate) fn set(&mut self, program: &Program, ordinals: &[u32], layout: &Layout) {
        self.steps.clear();
        self.ordinals.clear();
        let mut ordinals = ordinals.iter();
        for function in ComponentFunction::ALL {
            for (instruction, &ordinal) in program.function(function).iter().zip(&mut ordinals) {
                let step = decode(instruction, self.ordinals.len() as u32, layout);
                self.steps.push(step);
                if instruction.op().is_random() {
                    self.ordinals.push(ordinal);
                }
            }
            if let Some(end) = self.ends.get_mut(function as usize) {
                *end = self.steps.len();
            }
        }
    }

    /// All steps: Setup, Predict, Learn.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The steps of one component function.
    pub(crate) fn function(&self, function: ComponentFunction) -> &[Step] {
        &self.steps[self.range(function)]
    }

    /// Where the steps of one component function are among [`Code::steps`].
    pub(crate) fn range(&self, function: ComponentFunction) -> std::ops::Range<usize> {
        match function {
            ComponentFunction::Setup => 0..self.ends[0],
            ComponentFunction::Predict => self.ends[0]..self.ends[1],
            ComponentFunction::Learn => self.ends[1]..self.steps.len(),
        }
    }

    /// The ordinals of the random steps, in the order of [`Step::draw`].
    pub(crate) fn ordinals(&self) -> &[u32] {
        &self.ordinals
    }
}

fn decode(instruction: &Instruction, draw: u32, layout: &Layout) -> Step {
    let features = layout.features();
    let mut reads = instruction.reads().map(|(space, address)| layout.row(space, address) as u32);
    let (in1, in2) = (reads.next().unwrap_or(0), reads.next().unwrap_or(0));
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
    Step { op: instruction.op(), out: out as u32, in1, in2, constants, draw }
}
