//! Changes that make a program shorter, whatever they do to it.

use std::collections::BTreeSet;

use exnihilo_jit::{ComponentFunction, Instruction, Interface, Program, Space};
use serde::Serialize;

use super::line::{Line, without};

/// How a program becomes shorter by one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It goes; who read its output reads what was there before.
    Remove,
    /// It goes, and who read its output reads the input with this number, 0 or 1, instead.
    Merge(usize),
}

/// Every change of a program, in the order of its lines, with the program that it leaves.
pub fn changes(program: &Program, interface: Interface) -> Vec<(Line, Change, Program)> {
    let mut all = Vec::new();
    for (line, instruction) in Line::all(program) {
        all.push((line, Change::Remove, without(program, &[line])));
        let Some(output) = instruction.writes() else { continue };
        for (which, input) in instruction.reads().enumerate() {
            // Where input and output are one address, or the inputs are, this is another of these changes.
            let is_new = input != output && (which == 0 || instruction.reads().next() != Some(input));
            if is_new
                && input.0 == output.0
                && let Some(merged) = merged(program, line, &instruction, which, interface)
            {
                all.push((line, Change::Merge(which), merged));
            }
        }
    }
    all
}

/// The program without `line`, one of its inputs in place of its output. None where that takes a copy, which no instruction makes.
fn merged(program: &Program, line: Line, instruction: &Instruction, which: usize, interface: Interface) -> Option<Program> {
    let (input, output) = (instruction.reads().nth(which)?, instruction.writes()?);
    let reached = Reached::of(program, line, interface);
    let mut changed = program.clone();
    if !reached.is_prediction {
        reached.redirect(&mut changed, output, input.1)?;
    } else {
        // The prediction has its own address: what made the input makes the prediction.
        let before = &program.function(line.function)[..line.index];
        let index = before.iter().rposition(|instruction| instruction.writes() == Some(input))?;
        let source = Line { index, ..line };
        Reached::of(program, source, interface).redirect(&mut changed, input, output.1)?;
        let old = changed.function(line.function)[index];
        changed.function_mut(line.function)[index] = with_addresses(&old, [old.in1(), old.in2(), output.1])?;
    }
    Some(without(&changed, &[line]))
}

/// Where the output of an instruction can be read.
#[derive(Debug, Default)]
struct Reached {
    lines: BTreeSet<Line>,
    /// Whether it can be the prediction, which is no instruction's input.
    is_prediction: bool,
    /// Whether an instruction sets an element of it.
    is_patched: bool,
}

impl Reached {
    fn of(program: &Program, line: Line, interface: Interface) -> Reached {
        let mut reached = Reached::default();
        let Some(output) = line.of(program).and_then(|instruction| instruction.writes()) else { return reached };
        let mut entered = BTreeSet::new();
        let mut open = vec![Line { index: line.index + 1, ..line }];
        while let Some(from) = open.pop() {
            if !reached.pass(program, from, output) {
                continue;
            }
            reached.is_prediction |= from.function == ComponentFunction::Predict && output == interface.prediction();
            let next: &[ComponentFunction] = match from.function {
                ComponentFunction::Setup | ComponentFunction::Learn => &[ComponentFunction::Predict],
                ComponentFunction::Predict => &[ComponentFunction::Predict, ComponentFunction::Learn],
            };
            open.extend(next.iter().filter(|&&function| entered.insert(function)).map(|&function| Line { function, index: 0 }));
        }
        reached
    }

    /// Goes from `from` to the end of its function; whether the value is still there at the end.
    fn pass(&mut self, program: &Program, from: Line, output: (Space, u8)) -> bool {
        for (index, instruction) in program.function(from.function).iter().enumerate().skip(from.index) {
            if instruction.reads().any(|read| read == output) {
                self.lines.insert(Line { index, ..from });
            }
            if instruction.writes() == Some(output) {
                if !instruction.op().writes_one_element() {
                    return false;
                }
                self.is_patched = true;
            }
        }
        true
    }

