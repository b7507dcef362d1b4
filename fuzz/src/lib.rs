//! What the fuzz targets check, and how they replay files.
//!
//! `cargo +nightly fuzz run parser` (or another target) explores; on stable, `cargo run --bin parser -- FILE…` replays inputs, and
//! without arguments the committed corpus. The generator and the comparisons are library code: `exnihilo_jit::testing`.
#![forbid(unsafe_code)]

mod checkpoint;
mod data_files;
mod experiment_toml;

use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use exnihilo_jit::Program;
use exnihilo_jit::cases::{Case, CaseReader};
use exnihilo_jit::testing::{CaseBackend, FuzzCase, Fuzzer, OracleBackend};

pub use checkpoint::checkpoint;
pub use data_files::data_files;
pub use experiment_toml::experiment_toml;

/// Every backend on the case that the bytes decide.
///
/// # Panics
/// At a divergence, with all that is needed to replay it.
pub fn backends(bytes: &[u8]) {
    let case = FuzzCase::from_bytes(bytes);
    // A fuzzer of its own for each input, so that an input shows the same whatever ran before it.
    let mut fuzzer = Fuzzer::new(0, None);
    // An engine has many inputs and little time; whoever replays one wants all layouts, which are those and more.
    let choice = bytes.iter().fold(0u64, |hash, &byte| hash.rotate_left(8) ^ u64::from(byte));
    let result = if cfg!(fuzzing) { fuzzer.run_in_part(&case, choice) } else { fuzzer.run_case(&case) };
    if let Err(divergence) = result {
        panic!("{divergence}\nas a case:\n{}", divergence.case.as_deref().unwrap_or("none"));
    }
}

/// What the analyses make of the program that the bytes decide computes the same.
///
/// # Panics
/// If not.
pub fn simplify(bytes: &[u8]) {
    if let Err(divergence) = Fuzzer::new(0, None).run_analyses(&FuzzCase::from_bytes(bytes)) {
        panic!("{divergence}\nas a case:\n{}", divergence.case.as_deref().unwrap_or("none"));
    }
}

/// Any bytes are a program or an error with a place; a program prints as text that is the same program.
///
/// # Panics
/// If not.
pub fn parser(bytes: &[u8]) {
    match Program::from_bytes(bytes) {
        Ok(program) => assert_eq!(program.to_string().parse::<Program>().as_ref(), Ok(&program), "printed and parsed again"),
        Err(error) => assert!(error.line >= 1 && error.column >= 1 && !error.message.is_empty(), "no place: {error:?}"),
    }
}

/// Any bytes are cases or an error with a line; a case of one instruction runs.
///
/// # Panics
/// If not.
pub fn case_files(bytes: &[u8]) {
    for case in CaseReader::new("input".to_owned(), Box::new(Cursor::new(bytes.to_vec()))) {
        match case {
            Ok(Case::Op(case)) => {
                let counts = case.initial.counts();
                let memory = OracleBackend::default().run_op(&case).expect("addresses were checked");
                assert_eq!(memory.counts(), counts);
            }
            Ok(Case::Execute(case)) => {
                assert_eq!(case.group.tasks().len(), case.expected.len());
                assert_eq!(case.ordinals.len(), case.program.instructions().len());
                case.program.check_addresses(case.counts).expect("addresses were checked");
            }
            Err(error) => assert!(error.to_string().starts_with("input, line "), "no place: {error}"),
        }
    }
}

/// Runs `check` on the files (or the files in the folders) that the command line names, or on the corpus of `target`.
pub fn replay(target: &str, check: fn(&[u8])) -> ExitCode {
    let mut paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        paths.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target));
    }
    let mut replayed = 0;
    for path in paths {
        if let Err(error) = replay_path(&path, check, &mut replayed) {
            eprintln!("{}: {error}; name files of inputs, or folders of such files", path.display());
            return ExitCode::FAILURE;
        }
    }
    println!("{target}: {replayed} inputs replayed");
    ExitCode::SUCCESS
}

fn replay_path(path: &Path, check: fn(&[u8]), replayed: &mut usize) -> io::Result<()> {
    if !path.is_dir() {
        check(&std::fs::read(path)?);
        *replayed += 1;
        return Ok(());
    }
    let mut files = std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    for file in files.iter().filter(|file| file.is_file()) {
        check(&std::fs::read(file)?);
        *replayed += 1;
    }
    Ok(())
}
