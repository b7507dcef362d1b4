//! From a decoded program to Cranelift IR.
//!
//! One function holds Setup and the loops over examples. In [`Form::Registers`], rows of scalars and vectors are SSA values within one
//! example of one tile: loaded at first use, stored only if they can matter to the next example (or if memory is observed). Other rows,
//! and all rows in [`Form::Chain`], stay in memory, where kernels work on them.

mod ops;
mod rows;
#[cfg(test)]
mod tests;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{AbiParam, Block, BlockArg, Endianness, InstBuilder, MemFlagsData, SigRef, Signature, SourceLoc, Value, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::frame::{self, offset};
use super::{CodePath, CodePaths, Form, Unit, rows_of};
use crate::exec::simd::SimdLevel;
use crate::kernel::error_kernel;
use crate::lanes::layout::{ClassRows, FEATURES_ROW, LABEL_ROW, PREDICTION_ROW, prediction_rows};
use crate::lang::Scoring;
use crate::lang::{CLASSES, ComponentFunction, Interface, Space};
use crate::plan::Step;
use rows::Rows;

/// Where in the unit a piece of code belongs: instructions by their position in the program, and the code around them.
pub(super) const EVALUATION_LOC: u32 = u32::MAX - 1;

/// About how many vector operations the program unrolls to.
pub(super) fn operations(unit: &Unit<'_>) -> usize {
    let f = unit.settings.features;
    let elements = |space: Space| match space {
        Space::Vector if unit.form == Form::Registers => f,
        _ => 1,
    };
    let of_step = |step: &Step| step.operand_spaces().map(elements).max().unwrap_or(0) + 1;
    unit.plan.steps().iter().map(of_step).sum()
}

/// How memory is accessed: addresses are always valid, though not always aligned to a vector register.
fn flags() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

struct Emitter<'a, 'f> {
    unit: &'a Unit<'a>,
    builder: FunctionBuilder<'f>,
    frame: Value,
    /// The memory of the current tile.
    memory: Value,
    /// Bytes of a list of one f64 a lane before the current tile.
    lanes_before: Value,
    constants: Value,
    /// What kernels are told, by step.
    operations: Value,
    /// What kernels draw from.
    context: Value,
    /// The slot of each step's constant.
    slots: Vec<u32>,
    rows: Rows,
    /// For each row its space, and whether its value at the beginning of Predict can matter.
    facts: Vec<(Space, bool)>,
    /// The current example's features, where rows of `v0` come from; `None` in Setup.
    features: Option<Value>,
    /// Likewise its label, in Learn.
    label: Option<Value>,
    /// The number of the current step.
    step: Value,
    kernel_signature: Option<SigRef>,
    stop_signature: Option<SigRef>,
    error_signature: Option<SigRef>,
    paths: CodePaths,
}

/// Builds the body of the program's function, whose only parameter is a pointer to the frame. Returns the ways that it took.
///
/// # Panics
/// If a step is not for the layout: of code that would touch anything else nothing is made.
pub(super) fn emit(
    unit: &Unit<'_>,
    func: &mut cranelift_codegen::ir::Function,
    context: &mut FunctionBuilderContext,
    frontend: TargetFrontendConfig,
) -> CodePaths {
    unit.plan.check(unit.settings.features, unit.layout.rows());
    let interface = unit.settings.scoring.interface();
    assert!(unit.plan.interface() == interface && unit.layout.interface() == interface, "code for other tasks");
    assert!(interface == Interface::Number || unit.settings.features >= CLASSES, "too few features for classes");
    let mut builder = FunctionBuilder::new(func, context);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    builder.set_srcloc(SourceLoc::new(EVALUATION_LOC));
    let frame = builder.block_params(entry)[0];
    let memory = builder.ins().load(types::I64, flags(), frame, offset::MEMORY);
    let constants = builder.ins().load(types::I64, flags(), frame, offset::CONSTANTS);
    let operations = builder.ins().load(types::I64, flags(), frame, offset::OPERATIONS);
    let context_value = builder.ins().load(types::I64, flags(), frame, offset::CONTEXT);
    let zero = builder.ins().iconst(types::I64, 0);
    let mut slots = vec![0; unit.plan.steps().len()];
    for (slot, (index, _)) in frame::constant_slots(unit.plan).enumerate() {
        slots[index] = slot as u32 + 1;
    }
    let mut emitter = Emitter {
        unit,
        builder,
        frame,
        memory,
        lanes_before: zero,
        constants,
        operations,
        context: context_value,
        slots,
        rows: Rows::new(unit.layout.rows()),
        facts: row_facts(unit),
        features: None,
        label: None,
        step: zero,
        kernel_signature: None,
        stop_signature: None,
        error_signature: None,
        paths: CodePaths::default(),
    };
    emitter.paths.insert(match unit.form {
        Form::Registers => CodePath::Registers,
        Form::Chain if unit.tile == 1 => CodePath::ChainAlong,
        Form::Chain => CodePath::ChainLanes,
    });
    emitter.paths.insert(if unit.observe { CodePath::Observed } else { CodePath::Production });
    let phase = emitter.load_word(offset::PHASE);
    let [setup, examples] = [(); 2].map(|()| emitter.builder.create_block());
    emitter.builder.ins().brif(phase, examples, &[], setup, &[]);

    emitter.builder.switch_to_block(setup);
    emitter.tiles(&[], |emitter, _| {
        emitter.component(ComponentFunction::Setup);
        emitter.store_dirty(|emitter, row| emitter.outlives_example(row));
        Vec::new()
    });
    emitter.builder.ins().return_(&[]);

    emitter.builder.switch_to_block(examples);
    let validates = emitter.builder.ins().icmp_imm_u(IntCC::Equal, phase, frame::VALIDATE as i64);
    emitter.examples(validates);
    emitter.builder.set_srcloc(SourceLoc::new(EVALUATION_LOC));
    emitter.builder.ins().return_(&[]);
    emitter.builder.seal_all_blocks();
    let paths = emitter.paths;
    emitter.builder.finalize(frontend);
    paths
}

impl Emitter<'_, '_> {
    /// The loop over the examples of a block, and in it over the tiles of the chunk; ends in an open block after it. Each tile goes through
    /// Predict, error and Learn by itself; what it does depends on no other, so that the processor overlaps the chains of several.
    /// Between two examples of a tile everything is in its memory.
    fn examples(&mut self, validates: Value) {
        let count = self.load_word(offset::COUNT);
        let features = self.load_word(offset::FEATURES);
        let first_step = self.load_word(offset::FIRST_STEP);
        let labels = self.load_word(offset::LABELS);
        let initial = [self.lanes_before, features, labels];
        let head = self.block_like(&initial);
        let body = self.builder.create_block();
        let exit = self.builder.create_block();
        self.jump(head, &initial);
        self.builder.switch_to_block(head);
        let &[example, features, labels] = self.builder.block_params(head) else { unreachable!("as many as initial values") };
        let more = self.builder.ins().icmp(IntCC::UnsignedLessThan, example, count);
        self.builder.ins().brif(more, body, &[], exit, &[]);

        self.builder.switch_to_block(body);
        self.step = self.builder.ins().iadd(first_step, example);
        let after = self.tiles(&[features, labels], |emitter, values| {
            emitter.example(validates, example, values[0], values[1]);
            let features = emitter.unit.settings.features;
            [features, 1].into_iter().zip(values).map(|(rows, &at)| emitter.after_rows(at, rows)).collect()
        });
        let next = self.add_constant(example, 1);
        self.jump(head, &[next, after[0], after[1]]);
        self.builder.switch_to_block(exit);
        self.features = None;
    }

