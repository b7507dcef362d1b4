//! The examples of a group, interleaved so that the lanes of a chunk lie side by side. Made on first use, shared by all threads.

use std::sync::OnceLock;

use super::task::{Examples, Task, TaskGroup};

/// The chunk widths that the backends use.
pub(crate) const WIDTHS: [usize; 5] = [2, 4, 8, 12, 16];

/// The least width that holds `tasks` tasks, or the widest.
pub(crate) fn width_for(tasks: usize) -> usize {
    WIDTHS.into_iter().find(|&width| width >= tasks).unwrap_or(WIDTHS[WIDTHS.len() - 1])
}

/// One part of the examples of a chunk.
#[derive(Debug)]
pub(crate) struct Interleaved {
    /// `[example][feature][lane]`.
    pub(crate) features: Vec<f64>,
    /// `[example][lane]`.
    pub(crate) labels: Vec<f64>,
}

/// Training and validation examples of a chunk.
#[derive(Debug)]
pub(crate) struct ChunkData {
    pub(crate) train: Interleaved,
    pub(crate) valid: Interleaved,
}

/// Interleaved examples by width, and the order of training examples by epoch.
#[derive(Debug, Default)]
pub(crate) struct LaneData {
    by_width: [OnceLock<Vec<ChunkData>>; WIDTHS.len()],
    /// By epoch, then task; `None` for an epoch in the order as given.
    orders: OnceLock<Vec<Option<Vec<Vec<u32>>>>>,
}

impl TaskGroup {
    /// The chunks of `width` lanes; where tasks run out, the last one fills the remaining lanes.
    ///
    /// # Panics
    /// If `width` is not one of [`WIDTHS`].
    pub(crate) fn chunks(&self, width: usize) -> &[ChunkData] {
        let which = WIDTHS.iter().position(|&w| w == width).expect("a width that the backends use");
        self.lanes.by_width[which].get_or_init(|| {
            let lanes_of = |chunk: usize| (0..width).map(move |lane| self.lane_task(chunk, width, lane));
            (0..self.tasks().len().div_ceil(width))
                .map(|chunk| ChunkData {
                    train: self.interleave(lanes_of(chunk).map(|task| &task.train), self.train_examples()),
                    valid: self.interleave(lanes_of(chunk).map(|task| &task.valid), self.valid_examples()),
                })
                .collect()
        })
    }

    /// The task in a lane of a chunk.
    pub(crate) fn lane_task(&self, chunk: usize, width: usize, lane: usize) -> &Task {
        &self.tasks()[(chunk * width + lane).min(self.tasks().len() - 1)]
    }

    fn interleave<'a>(&self, lanes: impl Iterator<Item = &'a Examples> + Clone, count: usize) -> Interleaved {
        let f = self.features();
        let width = lanes.clone().count();
        let mut interleaved = Interleaved { features: vec![0.0; count * f * width], labels: vec![0.0; count * width] };
        for (lane, examples) in lanes.enumerate() {
            for (i, &x) in examples.features.iter().enumerate() {
                interleaved.features[i * width + lane] = x;
            }
            for (i, &label) in examples.labels.iter().enumerate() {
                interleaved.labels[i * width + lane] = label;
            }
        }
        interleaved
    }

    /// The order of training examples in an epoch, by task; `None` if every task keeps the given order.
    pub(crate) fn train_orders(&self, epoch: u32) -> Option<&[Vec<u32>]> {
        let orders = self.lanes.orders.get_or_init(|| {
            (0..self.settings().epochs)
                .map(|epoch| {
                    if epoch == 0 && self.tasks().iter().all(|task| task.train_orders.is_none()) {
                        return None;
                    }
                    Some(self.tasks().iter().map(|task| task.train_order(epoch)).collect())
                })
                .collect()
        });
        orders[epoch as usize].as_deref()
    }
}
