//! Folders of images: IDX files and CIFAR-10 batches.

use super::programs::cut_off;
use super::{Folder, Row, check, nothing, row};

const EVAL: &str = "x eval net --data d --pair 0-1 --tasks 1";
const IMAGES: &str = "d/train-images-idx3-ubyte";
const LABELS: &str = "d/train-labels-idx1-ubyte";
const BATCH: &str = "d/data_batch_3.bin";
/// Bytes of a CIFAR-10 record.
const RECORD: usize = 3_073;

/// A header: type, number of dimensions, dimensions.
fn header(kind: u8, dimensions: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|dimension| dimension.to_be_bytes()));
    bytes
}

fn idx(dimensions: &[u32], length: usize) -> Vec<u8> {
    let mut bytes = header(8, dimensions);
    bytes.resize(bytes.len() + length, 1);
    bytes
}

/// A folder of four good files of ten images each, of which one is then replaced.
fn idx_with(folder: &Folder, name: &str, content: &[u8]) {
    for part in ["train", "t10k"] {
        folder.file(&format!("d/{part}-images-idx3-ubyte"), idx(&[10, 2, 2], 40));
        folder.file(&format!("d/{part}-labels-idx1-ubyte"), idx(&[10], 10));
    }
    folder.file(name, content);
}

/// A folder of six good batches of two images each, of which one is then replaced.
fn cifar_with(folder: &Folder, content: &[u8]) {
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"] {
        folder.file(&format!("d/{name}.bin"), vec![1; 2 * RECORD]);
    }
    folder.file(BATCH, content);
}

pub(super) fn idx_rows() -> Vec<Row> {
    Vec::from([
        row(
            "images: an empty folder",
            |f| f.file("d/x", ""),
            EVAL,
            1,
            &["d: has no images", "train-images-idx3-ubyte", "data_batch_1.bin"],
        ),
        row("images: no folder", nothing, "x eval net --task projected --data d", 1, &["d: cannot be read: No such file"]),
        row("images: no data", nothing, "x eval net --task projected", 2, &["`data` is missing", "--data"]),
        row("idx: empty", |f| idx_with(f, IMAGES, b""), EVAL, 1, &[IMAGES, "header: expected 16 bytes, found 0 bytes"]),
        row("idx: cut off in the magic number", |f| idx_with(f, IMAGES, &[0, 0]), EVAL, 1, &[IMAGES, "found 2 bytes"]),
        row("idx: cut off in the dimensions", |f| idx_with(f, IMAGES, &idx(&[10, 2, 2], 0)[..13]), EVAL, 1, &[IMAGES, "found 13 bytes"]),
        row(
            "idx: cut off in the pixels",
            |f| idx_with(f, IMAGES, &idx(&[10, 2, 2], 39)),
            EVAL,
            1,
            &[IMAGES, "expected 40 bytes", "found 39"],
        ),
        row("idx: more than its header says", |f| idx_with(f, IMAGES, &idx(&[10, 2, 2], 41)), EVAL, 1, &[IMAGES, "40 bytes", "found more"]),
        row("idx: no images", |f| idx_with(f, IMAGES, &idx(&[0, 2, 2], 0)), EVAL, 1, &[IMAGES, "found 0 items"]),
        row("idx: images without pixels", |f| idx_with(f, IMAGES, &idx(&[10, 0, 2], 0)), EVAL, 1, &[IMAGES, "0 x 2 pixels"]),
        row(
            "idx: another type",
            |f| idx_with(f, IMAGES, &header(13, &[10, 2, 2])),
            EVAL,
            1,
            &[IMAGES, "magic number 0x00000803", "0x00000d03"],
        ),
        row("idx: labels for images", |f| idx_with(f, IMAGES, &idx(&[10], 40)), EVAL, 1, &[IMAGES, "0x00000801"]),
        row("idx: 4 Gi images", |f| idx_with(f, IMAGES, &header(8, &[u32::MAX, 2, 2])), EVAL, 1, &[IMAGES, "found 4294967295 items"]),
        row(
            "idx: huge images",
            |f| idx_with(f, IMAGES, &header(8, &[10, u32::MAX, u32::MAX])),
            EVAL,
            1,
            &[IMAGES, "images of 1 to 65536 pixels"],
        ),
        row("idx: a product beyond 64 bits", |f| idx_with(f, IMAGES, &header(8, &[u32::MAX; 3])), EVAL, 1, &[IMAGES, "header"]),
        row(
            "idx: 256 GiB of pixels",
            |f| idx_with(f, IMAGES, &header(8, &[1 << 22, 256, 256])),
            EVAL,
            1,
            &[IMAGES, "at most 1073741824 bytes"],
        ),
        row(
            "idx: a sparse terabyte",
            |f| {
                idx_with(f, IMAGES, b"");
                f.sparse(IMAGES, &header(8, &[1 << 22, 256, 256]), 1 << 40);
            },
            EVAL,
            1,
            &[IMAGES, "at most 1073741824 bytes"],
        ),
        row("idx: 4 Gi labels", |f| idx_with(f, LABELS, &header(8, &[u32::MAX])), EVAL, 1, &[LABELS, "found 4294967295 items"]),
        row("idx: another number of labels", |f| idx_with(f, LABELS, &idx(&[9], 9)), EVAL, 1, &[LABELS, "expected 10 labels", "9 labels"]),
        row("idx: cut off in the labels", |f| idx_with(f, LABELS, &idx(&[10], 9)), EVAL, 1, &[LABELS, "expected 10 bytes", "found 9"]),
        row(
            "idx: a file missing",
            |f| {
                idx_with(f, IMAGES, &idx(&[10, 2, 2], 40));
                std::fs::remove_file(f.path(LABELS)).expect("it was just made");
            },
            EVAL,
            1,
            &["d: train-labels-idx1-ubyte is missing"],
        ),
        row(
            "idx: other sizes in the test part",
            |f| idx_with(f, "d/t10k-images-idx3-ubyte", &idx(&[10, 1, 2], 20)),
            EVAL,
            1,
            &["t10k-images", "images of 4 pixels", "images of 2 pixels"],
        ),
        row(
            "idx: too few of a class",
            |f| idx_with(f, IMAGES, &idx(&[10, 2, 2], 40)),
            "x eval net --data d --pair 0-1",
            1,
            &["d, pair 0-1", "`train`", "0 and"],
        ),
        row(
            "idx.gz: cut off",
            |f| {
                idx_with(f, IMAGES, b"");
                cut_off(f, IMAGES, "\0\0\u{8}\u{3}\0\0\0\n\0\0\0\u{2}\0\0\0\u{2}0123456789012345678901234567890123456789");
            },
            EVAL,
            1,
            &[IMAGES, "cannot be read"],
        ),
        row(
            "idx.gz: a bomb",
            |f| {
                idx_with(f, IMAGES, b"");
                let block = vec![0; 1 << 20];
                f.gzip_parts(IMAGES, std::iter::once(&header(8, &[10, 2, 2])[..]).chain((0..512).map(|_| &block[..])));
            },
            EVAL,
            1,
            &[IMAGES, "expected 40 bytes", "found more"],
        ),
        row(
            "images: both kinds",
            |f| {
                idx_with(f, IMAGES, b"");
                f.file(BATCH, "");
            },
            EVAL,
            1,
            &["d: has both IDX and CIFAR-10 files"],
        ),
    ])
}