    /// Runs `body` for each tile, with values that it gives to itself from tile to tile, at first `initial`; returns the last ones.
    fn tiles(&mut self, initial: &[Value], body: impl FnOnce(&mut Self, &[Value]) -> Vec<Value>) -> Vec<Value> {
        let (memory, first) = (self.memory, self.lanes_before);
        let lanes = self.load_word(offset::LANES);
        let mut arguments = vec![memory, first];
        arguments.extend(initial);
        let head = self.block_like(&arguments);
        self.jump(head, &arguments);
        self.builder.switch_to_block(head);
        let params = self.builder.block_params(head).to_vec();
        (self.memory, self.lanes_before) = (params[0], params[1]);
        self.rows = Rows::new(self.unit.layout.rows());
        let values = body(self, &params[2..]);
        self.builder.set_srcloc(SourceLoc::new(EVALUATION_LOC));
        let rows = self.unit.layout.rows();
        let mut again = vec![self.after_rows(params[0], rows), self.after_rows(params[1], 1)];
        again.extend(&values);
        let more = self.builder.ins().icmp(IntCC::UnsignedLessThan, again[1], lanes);
        let after = self.builder.create_block();
        self.builder.ins().brif(more, head, &block_args(&again), after, &[]);
        self.builder.switch_to_block(after);
        (self.memory, self.lanes_before) = (memory, first);
        values
    }

