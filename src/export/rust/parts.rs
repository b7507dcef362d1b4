//! What every file in Rust has, by kind of task, and what it may call.

pub(super) const HEADER: &str = r#"//!
//! Stand-alone; a program of its own, or a module of yours. To build and run it on files, each line the features of an example and then
//! its label, as numbers between commas, without a header:
//!
//! ```text
//! rustc --edition 2021 -O model.rs && ./model TRAIN.csv VALID.csv [EPOCHS [SEED]]
//! ```
//!
//! trains on the first, validates on the second after each epoch, and prints the last predictions, one a line.
//! Sums are added in exnihilo's order and random draws are its own (Rust never fuses a multiplication and an addition by itself): results
//! have the same bits as there, but for the sin, cos, tan, arcsin, arccos, arctan, exp and log of Rust's library (in draws of gaussian, the
//! sigmoid and the softmax too), which may differ in the last bits.
#![forbid(unsafe_code)]
"#;

pub(super) const TYPES: &str = r#"/// F numbers.
pub type Vector = [f64; F];

/// The features of an example, and its label.
pub type Example = (Vector, f64);
"#;

pub(super) const VECTOR: &str = r#"
/// A vector from its elements.
fn vector(element: impl Fn(usize) -> f64) -> Vector {
    std::array::from_fn(element)
}
"#;

pub(super) const MATRIX: &str = r#"
/// F rows.
pub type Matrix = Vec<Vector>;
"#;

pub(super) const MATRIX_OF_ELEMENTS: &str = r#"
/// A matrix from its elements, by row and column.
fn matrix(element: impl Fn(usize, usize) -> f64) -> Matrix {
    (0..F).map(|r| std::array::from_fn(|c| element(r, c))).collect()
}
"#;

