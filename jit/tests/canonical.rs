//! Canonical form: what it must not tell apart, what it must, and that equal form means equal results to the bit.

mod common;

use exnihilo_jit::analysis::{CanonicalKey, Canonicalizer};
use exnihilo_jit::oracle::Memory;
use exnihilo_jit::testing::{FuzzCase, SPECIAL_NUMBERS, disguised};
use exnihilo_jit::{
    AddressCounts, Backend, ComponentFunction, Data, Evaluator, Instruction, Interface, Op, Program, Scoring, Space, Stream, known_program,
    known_programs_for, simplify, simplify_for,
};

use common::{group_of, run};

fn key(program: &Program, features: usize) -> CanonicalKey {
    key_for(program, Interface::Number, features)
}

fn key_for(program: &Program, interface: Interface, features: usize) -> CanonicalKey {
    Canonicalizer::default().key(&simplify_for(program, interface), interface, features)
}

fn canonical(program: &Program, features: usize) -> Program {
    canonical_for(program, Interface::Number, features)
}

fn canonical_for(program: &Program, interface: Interface, features: usize) -> Program {
    Canonicalizer::default().program(&simplify_for(program, interface), interface, features)
}

#[track_caller]
fn parse(text: &str) -> Program {
    let program: Program = text.parse().expect("a program");
    assert_eq!(simplify(&program).instructions().len(), program.instructions().len(), "nothing in it is dead");
    program
}

#[track_caller]
fn alike(a: &str, b: &str) {
    let (a, b) = (parse(a), parse(b));
    assert_eq!(canonical(&a, 4).to_string(), canonical(&b, 4).to_string());
    assert_eq!(key(&a, 4), key(&b, 4));
}

#[track_caller]
fn distinct(a: &str, b: &str) {
    let (a, b) = (parse(a), parse(b));
    assert_ne!(canonical(&a, 4).to_string(), canonical(&b, 4).to_string());
    assert_ne!(key(&a, 4), key(&b, 4));
}

const NET: &str = "
def Setup():
  s2 = 0.5
  m0 = gaussian(0.0, 0.1)
  v1[0.4] = 0.5
def Predict():
  v3 = dot(m0, v0)
  v4 = v3 + v2
  s1 = dot(v4, v1)
def Learn():
  s3 = s0 - s1
  s4 = s3 * s2
  v5 = s4 * v4
  v1 = v1 + v5
  v2 = v2 + v5
  m1 = outer(v5, v0)
  m0 = m0 + m1
";

#[test]
fn names_order_of_commuting_inputs_and_dead_code_do_not_matter() {
    // Every address renamed, every sum, product and inner product turned round.
    alike(
        NET,
        "
def Setup():
  s9 = 0.5
  m3 = gaussian(0.0, 0.1)
  v7[0.4] = 0.5
def Predict():
  v1 = dot(m3, v0)
  v8 = v6 + v1
  s1 = dot(v7, v8)
def Learn():
  s2 = s0 - s1
  s7 = s9 * s2
  v2 = s7 * v8
  v7 = v2 + v7
  v6 = v2 + v6
  m1 = outer(v2, v0)
  m3 = m1 + m3
",
    );
    let mut with_dead = parse(NET);
    for function in ComponentFunction::ALL {
        let dead = Instruction::new(Op::ScalarGaussianSet, 0, 0, 11, Data::Gaussian { mean: 0.0, st_dev: 1.0 }).expect("valid");
        with_dead.insert(function, 0, Instruction::NO_OP);
        with_dead.insert(function, 1, dead);
    }
    assert_eq!(key(&with_dead, 4), key(&parse(NET), 4));
}

#[test]
fn two_weights_that_predict_adds_first_are_not_told_apart_by_their_order() {
    let learn = "def Learn():\n  s3 = s0 - s1\n  v1 = s3 * v0\n  v2 = v1 - v2\n";
    alike(
        &format!("def Predict():\n  v3 = v1 + v2\n  s1 = dot(v3, v0)\n{learn}"),
        &format!("def Predict():\n  v3 = v2 + v1\n  s1 = dot(v3, v0)\n{learn}"),
    );
}

