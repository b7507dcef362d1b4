//! A backend with a fault in one op, of the kinds that interpreters and compilers really have: the fuzzer must find each of them in every
//! op that can have it.

mod contraction;
mod lockstep;

use super::generate::FuzzCase;
use crate::lang::{Instruction, Op, Space};
use crate::oracle::TaskRecord;
use crate::oracle::{Memory, execute};
use lockstep::{Call, Execute};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The first input is the next address of its space; of an op without inputs, the output is.
    WrongOperand,
    /// Every element of the output takes the place of its neighbour; of a scalar, or of equal elements, it is the next lane's.
    WrongElement,
    /// The output is not written.
    DroppedStore,
    /// The output goes one row of memory too far.
    OffByOneRow,
    /// Of two values that compare equal, or with NaN, the other one is taken.
    SwappedComparison,
    /// What was written is lost at the end of the example: the next one reads the register of the one before.
    StaleRegister,
    /// The next lane's mask decides whether a lane is stopped.
    MaskOffByOne,
    /// A product and the sum that takes it are rounded once, not twice.
    Contraction,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 8] = [
        Fault::WrongOperand,
        Fault::WrongElement,
        Fault::DroppedStore,
        Fault::OffByOneRow,
        Fault::SwappedComparison,
        Fault::StaleRegister,
        Fault::MaskOffByOne,
        Fault::Contraction,
    ];

    /// Whether the op can have the fault at all.
    pub fn applies_to(self, op: Op) -> bool {
        match self {
            _ if op == Op::NoOp => false,
            // All lanes set the same number.
            Fault::WrongElement => op != Op::ScalarConstSet,
            Fault::SwappedComparison => is_least_or_greatest(op) || is_heaviside(op),
            Fault::Contraction => contraction::applies_to(op),
            _ => true,
        }
    }
}

/// A backend that executes all tasks of a case in lock step, as one with lanes does, with a fault in one op.
#[derive(Clone, Copy, Debug)]
pub struct FaultyBackend {
    /// Where the fault is; `None` for a backend without.
    pub fault: Option<(Op, Fault)>,
}

impl FaultyBackend {
    /// What it makes of a case: one record a task. `ordinals` has the number of each instruction among the random ones.
    pub fn run(self, case: &FuzzCase, ordinals: &[u32]) -> Vec<TaskRecord> {
        lockstep::run(case, ordinals, &mut Faulty { fault: self.fault, ..Faulty::default() })
    }
}

/// The executor, and what it must remember for its fault.
#[derive(Default)]
struct Faulty {
    fault: Option<(Op, Fault)>,
    /// The memories at the beginning of the example.
    before_example: Vec<Memory>,
    /// By lane, the addresses last written by the op in this example.
    written: Vec<Vec<(Space, u8)>>,
    /// By lane, the latest product and the memory before it.
    product: Vec<Option<(Instruction, Memory)>>,
}

impl Execute for Faulty {
    fn begin_example(&mut self, lanes: &[Memory]) {
        self.product.clear();
        self.product.resize_with(lanes.len(), || None);
        if let Some((_, Fault::StaleRegister)) = self.fault {
            self.before_example = lanes.to_vec();
            self.written = vec![Vec::new(); lanes.len()];
        }
    }

    fn end_example(&mut self, lanes: &mut [Memory]) {
        for ((lane, before), written) in lanes.iter_mut().zip(&mut self.before_example).zip(&self.written) {
            for &(space, address) in written {
                lane.elements_mut(space, address).copy_from_slice(before.elements_mut(space, address));
            }
        }
        self.before_example.clear();
    }

    fn execute(&mut self, call: Call<'_>, lanes: &mut [Memory], active: &[bool], seeds: &[u64]) {
        let op = call.instruction.op();
        let fault = self.fault.filter(|&(faulty, _)| faulty == op).map(|(_, fault)| fault);
        // The next lane, before it is changed.
        let others: Vec<Memory> = if fault == Some(Fault::WrongElement) { lanes.to_vec() } else { Vec::new() };
        for lane in 0..lanes.len() {
            let next = (lane + 1) % lanes.len();
            let runs = if fault == Some(Fault::MaskOffByOne) { active[next] } else { active[lane] };
            if !runs {
                continue;
            }
            let before = self.fault.is_some_and(|(_, fault)| fault == Fault::Contraction).then(|| lanes[lane].clone());
            match fault {
                Some(fault) => {
                    let neighbour = others.get(next).map(|other| (other, seeds[next]));
                    execute_faulty(fault, call, seeds[lane], &mut lanes[lane], neighbour);
                }
                None => call.on(seeds[lane], &mut lanes[lane]),
            }
            self.remember(call.instruction, lane, before, &mut lanes[lane], (call, seeds[lane]));
        }
    }
}

