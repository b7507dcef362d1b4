//! Exported code learns and predicts what the oracle does: whole training runs in NumPy, Rust and C.
//!
//! Each export trains on the examples of a task and prints its predictions for the validation examples after the last epoch. They are held
//! against those of the oracle's ops: the same bits where a program needs no elementary function, otherwise within what a last-bit
//! difference of these functions does to it. Rust is compiled with the compiler that built this test. C and NumPy are skipped, loudly,
//! where there is no compiler or no NumPy; with `EXNIHILO_EXPORTS=all` that is a failure.

#[cfg(feature = "cli")]
mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

use exnihilo::export::{Export, Language};
use exnihilo::task::{DataCache, SetName, TaskKind, TaskSpec, build_group};
use exnihilo_jit::cases::ordinals_by_definition;
use exnihilo_jit::exec::math;
use exnihilo_jit::lang::DataKind;
use exnihilo_jit::oracle::{Memory, Oracle, execute};
use exnihilo_jit::testing::FuzzCase;
use exnihilo_jit::{
    AddressCounts, CLASSES, ComponentFunction, Data, Examples, Instruction, Op, Program, Scoring, Space, Task, TaskGroup, known_program,
    simplify_for,
};

/// A program on a task, and how it is exported.
struct Case {
    name: String,
    program: Program,
    group: TaskGroup,
    as_written: bool,
}

/// What becomes of it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Outcome {
    /// A row for each validation example after the last epoch: the prediction, or class and probabilities.
    predictions: Vec<Vec<f64>>,
    /// The best score; nothing if training stopped.
    score: Option<f64>,
    steps: u64,
}

/// How far a prediction may be from the oracle's.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Agreement {
    Bits,
    Near,
}

/// As a rule; and how much further than nudges of one unit in the last place move it.
const RELATIVE: f64 = 1e-9;
const NUDGE_MARGIN: f64 = 16.0;

impl Case {
    fn new(name: impl Into<String>, program: Program, group: TaskGroup) -> Case {
        Case { name: name.into(), program, group, as_written: false }
    }

    fn task(&self) -> &Task {
        &self.group.tasks()[0]
    }

    fn export(&self, language: Language) -> String {
        let settings = self.group.settings();
        let export = Export {
            features: self.group.features(),
            max_abs_error: settings.max_abs_error,
            as_written: self.as_written,
            source: &self.name,
            ..Export::new(&self.program, settings.scoring)
        };
        export.to(language).expect("a valid export")
    }

    /// What the results of sin, cos, … log of this program's live instructions, and of its task, decide.
    fn agreement(&self) -> Agreement {
        let rounds = |instruction: &Instruction| instruction.op().is_function() || instruction.op().info().data == DataKind::Gaussian;
        let live = simplify_for(&self.program, self.group.interface());
        if self.group.settings().scoring == Scoring::Rms && !live.instructions().iter().any(rounds) {
            Agreement::Bits
        } else {
            Agreement::Near
        }
    }

    /// The run by the oracle's ops, with every elementary function's result multiplied by `nudge`.
    fn run(&self, nudge: f64) -> Outcome {
        Walk::new(self, nudge).run()
    }
}

/// The evaluation of `docs/semantics.md`, with predictions; the oracle itself tells errors only, and they are compared.
struct Walk<'a> {
    case: &'a Case,
    ordinals: Vec<u32>,
    memory: Memory,
    nudge: f64,
    train_errors: Vec<f64>,
}

