//! `disasm`: what a program is compiled to.

use std::path::PathBuf;

use clap::Args;
use exnihilo_jit::{Program, TaskGroup};

use super::Exit;
use super::args::TaskArgs;
use super::failure::Failure;
#[cfg(feature = "jit")]
use super::output::print_text;
use super::programs::read_program;

/// Print the generated IR and machine code, labelled by component function and instruction
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo disasm linear --asm
  exnihilo disasm runs/linear-s0/best.az --features 16 --ir

Instructions are those of the simplified program; labels look like `; Predict 0: s1 = dot(v0, v1)`,
counted from 0.
Instructions that share code stand where the code of the first begins.")]
pub(super) struct Disasm {
    /// Program file (.az), or the name of a hand-written one
    program: PathBuf,
    #[command(flatten)]
    tasks: TaskArgs,
    /// Cranelift IR only
    #[arg(long, conflicts_with = "asm")]
    ir: bool,
    /// Machine code only
    #[arg(long)]
    asm: bool,
}

impl Disasm {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let program = read_program(&self.program)?;
        let group = self.tasks.build()?;
        self.print(&program, &group)
    }

    #[cfg(feature = "jit")]
    fn print(&self, program: &Program, group: &TaskGroup) -> Result<Exit, Failure> {
        let mut worker = exnihilo_jit::Evaluator::new(exnihilo_jit::Backend::Jit).worker();
        let mut prepared = worker.simplify(program, group)?.decode();
        let listing = prepared.listing(group).map_err(|error| Failure::Failed(error.into()))?;
        let labels = listing::Labels::new(prepared.program());
        if !self.asm {
            print_text(&format!("; IR\n{}\n", labels.ir(&listing.ir)))?;
        }
        if !self.ir {
            print_text(&format!("; {} bytes of machine code\n{}\n", listing.code.len(), labels.assembly(&listing)))?;
        }
        Ok(Exit::Done)
    }

    #[cfg(not(feature = "jit"))]
    fn print(&self, _: &Program, _: &TaskGroup) -> Result<Exit, Failure> {
        Err(Failure::failed("no native code in this build; build it with the feature `jit`"))
    }
}

#[cfg(feature = "jit")]
mod listing;
