//! ns per training step and task of whole evaluations: hand-written programs, F and backend. The throughput counts steps of single
//! tasks, so its inverse is the time of one. Beside each stands the arithmetic limit: its floating-point operations at eight a cycle
//! (two units of four numbers, nothing fused) and 3 GHz.

mod common;

use std::hint::black_box;
use std::time::Duration;

use common::{TASKS, linear_tasks};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exnihilo_jit::{Backend, ComponentFunction, Evaluator, Instruction, KNOWN_PROGRAMS, Op, known_program};

const EXAMPLES: usize = 1_000;

/// Additions, multiplications and comparisons of an instruction of the hand-written programs.
fn operations(instruction: &Instruction, features: usize) -> usize {
    let elements = instruction.op().output().map_or(0, |space| space.elements(features));
    match instruction.op() {
        Op::VectorInnerProduct => 2 * features - 1,
        Op::MatrixVectorProduct => elements * (2 * features - 1),
        _ => elements,
    }
}

fn programs(criterion: &mut Criterion) {
    for name in KNOWN_PROGRAMS {
        let program = known_program(name).expect("a known name");
        for features in [4, 8, 16, 32] {
            let of = |function| program.function(function).iter().map(|i| operations(i, features)).sum::<usize>();
            let needed = of(ComponentFunction::Predict) + of(ComponentFunction::Learn) + 1;
            println!("{name}, F = {features}: {needed} operations a step, at least {:.2} ns", needed as f64 / 8.0 / 3.0);
            let group = linear_tasks(features, EXAMPLES);
            let mut bench = criterion.benchmark_group(format!("{name}/F={features}"));
            bench.throughput(Throughput::Elements((EXAMPLES * TASKS) as u64));
            bench.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(600));
            for backend in [Backend::Oracle, Backend::Interp, Backend::Jit] {
                let mut worker = Evaluator::new(backend).worker();
                bench.bench_function(backend.name(), |bencher| {
                    bencher.iter(|| black_box(worker.evaluate(&program, &group).expect("small").train_steps));
                });
            }
        }
    }
}

criterion_group!(benches, programs);
criterion_main!(benches);
