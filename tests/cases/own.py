"""Writes own.jsonl: cases beyond the recorded ones, with expected values from the short interpreter below.

It is a second reading of docs/semantics.md, in plain Python with the platform's maths and sums from left to right; it shares
nothing with the Rust code, so cases keep to programs that neither of the two can sway by more than the tolerance.
Run `python3 tests/cases/own.py > tests/cases/own.jsonl`.
"""

import json
import math
import struct
import sys

INF, NAN = math.inf, math.nan
MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def guarded(function):
    """IEEE 754 results where Python raises."""

    def call(x):
        try:
            return function(x)
        except ValueError:
            return -INF if function is math.log and x == 0 else NAN
        except OverflowError:
            return INF

    return call


sqrt, exp, log = guarded(math.sqrt), guarded(math.exp), guarded(math.log)


def div(a, b):
    if b != 0 or math.isnan(a):
        return a / b if b != 0 else NAN
    return NAN if a == 0 else math.copysign(INF, a) * math.copysign(1, b)


def total(terms):
    terms = list(terms)
    result = terms[0]
    for term in terms[1:]:
        result += term
    return result


def norm(terms):
    return sqrt(total(x * x for x in terms))


def mean(terms):
    return total(terms) / len(terms)


def st_dev(terms):
    return sqrt(total(x * x for x in terms) / len(terms) - mean(terms) * mean(terms))


def flat(matrix):
    return [x for row in matrix for x in row]


def columns(matrix):
    return [list(column) for column in zip(*matrix)]


def element(fraction, size):
    return min(size - 1, int(f32(size * f32(fraction))))


# Draws: SplitMix64 streams named by task seed, ordinal and step, as written in docs/semantics.md.


def mix(z):
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def key(parent, name):
    return mix(mix((parent + GAMMA) & MASK) ^ (name * GAMMA + name) & MASK)


def unit(stream, index):
    return (mix((stream + (index + 1) * GAMMA) & MASK) >> 11) * 2.0**-53


def uniform(stream, index, low, high):
    return low + (high - low) * unit(stream, index) if low < high else low


def gaussian(stream, index, mean_, sd):
    pair = index & ~1
    radius, angle = sqrt(-2 * log(1 - unit(stream, pair))), 2 * math.pi * unit(stream, pair + 1)
    return mean_ + sd * (radius * (math.sin(angle) if index & 1 else math.cos(angle)))


UNARY = {
    "ABS": abs,
    "RECIPROCAL": lambda a: div(1.0, a),
    "SIN": guarded(math.sin),
    "COS": guarded(math.cos),
    "TAN": guarded(math.tan),
    "ARCSIN": guarded(math.asin),
    "ARCCOS": guarded(math.acos),
    "ARCTAN": math.atan,
    "EXP": exp,
    "LOG": log,
}
BINARY = {"SUM": lambda a, b: a + b, "DIFF": lambda a, b: a - b, "PRODUCT": lambda a, b: a * b, "DIVISION": div}
LEAST = {"SCALAR": lambda a, b: b if b < a else a, "MATRIX": lambda a, b: a if a < b else b}
MOST = {"SCALAR": lambda a, b: b if a < b else a, "MATRIX": lambda a, b: a if a > b else b}
LEAST["VECTOR"], MOST["VECTOR"] = LEAST["SCALAR"], MOST["SCALAR"]
# Spaces of inputs and output of the ops that are not elementwise within one space.
OTHER = {
    "NO_OP": "", "SCALAR_VECTOR_PRODUCT": "svv", "SCALAR_BROADCAST": "sv", "VECTOR_NORM": "vs", "VECTOR_INNER_PRODUCT": "vvs",
    "VECTOR_OUTER_PRODUCT": "vvm", "SCALAR_MATRIX_PRODUCT": "smm", "MATRIX_VECTOR_PRODUCT": "mvv",
    "VECTOR_COLUMN_BROADCAST": "vm", "VECTOR_ROW_BROADCAST": "vm", "MATRIX_NORM": "ms", "MATRIX_COLUMN_NORM": "mv",
    "MATRIX_ROW_NORM": "mv", "MATRIX_TRANSPOSE": "mm", "MATRIX_MATRIX_PRODUCT": "mmm", "VECTOR_MEAN": "vs", "MATRIX_MEAN": "ms",
    "MATRIX_ROW_MEAN": "mv", "MATRIX_ROW_ST_DEV": "mv", "VECTOR_ST_DEV": "vs", "MATRIX_ST_DEV": "ms", "SCALAR_CONST_SET": "s",
    "VECTOR_CONST_SET": "v", "MATRIX_CONST_SET": "m",
}
SIGNATURES = dict(OTHER)
for space in ("SCALAR", "VECTOR", "MATRIX"):
    letter = space[0].lower()
    names = list(UNARY) if space == "SCALAR" else ["ABS", "RECIPROCAL"]
    SIGNATURES.update({f"{space}_{name}": letter * 2 for name in names + ["HEAVYSIDE"]})
    SIGNATURES.update({f"{space}_{name}": letter * 3 for name in [*BINARY, "MIN", "MAX"]})
