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

/// Address space of one generation of compiled programs (`RESERVED` of the code memory).
const GENERATION_BYTES: usize = 32 << 20;

/// One generation is alive, two while one follows on the other, and none when the worker is gone.
#[test]
fn memory_of_compiled_code_is_bounded() {
    let group = group();
    let mut worker = Evaluator::new(Backend::Jit).worker();
    if worker.evaluate(&constant(0.0), &group).expect("small").backend != Backend::Jit {
        println!("no native code on this machine: nothing to bound");
        return;
    }
    let mut most = 0;
    for number in 0..3_000 {
        worker.evaluate(&constant(f64::from(number)), &group).expect("small");
        most = most.max(mapped_bytes());
    }
    println!("{} programs compiled, at most {most} bytes of code memory mapped after any of them", worker.counters().compiled);
    assert_eq!((worker.counters().compiled, worker.counters().compile_failures), (3_001, 0));
    assert!(most <= 2 * GENERATION_BYTES, "{most} bytes");
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
