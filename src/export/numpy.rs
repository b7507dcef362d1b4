//! Python with NumPy: a class whose methods are the program's functions.

mod parts;

use std::fmt::Write;

use exnihilo_jit::lang::{Data, DataKind, Distribution, Extent, Reduction};
use exnihilo_jit::{ComponentFunction, Instruction, Scoring, Space};

use super::demo::Demo;
use super::form::{Element, Form, name_of};
use super::{Line, Source, called, decimal};
use parts::{
    DRAWS, FIT, HEADER, HELPERS, IMPORTS, MAIN, READ, SCORE_ACCURACY, SCORE_CLASSES, SCORE_RMS, TRAIN_ACCURACY, TRAIN_CLASSES, TRAIN_RMS,
};

/// The whole file.
pub(super) fn write(source: &Source) -> String {
    let class = class(source);
    let main = main(source);
    let helpers = called(&(class.clone() + &main), HELPERS);
    let (title, task, limit) = (source.title(), source.task(), number(source.max_abs_error));
    format!(
        "\"\"\"{title}.\n\n{task}\n{HEADER}\"\"\"\n\n{IMPORTS}MAX_ABS_ERROR = {limit}  # an error above it, or NaN, ends training or validation\n\n\n{helpers}{class}\n\n{main}"
    )
}

/// The class with the program's functions, training and scoring.
fn class(source: &Source) -> String {
    let mut out = String::from("class Model:\n    \"\"\"The program's memory and its three functions.\"\"\"\n\n");
    out +=
        "    def __init__(self, features, seed=0):\n        self.features = features\n        self.seed = seed\n        self.setup()\n\n";
    out += if source.draws() { DRAWS } else { "" };

    out += "    @np.errstate(all=\"ignore\")\n    def setup(self):\n        \"\"\"Forgets everything and runs the program's Setup.\"\"\"\n";
    out += "        F = self.features\n        self.step = 0  # predictions so far\n";
    for (space, address) in source.memory.kept() {
        let zero = match space {
            Space::Scalar => "np.float64(0.0)",
            Space::Vector => "np.zeros(F)",
            Space::Matrix => "np.zeros((F, F))",
        };
        let role = source.memory.role(space, address);
        let _ = writeln!(out, "        self.{}{address} = {zero}  # {role}", space.letter());
    }
    body(source, ComponentFunction::Setup, &mut out);

    let of_classes = source.scoring == Scoring::Classes;
    let returned = match source.scoring {
        Scoring::Rms => "The prediction for an example with features v0.",
        Scoring::Accuracy => "The probability of class 1 for an example with features v0.",
        Scoring::Classes => "The probabilities of the ten classes for an example with features v0.",
    };
    let _ = write!(out, "\n    @np.errstate(all=\"ignore\")\n    def predict(self, v0):\n        \"\"\"{returned}\"\"\"\n");
    out += "        F = self.features\n        self.step += 1\n";
    body(source, ComponentFunction::Predict, &mut out);
    out += match source.scoring {
        Scoring::Rms => "        return self.s1\n",
        Scoring::Accuracy => "        return sigmoid(self.s1)\n",
        Scoring::Classes => "        return softmax(self.v2[:10])\n",
    };

    let label = if of_classes { "label" } else { "s0" };
    let _ = write!(
        out,
        "\n    @np.errstate(all=\"ignore\")\n    def learn(self, v0, {label}):\n        \"\"\"Learns from the example that was just predicted: its features v0 and its label{}.\"\"\"\n        F = self.features\n",
        if of_classes { "" } else { " s0" },
    );
    body(source, ComponentFunction::Learn, &mut out);
    // F where nothing of fixed size is made is not used.
    let mut out = unused_size_dropped(&out);

    out += match source.scoring {
        Scoring::Rms => TRAIN_RMS,
        Scoring::Accuracy => TRAIN_ACCURACY,
        Scoring::Classes => TRAIN_CLASSES,
    };
    out += FIT;
    out += match source.scoring {
        Scoring::Rms => SCORE_RMS,
        Scoring::Accuracy => SCORE_ACCURACY,
        Scoring::Classes => SCORE_CLASSES,
    };
    out
}

/// Leaves the line that names F out of every method that does not use it.
fn unused_size_dropped(code: &str) -> String {
    const LINE: &str = "        F = self.features\n";
    let mut methods = code.split(LINE);
    let mut out = methods.next().unwrap_or_default().to_owned();
    for method in methods {
        let own = method.split("\n    @").next().unwrap_or_default();
        let uses = own.lines().any(|line| line.split('#').next().is_some_and(|code| code.contains("(F") || code.contains(", F")));
        out += if uses { LINE } else { "" };
        out += method;
    }
    out
}

