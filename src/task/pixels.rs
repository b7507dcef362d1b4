//! Pairs of classes at full dimension: the features are the pixels (times the colours), not projected, standardized by the mean and
//! the standard deviation that each has in the training examples, as projected features are. The parts of the images, the choice of
//! examples and their order are those of projected tasks.

use exnihilo_jit::{GroupSettings, ScoredEpoch, Scoring, TaskGroup};

use super::error::TaskError;
use super::images::{ImageSet, Part};
use super::projected::{Pair, check_counts, examples_of, most_examples, shares};

/// A task on whole images of a pair of classes.
#[derive(Clone, Copy, Debug)]
pub struct PixelTask {
    /// The classes.
    pub pair: Pair,
    /// Training examples, from the training part.
    pub train: usize,
    /// Examples to score on.
    pub scored: usize,
    /// The part of the images that these come from: [`Part::Valid`] to tune, [`Part::Test`] for what is reported.
    pub part: Part,
    /// How often the training examples are gone through; the score is that after the last time.
    pub epochs: u32,
    /// Seeds the choice and the order of examples, and the program's draws.
    pub seed: u64,
}

impl PixelTask {
    /// The most examples in equal halves that `part` has of `pair`; 0 where a class is missing.
    pub fn most_examples(images: &ImageSet, pair: Pair, part: Part) -> usize {
        most_examples(images, pair, part)
    }

    /// Whether the images are enough for the task, and the limit of memory for its data.
    ///
    /// # Errors
    /// As [`PixelTask::build`].
    pub fn check(&self, images: &ImageSet, memory_limit: usize) -> Result<(), TaskError> {
        let key = if self.part == Part::Test { "test" } else { "valid" };
        check_counts(images, self.pair, "train", self.train, Part::Train)?;
        check_counts(images, self.pair, key, self.scored, self.part)?;
        Ok(TaskGroup::check_data(&self.settings(images, memory_limit), self.train, self.scored, 1)?)
    }

    /// The task as a group of its own; F is the size of an image.
    ///
    /// # Errors
    /// [`TaskError::TooFewImages`], and [`TaskError::Group`] for images of more numbers than programs can have features, or more data
    /// than `memory_limit` bytes, before any of it is made.
    pub fn build(&self, images: &ImageSet, memory_limit: usize) -> Result<TaskGroup, TaskError> {
        self.check(images, memory_limit)?;
        let PixelTask { pair, train, scored, part, seed, .. } = *self;
        let [train, scored] = [train, scored].map(|count| shares(pair, count));
        let append = |chosen: &[&[u8]], out: &mut Vec<f64>| out.extend(chosen.iter().copied().flatten().map(|&pixel| f64::from(pixel)));
        let task = examples_of(images, images.image_size(), seed, (Part::Train, &train), (part, &scored), append);
        Ok(TaskGroup::new(self.settings(images, memory_limit), vec![task])?)
    }

    fn settings(&self, images: &ImageSet, memory_limit: usize) -> GroupSettings {
        let settings = GroupSettings::new(images.image_size(), Scoring::Accuracy);
        GroupSettings { epochs: self.epochs, scored_epoch: ScoredEpoch::Last, memory_limit, ..settings }
    }
}

#[cfg(test)]
mod tests {
    use super::super::DataCache;
    use super::*;

    /// Classes 3 and 5.
    fn task() -> PixelTask {
        PixelTask { pair: "3-5".parse().expect("a pair"), train: 200, scored: 40, part: Part::Valid, epochs: 1, seed: 1 }
    }

    #[test]
    fn features_are_the_pixels_standardized_by_the_training_examples() {
        let images = DataCache::new().digits();
        let group = task().build(&images, GroupSettings::DEFAULT_MEMORY_LIMIT).expect("there are enough digits");
        assert_eq!((group.features(), group.train_examples(), group.valid_examples()), (64, 200, 40));
        let task = &group.tasks()[0];
        assert_eq!(task.train.labels.iter().filter(|&&label| label == 1.0).count(), 100);
        for pixel in 0..64 {
            let column: Vec<f64> = task.train.features.iter().skip(pixel).step_by(64).copied().collect();
            let mean = column.iter().sum::<f64>() / 200.0;
            let variance = column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 200.0;
            let constant = column.iter().all(|x| *x == 0.0);
            assert!(mean.abs() < 1e-12 && (constant || (variance - 1.0).abs() < 1e-9), "pixel {pixel}: {mean}, {variance}");
        }
        // A few distinct values, as a pixel has, and not the many of a projection.
        let mut values: Vec<u64> = task.train.features.iter().skip(20).step_by(64).map(|x| x.to_bits()).collect();
        values.sort_unstable();
        values.dedup();
        assert!((2..=17).contains(&values.len()), "{} values", values.len());
    }

    #[test]
    fn the_test_part_is_seen_where_it_is_asked_for_only() {
        // One number an image, which tells the part.
        let labels: Vec<u8> = (0..600).map(|image| 3 + 2 * (image % 2) as u8).collect();
        let parts = ImageSet::new("parts".to_owned(), 1, vec![0; 600], labels.clone(), Some(500));
        let mut pixels = vec![0; 600];
        for (part, mark) in [(Part::Train, 0), (Part::Valid, 100), (Part::Test, 200)] {
            for class in [3, 5] {
                parts.class(class, part).iter().for_each(|&image| pixels[image as usize] = mark + class);
            }
        }
        let images = ImageSet::new("marked".to_owned(), 1, pixels, labels, Some(500));
        for (part, mark) in [(Part::Valid, 100.0), (Part::Test, 200.0)] {
            let group = PixelTask { part, ..task() }.build(&images, 1 << 20).expect("there are enough images");
            let task = &group.tasks()[0];
            // 3 and 5 in training become -1 and 1, so a number is its feature away from their mean 4.
            assert!(task.train.features.iter().zip(&task.train.labels).all(|(x, label)| *x == 1.0 - 2.0 * label));
            assert!(task.valid.features.iter().zip(&task.valid.labels).all(|(x, label)| *x == mark + 1.0 - 2.0 * label));
        }
    }

    #[test]
    fn what_the_data_do_not_have_and_what_does_not_fit_is_refused() {
        let images = DataCache::new().digits();
        let refusal = |task: PixelTask, limit| task.build(&images, limit).expect_err("it is refused").to_string();
        let most = PixelTask::most_examples(&images, task().pair, Part::Test);
        assert!((58..=62).contains(&most), "{most}");
        let many = refusal(PixelTask { scored: 500, part: Part::Test, ..task() }, 1 << 30);
        assert!(many.contains("pair 3-5") && many.contains(&format!("lower `test` to at most {most}")), "{many}");
        let absent = PixelTask { pair: "3-77".parse().expect("a pair"), ..task() };
        assert_eq!(PixelTask::most_examples(&images, absent.pair, Part::Train), 0);
        assert!(refusal(absent, 1 << 30).contains("choose other `pairs`"));
        assert!(refusal(task(), 1 << 16).contains("pass the memory limit of 65536"));
    }
}
