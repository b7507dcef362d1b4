//! What tests, measurements and the fuzzer ask of a worker beyond evaluations.

use super::{Backend, Decoded, EvalError, Evaluation, GroupRun, Program, RunSettings, TaskGroup, Worker};
#[cfg(feature = "jit")]
use crate::compile::{CodePaths, CompileError, Target};
use crate::interp::Interpreter;
use crate::lanes::{ALONG, Chunking, WIDTHS};
#[cfg(feature = "jit")]
use crate::lang::AddressCounts;
use crate::lang::{ComponentFunction, Interface, Scoring};
use crate::oracle::Memory;
#[cfg(feature = "jit")]
use cranelift_codegen::isa::TargetIsa;

/// A worker under test.
#[derive(Debug)]
pub struct TestHandle<'w>(&'w mut Worker);

impl Worker {
    /// What tests and measurements may do with it.
    pub fn testing(&mut self) -> TestHandle<'_> {
        TestHandle(self)
    }

    /// The ways through the compiler that programs have taken.
    #[cfg(feature = "jit")]
    pub fn code_paths(&self) -> CodePaths {
        self.compiler.paths()
    }

    pub(in crate::eval) fn run_with_width(&mut self, group: &TaskGroup, width: usize) {
        match self.backend {
            Backend::Oracle => self.run_oracle(group),
            #[cfg(feature = "jit")]
            Backend::Jit => self.run_target(group, Target::of_width(width, group.features())),
            _ => self.run_interpreted_in(group, Chunking::Uniform(width)),
        }
    }

    #[cfg(feature = "jit")]
    pub(in crate::eval) fn lower(&mut self, group: &TaskGroup, target: Target, isa: &dyn TargetIsa) -> Result<Vec<u8>, CompileError> {
        self.compiler.lower(self.decoded.unit(super::run_settings(group, false), target, false), isa)
    }
}

impl<'w> TestHandle<'w> {
    /// As [`Worker::evaluate`], but with `width` tasks side by side (1, 2, 4, 8, 12 or 16), whatever the backend would choose, since the
    /// cheapest choice leaves some code to rare programs. The oracle has no width.
    ///
    /// # Errors
    /// As [`Worker::simplify`].
    ///
    /// # Panics
    /// If the width is another one.
    pub fn evaluate_with_width(self, program: &Program, group: &TaskGroup, width: usize) -> Result<&'w Evaluation, EvalError> {
        assert!(width == ALONG || WIDTHS.contains(&width), "{width} tasks side by side");
        self.0.simplify(program, group)?.decode().run_with_width(group, width);
        Ok(&self.0.evaluation)
    }

    /// Executes the Setup of `program` as it is on a memory that holds anything, on task seed `seed`.
    ///
    /// # Errors
    /// If the program uses addresses that the memory does not have.
    pub fn execute_setup(self, program: &Program, seed: u64, memory: &mut Memory) -> Result<Backend, EvalError> {
        let worker = self.0;
        let counts = memory.counts();
        program.check_addresses(counts)?;
        if worker.backend == Backend::Oracle {
            worker.decoded.take_whole(program, Interface::Number);
            for (instruction, &ordinal) in program.function(ComponentFunction::Setup).iter().zip(&worker.decoded.ordinals) {
                crate::oracle::execute(instruction, ordinal, 0, seed, memory);
            }
            return Ok(Backend::Oracle);
        }
        worker.decoded.decode_whole(program, counts, Interface::Number, memory.features());
        worker.runs.clear();
        let settings = RunSettings {
            features: memory.features(),
            scoring: Scoring::Rms,
            max_abs_error: f64::INFINITY,
            freeze_training: true,
            freeze_validation: true,
            inputs_in_memory: true,
        };
        let mut run = GroupRun::default();
        #[cfg(feature = "jit")]
        if worker.backend != Backend::Interp
            && let Some(mut engine) = worker.compile(settings, Target::of_width(2, settings.features), true)
        {
            let Decoded { layout, .. } = &worker.decoded;
            run.schedule.setup_only(&mut engine, worker.decoded.shape(Chunking::Uniform(2)), layout, seed, memory);
            return Ok(Backend::Jit);
        }
        let Decoded { layout, plan, .. } = &worker.decoded;
        let mut engine = Interpreter { plan, calls: &mut run.calls, settings };
        run.schedule.setup_only(&mut engine, worker.decoded.shape(Chunking::Uniform(2)), layout, seed, memory);
        Ok(Backend::Interp)
    }

    /// Makes the next evaluations compile anew, as if nothing had been compiled before: for measuring.
    pub fn forget_compiled(self) {
        #[cfg(feature = "jit")]
        self.0.compiler.forget();
    }

    /// The machine code of `program` as it is, with a memory of `counts` addresses that somebody looks at.
    #[cfg(feature = "jit")]
    pub(crate) fn lower_observed(
        self,
        (program, counts): (&Program, AddressCounts),
        group: &TaskGroup,
        target: Target,
        isa: &dyn TargetIsa,
    ) -> Result<Vec<u8>, CompileError> {
        let worker = self.0;
        worker.decoded.decode_whole(program, counts, group.interface(), group.features());
        worker.runs.clear();
        worker.compiler.lower(worker.decoded.unit(super::run_settings(group, true), target, true), isa)
    }
}