PLAIN_OPS = sorted(SIGNATURES)
for space in ("SCALAR", "VECTOR", "MATRIX"):
    SIGNATURES.update({f"{space}_{name}_SET": space[0].lower() for name in ("UNIFORM", "GAUSSIAN")})


def compute(op, a, b, old, data, size, stream):
    """The new value of the output."""
    space, _, name = op.partition("_")
    elementwise = None
    if op not in OTHER and name in UNARY:
        elementwise = lambda x, _: UNARY[name](x)
    elif op not in OTHER and name in BINARY:
        elementwise = BINARY[name]
    elif name in ("MIN", "MAX"):
        elementwise = (LEAST if name == "MIN" else MOST)[space]
    elif name == "HEAVYSIDE":
        elementwise = lambda x, _: float(x >= 0 if space == "SCALAR" else x > 0)
    if elementwise:
        pad = lambda x, y: y if y is not None else x
        if space == "SCALAR":
            return elementwise(a, b)
        if space == "VECTOR":
            return [elementwise(x, y) for x, y in zip(a, pad(a, b))]
        return [[elementwise(x, y) for x, y in zip(p, q)] for p, q in zip(a, pad(a, b))]
    if name in ("UNIFORM_SET", "GAUSSIAN_SET"):
        draw = lambda i: (uniform if name == "UNIFORM_SET" else gaussian)(stream, i, f32(data[0]), f32(data[1]))
        if space == "SCALAR":
            return draw(0)
        if space == "VECTOR":
            return [draw(i) for i in range(size)]
        return [[draw(r * size + c) for c in range(size)] for r in range(size)]
    if op == "VECTOR_CONST_SET":
        return [f32(data[1]) if i == element(data[0], size) else x for i, x in enumerate(old)]
    if op == "MATRIX_CONST_SET":
        place = (element(data[0], size), element(data[1], size))
        return [[f32(data[2]) if (r, c) == place else x for c, x in enumerate(row)] for r, row in enumerate(old)]
    return {
        "SCALAR_VECTOR_PRODUCT": lambda: [a * x for x in b],
        "SCALAR_BROADCAST": lambda: [a] * size,
        "VECTOR_NORM": lambda: norm(a),
        "VECTOR_INNER_PRODUCT": lambda: total(x * y for x, y in zip(a, b)),
        "VECTOR_OUTER_PRODUCT": lambda: [[x * y for y in b] for x in a],
        "SCALAR_MATRIX_PRODUCT": lambda: [[a * x for x in row] for row in b],
        "MATRIX_VECTOR_PRODUCT": lambda: [total(x * y for x, y in zip(row, b)) for row in a],
        "VECTOR_COLUMN_BROADCAST": lambda: [[x] * size for x in a],
        "VECTOR_ROW_BROADCAST": lambda: [list(a) for _ in a],
        "MATRIX_NORM": lambda: norm(flat(a)),
        "MATRIX_COLUMN_NORM": lambda: [norm(column) for column in columns(a)],
        "MATRIX_ROW_NORM": lambda: [norm(row) for row in a],
        "MATRIX_TRANSPOSE": lambda: columns(a),
        "MATRIX_MATRIX_PRODUCT": lambda: [[total(x * y for x, y in zip(row, column)) for column in columns(b)] for row in a],
        "VECTOR_MEAN": lambda: mean(a),
        "MATRIX_MEAN": lambda: mean(flat(a)),
        "MATRIX_ROW_MEAN": lambda: [mean(row) for row in a],
        "MATRIX_ROW_ST_DEV": lambda: [st_dev(row) for row in a],
        "VECTOR_ST_DEV": lambda: st_dev(a),
        "MATRIX_ST_DEV": lambda: st_dev(flat(a)),
        "SCALAR_CONST_SET": lambda: data[0],
    }[op]()


