//! Exnihilo evolves complete machine-learning algorithms from nothing.
#![forbid(unsafe_code)]

pub mod task;
