//! The training and validation loops of the interpreter.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::calls::{Base, Call, Calls};
use super::code::Code;
use crate::exec::chunk::{Block, Chunk, Engine, MAX_LANES, RunSettings, Scoring};
use crate::exec::layout::{FEATURES_ROW, LABEL_ROW, PREDICTION_ROW};
use crate::exec::simd::Register;
use crate::kernel::{Classification, Context, ErrorBody, ErrorRows, Loops, Regression, Score, Tier, TrainError, ValidError, run_loops};
use crate::lang::ComponentFunction;

/// Runs one decoded program on chunks.
#[derive(Debug)]
pub(crate) struct Interpreter<'a> {
    /// The decoded program.
    pub(crate) code: &'a Code,
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
        }
    }

    fn validate(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>) {
        match self.settings.scoring {
            Scoring::Rms => self.run::<Validate<Regression>>(chunk, block, errors),
            Scoring::Accuracy => self.run::<Validate<Classification>>(chunk, block, errors),
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
        if self.calls.width() != width {
            self.calls.set(self.code, settings.features, width);
        }
        // What the kernels will touch exists: addresses are rows of the layout that the chunk's memory was made for, and examples lie in
        // the block, whatever the program is.
        assert!(block.features.len() >= block.count * settings.features * width && block.labels.len() >= block.count * width);
        assert!(errors.as_ref().is_none_or(|errors| errors.len() >= block.count * width), "too short a list of errors");
        let mut pass = Pass { chunk, calls: self.calls, settings, block, errors };
        // SAFETY: the calls are for this width on this machine's tier, and the lengths were checked above.
        unsafe { run_loops::<L>(Tier::of_machine(), width, &mut pass) }
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
    /// Example `number`, with its inputs in memory too if somebody looks there; the label is `label` or zero.
    #[inline(always)]
    unsafe fn example<V: Register, const R: usize>(&mut self, number: usize) -> Example {
        let (f, width) = (self.settings.features, R * V::LANES);
        let example = Example {
            number,
            memory: self.chunk.memory_mut().as_mut_ptr(),
            features: self.block.features[number * f * width..].as_ptr(),
            label: self.block.labels[number * width..].as_ptr(),
        };
        if self.settings.inputs_in_memory {
            let memory = self.chunk.memory_mut();
            memory[LABEL_ROW * width..][..width].fill(0.0);
            memory[FEATURES_ROW * width..][..f * width].copy_from_slice(&self.block.features[number * f * width..][..f * width]);
        }
        example
    }

    /// Runs a component function on an example.
    ///
    /// # Safety
    /// As for [`run_loops`]; the example is one of the block's.
    #[inline(always)]
    unsafe fn component(&self, context: &mut Context, function: ComponentFunction, example: &Example) {
        context.step = self.block.first_step + example.number as u64;
        // SAFETY: by the caller's promise.
        unsafe { run_calls(self.calls.function(function), example, context) }
    }

    /// Between Predict and Learn, or after Predict: the errors of an example, listed if somebody wants them. Whether one is beyond the limit.
    #[inline(always)]
    unsafe fn judge<E: ErrorBody, V: Register, const R: usize>(
        &mut self,
        example: &Example,
        error: &mut [f64; MAX_LANES],
        loss: *mut f64,
    ) -> bool {
        let width = R * V::LANES;
        // SAFETY: label and prediction are rows of the example, and errors and losses have room for a row.
        let beyond = unsafe {
            let prediction = example.memory.add(PREDICTION_ROW * width);
            E::run::<V, R>(ErrorRows {
                error: error.as_mut_ptr(),
                label: example.label,
                prediction,
                loss,
                limit: self.settings.max_abs_error,
            })
        };
        if let Some(errors) = &mut self.errors {
            errors[example.number * width..][..width].copy_from_slice(&error[..width]);
        }
        beyond
    }

    fn context(&mut self) -> Context {
        let (_, spare, keys) = self.chunk.parts();
        Context { keys: keys.as_ptr(), step: 0, spare: spare.as_mut_ptr() }
    }
}

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
struct Train<S>(PhantomData<S>);
struct Validate<S>(PhantomData<S>);

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

impl<S: Score> Loops for Train<S> {
    type Pass<'a> = Pass<'a>;

    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(pass: &mut Pass<'_>) {
        let settings = pass.settings;
        let mut context = pass.context();
        let mut error = [0.0; MAX_LANES];
        for number in 0..pass.block.count {
            // SAFETY: by the caller's promise; `number` is an example of the block.
            unsafe {
                let example = pass.example::<V, R>(number);
                pass.component(&mut context, ComponentFunction::Predict, &example);
                if pass.judge::<TrainError<S>, V, R>(&example, &mut error, std::ptr::null_mut()) {
                    let beyond = |lane: usize| error[lane].is_nan() || error[lane] > settings.max_abs_error;
                    if pass.chunk.stop_training(number, settings.freeze_training, 0..R * V::LANES, beyond) {
                        return;
                    }
                }
                if settings.inputs_in_memory {
                    let (label, width) = (&pass.block.labels[number * R * V::LANES..], R * V::LANES);
                    pass.chunk.memory_mut()[LABEL_ROW * width..][..width].copy_from_slice(&label[..width]);
                }
                pass.component(&mut context, ComponentFunction::Learn, &example);
            }
        }
    }
}

impl<S: Score> Loops for Validate<S> {
    type Pass<'a> = Pass<'a>;

    #[inline(always)]
    unsafe fn run<V: Register, const R: usize>(pass: &mut Pass<'_>) {
        let settings = pass.settings;
        let mut context = pass.context();
        let mut error = [0.0; MAX_LANES];
        let mut loss = [0.0; MAX_LANES];
        loss[..R * V::LANES].copy_from_slice(pass.chunk.loss());
        for number in 0..pass.block.count {
            // SAFETY: by the caller's promise; `number` is an example of the block.
            unsafe {
                let example = pass.example::<V, R>(number);
                pass.component(&mut context, ComponentFunction::Predict, &example);
                if pass.judge::<ValidError<S>, V, R>(&example, &mut error, loss.as_mut_ptr()) {
                    let beyond = |lane: usize| error[lane].is_nan() || error[lane] > settings.max_abs_error;
                    if pass.chunk.fail_validation(number, settings.freeze_validation, 0..R * V::LANES, beyond) {
                        return;
                    }
                }
            }
        }
        pass.chunk.set_loss(&loss[..R * V::LANES]);
    }
}