#[test]
fn what_is_certainly_zero_has_one_name() {
    // Nothing writes s4, s5 and v2.
    alike("def Predict():\n  s1 = s4 - s5\n", "def Predict():\n  s1 = s0 - s0\n");
    alike("def Predict():\n  s1 = dot(v1, v1)\n", "def Predict():\n  s1 = dot(v3, v2)\n");
    alike(
        "def Predict():\n  s1 = s1 + s2\ndef Learn():\n  s2 = s3 - s1\n",
        "def Predict():\n  s1 = s1 + s3\ndef Learn():\n  s3 = s2 - s1\n",
    );
    // Setup reads before it writes.
    alike(
        "def Setup():\n  s1 = exp(s1)\n  s2 = exp(s1)\ndef Predict():\n  s1 = s2 + s1\n",
        "def Setup():\n  s1 = exp(s3)\n  s2 = exp(s1)\ndef Predict():\n  s1 = s1 + s2\n",
    );
    alike(
        "def Setup():\n  v1 = bcast(s1)\ndef Predict():\n  s1 = dot(v1, v0)\n",
        "def Setup():\n  v1 = bcast(s0)\ndef Predict():\n  s1 = dot(v1, v0)\n",
    );
    // Not zero: features, label, the prediction (a sigmoid may have replaced it), what Learn writes.
    distinct("def Predict():\n  s1 = mean(v0)\n", "def Predict():\n  s1 = mean(v1)\n");
    let learn = |read: &str| format!("def Predict():\n  s2 = exp(s3)\n  s1 = s1 + s2\ndef Learn():\n  s3 = cos({read})\n");
    distinct(&learn("s0"), &learn("s4"));
    distinct(&learn("s1"), &learn("s4"));
    distinct(&learn("s3"), &learn("s4"));
    distinct("def Predict():\n  s1 = cos(s1)\n", "def Predict():\n  s1 = cos(s2)\n");
    let setup_last = |read: &str| format!("def Setup():\n  s2 = 1.0\n  s3 = cos({read})\ndef Predict():\n  s1 = s3 - s2\n");
    distinct(&setup_last("s2"), &setup_last("s3"));
}

#[test]
fn what_makes_a_difference_is_told_apart() {
    for (from, to) in [
        ("s2 = 0.5\n", "s2 = 0.5000000000000001\n"),
        ("gaussian(0.0, 0.1)", "gaussian(-0.0, 0.1)"),
        ("gaussian(0.0, 0.1)", "uniform(0.0, 0.1)"),
        ("v1[0.4] = 0.5", "v1[0.6] = 0.5"),
        ("v1[0.4] = 0.5", "v1[0.4] = 0.25"),
        ("v1[0.4] = 0.5", "v1 = uniform(0.4, 0.5)"),
        ("s3 = s0 - s1", "s3 = s1 - s0"),
        ("s3 = s0 - s1", "s3 = s0 / s1"),
        ("m1 = outer(v5, v0)", "m1 = outer(v0, v5)"),
        ("v4 = v3 + v2", "v4 = minimum(v3, v2)"),
        ("v2 = v2 + v5\n", "v2 = v5 + v5\n"),
    ] {
        let other = NET.replace(from, to);
        assert_ne!(NET, other);
        let other: Program = other.parse().expect("a program");
        assert_ne!(key(&parse(NET), 4), key(&other, 4), "{to}");
    }
    let least = |op: &str, a: &str, b: &str| format!("def Setup():\n  s2 = 1.0\n  s3 = 2.0\ndef Predict():\n  s1 = {op}({a}, {b})\n");
    distinct(&least("minimum", "s2", "s3"), &least("minimum", "s3", "s2"));
    distinct(&least("maximum", "s2", "s3"), &least("maximum", "s3", "s2"));
    // The same instruction in another function.
    distinct("def Setup():\n  s2 = 0.5\ndef Predict():\n  s1 = exp(s2)\n", "def Predict():\n  s2 = 0.5\n  s1 = exp(s2)\n");
    distinct("def Predict():\n  s1 = exp(s2)\n  s2 = 0.5\n", "def Predict():\n  s1 = exp(s2)\ndef Learn():\n  s2 = 0.5\n");
    distinct("def Predict():\n  s1 = 0.0\n", "def Predict():\n  s1 = -0.0\n");
}

