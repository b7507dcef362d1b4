//! Random programs on random groups of tasks, each a pure function of one seed.
//!
//! What is drawn is what backends get wrong: few addresses, so that instructions alias and feed each other; numbers at the edges
//! of arithmetic; feature sizes around the limits of unrolling; lanes that stop at different steps.

use std::f64::consts::{FRAC_PI_2, LN_2};

use crate::eval::{Examples, GroupSettings, Scoring, Task, TaskGroup};
use crate::exec::random::{Stream, mix};
use crate::lang::{AddressCounts, ComponentFunction, Data, DataKind, Instruction, KNOWN_PROGRAMS, Op, Program, Space, known_program};

/// Numbers at the edges of arithmetic, and at the branch points of the functions.
pub const SPECIAL_NUMBERS: [f64; 28] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    5e-324,
    -5e-324,
    f64::MIN_POSITIVE,
    1e-308,
    1e308,
    -1e308,
    f64::MAX,
    1.0 + f64::EPSILON,
    1.0 - f64::EPSILON / 2.0,
    -1.0 - f64::EPSILON,
    709.79,
    -745.14,
    FRAC_PI_2,
    LN_2,
    1e22,
    9_007_199_254_740_993.0,
    1e-160,
    1e160,
];

/// The same for constants of 32 bits.
const SPECIAL_NARROW: [f32; 13] =
    [0.0, -0.0, 1.0, -1.0, 0.5, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-45, f32::MIN_POSITIVE, f32::MAX, -f32::MAX, 1e-30];

/// Index fractions, the ends and what rounds near them among them.
const FRACTIONS: [f32; 8] = [0.0, 1.0, 0.5, 0.999_999_94, 1e-45, 0.4, 0.7, 0.333_333_34];

/// Elements that one backend may compute on one case, about (ten times as many on a long one); examples and tasks are cut down to it.
const BUDGET: usize = 150_000;

/// A program with the tasks that it is to be run on.
#[derive(Debug)]
pub struct FuzzCase {
    /// What [`FuzzCase::generate`] made it from; a name only where it was made otherwise.
    pub seed: u64,
    /// Where the program comes from.
    pub origin: &'static str,
    /// The shape of the memory; the program may use less.
    pub counts: AddressCounts,
    /// The program.
    pub program: Program,
    /// The tasks, at least 1.
    pub group: TaskGroup,
}

impl FuzzCase {
    /// The case with this seed.
    pub fn generate(seed: u64) -> FuzzCase {
        FuzzCase::edited(seed, &[])
    }

    /// A case from bytes that a fuzzing engine chooses: the first eight are a seed, each six after them one more instruction.
    pub fn from_bytes(bytes: &[u8]) -> FuzzCase {
        let (seed, edits) = bytes.split_at(bytes.len().min(8));
        let seed = seed.iter().fold(0, |seed, &byte| seed << 8 | u64::from(byte));
        FuzzCase::edited(seed, edits)
    }

    fn edited(seed: u64, edits: &[u8]) -> FuzzCase {
        let mut stream = Stream::new(mix(seed));
        let counts = address_counts(&mut stream);
        let mut source = ProgramSource { stream: &mut stream, counts, ops: Vec::new() };
        let (origin, mut program) = source.program();
        let counts = counts.max(program.address_counts());
        for edit in edits.as_chunks::<6>().0.iter().take(64) {
            insert(&mut program, counts, *edit);
        }
        let group = task_group(&mut stream, &program);
        FuzzCase { seed, origin, counts, program, group }
    }
}

/// Few addresses for a dense flow of data, sometimes many.
fn address_counts(stream: &mut Stream) -> AddressCounts {
    let [s, v, m] = if stream.below(5) == 0 { [20, 12, 6] } else { [3, 3, 3] };
    AddressCounts { scalars: 2 + stream.below(s) as u8, vectors: 1 + stream.below(v) as u8, matrices: stream.below(m) as u8 }
}

/// Makes programs and their instructions.
struct ProgramSource<'s> {
    stream: &'s mut Stream,
    counts: AddressCounts,
    /// What random instructions are made of.
    ops: Vec<Op>,
}

