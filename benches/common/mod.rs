//! Tasks that the benches run on.

use exnihilo_jit::{Examples, GroupSettings, Scoring, Stream, Task, TaskGroup};

/// Tasks side by side: four pairs of lanes.
pub(crate) const TASKS: usize = 8;

/// Linear tasks with `train` training examples and one to validate; no error stops them.
pub(crate) fn linear_tasks(features: usize, train: usize) -> TaskGroup {
    let mut stream = Stream::new(features as u64);
    let mut examples = |weights: &[f64], count: usize| {
        let rows: Vec<f64> = (0..count * weights.len()).map(|_| stream.normal()).collect();
        let labels = rows.chunks(weights.len()).map(|row| row.iter().zip(weights).map(|(x, w)| x * w).sum()).collect();
        Examples { features: rows, labels }
    };
    let tasks = (0..TASKS as u64).map(|seed| {
        let mut weights = Stream::new(seed + 1_000);
        let weights: Vec<f64> = (0..features).map(|_| weights.normal()).collect();
        Task { seed, train: examples(&weights, train), valid: examples(&weights, 1), train_orders: None }
    });
    let settings = GroupSettings { max_abs_error: f64::INFINITY, ..GroupSettings::new(features, Scoring::Rms) };
    TaskGroup::new(settings, tasks.collect()).expect("consistent shapes")
}
