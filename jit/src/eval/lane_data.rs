//! The examples of a group, interleaved so that the lanes of a chunk lie side by side. Made on first use, shared by all threads.

use std::sync::OnceLock;

use super::task::{Examples, Task, TaskGroup};
use crate::exec::chunk::MAX_LANES;
use crate::exec::layout::Layout;
use crate::exec::simd::AlignedVec;

/// The widths of chunks of several tasks side by side.
pub(crate) const WIDTHS: [usize; 5] = [2, 4, 8, 12, MAX_LANES];

/// The width of chunks of one task, whose registers go along the elements.
pub(crate) const ALONG: usize = 1;

/// The least width that holds `tasks` tasks, or the widest.
pub(crate) fn width_for(tasks: usize) -> usize {
    WIDTHS.into_iter().find(|&width| width >= tasks).unwrap_or(WIDTHS[WIDTHS.len() - 1])
}

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
    /// Lanes.
    pub(crate) width: usize,
    /// Lanes of a tile.
    pub(crate) tile: usize,
    pub(crate) train: Interleaved,
    pub(crate) valid: Interleaved,
}

/// How a group's tasks go into chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunking {
    /// Chunks of one tile as wide as this; the last one is as narrow as its tasks allow.
    Fitted(usize),
    /// Chunks of one tile of this width, the last one too.
    Uniform(usize),
    /// Chunks of up to [`MAX_LANES`] lanes in tiles of two.
    #[cfg(feature = "jit")]
    Pairs,
}

impl Chunking {
    /// The lanes of the widest chunk there can be.
    pub(crate) fn widest(self) -> usize {
        match self {
            Chunking::Fitted(width) | Chunking::Uniform(width) => width,
            #[cfg(feature = "jit")]
            Chunking::Pairs => MAX_LANES,
        }
    }

    /// The first task, the width and the lanes of a tile of each chunk of `tasks` tasks.
    pub(crate) fn chunks(self, tasks: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let widest = self.widest();
        (0..tasks).step_by(widest).map(move |first| {
            let left = tasks - first;
            match self {
                Chunking::Fitted(widest) => {
                    let width = width_for(left).min(widest);
                    (first, width, width)
                }
                Chunking::Uniform(width) => (first, width, width),
                #[cfg(feature = "jit")]
                Chunking::Pairs => (first, left.min(MAX_LANES).next_multiple_of(2), 2),
            }
        })
    }
}

/// The most bytes of chunk memory that the widest layout may take, so that it stays in the first-level cache (32 KiB on most machines)
/// together with the examples that pass through.
const CHUNK_BYTES: usize = 24 * 1024;

/// The least F at which registers along the elements are full.
const MIN_ALONG: usize = 16;

/// Beyond this F data is large, and is not kept for widths between all tasks side by side and one at a time.
const MAX_NARROWED: usize = 64;

/// In how many layouts the examples of a group are kept at most, as far as programs that anyone would evaluate ask for them.
pub(crate) fn most_layouts(features: usize) -> usize {
    if features > MAX_NARROWED { 2 } else { 5 }
}

/// How the interpreter divides tasks: all side by side if their memory stays in the first-level cache, else fewer; one at a time where
/// not even four do, and vectors are long enough for registers along them.
pub(crate) fn fitted(layout: &Layout, group: &TaskGroup) -> Chunking {
    let fits = |width: usize| layout.rows() * width * size_of::<f64>() <= CHUNK_BYTES;
    let mut width = width_for(group.tasks().len());
    while width > 4 && !fits(width) && group.features() <= MAX_NARROWED {
        width = WIDTHS[WIDTHS.iter().position(|&w| w == width).unwrap_or(1) - 1];
    }
    if !fits(width) && group.features() >= MIN_ALONG { Chunking::Fitted(ALONG) } else { Chunking::Fitted(width) }
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
    /// Where the first of the `features` features of an example in a lane lies, among lists of `width` lanes; the next is `tile` further.
    pub(crate) fn first_feature(width: usize, tile: usize, features: usize, example: usize, lane: usize) -> usize {
        (example * (width / tile) + lane / tile) * features * tile + lane % tile
    }
}

impl TaskGroup {
    /// The examples of a chunk as [`Chunking::chunks`] describes it; where tasks run out, the last one fills the remaining lanes.
    ///
    /// # Panics
    /// If there is no such chunk.
    pub(crate) fn chunk_data(&self, first_task: usize, width: usize, tile: usize) -> &ChunkData {
        let tasks = self.tasks().len();
        let chunks = if tile == width { &self.lanes.tiles[width] } else { &self.lanes.pairs };
        let chunks = chunks.get_or_init(|| (0..tasks).map(|_| OnceLock::new()).collect());
        let data = chunks[first_task].get_or_init(|| {
            let lanes = (0..width).map(|lane| self.lane_task(first_task, lane));
            ChunkData {
                width,
                tile,
                train: self.interleave(lanes.clone().map(|task| &task.train), self.train_examples(), tile),
                valid: self.interleave(lanes.map(|task| &task.valid), self.valid_examples(), tile),
            }
        });
        assert_eq!((data.width, data.tile), (width, tile), "one shape for every first task");
        data
    }

    /// The task in a lane of the chunk from task `first_task` on.
    pub(crate) fn lane_task(&self, first_task: usize, lane: usize) -> &Task {
        &self.tasks()[(first_task + lane).min(self.tasks().len() - 1)]
    }

    fn interleave<'a>(&self, lanes: impl Iterator<Item = &'a Examples> + Clone, count: usize, tile: usize) -> Interleaved {
        let f = self.features();
        let width = lanes.clone().count();
        let mut interleaved = Interleaved { features: AlignedVec::zeros(count * f * width), labels: AlignedVec::zeros(count * width) };
        for (lane, examples) in lanes.enumerate() {
            for (example, features) in examples.features.chunks_exact(f).enumerate() {
                let first = ChunkData::first_feature(width, tile, f, example, lane);
                for (feature, &x) in features.iter().enumerate() {
                    interleaved.features[first + feature * tile] = x;
                }
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
