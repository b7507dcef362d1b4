//! Random programs and the mutations that make children.

use exnihilo_jit::{AddressCounts, ComponentFunction, Data, Instruction, Interface, Op, Program, Space, Stream};

use super::constants;
use crate::experiment::{ConstantFactor, Experiment, MutationKind};

/// What may change in one component function.
#[derive(Clone, Debug)]
struct FunctionRules {
    initial: usize,
    min: usize,
    max: usize,
    ops: Vec<Op>,
}

/// Makes random programs and mutates programs within the rules of a valid experiment.
#[derive(Clone, Debug)]
pub(super) struct Mutator {
    addresses: AddressCounts,
    interface: Interface,
    functions: [FunctionRules; 3],
    /// The functions that have allowed ops.
    mutable: Vec<ComponentFunction>,
    /// Each kind of mutation with the sum of the weights up to and with its own.
    kinds: Vec<(MutationKind, usize)>,
    constants: ConstantFactor,
}

impl Mutator {
    /// The rules of an experiment that was validated.
    pub(super) fn new(experiment: &Experiment) -> Mutator {
        let functions = ComponentFunction::ALL.map(|function| {
            let settings = experiment.program.function(function);
            let ops = settings.ops.iter().map(|op| op.0).collect();
            FunctionRules { initial: settings.initial, min: settings.min, max: settings.max, ops }
        });
        let mutable = ComponentFunction::ALL.into_iter().filter(|&function| !functions[function as usize].ops.is_empty()).collect();
        let kinds = experiment.search.mutations.weights().into_iter().scan(0, |sum, (kind, weight)| {
            *sum += weight as usize;
            Some((kind, *sum))
        });
        let kinds = kinds.collect();
        let (addresses, interface) = (experiment.program.addresses, experiment.interface());
        Mutator { addresses, interface, functions, mutable, kinds, constants: experiment.search.constants }
    }

    /// A program of no-ops in the initial sizes.
    pub(super) fn no_op_program(&self) -> Program {
        let [setup, predict, learn] = ComponentFunction::ALL.map(|function| vec![Instruction::NO_OP; self.rules(function).initial]);
        Program::new(&setup, &predict, &learn)
    }

    /// `program` with no-ops in the place of these component functions, in their initial sizes.
    pub(super) fn cleared(&self, program: &Program, functions: &[ComponentFunction]) -> Program {
        let [setup, predict, learn] = ComponentFunction::ALL.map(|function| {
            if functions.contains(&function) {
                vec![Instruction::NO_OP; self.rules(function).initial]
            } else {
                program.function(function).to_vec()
            }
        });
        Program::new(&setup, &predict, &learn)
    }

    /// Makes every instruction of these component functions, which have allowed ops, random.
    pub(super) fn randomize(&self, program: &mut Program, functions: &[ComponentFunction], stream: &mut Stream) {
        for &function in functions {
            self.randomize_function(program, function, stream);
        }
    }

    /// Applies one kind of mutation, drawn by the experiment's weights, and says which; one that cannot apply changes nothing.
    pub(super) fn mutate(&self, program: &mut Program, stream: &mut Stream) -> MutationKind {
        let kind = self.draw_kind(stream);
        self.apply(kind, program, stream);
        kind
    }

    fn draw_kind(&self, stream: &mut Stream) -> MutationKind {
        let sum = self.kinds.last().map_or(1, |&(_, sum)| sum);
        let drawn = stream.below(sum);
        self.kinds[self.kinds.partition_point(|&(_, sum)| sum <= drawn)].0
    }

    fn apply(&self, kind: MutationKind, program: &mut Program, stream: &mut Stream) {
        match kind {
            MutationKind::Identity => return,
            MutationKind::RandomizeProgram => return self.randomize(program, &self.mutable, stream),
            _ => {}
        }
        if self.mutable.is_empty() {
            return;
        }
        let function = self.mutable[stream.below(self.mutable.len())];
        let length = program.function(function).len();
        match kind {
            MutationKind::AlterParameter if length > 0 => {
                let instruction = &mut program.function_mut(function)[stream.below(length)];
                *instruction = self.alter(*instruction, stream);
            }
            MutationKind::RandomizeInstruction if length > 0 => {
                let at = stream.below(length);
                program.function_mut(function)[at] = self.random_instruction(function, stream);
            }
            MutationKind::RandomizeFunction => self.randomize_function(program, function, stream),
            MutationKind::InsertInstruction if length < self.rules(function).max => self.insert(program, function, stream),
            MutationKind::RemoveInstruction if length > self.rules(function).min => remove(program, function, stream),
            MutationKind::TradeInstruction => {
                self.insert(program, function, stream);
                remove(program, function, stream);
            }
            _ => {}
        }
    }

