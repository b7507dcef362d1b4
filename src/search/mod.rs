//! Regularized evolution: populations, mutation, functional equivalence checking, the memo of canonical forms, islands, and experiments side by side.
//! [`Search`] is the entry for the command line and for users of the library; the rest serves it.

mod acceptance;
mod checkpoint;
mod checks;
mod comparison;
mod constants;
mod control;
mod damage;
mod experiment_run;
mod fec;
mod hall_of_fame;
mod individual;
mod island;
mod lineage;
mod memo;
mod migration;
mod milestones;
mod mutation;
mod outcome;
mod population;
mod progress;
mod run;
mod run_state;
mod scorer;
mod search_tasks;
mod tasks;
mod totals;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use comparison::{Comparison, ComparisonOptions, ComparisonOutcome, ComparisonProgress, MethodOutcome, MethodRuns};
pub use hall_of_fame::{Famous, HallOfFame};
pub use lineage::{Improvement, Origin, ProgramHash};
pub use milestones::Milestone;
pub use outcome::{Outcome, SearchError, StoppedBy};
pub use progress::Progress;
pub use run::{Report, Search, SearchOptions};
pub use scorer::Tiers;
pub use tasks::{TaskSource, TasksInMemory};
pub use totals::{Counts, Limits};

/// Part number `index` of `total`, divided evenly among `parts`: the first `total % parts` parts have one more.
const fn share(total: u64, parts: usize, index: usize) -> u64 {
    let parts = parts as u64;
    total / parts + ((index as u64) < total % parts) as u64
}
