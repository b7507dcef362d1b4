//! Random programs of several kinds: few addresses, so that instructions alias and feed each other, and kinds of data flow that single
//! random instructions rarely make.

use super::choices::Choices;
use super::values::{constants, other_constants};
use crate::lang::{AddressCounts, ComponentFunction, Data, Instruction, Interface, Op, Program, Space, known_program};

/// The known programs whose mutants are generated. Seeds and the corpora of the fuzz targets mean other programs if their number changes;
/// the affine model is a few mutations from the linear one.
const fn ancestors(interface: Interface) -> &'static [&'static str] {
    match interface {
        Interface::Number => &["linear", "net"],
        Interface::Classes => &["softmax", "softmax-net"],
    }
}

/// A model like the best one that the paper found (its Figure 6): noisy copies of the features in a bilinear form, updates of unit
/// length, and validation by the sum of all weights so far.
const BILINEAR: &str = "
def Setup():
  m2 = gaussian(0.0, 0.1)
  m0 = m2 + m3
  v1 = uniform(-0.05, 0.05)
  s2 = 0.01
def Predict():
  v2 = v0 + v1
  v3 = v0 - v1
  v4 = dot(m0, v2)
  s1 = dot(v4, v3)
  m1 = m1 + m0
  m0 = m1 + m3
def Learn():
  s3 = s0 - s1
  v5 = s3 * v2
  m4 = outer(v3, v5)
  s4 = norm(m4)
  s5 = s2 / s4
  m4 = s5 * m4
  m2 = m2 + m4
  m0 = m2 + m3
  v1 = uniform(-0.05, 0.05)
";

/// The most mutations between a hand-written program and what is run.
const MAX_MUTATIONS: usize = 12;

/// Makes programs and their instructions.
pub(super) struct Source<'c, 'b> {
    pub(super) choices: &'c mut Choices<'b>,
    /// The addresses that there are.
    pub(super) counts: AddressCounts,
    /// The kind of tasks that programs are for.
    interface: Interface,
    /// What random instructions are made of.
    ops: Vec<Op>,
}

/// Few addresses for a dense flow of data, sometimes many.
pub(super) fn address_counts(choices: &mut Choices<'_>, interface: Interface) -> AddressCounts {
    let [s, v, m] = if choices.once_in(5) { [20, 12, 6] } else { [3, 3, 3] };
    let AddressCounts { scalars, vectors, matrices } = interface.least_counts();
    let [s, v, m] = [s, v, m].map(|most| choices.below(most) as u8);
    AddressCounts { scalars: scalars + s, vectors: vectors + v, matrices: matrices + m }
}

impl<'c, 'b> Source<'c, 'b> {
    pub(super) fn new(choices: &'c mut Choices<'b>, counts: AddressCounts, interface: Interface) -> Source<'c, 'b> {
        Source { choices, counts, interface, ops: possible_ops(counts, interface) }
    }

    /// A program, and of which kind it is.
    pub(super) fn program(&mut self) -> (&'static str, Program) {
        match self.choices.below(9) {
            0 | 1 => ("random", self.random()),
            2 => {
                let kept = 3 + self.choices.below(8);
                self.choices.shuffle(&mut self.ops);
                self.ops.truncate(kept);
                ("random of few ops", self.random())
            }
            3..=5 => ("single op", self.single_op()),
            6 => ("updates by products", self.updates_by_products()),
            _ => ("mutated", self.mutated()),
        }
    }

    fn random(&mut self) -> Program {
        let most = if self.choices.once_in(6) { 40 } else { 12 };
        let [setup, mut predict, learn] = [(); 3].map(|()| self.instructions(most));
        if self.choices.below(2) == 0 {
            predict.extend(self.any_into_prediction());
        }
        Program::new(&setup, &predict, &learn)
    }

