//! Programs as machine code of machines that are not at hand: that they compile there is known, though nothing is run.

use cranelift_codegen::isa::{Builder, OwnedTargetIsa};

use super::FuzzCase;
use crate::compile::MAX_REGISTER_VECTOR;
use crate::compile::{Checks, CompileError, Form, Target, target};
use crate::eval::{Backend, Evaluator, Worker};

/// Lanes of the tiles that chains of kernels are lowered for: rows are copied by single lanes, by one pair, by several.
const CHAIN_TILES: [usize; 3] = [1, 2, 12];

/// Lowers programs for one machine, with Cranelift's verifier.
///
/// Addresses in the code are those of kernels of this process, so that it is good for looking at only.
pub struct Lowering {
    worker: Worker,
    registers: OwnedTargetIsa,
    chain: OwnedTargetIsa,
}

impl Lowering {
    /// For a machine that Cranelift was built with.
    ///
    /// # Errors
    /// [`CompileError::Host`] if it does not take the settings that programs are compiled with.
    pub fn new(machine: &Builder) -> Result<Lowering, CompileError> {
        let isa = |form| target(machine, form, Checks::Verifier).map_err(CompileError::Host);
        let worker = Evaluator::new(Backend::Jit).worker();
        Ok(Lowering { worker, registers: isa(Form::Registers)?, chain: isa(Form::Chain)? })
    }

    /// The program of a case in every form that it may be compiled to, in production and observed.
    ///
    /// # Errors
    /// What Cranelift refused.
    ///
    /// # Panics
    /// If the program needs more memory than the case's group allows.
    pub fn lower(&mut self, case: &FuzzCase) -> Result<Vec<Vec<u8>>, CompileError> {
        let FuzzCase { program, counts, group, .. } = case;
        let chains = CHAIN_TILES.map(|tile| (Form::Chain, tile, &self.chain));
        let registers = (group.features() <= MAX_REGISTER_VECTOR).then_some((Form::Registers, 2, &self.registers));
        let mut codes = Vec::new();
        for (form, tile, isa) in chains.into_iter().chain(registers) {
            let target = Target { form, tile };
            let mut prepared = self.worker.simplify(program, group).expect("cases fit their group").decode();
            codes.push(prepared.lower(group, target, isa.as_ref())?);
            codes.push(self.worker.testing().lower_observed((program, *counts), group, target, isa.as_ref())?);
        }
        Ok(codes)
    }
}
