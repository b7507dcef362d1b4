//! Single data files, from whatever can be read: for fuzzing the readers without folders of files.

use std::io::BufRead;
use std::path::Path;

use super::error::TaskError;
use super::file::DataFile;
use super::table::Table;
use super::{cifar, idx};

/// What a single data file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFormat {
    /// Images in the IDX format.
    IdxImages,
    /// Labels in the IDX format.
    IdxLabels,
    /// A batch of CIFAR-10 in its binary version.
    CifarBatch,
    /// A table as CSV text.
    Table,
}

impl DataFormat {
    /// Reads a file of this format, plain or compressed by gzip, and gives how many numbers it holds: pixels, labels or features,
    /// at least one. `name` stands for the file in messages.
    ///
    /// # Errors
    /// What is wrong, and where; never after reading more than a stated number of bytes.
    pub fn read(self, name: &Path, reader: impl BufRead + 'static) -> Result<usize, TaskError> {
        let mut file = DataFile::from_reader(name, reader)?;
        Ok(match self {
            DataFormat::IdxImages => idx::read_images(&mut file)?.0.len(),
            DataFormat::IdxLabels => idx::read_labels(&mut file)?.len(),
            DataFormat::CifarBatch => {
                let (mut pixels, mut labels) = (Vec::new(), Vec::new());
                cifar::read_batch(&mut file, &mut pixels, &mut labels)?;
                pixels.len()
            }
            DataFormat::Table => {
                let table = Table::read_file(name, &mut file, None)?;
                table.count() * table.columns().len()
            }
        })
    }
}