class Memory:
    def __init__(self, size, scalars, vectors, matrices):
        self.size = size
        self.spaces = {
            "s": [0.0] * scalars,
            "v": [[0.0] * size for _ in range(vectors)],
            "m": [[[0.0] * size for _ in range(size)] for _ in range(matrices)],
        }

    def run(self, instructions, ordinals=(), step=0, seed=0):
        for number, (op, *addresses, data) in enumerate(instructions):
            signature = SIGNATURES[op]
            if not signature:
                continue
            inputs = [self.spaces[letter][address] for letter, address in zip(signature[:-1], addresses)]
            output, out = self.spaces[signature[-1]], addresses[-1]
            stream = key(key(seed, (1 << 32) + ordinals[number]), step) if op.endswith(("UNIFORM_SET", "GAUSSIAN_SET")) else None
            output[out] = compute(op, *(inputs + [None, None])[:2], output[out], data, self.size, stream)

    def json(self):
        return {"scalars": self.spaces["s"], "vectors": self.spaces["v"], "matrices": self.spaces["m"]}


def i(op, *addresses, data=()):
    """An instruction: inputs, then the output."""
    return (op, *addresses, list(data))


def number(x):
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    if isinstance(x, (list, tuple)):
        return [number(y) for y in x]
    return {k: number(v) for k, v in x.items()} if isinstance(x, dict) else x


def instruction_json(instruction):
    op, *addresses, data = instruction
    record = {"op": op + "_OP" if op != "NO_OP" else op}
    if SIGNATURES[op]:
        record.update(zip(["in1", "in2"], addresses[:-1]))
        record["out"] = addresses[-1]
    return record | ({"data": data} if data else {})


def write(record):
    json.dump(number(record), sys.stdout, separators=(",", ":"), allow_nan=False)
    print()


def op_case(name, note, memory, instruction):
    before = json.loads(json.dumps(number(memory.json())))
    memory.run([instruction])
    write({"kind": "op", "id": name, "features_size": memory.size, "note": note, "initial": before,
           "instruction": instruction_json(instruction), "final": memory.json()})


def sigmoid(x):
    return 1 / (1 + exp(-x))


def softmax(prediction):
    """Of the first ten elements; none of them may be NaN or leave no number."""
    powers = [exp(x - max(prediction[:10])) for x in prediction[:10]]
    return [power / total(powers) for power in powers] + [0.0] * (len(prediction) - 10)


def last_largest(prediction):
    return max(range(10), key=lambda c: (prediction[c], c)) if not any(map(math.isnan, prediction[:10])) else None