/// One function: what the evaluation sets, where the function reads it, and the instructions.
fn body(source: &Source, function: ComponentFunction, out: &mut String) {
    use ComponentFunction::{Learn, Setup};
    let reads = |space, address| source.reads(function, space, address);
    let of_classes = source.scoring == Scoring::Classes;
    let mut line = |text: &str| {
        let _ = writeln!(out, "        {text}");
    };
    if reads(Space::Vector, 0) {
        line(if function == Setup { "v0 = np.zeros(F)" } else { "v0 = np.asarray(v0, dtype=float)" });
    }
    if reads(Space::Scalar, 0) {
        line(if function == Learn && !of_classes { "s0 = np.float64(s0)" } else { "s0 = np.float64(0.0)" });
    }
    if of_classes && reads(Space::Vector, 1) {
        line("v1 = np.zeros(F)");
        if function == Learn {
            line("v1[int(label)] = 1.0");
        }
    }
    for Line { instruction, ordinal, note } in source.lines(function) {
        let text = statement(source, instruction, ordinal);
        match instruction.op().info().data {
            _ if text.is_empty() => {}
            DataKind::None | DataKind::ScalarConst => line(&format!("{text}  # {note}")),
            // These constants have 32 bits; as 64 they are harder to recognize.
            _ => line(&format!("{text}  # {note}: {instruction}")),
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
    let mut inputs = instruction.reads();
    let first = inputs.next();
    let a = first.map(name).unwrap_or_default();
    let b = inputs.next().map(name).unwrap_or_default();
    let is_scalar = space == Space::Scalar;
    let value = match Form::of(instruction) {
        Form::Nothing => return String::new(),
        Form::Elementwise(element) => match element {
            Element::Infix(symbol) => format!("{a} {symbol} {b}"),
            Element::Reciprocal => format!("1.0 / {a}"),
            Element::Abs => format!("np.abs({a})"),
            Element::Step(relation) if is_scalar => format!("np.float64({a} {relation} 0.0)"),
            Element::Step(relation) => format!("np.where({a} {relation} 0.0, 1.0, 0.0)"),
            Element::Choice { relation, swapped } => {
                let (x, y) = if swapped { (&b, &a) } else { (&a, &b) };
                if is_scalar { format!("{x} if {x} {relation} {y} else {y}") } else { format!("np.where({x} {relation} {y}, {x}, {y})") }
            }
            Element::Same => format!("np.full(F, {a})"),
            Element::Function(function) => format!("np.{function}({a})"),
        },
        Form::Repeat(0) => format!("np.tile({a}[:, np.newaxis], (1, F))"),
        Form::Repeat(_) => format!("np.tile({a}, (F, 1))"),
        Form::Outer => format!("np.outer({a}, {b})"),
        Form::Transpose => format!("{a}.T.copy()"),
        Form::Dot if space == Space::Matrix => format!("matmul({a}, {b})"),
        Form::Dot => format!("total({a} * {b})"),
        Form::Reduce(reduction, extent) => {
            let of_matrix = first.is_some_and(|(space, _)| space == Space::Matrix);
            let along = match extent {
                Extent::All if of_matrix => ".ravel()",
                Extent::All | Extent::Rows => "",
                Extent::Columns => ".T",
            };
            reduced(reduction, &format!("{a}{along}"))
        }
        Form::Constant => return constant(&out, instruction.data()),
        Form::Draw(distribution) => {
            let key = format!("self.draws({ordinal})");
            let shape = ["(1,)", "(F,)", "(F, F)"][space as usize];
            let function = if distribution == Distribution::Uniform { "uniform" } else { "gaussian" };
            let ([x, y, _], _) = instruction.data().values();
            format!("{function}({key}, {shape}, {}, {}){}", number(x), number(y), if is_scalar { "[0]" } else { "" })
        }
    };
    format!("{out} = {value}")
}

fn reduced(reduction: Reduction, terms: &str) -> String {
    format!("{}({terms})", name_of(reduction))
}

/// Sets a scalar or one element.
fn constant(out: &str, data: Data) -> String {
    match data {
        Data::VectorConst { index, value } => format!("{out}[element(F, {index:?})] = {}", number(value.into())),
        Data::MatrixConst { row, column, value } => {
            format!("{out}[element(F, {row:?}), element(F, {column:?})] = {}", number(value.into()))
        }
        data => format!("{out} = np.float64({})", number(data.values().0[0])),
    }
}

fn number(value: f64) -> String {
    decimal(value, "np.inf", "np.nan")
}

/// The command line.
fn main(source: &Source) -> String {
    let (least, check) = match source.scoring {
        Scoring::Rms => ("1", ""),
        Scoring::Accuracy => {
            ("1", "        if numbers[-1] not in (0.0, 1.0):\n            fail(f\"{path}, line {line}: labels are 0 or 1\")\n")
        }
        Scoring::Classes => {
            ("10", "        if numbers[-1] not in range(10):\n            fail(f\"{path}, line {line}: labels are 0 to 9\")\n")
        }
    };
    let mut out = READ.replace("        # label\n", check).replace("LEAST", least);
    let files = "    train = read(arguments[0])\n    valid = read(arguments[1], train.shape[1])\n";
    let (enough, usage) = if source.demo.is_some() {
        ("(0, 2, 3, 4)", "[TRAIN.csv VALID.csv [EPOCHS [SEED]]]")
    } else {
        ("(2, 3, 4)", "TRAIN.csv VALID.csv [EPOCHS [SEED]]")
    };
    if let Some(demo) = &source.demo {
        let _ = write!(
            out,
            "# Features and label of some examples, for a first try.\nDEMO_TRAIN = [\n{}]\n",
            Demo::rows(&demo.train, "    ", "[", "]")
        );
        let _ = write!(out, "DEMO_VALID = [\n{}]\n\n\n", Demo::rows(&demo.valid, "    ", "[", "]"));
    }
    let _ = write!(
        out,
        "def main(arguments):\n    if len(arguments) not in {enough}:\n        fail(\"usage: python3 model.py {usage}\", 2)\n\
         \x20   epochs = whole(arguments[2], \"EPOCHS\", 1) if len(arguments) > 2 else 1\n\
         \x20   seed = whole(arguments[3], \"SEED\", 0) if len(arguments) > 3 else 0\n"
    );
    if source.demo.is_some() {
        let indented = files.replace("    ", "        ");
        let _ = write!(out, "    if arguments:\n{indented}    else:\n        train, valid = np.array(DEMO_TRAIN), np.array(DEMO_VALID)\n");
    } else {
        out += files;
    }
    out += MAIN;
    out
}
