//! Rust without crates: a struct whose methods are the program's functions.

use std::fmt::Write;

use exnihilo_jit::lang::Data;
use exnihilo_jit::{ComponentFunction, Instruction, Scoring, Space};

use super::demo::Demo;
use super::form::{Distribution, Element, Extent, Form};
use super::{Line, Source, called, decimal};

/// The whole file.
pub(super) fn write(source: &Source) -> String {
    let mut code = model(source);
    code += match source.scoring {
        Scoring::Rms => TRAIN_RMS,
        Scoring::Accuracy => TRAIN_ACCURACY,
        Scoring::Classes => TRAIN_CLASSES,
    };
    let meaning = match source.scoring {
        Scoring::Rms => "1 - (2 / pi) arctan(root mean squared error); 0 if an error is above MAX_ABS_ERROR. Keeps the predictions.",
        Scoring::Accuracy => "The share of right classes. Keeps the predictions.",
        Scoring::Classes => "The share of right classes. Keeps the predictions: the class, then the ten probabilities.",
    };
    code += &FIT.replace("SCORE_DOC", &format!("/// {meaning}"));
    code += if source.draws() { "        let end = self.step + examples.len() as u64;\n" } else { "" };
    code += match source.scoring {
        Scoring::Rms => SCORE_RMS,
        Scoring::Accuracy => SCORE_ACCURACY,
        Scoring::Classes => SCORE_CLASSES,
    };
    if !source.draws() {
        code = code.replace("                self.step = end;\n", "");
    }
    code += &main(source);
    let helpers = called(&code, HELPERS);
    let (title, task, features, limit) = (source.title(), source.task(), source.features, number(source.max_abs_error));
    let unused = if source.as_written {
        "// As written: instructions that cannot matter are here too.\n#![allow(dead_code, unused_variables, unused_assignments)]\n"
    } else {
        ""
    };
    let matrix = if source.has_matrices() { MATRIX } else { "" };
    let vector = if code.contains("vector(") { VECTOR } else { "" };
    format!(
        "//! {title}.\n//!\n//! {task}\n{HEADER}{unused}\n/// F, the number of features: change it here for other data.\npub const F: usize = {features};\n/// An error above it, or NaN, ends training or validation.\npub const MAX_ABS_ERROR: f64 = {limit};\n\n{TYPES}{vector}{matrix}{helpers}{code}"
    )
}

const HEADER: &str = r#"//!
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

const TYPES: &str = r#"/// F numbers.
pub type Vector = [f64; F];

/// The features of an example, and its label.
pub type Example = (Vector, f64);
"#;

const VECTOR: &str = r#"
/// A vector from its elements.
fn vector(element: impl Fn(usize) -> f64) -> Vector {
    std::array::from_fn(element)
}
"#;

const MATRIX: &str = r#"
/// F rows.
pub type Matrix = Vec<Vector>;

/// A matrix from its elements, by row and column.
fn matrix(element: impl Fn(usize, usize) -> f64) -> Matrix {
    (0..F).map(|r| std::array::from_fn(|c| element(r, c))).collect()
}
"#;

