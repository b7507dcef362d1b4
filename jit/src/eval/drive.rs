//! The life of a program on a group, chunk by chunk: Setup, epochs of training and validation, fitness.

use super::evaluation::{Evaluation, Probe, TaskRecord};
use super::task::TaskGroup;
use crate::exec::chunk::{Block, Chunk, Engine, Scoring};
use crate::exec::layout::Layout;
use crate::exec::math;
use crate::exec::random::DrawKey;
use crate::lang::{AddressCounts, Space};
use crate::oracle::Memory;

/// The shape of one program's memory on chunks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkShape<'a> {
    pub(crate) width: usize,
    pub(crate) rows: usize,
    pub(crate) spare_rows: usize,
    /// Ordinals of the random instructions that run.
    pub(crate) ordinals: &'a [u32],
}

/// Buffers of a drive, reused.
#[derive(Debug, Default)]
pub(crate) struct DriveScratch {
    pub(crate) chunk: Chunk,
    features: Vec<f64>,
    labels: Vec<f64>,
    errors: Vec<f64>,
}

/// How many examples of a shuffled epoch are gathered at a time.
const GATHER: usize = 64;

impl DriveScratch {
    fn begin(&mut self, group: &TaskGroup, shape: ChunkShape<'_>, chunk: usize) {
        self.chunk.reset(shape.width, shape.rows, shape.spare_rows);
        for &ordinal in shape.ordinals {
            self.chunk.push_keys((0..shape.width).map(|lane| DrawKey::new(group.lane_task(chunk, shape.width, lane).seed, ordinal)));
        }
    }

    /// Runs the program to its end on every task; `records`, if given, gets one record a task, with a memory of those addresses,
    /// all of which the program's layout must have.
    pub(crate) fn run(
        &mut self,
        engine: &mut dyn Engine,
        group: &TaskGroup,
        shape: ChunkShape<'_>,
        out: &mut Evaluation,
        mut records: Option<(&mut Vec<TaskRecord>, &Layout, AddressCounts)>,
    ) {
        let tasks = group.tasks().len();
        out.task_fitness.clear();
        out.train_steps = 0;
        if let Some((records, ..)) = &mut records {
            records.clear();
        }
        for chunk in 0..tasks.div_ceil(shape.width) {
            let first_task = chunk * shape.width;
            let lanes = shape.width.min(tasks - first_task);
            out.task_fitness.resize(first_task + lanes, 0.0);
            let mut record = records.as_mut().map(|(records, layout, counts)| {
                records.resize_with(first_task + lanes, TaskRecord::default);
                (&mut records[first_task..], *layout, *counts)
            });
            self.begin(group, shape, chunk);
            let recording = record.as_mut().map(|(record, ..)| &mut **record);
            self.run_chunk(engine, group, chunk, &mut out.task_fitness[first_task..], recording);
            out.train_steps += (0..lanes).map(|lane| self.chunk.begun(lane)).sum::<u64>();
            if let Some((record, layout, counts)) = record {
                self.chunk.thaw_all();
                for (lane, record) in record.iter_mut().enumerate() {
                    record.memory = Memory::new(group.features(), counts);
                    read_lane(&self.chunk, lane, layout, &mut record.memory);
                    record.train_steps = self.chunk.begun(lane);
                    record.fitness = out.task_fitness[first_task + lane];
                }
            }
        }
    }

    fn run_chunk(
        &mut self,
        engine: &mut dyn Engine,
        group: &TaskGroup,
        chunk: usize,
        fitness: &mut [f64],
        mut record: Option<&mut [TaskRecord]>,
    ) {
        let examples = group.valid_examples() as f64;
        engine.setup(&mut self.chunk);
        for epoch in 0..group.settings().epochs {
            let mut recording = if epoch == 0 { record.as_deref_mut() } else { None };
            self.train(engine, group, chunk, epoch, group.train_examples(), recording.as_deref_mut());
            if self.chunk.all_stopped() {
                return;
            }
            self.validate(engine, group, chunk, epoch, group.valid_examples(), recording);
            for (lane, fitness) in fitness.iter_mut().enumerate() {
                if !self.chunk.has_failed(lane) {
                    let loss = self.chunk.loss()[lane];
                    let of_epoch = match group.settings().scoring {
                        Scoring::Rms => math::rms_fitness(loss / examples),
                        Scoring::Accuracy => 1.0 - loss / examples,
                    };
                    *fitness = fitness.max(of_epoch);
                }
            }
            self.chunk.end_validation();
        }
    }

