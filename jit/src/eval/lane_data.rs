//! The examples of a group, interleaved so that the lanes of a chunk lie side by side. Made on first use, shared by all threads.

use std::sync::OnceLock;

use super::task::{Examples, Task, TaskGroup};
use crate::exec::simd::AlignedVec;

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
    pub(crate) features: AlignedVec,
    /// `[example][lane]`.
    pub(crate) labels: AlignedVec,
}

/// Training and validation examples of a chunk.
#[derive(Debug)]
pub(crate) struct ChunkData {
    /// Lanes.
    pub(crate) width: usize,
    pub(crate) train: Interleaved,
    pub(crate) valid: Interleaved,
}

/// How a group's tasks go into chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunking {
    /// Chunks of this width; the last one is as narrow as its tasks allow.
    Fitted(usize),
    /// Chunks of this width, the last one too.
    Uniform(usize),
}

impl Chunking {
    /// The first task and the width of each chunk of `tasks` tasks.
    pub(crate) fn chunks(self, tasks: usize) -> impl Iterator<Item = (usize, usize)> {
        let (Chunking::Fitted(widest) | Chunking::Uniform(widest)) = self;
        let fitted = matches!(self, Chunking::Fitted(_));
        let width = move |first: usize| if fitted { width_for(tasks - first).min(widest) } else { widest };
        (0..tasks).step_by(widest).map(move |first| (first, width(first)))
    }
}

/// Interleaved examples by width and first task, and the order of training examples by epoch.
#[derive(Debug, Default)]
pub(crate) struct LaneData {
    /// By half of the first task, which is even.
    by_width: [OnceLock<Box<[OnceLock<ChunkData>]>>; WIDTHS.len()],
    /// By epoch, then task; `None` for an epoch in the order as given.
    orders: OnceLock<Vec<Option<Vec<Vec<u32>>>>>,
}

impl TaskGroup {
    /// The examples of the chunk of `width` lanes from task `first_task` on; where tasks run out, the last one fills the remaining lanes.
    ///
    /// # Panics
    /// If `width` is not one of [`WIDTHS`], or the first task is none or odd.
    pub(crate) fn chunk_data(&self, first_task: usize, width: usize) -> &ChunkData {
        let which = WIDTHS.iter().position(|&w| w == width).expect("a width that the backends use");
        let tasks = self.tasks().len();
        assert!(first_task < tasks && first_task.is_multiple_of(2), "chunks begin at even tasks, since widths are even");
        let chunks = self.lanes.by_width[which].get_or_init(|| (0..tasks.div_ceil(2)).map(|_| OnceLock::new()).collect());
        chunks[first_task / 2].get_or_init(|| {
            let lanes = (0..width).map(|lane| self.lane_task(first_task, lane));
            ChunkData {
                width,
                train: self.interleave(lanes.clone().map(|task| &task.train), self.train_examples()),
                valid: self.interleave(lanes.map(|task| &task.valid), self.valid_examples()),
            }
        })
    }

    /// The task in a lane of the chunk from task `first_task` on.
    pub(crate) fn lane_task(&self, first_task: usize, lane: usize) -> &Task {
        &self.tasks()[(first_task + lane).min(self.tasks().len() - 1)]
    }

    fn interleave<'a>(&self, lanes: impl Iterator<Item = &'a Examples> + Clone, count: usize) -> Interleaved {
        let f = self.features();
        let width = lanes.clone().count();
        let mut interleaved = Interleaved { features: AlignedVec::zeros(count * f * width), labels: AlignedVec::zeros(count * width) };
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
