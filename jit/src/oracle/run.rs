//! Evaluation of one program on one task: Setup, epochs of training, validation, fitness.

use super::execute::{Executor, executor};
use super::memory::Memory;
use super::record::TaskRecord;
use crate::exec::math;
use crate::lang::{AddressCounts, CLASSES, ComponentFunction, Instruction, Interface, Program, Scoring};
use crate::task::{EvalError, Examples, ScoredEpoch, Task, TaskSet};

/// Runs programs as written on one task at a time; owns the memory, which is reused from run to run.
///
/// ```
/// use exnihilo_jit::{AddressCounts, Examples, GroupSettings, Program, Scoring, Task, TaskSet, oracle::Oracle};
/// let examples = || Examples { features: vec![1.0, 2.0], labels: vec![0.0] };
/// let task = Task { seed: 1, train: examples(), valid: examples(), train_orders: None };
/// let group = TaskSet::new(GroupSettings::new(2, Scoring::Rms), vec![task])?;
/// let run = Oracle::new().run(&Program::default(), &[], &group, 0, AddressCounts::MIN, false)?;
/// assert_eq!((run.fitness, run.train_steps), (1.0, 1)); // An empty program predicts 0, which is this label.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Oracle {
    memory: Memory,
}

/// What became of a program on a task.
#[derive(Clone, Debug, PartialEq)]
pub struct OracleRun {
    /// The validation fitness of the best epoch, or of the last one if their settings say so, in [0, 1].
    pub fitness: f64,
    /// Training examples begun, the one that stopped the run included.
    pub train_steps: u64,
    /// One record an epoch begun; empty unless asked for.
    pub epochs: Vec<EpochRecord>,
}

/// The errors of one epoch, in the order of the run. An error that ends training or validation is not among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpochRecord {
    /// |label - prediction| of each training example; for accuracy the prediction has gone through the sigmoid, with classes through the
    /// softmax, and it is the largest of ten.
    pub train_errors: Vec<f64>,
    /// |label - prediction| of each validation example; for accuracy and classes 1 where the class is wrong, else 0.
    pub valid_errors: Vec<f64>,
    /// The fitness of the validation after this epoch; none if training stopped before it.
    pub fitness: Option<f64>,
}

/// The errors at the beginning of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OracleProbe {
    /// As in [`EpochRecord`].
    pub train_errors: Vec<f64>,
    /// As in [`EpochRecord`]; empty if training stopped.
    pub valid_errors: Vec<f64>,
    /// Training examples begun, the one that stopped the run included.
    pub train_steps: u64,
}

impl Default for Oracle {
    fn default() -> Oracle {
        Oracle::new()
    }
}

impl Oracle {
    /// An oracle that has run nothing.
    pub fn new() -> Oracle {
        Oracle { memory: Memory::new(1, AddressCounts::MIN) }
    }

    /// The memory as the latest run left it.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Evaluates `program` as written on task number `task` of `tasks`. `ordinals` has the number of each instruction among the
    /// random ones (Setup, Predict, Learn; anything for the others). The memory has the larger of `counts` and what the program
    /// uses. With `record` the errors of every epoch are returned.
    ///
    /// # Errors
    /// [`EvalError::Group`] for a memory beyond their memory limit, [`EvalError::Interface`] for a program that writes a label.
    ///
    /// # Panics
    /// If there is no such task, or `ordinals` is not one number an instruction.
    pub fn run(
        &mut self,
        program: &Program,
        ordinals: &[u32],
        tasks: &TaskSet,
        task: usize,
        counts: AddressCounts,
        record: bool,
    ) -> Result<OracleRun, EvalError> {
        let mut run = Run::new(&mut self.memory, program, ordinals, tasks, task, counts)?;
        run.setup();
        let mut result = OracleRun { fitness: 0.0, train_steps: 0, epochs: Vec::new() };
        for epoch in 0..tasks.settings().epochs {
            if tasks.settings().scored_epoch == ScoredEpoch::Last {
                result.fitness = 0.0;
            }
            let mut errors = EpochRecord::default();
            let order = run.task.train_order(epoch);
            let (steps, trained) = run.train(epoch, &order, record.then_some(&mut errors.train_errors));
            result.train_steps += steps;
            if trained {
                let fitness = run.validate(epoch, record.then_some(&mut errors.valid_errors));
                errors.fitness = Some(fitness);
                result.fitness = result.fitness.max(fitness);
            }
            if record {
                result.epochs.push(errors);
            }
            if !trained {
                break;
            }
        }
        Ok(result)
    }

