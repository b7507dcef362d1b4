//! Python with NumPy: a class whose methods are the program's functions.

use std::fmt::Write;

use exnihilo_jit::lang::{Data, DataKind};
use exnihilo_jit::{ComponentFunction, Instruction, Scoring, Space};

use super::demo::Demo;
use super::form::{Distribution, Element, Extent, Form, Reduction};
use super::{Line, Source, called, decimal};

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

const HEADER: &str = r#"
In your own code:

    model = Model(features=X.shape[1])
    model.fit(X, y)
    model.predict(X[0])

On files, each line the features of an example and then its label, as numbers between commas, without a header:

    python3 model.py TRAIN.csv VALID.csv [EPOCHS [SEED]]

trains on the first, validates on the second after each epoch, and prints the last predictions, one a line. Needs NumPy only.
Sums are added in exnihilo's order and random draws are its own: results have the same bits as there, but for NumPy's sin, cos, tan, arcsin,
arccos, arctan, exp and log (in draws of gaussian, the sigmoid and the softmax too), which may differ in the last bits.
"#;

const IMPORTS: &str = r#"import sys

import numpy as np

"#;

/// What code may call, with what each calls before it.
const HELPERS: &[(&str, &str)] = &[
    (
        "total(",
        r#"def total(x):
    """Sums along the last axis, in exnihilo's order: eight partial sums, then halves."""
    partial = x[..., :8].copy()
    for begin in range(8, x.shape[-1], 8):
        terms = x[..., begin : begin + 8]
        partial[..., : terms.shape[-1]] += terms
    for width in (4, 2, 1):
        upper = partial.shape[-1] - width
        if upper > 0:
            partial[..., :upper] += partial[..., width:]
            partial = partial[..., :width]
    return partial[..., 0]


"#,
    ),
    (
        "matmul(",
        r#"def matmul(a, b):
    """The product of two matrices."""
    return np.array([total(row * b.T) for row in a])


"#,
    ),
    (
        "norm(",
        r#"def norm(x):
    """The square root of the sum of squares along the last axis."""
    return np.sqrt(total(x * x))


"#,
    ),
    (
        "mean(",
        r#"def mean(x):
    """The mean along the last axis."""
    return total(x) / x.shape[-1]


"#,
    ),
    (
        "std(",
        r#"def std(x):
    """The standard deviation along the last axis: the root of the mean of squares less the squared mean, not clamped."""
    return np.sqrt(mean(x * x) - mean(x) * mean(x))


"#,
    ),
    (
        "element(",
        r#"def element(features, fraction):
    """Which element a fraction of the features means."""
    return min(features - 1, int(np.float32(features) * np.float32(fraction)))


"#,
    ),
    (
        "mix(",
        r#"GAMMA = 0x9E3779B97F4A7C15


def mix(z):
    """The output function of SplitMix64."""
    z &= 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return z ^ (z >> 31)


"#,
    ),
    (
        "stream_key(",
        r#"def stream_key(parent, name):
    """The key of the random stream called `name` under the key `parent`."""
    return mix(mix(parent + GAMMA) ^ ((name * GAMMA + name) & 0xFFFFFFFFFFFFFFFF))


"#,
    ),
    (
        "order_of(",
        r#"def order_of(count, seed, epoch):
    """The order of the training examples: as given in the first epoch, then shuffled."""
    order = list(range(count))
    key = stream_key(stream_key(seed, 4), epoch)
    if epoch > 0:
        for position, last in enumerate(range(count - 1, 0, -1)):
            other = mix(key + (position + 1) * GAMMA) * (last + 1) >> 64
            order[last], order[other] = order[other], order[last]
    return order


"#,
    ),
    (
        "units(",
        r#"def units(key, shape):
    """Numbers in [0, 1), of the random stream with this key."""
    count = int(np.prod(shape))
    return np.array([(mix(key + (i + 1) * GAMMA) >> 11) * 2.0**-53 for i in range(count)]).reshape(shape)


"#,
    ),
    (
        "uniform(",
        r#"def uniform(key, shape, low, high):
    """Draws from [low, high); low itself unless low < high."""
    return low + (high - low) * units(key, shape) if low < high else np.full(shape, low)


"#,
    ),
    (
        "gaussian(",
        r#"def gaussian(key, shape, mean, st_dev):
    """Normal draws, two from two numbers in [0, 1) (Box-Muller)."""
    count = int(np.prod(shape))
    first, second = units(key, ((count + 1) // 2, 2)).T
    radius = np.sqrt(-2.0 * np.log(1.0 - first))
    angle = 2.0 * np.pi * second
    normal = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()[:count]
    return mean + st_dev * normal.reshape(shape)


"#,
    ),
    (
        "sigmoid(",
        r#"def sigmoid(x):
    """A probability from any number."""
    return 1.0 / (1.0 + np.exp(-x))


"#,
    ),
    (
        "softmax(",
        r#"def softmax(scores):
    """Ten probabilities from ten numbers."""
    largest = scores[0]
    for score in scores:
        largest = score if score > largest else largest
    e = np.exp(scores - largest)
    divisor = e[0]
    for term in e[1:]:
        divisor = divisor + term
    return e / divisor


"#,
    ),
    (
        "class_of(",
        r#"def class_of(scores):
    """The class of ten scores: the last one of the largest; -1 if any is NaN."""
    return -1 if np.isnan(scores).any() else int(9 - np.argmax(scores[::-1]))


"#,
    ),
];

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

const DRAWS: &str = r#"    def draws(self, ordinal):
        """The random stream of an instruction in this step, by its number among those that draw."""
        return stream_key(stream_key(self.seed, 2**32 + ordinal), self.step)

"#;

const TRAIN_RMS: &str = r#"
    @np.errstate(all="ignore")
    def train(self, x, label):
        """One step of training. Returns the error; one above MAX_ABS_ERROR, or NaN, teaches nothing."""
        error = abs(label - self.predict(x))
        if error <= MAX_ABS_ERROR:
            self.learn(x, label)
        return error
"#;

const TRAIN_ACCURACY: &str = r#"
    @np.errstate(all="ignore")
    def train(self, x, label):
        """One step of training. Returns the error; one above MAX_ABS_ERROR, or NaN, teaches nothing."""
        self.s1 = self.predict(x)
        error = abs(label - self.s1)
        if error <= MAX_ABS_ERROR:
            self.learn(x, label)
        return error
"#;

const TRAIN_CLASSES: &str = r#"
    @np.errstate(all="ignore")
    def train(self, x, label):
        """One step of training. Returns the error, the largest of ten; one above MAX_ABS_ERROR, or NaN, teaches nothing."""
        shares = self.predict(x)
        self.v2 = np.zeros(self.features)
        self.v2[:10] = shares
        error = np.abs(np.eye(10)[int(label)] - shares).max()
        if error <= MAX_ABS_ERROR:
            self.learn(x, label)
        return error
"#;

const FIT: &str = r#"
    def fit(self, X, y, epochs=1, validation=None):
        """Trains from the beginning. Returns the score on the `validation` examples (X, y) after each epoch, fewer if training stopped."""
        self.setup()
        self.train_steps = 0
        scores = []
        for epoch in range(epochs):
            for i in order_of(len(X), self.seed, epoch):
                self.train_steps += 1
                if not self.train(X[i], y[i]) <= MAX_ABS_ERROR:
                    return scores
            scores.append(None if validation is None else self.score(*validation))
        return scores

"#;

const SCORE_RMS: &str = r#"    @np.errstate(all="ignore")
    def score(self, X, y):
        """1 - (2 / pi) arctan(root mean squared error); 0 if an error is above MAX_ABS_ERROR. Keeps the predictions."""
        self.predictions = []
        squares = 0.0
        end = self.step + len(X)
        for x, label in zip(X, y):
            self.predictions.append(self.predict(x))
            error = abs(label - self.predictions[-1])
            if not error <= MAX_ABS_ERROR:
                self.step = end
                return 0.0
            squares += error * error
        fitness = 1.0 - 0.6366197723675814 * np.arctan(np.sqrt(squares / len(X)))
        return float(fitness) if np.isfinite(fitness) else 0.0
"#;

const SCORE_ACCURACY: &str = r#"    @np.errstate(all="ignore")
    def score(self, X, y):
        """The share of right classes. Keeps the predictions."""
        self.predictions = []
        wrong = 0
        end = self.step + len(X)
        for x, label in zip(X, y):
            self.predictions.append(self.predict(x))
            error = 0 if (label > 0.5) == (self.predictions[-1] > 0.5) else 1
            if error > MAX_ABS_ERROR:
                self.step = end
                return 0.0
            wrong += error
        return 1.0 - wrong / len(X)
"#;

const SCORE_CLASSES: &str = r#"    @np.errstate(all="ignore")
    def score(self, X, y):
        """The share of right classes. Keeps the predictions: the class, then the ten probabilities."""
        self.predictions = []
        wrong = 0
        end = self.step + len(X)
        for x, label in zip(X, y):
            shares = self.predict(x)
            self.predictions.append([class_of(self.v2[:10]), *shares])
            error = 0 if self.predictions[-1][0] == label else 1
            if error > MAX_ABS_ERROR:
                self.step = end
                return 0.0
            wrong += error
        return 1.0 - wrong / len(X)
"#;

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
    format!("{}({terms})", reduction.name())
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
    let mut out = String::new();
    let files = "    train, valid = (np.loadtxt(path, delimiter=\",\", ndmin=2) for path in arguments[:2])\n";
    let enough = if source.demo.is_some() { "len(arguments) in (0, 2, 3, 4)" } else { "len(arguments) in (2, 3, 4)" };
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
        "def main(arguments):\n    if not ({enough}):\n        sys.exit(\"usage: python3 model.py TRAIN.csv VALID.csv [EPOCHS [SEED]]\")\n"
    );
    if source.demo.is_some() {
        let indented = files.replacen("    ", "        ", 1);
        let _ = write!(out, "    if arguments:\n{indented}    else:\n        train, valid = np.array(DEMO_TRAIN), np.array(DEMO_VALID)\n");
    } else {
        out += files;
    }
    out += MAIN;
    out
}

const MAIN: &str = r#"    epochs, seed = (int(arguments[i]) if len(arguments) > i else default for i, default in ((2, 1), (3, 0)))
    if epochs < 1:
        sys.exit("there must be at least one epoch")
    model = Model(train.shape[1] - 1, seed)
    scores = model.fit(train[:, :-1], train[:, -1], epochs, (valid[:, :-1], valid[:, -1]))
    if len(scores) < epochs:
        sys.exit(f"training stopped at step {model.train_steps}: the error is NaN or above {MAX_ABS_ERROR}")
    for prediction in model.predictions:
        print(",".join(repr(float(x)) for x in np.atleast_1d(prediction)))
    print(f"score {max(scores)!r} after {model.train_steps} steps", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
"#;
