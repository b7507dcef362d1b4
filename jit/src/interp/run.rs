//! The training and validation loops of the interpreter.

use super::code::{Code, Step};
#[cfg(target_arch = "x86_64")]
use super::dispatch::Avx2;
use super::dispatch::{Baseline, Isa};
use super::step::Draws;
use crate::exec::chunk::{Block, Chunk, Engine, RunSettings, Scoring};
use crate::exec::layout::{FEATURES_ROW, LABEL_ROW, PREDICTION_ROW};
use crate::exec::math;
use crate::lang::ComponentFunction;

/// Runs one decoded program on chunks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interpreter<'a> {
    /// The decoded program.
    pub(crate) code: &'a Code,
    /// F, scoring and stopping.
    pub(crate) settings: RunSettings,
}

impl Engine for Interpreter<'_> {
    fn setup(&mut self, chunk: &mut Chunk) {
        self.dispatch(chunk, Phase::Setup);
    }

    fn train(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>) {
        self.dispatch(chunk, Phase::Train(block, errors));
    }

    fn validate(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>) {
        self.dispatch(chunk, Phase::Validate(block, errors));
    }
}

enum Phase<'a> {
    Setup,
    Train(Block<'a>, Option<&'a mut [f64]>),
    Validate(Block<'a>, Option<&'a mut [f64]>),
}

impl Interpreter<'_> {
    fn dispatch(&self, chunk: &mut Chunk, phase: Phase<'_>) {
        match chunk.width() {
            2 => self.dispatch_isa::<2>(chunk, phase),
            4 => self.dispatch_isa::<4>(chunk, phase),
            8 => self.dispatch_isa::<8>(chunk, phase),
            12 => self.dispatch_isa::<12>(chunk, phase),
            16 => self.dispatch_isa::<16>(chunk, phase),
            width => unreachable!("no chunk has {width} lanes"),
        }
    }

    fn dispatch_isa<const L: usize>(&self, chunk: &mut Chunk, phase: Phase<'_>) {
        #[cfg(target_arch = "x86_64")]
        if let Some(isa) = Avx2::detect() {
            return self.run::<_, L>(isa, chunk, phase);
        }
        self.run::<_, L>(Baseline, chunk, phase);
    }

    fn run<I: Isa + Copy, const L: usize>(&self, isa: I, chunk: &mut Chunk, phase: Phase<'_>) {
        match phase {
            Phase::Setup => self.component::<I, L>(isa, chunk, ComponentFunction::Setup, 0),
            Phase::Train(block, errors) => self.train_lanes::<I, L>(isa, chunk, block, errors),
            Phase::Validate(block, errors) => self.validate_lanes::<I, L>(isa, chunk, block, errors),
        }
    }

    #[inline(always)]
    fn component<I: Isa + Copy, const L: usize>(&self, isa: I, chunk: &mut Chunk, function: ComponentFunction, step: u64) {
        let steps: &[Step] = self.code.function(function);
        let (memory, spare, keys) = chunk.parts();
        let (rows, _) = memory.as_chunks_mut::<L>();
        let (spare, _) = spare.as_chunks_mut::<L>();
        isa.run(steps, self.settings.features, rows, spare, Draws { keys, step });
    }

    /// Puts the features of example `example` of the block into `v0` and a label into `s0`, and runs Predict.
    #[inline(always)]
    fn predict<I: Isa + Copy, const L: usize>(&self, isa: I, chunk: &mut Chunk, block: &Block<'_>, example: usize) {
        let f = self.settings.features;
        let (rows, _) = chunk.memory_mut().as_chunks_mut::<L>();
        rows[LABEL_ROW] = [0.0; L];
        let (features, _) = block.features[example * f * L..][..f * L].as_chunks::<L>();
        rows[FEATURES_ROW..FEATURES_ROW + f].copy_from_slice(features);
        self.component::<I, L>(isa, chunk, ComponentFunction::Predict, block.first_step + example as u64);
    }

    fn train_lanes<I: Isa + Copy, const L: usize>(&self, isa: I, chunk: &mut Chunk, block: Block<'_>, mut errors: Option<&mut [f64]>) {
        for example in 0..block.count {
            self.predict::<I, L>(isa, chunk, &block, example);
            let label: [f64; L] = lanes(&block.labels[example * L..]);
            let (rows, _) = chunk.memory_mut().as_chunks_mut::<L>();
            if self.settings.scoring == Scoring::Accuracy {
                rows[PREDICTION_ROW] = rows[PREDICTION_ROW].map(math::sigmoid);
            }
            let prediction = rows[PREDICTION_ROW];
            let error: [f64; L] = std::array::from_fn(|lane| (label[lane] - prediction[lane]).abs());
            if let Some(errors) = &mut errors {
                errors[example * L..][..L].copy_from_slice(&error);
            }
            if self.any_beyond(&error) && chunk.stop_training(example, self.settings.freeze_training, |lane| self.is_beyond(error[lane])) {
                return;
            }
            let (rows, _) = chunk.memory_mut().as_chunks_mut::<L>();
            rows[LABEL_ROW] = label;
            self.component::<I, L>(isa, chunk, ComponentFunction::Learn, block.first_step + example as u64);
        }
    }

    fn validate_lanes<I: Isa + Copy, const L: usize>(&self, isa: I, chunk: &mut Chunk, block: Block<'_>, mut errors: Option<&mut [f64]>) {
        let mut loss: [f64; L] = lanes(chunk.loss());
        for example in 0..block.count {
            self.predict::<I, L>(isa, chunk, &block, example);
            let label: [f64; L] = lanes(&block.labels[example * L..]);
            let (rows, _) = chunk.memory_mut().as_chunks_mut::<L>();
            let prediction = rows[PREDICTION_ROW];
            let error: [f64; L] = match self.settings.scoring {
                Scoring::Rms => std::array::from_fn(|lane| (label[lane] - prediction[lane]).abs()),
                Scoring::Accuracy => std::array::from_fn(|lane| {
                    let positive = math::sigmoid(prediction[lane]) > 0.5;
                    if (label[lane] > 0.5) == positive { 0.0 } else { 1.0 }
                }),
            };
            for lane in 0..L {
                loss[lane] += error[lane] * error[lane];
            }
            if let Some(errors) = &mut errors {
                errors[example * L..][..L].copy_from_slice(&error);
            }
            if self.any_beyond(&error)
                && chunk.fail_validation(example, self.settings.freeze_validation, |lane| self.is_beyond(error[lane]))
            {
                return;
            }
        }
        chunk.set_loss(&loss);
    }

    #[inline(always)]
    fn any_beyond<const L: usize>(&self, error: &[f64; L]) -> bool {
        error.iter().fold(false, |any, &error| any | self.is_beyond(error))
    }

    /// Whether an error ends training or validation: NaN or above the largest allowed.
    #[inline(always)]
    fn is_beyond(&self, error: f64) -> bool {
        error.is_nan() || error > self.settings.max_abs_error
    }
}

#[inline(always)]
fn lanes<const L: usize>(values: &[f64]) -> [f64; L] {
    std::array::from_fn(|lane| values[lane])
}
