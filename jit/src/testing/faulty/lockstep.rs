//! Evaluation of all tasks of a group in lock step, instruction by instruction: what backends with lanes do, written plainly.

use super::super::generate::FuzzCase;
use crate::exec::math;
use crate::exec::random::{DrawKey, StepDraws};
use crate::lanes::TaskGroup;
use crate::lang::Scoring;
use crate::lang::{CLASSES, ComponentFunction, Instruction, Interface};
use crate::oracle::TaskRecord;
use crate::oracle::{Memory, class_of, softmax};
use crate::task::Examples;

/// One instruction at one step.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) instruction: &'a Instruction,
    pub(super) ordinal: u32,
    pub(super) step: u64,
}

impl Call<'_> {
    /// What a random instruction draws from on the task with this seed.
    pub(super) fn draws(self, seed: u64) -> StepDraws {
        DrawKey::new(seed, self.ordinal).at_step(self.step)
    }
}

/// Executes instructions on lanes.
pub(super) trait Execute {
    fn begin_example(&mut self, lanes: &[Memory]);

    /// Executes an instruction on the lanes that are active.
    fn execute(&mut self, call: Call<'_>, lanes: &mut [Memory], active: &[bool], seeds: &[u64]);

    fn end_example(&mut self, lanes: &mut [Memory]);
}

struct Run<'a, E> {
    case: &'a FuzzCase,
    ordinals: &'a [u32],
    execute: &'a mut E,
    lanes: Vec<Memory>,
    seeds: Vec<u64>,
    /// Lanes whose training goes on.
    active: Vec<bool>,
    records: Vec<TaskRecord>,
}

/// Runs the program of a case as written on all of its tasks.
pub(super) fn run(case: &FuzzCase, ordinals: &[u32], execute: &mut impl Execute) -> Vec<TaskRecord> {
    let tasks = case.group.tasks();
    let mut run = Run {
        case,
        ordinals,
        execute,
        lanes: vec![Memory::new(case.group.features(), case.counts); tasks.len()],
        seeds: tasks.iter().map(|task| task.seed).collect(),
        active: vec![true; tasks.len()],
        records: vec![TaskRecord::default(); tasks.len()],
    };
    run.execute.begin_example(&run.lanes);
    run.component(ComponentFunction::Setup, 0, &vec![true; tasks.len()]);
    for epoch in 0..case.group.settings().epochs {
        run.train(epoch);
        run.validate(epoch);
    }
    let Run { lanes, mut records, .. } = run;
    records.iter_mut().zip(lanes).for_each(|(record, memory)| record.memory = memory);
    records
}

