//! Tasks with classes, on every backend and layout, against numbers worked out by hand.

use exnihilo_jit::lang::ComponentFunction;
use exnihilo_jit::oracle::{Memory, Oracle};
use exnihilo_jit::{
    AddressCounts, Backend, CLASSES, Combine, EvalError, Evaluator, Examples, GroupError, GroupSettings, Interface, Observed, Program,
    Scoring, Stream, Task, TaskGroup, known_program,
};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// Predicts the features, and keeps what Learn sees.
const SHOWS_ALL: &str = "
def Setup():
  v3 = v1 + v2
def Predict():
  v2 = v0 + v9
  v4 = v4 + v1
  s3 = s3 + s0
def Learn():
  v5 = v2 + v9
  v6 = v1 + v9
  v7 = v0 + v9
  s4 = s0 + s4
";

/// Ten predictions, then what is beyond the classes.
fn features(predictions: [f64; 10], features: usize, beyond: f64) -> Vec<f64> {
    predictions.into_iter().chain(std::iter::repeat(beyond)).take(features).collect()
}

fn group(settings: GroupSettings, train: &[([f64; 10], u8)], valid: &[([f64; 10], u8)], beyond: f64) -> TaskGroup {
    let examples = |list: &[([f64; 10], u8)]| Examples {
        features: list.iter().flat_map(|(predictions, _)| features(*predictions, settings.features, beyond)).collect(),
        labels: list.iter().map(|(_, class)| f64::from(*class)).collect(),
    };
    let task = Task { seed: 1, train: examples(train), valid: examples(valid), train_orders: None };
    TaskGroup::new(settings, vec![task]).expect("a valid group")
}

/// What every backend and number of lanes makes of a program.
fn observed(program: &str, group: &TaskGroup) -> Vec<(String, Observed)> {
    let program: Program = program.parse().expect("a program");
    let counts = program.address_counts();
    let mut all = Vec::new();
    for backend in [Backend::Oracle, Backend::Interp, Backend::Jit] {
        for width in [None, Some(1), Some(2), Some(4), Some(12), Some(16)] {
            let observed = Evaluator::new(backend).worker().observe(&program, counts, group, width).expect("small");
            all.push((format!("{backend}, {width:?} lanes, F = {}", group.features()), observed));
        }
    }
    all
}

fn settings(features: usize) -> GroupSettings {
    GroupSettings::new(features, Scoring::Classes)
}

fn vector(memory: &Memory, address: usize) -> &[f64] {
    &memory.vectors()[address * memory.features()..][..memory.features()]
}

/// Equal predictions at some classes, nothing at the others.
fn equal_at(classes: &[usize]) -> [f64; 10] {
    std::array::from_fn(|class| if classes.contains(&class) { 3.0 } else { -INF })
}

#[test]
fn shares_labels_and_errors_are_those_of_the_text() {
    for f in [10, 11, 16] {
        // Shares of ten, of two, of four and of one; the numbers beyond the classes change nothing and are cleared.
        let train = [([7.0; 10], 4), (equal_at(&[2, 9]), 9), (equal_at(&[0, 1, 2, 3]), 5), (equal_at(&[6]), 6)];
        let group = group(settings(f), &train, &[([0.0; 10], 9)], NAN);
        for (name, observed) in observed(SHOWS_ALL, &group) {
            let record = &observed.records[0];
            assert_eq!(record.train_errors, [1.0 - 0.1, 0.5, 1.0, 0.0], "{name}");
            assert_eq!((record.train_steps, record.fitness), (4, 1.0), "{name}");
            let memory = &record.memory;
            // As the last Learn saw them.
            let one_at = |class: usize| (0..f).map(|i| f64::from(u8::from(i == class))).collect::<Vec<_>>();
            assert_eq!((vector(memory, 5), vector(memory, 6)), (&one_at(6)[..], &one_at(6)[..]), "{name}");
            // Predict and Setup never see a label, and nobody one in s0; at the end there is none.
            assert_eq!(
                (vector(memory, 1), vector(memory, 3), vector(memory, 4)),
                (&vec![0.0; f][..], &vec![0.0; f][..], &vec![0.0; f][..])
            );
            assert_eq!(&memory.scalars()[3..5], [0.0, 0.0], "{name}");
            // Validation leaves the prediction as it is.
            assert_eq!(vector(memory, 2)[..10], [0.0; 10], "{name}");
        }
    }
}

#[test]
fn a_softmax_is_exact_where_powers_are() {
    // Powers of 2 times log 2: exp rounds them to powers of 2 within a unit, the sum is of ten terms in order.
    let predictions: [f64; 10] = std::array::from_fn(|class| class as f64 * std::f64::consts::LN_2);
    let powers = predictions.map(|x| exnihilo_jit::exec::math::exp(x - predictions[9]));
    let sum = powers[1..].iter().fold(powers[0], |sum, power| sum + power);
    let group = group(settings(12), &[(predictions, 8)], &[(predictions, 9)], 5.0);
    for (name, observed) in observed(SHOWS_ALL, &group) {
        let seen = vector(&observed.records[0].memory, 5);
        for class in 0..10 {
            assert_eq!(seen[class].to_bits(), (powers[class] / sum).to_bits(), "{name}, class {class}");
            let exact = 2f64.powi(class as i32) / 1023.0;
            assert!((seen[class] - exact).abs() < 1e-15, "{name}, class {class}");
        }
        assert_eq!(observed.records[0].train_errors, [1.0 - powers[8] / sum], "{name}");
        assert_eq!(seen[10..], [0.0, 0.0], "{name}");
    }
}

