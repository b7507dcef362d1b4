//! Dropping what cannot reach a prediction.

use super::liveness::Liveness;
use crate::lang::{Interface, Program};

/// Drops dead instructions and no-ops; keeps its buffer from program to program.
#[derive(Clone, Debug, Default)]
pub struct Simplifier {
    live: Vec<bool>,
}

impl Simplifier {
    /// Sets `simplified` to the live instructions of `program`, and `ordinals` to the number that each of them has among the
    /// random instructions of `program` (0 for one that draws nothing). Errors, fitness and steps are those of `program`, and so is the
    /// liveness, which is returned.
    pub fn simplify_into(
        &mut self,
        program: &Program,
        interface: Interface,
        simplified: &mut Program,
        ordinals: &mut Vec<u32>,
    ) -> Liveness {
        let liveness = Liveness::mark(program, interface, &mut self.live);
        simplified.copy_marked(program, &self.live);
        // Live random instructions are numbered before dead ones, so here they have the numbers from 0.
        let mut next = 0;
        ordinals.clear();
        ordinals.extend(simplified.instructions().iter().map(|instruction| {
            let ordinal = next;
            let draws = u32::from(instruction.op().is_random());
            next += draws;
            ordinal * draws
        }));
        liveness
    }
}

/// The live instructions of a program on tasks whose prediction is a number. Where random ones are among them, their numbers in the result are those that they had:
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
    simplify_for(program, Interface::Number)
}

/// The live instructions of a program on tasks of either kind, as [`simplify`].
pub fn simplify_for(program: &Program, interface: Interface) -> Program {
    let mut simplified = Program::default();
    Simplifier::default().simplify_into(program, interface, &mut simplified, &mut Vec::new());
    simplified
}
