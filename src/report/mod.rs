//! Reports: what happened in a run and what came out of it, as one HTML page that needs nothing else. From the record of a run
//! ([`RunRecord`](crate::run::RunRecord)) over tables (`table`) and plots (`chart`) to sections (`sections`, `effects`, `comparison`) and the page (`page`).
//! `server` serves
//! it while a run is at work.

mod chart;
mod comparison;
mod diff;
mod effects;
mod error;
mod html;
mod page;
mod policy;
mod program_view;
mod scale;
mod sections;
mod server;
mod table;

pub use error::ReportError;
pub use page::{Effect, Effects, Page};
pub use server::{MOST_CONNECTIONS, MOST_REQUEST_BYTES, ServeError, Server, Serving};
