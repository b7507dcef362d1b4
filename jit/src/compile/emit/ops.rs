//! The ops whose operands are SSA values, and those that the host runs. What each op means is defined in [`crate::oracle`].

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::FunctionBuilder;

use super::{CodePath, Emitter, flags, lane_order, offset};
use crate::exec::simd::SimdLevel;
use crate::exec::sum::{Adder, Terms, sum_terms};
use crate::kernel::{Combine, Fused, Operation, kernel};
use crate::lang::{Element, Reduction, Shape, Space};
use crate::plan::Step;

impl Emitter<'_, '_> {
    /// One step on SSA values. All inputs are read before the output is set.
    pub(super) fn inline(&mut self, index: usize, step: &Step) {
        let f = self.unit.settings.features;
        let (a, b, out) = (step.inputs[0] as usize, step.inputs[1] as usize, step.out as usize);
        let n = step.op.output().map_or(0, |space| space.elements(f));
        let size = step.op.inputs().first().map_or(0, |space| space.elements(f));
        match step.kind {
            Fused::Op(_) => {}
            Fused::Scaled(combined) => return self.inline_scaled(step, combined),
            Fused::Outer(_) => unreachable!("matrices are in memory"),
        }
        let reduces = matches!(step.op.shape(), Shape::Dot | Shape::Reduce(..));
        self.paths.insert(if reduces { CodePath::InlineReduction } else { CodePath::InlineElements });
        match step.op.shape() {
            Shape::Constant => {
                let value = self.load_row(self.constants, self.slots[index] as i32 * 16);
                if step.op.output() == Some(Space::Matrix) {
                    self.store_row(value, self.memory, self.row_offset(out, 1));
                } else {
                    self.rows.set(out, value);
                }
            }
            Shape::Repeat => {
                let value = self.get(a);
                (out..out + n).for_each(|row| self.rows.set(row, value));
            }
            Shape::Elementwise(_) if step.op.inputs() == [Space::Scalar, Space::Vector] => {
                for i in 0..n {
                    let result = self.multiply_rows(a, b + i);
                    self.set_element(out + i, result);
                }
            }
            Shape::Elementwise(element) => {
                for i in 0..n {
                    let x = self.get(a + i);
                    let y = if step.op.inputs().len() == 2 { self.get(b + i) } else { x };
                    let result = self.elementwise(element, step.op.output() == Some(Space::Scalar), x, y);
                    self.set_element(out + i, result);
                }
            }
            Shape::Dot => {
                let result = self.sum(size, |emitter, i| emitter.multiply_rows(a + i, b + i));
                self.rows.set(out, result);
            }
            Shape::Reduce(reduction, _) => {
                let result = match reduction {
                    Reduction::Norm => {
                        let squares = self.sum_of_squares(a, size);
                        self.builder.ins().sqrt(squares)
                    }
                    Reduction::Mean => self.mean(a, size),
                    Reduction::StDev => self.st_dev(a, size),
                };
                self.rows.set(out, result);
            }
            Shape::Nothing | Shape::Transpose | Shape::Outer | Shape::Drawn(_) => unreachable!("{} is left to its kernel", step.op),
        }
    }

    /// A scalar with every element of a vector, and what the products are combined with.
    fn inline_scaled(&mut self, step: &Step, combined: Combine) {
        self.paths.insert(CodePath::InlineFused);
        let [factor, vector, other] = step.inputs.map(|row| row as usize);
        for i in 0..self.unit.settings.features {
            let product = self.multiply_rows(factor, vector + i);
            let other = self.get(other + i);
            let result = match combined {
                Combine::Sum => self.builder.ins().fadd(product, other),
                Combine::DiffFrom => self.builder.ins().fsub(other, product),
                Combine::DiffOf => self.builder.ins().fsub(product, other),
            };
            self.set_element(step.out as usize + i, result);
        }
    }

    /// An elementwise op on one element, of a scalar or of a vector.
    ///
    /// # Panics
    /// If it is a function, which is left to its kernel.
    fn elementwise(&mut self, element: Element, is_scalar: bool, x: Value, y: Value) -> Value {
        let b = &mut self.builder;
        match element {
            Element::Sum => b.ins().fadd(x, y),
            Element::Difference => b.ins().fsub(x, y),
            Element::Product => b.ins().fmul(x, y),
            Element::Quotient => b.ins().fdiv(x, y),
            Element::Abs => b.ins().fabs(x),
            Element::Reciprocal => {
                let one = self.splat(1.0);
                self.builder.ins().fdiv(one, x)
            }
            Element::Heaviside if is_scalar => self.one_where(FloatCC::GreaterThanOrEqual, x),
            Element::Heaviside => self.one_where(FloatCC::GreaterThan, x),
            // y if y < x else x
            Element::Minimum => select(b, FloatCC::LessThan, y, x, y, x),
            // y if x < y else x
            Element::Maximum => select(b, FloatCC::LessThan, x, y, y, x),
            Element::Function => unreachable!("functions are left to their kernels"),
        }
    }

