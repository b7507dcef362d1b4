//! The self-check: what a backend or a cache says of a program, evaluated again by the plain oracle on the program as written. The oracle
//! knows nothing of simplification, canonical forms, tasks side by side or native code, so all of these are checked at once.
//! [`Sample`] says which evaluations are checked, [`Verifier`] checks one, and a [`Difference`] writes the case file. Search and command
//! line use it.

mod difference;
mod sample;
mod verifier;

pub use difference::{Difference, Values, write_case_file};
pub use sample::{DEFAULT_RATE, Sample};
pub use verifier::{Claim, Verifier};
