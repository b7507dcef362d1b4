//! Programs without an idiom or a line, as in the paper's supplement S8.

use exnihilo_jit::{Data, Instruction, Op, Program, Space};

use super::idiom::Idiom;
use crate::ablation::{Line, without};

/// The program without an idiom: values go through it unchanged where that can be, otherwise its lines are gone.
///
/// Draws of random instructions are numbered anew where one of them is gone, so others may have other values than before.
///
/// # Panics
/// If the idiom is that of another program.
pub fn knocked_out(program: &Program, idiom: &Idiom) -> Program {
    let places: Vec<Line> = Line::all(program).map(|(line, _)| line).collect();
    let mut bypassed = program.clone();
    let mut gone: Vec<Line> = idiom.removed.iter().map(|&line| places[line]).collect();
    for through in &idiom.through {
        let place = places[through.line];
        let instruction = &mut bypassed.function_mut(place.function)[place.index];
        let (space, input) = instruction.reads().nth(through.operand).expect("what goes through a line is an operand of it");
        if instruction.out() == input {
            gone.push(place);
        } else {
            *instruction = copy(space, input, instruction.out());
        }
    }
    without(&bypassed, &gone)
}

/// Copies a value: the larger of it and itself is it, to the bit.
pub(super) fn copy(space: Space, from: u8, to: u8) -> Instruction {
    let op = match space {
        Space::Scalar => Op::ScalarMax,
        Space::Vector => Op::VectorMax,
        Space::Matrix => Op::MatrixMax,
    };
    Instruction::new(op, from, from, to, Data::None).expect("an address that is read, and one that may be written")
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::{Interface, known_program};

    use super::*;
    use crate::explain::{Explanation, IdiomKind};

    fn without_idiom(program: &Program, kind: IdiomKind) -> String {
        let explanation = Explanation::of(program, Interface::Number);
        let idiom = explanation.idioms().iter().find(|idiom| idiom.kind == kind).expect("it has one");
        knocked_out(program, idiom).to_string()
    }

    #[test]
    fn without_its_relu_the_network_is_linear_and_learns_as_such() {
        let text = without_idiom(&known_program("net").expect("known"), IdiomKind::Relu);
        assert!(text.contains("v4 = maximum(v3, v3)\n"), "{text}");
        assert!(!text.contains("v6 = v7 * v6"), "{text}");
    }

    #[test]
    fn what_nothing_goes_through_is_gone() {
        let text = without_idiom(&known_program("linear").expect("known"), IdiomKind::GradientStep);
        assert_eq!(text, "def Setup():\n  s2 = 0.01\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s3 = s0 - s1\n  s3 = s3 * s2\n");
    }
}
