//! What the fuzz targets check, and how they replay files.
//!
//! `cargo +nightly fuzz run parser` (or `backends`) explores; on stable, `cargo run --bin parser -- FILE…` replays inputs, and
//! without arguments the committed corpus. The generator and the comparisons are library code: `exnihilo_jit::testing`.
#![forbid(unsafe_code)]

mod data_files;
mod experiment_toml;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use exnihilo_jit::Program;
use exnihilo_jit::testing::{FuzzCase, Fuzzer};

pub use data_files::data_files;
pub use experiment_toml::experiment_toml;

/// Every backend on the case that the bytes stand for: eight bytes of a seed, then six an instruction.
///
/// # Panics
/// At a divergence, with all that is needed to replay it.
pub fn backends(bytes: &[u8]) {
    // A fuzzer of its own for each input, so that an input shows the same whatever ran before it.
    if let Err(divergence) = Fuzzer::new(0).run_case(&FuzzCase::from_bytes(bytes)) {
        let case = divergence.case.as_ref().map_or("", |(_, line)| line);
        panic!("{divergence}\nas a case:\n{case}");
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
