//! Liveness by its definition: follow what an instruction wrote along every path, and see whether it meets a prediction.

use crate::analysis::{Liveness, random_ordinals};
use crate::lang::{ComponentFunction, Interface, Program, Space};
use std::collections::HashSet;

/// A place in the run of a program: before instruction number `.1` of a function, or at its end.
type Point = (ComponentFunction, usize);

/// Whether each instruction (Setup, Predict, Learn) is live on tasks of this kind: whether reads of whole addresses lead from its output to
/// the prediction at the end of some Predict, over every sequence Setup (Predict Learn?)*. Searches forward from each instruction on its own, so
/// it takes time with the square of the program; [`Liveness`](crate::analysis::Liveness) is the fast form.
pub fn live_instructions_by_paths(program: &Program, interface: Interface) -> Vec<bool> {
    let mut live = Vec::with_capacity(program.instructions().len());
    for function in ComponentFunction::ALL {
        for (position, instruction) in program.function(function).iter().enumerate() {
            let reaches = |(space, out)| reaches_prediction(program, interface, (function, position + 1), space, out);
            live.push(instruction.writes().is_some_and(reaches));
        }
    }
    live
}

/// Programs of more instructions are numbered by the fast liveness: the slow one takes time with the square of the program, and a file may
/// hold any.
const MAX_INSTRUCTIONS_BY_PATHS: usize = 500;

/// The number of each instruction among the random ones, by the definition of liveness; zeros where nothing is random.
pub fn ordinals_by_definition(program: &Program, interface: Interface) -> Vec<u32> {
    let instructions = program.instructions();
    if !instructions.iter().any(|instruction| instruction.op().is_random()) {
        return vec![0; instructions.len()];
    }
    let mut live = Vec::new();
    if instructions.len() > MAX_INSTRUCTIONS_BY_PATHS {
        Liveness::mark(program, interface, &mut live);
    } else {
        live = live_instructions_by_paths(program, interface);
    }
    let mut ordinals = Vec::new();
    random_ordinals(program, &live, &mut ordinals);
    ordinals
}

/// Whether the value at an address matters to some prediction from `point` on.
fn reaches_prediction(program: &Program, interface: Interface, point: Point, space: Space, address: u8) -> bool {
    let mut seen = HashSet::new();
    let mut waiting = vec![(point, space, address)];
    while let Some(state) = waiting.pop() {
        if !seen.insert(state) {
            continue;
        }
        let ((function, position), space, address) = state;
        let Some(instruction) = program.function(function).get(position) else {
            let prediction = match interface {
                Interface::Number => (Space::Scalar, 1),
                Interface::Classes => (Space::Vector, 2),
            };
            if function == ComponentFunction::Predict && (space, address) == prediction {
                return true;
            }
            // The features go into v0 and the label or 0 into s0, over whatever was there; the label or 0 of classes into v1.
            let is_overwritten = match (space, address) {
                (Space::Scalar | Space::Vector, 0) => true,
                (Space::Vector, 1) => interface == Interface::Classes,
                _ => false,
            };
            if !is_overwritten {
                waiting.extend(followers(function).iter().map(|&next| ((next, 0), space, address)));
            }
            continue;
        };
        let next = (function, position + 1);
        if let Some((out_space, out)) = instruction.writes()
            && instruction.reads().any(|read| read == (space, address))
        {
            waiting.push((next, out_space, out));
        }
        if instruction.writes() != Some((space, address)) || instruction.op().writes_one_element() {
            waiting.push((next, space, address));
        }
    }
    false
}

