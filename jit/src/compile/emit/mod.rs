//! From a decoded program to Cranelift IR.
//!
//! One function holds a whole loop over examples. Rows of scalars and of small vectors and matrices are SSA values: loaded at first use,
//! stored or carried to the next example only if they can matter there (or if memory is observed). Rows of larger operands stay in memory.

mod ops;
mod rows;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{AbiParam, Block, BlockArg, Endianness, InstBuilder, MemFlagsData, SigRef, Signature, SourceLoc, Value, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::frame::{self, offset};
use super::{Source, rows_of};
use crate::exec::chunk::Scoring;
use crate::exec::layout::{LABEL_ROW, PREDICTION_ROW};
use crate::interp::Step;
use crate::kernel::{Tier, sigmoid_kernel};
use crate::lang::{ComponentFunction, Op, Space};
use rows::Rows;

/// How many vector registers the values carried from example to example may take.
const CARRIED_REGISTERS: usize = 12;

/// The compiled functions of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// Setup.
    Setup,
    /// The loop of Predict, error and Learn over training examples.
    Train,
    /// The loop of Predict and error over validation examples.
    Validate,
}

impl Function {
    pub(crate) const ALL: [Function; 3] = [Function::Setup, Function::Train, Function::Validate];

    /// The name in listings.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Function::Setup => "Setup",
            Function::Train => "Train",
            Function::Validate => "Validate",
        }
    }

    /// The component functions that it contains, in order.
    pub(crate) const fn components(self) -> &'static [ComponentFunction] {
        match self {
            Function::Setup => &[ComponentFunction::Setup],
            Function::Train => &[ComponentFunction::Predict, ComponentFunction::Learn],
            Function::Validate => &[ComponentFunction::Predict],
        }
    }
}

/// Where in the source a piece of code belongs: steps by index, and the code around them.
pub(super) const EVALUATION_LOC: u32 = u32::MAX - 1;

/// One value per pair of tasks.
type Pairs<const P: usize> = [Value; P];

/// About how many vector operations the program unrolls to.
pub(super) fn operations(source: &Source<'_>) -> usize {
    let f = source.settings.features;
    let elements = |space: Space| match space {
        Space::Vector if source.inline.vectors => f,
        Space::Matrix if source.inline.matrices => f * f,
        _ => 1,
    };
    let of_step = |step: &Step| step.operand_spaces().map(elements).max().unwrap_or(0) + 1;
    source.code.steps().iter().map(of_step).sum::<usize>() * source.width / 2
}

/// Builds the body of one function, whose only parameter is a pointer to the frame.
pub(super) fn emit(
    source: &Source<'_>,
    function: Function,
    func: &mut cranelift_codegen::ir::Function,
    context: &mut FunctionBuilderContext,
    frontend: TargetFrontendConfig,
) {
    match source.width {
        2 => Emitter::<1>::build(source, function, func, context, frontend),
        4 => Emitter::<2>::build(source, function, func, context, frontend),
        8 => Emitter::<4>::build(source, function, func, context, frontend),
        12 => Emitter::<6>::build(source, function, func, context, frontend),
        16 => Emitter::<8>::build(source, function, func, context, frontend),
        width => unreachable!("no chunk has {width} lanes"),
    }
}

/// How memory is accessed: addresses are always valid, though not always aligned to a vector register.
fn flags() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

struct Emitter<'a, 'f, const P: usize> {
    source: &'a Source<'a>,
    function: Function,
    builder: FunctionBuilder<'f>,
    frame: Value,
    memory: Value,
    constants: Value,
    /// The slot of each step's constant.
    slots: Vec<u32>,
    rows: Rows<P>,
    /// For each row its space, and whether its value at the beginning of Predict can matter.
    facts: Vec<(Space, bool)>,
    /// The current example's features, where rows of `v0` come from; `None` in Setup.
    features: Option<Value>,
    /// The number of the current step.
    step: Value,
    kernel_signature: Option<SigRef>,
    stop_signature: Option<SigRef>,
}

