//! Binary classification of images, randomly projected (the paper, section 4 and supplement S3) or at full dimension (S7, see
//! [`super::pixels`]).
//!
//! **Sets.** Without `pairs`, the 36 pairs that are not held out serve search, and the nine held-out ones serve all else.
//! Search, select and eval tasks train on the training part of the images and validate on their validation part; final tasks train on
//! the training part and validate on the test part, which nothing else sees. With `pairs`, these pairs serve every set.
//!
//! **Which pair and projection.** The pairs of a set are put in an order by a shuffle, and task i has the i-th pair; after
//! the last one they are shuffled anew. So the first 36 search tasks have 36 pairs. Each pair has 100 projections,
//! the same in every run and for every image set of that size; the k-th task with a pair has the k-th of them in an order shuffled for
//! that pair (both by streams of the set's key, named CHOICE), so that no projection comes again before all were there.
//!
//! **Which examples.** Each class gives half of them (the first class one more where the number is odd), drawn without
//! replacement and put in order by the task's streams TRAIN and VALID.

use std::fmt;
use std::str::FromStr;

use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{Examples, Stream, Task};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::TaskError;
use super::images::{CLASSES_OF_PAIRS, ImageSet, Part};
use super::set::SetName;
use super::standardize::{random_projection, standardize};

/// Two classes of images, written `3-5`; the first has label 1, the second 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pair {
    first: u8,
    second: u8,
}

/// The pairs that search never sees.
pub const HELD_OUT_PAIRS: [Pair; 9] = [
    Pair { first: 0, second: 5 },
    Pair { first: 0, second: 9 },
    Pair { first: 1, second: 8 },
    Pair { first: 2, second: 9 },
    Pair { first: 3, second: 5 },
    Pair { first: 3, second: 6 },
    Pair { first: 3, second: 8 },
    Pair { first: 4, second: 6 },
    Pair { first: 8, second: 9 },
];

/// How many projections each pair has.
pub const PROJECTIONS: usize = 100;

impl Pair {
    /// The class with label 1.
    pub const fn first(self) -> u8 {
        self.first
    }

    /// The class with label 0.
    pub const fn second(self) -> u8 {
        self.second
    }

    /// All pairs of ten classes, the lower one first.
    fn all() -> impl Iterator<Item = Pair> {
        (0..CLASSES_OF_PAIRS).flat_map(|first| (first + 1..CLASSES_OF_PAIRS).map(move |second| Pair { first, second }))
    }

    /// A number of its own.
    pub const fn number(self) -> u64 {
        self.first as u64 * 256 + self.second as u64
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.second)
    }
}

impl From<Pair> for String {
    fn from(pair: Pair) -> String {
        pair.to_string()
    }
}

impl FromStr for Pair {
    type Err = TaskError;

    /// Reads two different class numbers with a hyphen between them.
    ///
    /// # Errors
    /// [`TaskError::Pair`] for anything else.
    fn from_str(text: &str) -> Result<Pair, TaskError> {
        let parse = || {
            let (first, second) = text.split_once('-')?;
            Some(Pair { first: first.trim().parse().ok()?, second: second.trim().parse().ok()? })
        };
        parse().filter(|pair| pair.first != pair.second).ok_or_else(|| TaskError::Pair { found: text.chars().take(40).collect() })
    }
}

impl TryFrom<String> for Pair {
    type Error = TaskError;

    fn try_from(text: String) -> Result<Pair, TaskError> {
        text.parse()
    }
}

/// The pairs that serve a set when none are given.
pub(super) fn pairs_of(set: SetName) -> Vec<Pair> {
    match set {
        SetName::Search => Pair::all().filter(|pair| !HELD_OUT_PAIRS.contains(pair)).collect(),
        SetName::Select | SetName::Final | SetName::Eval => HELD_OUT_PAIRS.to_vec(),
    }
}

/// The part of the images that the validation examples of a set come from.
pub(super) const fn valid_part(set: SetName) -> Part {
    match set {
        SetName::Search | SetName::Select | SetName::Eval => Part::Valid,
        SetName::Final => Part::Test,
    }
}

/// What the tasks of a set have in common.
pub(super) struct PairTasks<'a> {
    pub(super) images: &'a ImageSet,
    pub(super) pairs: &'a [Pair],
    /// The number of the first task in its set.
    pub(super) first: usize,
    pub(super) features: usize,
    pub(super) train: usize,
    pub(super) valid: usize,
    pub(super) valid_part: Part,
}

impl PairTasks<'_> {
    /// The tasks with these seeds; `set_key` decides on pairs and projections.
    pub(super) fn build(&self, set_key: u64, seeds: &[u64]) -> Result<Vec<Task>, TaskError> {
        for &pair in self.pairs {
            check_counts(self.images, pair, "train", self.train, Part::Train)?;
            check_counts(self.images, pair, "valid", self.valid, self.valid_part)?;
        }
        let choices = choose(self.pairs, self.first + seeds.len(), set_key).split_off(self.first);
        // Projecting 9,000 images takes a tenth of a second; each task is a function of its seed and choice alone.
        Ok(seeds.par_iter().zip(choices).map(|(&seed, (pair, projection))| self.task(seed, pair, projection)).collect())
    }

    fn task(&self, seed: u64, pair: Pair, projection: usize) -> Task {
        let stream = Stream::named(key(purpose::WEIGHTS, pair.number()), projection as u64);
        let [train, valid] = [self.train, self.valid].map(|count| shares(pair, count));
        task(self.images, self.features, seed, stream, (Part::Train, &train), (self.valid_part, &valid))
    }
}