def execute_case(name, size, counts, program, train, valid, accuracy=False, limit=100.0, epochs=1, orders=None, seed=0,
                 ordinals=None, valid_order=None, show_memory=True, classes=False):
    """`train` and `valid` are lists of (features, label); `ordinals` one list a function, for programs that draw."""
    setup, predict, learn = program
    ordinals = ordinals or [[0] * len(function) for function in program]
    orders = orders or [list(range(len(train)))] * epochs
    valid_order = valid_order or list(range(len(valid)))
    memory = Memory(size, *counts)
    scalars, vectors = memory.spaces["s"], memory.spaces["v"]
    memory.run(setup, ordinals[0], 0, seed)
    best, steps, train_errors, valid_errors = 0.0, 0, [], []
    for epoch in range(epochs):
        number_of_step = 1 + epoch * (len(train) + len(valid))
        stopped = False
        for place, example in enumerate(orders[epoch]):
            features, label = train[example]
            steps += 1
            vectors[0], scalars[0] = list(features), 0.0
            if classes:
                vectors[1] = [0.0] * size
            memory.run(predict, ordinals[1], number_of_step + place, seed)
            if accuracy:
                scalars[1] = sigmoid(scalars[1])
            error = abs(label - scalars[1])
            if classes:
                vectors[2] = softmax(vectors[2])
                error = max(abs((c == label) - share) for c, share in enumerate(vectors[2][:10]))
            if not error <= limit:
                stopped = True
                break
            if epoch == 0:
                train_errors.append(error)
            vectors[0], scalars[0] = list(features), 0.0 if classes else label
            if classes:
                vectors[1] = [float(c == label) for c in range(size)]
            memory.run(learn, ordinals[2], number_of_step + place, seed)
        if stopped:
            break
        loss, failed = 0.0, False
        for place, example in enumerate(valid_order):
            features, label = valid[example]
            vectors[0], scalars[0] = list(features), 0.0
            if classes:
                vectors[1] = [0.0] * size
            memory.run(predict, ordinals[1], number_of_step + len(train) + place, seed)
            wrong = last_largest(vectors[2]) != label if classes else (label > 0.5) != (sigmoid(scalars[1]) > 0.5)
            error = float(wrong) if accuracy or classes else abs(label - scalars[1])
            if not error <= limit:
                failed = True
                break
            if epoch == 0:
                valid_errors.append(error)
            loss += error * error
        if not failed:
            loss /= len(valid)
            best = max(best, 1 - loss if accuracy or classes else 1 - 2 / math.pi * math.atan(math.sqrt(loss)))
    expect = {"fitness": best, "train_errors": train_errors, "valid_errors": valid_errors}
    if show_memory:
        expect["final_memory"] = memory.json()
    write({"kind": "execute", "id": name, "category": "own", "task_seed": seed, "features_size": size, "num_scalars": counts[0],
           "num_vectors": counts[1], "num_matrices": counts[2], "eval_type": "CLASSES" if classes else "ACCURACY" if accuracy else "RMS_ERROR",
           "max_abs_error": limit, "num_train_epochs": epochs,
           **{k: [instruction_json(x) for x in f] for k, f in zip(("setup", "predict", "learn"), program)},
           "train_features": [x for x, _ in train], "train_labels": [y for _, y in train], "train_order": orders,
           "valid_features": [x for x, _ in valid], "valid_labels": [y for _, y in valid], "valid_order": valid_order,
           "expect": expect, "info": {"train_steps": steps}})


