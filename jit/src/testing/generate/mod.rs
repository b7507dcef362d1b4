//! Random programs on random groups of tasks, each a pure function of one seed, or of bytes that a fuzzing engine chooses.
//!
//! What is drawn is what backends get wrong: few addresses, so that instructions alias and feed each other; numbers at the edges
//! of arithmetic; feature sizes around the limits of unrolling; lanes that stop at different steps.

mod choices;
mod disguise;
mod programs;
mod tasks;
mod values;

use arbitrary::Unstructured;

use crate::exec::random::{Stream, key, mix};
use crate::lanes::TaskGroup;
use crate::lang::{AddressCounts, CLASSES, ComponentFunction, Instruction, Interface, Program};
use choices::Choices;
pub use disguise::disguised;
pub use values::SPECIAL_NUMBERS;

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
        Family::generate(seed, None).first()
    }

    /// A case from bytes that a fuzzing engine chooses: each decision of the generator takes as many as it needs.
    pub fn from_bytes(bytes: &[u8]) -> FuzzCase {
        Family::from_choices(0, &mut Choices::Bytes(Unstructured::new(bytes)), None).first()
    }
}

/// Cases whose programs differ in their constants only, on groups of one shape: compiled code serves all of them.
#[derive(Clone, Debug)]
pub struct Family {
    seed: u64,
    origin: &'static str,
    counts: AddressCounts,
    program: Program,
    shape: tasks::Shape,
    data: Stream,
}

impl Family {
    /// The family with this seed; at F = `features` where it is given, unless the program is too large for it.
    pub fn generate(seed: u64, features: Option<usize>) -> Family {
        Family::from_choices(seed, &mut Choices::Seed(Stream::new(mix(seed))), features)
    }

    fn from_choices(seed: u64, choices: &mut Choices<'_>, features: Option<usize>) -> Family {
        // First of all, so that bytes which choose programs are not far from those that choose tasks.
        let data = choices.stream();
        let of_classes = choices.once_in(CLASSES_ONCE_IN) && features.is_none_or(|features| features >= CLASSES);
        let interface = if of_classes { Interface::Classes } else { Interface::Number };
        let counts = programs::address_counts(choices, interface);
        let mut source = programs::Source::new(choices, counts, interface);
        let (origin, program) = source.program();
        let counts = source.counts;
        let shape = tasks::shape(choices, &program, counts, interface, features);
        Family { seed, origin, counts, program, shape, data }
    }

    /// The case as it was generated.
    pub fn first(&self) -> FuzzCase {
        let group = self.shape.group(&mut self.data.clone());
        FuzzCase { seed: self.seed, origin: self.origin, counts: self.counts, program: self.program.clone(), group }
    }

    /// Another case of the family: other constants and other data.
    pub fn relative(&self, number: u64) -> FuzzCase {
        let mut choices = Choices::Seed(Stream::named(key(mix(self.seed), RELATIVES), number));
        let mut other = |old: &Instruction| {
            let data = values::other_constants(&mut choices, old.data());
            programs::instruction(old.op(), [old.in1(), old.in2(), old.out()], data)
        };
        let [setup, predict, learn] =
            ComponentFunction::ALL.map(|function| self.program.function(function).iter().map(&mut other).collect::<Vec<_>>());
        let program = Program::new(&setup, &predict, &learn);
        let group = self.shape.group(&mut choices.stream());
        FuzzCase { seed: self.seed, origin: self.origin, counts: self.counts, program, group }
    }
}

/// One family in so many has tasks with classes.
const CLASSES_ONCE_IN: usize = 8;

