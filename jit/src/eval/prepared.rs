//! The road of a program: simplified, then prepared, then probed and run on groups of tasks.

use super::evaluation::{Evaluation, Probe};
use super::worker::Worker;
use crate::analysis::CanonicalKey;
use crate::lanes::TaskGroup;
use crate::lang::{Interface, Program};

/// What of a program can matter on tasks of one kind. Made by [`Worker::simplify`].
#[derive(Debug)]
pub struct Simplified<'w> {
    worker: &'w mut Worker,
    interface: Interface,
    features: usize,
}

/// A program that is ready to run on groups of the kind and feature size that it was simplified for. It is laid out and decoded once,
/// whatever number of groups it runs on. Made by [`Simplified::decode`].
#[derive(Debug)]
pub struct Prepared<'w> {
    worker: &'w mut Worker,
    interface: Interface,
    features: usize,
}

impl<'w> Simplified<'w> {
    pub(super) fn new(worker: &'w mut Worker, interface: Interface, features: usize) -> Simplified<'w> {
        Simplified { worker, interface, features }
    }

    /// The simplified program.
    pub fn program(&self) -> &Program {
        self.worker.simplified()
    }

    /// The key of its canonical form at this feature size. Programs with the same key have the same errors, fitness and steps on the
    /// same tasks.
    pub fn key(&mut self) -> CanonicalKey {
        self.worker.canonical_key(self.interface, self.features)
    }

    /// Lays out and decodes it.
    pub fn decode(self) -> Prepared<'w> {
        let Simplified { worker, interface, features } = self;
        worker.decode(interface, features);
        Prepared { worker, interface, features }
    }
}

impl Prepared<'_> {
    /// The simplified program.
    pub fn program(&self) -> &Program {
        self.worker.simplified()
    }

    /// The errors of the program on the first `train` training examples and, where it does not stop in them, the first `valid`
    /// validation examples: exactly as in the run of which this is the beginning. Never compiled.
    ///
    /// # Panics
    /// If the group is of another kind or feature size, or the program's memory passes its limit.
    pub fn probe(&mut self, group: &TaskGroup, train: usize, valid: usize) -> &Probe {
        self.check(group);
        self.worker.probe(group, train, valid)
    }

    /// What the latest probe on a group gave; none if there was none, or too many groups were probed since.
    pub fn probed(&self, group: &TaskGroup) -> Option<&Probe> {
        self.worker.probed(group)
    }

    /// The fitness of the program on every task of a group. After a probe on this group, the interpreter goes on where that ended.
    ///
    /// # Panics
    /// If the group is of another kind or feature size, or the program's memory passes its limit.
    pub fn run(&mut self, group: &TaskGroup) -> &Evaluation {
        self.check(group);
        self.worker.run(group)
    }

    /// The IR and machine code of the program for a group, for people to read.
    ///
    /// # Errors
    /// [`CompileError`](crate::compile::CompileError) where there can be no native code.
    #[cfg(feature = "jit")]
    pub fn listing(&mut self, group: &TaskGroup) -> Result<crate::compile::Listing, crate::compile::CompileError> {
        self.check(group);
        self.worker.listing(group)
    }

    /// The machine code of the program on `isa`.
    #[cfg(all(feature = "jit", feature = "testing"))]
    pub(crate) fn lower(
        &mut self,
        group: &TaskGroup,
        target: crate::compile::Target,
        isa: &dyn cranelift_codegen::isa::TargetIsa,
    ) -> Result<Vec<u8>, crate::compile::CompileError> {
        self.check(group);
        self.worker.lower(group, target, isa)
    }

    /// As [`Prepared::run`], with `width` tasks side by side.
    #[cfg(feature = "testing")]
    pub(super) fn run_with_width(&mut self, group: &TaskGroup, width: usize) {
        self.check(group);
        self.worker.run_with_width(group, width);
    }

    fn check(&self, group: &TaskGroup) {
        assert!(
            group.interface() == self.interface && group.features() == self.features,
            "a program prepared for other tasks: {:?} with {} features, not {:?} with {}",
            self.interface,
            self.features,
            group.interface(),
            group.features()
        );
        let fits = group.has_memory_for_all() || group.check_memory(self.program().address_counts()).is_ok();
        assert!(fits, "the program's memory passes the limit of a group that it was not simplified for");
    }
}