    /// Trains on the first `count` examples of an epoch.
    fn train(
        &mut self,
        engine: &mut dyn Engine,
        group: &TaskGroup,
        chunk: usize,
        epoch: u32,
        count: usize,
        mut record: Option<&mut [TaskRecord]>,
    ) {
        let width = self.chunk.width();
        let data = &group.chunks(width)[chunk].train;
        let orders = group.train_orders(epoch);
        let mut done = 0;
        while done < count && !self.chunk.all_stopped() {
            let now = if orders.is_some() { GATHER.min(count - done) } else { count };
            let first_step = group.train_step(epoch, done);
            let block =
                match orders {
                    None => Block { features: &data.features, labels: &data.labels, count, first_step },
                    Some(orders) => {
                        self.features.clear();
                        self.labels.clear();
                        let order_of = |lane: usize| &orders[(chunk * width + lane).min(orders.len() - 1)];
                        for example in done..done + now {
                            for feature in 0..group.features() {
                                self.features.extend((0..width).map(|lane| {
                                    data.features[(order_of(lane)[example] as usize * group.features() + feature) * width + lane]
                                }));
                            }
                            self.labels.extend((0..width).map(|lane| data.labels[order_of(lane)[example] as usize * width + lane]));
                        }
                        Block { features: &self.features, labels: &self.labels, count: now, first_step }
                    }
                };
            let errors = record.is_some().then(|| {
                self.errors.resize(now * width, 0.0);
                &mut self.errors[..]
            });
            engine.train(&mut self.chunk, block, errors);
            self.chunk.count_steps(now);
            for (lane, record) in record.iter_mut().flat_map(|records| records.iter_mut()).enumerate() {
                let listed = self.chunk.begun(lane) as usize - usize::from(self.chunk.has_stopped(lane));
                let new = listed - record.train_errors.len();
                record.train_errors.extend((0..new).map(|example| self.errors[example * width + lane]));
            }
            done += now;
        }
    }

    /// Validates on the first `count` examples.
    fn validate(
        &mut self,
        engine: &mut dyn Engine,
        group: &TaskGroup,
        chunk: usize,
        epoch: u32,
        count: usize,
        record: Option<&mut [TaskRecord]>,
    ) {
        let width = self.chunk.width();
        let data = &group.chunks(width)[chunk].valid;
        let block = Block { features: &data.features, labels: &data.labels, count, first_step: group.valid_step(epoch, 0) };
        self.chunk.begin_validation();
        let errors = record.is_some().then(|| {
            self.errors.resize(count * width, 0.0);
            &mut self.errors[..]
        });
        engine.validate(&mut self.chunk, block, errors);
        for (lane, record) in record.into_iter().flatten().enumerate().filter(|(lane, _)| !self.chunk.has_stopped(*lane)) {
            let listed = if self.chunk.has_failed(lane) { self.chunk.stopped_at(lane) } else { count };
            record.valid_errors.extend((0..listed).map(|example| self.errors[example * width + lane]));
        }
    }

    /// Runs Setup on a memory that holds anything, whose addresses are those of the program's layout.
    pub(crate) fn setup_only(&mut self, engine: &mut dyn Engine, shape: ChunkShape<'_>, layout: &Layout, seed: u64, memory: &mut Memory) {
        self.chunk.reset(shape.width, shape.rows, shape.spare_rows);
        for &ordinal in shape.ordinals {
            self.chunk.push_keys((0..shape.width).map(|_| DrawKey::new(seed, ordinal)));
        }
        for_each_address(memory.counts(), |space, address| {
            let elements = memory.elements_mut(space, address);
            let rows = self.chunk.memory_mut().chunks_exact_mut(shape.width).skip(layout.row(space, address));
            rows.zip(elements).for_each(|(row, &mut value)| row.fill(value));
        });
        engine.setup(&mut self.chunk);
        read_lane(&self.chunk, 0, layout, memory);
    }

    /// Runs Setup, the first `train` training examples and, on tasks that did not stop, the first `valid` validation examples.
    pub(crate) fn probe(
        &mut self,
        engine: &mut dyn Engine,
        group: &TaskGroup,
        shape: ChunkShape<'_>,
        (train, valid): (usize, usize),
        out: &mut Probe,
    ) {
        let (train, valid) = (train.min(group.train_examples()), valid.min(group.valid_examples()));
        let tasks = group.tasks().len();
        out.begin(tasks);
        for chunk in 0..tasks.div_ceil(shape.width) {
            let first_task = chunk * shape.width;
            let lanes = shape.width.min(tasks - first_task);
            self.begin(group, shape, chunk);
            engine.setup(&mut self.chunk);
            self.train(engine, group, chunk, 0, train, Some(&mut out.records[first_task..first_task + lanes]));
            if !self.chunk.all_stopped() {
                self.validate(engine, group, chunk, 0, valid, Some(&mut out.records[first_task..first_task + lanes]));
            }
            out.train_steps += (0..lanes).map(|lane| self.chunk.begun(lane)).sum::<u64>();
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
