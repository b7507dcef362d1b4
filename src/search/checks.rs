//! Which evaluations of a search the oracle checks, and how many it has confirmed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use exnihilo_jit::{Program, TaskGroup};

use crate::verify::{Claim, Difference, Sample, Verifier};

/// The checks of a whole run.
#[derive(Debug)]
pub(super) struct Checks {
    rate: f64,
    seed: u64,
    confirmed: AtomicU64,
}

impl Checks {
    /// Checks of the share `rate` of the evaluations in the run with seed `seed`, of which `confirmed` were made before.
    pub(super) const fn new(rate: f64, seed: u64, confirmed: u64) -> Checks {
        Checks { rate, seed, confirmed: AtomicU64::new(confirmed) }
    }

    /// Evaluations that the oracle has confirmed.
    pub(super) fn confirmed(&self) -> u64 {
        self.confirmed.load(Ordering::Relaxed)
    }

    /// Checks an evaluation, whether it is in the share or not.
    pub(super) fn confirm(
        &self,
        verifier: &mut Verifier,
        program: &Program,
        group: &TaskGroup,
        claim: Claim<'_>,
    ) -> Result<(), Box<Difference>> {
        verifier.confirm(program, group, claim)?;
        self.confirmed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// The checks of what one island makes.
#[derive(Debug)]
pub(super) struct IslandChecks {
    run: Arc<Checks>,
    sample: Sample,
    verifier: Verifier,
}

impl IslandChecks {
    pub(super) fn new(run: Arc<Checks>, experiment: u64, island: u64) -> IslandChecks {
        let sample = Sample::new(run.rate, &[run.seed, experiment, island]);
        IslandChecks { run, sample, verifier: Verifier::default() }
    }

    /// Checks what is claimed of individual number `individual`, if that is in the share. Decided by its names alone: the search makes
    /// the same decisions with every rate.
    pub(super) fn check<'c>(
        &mut self,
        individual: u64,
        program: &Program,
        group: &TaskGroup,
        claim: impl FnOnce() -> Claim<'c>,
    ) -> Result<(), Box<Difference>> {
        if self.sample.takes(individual) { self.run.confirm(&mut self.verifier, program, group, claim()) } else { Ok(()) }
    }
}
