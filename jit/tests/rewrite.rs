//! Rewriting for readers: what goes, what must stay, and that no result changes in any bit.

mod common;

use std::collections::BTreeMap;

use exnihilo_jit::rewrite::{Reason, rewrite};
use exnihilo_jit::testing::{FuzzCase, SPECIAL_NUMBERS, disguised};
use exnihilo_jit::{
    ComponentFunction, Data, Examples, GroupSettings, Instruction, Interface, Op, Program, Scoring, Space, Stream, Task, TaskGroup,
    known_program, known_programs_for, simplify_for,
};

use common::{group_of, run};

#[track_caller]
fn parse(text: &str) -> Program {
    text.parse().expect("a program")
}

#[track_caller]
fn becomes(from: &str, to: &str) {
    let rewritten = rewrite(&parse(from), Interface::Number).program;
    assert_eq!(rewritten.to_string(), parse(to).to_string());
}

#[track_caller]
fn stays(text: &str) {
    becomes(text, text);
}

#[test]
fn what_is_computed_twice_goes() {
    // Learn has what Predict computed, but not the prediction, which a sigmoid may have replaced.
    becomes(
        "def Predict():\n  v1 = dot(m0, v0)\n  s1 = mean(v1)\ndef Learn():\n  v2 = dot(m0, v0)\n  s2 = mean(v2)\n  s3 = s0 - s2\n  \
         v2 = s3 * v2\n  m0 = outer(v2, v0)\n",
        "def Predict():\n  v1 = dot(m0, v0)\n  s1 = mean(v1)\ndef Learn():\n  s2 = mean(v1)\n  s3 = s0 - s2\n  v2 = s3 * v1\n  m0 = outer(v2, v0)\n",
    );
    // Commuting inputs in another order.
    becomes(
        "def Predict():\n  s2 = norm(v0)\n  s3 = mean(v0)\n  s4 = s2 * s3\n  s5 = s3 * s2\n  s1 = s4 / s5\n",
        "def Predict():\n  s2 = norm(v0)\n  s3 = mean(v0)\n  s4 = s2 * s3\n  s1 = s4 / s4\n",
    );
    // Two weights that are always equal.
    becomes(
        "def Predict():\n  s1 = dot(v1, v0)\n  s2 = dot(v2, v0)\n  s1 = s1 + s2\ndef Learn():\n  s3 = s0 - s1\n  v3 = s3 * v0\n  v1 = v1 + v3\n  v2 = v2 + v3\n",
        "def Predict():\n  s1 = dot(v0, v2)\n  s1 = s1 + s1\ndef Learn():\n  s2 = s0 - s1\n  v1 = s2 * v0\n  v2 = v1 + v2\n",
    );
}

#[test]
fn constants_are_folded_as_runs_compute_them() {
    becomes(
        "def Setup():\n  s2 = 0.1\n  s3 = 3.0\ndef Predict():\n  s4 = s2 * s3\n  s4 = exp(s4)\n  s1 = s4 / s5\n",
        "def Predict():\n  s1 = inf\n",
    );
    becomes(
        "def Setup():\n  s2 = 0.1\ndef Predict():\n  s3 = s2 + s2\n  s4 = mean(v0)\n  s1 = s3 * s4\n",
        "def Predict():\n  s2 = 0.2\n  s3 = mean(v0)\n  s1 = s2 * s3\n",
    );
    // What Learn changes is no constant.
    stays("def Setup():\n  s2 = 0.1\ndef Predict():\n  s3 = s2 + s2\n  s1 = exp(s3)\ndef Learn():\n  s2 = s1 * s2\n");
    // Sums of equal elements depend on how many there are; sums of zeros do not.
    stays("def Setup():\n  s2 = 0.1\n  v1 = bcast(s2)\ndef Predict():\n  s1 = mean(v1)\n");
    becomes("def Predict():\n  s1 = norm(v1)\n  s2 = std(v1)\n  s1 = s1 - s2\n", "def Predict():\n  s1 = 0.0\n");
}

