//! Text for HTML, SVG and addresses.

use crate::text::{grouped, is_unseen};

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// A text as content or quoted attribute of HTML and SVG. What is unseen is shown as escapes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            '\n' | '\t' => safe.push(c),
            c if is_unseen(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

/// A text as content, with what stands between backticks as code.
pub(super) fn with_code(text: &str) -> String {
    let mut html = String::new();
    let mut parts = text.split('`');
    html += &escaped(parts.next().unwrap_or_default());
    while let Some(code) = parts.next() {
        match parts.next() {
            Some(after) => html += &format!("<code>{}</code>{}", escaped(code), escaped(after)),
            // A backtick without another.
            None => html += &escaped(&format!("`{code}")),
        }
    }
    html
}

/// A text in an address: all but letters, digits and a few marks as percent and bytes.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~,:;=()/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', char::from(HEX[usize::from(byte >> 4)]), char::from(HEX[usize::from(byte & 15)])]);
        }
    }
    encoded
}

/// A text of at most so many characters, which shows where it was cut.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

/// A number of things, in words: one island, 2 islands.
pub(super) fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_what_it_stands_in() {
        let hostile = "</pre><script>alert('1')</script>\" onload=\"x ]]> --> & \u{0}\u{1b}[31m\u{202e}\n";
        let safe = escaped(hostile);
        assert!(!safe.contains(['<', '>', '"', '\'', '\u{0}', '\u{1b}', '\u{202e}']), "{safe}");
        assert!(safe.starts_with("&lt;/pre&gt;&lt;script&gt;") && safe.contains("\\u{1b}[31m") && safe.ends_with('\n'), "{safe}");
        assert_eq!(percent_encoded("a,1\n\"<é#%"), "a,1%0A%22%3C%C3%A9%23%25");
    }

    #[test]
    fn code_stands_between_backticks() {
        assert_eq!(with_code("a `b <c>` d `e` f ` g"), "a <code>b &lt;c&gt;</code> d <code>e</code> f ` g");
        assert_eq!((with_code(""), with_code("`"), with_code("``")), (String::new(), "`".to_owned(), "<code></code>".to_owned()));
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!([1, 2].map(|number| counted(number, "island")), ["1 island", "2 islands"]);
    }
}