pub(super) fn cifar_rows() -> Vec<Row> {
    Vec::from([
        row("cifar: empty", |f| cifar_with(f, b""), EVAL, 1, &[BATCH, "1 to 50000 records of 3073 bytes", "found 0 bytes"]),
        row("cifar: cut off in a record", |f| cifar_with(f, &[1; 2 * RECORD - 1]), EVAL, 1, &[BATCH, "found 6145 bytes"]),
        row("cifar: cut off after a label", |f| cifar_with(f, &[1; RECORD + 1]), EVAL, 1, &[BATCH, "found 3074 bytes"]),
        row("cifar: a label out of range", |f| cifar_with(f, &[10; RECORD]), EVAL, 1, &[BATCH, "label of record 0", "0 to 9, found 10"]),
        row(
            "cifar: a sparse terabyte",
            |f| {
                cifar_with(f, b"");
                f.sparse(BATCH, b"", 1 << 40);
            },
            EVAL,
            1,
            &[BATCH, "1 to 50000 records", "found more"],
        ),
        row(
            "cifar: a batch missing",
            |f| {
                cifar_with(f, b"");
                std::fs::remove_file(f.path(BATCH)).expect("it was just made");
            },
            EVAL,
            1,
            &["d: data_batch_3.bin is missing"],
        ),
        row(
            "cifar: a batch that is a folder",
            |f| {
                cifar_with(f, b"");
                std::fs::remove_file(f.path(BATCH)).expect("it was just made");
                f.file("d/data_batch_3.bin/x", "");
            },
            EVAL,
            1,
            &["d: data_batch_3.bin is missing"],
        ),
    ])
}

#[test]
fn idx_files_are_refused_by_their_headers() {
    check(&idx_rows());
}

#[test]
fn cifar_batches_are_refused_by_their_size() {
    check(&cifar_rows());
}
