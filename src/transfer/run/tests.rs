use std::collections::HashSet;

use exnihilo_jit::{GroupSettings, known_program};

use super::*;

fn settings() -> TransferSettings {
    TransferSettings {
        data: None,
        pairs: vec!["3-5".parse().expect("a pair"), "8-9".parse().expect("a pair")],
        train: Some(100),
        valid: Some(40),
        test: Some(40),
        epochs: 1,
        trials: 6,
        seeds: 3,
        seed: 1,
        net: Net::Units(2),
        decouple: true,
        backend: Backend::Interp,
        threads: 1,
        memory_limit: GroupSettings::DEFAULT_MEMORY_LIMIT,
    }
}

fn run(settings: TransferSettings, program: &Program) -> Outcome {
    Transfer::new(settings).expect("there are enough digits").run("program", program, |_| {}).expect("a small program")
}

/// A linear model with a rate far too small, made of the norm of a constant vector.
fn slow() -> Program {
    let text = "def Setup():\n  v3[0.0] = 1e-7\n  s2 = norm(v3)\ndef Predict():\n  s1 = dot(v0, v1)\n  s1 = s1 + s4\n\
                def Learn():\n  s3 = s0 - s1\n  s3 = s3 * s2\n  s4 = 0.5\n  v2 = s3 * v0\n  v1 = v1 + v2\n";
    text.parse().expect("a program")
}

fn numbers(outcome: &Outcome) -> Vec<(String, String, Vec<PairScore>)> {
    outcome.rows.iter().map(|row| (row.title.clone(), row.program.to_string(), row.pairs.clone())).collect()
}

#[test]
fn every_row_is_tuned_and_tested_on_every_pair_and_seed() {
    let mut stages = Vec::new();
    let transfer = Transfer::new(settings()).expect("there are enough digits");
    let outcome = transfer.run("program", &slow(), |stage| stages.push(format!("{stage:?}"))).expect("a small program");
    let roles: Vec<Role> = outcome.rows.iter().map(|row| row.role).collect();
    assert_eq!(roles, [Role::Found, Role::Tuned, Role::Decoupled, Role::Logistic, Role::Net]);
    for row in &outcome.rows {
        assert_eq!(row.pairs.iter().map(|pair| pair.test.len()).collect::<Vec<_>>(), [3, 3]);
        let accuracies: Vec<f64> = row.pairs.iter().flat_map(|pair| pair.test.iter().copied().chain([pair.valid])).collect();
        assert!(accuracies.iter().all(|accuracy| (0.0..=1.0).contains(accuracy) && (accuracy * 40.0).fract() < 1e-9));
    }
    // Found, decoupled, and two baselines are planned, and tuned on two pairs; two pairs are tested with three seeds.
    assert_eq!((stages.len(), outcome.runs), (4 + 4 * 2 + 6, 4 * 2 * 6 + 5 * 6));
    assert!(stages[..4].iter().all(|stage| stage.starts_with("Planned") && stage.contains("runs: 12")), "{stages:?}");
    let tested: HashSet<String> = outcome.rows[4].pairs.iter().map(|pair| format!("{:?}", pair.test)).collect();
    assert!(tested.len() > 1 || outcome.rows[4].test().st_dev != Some(0.0), "seeds and pairs differ: {tested:?}");
    let [found, tuned] = [&outcome.rows[0], &outcome.rows[1]];
    assert_eq!((found.trial, &found.program), (0, &simplify(&slow())));
    assert!(tuned.valid() >= found.valid() && outcome.rows[3].test().mean > 0.8);
}

#[test]
fn the_decoupled_program_is_the_best_only_where_it_is_not_worse() {
    let outcome = run(settings(), &slow());
    let [tuned, decoupled] = [&outcome.rows[1], &outcome.rows[2]];
    assert!(!decoupled.program.to_string().contains("norm"));
    assert_eq!(decoupled.decoupled.len(), 1);
    assert_eq!(outcome.best, if decoupled.valid() >= tuned.valid() { 2 } else { 1 });
    let none = run(settings(), &known_program("linear").expect("a known name"));
    assert_eq!((none.rows.len(), none.best), (4, 1));
    assert_eq!(run(TransferSettings { decouple: false, ..settings() }, &slow()).rows.len(), 4);
}

