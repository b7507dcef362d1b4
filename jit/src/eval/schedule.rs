//! The life of a program on a group, chunk by chunk: Setup, epochs of training and validation, fitness.

use super::evaluation::{Evaluation, Probe};
use crate::exec::math;
use crate::exec::simd::AlignedVec;
use crate::lanes::{Block, Chunk, ChunkData, ChunkSpan, Chunking, Engine, Layout, TaskGroup};
use crate::lang::{AddressCounts, Scoring, Space};
use crate::oracle::{Memory, TaskRecord};
use crate::task::ScoredEpoch;

/// The shape of one program's memory on chunks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkShape<'a> {
    pub(crate) chunking: Chunking,
    pub(crate) rows: usize,
    pub(crate) scratch_rows: usize,
    /// Ordinals of the random instructions that run.
    pub(crate) ordinals: &'a [u32],
}

/// The chunks of a group of tasks, and the buffers that go with them; reused from program to program.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    /// One for each chunk of tasks, as far as they were needed.
    chunks: Vec<Chunk>,
    features: AlignedVec,
    labels: AlignedVec,
    errors: Vec<f64>,
}

/// One chunk of tasks at work.
struct ChunkRun<'a> {
    chunk: &'a mut Chunk,
    span: ChunkSpan,
    data: &'a ChunkData,
    features: &'a mut AlignedVec,
    labels: &'a mut AlignedVec,
    errors: &'a mut Vec<f64>,
}

/// How many examples of a shuffled epoch are gathered at a time.
const GATHER: usize = 64;

impl Schedule {
    /// Runs each chunk of a group; tells how many tasks are in it.
    fn each_chunk<'a>(&'a mut self, group: &'a TaskGroup, chunking: Chunking, mut each: impl FnMut(ChunkRun<'_>, usize)) {
        let tasks = group.tasks().len();
        for (number, span) in chunking.chunks(tasks).enumerate() {
            if self.chunks.len() == number {
                self.chunks.push(Chunk::default());
            }
            let run = ChunkRun {
                chunk: &mut self.chunks[number],
                span,
                data: group.chunk_data(span),
                features: &mut self.features,
                labels: &mut self.labels,
                errors: &mut self.errors,
            };
            each(run, span.width.min(tasks - span.first_task));
        }
    }

    /// Runs the program to its end on every task, after a probe from where that ended if `probed` training examples are done;
    /// `records`, if given, gets one record a task, with a memory of those addresses, all of which the program's layout must have.
    pub(crate) fn run(
        &mut self,
        engine: &mut dyn Engine,
        group: &TaskGroup,
        shape: ChunkShape<'_>,
        probed: Option<usize>,
        out: &mut Evaluation,
        mut records: Option<(&mut Vec<TaskRecord>, &Layout, AddressCounts)>,
    ) {
        out.task_fitness.clear();
        out.train_steps = 0;
        if let Some((records, ..)) = &mut records {
            records.clear();
        }
        self.each_chunk(group, shape.chunking, |mut run, lanes| {
            let first_task = run.span.first_task;
            out.task_fitness.resize(first_task + lanes, 0.0);
            let mut record = records.as_mut().map(|(records, layout, counts)| {
                records.resize_with(first_task + lanes, TaskRecord::default);
                (&mut records[first_task..], *layout, *counts)
            });
            let recording = record.as_mut().map(|(record, ..)| &mut **record);
            if probed.is_some() {
                run.chunk.restore_snapshot();
            } else {
                run.begin(engine, group, shape);
            }
            run.run(engine, group, probed.unwrap_or(0), &mut out.task_fitness[first_task..], recording);
            out.train_steps += (0..lanes).map(|lane| run.chunk.steps_begun(lane)).sum::<u64>();
            if let Some((record, layout, counts)) = record {
                run.chunk.thaw_all();
                for (lane, record) in record.iter_mut().enumerate() {
                    record.memory = Memory::new(group.features(), counts);
                    read_lane(run.chunk, lane, layout, &mut record.memory);
                    record.train_steps = run.chunk.steps_begun(lane);
                    record.fitness = out.task_fitness[first_task + lane];
                }
            }
        });
    }

    /// Runs Setup on a memory that holds anything, whose addresses are those of the program's layout.
    #[cfg(feature = "testing")]
    pub(crate) fn setup_only(&mut self, engine: &mut dyn Engine, shape: ChunkShape<'_>, layout: &Layout, seed: u64, memory: &mut Memory) {
        if self.chunks.is_empty() {
            self.chunks.push(Chunk::default());
        }
        let chunk = &mut self.chunks[0];
        let ChunkSpan { width, tile, .. } = shape.chunking.chunks(2).next().expect("a chunk for two tasks");
        chunk.reset(width, tile, shape.rows, shape.scratch_rows);
        chunk.set_keys(shape.ordinals, |_| seed);
        for_each_address(memory.counts(), |space, address| {
            let elements = memory.elements_mut(space, address);
            let rows = chunk.memory_mut().chunks_exact_mut(width).skip(layout.row(space, address));
            rows.zip(elements).for_each(|(row, &mut value)| row.fill(value));
        });
        engine.setup(chunk);
        read_lane(chunk, 0, layout, memory);
    }

    /// Runs Setup, the first `train` training examples and, on tasks that did not stop, the first `valid` validation examples.
    /// Returns how many training examples are done: [`Schedule::run`] can go on from there.
    pub(crate) fn probe(
        &mut self,
        engine: &mut dyn Engine,
        group: &TaskGroup,
        shape: ChunkShape<'_>,
        (train, valid): (usize, usize),
        out: &mut Probe,
    ) -> usize {
        let (train, valid) = (train.min(group.train_examples()), valid.min(group.valid_examples()));
        out.begin(group.tasks().len());
        self.each_chunk(group, shape.chunking, |mut run, lanes| {
            run.begin(engine, group, shape);
            let records = run.span.first_task..run.span.first_task + lanes;
            run.train(engine, group, 0, 0..train, Some(&mut out.records[records.clone()]));
            run.chunk.take_snapshot();
            if !run.chunk.all_stopped() {
                run.validate(engine, group, 0, valid, Some(&mut out.records[records]));
            }
            out.train_steps += (0..lanes).map(|lane| run.chunk.steps_begun(lane)).sum::<u64>();
        });
        train
    }
}

