//! Tasks that the benches run on.

use exnihilo_jit::{Examples, GroupSettings, Scoring, Stream, Task, TaskGroup};

/// Tasks side by side.
pub(crate) const TASKS: usize = 10;

/// Linear tasks; no error stops them, and features are of the same length at every F, so that hand-written programs train to the end.
pub(crate) fn linear_tasks(features: usize, train: usize, valid: usize) -> TaskGroup {
    let mut stream = Stream::new(features as u64);
    let scale = (4.0 / features as f64).sqrt().min(1.0);
    let mut examples = |weights: &[f64], count: usize| {
        let rows: Vec<f64> = (0..count * weights.len()).map(|_| stream.normal() * scale).collect();
        let labels = rows.chunks(weights.len()).map(|row| row.iter().zip(weights).map(|(x, w)| x * w).sum()).collect();
        Examples { features: rows, labels }
    };
    let tasks = (0..TASKS as u64).map(|seed| {
        let mut weights = Stream::new(seed + 1_000);
        let weights: Vec<f64> = (0..features).map(|_| weights.normal()).collect();
        Task { seed, train: examples(&weights, train), valid: examples(&weights, valid), train_orders: None }
    });
    let settings = GroupSettings { max_abs_error: f64::INFINITY, ..GroupSettings::new(features, Scoring::Rms) };
    TaskGroup::new(settings, tasks.collect()).expect("consistent shapes")
}
