//! The command line as people and scripts use it: output, events, exit codes, messages. A file a command; those with more to them have
//! tests of their own beside this folder.
#![cfg(feature = "cli")]

mod all;
mod bench;
#[path = "../common/mod.rs"]
mod common;
mod compare;
mod eval;
mod evolve;
mod tools;
mod transfer;

use serde_json::Value;

/// A program as people see it.
fn for_readers(program: &exnihilo_jit::Program) -> exnihilo_jit::Program {
    exnihilo_jit::rewrite::rewrite(program, exnihilo_jit::Interface::Number).program
}

#[track_caller]
fn has_fields(event: &Value, fields: &[&str]) {
    for field in fields {
        assert!(event.get(field).is_some(), "no {field} in {event}");
    }
}

/// A search that takes no time.
const SMALL: [&str; 6] = ["evolve", "--json", "--max-individuals", "6000", "--set", "search.population=100"];

fn small_with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SMALL.into_iter().chain(more.iter().copied()).collect()
}
