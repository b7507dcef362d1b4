//! Native code as a resource: its memory is bounded, and a machine may do without it. A process of its own, since both are
//! properties of the process.
#![cfg(feature = "jit")]

use exnihilo_jit::compile::mapped_bytes;
use exnihilo_jit::{Backend, Data, Evaluator, Examples, GroupSettings, Instruction, Op, Program, Scoring, Task, TaskGroup};
use std::process::Command;

fn group() -> TaskGroup {
    let examples = || Examples { features: vec![1.0, 2.0], labels: vec![0.5, 0.25] };
    let task = |seed| Task { seed, train: examples(), valid: examples(), train_orders: None };
    TaskGroup::new(GroupSettings::new(1, Scoring::Rms), vec![task(1), task(2)]).expect("a valid group")
}

fn constant(value: f64) -> Program {
    Program::new(&[], &[Instruction::new(Op::ScalarConstSet, 0, 0, 1, Data::ScalarConst(value)).expect("valid")], &[])
}

/// A program of its own structure for each number: code is found again for programs that differ only in constants.
fn of_structure(number: u32) -> Program {
    let digit = |bit: u32| {
        let op = if number >> bit & 1 == 1 { Op::ScalarSum } else { Op::ScalarDiff };
        Instruction::new(op, 1, 0, 1, Data::None).expect("valid")
    };
    Program::new(&[], &(0..12).map(digit).collect::<Vec<_>>(), &[])
}

/// Address space of one generation of compiled programs (`RESERVED` of the code memory), and how many generations are kept
/// (`KEPT_GENERATIONS` of the compiler; short runs use one of its two sequences of them).
const GENERATION_BYTES: usize = 32 << 20;
const KEPT_GENERATIONS: usize = 4;

/// More than fit into these, at 256 each.
const PROGRAMS: u32 = 1_500;

/// A mapping of this process that is writable and executable at once, as the system sees it.
fn writable_and_executable() -> Option<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let both = |line: &&str| line.split_whitespace().nth(1).is_some_and(|rights| rights.contains('w') && rights.contains('x'));
    maps.lines().find(both).map(str::to_owned)
}

/// As many generations as are kept stay mapped, however many programs are compiled, and none when the worker is gone.
#[test]
fn memory_of_compiled_code_is_bounded() {
    let group = group();
    let alone = writable_and_executable().is_none();
    let mut worker = Evaluator::new(Backend::Jit).worker();
    if worker.evaluate(&of_structure(0), &group).expect("small").backend != Backend::Jit {
        println!("no native code on this machine: nothing to bound");
        return;
    }
    if !alone {
        println!("pages are writable and executable already, as under Valgrind: not looked for");
    }
    let mut most = 0;
    for number in 1..PROGRAMS {
        worker.evaluate(&of_structure(number), &group).expect("small");
        most = most.max(mapped_bytes());
        if alone && number.is_power_of_two() {
            assert_eq!(writable_and_executable(), None);
        }
    }
    println!("{} programs compiled, at most {most} bytes of code memory mapped after any of them", worker.counters().compiled);
    assert_eq!((worker.counters().compiled, worker.counters().compile_failures), (u64::from(PROGRAMS), 0));
    assert_eq!(most, KEPT_GENERATIONS * GENERATION_BYTES);
    worker.evaluate(&of_structure(PROGRAMS - 1), &group).expect("small");
    worker.evaluate(&of_structure(0), &group).expect("small");
    assert_eq!(worker.counters().compiled, u64::from(PROGRAMS) + 1, "the latest is found again, the first was given up");
    drop(worker);
    assert_eq!(mapped_bytes(), 0, "all returned");
}

/// `EXNIHILO_NO_JIT=1` makes any machine one without native code: programs are interpreted, the result is the same, and it is
/// counted. It is read once a process, so the test runs itself again in a child.
#[test]
fn without_native_code_programs_are_interpreted() {
    const NAME: &str = "without_native_code_programs_are_interpreted";
    if std::env::var_os("EXNIHILO_NO_JIT").is_none() {
        let itself = std::env::current_exe().expect("the path of this test");
        let child = Command::new(itself).args(["--exact", NAME, "--nocapture"]).env("EXNIHILO_NO_JIT", "1").output();
        let child = child.expect("this test runs again");
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && output.contains("1 passed"), "{output}\n{}", String::from_utf8_lossy(&child.stderr));
        return;
    }
    let (group, program) = (group(), constant(0.25));
    let mut jit = Evaluator::new(Backend::Jit).worker();
    let mut auto = Evaluator::new(Backend::Auto).worker();
    let mut oracle = Evaluator::new(Backend::Oracle).worker();
    let expected = oracle.evaluate(&program, &group).expect("small").task_fitness.clone();
    for worker in [&mut jit, &mut auto] {
        let evaluation = worker.evaluate(&program, &group).expect("small");
        assert_eq!((evaluation.backend, &evaluation.task_fitness), (Backend::Interp, &expected));
    }
    assert_eq!((jit.counters().compiled, jit.counters().compile_failures, mapped_bytes()), (0, 1, 0));
}