impl<'a, 'f, const P: usize> Emitter<'a, 'f, P> {
    fn build(
        source: &'a Source<'a>,
        function: Function,
        func: &'f mut cranelift_codegen::ir::Function,
        context: &'f mut FunctionBuilderContext,
        frontend: TargetFrontendConfig,
    ) {
        let mut builder = FunctionBuilder::new(func, context);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.set_srcloc(SourceLoc::new(EVALUATION_LOC));
        let frame = builder.block_params(entry)[0];
        let memory = builder.ins().load(types::I64, flags(), frame, offset::MEMORY);
        let constants = builder.ins().load(types::I64, flags(), frame, offset::CONSTANTS);
        let step = builder.ins().iconst(types::I64, 0);
        let mut slots = vec![0; source.code.steps().len()];
        for (slot, (index, _)) in frame::constant_slots(source.code).enumerate() {
            slots[index] = slot as u32 + 1;
        }
        let mut emitter: Emitter<'_, '_, P> = Emitter {
            source,
            function,
            builder,
            frame,
            memory,
            constants,
            slots,
            rows: Rows::new(source.layout.rows()),
            facts: row_facts(source),
            features: None,
            step,
            kernel_signature: None,
            stop_signature: None,
        };
        match function {
            Function::Setup => {
                emitter.component(ComponentFunction::Setup);
                emitter.store_dirty(|emitter, row| emitter.outlives_example(row));
            }
            Function::Train | Function::Validate => emitter.examples(),
        }
        emitter.builder.set_srcloc(SourceLoc::new(EVALUATION_LOC));
        emitter.builder.ins().return_(&[]);
        emitter.builder.seal_all_blocks();
        emitter.builder.finalize(frontend);
    }

    /// The loop over the examples of a block; ends in an open block after it.
    fn examples(&mut self) {
        let training = self.function == Function::Train;
        let carried = self.carried_rows();
        let f = self.source.settings.features;
        let count = self.load_word(offset::COUNT);
        let features = self.load_word(offset::FEATURES);
        let labels = self.load_word(offset::LABELS);
        let first_step = self.load_word(offset::FIRST_STEP);
        let excluded = self.load_word(offset::STOPPED);
        let errors = self.source.observe.then(|| self.load_word(offset::ERRORS));
        let loss = (!training).then(|| self.load_word(offset::LOSS));

        // Loop values: counter, pointers, masks, losses, carried rows.
        let zero = self.builder.ins().iconst(types::I64, 0);
        let mut initial = vec![zero, features, labels];
        initial.extend(errors);
        initial.extend(self.load_masks(excluded));
        if let Some(loss) = loss {
            initial.extend(self.load_pairs(loss, 0));
        }
        for &row in &carried {
            initial.extend(self.load_pairs(self.memory, self.row_offset(row)));
        }
        let head = self.block_like(&initial);
        let exit = self.builder.create_block();
        let body = self.builder.create_block();
        self.jump(head, &initial);
        self.builder.switch_to_block(head);
        let mut params = self.builder.block_params(head).to_vec().into_iter();
        let mut next = || params.next().expect("as many parameters as initial values");
        let (example, features, labels) = (next(), next(), next());
        let errors = errors.map(|_| next());
        let excluded_now: Pairs<P> = std::array::from_fn(|_| next());
        let loss_at_head: Option<Pairs<P>> = loss.map(|_| std::array::from_fn(|_| next()));
        for &row in &carried {
            let values = std::array::from_fn(|_| next());
            self.rows.set(row, values);
        }
        let more = self.builder.ins().icmp(IntCC::UnsignedLessThan, example, count);
        self.builder.ins().brif(more, body, &[], exit, &[]);

        self.builder.switch_to_block(body);
        let at_head = self.rows.clone();
        self.features = Some(features);
        self.step = self.builder.ins().iadd(first_step, example);
        if self.source.settings.inputs_in_memory {
            self.copy_features();
        }
        let no_label = self.zero();
        self.rows.set(LABEL_ROW, no_label);
        self.component(ComponentFunction::Predict);
        self.builder.set_srcloc(SourceLoc::new(EVALUATION_LOC));

        let label = self.load_pairs(labels, 0);
        let error = self.error(label, training);
        if let Some(errors) = errors {
            self.store_pairs(error, errors, 0);
        }
        let loss_now = loss_at_head.map(|loss| {
            let squares = self.zip(error, error, |b, x, y| b.ins().fmul(x, y));
            self.zip(loss, squares, |b, x, y| b.ins().fadd(x, y))
        });
        let excluded_now = self.stop_check(error, excluded_now, excluded, example);
        if training {
            self.rows.set(LABEL_ROW, label);
            self.component(ComponentFunction::Learn);
            self.builder.set_srcloc(SourceLoc::new(EVALUATION_LOC));
        }

        // To the next example: what matters there is carried or stored.
        let mut again = vec![
            self.add_constant(example, 1),
            self.add_constant(features, (f * P * 16) as i64),
            self.add_constant(labels, (P * 16) as i64),
        ];
        if let Some(errors) = errors {
            again.push(self.add_constant(errors, (P * 16) as i64));
        }
        again.extend(excluded_now);
        again.extend(loss_now.into_iter().flatten());
        for &row in &carried {
            again.extend(self.get(row));
        }
        self.store_dirty(|emitter, row| !carried.contains(&row) && emitter.outlives_example(row));
        self.jump(head, &again);

        self.builder.switch_to_block(exit);
        self.features = None;
        self.rows = at_head;
        self.store_dirty(|_, row| carried.contains(&row));
        if let (Some(pointer), Some(loss)) = (loss, loss_at_head) {
            self.store_pairs(loss, pointer, 0);
        }
    }