    /// Leaves a step to its kernel: its inputs go to memory, its output is there afterwards.
    pub(super) fn kernel_step(&mut self, index: usize, step: &Step) {
        let f = self.unit.settings.features;
        let inputs = step.input_count();
        self.paths.insert(match step.kind {
            Fused::Op(op) if op.is_random() => CodePath::KernelDraw,
            Fused::Op(_) => CodePath::Kernel,
            Fused::Scaled(_) | Fused::Outer(_) => CodePath::KernelFused,
        });
        for (operand, (first, count)) in step.operand_rows(f).enumerate() {
            if operand < inputs {
                self.flush(first, count);
            } else {
                self.rows.forget(first, count);
            }
        }
        if step.op.is_random() {
            self.builder.ins().store(flags(), self.step, self.context, offset::STEP_OF_CONTEXT);
            let keys_before = self.builder.ins().imul_imm_u(self.lanes_before, self.unit.plan.ordinals().len() as i64);
            let keys = self.word_plus(offset::KEYS, keys_before);
            self.builder.ins().store(flags(), keys, self.context, offset::KEYS_OF_CONTEXT);
        }
        let mut operands = step.operand_rows(f);
        let read: Vec<Value> = operands.by_ref().take(inputs).map(|(first, count)| self.base(first, count)).collect();
        let (first, count) = operands.next().expect("a step without output is not executed");
        let out = self.row_pointer(first, count);
        let [a, b, c] = [0, 1, 2].map(|input| read.get(input).copied().unwrap_or(out));
        let kernel = kernel(step.kind, SimdLevel::of_machine(), self.unit.tile, f);
        let operation = self.add_constant(self.operations, (index * size_of::<Operation>()) as i64);
        let signature = self.kernel_signature();
        let kernel = self.builder.ins().iconst(types::I64, kernel as *const () as i64);
        self.builder.ins().call_indirect(signature, kernel, &[out, a, b, c, operation, self.context]);
    }

    /// The sum of `count` terms in the documented order.
    fn sum(&mut self, count: usize, term: impl FnMut(&mut Self, usize) -> Value) -> Value {
        sum_terms(&mut EmittedTerms { emitter: self, term }, count)
    }

    fn multiply_rows(&mut self, left: usize, right: usize) -> Value {
        let (x, y) = (self.get(left), self.get(right));
        self.builder.ins().fmul(x, y)
    }

    fn sum_of_squares(&mut self, first: usize, count: usize) -> Value {
        self.sum(count, |emitter, i| emitter.multiply_rows(first + i, first + i))
    }

    fn mean(&mut self, first: usize, count: usize) -> Value {
        let total = self.sum(count, |emitter, i| emitter.get(first + i));
        self.divide_by(total, count)
    }

    /// sqrt(sum of squares / count - mean^2)
    fn st_dev(&mut self, first: usize, count: usize) -> Value {
        let mean = self.mean(first, count);
        let squares = self.sum_of_squares(first, count);
        let mean_of_squares = self.divide_by(squares, count);
        let b = &mut self.builder;
        let square = b.ins().fmul(mean, mean);
        let variance = b.ins().fsub(mean_of_squares, square);
        b.ins().sqrt(variance)
    }

    fn divide_by(&mut self, total: Value, count: usize) -> Value {
        let count = self.splat(count as f64);
        self.builder.ins().fdiv(total, count)
    }

    /// 1 where the comparison of x with 0 holds, else 0.
    fn one_where(&mut self, condition: FloatCC, x: Value) -> Value {
        let (zero, one) = (self.zero(), self.splat(1.0));
        let holds = self.builder.ins().fcmp(condition, x, zero);
        let holds = self.builder.ins().bitcast(types::F64X2, lane_order(), holds);
        self.builder.ins().band(holds, one)
    }
}

impl Adder<Value> for Emitter<'_, '_> {
    fn add(&mut self, x: Value, y: Value) -> Value {
        self.builder.ins().fadd(x, y)
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