impl<'a> Walk<'a> {
    fn new(case: &'a Case, nudge: f64) -> Walk<'a> {
        let interface = case.group.interface();
        let ordinals = ordinals_by_definition(&case.program, interface);
        let memory = Memory::new(case.group.features(), case.program.address_counts().max(interface.least_counts()));
        Walk { case, ordinals, memory, nudge, train_errors: Vec::new() }
    }

    fn execute(&mut self, function: ComponentFunction, step: u64) {
        let program = &self.case.program;
        let before: usize = ComponentFunction::ALL.iter().take_while(|&&other| other != function).map(|&f| program.function(f).len()).sum();
        for (number, instruction) in program.function(function).iter().enumerate() {
            execute(instruction, self.ordinals[before + number], step, self.case.task().seed, &mut self.memory);
            if let Some((space, address)) = instruction.writes()
                && (instruction.op().is_function() || instruction.op().info().data == DataKind::Gaussian)
            {
                self.memory.elements_mut(space, address).iter_mut().for_each(|x| *x *= self.nudge);
            }
        }
    }

    fn set_inputs(&mut self, examples: &Examples, example: usize, labelled: bool) {
        let f = self.memory.features();
        self.memory.elements_mut(Space::Vector, 0).copy_from_slice(&examples.features[example * f..][..f]);
        let label = if labelled { examples.labels[example] } else { 0.0 };
        if self.case.group.settings().scoring == Scoring::Classes {
            self.memory.scalars_mut()[0] = 0.0;
            let v1 = self.memory.elements_mut(Space::Vector, 1);
            v1.fill(0.0);
            if labelled {
                v1[label as usize] = 1.0;
            }
        } else {
            self.memory.scalars_mut()[0] = label;
        }
    }

    /// The prediction as it is printed.
    fn predict(&mut self, examples: &Examples, example: usize, step: u64) -> Vec<f64> {
        self.set_inputs(examples, example, false);
        self.execute(ComponentFunction::Predict, step);
        let s1 = self.memory.scalars()[1];
        match self.case.group.settings().scoring {
            Scoring::Rms => vec![s1],
            Scoring::Accuracy => vec![1.0 / (1.0 + math::exp(-s1) * self.nudge)],
            Scoring::Classes => {
                let scores = &self.memory.elements_mut(Space::Vector, 2)[..CLASSES];
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let last = scores.iter().rposition(|&score| score == largest);
                let class = last.filter(|_| !scores.iter().any(|x| x.is_nan())).map_or(-1.0, |class| class as f64);
                let shares: Vec<f64> = scores.iter().map(|x| math::exp(x - largest) * self.nudge).collect();
                let sum = shares.iter().skip(1).fold(shares[0], |sum, x| sum + x);
                [class].into_iter().chain(shares.iter().map(|x| if class < 0.0 { f64::NAN } else { x / sum })).collect()
            }
        }
    }

    /// What is in memory when Learn begins, and the error.
    fn take(&mut self, prediction: &[f64], label: f64) -> f64 {
        match self.case.group.settings().scoring {
            Scoring::Rms => (label - prediction[0]).abs(),
            Scoring::Accuracy => {
                self.memory.scalars_mut()[1] = prediction[0];
                (label - prediction[0]).abs()
            }
            Scoring::Classes => {
                let v2 = self.memory.elements_mut(Space::Vector, 2);
                v2.fill(0.0);
                v2[..CLASSES].copy_from_slice(&prediction[1..]);
                let errors = prediction[1..].iter().enumerate().map(|(class, share)| (f64::from(class == label as usize) - share).abs());
                errors.fold(0.0, |largest, error| if error.is_nan() || largest.is_nan() { f64::NAN } else { largest.max(error) })
            }
        }
    }

    fn run(mut self) -> Outcome {
        let (case, settings) = (self.case, *self.case.group.settings());
        let task = case.task();
        let stops = |error: f64| error.is_nan() || error > settings.max_abs_error;
        let mut outcome = Outcome { score: Some(0.0), ..Outcome::default() };
        self.execute(ComponentFunction::Setup, 0);
        for epoch in 0..settings.epochs {
            for (position, &example) in task.train_order(epoch).iter().enumerate() {
                let step = case.group.train_step(epoch, position);
                outcome.steps += 1;
                let prediction = self.predict(&task.train, example as usize, step);
                let label = task.train.labels[example as usize];
                let error = self.take(&prediction, label);
                if stops(error) {
                    return Outcome { predictions: Vec::new(), score: None, ..outcome };
                }
                if epoch == 0 {
                    self.train_errors.push(error);
                }
                self.set_inputs(&task.train, example as usize, true);
                self.execute(ComponentFunction::Learn, step);
            }
            outcome.predictions.clear();
            let (mut sum, mut through) = (0.0, true);
            for (example, &label) in task.valid.labels.iter().enumerate() {
                let prediction = self.predict(&task.valid, example, case.group.valid_step(epoch, example));
                let error = match settings.scoring {
                    Scoring::Rms => (label - prediction[0]).abs(),
                    Scoring::Accuracy => f64::from((label > 0.5) != (prediction[0] > 0.5)),
                    Scoring::Classes => f64::from(prediction[0] != label),
                };
                outcome.predictions.push(prediction);
                if stops(error) {
                    through = false;
                    break;
                }
                sum += error * error;
            }
            let count = task.valid.labels.len() as f64;
            let score = if settings.scoring == Scoring::Rms { math::rms_fitness(sum / count) } else { 1.0 - sum / count };
            outcome.score = outcome.score.map(|best| if through { best.max(score) } else { best });
        }
        if self.nudge == 1.0 {
            self.check();
        }
        outcome
    }

    /// The same errors as the oracle's own run.
    fn check(&self) {
        let case = self.case;
        let run = Oracle::new().run(&case.program, &self.ordinals, &case.group, 0, AddressCounts::MIN, true).expect("a small task");
        let bits = |errors: &[f64]| errors.iter().map(|error| error.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&run.epochs[0].train_errors), bits(&self.train_errors), "{}", case.name);
    }
}

/// The tasks of a kind, one of them, with few examples.
fn group(kind: TaskKind, features: usize, epochs: u32, of_classes: bool) -> TaskGroup {
    let (train, valid) = if of_classes { (300, 40) } else { (100, 20) };
    let spec = TaskSpec {
        features: Some(features),
        train: Some(train),
        valid: Some(valid),
        tasks: 1,
        epochs,
        classes: of_classes.then_some(CLASSES),
        ..TaskSpec::new(kind)
    };
    build_group(&spec, SetName::Eval, 7, 0, &DataCache::new()).expect("a task")
}

fn known(name: &str) -> Program {
    known_program(name).expect("a known name")
}

fn instruction(op: Op, [in1, in2, out]: [u8; 3], numbers: [f32; 3]) -> Instruction {
    let [a, b, c] = numbers;
    let data = match op.info().data {
        DataKind::None => Data::None,
        DataKind::ScalarConst => Data::ScalarConst(a.into()),
        DataKind::VectorConst => Data::VectorConst { index: a, value: b },
        DataKind::MatrixConst => Data::MatrixConst { row: a, column: b, value: c },
        DataKind::Uniform => Data::Uniform { low: a, high: b },
        DataKind::Gaussian => Data::Gaussian { mean: a, st_dev: b },
    };
    Instruction::new(op, in1, in2, out, data).expect("a valid instruction")
}

