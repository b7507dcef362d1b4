//! What a fuzzer has done, so that one sees whether it still exercises something.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::generate::FuzzCase;
use crate::lang::{Interface, Op};

/// What a fuzzer has done so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FuzzReport {
    /// Programs run.
    pub programs: u64,
    /// Comparisons of a whole result: a program, its constants and data, one backend and layout against the oracle.
    pub cases: u64,
    /// Comparisons that found a difference. A program is left at its first.
    pub divergences: u64,
    /// Runs of the oracle: a program, its constants and one task.
    pub runs: u64,
    /// Of these, those that trained to their end.
    pub finished: u64,
    /// Comparisons in which the interpreter ran in place of native code: none, unless the host cannot have it.
    pub replaced: u64,
    /// Programs that ran on tasks with classes.
    #[serde(default)]
    pub classes: u64,
    /// Answers that were remembered by canonical form, and compared with the result of running the program.
    pub remembered: u64,
    /// Programs that each op occurred in, by its name.
    pub ops: BTreeMap<String, u64>,
    /// Programs that ran at each F.
    pub features: BTreeMap<usize, u64>,
    /// Ways through the compiler that were taken.
    pub code_paths: BTreeSet<String>,
}

impl FuzzReport {
    /// The share of runs that trained to their end.
    pub fn finished_share(&self) -> f64 {
        if self.runs == 0 { 0.0 } else { self.finished as f64 / self.runs as f64 }
    }

    /// Adds what another fuzzer has done.
    pub fn add(&mut self, other: &FuzzReport) {
        self.programs += other.programs;
        self.cases += other.cases;
        self.divergences += other.divergences;
        self.runs += other.runs;
        self.finished += other.finished;
        self.replaced += other.replaced;
        self.classes += other.classes;
        self.remembered += other.remembered;
        for (op, count) in &other.ops {
            *self.ops.entry(op.clone()).or_default() += count;
        }
        for (&features, count) in &other.features {
            *self.features.entry(features).or_default() += count;
        }
        self.code_paths.extend(other.code_paths.iter().cloned());
    }

    /// Counts a program.
    pub(super) fn count(&mut self, case: &FuzzCase) {
        self.programs += 1;
        self.classes += u64::from(case.group.interface() == Interface::Classes);
        *self.features.entry(case.group.features()).or_default() += 1;
        let ops: BTreeSet<Op> = case.program.instructions().iter().map(|instruction| instruction.op()).collect();
        for op in ops {
            match self.ops.get_mut(op.info().reference_name) {
                Some(count) => *count += 1,
                None => drop(self.ops.insert(op.info().reference_name.to_owned(), 1)),
            }
        }
    }
}
