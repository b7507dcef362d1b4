//! What every way of executing a program shares, whatever the program: maths, random streams, the order of sums, registers.
//! It knows the language and nothing above it.

pub mod math;
mod peak;
mod projection;
pub mod random;
pub(crate) mod simd;
pub mod sum;

pub use peak::Peak;
pub use projection::Projection;