impl Faulty {
    /// Keeps what a fault of the whole example needs, and contracts a sum with its product.
    fn remember(
        &mut self,
        instruction: &Instruction,
        lane: usize,
        before: Option<Memory>,
        memory: &mut Memory,
        (call, seed): (Call<'_>, u64),
    ) {
        let Some((faulty, fault)) = self.fault else { return };
        match (fault, instruction.writes()) {
            (Fault::StaleRegister, Some(written)) if self.written.len() > lane => {
                if !instruction.op().writes_one_element() {
                    self.written[lane].retain(|&other| other != written);
                }
                if instruction.op() == faulty {
                    self.written[lane].push(written);
                }
            }
            (Fault::Contraction, Some((space, out))) => {
                let Some(mut before) = before else { return };
                let product = self.product.get_mut(lane).and_then(Option::take);
                let contracted = match &product {
                    Some((product, before_product)) if faulty == product.op() || faulty == instruction.op() => {
                        contraction::of_pair(product, before_product, instruction, &mut before)
                    }
                    _ => None,
                };
                let contracted = contracted.or_else(|| {
                    (faulty == instruction.op()).then(|| contraction::of_one(instruction, &mut before, call.draws(seed))).flatten()
                });
                if let Some(elements) = contracted {
                    memory.elements_mut(space, out).copy_from_slice(&elements);
                }
                if let Some(slot) = self.product.get_mut(lane).filter(|_| contraction::is_product(instruction.op())) {
                    *slot = Some((*instruction, before));
                }
            }
            _ => {}
        }
    }
}

fn execute_faulty(fault: Fault, call: Call<'_>, seed: u64, memory: &mut Memory, neighbour: Option<(&Memory, u64)>) {
    let instruction = *call.instruction;
    let Some((space, out)) = instruction.writes() else { return };
    match fault {
        Fault::WrongOperand => Call { instruction: &with_wrong_operand(&instruction, memory), ..call }.on(seed, memory),
        Fault::WrongElement => {
            call.on(seed, memory);
            let elements = memory.elements_mut(space, out);
            if elements.len() > 1 && instruction.op() != Op::ScalarBroadcast {
                elements.rotate_right(1);
            } else if let Some((other, seed)) = neighbour {
                let mut other = other.clone();
                call.on(seed, &mut other);
                elements.copy_from_slice(other.elements_mut(space, out));
            }
        }
        Fault::DroppedStore => {}
        Fault::OffByOneRow => {
            let mut right = memory.clone();
            call.on(seed, &mut right);
            let elements = right.elements_mut(space, out);
            let (all, first) = match space {
                Space::Scalar => (memory.scalars_mut(), usize::from(out)),
                Space::Vector => (memory.vectors_mut(), usize::from(out) * elements.len()),
                Space::Matrix => (memory.matrices_mut(), usize::from(out) * elements.len()),
            };
            all[first + 1..].iter_mut().zip(elements).for_each(|(wrong, element)| *wrong = *element);
        }
        Fault::SwappedComparison => {
            let op = instruction.op();
            let [in1, in2] = [instruction.in1(), instruction.in2()];
            if is_heaviside(op) {
                let inputs = memory.elements_mut(op.inputs()[0], in1).to_vec();
                call.on(seed, memory);
                let outputs = memory.elements_mut(space, out).iter_mut();
                outputs.zip(inputs).filter(|(_, input)| *input == 0.0).for_each(|(output, _)| *output = 1.0 - *output);
            } else if let Ok(swapped) = Instruction::new(op, in2, in1, out, instruction.data()) {
                Call { instruction: &swapped, ..call }.on(seed, memory);
            }
        }
        // These go wrong elsewhere: at the end of the example, in the choice of lanes, or afterwards.
        Fault::StaleRegister | Fault::MaskOffByOne | Fault::Contraction => call.on(seed, memory),
    }
}

/// The instruction with the next address in place of its first input, or of its output where it has no inputs.
fn with_wrong_operand(instruction: &Instruction, memory: &Memory) -> Instruction {
    let (op, counts) = (instruction.op(), memory.counts());
    let [mut in1, in2, mut out] = [instruction.in1(), instruction.in2(), instruction.out()];
    match (op.inputs().first(), op.output()) {
        (Some(&space), _) => in1 = (in1 + 1) % counts.of(space),
        (None, Some(space)) => {
            let first = space.first_writable();
            out = first + (out - first + 1) % (counts.of(space) - first);
        }
        (None, None) => {}
    }
    Instruction::new(op, in1, in2, out, instruction.data()).unwrap_or(*instruction)
}

fn is_least_or_greatest(op: Op) -> bool {
    (Op::ScalarMin.number()..=Op::MatrixMax.number()).contains(&op.number())
}

fn is_heaviside(op: Op) -> bool {
    [Op::ScalarHeaviside, Op::VectorHeaviside, Op::MatrixHeaviside].contains(&op)
}

impl Call<'_> {
    fn on(self, seed: u64, memory: &mut Memory) {
        execute(self.instruction, self.ordinal, self.step, seed, memory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::Oracle;
    use crate::testing::differential::records_difference;
    use crate::testing::oracle_records;

    /// What the fuzzer finds in it must be the fault and nothing else.
    #[test]
    fn without_a_fault_it_gives_what_the_oracle_gives() {
        for seed in 0..400 {
            let case = FuzzCase::generate(seed);
            let (expected, ordinals) = oracle_records(&mut Oracle::new(), &case.program, case.counts, &case.group).expect("small");
            let found = FaultyBackend { fault: None }.run(&case, &ordinals);
            assert_eq!(records_difference(&expected, &found), Ok(()), "seed {seed}: {}", case.program);
        }
    }
}
