//! Programs as people read them: text, and what changes from one to the next.

use std::fmt::Write;

use exnihilo_jit::Program;

use super::diff::{Change, difference, lines};
use super::html::escaped;

/// The most characters of a program that are shown; evolved ones are far shorter.
const MOST_CHARACTERS: usize = 200_000;

/// The text of a program.
pub(super) fn program(program: &Program) -> String {
    let text = program.to_string();
    let shown: String = text.chars().take(MOST_CHARACTERS).collect();
    let more = if shown.len() < text.len() { "\n… and more, in the files of the run" } else { "" };
    format!("<pre class=\"program\" tabindex=\"0\"><code>{}{more}</code></pre>\n", escaped(&shown))
}

/// A program with what is new in it and what has gone from the one before. Marks before the lines tell, and not the colours alone.
pub(super) fn changes(old: &Program, new: &Program) -> String {
    let [old, new] = [old, new].map(lines);
    let mut text = String::new();
    for (change, line) in difference(&old, &new) {
        if text.len() > MOST_CHARACTERS {
            text += "… and more, in the files of the run\n";
            break;
        }
        let line = escaped(line);
        match change {
            Change::Same => writeln!(text, "  {line}"),
            Change::Added => writeln!(text, "<ins>+ {line}</ins>"),
            Change::Removed => writeln!(text, "<del>- {line}</del>"),
        }
        .expect("a String takes everything");
    }
    format!("<pre class=\"program\" tabindex=\"0\"><code>{text}</code></pre>\n")
}