#[test]
fn an_element_constant_is_the_element_that_it_sets() {
    let set = |fraction: &str| {
        parse(&format!(
            "def Setup():\n  v1[{fraction}] = 0.5\n  m0[0.1, {fraction}] = 0.5\ndef Predict():\n  v2 = dot(m0, v1)\n  s1 = dot(v2, v0)\n"
        ))
    };
    assert_eq!(key(&set("0.3"), 4), key(&set("0.4"), 4));
    assert_ne!(key(&set("0.3"), 8), key(&set("0.4"), 8));
    assert_eq!(key(&set("1.0"), 4), key(&set("0.8"), 4));
    let exnihilo_jit::lang::MAX_FEATURES = 4_096 else { panic!("the form has room for larger features too") };
    for features in [1, 2, 3, 10, 4_095, 4_096] {
        for fraction in ["0.0", "0.123", "0.5", "0.9999", "1.0"] {
            let program = set(fraction);
            assert_eq!(key(&canonical(&program, features), features), key(&program, features), "{fraction} of {features}");
        }
    }
}

#[test]
fn all_addresses_of_a_space_can_be_in_use() {
    let mut text = "def Setup():\n  m63 = transpose(m5)\n".to_owned();
    for address in 0..64 {
        text += &format!("  m{address} = m{address} + m63\n");
    }
    text += "def Predict():\n  s1 = norm(m0)\n";
    for address in 1..64 {
        text += &format!("  s2 = norm(m{address})\n  s1 = s1 + s2\n");
    }
    let program = simplify(&text.parse().expect("a program"));
    assert_eq!(canonical(&program, 1).address_counts().matrices, 64);
    assert_eq!(key(&canonical(&program, 1), 1), key(&program, 1));
}

/// The form takes inputs for interchangeable if and only if no bit of the output tells them apart, over all pairs of special numbers.
#[test]
fn inputs_are_ordered_where_no_bit_tells_and_nowhere_else() {
    let mut worker = Evaluator::new(Backend::Oracle).worker();
    let counts = AddressCounts { scalars: 5, vectors: 4, matrices: 3 };
    for op in Op::ALL {
        let &[a, b] = op.inputs() else { continue };
        if a != b {
            continue;
        }
        let [one, other] = [[2, 1], [1, 2]].map(|[in1, in2]| {
            let mut setup =
                "def Setup():\n  s1 = 1.0\n  s2 = 2.0\n  v1 = bcast(s1)\n  v2 = bcast(s2)\n  m1 = outer(v1, v1)\n  m2 = outer(v2, v2)\n"
                    .parse::<Program>()
                    .expect("a program");
            let at = setup.instructions().len();
            setup.insert(ComponentFunction::Setup, at, instruction(op, [in1, in2, 1], Data::None));
            setup
        });
        let key = |program: &Program| Canonicalizer::default().key(program, Interface::Number, 2);
        let mut tells = false;
        for x in SPECIAL_NUMBERS {
            for y in SPECIAL_NUMBERS {
                let [output, exchanged] = [&one, &other].map(|program| {
                    let only = &program.function(ComponentFunction::Setup)[6..];
                    let mut memory = Memory::new(2, counts);
                    memory.scalars_mut()[1..3].copy_from_slice(&[x, y]);
                    memory.vectors_mut()[2..6].copy_from_slice(&[x, 0.75, y, x]);
                    memory.matrices_mut()[4..12].copy_from_slice(&[x, 0.75, y, -3.0, y, 0.5, x, x]);
                    worker.testing().execute_setup(&Program::new(only, &[], &[]), 1, &mut memory).expect("declared addresses");
                    let output = match op.output().expect("it has inputs") {
                        Space::Scalar => &memory.scalars()[1..2],
                        Space::Vector => &memory.vectors()[2..4],
                        Space::Matrix => &memory.matrices()[4..8],
                    };
                    output.iter().map(|x| if x.is_nan() { f64::NAN } else { *x }.to_bits()).collect::<Vec<_>>()
                });
                tells |= output != exchanged;
            }
        }
        assert_eq!(key(&one) != key(&other), tells, "{op}");
    }
}

