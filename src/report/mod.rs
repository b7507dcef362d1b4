//! Reports: what happened in a run and what came out of it, as one HTML page that needs nothing else. From the directory of a run
//! (`run_record`, `lineage`) over tables (`table`) and plots (`chart`) to sections (`sections`, `effects`, `comparison`) and the page (`page`).
//! `server` serves
//! it while a run is at work.

mod chart;
mod comparison;
mod diff;
mod effects;
mod html;
mod lineage;
mod page;
mod policy;
mod program_view;
mod run_record;
mod scale;
mod sections;
mod server;
mod table;
mod thinned;

pub use page::{Effect, Effects, Page};
pub use run_record::{ReportError, RunRecord};
pub use server::{MOST_CONNECTIONS, MOST_REQUEST_BYTES, ServeError, Server, Serving};
