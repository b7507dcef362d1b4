//! Compile time against the number of instructions: programs of which no instruction is dead, F, and short and long evaluations, since
//! how carefully code is made depends on how long it runs. Only compiling is timed. The throughput counts instructions.

mod common;

use std::time::Duration;

use common::linear_tasks;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exnihilo_jit::{Backend, Evaluator, Program};

/// A program with `learn` instructions in Learn: steps of gradient descent, whose weights the next ones read.
fn program(learn: usize) -> Program {
    const STEP: [&str; 4] = ["s3 = s0 - s1", "v2 = s3 * v0", "v3 = v2 * v1", "v1 = v1 + v3"];
    let lines: String = STEP.iter().cycle().take(learn).map(|line| format!("  {line}\n")).collect();
    format!("def Setup():\n  v1 = gaussian(0, 0.1)\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n{lines}")
        .parse()
        .expect("program text")
}

fn compile(criterion: &mut Criterion) {
    for features in [4, 16] {
        for (train, valid) in [(10, 10), (2_000, 100)] {
            let group = linear_tasks(features, train, valid);
            let mut bench = criterion.benchmark_group(format!("compile/F={features}/{train}-{valid}"));
            bench.sample_size(10).warm_up_time(Duration::from_millis(50)).measurement_time(Duration::from_millis(200));
            for learn in [4, 8, 16, 32, 64] {
                let program = program(learn);
                let mut worker = Evaluator::new(Backend::Jit).worker();
                worker.evaluate(&program, &group).expect("small");
                if worker.counters().compiled == 0 {
                    println!("no native code on this machine");
                    return;
                }
                bench.throughput(Throughput::Elements(program.instructions().len() as u64));
                bench.bench_function(format!("{} instructions", program.instructions().len()), |bencher| {
                    bencher.iter_custom(|times| {
                        let before = worker.counters().compile_seconds;
                        for _ in 0..times {
                            worker.testing().forget_compiled();
                            worker.evaluate(&program, &group).expect("small");
                        }
                        Duration::from_secs_f64(worker.counters().compile_seconds - before)
                    });
                });
            }
        }
    }
}

criterion_group!(benches, compile);
criterion_main!(benches);
