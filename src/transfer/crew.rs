//! Threads with a worker each, which evaluate lists of programs on one group at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use exnihilo_jit::{Backend, Combine, Counters, EvalError, Evaluator, Program, TaskGroup, Worker};
use rayon::prelude::*;

/// Threads with a worker each, kept from list to list so that a program finds the code of one that differs in constants only.
pub(super) struct Crew {
    pool: rayon::ThreadPool,
    workers: Vec<Worker>,
    train_steps: u64,
}

impl Crew {
    /// So many threads.
    ///
    /// # Errors
    /// Where the system refuses them.
    pub(super) fn new(backend: Backend, threads: usize) -> Result<Crew, rayon::ThreadPoolBuildError> {
        let evaluator = Evaluator::new(backend);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        Ok(Crew { workers: (0..pool.current_num_threads()).map(|_| evaluator.worker()).collect(), pool, train_steps: 0 })
    }

    /// The fitness of `count` programs on a group, in their order. `program` makes each; it is called on any thread.
    ///
    /// # Errors
    /// Of the first program whose memory would pass the group's limit.
    pub(super) fn fitness(
        &mut self,
        count: usize,
        program: impl Fn(usize) -> Program + Sync,
        group: &TaskGroup,
    ) -> Result<Vec<f64>, EvalError> {
        let next = AtomicUsize::new(0);
        let work = |worker: &mut Worker| {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return done;
                }
                let evaluated = worker.evaluate(&program(index), group);
                done.push((index, evaluated.map(|evaluation| (evaluation.fitness(Combine::Mean), evaluation.train_steps))));
            }
        };
        let workers = &mut self.workers;
        let mut done: Vec<_> = self.pool.install(|| workers.par_iter_mut().with_max_len(1).flat_map_iter(work).collect());
        done.sort_by_key(|&(index, _)| index);
        let mut all = Vec::with_capacity(count);
        for (_, evaluated) in done {
            let (fitness, train_steps) = evaluated?;
            self.train_steps += train_steps;
            all.push(fitness);
        }
        Ok(all)
    }

    /// About how long a run of the program takes on one thread, from its first examples.
    ///
    /// # Errors
    /// If the program's memory would pass the group's limit.
    pub(super) fn estimate(&mut self, program: &Program, group: &TaskGroup) -> Result<Duration, EvalError> {
        const FEW: usize = 2;
        const MORE: usize = 18;
        let worker = self.worker();
        let mut prepared = worker.simplify(program, group)?.decode();
        // The examples are laid out in the first call, which is no part of a run.
        let [_, few, more] = [FEW, FEW, MORE].map(|examples| {
            let begin = Instant::now();
            prepared.probe(group, examples, 0);
            begin.elapsed()
        });
        let example = more.saturating_sub(few) / (MORE - FEW) as u32;
        // Validation has no Learn: it counts half.
        let examples = group.settings().epochs as usize * (group.train_examples() + group.valid_examples() / 2);
        Ok(few + example.saturating_mul(u32::try_from(examples).unwrap_or(u32::MAX)))
    }

    /// A worker, for one thing at a time.
    pub(super) fn worker(&mut self) -> &mut Worker {
        &mut self.workers[0]
    }

    /// Training steps begun so far.
    pub(super) const fn train_steps(&self) -> u64 {
        self.train_steps
    }

    /// What all workers have done so far.
    pub(super) fn counters(&self) -> Counters {
        let mut all = Counters::default();
        for counters in self.workers.iter().map(Worker::counters) {
            all.compiled += counters.compiled;
            all.compile_failures += counters.compile_failures;
            all.compile_seconds += counters.compile_seconds;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::{Examples, GroupSettings, Scoring, Task, known_program};

    use super::*;
    use crate::tune::TunableConstants;

    #[test]
    fn programs_that_differ_in_constants_share_their_code() {
        if exnihilo_jit::no_native_code().is_some() {
            return;
        }
        let part = |count: usize| Examples { features: vec![0.5; 3 * count], labels: vec![1.0; count] };
        let task = Task { seed: 1, train: part(10), valid: part(5), train_orders: None };
        let group = TaskGroup::new(GroupSettings::new(3, Scoring::Accuracy), vec![task]).expect("a valid group");
        let program = known_program("linear").expect("a known name");
        let constants = TunableConstants::each(&program);
        let mut crew = Crew::new(Backend::Jit, 2).expect("two threads");
        let trial = |trial: usize| constants.scaled(&program, &constants.factors(1, trial as u32));
        let fitness = crew.fitness(40, trial, &group).expect("a small program");
        assert_eq!((fitness.len(), crew.train_steps()), (40, 400));
        assert!((1..=2).contains(&crew.counters().compiled), "once a worker: {:?}", crew.counters());
    }
}