impl ProgramSource<'_> {
    fn program(&mut self) -> (&'static str, Program) {
        self.ops = possible_ops(self.counts);
        match self.stream.below(8) {
            0 | 1 => ("single op", self.single_op()),
            2 | 3 => ("mutated", self.mutated()),
            4 => {
                let kept = 3 + self.stream.below(8);
                self.stream.shuffle(&mut self.ops);
                self.ops.truncate(kept);
                ("random of few ops", self.random())
            }
            _ => ("random", self.random()),
        }
    }

    fn random(&mut self) -> Program {
        let most = if self.stream.below(6) == 0 { 40 } else { 12 };
        let [setup, mut predict, learn] = [(); 3].map(|()| self.instructions(most));
        if self.stream.below(2) == 0 {
            predict.extend(self.any_into_prediction());
        }
        Program::new(&setup, &predict, &learn)
    }

    /// Memory filled in Setup, then one op in Predict and Learn, and its output summed up in the prediction.
    fn single_op(&mut self) -> Program {
        let op = self.ops[self.stream.below(self.ops.len())];
        let mut setup = Vec::new();
        for space in Space::ALL {
            for address in space.first_writable()..self.counts.of(space) {
                setup.extend(self.fill(space, address));
            }
        }
        let (in_predict, in_learn) = (self.instruction(op), self.instruction(op));
        let mut predict = vec![in_predict];
        predict.extend(in_predict.writes().and_then(|(space, address)| inany_into_prediction(space, address)));
        Program::new(&setup, &predict, &[in_learn])
    }

    /// A hand-written program with some instructions altered, inserted or removed.
    fn mutated(&mut self) -> Program {
        let name = KNOWN_PROGRAMS[self.stream.below(KNOWN_PROGRAMS.len())];
        let mut program = known_program(name).expect("one of the known names");
        self.counts = self.counts.max(program.address_counts());
        self.ops = possible_ops(self.counts);
        for _ in 0..self.stream.below(6) {
            let function = ComponentFunction::ALL[self.stream.below(3)];
            let length = program.function(function).len();
            let instruction = self.any_instruction();
            match self.stream.below(3) {
                0 => program.insert(function, self.stream.below(length + 1), instruction),
                1 if length > 0 => program.function_mut(function)[self.stream.below(length)] = instruction,
                _ if length > 0 => drop(program.remove(function, self.stream.below(length))),
                _ => {}
            }
        }
        program
    }

    fn instructions(&mut self, most: usize) -> Vec<Instruction> {
        (0..self.stream.below(most + 1)).map(|_| self.any_instruction()).collect()
    }

    fn any_instruction(&mut self) -> Instruction {
        let op = self.ops[self.stream.below(self.ops.len())];
        self.instruction(op)
    }

    fn instruction(&mut self, op: Op) -> Instruction {
        let data = constants(self.stream, op.info().data);
        let mut bytes = [0; 3];
        bytes.fill_with(|| self.stream.below(256) as u8);
        addressed(op, self.counts, bytes, data)
    }

    /// Draws for every element, or one element or number that is special.
    fn fill(&mut self, space: Space, address: u8) -> Vec<Instruction> {
        let (draw, set) = match space {
            Space::Scalar => (Op::ScalarGaussianSet, Op::ScalarConstSet),
            Space::Vector => (Op::VectorGaussianSet, Op::VectorConstSet),
            Space::Matrix => (Op::MatrixGaussianSet, Op::MatrixConstSet),
        };
        let ops = [draw, set];
        let written = if self.stream.below(3) == 0 { &ops[..] } else { &ops[..1] };
        written.iter().map(|&op| instruction(op, 0, 0, address, constants(self.stream, op.info().data))).collect()
    }

    /// An instruction that brings some vector, matrix or scalar into the prediction.
    fn any_into_prediction(&mut self) -> Option<Instruction> {
        let space = Space::ALL[self.stream.below(3)];
        let count = usize::from(self.counts.of(space));
        (count > 0).then(|| inany_into_prediction(space, self.stream.below(count) as u8)).flatten()
    }
}

/// The ops whose operands such a memory has.
fn possible_ops(counts: AddressCounts) -> Vec<Op> {
    let possible = |op: &Op| {
        op.inputs().iter().all(|&space| counts.of(space) > 0) && op.output().is_none_or(|space| counts.of(space) > space.first_writable())
    };
    Op::ALL.into_iter().filter(possible).collect()
}

fn instruction(op: Op, in1: u8, in2: u8, out: u8, data: Data) -> Instruction {
    Instruction::new(op, in1, in2, out, data).expect("addresses below the counts, constants of the op's kind")
}

/// An instruction whose addresses follow from three bytes: two inputs and the output.
fn addressed(op: Op, counts: AddressCounts, bytes: [u8; 3], data: Data) -> Instruction {
    let input = |which: usize| op.inputs().get(which).map_or(0, |&space| bytes[which] % counts.of(space));
    let output = op.output().map_or(0, |space| space.first_writable() + bytes[2] % (counts.of(space) - space.first_writable()));
    instruction(op, input(0), input(1), output, data)
}

