//! Data files and lists of programs.

use std::io::{Cursor, Write};
use std::path::Path;

use exnihilo::task::DataFormat;
use exnihilo_jit::lang::ProgramList;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The first byte chooses the reader, the rest is the file: data, or an error with a message that names the file.
///
/// # Panics
/// If not.
pub fn data_files(bytes: &[u8]) {
    let Some((&reader, file)) = bytes.split_first() else { return };
    match reader % 8 {
        0 => read(DataFormat::IdxImages, file.to_owned()),
        1 => read(DataFormat::IdxLabels, file.to_owned()),
        2 => read(DataFormat::IdxImages, compressed(file)),
        3 => read(DataFormat::IdxLabels, compressed(file)),
        4 => read(DataFormat::CifarBatch, file.to_owned()),
        5 => read(DataFormat::Table, file.to_owned()),
        6 => read(DataFormat::Table, compressed(file)),
        _ => list(file),
    }
}

fn read(format: DataFormat, file: Vec<u8>) {
    match format.read(Path::new("the file"), Cursor::new(file)) {
        Ok(numbers) => assert!(numbers > 0, "an empty data set"),
        Err(error) => assert!(error.to_string().starts_with("the file"), "another name: {error}"),
    }
}

fn list(file: &[u8]) {
    for program in ProgramList::new(file) {
        match program {
            Ok(listed) => assert!(listed.line >= 1, "no line"),
            Err(error) => assert!(error.line >= 1 && !error.problem.is_empty(), "no place: {error:?}"),
        }
    }
}

fn compressed(file: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(file).and_then(|()| encoder.finish()).expect("memory takes everything")
}
