//! Lists of programs: one JSON record a line. Everything is bounded, for a small compressed file can hold any amount of text.

use std::io::{BufRead, Read};

use super::program::Program;
use super::record::ProgramRecord;

/// The longest line, and the most blank bytes between two programs: several times what the largest program takes.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// The longest name of a program, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// The most programs of a list.
const MAX_PROGRAMS: u64 = 5_000_000;

/// The most instructions of all programs of a list together, 24 bytes each.
const MAX_LIST_INSTRUCTIONS: usize = 20_000_000;

/// A program of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedProgram {
    /// Its id, if it has one.
    pub name: Option<String>,
    /// The line that it stands on, from 1.
    pub line: u64,
    /// The program.
    pub program: Program,
}

/// A list that cannot be read: where, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ListError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub problem: String,
}

/// Reads the programs of a list one after another; ends after the first error.
#[derive(Debug)]
pub struct ProgramList<R> {
    reader: R,
    line: u64,
    buffer: Vec<u8>,
    programs: u64,
    instructions: usize,
    ended: bool,
}

impl<R: BufRead> ProgramList<R> {
    /// The list that `reader` gives.
    pub fn new(reader: R) -> ProgramList<R> {
        ProgramList { reader, line: 0, buffer: Vec::new(), programs: 0, instructions: 0, ended: false }
    }

    /// The next program, if there is one.
    fn read(&mut self) -> Result<Option<ListedProgram>, String> {
        let mut blank = 0;
        loop {
            self.line += 1;
            self.buffer.clear();
            let mut bounded = self.reader.by_ref().take(MAX_LINE_BYTES + 1);
            let length = bounded.read_until(b'\n', &mut self.buffer).map_err(|error| format!("cannot be read: {error}"))? as u64;
            if length == 0 {
                return Ok(None);
            }
            if length > MAX_LINE_BYTES {
                return Err(format!("longer than {MAX_LINE_BYTES} bytes; a line holds one program"));
            }
            if !self.buffer.trim_ascii().is_empty() {
                return self.program().map(Some);
            }
            blank += length;
            if blank > MAX_LINE_BYTES {
                return Err(format!("more than {MAX_LINE_BYTES} blank bytes up to here; remove blank lines"));
            }
        }
    }

    /// The program on the line that was read.
    fn program(&mut self) -> Result<ListedProgram, String> {
        let record: ProgramRecord = serde_json::from_slice(&self.buffer).map_err(|error| format!("not a program record: {error}"))?;
        let program = Program::try_from(&record).map_err(|error| error.to_string())?;
        self.programs += 1;
        if self.programs > MAX_PROGRAMS {
            return Err(format!("more than {MAX_PROGRAMS} programs up to here; split the list"));
        }
        self.instructions += program.instructions().len();
        if self.instructions > MAX_LIST_INSTRUCTIONS {
            return Err(format!("more than {MAX_LIST_INSTRUCTIONS} instructions up to here; split the list"));
        }
        let name = record.id.map(|id| id.to_string());
        if let Some(name) = name.as_ref().filter(|name| name.len() > MAX_NAME_BYTES) {
            return Err(format!("the id has {} bytes; choose one of at most {MAX_NAME_BYTES}", name.len()));
        }
        Ok(ListedProgram { name, line: self.line, program })
    }
}

impl<R: BufRead> std::iter::FusedIterator for ProgramList<R> {}

impl<R: BufRead> Iterator for ProgramList<R> {
    type Item = Result<ListedProgram, ListError>;

    fn next(&mut self) -> Option<Result<ListedProgram, ListError>> {
        if self.ended {
            return None;
        }
        let program = self.read().transpose();
        self.ended = !matches!(program, Some(Ok(_)));
        program.map(|program| program.map_err(|problem| ListError { line: self.line, problem }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<ListedProgram>, ListError> {
        ProgramList::new(text.as_bytes()).collect()
    }

    #[test]
    fn lists_keep_their_order_names_and_lines() {
        let text = r#"{"id":3,"num_scalars":5,"setup":[],"predict":[],"learn":[]}
            
            {"setup":[],"predict":[{"op":"SCALAR_SUM_OP","in1":1,"in2":2,"out":1}],"learn":[]}"#;
        let programs = list(text).expect("two programs");
        let places: Vec<_> = programs.iter().map(|listed| (listed.name.as_deref(), listed.line)).collect();
        assert_eq!(places, [(Some("3"), 1), (None, 3)]);
        assert_eq!(programs[1].program.instructions().len(), 1);
        assert_eq!(list(""), Ok(Vec::new()));
    }

    #[test]
    fn lines_that_are_no_programs_are_named_and_end_the_list() {
        for (text, message) in [
            ("{}", "line 1: not a program record"),
            ("\n{\"setup\":[{\"op\":\"X\"}],\"predict\":[],\"learn\":[]}", "line 2: instruction 1 of Setup: unknown op"),
        ] {
            let error = list(text).expect_err("no list").to_string();
            assert!(error.starts_with(message), "{error}");
        }
        let mut list = ProgramList::new(&b"x\nx\n"[..]);
        assert!(list.next().is_some_and(|program| program.is_err()) && list.next().is_none());
    }
}