/// What one class gives to a task.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// The class.
    pub(super) class: u8,
    /// Its label.
    pub(super) label: f64,
    /// How many examples.
    pub(super) count: usize,
}

/// The task with this seed, of images projected by the matrix that `projection` draws: of which part of the images, and what each class
/// gives from it, to train and to validate.
pub(super) fn task(
    images: &ImageSet,
    features: usize,
    seed: u64,
    projection: Stream,
    train: (Part, &[Share]),
    valid: (Part, &[Share]),
) -> Task {
    let projection = random_projection(images.image_size(), features, projection);
    examples_of(images, features, seed, train, valid, |chosen, out| projection.apply(chosen.iter().copied(), out))
}

/// The task with this seed, standardized by its training examples; `append` makes `features` numbers of each image.
pub(super) fn examples_of(
    images: &ImageSet,
    features: usize,
    seed: u64,
    train: (Part, &[Share]),
    valid: (Part, &[Share]),
    append: impl Fn(&[&[u8]], &mut Vec<f64>),
) -> Task {
    let examples = |(part, shares): (Part, &[Share]), purpose| {
        let chosen = draw(images, part, shares, Stream::named(seed, purpose));
        let mut numbers = Vec::with_capacity(chosen.len() * features);
        append(&chosen.iter().map(|&(image, _)| images.image(image)).collect::<Vec<_>>(), &mut numbers);
        Examples { features: numbers, labels: chosen.into_iter().map(|(_, label)| label).collect() }
    };
    let mut train = examples(train, purpose::TRAIN);
    let mut valid = examples(valid, purpose::VALID);
    standardize(&mut train.features, &mut valid.features, features);
    Task { seed, train, valid, train_orders: None }
}

/// What the classes of a pair give to `count` examples.
pub(super) fn shares(pair: Pair, count: usize) -> [Share; 2] {
    [
        Share { class: pair.first, label: 1.0, count: first_half(count) },
        Share { class: pair.second, label: 0.0, count: count - first_half(count) },
    ]
}

/// The most examples in equal halves that a part has of a pair; 0 where a class is missing.
pub(super) fn most_examples(images: &ImageSet, pair: Pair, part: Part) -> usize {
    let [first, second] = [pair.first, pair.second].map(|class| images.class(class, part).len());
    if second == 0 { 0 } else { (2 * second + 1).min(2 * first) }
}

/// Refuses more examples of a pair than a part has; `key` is what asks for them.
pub(super) fn check_counts(images: &ImageSet, pair: Pair, key: &'static str, asked: usize, part: Part) -> Result<(), TaskError> {
    let [first, second] = [pair.first, pair.second].map(|class| images.class(class, part).len());
    if first >= first_half(asked) && second >= asked - first_half(asked) {
        return Ok(());
    }
    let most = most_examples(images, pair, part);
    let remedy = if most == 0 { "choose other `pairs`".to_owned() } else { format!("lower `{key}` to at most {most}") };
    Err(TaskError::TooFewImages { data: images.name().to_owned(), pair, key, asked, part: part.name(), first, second, remedy })
}

/// How many of `count` examples are of the first class.
const fn first_half(count: usize) -> usize {
    count - count / 2
}

/// The pair and the number of the projection of each of `count` tasks.
fn choose(pairs: &[Pair], count: usize, set_key: u64) -> Vec<(Pair, usize)> {
    let choice = key(set_key, purpose::CHOICE);
    let round = |round: usize| {
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        Stream::named(key(choice, 0), round as u64).shuffle(&mut order);
        order.into_iter().map(move |pair| (pair, round))
    };
    let mut projections = vec![Vec::new(); pairs.len()];
    (0..)
        .flat_map(round)
        .take(count)
        .map(|(pair, round)| {
            let order = &mut projections[pair];
            if order.is_empty() {
                order.extend(0..PROJECTIONS);
                Stream::named(key(choice, 1), pairs[pair].number()).shuffle(order);
            }
            (pairs[pair], order[round % PROJECTIONS])
        })
        .collect()
}

/// Draws images from a part, with their labels, in the order in which programs see them.
fn draw(images: &ImageSet, part: Part, shares: &[Share], mut stream: Stream) -> Vec<(u32, f64)> {
    let mut chosen = Vec::with_capacity(shares.iter().map(|share| share.count).sum());
    for &Share { class, label, count } in shares {
        let mut pool = images.class(class, part).to_vec();
        chosen.extend(stream.draw(&mut pool, count).iter().map(|&image| (image, label)));
    }
    stream.shuffle(&mut chosen);
    chosen
}

#[cfg(test)]
mod tests;
