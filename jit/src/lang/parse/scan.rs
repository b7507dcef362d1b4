//! The parts of one line: words, addresses, numbers and symbols, each with its column.

use std::fmt;
use std::str::FromStr;

use super::super::op::Space;
use super::super::program::MAX_ADDRESSES;
use super::ParseError;

/// Reads the code of one line from left to right. The code is ASCII, so bytes are characters.
pub(super) struct Scanner<'a> {
    /// The line without its comment, line end and the blanks before them.
    code: &'a str,
    /// How much has been read.
    at: usize,
    /// The number of the line, from 1.
    line: usize,
}

/// An address with the column where it stands.
#[derive(Clone, Copy)]
pub(super) struct Address {
    pub(super) space: Space,
    pub(super) address: u8,
    pub(super) column: usize,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.space.letter(), self.address)
    }
}

/// A number that obeys the grammar, not yet rounded to a type.
#[derive(Clone, Copy)]
pub(super) struct Literal<'a> {
    pub(super) text: &'a str,
    pub(super) column: usize,
    line: usize,
}

/// What can stand where a value is expected.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a> {
    Address(Address),
    Number(Literal<'a>),
    /// Any other word, with its column.
    Name(&'a str, usize),
}

/// The type of a constant.
pub(super) trait Real: FromStr + Copy + Into<f64> + fmt::Debug {
    const LARGEST: Self;
    const BITS: u32;
}

impl Real for f64 {
    const LARGEST: f64 = f64::MAX;
    const BITS: u32 = 64;
}

impl Real for f32 {
    const LARGEST: f32 = f32::MAX;
    const BITS: u32 = 32;
}

/// A piece of the text for a message, shortened if it is long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.get(..LONGEST) {
        Some(start) if text.len() > LONGEST => format!("`{start}…`"),
        _ => format!("`{text}`"),
    }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

impl<'a> Scanner<'a> {
    /// The code of line number `line`, given with its line end and comment.
    pub(super) fn new(text: &'a str, line: usize) -> Result<Scanner<'a>, ParseError> {
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        let code = text.split('#').next().unwrap_or_default().trim_end_matches([' ', '\t']);
        let scanner = Scanner { code, at: 0, line };
        let foreign = code.chars().enumerate().find(|(_, c)| *c != '\t' && !matches!(c, ' '..='~'));
        match foreign {
            None => Ok(scanner),
            Some((index, '\r')) => {
                Err(scanner.error(index + 1, "a carriage return without a line feed", "end lines with LF or with CR LF"))
            }
            Some((index, c)) => {
                let message = format!("the character `{}` (U+{:04X}) cannot stand in program text", c.escape_debug(), u32::from(c));
                Err(scanner.error(index + 1, message, "write ASCII letters, digits and symbols; other characters only in comments"))
            }
        }
    }

    /// The number of the line, from 1.
    pub(super) fn number(&self) -> usize {
        self.line
    }

    /// An error on this line.
    pub(super) fn error(&self, column: usize, message: impl Into<String>, remedy: impl Into<String>) -> ParseError {
        ParseError { line: self.line, column, message: message.into(), remedy: remedy.into() }
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest().bytes().take_while(|&byte| is_blank(byte)).count();
        self.at += blanks;
    }

    fn rest(&self) -> &'a str {
        &self.code[self.at..]
    }

    /// The column of what comes next.
    pub(super) fn column(&self) -> usize {
        self.at + self.rest().bytes().take_while(|&byte| is_blank(byte)).count() + 1
    }

