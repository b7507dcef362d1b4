//! ns per op, task and execution: each of the 65 ops, F and backend. The op stands alone in Predict, several times, and its output is
//! observed, so that nothing of it is dropped; the loop around it is shared by `NO_OP` of the same F. Beside each stands what its
//! arithmetic alone takes at the measured peak of this core.

mod common;

use std::hint::black_box;
use std::time::Duration;

use common::{TASKS, linear_tasks};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exnihilo::limit::flops;
use exnihilo_jit::lang::DataKind;
use exnihilo_jit::{AddressCounts, Backend, Data, Evaluator, Instruction, Op, Peak, Program};

/// Examples of a run, and of one that takes long.
const EXAMPLES: [usize; 2] = [200, 10];
const COPIES: usize = 8;

fn constants(kind: DataKind) -> Data {
    match kind {
        DataKind::None => Data::None,
        DataKind::ScalarConst => Data::ScalarConst(0.5),
        DataKind::VectorConst => Data::VectorConst { index: 0.5, value: 0.5 },
        DataKind::MatrixConst => Data::MatrixConst { row: 0.5, column: 0.5, value: 0.5 },
        DataKind::Uniform => Data::Uniform { low: -1.0, high: 1.0 },
        DataKind::Gaussian => Data::Gaussian { mean: 0.0, st_dev: 1.0 },
    }
}

fn ops(criterion: &mut Criterion) {
    let peak = Peak::measure();
    let counts = AddressCounts { scalars: 5, vectors: 4, matrices: 4 };
    for features in [4, 8, 16, 32] {
        let groups = EXAMPLES.map(|examples| linear_tasks(features, examples, 1));
        for op in Op::ALL {
            let operations = flops(op, features);
            println!("{op}, F = {features}: {operations} operations, at least {:.3} ns", operations as f64 * 1e9 / peak.flops_per_second);
            let long = usize::from(operations > 1_000);
            let mut bench = criterion.benchmark_group(format!("{op}/F={features}"));
            bench.throughput(Throughput::Elements((EXAMPLES[long] * COPIES * TASKS) as u64));
            bench.sample_size(10).warm_up_time(Duration::from_millis(20)).measurement_time(Duration::from_millis(60));
            let instruction = Instruction::new(op, 2, 3, 3, constants(op.info().data)).expect("addresses that every op may use");
            let program = Program::new(&[], &[instruction; COPIES], &[]);
            for backend in [Backend::Oracle, Backend::Interp, Backend::Jit] {
                let mut worker = Evaluator::new(backend).worker();
                bench.bench_function(backend.name(), |bencher| {
                    bencher.iter(|| black_box(worker.observe(&program, counts, &groups[long], None).expect("declared addresses")));
                });
            }
        }
    }
}

criterion_group!(benches, ops);
criterion_main!(benches);
