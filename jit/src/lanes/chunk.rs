//! The state of one chunk of tasks while a program runs on them, lane by lane, and what an engine must do with it.

use std::ops::Range;

use crate::exec::random::DrawKey;
use crate::exec::simd::AlignedVec;
use crate::lang::Scoring;

/// What an engine needs to know about a group and an evaluation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunSettings {
    pub(crate) features: usize,
    pub(crate) scoring: Scoring,
    pub(crate) max_abs_error: f64,
    /// Keep the memory of a lane as it was when its training stopped (for those who look at memory).
    pub(crate) freeze_training: bool,
    /// Keep the memory of a lane as it was when its validation failed (training goes on from it in the next epoch).
    pub(crate) freeze_validation: bool,
    /// Have features and label of the current example in memory too (for those who look at memory).
    pub(crate) inputs_in_memory: bool,
}

/// The most lanes of a chunk.
pub(crate) const MAX_LANES: usize = 16;

/// One row of any width, at a cache line: a register that straddles two costs twice.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Row(pub(crate) [f64; MAX_LANES]);

impl Row {
    pub(crate) const ZERO: Row = Row([0.0; MAX_LANES]);
}

/// Consecutive examples of all lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    /// `[example][tile][feature][lane of the tile]`.
    pub(crate) features: &'a [f64],
    /// `[example][lane]`.
    pub(crate) labels: &'a [f64],
    /// How many examples.
    pub(crate) count: usize,
    /// The step number of the first one.
    pub(crate) first_step: u64,
}

/// Executes one program on chunks. Errors, where they are asked for, go to `[example][lane]`; those of a lane after its stop mean nothing.
pub(crate) trait Engine {
    /// Runs Setup.
    fn setup(&mut self, chunk: &mut Chunk);
    /// Trains on a block until its end or until every lane has stopped.
    fn train(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>);
    /// Validates on a block until its end or until every lane has stopped or failed; adds squared errors to the losses.
    fn validate(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>);
}

/// A lane mask: all bits set or none, as compiled code compares them.
pub(crate) type Mask = u64;

/// The state of one chunk. Its lanes lie in tiles: memory is `[tile][row][lane of the tile]`.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    width: usize,
    tile: usize,
    rows: usize,
    memory: AlignedVec,
    /// The memory at the end of a probe's training.
    snapshot: AlignedVec,
    scratch: AlignedVec,
    /// `[tile][random instruction][lane of the tile]`.
    keys: Vec<DrawKey>,
    /// Lanes whose training has stopped, for good.
    stopped: Vec<Mask>,
    /// Lanes that the current validation does not count: stopped, or failed in it.
    failed: Vec<Mask>,
    /// The example of the last block at which a lane stopped or failed.
    stopped_at: Vec<u64>,
    loss: AlignedVec,
    /// Training steps begun, by lane.
    steps_begun: Vec<u64>,
    /// Lanes whose last step is in `steps_begun`.
    counted: Vec<bool>,
    frozen: Vec<Option<Vec<f64>>>,
}

/// Where compiled code finds the parts of a chunk.
#[cfg(feature = "jit")]
pub(crate) struct ChunkPointers {
    /// `[tile][row][lane of the tile]`.
    pub(crate) memory: *mut f64,
    /// Masks of the lanes that do not count any more.
    pub(crate) excluded: *mut Mask,
    /// The example at which a lane stopped or failed.
    pub(crate) stopped_at: *mut u64,
    /// By lane.
    pub(crate) loss: *mut f64,
}

impl Chunk {
    /// Makes it a chunk of `width` lanes in tiles of `tile`, with zeroed memory of `rows` rows, and nothing stopped. Its keys are still those of before.
    pub(crate) fn reset(&mut self, width: usize, tile: usize, rows: usize, scratch_rows: usize) {
        fn refill<T: Clone>(buffer: &mut Vec<T>, len: usize, value: T) {
            buffer.clear();
            buffer.resize(len, value);
        }
        (self.width, self.tile, self.rows) = (width, tile, rows);
        self.memory.set_zeros(rows * width);
        if self.scratch.len() < scratch_rows * tile {
            self.scratch.set_zeros(scratch_rows * tile);
        }
        refill(&mut self.stopped, width, 0);
        refill(&mut self.failed, width, 0);
        refill(&mut self.stopped_at, width, 0);
        self.loss.set_zeros(width);
        refill(&mut self.steps_begun, width, 0);
        refill(&mut self.counted, width, false);
        refill(&mut self.frozen, width, None);
    }

