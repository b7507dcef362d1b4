//! A program: the instructions of Setup, Predict and Learn in one buffer.

use super::instruction::Instruction;
use super::op::Space;

/// The most addresses of one space that a program can have.
pub const MAX_ADDRESSES: usize = 64;

/// The most instructions that one component function can have.
pub const MAX_INSTRUCTIONS: usize = 10_000;

/// The largest feature size.
pub const MAX_FEATURES: usize = 4_096;

/// One of the three parts of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComponentFunction {
    /// Runs once, before training.
    Setup,
    /// Runs for every example: features in `v0`, prediction out in `s1`, or in `v2` on tasks with classes.
    Predict,
    /// Runs for every training example after Predict: label in `s0`, or in `v1` on tasks with classes.
    Learn,
}

impl ComponentFunction {
    /// In the order in which they are printed and numbered.
    pub const ALL: [ComponentFunction; 3] = [ComponentFunction::Setup, ComponentFunction::Predict, ComponentFunction::Learn];

    /// The name in program text.
    pub const fn name(self) -> &'static str {
        match self {
            ComponentFunction::Setup => "Setup",
            ComponentFunction::Predict => "Predict",
            ComponentFunction::Learn => "Learn",
        }
    }
}

/// How many addresses of each space a memory has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressCounts {
    /// Scalars, 2 to 64.
    pub scalars: u8,
    /// Vectors, 1 to 64.
    pub vectors: u8,
    /// Matrices, 0 to 64.
    pub matrices: u8,
}

/// Why address counts are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A count outside its range.
    #[error("{count} {}s are not possible: choose {min} to {MAX_ADDRESSES}", .space.word())]
    Count {
        /// The space.
        space: Space,
        /// The count asked for.
        count: u8,
        /// The least possible.
        min: u8,
    },
    /// A program that uses an address which the experiment does not declare.
    #[error("the program uses {}{address}, but only {count} {}s are declared; declare at least {}", .space.letter(), .space.word(), address + 1)]
    Undeclared {
        /// The space.
        space: Space,
        /// The address used.
        address: u8,
        /// The declared count.
        count: u8,
    },
}

impl AddressCounts {
    /// The least that any program has: `s0`, `s1` and `v0`.
    pub const MIN: AddressCounts = AddressCounts { scalars: 2, vectors: 1, matrices: 0 };

    /// The most that any program can have.
    pub const MAX: AddressCounts =
        AddressCounts { scalars: MAX_ADDRESSES as u8, vectors: MAX_ADDRESSES as u8, matrices: MAX_ADDRESSES as u8 };

    /// Checked counts.
    ///
    /// # Errors
    /// [`AddressError::Count`] for a count outside its range.
    pub fn new(scalars: u8, vectors: u8, matrices: u8) -> Result<AddressCounts, AddressError> {
        let counts = AddressCounts { scalars, vectors, matrices };
        counts.check()?;
        Ok(counts)
    }

    /// # Errors
    /// [`AddressError::Count`] for a count outside its range.
    pub fn check(&self) -> Result<(), AddressError> {
        for space in Space::ALL {
            let (count, min) = (self.of(space), AddressCounts::MIN.of(space));
            if count < min || usize::from(count) > MAX_ADDRESSES {
                return Err(AddressError::Count { space, count, min });
            }
        }
        Ok(())
    }

    /// The count of one space.
    pub const fn of(&self, space: Space) -> u8 {
        match space {
            Space::Scalar => self.scalars,
            Space::Vector => self.vectors,
            Space::Matrix => self.matrices,
        }
    }

    fn of_mut(&mut self, space: Space) -> &mut u8 {
        match space {
            Space::Scalar => &mut self.scalars,
            Space::Vector => &mut self.vectors,
            Space::Matrix => &mut self.matrices,
        }
    }

    /// The larger count of each space.
    pub fn max(self, other: AddressCounts) -> AddressCounts {
        AddressCounts {
            scalars: self.scalars.max(other.scalars),
            vectors: self.vectors.max(other.vectors),
            matrices: self.matrices.max(other.matrices),
        }
    }

    /// The number of f64 elements in a memory of one task.
    pub const fn elements(&self, features: usize) -> usize {
        self.scalars as usize + self.vectors as usize * features + self.matrices as usize * features * features
    }
}

/// A program: three component functions of instructions.
///
/// ```
/// use exnihilo_jit::{ComponentFunction, Program};
///
/// let text = "def Predict():\n  s1 = dot(v0, v1)   # prediction\n";
/// let program: Program = text.parse()?;
/// assert_eq!(program.function(ComponentFunction::Predict).len(), 1);
/// assert_eq!(program.to_string(), "def Setup():\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n");
///
/// let error = "def Predict():\n  s1 = v0\n".parse::<Program>().unwrap_err();
/// assert_eq!((error.line, error.column), (2, 8));
/// # Ok::<(), exnihilo_jit::ParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Setup, then Predict, then Learn.
    instructions: Vec<Instruction>,
    setup_len: usize,
    predict_len: usize,
}

