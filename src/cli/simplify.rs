//! `simplify`: a program without what cannot matter.

use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use super::output::print_text;
use super::{Exit, programs};

/// Print an equivalent program without instructions that cannot matter
///
/// The fitness on every task is the same, bit for bit.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  exnihilo simplify runs/linear-s0/best.az")]
pub(super) struct Simplify {
    /// Program file (.az), or `linear`, `affine` or `net`
    program: PathBuf,
}

impl Simplify {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        print_text(&exnihilo_jit::simplify(&programs::read_program(&self.program)?).to_string())?;
        Ok(Exit::Done)
    }
}
