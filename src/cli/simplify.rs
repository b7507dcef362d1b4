//! `simplify`: a program without what cannot matter.

use std::path::PathBuf;

use clap::Args;
use exnihilo_jit::{Interface, simplify_for};

use super::failure::Failure;
use super::output::print_text;
use super::{Exit, programs};

/// Print an equivalent program without instructions that cannot matter
///
/// The fitness on every task is the same, bit for bit. With --classes on every task with classes, without on every other one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  exnihilo simplify runs/linear-s0/best.az\n  exnihilo simplify softmax --classes 10")]
pub(super) struct Simplify {
    /// Program file (.az), or the name of a hand-written one
    program: PathBuf,
    /// For tasks with classes, where the program answers in v2: 10
    #[arg(long, value_name = "10", value_parser = clap::value_parser!(u8).range(10..=10))]
    classes: Option<u8>,
}

impl Simplify {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let program = programs::read_program(&self.program)?;
        let interface = if self.classes.is_some() { Interface::Classes } else { Interface::Number };
        interface.check_outputs(&program).map_err(|error| Failure::failed(format!("{}: {error}", self.program.display())))?;
        print_text(&simplify_for(&program, interface).to_string())?;
        Ok(Exit::Done)
    }
}