/// Names the stream of a family's other constants and data.
const RELATIVES: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Op;
    use crate::lang::Scoring;
    use std::collections::BTreeSet;

    /// A generator that misses something makes the fuzzer blind to it.
    #[test]
    fn everything_is_generated() {
        let (mut ops, mut sizes, mut tasks, mut epochs, mut origins) = Default::default();
        let (mut scorings, mut long, mut sizes_of_classes) = ([0; 3], 0, BTreeSet::new());
        for seed in 0..8_000 {
            let case = FuzzCase::generate(seed);
            case.program.check_addresses(case.counts).expect("declared addresses only");
            BTreeSet::extend(&mut ops, case.program.instructions().iter().map(Instruction::op));
            BTreeSet::insert(&mut sizes, case.group.features());
            BTreeSet::insert(&mut tasks, case.group.tasks().len());
            BTreeSet::insert(&mut epochs, case.group.settings().epochs);
            BTreeSet::insert(&mut origins, case.origin);
            let examples = case.group.train_examples() * case.group.settings().epochs as usize * case.group.tasks().len().div_ceil(4);
            long += usize::from(examples >= 10_000);
            scorings[case.group.settings().scoring as usize] += 1;
            if case.group.settings().scoring == Scoring::Classes {
                Interface::Classes.check_outputs(&case.program).expect("programs of such tasks leave labels alone");
                assert!(case.counts.vectors >= 3);
                sizes_of_classes.insert(case.group.features());
            }
        }
        assert_eq!(ops, Op::ALL.into());
        assert!((1..=64).all(|size| sizes.contains(&size)), "{sizes:?}");
        assert!([96, 128, 256, 257].iter().all(|size| sizes.contains(size)), "{sizes:?}");
        assert!((1..=17).all(|count| tasks.contains(&count)), "{tasks:?}");
        assert_eq!((epochs, origins.len()), ([1, 2, 3].into(), 5));
        assert!(scorings.iter().all(|&count| count > 500), "{scorings:?}");
        assert!((900..1_100).contains(&scorings[Scoring::Classes as usize]), "one task in eight has classes: {scorings:?}");
        assert!((10..=20).all(|size| sizes_of_classes.contains(&size)) && sizes_of_classes.len() > 20, "{sizes_of_classes:?}");
        assert!(long > 50, "{long} runs are long enough for careful compiling");
    }

    /// Every way in which the operands of an op can be the same address.
    #[test]
    fn every_pattern_of_aliasing_is_generated() {
        let mut found = BTreeSet::new();
        for seed in 0..20_000 {
            for instruction in FuzzCase::generate(seed).program.instructions() {
                let spaces = instruction.op().inputs();
                let [a, b] = [0, 1].map(|which| spaces.get(which).map(|&space| (space, [instruction.in1(), instruction.in2()][which])));
                let out = instruction.writes();
                found.insert((instruction.op(), a.is_some() && a == b, a.is_some() && a == out, b.is_some() && b == out));
            }
        }
        for op in Op::ALL {
            let (first, second, out) = (op.inputs().first(), op.inputs().get(1), op.output());
            let inputs = second.is_some() && first == second;
            let [out_first, out_second] = [first, second].map(|input| input.is_some() && input == out.as_ref());
            let mut possible = vec![(inputs, (true, false, false)), (out_first, (false, true, false)), (out_second, (false, false, true))];
            possible.push((inputs && out_first, (true, true, true)));
            for (_, (inputs, out_first, out_second)) in possible.into_iter().filter(|(possible, _)| *possible) {
                assert!(found.contains(&(op, inputs, out_first, out_second)), "{op}: {inputs} {out_first} {out_second}");
            }
        }
    }

    #[test]
    fn a_case_is_a_function_of_its_bytes() {
        let text = |case: FuzzCase| (case.program.to_string(), case.group.tasks().len(), case.group.settings().epochs);
        let mut stream = Stream::new(5);
        let mut programs = BTreeSet::new();
        for length in 0..300 {
            let bytes: Vec<u8> = (0..length).map(|_| stream.below(256) as u8).collect();
            assert_eq!(text(FuzzCase::from_bytes(&bytes)), text(FuzzCase::from_bytes(&bytes)));
            programs.insert(FuzzCase::from_bytes(&bytes).program.to_string());
        }
        assert!(programs.len() > 250, "bytes decide: {} programs", programs.len());
    }

    #[test]
    fn relatives_differ_in_constants_and_data_only() {
        for seed in 0..200 {
            let family = Family::generate(seed, Some(4));
            let (first, other) = (family.first(), family.relative(1));
            let parts = |i: &Instruction| (i.op(), i.in1(), i.in2(), i.out());
            let structure = |case: &FuzzCase| case.program.instructions().iter().map(parts).collect::<Vec<_>>();
            assert_eq!(structure(&first), structure(&other));
            assert_eq!((first.counts, first.group.settings()), (other.counts, other.group.settings()));
            assert_eq!(first.group.tasks().len(), other.group.tasks().len());
            assert_ne!(first.group.tasks()[0].seed, other.group.tasks()[0].seed);
        }
    }
}
