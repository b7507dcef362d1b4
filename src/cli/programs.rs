//! Programs named on the command line: known names, files of program text, lists of JSON records.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use exnihilo::text::{printable_name, printable_path};
use exnihilo_jit::lang::{ListedProgram, MAX_TEXT_BYTES, ProgramList};
use exnihilo_jit::{Interface, KNOWN_PROGRAMS, Program, Space, known_program, simplify_for};

use super::failure::Failure;
use super::output::note;

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
    let name = printable_path(argument);
    open(argument)?.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(argument, &error))?;
    Program::from_bytes(&bytes).map_err(|error| Failure::failed(format!("{name}: {error}")))
}

/// Reads the programs of an argument: one, or those of a list (`.jsonl`, `.jsonl.gz`), in its order.
///
/// # Errors
/// As [`read_program`]; in lists the line is named.
pub(super) fn read_programs(argument: &Path) -> Result<Vec<NamedProgram>, Failure> {
    let name = argument.display().to_string();
    if name.ends_with(".jsonl") {
        read_list(&name, BufReader::new(open(argument)?))
    } else if name.ends_with(".jsonl.gz") {
        read_list(&name, BufReader::new(flate2::read::MultiGzDecoder::new(open(argument)?)))
    } else {
        Ok(vec![NamedProgram { program: read_program(argument)?, name }])
    }
}

fn read_list(file: &str, reader: impl BufRead) -> Result<Vec<NamedProgram>, Failure> {
    let mut programs = Vec::new();
    for listed in ProgramList::new(reader) {
        let ListedProgram { name, line, program } =
            listed.map_err(|error| Failure::failed(format!("{}: {error}", printable_name(file))))?;
        programs.push(NamedProgram { name: name.unwrap_or_else(|| format!("{file}:{line}")), program });
    }
    if programs.is_empty() {
        return Err(Failure::failed(format!("{}: there is no program in it; write one JSON record a line", printable_name(file))));
    }
    Ok(programs)
}

/// Says so where no instruction of a program can reach its prediction.
pub(super) fn note_if_nothing_matters(program: &Program, interface: Interface) {
    if simplify_for(program, interface).instructions().is_empty() {
        let (space, address) = interface.prediction();
        let hint = if space == Space::Scalar { "; a program for tasks with ten classes needs --classes 10" } else { "" };
        note(&format!("note: nothing in the program reaches its prediction, {}{address}{hint}", space.letter()));
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let name = printable_path(path);
    let [others @ .., last] = KNOWN_PROGRAMS.map(|name| format!("`{name}`"));
    let known = format!("{} and {last}", others.join(", "));
    let remedy = format!("a program is a file or one of the names {known}");
    if path.is_dir() {
        return Err(Failure::failed(format!("{name}: is a folder; {remedy}")));
    }
    File::open(path).map_err(|error| Failure::failed(format!("{name}: cannot be read: {error}; {remedy}")))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{}: cannot be read: {error}", printable_path(path)))
}
