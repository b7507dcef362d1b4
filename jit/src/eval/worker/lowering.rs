//! Programs as machine code that is not run: to be read, or for other machines.

use cranelift_codegen::isa::TargetIsa;

use super::{Target, Worker, run_settings, source};
use crate::compile::{CompileError, Form, Listing};
use crate::eval::TaskGroup;
use crate::lang::{AddressCounts, Program};

impl Worker {
    /// The IR and machine code of the prepared program for `group`, for people to read.
    ///
    /// # Errors
    /// [`CompileError`] where there can be no native code.
    pub fn listing(&mut self, group: &TaskGroup) -> Result<Listing, CompileError> {
        let target = self.target(group);
        self.compiler.listing(source(&self.code, &self.layout, &self.liveness, run_settings(group, false), target, false))
    }

    /// The machine code of the prepared program on `isa`, for tiles of `tile` lanes.
    pub(crate) fn lower(&mut self, group: &TaskGroup, form: Form, tile: usize, isa: &dyn TargetIsa) -> Result<Vec<u8>, CompileError> {
        let target = Target { form, tile };
        self.compiler.lower(source(&self.code, &self.layout, &self.liveness, run_settings(group, false), target, false), isa)
    }

    /// Likewise of `program` as it is, with a memory of `counts` addresses that somebody looks at.
    pub(crate) fn lower_observed(
        &mut self,
        (program, counts): (&Program, AddressCounts),
        group: &TaskGroup,
        form: Form,
        tile: usize,
        isa: &dyn TargetIsa,
    ) -> Result<Vec<u8>, CompileError> {
        self.take_whole(program, group.interface());
        self.decode_whole(counts, group.interface(), group.features());
        let target = Target { form, tile };
        self.compiler.lower(source(&self.code, &self.layout, &self.liveness, run_settings(group, true), target, true), isa)
    }
}
