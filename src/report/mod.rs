//! Reports: what happened in a run and what came out of it, as one HTML page that needs nothing else. From the directory of a run
//! (`run_record`, `lineage`) over tables (`table`) and plots (`chart`) to sections (`sections`, `comparison`) and the page (`page`).
//! The command line and `serve` use it.

mod chart;
mod comparison;
mod diff;
mod event;
mod html;
mod lineage;
mod page;
mod policy;
mod program_view;
mod run_record;
mod scale;
mod sections;
mod table;
mod thinned;

pub use page::{Effect, Effects, Page};
pub use run_record::{ReportError, RunRecord};
