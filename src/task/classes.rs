//! Ten-class classification of randomly projected images (the paper, section 4.3).
//!
//! **Sets.** Every task has all ten classes. Search, select and eval tasks train on the training part of the images and validate on their
//! validation part; final tasks train on the training part and validate on the test part, which nothing else sees.
//!
//! **Which projection.** There are 1,000 projections, the same in every run and for every image set of that size. The first 800 serve
//! search, the other 200 all else. The k-th task of a set has the k-th of these in an order shuffled by the stream of the set's key named
//! CHOICE; after the last one they are shuffled anew.
//!
//! **Which examples.** Each class gives a tenth of them (the first classes one more where the number is not a multiple of ten), drawn
//! without replacement and put in order by the task's streams TRAIN and VALID. The label is the number of the class.

use std::ops::Range;

use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{CLASSES, Stream, Task};
use rayon::prelude::*;

use super::error::TaskError;
use super::images::{ImageSet, Part};
use super::projected::{self, Share};
use super::set::SetName;

/// How many projections there are for tasks of ten classes.
pub const CLASS_PROJECTIONS: usize = 1_000;

/// How many of them serve search.
const SEARCH_PROJECTIONS: usize = 800;

/// Where a pair of classes has its number, which is below this.
const ALL_CLASSES: u64 = 1 << 16;

/// The projections that serve a set.
fn projections_of(set: SetName) -> Range<usize> {
    match set {
        SetName::Search => 0..SEARCH_PROJECTIONS,
        SetName::Select | SetName::Final | SetName::Eval => SEARCH_PROJECTIONS..CLASS_PROJECTIONS,
    }
}

/// What the tasks of a set have in common.
pub(super) struct ClassTasks<'a> {
    pub(super) images: &'a ImageSet,
    pub(super) set: SetName,
    /// The number of the first task in its set.
    pub(super) first: usize,
    pub(super) features: usize,
    pub(super) train: usize,
    pub(super) valid: usize,
}

impl ClassTasks<'_> {
    /// The tasks with these seeds; `set_key` decides on projections.
    pub(super) fn build(&self, set_key: u64, seeds: &[u64]) -> Result<Vec<Task>, TaskError> {
        let (train, valid) = (shares(self.train), shares(self.valid));
        let valid_part = projected::valid_part(self.set);
        self.check_counts("train", self.train, Part::Train, &train)?;
        self.check_counts("valid", self.valid, valid_part, &valid)?;
        let choices = choose(projections_of(self.set), self.first + seeds.len(), set_key).split_off(self.first);
        let task = |(&seed, projection): (&u64, usize)| {
            let stream = Stream::named(key(purpose::WEIGHTS, ALL_CLASSES), projection as u64);
            projected::task(self.images, self.features, seed, stream, (Part::Train, &train), (valid_part, &valid))
        };
        Ok(seeds.par_iter().zip(choices).map(task).collect())
    }

    fn check_counts(&self, key: &'static str, asked: usize, part: Part, shares: &[Share]) -> Result<(), TaskError> {
        let found = |class: u8| self.images.class(class, part).len();
        let Some(&Share { class, count: wanted, .. }) = shares.iter().find(|share| found(share.class) < share.count) else {
            return Ok(());
        };
        let most = CLASSES * shares.iter().map(|share| found(share.class)).min().unwrap_or(0);
        let remedy = if most == 0 { "choose images of ten classes, 0 to 9".to_owned() } else { format!("lower `{key}` to at most {most}") };
        let data = self.images.name().to_owned();
        Err(TaskError::TooFewOfClass { data, class, key, asked, wanted, part: part.name(), found: found(class), remedy })
    }
}

/// What the classes give to `count` examples.
fn shares(count: usize) -> [Share; CLASSES] {
    std::array::from_fn(|class| Share {
        class: class as u8,
        label: class as f64,
        count: count / CLASSES + usize::from(class < count % CLASSES),
    })
}