/// A linear model whose prediction has a little of every op of `ops` in it, with its operands at these addresses.
fn every_op(ops: &[Op], operands: [u8; 3]) -> Program {
    let mut predict =
        vec![instruction(Op::VectorInnerProduct, [0, 1, 7], [0.0; 3]), instruction(Op::ScalarConstSet, [0, 0, 8], [0.001, 0.0, 0.0])];
    for &op in ops {
        let Some(space) = op.output() else {
            predict.push(Instruction::NO_OP);
            continue;
        };
        // Fresh inputs in (0, 1), where every op is finite.
        for address in [2, 3, 4] {
            for fill in [Op::ScalarUniformSet, Op::VectorUniformSet, Op::MatrixUniformSet] {
                predict.push(instruction(fill, [0, 0, address], [0.1, 0.9, 0.0]));
            }
        }
        predict.push(instruction(op, operands, [0.4, 0.7, -0.3]));
        let out = operands[2];
        match space {
            Space::Scalar => predict.push(instruction(Op::ScalarProduct, [8, out, 6], [0.0; 3])),
            Space::Vector => {
                // One after the other, so that no element can stand for another.
                predict.push(instruction(Op::VectorInnerProduct, [out, 0, 6], [0.0; 3]));
                predict.push(instruction(Op::ScalarProduct, [8, 6, 6], [0.0; 3]));
            }
            Space::Matrix => {
                predict.push(instruction(Op::MatrixVectorProduct, [out, 0, 5], [0.0; 3]));
                predict.push(instruction(Op::VectorInnerProduct, [5, 0, 6], [0.0; 3]));
                predict.push(instruction(Op::ScalarProduct, [8, 6, 6], [0.0; 3]));
            }
        }
        predict.push(instruction(Op::ScalarSum, [7, 6, 7], [0.0; 3]));
    }
    predict.push(instruction(Op::ScalarConstSet, [0, 0, 8], [1.0, 0.0, 0.0]));
    predict.push(instruction(Op::ScalarProduct, [8, 7, 1], [0.0; 3]));
    let learn = [
        instruction(Op::ScalarDiff, [0, 1, 2], [0.0; 3]),
        instruction(Op::ScalarConstSet, [0, 0, 3], [0.05, 0.0, 0.0]),
        instruction(Op::ScalarProduct, [2, 3, 2], [0.0; 3]),
        instruction(Op::ScalarVectorProduct, [2, 0, 2], [0.0; 3]),
        instruction(Op::VectorSum, [1, 2, 1], [0.0; 3]),
    ];
    Program::new(&[], &predict, &learn)
}

/// What an op of this name makes of ties, zeros with signs and NaN, in each space: each a bit of the prediction.
fn edges(call: &str) -> Program {
    let mut text = "def Predict():\n  s1 = dot(v0, v1)\n".to_owned();
    let mut weight = 1.0;
    let inputs = ["0.0", "-0.0", "nan", "0.5"];
    for (a, b) in inputs.iter().flat_map(|a| inputs.iter().map(move |b| (a, b))) {
        for letter in ['s', 'v', 'm'] {
            writeln!(text, "  s2 = {a}\n  s3 = {b}").expect("text");
            for address in [2, 3] {
                writeln!(text, "  v{address} = bcast(s{address})\n  m{address} = bcast(v{address}, axis=0)").expect("text");
            }
            if call == "heaviside" {
                writeln!(text, "  {letter}4 = {call}({letter}2)").expect("text");
            } else {
                writeln!(text, "  {letter}4 = {call}({letter}2, {letter}3)").expect("text");
            }
            if letter != 's' {
                writeln!(text, "  s4 = mean({letter}4)").expect("text");
            }
            if call != "heaviside" {
                // 1 for what is positive, 0.0 included, and 0 for what is negative, -0.0 included, or NaN.
                text += "  s4 = 1 / s4\n  s4 = heaviside(s4)\n";
            }
            weight /= 2.0;
            writeln!(text, "  s5 = {weight:?}\n  s4 = s5 * s4\n  s1 = s1 + s4").expect("text");
        }
    }
    text.parse().expect("a program")
}

/// Random programs of the fuzzer that are worth running: something is learned, and it does not take long.
fn random_cases() -> Vec<Case> {
    let (mut through, mut stopped) = (Vec::new(), Vec::new());
    for seed in 0.. {
        let FuzzCase { program, group, .. } = FuzzCase::generate(seed);
        let task = group.tasks()[0].clone();
        let steps = group.settings().epochs as usize * (group.train_examples() + group.valid_examples());
        let live = simplify_for(&program, group.interface()).instructions().len();
        if group.features() > 32 || !(4..=60).contains(&live) || steps * live > 20_000 || task.train_orders.is_some() {
            continue;
        }
        let group = TaskGroup::new(*group.settings(), vec![task]).expect("part of a group");
        let case = Case { as_written: seed % 2 == 1, ..Case::new(format!("random-{seed}"), program, group) };
        let outcome = case.run(1.0);
        let varied = outcome.predictions.iter().any(|row| row[0].is_finite() && row != &outcome.predictions[0]);
        let (list, enough) = if outcome.score.is_none() { (&mut stopped, 5) } else { (&mut through, 20) };
        if list.len() < enough && (varied || outcome.score.is_none()) {
            list.push(case);
        }
        if (through.len(), stopped.len()) == (20, 5) {
            break;
        }
    }
    through.into_iter().chain(stopped).collect()
}

