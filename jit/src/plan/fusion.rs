//! Pairs of instructions that run as one: a product and the sum or difference that takes it, where nobody else reads the product.
//!
//! `t = s * v` and `t = outer(v, w)`, then `x = y + t`, `y - t` or `t - y`. The result has the same bits, since the fused form rounds the
//! product as the single one does; the product needs no memory. Production only: whoever looks at memory sees every instruction alone.

use crate::analysis::Liveness;
use crate::lang::{ComponentFunction, Instruction, Op, Program, Space};

/// What becomes of an instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// It runs as it is.
    #[default]
    Alone,
    /// It is a product that a later instruction takes along.
    Deferred,
    /// It takes along the product at this position of [`Program::instructions`].
    Takes(u32),
}

/// The roles of a program's instructions; keeps its buffer from program to program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fusion {
    roles: Vec<Role>,
}

impl Fusion {
    /// Finds the pairs of a program.
    pub(crate) fn set(&mut self, program: &Program, liveness: &Liveness) {
        self.set_none(program);
        let mut start = 0;
        for function in ComponentFunction::ALL {
            let instructions = program.function(function);
            for (taker, instruction) in instructions.iter().enumerate() {
                if let Some(product) =
                    product_to_take(instructions, taker, instruction, |space, address| liveness.after(function).contains(space, address))
                {
                    self.roles[start + product] = Role::Deferred;
                    self.roles[start + taker] = Role::Takes((start + product) as u32);
                }
            }
            start += instructions.len();
        }
    }

    /// Every instruction of the program alone.
    pub(crate) fn set_none(&mut self, program: &Program) {
        self.roles.clear();
        self.roles.resize(program.instructions().len(), Role::Alone);
    }

    /// One role an instruction, in order.
    pub(crate) fn roles(&self) -> &[Role] {
        &self.roles
    }
}

/// The position of the product that instruction number `taker` can take along: written last before it, to one of its two inputs, whose
/// own inputs are still the same, and which nobody reads but the taker.
fn product_to_take(
    instructions: &[Instruction],
    taker: usize,
    instruction: &Instruction,
    lives_on: impl Fn(Space, u8) -> bool,
) -> Option<usize> {
    let space = match instruction.op() {
        Op::VectorSum | Op::VectorDiff => Space::Vector,
        Op::MatrixSum | Op::MatrixDiff => Space::Matrix,
        _ => return None,
    };
    if instruction.in1() == instruction.in2() {
        return None;
    }
    [instruction.in2(), instruction.in1()].into_iter().find_map(|address| {
        let writes = |instruction: &Instruction| instruction.writes() == Some((space, address));
        let product = instructions[..taker].iter().rposition(writes)?;
        let of_product = &instructions[product];
        if !matches!(of_product.op(), Op::ScalarVectorProduct | Op::ScalarMatrixProduct | Op::VectorOuterProduct) {
            return None;
        }
        let between = &instructions[product + 1..taker];
        let undisturbed = between.iter().all(|other| {
            let changes_input = other.writes().is_some_and(|written| of_product.reads().any(|read| read == written));
            !changes_input && !reads(other, space, address)
        });
        // A product that overwrites its own input cannot be computed later.
        let keeps_inputs = !reads(of_product, space, address);
        (undisturbed && keeps_inputs && is_dead_after(&instructions[taker..], space, address, lives_on(space, address))).then_some(product)
    })
}

fn reads(instruction: &Instruction, space: Space, address: u8) -> bool {
    instruction.reads().any(|read| read == (space, address))
}

/// Whether nobody reads the address after the first of `instructions`; `lives_on` if it may be read after the last.
fn is_dead_after(instructions: &[Instruction], space: Space, address: u8, lives_on: bool) -> bool {
    for (position, instruction) in instructions.iter().enumerate() {
        if position > 0 && reads(instruction, space, address) {
            return false;
        }
        if instruction.writes() == Some((space, address)) && !instruction.op().writes_one_element() {
            return true;
        }
    }
    !lives_on
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{Interface, known_program};

    fn roles(text: &str) -> Vec<Role> {
        let program: Program = text.parse().expect("a valid program");
        let mut fusion = Fusion::default();
        fusion.set(&program, &Liveness::of(&program, Interface::Number));
        fusion.roles().to_vec()
    }

    fn learn(body: &str) -> Vec<Role> {
        roles(&format!("def Predict():\n  s1 = dot(v0, v1)\n  s2 = norm(m0)\n  s1 = s1 + s2\ndef Learn():\n{body}")).split_off(3)
    }

    #[test]
    fn updates_of_weights_are_fused() {
        use Role::*;
        assert_eq!(learn("  v2 = s1 * v0\n  v1 = v1 + v2\n"), [Deferred, Takes(3)]);
        assert_eq!(learn("  v2 = s1 * v0\n  v1 = v2 - v1\n"), [Deferred, Takes(3)]);
        assert_eq!(learn("  m1 = outer(v0, v1)\n  s5 = s1 + s1\n  m0 = m0 - m1\n"), [Deferred, Alone, Takes(3)]);
        assert_eq!(learn("  m0 = outer(v0, v1)\n  m0 = m0 + m1\n"), [Deferred, Takes(3)]);
    }

    #[test]
    fn what_others_see_is_not() {
        use Role::*;
        assert_eq!(learn("  v2 = s1 * v0\n  v1 = v1 + v2\n  v1 = v1 + v2\n")[0], Alone, "read again");
        assert_eq!(learn("  v1 = s1 * v0\n  v3 = v1 + v2\n  v2 = v3 + v1\n"), [Alone; 3], "read at the next Predict");
        assert_eq!(learn("  v2 = s1 * v0\n  s1 = s1 + s1\n  v1 = v1 + v2\n"), [Alone; 3], "an input changes");
        assert_eq!(learn("  v2 = s1 * v2\n  v1 = v1 + v2\n"), [Alone; 2], "its own input");
        assert_eq!(learn("  v2 = s1 * v0\n  v1 = v2 + v2\n"), [Alone; 2], "both inputs");
        assert_eq!(learn("  v2 = s1 * v0\n  v2[0.0] = 0.5\n  v1 = v1 + v2\n"), [Alone; 3], "changed in between");
    }

    #[test]
    fn the_net_has_a_rank_one_update() {
        let program = known_program("net").expect("a program of that name");
        let mut fusion = Fusion::default();
        fusion.set(&program, &Liveness::of(&program, Interface::Number));
        let fused = fusion.roles().iter().filter(|role| matches!(role, Role::Takes(_))).count();
        assert!(fused >= 2, "{:?}", fusion.roles());
    }
}