fn instruction(op: Op, [in1, in2, out]: [u8; 3], data: Data) -> Instruction {
    Instruction::new(op, in1, in2, out, data).expect("the parts of valid instructions")
}

/// A program with one small change that mostly makes a difference.
fn neighbour(program: &Program, stream: &mut Stream) -> Program {
    let mut changed = program.clone();
    let function = ComponentFunction::ALL[stream.below(3)];
    let length = changed.function(function).len();
    if length == 0 {
        return changed;
    }
    let at = stream.below(length);
    let old = changed.function(function)[at];
    let op = old.op();
    let mut addresses = [old.in1(), old.in2(), old.out()];
    match stream.below(6) {
        0 if op.inputs().len() == 2 && op.inputs()[0] == op.inputs()[1] => addresses.swap(0, 1),
        0 | 1 if !op.inputs().is_empty() => {
            let which = stream.below(op.inputs().len());
            addresses[which] = stream.below(usize::from(addresses[which]) + 4).min(63) as u8;
        }
        2 if op != Op::NoOp => addresses[2] = (addresses[2] + 1).min(63),
        3 => {
            changed.remove(function, at);
            let to = ComponentFunction::ALL[stream.below(3)];
            changed.insert(to, stream.below(changed.function(to).len() + 1), old);
            return changed;
        }
        4 => drop(changed.remove(function, at)),
        _ => {
            let data = match old.data() {
                Data::ScalarConst(value) => Data::ScalarConst(-value),
                Data::VectorConst { index, value } => Data::VectorConst { index: 1.0 - index, value },
                Data::MatrixConst { row, column, value } => Data::MatrixConst { row: column, column: row, value },
                Data::Uniform { low, high } => Data::Uniform { low: high, high: low },
                Data::Gaussian { mean, st_dev } => Data::Gaussian { mean: -mean, st_dev },
                Data::None => Data::None,
            };
            changed.function_mut(function)[at] = instruction(op, addresses, data);
            return changed;
        }
    }
    if changed.function(function).get(at) == Some(&old) {
        changed.function_mut(function)[at] = instruction(op, addresses, old.data());
    }
    changed
}

#[test]
fn equal_form_means_equal_results_to_the_bit() {
    const CASES: u64 = if cfg!(debug_assertions) { 400 } else { 1_500 };
    let mut stream = Stream::new(20_260_101);
    let (mut equal_neighbours, mut other_neighbours, mut different, mut random, mut trained, mut of_classes) = (0, 0, 0, 0, 0, 0);
    for seed in 0..CASES {
        let case = FuzzCase::generate(seed);
        let program = &case.program;
        let features = case.group.features();
        let interface = case.group.interface();
        let (most, scorings) = match interface {
            Interface::Number => (9, &[Scoring::Rms, Scoring::Accuracy][..]),
            Interface::Classes => (16, &[Scoring::Classes][..]),
        };
        if features > most || program.instructions().len() > 60 {
            continue;
        }
        of_classes += usize::from(interface == Interface::Classes);
        let canonical = |program: &Program, features| canonical_for(program, interface, features);
        let key = |program: &Program, features| key_for(program, interface, features);
        let form = canonical(program, features);
        assert_eq!(simplify_for(&form, interface), form, "seed {seed}: nothing in a canonical form is dead");
        assert_eq!(canonical(&form, features), form, "seed {seed}: a canonical form is its own");
        random += usize::from(form.instructions().iter().any(|instruction| instruction.op().is_random()));
        let disguised = disguised(program, interface, &mut stream);
        assert_eq!(canonical(&disguised, features), form, "seed {seed}\n{program}\n{disguised}");
        assert_eq!(key(&disguised, features), key(program, features), "seed {seed}");
        let mut neighbours: Vec<Program> = (0..6).map(|_| neighbour(program, &mut stream)).collect();
        neighbours.retain(|neighbour| interface.check_outputs(neighbour).is_ok());
        for &scoring in scorings {
            let group = group_of(&case, scoring, 12, case.group.settings().max_abs_error);
            let seen = run(program, &group);
            trained += usize::from(seen.0.iter().any(|task| task.1 > 12));
            assert_eq!(run(&form, &group), seen, "seed {seed}, {scoring:?}\n{program}\n{form}");
            assert_eq!(run(&disguised, &group), seen, "seed {seed}, {scoring:?}\n{program}\n{disguised}");
            for neighbour in &neighbours {
                let same_form = canonical(neighbour, features) == form;
                assert_eq!(same_form, key(neighbour, features) == key(program, features), "seed {seed}\n{program}\n{neighbour}");
                if same_form {
                    equal_neighbours += 1;
                    assert_eq!(run(neighbour, &group), seen, "seed {seed}, {scoring:?}\n{program}\n{neighbour}");
                } else {
                    other_neighbours += 1;
                    different += usize::from(run(neighbour, &group) != seen);
                }
            }
        }
    }
    let counts = [equal_neighbours, other_neighbours, different, random, trained, of_classes].map(|count| count as u64);
    let least = [CASES, CASES, CASES / 2, CASES / 10, CASES / 4, CASES / 20];
    assert!(counts.iter().zip(least).all(|(&count, least)| count > least), "{counts:?}: the test sees too little of some kind");
}