    const fn rules(&self, function: ComponentFunction) -> &FunctionRules {
        &self.functions[function as usize]
    }

    fn randomize_function(&self, program: &mut Program, function: ComponentFunction, stream: &mut Stream) {
        for instruction in program.function_mut(function) {
            *instruction = self.random_instruction(function, stream);
        }
    }

    fn insert(&self, program: &mut Program, function: ComponentFunction, stream: &mut Stream) {
        let at = stream.below(program.function(function).len() + 1);
        program.insert(function, at, self.random_instruction(function, stream));
    }

    /// An allowed op, uniformly, with uniform addresses and fresh constants.
    fn random_instruction(&self, function: ComponentFunction, stream: &mut Stream) -> Instruction {
        let ops = &self.rules(function).ops;
        let op = ops[stream.below(ops.len())];
        let mut inputs = [0; 2];
        for (input, &space) in inputs.iter_mut().zip(op.inputs()) {
            *input = self.input_address(space, stream);
        }
        let out = op.output().map_or(0, |space| self.output_address(space, stream));
        instruction(op, inputs, out, constants::fresh(op.info().data, stream))
    }

    /// Redraws one input, the output, or one of the constants, each input, the output and the constants as a whole equally likely.
    fn alter(&self, old: Instruction, stream: &mut Stream) -> Instruction {
        let op = old.op();
        let has_data = !matches!(old.data(), Data::None);
        let (inputs, outputs) = (op.inputs().len(), usize::from(op.output().is_some()));
        let choices = inputs + outputs + usize::from(has_data);
        if choices == 0 {
            return old;
        }
        let choice = stream.below(choices);
        let mut addresses = [old.in1(), old.in2()];
        match op.output() {
            _ if choice < inputs => {
                addresses[choice] = self.input_address(op.inputs()[choice], stream);
                instruction(op, addresses, old.out(), old.data())
            }
            Some(space) if choice == inputs => instruction(op, addresses, self.output_address(space, stream), old.data()),
            _ => instruction(op, addresses, old.out(), constants::alter(old.data(), self.constants, stream)),
        }
    }

    fn input_address(&self, space: Space, stream: &mut Stream) -> u8 {
        stream.below(self.addresses.of(space).into()) as u8
    }

    fn output_address(&self, space: Space, stream: &mut Stream) -> u8 {
        let first = self.interface.first_writable(space);
        first + stream.below((self.addresses.of(space) - first).into()) as u8
    }
}

fn instruction(op: Op, [in1, in2]: [u8; 2], out: u8, data: Data) -> Instruction {
    Instruction::new(op, in1, in2, out, data).expect("addresses below declared counts and constants of the op's kind")
}