/// Sums an address up in `s1`; nothing for `s1` itself.
fn inany_into_prediction(space: Space, address: u8) -> Option<Instruction> {
    let op = match space {
        Space::Scalar if address == 1 => return None,
        Space::Scalar => Op::ScalarSum,
        Space::Vector => Op::VectorMean,
        Space::Matrix => Op::MatrixNorm,
    };
    Some(instruction(op, address, 1, 1, Data::None))
}

/// Inserts the instruction that six bytes stand for: function, op, two inputs, output, constants.
fn insert(program: &mut Program, counts: AddressCounts, [place, op, in1, in2, out, data]: [u8; 6]) {
    let ops = possible_ops(counts);
    let op = ops[usize::from(op) % ops.len()];
    let data = constants(&mut Stream::new(data.into()), op.info().data);
    let function = ComponentFunction::ALL[usize::from(place % 3)];
    let at = usize::from(place / 3) % (program.function(function).len() + 1);
    program.insert(function, at, addressed(op, counts, [in1, in2, out], data));
}

/// Constants of a kind, often special ones.
fn constants(stream: &mut Stream, kind: DataKind) -> Data {
    match kind {
        DataKind::None => Data::None,
        DataKind::ScalarConst if stream.below(2) == 0 => Data::ScalarConst(SPECIAL_NUMBERS[stream.below(SPECIAL_NUMBERS.len())]),
        DataKind::ScalarConst => Data::ScalarConst(stream.normal()),
        DataKind::VectorConst => Data::VectorConst { index: fraction(stream), value: narrow(stream) },
        DataKind::MatrixConst => Data::MatrixConst { row: fraction(stream), column: fraction(stream), value: narrow(stream) },
        DataKind::Uniform => Data::Uniform { low: narrow(stream), high: narrow(stream) },
        DataKind::Gaussian => Data::Gaussian { mean: narrow(stream), st_dev: narrow(stream) },
    }
}

fn fraction(stream: &mut Stream) -> f32 {
    if stream.below(2) == 0 { FRACTIONS[stream.below(FRACTIONS.len())] } else { stream.unit() as f32 }
}

fn narrow(stream: &mut Stream) -> f32 {
    if stream.below(5) == 0 { SPECIAL_NARROW[stream.below(SPECIAL_NARROW.len())] } else { stream.normal() as f32 }
}

/// Elements that one execution of an instruction computes, about.
fn cost(instruction: &Instruction, features: usize) -> usize {
    let op = instruction.op();
    let elements = op.inputs().iter().copied().chain(op.output()).map(|space| space.elements(features)).max().unwrap_or(1);
    match op {
        Op::MatrixMatrixProduct => elements * features,
        op if op.is_random() => elements * 16,
        _ => elements + 1,
    }
}

/// Tasks for a program, as many and as long as the budget allows.
fn task_group(stream: &mut Stream, program: &Program) -> TaskGroup {
    // Long runs are compiled with more care; only small programs are affordable at that length.
    let long = stream.below(16) == 0;
    let features = match stream.below(12) {
        _ if long => 1 + stream.below(2),
        0 => [16, 17, 32, 33][stream.below(4)],
        1 | 2 => 1 + stream.below(40),
        _ => 1 + stream.below(8),
    };
    let scoring = if stream.below(3) == 0 { Scoring::Accuracy } else { Scoring::Rms };
    let epochs = if long { 3 } else { 1 + stream.below(3) };
    let max_abs_error = match stream.below(8) {
        _ if long => f64::INFINITY,
        0 => f64::INFINITY,
        1 => 0.0,
        2 => 0.5,
        3 => 1.0,
        4 | 5 => stream.normal().abs() * 3.0,
        _ => 100.0,
    };
    let mut tasks = if long { 13 + stream.below(5) } else { 1 + stream.below(17) };
    // Later epochs are gathered in blocks of 64 examples: sometimes more than one block.
    let mut train = match stream.below(12) {
        _ if long => 900,
        0 => 65 + stream.below(70),
        _ => 1 + stream.below(40),
    };
    let mut valid = 1 + stream.below(40);
    let [setup, predict, learn] =
        ComponentFunction::ALL.map(|function| program.function(function).iter().map(|i| cost(i, features)).sum::<usize>());
    let budget = if long { 10 * BUDGET } else { BUDGET };
    while tasks * (setup + epochs * (train * (predict + learn) + valid * predict)) > budget {
        if train + valid > 8 {
            (train, valid) = (train.div_ceil(2), valid.div_ceil(2));
        } else if tasks > 1 {
            tasks = tasks.div_ceil(2);
        } else {
            break;
        }
    }
    let recorded_orders = stream.below(8) == 0;
    let specials = stream.below(6) == 0;
    // Labels of validation that are farther off let it fail where training does not.
    let valid_scale = [1.0, 1.0, 5.0][stream.below(3)];
    let made = (0..tasks).map(|_| {
        let weights: Vec<f64> = (0..features).map(|_| stream.normal()).collect();
        let mut examples = |count, scale| labelled(stream, &weights, count, scoring, scale, specials);
        let (train_examples, valid_examples) = (examples(train, 1.0), examples(valid, valid_scale));
        let orders = || (0..epochs).map(|_| (0..train).map(|_| stream.below(train) as u32).collect()).collect();
        let train_orders = recorded_orders.then(orders);
        Task { seed: stream.next_u64(), train: train_examples, valid: valid_examples, train_orders }
    });
    let tasks = made.collect();
    let settings = GroupSettings { epochs: epochs as u32, max_abs_error, ..GroupSettings::new(features, scoring) };
    TaskGroup::new(settings, tasks).expect("consistent shapes, far below the memory limit")
}

