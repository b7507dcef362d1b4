//! Statistics: effects over paired tasks, and exact confidence intervals of shares and of ratios of rates.

mod effect;
mod interval;

pub use effect::{Effect, mean};
pub use interval::{Interval, rate_ratio, share};

/// The confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;
