//! Program text in: the functions and lines of an `.az` file. [`scan`] reads the parts of a line, [`statement`] its
//! instruction, [`suggest`] finds what could have been meant.

mod scan;
mod statement;
mod suggest;

use std::str::FromStr;

use super::instruction::Instruction;
use super::program::{ComponentFunction, MAX_INSTRUCTIONS, Program};
use scan::Scanner;

/// The longest program text that is read, in bytes: several times what the largest possible program prints.
pub const MAX_TEXT_BYTES: usize = 8 << 20;

/// Why a text is not a program, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}; {remedy}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters (a tab is one; a byte order mark is none).
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// The body of a component function while it is read.
#[derive(Default)]
struct Body {
    /// The line of its `def`.
    line: usize,
    instructions: Vec<Instruction>,
    /// Whether `pass` stood for it.
    pass: bool,
}

/// Reads the format of the printer, and what the published reference implementation prints.
impl FromStr for Program {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Program, ParseError> {
        check_size(text.len())?;
        let mut bodies: [Option<Body>; 3] = [None, None, None];
        let mut current = None;
        for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).split_inclusive('\n').enumerate() {
            let mut line = Scanner::new(line, index + 1)?;
            match line.peek_word() {
                _ if line.at_end() => {}
                Some("def") => current = Some(function_header(&mut line, &mut bodies)?),
                _ => match current.and_then(|function: usize| bodies[function].as_mut().map(|body| (function, body))) {
                    Some((function, body)) => body_line(&mut line, ComponentFunction::ALL[function], body)?,
                    None => {
                        let message = format!("{} stands outside of any function", line.found());
                        return Err(line.error(line.column(), message, "start with `def Setup():`, `def Predict():` or `def Learn():`"));
                    }
                },
            }
        }
        if current.is_none() {
            return Err(ParseError {
                line: 1,
                column: 1,
                message: "the text has no function".into(),
                remedy: "write at least one of `def Setup():`, `def Predict():` and `def Learn():`, instructions below it".into(),
            });
        }
        let [setup, predict, learn] = bodies.map(|body| body.map_or_else(Vec::new, |body| body.instructions));
        Ok(Program::new(&setup, &predict, &learn))
    }
}

impl Program {
    /// Parses the bytes of a program file.
    ///
    /// # Errors
    /// Bytes that are not UTF-8, and all that [`str::parse`] refuses.
    pub fn from_bytes(bytes: &[u8]) -> Result<Program, ParseError> {
        check_size(bytes.len())?;
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => return text.parse(),
            Err(error) => error,
        };
        let (valid, rest) = bytes.split_at(error.valid_up_to());
        let line_start = valid.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let starts_character = |byte: &&u8| (**byte & 0xc0) != 0x80;
        let before = valid[line_start..].strip_prefix("\u{feff}".as_bytes()).unwrap_or(&valid[line_start..]);
        Err(ParseError {
            line: valid.iter().filter(|&&byte| byte == b'\n').count() + 1,
            column: before.iter().filter(starts_character).count() + 1,
            message: format!("the text is not UTF-8: byte 0x{:02X} cannot stand here", rest.first().copied().unwrap_or_default()),
            remedy: "save the file as UTF-8".into(),
        })
    }
}

fn check_size(bytes: usize) -> Result<(), ParseError> {
    if bytes <= MAX_TEXT_BYTES {
        return Ok(());
    }
    Err(ParseError {
        line: 1,
        column: 1,
        message: format!("the text has {bytes} bytes, a program at most {MAX_TEXT_BYTES}"),
        remedy: "check that this is a program file".into(),
    })
}

/// Reads `def NAME():` and gives the index of the function.
fn function_header(line: &mut Scanner<'_>, bodies: &mut [Option<Body>; 3]) -> Result<usize, ParseError> {
    const FORMS: &str = "write `def Setup():`, `def Predict():` or `def Learn():`";
    line.word();
    let column = line.column();
    let Some(name) = line.word() else {
        return Err(line.error(column, format!("expected the name of a function, found {}", line.found()), FORMS));
    };
    let Some(index) = ComponentFunction::ALL.iter().position(|function| function.name() == name) else {
        let hint = match suggest::nearest(name, ComponentFunction::ALL.map(ComponentFunction::name)) {
            Some(nearest) => format!("did you mean `{nearest}`? {FORMS}"),
            None => FORMS.into(),
        };
        return Err(line.error(column, format!("unknown function {}", scan::quoted(name)), hint));
    };
    if let Some(first) = &bodies[index] {
        let message = format!("a second function `{name}`, the first is on line {}", first.line);
        return Err(line.error(column, message, "put all its instructions into one body"));
    }
    for symbol in ['(', ')', ':'] {
        line.expect(symbol, &format!("write `def {name}():`"))?;
    }
    if !line.at_end() {
        let message = format!("{} stands on the line of the `def`", line.found());
        return Err(line.error(line.column(), message, "put the body on the lines below, one instruction a line"));
    }
    bodies[index] = Some(Body { line: line.number(), ..Body::default() });
    Ok(index)
}

/// Reads `pass` or an instruction into a body.
fn body_line(line: &mut Scanner<'_>, function: ComponentFunction, body: &mut Body) -> Result<(), ParseError> {
    let (column, name) = (line.column(), function.name());
    if line.peek_word() == Some("pass") {
        line.word();
        line.expect_end("`pass`")?;
        if body.pass || !body.instructions.is_empty() {
            let message = format!("`pass` stands for an empty body, but `{name}` has one already");
            return Err(line.error(column, message, "remove this line"));
        }
        body.pass = true;
        return Ok(());
    }
    if body.pass {
        let message = format!("an instruction after the `pass` that stands for the empty body of `{name}`");
        return Err(line.error(column, message, "remove the `pass`"));
    }
    if body.instructions.len() == MAX_INSTRUCTIONS {
        let message = format!("`{name}` has more than {MAX_INSTRUCTIONS} instructions");
        return Err(line.error(column, message, "remove instructions: this is the most that a function can have"));
    }
    body.instructions.push(statement::instruction(line)?);
    line.expect_end("the instruction")
}