/// Examples of a linear task; some numbers replaced by special ones where `specials`.
fn labelled(stream: &mut Stream, weights: &[f64], count: usize, scoring: Scoring, scale: f64, specials: bool) -> Examples {
    let mut examples = Examples::default();
    for _ in 0..count {
        let mut label = 0.0;
        for weight in weights {
            let special = specials && stream.below(20) == 0;
            let x = if special { SPECIAL_NUMBERS[stream.below(SPECIAL_NUMBERS.len())] } else { stream.normal() };
            label += weight * x;
            examples.features.push(x);
        }
        let label = match scoring {
            Scoring::Accuracy => f64::from(u8::from(label > 0.0)),
            Scoring::Rms if specials && stream.below(20) == 0 => SPECIAL_NUMBERS[stream.below(SPECIAL_NUMBERS.len())],
            Scoring::Rms => label * scale,
        };
        examples.labels.push(label);
    }
    examples
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A generator that misses something makes the fuzzer blind to it.
    #[test]
    fn everything_is_generated() {
        let (mut ops, mut sizes, mut tasks, mut epochs, mut origins) = Default::default();
        let (mut scorings, mut long) = ([0; 2], 0);
        for seed in 0..3_000 {
            let case = FuzzCase::generate(seed);
            case.program.check_addresses(case.counts).expect("declared addresses only");
            BTreeSet::extend(&mut ops, case.program.instructions().iter().map(Instruction::op));
            BTreeSet::insert(&mut sizes, case.group.features());
            BTreeSet::insert(&mut tasks, case.group.tasks().len());
            BTreeSet::insert(&mut epochs, case.group.settings().epochs);
            BTreeSet::insert(&mut origins, case.origin);
            let examples = case.group.train_examples() * case.group.settings().epochs as usize * case.group.tasks().len().div_ceil(4);
            long += usize::from(examples >= 10_000);
            scorings[usize::from(case.group.settings().scoring == Scoring::Rms)] += 1;
        }
        assert_eq!(ops, Op::ALL.into());
        assert!((1..=40).all(|size| sizes.contains(&size)), "{sizes:?}");
        assert!((1..=17).all(|count| tasks.contains(&count)), "{tasks:?}");
        assert_eq!((epochs, origins.len()), ([1, 2, 3].into(), 4));
        assert!(scorings.iter().all(|&count| count > 500), "{scorings:?}");
        assert!(long > 50, "{long} runs are long enough for careful compiling");
    }

    #[test]
    fn a_case_is_a_function_of_its_bytes() {
        let text = |case: FuzzCase| (case.program.to_string(), case.group.tasks().len(), case.group.settings().epochs);
        let bytes: Vec<u8> = (0..100).map(|i| (i * 37) as u8).collect();
        assert_eq!(text(FuzzCase::from_bytes(&bytes)), text(FuzzCase::from_bytes(&bytes)));
        let seed = u64::from_be_bytes(std::array::from_fn(|i| bytes[i]));
        assert_eq!(text(FuzzCase::from_bytes(&bytes[..8])), text(FuzzCase::generate(seed)));
        let (with, without) = (FuzzCase::from_bytes(&bytes).program, FuzzCase::generate(seed).program);
        assert_eq!(with.instructions().len(), without.instructions().len() + 15);
        for length in 0..bytes.len() {
            FuzzCase::from_bytes(&bytes[..length]);
        }
    }
}
