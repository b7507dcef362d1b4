use std::io::Cursor;

use exnihilo_jit::cases::{Case, CaseReader};
use exnihilo_jit::testing::{FuzzCase, OracleBackend, Verdict, WorkerBackend, check};
use exnihilo_jit::{AddressCounts, Evaluator, Examples, GroupSettings, Scoring, Task, known_program};

use super::*;
use crate::task::{DataCache, SetName, TaskKind, TaskSpec, build_group};

fn with_task_fitness(evaluation: &Evaluation, task: usize, fitness: f64) -> Evaluation {
    let mut wrong = evaluation.clone();
    wrong.task_fitness[task] = fitness;
    wrong
}

/// Programs of all ops, random ones included, whole and in the memo's short form, by mean and by median.
#[test]
fn what_is_true_is_confirmed_and_a_last_bit_is_not() {
    let mut verifier = Verifier::default();
    for seed in 0..60 {
        let FuzzCase { program, group, .. } = FuzzCase::generate(seed);
        let truth = Evaluator::new(Backend::Interp).worker().evaluate(&program, &group).expect("a small program").clone();
        for combine in [Combine::Mean, Combine::Median] {
            let mut confirm = |claim| verifier.confirm(&program, &group, claim);
            let (fitness, steps) = (truth.fitness(combine), truth.train_steps);
            confirm(Claim::of(&truth, combine)).unwrap_or_else(|difference| panic!("seed {seed}: {difference}"));
            confirm(Claim::remembered(fitness, steps, combine)).unwrap_or_else(|difference| panic!("seed {seed}: {difference}"));

            let task = group.tasks().len() - 1;
            let wrong = with_task_fitness(&truth, task, f64::from_bits(truth.task_fitness[task].to_bits() + 1));
            let difference = confirm(Claim::of(&wrong, combine)).expect_err("another bit");
            assert!(difference.detail.contains(&format!("first task {task}")), "{difference}");
            assert_eq!((difference.subject, difference.cases.len()), ("interp", 1));

            let difference = confirm(Claim::remembered(f64::from_bits(fitness.to_bits() + 1), steps, combine)).expect_err("another bit");
            assert_eq!((difference.subject, difference.expected.fitness.to_bits()), ("memo", fitness.to_bits()));
            let difference = confirm(Claim::remembered(fitness, steps + 1, combine)).expect_err("another step");
            assert_eq!((difference.expected, difference.found.train_steps), (Values { fitness, train_steps: steps }, steps + 1));
            assert_eq!(difference.cases.len(), 1);
        }
    }
}

/// The oracle runs what was written, whatever the backend took it for: here another program.
#[test]
fn the_program_as_written_is_what_counts() {
    let group = build_group(&TaskSpec::new(TaskKind::Linear), SetName::Eval, 0, 0, &DataCache::new()).expect("small tasks");
    let [linear, net] = ["linear", "net"].map(|name| known_program(name).expect("a known program"));
    let evaluation = Evaluator::new(Backend::Interp).worker().evaluate(&linear, &group).expect("a small program").clone();
    let difference = Verifier::default().confirm(&net, &group, Claim::of(&evaluation, Combine::Mean)).expect_err("another program");
    assert_eq!(difference.program, net);
}

/// The case file has the oracle's outcome, never overwrites another, and every backend passes it: what was claimed was false.
#[test]
fn a_difference_is_a_case_file() {
    let FuzzCase { program, group, .. } = FuzzCase::generate(3);
    let wrong = Evaluation { task_fitness: vec![0.123; group.tasks().len()], train_steps: 1, backend: Backend::Jit };
    let difference = Verifier::default().confirm(&program, &group, Claim::of(&wrong, Combine::Mean)).expect_err("all is wrong");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let names = [(), ()].map(|()| difference.write_case_file(folder.path()).expect("a writable folder"));
    assert_eq!(names, ["difference.jsonl", "difference-2.jsonl"].map(|name| folder.path().join(name)));
    assert!(difference.write_case_file(&folder.path().join("nowhere")).is_err());
    let cases: Vec<Case> = CaseReader::open(&names[0]).expect("it was written").collect::<Result<_, _>>().expect("cases");
    let [case] = &cases[..] else { panic!("{} cases", cases.len()) };
    assert_eq!(check(&mut OracleBackend::default(), case).expect("the oracle's own outcome"), Verdict::Agrees);
    assert_eq!(check(&mut WorkerBackend::new(Backend::Interp, None), case).expect("no fault here"), Verdict::Agrees);
    let Case::Execute(case) = case else { panic!("a whole evaluation") };
    let seeds = |group: &TaskGroup| group.tasks().iter().map(|task| task.seed).collect::<Vec<_>>();
    assert_eq!((&case.program, seeds(&case.group)), (&program, seeds(&group)));
}

/// A group that makes too long a line is written task by task, ten of them at most.
#[test]
fn large_groups_make_no_giant_of_a_file() {
    let examples = |count: usize| Examples { features: vec![1.0; count * 10], labels: vec![1.0; count] };
    let task = |seed| Task { seed, train: examples(300), valid: examples(1), train_orders: None };
    let group = TaskGroup::new(GroupSettings::new(10, Scoring::Rms), (0..300).map(task).collect()).expect("small tasks");
    let claim = Claim::remembered(0.9, 300, Combine::Mean);
    let difference = Verifier::default().confirm(&Program::default(), &group, claim).expect_err("it predicts 0");
    let mut reader = CaseReader::new("cases".to_owned(), Box::new(Cursor::new(difference.cases.join("\n").into_bytes())));
    assert!(difference.cases.len() == MAX_CASES && reader.all(|case| case.is_ok()));
}

/// Dead code may need memory that the group does not have; backends never run it.
#[test]
fn a_program_too_large_as_written_is_checked_simplified() {
    let example = || Examples { features: vec![1.0, 2.0], labels: vec![1.0] };
    let task = Task { seed: 1, train: example(), valid: example(), train_orders: None };
    let settings = GroupSettings { memory_limit: 1_000, ..GroupSettings::new(2, Scoring::Rms) };
    let group = TaskGroup::new(settings, vec![task]).expect("small tasks");
    let program: Program =
        "def Setup():\n  m60 = gaussian(0.0, 1.0)\n  s2 = gaussian(0.0, 1.0)\ndef Predict():\n  s1 = s1 + s2\n".parse().expect("a program");
    assert!(group.check_memory(program.address_counts()).is_err() && group.check_memory(AddressCounts::MIN).is_ok());
    let truth = Evaluator::new(Backend::Interp).worker().evaluate(&program, &group).expect("small without m60").clone();
    Verifier::default().confirm(&program, &group, Claim::of(&truth, Combine::Mean)).expect("the same bits");
    let wrong = with_task_fitness(&truth, 0, 0.5);
    assert!(Verifier::default().confirm(&program, &group, Claim::of(&wrong, Combine::Mean)).is_err());
}
