//! One island: a population, its cache and its stream of decisions, advanced child by child on one thread at a time.

use std::num::NonZeroU64;
use std::sync::Arc;

use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{Combine, ComponentFunction, Evaluator, Program, Stream, TaskGroup, Worker};

use super::checks::IslandChecks;
use super::control::Halt;
use super::fec::Fec;
use super::memo::{Known, KnownProbe, KnownRun, Memo};
use super::mutation::Mutator;
use super::outcome::SearchError;
use super::population::Population;
use super::progress::{IslandState, Published};
use crate::experiment::{Experiment, ExperimentError, FecSettings, InitialPopulation, MemoSettings, Method};
use crate::verify::{Claim, Difference};

/// Children between two publications, at least; a tenth of the population if that is more, as the mean fitness is summed anew.
const PUBLISH_EVERY: u64 = 100;

/// What all islands of a run have in common.
#[derive(Debug)]
pub(super) struct IslandSettings {
    mutator: Mutator,
    /// What a first program is before its random functions are made, and every program of random search.
    start: Program,
    /// The component functions that are random in it.
    random: Vec<ComponentFunction>,
    /// Whether all programs are first ones.
    always_first: bool,
    population: usize,
    tournament: usize,
    mutate_prob: f64,
    combine: Combine,
    fec: Option<FecSettings>,
    memo: Option<MemoSettings>,
}

impl IslandSettings {
    /// The settings of an experiment that was validated.
    ///
    /// # Errors
    /// A start program that can no longer be read.
    pub(super) fn new(experiment: &Experiment) -> Result<IslandSettings, ExperimentError> {
        let mutator = Mutator::new(experiment);
        let random = experiment.random_functions();
        let start = match experiment.initial_population()? {
            InitialPopulation::NoOp | InitialPopulation::Random => mutator.no_op_program(),
            InitialPopulation::Program(program) => mutator.cleared(&program, &random),
        };
        Ok(IslandSettings {
            mutator,
            start,
            random,
            always_first: experiment.search.method == Method::Random,
            population: experiment.search.population,
            tournament: if experiment.search.method == Method::Local { 1 } else { experiment.search.tournament },
            mutate_prob: experiment.search.mutate_prob,
            combine: experiment.search.fitness,
            fec: experiment.fec.enabled.then(|| experiment.fec.clone()),
            memo: experiment.memo.enabled.then(|| experiment.memo.clone()),
        })
    }

    pub(super) const fn combine(&self) -> Combine {
        self.combine
    }
}

/// The best program of an island: highest search fitness, the earliest of equals.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub(super) program: Program,
    pub(super) fitness: f64,
    /// Which individual of its island, from 0.
    pub(super) individual: u64,
}

/// One population and everything that evolves it.
pub(super) struct Island {
    settings: Arc<IslandSettings>,
    group: Arc<TaskGroup>,
    /// Every random decision, in order. Its position and the state below, the memo apart, are all that decides how the island goes on.
    decisions: Stream,
    population: Population,
    fec: Option<Fec>,
    memo: Option<Memo>,
    worker: Worker,
    checks: IslandChecks,
    /// The child in the making; its buffer changes places with that of the program which it drives out.
    child: Program,
    individuals: u64,
    train_steps: u64,
    best: Option<Best>,
    published: Arc<Published>,
}

impl Island {
    /// Island number `island` of experiment number `experiment` in the run with seed `seed`, before its first individual.
    pub(super) fn new(
        settings: Arc<IslandSettings>,
        group: Arc<TaskGroup>,
        evaluator: &Evaluator,
        checks: IslandChecks,
        [seed, experiment, island]: [u64; 3],
    ) -> Island {
        Island {
            decisions: Stream::named(key(key(seed, purpose::SEARCH), experiment), island),
            population: Population::new(settings.population),
            fec: settings.fec.as_ref().map(Fec::new),
            memo: settings.memo.as_ref().map(Memo::new),
            worker: evaluator.worker(),
            checks,
            child: Program::default(),
            individuals: 0,
            train_steps: 0,
            best: None,
            published: Arc::new(Published::new()),
            settings,
            group,
        }
    }

    pub(super) const fn individuals(&self) -> u64 {
        self.individuals
    }

    pub(super) const fn train_steps(&self) -> u64 {
        self.train_steps
    }

    /// Children answered by functional equivalence checking.
    pub(super) fn fec_hits(&self) -> u64 {
        self.fec.as_ref().map_or(0, Fec::hits)
    }

    pub(super) const fn best(&self) -> Option<&Best> {
        self.best.as_ref()
    }

