//! The boundary between Rust and compiled code: the frame that a compiled function gets, the functions that it may call, and the call.
#![allow(unsafe_code)]

use std::sync::Arc;

use super::Unit;
use super::memory::CodePages;
use crate::exec::random::DrawKey;
use crate::kernel::{Context, Operation};
use crate::lanes::{Block, Chunk, Row};
use crate::lang::Op;
use crate::plan::Plan;

/// What a compiled function gets a pointer to. Compiled code reads the fields at the offsets in [`offset`] and writes only through them.
#[repr(C)]
pub(super) struct Frame {
    /// What to do: 0 for Setup, [`TRAIN`], [`VALIDATE`].
    phase: u64,
    memory: *mut f64,
    /// Bytes of a list of one f64 a lane.
    lanes: u64,
    /// Lanes that still count.
    left: u64,
    features: *const f64,
    labels: *const f64,
    count: u64,
    errors: *mut f64,
    stopped: *mut u64,
    stopped_at: *mut u64,
    loss: *mut f64,
    constants: *const f64,
    first_step: u64,
    step_errors: *mut f64,
    operations: *const Operation,
    keys: *const DrawKey,
    context: *mut Context,
    host: *mut Host,
}

/// Run Setup.
pub(super) const SETUP: u64 = 0;
/// Train on a block of examples.
pub(super) const TRAIN: u64 = 1;
/// Validate on a block of examples.
pub(super) const VALIDATE: u64 = 2;

/// Where the fields of a [`Frame`] lie, in bytes.
pub(super) mod offset {
    use super::Frame;
    use std::mem::offset_of;

    pub(crate) const PHASE: i32 = offset_of!(Frame, phase) as i32;
    pub(crate) const MEMORY: i32 = offset_of!(Frame, memory) as i32;
    /// Bytes of a list of one f64 a lane of the chunk.
    pub(crate) const LANES: i32 = offset_of!(Frame, lanes) as i32;
    /// How many lanes still count.
    pub(crate) const LEFT: i32 = offset_of!(Frame, left) as i32;
    pub(crate) const FEATURES: i32 = offset_of!(Frame, features) as i32;
    pub(crate) const LABELS: i32 = offset_of!(Frame, labels) as i32;
    pub(crate) const COUNT: i32 = offset_of!(Frame, count) as i32;
    pub(crate) const ERRORS: i32 = offset_of!(Frame, errors) as i32;
    /// Masks of the lanes that do not count: stopped in training, failed in validation.
    pub(crate) const STOPPED: i32 = offset_of!(Frame, stopped) as i32;
    /// The example at which each lane stopped or failed.
    pub(crate) const STOPPED_AT: i32 = offset_of!(Frame, stopped_at) as i32;
    pub(crate) const LOSS: i32 = offset_of!(Frame, loss) as i32;
    pub(crate) const CONSTANTS: i32 = offset_of!(Frame, constants) as i32;
    pub(crate) const FIRST_STEP: i32 = offset_of!(Frame, first_step) as i32;
    /// Where the errors of an example go before [`super::stop_training`] or [`super::fail_validation`] is called.
    pub(crate) const STEP_ERRORS: i32 = offset_of!(Frame, step_errors) as i32;
    /// What the kernel of each step is told, by step.
    pub(crate) const OPERATIONS: i32 = offset_of!(Frame, operations) as i32;
    /// Draw keys: of the first tile, then of the next.
    pub(crate) const KEYS: i32 = offset_of!(Frame, keys) as i32;
    /// What kernels draw from.
    pub(crate) const CONTEXT: i32 = offset_of!(Frame, context) as i32;
    /// Where the context has the step number, which is set before a random draw.
    pub(crate) const STEP_OF_CONTEXT: i32 = offset_of!(super::Context, step) as i32;
    /// Where it has the keys of the current tile, likewise.
    pub(crate) const KEYS_OF_CONTEXT: i32 = offset_of!(super::Context, keys) as i32;
}

/// What the functions that compiled code calls need. Valid for the time of one [`Invocation::call`].
struct Host {
    chunk: *mut Chunk,
    max_abs_error: f64,
    freeze_training: bool,
    freeze_validation: bool,
    step_errors: *const f64,
    tile: usize,
}

/// The address of a compiled function.
#[derive(Clone, Copy)]
pub(super) struct Entry(Function);

/// A compiled function.
///
/// # Safety
/// What the frame points to is there and has the lengths that the function was compiled for; the function's pages are still mapped.
type Function = unsafe extern "C" fn(*mut Frame);

impl Entry {
    /// # Panics
    /// If the address is not in the executable part of `pages`: then it is not a finalized function of theirs.
    pub(super) fn new(address: *const u8, pages: &Arc<CodePages>) -> Entry {
        assert!(pages.contains_code(address), "a compiled function outside its pages");
        // SAFETY: the address is that of a finalized function with the signature fn(I64) in the host's C convention, as `Compiler::define`
        // declares it, and lies in executable pages that whoever holds this entry (a `Compiled`) keeps alive.
        Entry(unsafe { std::mem::transmute::<*const u8, Function>(address) })
    }
}

/// Constants, and all that stays the same between the calls of one program.
pub(super) struct Invocation {
    /// What kernels are told, by step.
    operations: Vec<Operation>,
    settings: crate::lanes::RunSettings,
    constants: Vec<f64>,
    step_errors: Row,
    rows: usize,
    tile: usize,
    observe: bool,
    scratch_rows: usize,
    draws: usize,
}

