//! What goes to stdout: lines for people, or one JSON object a line.

use std::io::{self, Write};
use std::path::Path;

use exnihilo::text::{is_unseen, printable_text};
use serde::Serialize;

use super::failure::Failure;

/// The version of the JSON events.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Event<'a, T> {
    schema: u32,
    event: &'a str,
    #[serde(flatten)]
    fields: T,
}

/// An event as a line of JSON, without its end. What is not finite becomes null.
pub(crate) fn event_line(event: &str, fields: &impl Serialize) -> String {
    serde_json::to_string(&Event { schema: SCHEMA, event, fields }).expect("events are structs of numbers, texts and lists")
}

/// Writes an event to stdout.
///
/// # Errors
/// A closed or full stdout.
pub(crate) fn print_event(event: &str, fields: &impl Serialize) -> Result<(), Failure> {
    print_event_line(&event_line(event, fields))
}

/// Writes an event to stdout that is a line of JSON already.
///
/// # Errors
/// A closed or full stdout.
pub(crate) fn print_event_line(line: &str) -> Result<(), Failure> {
    print_data(&format!("{line}\n"))
}

/// Writes a line for people to stdout at once.
///
/// # Errors
/// A closed or full stdout.
pub(crate) fn print_line(line: &str) -> Result<(), Failure> {
    print_text(&format!("{line}\n"))
}

/// Writes text for people to stdout. Whatever names are in it, a terminal does nothing with them but show them.
///
/// # Errors
/// A closed or full stdout.
pub(crate) fn print_text(text: &str) -> Result<(), Failure> {
    print_data(&printable_text(text))
}

/// Writes to stdout what programs read, as it is.
///
/// # Errors
/// A closed or full stdout.
pub(crate) fn print_data(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// Writes a message to stderr, as [`print_text`] does; where that is closed, nobody is there to be told.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{}", printable_text(line));
}

/// A path as a word of a command that people paste into a shell, on one line.
pub(crate) fn shell_word(path: &Path) -> String {
    let path = path.to_string_lossy();
    if path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(&byte)) {
        return path.into_owned();
    }
    if !path.contains(is_unseen) {
        return format!("'{}'", path.replace('\'', r"'\''"));
    }
    let mut word = "$'".to_owned();
    for c in path.chars() {
        match c {
            '\'' | '\\' => word.extend(['\\', c]),
            _ if is_unseen(c) => word.extend(c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}"))),
            _ => word.push(c),
        }
    }
    word + "'"
}

/// A part of a whole, in percent; of nothing, nothing.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

/// A share, in percent.
pub(crate) fn percent_of(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_one_line_and_what_is_not_finite_is_null() {
        #[derive(Serialize)]
        struct Fields {
            text: &'static str,
            number: f64,
        }
        let line = event_line("done", &Fields { text: "a\nb", number: f64::NAN });
        assert_eq!(line, r#"{"schema":1,"event":"done","text":"a\nb","number":null}"#);
    }

    #[test]
    fn paths_are_words_of_a_shell() {
        let word = |path: &str| shell_word(Path::new(path));
        assert_eq!([word("runs/linear-s0"), word("it's $HOME")], ["runs/linear-s0", r"'it'\''s $HOME'"]);
        assert_eq!(word("it's\n\\\u{1b}7é\u{202e}"), r"$'it\'s\012\\\0337é\342\200\256'");
    }

    #[test]
    fn percentages_of_nothing_are_numbers() {
        assert_eq!([(0, 0), (1, 3), (7, 7)].map(|(part, whole)| percent(part, whole)), ["0.0 %", "33.3 %", "100.0 %"]);
    }
}
