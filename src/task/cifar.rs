//! Reads the binary version of CIFAR-10: records of 1 label byte and 3,072 pixel bytes (red, green, blue planes of 32 x 32).

use std::path::{Path, PathBuf};

use super::error::TaskError;
use super::file::DataFile;
use super::images::ImageSet;

/// Numbers an image.
const IMAGE_SIZE: usize = 3 * 32 * 32;
/// Bytes a record.
const RECORD: usize = 1 + IMAGE_SIZE;
/// The most records that are read from one file; the official ones have 10,000.
const MAX_RECORDS: usize = 50_000;
/// How many classes there are.
const CLASSES: u8 = 10;

const TRAIN_FILES: [&str; 5] = ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
const TEST_FILE: &str = "test_batch.bin";
/// The folder that the official archive unpacks to.
const ARCHIVE_FOLDER: &str = "cifar-10-batches-bin";

/// What is recognized, for messages.
pub(super) const RECOGNIZED: &str = "data_batch_1.bin to data_batch_5.bin and test_batch.bin (also in the folder cifar-10-batches-bin)";

/// The folder with the files: the given one or the archive's in it.
fn locate(folder: &Path) -> Option<PathBuf> {
    let has_any = |folder: &PathBuf| TRAIN_FILES.iter().chain([&TEST_FILE]).any(|name| folder.join(name).is_file());
    [folder.to_owned(), folder.join(ARCHIVE_FOLDER)].into_iter().find(has_any)
}

/// Whether the folder has any of the files.
pub(super) fn is_in(folder: &Path) -> bool {
    locate(folder).is_some()
}

/// Reads the six files of the set.
pub(super) fn read(folder: &Path) -> Result<ImageSet, TaskError> {
    let place = locate(folder).unwrap_or_else(|| folder.to_owned());
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    let mut test_from = 0;
    for name in TRAIN_FILES.into_iter().chain([TEST_FILE]) {
        let path = place.join(name);
        if !path.is_file() {
            return Err(TaskError::NoImages { path: place, problem: format!("{name} is missing"), recognized: RECOGNIZED.to_owned() });
        }
        test_from = labels.len();
        read_batch(&mut DataFile::open(&path)?, &mut pixels, &mut labels)?;
    }
    Ok(ImageSet::new(folder.display().to_string(), IMAGE_SIZE, pixels, labels, Some(test_from)))
}

/// Appends the records of one file.
pub(super) fn read_batch(file: &mut DataFile, pixels: &mut Vec<u8>, labels: &mut Vec<u8>) -> Result<(), TaskError> {
    let limit = MAX_RECORDS * RECORD;
    let bytes = file.read_up_to(limit as u64 + 1)?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(RECORD) || bytes.len() > limit {
        let found = if bytes.len() > limit { "more".to_owned() } else { format!("{} bytes", bytes.len()) };
        return Err(file.error("whole file", format!("1 to {MAX_RECORDS} records of {RECORD} bytes"), found));
    }
    for (number, record) in bytes.chunks_exact(RECORD).enumerate() {
        if record[0] >= CLASSES {
            let place = format!("label of record {number} (from 0)");
            return Err(file.error(&place, format!("0 to {}", CLASSES - 1), record[0].to_string()));
        }
        labels.push(record[0]);
        pixels.extend_from_slice(&record[1..]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::images::Part;
    use super::*;

    /// `count` records of classes in turn, every pixel the number of the record.
    fn batch(count: u8) -> Vec<u8> {
        (0..count).flat_map(|record| [vec![record % CLASSES], vec![record; IMAGE_SIZE]].concat()).collect()
    }

    fn write_all(folder: &Path) {
        for name in TRAIN_FILES.into_iter().chain([TEST_FILE]) {
            fs::write(folder.join(name), batch(10)).expect("it is written");
        }
    }

    #[test]
    fn all_batches_are_read_in_order_also_from_the_folder_of_the_archive() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(!is_in(folder.path()));
        let inner = folder.path().join(ARCHIVE_FOLDER);
        fs::create_dir(&inner).expect("it is made");
        write_all(&inner);
        assert!(is_in(folder.path()));
        let set = read(folder.path()).expect("it is read");
        assert_eq!((set.count(), set.image_size()), (60, 3_072));
        assert_eq!(set.class(3, Part::Test), [53]);
        assert_eq!((set.label(53), set.image(53)), (3, &[3; IMAGE_SIZE][..]));
        assert_eq!((set.class(3, Part::Train).len(), set.class(3, Part::Valid).len()), (4, 1));
    }

    #[test]
    fn broken_files_are_refused_by_name() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write_all(folder.path());
        let refusal = |bytes: &[u8]| {
            fs::write(folder.path().join("data_batch_2.bin"), bytes).expect("it is written");
            let message = read(folder.path()).expect_err("it is refused").to_string();
            assert!(message.contains("data_batch_2.bin"), "{message}");
            message
        };
        assert!(refusal(&batch(2)[..RECORD + 5]).contains("records of 3073 bytes, found 3078 bytes"));
        assert!(refusal(b"").contains("found 0 bytes"));
        let mut wrong = batch(3);
        wrong[RECORD] = 10;
        assert!(refusal(&wrong).contains("label of record 1 (from 0): expected 0 to 9, found 10"));
        fs::remove_file(folder.path().join("data_batch_2.bin")).expect("it was there");
        assert!(read(folder.path()).expect_err("it is refused").to_string().contains("data_batch_2.bin is missing"));
    }
}