    /// |label - prediction|; in validation of a classification task 0 or 1. In its training the prediction becomes its sigmoid.
    fn error(&mut self, label: Pairs<P>, training: bool) -> Pairs<P> {
        let mut prediction = self.get(PREDICTION_ROW);
        let scoring = self.source.settings.scoring;
        if scoring == Scoring::Accuracy {
            self.flush(PREDICTION_ROW, 1);
            let aside = self.load_word(offset::STEP_ERRORS);
            let row = self.row_pointer(PREDICTION_ROW);
            self.call_kernel(sigmoid_kernel(Tier::of_machine(), self.source.width), [aside, row, row, row], 0);
            prediction = self.load_pairs(aside, 0);
        }
        if training && scoring == Scoring::Accuracy {
            self.rows.set(PREDICTION_ROW, prediction);
        }
        if training || scoring == Scoring::Rms {
            return self.zip(label, prediction, |b, y, s| {
                let error = b.ins().fsub(y, s);
                b.ins().fabs(error)
            });
        }
        let half = self.splat(0.5);
        let one = self.splat(1.0);
        std::array::from_fn(|pair| {
            let b = &mut self.builder;
            let is_positive = b.ins().fcmp(FloatCC::GreaterThan, label[pair], half[pair]);
            let positive = b.ins().fcmp(FloatCC::GreaterThan, prediction[pair], half[pair]);
            let wrong = b.ins().bxor(is_positive, positive);
            let wrong = b.ins().bitcast(types::F64X2, lane_order(), wrong);
            b.ins().band(wrong, one[pair])
        })
    }

    /// Goes on where every lane that counts has an error within the limit; otherwise stops lanes. Returns the new masks.
    fn stop_check(&mut self, error: Pairs<P>, excluded: Pairs<P>, masks: Value, example: Value) -> Pairs<P> {
        let limit = self.load_pair(self.constants, 0);
        let b = &mut self.builder;
        let within: Pairs<P> = error.map(|error| b.ins().fcmp(FloatCC::LessThanOrEqual, error, limit));
        let fine: Pairs<P> = std::array::from_fn(|pair| b.ins().bor(within[pair], excluded[pair]));
        let all = self.all_lanes(fine);
        let go_on = self.block_like(&excluded);
        let stop = self.builder.create_block();
        let leave = self.builder.create_block();
        self.builder.set_cold_block(stop);
        self.builder.set_cold_block(leave);
        self.builder.ins().brif(all, go_on, &block_args(&excluded), stop, &[]);

        self.builder.switch_to_block(stop);
        let settings = self.source.settings;
        let freezes = if self.function == Function::Train { settings.freeze_training } else { settings.freeze_validation };
        let (masks, none_left) = if freezes {
            let none_left = self.stop_on_host(error, example);
            (self.load_masks(masks), none_left)
        } else {
            self.stop_here(fine, excluded, masks, example)
        };
        self.builder.ins().brif(none_left, leave, &[], go_on, &block_args(&masks));

        // Nobody looks at the carried values of lanes that have all stopped: their memory was frozen if it matters.
        self.builder.switch_to_block(leave);
        self.builder.ins().return_(&[]);
        self.builder.switch_to_block(go_on);
        std::array::from_fn(|pair| self.builder.block_params(go_on)[pair])
    }

    /// Lets the host stop lanes, which also keeps their memory; returns whether none is left.
    fn stop_on_host(&mut self, error: Pairs<P>, example: Value) -> Value {
        let step_errors = self.load_word(offset::STEP_ERRORS);
        self.store_pairs(error, step_errors, 0);
        self.store_all_dirty_aside();
        let host = match self.function {
            Function::Train => frame::stop_training as *const (),
            Function::Setup | Function::Validate => frame::fail_validation as *const (),
        };
        let signature = self.stop_signature();
        let host = self.builder.ins().iconst(types::I64, host as i64);
        let call = self.builder.ins().call_indirect(signature, host, &[self.frame, example]);
        self.builder.inst_results(call)[0]
    }

    /// Excludes the lanes that are not fine, without a call, since a call would cost the loop its registers; returns the new masks
    /// and whether no lane is left.
    fn stop_here(&mut self, fine: Pairs<P>, excluded: Pairs<P>, masks: Value, example: Value) -> (Pairs<P>, Value) {
        let stopped_at = self.load_word(offset::STOPPED_AT);
        let at = self.builder.ins().splat(types::I64X2, example);
        let excluded = std::array::from_fn(|pair| {
            let offset = pair as i32 * 16;
            let b = &mut self.builder;
            let before = b.ins().load(types::I64X2, flags(), stopped_at, offset);
            let now = b.ins().bitselect(fine[pair], before, at);
            b.ins().store(flags(), now, stopped_at, offset);
            let newly = b.ins().bnot(fine[pair]);
            let excluded = b.ins().bor(excluded[pair], newly);
            b.ins().store(flags(), excluded, masks, offset);
            excluded
        });
        let none_left = self.all_lanes(excluded);
        (excluded, none_left)
    }