#[test]
fn what_changes_nothing_goes() {
    let through = |op: &str| format!("def Setup():\n  s2 = 1.0\n  s3 = -0.0\ndef Predict():\n  s4 = mean(v0)\n{op}  s1 = exp(s5)\n");
    let without = "def Predict():\n  s2 = mean(v0)\n  s1 = exp(s2)\n";
    for op in
        ["s5 = s4 * s2", "s5 = s2 * s4", "s5 = s4 / s2", "s5 = s4 - s9", "s5 = s4 + s3", "s5 = minimum(s4, s4)", "s5 = maximum(s4, s4)"]
    {
        becomes(&through(&format!("  {op}\n")), without);
    }
    // For -0.0 these give 0.0; for NaN the last gives 0.0.
    for op in ["s5 = s4 + s9", "s5 = s4 - s3", "s5 = maximum(s9, s4)"] {
        let rewritten = rewrite(&parse(&through(&format!("  {op}\n"))), Interface::Number).program;
        assert!(rewritten.function(ComponentFunction::Predict).len() == 3, "{op}\n{rewritten}");
    }
    // A mean that is never -0.0, since Setup and Learn only make sums of it.
    becomes(
        "def Setup():\n  m2 = gaussian(0.0, 0.1)\n  m0 = m2 + m3\ndef Predict():\n  v2 = dot(m0, v0)\n  s1 = mean(v2)\ndef Learn():\n  \
         m4 = outer(v2, v0)\n  m2 = m2 + m4\n  m0 = m2 + m3\n",
        "def Setup():\n  m0 = gaussian(0.0, 0.1)\ndef Predict():\n  v1 = dot(m0, v0)\n  s1 = mean(v1)\ndef Learn():\n  m1 = outer(v1, v0)\n  m0 = m0 + m1\n",
    );
    becomes("def Predict():\n  v1 = abs(v0)\n  v2 = abs(v1)\n  s1 = mean(v2)\n", "def Predict():\n  v1 = abs(v0)\n  s1 = mean(v1)\n");
    becomes(
        "def Setup():\n  v1[0.5] = 0.0\n  v2[0.5] = 1.0\n  v2[0.5] = 1.0\ndef Predict():\n  v3 = v2 - v1\n  s1 = dot(v3, v0)\n",
        "def Setup():\n  v1[0.5] = 1.0\ndef Predict():\n  s1 = dot(v0, v1)\n",
    );
    becomes(
        "def Predict():\n  m1 = outer(v0, v0)\n  m2 = transpose(m1)\n  m3 = transpose(m2)\n  v1 = dot(m3, v0)\n  s1 = mean(v1)\n",
        "def Predict():\n  m0 = outer(v0, v0)\n  v1 = dot(m0, v0)\n  s1 = mean(v1)\n",
    );
    // One of them makes 1 of 0.
    stays("def Predict():\n  s2 = mean(v0)\n  s3 = heaviside(s2)\n  s4 = heaviside(s3)\n  s1 = s3 + s4\n");
}

#[test]
fn draws_are_never_equal_and_keep_their_numbers() {
    stays("def Predict():\n  s2 = uniform(0.0, 1.0)\n  s3 = uniform(0.0, 1.0)\n  s1 = s2 - s3\n");
    stays("def Setup():\n  s2 = uniform(1.0, 1.0)\ndef Predict():\n  s3 = gaussian(0.0, 1.0)\n  s1 = s2 + s3\n");
}

#[test]
fn equal_programs_print_alike() {
    for interface in Interface::ALL {
        for name in known_programs_for(interface) {
            let program = known_program(name).expect("a known name");
            let once = rewrite(&program, interface).program;
            assert_eq!(once.instructions().len(), program.instructions().len(), "{name}");
            for seed in 0..20 {
                let disguised = disguised(&program, interface, &mut Stream::new(seed));
                assert_eq!(rewrite(&disguised, interface).program.to_string(), once.to_string());
            }
        }
    }
}

