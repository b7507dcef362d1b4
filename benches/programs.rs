//! Programs on every backend: ns per training step and task without compiling, and whole evaluations with compiling.
//!
//! The throughput of steps counts those of single tasks, so its inverse is the time of one; beside each stands what arithmetic allows:
//! operations at the measured peak of this core, and the latency of what a step waits for of the step before.
//! `random` runs 20 fixed random programs, one after the other.

mod common;

use std::hint::black_box;
use std::time::Duration;

use common::{TASKS, linear_tasks};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exnihilo::limit::StepWork;
use exnihilo_jit::{Backend, Evaluator, KNOWN_PROGRAMS, Peak, Program, ProgramRecord, known_program, simplify};

const BACKENDS: [Backend; 4] = [Backend::Oracle, Backend::Interp, Backend::Jit, Backend::Auto];
const SIZES: [(usize, usize); 4] = [(10, 10), (100, 100), (1_000, 1_000), (8_000, 1_000)];
const STEPS: usize = 1_000;

fn programs() -> Vec<(&'static str, Vec<Program>)> {
    let known = KNOWN_PROGRAMS.map(|name| (name, vec![known_program(name).expect("a known name")]));
    let random = include_str!("../src/cli/data/random.jsonl").lines().map(|line| {
        let record: ProgramRecord = serde_json::from_str(line).expect("a record a line");
        Program::try_from(&record).expect("a valid program")
    });
    known.into_iter().chain([("random", random.collect())]).collect()
}

fn steps(criterion: &mut Criterion) {
    let peak = Peak::measure();
    for features in [4, 8, 16, 32] {
        let group = linear_tasks(features, STEPS, 1);
        for (name, programs) in programs() {
            let work: Vec<StepWork> = programs.iter().map(|program| StepWork::of_training(&simplify(program), features)).collect();
            let mean = |value: &dyn Fn(&StepWork) -> f64| work.iter().map(value).sum::<f64>() / work.len() as f64;
            println!(
                "{name}, F = {features}: {:.0} operations a step, at least {:.2} ns; {:.1} one after the other, at least {:.2} ns",
                mean(&|work| work.flops),
                mean(&|work| work.limit(&peak, TASKS).flops_ns),
                mean(&|work| work.chain),
                mean(&|work| work.limit(&peak, TASKS).chain_ns),
            );
            let mut bench = criterion.benchmark_group(format!("step/{name}/F={features}"));
            bench.throughput(Throughput::Elements((programs.len() * STEPS * TASKS) as u64));
            bench.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(300));
            for backend in BACKENDS {
                // One worker a program, so that each one's code is compiled once.
                let mut workers: Vec<_> = programs.iter().map(|program| (program, Evaluator::new(backend).worker())).collect();
                bench.bench_function(backend.name(), |bencher| {
                    bencher.iter(|| {
                        for (program, worker) in &mut workers {
                            black_box(worker.evaluate(program, &group).expect("small").train_steps);
                        }
                    });
                });
            }
        }
    }
}

fn evaluations(criterion: &mut Criterion) {
    for features in [4, 8, 16, 32] {
        for (train, valid) in SIZES {
            let group = linear_tasks(features, train, valid);
            for (name, programs) in programs() {
                let mut bench = criterion.benchmark_group(format!("evaluation/{name}/F={features}/{train}-{valid}"));
                bench.throughput(Throughput::Elements(programs.len() as u64));
                bench.sample_size(10).warm_up_time(Duration::from_millis(20)).measurement_time(Duration::from_millis(60));
                for backend in BACKENDS {
                    let mut worker = Evaluator::new(backend).worker();
                    bench.bench_function(backend.name(), |bencher| {
                        bencher.iter(|| {
                            for program in &programs {
                                worker.testing().forget_compiled();
                                black_box(worker.evaluate(program, &group).expect("small").train_steps);
                            }
                        });
                    });
                }
            }
        }
    }
}

criterion_group!(benches, steps, evaluations);
criterion_main!(benches);