impl Program {
    /// A program of the given component functions.
    pub fn new(setup: &[Instruction], predict: &[Instruction], learn: &[Instruction]) -> Program {
        let mut program = Program::default();
        program.set(setup, predict, learn);
        program
    }

    /// Replaces the whole program; allocates only if it is longer than this one ever was.
    pub fn set(&mut self, setup: &[Instruction], predict: &[Instruction], learn: &[Instruction]) {
        self.instructions.clear();
        self.instructions.extend_from_slice(setup);
        self.instructions.extend_from_slice(predict);
        self.instructions.extend_from_slice(learn);
        (self.setup_len, self.predict_len) = (setup.len(), predict.len());
    }

    /// Becomes a copy of `other` without giving up its own buffer.
    pub fn copy_from(&mut self, other: &Program) {
        self.instructions.clear();
        self.instructions.extend_from_slice(&other.instructions);
        (self.setup_len, self.predict_len) = (other.setup_len, other.predict_len);
    }

    /// Becomes what of `other` is marked, one mark an instruction, without giving up its own buffer.
    pub(crate) fn copy_marked(&mut self, other: &Program, marks: &[bool]) {
        self.instructions.clear();
        let mut lengths = [0; 3];
        for (function, length) in ComponentFunction::ALL.into_iter().zip(&mut lengths) {
            let (range, before) = (other.range(function), self.instructions.len());
            let marked = other.instructions[range.clone()].iter().zip(&marks[range]).filter(|(_, mark)| **mark);
            self.instructions.extend(marked.map(|(instruction, _)| instruction));
            *length = self.instructions.len() - before;
        }
        [self.setup_len, self.predict_len, _] = lengths;
    }

    fn range(&self, function: ComponentFunction) -> std::ops::Range<usize> {
        let predict_end = self.setup_len + self.predict_len;
        match function {
            ComponentFunction::Setup => 0..self.setup_len,
            ComponentFunction::Predict => self.setup_len..predict_end,
            ComponentFunction::Learn => predict_end..self.instructions.len(),
        }
    }

    /// All instructions: Setup, Predict, Learn.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The instructions of one component function.
    pub fn function(&self, function: ComponentFunction) -> &[Instruction] {
        &self.instructions[self.range(function)]
    }

    /// The instructions of one component function, to change in place.
    pub fn function_mut(&mut self, function: ComponentFunction) -> &mut [Instruction] {
        let range = self.range(function);
        &mut self.instructions[range]
    }

    /// Inserts an instruction before position `at` of a component function.
    ///
    /// # Panics
    /// If `at` is past the end of the function.
    pub fn insert(&mut self, function: ComponentFunction, at: usize, instruction: Instruction) {
        let range = self.range(function);
        assert!(at <= range.len(), "position {at} in {} of {} instructions", function.name(), range.len());
        self.instructions.insert(range.start + at, instruction);
        match function {
            ComponentFunction::Setup => self.setup_len += 1,
            ComponentFunction::Predict => self.predict_len += 1,
            ComponentFunction::Learn => {}
        }
    }

    /// Removes and returns the instruction at position `at` of a component function.
    ///
    /// # Panics
    /// If there is no such position.
    pub fn remove(&mut self, function: ComponentFunction, at: usize) -> Instruction {
        let range = self.range(function);
        assert!(at < range.len(), "position {at} in {} of {} instructions", function.name(), range.len());
        match function {
            ComponentFunction::Setup => self.setup_len -= 1,
            ComponentFunction::Predict => self.predict_len -= 1,
            ComponentFunction::Learn => {}
        }
        self.instructions.remove(range.start + at)
    }

    /// The least address counts that hold this program: what it uses, and at least `s0`, `s1` and `v0`.
    pub fn address_counts(&self) -> AddressCounts {
        let mut counts = AddressCounts::MIN;
        for instruction in &self.instructions {
            for (space, address) in instruction.reads().chain(instruction.writes()) {
                let count = counts.of_mut(space);
                *count = (*count).max(address + 1);
            }
        }
        counts
    }

    /// # Errors
    /// [`AddressError::Undeclared`] for the first address that is not among `declared`.
    pub fn check_addresses(&self, declared: AddressCounts) -> Result<(), AddressError> {
        for instruction in &self.instructions {
            for (space, address) in instruction.reads().chain(instruction.writes()) {
                if address >= declared.of(space) {
                    return Err(AddressError::Undeclared { space, address, count: declared.of(space) });
                }
            }
        }
        Ok(())
    }
}
