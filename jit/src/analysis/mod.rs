//! What can be known of a program without running it. It uses the language and nothing else; backends, evaluation and search
//! use it, the oracle never does.

mod canonical;
mod charge;
mod liveness;
mod operands;
mod simplify;

pub use canonical::{CanonicalKey, Canonicalizer};
pub use charge::{charge, op_charge};
pub use liveness::{AddressSet, Liveness, random_ordinals};
pub(crate) use operands::commutes;
pub use simplify::{Simplifier, simplify, simplify_for};
