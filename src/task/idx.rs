//! Reads the IDX format of MNIST and Fashion-MNIST: big-endian header (type, number of dimensions, dimensions), then bytes.

use std::path::{Path, PathBuf};

use super::error::TaskError;
use super::file::{DataFile, LIMIT};
use super::images::ImageSet;

/// The magic number of a file of unsigned bytes in three dimensions.
const IMAGES: u32 = 0x0803;
/// The magic number of a file of unsigned bytes in one dimension.
const LABELS: u32 = 0x0801;
/// The most images in one file, about 60 times as many as MNIST has.
const MAX_IMAGES: u64 = 1 << 22;
/// The most pixels an image may have.
const MAX_IMAGE_SIZE: u64 = 1 << 16;

/// What is recognized, for messages.
pub(super) const RECOGNIZED: &str = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte \
     (also with .idx in place of -idx, and with .gz at the end)";

/// The file called `stem` in the folder, in any of its spellings: `train-images` of 3 dimensions is `train-images-idx3-ubyte`.
fn find(folder: &Path, stem: &str, dimensions: u32) -> Option<PathBuf> {
    let spellings = ["-", "."].into_iter().flat_map(|joint| ["", ".gz"].map(|end| format!("{stem}{joint}idx{dimensions}-ubyte{end}")));
    spellings.map(|name| folder.join(name)).find(|path| path.is_file())
}

/// Whether the folder has any of the files.
pub(super) fn is_in(folder: &Path) -> bool {
    ["train", "t10k"]
        .iter()
        .any(|part| find(folder, &format!("{part}-images"), 3).is_some() || find(folder, &format!("{part}-labels"), 1).is_some())
}

/// Reads the four files of a set.
pub(super) fn read(folder: &Path) -> Result<ImageSet, TaskError> {
    let file = |stem: &str, dimensions| {
        find(folder, stem, dimensions).ok_or_else(|| TaskError::NoImages {
            path: folder.to_owned(),
            problem: format!("{stem}-idx{dimensions}-ubyte is missing"),
            recognized: RECOGNIZED.to_owned(),
        })
    };
    let paths = [file("train-images", 3)?, file("train-labels", 1)?, file("t10k-images", 3)?, file("t10k-labels", 1)?];
    let (mut pixels, size, mut labels) = read_part(&paths[0], &paths[1])?;
    let (test_pixels, test_size, test_labels) = read_part(&paths[2], &paths[3])?;
    if test_size != size {
        return Err(TaskError::Format {
            path: paths[2].clone(),
            place: "header".to_owned(),
            expected: format!("images of {size} pixels as in {}", paths[0].display()),
            found: format!("images of {test_size} pixels"),
        });
    }
    let test_from = labels.len();
    pixels.extend_from_slice(&test_pixels);
    labels.extend_from_slice(&test_labels);
    Ok(ImageSet::new(folder.display().to_string(), size, pixels, labels, Some(test_from)))
}

/// Pixels, pixels an image, and labels of one part.
fn read_part(images: &Path, labels: &Path) -> Result<(Vec<u8>, usize, Vec<u8>), TaskError> {
    let (mut images_file, mut labels_file) = (DataFile::open(images)?, DataFile::open(labels)?);
    let (count, size) = image_header(&mut images_file)?;
    let [label_count] = header(&mut labels_file, LABELS)?;
    if label_count != count {
        let expected = format!("{count} labels, one for each image of {}", images.display());
        return Err(labels_file.error("header", expected, format!("{label_count} labels")));
    }
    // Both headers are checked before any of what they promise is read.
    Ok((body(&mut images_file, count * size)?, size as usize, body(&mut labels_file, count)?))
}

/// The pixels of one file of images, and how many an image has.
pub(super) fn read_images(file: &mut DataFile) -> Result<(Vec<u8>, usize), TaskError> {
    let (count, size) = image_header(file)?;
    Ok((body(file, count * size)?, size as usize))
}

/// The labels of one file.
pub(super) fn read_labels(file: &mut DataFile) -> Result<Vec<u8>, TaskError> {
    let [count] = header(file, LABELS)?;
    body(file, count)
}

/// How many images there are and how many pixels each has.
fn image_header(file: &mut DataFile) -> Result<(u64, u64), TaskError> {
    let [count, rows, columns] = header(file, IMAGES)?;
    let size = rows * columns;
    if size == 0 || size > MAX_IMAGE_SIZE {
        return Err(file.error("header", format!("images of 1 to {MAX_IMAGE_SIZE} pixels"), format!("{rows} x {columns} pixels")));
    }
    if count * size > LIMIT {
        return Err(file.error("header", format!("at most {LIMIT} bytes of data"), format!("dimensions of {} bytes", count * size)));
    }
    Ok((count, size))
}

/// Checks the magic number and reads the dimensions, of which the first is the number of items: at least 1.
fn header<const D: usize>(file: &mut DataFile, magic: u32) -> Result<[u64; D], TaskError> {
    let length = 4 * (D + 1);
    let bytes = file.read_up_to(length as u64)?;
    if bytes.len() < length {
        return Err(file.error("header", format!("{length} bytes"), format!("{} bytes, then the end of the file", bytes.len())));
    }
    let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if number(0) != magic {
        let expected = format!("the magic number {magic:#010x} of unsigned bytes in {D} dimension(s)");
        return Err(file.error("first 4 bytes", expected, format!("{:#010x}", number(0))));
    }
    let dimensions = std::array::from_fn(|dimension| u64::from(number(4 * (dimension + 1))));
    let count: u64 = dimensions[0];
    if count == 0 || count > MAX_IMAGES {
        return Err(file.error("header", format!("1 to {MAX_IMAGES} items"), format!("{count} items")));
    }
    Ok(dimensions)
}

