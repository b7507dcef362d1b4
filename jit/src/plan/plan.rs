//! A program decoded for execution: addresses as row offsets, index fractions as elements, constants as f64, pairs of instructions fused.

use super::fusion::{Fusion, Role};
use super::step::{Step, decode, decode_pair};
use crate::kernel::scratch_rows;
use crate::lanes::Layout;
use crate::lanes::layout::{FEATURES_ROW, LABEL_ROW};
use crate::lang::{ComponentFunction, Interface, Op, Program, Space};

/// A decoded program: Setup, Predict and Learn in one buffer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    steps: Vec<Step>,
    ends: [usize; 2],
    ordinals: Vec<u32>,
    scratch_rows: usize,
    interface: Interface,
}

impl Plan {
    /// Decodes `program` for `layout`; `ordinals` has the number of each instruction's draws (used for random ones only).
    pub(crate) fn set(&mut self, program: &Program, ordinals: &[u32], fusion: &Fusion, layout: &Layout) {
        self.steps.clear();
        self.ordinals.clear();
        self.scratch_rows = 0;
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
                self.scratch_rows = self.scratch_rows.max(scratch_rows(instruction.op(), layout.features()));
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

    /// Where the steps of one component function are among [`Plan::steps`].
    pub(crate) fn range(&self, function: ComponentFunction) -> std::ops::Range<usize> {
        match function {
            ComponentFunction::Setup => 0..self.ends[0],
            ComponentFunction::Predict => self.ends[0]..self.ends[1],
            ComponentFunction::Learn => self.ends[1]..self.steps.len(),
        }
    }

    /// Makes sure that nothing which runs these steps goes beyond what it is given: `rows` rows of memory, the rows of features and
    /// labels, a draw key for each ordinal and [`Plan::scratch_rows`]. What kernels and native code rely on is this.
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
            assert!(scratch_rows(step.op, features) <= self.scratch_rows, "{}: too little scratch memory", step.op);
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

    /// How many rows of scratch memory the kernels of these steps need.
    pub(crate) fn scratch_rows(&self) -> usize {
        self.scratch_rows
    }
}
