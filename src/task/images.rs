//! Sets of labelled images, and which image belongs to the training, the validation or the test part.
//!
//! The parts are fixed, the same for every seed. Within a class, the images that are not test images by their file are put
//! in an order once and for all (a shuffle by the stream with key `key(CHOICE, class)`); the last fifth (rounded down) is
//! the validation part, the rest the training part. For a set without test images of its own, the last sixth (rounded down)
//! of that order is the test part first. So CIFAR-10 has 8,000 / 2,000 / 2,000 images a pair, and the embedded digits at
//! least 232 / 58 / 58.

use exnihilo_jit::Stream;
use exnihilo_jit::exec::random::purpose;

/// How many classes the usual 45 pairs are made of.
pub const CLASSES_OF_PAIRS: u8 = 10;

/// A part of a set of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// To train on.
    Train,
    /// To validate on: in search, to select among several searches' programs, and in `eval`.
    Valid,
    /// Seen by final tasks only.
    Test,
}

impl Part {
    /// The name in messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Part::Train => "training",
            Part::Valid => "validation",
            Part::Test => "test",
        }
    }
}

/// The images of one class, by number in the set.
#[derive(Clone, Debug, Default)]
struct Class {
    train: Vec<u32>,
    valid: Vec<u32>,
    test: Vec<u32>,
}

/// Labelled images of one size, divided into parts.
#[derive(Clone, Debug)]
pub struct ImageSet {
    name: String,
    image_size: usize,
    pixels: Vec<u8>,
    labels: Vec<u8>,
    classes: Vec<Class>,
}

impl ImageSet {
    /// A set of images of `image_size` numbers each, one label an image. Images from number `test_from` on are the test
    /// part; where there is none, the test part is made from all.
    pub(super) fn new(name: String, image_size: usize, pixels: Vec<u8>, labels: Vec<u8>, test_from: Option<usize>) -> ImageSet {
        assert_eq!(pixels.len(), labels.len() * image_size, "a label for each image");
        let mut classes = vec![Class::default(); 256];
        for (image, &label) in (0u32..).zip(&labels) {
            let class = &mut classes[usize::from(label)];
            if test_from.is_some_and(|first| image as usize >= first) { class.test.push(image) } else { class.train.push(image) }
        }
        for (label, class) in (0u64..).zip(&mut classes) {
            Stream::named(purpose::CHOICE, label).shuffle(&mut class.train);
            if test_from.is_none() {
                class.test = class.train.split_off(class.train.len() - class.train.len() / 6);
            }
            class.valid = class.train.split_off(class.train.len() - class.train.len() / 5);
        }
        ImageSet { name, image_size, pixels, labels, classes }
    }

    /// Where the images came from, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Numbers an image: its pixels, times its colours.
    pub fn image_size(&self) -> usize {
        self.image_size
    }

    /// How many images there are in all parts.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// The numbers of an image, row by row, colour by colour.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn image(&self, number: u32) -> &[u8] {
        &self.pixels[number as usize * self.image_size..][..self.image_size]
    }

    /// The class of an image.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn label(&self, number: u32) -> u8 {
        self.labels[number as usize]
    }

    /// The numbers of the images of a class in a part.
    pub fn class(&self, class: u8, part: Part) -> &[u32] {
        let class = &self.classes[usize::from(class)];
        match part {
            Part::Train => &class.train,
            Part::Valid => &class.valid,
            Part::Test => &class.test,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 images of one number each, of three classes in turn; the number is the image's own.
    fn set(test_from: Option<usize>) -> ImageSet {
        ImageSet::new("small".to_owned(), 1, (0..60).collect(), (0..60).map(|image| image % 3).collect(), test_from)
    }

    #[test]
    fn parts_hold_every_image_once_and_are_fixed() {
        for test_from in [None, Some(48)] {
            let set = set(test_from);
            let mut seen = Vec::new();
            for class in 0..3 {
                for part in [Part::Train, Part::Valid, Part::Test] {
                    let images = set.class(class, part);
                    assert!(images.iter().all(|&image| set.label(image) == class && set.image(image) == [image as u8]));
                    seen.extend_from_slice(images);
                }
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..60).collect::<Vec<u32>>());
        }
        assert_eq!(set(None).class(1, Part::Train), set(None).class(1, Part::Train));
    }

    #[test]
    fn parts_have_the_documented_sizes() {
        let sizes = |set: &ImageSet| [Part::Train, Part::Valid, Part::Test].map(|part| set.class(0, part).len());
        assert_eq!(sizes(&set(None)), [14, 3, 3]);
        assert_eq!(sizes(&set(Some(48))), [13, 3, 4]);
        assert!(set(Some(48)).class(0, Part::Test).iter().all(|&image| image >= 48));
        assert!(set(None).class(200, Part::Train).is_empty());
    }
}
