//! Where the best program comes from, step by step, as far as it is on record (the paper's Figure 6).
//!
//! `events.jsonl` has the programs that were better than all before them on their island, each with the hash of its parent. Most parents
//! were no improvement themselves and are not on record. Then the line goes on with the earlier improvement of the island that has most
//! in common with the program, and says so.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use exnihilo_jit::{Interface, Program, simplify_for};

use super::diff::{common, lines};
use super::event::ImprovedProgram;
use super::run_record::Improved;
use crate::search::ProgramHash;

/// The most steps that are traced.
const MOST_STEPS: usize = 100;
/// So many improvements before a program are compared with it where its parent is not on record.
const MOST_COMPARED: usize = 32;
/// Improvements with longer lines are not looked at.
const MOST_LINE_BYTES: u64 = 1 << 18;

/// How a program is related to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// That one is its parent.
    Parent,
    /// It came from another island, where it was an improvement.
    Migration,
    /// Its parent is not on record; that one is the earlier improvement of the island that has most in common with it.
    Similar,
}

/// A program in a line of descent.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The number of its improvement.
    pub(super) improvement: usize,
    /// Simplified.
    pub(super) program: Program,
    /// How it is related to the step before.
    pub(super) link: Option<Link>,
}

/// A line of descent, the earliest first.
#[derive(Clone, Debug)]
pub(super) struct Ancestry {
    pub(super) steps: Vec<Step>,
    /// Why it begins where it does.
    pub(super) begins: &'static str,
}

/// The program of an improvement.
pub(super) fn program_of(path: &Path, improved: &Improved) -> Result<Program, String> {
    let refused =
        |problem: String| format!("events.jsonl, byte {}: the program of an improvement cannot be read: {problem}", improved.offset);
    let read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(improved.offset))?;
        let mut line = Vec::new();
        file.take(improved.bytes).read_to_end(&mut line)?;
        Ok::<_, std::io::Error>(line)
    };
    let line = read().map_err(|error| refused(error.to_string()))?;
    let ImprovedProgram { program } = serde_json::from_slice(&line).map_err(|error| refused(error.to_string()))?;
    let program: Program = program.parse().map_err(|error: exnihilo_jit::ParseError| refused(error.to_string()))?;
    if ProgramHash::of(&program) == improved.hash { Ok(program) } else { Err(refused("it does not have the hash that is told".to_owned())) }
}

/// The simplified programs of improvements that were read.
struct Programs<'a> {
    path: &'a Path,
    improvements: &'a [Improved],
    interface: Interface,
    read: HashMap<usize, Option<Program>>,
}

impl Programs<'_> {
    fn get(&mut self, number: usize) -> Option<&Program> {
        let (path, improved, interface) = (self.path, &self.improvements[number], self.interface);
        let read = || {
            let program = (improved.bytes <= MOST_LINE_BYTES).then(|| program_of(path, improved).ok())??;
            Some(simplify_for(&program, interface))
        };
        self.read.entry(number).or_insert_with(read).as_ref()
    }
}

/// The line of descent of a program; None if it is not among the improvements.
pub(super) fn trace(path: &Path, improvements: &[Improved], program: &Program, interface: Interface) -> Option<Ancestry> {
    let hash = ProgramHash::of(program);
    let mut number = improvements.iter().position(|improved| improved.hash == hash)?;
    let mut programs = Programs { path, improvements, interface, read: HashMap::new() };
    // From the latest back.
    let mut steps = vec![Step { improvement: number, program: programs.get(number)?.clone(), link: None }];
    let begins = loop {
        if steps.len() == MOST_STEPS {
            break "Earlier steps are left out.";
        }
        let improved = &improvements[number];
        let before = &improvements[..number];
        let is_here = |other: &Improved| other.experiment == improved.experiment && other.island == improved.island;
        let of_experiment = |other: &Improved| other.experiment == improved.experiment;
        let found = if let Some(parent) = improved.parent {
            before.iter().rposition(|other| is_here(other) && other.hash == parent).map(|number| (number, Link::Parent))
        } else if improved.is_migrant {
            before.iter().rposition(|other| of_experiment(other) && other.hash == improved.hash).map(|number| (number, Link::Migration))
        } else {
            None
        };
        let found = match (found, improved.parent) {
            (None, Some(_)) => {
                let here = before.iter().enumerate().rev().filter(|(_, other)| is_here(other)).take(MOST_COMPARED);
                let candidates: Vec<usize> = here.map(|(number, _)| number).collect();
                most_similar(&mut programs, number, &candidates).map(|number| (number, Link::Similar))
            }
            (found, _) => found,
        };
        let Some((earlier, link)) = found else {
            break match improved.parent {
                None if improved.is_migrant => {
                    "The first one here came from another island, where it was no improvement and is not on record."
                }
                None => "The first one here has no parent.",
                Some(_) => "The parent of the first one here was no improvement and is not on record, and nothing before it is like it.",
            };
        };
        let Some(program) = programs.get(earlier).cloned() else { break "The one before it cannot be read." };
        steps.last_mut().expect("there is the program itself").link = Some(link);
        steps.push(Step { improvement: earlier, program, link: None });
        number = earlier;
    };
    steps.reverse();
    Some(Ancestry { steps, begins })
}

/// Of these improvements, the latest first, the one that has most instructions in common with improvement `number`, and at least half of
/// those of the smaller one.
fn most_similar(programs: &mut Programs<'_>, number: usize, candidates: &[usize]) -> Option<usize> {
    let own = lines(programs.get(number)?);
    let instructions = own.len().checked_sub(3)?;
    let mut best = None;
    for &candidate in candidates {
        let Some(other) = programs.get(candidate) else { continue };
        let other = lines(other);
        // The three heads are in every program.
        let shared = common(&own, &other).saturating_sub(3);
        // Of two that share as much the one with less besides is nearer.
        let nearness = (shared, std::cmp::Reverse(other.len()));
        let is_like = shared > 0 && shared * 2 >= instructions.min(other.len() - 3);
        if is_like && best.as_ref().is_none_or(|(most, _)| nearness > *most) {
            best = Some((nearness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}
