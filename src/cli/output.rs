//! What goes to stdout: lines for people, or one JSON object a line.

use std::io::{self, Write};
use std::path::Path;

use exnihilo::text::{printable_name, printable_text};
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

/// A path on one line, for people.
pub(crate) fn shown(path: &Path) -> String {
    printable_name(&path.to_string_lossy())
}

/// A part of a whole, in percent; of nothing, nothing.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

/// A share, in percent.
pub(crate) fn percent_of(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A time in the two largest units that it has.
pub(crate) fn span(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let [minutes, hours, days] = [60, 3_600, 86_400].map(|unit| seconds / unit);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
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
    fn times_have_two_units() {
        let all = [0.4, 59.4, 59.6, 3_599.0, 3_600.0, 86_399.0, 90_000.0, 1e9];
        let expected = ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "23 h 59 min", "1 d 1 h", "11574 d 1 h"];
        assert_eq!(all.map(span), expected);
    }

    #[test]
    fn percentages_of_nothing_are_numbers() {
        assert_eq!([(0, 0), (1, 3), (7, 7)].map(|(part, whole)| percent(part, whole)), ["0.0 %", "33.3 %", "100.0 %"]);
    }
}
