//! The training and validation loops of the interpreter.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::calls::{Base, Call, Calls};
use crate::exec::simd::Register;
use crate::exec::simd::{Loops, SimdLevel, run_loops};
use crate::kernel::{Classes, Classification, Context, ErrorBody, ErrorRows, Errors, Regression};
use crate::lanes::layout::{ClassRows, FEATURES_ROW, LABEL_ROW, least_rows, prediction_rows};
use crate::lanes::{Block, Chunk, Engine, Row, RunSettings};
use crate::lang::Scoring;
use crate::lang::{CLASSES, ComponentFunction, Interface};
use crate::plan::Plan;

/// Runs one plan on chunks.
#[derive(Debug)]
pub(crate) struct Interpreter<'a> {
    /// The plan.
    pub(crate) plan: &'a Plan,
    /// Its calls for the width of the chunk last run on.
    pub(crate) calls: &'a mut Calls,
    /// F, scoring and stopping.
    pub(crate) settings: RunSettings,
}

impl Engine for Interpreter<'_> {
    fn setup(&mut self, chunk: &mut Chunk) {
        let nothing = Block { features: &[], labels: &[], count: 0, first_step: 0 };
        self.run::<Setup>(chunk, nothing, None);
    }

    fn train(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>) {
        match self.settings.scoring {
            Scoring::Rms => self.run::<Train<Regression>>(chunk, block, errors),
            Scoring::Accuracy => self.run::<Train<Classification>>(chunk, block, errors),
            Scoring::Classes => self.run::<Train<Classes>>(chunk, block, errors),
        }
    }

    fn validate(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>) {
        match self.settings.scoring {
            Scoring::Rms => self.run::<Validate<Regression>>(chunk, block, errors),
            Scoring::Accuracy => self.run::<Validate<Classification>>(chunk, block, errors),
            Scoring::Classes => self.run::<Validate<Classes>>(chunk, block, errors),
        }
    }
}

impl Interpreter<'_> {
    fn run<L>(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>)
    where
        L: for<'a> Loops<Pass<'a> = Pass<'a>>,
    {
        let (width, settings) = (chunk.width(), self.settings);
        assert_eq!(chunk.tile(), width, "the interpreter has all lanes of a chunk in one tile");
        let shape = (width, chunk.memory_mut().len() / width);
        if self.calls.shape() != shape {
            self.calls.set(self.plan, settings.features, shape);
        }
        // What the kernels will touch exists: the calls were checked against the rows of this memory; examples lie in the block.
        let (memory, scratch, keys) = chunk.parts();
        let interface = settings.scoring.interface();
        assert!(self.plan.interface() == interface, "code for other tasks");
        assert!(interface == Interface::Number || settings.features >= CLASSES, "too few features for classes");
        assert!(memory.len() >= least_rows(interface, settings.features) * width, "memory without the addresses that always exist");
        assert!(scratch.len() >= self.plan.scratch_rows() * width && keys.len() >= self.plan.ordinals().len() * width);
        assert!(block.features.len() >= block.count * settings.features * width && block.labels.len() >= block.count * width);
        assert!(errors.as_ref().is_none_or(|errors| errors.len() >= block.count * width), "too short a list of errors");
        let mut pass = Pass { chunk, calls: self.calls, settings, block, errors };
        // SAFETY: the calls are for this width and this many rows, on this machine's level; the other lengths were checked above.
        unsafe { run_loops::<L>(SimdLevel::of_machine(), width, &mut pass) }
    }
}

/// A loop over the examples of a block on one chunk.
struct Pass<'a> {
    chunk: &'a mut Chunk,
    calls: &'a Calls,
    settings: RunSettings,
    block: Block<'a>,
    errors: Option<&'a mut [f64]>,
}

/// Where the inputs of one example lie.
#[derive(Clone, Copy)]
struct Example {
    number: usize,
    memory: *mut f64,
    features: *const f64,
    label: *const f64,
}

impl Pass<'_> {
    /// The first example of the block.
    fn first(&mut self) -> Example {
        let memory = self.chunk.memory_mut().as_mut_ptr();
        Example { number: 0, memory, features: self.block.features.as_ptr(), label: self.block.labels.as_ptr() }
    }

    /// Puts features and a label, or no label, into memory too, if somebody looks there.
    #[inline(always)]
    fn show_inputs(&mut self, example: &mut Example, labelled: bool) {
        if !self.settings.inputs_in_memory {
            return;
        }
        let (f, width) = (self.settings.features, self.chunk.width());
        let (features, labels) = (&self.block.features[example.number * f * width..], &self.block.labels[example.number * width..]);
        let memory = self.chunk.memory_mut();
        memory[FEATURES_ROW * width..][..f * width].copy_from_slice(&features[..f * width]);
        if self.settings.scoring.interface() == Interface::Classes {
            let rows = ClassRows::of(f);
            if labelled {
                memory.copy_within(rows.label * width..(rows.label + f) * width, rows.zero * width);
            } else {
                memory[rows.zero * width..][..f * width].fill(0.0);
            }
        } else if labelled {
            memory[LABEL_ROW * width..][..width].copy_from_slice(&labels[..width]);
        } else {
            memory[LABEL_ROW * width..][..width].fill(0.0);
        }
        example.memory = memory.as_mut_ptr();
    }

    /// Between Predict and Learn, or after Predict: the errors of an example, listed if somebody wants them. Whether one is beyond the limit.
    ///
    /// # Safety
    /// The example is one of the block, its rows have `R` registers `V`, and so has `loss` in validation.
    #[inline(always)]
    unsafe fn judge<E: Errors, B: ErrorBody, V: Register, const R: usize>(
        &mut self,
        example: &Example,
        Row(error): &mut Row,
        loss: *mut f64,
    ) -> bool {
        let (width, features) = (R * V::LANES, self.settings.features);
        let (prediction_row, _) = prediction_rows(E::INTERFACE, features);
        // SAFETY: label and prediction are rows of the example, and errors and losses have room for a row; that memory has the rows that
        // classes need was checked.
        let beyond = unsafe {
            let prediction = example.memory.add(prediction_row * width);
            B::run::<V, R>(ErrorRows {
                error: error.as_mut_ptr(),
                label: example.label,
                prediction,
                loss,
                limit: self.settings.max_abs_error,
                features,
            })
        };
        if let Some(errors) = &mut self.errors {
            errors[example.number * width..][..width].copy_from_slice(&error[..width]);
        }
        beyond
    }

    fn context(&mut self) -> Context {
        let (_, scratch, keys) = self.chunk.parts();
        Context { keys: keys.as_ptr(), step: 0, scratch: scratch.as_mut_ptr() }
    }
}