    /// Memory filled in Setup, then one op in Predict and Learn, sometimes with one that takes its output, and that summed up in the
    /// prediction.
    fn single_op(&mut self) -> Program {
        let op = self.choices.one_of(&self.ops.clone());
        let setup = self.fill_all();
        let [mut predict, mut learn] = [(); 2].map(|()| vec![self.aliased(op)]);
        for instructions in [&mut predict, &mut learn] {
            if self.choices.below(2) == 0 {
                instructions.extend(self.follower(instructions[0]));
            }
        }
        let written = predict.last().and_then(Instruction::writes);
        predict.extend(written.and_then(|(space, address)| into_prediction(self.interface, space, address)));
        Program::new(&setup, &predict, &learn)
    }

    /// Memory filled in Setup, then a product and a sum or difference that takes it in Predict and Learn, which backends do as one: in Learn
    /// as an update of what Predict reads.
    fn updates_by_products(&mut self) -> Program {
        let products = [
            Op::ScalarProduct,
            Op::ScalarVectorProduct,
            Op::VectorProduct,
            Op::ScalarMatrixProduct,
            Op::MatrixProduct,
            Op::VectorOuterProduct,
        ];
        let possible: Vec<Op> = products.into_iter().filter(|op| self.ops.contains(op)).collect();
        let product = self.choices.one_of(&possible);
        let space = product.output().expect("products have an output");
        let setup = self.fill_all();
        let [mut predict, mut learn] = [(); 2].map(|()| {
            let first = self.instruction(product);
            let [sum, difference] = sum_and_difference(space);
            let taker = if self.choices.once_in(3) { sum } else { difference };
            let any = self.instruction(taker);
            let inputs = if self.choices.below(2) == 0 { [any.in1(), first.out()] } else { [first.out(), any.in1()] };
            vec![first, instruction(taker, [inputs[0], inputs[1], any.out()], Data::None)]
        });
        // What Predict takes besides the product is what Learn updates.
        let [taken, updated] = [&predict, &learn].map(|pair| pair[1]);
        let other = if taken.in1() == predict[0].out() { taken.in2() } else { taken.in1() };
        if other >= self.interface.first_writable(space) {
            let update = instruction(updated.op(), [updated.in1(), updated.in2(), other], Data::None);
            learn[1] = update;
        }
        predict.extend(into_prediction(self.interface, space, taken.out()));
        Program::new(&setup, &predict, &learn)
    }

    /// A hand-written program at the end of a chain of mutations.
    fn mutated(&mut self) -> Program {
        let known = ancestors(self.interface);
        // The bilinear model writes what is the label of classes.
        let others = usize::from(self.interface == Interface::Number);
        let mut program = match known.get(self.choices.below(known.len() + others)) {
            Some(name) => known_program(name).expect("one of the known names"),
            None => BILINEAR.parse().expect("a program, tested below"),
        };
        self.counts = self.counts.max(program.address_counts());
        self.ops = possible_ops(self.counts, self.interface);
        for _ in 0..self.choices.below(MAX_MUTATIONS + 1) {
            self.mutate(&mut program);
        }
        program
    }

    /// One change: an instruction inserted, removed, replaced, or with another operand or constant.
    fn mutate(&mut self, program: &mut Program) {
        let function = self.choices.one_of(&ComponentFunction::ALL);
        let length = program.function(function).len();
        let change = if length == 0 { 0 } else { self.choices.below(4) };
        match change {
            0 => {
                let (at, instruction) = (self.choices.below(length + 1), self.any_instruction());
                program.insert(function, at, instruction);
            }
            1 => drop(program.remove(function, self.choices.below(length))),
            2 => program.function_mut(function)[self.choices.below(length)] = self.any_instruction(),
            _ => {
                let at = self.choices.below(length);
                let altered = self.altered(program.function(function)[at]);
                program.function_mut(function)[at] = altered;
            }
        }
    }

    /// The same op with one operand drawn anew, or other constants.
    fn altered(&mut self, old: Instruction) -> Instruction {
        let op = old.op();
        if op.info().data != crate::lang::DataKind::None && self.choices.below(2) == 0 {
            let data = other_constants(self.choices, old.data());
            return instruction(op, [old.in1(), old.in2(), old.out()], data);
        }
        let fresh = self.instruction(op);
        let mut addresses = [old.in1(), old.in2(), old.out()];
        let which = self.choices.below(3);
        addresses[which] = [fresh.in1(), fresh.in2(), fresh.out()][which];
        instruction(op, addresses, old.data())
    }