fn cases() -> Vec<Case> {
    let exact: Vec<Op> = Op::ALL.into_iter().filter(|op| !op.is_function() && op.info().data != DataKind::Gaussian).collect();
    let draws: Vec<Op> = Op::ALL.into_iter().filter(|op| op.is_random()).collect();
    let mut cases = vec![
        Case::new("linear", known("linear"), group(TaskKind::Linear, 4, 1, false)),
        Case::new("linear-wide", known("linear"), group(TaskKind::Linear, 19, 3, false)),
        Case::new("affine", known("affine"), group(TaskKind::Affine, 1, 2, false)),
        Case::new("net", known("net"), group(TaskKind::TwoLayer, 8, 2, false)),
        Case::new("net-binary", known("net"), group(TaskKind::Digits, 16, 2, false)),
        Case::new("softmax-net", known("softmax-net"), group(TaskKind::Digits, 16, 2, true)),
        Case::new("softmax", known("softmax"), group(TaskKind::Digits, 12, 1, true)),
        Case::new("draws", every_op(&draws, [2, 3, 4]), group(TaskKind::Linear, 5, 2, false)),
        Case::new("ops", every_op(&Op::ALL, [2, 3, 4]), group(TaskKind::Linear, 3, 2, false)),
        Case::new("ops-wide", every_op(&Op::ALL, [2, 3, 4]), group(TaskKind::Linear, 11, 1, false)),
    ];
    for call in ["heaviside", "minimum", "maximum"] {
        cases.push(Case::new(format!("edges-{call}"), edges(call), group(TaskKind::Linear, 2, 1, false)));
    }
    // Every way in which operands can be one address.
    for (name, operands) in [("apart", [2, 3, 4]), ("same", [2, 2, 2]), ("first", [2, 3, 2]), ("second", [3, 2, 2]), ("inputs", [2, 2, 4])]
    {
        cases.push(Case::new(format!("exact-{name}"), every_op(&exact, operands), group(TaskKind::Linear, 9, 1, false)));
    }
    // A matrix that no instruction makes, and features that Setup reads.
    let teacher = "def Setup():\n  m0[0.0, 0.5] = 1.0\ndef Predict():\n  v1 = dot(m0, v0)\n  s1 = mean(v1)\n";
    cases.push(Case::new("teacher", teacher.parse().expect("a program"), group(TaskKind::Linear, 3, 1, false)));
    let early = "def Setup():\n  v1 = abs(v0)\n  v2 = abs(v1)\ndef Predict():\n  s1 = dot(v0, v2)\ndef Learn():\n  v2 = s0 * v0\n";
    let early = Case::new("early", early.parse().expect("a program"), group(TaskKind::Linear, 3, 1, false));
    cases.push(Case { as_written: true, ..early });
    let written = Case { as_written: true, ..Case::new("written", every_op(&Op::ALL, [2, 3, 4]), group(TaskKind::Linear, 3, 2, false)) };
    cases.push(written);
    cases.extend(random_cases());
    cases
}

/// The cases, and of each what is expected and what nudges make of it.
fn all_cases() -> &'static [(Case, Outcome, [Outcome; 2])] {
    static CASES: OnceLock<Vec<(Case, Outcome, [Outcome; 2])>> = OnceLock::new();
    const NUDGES: [f64; 2] = [1.0 + f64::EPSILON, 1.0 - f64::EPSILON / 2.0];
    let outcomes = |case: Case| (case.run(1.0), NUDGES.map(|nudge| case.run(nudge)), case);
    CASES.get_or_init(|| cases().into_iter().map(outcomes).map(|(expected, nudged, case)| (case, expected, nudged)).collect())
}

/// A folder with the examples of every case as CSV files.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let bench = Bench { folder: tempfile::tempdir().expect("a temporary folder") };
        for (number, (case, ..)) in all_cases().iter().enumerate() {
            for (part, examples) in [("train", &case.task().train), ("valid", &case.task().valid)] {
                let mut text = String::new();
                for (features, label) in examples.features.chunks(case.group.features()).zip(&examples.labels) {
                    features.iter().for_each(|x| write!(text, "{x:?},").expect("text"));
                    writeln!(text, "{label:?}").expect("text");
                }
                fs::write(bench.path(&format!("{part}{number}.csv")), text).expect("a writable folder");
            }
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        command
    }

    /// The arguments of the code that was exported for a case.
    fn arguments(&self, number: usize) -> [String; 4] {
        let (case, ..) = &all_cases()[number];
        [format!("train{number}.csv"), format!("valid{number}.csv"), case.group.settings().epochs.to_string(), case.task().seed.to_string()]
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a writable folder");
        path
    }

    /// Holds what the exports of a language printed, one text of stdout and one of stderr a case, against the oracle.
    fn compare(&self, language: &str, ended: &[(String, String)]) {
        let (mut bits, mut near, mut left) = (0, 0, Vec::new());
        for ((case, expected, nudged), (stdout, stderr)) in all_cases().iter().zip(ended) {
            let found = outcome(stdout, stderr);
            let context = format!("{} in {language}: {stderr}", case.name);
            if case.agreement() == Agreement::Bits {
                // The score goes through an arctan of the language's own.
                assert_eq!(comparable(&found.predictions), comparable(&expected.predictions), "{context}");
                assert!(close_scores(&found, expected), "{context}: expected {:?}", expected.score);
                assert_eq!(found.steps, expected.steps, "{context}");
                bits += 1;
                continue;
            }
            if let Some(problem) = difference(&found, expected, nudged) {
                panic!("{context}: {problem}");
            }
            if nudged.iter().any(|nudged| difference(nudged, expected, &[]).is_some()) {
                left.push(case.name.as_str());
            } else {
                near += 1;
            }
        }
        println!("{language}: {bits} the same bits, {near} within {RELATIVE:e}, within what last bits do {left:?}");
        assert_eq!(ended.len(), all_cases().len());
        assert!(bits >= 13 && near >= 25 && left.len() <= 5, "{language}: {bits}, {near}, {left:?}");
    }
}