#[test]
fn the_earliest_of_the_best_trials_is_chosen_by_the_mean_over_pairs() {
    let entrant = |scores: Vec<Vec<f64>>| Entrant {
        role: Role::Tuned,
        title: String::new(),
        program: Program::default(),
        constants: TunableConstants::default(),
        decoupled: Vec::new(),
        scores,
    };
    assert_eq!(entrant(vec![vec![0.5, 1.0, 0.75], vec![0.5, 0.25, 0.75]]).best(), (2, 0.75));
    assert_eq!(entrant(vec![vec![0.5, 0.75, 0.75]]).best(), (1, 0.75));
    let worse = Entrant { role: Role::Decoupled, ..entrant(vec![vec![0.5, 0.5, 0.5], vec![0.5, 0.5, 0.5]]) };
    let equal = Entrant { role: Role::Decoupled, ..entrant(vec![vec![0.5, 0.75, 0.5], vec![0.5, 0.75, 0.5]]) };
    let transfer = Transfer::new(settings()).expect("there are enough digits");
    let tuned = || entrant(vec![vec![0.5, 1.0, 0.75], vec![0.5, 0.25, 0.75]]);
    let best = |entrants: &[Entrant]| {
        let (rows, best) = transfer.choose(entrants);
        (rows[best].role, rows[best].trial)
    };
    assert_eq!(best(&[tuned(), Entrant { scores: worse.scores.clone(), ..worse }]), (Role::Tuned, 2));
    assert_eq!(best(&[tuned(), equal]), (Role::Decoupled, 1));
}

#[test]
fn neither_threads_nor_backend_change_the_result() {
    let program = known_program("net").expect("a known name");
    let first = numbers(&run(settings(), &program));
    assert_eq!(first, numbers(&run(TransferSettings { threads: 2, ..settings() }, &program)));
    assert_eq!(first, numbers(&run(TransferSettings { threads: 3, backend: Backend::Jit, ..settings() }, &program)));
    assert_ne!(first, numbers(&run(TransferSettings { seed: 2, ..settings() }, &program)));
    assert_ne!(first, numbers(&run(TransferSettings { epochs: 2, ..settings() }, &program)));
}

#[test]
fn a_longer_tuning_begins_with_the_shorter_one() {
    let transfer = Transfer::new(settings()).expect("there are enough digits");
    let entrant = &transfer.entrants("program", &slow())[0];
    let few: Vec<Program> = (0..4).map(|trial| entrant.trial(1, trial)).collect();
    assert_eq!(few[0], slow());
    assert_eq!(few.iter().map(Program::to_string).collect::<HashSet<_>>().len(), 4);
}

#[test]
fn what_cannot_be_is_refused_before_anything_runs() {
    let refusal = |settings: TransferSettings| Transfer::new(settings).expect_err("it is refused").to_string();
    assert!(refusal(TransferSettings { trials: 0, ..settings() }).starts_with("`trials` is 0: choose at least 1"));
    assert!(refusal(TransferSettings { seeds: 0, ..settings() }).starts_with("`seeds` is 0"));
    assert!(refusal(TransferSettings { pairs: Vec::new(), ..settings() }).contains("at least one pair"));
    let pair = settings().pairs[0];
    assert!(refusal(TransferSettings { pairs: vec![pair, pair], ..settings() }).contains("3-5 twice"));
    assert!(refusal(TransferSettings { test: Some(100), ..settings() }).contains("lower `test` to at most"));
    assert!(refusal(TransferSettings { memory_limit: 1 << 16, ..settings() }).contains("pass the memory limit"));
    let absent = vec!["3-77".parse().expect("a pair")];
    assert!(refusal(TransferSettings { pairs: absent, train: None, ..settings() }).contains("pair 3-77"));
    // One matrix of 64 x 64 and more examples than that: the limit admits the examples and not seventy matrices.
    let mut text = "def Predict():\n".to_owned();
    (0..60).for_each(|matrix| text += &format!("  v1 = dot(m{matrix}, v0)\n  s2 = norm(v1)\n  s1 = s1 + s2\n"));
    let program: Program = text.parse().expect("a program");
    let small = TransferSettings { memory_limit: 1_000_000, ..settings() };
    let error = Transfer::new(small).expect("enough for the data").run("greedy", &program, |_| {}).expect_err("it is refused");
    assert!(error.to_string().starts_with("greedy: ") && error.to_string().contains("program memory"), "{error}");
}

#[test]
fn sizes_that_are_not_given_are_as_large_as_every_pair_allows() {
    let transfer = Transfer::new(TransferSettings { train: None, valid: None, test: None, ..settings() }).expect("digits");
    let [train, valid, test] = transfer.examples();
    assert!((232..250).contains(&train) && (58..64).contains(&valid) && (58..64).contains(&test), "{train} {valid} {test}");
    assert_eq!(transfer.features(), 64);
}