#[test]
fn what_is_not_a_number_stops_training() {
    let mut cases = vec![[-INF; 10]];
    for class in [0, 4, 9] {
        for x in [NAN, INF] {
            let mut predictions = [1.0; 10];
            predictions[class] = x;
            cases.push(predictions);
        }
    }
    for f in [10, 16] {
        for &predictions in &cases {
            let settings = GroupSettings { max_abs_error: INF, ..settings(f) };
            let group = group(settings, &[([0.0; 10], 1), (predictions, 1), ([0.0; 10], 1)], &[([0.0; 10], 9)], 0.0);
            for (name, observed) in observed(SHOWS_ALL, &group) {
                let record = &observed.records[0];
                assert_eq!((record.train_errors.len(), record.train_steps, record.fitness), (1, 2, 0.0), "{name}, {predictions:?}");
                // The softmax is in place when it stops, the label is not.
                assert!(vector(&record.memory, 2)[..10].iter().all(|x| x.is_nan()), "{name}, {predictions:?}");
                assert_eq!((vector(&record.memory, 1), vector(&record.memory, 6)[1]), (&vec![0.0; f][..], 1.0), "{name}");
            }
        }
    }
}

#[test]
fn errors_below_one_stop_training() {
    // Errors of 0.5, then 0.75, then 1.
    let train = [(equal_at(&[2, 9]), 9), (equal_at(&[0, 1, 2, 3]), 3), (equal_at(&[0]), 3)];
    for (max_abs_error, steps) in [(0.0, 1), (0.4999, 1), (0.5, 2), (0.74, 2), (0.75, 3), (0.9999, 3), (1.0, 3)] {
        for f in [10, 11, 16] {
            let settings = GroupSettings { max_abs_error, ..settings(f) };
            let group = group(settings, &train, &[(equal_at(&[7]), 7), (equal_at(&[7]), 6)], 0.0);
            for (name, observed) in observed(SHOWS_ALL, &group) {
                let record = &observed.records[0];
                let goes_through = max_abs_error >= 1.0;
                let listed = if goes_through { 3 } else { steps - 1 };
                assert_eq!((record.train_steps, record.train_errors.len()), (steps as u64, listed), "{name}, up to {max_abs_error}");
                assert_eq!(record.valid_errors, if goes_through { vec![0.0, 1.0] } else { vec![] }, "{name}");
                assert_eq!(record.fitness, if goes_through { 0.5 } else { 0.0 }, "{name}");
            }
        }
    }
}

#[test]
fn a_wrong_class_beyond_the_limit_ends_a_validation() {
    // No error in training, one in the second validation example.
    let settings = GroupSettings { max_abs_error: 0.25, ..settings(10) };
    let valid = [(equal_at(&[7]), 7), (equal_at(&[7]), 6), (equal_at(&[5]), 5)];
    let group = group(settings, &[(equal_at(&[1]), 1)], &valid, 0.0);
    for (name, observed) in observed(SHOWS_ALL, &group) {
        let record = &observed.records[0];
        assert_eq!((&record.train_errors[..], &record.valid_errors[..], record.fitness), (&[0.0][..], &[0.0][..], 0.0), "{name}");
        assert_eq!(vector(&record.memory, 2)[7], 3.0, "{name}: as that Predict left it");
    }
}

#[test]
fn the_last_of_equal_maxima_is_chosen_and_nan_is_wrong() {
    let with = |at: &[(usize, f64)]| {
        let mut predictions = [-1.0; 10];
        at.iter().for_each(|&(class, x)| predictions[class] = x);
        predictions
    };
    let (mut valid, mut wrong) = (Vec::new(), Vec::new());
    for (predictions, chosen) in [
        (with(&[]), Some(9)),
        (with(&[(0, 2.0)]), Some(0)),
        (with(&[(0, 2.0), (3, 2.0)]), Some(3)),
        (with(&[(8, INF), (3, INF)]), Some(8)),
        (with(&[(2, 0.0), (6, -0.0)]), Some(6)),
        (with(&[(2, -0.0), (6, 0.0)]), Some(6)),
        ([-INF; 10], Some(9)),
        (with(&[(5, 1e-300), (4, 5e-324)]), Some(5)),
        (with(&[(0, NAN), (5, 1.0)]), None),
        (with(&[(9, NAN), (5, 1.0)]), None),
        (with(&[(5, NAN)]), None),
        ([NAN; 10], None),
    ] {
        for class in 0..10 {
            valid.push((predictions, class));
            wrong.push(f64::from(u8::from(Some(class) != chosen)));
        }
    }
    let right = wrong.iter().filter(|&&error| error == 0.0).count();
    assert_eq!(right, 8);
    for f in [10, 11, 16, 17] {
        let group = group(settings(f), &[([0.0; 10], 0)], &valid, 100.0);
        for (name, observed) in observed(SHOWS_ALL, &group) {
            assert_eq!(observed.records[0].valid_errors, wrong, "{name}");
            assert_eq!(observed.records[0].fitness, 1.0 - (wrong.len() - right) as f64 / wrong.len() as f64, "{name}");
        }
    }
}

