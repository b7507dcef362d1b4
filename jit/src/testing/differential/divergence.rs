//! What was found: a difference with all that is needed to see it again.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::generate::FuzzCase;
use super::{Difference, Expected};
use crate::cases::execute_case_line;
use crate::lang::ComponentFunction;

/// A backend that does not give what the oracle gives.
#[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize)]
pub struct Divergence {
    /// The seed of the case.
    pub seed: u64,
    /// Backend, what was observed, and number of lanes.
    pub subject: String,
    /// What differs first.
    pub difference: String,
    /// The program's text, as run.
    pub program: String,
    /// Number and kind of tasks, in words.
    pub setting: String,
    /// The case as a line of a case file, with the oracle's outcome; none where the oracle refused it.
    pub case: Option<String>,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divergence { subject, difference, program, setting, .. } = self;
        writeln!(f, "{subject}: {difference}\n{setting}")?;
        f.write_str(program)
    }
}

/// A difference of a case; the oracle's records make it a line of a case file.
pub(super) fn divergence(case: &FuzzCase, expected: Option<&Expected>, subject: &str, (task, difference): Difference) -> Box<Divergence> {
    let FuzzCase { seed, program, counts, group, origin } = case;
    let settings = group.settings();
    let case = expected.map(|expected| {
        let name = (format!("fuzz-{seed:016x}"), format!("fuzz: {subject}"));
        execute_case_line(name, program, *counts, group, 0..group.tasks().len(), &expected.records)
    });
    let setting = format!(
        "{origin}; F = {}, {} tasks of {} and {} examples, {:?}, {} epochs, max_abs_error {}, addresses {}/{}/{}, functions of {:?} instructions",
        settings.features,
        group.tasks().len(),
        group.train_examples(),
        group.valid_examples(),
        settings.scoring,
        settings.epochs,
        settings.max_abs_error,
        counts.scalars,
        counts.vectors,
        counts.matrices,
        ComponentFunction::ALL.map(|function| program.function(function).len()),
    );
    let difference = task.map_or_else(|| difference.clone(), |task| format!("task {task}: {difference}"));
    Box::new(Divergence { seed: *seed, subject: subject.to_owned(), difference, program: program.to_string(), setting, case })
}
