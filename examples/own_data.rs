//! Evaluates programs on own data: `cargo run --release --example own_data`

use std::error::Error;

use exnihilo_jit::{Backend, Combine, Evaluator, Examples, GroupSettings, Program, Scoring, Stream, Task, TaskGroup, known_program};

/// Two features and a class, 1 or 0: is the point inside of the circle?
fn points(count: usize, stream: &mut Stream) -> Examples {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (x, y) = (stream.normal(), stream.normal());
        features.extend([x, y]);
        labels.push(f64::from(x * x + y * y < 1.4));
    }
    Examples { features, labels }
}

/// A linear model of the squares of the features, in place of the features themselves.
const SQUARES: &str = "
def Setup():
  s2 = 0.05
  s4 = 0.0
def Predict():
  v2 = v0 * v0
  s1 = dot(v2, v1)
  s1 = s1 + s4
def Learn():
  s3 = s0 - s1
  s3 = s3 * s2
  v3 = s3 * v2
  v1 = v1 + v3
  s4 = s4 + s3
";

fn main() -> Result<(), Box<dyn Error>> {
    let mut stream = Stream::new(7);
    let tasks = (0..5).map(|seed| Task { seed, train: points(2_000, &mut stream), valid: points(500, &mut stream), train_orders: None });
    let group = TaskGroup::new(GroupSettings::new(2, Scoring::Accuracy), tasks.collect())?;
    let mut worker = Evaluator::new(Backend::Auto).worker();
    let squares: Program = SQUARES.parse()?;
    let linear = known_program("linear").ok_or("no such program")?;
    let mut fitness = Vec::new();
    for (name, program) in [("linear", &linear), ("squares", &squares)] {
        let evaluation = worker.evaluate(program, &group)?;
        println!("{name:<8} accuracy {:.3}, by task {:.3?}", evaluation.fitness(Combine::Mean), evaluation.task_fitness);
        fitness.push(evaluation.fitness(Combine::Mean));
    }
    if fitness[1] <= fitness[0] {
        return Err("the squares should help".into());
    }
    Ok(())
}
