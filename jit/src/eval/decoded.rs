//! A program on its way to being run: simplified, then laid out and decoded. Buffers are reused from program to program.

use super::schedule::ChunkShape;
use crate::analysis::{Liveness, Simplifier, random_ordinals};
#[cfg(feature = "jit")]
use crate::compile::{Target, Unit};
#[cfg(feature = "jit")]
use crate::lanes::RunSettings;
use crate::lanes::{Chunking, Layout, TaskGroup, fitted};
use crate::lang::{AddressCounts, Interface, Program};
use crate::plan::{Fusion, Plan, Role};

/// One program, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub(super) program: Program,
    /// The number of each instruction among the random ones.
    pub(super) ordinals: Vec<u32>,
    live: Vec<bool>,
    liveness: Liveness,
    fusion: Fusion,
    pub(super) layout: Layout,
    pub(super) plan: Plan,
}

impl Decoded {
    /// Takes what of `program` can matter.
    pub(super) fn simplify(&mut self, simplifier: &mut Simplifier, program: &Program, interface: Interface) {
        self.liveness = simplifier.simplify_into(program, interface, &mut self.program, &mut self.ordinals);
    }

    /// Lays out and decodes the simplified program, pairs of instructions fused.
    pub(super) fn decode(&mut self, interface: Interface, features: usize) {
        self.fusion.set(&self.program, &self.liveness);
        let roles = self.fusion.roles();
        self.layout.set_used(&self.program, interface, features, |position| roles[position] != Role::Deferred);
        self.plan.set(&self.program, &self.ordinals, &self.fusion, &self.layout);
    }

    /// Takes the program as it is, each instruction by itself, with all addresses of `counts`; live random instructions are numbered
    /// first, then dead ones.
    pub(super) fn decode_whole(&mut self, program: &Program, counts: AddressCounts, interface: Interface, features: usize) {
        self.take_whole(program, interface);
        self.fusion.set_none(program);
        self.layout.set_full(counts, interface, features);
        self.plan.set(&self.program, &self.ordinals, &self.fusion, &self.layout);
    }

    /// Takes the program as it is, for the oracle.
    pub(super) fn take_whole(&mut self, program: &Program, interface: Interface) {
        self.liveness = Liveness::mark(program, interface, &mut self.live);
        random_ordinals(program, &self.live, &mut self.ordinals);
        self.program.copy_from(program);
    }

    /// How the interpreter divides the tasks of a group.
    pub(super) fn fitted(&self, group: &TaskGroup) -> Chunking {
        fitted(&self.layout, group)
    }

    /// The shape of the program's memory on chunks.
    pub(super) fn shape(&self, chunking: Chunking) -> ChunkShape<'_> {
        ChunkShape { chunking, rows: self.layout.rows(), scratch_rows: self.plan.scratch_rows(), ordinals: self.plan.ordinals() }
    }

    /// What there is to compile.
    #[cfg(feature = "jit")]
    pub(super) fn unit(&self, settings: RunSettings, target: Target, observe: bool) -> Unit<'_> {
        let live_before_predict = self.liveness.before_predict();
        Unit { plan: &self.plan, layout: &self.layout, live_before_predict, settings, form: target.form, tile: target.tile, observe }
    }
}
