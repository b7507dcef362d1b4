//! Exnihilo evolves complete machine-learning algorithms from nothing.
#![forbid(unsafe_code)]

pub mod ablation;
pub mod experiment;
pub mod explain;
pub mod export;
pub mod limit;
pub mod search;
pub mod task;
pub mod transfer;
pub mod verify;
