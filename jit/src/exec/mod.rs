//! What every way of executing a program shares: maths, random streams, the order of sums, lanes and memory layouts.
//! It knows the language and nothing above it.

pub mod chunk;
pub mod layout;
pub mod math;
pub mod random;
pub(crate) mod simd;
pub mod sum;
