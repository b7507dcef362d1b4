//! Decoded steps as calls of kernels on rows of a certain width.

use crate::exec::simd::SimdLevel;
use crate::kernel::{Kernel, Operation, kernel};
use crate::lanes::layout::{FEATURES_ROW, LABEL_ROW};
use crate::lang::{ComponentFunction, Interface};
use crate::plan::{Plan, Step};

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
    /// Makes them the calls of `plan` for chunks of so many lanes and rows.
    ///
    /// # Panics
    /// If a step is not for so many rows ([`Plan::check`]).
    pub(crate) fn set(&mut self, plan: &Plan, features: usize, shape: (usize, usize)) {
        let level = SimdLevel::of_machine();
        let (width, rows) = shape;
        plan.check(features, rows);
        self.calls.clear();
        self.shape = shape;
        for function in ComponentFunction::ALL {
            self.ranges[function as usize] = plan.range(function);
            self.calls.extend(plan.function(function).iter().map(|step| call(step, function, plan.interface(), level, features, width)));
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
fn call(step: &Step, function: ComponentFunction, interface: Interface, level: SimdLevel, features: usize, width: usize) -> Call {
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
        kernel: kernel(step.kind, level, width, features),
        out: step.out as usize * width,
        inputs,
        bases,
        operation: step.operation(features, width),
    }
}
