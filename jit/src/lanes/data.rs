//! The examples of a group, interleaved so that the lanes of a chunk lie side by side. Made on first use, shared by all threads.

use std::sync::OnceLock;

use super::chunk::MAX_LANES;
use super::chunking::ChunkSpan;
use crate::exec::simd::AlignedVec;
use crate::task::{Examples, TaskSet};

/// One part of the examples of a chunk.
#[derive(Debug)]
pub(crate) struct Interleaved {
    /// `[example][tile][feature][lane of the tile]`.
    pub(crate) features: AlignedVec,
    /// `[example][lane]`.
    pub(crate) labels: AlignedVec,
}

/// Training and validation examples of a chunk.
#[derive(Debug)]
pub(crate) struct ChunkData {
    /// Its tasks, lanes and tiles.
    pub(crate) span: ChunkSpan,
    pub(crate) train: Interleaved,
    pub(crate) valid: Interleaved,
}

/// The chunks that begin at each task, made when first asked for.
type ChunksByTask = OnceLock<Box<[OnceLock<ChunkData>]>>;

/// Interleaved examples, and the order of training examples by epoch.
#[derive(Debug, Default)]
pub(crate) struct LaneData {
    /// Of one tile, by its width.
    tiles: [ChunksByTask; MAX_LANES + 1],
    /// Of several tiles of two lanes.
    pairs: ChunksByTask,
    /// By epoch, then task; `None` for an epoch in the order as given.
    orders: OnceLock<Vec<Option<Vec<Vec<u32>>>>>,
}

impl ChunkData {
    /// Where the first of the `features` features of an example in a lane lies; the next one is a tile further.
    pub(crate) fn first_feature(span: ChunkSpan, features: usize, example: usize, lane: usize) -> usize {
        let ChunkSpan { width, tile, .. } = span;
        (example * (width / tile) + lane / tile) * features * tile + lane % tile
    }
}

impl LaneData {
    /// The examples of a chunk of `tasks`, whose data these are.
    ///
    /// # Panics
    /// If there is no such chunk.
    pub(super) fn chunk(&self, tasks: &TaskSet, span: ChunkSpan) -> &ChunkData {
        let chunks = if span.tile == span.width { &self.tiles[span.width] } else { &self.pairs };
        let chunks = chunks.get_or_init(|| tasks.tasks().iter().map(|_| OnceLock::new()).collect());
        let data = chunks[span.first_task].get_or_init(|| {
            let lanes = (0..span.width).map(|lane| span.task(tasks, lane));
            ChunkData {
                span,
                train: interleave(lanes.clone().map(|task| &task.train), tasks.train_examples(), tasks.features(), span),
                valid: interleave(lanes.map(|task| &task.valid), tasks.valid_examples(), tasks.features(), span),
            }
        });
        assert_eq!(data.span, span, "one shape for every first task");
        data
    }

    /// The order of training examples in an epoch, by task; `None` if every task keeps the given order.
    pub(super) fn train_orders(&self, tasks: &TaskSet, epoch: u32) -> Option<&[Vec<u32>]> {
        let orders = self.orders.get_or_init(|| {
            (0..tasks.settings().epochs)
                .map(|epoch| {
                    if epoch == 0 && tasks.tasks().iter().all(|task| task.train_orders.is_none()) {
                        return None;
                    }
                    Some(tasks.tasks().iter().map(|task| task.train_order(epoch)).collect())
                })
                .collect()
        });
        orders[epoch as usize].as_deref()
    }
}

/// The `count` examples of each lane of a chunk.
fn interleave<'a>(lanes: impl Iterator<Item = &'a Examples>, count: usize, features: usize, span: ChunkSpan) -> Interleaved {
    let ChunkSpan { width, tile, .. } = span;
    let mut interleaved = Interleaved { features: AlignedVec::zeros(count * features * width), labels: AlignedVec::zeros(count * width) };
    for (lane, examples) in lanes.enumerate() {
        for (example, values) in examples.features.chunks_exact(features).enumerate() {
            let first = ChunkData::first_feature(span, features, example, lane);
            for (feature, &x) in values.iter().enumerate() {
                interleaved.features[first + feature * tile] = x;
            }
        }
        for (example, &label) in examples.labels.iter().enumerate() {
            interleaved.labels[example * width + lane] = label;
        }
    }
    interleaved
}