#[test]
fn steps_lead_from_the_program_to_the_result() {
    let text = "def Setup():\n  s5 = 0.5\n  s9 = 1.0\ndef Predict():\n  s1 = dot(v2, v0)\n  s8 = sin(s1)\ndef Learn():\n  s3 = s0 - s1\n  s4 = s5 * s3\n  s4 = s9 * s4\n  v1 = s4 * v0\n  v2 = v1 + v2\n";
    let rewritten = rewrite(&parse(text), Interface::Number);
    let reasons: Vec<_> = rewritten.steps.iter().map(|step| (step.function, step.index, step.reason)).collect();
    assert!(reasons.contains(&(ComponentFunction::Predict, 1, Reason::Dead)));
    assert!(reasons.contains(&(ComponentFunction::Learn, 2, Reason::Held)));
    // Each instruction by its place at first, changed step by step.
    let mut places: BTreeMap<(ComponentFunction, usize), Instruction> = BTreeMap::new();
    let program = parse(text);
    for function in ComponentFunction::ALL {
        places.extend(program.function(function).iter().enumerate().map(|(index, instruction)| ((function, index), *instruction)));
    }
    for step in &rewritten.steps {
        let place = (step.function, step.index);
        assert_eq!(places.get(&place), Some(&step.before));
        assert_ne!(step.after, Some(step.before));
        match step.after {
            Some(after) => drop(places.insert(place, after)),
            None => drop(places.remove(&place)),
        }
    }
    assert_eq!(places.into_values().collect::<Vec<_>>(), rewritten.program.instructions());
}

/// Another program with much in it that can go: repeated instructions whose outputs some readers take, constants of every kind, and ops
/// that change little or nothing.
fn padded(program: &Program, interface: Interface, stream: &mut Stream) -> Program {
    let mut padded = program.clone();
    let counts = program.address_counts().max(interface.least_counts());
    let spare = |space: Space| counts.of(space).min(60);
    let make = |op: Op, [in1, in2, out]: [u8; 3], data: Data| Instruction::new(op, in1, in2, out, data).expect("valid");
    for _ in 0..2 + stream.below(6) {
        let function = ComponentFunction::ALL[stream.below(3)];
        let length = padded.function(function).len();
        let at = stream.below(length + 1);
        let fresh = stream.below(3) as u8;
        let special = SPECIAL_NUMBERS[stream.below(SPECIAL_NUMBERS.len())];
        let constant = [0.0, -0.0, 1.0, special][stream.below(4)];
        let (s, v, m) = (spare(Space::Scalar) + fresh, spare(Space::Vector) + fresh, spare(Space::Matrix) + fresh);
        let old = |space: Space, stream: &mut Stream| stream.below(usize::from(counts.of(space)).max(1)) as u8;
        let inserted = match stream.below(9) {
            // A copy that later readers may take.
            0..3 if at < length => {
                let old = padded.function(function)[at];
                let Some((space, out)) = old.writes().filter(|_| !old.op().is_random()) else { continue };
                let copy = make(old.op(), [old.in1(), old.in2(), spare(space) + fresh], old.data());
                let alias = old.reads().any(|read| read == (space, out)) || old.op().writes_one_element();
                if alias {
                    continue;
                }
                for reader in &mut padded.function_mut(function)[at + 1..] {
                    let mut inputs = [reader.in1(), reader.in2()];
                    for (read, input) in reader.reads().zip(&mut inputs) {
                        if read == (space, out) && stream.below(2) == 0 {
                            *input = copy.out();
                        }
                    }
                    *reader = make(reader.op(), [inputs[0], inputs[1], reader.out()], reader.data());
                }
                padded.insert(function, at + 1, copy);
                continue;
            }
            0..4 => make(Op::ScalarConstSet, [0, 0, s], Data::ScalarConst(constant)),
            4 => make(Op::ScalarBroadcast, [s, 0, v], Data::None),
            5 => make(Op::VectorOuterProduct, [v, v, m], Data::None),
            6 => {
                let op =
                    [Op::ScalarSum, Op::ScalarDiff, Op::ScalarProduct, Op::ScalarDivision, Op::ScalarMin, Op::ScalarMax][stream.below(6)];
                let out = old(Space::Scalar, stream).max(1);
                let inputs = if stream.below(2) == 0 { [out, s] } else { [s, out] };
                make(op, [inputs[0], inputs[1], out], Data::None)
            }
            7 => {
                let op =
                    [Op::VectorSum, Op::VectorDiff, Op::VectorProduct, Op::VectorDivision, Op::VectorMin, Op::VectorMax][stream.below(6)];
                let out = old(Space::Vector, stream).max(interface.first_writable(Space::Vector));
                let inputs = if stream.below(2) == 0 { [out, v] } else { [v, out] };
                make(op, [inputs[0], inputs[1], out], Data::None)
            }
            _ => {
                let op =
                    [Op::MatrixSum, Op::MatrixDiff, Op::MatrixProduct, Op::MatrixDivision, Op::MatrixMin, Op::MatrixMax][stream.below(6)];
                let out = old(Space::Matrix, stream);
                let inputs = if stream.below(2) == 0 { [out, m] } else { [m, out] };
                make(op, [inputs[0], inputs[1], out], Data::None)
            }
        };
        padded.insert(function, at, inserted);
    }
    padded
}

