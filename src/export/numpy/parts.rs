//! What every file in Python with NumPy has, by kind of task, and what it may call.

pub(super) const HEADER: &str = r#"
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

pub(super) const IMPORTS: &str = r#"import sys

import numpy as np

"#;

/// What code may call, with what each calls before it.
pub(super) const HELPERS: &[(&str, &str)] = &[
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

pub(super) const DRAWS: &str = r#"    def draws(self, ordinal):
        """The random stream of an instruction in this step, by its number among those that draw."""
        return stream_key(stream_key(self.seed, 2**32 + ordinal), self.step)

"#;

pub(super) const TRAIN_RMS: &str = r#"
    @np.errstate(all="ignore")
    def train(self, x, label):
        """One step of training. Returns the error; one above MAX_ABS_ERROR, or NaN, teaches nothing."""
        error = abs(label - self.predict(x))
        if error <= MAX_ABS_ERROR:
            self.learn(x, label)
        return error
"#;

pub(super) const TRAIN_ACCURACY: &str = r#"
    @np.errstate(all="ignore")
    def train(self, x, label):
        """One step of training. Returns the error; one above MAX_ABS_ERROR, or NaN, teaches nothing."""
        self.s1 = self.predict(x)
        error = abs(label - self.s1)
        if error <= MAX_ABS_ERROR:
            self.learn(x, label)
        return error
"#;

pub(super) const TRAIN_CLASSES: &str = r#"
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

pub(super) const FIT: &str = r#"
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

pub(super) const SCORE_RMS: &str = r#"    @np.errstate(all="ignore")
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

pub(super) const SCORE_ACCURACY: &str = r#"    @np.errstate(all="ignore")
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

pub(super) const SCORE_CLASSES: &str = r#"    @np.errstate(all="ignore")
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

/// Reading examples and numbers; the line of the label stands for the checks of the kind of task.
pub(super) const READ: &str = r#"def fail(message, code=1):
    """Ends with a message and an exit code: 1 where examples are wrong or training stopped, 2 where arguments are wrong."""
    print(message, file=sys.stderr)
    sys.exit(code)


def whole(text, name, least):
    """A whole number of the command line."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and least <= int(text) < 2**64):
        fail(f"{name} is a whole number from {least} to {2**64 - 1}, not {text}", 2)
    return int(text)


def number_of(field):
    """The number of a field; of what `float` takes, only what other languages take, too."""
    if not field.isascii() or "_" in field or field != field.strip():
        raise ValueError(f"could not convert string to float: {field!r}")
    return float(field)


def read(path, columns=None):
    """The examples of a file: in each line features and a label, between commas, as many as `columns` says or the first line has."""
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            rows = list(file)
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        fail(f"{path}: is no text")
    examples = []
    for line, row in enumerate(rows, 1):
        row = row.rstrip("\n")
        if row.endswith("\r"):
            row = row[:-1]
        if not row.strip(" \t"):
            continue
        try:
            numbers = [number_of(field.strip(" \t")) for field in row.split(",")]
        except ValueError as error:
            fail(f"{path}, line {line}: {error}")
        columns = columns or len(numbers)
        if len(numbers) != columns:
            fail(f"{path}, line {line}: {len(numbers)} numbers where {columns} belong, as in the first line of the training examples")
        if columns < LEAST + 1:
            fail(f"{path}, line {line}: there must be features before the label, at least LEAST")
        # label
        examples.append(numbers)
    if not examples:
        fail(f"{path}: no examples")
    return np.array(examples)


"#;

pub(super) const MAIN: &str = r#"    model = Model(train.shape[1] - 1, seed)
    scores = model.fit(train[:, :-1], train[:, -1], epochs, (valid[:, :-1], valid[:, -1]))
    if len(scores) < epochs:
        fail(f"training stopped at step {model.train_steps}: the error is NaN or above {MAX_ABS_ERROR}")
    for prediction in model.predictions:
        print(",".join(repr(float(x)) for x in np.atleast_1d(prediction)))
    print(f"score {max(scores)!r} after {model.train_steps} steps", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
"#;
