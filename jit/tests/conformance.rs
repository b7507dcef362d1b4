//! Every case file in `tests/cases`, on every backend.

use exnihilo_jit::Backend;
use exnihilo_jit::cases::{Case, CaseReader};
use exnihilo_jit::lang::Op;
use exnihilo_jit::testing::{CaseBackend, OracleBackend, Verdict, WorkerBackend, check};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn case_files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.to_string_lossy().ends_with(".jsonl") || path.to_string_lossy().ends_with(".jsonl.gz"))
        .collect();
    files.sort();
    files
}

fn cases() -> impl Iterator<Item = Case> {
    case_files().into_iter().flat_map(|path| CaseReader::open(&path).expect("a case file")).map(|case| case.expect("a well-formed case"))
}

fn every_case_agrees(mut backend: impl CaseBackend) {
    let mismatches: Vec<String> =
        cases().filter_map(|case| check(&mut backend, &case).err()).map(|mismatch| mismatch.to_string()).collect();
    assert!(mismatches.is_empty(), "{} cases differ:\n{}", mismatches.len(), mismatches.join("\n"));
}

macro_rules! backends {
    ($($name:ident: $backend:expr;)*) => {
        $(#[test]
        fn $name() {
            every_case_agrees($backend);
        })*
    };
}

backends! {
    oracle: OracleBackend::default();
    oracle_through_a_worker: WorkerBackend::new(Backend::Oracle, None);
    interp: WorkerBackend::new(Backend::Interp, None);
    interp_4_lanes: WorkerBackend::new(Backend::Interp, Some(4));
    interp_16_lanes: WorkerBackend::new(Backend::Interp, Some(16));
}

#[cfg(feature = "jit")]
backends! {
    jit: WorkerBackend::new(Backend::Jit, None);
    jit_4_lanes: WorkerBackend::new(Backend::Jit, Some(4));
}

/// A program that iterates `tan` may differ from the recording; a wrong result may not pass as that.
#[test]
fn only_the_last_bits_are_excused() {
    let mut backend = OracleBackend::default();
    let (mut excused, mut refused) = (0, 0);
    for mut case in cases() {
        let is_sensitive = case.id() == "gold-1004-1";
        let verdict = check(&mut backend, &case).expect("the oracle passes every case");
        assert_eq!(matches!(verdict, Verdict::DecidedByLastBits(_)), is_sensitive, "case {}", case.id());
        let Case::Execute(execute) = &mut case else { continue };
        execute.expected[0].fitness += if is_sensitive { 1.1 } else { 1e-6 };
        match check(&mut backend, &case) {
            Ok(_) => excused += 1,
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("the fitness is"), "{error}");
            }
        }
    }
    assert!(refused > 80 && excused == 0, "{refused} wrong results refused, {excused} excused");
}

/// The cases would be worth little if they missed ops or kinds of programs.
#[test]
fn the_cases_cover_the_language() {
    let (mut ops, mut executed, mut sizes, mut categories) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for case in cases() {
        match case {
            Case::Op(case) => {
                ops.insert(case.instruction.op());
                sizes.insert(case.initial.features());
            }
            Case::Execute(case) => {
                executed.extend(case.program.instructions().iter().map(|instruction| instruction.op()));
                sizes.insert(case.group.features());
                categories.insert(case.category);
            }
        }
    }
    assert_eq!(ops, Op::ALL.into_iter().filter(|op| !op.is_random()).collect(), "ops with a case of their own");
    assert_eq!(executed, Op::ALL.into_iter().collect(), "ops that occur in whole evaluations");
    assert!([1, 2, 3, 4, 8, 10, 16, 100].iter().all(|size| sizes.contains(size)), "sizes {sizes:?}");
    for category in [
        "handcrafted",
        "random_demo_ops",
        "random_full_ops",
        "mutated_linear_demo_ops",
        "mutated_linear_full_ops",
        "mutated_nn_full_ops",
        "own",
    ] {
        assert!(categories.contains(category), "no case of {category}");
    }
}