#[test]
fn no_result_changes_in_any_bit() {
    const CASES: u64 = if cfg!(debug_assertions) { 10_000 } else { 40_000 };
    let mut stream = Stream::new(20_260_201);
    let mut reasons: BTreeMap<Reason, u64> = BTreeMap::new();
    let (mut checked, mut shorter, mut random, mut trained, mut of_classes) = (0, 0, 0, 0, 0);
    for seed in 0..CASES {
        let case = FuzzCase::generate(seed);
        let (features, interface) = (case.group.features(), case.group.interface());
        let (most, scorings) = match interface {
            Interface::Number => (6, &[Scoring::Rms, Scoring::Accuracy][..]),
            Interface::Classes => (16, &[Scoring::Classes][..]),
        };
        if features > most || case.program.instructions().len() > 60 {
            continue;
        }
        for program in [case.program.clone(), padded(&case.program, interface, &mut stream)] {
            let rewritten = rewrite(&program, interface);
            for step in &rewritten.steps {
                *reasons.entry(step.reason).or_default() += 1;
            }
            let live = simplify_for(&program, interface);
            assert_eq!(simplify_for(&rewritten.program, interface), rewritten.program, "seed {seed}: nothing in it is dead");
            let again = rewrite(&rewritten.program, interface);
            assert_eq!(
                again.program, rewritten.program,
                "seed {seed}: once is enough\n{program}\n{}\n{}",
                rewritten.program, again.program
            );
            let disguised = disguised(&program, interface, &mut stream);
            assert_eq!(
                rewrite(&disguised, interface).program.to_string(),
                rewritten.program.to_string(),
                "seed {seed}\n{program}\n{disguised}"
            );
            checked += 1;
            shorter += u64::from(rewritten.program.instructions().len() < live.instructions().len());
            random += u64::from(rewritten.program.instructions().iter().any(|instruction| instruction.op().is_random()));
            of_classes += u64::from(interface == Interface::Classes);
            for &scoring in scorings {
                let group = group_of(&case, scoring, 8, f64::INFINITY);
                let seen = run(&program, &group);
                trained += u64::from(seen.0.iter().any(|task| task.1 > 8));
                assert_eq!(run(&rewritten.program, &group), seen, "seed {seed}, {scoring:?}\n{program}\n{}", rewritten.program);
            }
        }
    }
    let counts =
        [checked, shorter, random, trained, of_classes, reasons[&Reason::Held], reasons[&Reason::Constant], reasons[&Reason::Copy]];
    let least = [CASES / 2, CASES / 10, CASES / 20, CASES / 4, CASES / 20, CASES / 10, CASES / 10, CASES / 10];
    assert!(counts.iter().zip(least).all(|(&count, least)| count > least), "{counts:?}: the test sees too little of some kind");
}

/// One line for each input of the op: features, those of the example before, what is never negative, and constants.
fn sources(space: Space, letter: &str) -> Vec<String> {
    let (in_vector, constant) = (format!("v{letter}"), format!("s{letter}"));
    let lines = |vector: &str| match space {
        Space::Scalar => format!("{vector}  s{letter} = mean({in_vector})\n"),
        Space::Vector => vector.to_owned(),
        Space::Matrix => format!("{vector}  m{letter} = bcast({in_vector}, axis=1)\n"),
    };
    let mut sources: Vec<String> = ["v0", "v20"].map(|from| lines(&format!("  {in_vector} = maximum({from}, {from})\n"))).into();
    sources.push(lines(&format!("  {in_vector} = abs(v20)\n")));
    sources.extend([0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN].iter().map(|&number| {
        let number = if number.is_nan() { "nan".to_owned() } else { format!("{number:?}") };
        match space {
            Space::Scalar => format!("  {constant} = {number}\n"),
            _ => lines(&format!("  {constant} = {number}\n  {in_vector} = bcast({constant})\n")),
        }
    }));
    sources
}