impl Example {
    /// The one after it; of the last one, nothing that may be looked at.
    #[inline(always)]
    fn next(self, features: usize, width: usize) -> Example {
        Example {
            number: self.number + 1,
            memory: self.memory,
            features: self.features.wrapping_add(features * width),
            label: self.label.wrapping_add(width),
        }
    }
}

/// Runs the calls of a component function on an example.
///
/// # Safety
/// The calls are for the machine and the width of the chunk, and the example's pointers for its memory and one of its examples.
#[inline(always)]
unsafe fn run_calls(calls: &[Call], example: &Example, context: &Context) {
    let bases: [*const f64; 3] = [example.memory, example.features, example.label];
    for call in calls {
        let [a, b, c] = call.inputs;
        let [base_a, base_b, base_c]: [Base; 3] = call.bases;
        // SAFETY: by the caller's promise, offsets stay within what the bases point to.
        unsafe {
            (call.kernel)(
                example.memory.add(call.out),
                bases[base_a as usize].add(a),
                bases[base_b as usize].add(b),
                bases[base_c as usize].add(c),
                &call.operation,
                context,
            );
        }
    }
}

struct Setup;
struct Train<E>(PhantomData<E>);
struct Validate<E>(PhantomData<E>);

impl Loops for Setup {
    type Pass<'a> = Pass<'a>;

    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(pass: &mut Pass<'_>) {
        let context = pass.context();
        let memory = pass.chunk.memory_mut().as_mut_ptr();
        let example = Example { number: 0, memory, features: memory, label: memory };
        // SAFETY: by the caller's promise; Setup reads memory only.
        unsafe { run_calls(pass.calls.function(ComponentFunction::Setup), &example, &context) }
    }
}

impl<E: Errors> Loops for Train<E> {
    type Pass<'a> = Pass<'a>;

    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(pass: &mut Pass<'_>) {
        let (settings, calls, width) = (pass.settings, pass.calls, R * V::LANES);
        let [predict, learn] = [ComponentFunction::Predict, ComponentFunction::Learn].map(|function| calls.function(function));
        let mut context = pass.context();
        let mut error = Row::ZERO;
        let mut example = pass.first();
        for number in 0..pass.block.count {
            context.step = pass.block.first_step + number as u64;
            pass.show_inputs(&mut example, false);
            // SAFETY: by the caller's promise; `number` is an example of the block.
            let is_beyond = unsafe {
                run_calls(predict, &example, &context);
                pass.judge::<E, E::Train, V, R>(&example, &mut error, std::ptr::null_mut())
            };
            if is_beyond {
                let beyond = |lane: usize| error.0[lane].is_nan() || error.0[lane] > settings.max_abs_error;
                if pass.chunk.stop_training(number, settings.freeze_training, 0..width, beyond) {
                    return;
                }
                example.memory = pass.chunk.memory_mut().as_mut_ptr();
            }
            pass.show_inputs(&mut example, true);
            // SAFETY: as above.
            unsafe { run_calls(learn, &example, &context) };
            example = example.next(settings.features, width);
        }
    }
}

impl<E: Errors> Loops for Validate<E> {
    type Pass<'a> = Pass<'a>;

    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(pass: &mut Pass<'_>) {
        let (settings, calls, width) = (pass.settings, pass.calls, R * V::LANES);
        let predict = calls.function(ComponentFunction::Predict);
        let mut context = pass.context();
        let mut error = Row::ZERO;
        let mut loss = Row::ZERO;
        loss.0[..width].copy_from_slice(pass.chunk.loss());
        let mut example = pass.first();
        for number in 0..pass.block.count {
            context.step = pass.block.first_step + number as u64;
            pass.show_inputs(&mut example, false);
            // SAFETY: by the caller's promise; `number` is an example of the block.
            let is_beyond = unsafe {
                run_calls(predict, &example, &context);
                pass.judge::<E, E::Valid, V, R>(&example, &mut error, loss.0.as_mut_ptr())
            };
            if is_beyond {
                let beyond = |lane: usize| error.0[lane].is_nan() || error.0[lane] > settings.max_abs_error;
                if pass.chunk.fail_validation(number, settings.freeze_validation, 0..width, beyond) {
                    return;
                }
                example.memory = pass.chunk.memory_mut().as_mut_ptr();
            }
            example = example.next(settings.features, width);
        }
        pass.chunk.set_loss(&loss.0[..width]);
    }
}