    /// Makes all these lines read `to` where they read `from`.
    fn redirect(&self, program: &mut Program, from: (Space, u8), to: u8) -> Option<()> {
        if self.is_patched {
            return None;
        }
        for line in &self.lines {
            let instruction = &mut program.function_mut(line.function)[line.index];
            let mut inputs = [instruction.in1(), instruction.in2()];
            for (read, input) in instruction.reads().zip(&mut inputs) {
                *input = if read == from { to } else { *input };
            }
            *instruction = with_addresses(instruction, [inputs[0], inputs[1], instruction.out()])?;
        }
        Some(())
    }
}

fn with_addresses(instruction: &Instruction, [in1, in2, out]: [u8; 3]) -> Option<Instruction> {
    Instruction::new(instruction.op(), in1, in2, out, instruction.data()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn leaves(text: &str, line: (ComponentFunction, usize), change: Change) -> Option<String> {
        let program: Program = text.parse().expect("a program");
        let line = Line { function: line.0, index: line.1 };
        let all = changes(&program, Interface::Number);
        let found = all.into_iter().find(|(at, of, _)| (*at, *of) == (line, change));
        found.map(|(_, _, program)| program.to_string())
    }

    #[test]
    fn readers_of_a_merged_output_read_the_input() {
        use ComponentFunction::{Learn, Predict};
        // A ReLU between two layers, read again in Learn.
        let text = "def Predict():\n  v3 = dot(m0, v0)\n  v4 = maximum(v3, v5)\n  s1 = dot(v4, v1)\ndef Learn():\n  v2 = s0 * v4\n  v4 = v2 + v1\n  v1 = v1 + v4\n";
        assert_eq!(
            leaves(text, (Predict, 1), Change::Merge(0)).as_deref(),
            Some(
                "def Setup():\ndef Predict():\n  v3 = dot(m0, v0)\n  s1 = dot(v3, v1)\ndef Learn():\n  v2 = s0 * v3\n  v4 = v2 + v1\n  v1 = v1 + v4\n"
            )
        );
        assert_eq!(
            leaves(text, (Learn, 1), Change::Merge(0)).as_deref(),
            Some(
                "def Setup():\ndef Predict():\n  v3 = dot(m0, v0)\n  v4 = maximum(v3, v5)\n  s1 = dot(v4, v1)\ndef Learn():\n  v2 = s0 * v4\n  v1 = v1 + v2\n"
            )
        );
        assert!(leaves(text, (Predict, 0), Change::Merge(1)).is_some(), "v3 becomes v0");
        assert_eq!(leaves(text, (Predict, 0), Change::Merge(0)), None, "a matrix is no vector");
        assert_eq!(leaves(text, (Learn, 2), Change::Merge(0)), None, "v1 is its own input");
    }

    #[test]
    fn what_makes_the_input_of_a_merged_prediction_makes_the_prediction() {
        let text =
            "def Setup():\n  s3 = 2.0\ndef Predict():\n  s2 = dot(v0, v1)\n  s1 = s2 / s3\ndef Learn():\n  s4 = s0 - s2\n  v1 = s4 * v0\n";
        assert_eq!(
            leaves(text, (ComponentFunction::Predict, 1), Change::Merge(0)).as_deref(),
            Some("def Setup():\n  s3 = 2.0\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s4 = s0 - s1\n  v1 = s4 * v0\n")
        );
        assert_eq!(leaves(text, (ComponentFunction::Predict, 1), Change::Merge(1)), None, "Setup makes s3");
    }

    #[test]
    fn what_is_set_element_by_element_is_not_merged() {
        let text = "def Setup():\n  v2 = v1 + v1\n  v2[0.5] = 1.0\ndef Predict():\n  s1 = dot(v0, v2)\n";
        assert_eq!(leaves(text, (ComponentFunction::Setup, 0), Change::Merge(0)), None);
        assert!(leaves(text, (ComponentFunction::Setup, 0), Change::Remove).is_some());
    }
}