/// Every op, once and twice, of every pair of sources, on features that are special numbers: the sign of zero is seen, and infinities.
#[test]
fn no_op_of_special_numbers_changes_in_any_bit() {
    let (mut checked, mut shorter) = (0, 0);
    for features in [1, 3] {
        let part = |turn: usize| {
            let numbers: Vec<f64> = (0..SPECIAL_NUMBERS.len() * features)
                .map(|index| SPECIAL_NUMBERS[(index / features * (1 + index % features) + turn) % SPECIAL_NUMBERS.len()])
                .collect();
            Examples { labels: vec![0.25; numbers.len() / features], features: numbers }
        };
        let task = Task { seed: 1, train: part(0), valid: part(5), train_orders: None };
        let settings = GroupSettings { max_abs_error: f64::INFINITY, ..GroupSettings::new(features, Scoring::Rms) };
        let group = TaskGroup::new(settings, vec![task]).expect("consistent shapes");
        for op in Op::ALL.into_iter().filter(|op| !op.inputs().is_empty()) {
            let spaces = op.inputs();
            let space = op.output().expect("what has inputs has an output");
            let seconds = spaces.get(1).map_or(vec![String::new()], |&space| sources(space, "11"));
            for (first, second) in sources(spaces[0], "10").iter().flat_map(|first| seconds.iter().map(move |second| (first, second))) {
                let once = Instruction::new(op, 10, 11, 12, Data::None).expect("valid");
                let twice = match *spaces {
                    [a, b] if a == b && a == space => vec![[12, 11, 13], [10, 12, 13], [12, 12, 13]],
                    [a] if a == space => vec![[12, 0, 13]],
                    _ => vec![],
                };
                let again = twice.into_iter().map(|[in1, in2, out]| Instruction::new(op, in1, in2, out, Data::None).expect("valid"));
                for body in std::iter::once(vec![once]).chain(again.map(|again| vec![once, again])) {
                    let (letter, last) = (space.letter(), 11 + body.len());
                    let body: String = body.iter().map(|instruction| format!("  {instruction}\n")).collect();
                    let output = format!("{letter}{last}");
                    // Its size, and the signs of reciprocals, which tell 0.0 from -0.0: its own, and with 0.0 added.
                    let size = format!("  {letter}14 = abs({output})\n");
                    let signs = |from: &str| format!("  {letter}14 = 1 / {from}\n  {letter}14 = heaviside({letter}14)\n");
                    let signs_of_sum = format!("  {letter}15 = {output} + {letter}30\n{}", signs(&format!("{letter}15")));
                    let end = if space == Space::Scalar { "  s1 = s14 + s30\n".to_owned() } else { format!("  s1 = mean({letter}14)\n") };
                    for sink in [size, signs(&output), signs_of_sum] {
                        let text = format!("def Predict():\n{first}{second}{body}{sink}{end}def Learn():\n  v20 = maximum(v0, v0)\n");
                        let program = parse(&text);
                        let rewritten = rewrite(&program, Interface::Number).program;
                        checked += 1;
                        shorter +=
                            usize::from(rewritten.instructions().len() < simplify_for(&program, Interface::Number).instructions().len());
                        assert_eq!(run(&rewritten, &group), run(&program, &group), "{program}\n{rewritten}");
                    }
                }
            }
        }
    }
    assert!(checked > 20_000 && shorter > checked / 2 && shorter < checked, "{checked} {shorter}");
}

#[test]
fn long_programs_take_no_longer_than_they_must() {
    let body: String = (0..10_000).map(|index| format!("  s{} = s{} + s{}\n", 1 + index % 63, index % 63, (index * 7) % 64)).collect();
    let text = format!("def Setup():\n{body}def Predict():\n{body}def Learn():\n{body}");
    let rewritten = rewrite(&parse(&text), Interface::Number);
    assert!(rewritten.program.instructions().len() < 30_000);
}
