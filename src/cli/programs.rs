//! Programs named on the command line: known names, files of program text, lists of JSON records.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use exnihilo_jit::lang::MAX_TEXT_BYTES;
use exnihilo_jit::{KNOWN_PROGRAMS, Program, ProgramRecord, known_program};

use super::failure::Failure;

/// The longest line of a list, and the most blank bytes between two programs: several times what the largest program takes.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// The longest id of a program in a list, in bytes.
const MAX_ID_BYTES: usize = 256;

/// The most programs of a list.
const MAX_LIST_PROGRAMS: usize = 5_000_000;

/// The most instructions of all programs of a list together, 24 bytes each.
const MAX_LIST_INSTRUCTIONS: usize = 20_000_000;

/// A program and what it is called.
#[derive(Debug)]
pub(super) struct NamedProgram {
    pub(super) name: String,
    pub(super) program: Program,
}

/// Reads one program: a known name or a file of program text.
///
/// # Errors
/// A file that cannot be read or is no program, with line and column.
pub(super) fn read_program(argument: &Path) -> Result<Program, Failure> {
    if let Some(program) = argument.to_str().and_then(known_program) {
        return Ok(program);
    }
    let mut bytes = Vec::new();
    // One byte more than a program can have, so that a longer one is seen to be too long.
    let limit = MAX_TEXT_BYTES as u64 + 1;
    let name = argument.display();
    open(argument)?.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(&name, &error))?;
    Program::from_bytes(&bytes).map_err(|error| Failure::failed(format!("{name}: {error}")))
}

/// Reads the programs of an argument: one, or those of a list (`.jsonl`, `.jsonl.gz`), in its order.
///
/// # Errors
/// As [`read_program`]; in lists the line is named.
pub(super) fn read_programs(argument: &Path) -> Result<Vec<NamedProgram>, Failure> {
    let name = argument.display().to_string();
    if name.ends_with(".jsonl") {
        read_list(&name, &mut BufReader::new(open(argument)?))
    } else if name.ends_with(".jsonl.gz") {
        read_list(&name, &mut BufReader::new(flate2::read::MultiGzDecoder::new(open(argument)?)))
    } else {
        Ok(vec![NamedProgram { program: read_program(argument)?, name }])
    }
}

fn read_list(file: &str, reader: &mut dyn BufRead) -> Result<Vec<NamedProgram>, Failure> {
    let mut programs = Vec::new();
    let mut line = Vec::new();
    let mut instructions = 0;
    let mut blank = 0;
    for number in 1_u64.. {
        line.clear();
        reader.take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line).map_err(|error| unreadable(&file, &error))?;
        let refused = |problem: String| Failure::failed(format!("{file}: line {number}: {problem}"));
        if line.is_empty() {
            break;
        }
        if line.len() as u64 > MAX_LINE_BYTES {
            return Err(refused(format!("longer than {MAX_LINE_BYTES} bytes; a line holds one program")));
        }
        if line.trim_ascii().is_empty() {
            // A small compressed file can hold any number of blank lines.
            blank += line.len() as u64;
            if blank > MAX_LINE_BYTES {
                return Err(refused(format!("more than {MAX_LINE_BYTES} blank bytes up to here; remove blank lines")));
            }
            continue;
        }
        blank = 0;
        let record: ProgramRecord = serde_json::from_slice(&line).map_err(|error| refused(format!("not a program record: {error}")))?;
        let program = Program::try_from(&record).map_err(|error| refused(error.to_string()))?;
        instructions += program.instructions().len();
        if instructions > MAX_LIST_INSTRUCTIONS {
            return Err(refused(format!("more than {MAX_LIST_INSTRUCTIONS} instructions up to here; split the list")));
        }
        let name = record.id.map_or_else(|| format!("{file}:{number}"), |id| id.to_string());
        if name.len() > MAX_ID_BYTES {
            return Err(refused(format!("the id has {} bytes; choose one of at most {MAX_ID_BYTES}", name.len())));
        }
        if programs.len() == MAX_LIST_PROGRAMS {
            return Err(refused(format!("more than {MAX_LIST_PROGRAMS} programs up to here; split the list")));
        }
        programs.push(NamedProgram { name, program });
    }
    if programs.is_empty() {
        return Err(Failure::failed(format!("{file}: there is no program in it; write one JSON record a line")));
    }
    Ok(programs)
}

fn open(path: &Path) -> Result<File, Failure> {
    let name = path.display();
    let known = KNOWN_PROGRAMS.map(|name| format!("`{name}`")).join(" and ");
    let remedy = format!("a program is a file or one of the names {known}");
    if path.is_dir() {
        return Err(Failure::failed(format!("{name}: is a folder; {remedy}")));
    }
    File::open(path).map_err(|error| Failure::failed(format!("{name}: cannot be read: {error}; {remedy}")))
}

fn unreadable(path: &dyn std::fmt::Display, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{path}: cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<NamedProgram>, Failure> {
        read_list("list.jsonl", &mut text.as_bytes())
    }

    #[test]
    fn lists_keep_their_order_and_names() {
        let text = r#"{"id":3,"num_scalars":5,"setup":[],"predict":[],"learn":[]}
            
            {"setup":[],"predict":[{"op":"SCALAR_SUM_OP","in1":1,"in2":2,"out":1}],"learn":[]}"#;
        let programs = list(text).expect("two programs");
        assert_eq!(programs.iter().map(|named| named.name.as_str()).collect::<Vec<_>>(), ["3", "list.jsonl:3"]);
        assert_eq!(programs[1].program.instructions().len(), 1);
    }

    #[test]
    fn lines_that_are_no_programs_are_named() {
        for (text, message) in [
            ("", "there is no program"),
            ("{}", "line 1: not a program record"),
            ("\n{\"setup\":[{\"op\":\"X\"}],\"predict\":[],\"learn\":[]}", "line 2: instruction 1 of Setup: unknown op"),
        ] {
            let Err(Failure::Failed(error)) = list(text) else { panic!("{text} is no list") };
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}
