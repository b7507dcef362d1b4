//! Instructions by their place, and programs without some of them.

use std::fmt;

use exnihilo_jit::{ComponentFunction, Instruction, Program};
use serde::Serialize;

/// The place of an instruction: people read `Learn 3` for the third of Learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Line {
    /// The component function that it stands in.
    pub function: ComponentFunction,
    /// Its position there, from 0.
    pub index: usize,
}

impl Line {
    /// Every instruction of a program with its place: Setup, Predict, Learn.
    pub fn all(program: &Program) -> impl Iterator<Item = (Line, Instruction)> {
        ComponentFunction::ALL.into_iter().flat_map(|function| {
            program.function(function).iter().enumerate().map(move |(index, instruction)| (Line { function, index }, *instruction))
        })
    }

    /// The instruction there, if the program is long enough.
    pub fn of(self, program: &Program) -> Option<Instruction> {
        program.function(self.function).get(self.index).copied()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.function.name(), self.index + 1)
    }
}

/// The program without these instructions; places that it does not have are none.
pub fn without(program: &Program, lines: &[Line]) -> Program {
    let [setup, predict, learn] = ComponentFunction::ALL.map(|function| {
        let kept = program.function(function).iter().enumerate().filter(|&(index, _)| !lines.contains(&Line { function, index }));
        kept.map(|(_, instruction)| *instruction).collect::<Vec<_>>()
    });
    Program::new(&setup, &predict, &learn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_by_their_place_and_nothing_else() {
        let program: Program = "def Setup():\n  s2 = 0.5\ndef Predict():\n  s1 = exp(s2)\n  s1 = exp(s2)\ndef Learn():\n  s2 = s2 * s2\n"
            .parse()
            .expect("a program");
        let lines: Vec<Line> = Line::all(&program).map(|(line, _)| line).collect();
        assert_eq!(lines.iter().map(Line::to_string).collect::<Vec<_>>(), ["Setup 1", "Predict 1", "Predict 2", "Learn 1"]);
        assert!(Line::all(&program).all(|(line, instruction)| line.of(&program) == Some(instruction)));
        assert_eq!(without(&program, &[]), program);
        assert_eq!(without(&program, &lines), Program::default());
        let beyond = Line { function: ComponentFunction::Learn, index: 1 };
        assert_eq!((without(&program, &[beyond]), beyond.of(&program)), (program.clone(), None));
        let fewer = without(&program, &[lines[3], lines[1]]);
        assert_eq!(fewer.to_string(), "def Setup():\n  s2 = 0.5\ndef Predict():\n  s1 = exp(s2)\ndef Learn():\n");
    }
}
