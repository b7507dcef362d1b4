//! The embedded images: 1,797 handwritten digits of 8 x 8 pixels with values 0 to 16 (source and licence: `data/README.md`).

use std::io::Read;

use flate2::read::GzDecoder;

use super::images::ImageSet;

/// A compressed CSV file without header: 64 pixels and the digit a line.
const COMPRESSED: &[u8] = include_bytes!("data/digits.csv.gz");
const IMAGE_SIZE: usize = 64;

/// The digits. They have no test images of their own, so the test part is taken from them.
pub(super) fn load() -> ImageSet {
    let mut text = String::new();
    GzDecoder::new(COMPRESSED).read_to_string(&mut text).expect("the embedded file is whole, which a test checks");
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let mut numbers = line.split(',').map(|number| number.parse::<u8>().expect("the embedded file has small integers only"));
        pixels.extend(numbers.by_ref().take(IMAGE_SIZE));
        labels.extend(numbers);
    }
    ImageSet::new("the embedded digits".to_owned(), IMAGE_SIZE, pixels, labels, None)
}

#[cfg(test)]
mod tests {
    use super::super::images::Part;
    use super::*;

    #[test]
    fn all_images_are_there_and_enough_of_each_class_in_each_part() {
        let set = load();
        assert_eq!((set.count(), set.image_size()), (1_797, 64));
        let sizes = |class| [Part::Train, Part::Valid, Part::Test].map(|part| set.class(class, part).len());
        let totals: Vec<usize> = (0..10).map(|class| sizes(class).iter().sum()).collect();
        assert_eq!(totals, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        for class in 0..10 {
            let [train, valid, test] = sizes(class);
            assert!(train >= 116 && valid >= 29 && test >= 29, "class {class}: {train}, {valid}, {test}");
        }
        assert!((0..1_797).all(|image| set.image(image).iter().all(|&pixel| pixel <= 16)));
        // The first line of the file.
        assert_eq!((&set.image(0)[..8], set.label(0), set.label(1_796)), (&[0, 0, 5, 13, 9, 1, 0, 0][..], 0, 8));
    }
}
