//! A program decoded for execution: addresses as row offsets, index fractions as elements, constants as f64, pairs of instructions fused.

use crate::analysis::{Fusion, Role};
use crate::exec::layout::{FEATURES_ROW, LABEL_ROW, Layout};
use crate::kernel::{Combined, Kind, spare_rows};
use crate::lang::{ComponentFunction, Data, Instruction, Interface, Op, Program, Space, element_index};

/// One decoded instruction, or two in one. Offsets are rows of the chunk's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// What it computes.
    pub(crate) kind: Kind,
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

/// A decoded program: Setup, Predict and Learn in one buffer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    steps: Vec<Step>,
    ends: [usize; 2],
    ordinals: Vec<u32>,
    spare_rows: usize,
    interface: Interface,
}

impl Code {
    /// Decodes `program` for `layout`; `ordinals` has the number of each instruction's draws (used for random ones only).
    pub(crate) fn set(&mut self, program: &Program, ordinals: &[u32], fusion: &Fusion, layout: &Layout) {
        self.steps.clear();
        self.ordinals.clear();
        self.spare_rows = 0;
        self.interface = layout.interface();
        let mut described = ordinals.iter().zip(fusion.roles()).zip(0..);
        for function in ComponentFunction::ALL {
            for (instruction, ((&ordinal, &role), position)) in program.function(function).iter().zip(&mut described) {
                let step = match role {
                    Role::Deferred => continue,
                    Role::Alone if instruction.op() == Op::NoOp => continue,
                    Role::Alone => decode(instruction, function, self.ordinals.len() as u32, layout),
                    Role::Takes(product) => decode_pair(&program.instructions()[product as usize], instruction, function, layout),
                };
                let step = Step { position, ..step };
                self.spare_rows = self.spare_rows.max(spare_rows(instruction.op(), layout.features()));
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
    #[cfg(feature = "jit")]
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

    /// Makes sure that nothing which runs these steps goes beyond what it is given: `rows` rows of memory, the rows of features and
    /// labels, a draw key for each ordinal and [`Code::spare_rows`]. What kernels and native code rely on is this.
    ///
    /// # Panics
    /// If a step does.
    pub(crate) fn check(&self, features: usize, rows: usize) {
        let sizes = Space::ALL.map(|space| space.elements(features));
        for step in &self.steps {
            let check = |first: u32, count: usize| {
                let first = first as usize;
                assert!(first + count <= rows, "{}: rows {first} to {} of {rows}", step.op, first + count);
                // These may be read where the example has them.
                assert!(first != LABEL_ROW || count == 1, "{}: {count} rows of a label", step.op);
                assert!(first != FEATURES_ROW || count <= features, "{}: {count} rows of {features} features", step.op);
            };
            for (&space, first) in step.input_spaces().iter().zip(step.inputs) {
                check(first, sizes[space as usize]);
            }
            if let Some(space) = step.op.output() {
                check(step.out, if step.op.writes_one_element() { 1 } else { sizes[space as usize] });
            }
            assert!(!step.op.is_random() || (step.draw as usize) < self.ordinals.len(), "{}: draw {}", step.op, step.draw);
            assert!(spare_rows(step.op, features) <= self.spare_rows, "{}: too little spare memory", step.op);
        }
    }

    /// The kind of tasks that it was decoded for.
    pub(crate) fn interface(&self) -> Interface {
        self.interface
    }

    /// The ordinals of the random steps, in the order of [`Step::draw`].
    pub(crate) fn ordinals(&self) -> &[u32] {
        &self.ordinals
    }

    /// How many rows of spare memory the kernels of these steps need.
    pub(crate) fn spare_rows(&self) -> usize {
        self.spare_rows
    }
}

fn decode(instruction: &Instruction, function: ComponentFunction, draw: u32, layout: &Layout) -> Step {
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
    Step { kind: Kind::Op(instruction.op()), op: instruction.op(), out: out as u32, inputs, constants, draw, position: 0 }
}

/// A sum or difference together with the product that it takes.
fn decode_pair(product: &Instruction, taker: &Instruction, function: ComponentFunction, layout: &Layout) -> Step {
    let row = |(space, address)| layout.row_to_read(function, space, address) as u32;
    let taken = product.writes();
    let mut factors = product.reads().map(row);
    let mut factor = || factors.next().expect("a product has two inputs");
    let other = taker.reads().find(|&read| Some(read) != taken).map(row).expect("one input is not the product");
    let takes_first = taker.reads().next() == taken;
    let combined = match taker.op() {
        Op::VectorDiff | Op::MatrixDiff if takes_first => Combined::DiffOf,
        Op::VectorDiff | Op::MatrixDiff => Combined::DiffFrom,
        _ => Combined::Sum,
    };
    let kind = if product.op() == Op::VectorOuterProduct { Kind::Outer(combined) } else { Kind::Scaled(combined) };
    let (space, out) = taker.writes().expect("a sum has an output");
    let out = layout.row(space, out) as u32;
    Step { kind, op: taker.op(), out, inputs: [factor(), factor(), other], constants: [0.0; 2], draw: 0, position: 0 }
}