    /// The same as a record: the errors of the first epoch, and the memory at the end.
    ///
    /// # Errors
    /// As [`Oracle::run`].
    ///
    /// # Panics
    /// As [`Oracle::run`].
    pub fn record(
        &mut self,
        program: &Program,
        ordinals: &[u32],
        tasks: &TaskSet,
        task: usize,
        counts: AddressCounts,
    ) -> Result<TaskRecord, EvalError> {
        let run = self.run(program, ordinals, tasks, task, counts, true)?;
        let first = run.epochs.into_iter().next().unwrap_or_default();
        Ok(TaskRecord {
            fitness: run.fitness,
            train_errors: first.train_errors,
            valid_errors: first.valid_errors,
            memory: self.memory.clone(),
            train_steps: run.train_steps,
        })
    }

    /// The beginning of the run that [`Oracle::run`] makes: the first `train` training examples of the first epoch, then, unless
    /// one of them stopped it, the first `valid` validation examples. Numbers beyond what the task has mean all.
    ///
    /// # Errors
    /// As [`Oracle::run`].
    ///
    /// # Panics
    /// As [`Oracle::run`].
    pub fn probe(
        &mut self,
        program: &Program,
        ordinals: &[u32],
        tasks: &TaskSet,
        task: usize,
        train: usize,
        valid: usize,
    ) -> Result<OracleProbe, EvalError> {
        let mut run = Run::new(&mut self.memory, program, ordinals, tasks, task, AddressCounts::MIN)?;
        run.setup();
        let order = run.task.train_order(0);
        let mut probe = OracleProbe::default();
        let (steps, trained) = run.train(0, &order[..train.min(order.len())], Some(&mut probe.train_errors));
        probe.train_steps = steps;
        if trained {
            run.validate_first(valid.min(tasks.valid_examples()), 0, Some(&mut probe.valid_errors));
        }
        Ok(probe)
    }
}

/// A program at work on a task.
struct Run<'r> {
    memory: &'r mut Memory,
    execute: Executor,
    tasks: &'r TaskSet,
    task: &'r Task,
    setup: (&'r [Instruction], &'r [u32]),
    predict: (&'r [Instruction], &'r [u32]),
    learn: (&'r [Instruction], &'r [u32]),
}