pub(super) const HELPERS: &[(&str, &str)] = &[
    (
        "total(",
        r#"
/// The sum of `count` terms in exnihilo's order: eight partial sums, then halves.
fn total(count: usize, term: impl Fn(usize) -> f64) -> f64 {
    let mut partial = [0.0; 8];
    for i in 0..count {
        partial[i % 8] = if i < 8 { term(i) } else { partial[i % 8] + term(i) };
    }
    let mut left = count.min(8);
    for width in [4, 2, 1] {
        for i in width..left {
            partial[i - width] += partial[i];
        }
        left = left.min(width);
    }
    partial[0]
}
"#,
    ),
    (
        "norm(",
        r#"
/// The square root of the sum of squares.
fn norm(count: usize, term: impl Fn(usize) -> f64) -> f64 {
    total(count, |i| term(i) * term(i)).sqrt()
}
"#,
    ),
    (
        "mean(",
        r#"
/// The mean.
fn mean(count: usize, term: impl Fn(usize) -> f64) -> f64 {
    total(count, term) / count as f64
}
"#,
    ),
    (
        "std(",
        r#"
/// The standard deviation: the root of the mean of squares less the squared mean, not clamped.
fn std(count: usize, term: impl Fn(usize) -> f64) -> f64 {
    let mean = mean(count, &term);
    (total(count, |i| term(i) * term(i)) / count as f64 - mean * mean).sqrt()
}
"#,
    ),
    (
        "element(",
        r#"
/// Which element a fraction of F means.
fn element(fraction: f32) -> usize {
    ((F as f32 * fraction) as usize).min(F - 1)
}
"#,
    ),
    (
        "mix(",
        r#"
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of SplitMix64.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
"#,
    ),
    (
        "stream_key(",
        r#"
/// The key of the random stream called `name` under the key `parent`.
fn stream_key(parent: u64, name: u64) -> u64 {
    mix(mix(parent.wrapping_add(GAMMA)) ^ name.wrapping_mul(GAMMA).wrapping_add(name))
}
"#,
    ),
    (
        "output(",
        r#"
/// Number `i` of the random stream with this key.
fn output(key: u64, i: u64) -> u64 {
    mix(key.wrapping_add((i + 1).wrapping_mul(GAMMA)))
}
"#,
    ),
    (
        "order_of(",
        r#"
/// The order of the training examples: as given in the first epoch, then shuffled.
fn order_of(count: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let key = stream_key(stream_key(seed, 4), epoch);
    if epoch > 0 {
        for (i, last) in (1..count).rev().enumerate() {
            let other = (u128::from(output(key, i as u64)) * (last as u128 + 1)) >> 64;
            order.swap(last, other as usize);
        }
    }
    order
}
"#,
    ),
    (
        "unit(",
        r#"
/// Number `i` of a random stream, in [0, 1).
fn unit(key: u64, i: u64) -> f64 {
    (output(key, i) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}
"#,
    ),
    (
        "uniform(",
        r#"
/// The draw of an element from [low, high); low itself unless low < high.
fn uniform(key: u64, element: usize, low: f64, high: f64) -> f64 {
    if low < high { low + (high - low) * unit(key, element as u64) } else { low }
}
"#,
    ),
    (
        "gaussian(",
        r#"
/// The normal draw of an element; two elements share two numbers of the stream (Box-Muller).
fn gaussian(key: u64, element: usize, mean: f64, st_dev: f64) -> f64 {
    let pair = element as u64 & !1;
    let radius = (-2.0 * (1.0 - unit(key, pair)).ln()).sqrt();
    let angle = std::f64::consts::TAU * unit(key, pair + 1);
    mean + st_dev * (radius * if element % 2 == 0 { angle.cos() } else { angle.sin() })
}
"#,
    ),
    (
        "sigmoid(",
        r#"
/// A probability from any number.
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
"#,
    ),
    (
        "softmax(",
        r#"
/// Ten probabilities from the first ten elements.
fn softmax(scores: &Vector) -> [f64; 10] {
    let mut largest = scores[0];
    for &score in &scores[1..10] {
        if score > largest {
            largest = score;
        }
    }
    let mut shares: [f64; 10] = std::array::from_fn(|i| (scores[i] - largest).exp());
    let mut divisor = shares[0];
    for &share in &shares[1..] {
        divisor += share;
    }
    for share in &mut shares {
        *share /= divisor;
    }
    shares
}
"#,
    ),
    (
        "class_of(",
        r#"
/// The class of the first ten elements: the last one of the largest; -1 if any is NaN.
fn class_of(scores: &Vector) -> f64 {
    let mut class = 0;
    for (i, &score) in scores[..10].iter().enumerate() {
        if score.is_nan() {
            return -1.0;
        }
        if score >= scores[class] {
            class = i;
        }
    }
    class as f64
}
"#,
    ),
];

pub(super) const DRAWS: &str = r#"    /// The key of the random stream of an instruction in this step, by its number among those that draw.
    fn draws(&self, ordinal: u64) -> u64 {
        stream_key(stream_key(self.seed, (1 << 32) + ordinal), self.step)
    }

"#;

pub(super) const TRAIN_RMS: &str = r#"
    /// One step of training. Returns the error; one above MAX_ABS_ERROR, or NaN, teaches nothing.
    pub fn train(&mut self, (x, label): &Example) -> f64 {
        let error = (label - self.predict(x)).abs();
        if error <= MAX_ABS_ERROR {
            self.learn(x, *label);
        }
        error
    }
"#;

pub(super) const TRAIN_ACCURACY: &str = r#"
    /// One step of training. Returns the error; one above MAX_ABS_ERROR, or NaN, teaches nothing.
    pub fn train(&mut self, (x, label): &Example) -> f64 {
        self.s1 = self.predict(x);
        let error = (label - self.s1).abs();
        if error <= MAX_ABS_ERROR {
            self.learn(x, *label);
        }
        error
    }
"#;

pub(super) const TRAIN_CLASSES: &str = r#"
    /// One step of training. Returns the error, the largest of ten; one above MAX_ABS_ERROR, or NaN, teaches nothing.
    pub fn train(&mut self, (x, label): &Example) -> f64 {
        let shares = self.predict(x);
        self.v2 = [0.0; F];
        self.v2[..10].copy_from_slice(&shares);
        let mut error = 0.0;
        for (class, share) in shares.iter().enumerate() {
            let difference = (if class == *label as usize { 1.0 - share } else { 0.0 - share }).abs();
            if !f64::is_nan(error) && (difference > error || difference.is_nan()) {
                error = difference;
            }
        }
        if error <= MAX_ABS_ERROR {
            self.learn(x, *label);
        }
        error
    }
"#;

pub(super) const FIT: &str = r#"
    /// Trains. Calls `scored` with the model after each epoch; the number of steps begun, and whether all epochs were trained.
    pub fn fit(&mut self, examples: &[Example], epochs: u64, mut scored: impl FnMut(&mut Model)) -> (u64, bool) {
        let mut steps = 0;
        for epoch in 0..epochs {
            for i in order_of(examples.len(), self.seed, epoch) {
                steps += 1;
                let error = self.train(&examples[i]);
                if error.is_nan() || error > MAX_ABS_ERROR {
                    return (steps, false);
                }
            }
            scored(self);
        }
        (steps, true)
    }

    SCORE_DOC
    pub fn score(&mut self, examples: &[Example], predictions: &mut Vec<Vec<f64>>) -> f64 {
"#;

pub(super) const SCORE_RMS: &str = r#"        predictions.clear();
        let mut squares = 0.0;
        for (x, label) in examples {
            let prediction = self.predict(x);
            predictions.push(vec![prediction]);
            let error = (label - prediction).abs();
            if error.is_nan() || error > MAX_ABS_ERROR {
                self.step = end;
                return 0.0;
            }
            squares += error * error;
        }
        let fitness = 1.0 - std::f64::consts::FRAC_2_PI * (squares / examples.len() as f64).sqrt().atan();
        if fitness.is_finite() { fitness } else { 0.0 }
    }
}
"#;

pub(super) const SCORE_ACCURACY: &str = r#"        predictions.clear();
        let mut wrong = 0.0;
        for (x, label) in examples {
            let prediction = self.predict(x);
            predictions.push(vec![prediction]);
            let error = if (*label > 0.5) == (prediction > 0.5) { 0.0 } else { 1.0 };
            if error > MAX_ABS_ERROR {
                self.step = end;
                return 0.0;
            }
            wrong += error;
        }
        1.0 - wrong / examples.len() as f64
    }
}
"#;

