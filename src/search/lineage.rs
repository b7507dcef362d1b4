//! How programs come about.

use std::fmt;
use std::sync::Arc;

use exnihilo_jit::Program;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::milestones::Milestone;
use crate::experiment::MutationKind;

/// The 128-bit XXH3 hash of a program's text, by which a program names its parent; 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProgramHash(u128);

impl ProgramHash {
    /// The hash of a program.
    pub fn of(program: &Program) -> ProgramHash {
        ProgramHash(xxh3_128(program.to_string().as_bytes()))
    }

    /// The hash that is displayed so; none for other text.
    pub fn from_hex(text: &str) -> Option<ProgramHash> {
        let is_hex = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hex.then(|| u128::from_str_radix(text, 16).ok().map(ProgramHash))?
    }
}

impl fmt::Display for ProgramHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// How a program came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// It is one of the first, or random search made it.
    Start,
    /// An exact copy of its parent.
    Copy,
    /// A mutation of its parent.
    Mutation(MutationKind),
    /// It came from another island, which evolves on other tasks.
    Migration,
}

impl Origin {
    /// The name in events.
    pub const fn name(self) -> &'static str {
        match self {
            Origin::Start => "start",
            Origin::Copy => "copy",
            Origin::Mutation(kind) => kind.name(),
            Origin::Migration => "migration",
        }
    }
}

/// A program better than all before it on its island, and so than all its ancestors.
#[derive(Clone, Debug)]
pub struct Improvement {
    /// The program, and what it descends from.
    pub milestone: Arc<Milestone>,
    /// Its parent, if it has one on this island.
    pub parent: Option<ProgramHash>,
}
