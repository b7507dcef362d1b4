//! C11: a struct with the program's memory, and its functions.

mod parts;

use std::fmt::Write;

use exnihilo_jit::lang::{Data, Distribution, Extent};
use exnihilo_jit::{ComponentFunction, Instruction, Scoring, Space};

use super::demo::Demo;
use super::form::{Element, Form, name_of};
use super::{Line, Source, called, decimal};
use parts::{
    DEMO, DRAWS, FILES, FILES_DEMO, FIT, HEADER, HELPERS, LEARN, MAIN, MAIN_READ, MAIN_REST, NUMBERS, PREDICT, PREDICT_ACCURACY,
    PREDICT_CLASSES, PREDICT_RMS, SCORE_ACCURACY, SCORE_CLASSES, SCORE_RMS, SETUP, TRAIN_ACCURACY, TRAIN_CLASSES, TRAIN_RMS, TYPES, USAGE,
    USAGE_DEMO,
};

/// The whole file.
pub(super) fn write(source: &Source) -> String {
    let (prediction, train, score) = match source.scoring {
        Scoring::Rms => (PREDICT_RMS, TRAIN_RMS, SCORE_RMS),
        Scoring::Accuracy => (PREDICT_ACCURACY, TRAIN_ACCURACY, SCORE_ACCURACY),
        Scoring::Classes => (PREDICT_CLASSES, TRAIN_CLASSES, SCORE_CLASSES),
    };
    let mut functions = String::new();
    for (function, head) in ComponentFunction::ALL.into_iter().zip([SETUP, PREDICT, LEARN]) {
        functions += head;
        body(source, function, &mut functions);
        functions += "}\n";
    }
    let code = functions + prediction + train + FIT + score + &main(source);
    let helpers = called(&code, HELPERS);
    let (title, task, features) = (source.title(), source.task(), source.features);
    let model = model(source, code.contains("m->result"));
    let draws = if source.draws() { DRAWS } else { "" };
    let outputs = if source.scoring == Scoring::Classes { 11 } else { 1 };
    format!(
        "/* {title}.\n *\n * {task}\n{HEADER}\n/* F, the number of features: change it here, or with -DF=8. */\n#ifndef F\n#define F {features}\n#endif\n{}\n/* Numbers in a prediction. */\n#define OUTPUTS {outputs}\n{}{helpers}{model}{draws}{code}",
        if source.scoring == Scoring::Classes { "#if F < 10\n#error \"ten classes need ten features or more\"\n#endif\n" } else { "" },
        TYPES.replace("LIMIT", &number(source.max_abs_error)),
    )
}

/// The struct.
fn model(source: &Source, has_result: bool) -> String {
    let mut out = String::from(
        "\n/* The program's memory. */\ntypedef struct {\n    uint64_t seed; /* of random draws and the order of examples */\n    uint64_t step; /* predictions so far */\n",
    );
    let needed = source
        .scoring
        .interface()
        .inputs()
        .iter()
        .chain(std::iter::once(&source.scoring.interface().prediction()))
        .copied()
        .collect::<Vec<_>>();
    for (space, address) in source.memory.all() {
        if !needed.contains(&(space, address)) && !source.memory.uses(space, address) {
            continue;
        }
        let size = ["", "[F]", "[F * F]"][space as usize];
        let role = source.memory.role(space, address);
        let comment = if role.is_empty() { String::new() } else { format!(" /* {role} */") };
        let _ = writeln!(out, "    double {}{address}{size};{comment}", space.letter());
    }
    if has_result {
        out += "    double result[F * F]; /* where what reads its own output is made */\n";
    }
    out += "} Model;\n";
    out
}

/// The instructions of one function.
fn body(source: &Source, function: ComponentFunction, out: &mut String) {
    for Line { instruction, ordinal, note } in source.lines(function) {
        let text = statement(instruction, ordinal);
        if !text.is_empty() {
            let _ = writeln!(out, "    /* {note}: {instruction} */\n    {text}");
        }
    }
}

