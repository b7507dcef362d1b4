//! The ops whose operands are SSA values, and those that the host runs. What each op means is defined in [`crate::oracle`].

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::FunctionBuilder;

use super::{Emitter, Pairs, flags, lane_order, offset, operand_rows};
use crate::exec::sum::{Adder, Terms, sum_terms};
use crate::interp::Step;
use crate::kernel::{Combined, Kernel, Kind, Operation, Tier, kernel};
use crate::lang::{Op, Space};

impl<const P: usize> Emitter<'_, '_, P> {
    /// One step on SSA values. All inputs are read before the output is set.
    pub(super) fn inline(&mut self, index: usize, step: &Step) {
        let f = self.source.settings.features;
        let (a, b, out) = (step.inputs[0] as usize, step.inputs[1] as usize, step.out as usize);
        let n = step.op.output().map_or(0, |space| space.elements(f));
        let size = step.op.inputs().first().map_or(0, |space| space.elements(f));
        match step.kind {
            Kind::Op(_) => {}
            Kind::Scaled(combined) => return self.inline_combined(step, combined, |i| (a, b + i)),
            Kind::Outer(combined) => return self.inline_combined(step, combined, |i| (a + i / f, b + i % f)),
        }
        match step.op {
            Op::ScalarConstSet => self.set_constant(index, out, self.in_memory(Space::Scalar)),
            Op::VectorConstSet => self.set_constant(index, out, self.in_memory(Space::Vector)),
            Op::MatrixConstSet => self.set_constant(index, out, self.in_memory(Space::Matrix)),
            Op::ScalarBroadcast => {
                let value = self.get(a);
                self.set_rows(out, vec![value; n]);
            }
            Op::ScalarVectorProduct | Op::ScalarMatrixProduct => {
                let factor = self.get(a);
                for i in 0..n {
                    let result = self.multiply_row(factor, b + i);
                    self.set_element(out + i, result);
                }
            }
            Op::VectorOuterProduct => {
                let results = (0..n).map(|i| self.multiply_rows(a + i / f, b + i % f)).collect();
                self.set_rows(out, results);
            }
            Op::VectorColumnBroadcast => self.gather(out, (0..n).map(|i| a + i / f)),
            Op::VectorRowBroadcast => self.gather(out, (0..n).map(|i| a + i % f)),
            Op::MatrixTranspose => self.gather(out, (0..n).map(|i| a + i % f * f + i / f)),
            Op::MatrixVectorProduct => {
                let results = (0..f).map(|r| self.sum(f, |emitter, c| emitter.multiply_rows(a + r * f + c, b + c))).collect();
                self.set_rows(out, results);
            }
            Op::VectorInnerProduct => {
                let result = self.sum(size, |emitter, i| emitter.multiply_rows(a + i, b + i));
                self.set_rows(out, vec![result]);
            }
            Op::VectorNorm | Op::MatrixNorm => self.reduce_rows(out, 1, size, |_, i| a + i, Self::norm_of_squares),
            Op::MatrixRowNorm => self.reduce_rows(out, f, f, |r, i| a + r * f + i, Self::norm_of_squares),
            Op::MatrixColumnNorm => self.reduce_rows(out, f, f, |c, i| a + i * f + c, Self::norm_of_squares),
            Op::VectorMean | Op::MatrixMean => self.reduce_rows(out, 1, size, |_, i| a + i, Self::mean),
            Op::MatrixRowMean => self.reduce_rows(out, f, f, |r, i| a + r * f + i, Self::mean),
            Op::VectorStDev | Op::MatrixStDev => self.reduce_rows(out, 1, size, |_, i| a + i, Self::st_dev),
            Op::MatrixRowStDev => self.reduce_rows(out, f, f, |r, i| a + r * f + i, Self::st_dev),
            op => {
                for i in 0..n {
                    let x = self.get(a + i);
                    let y = if op.inputs().len() == 2 { self.get(b + i) } else { x };
                    let result = self.elementwise(op, x, y);
                    self.set_element(out + i, result);
                }
            }
        }
    }

    /// A product and what it is combined with, element by element.
    fn inline_combined(&mut self, step: &Step, combined: Combined, factors: impl Fn(usize) -> (usize, usize)) {
        let n = step.op.output().map_or(0, |space| space.elements(self.source.settings.features));
        for i in 0..n {
            let (left, right) = factors(i);
            let product = self.multiply_rows(left, right);
            let other = self.get(step.inputs[2] as usize + i);
            let result = match combined {
                Combined::Sum => self.zip(product, other, |b, x, y| b.ins().fadd(x, y)),
                Combined::DiffFrom => self.zip(other, product, |b, x, y| b.ins().fsub(x, y)),
                Combined::DiffOf => self.zip(product, other, |b, x, y| b.ins().fsub(x, y)),
            };
            self.set_element(step.out as usize + i, result);
        }
    }

