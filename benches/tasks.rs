//! Making tasks from images: the projection of a thousand images of CIFAR-10's size, which takes nearly all of the time that tasks of
//! image pairs take. Beside it stands what its arithmetic alone takes at the measured peak of this core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exnihilo_jit::{Peak, Projection, Stream};

const IMAGES: usize = 1_000;
const IMAGE_SIZE: usize = 3_072;

fn projection(criterion: &mut Criterion) {
    let peak = Peak::measure();
    let mut stream = Stream::new(1);
    let pixels: Vec<u8> = (0..IMAGES * IMAGE_SIZE).map(|_| stream.below(256) as u8).collect();
    let mut bench = criterion.benchmark_group("projection");
    bench.throughput(Throughput::Elements(IMAGES as u64)).sample_size(20);
    for features in [8, 16, 32] {
        let operations = 2 * IMAGES * IMAGE_SIZE * features;
        println!("F = {features}: {operations} operations, at least {:.3} ms", operations as f64 * 1e3 / peak.flops_per_second);
        let matrix: Vec<f64> = (0..IMAGE_SIZE * features).map(|_| stream.normal()).collect();
        let projection = Projection::new(&matrix, features);
        bench.bench_function(format!("F={features}"), |bencher| {
            bencher.iter(|| {
                let mut out = Vec::with_capacity(IMAGES * features);
                projection.apply(pixels.chunks_exact(IMAGE_SIZE), &mut out);
                black_box(out);
            });
        });
    }
}

criterion_group!(benches, projection);
criterion_main!(benches);
