//! Other spellings of the same program, which its canonical form must not tell apart where it can, and whose results are the same.

use super::programs::instruction;
use crate::exec::random::Stream;
use crate::lang::{ComponentFunction, Data, Instruction, Interface, Op, Program, Space};

/// The program with other names for its addresses, the inputs of commuting ops turned round, and dead instructions added. It computes the
/// same on tasks of this kind, random draws included.
pub fn disguised(program: &Program, interface: Interface, stream: &mut Stream) -> Program {
    let counts = program.address_counts().max(interface.least_counts());
    // Room for other names; the address after it is written by dead instructions only.
    let room = Space::ALL.map(|space| (counts.of(space) + 2).min(62));
    let names = Space::ALL.map(|space| {
        let kept = usize::from(interface.first_free(space));
        let mut names: Vec<u8> = (0..room[space as usize]).collect();
        stream.shuffle(&mut names[kept..]);
        names
    });
    let mut functions = [const { Vec::new() }; 3];
    for (function, renamed) in ComponentFunction::ALL.into_iter().zip(&mut functions) {
        renamed.extend(program.function(function).iter().map(|old| {
            let op = old.op();
            let name = |space: Option<&Space>, address: u8| space.map_or(0, |&space| names[space as usize][usize::from(address)]);
            let mut addresses =
                [name(op.inputs().first(), old.in1()), name(op.inputs().get(1), old.in2()), name(op.output().as_ref(), old.out())];
            if commutes(op) && stream.below(2) == 0 {
                addresses.swap(0, 1);
            }
            instruction(op, addresses, old.data())
        }));
    }
    let [setup, predict, learn] = functions;
    let mut disguised = Program::new(&setup, &predict, &learn);
    for function in ComponentFunction::ALL {
        for _ in 0..stream.below(3) {
            let at = stream.below(disguised.function(function).len() + 1);
            let dead = match stream.below(4) {
                0 => Instruction::NO_OP,
                1 => instruction(Op::MatrixUniformSet, [0, 0, room[2]], Data::Uniform { low: -1.0, high: 1.0 }),
                2 => instruction(Op::ScalarGaussianSet, [0, 0, room[0]], Data::Gaussian { mean: 0.0, st_dev: 1.0 }),
                _ => instruction(Op::VectorSum, [0, room[1], room[1]], Data::None),
            };
            disguised.insert(function, at, dead);
        }
    }
    disguised
}

fn commutes(op: Op) -> bool {
    [Op::ScalarSum, Op::ScalarProduct, Op::VectorSum, Op::VectorProduct, Op::VectorInnerProduct, Op::MatrixSum, Op::MatrixProduct]
        .contains(&op)
}
