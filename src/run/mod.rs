//! The record of a run: its directory, what is written there while it is at work, and what the files tell afterwards.

mod directory;

pub use directory::{RunDirectory, RunDirectoryError};
