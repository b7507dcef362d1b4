//! Compiles a program to native code and calls it: `cargo run --release -p exnihilo-jit --example native_code`
//!
//! A backend never changes a result, so the interpreter gives the same bits; only the time differs.

use std::error::Error;
use std::time::Instant;

use exnihilo_jit::{Backend, Evaluator, Examples, GroupSettings, Program, Scoring, Stream, Task, TaskGroup};

/// Regression by gradient descent: s0 is the label, v0 are the features, s1 is the prediction, v1 are the weights.
const PROGRAM: &str = "
def Setup():
  s2 = 0.01
def Predict():
  s1 = dot(v0, v1)
def Learn():
  s3 = s0 - s1
  s3 = s3 * s2
  v2 = s3 * v0
  v1 = v1 + v2
";

const FEATURES: usize = 8;

/// Examples whose labels are a linear function of the features.
fn examples(count: usize, weights: &[f64], stream: &mut Stream) -> Examples {
    let features: Vec<f64> = (0..count * FEATURES).map(|_| stream.normal()).collect();
    let labels = features.chunks_exact(FEATURES).map(|row| row.iter().zip(weights).map(|(x, w)| x * w).sum()).collect();
    Examples { features, labels }
}

fn main() -> Result<(), Box<dyn Error>> {
    let tasks = (0..4).map(|seed| {
        let mut stream = Stream::new(seed);
        let weights: Vec<f64> = (0..FEATURES).map(|_| stream.normal()).collect();
        let (train, valid) = (examples(100_000, &weights, &mut stream), examples(100, &weights, &mut stream));
        Task { seed, train, valid, train_orders: None }
    });
    let group = TaskGroup::new(GroupSettings::new(FEATURES, Scoring::Rms), tasks.collect())?;
    let program: Program = PROGRAM.parse()?;
    let mut fitness = Vec::new();
    for backend in [Backend::Interp, Backend::Jit] {
        let mut worker = Evaluator::new(backend).worker();
        let mut prepared = worker.simplify(&program, &group)?.decode();
        let begin = Instant::now();
        // The first run compiles; later ones of the same program, with whatever constants, find its code again.
        let evaluation = prepared.run(&group);
        println!(
            "{:<8} {:.4?} {} training steps in {:.1?}",
            backend.name(),
            evaluation.task_fitness,
            evaluation.train_steps,
            begin.elapsed()
        );
        fitness.push(evaluation.task_fitness.clone());
    }
    if fitness[0] != fitness[1] {
        return Err("the backends differ".into());
    }
    Ok(())
}
