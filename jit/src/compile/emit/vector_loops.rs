//! Ops on vectors too long for SSA values: loops over their elements in memory.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

use super::{Emitter, Pairs};
use crate::exec::layout::FEATURES_ROW;
use crate::exec::sum::{PARTIALS, combine};
use crate::interp::Step;
use crate::lang::{Op, Space};

impl<const P: usize> Emitter<'_, '_, P> {
    /// A step with vector operands in memory; scalars are SSA values.
    pub(super) fn vector_loop(&mut self, step: &Step) {
        let f = self.source.settings.features;
        let (a, b, out) = (step.in1 as usize, step.in2 as usize, step.out as usize);
        let reduction = |emitter: &mut Self, value: Pairs<P>| emitter.rows.set(out, value);
        match step.op {
            Op::VectorInnerProduct => {
                let (a, b) = (self.vector_base(a), self.vector_base(b));
                let total = self.sum_loop(f, [a, b], |emitter, [x, y]| emitter.zip(x, y, |b, x, y| b.ins().fmul(x, y)));
                reduction(self, total);
            }
            Op::VectorNorm => {
                let squares = self.squares(a, f);
                let norm = self.zip(squares, squares, |b, x, _| b.ins().sqrt(x));
                reduction(self, norm);
            }
            Op::VectorMean => {
                let mean = self.mean_loop(a, f);
                reduction(self, mean);
            }
            Op::VectorStDev => {
                let mean = self.mean_loop(a, f);
                let squares = self.squares(a, f);
                let st_dev = self.st_dev_from(mean, squares, f);
                reduction(self, st_dev);
            }
            Op::ScalarBroadcast => {
                let value = self.get(a);
                let target = self.vector_base(out);
                self.element_loop(f, |emitter, at| {
                    let target = emitter.builder.ins().iadd(target, at);
                    emitter.store_pairs(value, target, 0);
                });
            }
            op => {
                let inputs = op.inputs();
                let factor = (inputs[0] == Space::Scalar).then(|| self.get(a));
                let left = if factor.is_none() { Some(self.vector_base(a)) } else { None };
                let right = if inputs.len() == 2 { Some(self.vector_base(b)) } else { None };
                let target = self.vector_base(out);
                self.element_loop(f, |emitter, at| {
                    let mut load = |base: Value| {
                        let source = emitter.builder.ins().iadd(base, at);
                        emitter.load_pairs(source, 0)
                    };
                    let left = left.map(&mut load);
                    let right = right.map(&mut load);
                    let x = factor.or(left).expect("a first operand");
                    let result = emitter.elementwise(op, x, right.unwrap_or(x));
                    let target = emitter.builder.ins().iadd(target, at);
                    emitter.store_pairs(result, target, 0);
                });
            }
        }
    }

    /// Where a vector lies: the example's features, or memory.
    fn vector_base(&mut self, row: usize) -> Value {
        match self.features {
            Some(features) if row == FEATURES_ROW => features,
            _ => self.row_pointer(row),
        }
    }

    /// Runs `body` with the byte offset of each of `count` rows; SSA values that it makes do not leave it.
    pub(super) fn element_loop(&mut self, count: usize, body: impl FnOnce(&mut Self, Value)) {
        let stride = (P * 16) as i64;
        let head = self.builder.create_block();
        let at = self.builder.append_block_param(head, types::I64);
        let start = self.builder.ins().iconst(types::I64, 0);
        self.jump(head, &[start]);
        self.builder.switch_to_block(head);
        body(self, at);
        let next = self.add(at, stride);
        let more = self.builder.ins().icmp_imm_u(IntCC::UnsignedLessThan, next, count as i64 * stride);
        let after = self.builder.create_block();
        self.builder.ins().brif(more, head, &[next.into()], after, &[]);
        self.builder.switch_to_block(after);
    }

    fn mean_loop(&mut self, a: usize, f: usize) -> Pairs<P> {
        let base = self.vector_base(a);
        let total = self.sum_loop(f, [base], |_, [x]| x);
        self.divide_by(total, f)
    }

    fn squares(&mut self, a: usize, f: usize) -> Pairs<P> {
        let base = self.vector_base(a);
        self.sum_loop(f, [base], |emitter, [x]| emitter.zip(x, x, |b, x, y| b.ins().fmul(x, y)))
    }

    /// Sums a term of each element in the documented order. Elements lie at the given bases; there are more than eight.
    fn sum_loop<const N: usize>(
        &mut self,
        count: usize,
        bases: [Value; N],
        term: impl Fn(&mut Self, [Pairs<P>; N]) -> Pairs<P>,
    ) -> Pairs<P> {
        let stride = P * 16;
        let terms_at = |emitter: &mut Self, at: Option<Value>, row: usize| {
            let operands = bases.map(|base| {
                let pointer = at.map_or(base, |at| emitter.builder.ins().iadd(base, at));
                emitter.load_pairs(pointer, (row * stride) as i32)
            });
            term(emitter, operands)
        };
        let initial: Vec<Value> = (0..PARTIALS).flat_map(|j| terms_at(self, None, j)).collect();
        let blocks = count / PARTIALS;
        let sums = self.block_like(&initial);
        let at = self.builder.append_block_param(sums, types::I64);
        let begin = self.builder.ins().iconst(types::I64, (PARTIALS * stride) as i64);
        let args: Vec<Value> = initial.iter().copied().chain([begin]).collect();
        self.jump(sums, &args);
        self.builder.switch_to_block(sums);
        let at_head: [Pairs<P>; PARTIALS] = self.partials(sums);
        let more = self.builder.ins().icmp_imm_u(IntCC::UnsignedLessThan, at, (blocks * PARTIALS * stride) as i64);
        let body = self.builder.create_block();
        let after = self.builder.create_block();
        self.builder.ins().brif(more, body, &[], after, &[]);

        self.builder.switch_to_block(body);
        let mut again: Vec<Value> = Vec::with_capacity(PARTIALS * P + 1);
        for (j, partial) in at_head.into_iter().enumerate() {
            let next = terms_at(self, Some(at), j);
            again.extend(self.zip(partial, next, |b, x, y| b.ins().fadd(x, y)));
        }
        again.push(self.add(at, (PARTIALS * stride) as i64));
        self.jump(sums, &again);

        self.builder.switch_to_block(after);
        let mut partials = at_head;
        for row in blocks * PARTIALS..count {
            let next = terms_at(self, None, row);
            let j = row % PARTIALS;
            partials[j] = self.zip(partials[j], next, |b, x, y| b.ins().fadd(x, y));
        }
        combine(self, partials, PARTIALS, |emitter, x, y| emitter.zip(x, y, |b, x, y| b.ins().fadd(x, y)))
    }

    fn partials(&self, block: super::Block) -> [Pairs<P>; PARTIALS] {
        let params = self.builder.block_params(block);
        std::array::from_fn(|j| std::array::from_fn(|pair| params[j * P + pair]))
    }
}
