//! Why there is no report.

use std::io;
use std::path::PathBuf;

use crate::run::RunRecordError;
use crate::text::printable_path;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The record of the run cannot be read.
    #[error(transparent)]
    Record(#[from] RunRecordError),
    /// A report that cannot be written.
    #[error("{}: cannot be written: {source}; choose another file with --out", printable_path(.path))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that is there and no report.
    #[error("{}: exists and is no report; choose another file, or overwrite it with --force", printable_path(.0))]
    Exists(PathBuf),
}
