//! The record of a run: its directory, the events that are written there and read back, and the recorder that writes them while a search
//! is at work. Nothing here is text for people.

mod baselines;
mod directory;
pub mod event;
mod hall;
pub(crate) mod lineage;
pub(crate) mod reader;
mod recorder;
pub(crate) mod thinned;

pub use baselines::baselines;
pub use directory::{RunDirectory, RunDirectoryError};
pub use event::RunEvent;
pub use hall::HallRecord;
pub use reader::{RunRecord, RunRecordError};
pub use recorder::{Recorded, Recorder};