    /// An elementwise op on one element.
    ///
    /// # Panics
    /// If the op is not elementwise.
    fn elementwise(&mut self, op: Op, x: Pairs<P>, y: Pairs<P>) -> Pairs<P> {
        match op {
            Op::ScalarSum | Op::VectorSum | Op::MatrixSum => self.zip(x, y, |b, x, y| b.ins().fadd(x, y)),
            Op::ScalarDiff | Op::VectorDiff | Op::MatrixDiff => self.zip(x, y, |b, x, y| b.ins().fsub(x, y)),
            Op::ScalarProduct | Op::VectorProduct | Op::MatrixProduct | Op::ScalarVectorProduct | Op::ScalarMatrixProduct => {
                self.zip(x, y, |b, x, y| b.ins().fmul(x, y))
            }
            Op::ScalarDivision | Op::VectorDivision | Op::MatrixDivision => self.zip(x, y, |b, x, y| b.ins().fdiv(x, y)),
            Op::ScalarAbs | Op::VectorAbs | Op::MatrixAbs => self.zip(x, x, |b, x, _| b.ins().fabs(x)),
            Op::ScalarReciprocal | Op::VectorReciprocal | Op::MatrixReciprocal => {
                let one = self.splat(1.0);
                self.zip(one, x, |b, one, x| b.ins().fdiv(one, x))
            }
            Op::ScalarHeaviside => self.one_where(FloatCC::GreaterThanOrEqual, x),
            Op::VectorHeaviside | Op::MatrixHeaviside => self.one_where(FloatCC::GreaterThan, x),
            // b if b < a else a
            Op::ScalarMin | Op::VectorMin => self.zip(x, y, |b, x, y| select(b, FloatCC::LessThan, y, x, y, x)),
            // b if a < b else a
            Op::ScalarMax | Op::VectorMax => self.zip(x, y, |b, x, y| select(b, FloatCC::LessThan, x, y, y, x)),
            // a if a < b else b
            Op::MatrixMin => self.zip(x, y, |b, x, y| select(b, FloatCC::LessThan, x, y, x, y)),
            // a if a > b else b
            Op::MatrixMax => self.zip(x, y, |b, x, y| select(b, FloatCC::LessThan, y, x, x, y)),
            _ => unreachable!("{op} is not elementwise"),
        }
    }

    /// Leaves a step to its kernel: its inputs go to memory, its output is there afterwards.
    pub(super) fn kernel_step(&mut self, index: usize, step: &Step) {
        let f = self.source.settings.features;
        let inputs = step.input_count();
        for (operand, (first, count)) in operand_rows(step, f).enumerate() {
            if operand < inputs {
                self.flush(first, count);
            } else {
                self.rows.forget(first, count);
            }
        }
        if step.op.is_random() {
            let context = self.load_word(offset::CONTEXT);
            self.builder.ins().store(flags(), self.step, context, offset::STEP_OF_CONTEXT);
            let keys_before = self.builder.ins().imul_imm_u(self.lanes_before, self.source.code.ordinals().len() as i64);
            let keys = self.word_plus(offset::KEYS, keys_before);
            self.builder.ins().store(flags(), keys, context, offset::KEYS_OF_CONTEXT);
        }
        let out = self.row_pointer(step.out as usize);
        let [a, b, c] = [0, 1, 2].map(|input| if input < inputs { self.base(step.inputs[input] as usize) } else { out });
        self.call_kernel(kernel(step.kind, Tier::of_machine(), self.source.tile, f), [out, a, b, c], index);
    }

    /// Calls a kernel with the operation of step number `index`.
    pub(super) fn call_kernel(&mut self, kernel: Kernel, [out, a, b, c]: [Value; 4], index: usize) {
        let context = self.load_word(offset::CONTEXT);
        let operations = self.load_word(offset::OPERATIONS);
        let operation = self.add_constant(operations, (index * size_of::<Operation>()) as i64);
        let signature = self.kernel_signature();
        let kernel = self.builder.ins().iconst(types::I64, kernel as *const () as i64);
        self.builder.ins().call_indirect(signature, kernel, &[out, a, b, c, operation, context]);
    }