/// Reads the bytes after the header, which must be as many as it promises.
fn body(file: &mut DataFile, length: u64) -> Result<Vec<u8>, TaskError> {
    let bytes = file.read_up_to(length + 1)?;
    if bytes.len() as u64 == length {
        return Ok(bytes);
    }
    let found = if bytes.len() as u64 > length { "more".to_owned() } else { format!("{}, then the end of the file", bytes.len()) };
    Err(file.error("data", format!("{length} bytes after the header, as its dimensions say"), found))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::super::images::Part;
    use super::*;

    /// A file of bytes with the header for these dimensions.
    fn idx(magic: u32, dimensions: &[u32], body: &[u8]) -> Vec<u8> {
        let mut bytes = magic.to_be_bytes().to_vec();
        bytes.extend(dimensions.iter().flat_map(|dimension| dimension.to_be_bytes()));
        bytes.extend_from_slice(body);
        bytes
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    /// A folder of 20 training and 4 test images of 1 x 2 pixels, in four spellings.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).expect("it is written");
        write("train-images-idx3-ubyte", idx(IMAGES, &[20, 1, 2], &(0..40).collect::<Vec<u8>>()));
        write("train-labels.idx1-ubyte", idx(LABELS, &[20], &(0..20).map(|image| image % 2).collect::<Vec<u8>>()));
        write("t10k-images-idx3-ubyte.gz", gzip(&idx(IMAGES, &[4, 1, 2], &(100..108).collect::<Vec<u8>>())));
        write("t10k-labels.idx1-ubyte.gz", gzip(&idx(LABELS, &[4], &[1, 0, 1, 0])));
        folder
    }

    /// What is said when a file of a good folder is replaced.
    fn refusal(name: &str, bytes: &[u8]) -> String {
        let folder = folder();
        fs::write(folder.path().join(name), bytes).expect("it is written");
        let message = read(folder.path()).expect_err("it is refused").to_string();
        assert!(message.contains(name), "the file is named: {message}");
        message
    }

    #[test]
    fn every_spelling_is_read_plain_and_compressed() {
        let folder = folder();
        assert!(is_in(folder.path()));
        let set = read(folder.path()).expect("it is read");
        assert_eq!((set.count(), set.image_size()), (24, 2));
        assert_eq!(set.class(0, Part::Test), [21, 23]);
        assert_eq!((set.image(21), set.label(20)), (&[102, 103][..], 1));
        assert_eq!(set.class(1, Part::Train).len() + set.class(1, Part::Valid).len(), 10);
    }

    #[test]
    fn truncated_and_lying_files_are_refused() {
        let images = "train-images-idx3-ubyte";
        assert!(refusal(images, b"").contains("expected 16 bytes, found 0 bytes"));
        assert!(refusal(images, &idx(IMAGES, &[20], &[])).contains("found 8 bytes"));
        assert!(refusal(images, &idx(LABELS, &[20, 1, 2], &[0; 40])).contains("0x00000803"));
        assert!(
            refusal(images, &idx(IMAGES, &[20, 1, 2], &[0; 39]))
                .contains("expected 40 bytes after the header, as its dimensions say, found 39")
        );
        assert!(refusal(images, &idx(IMAGES, &[20, 1, 2], &[0; 41])).contains("found more"));
        assert!(refusal(images, &idx(IMAGES, &[0, 1, 2], &[])).contains("found 0 items"));
        assert!(refusal(images, &idx(IMAGES, &[20, 0, 2], &[])).contains("0 x 2 pixels"));
        assert!(refusal(images, &idx(IMAGES, &[1 << 15, 256, 256], &[])).contains("at most"));
        assert!(refusal(images, &idx(IMAGES, &[u32::MAX, 1, 1], &[])).contains("found 4294967295 items"));
        assert!(refusal(images, &idx(IMAGES, &[20, u32::MAX, u32::MAX], &[])).contains("pixels"));
        assert!(refusal("train-labels.idx1-ubyte", &idx(LABELS, &[19], &[0; 19])).contains("expected 20 labels"));
        assert!(refusal("t10k-images-idx3-ubyte.gz", &idx(IMAGES, &[4, 1, 1], &[0; 4])).contains("expected images of 2 pixels"));
    }

    #[test]
    fn a_bomb_is_read_no_further_than_its_header_promises() {
        let bomb = gzip(&idx(IMAGES, &[20, 1, 2], &vec![0; 1 << 24]));
        assert!(bomb.len() < 1 << 18);
        assert!(refusal("train-images-idx3-ubyte", &bomb).contains("found more"));
    }

    #[test]
    fn a_broken_compressed_file_is_an_error_of_that_file() {
        let whole = gzip(&idx(IMAGES, &[20, 1, 2], &[7; 40]));
        refusal("train-images-idx3-ubyte", &whole[..whole.len() - 10]);
    }

    #[test]
    fn a_missing_file_is_named_with_all_that_is_recognized() {
        let folder = folder();
        fs::remove_file(folder.path().join("t10k-labels.idx1-ubyte.gz")).expect("it was there");
        let message = read(folder.path()).expect_err("it is refused").to_string();
        assert!(message.contains("t10k-labels-idx1-ubyte is missing") && message.contains("t10k-images-idx3-ubyte"), "{message}");
    }
}