    /// Whether the masks hold in every lane of every pair.
    fn all_lanes(&mut self, masks: Pairs<P>) -> Value {
        let b = &mut self.builder;
        let all = masks.into_iter().reduce(|x, y| b.ins().band(x, y)).expect("at least one pair");
        b.ins().vall_true(all)
    }

    /// The steps of one component function.
    fn component(&mut self, function: ComponentFunction) {
        for index in self.source.code.range(function) {
            self.builder.set_srcloc(SourceLoc::new(index as u32));
            let step = self.source.code.steps()[index];
            if self.in_kernel(&step) {
                self.kernel_step(index, &step);
            } else {
                self.inline(index, &step);
            }
        }
    }

    fn in_memory(&self, space: Space) -> bool {
        match space {
            Space::Scalar => false,
            Space::Vector => !self.source.inline.vectors,
            Space::Matrix => !self.source.inline.matrices,
        }
    }

    /// Whether the step is left to its kernel: random draws, functions, matrix products, operands in memory.
    fn in_kernel(&self, step: &Step) -> bool {
        step.op.is_random() || step.op.is_function() || step.op == Op::MatrixMatrixProduct || self.has_large_operand(step)
    }

    /// Whether some operand is not made of SSA values; one element of it is written without a loop.
    fn has_large_operand(&self, step: &Step) -> bool {
        !step.op.writes_one_element() && step.operand_spaces().any(|space| self.in_memory(space))
    }

    /// Rows that some step of this function writes as SSA values, that the next example can see, and that no host step touches:
    /// those are worth a register across examples, scalars first, as far as there are registers.
    fn carried_rows(&self) -> Vec<usize> {
        let mut candidates: Vec<usize> = Vec::new();
        let mut touched = vec![false; self.source.layout.rows()];
        for &component in self.function.components() {
            for step in self.source.code.function(component) {
                let outside = self.in_kernel(step);
                for (row, elements) in operand_rows(step, self.source.settings.features) {
                    if outside {
                        touched[row..row + elements].fill(true);
                    }
                }
                if let (false, Some(space)) = (outside, step.op.output()) {
                    let elements = if step.op.writes_one_element() { 1 } else { space.elements(self.source.settings.features) };
                    if !(self.in_memory(space)) {
                        candidates.extend(step.out as usize..step.out as usize + elements);
                    }
                }
            }
        }
        // Scalars, vectors and matrices by row would mix; the layout places addresses by first use, so sort by size of their space.
        candidates.sort_unstable_by_key(|&row| (self.facts[row].0, row));
        candidates.dedup();
        candidates.retain(|&row| !touched[row] && self.facts[row].1);
        candidates.truncate(CARRIED_REGISTERS / P);
        candidates
    }

    /// Whether a row's value must be in memory, or carried, when an example (or Setup) ends.
    fn outlives_example(&self, row: usize) -> bool {
        self.source.observe || self.facts[row].1
    }

    fn signature(&mut self, params: &[types::Type], returns: &[types::Type]) -> SigRef {
        let mut signature = Signature::new(self.builder.func.signature.call_conv);
        signature.params.extend(params.iter().map(|&param| AbiParam::new(param)));
        signature.returns.extend(returns.iter().map(|&result| AbiParam::new(result)));
        self.builder.import_signature(signature)
    }
}

fn row_facts(source: &Source<'_>) -> Vec<(Space, bool)> {
    let mut facts = vec![(Space::Scalar, false); source.layout.rows()];
    for space in Space::ALL {
        for address in (0..crate::lang::MAX_ADDRESSES as u8).filter(|&address| source.layout.has(space, address)) {
            let live = source.live_before_predict.contains(space, address);
            facts[rows_of(source.layout, space, address)].fill((space, live));
        }
    }
    facts
}

/// The operands of a step, inputs first: first row and number of rows of each; of an element constant the one element.
fn operand_rows(step: &Step, features: usize) -> impl Iterator<Item = (usize, usize)> {
    let rows = step.inputs.into_iter().take(step.input_count()).chain([step.out]);
    let one = step.op.writes_one_element();
    rows.zip(step.operand_spaces()).map(move |(row, space)| (row as usize, if one { 1 } else { space.elements(features) }))
}

/// Vectors of floats and of integers have their lanes in the same order.
fn lane_order() -> MemFlagsData {
    MemFlagsData::new().with_endianness(Endianness::Little)
}

fn block_args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|&value| BlockArg::Value(value)).collect()
}