    fn instructions(&mut self, most: usize) -> Vec<Instruction> {
        let mut instructions: Vec<Instruction> = Vec::new();
        for _ in 0..self.choices.below(most + 1) {
            let follower = if self.choices.once_in(3) { instructions.last().and_then(|last| self.follower(*last)) } else { None };
            let next = follower.unwrap_or_else(|| self.any_instruction());
            instructions.push(next);
        }
        instructions
    }

    /// An instruction that takes what `before` wrote; often a sum or difference, which compilers like to join with a product.
    fn follower(&mut self, before: Instruction) -> Option<Instruction> {
        let (space, written) = before.writes()?;
        let takers: Vec<Op> = match self.choices.below(2) {
            0 => sum_and_difference(space).to_vec(),
            _ => self.ops.iter().copied().filter(|op| op.inputs().contains(&space)).collect(),
        };
        if takers.is_empty() {
            return None;
        }
        let taker = self.choices.one_of(&takers);
        let any = self.instruction(taker);
        let takes_second =
            taker.inputs()[0] != space || taker.inputs().len() == 2 && taker.inputs()[1] == space && self.choices.below(2) == 0;
        let inputs = if takes_second { [any.in1(), written] } else { [written, any.in2()] };
        Some(instruction(taker, [inputs[0], inputs[1], any.out()], any.data()))
    }

    fn any_instruction(&mut self) -> Instruction {
        let op = self.ops[self.choices.below(self.ops.len())];
        self.instruction(op)
    }

    fn instruction(&mut self, op: Op) -> Instruction {
        let input = |which: usize| op.inputs().get(which).map_or(1, |&space| usize::from(self.counts.of(space)));
        let first = |space: Space| self.interface.first_writable(space);
        let written = op.output().map_or((0, 1), |space| (first(space), self.counts.of(space) - first(space)));
        let bounds = [input(0), input(1), usize::from(written.1)];
        let [in1, in2, out] = bounds.map(|bound| self.choices.below(bound) as u8);
        let data = constants(self.choices, op.info().data);
        instruction(op, [in1, in2, written.0 + out], data)
    }

    /// The op on operands of which two or three are the same address, in each way that their spaces allow, or none.
    fn aliased(&mut self, op: Op) -> Instruction {
        let any = self.instruction(op);
        let [first, second] = [0, 1].map(|which| op.inputs().get(which).copied());
        let [in1, in2, out] = [any.in1(), any.in2(), any.out()];
        let interface = self.interface;
        let writable = |address: u8, space: Option<Space>| space.is_none_or(|space| address >= interface.first_writable(space));
        let addresses = match self.choices.below(5) {
            0 if first == second && second.is_some() => [in1, in1, out],
            1 if first.is_some() && first == op.output() => [out, in2, out],
            2 if second.is_some() && second == op.output() => [in1, out, out],
            3 if first == second && first.is_some() && first == op.output() && writable(out, first) => [out, out, out],
            _ => [in1, in2, out],
        };
        instruction(op, addresses, any.data())
    }

    fn fill_all(&mut self) -> Vec<Instruction> {
        let mut setup = Vec::new();
        for space in Space::ALL {
            for address in self.interface.first_writable(space)..self.counts.of(space) {
                setup.extend(self.fill(space, address));
            }
        }
        setup
    }

