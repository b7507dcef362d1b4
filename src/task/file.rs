//! Reading of data files, plain or compressed by gzip, never more than a stated number of bytes.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::error::TaskError;

/// The most bytes of pixels in one file: 1 GiB is twenty times MNIST.
pub(super) const LIMIT: u64 = 1 << 30;

/// An open data file; what is compressed (by its first bytes, whatever its name) is read decompressed.
pub(super) struct DataFile {
    path: PathBuf,
    reader: Box<dyn Read>,
}

impl DataFile {
    /// Opens a regular file.
    pub(super) fn open(path: &Path) -> Result<DataFile, TaskError> {
        let failed = |source| TaskError::Io { path: path.to_owned(), source };
        // Pipes and devices could block or never end.
        if !fs::metadata(path).map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("not a regular file")));
        }
        DataFile::from_reader(path, BufReader::new(File::open(path).map_err(failed)?))
    }

    /// The data that `plain` gives; `path` is only for messages.
    pub(super) fn from_reader(path: &Path, mut plain: impl BufRead + 'static) -> Result<DataFile, TaskError> {
        let start = plain.fill_buf().map_err(|source| TaskError::Io { path: path.to_owned(), source })?;
        let compressed = start.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn Read> = if compressed { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) };
        Ok(DataFile { path: path.to_owned(), reader })
    }

    /// The next bytes: `limit` of them, or fewer at the end of the file.
    pub(super) fn read_up_to(&mut self, limit: u64) -> Result<Vec<u8>, TaskError> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(limit).read_to_end(&mut bytes);
        read.map_err(|source| TaskError::Io { path: self.path.clone(), source })?;
        Ok(bytes)
    }

    /// An error in this file.
    pub(super) fn error(&self, place: &str, expected: String, found: String) -> TaskError {
        TaskError::Format { path: self.path.clone(), place: place.to_owned(), expected, found }
    }
}