/// The slot in the table of constants of each step that sets one; slot 0 is the largest allowed error.
pub(super) fn constant_slots(plan: &Plan) -> impl Iterator<Item = (usize, f64)> + '_ {
    let sets = |op| matches!(op, Op::ScalarConstSet | Op::VectorConstSet | Op::MatrixConstSet);
    plan.steps().iter().enumerate().filter(move |(_, step)| sets(step.op)).map(|(index, step)| (index, step.constants[0]))
}

impl Invocation {
    pub(super) fn new(unit: &Unit<'_>) -> Invocation {
        let mut constants = vec![unit.settings.max_abs_error; 2];
        constants.extend(constant_slots(unit.plan).flat_map(|(_, value)| [value; 2]));
        Invocation {
            operations: unit.plan.steps().iter().map(|step| step.operation(unit.settings.features, unit.tile)).collect(),
            settings: unit.settings,
            constants,
            step_errors: Row::ZERO,
            rows: unit.layout.rows(),
            tile: unit.tile,
            observe: unit.observe,
            scratch_rows: unit.plan.scratch_rows(),
            draws: unit.plan.ordinals().len(),
        }
    }

    /// Runs the compiled function of this program on a chunk and a block of its examples.
    ///
    /// # Panics
    /// If the shapes of chunk, block or error list are not those that the code was compiled for.
    pub(super) fn call(&mut self, entry: &Entry, phase: u64, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>) {
        let (width, training) = (chunk.width(), phase != VALIDATE);
        assert!(chunk.tile() == self.tile && width.is_multiple_of(self.tile), "code for other tiles");
        assert!(chunk.memory_mut().len() >= self.rows * width, "memory of another layout");
        let (_, scratch, keys) = chunk.parts();
        assert!(scratch.len() >= self.scratch_rows * self.tile, "too little scratch memory");
        assert!(keys.len() >= self.draws * width, "too few draw keys");
        assert!(block.features.len() >= block.count * self.settings.features * width && block.labels.len() >= block.count * width);
        assert!(errors.as_ref().is_none_or(|errors| errors.len() >= block.count * width), "too short a list of errors");
        let mut spilled = Vec::new();
        let errors = match errors {
            Some(errors) => errors,
            None if self.observe => {
                spilled.resize(block.count * width, 0.0);
                &mut spilled[..]
            }
            None => &mut [],
        };
        let left = (0..width).filter(|&lane| !if training { chunk.has_stopped(lane) } else { chunk.has_failed(lane) }).count() as u64;
        let pointers = chunk.pointers(training);
        let (_, scratch, keys) = chunk.parts();
        let step_errors = self.step_errors.0.as_mut_ptr();
        let mut context = Context { keys: keys.as_ptr(), step: 0, scratch: scratch.as_mut_ptr() };
        let mut host = Host {
            chunk,
            max_abs_error: self.settings.max_abs_error,
            freeze_training: self.settings.freeze_training,
            freeze_validation: self.settings.freeze_validation,
            step_errors,
            tile: self.tile,
        };
        let mut frame = Frame {
            phase,
            memory: pointers.memory,
            lanes: (width * size_of::<f64>()) as u64,
            left,
            features: block.features.as_ptr(),
            labels: block.labels.as_ptr(),
            count: block.count as u64,
            errors: errors.as_mut_ptr(),
            stopped: pointers.excluded,
            stopped_at: pointers.stopped_at,
            loss: pointers.loss,
            constants: self.constants.as_ptr(),
            first_step: block.first_step,
            step_errors,
            operations: self.operations.as_ptr(),
            keys: context.keys,
            context: &raw mut context,
            host: &raw mut host,
        };
        // SAFETY: the lengths behind all pointers were checked above, and nobody else uses what they point to until the call is over.
        // Compiled code stays within them: the emitter made sure of every row of the same layout that it addresses, and the loops end at
        // `count` examples and `lanes`. Whoever holds the entry (a `Compiled`) keeps its pages.
        unsafe { (entry.0)(&raw mut frame) };
    }
}

/// Stops the training of lanes of the tile that `before` bytes of a list of one f64 a lane come before, by the errors in the frame; 0 if no
/// lane of the chunk is left.
///
/// # Safety
/// `frame` is the one that the calling code was given, and nothing else uses its chunk until this returns.
pub(super) unsafe extern "C" fn stop_training(frame: *mut Frame, example: u64, before: u64) -> u64 {
    // SAFETY: by the caller's promise.
    unsafe { stop(frame, example, before, true) }
}

/// Fails the validation of lanes likewise.
///
/// # Safety
/// As for [`stop_training`].
pub(super) unsafe extern "C" fn fail_validation(frame: *mut Frame, example: u64, before: u64) -> u64 {
    // SAFETY: by the caller's promise.
    unsafe { stop(frame, example, before, false) }
}

/// # Safety
/// As for [`stop_training`].
unsafe fn stop(frame: *mut Frame, example: u64, before: u64, training: bool) -> u64 {
    // SAFETY: compiled code passes on the frame that `Invocation::call` made, whose host and chunk live until it returns; compiled code
    // and this function run on one thread, one after the other, so that no two references to the chunk are in use at a time.
    let (host, chunk) = unsafe {
        let host = &*(*frame).host;
        (host, &mut *host.chunk)
    };
    // SAFETY: the invocation's row of errors, of which there are at least `tile`, written by compiled code before the call.
    let errors = unsafe { std::slice::from_raw_parts(host.step_errors, host.tile) };
    let first = before as usize / size_of::<f64>();
    let lanes = first..first + host.tile;
    let beyond = |lane: usize| errors[lane - first].is_nan() || errors[lane - first] > host.max_abs_error;
    let none_left = if training {
        chunk.stop_training(example as usize, host.freeze_training, lanes, beyond)
    } else {
        chunk.fail_validation(example as usize, host.freeze_validation, lanes, beyond)
    };
    u64::from(!none_left)
}
