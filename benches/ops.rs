//! ns per op, task and execution: each op, F and backend. The op stands alone in Predict, several times, and its output is observed,
//! so that nothing of it is dropped; the loop around it is shared by `NO_OP` of the same F.

mod common;

use std::hint::black_box;
use std::time::Duration;

use common::{TASKS, linear_tasks};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exnihilo_jit::lang::DataKind;
use exnihilo_jit::{AddressCounts, Backend, Data, Evaluator, Instruction, Op, Program};

const EXAMPLES: usize = 200;
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
    let counts = AddressCounts { scalars: 5, vectors: 4, matrices: 4 };
    for features in [4, 8, 16] {
        let group = linear_tasks(features, EXAMPLES);
        for op in Op::ALL {
            let mut bench = criterion.benchmark_group(format!("{op}/F={features}"));
            bench.throughput(Throughput::Elements((EXAMPLES * COPIES * TASKS) as u64));
            bench.sample_size(10).warm_up_time(Duration::from_millis(20)).measurement_time(Duration::from_millis(60));
            let instruction = Instruction::new(op, 2, 3, 3, constants(op.info().data)).expect("addresses that every op may use");
            let program = Program::new(&[], &[instruction; COPIES], &[]);
            for backend in [Backend::Oracle, Backend::Interp, Backend::Jit] {
                let mut worker = Evaluator::new(backend).worker();
                bench.bench_function(backend.name(), |bencher| {
                    bencher.iter(|| black_box(worker.observe(&program, counts, &group, None).expect("declared addresses")));
                });
            }
        }
    }
}

criterion_group!(benches, ops);
criterion_main!(benches);
