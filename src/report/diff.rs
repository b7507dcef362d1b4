//! What changes from one program to the next, line by line.

use exnihilo_jit::Program;

/// Beyond so many lines on either side that differ at their beginning and end, all between counts as changed.
const MOST_LINES: usize = 400;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Same,
    Added,
    Removed,
}

/// The lines of a program.
pub(super) fn lines(program: &Program) -> Vec<String> {
    program.to_string().lines().map(str::to_owned).collect()
}

/// The lines of both with what becomes of them, along a longest common subsequence.
pub(super) fn difference<'a>(old: &'a [String], new: &'a [String]) -> Vec<(Change, &'a str)> {
    let same = |(one, other): &(&String, &String)| one == other;
    let head = old.iter().zip(new).take_while(same).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(same).count();
    let (old_middle, new_middle) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut all: Vec<(Change, &str)> = old[..head].iter().map(|line| (Change::Same, line.as_str())).collect();
    all.extend(between(old_middle, new_middle));
    all.extend(old[old.len() - tail..].iter().map(|line| (Change::Same, line.as_str())));
    all
}

fn between<'a>(old: &'a [String], new: &'a [String]) -> Vec<(Change, &'a str)> {
    let mut changes = Vec::new();
    let (mut i, mut j) = (0, 0);
    if old.len() <= MOST_LINES && new.len() <= MOST_LINES {
        // length[i][j] is that of a longest common subsequence of what begins at i and at j.
        let mut length = vec![vec![0_u16; new.len() + 1]; old.len() + 1];
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                length[i][j] = if old[i] == new[j] { length[i + 1][j + 1] + 1 } else { length[i + 1][j].max(length[i][j + 1]) };
            }
        }
        while i < old.len() && j < new.len() {
            if old[i] == new[j] {
                changes.push((Change::Same, old[i].as_str()));
                (i, j) = (i + 1, j + 1);
            } else if length[i + 1][j] >= length[i][j + 1] {
                changes.push((Change::Removed, old[i].as_str()));
                i += 1;
            } else {
                changes.push((Change::Added, new[j].as_str()));
                j += 1;
            }
        }
    }
    changes.extend(old[i..].iter().map(|line| (Change::Removed, line.as_str())));
    changes.extend(new[j..].iter().map(|line| (Change::Added, line.as_str())));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(old: &str, new: &str) -> String {
        let [old, new] = [old, new].map(|text| text.chars().map(String::from).collect::<Vec<_>>());
        let mark = |(change, line): &(Change, &str)| match change {
            Change::Same => (*line).to_owned(),
            Change::Added => format!("+{line}"),
            Change::Removed => format!("-{line}"),
        };
        difference(&old, &new).iter().map(mark).collect()
    }

    #[test]
    fn what_is_common_stays() {
        assert_eq!(marked("abcd", "abcd"), "abcd");
        assert_eq!(marked("abcd", "axcd"), "a-b+xcd");
        let all = marked("abcabba", "cbabac");
        assert_eq!(all.matches(['+', '-']).count(), 5, "a longest common subsequence has four: {all}");
        assert_eq!(marked("", "ab"), "+a+b");
        assert_eq!(marked("ab", ""), "-a-b");
    }

    #[test]
    fn long_programs_end_in_time() {
        let old: Vec<String> = (0..10_000).map(|i| format!("a{i}")).collect();
        let new: Vec<String> = (0..10_000).map(|i| format!("b{i}")).collect();
        assert_eq!(difference(&old, &new).len(), 20_000);
    }
}