    /// What comes next, blanks skipped.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().trim_start_matches([' ', '\t']).chars().next()
    }

    /// Whether nothing more stands on the line.
    pub(super) fn at_end(&self) -> bool {
        self.peek().is_none()
    }

    /// The code from a column to the end, for messages.
    pub(super) fn code_at(&self, column: usize) -> &'a str {
        &self.code[column - 1..]
    }

    /// What comes next, for messages: a whole word or number, or a symbol.
    pub(super) fn found(&self) -> String {
        let rest = self.code_at(self.column());
        let word = rest.bytes().take_while(|&byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.').count();
        match rest.get(..word.max(1)) {
            Some(text) => quoted(text),
            None => "the end of the line".into(),
        }
    }

    /// Reads `symbol`, if it comes next.
    pub(super) fn take(&mut self, symbol: char) -> bool {
        let found = self.peek() == Some(symbol);
        if found {
            self.skip_blanks();
            self.at += symbol.len_utf8();
        }
        found
    }

    /// Reads `symbol` or fails with this remedy.
    pub(super) fn expect(&mut self, symbol: char, remedy: &str) -> Result<(), ParseError> {
        if self.take(symbol) {
            return Ok(());
        }
        Err(self.error(self.column(), format!("expected `{symbol}`, found {}", self.found()), remedy))
    }

    /// Fails unless nothing follows `what`.
    pub(super) fn expect_end(&self, what: &str) -> Result<(), ParseError> {
        if self.at_end() {
            return Ok(());
        }
        Err(self.error(
            self.column(),
            format!("unexpected {} after {what}", self.found()),
            "write one instruction a line, nothing after it",
        ))
    }

    /// The word that comes next, left where it is.
    pub(super) fn peek_word(&self) -> Option<&'a str> {
        let rest = self.rest().trim_start_matches([' ', '\t']);
        let length = rest.bytes().take_while(|&byte| starts_word(byte) || byte.is_ascii_digit()).count();
        rest.bytes().next().is_some_and(starts_word).then(|| &rest[..length])
    }

    /// Reads the word that comes next, if it is one.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let word = self.peek_word()?;
        self.skip_blanks();
        self.at += word.len();
        Some(word)
    }

    /// Reads an address, a number or another word.
    pub(super) fn operand(&mut self, expected: &str, remedy: &str) -> Result<Operand<'a>, ParseError> {
        let column = self.column();
        if let Some(word) = self.word() {
            return match word {
                "inf" | "nan" => Ok(Operand::Number(Literal { text: word, column, line: self.line })),
                _ => Ok(self.address(word, column)?.map_or(Operand::Name(word, column), Operand::Address)),
            };
        }
        match self.peek() {
            Some('0'..='9' | '.' | '+' | '-') => self.literal().map(Operand::Number),
            _ => Err(self.error(column, format!("expected {expected}, found {}", self.found()), remedy)),
        }
    }

    /// Reads a number; anything else fails with this remedy.
    pub(super) fn literal_or(&mut self, remedy: &str) -> Result<Literal<'a>, ParseError> {
        match self.operand("a number", remedy)? {
            Operand::Number(literal) => Ok(literal),
            Operand::Address(Address { column, .. }) | Operand::Name(_, column) => {
                let word = self.code_at(column);
                let length = word.bytes().take_while(|&byte| starts_word(byte) || byte.is_ascii_digit()).count();
                Err(self.error(column, format!("expected a number, found {}", quoted(&word[..length])), remedy))
            }
        }
    }

    /// The address that `word` names, if it has the form of one.
    fn address(&self, word: &str, column: usize) -> Result<Option<Address>, ParseError> {
        let Some((space, digits)) = Space::ALL.into_iter().find_map(|space| Some((space, word.strip_prefix(space.letter())?))) else {
            return Ok(None);
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        let significant = match digits.trim_start_matches('0') {
            "" => "0",
            significant => significant,
        };
        let (letter, last) = (space.letter(), MAX_ADDRESSES - 1);
        let Some(address) = significant.parse::<u8>().ok().filter(|&address| usize::from(address) <= last) else {
            let message = format!("the address {} is out of range", quoted(word));
            return Err(self.error(column, message, format!("the last {} is `{letter}{last}`", space.word())));
        };
        if significant.len() < digits.len() {
            let message = format!("the address {} has a leading zero", quoted(word));
            return Err(self.error(column, message, format!("write `{letter}{address}`")));
        }
        Ok(Some(Address { space, address, column }))
    }

    /// Reads a number that starts with a sign, a digit or a point.
    fn literal(&mut self) -> Result<Literal<'a>, ParseError> {
        self.skip_blanks();
        let (column, rest) = (self.at + 1, self.rest());
        let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        let numeric = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        let mut previous = 0;
        let length = unsigned
            .bytes()
            .take_while(|&byte| {
                let exponent_sign = numeric && matches!(byte, b'+' | b'-') && matches!(previous, b'e' | b'E');
                previous = byte;
                exponent_sign || byte == b'.' || starts_word(byte) || byte.is_ascii_digit()
            })
            .count();
        let text = &rest[..rest.len() - unsigned.len() + length];
        self.at += text.len();
        if is_number(text) {
            return Ok(Literal { text, column, line: self.line });
        }
        let remedy = match &text[text.len() - length..] {
            "" => "write the digits right after the sign, or an address on both sides of an operator".to_string(),
            "nan" => "write `nan`, which has no sign".to_string(),
            word if self.address(word, column).is_ok_and(|address| address.is_some()) => {
                format!("a sign belongs to a number; subtract `{word}` from an address that is zero")
            }
            _ => "write a decimal number such as 0.5, -2.0 or 1e-3, or inf or nan".to_string(),
        };
        Err(self.error(column, format!("{} is not a number", quoted(text)), remedy))
    }
}

/// Whether a text is `[+-]?(digits[.digits?]|.digits)([eE][+-]?digits)?`, `[+-]?inf` or `nan`.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "inf" || text == "nan" {
        return true;
    }
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

impl Literal<'_> {
    /// The number, rounded once to the type of the constant.
    pub(super) fn value<T: Real>(&self) -> Result<T, ParseError> {
        let error = |message: String, remedy: String| ParseError { line: self.line, column: self.column, message, remedy };
        match self.text.parse::<T>() {
            Ok(value) if !value.into().is_infinite() || self.text.ends_with("inf") => Ok(value),
            _ => Err(error(
                format!("the number {} is too large for {} bits", quoted(self.text), T::BITS),
                format!("the largest is {:?}; write `inf` or `-inf` if infinity is meant", T::LARGEST),
            )),
        }
    }

    /// Whether this is a spelling of 1, exactly.
    pub(super) fn is_one(&self) -> bool {
        // Rounded to 1 and one digit 1 among zeros: a power of ten that is 1.
        let mantissa = self.text.split(['e', 'E']).next().unwrap_or_default();
        let mut significant = mantissa.bytes().filter(|byte| matches!(byte, b'1'..=b'9'));
        significant.next() == Some(b'1') && significant.next().is_none() && self.text.parse() == Ok(1.0f64)
    }
}
