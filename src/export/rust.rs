//! Rust without crates: a struct whose methods are the program's functions.

mod parts;

use std::fmt::Write;

use exnihilo_jit::lang::{Data, Distribution, Extent};
use exnihilo_jit::{ComponentFunction, Instruction, Scoring, Space};

use super::demo::Demo;
use super::form::{Element, Form, name_of};
use super::{Line, Source, called, decimal};
use parts::{
    DEMO, DRAWS, FIT, HEADER, HELPERS, LAST, MAIN, MATRIX, MATRIX_OF_ELEMENTS, RUN, RUN_DEMO, SCORE_ACCURACY, SCORE_CLASSES, SCORE_RMS,
    TRAIN_ACCURACY, TRAIN_CLASSES, TRAIN_RMS, TYPES, VECTOR,
};

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
    let of_elements = if code.contains("matrix(") { MATRIX_OF_ELEMENTS } else { "" };
    let enough = if source.scoring == Scoring::Classes {
        "const _: () = assert!(F >= 10, \"ten classes need ten features or more\");\n"
    } else {
        ""
    };
    let vector = if code.contains("vector(") { VECTOR } else { "" };
    format!(
        "//! {title}.\n//!\n//! {task}\n{HEADER}{unused}\n/// F, the number of features: change it here for other data.\npub const F: usize = {features};\n{enough}/// An error above it, or NaN, ends training or validation.\npub const MAX_ABS_ERROR: f64 = {limit};\n\n{TYPES}{vector}{matrix}{of_elements}{helpers}{code}"
    )
}

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

/// One function: what the evaluation sets, where the function reads it, and the instructions.
fn body(source: &Source, function: ComponentFunction, out: &mut String) {
    use ComponentFunction::{Learn, Setup};
    let reads = |space, address| source.reads(function, space, address);
    let of_classes = source.scoring == Scoring::Classes;
    let mut line = |text: &str| {
        let _ = writeln!(out, "        {text}");
    };
    if reads(Space::Vector, 0) && function == Setup {
        line("let v0: Vector = [0.0; F];");
    }
    if reads(Space::Scalar, 0) && (function != Learn || of_classes) {
        line("let s0: f64 = 0.0;");
    }
    if of_classes && reads(Space::Vector, 1) {
        if function == Learn {
            line("let mut v1: Vector = [0.0; F];");
            line("v1[label as usize] = 1.0;");
        } else {
            line("let v1: Vector = [0.0; F];");
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
            let (name, of_matrix) = (name_of(reduction), reads.first().is_some_and(|(space, _)| *space == Space::Matrix));
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
        let _ = write!(
            out,
            "\nconst _: () = assert!(F == {0}, \"the demonstration data have F = {0}: export with other --features or without --demo\");\n",
            source.features
        );
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
    out += LAST;
    out
}
