//! Ops on vectors and matrices too large for SSA values: loops over their elements in memory.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

use super::{Emitter, Pairs};
use crate::exec::layout::FEATURES_ROW;
use crate::exec::sum::{PARTIALS, combine};
use crate::interp::Step;
use crate::lang::{Op, Space};

impl<const P: usize> Emitter<'_, '_, P> {
    /// A step with operands in memory; scalars are SSA values, and so are vectors up to a size.
    pub(super) fn memory_loop(&mut self, step: &Step) {
        let f = self.source.settings.features;
        let (a, b, out) = (step.inputs[0] as usize, step.inputs[1] as usize, step.out as usize);
        let size = step.op.inputs()[0].elements(f);
        match step.op {
            Op::VectorInnerProduct => {
                let (a, b) = (self.base(a), self.base(b));
                let total = self.sum_loop(f, [a, b], |emitter, [x, y]| emitter.multiply(x, y));
                self.rows.set(out, total);
            }
            Op::VectorNorm | Op::MatrixNorm => {
                let squares = self.squares(a, size);
                let norm = self.square_root(squares);
                self.rows.set(out, norm);
            }
            Op::VectorMean | Op::MatrixMean => {
                let mean = self.mean_loop(a, size);
                self.rows.set(out, mean);
            }
            Op::VectorStDev | Op::MatrixStDev => {
                let mean = self.mean_loop(a, size);
                let squares = self.squares(a, size);
                let st_dev = self.st_dev_from(mean, squares, size);
                self.rows.set(out, st_dev);
            }
            Op::ScalarBroadcast => {
                let value = self.get(a);
                let target = self.base(out);
                self.element_loop(f, |emitter, at| {
                    let target = emitter.builder.ins().iadd(target, at);
                    emitter.store_pairs(value, target, 0);
                });
            }
            Op::VectorOuterProduct => {
                let left = self.vector_in_memory(a);
                let right: Vec<Pairs<P>> = (0..f).map(|c| self.get(b + c)).collect();
                let target = self.base(out);
                self.row_loop(|emitter, at, row| {
                    let left = emitter.load_at(left, at, 0);
                    let target = emitter.builder.ins().iadd(target, row);
                    for (c, &right) in right.iter().enumerate() {
                        let product = emitter.multiply(left, right);
                        emitter.store_pairs(product, target, emitter.row_offset(c));
                    }
                });
            }
            Op::VectorColumnBroadcast => {
                let source = self.vector_in_memory(a);
                let target = self.base(out);
                self.row_loop(|emitter, at, row| {
                    let value = emitter.load_at(source, at, 0);
                    let target = emitter.builder.ins().iadd(target, row);
                    (0..f).for_each(|c| emitter.store_pairs(value, target, emitter.row_offset(c)));
                });
            }
            Op::VectorRowBroadcast => {
                let values: Vec<Pairs<P>> = (0..f).map(|c| self.get(a + c)).collect();
                let target = self.base(out);
                self.row_loop(|emitter, _, row| {
                    let target = emitter.builder.ins().iadd(target, row);
                    values.iter().enumerate().for_each(|(c, &value)| emitter.store_pairs(value, target, emitter.row_offset(c)));
                });
            }
            Op::MatrixVectorProduct => {
                let vector: Vec<Pairs<P>> = (0..f).map(|c| self.get(b + c)).collect();
                self.reduce_each_row(a, out, |emitter, row| {
                    emitter.sum(f, |emitter, c| {
                        let x = emitter.load_pairs(row, emitter.row_offset(c));
                        emitter.multiply(x, vector[c])
                    })
                });
            }
            Op::MatrixRowNorm => self.reduce_each_row(a, out, |emitter, row| {
                let squares = emitter.row_squares(row);
                emitter.square_root(squares)
            }),
            Op::MatrixRowMean => self.reduce_each_row(a, out, Self::row_mean),
            Op::MatrixRowStDev => self.reduce_each_row(a, out, |emitter, row| {
                let mean = emitter.row_mean(row);
                let squares = emitter.row_squares(row);
                emitter.st_dev_from(mean, squares, f)
            }),
            op => {
                let inputs = op.inputs();
                let factor = (inputs[0] == Space::Scalar).then(|| self.get(a));
                let left = if factor.is_none() { Some(self.base(a)) } else { None };
                let right = if inputs.len() == 2 { Some(self.base(b)) } else { None };
                let target = self.base(out);
                let count = op.output().map_or(0, |space| space.elements(f));
                self.element_loop(count, |emitter, at| {
                    let left = left.map(|base| emitter.load_at(base, at, 0));
                    let right = right.map(|base| emitter.load_at(base, at, 0));
                    let x = factor.or(left).expect("a first operand");
                    let result = emitter.elementwise(op, x, right.unwrap_or(x));
                    let target = emitter.builder.ins().iadd(target, at);
                    emitter.store_pairs(result, target, 0);
                });
            }
        }
    }