    /// One example on one tile, with where its features and labels lie: Predict, then the error and, in training, Learn.
    fn example(&mut self, validates: Value, example: Value, features: Value, labels: Value) {
        self.features = Some(features);
        if self.unit.settings.inputs_in_memory {
            let rows = self.unit.settings.features;
            let to = self.row_pointer(FEATURES_ROW, rows);
            self.copy_rows(features, to, rows);
        }
        self.set_label(None);
        if self.interface() == Interface::Classes {
            self.show_zero_label();
        }
        self.component(ComponentFunction::Predict);
        self.builder.set_srcloc(SourceLoc::new(EVALUATION_LOC));
        let [validate, train, done] = [(); 3].map(|()| self.builder.create_block());
        self.builder.ins().brif(validates, validate, &[], train, &[]);
        let after_predict = self.rows.clone();

        self.builder.switch_to_block(validate);
        self.judge(labels, example, false);
        self.store_dirty(|emitter, row| emitter.outlives_example(row));
        self.builder.ins().jump(done, &[]);

        self.builder.switch_to_block(train);
        self.rows = after_predict;
        self.judge(labels, example, true);
        match self.interface() {
            Interface::Number => self.set_label(Some(labels)),
            Interface::Classes => self.show_label(),
        }
        self.component(ComponentFunction::Learn);
        self.builder.set_srcloc(SourceLoc::new(EVALUATION_LOC));
        self.store_dirty(|emitter, row| emitter.outlives_example(row));
        self.builder.ins().jump(done, &[]);
        self.builder.switch_to_block(done);
    }

    /// Sets `s0` to the label that lies there, or to zero.
    fn set_label(&mut self, labels: Option<Value>) {
        self.label = labels;
        match (self.unit.form, labels) {
            (Form::Registers, Some(labels)) => {
                let label = self.load_row(labels, 0);
                self.rows.set(LABEL_ROW, label);
            }
            (Form::Registers, None) => {
                let zero = self.zero();
                self.rows.set(LABEL_ROW, zero);
            }
            (Form::Chain, Some(labels)) if self.unit.settings.inputs_in_memory => {
                let to = self.row_pointer(LABEL_ROW, 1);
                self.copy_rows(labels, to, 1);
            }
            (Form::Chain, None) if self.unit.settings.inputs_in_memory => {
                let to = self.row_pointer(LABEL_ROW, 1);
                self.clear_rows(to, 1);
            }
            // Kernels read labels where they lie, and memory keeps its zero.
            (Form::Chain, _) => {}
        }
    }

    fn interface(&self) -> Interface {
        self.unit.settings.scoring.interface()
    }

    /// Puts the zero label of classes into memory, where memory is observed.
    fn show_zero_label(&mut self) {
        if self.unit.settings.inputs_in_memory {
            let f = self.unit.settings.features;
            let to = self.row_pointer(ClassRows::of(f).zero, f);
            self.clear_rows(to, f);
        }
    }

    /// Puts the label of classes into memory, where the error kernel left it in rows of its own, where memory is observed.
    fn show_label(&mut self) {
        if self.unit.settings.inputs_in_memory {
            let f = self.unit.settings.features;
            let ClassRows { zero, label, .. } = ClassRows::of(f);
            let [from, to] = [label, zero].map(|row| self.row_pointer(row, f));
            self.copy_rows(from, to, f);
            self.rows.forget(zero, f);
        }
    }