impl<'r> Run<'r> {
    fn new(
        memory: &'r mut Memory,
        program: &'r Program,
        ordinals: &'r [u32],
        tasks: &'r TaskSet,
        task: usize,
        counts: AddressCounts,
    ) -> Result<Run<'r>, EvalError> {
        assert_eq!(ordinals.len(), program.instructions().len(), "one ordinal an instruction");
        tasks.interface().check_outputs(program)?;
        let counts = counts.max(program.address_counts()).max(tasks.interface().least_counts());
        tasks.check_memory(counts)?;
        memory.reset(tasks.features(), counts);
        let [setup, predict, learn] = ComponentFunction::ALL.map(|function| program.function(function));
        let (setup_ordinals, ordinals) = ordinals.split_at(setup.len());
        let (predict_ordinals, learn_ordinals) = ordinals.split_at(predict.len());
        Ok(Run {
            memory,
            execute: executor(tasks.features()),
            tasks,
            task: &tasks.tasks()[task],
            setup: (setup, setup_ordinals),
            predict: (predict, predict_ordinals),
            learn: (learn, learn_ordinals),
        })
    }

    /// Runs Setup on the memory of zeros.
    fn setup(&mut self) {
        (self.execute)(self.setup.0, self.setup.1, 0, self.task.seed, self.memory);
    }

    /// Features into `v0`, no label, then Predict.
    fn predict(&mut self, examples: &Examples, example: usize, step: u64) {
        self.set_inputs(examples, example, false);
        (self.execute)(self.predict.0, self.predict.1, step, self.task.seed, self.memory);
    }

    /// The features and, if `labelled`, the label: a number in `s0`, or 1 at the class in `v1`.
    fn set_inputs(&mut self, examples: &Examples, example: usize, labelled: bool) {
        let f = self.memory.features();
        self.memory.vectors_mut()[..f].copy_from_slice(&examples.features[example * f..][..f]);
        let label = examples.labels[example];
        match self.tasks.interface() {
            Interface::Number => self.memory.scalars_mut()[0] = if labelled { label } else { 0.0 },
            Interface::Classes => {
                self.memory.scalars_mut()[0] = 0.0;
                let v1 = &mut self.memory.vectors_mut()[f..2 * f];
                v1.fill(0.0);
                if labelled {
                    v1[label as usize] = 1.0;
                }
            }
        }
    }

    /// What the prediction becomes between Predict and Learn, and its error.
    fn train_error(&mut self, label: f64) -> f64 {
        match self.tasks.settings().scoring {
            Scoring::Rms => (label - self.memory.scalars()[1]).abs(),
            Scoring::Accuracy => {
                let prediction = math::sigmoid(self.memory.scalars()[1]);
                self.memory.scalars_mut()[1] = prediction;
                (label - prediction).abs()
            }
            Scoring::Classes => {
                let f = self.memory.features();
                let v2 = &mut self.memory.vectors_mut()[2 * f..3 * f];
                softmax(v2);
                let mut error = 0.0;
                for (class, &share) in v2[..CLASSES].iter().enumerate() {
                    let difference = (if class == label as usize { 1.0 - share } else { 0.0 - share }).abs();
                    // NaN once is NaN for good.
                    if !f64::is_nan(error) && (difference > error || difference.is_nan()) {
                        error = difference;
                    }
                }
                error
            }
        }
    }

    /// The error of a prediction in validation.
    fn valid_error(&self, label: f64) -> f64 {
        let is_right = match self.tasks.settings().scoring {
            Scoring::Rms => return (label - self.memory.scalars()[1]).abs(),
            Scoring::Accuracy => (label > 0.5) == (math::sigmoid(self.memory.scalars()[1]) > 0.5),
            Scoring::Classes => {
                let f = self.memory.features();
                class_of(&self.memory.vectors()[2 * f..3 * f]) == Some(label as usize)
            }
        };
        if is_right { 0.0 } else { 1.0 }
    }

    /// Trains on the examples in `order`, the first ones of epoch `epoch`. Returns the number of examples begun, and whether all
    /// of them went through.
    fn train(&mut self, epoch: u32, order: &[u32], mut record: Option<&mut Vec<f64>>) -> (u64, bool) {
        let settings = self.tasks.settings();
        let (task, seed) = (self.task, self.task.seed);
        for (position, &example) in order.iter().enumerate() {
            let (example, step) = (example as usize, self.tasks.train_step(epoch, position));
            self.predict(&task.train, example, step);
            let error = self.train_error(task.train.labels[example]);
            if stops(error, settings.max_abs_error) {
                return (position as u64 + 1, false);
            }
            if let Some(errors) = &mut record {
                errors.push(error);
            }
            self.set_inputs(&task.train, example, true);
            (self.execute)(self.learn.0, self.learn.1, step, seed, self.memory);
        }
        (order.len() as u64, true)
    }

    /// The fitness of the validation after epoch `epoch`.
    fn validate(&mut self, epoch: u32, record: Option<&mut Vec<f64>>) -> f64 {
        let count = self.tasks.valid_examples();
        match (self.validate_first(count, epoch, record), self.tasks.settings().scoring) {
            (None, _) => 0.0,
            (Some(squares), Scoring::Rms) => math::rms_fitness(squares / count as f64),
            (Some(wrong), Scoring::Accuracy | Scoring::Classes) => 1.0 - wrong / count as f64,
        }
    }

    /// Validates on the first `count` examples. Returns the sum of squared errors (for accuracy and classes the number of wrong ones), or
    /// nothing if one of them ended it.
    fn validate_first(&mut self, count: usize, epoch: u32, mut record: Option<&mut Vec<f64>>) -> Option<f64> {
        let settings = self.tasks.settings();
        let task = self.task;
        let mut squares = 0.0;
        for example in 0..count {
            self.predict(&task.valid, example, self.tasks.valid_step(epoch, example));
            let error = self.valid_error(task.valid.labels[example]);
            if stops(error, settings.max_abs_error) {
                return None;
            }
            if let Some(errors) = &mut record {
                errors.push(error);
            }
            squares += error * error;
        }
        Some(squares)
    }
}