const HELPERS: &[(&str, &str)] = &[
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

/// The struct and the program's three functions.
fn model(source: &Source) -> String {
    let draws = source.draws();
    let mut out = String::from(
        "\n/// The program's memory.\n#[derive(Clone, Debug)]\npub struct Model {\n    /// Seeds random draws and the order of examples.\n    pub seed: u64,\n",
    );
    out += if draws { "    /// Predictions so far.\n    pub step: u64,\n" } else { "" };
    for (space, address) in source.memory.kept() {
        let kind = ["f64", "Vector", "Matrix"][space as usize];
        let _ = write!(out, "    /// {}.\n    pub {}{address}: {kind},\n", sentence(source.memory.role(space, address)), space.letter());
    }
    out += "}\n\nimpl Model {\n    /// A memory of zeros, then the program's Setup.\n    pub fn new(seed: u64) -> Model {\n        let mut model = Model {\n            seed,\n";
    out += if draws { "            step: 0,\n" } else { "" };
    for (space, address) in source.memory.kept() {
        let zero = ["0.0", "[0.0; F]", "vec![[0.0; F]; F]"][space as usize];
        let _ = writeln!(out, "            {}{address}: {zero},", space.letter());
    }
    out += "        };\n        model.setup();\n        model\n    }\n\n";
    out += if draws { DRAWS } else { "" };
    out += "    /// The program's Setup.\n    fn setup(&mut self) {\n";
    body(source, ComponentFunction::Setup, &mut out);

    let of_classes = source.scoring == Scoring::Classes;
    let (result, meaning) = match source.scoring {
        Scoring::Rms => ("f64", "The prediction for an example with features v0"),
        Scoring::Accuracy => ("f64", "The probability of class 1 for an example with features v0"),
        Scoring::Classes => ("[f64; 10]", "The probabilities of the ten classes for an example with features v0"),
    };
    let v0 = |function| if source.reads(function, Space::Vector, 0) { "v0" } else { "_v0" };
    let _ = write!(
        out,
        "    }}\n\n    /// {meaning}.\n    pub fn predict(&mut self, {}: &Vector) -> {result} {{\n",
        v0(ComponentFunction::Predict)
    );
    out += if draws { "        self.step += 1;\n" } else { "" };
    body(source, ComponentFunction::Predict, &mut out);
    out += match source.scoring {
        Scoring::Rms => "        self.s1\n",
        Scoring::Accuracy => "        sigmoid(self.s1)\n",
        Scoring::Classes => "        softmax(&self.v2)\n",
    };
    let label = match (
        of_classes,
        source.reads(ComponentFunction::Learn, if of_classes { Space::Vector } else { Space::Scalar }, u8::from(of_classes)),
    ) {
        (true, true) => "label",
        (true, false) => "_label",
        (false, true) => "s0",
        (false, false) => "_s0",
    };
    let named = if of_classes { "" } else { " s0" };
    let _ = write!(
        out,
        "    }}\n\n    /// Learns from the example that was just predicted: its features v0 and its label{named}.\n    pub fn learn(&mut self, {}: &Vector, {label}: f64) {{\n",
        v0(ComponentFunction::Learn),
    );
    body(source, ComponentFunction::Learn, &mut out);
    out += "    }\n";
    out
}

/// A role as a sentence without its end.
fn sentence(role: &str) -> String {
    let mut letters = role.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

const DRAWS: &str = r#"    /// The key of the random stream of an instruction in this step, by its number among those that draw.
    fn draws(&self, ordinal: u64) -> u64 {
        stream_key(stream_key(self.seed, (1 << 32) + ordinal), self.step)
    }

"#;

const TRAIN_RMS: &str = r#"
    /// One step of training. Returns the error; one above MAX_ABS_ERROR, or NaN, teaches nothing.
    pub fn train(&mut self, (x, label): &Example) -> f64 {
        let error = (label - self.predict(x)).abs();
        if error <= MAX_ABS_ERROR {
            self.learn(x, *label);
        }
        error
    }
"#;

const TRAIN_ACCURACY: &str = r#"
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

const TRAIN_CLASSES: &str = r#"
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

const FIT: &str = r#"
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

const SCORE_RMS: &str = r#"        predictions.clear();
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

const SCORE_ACCURACY: &str = r#"        predictions.clear();
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

const SCORE_CLASSES: &str = r#"        predictions.clear();
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

/// One function: what the evaluation sets, where the function reads it, and the instructions.
fn body(source: &Source, function: ComponentFunction, out: &mut String) {
    use ComponentFunction::{Learn, Setup};
    let reads = |space, address| source.reads(function, space, address);
    let of_classes = source.scoring == Scoring::Classes;
    let mut line = |text: &str| {
        let _ = writeln!(out, "        {text}");
    };
    if reads(Space::Vector, 0) && function == Setup {
        line("let v0 = [0.0; F];");
    }
    if reads(Space::Scalar, 0) && (function != Learn || of_classes) {
        line("let s0: f64 = 0.0;");
    }
    if of_classes && reads(Space::Vector, 1) {
        if function == Learn {
            line("let mut v1 = [0.0; F];");
            line("v1[label as usize] = 1.0;");
        } else {
            line("let v1 = [0.0; F];");
        }
    }
    for Line { instruction, ordinal, note } in source.lines(function) {
        let text = statement(source, instruction, ordinal);
        if !text.is_empty() {
            line(&format!("{text} // {note}: {instruction}"));
        }
    }
}

/// One instruction.
fn statement(source: &Source, instruction: &Instruction, ordinal: u32) -> String {
    let name = |(space, address): (Space, u8)| {
        let of = if source.memory.keeps(space, address) { "self." } else { "" };
        format!("{of}{}{address}", space.letter())
    };
    let Some((space, address)) = instruction.writes() else { return String::new() };
    let out = name((space, address));
    let is_kept = source.memory.keeps(space, address);
    let reads: Vec<(Space, u8)> = instruction.reads().collect();
    // An input, at its element i, or at its row r and column c.
    let at = |which: usize| {
        let Some(&input) = reads.get(which) else { return String::new() };
        name(input) + if input.0 == Space::Scalar { "" } else { ["", "[i]", "[r][c]"][space as usize] }
    };
    let whole = |which: usize| reads.get(which).copied().map(name).unwrap_or_default();
    let (a, b) = (whole(0), whole(1));
    let shaped = |element: &str| match space {
        Space::Scalar => element.to_owned(),
        Space::Vector => format!("vector(|i| {element})"),
        Space::Matrix => format!("matrix(|r, c| {element})"),
    };
    let value = match Form::of(instruction) {
        Form::Nothing => return String::new(),
        Form::Elementwise(Element::Same) => format!("[{a}; F]"),
        Form::Elementwise(element) => shaped(&elementwise(element, &at(0), &at(1))),
        Form::Repeat(0) => format!("matrix(|r, _| {a}[r])"),
        Form::Repeat(_) => format!("matrix(|_, c| {a}[c])"),
        Form::Outer => format!("matrix(|r, c| {a}[r] * {b}[c])"),
        Form::Transpose => format!("matrix(|r, c| {a}[c][r])"),
        Form::Dot => match space {
            Space::Scalar => format!("total(F, |i| {a}[i] * {b}[i])"),
            Space::Vector => format!("vector(|r| total(F, |c| {a}[r][c] * {b}[c]))"),
            Space::Matrix => format!("matrix(|r, c| total(F, |k| {a}[r][k] * {b}[k][c]))"),
        },
        Form::Reduce(reduction, extent) => {
            let (name, of_matrix) = (reduction.name(), reads.first().is_some_and(|(space, _)| *space == Space::Matrix));
            match extent {
                Extent::All if of_matrix => format!("{name}(F * F, |i| {a}[i / F][i % F])"),
                Extent::All => format!("{name}(F, |i| {a}[i])"),
                Extent::Rows => format!("vector(|r| {name}(F, |c| {a}[r][c]))"),
                Extent::Columns => format!("vector(|c| {name}(F, |r| {a}[r][c]))"),
            }
        }
        Form::Constant => match instruction.data() {
            Data::VectorConst { index, value } => return format!("{out}[element({index:?})] = {};", number(value.into())),
            Data::MatrixConst { row, column, value } => {
                return format!("{out}[element({row:?})][element({column:?})] = {};", number(value.into()));
            }
            data => number(data.values().0[0]),
        },
        Form::Draw(distribution) => {
            let ([x, y, _], _) = instruction.data().values();
            let function = if distribution == Distribution::Uniform { "uniform" } else { "gaussian" };
            let element = ["0", "i", "r * F + c"][space as usize];
            let draw = shaped(&format!("{function}(key, {element}, {}, {})", number(x), number(y)));
            return assignment(is_kept, space, &out, &draw, &format!("let key = self.draws({ordinal});\n        "));
        }
    };
    assignment(is_kept, space, &out, &value, "")
}

/// Gives an address its value, after what is `before` it.
fn assignment(is_kept: bool, space: Space, out: &str, value: &str, before: &str) -> String {
    match (is_kept, space) {
        (true, _) => format!("{before}{out} = {value};"),
        (false, Space::Scalar) => format!("{before}let {out}: f64 = {value};"),
        (false, _) => format!("{before}let {out} = {value};"),
    }
}

/// The element of an output from those of the inputs.
fn elementwise(element: Element, a: &str, b: &str) -> String {
    match element {
        Element::Infix(symbol) => format!("{a} {symbol} {b}"),
        Element::Reciprocal => format!("1.0 / {a}"),
        Element::Abs => format!("{a}.abs()"),
        Element::Step(relation) => format!("if {a} {relation} 0.0 {{ 1.0 }} else {{ 0.0 }}"),
        Element::Choice { relation, swapped } => {
            let (x, y) = if swapped { (b, a) } else { (a, b) };
            format!("if {x} {relation} {y} {{ {x} }} else {{ {y} }}")
        }
        Element::Same => a.to_owned(),
        Element::Function(name) => format!("{a}.{}()", library_name(name)),
    }
}

/// What the standard library calls a function.
fn library_name(name: &str) -> String {
    match name {
        "log" => "ln".to_owned(),
        name => name.replacen("arc", "a", 1),
    }
}

fn number(value: f64) -> String {
    decimal(value, "f64::INFINITY", "f64::NAN")
}

/// The command line.
fn main(source: &Source) -> String {
    let mut out = String::new();
    if let Some(demo) = &source.demo {
        for (name, rows) in [("DEMO_TRAIN", &demo.train), ("DEMO_VALID", &demo.valid)] {
            let _ = write!(
                out,
                "\n/// Features and label of some examples, for a first try.\nconst {name}: [[f64; F + 1]; {}] = [\n{}];\n",
                rows.len(),
                Demo::rows(rows, "    ", "[", "]"),
            );
        }
        out += DEMO;
    }
    let label_check = match source.scoring {
        Scoring::Rms => "",
        Scoring::Accuracy => {
            "        if !(label == 0.0 || label == 1.0) {\n            return Err(format!(\"{path}, line {line}: labels are 0 or 1\"));\n        }\n"
        }
        Scoring::Classes => {
            "        if !(0..10).any(|class| label == f64::from(class)) {\n            return Err(format!(\"{path}, line {line}: labels are 0 to 9\"));\n        }\n"
        }
    };
    out += &MAIN.replace("        //label\n", label_check);
    out += if source.demo.is_some() { RUN_DEMO } else { RUN };
    out
}

const DEMO: &str = r#"
fn demo(rows: &[[f64; F + 1]]) -> Vec<Example> {
    rows.iter().map(|row| (std::array::from_fn(|i| row[i]), row[F])).collect()
}
"#;

const MAIN: &str = r#"
/// The examples of a file: in each line F features and a label, between commas.
pub fn read(path: &str) -> Result<Vec<Example>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let mut examples = Vec::new();
    for (number, row) in text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
        let line = number + 1;
        let parsed: Result<Vec<f64>, _> = row.split(',').map(|field| field.trim().parse()).collect();
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

/// The command line, without the name of the program.
pub fn run_arguments(arguments: &[String]) -> Result<(), String> {
    let number = |place: usize, default: u64| match arguments.get(place) {
        None => Ok(default),
        Some(text) => text.parse::<u64>().map_err(|error| format!("{text}: {error}")),
    };
    let (epochs, seed) = (number(2, 1)?, number(3, 0)?);
    if epochs < 1 {
        return Err("there must be at least one epoch".to_owned());
    }
"#;

const RUN: &str = r#"    match arguments {
        [train, valid] | [train, valid, _] | [train, valid, _, _] => run(&read(train)?, &read(valid)?, epochs, seed),
        _ => Err("usage: model TRAIN.csv VALID.csv [EPOCHS [SEED]]".to_owned()),
    }
}

pub fn main() -> Result<(), String> {
    run_arguments(&std::env::args().skip(1).collect::<Vec<_>>())
}
"#;

const RUN_DEMO: &str = r#"    match arguments {
        [] => run(&demo(&DEMO_TRAIN), &demo(&DEMO_VALID), epochs, seed),
        [train, valid] | [train, valid, _] | [train, valid, _, _] => run(&read(train)?, &read(valid)?, epochs, seed),
        _ => Err("usage: model [TRAIN.csv VALID.csv [EPOCHS [SEED]]]".to_owned()),
    }
}

pub fn main() -> Result<(), String> {
    run_arguments(&std::env::args().skip(1).collect::<Vec<_>>())
}
"#;