fn remove(program: &mut Program, function: ComponentFunction, stream: &mut Stream) {
    let at = stream.below(program.function(function).len());
    program.remove(function, at);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// All 65 ops in Setup and Learn, none in Predict.
    fn mutator() -> Mutator {
        let mut experiment = Experiment::preset("linear").expect("a built-in preset");
        let ops = format!("[{}]", (0..65).map(|op| op.to_string()).collect::<Vec<_>>().join(", "));
        for (key, value) in [
            ("program.addresses", "{ scalars = 5, vectors = 4, matrices = 3 }"),
            ("program.setup", &format!("{{ initial = 4, min = 2, max = 6, ops = {ops} }}")),
            ("program.predict", "{ initial = 3, min = 1, max = 5 }"),
            ("program.learn", &format!("{{ initial = 4, min = 2, max = 6, ops = {ops} }}")),
        ] {
            experiment.set(key, value).expect("a known key");
        }
        experiment.validate().expect("a valid experiment");
        Mutator::new(&experiment)
    }

    fn lengths(program: &Program) -> [usize; 3] {
        ComponentFunction::ALL.map(|function| program.function(function).len())
    }

    #[test]
    fn every_kind_keeps_language_sizes_and_fixed_functions() {
        let mutator = mutator();
        for kind in MutationKind::ALL {
            let mut stream = Stream::new(kind as u64);
            let mut program = mutator.no_op_program();
            mutator.randomize(&mut program, &mutator.mutable, &mut stream);
            let (mut seen, mut changed) = (HashSet::new(), 0);
            for _ in 0..3_000 {
                let before = program.clone();
                mutator.apply(kind, &mut program, &mut stream);
                changed += usize::from(program != before);
                program.check_addresses(mutator.addresses).expect("addresses within the declared counts");
                assert_eq!(program.function(ComponentFunction::Predict), &[Instruction::NO_OP; 3]);
                let [setup, _, learn] = lengths(&program);
                assert!((2..=6).contains(&setup) && (2..=6).contains(&learn));
                let [old_setup, _, old_learn] = lengths(&before);
                match kind {
                    MutationKind::InsertInstruction => assert!(setup + learn <= old_setup + old_learn + 1),
                    MutationKind::RemoveInstruction => assert!(setup + learn + 1 >= old_setup + old_learn),
                    _ => assert_eq!([setup, learn], [old_setup, old_learn]),
                }
                let differing = before.instructions().iter().zip(program.instructions()).filter(|(a, b)| a != b).count();
                if matches!(kind, MutationKind::AlterParameter | MutationKind::RandomizeInstruction) {
                    assert!(differing <= 1);
                }
                seen.extend(program.instructions().iter().map(Instruction::op));
            }
            match kind {
                MutationKind::Identity => assert_eq!(changed, 0),
                MutationKind::InsertInstruction => assert_eq!((changed, lengths(&program)), (4, [6, 3, 6])),
                MutationKind::RemoveInstruction => assert_eq!((changed, lengths(&program)), (4, [2, 3, 2])),
                MutationKind::AlterParameter => assert!(changed > 1_500, "{changed}"),
                _ => assert!(seen.len() == 65 && changed > 2_200, "{kind:?}: {} ops, {changed} changes", seen.len()),
            }
        }
    }

    #[test]
    fn kinds_are_drawn_by_their_weights() {
        use MutationKind::{AlterParameter, Identity, InsertInstruction, RandomizeFunction, RandomizeInstruction, RemoveInstruction};
        for (notation, expected) in [
            ("paper", &[(AlterParameter, 3), (RandomizeFunction, 3), (InsertInstruction, 1), (RemoveInstruction, 2)][..]),
            ("reference", &[(AlterParameter, 3), (RandomizeInstruction, 3), (RandomizeFunction, 3)]),
            ("[\"identity\", \"alter-parameter\", \"identity\"]", &[(AlterParameter, 3), (Identity, 6)]),
            ("{ identity = 70000, remove-instruction = 0, alter-parameter = 20000 }", &[(AlterParameter, 2), (Identity, 7)]),
        ] {
            let mut experiment = Experiment::preset("linear").expect("a built-in preset");
            experiment.set("search.mutations", notation).expect("a notation");
            experiment.validate().expect("a valid experiment");
            let mutator = Mutator::new(&experiment);
            let mut stream = Stream::new(21);
            let mut drawn = [0; MutationKind::ALL.len()];
            for _ in 0..90_000 {
                drawn[mutator.draw_kind(&mut stream) as usize] += 1;
            }
            for kind in MutationKind::ALL {
                let ninths = expected.iter().find(|(other, _)| *other == kind).map_or(0, |&(_, ninths)| ninths);
                let count: usize = drawn[kind as usize];
                let fits = if ninths == 0 { count == 0 } else { count.abs_diff(ninths * 10_000) < 600 };
                assert!(fits, "{notation}: {count} of 90,000 {kind:?}");
            }
        }
    }

    #[test]
    fn random_instructions_reach_every_address() {
        let mutator = mutator();
        let mut stream = Stream::new(11);
        let (mut read, mut written) = (HashSet::new(), HashSet::new());
        for _ in 0..20_000 {
            let instruction = mutator.random_instruction(ComponentFunction::Learn, &mut stream);
            read.extend(instruction.reads());
            written.extend(instruction.writes());
        }
        assert_eq!(read.len(), 5 + 4 + 3, "all addresses are read");
        assert_eq!(written.len(), 4 + 3 + 3, "all but s0 and v0 are written");
    }

    #[test]
    fn programs_of_tasks_with_classes_never_write_the_label() {
        let mut experiment = Experiment::preset("digits").expect("a built-in preset");
        let ops = format!("[{}]", (0..65).map(|op| op.to_string()).collect::<Vec<_>>().join(", "));
        for key in ["tasks.search.classes", "tasks.select.classes", "tasks.final.classes"] {
            experiment.set(key, "10").expect("a known key");
        }
        for key in ["program.setup", "program.predict", "program.learn"] {
            experiment.set(key, &format!("{{ initial = 4, max = 8, ops = {ops} }}")).expect("a known key");
        }
        experiment.validate().expect("a valid experiment");
        let mutator = Mutator::new(&experiment);
        let mut stream = Stream::new(4);
        let mut program = mutator.no_op_program();
        let (mut written, mut read) = (HashSet::new(), HashSet::new());
        for step in 0..20_000 {
            mutator.apply(MutationKind::ALL[step % MutationKind::ALL.len()], &mut program, &mut stream);
            mutator.interface.check_outputs(&program).expect("the label is never an output");
            written.extend(program.instructions().iter().filter_map(Instruction::writes));
            read.extend(program.instructions().iter().flat_map(Instruction::reads));
        }
        assert!(written.contains(&(Space::Vector, 2)) && read.contains(&(Space::Vector, 1)));
        assert_eq!(written.len(), 4 + 7 + 2, "s1 on, v2 on, m0 on");
    }

    #[test]
    fn altering_reaches_each_parameter_equally() {
        let mutator = mutator();
        let mut stream = Stream::new(12);
        let sum = Instruction::new(Op::ScalarSum, 1, 2, 3, Data::None).expect("a valid instruction");
        let mut changes = [0; 3];
        for _ in 0..30_000 {
            let new = mutator.alter(sum, &mut stream);
            for (count, changed) in changes.iter_mut().zip([new.in1() != 1, new.in2() != 2, new.out() != 3]) {
                *count += usize::from(changed);
            }
        }
        // A redrawn address may be the old one: an input changes in 4 of 5 draws, an output in 3 of 4.
        for (count, expected) in changes.into_iter().zip([8_000, 8_000, 7_500]) {
            assert!(count.abs_diff(expected) < 400, "{changes:?}");
        }
        assert_eq!(mutator.alter(Instruction::NO_OP, &mut stream), Instruction::NO_OP);
        let constant = Instruction::new(Op::ScalarConstSet, 0, 0, 1, Data::ScalarConst(0.5)).expect("a valid instruction");
        let altered = (0..10_000).filter(|_| mutator.alter(constant, &mut stream).data() != constant.data()).count();
        assert!(altered.abs_diff(5_000) < 250, "{altered}");
    }

    #[test]
    fn functions_without_ops_leave_nothing_to_mutate() {
        let mut experiment = Experiment::preset("linear").expect("a built-in preset");
        for key in ["program.setup.ops", "program.predict.ops", "program.learn.ops"] {
            experiment.set(key, "[]").expect("a known key");
        }
        let mutator = Mutator::new(&experiment);
        let mut program = mutator.no_op_program();
        for kind in MutationKind::ALL {
            mutator.apply(kind, &mut program, &mut Stream::new(1));
        }
        assert_eq!(program, mutator.no_op_program());
    }

    #[test]
    fn an_empty_function_grows_and_is_traded_without_panic() {
        let mut experiment = Experiment::preset("digits").expect("a built-in preset");
        experiment.set("program.setup.max", "3").expect("a known key");
        let mutator = Mutator::new(&experiment);
        let mut stream = Stream::new(5);
        let mut program = mutator.no_op_program();
        for kind in MutationKind::ALL.into_iter().filter(|&kind| kind != MutationKind::InsertInstruction) {
            mutator.apply(kind, &mut program, &mut stream);
            assert!(program.instructions().is_empty(), "{kind:?}");
        }
        for _ in 0..500 {
            mutator.apply(MutationKind::InsertInstruction, &mut program, &mut stream);
        }
        assert_eq!(lengths(&program), [3, 11, 23], "sizes are inclusive");
    }
}