/// The number of the projection of each of `count` tasks.
fn choose(projections: Range<usize>, count: usize, set_key: u64) -> Vec<usize> {
    let choice = key(key(set_key, purpose::CHOICE), ALL_CLASSES);
    let round = |round: u64| {
        let mut order: Vec<usize> = projections.clone().collect();
        Stream::named(choice, round).shuffle(&mut order);
        order
    };
    (0..).flat_map(round).take(count).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SETS: [SetName; 4] = [SetName::Search, SetName::Select, SetName::Final, SetName::Eval];

    #[test]
    fn search_has_projections_that_nothing_else_has() {
        for set in SETS {
            let range = projections_of(set);
            let all = choose(range.clone(), range.len(), 7);
            assert_eq!(all.iter().copied().collect::<HashSet<_>>(), range.clone().collect());
            assert_eq!(choose(range.clone(), 5, 7), all[..5]);
            assert_ne!(choose(range.clone(), 5, 8), all[..5]);
            let twice = choose(range.clone(), 2 * range.len(), 7);
            assert_eq!(twice[..range.len()], all);
            assert_ne!(twice[range.len()..], all);
        }
        assert_eq!(projections_of(SetName::Search).len(), 800);
        assert_eq!(projections_of(SetName::Select), 800..1_000);
        assert_eq!(projections_of(SetName::Final), projections_of(SetName::Select));
    }

    /// Ten classes of 60 images of ten numbers, the last ten of each class for the test; the numbers are the image's part.
    fn marked() -> ImageSet {
        let labels: Vec<u8> = (0..600).map(|image| (image % 10) as u8).collect();
        let parts = ImageSet::new("parts".to_owned(), 10, vec![0; 6_000], labels.clone(), Some(500));
        let mut pixels = vec![0; 6_000];
        for (part, mark) in [(Part::Train, 50), (Part::Valid, 100), (Part::Test, 200)] {
            for class in 0..10 {
                for &image in parts.class(class, part) {
                    let own = &mut pixels[image as usize * 10..][..10];
                    own.fill(mark);
                    own[usize::from(class)] = mark + 20;
                }
            }
        }
        ImageSet::new("marked".to_owned(), 10, pixels, labels, Some(500))
    }

    #[test]
    fn every_class_gives_its_share_of_the_right_part() {
        let images = marked();
        for set in SETS {
            let tasks = ClassTasks { images: &images, set, first: 0, features: 12, train: 203, valid: 45 };
            let built = tasks.build(3, &[5, 6, 7]).expect("enough images");
            let means: Vec<f64> = built
                .iter()
                .map(|task| {
                    for (examples, count) in [(&task.train, 203), (&task.valid, 45)] {
                        let classes: Vec<usize> =
                            (0..10).map(|class| examples.labels.iter().filter(|&&label| label == class as f64).count()).collect();
                        assert_eq!(classes, shares(count).map(|share| share.count));
                        assert_eq!(classes.iter().sum::<usize>(), count);
                        assert_ne!(examples.labels[..10], [0.0; 10], "in any order");
                    }
                    task.valid.features.iter().map(|x| x.abs()).sum::<f64>() / task.valid.features.len() as f64
                })
                .collect();
            // The test images are three times as far from the training images as those of validation.
            let is_far = means.iter().sum::<f64>() / 3.0 > 18.0;
            assert_eq!(is_far, set == SetName::Final, "{set:?}: {means:?}");
            assert_ne!(built[0].train.features, built[1].train.features);
        }
    }

    #[test]
    fn too_few_images_are_told_by_class_and_number() {
        let images = marked();
        let refused = |train, valid, set| {
            let tasks = ClassTasks { images: &images, set, first: 0, features: 12, train, valid };
            tasks.build(3, &[5]).err().map(|error| error.to_string())
        };
        assert_eq!(refused(400, 100, SetName::Search), None);
        assert_eq!(
            refused(411, 100, SetName::Search).as_deref(),
            Some(
                "marked, class 0: `train` asks for 411 examples of ten classes in equal parts, 42 of this one, but the training part has 40: \
                 lower `train` to at most 400"
            )
        );
        assert!(refused(400, 101, SetName::Select).is_some_and(|message| message.contains("the validation part has 10")));
        assert!(refused(400, 101, SetName::Final).is_some_and(|message| message.contains("the test part has 10")));
        let two = ImageSet::new("two classes".to_owned(), 1, vec![0; 60], (0..60).map(|image| image % 2).collect(), None);
        let tasks = ClassTasks { images: &two, set: SetName::Eval, first: 0, features: 12, train: 20, valid: 10 };
        let message = tasks.build(3, &[5]).expect_err("two classes").to_string();
        assert!(message.contains("class 2") && message.contains("choose images of ten classes"), "{message}");
    }
}
