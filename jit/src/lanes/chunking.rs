//! How the tasks of a group are divided into chunks that run in lock step.

use super::chunk::MAX_LANES;
use super::layout::Layout;
use crate::task::{Task, TaskSet};

/// The widths of chunks of several tasks side by side.
pub(crate) const WIDTHS: [usize; 5] = [2, 4, 8, 12, MAX_LANES];

/// The width of chunks of one task, whose registers go along the elements.
pub(crate) const ALONG: usize = 1;

/// The least width that holds `tasks` tasks, or the widest.
pub(crate) fn width_for(tasks: usize) -> usize {
    WIDTHS.into_iter().find(|&width| width >= tasks).unwrap_or(WIDTHS[WIDTHS.len() - 1])
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

    /// The chunks of `tasks` tasks.
    pub(crate) fn chunks(self, tasks: usize) -> impl Iterator<Item = ChunkSpan> {
        let widest = self.widest();
        (0..tasks).step_by(widest).map(move |first_task| {
            let left = tasks - first_task;
            let (width, tile) = match self {
                Chunking::Fitted(widest) => {
                    let width = width_for(left).min(widest);
                    (width, width)
                }
                Chunking::Uniform(width) => (width, width),
                #[cfg(feature = "jit")]
                Chunking::Pairs => (left.min(MAX_LANES).next_multiple_of(2), 2),
            };
            ChunkSpan { first_task, width, tile }
        })
    }
}

/// The tasks of one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkSpan {
    /// The task in its first lane.
    pub(crate) first_task: usize,
    /// Lanes; where tasks run out, the last one fills the remaining ones.
    pub(crate) width: usize,
    /// Lanes of a tile.
    pub(crate) tile: usize,
}

impl ChunkSpan {
    /// The task in a lane.
    pub(crate) fn task(self, tasks: &TaskSet, lane: usize) -> &Task {
        &tasks.tasks()[(self.first_task + lane).min(tasks.tasks().len() - 1)]
    }
}

/// The most bytes of chunk memory that the widest layout may take, so that it stays in the first-level cache (32 KiB on most machines)
/// together with the examples that pass through.
const CHUNK_BYTES: usize = 24 * 1024;

/// The least F at which registers along the elements are full.
const MIN_ALONG: usize = 16;

/// Beyond this F data is large, and is not kept for widths between all tasks side by side and one at a time.
const MAX_NARROWED: usize = 64;

/// In how many layouts the examples of a group are kept at most, for programs of any practical size.
pub(super) fn most_layouts(features: usize) -> usize {
    if features > MAX_NARROWED { 2 } else { 5 }
}

/// How the interpreter divides tasks: all side by side if their memory stays in the first-level cache, else fewer; one at a time where
/// not even four do, and vectors are long enough for registers along them.
pub(crate) fn fitted(layout: &Layout, tasks: &TaskSet) -> Chunking {
    let fits = |width: usize| layout.rows() * width * size_of::<f64>() <= CHUNK_BYTES;
    let mut width = width_for(tasks.tasks().len());
    while width > 4 && !fits(width) && tasks.features() <= MAX_NARROWED {
        width = WIDTHS[WIDTHS.iter().position(|&w| w == width).unwrap_or(1) - 1];
    }
    if !fits(width) && tasks.features() >= MIN_ALONG { Chunking::Fitted(ALONG) } else { Chunking::Fitted(width) }
}