/// What may run next: training alternates Predict and Learn, validation is one Predict after another.
fn followers(function: ComponentFunction) -> &'static [ComponentFunction] {
    match function {
        ComponentFunction::Setup | ComponentFunction::Learn => &[ComponentFunction::Predict],
        ComponentFunction::Predict => &[ComponentFunction::Predict, ComponentFunction::Learn],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::simplify_for;
    use crate::exec::random::Stream;
    use crate::lanes::TaskGroup;
    use crate::lang::Scoring;
    use crate::lang::{AddressCounts, Data, DataKind, Instruction, Op};
    use crate::oracle::Oracle;
    use crate::task::{Examples, GroupSettings, Task};

    /// Few addresses, so that most instructions touch what others touch.
    fn random_instruction(stream: &mut Stream, interface: Interface) -> Instruction {
        let op = Op::ALL[stream.below(Op::ALL.len())];
        let mut address = |space: Option<&Space>, first: u8| {
            first + stream.below(space.map_or(1, |space| match space {
            Space::Scalar => 4,
            Space::Vector => 4,
            Space::Matrix => 2,
        } - usize::from(first))) as u8
        };
        let in1 = address(op.inputs().first(), 0);
        let in2 = address(op.inputs().get(1), 0);
        let out = op.output().map_or(0, |space| address(Some(&space), interface.first_writable(space)));
        let data = match op.info().data {
            DataKind::None => Data::None,
            DataKind::ScalarConst => Data::ScalarConst(stream.normal()),
            DataKind::VectorConst => Data::VectorConst { index: 0.4, value: 0.5 },
            DataKind::MatrixConst => Data::MatrixConst { row: 0.4, column: 0.9, value: 0.5 },
            DataKind::Uniform => Data::Uniform { low: -1.0, high: 1.0 },
            DataKind::Gaussian => Data::Gaussian { mean: 0.0, st_dev: 1.0 },
        };
        Instruction::new(op, in1, in2, out, data).expect("addresses and constants are of the op's kind")
    }

    fn random_program(stream: &mut Stream, interface: Interface) -> Program {
        let [setup, predict, learn] = [4, 7, 9].map(|most| {
            let length = stream.below(most + 1);
            (0..length).map(|_| random_instruction(stream, interface)).collect::<Vec<_>>()
        });
        Program::new(&setup, &predict, &learn)
    }

    #[test]
    fn the_fast_liveness_is_the_defined_one() {
        let mut stream = Stream::new(2026);
        let mut live = Vec::new();
        for interface in Interface::ALL {
            let mut counts = [0usize; 2];
            for number in 0..4_000 {
                let program = random_program(&mut stream, interface);
                Liveness::mark(&program, interface, &mut live);
                assert_eq!(live, live_instructions_by_paths(&program, interface), "{interface:?}, program {number}: {program:?}");
                for &live in &live {
                    counts[usize::from(live)] += 1;
                }
            }
            assert!(counts.iter().all(|&count| count > 5_000), "both kinds are tested: {counts:?}");
        }
    }

    /// What is dropped changes neither errors nor fitness nor steps, draws included.
    #[test]
    fn simplified_programs_run_alike() {
        let mut stream = Stream::new(7);
        let mut task = |features: usize| {
            let mut examples = |count: usize| Examples {
                features: (0..count * features).map(|_| stream.normal()).collect(),
                labels: (0..count).map(|_| stream.unit().round()).collect(),
            };
            Task { seed: 5, train: examples(6), valid: examples(4), train_orders: None }
        };
        let [small, large] = [2, 10].map(|features| (features, task(features)));
        let mut oracle = Oracle::new();
        let (mut ordinals, mut beyond_one, mut random) = (Vec::new(), 0, 0);
        for (scoring, (features, task)) in [(Scoring::Rms, &small), (Scoring::Accuracy, &small), (Scoring::Classes, &large)] {
            let (interface, settings) = (scoring.interface(), GroupSettings { epochs: 3, ..GroupSettings::new(*features, scoring) });
            let group = TaskGroup::new(settings, vec![task.clone()]).expect("a valid group");
            for number in 0..1_000 {
                let program = random_program(&mut stream, interface);
                let live = live_instructions_by_paths(&program, interface);
                random_ordinals(&program, &live, &mut ordinals);
                let whole = oracle.run(&program, &ordinals, &group, 0, AddressCounts::MIN, true).expect("small");
                let simple = simplify_for(&program, interface);
                let simple_live = live_instructions_by_paths(&simple, interface);
                assert!(simple_live.iter().all(|&live| live), "program {number}: {program:?}");
                random += usize::from(simple.instructions().iter().any(|instruction| instruction.op().is_random()));
                random_ordinals(&simple, &simple_live, &mut ordinals);
                let part = oracle.run(&simple, &ordinals, &group, 0, AddressCounts::MIN, true).expect("small");
                assert_eq!(whole, part, "program {number}: {program:?}");
                beyond_one += usize::from(whole.epochs.len() > 1 && whole.fitness > 0.0);
            }
        }
        assert!(beyond_one > 500 && random > 100, "{beyond_one} programs get through an epoch, {random} draw numbers that matter");
    }
}