    /// What comes between Predict and Learn, or after Predict: the error, its part of the loss, and the end of lanes beyond the limit.
    fn judge(&mut self, labels: Value, example: Value, training: bool) {
        if self.unit.form == Form::Chain || self.unit.settings.scoring != Scoring::Rms {
            return self.judge_by_kernel(labels, example, training);
        }
        self.paths.insert(CodePath::ErrorInline);
        let label = self.load_row(labels, 0);
        let prediction = self.get(PREDICTION_ROW);
        let error = self.builder.ins().fsub(label, prediction);
        let error = self.builder.ins().fabs(error);
        if self.unit.observe {
            let errors = self.errors_of(labels);
            self.store_row(error, errors, 0);
        }
        if !training {
            let pointer = self.word_plus(offset::LOSS, self.lanes_before);
            let loss = self.load_row(pointer, 0);
            let square = self.builder.ins().fmul(error, error);
            let loss = self.builder.ins().fadd(loss, square);
            self.store_row(loss, pointer, 0);
        }
        self.stop_check(error, example, training);
    }

    /// The same in memory. In the training of a classification task the prediction is its sigmoid afterwards; of one with classes its
    /// softmax, and the rows of the label are set.
    fn judge_by_kernel(&mut self, labels: Value, example: Value, training: bool) {
        let is_of_classes = self.interface() == Interface::Classes;
        self.paths.insert(if is_of_classes { CodePath::ErrorOfClasses } else { CodePath::ErrorKernel });
        let features = self.unit.settings.features;
        let (first, count) = prediction_rows(self.interface(), features);
        self.flush(first, count);
        let errors = self.load_word(offset::STEP_ERRORS);
        // The rows of the label follow those of the prediction.
        let written = if is_of_classes { 2 * count } else { count };
        let prediction = self.row_pointer(first, written);
        let loss = self.word_plus(offset::LOSS, self.lanes_before);
        let limit = self.builder.ins().load(types::F64, flags(), self.constants, 0);
        let kernel = error_kernel(self.unit.settings.scoring, training, SimdLevel::of_machine(), self.unit.tile);
        let kernel = self.builder.ins().iconst(types::I64, kernel as *const () as i64);
        let signature = self.error_signature();
        let features = self.builder.ins().iconst(types::I64, features as i64);
        let call = self.builder.ins().call_indirect(signature, kernel, &[errors, labels, prediction, loss, limit, features]);
        let beyond = self.builder.inst_results(call)[0];
        self.rows.forget(first, written);
        if self.unit.observe {
            let list = self.errors_of(labels);
            self.copy_rows(errors, list, 1);
        }
        let [go_on, stop] = [(); 2].map(|()| self.builder.create_block());
        self.builder.set_cold_block(stop);
        self.builder.ins().brif(beyond, stop, &[], go_on, &[]);
        self.builder.switch_to_block(stop);
        let left = self.stop_on_host(example, training);
        self.leave_unless(left, go_on);
    }

    /// Leaves the function if no lane is left; goes on at a block otherwise, where code is emitted next.
    fn leave_unless(&mut self, left: Value, go_on: Block) {
        let leave = self.builder.create_block();
        self.builder.set_cold_block(leave);
        self.builder.ins().brif(left, go_on, &[], leave, &[]);
        self.builder.switch_to_block(leave);
        self.builder.ins().return_(&[]);
        self.builder.switch_to_block(go_on);
    }

    /// Where the errors of the example with these labels go.
    fn errors_of(&mut self, labels: Value) -> Value {
        let first = self.load_word(offset::LABELS);
        let before = self.builder.ins().isub(labels, first);
        self.word_plus(offset::ERRORS, before)
    }

    /// Goes on where every lane has an error within the limit; otherwise stops lanes, and leaves the function when none is left.
    fn stop_check(&mut self, error: Value, example: Value, training: bool) {
        let limit = self.load_row(self.constants, 0);
        let within = self.builder.ins().fcmp(FloatCC::LessThanOrEqual, error, limit);
        let all = self.builder.ins().vall_true(within);
        let [go_on, beyond, newly] = [(); 3].map(|()| self.builder.create_block());
        for cold in [beyond, newly] {
            self.builder.set_cold_block(cold);
        }
        self.builder.ins().brif(all, go_on, &[], beyond, &[]);

        // Lanes that stopped before may have any error.
        self.builder.switch_to_block(beyond);
        let masks = self.word_plus(offset::STOPPED, self.lanes_before);
        let excluded = self.builder.ins().load(types::I64X2, flags(), masks, 0);
        let fine = self.builder.ins().bor(within, excluded);
        let all = self.builder.ins().vall_true(fine);
        self.builder.ins().brif(all, go_on, &[], newly, &[]);

        self.builder.switch_to_block(newly);
        let settings = self.unit.settings;
        let freezes = if training { settings.freeze_training } else { settings.freeze_validation };
        let left = if freezes {
            let step_errors = self.load_word(offset::STEP_ERRORS);
            self.store_row(error, step_errors, 0);
            self.stop_on_host(example, training)
        } else {
            self.stop_here(fine, excluded, masks, example)
        };
        self.leave_unless(left, go_on);
    }

