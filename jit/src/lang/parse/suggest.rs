//! What could have been meant: the nearest known name, and how ops are written.

use super::super::instruction::{Data, Instruction};
use super::super::op::{DataKind, Notation, Op};

/// The candidate nearest to `name`, if any is near: one of which it is an abbreviation (`asin` of `arcsin`) or else the one
/// with the fewest single-character edits, at most one for every three characters. Case counts for nothing.
pub(super) fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let lower = name.to_ascii_lowercase();
    let rank = |candidate: &str| {
        let goal = candidate.to_ascii_lowercase();
        if abbreviates(&lower, &goal) {
            return Some((0, goal.len() - lower.len()));
        }
        // Compared only if the lengths are near, which also bounds the work for a hostile name.
        let most = goal.len().max(3) / 3;
        let edits = (lower.len().abs_diff(goal.len()) <= most).then(|| edit_distance(lower.as_bytes(), goal.as_bytes()))?;
        (edits <= most).then_some((1, edits))
    };
    let ranked = candidates.into_iter().filter_map(|candidate| Some((rank(candidate)?, candidate)));
    ranked.min_by_key(|&(rank, _)| rank).map(|(_, candidate)| candidate)
}

/// Whether `short`, of three letters or more, starts like `long` and has all its letters in the same order.
fn abbreviates(short: &str, long: &str) -> bool {
    let mut letters = long.bytes();
    short.len() >= 3 && short.as_bytes().first() == long.as_bytes().first() && short.bytes().all(|x| letters.any(|y| x == y))
}

/// Levenshtein's distance.
fn edit_distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The name with which an op is called, if it is called by name.
pub(super) fn called_name(op: Op) -> Option<&'static str> {
    match op.info().notation {
        Notation::Call(name) | Notation::CallAxis(name, _) | Notation::Draw(name) => Some(name),
        _ => None,
    }
}

/// Names of the ops that `wanted` chooses, each once, in the order of the table.
pub(super) fn called_names(wanted: impl Fn(Op) -> bool) -> Vec<&'static str> {
    let mut names = Vec::new();
    for name in Op::ALL.into_iter().filter(|&op| wanted(op)).filter_map(called_name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// An example of each op that `wanted` chooses, as a list in words: "`s3 = s1 + s2` or `v3 = v1 + v2`".
pub(super) fn forms(wanted: impl Fn(Op) -> bool) -> String {
    let examples: Vec<String> = Op::ALL.into_iter().filter(|&op| wanted(op)).map(|op| format!("`{}`", example(op))).collect();
    match examples.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

fn example(op: Op) -> Instruction {
    let data = match op.info().data {
        DataKind::None => Data::None,
        DataKind::ScalarConst => Data::ScalarConst(0.5),
        DataKind::VectorConst => Data::VectorConst { index: 0.4, value: 0.5 },
        DataKind::MatrixConst => Data::MatrixConst { row: 0.4, column: 0.9, value: 0.5 },
        DataKind::Uniform => Data::Uniform { low: -1.0, high: 1.0 },
        DataKind::Gaussian => Data::Gaussian { mean: 0.0, st_dev: 0.1 },
    };
    Instruction::new(op, 1, 2, 3, data).expect("address 3 may be written in every space, and the constants are of the op's kind")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found() {
        let meant = |name| nearest(name, called_names(|_| true));
        for (name, known) in [
            ("maxmum", "maximum"),
            ("max", "maximum"),
            ("asin", "arcsin"),
            ("Sin", "sin"),
            ("gauss", "gaussian"),
            ("heavyside", "heaviside"),
            ("exq", "exp"),
        ] {
            assert_eq!(meant(name), Some(known), "{name}");
        }
        for name in ["x1", "sqrt", "", "s", "zzz", "relu"] {
            assert_eq!(meant(name), None, "{name}");
        }
    }

    #[test]
    fn distances_are_levenshteins() {
        for (a, b, edits) in [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("sin", "sin", 0)] {
            assert_eq!(edit_distance(a.as_bytes(), b.as_bytes()), edits, "{a} {b}");
            assert_eq!(edit_distance(b.as_bytes(), a.as_bytes()), edits, "{b} {a}");
        }
    }
}