impl ChunkRun<'_> {
    /// Zero memory, then Setup.
    fn begin(&mut self, engine: &mut dyn Engine, group: &TaskGroup, shape: ChunkShape<'_>) {
        self.chunk.reset(self.span.width, self.span.tile, shape.rows, shape.scratch_rows);
        self.chunk.set_keys(shape.ordinals, |lane| self.span.task(group, lane).seed);
        engine.setup(self.chunk);
    }

    /// All epochs, `done` training examples of the first one being done.
    fn run(&mut self, engine: &mut dyn Engine, group: &TaskGroup, done: usize, fitness: &mut [f64], mut record: Option<&mut [TaskRecord]>) {
        let examples = group.valid_examples() as f64;
        for epoch in 0..group.settings().epochs {
            if group.settings().scored_epoch == ScoredEpoch::Last {
                fitness.fill(0.0);
            }
            let mut recording = if epoch == 0 { record.as_deref_mut() } else { None };
            let begin = if epoch == 0 { done } else { 0 };
            self.train(engine, group, epoch, begin..group.train_examples(), recording.as_deref_mut());
            if self.chunk.all_stopped() {
                return;
            }
            self.validate(engine, group, epoch, group.valid_examples(), recording);
            for (lane, fitness) in fitness.iter_mut().enumerate() {
                if !self.chunk.has_failed(lane) {
                    let loss = self.chunk.loss()[lane];
                    let of_epoch = match group.settings().scoring {
                        Scoring::Rms => math::rms_fitness(loss / examples),
                        Scoring::Accuracy | Scoring::Classes => 1.0 - loss / examples,
                    };
                    *fitness = fitness.max(of_epoch);
                }
            }
            self.chunk.end_validation();
        }
    }

    /// Trains on a range of the examples of an epoch.
    fn train(
        &mut self,
        engine: &mut dyn Engine,
        group: &TaskGroup,
        epoch: u32,
        examples: std::ops::Range<usize>,
        mut record: Option<&mut [TaskRecord]>,
    ) {
        let (span, width, f) = (self.span, self.span.width, group.features());
        let data = &self.data.train;
        let orders = group.train_orders(epoch);
        let mut done = examples.start;
        while done < examples.end && !self.chunk.all_stopped() {
            let left = examples.end - done;
            let now = if orders.is_some() { GATHER.min(left) } else { left };
            let first_step = group.train_step(epoch, done);
            let block = match orders {
                None => {
                    Block { features: &data.features[done * f * width..], labels: &data.labels[done * width..], count: now, first_step }
                }
                Some(orders) => {
                    self.features.resize(now * f * width);
                    self.labels.resize(now * width);
                    let tile = span.tile;
                    let first = |example: usize, lane: usize| ChunkData::first_feature(span, f, example, lane);
                    for lane in 0..width {
                        let order = &orders[(span.first_task + lane).min(orders.len() - 1)][done..done + now];
                        for (to, &from) in order.iter().enumerate() {
                            let (target, source) = (first(to, lane), first(from as usize, lane));
                            for feature in 0..f {
                                self.features[target + feature * tile] = data.features[source + feature * tile];
                            }
                            self.labels[to * width + lane] = data.labels[from as usize * width + lane];
                        }
                    }
                    Block { features: self.features, labels: self.labels, count: now, first_step }
                }
            };
            let errors = record.is_some().then(|| {
                self.errors.resize(now * width, 0.0);
                &mut self.errors[..]
            });
            engine.train(self.chunk, block, errors);
            self.chunk.count_steps(now);
            for (lane, record) in record.iter_mut().flat_map(|records| records.iter_mut()).enumerate() {
                let listed = self.chunk.steps_begun(lane) as usize - usize::from(self.chunk.has_stopped(lane));
                let new = listed - record.train_errors.len();
                record.train_errors.extend((0..new).map(|example| self.errors[example * width + lane]));
            }
            done += now;
        }
    }

    /// Validates on the first `count` examples.
    fn validate(&mut self, engine: &mut dyn Engine, group: &TaskGroup, epoch: u32, count: usize, record: Option<&mut [TaskRecord]>) {
        let (width, data) = (self.span.width, &self.data.valid);
        let block = Block { features: &data.features, labels: &data.labels, count, first_step: group.valid_step(epoch, 0) };
        self.chunk.begin_validation();
        let errors = record.is_some().then(|| {
            self.errors.resize(count * width, 0.0);
            &mut self.errors[..]
        });
        engine.validate(self.chunk, block, errors);
        for (lane, record) in record.into_iter().flatten().enumerate().filter(|(lane, _)| !self.chunk.has_stopped(*lane)) {
            let listed = if self.chunk.has_failed(lane) { self.chunk.stopped_at(lane) } else { count };
            record.valid_errors.extend((0..listed).map(|example| self.errors[example * width + lane]));
        }
    }
}

fn for_each_address(counts: AddressCounts, mut visit: impl FnMut(Space, u8)) {
    for space in Space::ALL {
        (0..counts.of(space)).for_each(|address| visit(space, address));
    }
}

/// Copies what a lane of the chunk holds to a memory whose addresses the layout has.
fn read_lane(chunk: &Chunk, lane: usize, layout: &Layout, memory: &mut Memory) {
    for_each_address(memory.counts(), |space, address| {
        let values = chunk.column(lane).skip(layout.row(space, address));
        memory.elements_mut(space, address).iter_mut().zip(values).for_each(|(element, value)| *element = value);
    });
}