/// One instruction, on one line.
fn statement(instruction: &Instruction, ordinal: u32) -> String {
    let name = |(space, address): (Space, u8)| format!("m->{}{address}", space.letter());
    let Some(written) = instruction.writes() else { return String::new() };
    let (space, out) = (written.0, name(written));
    let reads: Vec<(Space, u8)> = instruction.reads().collect();
    let whole = |which: usize| reads.get(which).copied().map(name).unwrap_or_default();
    // An input at its element i.
    let at = |which: usize| whole(which) + if reads.get(which).is_some_and(|input| input.0 != Space::Scalar) { "[i]" } else { "" };
    let (a, b) = (whole(0), whole(1));
    // What reads other elements of an address than the one that it writes makes its result beside it.
    let is_safe = !reads.contains(&written) || matches!(Form::of(instruction), Form::Elementwise(_));
    let to = if is_safe { out.as_str() } else { "m->result" };
    const EACH: &str = "for (int i = 0; i < F; i++)";
    const EVERY: &str = "for (int i = 0; i < F * F; i++)";
    const ROWS: &str = "for (int r = 0; r < F; r++)";
    const COLUMNS: &str = "for (int c = 0; c < F; c++)";
    // All elements of the output, from their number i.
    let each = |element: &str| match space {
        Space::Scalar => format!("{out} = {element};"),
        Space::Vector => format!("{EACH} {to}[i] = {element};"),
        Space::Matrix => format!("{EVERY} {to}[i] = {element};"),
    };
    let text = match Form::of(instruction) {
        Form::Nothing => return String::new(),
        Form::Elementwise(element) => each(&elementwise(element, &at(0), &at(1))),
        Form::Repeat(axis) => each(&format!("{a}[i {} F]", if axis == 0 { '/' } else { '%' })),
        Form::Outer => each(&format!("{a}[i / F] * {b}[i % F]")),
        Form::Transpose => each(&format!("{a}[i % F * F + i / F]")),
        Form::Dot => match space {
            Space::Scalar => format!("{out} = total(F, {a}, 1, {b}, 1);"),
            Space::Vector => format!("{ROWS} {to}[r] = total(F, {a} + r * F, 1, {b}, 1);"),
            Space::Matrix => format!("{ROWS} {COLUMNS} {to}[r * F + c] = total(F, {a} + r * F, 1, {b} + c, F);"),
        },
        Form::Reduce(reduction, extent) => {
            let name = name_of(reduction);
            match extent {
                Extent::All => {
                    let count = if reads.first().is_some_and(|(space, _)| *space == Space::Matrix) { "F * F" } else { "F" };
                    format!("{out} = {name}_of({count}, {a}, 1);")
                }
                Extent::Rows => format!("{ROWS} {to}[r] = {name}_of(F, {a} + r * F, 1);"),
                Extent::Columns => format!("{COLUMNS} {to}[c] = {name}_of(F, {a} + c, F);"),
            }
        }
        Form::Constant => match instruction.data() {
            Data::VectorConst { index, value } => format!("{out}[element({index:?}f)] = {};", number(value.into())),
            Data::MatrixConst { row, column, value } => {
                format!("{out}[element({row:?}f) * F + element({column:?}f)] = {};", number(value.into()))
            }
            data => format!("{out} = {};", number(data.values().0[0])),
        },
        Form::Draw(distribution) => {
            let ([x, y, _], _) = instruction.data().values();
            let function = if distribution == Distribution::Uniform { "uniform_draw" } else { "gaussian_draw" };
            let element = if space == Space::Scalar { "0" } else { "i" };
            each(&format!("{function}(draws(m, {ordinal}), {element}, {}, {})", number(x), number(y)))
        }
    };
    if is_safe { text } else { format!("{text}\n    memcpy({out}, m->result, sizeof {out});") }
}

/// The element of an output from those of the inputs.
fn elementwise(element: Element, a: &str, b: &str) -> String {
    match element {
        Element::Infix(symbol) => format!("{a} {symbol} {b}"),
        Element::Reciprocal => format!("1.0 / {a}"),
        Element::Abs => format!("fabs({a})"),
        Element::Step(relation) => format!("{a} {relation} 0.0 ? 1.0 : 0.0"),
        Element::Choice { relation, swapped } => {
            let (x, y) = if swapped { (b, a) } else { (a, b) };
            format!("{x} {relation} {y} ? {x} : {y}")
        }
        Element::Same => a.to_owned(),
        Element::Function(name) => format!("{}({a})", name.replacen("arc", "a", 1)),
    }
}

fn number(value: f64) -> String {
    decimal(value, "INFINITY", "NAN")
}

/// Reading examples, and the command line.
fn main(source: &Source) -> String {
    let check = match source.scoring {
        Scoring::Rms => "",
        Scoring::Accuracy => {
            "        if (example->label != 0.0 && example->label != 1.0)\n            fail(path, line, \"labels are 0 or 1\");\n"
        }
        Scoring::Classes => {
            "        if (!(example->label >= 0.0 && example->label <= 9.0 && example->label == floor(example->label)))\n            fail(path, line, \"labels are 0 to 9\");\n"
        }
    };
    let mut out = MAIN_READ.replace("        /* label */\n", check);
    if let Some(demo) = &source.demo {
        let _ = write!(
            out,
            "\n#if F != {0}\n#error \"the demonstration data have F = {0}: compile without -DF, or export with other --features or without --demo\"\n#endif\n",
            source.features
        );
        for (name, rows) in [("demo_train", &demo.train), ("demo_valid", &demo.valid)] {
            let _ = write!(
                out,
                "\n/* Features and label of some examples, for a first try. */\nstatic const double {name}[{}][F + 1] = {{\n{}}};\n",
                rows.len(),
                Demo::rows(rows, "    ", "{", "}"),
            );
        }
        out += DEMO;
    }
    out += MAIN;
    let (usage, files) = if source.demo.is_some() { (USAGE_DEMO, FILES_DEMO) } else { (USAGE, FILES) };
    out += usage;
    out += NUMBERS;
    out += files;
    out += MAIN_REST;
    out
}
