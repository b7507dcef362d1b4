//! Where the best program comes from, step by step (the paper's Figure 6).
//!
//! `events.jsonl` has the programs that were better than all before them on their island, and before each those that it descends from and
//! that were better than all their own ancestors. Every one names the one before it in its line.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use exnihilo_jit::{Interface, Program, simplify_for};

use super::event;
use super::reader::Milestone;
use crate::search::ProgramHash;

/// The most steps that are shown.
const MOST_SHOWN: usize = 16;
/// Programs on longer lines are not looked at.
const MOST_LINE_BYTES: u64 = 1 << 18;

/// A program in a line of descent.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Which program of the line it is, from 0.
    pub(crate) place: usize,
    /// The number of its milestone.
    pub(crate) milestone: usize,
    /// Without instructions that cannot matter.
    pub(crate) program: Program,
    /// The mutations since the step shown before it, or since the program before it that is not on record.
    pub(crate) mutations: u64,
}

/// A line of descent.
#[derive(Clone, Debug)]
pub(crate) struct Ancestry {
    /// The programs in it.
    pub(crate) length: usize,
    /// Those that are shown, the earliest first.
    pub(crate) shown: Vec<Step>,
    /// Whether what the first one descends from is missing.
    pub(crate) is_cut: bool,
}

/// The program of a milestone.
pub(crate) fn program_of(path: &Path, milestone: &Milestone) -> Result<Program, String> {
    let refused = |problem: String| format!("events.jsonl, byte {}: the program there cannot be read: {problem}", milestone.offset);
    let read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(milestone.offset))?;
        let mut line = Vec::new();
        file.take(milestone.bytes).read_to_end(&mut line)?;
        Ok::<_, std::io::Error>(line)
    };
    let line = read().map_err(|error| refused(error.to_string()))?;
    let event::Milestone { program, .. } = serde_json::from_slice(&line).map_err(|error| refused(error.to_string()))?;
    let program: Program = program.parse().map_err(|error: exnihilo_jit::ParseError| refused(error.to_string()))?;
    if ProgramHash::of(&program) == milestone.hash {
        Ok(program)
    } else {
        Err(refused("it does not have the hash that is told".to_owned()))
    }
}

/// The line of descent of a program; None if it is not among the improvements.
pub(crate) fn trace(path: &Path, milestones: &[Milestone], program: &Program, interface: Interface) -> Option<Ancestry> {
    let hash = ProgramHash::of(program);
    let last = milestones.iter().position(|milestone| milestone.is_improvement && milestone.hash == hash)?;
    let named = milestones.iter().enumerate().map(|(number, milestone)| ((milestone.experiment, milestone.island, milestone.name), number));
    let numbers: HashMap<_, usize> = named.collect();
    // From the last back. Each was told of after the one before it, so there is no circle.
    let mut line = vec![last];
    let is_cut = loop {
        let number = *line.last().expect("it begins with the last");
        let Some((island, name)) = milestones[number].before else { break milestones[number].name.is_none() };
        match numbers.get(&(milestones[number].experiment, island, Some(name))) {
            Some(&before) if before < number => line.push(before),
            _ => break true,
        }
    };
    line.reverse();

    let mut shown: Vec<Step> = Vec::new();
    let mut mutations: u64 = 0;
    let places = chosen(&line.iter().map(|&number| (milestones[number].task_set, milestones[number].fitness)).collect::<Vec<_>>());
    for (place, &number) in line.iter().enumerate() {
        let milestone = &milestones[number];
        mutations = mutations.saturating_add(milestone.mutations);
        let read = || {
            let is_short = milestone.bytes <= MOST_LINE_BYTES;
            (is_short && places.contains(&place)).then(|| program_of(path, milestone).ok())?
        };
        let found = if number == last { Some(program.clone()) } else { read() };
        if let Some(program) = found {
            // With its own addresses: new names would look like changes.
            let program = simplify_for(&program, interface);
            shown.push(Step { place, milestone: number, program, mutations: std::mem::take(&mut mutations) });
        }
    }
    Some(Ancestry { length: line.len(), shown, is_cut })
}

/// Of programs with fitness values on these sets of tasks those that are shown: the first, the last, and between them those with the
/// largest gains over those before them on the same tasks.
fn chosen(fitness: &[(u64, f64)]) -> Vec<usize> {
    let last = fitness.len() - 1;
    let mut best: HashMap<u64, f64> = HashMap::new();
    // The first on other tasks gains nothing.
    let gain = |&(task_set, fitness): &(u64, f64)| fitness - best.insert(task_set, fitness).unwrap_or(fitness);
    let gains: Vec<f64> = fitness.iter().map(gain).collect();
    let mut between: Vec<usize> = (1..last.max(1)).collect();
    between.sort_by(|one, other| gains[*other].total_cmp(&gains[*one]));
    between.truncate(MOST_SHOWN - 2);
    between.extend([0, last]);
    between
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_and_the_largest_gains_are_shown() {
        let places = |fitness: &[f64]| {
            let mut places = chosen(&fitness.iter().map(|&fitness| (0, fitness)).collect::<Vec<_>>());
            places.sort_unstable();
            places.dedup();
            places
        };
        assert_eq!(places(&[0.5]), [0]);
        assert_eq!(places(&[0.5, 0.6]), [0, 1]);
        let mut fitness: Vec<f64> = (0..40).map(|place| f64::from(place) / 1000.0).collect();
        for (place, fitness) in fitness.iter_mut().enumerate() {
            *fitness += 0.01 * (place / 3) as f64;
        }
        // 12 between rise by more, and two of the others.
        let places = places(&fitness);
        // To other tasks and back is no gain.
        let mut two_sets: Vec<(u64, f64)> = (0..40).map(|place| (place % 2, 0.9 * (place % 2) as f64)).collect();
        two_sets[20].1 = 0.1;
        two_sets[31].1 = 0.91;
        assert!([20, 31].iter().all(|place| chosen(&two_sets)[..2].contains(place)), "{:?}", chosen(&two_sets));
        assert!(places.len() == 16 && (0..=39).step_by(3).all(|place| places.contains(&place)), "{places:?}");
    }
}
