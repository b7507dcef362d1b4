//! Cases that the last bit of sin, cos, … log decides.
//!
//! The maths of the language may differ from that of the platform on which a case was recorded by 1 to 2 units in the last place. A
//! program that feeds such values back into themselves (a `tan` of a `tan`, fifty times) magnifies that beyond any tolerance. Whether a
//! case is of this kind is not declared but measured: the oracle runs it again with every such result nudged by about one unit.

use crate::cases::ExecuteCase;
use crate::lang::{ComponentFunction, Data, Instruction, Op, Program};
use crate::oracle::Oracle;

/// Factors that move a number by about one unit in the last place, up and down.
const NUDGES: [f64; 2] = [1.0 + f64::EPSILON, 1.0 - f64::EPSILON / 2.0];

/// A scalar address that recorded programs do not use.
const NUDGE_ADDRESS: u8 = 63;

/// How much further than a nudge moves the fitness the recorded value may lie: two units where a nudge is one.
const MARGIN: f64 = 2.0;

/// The largest change of fitness that nudging makes; `None` if the program has no such op, or no room for the nudge.
fn change_by_nudging(case: &ExecuteCase, task: usize, fitness: f64) -> Option<f64> {
    if case.counts.scalars > NUDGE_ADDRESS || !case.program.instructions().iter().any(|instruction| is_rounded_by_choice(instruction.op()))
    {
        return None;
    }
    let mut oracle = Oracle::new();
    let changes = NUDGES.map(|nudge| {
        let program = nudged(&case.program, nudge)?;
        // One ordinal an instruction: recorded cases draw no random numbers, so any will do.
        let ordinals = vec![0; program.instructions().len()];
        let run = oracle.run(&program, &ordinals, &case.group, task, program.address_counts(), false).ok()?;
        Some((run.fitness - fitness).abs())
    });
    changes.into_iter().flatten().reduce(f64::max)
}

/// Whether the fitness recorded of a task lies within what a last-bit difference of these functions does to this case.
pub(super) fn is_decided_by_last_bits(case: &ExecuteCase, task: usize, found: f64) -> bool {
    let draws = case.program.instructions().iter().any(|instruction| instruction.op().is_random());
    !draws
        && change_by_nudging(case, task, found)
            .is_some_and(|change| change > 1e-9 && (case.expected[task].fitness - found).abs() <= MARGIN * change)
}

fn is_rounded_by_choice(op: Op) -> bool {
    (Op::ScalarSin.number()..=Op::ScalarLog.number()).contains(&op.number())
}

fn nudged(program: &Program, nudge: f64) -> Option<Program> {
    let factor = Instruction::new(Op::ScalarConstSet, 0, 0, NUDGE_ADDRESS, Data::ScalarConst(nudge)).ok()?;
    let mut functions: [Vec<Instruction>; 3] = [vec![factor], Vec::new(), Vec::new()];
    for (function, nudged) in ComponentFunction::ALL.into_iter().zip(&mut functions) {
        for &instruction in program.function(function) {
            nudged.push(instruction);
            if is_rounded_by_choice(instruction.op()) {
                let out = instruction.out();
                nudged.push(Instruction::new(Op::ScalarProduct, out, NUDGE_ADDRESS, out, Data::None).ok()?);
            }
        }
    }
    let [setup, predict, learn] = functions;
    Some(Program::new(&setup, &predict, &learn))
}