    /// Sets the keys of the random instructions with these ordinals, given the seed of the task in each lane.
    pub(crate) fn set_keys(&mut self, ordinals: &[u32], seed: impl Fn(usize) -> u64) {
        self.keys.clear();
        for first in (0..self.width).step_by(self.tile) {
            for &ordinal in ordinals {
                self.keys.extend((first..first + self.tile).map(|lane| DrawKey::new(seed(lane), ordinal)));
            }
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Lanes of a tile.
    pub(crate) fn tile(&self) -> usize {
        self.tile
    }

    /// `[tile][row][lane of the tile]`.
    pub(crate) fn memory_mut(&mut self) -> &mut [f64] {
        &mut self.memory
    }

    /// Memory, scratch rows and draw keys.
    pub(crate) fn parts(&mut self) -> (&mut [f64], &mut [f64], &[DrawKey]) {
        (&mut self.memory, &mut self.scratch, &self.keys)
    }

    /// Keeps the memory as it is now for [`Chunk::restore_snapshot`].
    pub(crate) fn take_snapshot(&mut self) {
        self.snapshot.copy_from(&self.memory);
    }

    /// Goes back to the memory of the snapshot; what a validation since then found is forgotten.
    pub(crate) fn restore_snapshot(&mut self) {
        self.memory.copy_from(&self.snapshot);
        self.frozen.fill(None);
    }

    pub(crate) fn loss(&self) -> &[f64] {
        &self.loss
    }

    pub(crate) fn set_loss(&mut self, loss: &[f64]) {
        self.loss.copy_from_slice(loss);
    }

    pub(crate) fn has_stopped(&self, lane: usize) -> bool {
        self.stopped[lane] != 0
    }

    pub(crate) fn has_failed(&self, lane: usize) -> bool {
        self.failed[lane] != 0
    }

    pub(crate) fn all_stopped(&self) -> bool {
        self.stopped.iter().all(|&mask| mask != 0)
    }

    /// The example of the block last run at which the lane stopped or failed.
    pub(crate) fn stopped_at(&self, lane: usize) -> usize {
        self.stopped_at[lane] as usize
    }

    /// The addresses that compiled code works on.
    #[cfg(feature = "jit")]
    pub(crate) fn pointers(&mut self, training: bool) -> ChunkPointers {
        ChunkPointers {
            memory: self.memory.as_mut_ptr(),
            excluded: if training { self.stopped.as_mut_ptr() } else { self.failed.as_mut_ptr() },
            stopped_at: self.stopped_at.as_mut_ptr(),
            loss: self.loss.as_mut_ptr(),
        }
    }

    /// Stops the training of those of `lanes` for which `beyond` holds and that still ran; says whether all lanes have stopped.
    #[cold]
    pub(crate) fn stop_training(&mut self, example: usize, freeze: bool, lanes: Range<usize>, beyond: impl Fn(usize) -> bool) -> bool {
        for lane in lanes {
            if self.stopped[lane] == 0 && beyond(lane) {
                self.stopped[lane] = Mask::MAX;
                self.stopped_at[lane] = example as u64;
                if freeze {
                    self.freeze(lane);
                }
            }
        }
        self.all_stopped()
    }

    /// Fails the validation of those of `lanes` for which `beyond` holds and that still counted; says whether no lane counts any more.
    #[cold]
    pub(crate) fn fail_validation(&mut self, example: usize, freeze: bool, lanes: Range<usize>, beyond: impl Fn(usize) -> bool) -> bool {
        for lane in lanes {
            if self.failed[lane] == 0 && beyond(lane) {
                self.failed[lane] = Mask::MAX;
                self.stopped_at[lane] = example as u64;
                if freeze {
                    self.freeze(lane);
                }
            }
        }
        self.failed.iter().all(|&mask| mask != 0)
    }

    /// Counts the training steps that the lanes began in a block of `count` examples.
    pub(crate) fn count_steps(&mut self, count: usize) {
        for lane in 0..self.width {
            if self.stopped[lane] == 0 {
                self.steps_begun[lane] += count as u64;
            } else if !self.counted[lane] {
                self.steps_begun[lane] += self.stopped_at[lane] + 1;
                self.counted[lane] = true;
            }
        }
    }

    /// Training steps that the lane began.
    pub(crate) fn steps_begun(&self, lane: usize) -> u64 {
        self.steps_begun[lane]
    }

    /// Begins a validation: zero losses, and only stopped lanes do not count.
    pub(crate) fn begin_validation(&mut self) {
        self.loss.fill(0.0);
        self.failed.copy_from_slice(&self.stopped);
    }

    /// Ends a validation: lanes that failed in it get back the memory that they had then.
    pub(crate) fn end_validation(&mut self) {
        for lane in 0..self.width {
            if self.stopped[lane] == 0 {
                self.thaw(lane);
            }
        }
    }

    /// Gives every lane that was frozen its memory back.
    pub(crate) fn thaw_all(&mut self) {
        for lane in 0..self.width {
            self.thaw(lane);
        }
    }

    /// The memory of one lane, a value a row.
    pub(crate) fn column(&self, lane: usize) -> impl Iterator<Item = f64> + '_ {
        let first = self.first(lane);
        let end = first - lane % self.tile + self.rows * self.tile;
        self.memory[first..end].iter().step_by(self.tile).copied()
    }

    /// Where the first row of a lane lies.
    fn first(&self, lane: usize) -> usize {
        lane / self.tile * self.rows * self.tile + lane % self.tile
    }

    fn freeze(&mut self, lane: usize) {
        self.frozen[lane] = Some(self.column(lane).collect());
    }

    fn thaw(&mut self, lane: usize) {
        if let Some(column) = self.frozen[lane].take() {
            let (first, tile) = (self.first(lane), self.tile);
            for (row, value) in column.into_iter().enumerate() {
                self.memory[first + row * tile] = value;
            }
        }
    }
}
