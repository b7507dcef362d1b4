//! The addresses through which a program and its task meet.

use super::op::Space;
use super::program::{AddressCounts, ComponentFunction, Program};

/// How many classes a task with classes has.
pub const CLASSES: usize = 10;

/// Which addresses an evaluation sets and which one it reads: whether a program answers with a number or with classes. Everything that
/// treats an address unlike others asks here.
///
/// An address that the evaluation sets when Predict and Learn begin is never an output. Tasks of both kinds have 0 in `s0` whenever it is
/// not the label of a number, and features in `v0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Interface {
    /// One number: the prediction is `s1`, the label `s0`.
    #[default]
    Number,
    /// One of [`CLASSES`] classes: the prediction is `v2`, of which the first ten elements count, and the label `v1`, 1 at the class and 0
    /// elsewhere. `s0` is always 0, `s1` a scalar like others.
    Classes,
}

/// Why a program cannot run on tasks of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the program writes {}{address} in {}, which holds the label on tasks with classes; write {}{} or higher",
    .space.letter(),
    .function.name(),
    .space.letter(),
    Interface::Classes.first_writable(*.space)
)]
pub struct InterfaceError {
    /// The component function that writes it.
    pub function: ComponentFunction,
    /// The space of the output.
    pub space: Space,
    /// The address written.
    pub address: u8,
}

impl Interface {
    /// Both.
    pub const ALL: [Interface; 2] = [Interface::Number, Interface::Classes];

    /// Where the prediction is when Predict ends.
    pub const fn prediction(self) -> (Space, u8) {
        match self {
            Interface::Number => (Space::Scalar, 1),
            Interface::Classes => (Space::Vector, 2),
        }
    }

    /// Where the label is in Learn; it is zero in Setup and Predict.
    pub const fn label(self) -> (Space, u8) {
        match self {
            Interface::Number => (Space::Scalar, 0),
            Interface::Classes => (Space::Vector, 1),
        }
    }

    /// What the evaluation sets when Predict and Learn begin.
    pub const fn inputs(self) -> &'static [(Space, u8)] {
        match self {
            Interface::Number => &[(Space::Scalar, 0), (Space::Vector, 0)],
            Interface::Classes => &[(Space::Scalar, 0), (Space::Vector, 0), (Space::Vector, 1)],
        }
    }

    /// The lowest address of a space that a program may write.
    pub const fn first_writable(self, space: Space) -> u8 {
        match (self, space) {
            (Interface::Classes, Space::Vector) => 2,
            _ => space.first_writable(),
        }
    }

    /// The first address of a space that means nothing to the evaluation: those below it are set or read by it.
    pub const fn first_free(self, space: Space) -> u8 {
        match (self, space) {
            (Interface::Number, Space::Scalar) => 2,
            (Interface::Number, Space::Vector) | (Interface::Classes, Space::Scalar) => 1,
            (Interface::Classes, Space::Vector) => 3,
            (_, Space::Matrix) => 0,
        }
    }

    /// The least memory: every address that the evaluation sets or reads.
    pub const fn least_counts(self) -> AddressCounts {
        match self {
            Interface::Number => AddressCounts::MIN,
            Interface::Classes => AddressCounts { vectors: 3, ..AddressCounts::MIN },
        }
    }

    /// Whether the program leaves alone what the evaluation sets.
    ///
    /// # Errors
    /// The first output that is the label.
    pub fn check_outputs(self, program: &Program) -> Result<(), InterfaceError> {
        if self == Interface::Number {
            // No instruction can write `s0` or `v0`.
            return Ok(());
        }
        for function in ComponentFunction::ALL {
            for (space, address) in program.function(function).iter().filter_map(|instruction| instruction.writes()) {
                if address < self.first_writable(space) {
                    return Err(InterfaceError { function, space, address });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_input_can_be_written_and_the_memory_has_all_of_them() {
        for interface in Interface::ALL {
            let counts = interface.least_counts();
            let (space, prediction) = interface.prediction();
            assert!(prediction >= interface.first_writable(space) && prediction < counts.of(space));
            assert!(interface.inputs().contains(&interface.label()));
            for space in Space::ALL {
                let inputs = interface.inputs().iter().filter(|(of, _)| *of == space).count();
                assert_eq!(inputs, usize::from(interface.first_writable(space)), "{interface:?}, {space:?}");
                assert!(interface.first_free(space) >= interface.first_writable(space) && interface.first_free(space) <= counts.of(space));
            }
        }
    }

    #[test]
    fn a_program_that_writes_the_label_is_refused_with_a_remedy() {
        let program: Program = "def Predict():\n  v2 = v1 + v0\ndef Learn():\n  v3 = v2 - v1\n  v1 = v0 + v3\n".parse().expect("a program");
        assert_eq!(Interface::Number.check_outputs(&program), Ok(()));
        let error = Interface::Classes.check_outputs(&program).expect_err("it writes v1");
        assert_eq!((error.function, error.space, error.address), (ComponentFunction::Learn, Space::Vector, 1));
        assert_eq!(error.to_string(), "the program writes v1 in Learn, which holds the label on tasks with classes; write v2 or higher");
    }
}