/// All NaNs alike.
fn comparable(rows: &[Vec<f64>]) -> Vec<Vec<u64>> {
    rows.iter().map(|row| row.iter().map(|x| if x.is_nan() { f64::NAN } else { *x }.to_bits()).collect()).collect()
}

fn close_scores(a: &Outcome, b: &Outcome) -> bool {
    match (a.score, b.score) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-9,
        (a, b) => a == b,
    }
}

/// What is further from the expected outcome than what a nudge moves, times the margin.
fn difference(found: &Outcome, expected: &Outcome, nudged: &[Outcome]) -> Option<String> {
    // Where a nudge decides when a run ends, or a class, anything may come of it.
    let of_one_shape = |other: &Outcome| {
        other.score.is_some() == expected.score.is_some()
            && other.steps == expected.steps
            && other.predictions.len() == expected.predictions.len()
    };
    if !nudged.iter().all(of_one_shape) {
        return None;
    }
    if !of_one_shape(found) {
        return Some(format!("{} steps and {} predictions, expected {expected:?}", found.steps, found.predictions.len()));
    }
    for (number, (row, wanted)) in found.predictions.iter().zip(&expected.predictions).enumerate() {
        if row.len() != wanted.len() {
            return Some(format!("{} numbers in prediction {number}, expected {}", row.len(), wanted.len()));
        }
        for (place, (&x, &y)) in row.iter().zip(wanted).enumerate() {
            let moved = nudged
                .iter()
                .map(|nudged| (nudged.predictions[number][place] - y).abs())
                .fold(0.0, |a: f64, b| if b.is_nan() { f64::INFINITY } else { a.max(b) });
            let same = x == y || (x.is_nan() && y.is_nan());
            let allowed = RELATIVE * y.abs().max(1e-3) + NUDGE_MARGIN * moved;
            if !same && ((x - y).abs() > allowed || x.is_nan() != y.is_nan()) {
                return Some(format!("prediction {number} is {x:?}, expected {y:?} (nudges move it by {moved:e})"));
            }
        }
    }
    None
}

/// What an export printed.
fn outcome(stdout: &str, stderr: &str) -> Outcome {
    let number = |text: &str| text.trim().parse::<f64>().unwrap_or_else(|error| panic!("{text:?}: {error}; {stderr}"));
    let predictions = stdout.lines().map(|line| line.split(',').map(number).collect()).collect();
    let words: Vec<&str> = stderr.split_whitespace().collect();
    let after = |word: &str| words.iter().position(|other| *other == word).and_then(|place| words.get(place + 1)).copied();
    let score = after("score").map(number);
    let steps = after(if score.is_some() { "after" } else { "step" }).map(|text| number(text.trim_end_matches([':', '"'])));
    Outcome { predictions, score, steps: steps.unwrap_or_else(|| panic!("no steps: {stderr}")) as u64 }
}

fn texts(Output { stdout, stderr, .. }: Output) -> (String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (text(stdout), text(stderr))
}

#[track_caller]
fn succeed(command: &mut Command) {
    let output = command.output().expect("the command is there");
    let ended = output.status;
    let (stdout, stderr) = texts(output);
    assert!(ended.success(), "{command:?}\n{stdout}{stderr}");
}

/// Whether what a test needs is there; says so if it is not, and fails where it must be.
fn is_there(command: &mut Command, what: &str) -> bool {
    let there = command.output().is_ok_and(|output| output.status.success());
    if !there {
        assert!(std::env::var("EXNIHILO_EXPORTS").as_deref() != Ok("all"), "{what} is not there");
        println!("SKIPPED: {what} is not there; exports in it are not run");
    }
    there
}

fn rustc() -> PathBuf {
    std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from)
}

fn compile_rust(bench: &Bench, arguments: &[&str]) {
    succeed(bench.command(rustc()).args(["--edition", "2021", "-D", "warnings"]).args(arguments));
}

#[test]
fn rust_learns_what_the_oracle_learns() {
    let bench = Bench::new();
    let (mut modules, mut arms) = (String::new(), String::new());
    for (number, (case, ..)) in all_cases().iter().enumerate() {
        bench.write(&format!("p{number}.rs"), &case.export(Language::Rust));
        writeln!(modules, "pub mod p{number};").expect("text");
        writeln!(arms, "        \"{number}\" => exports::p{number}::run_arguments(&arguments[1..]),").expect("text");
    }
    bench.write("exports.rs", &modules);
    let main = format!(
        "fn main() -> Result<(), (u8, String)> {{\n    let arguments: Vec<String> = std::env::args().skip(1).collect();\n    \
         match arguments[0].as_str() {{\n{arms}        other => Err((2, other.to_owned())),\n    }}\n}}\n"
    );
    bench.write("main.rs", &main);
    compile_rust(&bench, &["--crate-type", "lib", "-C", "debuginfo=0", "exports.rs"]);
    compile_rust(&bench, &["--extern", "exports=libexports.rlib", "main.rs"]);
    let run = |number: usize| {
        let mut command = bench.command(bench.path("main"));
        texts(command.arg(number.to_string()).args(bench.arguments(number)).output().expect("just compiled"))
    };
    bench.compare("Rust", &(0..all_cases().len()).map(run).collect::<Vec<_>>());

    // As programs of their own, every function of which is used.
    for number in [0, 4, 5, 8] {
        compile_rust(&bench, &["--emit", "metadata", &format!("p{number}.rs")]);
    }
}