    pub(super) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published)
    }

    /// Makes children until there are `goal` individuals, `allowance` training steps were begun in this call (the child that
    /// passes the allowance is finished), or `halt` is set.
    ///
    /// # Errors
    /// A program that cannot be evaluated on these tasks at all, or of which the oracle says otherwise: it is in no population.
    pub(super) fn advance(&mut self, goal: u64, allowance: u64, halt: &Halt) -> Result<(), SearchError> {
        let last_step = self.train_steps.saturating_add(allowance);
        let publish_every = PUBLISH_EVERY.max(self.settings.population as u64 / 10);
        let mut publish_at = self.individuals + publish_every;
        while self.individuals < goal && self.train_steps < last_step && !halt.is_set() {
            self.step()?;
            if self.individuals >= publish_at {
                self.publish();
                publish_at = self.individuals + publish_every;
            }
        }
        self.publish();
        Ok(())
    }

    /// One individual: made, evaluated, added to the population.
    fn step(&mut self) -> Result<(), SearchError> {
        let fitness = self.try_child()?;
        self.add_child(fitness);
        Ok(())
    }

    /// The first half of a step: makes a child and gives its search fitness.
    ///
    /// # Errors
    /// As [`Island::advance`].
    pub(super) fn try_child(&mut self) -> Result<f64, SearchError> {
        self.make_child();
        self.evaluate_child()
    }

    /// The child that is made, and not added yet.
    pub(super) const fn child(&self) -> &Program {
        &self.child
    }

    /// The second half of a step: adds the child with its search fitness to the population.
    pub(super) fn add_child(&mut self, fitness: f64) {
        if self.best.as_ref().is_none_or(|best| fitness > best.fitness) {
            self.best = Some(Best { program: self.child.clone(), fitness, individual: self.individuals });
        }
        self.population.push(&mut self.child, fitness);
        self.individuals += 1;
    }

    /// An initial program until the population is full, and always in random search; then a tournament's winner, mutated with the
    /// probability set.
    fn make_child(&mut self) {
        let settings = &*self.settings;
        if self.population.is_full() && !settings.always_first {
            self.child.copy_from(self.population.tournament(settings.tournament, &mut self.decisions));
            if self.decisions.unit() < settings.mutate_prob {
                settings.mutator.mutate(&mut self.child, &mut self.decisions);
            }
            return;
        }
        self.child.copy_from(&settings.start);
        settings.mutator.randomize(&mut self.child, &settings.random, &mut self.decisions);
    }

    /// The child's search fitness: from the cache if its first errors are known there, by a full run otherwise. What the memo knows
    /// by its canonical form is not run again, but looked up and counted as if it had been.
    fn evaluate_child(&mut self) -> Result<f64, SearchError> {
        let Island { settings, group, fec, memo, worker, checks, child, individuals, .. } = self;
        let (key, known) = match memo {
            Some(memo) => {
                let key = worker.canonical_key(child, group)?;
                (Some(key), memo.look_up(key))
            }
            None => {
                worker.prepare(child, group)?;
                (None, Known::default())
            }
        };
        let mut candidate = Candidate { program: child, individual: *individuals, worker, group, checks, known, prepared: key.is_none() };
        let (fitness, train_steps) = match (fec, &settings.fec) {
            (Some(fec), Some(fec_settings)) => {
                let probe = candidate.probe(fec, fec_settings);
                match fec.look_up(probe.key) {
                    Some(fitness) => (fitness, probe.train_steps),
                    None => {
                        let run = candidate.run(settings.combine)?;
                        fec.insert(probe.key, run.fitness);
                        (run.fitness, run.train_steps)
                    }
                }
            }
            _ => {
                let run = candidate.run(settings.combine)?;
                (run.fitness, run.train_steps)
            }
        };
        self.train_steps += train_steps.get();
        if let (Some(memo), Some(key)) = (memo, key) {
            if candidate.prepared { memo.insert(key, candidate.known) } else { memo.count_hit() }
        }
        Ok(fitness)
    }

    fn publish(&self) {
        self.published.publish(&IslandState {
            individuals: self.individuals,
            train_steps: self.train_steps,
            fec_hits: self.fec_hits(),
            structural_hits: self.memo.as_ref().map_or(0, Memo::hits),
            compiled: self.worker.counters().compiled,
            best_fitness: self.best.as_ref().map(|best| best.fitness),
            mean_fitness: self.population.mean_fitness(),
        });
    }
}

/// A program under evaluation, and what is known of it; it is decoded when something must be run.
struct Candidate<'a> {
    program: &'a Program,
    /// Which one of its island.
    individual: u64,
    worker: &'a mut Worker,
    group: &'a TaskGroup,
    checks: &'a mut IslandChecks,
    known: Known,
    /// Whether the worker has decoded it.
    prepared: bool,
}

impl Candidate<'_> {
    fn probe(&mut self, fec: &mut Fec, settings: &FecSettings) -> KnownProbe {
        if let Some(probe) = self.known.probe {
            return probe;
        }
        self.prepare();
        let group = self.group;
        let train = settings.train.min(group.train_examples());
        let valid = settings.valid.min(group.valid_examples());
        let probe = self.worker.probe(group, train, valid);
        let key = fec.key(group, (0..group.tasks().len()).map(|task| [probe.train_errors(task), probe.valid_errors(task)]));
        *self.known.probe.insert(KnownProbe { key, train_steps: begun(probe.train_steps) })
    }

    /// The true fitness; it is nowhere yet when a check finds it wrong.
    fn run(&mut self, combine: Combine) -> Result<KnownRun, Box<Difference>> {
        if let Some(run) = self.known.run {
            let claim = || Claim::remembered(run.fitness, run.train_steps.get(), combine);
            self.checks.check(self.individual, self.program, self.group, claim)?;
            return Ok(run);
        }
        self.prepare();
        let evaluation = self.worker.run(self.group);
        self.checks.check(self.individual, self.program, self.group, || Claim::of(evaluation, combine))?;
        Ok(*self.known.run.insert(KnownRun { fitness: evaluation.fitness(combine), train_steps: begun(evaluation.train_steps) }))
    }

    fn prepare(&mut self) {
        if !self.prepared {
            self.worker.prepare_simplified(self.group);
            self.prepared = true;
        }
    }
}

fn begun(train_steps: u64) -> NonZeroU64 {
    NonZeroU64::new(train_steps).expect("there is a task, and it begins its first training example")
}

#[cfg(test)]
pub(super) mod tests;