    /// Draws for every element, or one element or number that is special.
    fn fill(&mut self, space: Space, address: u8) -> Vec<Instruction> {
        let (draw, set) = match space {
            Space::Scalar => (Op::ScalarGaussianSet, Op::ScalarConstSet),
            Space::Vector => (Op::VectorGaussianSet, Op::VectorConstSet),
            Space::Matrix => (Op::MatrixGaussianSet, Op::MatrixConstSet),
        };
        let ops = [draw, set];
        let written = if self.choices.once_in(3) { &ops[..] } else { &ops[..1] };
        written
            .iter()
            .map(|&op| {
                let data = match (op == draw, self.choices.once_in(4)) {
                    (true, false) => Data::Gaussian { mean: 0.0, st_dev: 1.0 },
                    _ => constants(self.choices, op.info().data),
                };
                instruction(op, [0, 0, address], data)
            })
            .collect()
    }

    /// An instruction that brings some vector, matrix or scalar into the prediction.
    fn any_into_prediction(&mut self) -> Option<Instruction> {
        let space = self.choices.one_of(&Space::ALL);
        let count = usize::from(self.counts.of(space));
        (count > 0).then(|| into_prediction(self.interface, space, self.choices.below(count) as u8)).flatten()
    }
}

fn sum_and_difference(space: Space) -> [Op; 2] {
    match space {
        Space::Scalar => [Op::ScalarSum, Op::ScalarDiff],
        Space::Vector => [Op::VectorSum, Op::VectorDiff],
        Space::Matrix => [Op::MatrixSum, Op::MatrixDiff],
    }
}

/// The ops whose operands such a memory has.
fn possible_ops(counts: AddressCounts, interface: Interface) -> Vec<Op> {
    let possible = |op: &Op| {
        op.inputs().iter().all(|&space| counts.of(space) > 0)
            && op.output().is_none_or(|space| counts.of(space) > interface.first_writable(space))
    };
    Op::ALL.into_iter().filter(possible).collect()
}

pub(super) fn instruction(op: Op, [in1, in2, out]: [u8; 3], data: Data) -> Instruction {
    Instruction::new(op, in1, in2, out, data).expect("addresses below the counts, constants of the op's kind")
}

/// Sums an address up in the prediction; nothing for the prediction itself. With classes a scalar must not do the same to all of them.
fn into_prediction(interface: Interface, space: Space, address: u8) -> Option<Instruction> {
    let prediction = interface.prediction();
    if (space, address) == prediction {
        return None;
    }
    let (op, other) = match (interface, space) {
        (Interface::Number, Space::Scalar) => (Op::ScalarSum, 1),
        (Interface::Number, Space::Vector) => (Op::VectorMean, 1),
        (Interface::Number, Space::Matrix) => (Op::MatrixNorm, 1),
        (Interface::Classes, Space::Scalar) => (Op::ScalarVectorProduct, 0),
        (Interface::Classes, Space::Vector) => (Op::VectorSum, 2),
        (Interface::Classes, Space::Matrix) => (Op::MatrixVectorProduct, 0),
    };
    Some(instruction(op, [address, other, prediction.1], Data::None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Backend, Combine, Evaluator};
    use crate::exec::random::Stream;
    use crate::lanes::TaskGroup;
    use crate::lang::Scoring;
    use crate::task::{Examples, GroupSettings, Task};

    /// The start of the mutations must be a model that learns what a linear one cannot.
    #[test]
    fn the_bilinear_model_learns_a_product() {
        let mut stream = Stream::new(1);
        let mut examples = |count: usize| {
            let features: Vec<f64> = (0..2 * count).map(|_| stream.normal()).collect();
            let labels = features.chunks(2).map(|x| f64::from(u8::from(x[0] * x[1] > 0.0))).collect();
            Examples { features, labels }
        };
        let task = Task { seed: 1, train: examples(400), valid: examples(200), train_orders: None };
        let group = TaskGroup::new(GroupSettings::new(2, Scoring::Accuracy), vec![task]).expect("a valid group");
        let fitness =
            |program: &Program| Evaluator::new(Backend::Interp).worker().evaluate(program, &group).expect("small").fitness(Combine::Mean);
        let (bilinear, linear) = (fitness(&BILINEAR.parse().expect("a program")), fitness(&known_program("linear").expect("known")));
        assert!(bilinear > 0.8 && linear < 0.7, "bilinear {bilinear}, linear {linear}");
    }
}