#[test]
fn c_learns_what_the_oracle_learns() {
    let bench = Bench::new();
    if !is_there(bench.command("cc").arg("--version"), "a C compiler (cc)") {
        return;
    }
    let run = |number: usize| {
        let (source, program) = (format!("p{number}.c"), bench.path(&format!("p{number}")));
        bench.write(&source, &all_cases()[number].0.export(Language::C));
        let flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-ffp-contract=off"];
        succeed(bench.command("cc").args(flags).arg(&source).arg("-o").arg(&program).arg("-lm"));
        texts(bench.command(&program).args(bench.arguments(number)).output().expect("just compiled"))
    };
    bench.compare("C", &(0..all_cases().len()).map(run).collect::<Vec<_>>());
    for number in [0, 4, 5, 8] {
        succeed(bench.command("cc").args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-DNO_MAIN", "-c"]).arg(format!("p{number}.c")));
    }
}

/// Runs many files in one process, since starting NumPy takes longer than most of them.
const NUMPY_DRIVER: &str = r#"
import contextlib, importlib, sys, warnings
warnings.simplefilter("error")
for line in open("runs.txt"):
    number, *arguments = line.split()
    with open(f"out{number}.txt", "w") as out, open(f"err{number}.txt", "w") as err:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                importlib.import_module(f"p{number}").main(arguments)
            except SystemExit as end:
                print(end.code, file=err)
"#;

#[test]
fn numpy_learns_what_the_oracle_learns() {
    let bench = Bench::new();
    if !is_there(bench.command("python3").args(["-c", "import numpy"]), "NumPy for python3") {
        return;
    }
    let mut runs = String::new();
    for (number, (case, ..)) in all_cases().iter().enumerate() {
        bench.write(&format!("p{number}.py"), &case.export(Language::Numpy));
        writeln!(runs, "{number} {}", bench.arguments(number).join(" ")).expect("text");
    }
    bench.write("runs.txt", &runs);
    succeed(bench.command("python3").arg(bench.write("driver.py", NUMPY_DRIVER)));
    let read = |name: String| fs::read_to_string(bench.path(&name)).expect("the driver wrote it");
    let ended: Vec<_> = (0..all_cases().len()).map(|number| (read(format!("out{number}.txt")), read(format!("err{number}.txt")))).collect();
    bench.compare("NumPy", &ended);
}

#[cfg(feature = "cli")]
mod command {
    use std::path::Path;

    use super::common::{Ended, command};
    use super::*;

    fn exnihilo(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
        let Ended { code, stdout, stderr } = Ended::of(&mut command(folder, arguments));
        (code, stdout, stderr)
    }

    #[test]
    fn a_demonstration_runs_without_files() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (code, code_text, stderr) = exnihilo(folder.path(), &["export", "linear", "--to", "rust", "--demo", "--features", "3"]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        let source = folder.path().join("model.rs");
        fs::write(&source, code_text).expect("a writable folder");
        succeed(Command::new(rustc()).current_dir(folder.path()).args(["--edition", "2021", "-D", "warnings", "model.rs"]));
        let model = folder.path().join("model");
        let (stdout, stderr) = texts(Command::new(&model).output().expect("just compiled"));
        assert_eq!(stdout.lines().count(), 8, "{stdout}{stderr}");
        assert!(stderr.starts_with("score 0.") && stderr.ends_with(" after 60 steps\n"), "{stderr}");
    }

    /// Its data are for one F only.
    #[test]
    fn a_demonstration_is_not_compiled_for_another_size() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let export = |to: &str| exnihilo(folder.path(), &["export", "linear", "--to", to, "--demo", "--features", "3"]).1;
        let refused = |command: &mut Command| {
            let (_, stderr) = texts(command.current_dir(folder.path()).output().expect("the compiler is there"));
            assert!(stderr.contains("the demonstration data have F = 3"), "{stderr}");
        };
        let rust = export("rust").replace("pub const F: usize = 3;", "pub const F: usize = 8;");
        fs::write(folder.path().join("model.rs"), rust).expect("a writable folder");
        refused(Command::new(rustc()).args(["--edition", "2021", "model.rs"]));
        if is_there(Command::new("cc").arg("--version"), "a C compiler (cc)") {
            fs::write(folder.path().join("model.c"), export("c")).expect("a writable folder");
            refused(Command::new("cc").args(["-std=c11", "-DF=8", "model.c", "-o", "model", "-lm"]));
            for flags in [&["-DF=3", "-o", "model"][..], &["-DF=8", "-DNO_MAIN", "-c"]] {
                let all = ["-std=c11", "-Wall", "-Wextra", "-Werror", "model.c"];
                succeed(Command::new("cc").current_dir(folder.path()).args(all).args(flags).arg("-lm"));
            }
        }
    }

    /// What runs exports of a program in each language that is there.
    fn exported(folder: &Path, program: &[&str]) -> Vec<(Language, Vec<String>)> {
        let path = |name: &str| folder.join(name).to_str().expect("a path of UTF-8").to_owned();
        let export = |to: &str, file: &str| {
            let text = exnihilo(folder, &[&["export", "--features", "3", "--to", to], program].concat()).1;
            fs::write(folder.join(file), text).expect("a writable folder");
        };
        export("rust", "of_rust.rs");
        succeed(Command::new(rustc()).current_dir(folder).args(["--edition", "2021", "-D", "warnings", "of_rust.rs"]));
        let mut commands = vec![(Language::Rust, vec![path("of_rust")])];
        if is_there(Command::new("cc").arg("--version"), "a C compiler (cc)") {
            export("c", "of_c.c");
            let flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "of_c.c", "-o", "of_c", "-lm"];
            succeed(Command::new("cc").current_dir(folder).args(flags));
            commands.push((Language::C, vec![path("of_c")]));
        }
        if is_there(Command::new("python3").args(["-c", "import numpy"]), "NumPy for python3") {
            export("numpy", "of_numpy.py");
            commands.push((Language::Numpy, ["python3", "-W", "error", "of_numpy.py"].map(str::to_owned).to_vec()));
        }
        commands
    }

    /// The same arguments and files are refused in all languages, with the same exit code, a message and nothing else.
    #[test]
    fn exports_refuse_alike() {
        const WHOLE: &str = "is a whole number from";
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files: [(&str, &[u8]); 6] = [
            ("good.csv", b"1,2,3,0\n\n0.5,1,2,1\n"),
            ("short.csv", b"1,2,3,0\n1,2,0\n"),
            ("text.csv", b"1,x,3,0\n"),
            ("empty.csv", b"\n \n"),
            ("bytes.csv", b"\xff\xfe1,2,3,0\n"),
            ("label.csv", b"1,2,3,0\n1,2,3,7\n"),
        ];
        for (name, content) in files {
            fs::write(folder.path().join(name), content).expect("a writable folder");
        }
        fs::write(folder.path().join("large.csv"), "1e200,1,1,1\n1e200,1,1,1\n").expect("a writable folder");
        // What only some languages take for a number or an end of a line.
        const ODD: [&[u8]; 14] = [
            b"1_0,2,3,0\n",
            "1,\u{661}\u{662},3,0\n".as_bytes(),
            b"0x10,2,3,0\n",
            b"nan(1),2,3,0\n",
            b"1,0b1,3,0\n",
            b"1,2,\x0c3,0\n",
            b"1,2\x0b,3,0\n",
            b"1,2\r,3,0\n",
            b"1,2,3,0\r1,2,3,0\n",
            b"1,2,3,0\r\r\n",
            "1,\u{a0}2,3,0\n".as_bytes(),
            b"1,2,3,0\0",
            b"1,2 2,3,0\n",
            b"1,,3,0\n",
        ];
        for (number, content) in ODD.iter().enumerate() {
            fs::write(folder.path().join(format!("odd{number}.csv")), content).expect("a writable folder");
            fs::write(folder.path().join(format!("blank{number}.csv")), [b"1,2,3,0\n\n", *content].concat()).expect("a writable folder");
        }
        fs::write(folder.path().join("feed.csv"), "1,2,3,0\n\x0c\n").expect("a writable folder");
        fs::write(folder.path().join("even.csv"), "\t1 , 2.,.3e+0,-0\r\n \t\r\n0.5,1E0,+2,1\r").expect("a writable folder");
        fs::write(folder.path().join("names.csv"), "iNf,NAN,-Infinity,1\n").expect("a writable folder");
        let rows: [(&[&str], i32, &[&str]); 19] = [
            (&["good.csv"], 2, &["usage", "[EPOCHS [SEED]]"]),
            (&["good.csv", "good.csv", "1", "1", "1"], 2, &["usage"]),
            (&["good.csv", "good.csv", "x"], 2, &["EPOCHS", WHOLE, "not x"]),
            (&["good.csv", "good.csv", "0"], 2, &["EPOCHS", WHOLE, "from 1 to 18446744073709551615"]),
            (&["good.csv", "good.csv", "1.5"], 2, &["EPOCHS", WHOLE]),
            (&["good.csv", "good.csv", ""], 2, &["EPOCHS", WHOLE]),
            (&["good.csv", "good.csv", "+1"], 2, &["EPOCHS", WHOLE]),
            (&["good.csv", "good.csv", "1", "-5"], 2, &["SEED", WHOLE, "not -5"]),
            (&["good.csv", "good.csv", "1", "18446744073709551616"], 2, &["SEED", WHOLE]),
            (&["none.csv", "good.csv", "1", "x"], 2, &["SEED", WHOLE]),
            (&["none.csv", "good.csv"], 1, &["none.csv: ", "o such file"]),
            (&["good.csv", "."], 1, &[".: ", "irectory"]),
            (&["empty.csv", "good.csv"], 1, &["empty.csv: no examples"]),
            (&["good.csv", "short.csv"], 1, &["short.csv, line 2: ", "belong"]),
            (&["good.csv", "text.csv"], 1, &["text.csv, line 1: "]),
            (&["bytes.csv", "good.csv"], 1, &["bytes.csv"]),
            (&["large.csv", "good.csv"], 1, &["training stopped at step"]),
            (&["names.csv", "good.csv"], 1, &["training stopped at step 1"]),
            (&["feed.csv", "good.csv"], 1, &["feed.csv, line 2: "]),
        ];
        for (language, words) in exported(folder.path(), &["linear"]) {
            let run = |arguments: &[&str]| {
                let mut command = Command::new(&words[0]);
                Ended::of(command.args(&words[1..]).args(arguments).current_dir(folder.path()))
            };
            for (arguments, code, words) in rows {
                let Ended { code: found, stdout, stderr } = run(arguments);
                assert_eq!((found, stdout.as_str()), (Some(code), ""), "{language:?} {arguments:?}: {stderr}");
                assert!(words.iter().all(|word| stderr.contains(word)), "{language:?} {arguments:?}: no {words:?} in {stderr}");
                assert_eq!(stderr.lines().count(), 1, "{language:?} {arguments:?}: {stderr}");
            }
            for number in 0..ODD.len() {
                for (name, line) in [(format!("odd{number}.csv"), 1), (format!("blank{number}.csv"), 3)] {
                    let Ended { code, stdout, stderr } = run(&[&name, "good.csv"]);
                    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (Some(1), "", 1), "{language:?} {name}: {stderr}");
                    assert!(stderr.starts_with(&format!("{name}, line {line}: ")), "{language:?} {name}: {stderr}");
                }
            }
            let even = run(&["even.csv", "even.csv"]);
            assert!(even.code == Some(0) && even.stderr.ends_with(" after 2 steps\n"), "{language:?}: {}", even.stderr);
            let good = run(&["good.csv", "good.csv", "2", "18446744073709551615"]);
            assert!(good.code == Some(0) && good.stderr.ends_with(" after 4 steps\n"), "{language:?}: {}", good.stderr);
        }
        for (program, words) in [("linear", "labels are 0 or 1"), ("softmax", "features before the label, at least 10")] {
            let classes = if program == "linear" { "2" } else { "10" };
            let (code, text, _) = exnihilo(folder.path(), &["export", program, "--to", "numpy", "--classes", classes]);
            assert_eq!(code, Some(0));
            fs::write(folder.path().join("classes.py"), text).expect("a writable folder");
            if is_there(Command::new("python3").args(["-c", "import numpy"]), "NumPy for python3") {
                let mut python = Command::new("python3");
                let ended = Ended::of(python.args(["classes.py", "label.csv", "label.csv"]).current_dir(folder.path()));
                assert!(ended.code == Some(1) && ended.stderr.contains(words), "{program}: {}", ended.stderr);
            }
        }
    }

    #[test]
    fn a_program_of_a_run_is_exported_for_its_tasks() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (preset, words) in [("digits", "Binary classification"), ("multi-class", "Ten classes"), ("linear", "Regression")] {
            let (_, experiment, _) = exnihilo(folder.path(), &["presets", preset]);
            fs::write(folder.path().join("experiment.toml"), experiment).expect("a writable folder");
            fs::write(folder.path().join("best.az"), "def Predict():\n  s1 = dot(v0, v3)\n  v2 = v0 + v3\n").expect("a writable folder");
            let (code, text, stderr) = exnihilo(folder.path(), &["export", "best.az", "--to", "c"]);
            assert_eq!((code, stderr.as_str()), (Some(0), ""), "{preset}");
            assert!(text.contains(words), "{preset}: {text}");
            assert!(text.contains(if preset == "linear" { "define F 4\n" } else { "define F 16\n" }), "{preset}: {text}");
            let (_, text, _) = exnihilo(folder.path(), &["export", "best.az", "--to", "c", "--classes", "2", "--features", "3"]);
            assert!(text.contains("Binary classification") && text.contains("define F 3\n"), "{preset}");
        }
        fs::write(folder.path().join("experiment.toml"), "name = 3").expect("a writable folder");
        let (code, _, stderr) = exnihilo(folder.path(), &["export", "best.az", "--to", "c"]);
        assert!(code == Some(1) && stderr.contains("experiment.toml") && stderr.contains("--classes"), "{stderr}");
    }

    #[test]
    fn json_is_what_eval_reads() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (_, record, _) = exnihilo(folder.path(), &["export", "net", "--to", "json"]);
        fs::write(folder.path().join("list.jsonl"), record).expect("a writable folder");
        let small = ["--train", "50", "--valid", "20", "--tasks", "2", "--quiet"];
        let fitness = |program: &str| {
            let (code, stdout, stderr) = exnihilo(folder.path(), &[&["eval", program], &small[..]].concat());
            assert_eq!(code, Some(0), "{stderr}");
            stdout.split("fitness ").nth(1).and_then(|rest| rest.split(',').next()).expect("a fitness").to_owned()
        };
        assert_eq!(fitness("list.jsonl"), fitness("net"));
    }

    #[test]
    fn options_that_cannot_be_are_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let refused = |arguments: &[&str], code: i32, word: &str| {
            let (found, stdout, stderr) = exnihilo(folder.path(), arguments);
            assert_eq!((found, stdout.as_str()), (Some(code), ""), "{stderr}");
            assert!(stderr.starts_with("error: ") && stderr.contains(word), "{stderr}");
        };
        refused(&["export", "linear", "--to", "cobol"], 2, "numpy");
        refused(&["export", "linear"], 2, "--to");
        refused(&["export", "linear", "--to", "c", "--classes", "3"], 2, "10");
        refused(&["export", "linear", "--to", "c", "--classes", "10"], 1, "writes v1");
        refused(&["export", "linear", "--to", "c", "--features", "0"], 2, "1 to 4096");
        refused(&["export", "softmax", "--to", "c", "--classes", "10", "--features", "9"], 2, "10 or more");
        refused(&["export", "linear", "--to", "latex", "--demo"], 2, "demonstration");
        refused(&["export", "linear", "--to", "c", "--max-abs-error", "nan"], 2, "at least 0");
        refused(&["export", "missing.az", "--to", "c"], 1, "missing.az");
        let (code, _, note) = exnihilo(folder.path(), &["export", "softmax", "--to", "json"]);
        assert!(code == Some(0) && note.contains("--classes 10"), "{note}");
    }
}
