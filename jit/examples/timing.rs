use exnihilo_jit::*;
use std::time::Instant;
fn group(f: usize, d: usize, n: usize, m: usize) -> TaskGroup {
    let tasks = (0..d)
        .map(|i| {
            let mut s = Stream::new(i as u64 + 100);
            let w: Vec<f64> = (0..f).map(|_| s.normal()).collect();
            let mut ex = |n: usize| {
                let features: Vec<f64> = (0..n * f).map(|_| s.normal()).collect();
                let labels = features.chunks(f).map(|x| x.iter().zip(&w).map(|(a, b)| a * b).sum::<f64>()).collect();
                Examples { features, labels }
            };
            Task { seed: i as u64, train: ex(n), valid: ex(m), train_orders: None }
        })
        .collect();
    TaskGroup::new(GroupSettings::new(f, Scoring::Rms), tasks).unwrap()
}
fn main() {
    for name in ["linear", "net"] {
        let p = known_program(name).unwrap();
        for f in [4, 8, 16, 32] {
            let g = group(f, 10, 8000, 1);
            let g12 = group(f, 12, 8000, 1);
            print!("{name} F={f}: ");
            let mut bits = None;
            for (b, g) in [(Backend::Oracle, &g), (Backend::Interp, &g), (Backend::Jit, &g), (Backend::Jit, &g12)] {
                let mut w = Evaluator::new(b).worker();
                let mut best = f64::MAX;
                let (mut c0, mut c1) = (0.0, 0.0);
                for _ in 0..5 {
                    let t = Instant::now();
                    c0 = w.counters().compile_seconds;
                    let e = w.evaluate(&p, g).unwrap();
                    let fit = e.fitness(Combine::Mean).to_bits();
                    assert_eq!(e.backend, b);
                    if g.tasks().len() == 10 {
                        if let Some(bits) = bits { assert_eq!(bits, fit) } else { bits = Some(fit) }
                    }
                    c1 = w.counters().compile_seconds;
                    best = best.min(t.elapsed().as_secs_f64() - (c1 - c0));
                }
                print!(
                    "{b}{} {:.2} ns (compile {:.0} us)  ",
                    g.tasks().len(),
                    best * 1e9 / 8000.0 / g.tasks().len() as f64,
                    (c1 - c0) * 1e6
                );
            }
            println!();
        }
    }
}