/// Makes the first ten elements their softmax, and the others zero. NaN or infinity among the ten, but for minus infinity below something
/// finite, makes all of them NaN.
pub(crate) fn softmax(prediction: &mut [f64]) {
    let (classes, others) = prediction.split_at_mut(CLASSES);
    let mut largest = classes[0];
    for &x in &classes[1..] {
        if x > largest {
            largest = x;
        }
    }
    for x in &mut *classes {
        *x = math::exp(*x - largest);
    }
    let mut sum = classes[0];
    for &x in &classes[1..] {
        sum += x;
    }
    for x in classes {
        *x /= sum;
    }
    others.fill(0.0);
}

/// The last of the largest among the first ten elements; none if one of them is NaN.
pub(crate) fn class_of(prediction: &[f64]) -> Option<usize> {
    let mut class = 0;
    for (number, &x) in prediction[..CLASSES].iter().enumerate() {
        if x.is_nan() {
            return None;
        }
        if x >= prediction[class] {
            class = number;
        }
    }
    Some(class)
}

/// Whether an error ends training or validation: NaN does, one equal to the largest allowed does not.
fn stops(error: f64, max_abs_error: f64) -> bool {
    error.is_nan() || error > max_abs_error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::random::Stream;
    use crate::lang::{Data, Op};
    use crate::task::{GroupError, GroupSettings};

    fn group(scoring: Scoring, epochs: u32, max_abs_error: f64) -> TaskSet {
        let mut stream = Stream::new(3);
        let mut examples = |count: usize| Examples {
            features: (0..count * 3).map(|_| stream.normal()).collect(),
            labels: (0..count).map(|_| stream.unit().round()).collect(),
        };
        let tasks = (0..2).map(|seed| Task { seed, train: examples(12), valid: examples(8), train_orders: None }).collect();
        TaskSet::new(GroupSettings { epochs, max_abs_error, ..GroupSettings::new(3, scoring) }, tasks).expect("a valid group")
    }

    /// Predicts by a random walk, so that errors differ from step to step and grow.
    fn walk() -> Program {
        let draw = Instruction::new(Op::ScalarGaussianSet, 0, 0, 2, Data::Gaussian { mean: 0.1, st_dev: 0.5 }).expect("valid");
        let add = Instruction::new(Op::ScalarSum, 1, 2, 1, Data::None).expect("valid");
        Program::new(&[], &[draw, add], &[draw, add])
    }

    #[test]
    fn a_probe_is_the_beginning_of_the_run() {
        let (program, ordinals) = (walk(), [0, 0, 1, 0]);
        let mut oracle = Oracle::new();
        let (mut stopped, mut through) = (0, 0);
        for scoring in [Scoring::Rms, Scoring::Accuracy] {
            for limit in [0.3, 0.8, 1.5, 100.0] {
                let group = group(scoring, 3, limit);
                for task in 0..2 {
                    let run = oracle.run(&program, &ordinals, &group, task, AddressCounts::MIN, true).expect("small");
                    let probe = oracle.probe(&program, &ordinals, &group, task, 12, 5).expect("small");
                    let first = &run.epochs[0];
                    assert_eq!(probe.train_errors, first.train_errors);
                    assert_eq!(probe.valid_errors, first.valid_errors[..first.valid_errors.len().min(5)]);
                    if first.fitness.is_none() {
                        assert_eq!((probe.train_steps, probe.valid_errors.len(), run.fitness), (run.train_steps, 0, 0.0));
                        stopped += 1;
                    } else {
                        through += 1;
                    }
                    let short = oracle.probe(&program, &ordinals, &group, task, 2, 0).expect("small");
                    assert_eq!(short.train_errors, first.train_errors[..first.train_errors.len().min(2)]);
                    let all = oracle.probe(&program, &ordinals, &group, task, usize::MAX, usize::MAX).expect("small");
                    assert_eq!((all.train_errors, all.valid_errors), (first.train_errors.clone(), first.valid_errors.clone()));
                }
            }
        }
        assert!(stopped > 2 && through > 2, "both ends of a probe are seen: {stopped} and {through}");
    }

    #[test]
    fn recording_changes_nothing_and_a_run_leaves_nothing_to_the_next() {
        let (program, ordinals, group) = (walk(), [0, 0, 1, 0], group(Scoring::Rms, 3, 100.0));
        let mut oracle = Oracle::new();
        let recorded = oracle.run(&program, &ordinals, &group, 1, AddressCounts::MIN, true).expect("small");
        let scalars = oracle.memory().scalars().to_vec();
        assert_eq!(recorded.epochs.len(), 3);
        let best = recorded.epochs.iter().filter_map(|epoch| epoch.fitness).fold(0.0, f64::max);
        assert_eq!((recorded.fitness, recorded.train_steps), (best, 36));
        oracle.run(&Program::default(), &[], &group, 0, AddressCounts::MIN, false).expect("small");
        let plain = oracle.run(&program, &ordinals, &group, 1, AddressCounts::MIN, false).expect("small");
        assert_eq!(plain, OracleRun { epochs: Vec::new(), ..recorded });
        assert_eq!(oracle.memory().scalars(), scalars);
    }

    #[test]
    fn the_last_epoch_may_count_in_place_of_the_best() {
        let (program, ordinals) = (walk(), [0, 0, 1, 0]);
        let (mut changed, mut stopped) = (0, 0);
        for limit in [1.5, 4.0, 100.0] {
            let best = group(Scoring::Rms, 3, limit);
            let settings = GroupSettings { scored_epoch: ScoredEpoch::Last, ..*best.settings() };
            let last = TaskSet::new(settings, best.tasks().to_vec()).expect("a valid group");
            for task in 0..2 {
                let [best, last] = [&best, &last]
                    .map(|group| Oracle::new().run(&program, &ordinals, group, task, AddressCounts::MIN, true).expect("small"));
                let of_last_epoch = last.epochs.last().expect("one at least").fitness;
                assert_eq!((last.fitness, &last.epochs), (of_last_epoch.unwrap_or(0.0), &best.epochs));
                stopped += usize::from(of_last_epoch.is_none());
                changed += usize::from(last.fitness < best.fitness);
            }
        }
        assert!(changed > 0 && stopped > 0, "{changed} and {stopped}");
    }

    #[test]
    fn a_memory_beyond_the_limit_is_refused() {
        let task = group(Scoring::Rms, 1, 1.0).tasks()[0].clone();
        let settings = GroupSettings { memory_limit: 4_500, ..GroupSettings::new(3, Scoring::Rms) };
        let group = TaskSet::new(settings, vec![task]).expect("six copies of 640 bytes of data, and an order");
        let many = AddressCounts { matrices: 64, ..AddressCounts::MIN };
        let refused = Oracle::new().run(&Program::default(), &[], &group, 0, many, false);
        assert!(matches!(refused, Err(EvalError::Group(GroupError::Memory { what: "program memory", .. }))), "{refused:?}");
    }
}