impl<E: Execute> Run<'_, E> {
    fn group(&self) -> &TaskGroup {
        &self.case.group
    }

    fn component(&mut self, function: ComponentFunction, step: u64, active: &[bool]) {
        let program = &self.case.program;
        let before: usize = ComponentFunction::ALL[..function as usize].iter().map(|&earlier| program.function(earlier).len()).sum();
        for (instruction, &ordinal) in program.function(function).iter().zip(&self.ordinals[before..]) {
            self.execute.execute(Call { instruction, ordinal, step }, &mut self.lanes, active, &self.seeds);
        }
    }

    fn show(&mut self, lane: usize, examples: &Examples, example: usize, label: Option<f64>) {
        let (f, memory) = (self.case.group.features(), &mut self.lanes[lane]);
        memory.vectors_mut()[..f].copy_from_slice(&examples.features[example * f..][..f]);
        match self.case.group.interface() {
            Interface::Number => memory.scalars_mut()[0] = label.unwrap_or(0.0),
            Interface::Classes => {
                let classes = memory.vectors_mut()[f..2 * f].iter_mut().zip(0..);
                classes.for_each(|(element, class)| *element = f64::from(u8::from(label == Some(f64::from(class)))));
            }
        }
    }

    /// What a prediction becomes in training, and its error.
    fn train_error(&mut self, lane: usize, label: f64) -> f64 {
        let (settings, memory) = (self.case.group.settings(), &mut self.lanes[lane]);
        if settings.scoring == Scoring::Classes {
            let prediction = &mut memory.vectors_mut()[2 * settings.features..][..settings.features];
            softmax(prediction);
            let differences = prediction[..CLASSES].iter().zip(0..).map(|(&share, class)| {
                let wanted = f64::from(u8::from(label == f64::from(class)));
                (wanted - share).abs()
            });
            return differences.reduce(|a, b| if a < b { b } else { a }).expect("ten differences");
        }
        let prediction = &mut memory.scalars_mut()[1];
        if settings.scoring == Scoring::Accuracy {
            *prediction = math::sigmoid(*prediction);
        }
        (label - *prediction).abs()
    }

    /// The error of a prediction in validation.
    fn valid_error(&self, lane: usize, label: f64) -> f64 {
        let (settings, memory) = (self.case.group.settings(), &self.lanes[lane]);
        let prediction = memory.scalars()[1];
        let is_wrong = match settings.scoring {
            Scoring::Rms => return (label - prediction).abs(),
            Scoring::Accuracy => (label > 0.5) != (math::sigmoid(prediction) > 0.5),
            Scoring::Classes => class_of(&memory.vectors()[2 * settings.features..]) != Some(label as usize),
        };
        f64::from(u8::from(is_wrong))
    }

    fn is_beyond(&self, error: f64) -> bool {
        error.is_nan() || error > self.group().settings().max_abs_error
    }

    fn train(&mut self, epoch: u32) {
        let case = self.case;
        let tasks = case.group.tasks();
        let orders: Vec<Vec<u32>> = tasks.iter().map(|task| task.train_order(epoch)).collect();
        let orders = &orders;
        for (position, step) in (0..case.group.train_examples()).map(|position| (position, case.group.train_step(epoch, position))) {
            let example = |lane: usize| orders[lane][position] as usize;
            let label = |lane: usize| tasks[lane].train.labels[example(lane)];
            self.execute.begin_example(&self.lanes);
            let begun: Vec<usize> = (0..tasks.len()).filter(|&lane| self.active[lane]).collect();
            begun.iter().for_each(|&lane| self.show(lane, &tasks[lane].train, example(lane), None));
            self.component(ComponentFunction::Predict, step, &self.active.clone());
            for &lane in &begun {
                self.records[lane].train_steps += 1;
                let error = self.train_error(lane, label(lane));
                if self.is_beyond(error) {
                    self.active[lane] = false;
                } else {
                    if epoch == 0 {
                        self.records[lane].train_errors.push(error);
                    }
                    self.show(lane, &tasks[lane].train, example(lane), Some(label(lane)));
                }
            }
            self.component(ComponentFunction::Learn, step, &self.active.clone());
            self.execute.end_example(&mut self.lanes);
        }
    }

    fn validate(&mut self, epoch: u32) {
        let case = self.case;
        let (tasks, count) = (case.group.tasks(), case.group.valid_examples());
        let mut active = self.active.clone();
        let mut losses = vec![0.0; tasks.len()];
        for example in 0..count {
            self.execute.begin_example(&self.lanes);
            for lane in (0..tasks.len()).filter(|&lane| active[lane]) {
                self.show(lane, &tasks[lane].valid, example, None);
            }
            self.component(ComponentFunction::Predict, case.group.valid_step(epoch, example), &active);
            for lane in 0..tasks.len() {
                if !active[lane] {
                    continue;
                }
                let error = self.valid_error(lane, tasks[lane].valid.labels[example]);
                if self.is_beyond(error) {
                    active[lane] = false;
                    continue;
                }
                if epoch == 0 {
                    self.records[lane].valid_errors.push(error);
                }
                losses[lane] += error * error;
            }
            self.execute.end_example(&mut self.lanes);
        }
        for lane in (0..tasks.len()).filter(|&lane| active[lane]) {
            let fitness = match case.group.settings().scoring {
                Scoring::Rms => math::rms_fitness(losses[lane] / count as f64),
                Scoring::Accuracy | Scoring::Classes => 1.0 - losses[lane] / count as f64,
            };
            self.records[lane].fitness = self.records[lane].fitness.max(fitness);
        }
    }
}