class Values:
    """Reproducible numbers of few digits in [-2, 2)."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return round((self.state >> 40) / (1 << 22) - 2, 3)

    def vector(self, size):
        return [self.next() for _ in range(size)]

    def examples(self, count, size, label=lambda x: round(sum(x) / 2, 4)):
        return [(x, label(x)) for x in (self.vector(size) for _ in range(count))]


def fill(memory, values, special=()):
    """Sets every element, some of them to the special values in turn."""
    count = 0

    def value():
        nonlocal count
        count += 1
        return special[count // 2 % len(special)] if special and count % 2 else values.next()

    memory.spaces["s"][:] = [value() for _ in memory.spaces["s"]]
    memory.spaces["v"][:] = [[value() for _ in v] for v in memory.spaces["v"]]
    memory.spaces["m"][:] = [[[value() for _ in row] for row in m] for m in memory.spaces["m"]]
    return memory


def op_cases():
    values = Values(1)
    specials = [-0.0, 0.0, INF, -INF, NAN, 5e-324, -1e308, 1.0]
    for size, counts in ((1, (3, 3, 3)), (3, (3, 3, 3)), (10, (3, 3, 2)), (100, (3, 3, 0))):
        for op in PLAIN_OPS:
            signature = SIGNATURES[op]
            if "m" in signature and not counts[2]:
                continue
            data = {"SCALAR_CONST_SET": [-0.125], "VECTOR_CONST_SET": [f32(0.7), 0.5], "MATRIX_CONST_SET": [1.0, f32(0.7), -0.5]}.get(op, [])
            addresses = {"s": [1, 2, 1], "v": [2, 1, 2], "m": [1, 0, 1]}
            picked = [addresses[letter][place] for place, letter in enumerate(signature[:-1])]
            picked += [addresses[signature[-1]][2]] if signature else []
            # What an op does not touch, it is seen not to touch at the small sizes.
            shape = counts if size < 10 else [n if letter in signature else least for n, letter, least in zip(counts, "svm", (2, 1, 0))]
            op_case(f"own-{op}-F{size}", "values", fill(Memory(size, *shape), values), i(op, *picked, data=data))
            if size == 3 and signature.count(signature[-1:]) == len(signature) and op != "NO_OP":
                op_case(f"own-{op}-special", "special values", fill(Memory(size, *counts), values, specials), i(op, *picked, data=data))
    for fraction in (0.0, 0.1, 0.3, 0.7, 0.9, 0.99999994, 1.0):
        for size in (1, 3, 10, 100):
            op_case(f"own-vector-fraction-{fraction}-F{size}", "fraction", Memory(size, 2, 2, 0), i("VECTOR_CONST_SET", 1, data=[f32(fraction), 1.5]))
        op_case(f"own-matrix-fraction-{fraction}", "fraction", Memory(10, 2, 1, 1), i("MATRIX_CONST_SET", 0, data=[f32(fraction), f32(1 - fraction), 1.5]))
    for constant in (INF, -INF, NAN, -0.0, 5e-324, 1.7976931348623157e308):
        op_case(f"own-scalar-constant-{constant}", "constant", Memory(3, 3, 1, 0), i("SCALAR_CONST_SET", 2, data=[constant]))
        small = f32(constant) if abs(constant) < 1e308 or math.isinf(constant) or math.isnan(constant) else 3.4028234663852886e38
        op_case(f"own-vector-constant-{constant}", "constant", Memory(3, 2, 2, 0), i("VECTOR_CONST_SET", 1, data=[1.0, small]))
        op_case(f"own-matrix-constant-{constant}", "constant", Memory(3, 2, 1, 1), i("MATRIX_CONST_SET", 0, data=[1.0, 0.0, small]))


def linear(rate=0.05):
    return ([i("SCALAR_CONST_SET", 2, data=[rate])],
            [i("VECTOR_INNER_PRODUCT", 0, 1, 1)],
            [i("SCALAR_DIFF", 0, 1, 3), i("SCALAR_PRODUCT", 3, 2, 3), i("SCALAR_VECTOR_PRODUCT", 3, 0, 2), i("VECTOR_SUM", 1, 2, 1)])


def reductions():
    """Every reduction over what the examples put into the memory, and every op that fills a matrix."""
    predict = [
        i("VECTOR_OUTER_PRODUCT", 0, 0, 0), i("VECTOR_COLUMN_BROADCAST", 0, 1), i("MATRIX_SUM", 0, 1, 0),
        i("VECTOR_ROW_BROADCAST", 0, 1), i("MATRIX_MATRIX_PRODUCT", 0, 1, 1), i("MATRIX_TRANSPOSE", 1, 1),
        i("MATRIX_VECTOR_PRODUCT", 0, 0, 1), i("VECTOR_NORM", 1, 1), i("MATRIX_NORM", 1, 2), i("SCALAR_SUM", 1, 2, 1),
        i("MATRIX_COLUMN_NORM", 0, 1), i("MATRIX_ROW_NORM", 0, 2), i("VECTOR_INNER_PRODUCT", 1, 2, 2), i("SCALAR_SUM", 1, 2, 1),
        i("MATRIX_ROW_MEAN", 0, 1), i("VECTOR_MEAN", 1, 2), i("SCALAR_SUM", 1, 2, 1), i("MATRIX_MEAN", 1, 2), i("SCALAR_SUM", 1, 2, 1),
        i("VECTOR_ST_DEV", 0, 2), i("SCALAR_SUM", 1, 2, 1), i("MATRIX_ST_DEV", 0, 2), i("SCALAR_SUM", 1, 2, 1),
        i("MATRIX_ROW_ST_DEV", 0, 1), i("VECTOR_NORM", 1, 2), i("SCALAR_SUM", 1, 2, 1), i("SCALAR_ARCTAN", 1, 2), i("SCALAR_SUM", 1, 2, 1),
    ]
    return ([], predict, [i("MATRIX_ABS", 1, 0)])


def execute_cases():
    values = Values(2)
    for size in (1, 3, 10, 100):
        rate = 0.05 if size < 100 else 0.002
        execute_case(f"own-linear-F{size}", size, (4, 3, 0), linear(rate), values.examples(6, size), values.examples(3, size), epochs=2,
                     orders=[[0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 2, 4]], valid_order=[2, 0, 1])
        execute_case(f"own-reductions-F{size}", size, (4, 3, 2), reductions() if size > 1 else ([], reductions()[1][:19], []),
                     values.examples(2, size), values.examples(2, size), limit=1e9, show_memory=size < 100)

    # The prediction is the feature, so the sigmoid gets just these.
    logits = [0.0, -0.0, 1e-17, -1e-17, 1e-15, -1e-15, 1e-300, 36.0, 37.5, -37.5, 709.0, -709.0, 720.0, -720.0, 745.5, -745.5, 1e300, -1e300]
    predict = [i("VECTOR_MEAN", 0, 1)]
    both = [([x], y) for x in logits for y in (0.0, 1.0)]
    keep = [i("SCALAR_SUM", 1, 2, 2)]
    execute_case("own-sigmoid", 1, (4, 1, 0), ([], predict, keep), both, both, accuracy=True)
    odd = [([3.0], 0.5), ([-3.0], 0.5), ([0.0], 0.5), ([3.0], 1.0), ([-3.0], 0.0)]
    execute_case("own-label-half", 1, (4, 1, 0), ([], predict, keep), odd, odd, accuracy=True)
    execute_case("own-infinite-logits", 1, (4, 1, 0), ([], predict, keep), [([INF], 1.0), ([-INF], 1.0)],
                 [([INF], 1.0), ([-INF], 0.0), ([NAN], 0.0), ([NAN], 1.0)], accuracy=True)
    execute_case("own-label-nan-training-rms", 1, (4, 1, 0), ([], predict, keep), [([1.0], 0.5), ([1.0], NAN), ([1.0], 0.0)], odd)
    execute_case("own-label-nan-training-accuracy", 1, (4, 1, 0), ([], predict, keep), [([1.0], 1.0), ([1.0], NAN)], odd, accuracy=True)
    execute_case("own-label-nan-validation-rms", 1, (4, 1, 0), ([], predict, keep), odd, [([1.0], 0.5), ([1.0], NAN), ([2.0], 0.5)])
    execute_case("own-label-nan-validation-accuracy", 1, (4, 1, 0), ([], predict, keep), odd, [([1.0], NAN), ([-1.0], NAN), ([2.0], 1.0)], accuracy=True)

    constants = [i("SCALAR_CONST_SET", 2, data=[INF]), i("SCALAR_CONST_SET", 3, data=[NAN]), i("VECTOR_CONST_SET", 1, data=[1.0, -INF]),
                 i("MATRIX_CONST_SET", 0, data=[0.0, 1.0, NAN])]
    execute_case("own-constants-unread", 3, (4, 2, 1), (constants, [i("VECTOR_MEAN", 0, 1)], []), values.examples(3, 3), values.examples(2, 3))
    execute_case("own-nan-stops-at-once", 3, (4, 2, 1), (constants, [i("SCALAR_SUM", 3, 3, 1)], []), values.examples(3, 3), values.examples(2, 3))
    execute_case("own-infinity-within-no-limit", 3, (4, 2, 1), (constants, [i("SCALAR_SUM", 2, 2, 1)], []), values.examples(3, 3),
                 values.examples(2, 3), limit=INF)

    # The sign of a sum of one term, and of several zeros, shows in its reciprocal.
    zeros = [i("SCALAR_BROADCAST", 2, 1), i("VECTOR_MEAN", 1, 3), i("SCALAR_RECIPROCAL", 3, 4), i("VECTOR_INNER_PRODUCT", 1, 2, 3),
             i("SCALAR_RECIPROCAL", 3, 5), i("VECTOR_COLUMN_BROADCAST", 1, 0), i("MATRIX_MEAN", 0, 3), i("SCALAR_RECIPROCAL", 3, 6),
             i("MATRIX_VECTOR_PRODUCT", 0, 2, 3), i("VECTOR_RECIPROCAL", 3, 3), i("MATRIX_ROW_MEAN", 0, 4), i("VECTOR_RECIPROCAL", 4, 4)]
    setup = [i("SCALAR_CONST_SET", 2, data=[-0.0]), i("SCALAR_CONST_SET", 3, data=[1.0]), i("SCALAR_BROADCAST", 3, 2)]
    for size in (1, 3, 10):
        execute_case(f"own-negative-zero-sums-F{size}", size, (7, 5, 1), (setup + zeros, [], []), values.examples(1, size), values.examples(1, size))

    # s2 counts the runs of Predict, s3 those of Learn: what validation leaves behind, and where it ended, stays in the memory.
    count = [i("SCALAR_SUM", 2, 4, 2)]
    one = [i("SCALAR_CONST_SET", 4, data=[1.0])]
    learned = [i("SCALAR_SUM", 3, 4, 3)]
    grow = (one, count + [i("SCALAR_DIFF", 3, 3, 1), i("SCALAR_SUM", 3, 5, 1)], learned)
    labels = lambda *ys: [([0.0], float(y)) for y in ys]
    # Predictions are the number of Learns so far: 0, 1, 2 | 3 3 3 | 3, 4, 5 | 6 6 6.
    execute_case("own-validation-ends-early-and-trains-on", 1, (6, 1, 0), grow, labels(0, 1, 2), labels(6, 9, 6), limit=3.0, epochs=2)
    execute_case("own-validation-always-ends-early", 1, (6, 1, 0), grow, labels(0, 1, 2), labels(50, 6, 6), limit=3.0, epochs=2)
    execute_case("own-validation-ends-early-last", 1, (6, 1, 0), grow, labels(0, 1, 2), labels(4, 4, 2), limit=3.0, epochs=2)
    execute_case("own-training-stops-in-second-epoch", 1, (6, 1, 0), grow, labels(0, 1, 2), labels(3, 4, 4), limit=3.0, epochs=3)
    execute_case("own-training-stops-at-first-example", 1, (6, 1, 0), grow, labels(4, 1, 2), labels(3, 4, 4), limit=3.0, epochs=2)
    execute_case("own-error-at-the-limit", 1, (6, 1, 0), grow, labels(3, 4, 5), labels(6, 6, 0), limit=3.0)
    execute_case("own-limit-zero", 1, (6, 1, 0), grow, labels(0, 1, 2), labels(3, 3, 3), limit=0.0)
    execute_case("own-limit-zero-missed", 1, (6, 1, 0), grow, labels(0, 1, 2), labels(3, 3, 4), limit=0.0)
    classes = [([2.0], 1.0), ([-2.0], 0.0)]
    execute_case("own-accuracy-wrong-passes-limit", 1, (4, 1, 0), ([], predict, keep), classes, [([2.0], 1.0), ([2.0], 0.0)], accuracy=True, limit=0.5)
    execute_case("own-accuracy-right-within-limit", 1, (4, 1, 0), ([], predict, keep), classes, classes, accuracy=True, limit=0.5)
    execute_case("own-sigmoid-in-memory", 1, (4, 1, 0), ([], [i("SCALAR_SUM", 1, 3, 1)], [i("SCALAR_SUM", 1, 0, 3)]), classes, classes, accuracy=True, epochs=3)
    execute_case("own-empty-program", 3, (2, 1, 0), ([], [], []), values.examples(2, 3), values.examples(2, 3))
    execute_case("own-no-ops", 3, (2, 1, 0), ([i("NO_OP")], [i("NO_OP")], [i("NO_OP")]), values.examples(2, 3), values.examples(2, 3), accuracy=True)

    # Draws in all functions. Dead ones (into s5, v3, m1, which nothing reads) are numbered after the live ones.
    program = (
        [i("SCALAR_UNIFORM_SET", 5, data=[0.0, 1.0]), i("VECTOR_GAUSSIAN_SET", 1, data=[0.5, 0.25]), i("MATRIX_UNIFORM_SET", 0, data=[-1.0, 1.0]),
         i("SCALAR_GAUSSIAN_SET", 2, data=[0.0, 0.5]), i("VECTOR_UNIFORM_SET", 2, data=[0.75, 0.25])],
        [i("MATRIX_GAUSSIAN_SET", 1, data=[0.0, 1.0]), i("MATRIX_VECTOR_PRODUCT", 0, 0, 4), i("VECTOR_SUM", 4, 2, 4),
         i("VECTOR_INNER_PRODUCT", 4, 1, 1), i("SCALAR_SUM", 1, 2, 1), i("SCALAR_UNIFORM_SET", 3, data=[-0.5, 0.5]), i("SCALAR_SUM", 1, 3, 1)],
        [i("VECTOR_UNIFORM_SET", 3, data=[0.0, 1.0]), i("SCALAR_GAUSSIAN_SET", 2, data=[-0.25, 2.0]), i("MATRIX_GAUSSIAN_SET", 0, data=[0.0, 0.5]),
         i("VECTOR_GAUSSIAN_SET", 1, data=[0.0, -1.0])],
    )
    ordinals = [[8, 0, 1, 2, 3], [9, 0, 0, 0, 0, 4, 0], [10, 5, 6, 7]]
    for size, seed in ((1, 0), (3, 12345), (4, MASK)):
        execute_case(f"own-draws-F{size}", size, (6, 5, 2), program, values.examples(4, size), values.examples(3, size), epochs=2,
                     seed=seed, ordinals=ordinals)


def class_cases():
    """Tasks with classes: label in v1, prediction in v2."""
    values = Values(3)
    labelled = lambda count, size: values.examples(count, size, lambda x: float(max(range(10), key=lambda c: x[c])))
    regression = ([i("SCALAR_CONST_SET", 2, data=[0.3])],
                  [i("MATRIX_VECTOR_PRODUCT", 0, 0, 2), i("VECTOR_SUM", 2, 3, 2)],
                  [i("VECTOR_DIFF", 1, 2, 4), i("SCALAR_VECTOR_PRODUCT", 2, 4, 4), i("VECTOR_SUM", 3, 4, 3), i("VECTOR_OUTER_PRODUCT", 4, 0, 1),
                   i("MATRIX_SUM", 0, 1, 0)])
    for size in (10, 11, 16):
        execute_case(f"own-classes-regression-F{size}", size, (3, 5, 2), regression, labelled(12, size), labelled(8, size), epochs=2,
                     orders=[list(range(12)), [11, 3, 0, 7, 1, 2, 5, 4, 8, 6, 10, 9]], classes=True)
        # What is where in each function: s0 and, but in Learn, v1 are zero; v2 is a share of one from Learn to the next Predict.
        seen = ([i("VECTOR_SUM", 1, 2, 3)], [i("VECTOR_SUM", 4, 1, 4), i("VECTOR_SUM", 5, 2, 5), i("SCALAR_SUM", 2, 0, 2), i("VECTOR_SUM", 0, 9, 2)],
                [i("VECTOR_SUM", 6, 1, 6), i("VECTOR_SUM", 7, 2, 7), i("SCALAR_SUM", 3, 0, 3), i("VECTOR_SUM", 0, 9, 8)])
        execute_case(f"own-classes-addresses-F{size}", size, (4, 10, 0), seen, labelled(5, size), labelled(4, size), epochs=2, classes=True)
        for limit in (0.0, 0.6, 0.9, 0.95):
            execute_case(f"own-classes-limit-{limit}-F{size}", size, (4, 10, 0), seen, labelled(5, size), labelled(4, size), epochs=2,
                         limit=limit, classes=True)
    equal, ties = [0.0] * 10, [1.0, -0.0, 0.0] + [1.0] * 3 + [-INF] * 4
    odd = [(x, float(c)) for c in (0, 5, 9) for x in (equal, ties, [-0.0] + [0.0] * 9, [NAN] + equal[1:], equal[:9] + [NAN], [-INF] * 10, [INF] * 2 + equal[2:])]
    given = ([], [i("VECTOR_SUM", 0, 3, 2)], [])
    execute_case("own-classes-odd-validation", 10, (2, 4, 0), given, [(ties, 5.0)], odd, classes=True)
    execute_case("own-classes-odd-validation-within-limit", 10, (2, 4, 0), given, [(ties, 5.0)], odd, limit=0.8, classes=True)
    beyond = [(equal + [NAN, INF, 3.0], 9.0)]
    execute_case("own-classes-beyond-the-tenth", 13, (2, 4, 0), given, beyond, beyond, classes=True)

    # Live are the draws that lead to v2: what leads to s1 only is numbered after them.
    program = ([i("SCALAR_GAUSSIAN_SET", 1, data=[0.0, 1.0]), i("MATRIX_GAUSSIAN_SET", 0, data=[0.0, 0.5])],
               [i("VECTOR_UNIFORM_SET", 3, data=[0.0, 1.0]), i("VECTOR_MEAN", 3, 1), i("MATRIX_VECTOR_PRODUCT", 0, 0, 2),
                i("VECTOR_GAUSSIAN_SET", 4, data=[0.0, 0.1]), i("VECTOR_SUM", 2, 4, 2)],
               [i("MATRIX_GAUSSIAN_SET", 1, data=[0.0, 0.1]), i("VECTOR_UNIFORM_SET", 3, data=[0.0, 1.0]), i("MATRIX_SUM", 0, 1, 0)])
    execute_case("own-classes-draws", 10, (2, 5, 2), program, labelled(4, 10), labelled(3, 10), epochs=2, seed=99,
                 ordinals=[[3, 0], [4, 0, 0, 1, 0], [2, 5, 0]], classes=True)


op_cases()
execute_cases()
class_cases()
