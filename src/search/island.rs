//! One island: a population, its cache and its stream of decisions, advanced child by child on one thread at a time.

use std::num::NonZeroU64;
use std::sync::Arc;

use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{Combine, ComponentFunction, Evaluator, Program, Stream, TaskGroup, Worker};

use super::checkpoint::Damage;
use super::checkpoint::state::{self, BestState, IslandState, Pass, Totals};
use super::checks::IslandChecks;
use super::control::Halt;
use super::fec::Fec;
use super::memo::{Known, KnownProbe, KnownRun, Memo};
use super::migration::{self, Choice, Migrant, Migration, Rounds, draw};
use super::mutation::Mutator;
use super::outcome::SearchError;
use super::population::{Population, Score};
use super::progress::Shown;
use crate::experiment::{Experiment, ExperimentError, FecSettings, InitialPopulation, MemoSettings, Method, MigrationSettings};
use crate::verify::{Claim, Difference};

/// Children between two looks that others may have, at least; a tenth of the population if that is more, as the mean fitness is summed anew.
const SHOW_EVERY: u64 = 100;

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
    /// None if islands never exchange programs.
    migration: Option<MigrationSettings>,
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
            migration: (experiment.migration.enabled && experiment.search.islands > 1).then(|| experiment.migration.clone()),
        })
    }

    /// The individuals of an island between two exchanges, if there are any.
    pub(super) fn migrate_every(&self) -> Option<u64> {
        self.migration.as_ref().map(|migration| migration.every)
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

impl Best {
    /// The best of so many individuals.
    fn restore(state: BestState, individuals: u64, experiment: &Experiment) -> Result<Best, Damage> {
        let BestState { program, fitness, individual } = state;
        if individual >= individuals {
            return Err(Damage(format!("individual {individual} of {individuals} is the best")));
        }
        let program = state::program("the best program of an island", &program, experiment)?;
        Ok(Best { program, fitness: state::fitness("the best program", fitness)?, individual })
    }
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
    pass: Pass,
    /// Programs compiled before the checkpoint that it comes from.
    compiled_before: u64,
    best: Option<Best>,
    /// Seed of the run, number of the experiment, number of the island in it.
    names: [u64; 3],
    exchange: Arc<dyn Migration>,
    /// Rounds of migration that were begun.
    rounds: u64,
    shown: Arc<Shown>,
}

impl Island {
    /// Island number `island` of experiment number `experiment` in the run with seed `seed`, before its first individual.
    pub(super) fn new(
        settings: Arc<IslandSettings>,
        group: Arc<TaskGroup>,
        evaluator: &Evaluator,
        checks: IslandChecks,
        exchange: Arc<dyn Migration>,
        names: [u64; 3],
    ) -> Island {
        let [seed, experiment, island] = names;
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
            pass: Pass { goal: 0, last_step: u64::MAX },
            compiled_before: 0,
            best: None,
            names,
            exchange,
            rounds: 0,
            shown: Arc::new(Shown::new()),
            settings,
            group,
        }
    }

    /// Everything that decides how it goes on, the exchange apart.
    pub(super) fn state(&self) -> IslandState {
        IslandState {
            decisions: self.decisions.position(),
            totals: self.totals(),
            population: self.population.state(),
            fec: self.fec.as_ref().map(Fec::state),
            best: self.best.as_ref().map(|best| BestState {
                program: best.program.to_string(),
                fitness: best.fitness,
                individual: best.individual,
            }),
        }
    }

    /// The same island as it was when its state was taken; it must be new.
    pub(super) fn restore(mut self, state: IslandState, experiment: &Experiment) -> Result<Island, Damage> {
        let totals = state.totals.restore()?;
        self.decisions = self.decisions.at(state::count("random decisions", state.decisions)?);
        self.population = Population::restore(self.settings.population, state.population, experiment)?;
        if self.population.len() as u64 != totals.individuals.min(self.settings.population as u64) {
            return Err(Damage(format!("{} programs after {} individuals", self.population.len(), totals.individuals)));
        }
        self.fec = match (&self.settings.fec, state.fec) {
            (Some(settings), Some(entries)) => Some(Fec::restore(settings, entries, totals.fec_hits)?),
            (None, None) => None,
            _ => return Err(Damage("an FEC cache where there is none, or none where there is one".to_owned())),
        };
        self.memo = self.memo.take().map(|memo| memo.after(totals.structural_hits));
        self.best = state.best.map(|best| Best::restore(best, totals.individuals, experiment)).transpose()?;
        if self.best.as_ref().map(|best| best.fitness) != totals.best_fitness || self.best.is_some() != (totals.individuals > 0) {
            return Err(Damage("another best fitness than the best program's".to_owned()));
        }
        (self.individuals, self.train_steps, self.compiled_before) = (totals.individuals, totals.train_steps, totals.compiled);
        self.rounds = self.settings.migrate_every().map_or(0, |every| Rounds::of(self.individuals, every).begun);
        self.show();
        Ok(self)
    }

    pub(super) fn totals(&self) -> Totals {
        Totals {
            individuals: self.individuals,
            train_steps: self.train_steps,
            fec_hits: self.fec_hits(),
            structural_hits: self.memo.as_ref().map_or(0, Memo::hits),
            compiled: self.compiled_before + self.worker.counters().compiled,
            best_fitness: self.best.as_ref().map(|best| best.fitness),
        }
    }

    /// Where it ends its part of the pass under way.
    pub(super) const fn pass(&self) -> Pass {
        self.pass
    }

    pub(super) const fn set_pass(&mut self, pass: Pass) {
        self.pass = pass;
    }

    /// Ends its part of the pass with the child that passes so many training steps more.
    pub(super) const fn allow_steps(&mut self, steps: u64) {
        self.pass.last_step = self.train_steps.saturating_add(steps);
    }

    /// Whether it has not ended its part of the pass.
    pub(super) const fn can_go_on(&self) -> bool {
        self.individuals < self.pass.goal && self.train_steps < self.pass.last_step
    }

    pub(super) const fn individuals(&self) -> u64 {
        self.individuals
    }

    /// Children answered by functional equivalence checking.
    pub(super) fn fec_hits(&self) -> u64 {
        self.fec.as_ref().map_or(0, Fec::hits)
    }

    pub(super) const fn best(&self) -> Option<&Best> {
        self.best.as_ref()
    }

    pub(super) fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.shown)
    }

    /// Makes children until the pass ends for it or `halt` is set. What islands published two rounds of migration before must be there.
    ///
    /// # Errors
    /// A program that cannot be evaluated on these tasks at all, or of which the oracle says otherwise: it is in no population.
    pub(super) fn advance(&mut self, halt: &Halt) -> Result<(), SearchError> {
        let show_every = SHOW_EVERY.max(self.settings.population as u64 / 10);
        let mut show_at = self.individuals + show_every;
        while self.can_go_on() && !halt.is_set() {
            if self.individuals == self.round_end() {
                self.begin_round()?;
            }
            self.step()?;
            if self.individuals == self.round_end() {
                self.end_round();
            }
            if self.individuals >= show_at {
                self.show();
                show_at = self.individuals + show_every;
            }
        }
        self.show();
        Ok(())
    }

    /// At how many individuals the round of migration under way ends, if any is; 0 before the first.
    fn round_end(&self) -> u64 {
        self.settings.migration.as_ref().map_or(u64::MAX, |migration| self.rounds.saturating_mul(migration.every))
    }

    /// Leaves a share of the population for others.
    fn end_round(&mut self) {
        let Some(migration) = &self.settings.migration else { return };
        let round = self.rounds - 1;
        let mut stream = migration::stream(self.names, round, Choice::Published);
        let population = &self.population;
        let leaving = |age| {
            let (program, score) = population.get(age);
            Migrant { program: program.clone(), score }
        };
        let ages = draw(population.len(), migration.count(population.len()), &mut stream);
        self.exchange.publish(self.names[2] as usize, round, ages.into_iter().map(leaving).collect());
    }

    /// Takes in what it draws from all islands' programs of the round before the last, in place of as many of its own.
    fn begin_round(&mut self) -> Result<(), SearchError> {
        let Some(migration) = &self.settings.migration else { return Ok(()) };
        let round = self.rounds;
        self.rounds += 1;
        if round < 2 {
            return Ok(());
        }
        let mut stream = migration::stream(self.names, round, Choice::Replaced);
        let ages = draw(self.population.len(), migration.count(self.population.len()), &mut stream);
        let migrants = self.exchange.sample(round - 2, ages.len(), &mut stream);
        for (age, Migrant { program, score }) in ages.into_iter().zip(migrants) {
            self.population.replace(age, &program, score);
        }
        Ok(())
    }

    /// One individual: made, evaluated, added to the population.
    fn step(&mut self) -> Result<(), SearchError> {
        let score = self.try_child()?;
        self.add_child(score);
        Ok(())
    }

    /// The first half of a step: makes a child and gives its score.
    ///
    /// # Errors
    /// As [`Island::advance`].
    pub(super) fn try_child(&mut self) -> Result<Score, SearchError> {
        self.make_child();
        self.evaluate_child()
    }

    /// The child that is made, and not added yet.
    pub(super) const fn child(&self) -> &Program {
        &self.child
    }

    /// The second half of a step: adds the child with its score to the population.
    pub(super) fn add_child(&mut self, score: Score) {
        if self.best.as_ref().is_none_or(|best| score.fitness > best.fitness) {
            self.best = Some(Best { program: self.child.clone(), fitness: score.fitness, individual: self.individuals });
        }
        self.population.push(&mut self.child, score);
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
    fn evaluate_child(&mut self) -> Result<Score, SearchError> {
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
        let (score, train_steps) = match (fec, &settings.fec) {
            (Some(fec), Some(fec_settings)) => {
                let probe = candidate.probe(fec, fec_settings);
                match fec.look_up(probe.key) {
                    Some(score) => (score, probe.train_steps),
                    None => {
                        let run = candidate.run(settings.combine)?;
                        let score = Score::full(run.fitness);
                        fec.insert(probe.key, score);
                        (score, run.train_steps)
                    }
                }
            }
            _ => {
                let run = candidate.run(settings.combine)?;
                (Score::full(run.fitness), run.train_steps)
            }
        };
        self.train_steps += train_steps.get();
        if let (Some(memo), Some(key)) = (memo, key) {
            if candidate.prepared { memo.insert(key, candidate.known) } else { memo.count_hit() }
        }
        Ok(score)
    }

    fn show(&self) {
        self.shown.show(&self.totals(), self.population.mean_fitness());
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