#[test]
fn programs_that_write_the_label_are_refused_everywhere() {
    let group = group(settings(10), &[([0.0; 10], 0)], &[([0.0; 10], 0)], 0.0);
    for (function, text) in [
        (ComponentFunction::Setup, "def Setup():\n  v1[0.5] = 0.5\n"),
        (ComponentFunction::Predict, "def Predict():\n  v2 = v0 + v1\n  v1 = v0 + v0\n"),
        // Dead or not.
        (ComponentFunction::Learn, "def Learn():\n  v1 = v0 + v0\n"),
    ] {
        let program: Program = text.parse().expect("a program");
        let is_refusal =
            |error: EvalError| matches!(error, EvalError::Interface(error) if error.function == function && error.address == 1);
        for backend in [Backend::Oracle, Backend::Interp, Backend::Jit, Backend::Auto] {
            let mut worker = Evaluator::new(backend).worker();
            assert!(worker.evaluate(&program, &group).is_err_and(is_refusal), "{backend}: {text}");
            assert!(worker.simplify(&program, &group).err().is_some_and(is_refusal), "{backend}: {text}");
            let observed = worker.observe(&program, program.address_counts(), &group, None);
            assert!(observed.is_err_and(is_refusal), "{backend}: {text}");
        }
        let ordinals = vec![0; program.instructions().len()];
        let run = Oracle::new().run(&program, &ordinals, &group, 0, AddressCounts::MIN, false);
        assert!(run.is_err_and(is_refusal));
    }
}

#[test]
fn groups_without_classes_are_refused() {
    let task = |features: usize, label: f64| Task {
        seed: 1,
        train: Examples { features: vec![0.0; features * 2], labels: vec![0.0, 9.0] },
        valid: Examples { features: vec![0.0; features], labels: vec![label] },
        train_orders: None,
    };
    let refused = |features, label| TaskGroup::new(settings(features), vec![task(features, label)]).err();
    assert_eq!(refused(10, 9.0), None);
    assert_eq!(refused(10, -0.0), None);
    assert_eq!(refused(9, 1.0), Some(GroupError::FewFeatures(9)));
    for label in [10.0, -1.0, 2.5, NAN, INF] {
        let error = refused(12, label).expect("not the number of a class").to_string();
        assert!(error.starts_with(&format!("task 0: the validation part has the label {label} where")), "{error}");
    }
    // The memory of a program has what classes need, whatever the program uses.
    let limit = GroupSettings { memory_limit: 6_000, ..settings(10) };
    let group = TaskGroup::new(limit, vec![task(10, 1.0)]).expect("little data");
    assert!(group.check_memory(AddressCounts { vectors: 60, ..AddressCounts::MIN }).is_ok());
    assert!(group.check_memory(AddressCounts { matrices: 8, ..AddressCounts::MIN }).is_err());
    assert_eq!(group.interface(), Interface::Classes);
}

/// Ten clouds of points, which a linear model tells apart; or two clouds a class, opposite to each other, which takes a hidden layer.
fn clouds(opposite: bool) -> TaskGroup {
    let f = 12;
    let mut stream = Stream::new(3);
    let centres: Vec<f64> = (0..CLASSES * f).map(|_| 1.5 * stream.normal()).collect();
    let mut examples = |count: usize| {
        let mut examples = Examples::default();
        for number in 0..count {
            let class = number % CLASSES;
            let sign = if opposite && stream.below(2) == 0 { -1.0 } else { 1.0 };
            examples.features.extend((0..f).map(|i| sign * centres[class * f + i] + 0.5 * stream.normal()));
            examples.labels.push(class as f64);
        }
        examples
    };
    let task = Task { seed: 5, train: examples(2_000), valid: examples(500), train_orders: None };
    TaskGroup::new(GroupSettings { epochs: 3, ..settings(f) }, vec![task]).expect("a valid group")
}

#[test]
fn hand_written_programs_learn_classes() {
    let fitness = |name: &str, group: &TaskGroup| {
        let program = known_program(name).expect("a known name");
        Evaluator::new(Backend::Auto).worker().evaluate(&program, group).expect("small").fitness(Combine::Mean)
    };
    let (apart, opposite) = (clouds(false), clouds(true));
    assert!(fitness("softmax", &apart) > 0.95 && fitness("softmax-net", &apart) > 0.95);
    let (linear, net) = (fitness("softmax", &opposite), fitness("softmax-net", &opposite));
    assert!(linear < 0.6 && net > 0.9, "linear {linear}, net {net}");
}