    /// Lets the host stop lanes by the errors in the frame, which also keeps their memory; returns whether any are left.
    fn stop_on_host(&mut self, example: Value, training: bool) -> Value {
        self.paths.insert(CodePath::StopOnHost);
        self.store_all_dirty_aside();
        let host = if training { frame::stop_training as *const () } else { frame::fail_validation as *const () };
        let signature = self.stop_signature();
        let host = self.builder.ins().iconst(types::I64, host as i64);
        let call = self.builder.ins().call_indirect(signature, host, &[self.frame, example, self.lanes_before]);
        self.builder.inst_results(call)[0]
    }

    /// Excludes the lanes that are not fine, without a call, since a call would cost the loop its registers; returns how many lanes are left.
    fn stop_here(&mut self, fine: Value, excluded: Value, masks: Value, example: Value) -> Value {
        self.paths.insert(CodePath::StopHere);
        let stopped_at = self.word_plus(offset::STOPPED_AT, self.lanes_before);
        let at = self.builder.ins().splat(types::I64X2, example);
        let mut left = self.load_word(offset::LEFT);
        let b = &mut self.builder;
        let before = b.ins().load(types::I64X2, flags(), stopped_at, 0);
        let now = b.ins().bitselect(fine, before, at);
        b.ins().store(flags(), now, stopped_at, 0);
        let newly = b.ins().bnot(fine);
        let excluded = b.ins().bor(excluded, newly);
        b.ins().store(flags(), excluded, masks, 0);
        // A mask is -1 in a lane that stops now.
        for lane in 0..2u8 {
            let stops = b.ins().extractlane(newly, lane);
            left = b.ins().iadd(left, stops);
        }
        b.ins().store(flags(), left, self.frame, offset::LEFT);
        left
    }

    /// The steps of one component function.
    fn component(&mut self, function: ComponentFunction) {
        for index in self.unit.plan.range(function) {
            let step = self.unit.plan.steps()[index];
            self.builder.set_srcloc(SourceLoc::new(step.position));
            if self.in_kernel(&step) {
                self.kernel_step(index, &step);
            } else {
                self.inline(index, &step);
            }
        }
    }

    /// Whether the step is left to its kernel: random draws, functions, matrices; in a chain everything.
    fn in_kernel(&self, step: &Step) -> bool {
        let has_matrix = || step.operand_spaces().any(|space| space == Space::Matrix) && !step.op.writes_one_element();
        self.unit.form == Form::Chain || step.op.is_random() || step.op.is_function() || has_matrix()
    }

    /// Whether a row's value must be in memory when an example (or Setup) ends.
    fn outlives_example(&self, row: usize) -> bool {
        self.unit.observe || self.facts[row].1
    }

    fn signature(&mut self, params: &[types::Type], returns: &[types::Type]) -> SigRef {
        let mut signature = Signature::new(self.builder.func.signature.call_conv);
        signature.params.extend(params.iter().map(|&param| AbiParam::new(param)));
        signature.returns.extend(returns.iter().map(|&result| AbiParam::new(result)));
        self.builder.import_signature(signature)
    }
}

fn row_facts(unit: &Unit<'_>) -> Vec<(Space, bool)> {
    let mut facts = vec![(Space::Scalar, false); unit.layout.rows()];
    for space in Space::ALL {
        for address in (0..crate::lang::MAX_ADDRESSES as u8).filter(|&address| unit.layout.has(space, address)) {
            let live = unit.live_before_predict.contains(space, address);
            facts[rows_of(unit.layout, space, address)].fill((space, live));
        }
    }
    if unit.layout.interface() == Interface::Classes {
        let f = unit.settings.features;
        facts[ClassRows::of(f).label..][..f].fill((Space::Vector, false));
    }
    facts
}

/// Vectors of floats and of integers have their lanes in the same order.
fn lane_order() -> MemFlagsData {
    MemFlagsData::new().with_endianness(Endianness::Little)
}

fn block_args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|&value| BlockArg::Value(value)).collect()
}
