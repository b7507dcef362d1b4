use exnihilo_jit::*;
fn main() {
    let f: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let p = known_program(&std::env::args().nth(1).unwrap()).unwrap();
    let task = Task {
        seed: 1,
        train: Examples { features: vec![1.0; f], labels: vec![2.0] },
        valid: Examples { features: vec![3.0; f], labels: vec![6.0] },
        train_orders: None,
    };
    let g = TaskGroup::new(GroupSettings::new(f, Scoring::Rms), vec![task; 10]).unwrap();
    let mut w = Evaluator::new(Backend::Jit).worker();
    let t = std::time::Instant::now();
    for _ in 0..3000 {
        w.evaluate(&p, &g).unwrap();
    }
    println!("{:.1} us, compile {:.1} us", t.elapsed().as_secs_f64() * 1e6 / 3000.0, w.counters().compile_seconds * 1e6 / 3000.0);
}
