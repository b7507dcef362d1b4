//! Text as people read it, on the command line and in reports: numbers, times, and what others have written.

use std::path::Path;

/// Numbers above it are no measurements of a run.
const LARGEST: f64 = 1e15;

/// A number that can be drawn: neither NaN nor infinite, nor so large that sums of a few of them are.
pub fn drawable(number: f64) -> Option<f64> {
    (number.is_finite() && number.abs() <= LARGEST).then_some(number)
}

/// A number with commas between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A time in the two largest units that it has; a short one in seconds with a decimal.
pub fn span(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let [minutes, hours, days] = [60, 3_600, 86_400].map(|unit| whole / unit);
    match (days, hours, minutes) {
        (0, 0, 0) if whole < 10 => format!("{:.1} s", seconds.max(0.0)),
        (0, 0, 0) => format!("{whole} s"),
        (0, 0, _) => format!("{minutes} min {} s", whole % 60),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// Whether a character is not seen where it stands, but does something to what stands around it: control characters, which terminals
/// obey, ends of lines and paragraphs, marks that turn the direction of a line, and invisible ones that make two names look the same.
/// The joiners of scripts and emoji are none of these.
///
/// ```
/// use exnihilo::text::is_unseen;
///
/// assert!(['\n', '\u{1b}', '\u{9b}', '\u{202e}', '\u{2028}', '\u{feff}'].into_iter().all(is_unseen));
/// assert!(!['a', ' ', 'é', '漢', '\u{200d}'].into_iter().any(is_unseen));
/// ```
pub const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{fffe}'
            | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// A name that a file, a path or a person has given, to be shown on one line: what is unseen in it is escaped, ends of lines included.
///
/// ```
/// use exnihilo::text::printable_name;
///
/// assert_eq!(printable_name("runs/a\nb\u{1b}[31m\u{202e}.az"), "runs/a\\nb\\u{1b}[31m\\u{202e}.az");
/// ```
pub fn printable_name(name: &str) -> String {
    escaped_where(name, is_unseen)
}

/// A path, as [`printable_name`] shows it.
pub fn printable_path(path: &Path) -> String {
    printable_name(&path.to_string_lossy())
}

/// A message or another text of several lines that may have such names in it: as [`printable_name`], but lines and tabs stay.
pub fn printable_text(text: &str) -> String {
    escaped_where(text, |c| is_unseen(c) && !matches!(c, '\n' | '\t'))
}

fn escaped_where(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_escaped(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_have_commas() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn times_have_two_units() {
        let all = [-1.0, 0.25, 9.4, 59.4, 59.6, 3_599.0, 3_600.0, 86_399.0, 90_000.0, 1e9];
        let expected =
            ["0.0 s", "0.2 s", "9.4 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "23 h 59 min", "1 d 1 h", "11574 d 1 h"];
        assert_eq!(all.map(span), expected);
    }

    #[test]
    fn every_control_character_and_nothing_that_is_seen_is_unseen() {
        assert!((0..=0x10_ffff).filter_map(char::from_u32).filter(|c| c.is_control()).all(is_unseen));
        assert!((0..=0x10_ffff).filter_map(char::from_u32).filter(|c| c.is_alphanumeric()).all(|c| !is_unseen(c)));
        assert!(" \u{a0}!~'\"\\{}\u{200c}\u{200d}".chars().all(|c| !is_unseen(c)));
    }

    #[test]
    fn only_texts_keep_their_lines() {
        let hostile = "a\tb\r\nc\u{85}\u{2028}\u{2066}\\é\u{1b}]0;x\u{7}";
        assert_eq!(printable_text(hostile), "a\tb\\r\nc\\u{85}\\u{2028}\\u{2066}\\é\\u{1b}]0;x\\u{7}");
        assert_eq!(printable_name(hostile), "a\\tb\\r\\nc\\u{85}\\u{2028}\\u{2066}\\é\\u{1b}]0;x\\u{7}");
        assert!(!printable_name(hostile).contains(is_unseen));
    }
}