pub(super) const SCORE_CLASSES: &str = r#"        predictions.clear();
        let mut wrong = 0.0;
        for (x, label) in examples {
            let shares = self.predict(x);
            let class = class_of(&self.v2);
            predictions.push([&[class], &shares[..]].concat());
            let error = if class == *label { 0.0 } else { 1.0 };
            if error > MAX_ABS_ERROR {
                self.step = end;
                return 0.0;
            }
            wrong += error;
        }
        1.0 - wrong / examples.len() as f64
    }
}
"#;

pub(super) const DEMO: &str = r#"
fn demo(rows: &[[f64; F + 1]]) -> Vec<Example> {
    rows.iter().map(|row| (std::array::from_fn(|i| row[i]), row[F])).collect()
}
"#;

pub(super) const MAIN: &str = r#"
/// The examples of a file: in each line F features and a label, between commas.
pub fn read(path: &str) -> Result<Vec<Example>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let mut examples = Vec::new();
    let blank = [' ', '\t'];
    for (number, row) in text.split('\n').enumerate() {
        let row = row.strip_suffix('\r').unwrap_or(row);
        if row.trim_matches(blank).is_empty() {
            continue;
        }
        let line = number + 1;
        let parsed: Result<Vec<f64>, _> = row.split(',').map(|field| field.trim_matches(blank).parse()).collect();
        let numbers = parsed.map_err(|error| format!("{path}, line {line}: {error}"))?;
        if numbers.len() != F + 1 {
            return Err(format!("{path}, line {line}: {} numbers where {} belong; F is {F} in this program", numbers.len(), F + 1));
        }
        let label = numbers[F];
        //label
        examples.push((std::array::from_fn(|i| numbers[i]), label));
    }
    if examples.is_empty() { Err(format!("{path}: no examples")) } else { Ok(examples) }
}

/// Trains on the first examples and prints the predictions for the others.
pub fn run(train: &[Example], valid: &[Example], epochs: u64, seed: u64) -> Result<(), String> {
    let (mut predictions, mut best) = (Vec::new(), 0.0);
    let mut model = Model::new(seed);
    let (steps, finished) = model.fit(train, epochs, |model| best = f64::max(best, model.score(valid, &mut predictions)));
    if !finished {
        return Err(format!("training stopped at step {steps}: the error is NaN or above {MAX_ABS_ERROR}"));
    }
    for prediction in predictions {
        println!("{}", prediction.iter().map(|x| format!("{x:?}")).collect::<Vec<_>>().join(","));
    }
    eprintln!("score {best:?} after {steps} steps");
    Ok(())
}

/// A whole number of the command line; the least one if it is left out.
fn whole(text: Option<&String>, name: &str, least: u64) -> Result<u64, (u8, String)> {
    let Some(text) = text else { return Ok(least) };
    match text.parse::<u64>() {
        Ok(number) if number >= least && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
        _ => Err((2, format!("{name} is a whole number from {least} to {}, not {text}", u64::MAX))),
    }
}

/// The command line, without the name of the program. Else the exit code, 1 where examples are wrong or training stopped and 2 where
/// arguments are wrong, and a message.
pub fn run_arguments(arguments: &[String]) -> Result<(), (u8, String)> {
    let failed = |message: String| (1, message);
"#;

pub(super) const RUN: &str = r#"    let (train, valid) = match arguments {
        [train, valid] | [train, valid, _] | [train, valid, _, _] => (train, valid),
        _ => return Err((2, "usage: model TRAIN.csv VALID.csv [EPOCHS [SEED]]".to_owned())),
    };
    let (epochs, seed) = (whole(arguments.get(2), "EPOCHS", 1)?, whole(arguments.get(3), "SEED", 0)?);
    run(&read(train).map_err(failed)?, &read(valid).map_err(failed)?, epochs, seed).map_err(failed)
}
"#;

pub(super) const RUN_DEMO: &str = r#"    let files = match arguments {
        [] => None,
        [train, valid] | [train, valid, _] | [train, valid, _, _] => Some((train, valid)),
        _ => return Err((2, "usage: model [TRAIN.csv VALID.csv [EPOCHS [SEED]]]".to_owned())),
    };
    let (epochs, seed) = (whole(arguments.get(2), "EPOCHS", 1)?, whole(arguments.get(3), "SEED", 0)?);
    let (train, valid) = match files {
        None => (demo(&DEMO_TRAIN), demo(&DEMO_VALID)),
        Some((train, valid)) => (read(train).map_err(failed)?, read(valid).map_err(failed)?),
    };
    run(&train, &valid, epochs, seed).map_err(failed)
}
"#;

pub(super) const LAST: &str = r#"
pub fn main() -> std::process::ExitCode {
    match run_arguments(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err((code, message)) => {
            eprintln!("{message}");
            std::process::ExitCode::from(code)
        }
    }
}
"#;
