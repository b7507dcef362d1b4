//! Data files in memory, each read once.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::error::TaskError;
use super::images::ImageSet;
use super::table::Table;
use super::{cifar, digits, idx};

/// A table is told by its file and its label column.
type TableName = (PathBuf, Option<String>);

/// Data files that were read, so that each is read once however many sets of tasks are made of it.
#[derive(Debug, Default)]
pub struct DataCache {
    digits: OnceLock<Arc<ImageSet>>,
    images: Mutex<HashMap<PathBuf, Arc<ImageSet>>>,
    tables: Mutex<HashMap<TableName, Arc<Table>>>,
}

impl DataCache {
    /// An empty cache.
    pub fn new() -> DataCache {
        DataCache::default()
    }

    /// The embedded 8x8 digits.
    pub fn digits(&self) -> Arc<ImageSet> {
        self.digits.get_or_init(|| Arc::new(digits::load())).clone()
    }

    /// The images in a folder: IDX files (MNIST, Fashion-MNIST) or CIFAR-10 in its binary version.
    ///
    /// # Errors
    /// [`TaskError::Io`], [`TaskError::NoImages`] and [`TaskError::Format`].
    pub fn images(&self, folder: &Path) -> Result<Arc<ImageSet>, TaskError> {
        let mut loaded = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(images) = loaded.get(folder) {
            return Ok(images.clone());
        }
        let images = Arc::new(read_images(folder)?);
        loaded.insert(folder.to_owned(), images.clone());
        Ok(images)
    }

    /// The table in a CSV file, with its label column.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn table(&self, path: &Path, label: Option<&str>) -> Result<Arc<Table>, TaskError> {
        let mut loaded = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (path.to_owned(), label.map(str::to_owned));
        if let Some(table) = loaded.get(&name) {
            return Ok(table.clone());
        }
        let table = Arc::new(Table::read(path, label)?);
        loaded.insert(name, table.clone());
        Ok(table)
    }
}

/// Reads whichever kind of images the folder has.
fn read_images(folder: &Path) -> Result<ImageSet, TaskError> {
    // For the system's own message where there is no such folder.
    fs::read_dir(folder).map_err(|source| TaskError::Io { path: folder.to_owned(), source })?;
    let refuse = |problem: &str| TaskError::NoImages {
        path: folder.to_owned(),
        problem: problem.to_owned(),
        recognized: format!("for MNIST and Fashion-MNIST {}; for CIFAR-10 {}", idx::RECOGNIZED, cifar::RECOGNIZED),
    };
    match (idx::is_in(folder), cifar::is_in(folder)) {
        (true, false) => idx::read(folder),
        (false, true) => cifar::read(folder),
        (true, true) => Err(refuse("has both IDX and CIFAR-10 files, give each set its own folder")),
        (false, false) => Err(refuse("has no images that are recognized")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Part;
    use super::*;

    #[test]
    fn folders_without_images_say_what_would_be_recognized() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let refusal = |path: &Path| DataCache::new().images(path).expect_err("it is refused").to_string();
        let message = refusal(folder.path());
        for name in ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "data_batch_1.bin", "test_batch.bin"] {
            assert!(message.contains(name), "{message}");
        }
        fs::write(folder.path().join("train-images-idx3-ubyte"), b"").expect("it is written");
        fs::write(folder.path().join("test_batch.bin"), b"").expect("it is written");
        assert!(refusal(folder.path()).contains("has both"));
        assert!(refusal(&folder.path().join("nothing")).contains("nothing: cannot be read"));
        let table = DataCache::new().table(folder.path(), None).expect_err("it is refused").to_string();
        assert!(table.contains("not a regular file"), "{table}");
    }

    #[test]
    fn images_are_loaded_once_and_shared_between_threads() {
        fn shared(_: &(impl Send + Sync)) {}
        let data = DataCache::new();
        shared(&data);
        assert!(Arc::ptr_eq(&data.digits(), &data.digits()));
        assert!(!data.digits().class(0, Part::Test).is_empty());
    }
}
