//! Dropping what cannot reach a prediction.

use super::liveness::{Liveness, random_ordinals};
use crate::lang::{ComponentFunction, Instruction, Program};

/// Drops dead instructions and no-ops; keeps its buffers from program to program.
#[derive(Clone, Debug, Default)]
pub struct Simplifier {
    live: Vec<bool>,
    ordinals: Vec<u32>,
    kept: Vec<Instruction>,
}

impl Simplifier {
    /// Sets `simplified` to the live instructions of `program`, and `ordinals` to the number that each of them has among the
    /// random instructions of `program` (0 for one that draws nothing). Errors, fitness and steps are those of `program`.
    pub fn simplify_into(&mut self, program: &Program, simplified: &mut Program, ordinals: &mut Vec<u32>) {
        Liveness::of(program).live(program, &mut self.live);
        random_ordinals(program, &self.live, &mut self.ordinals);
        self.kept.clear();
        ordinals.clear();
        let mut lengths = [0; 3];
        let mut position = 0;
        for (function, length) in ComponentFunction::ALL.into_iter().zip(&mut lengths) {
            for instruction in program.function(function) {
                if self.live[position] {
                    self.kept.push(*instruction);
                    ordinals.push(self.ordinals[position]);
                    *length += 1;
                }
                position += 1;
            }
        }
        let (setup, rest) = self.kept.split_at(lengths[0]);
        let (predict, learn) = rest.split_at(lengths[1]);
        simplified.set(setup, predict, learn);
    }
}

/// The live instructions of a program. Where random ones are among them, their numbers in the result are those that they had:
/// live ones count first.
///
/// ```
/// use exnihilo_jit::{Data, Instruction, Op, Program, analysis::simplify};
/// let used = Instruction::new(Op::ScalarSum, 1, 2, 1, Data::None)?;
/// let unused = Instruction::new(Op::ScalarSum, 1, 2, 3, Data::None)?;
/// let program = Program::new(&[], &[used, unused, Instruction::NO_OP], &[]);
/// assert_eq!(simplify(&program), Program::new(&[], &[used], &[]));
/// # Ok::<(), exnihilo_jit::lang::InstructionError>(())
/// ```
pub fn simplify(program: &Program) -> Program {
    let mut simplified = Program::default();
    Simplifier::default().simplify_into(program, &mut simplified, &mut Vec::new());
    simplified
}