#[test]
fn known_programs_keep_their_meaning() {
    for interface in Interface::ALL {
        for name in known_programs_for(interface) {
            let program = known_program(name).expect("a known name");
            let form = canonical_for(&program, interface, 16);
            assert_eq!(form.instructions().len(), program.instructions().len());
            let counts = AddressCounts { scalars: 64, vectors: 64, matrices: 64 };
            assert!(form.check_addresses(counts).is_ok() && interface.check_outputs(&form).is_ok());
        }
    }
}

/// What is one program for one kind of task may be two for the other; what a program is remembered for holds for its kind only.
#[test]
fn forms_are_of_one_kind_of_task() {
    let texts = [
        "def Predict():\n",
        "def Predict():\n  s1 = dot(v0, v2)\ndef Learn():\n  v2 = v2 + v0\n",
        "def Predict():\n  v2 = dot(m0, v0)\n  s1 = mean(v2)\ndef Learn():\n  m0 = outer(v2, v1)\n",
    ];
    for text in texts {
        let program: Program = text.parse().expect("a program");
        assert_ne!(key_for(&program, Interface::Number, 16), key_for(&program, Interface::Classes, 16), "{text}");
    }
    let parse = |text: &str| text.parse::<Program>().expect("a program");
    let alike = |a: &str, b: &str| Interface::ALL.map(|interface| key_for(&parse(a), interface, 16) == key_for(&parse(b), interface, 16));
    // In Predict `v1` is zero on tasks with classes; so is `s0` in Learn; and there `s1` is a scalar like others.
    let zeros =
        |address: &str| format!("def Predict():\n  v3 = v0 + {address}\n  v2 = v3 + v2\n  s1 = mean(v2)\ndef Learn():\n  v1 = v0 + v0\n");
    let written = |text: String| text.replace("  v1 = v0 + v0\n", "  v4 = v0 + v0\n");
    assert_eq!(alike(&written(zeros("v1")), &written(zeros("v9"))), [true, true]);
    assert_ne!(key_for(&parse(&zeros("v1")), Interface::Number, 16), key_for(&parse(&zeros("v9")), Interface::Number, 16));
    let learned = |a: &str| format!("def Predict():\n  v2 = s3 * v0\n  s1 = mean(v2)\ndef Learn():\n  s3 = s3 + {a}\n");
    assert_eq!(alike(&learned("s0"), &learned("s7")), [false, true]);
    let named = |a: &str| format!("def Predict():\n  {a} = norm(v0)\n  v2 = {a} * v0\ndef Learn():\n  {a} = {a} + {a}\n");
    assert_eq!(key_for(&parse(&named("s1")), Interface::Classes, 16), key_for(&parse(&named("s5")), Interface::Classes, 16));
    // The label differs from zero in Learn only.
    let labels = |a: &str| format!("def Predict():\n  v2 = v3 * v0\n  s1 = mean(v2)\ndef Learn():\n  v3 = v3 + {a}\n");
    assert_eq!(alike(&labels("v1"), &labels("v9")), [true, false]);
}