    pub(super) fn zip(&mut self, x: Pairs<P>, y: Pairs<P>, f: impl Fn(&mut FunctionBuilder<'_>, Value, Value) -> Value) -> Pairs<P> {
        std::array::from_fn(|pair| f(&mut self.builder, x[pair], y[pair]))
    }

    /// The sum of `count` terms in the documented order.
    fn sum(&mut self, count: usize, term: impl FnMut(&mut Self, usize) -> Pairs<P>) -> Pairs<P> {
        sum_terms(&mut EmittedTerms { emitter: self, term }, count)
    }

    fn set_rows(&mut self, first: usize, values: Vec<Pairs<P>>) {
        for (i, values) in values.into_iter().enumerate() {
            self.rows.set(first + i, values);
        }
    }

    fn set_constant(&mut self, index: usize, row: usize, in_memory: bool) {
        let value = self.load_pair(self.constants, self.slots[index] as i32 * 16);
        if in_memory {
            self.store_pairs([value; P], self.memory, self.row_offset(row));
        } else {
            self.rows.set(row, [value; P]);
        }
    }

    /// Copies rows.
    fn gather(&mut self, out: usize, rows: impl Iterator<Item = usize>) {
        let values = rows.map(|row| self.get(row)).collect();
        self.set_rows(out, values);
    }

    fn multiply(&mut self, x: Pairs<P>, y: Pairs<P>) -> Pairs<P> {
        self.zip(x, y, |b, x, y| b.ins().fmul(x, y))
    }

    fn square_root(&mut self, x: Pairs<P>) -> Pairs<P> {
        self.zip(x, x, |b, x, _| b.ins().sqrt(x))
    }

    fn multiply_row(&mut self, factor: Pairs<P>, row: usize) -> Pairs<P> {
        let x = self.get(row);
        self.multiply(factor, x)
    }

    fn multiply_rows(&mut self, left: usize, right: usize) -> Pairs<P> {
        let x = self.get(left);
        self.multiply_row(x, right)
    }

    /// `results` reductions of `count` rows each.
    fn reduce_rows(
        &mut self,
        out: usize,
        results: usize,
        count: usize,
        row: impl Fn(usize, usize) -> usize,
        reduce: impl Fn(&mut Self, usize, &dyn Fn(usize) -> usize) -> Pairs<P>,
    ) {
        let values = (0..results).map(|result| reduce(self, count, &|i| row(result, i))).collect();
        self.set_rows(out, values);
    }

    fn sum_of_squares(&mut self, count: usize, row: &dyn Fn(usize) -> usize) -> Pairs<P> {
        self.sum(count, |emitter, i| emitter.multiply_rows(row(i), row(i)))
    }

    fn norm_of_squares(&mut self, count: usize, row: &dyn Fn(usize) -> usize) -> Pairs<P> {
        let squares = self.sum_of_squares(count, row);
        self.square_root(squares)
    }

    fn mean(&mut self, count: usize, row: &dyn Fn(usize) -> usize) -> Pairs<P> {
        let total = self.sum(count, |emitter, i| emitter.get(row(i)));
        self.divide_by(total, count)
    }

    fn st_dev(&mut self, count: usize, row: &dyn Fn(usize) -> usize) -> Pairs<P> {
        let mean = self.mean(count, row);
        let squares = self.sum_of_squares(count, row);
        self.st_dev_from(mean, squares, count)
    }

    fn divide_by(&mut self, total: Pairs<P>, count: usize) -> Pairs<P> {
        let count = self.splat(count as f64);
        self.zip(total, count, |b, x, n| b.ins().fdiv(x, n))
    }

    /// sqrt(squares / count - mean^2)
    fn st_dev_from(&mut self, mean: Pairs<P>, squares: Pairs<P>, count: usize) -> Pairs<P> {
        let mean_of_squares = self.divide_by(squares, count);
        self.zip(mean_of_squares, mean, |b, x, mean| {
            let square = b.ins().fmul(mean, mean);
            let variance = b.ins().fsub(x, square);
            b.ins().sqrt(variance)
        })
    }

    /// 1 where the comparison of x with 0 holds, else 0.
    fn one_where(&mut self, condition: FloatCC, x: Pairs<P>) -> Pairs<P> {
        let (zero, one) = (self.zero(), self.splat(1.0));
        std::array::from_fn(|pair| {
            let b = &mut self.builder;
            let holds = b.ins().fcmp(condition, x[pair], zero[pair]);
            let holds = b.ins().bitcast(types::F64X2, lane_order(), holds);
            b.ins().band(holds, one[pair])
        })
    }
}

impl<const P: usize> Adder<Pairs<P>> for Emitter<'_, '_, P> {
    fn add(&mut self, x: Pairs<P>, y: Pairs<P>) -> Pairs<P> {
        self.zip(x, y, |b, x, y| b.ins().fadd(x, y))
    }
}

/// Terms of a sum that are computed by the code being made.
struct EmittedTerms<'e, E, F> {
    emitter: &'e mut E,
    term: F,
}

impl<T, E: Adder<T>, F> Adder<T> for EmittedTerms<'_, E, F> {
    fn add(&mut self, x: T, y: T) -> T {
        self.emitter.add(x, y)
    }
}

impl<T, E: Adder<T>, F: FnMut(&mut E, usize) -> T> Terms<T> for EmittedTerms<'_, E, F> {
    fn term(&mut self, i: usize) -> T {
        (self.term)(self.emitter, i)
    }
}

/// `then` where the comparison of x with y holds, else `otherwise`.
fn select(b: &mut FunctionBuilder<'_>, condition: FloatCC, x: Value, y: Value, then: Value, otherwise: Value) -> Value {
    let holds = b.ins().fcmp(condition, x, y);
    let holds = b.ins().bitcast(types::F64X2, lane_order(), holds);
    b.ins().bitselect(holds, then, otherwise)
}