    /// Whether a step with operands in memory can be such a loop; the others are left to the interpreter.
    pub(super) fn has_memory_loop(&self, op: Op) -> bool {
        let rows_are_short = self.source.settings.features <= super::MAX_VECTOR;
        match op {
            Op::MatrixMatrixProduct | Op::MatrixTranspose | Op::MatrixColumnNorm => false,
            Op::VectorOuterProduct
            | Op::VectorColumnBroadcast
            | Op::VectorRowBroadcast
            | Op::MatrixVectorProduct
            | Op::MatrixRowNorm
            | Op::MatrixRowMean
            | Op::MatrixRowStDev => rows_are_short,
            op => !op.is_random(),
        }
    }

    /// Reduces each row of the matrix at `a`, given where the row begins, to an element of the vector at `out`, in memory.
    fn reduce_each_row(&mut self, a: usize, out: usize, reduce: impl FnOnce(&mut Self, Value) -> Pairs<P>) {
        let (matrix, target) = (self.base(a), self.row_pointer(out));
        self.row_loop(|emitter, at, row| {
            let row = emitter.builder.ins().iadd(matrix, row);
            let result = reduce(emitter, row);
            let target = emitter.builder.ins().iadd(target, at);
            emitter.store_pairs(result, target, 0);
        });
        self.rows.forget(out, self.source.settings.features);
    }

    fn row_squares(&mut self, row: Value) -> Pairs<P> {
        self.sum(self.source.settings.features, |emitter, c| {
            let x = emitter.load_pairs(row, emitter.row_offset(c));
            emitter.multiply(x, x)
        })
    }

    fn row_mean(&mut self, row: Value) -> Pairs<P> {
        let f = self.source.settings.features;
        let total = self.sum(f, |emitter, c| emitter.load_pairs(row, emitter.row_offset(c)));
        self.divide_by(total, f)
    }

    /// Runs `body` for each row r of a matrix, with the byte offsets of element r of a vector and of row r of a matrix.
    fn row_loop(&mut self, body: impl FnOnce(&mut Self, Value, Value)) {
        let f = self.source.settings.features;
        self.element_loop(f, |emitter, at| {
            let row = emitter.builder.ins().imul_imm_u(at, f as i64);
            body(emitter, at, row);
        });
    }

    fn load_at(&mut self, base: Value, at: Value, offset: i32) -> Pairs<P> {
        let source = self.builder.ins().iadd(base, at);
        self.load_pairs(source, offset)
    }

    /// Where a vector lies whose elements are to be addressed at run time.
    fn vector_in_memory(&mut self, row: usize) -> Value {
        self.flush(row, self.source.settings.features);
        self.base(row)
    }

    /// Where an operand lies: the example's features, or memory.
    pub(super) fn base(&mut self, row: usize) -> Value {
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
        let next = self.add_constant(at, stride);
        let more = self.builder.ins().icmp_imm_u(IntCC::UnsignedLessThan, next, count as i64 * stride);
        let after = self.builder.create_block();
        self.builder.ins().brif(more, head, &[next.into()], after, &[]);
        self.builder.switch_to_block(after);
    }

    fn mean_loop(&mut self, a: usize, f: usize) -> Pairs<P> {
        let base = self.base(a);
        let total = self.sum_loop(f, [base], |_, [x]| x);
        self.divide_by(total, f)
    }

    fn squares(&mut self, a: usize, f: usize) -> Pairs<P> {
        let base = self.base(a);
        self.sum_loop(f, [base], |emitter, [x]| emitter.multiply(x, x))
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
        again.push(self.add_constant(at, (PARTIALS * stride) as i64));
        self.jump(sums, &again);

        self.builder.switch_to_block(after);
        let mut partials = at_head;
        for row in blocks * PARTIALS..count {
            let next = terms_at(self, None, row);
            let j = row % PARTIALS;
            partials[j] = self.zip(partials[j], next, |b, x, y| b.ins().fadd(x, y));
        }
        combine(self, partials, PARTIALS)
    }

    fn partials(&self, block: super::Block) -> [Pairs<P>; PARTIALS] {
        let params = self.builder.block_params(block);
        std::array::from_fn(|j| std::array::from_fn(|pair| params[j * P + pair]))
    }
}
