//! Whole searches: individuals a second of `linear` with and without FEC and of the preset `baseline` with the tasks of `digits`,
//! by backend and threads. Selection is cut to one task, so that evolution alone is measured.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exnihilo::experiment::Experiment;
use exnihilo::search::{Search, SearchOptions};
use exnihilo_jit::Backend;

/// Twice the first population of every experiment of `linear`.
const INDIVIDUALS: u64 = 16_000;

fn experiment(preset: &str, tasks: &str, fec: bool) -> Experiment {
    let mut experiment = Experiment::preset(preset).expect("a preset");
    experiment.tasks = Experiment::preset(tasks).expect("a preset").tasks;
    experiment.tasks.select.tasks = 1;
    experiment.tasks.final_set = None;
    experiment.target = None;
    experiment.fec.enabled = fec;
    experiment
}

fn search(criterion: &mut Criterion) {
    for (name, experiment) in [
        ("linear", experiment("linear", "linear", true)),
        ("linear without FEC", experiment("linear", "linear", false)),
        ("baseline", experiment("baseline", "digits", true)),
    ] {
        let mut bench = criterion.benchmark_group(format!("search/{name}"));
        bench.throughput(Throughput::Elements(INDIVIDUALS));
        bench.sample_size(10).warm_up_time(Duration::from_millis(10)).measurement_time(Duration::from_millis(500));
        for backend in [Backend::Oracle, Backend::Interp, Backend::Jit, Backend::Auto] {
            for threads in [1, 2] {
                let options = SearchOptions { backend, threads, max_individuals: Some(INDIVIDUALS), ..SearchOptions::default() };
                let search = Search::new(experiment.clone(), 0, options).expect("a valid search");
                bench.bench_function(format!("{backend}, {threads} threads"), |bencher| {
                    bencher.iter(|| black_box(search.run(|_| {}).expect("a result").counts.individuals));
                });
            }
        }
    }
}

criterion_group!(benches, search);
criterion_main!(benches);
