//! One island: a population, its cache and its stream of decisions, advanced child by child on one thread at a time.

use std::sync::Arc;

use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{Combine, ComponentFunction, Evaluator, Program, Stream};
use serde::{Deserialize, Serialize};

use super::checks::IslandChecks;
use super::control::Halt;
use super::damage::{self, Damage};
use super::fec::{Fec, FecEntryState};
use super::hall_of_fame::{Famous, FamousState, HallOfFame};
use super::individual::IslandId;
use super::lineage::{Improvement, Origin, ProgramHash};
use super::memo::Memo;
use super::migration::{self, Choice, Migrant, Migration, Rounds, draw};
use super::milestones::{Line, MilestoneTable, Milestones, NewMilestone, RestoredMilestones};
use super::mutation::Mutator;
use super::outcome::SearchError;
use super::population::{MemberState, Population, Score};
use super::progress::{Look, Shown};
use super::scorer::{ScoreSettings, Scored, Scorer};
use super::search_tasks::SearchTasks;
use super::totals::{Counts, Pass, Totals};
use crate::experiment::{Experiment, ExperimentError, InitialPopulation, MemoSettings, Method, MigrationSettings, Populations};

/// What a checkpoint has of an island.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct IslandState {
    /// Random numbers drawn for decisions.
    pub(super) decisions: u64,
    pub(super) totals: Totals,
    /// From the oldest to the newest.
    pub(super) population: Vec<MemberState>,
    /// From the least to the most recently seen; none if there is no cache.
    pub(super) fec: Option<Vec<FecEntryState>>,
    /// What the first tasks ask for, once there is a hurdle.
    pub(super) hurdle: Option<f64>,
    pub(super) best: Option<BestState>,
    /// How many programs were the best one after the other.
    pub(super) bests: u64,
    /// Its best programs by size.
    pub(super) hall: Vec<FamousState>,
    /// How many milestones were made on it.
    pub(super) milestones: u64,
}

/// The best program of an island.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BestState {
    pub(super) program: String,
    pub(super) fitness: f64,
    pub(super) individual: u64,
}

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
    population: Populations,
    tournament: usize,
    mutate_prob: f64,
    score: Arc<ScoreSettings>,
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
            population: experiment.search.population.clone(),
            tournament: if experiment.search.method == Method::Local { 1 } else { experiment.search.tournament },
            mutate_prob: experiment.search.mutate_prob,
            score: Arc::new(ScoreSettings::new(experiment)),
            memo: experiment.memo.enabled.then(|| experiment.memo.clone()),
            migration: (experiment.migration.enabled && experiment.search.islands > 1).then(|| experiment.migration.clone()),
        })
    }

    /// The individuals of an island between two exchanges, if there are any.
    pub(super) fn migrate_every(&self) -> Option<u64> {
        self.migration.as_ref().map(|migration| migration.every)
    }

    pub(super) fn combine(&self) -> Combine {
        self.score.combine
    }

    /// The first tasks of a set, in front of the hurdle, if there is one.
    pub(super) fn first_tasks(&self) -> Option<usize> {
        self.score.hurdle().map(|hurdle| hurdle.tasks)
    }
}

/// The best program of an island: highest search fitness, the earliest of equals.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub(super) program: Program,
    pub(super) fitness: f64,
    /// Which individual of its island, from 0.
    pub(super) individual: u64,
    /// The how manieth best it is.
    pub(super) number: u64,
}

impl Best {
    /// The best of so many individuals, and the how manieth best of its island.
    fn restore(state: BestState, individuals: u64, number: u64, experiment: &Experiment) -> Result<Best, Damage> {
        let BestState { program, fitness, individual } = state;
        if individual > individuals {
            return Err(Damage(format!("individual {individual} of {individuals} is the best")));
        }
        let program = damage::program("the best program of an island", &program, experiment)?;
        Ok(Best { program, fitness: damage::fitness("the best program", fitness)?, individual, number })
    }
}

/// What an island is given beside its settings.
pub(super) struct IslandPlace<'a> {
    pub(super) tasks: Arc<SearchTasks>,
    /// Which of the experiment's sets of search tasks they are.
    pub(super) task_set: usize,
    pub(super) evaluator: &'a Evaluator,
    pub(super) checks: IslandChecks,
    pub(super) exchange: Arc<dyn Migration>,
    pub(super) id: IslandId,
}

/// One population and everything that evolves it.
pub(super) struct Island {
    settings: Arc<IslandSettings>,
    task_set: usize,
    /// Every random decision, in order. Its position and the state below, the memo apart, are all that decides how the island goes on.
    decisions: Stream,
    population: Population,
    scorer: Scorer,
    /// The child in the making; its buffer changes places with that of the program which it drives out.
    child: Program,
    /// How the child comes about, and the age rank of its parent.
    origin: Origin,
    parent: Option<usize>,
    /// What it descends from, itself perhaps, once it has its score.
    line: Line,
    milestones: Milestones,
    individuals: u64,
    train_steps: u64,
    pass: Pass,
    best: Option<Arc<Best>>,
    /// How many programs were the best one after the other.
    bests: u64,
    /// Those since they were asked for.
    improvements: Vec<Improvement>,
    hall: HallOfFame,
    /// Seed of the run, number of the experiment, number of the island in it.
    id: IslandId,
    exchange: Arc<dyn Migration>,
    /// Rounds of migration that were begun.
    rounds: u64,
    shown: Arc<Shown>,
}

impl Island {
    /// An island before its first individual.
    pub(super) fn new(settings: Arc<IslandSettings>, place: IslandPlace<'_>) -> Island {
        let IslandPlace { tasks, task_set, evaluator, checks, exchange, id } = place;
        let IslandId { seed, experiment, island } = id;
        let memo = settings.memo.as_ref().map(Memo::new);
        Island {
            task_set,
            decisions: Stream::named(key(key(seed, purpose::SEARCH), experiment), island),
            population: Population::new(settings.population.of_island(island as usize)),
            scorer: Scorer::new(Arc::clone(&settings.score), tasks, evaluator, memo, checks),
            child: Program::default(),
            origin: Origin::Start,
            parent: None,
            line: Line::NONE,
            milestones: Milestones::new(task_set),
            individuals: 0,
            train_steps: 0,
            pass: Pass { goal: 0, last_step: u64::MAX },
            best: None,
            bests: 0,
            improvements: Vec::new(),
            hall: HallOfFame::default(),
            id,
            exchange,
            rounds: 0,
            shown: Arc::default(),
            settings,
        }
    }

    /// Everything that decides how it goes on, the exchange apart.
    pub(super) fn state(&self, table: &mut MilestoneTable) -> IslandState {
        IslandState {
            decisions: self.decisions.position(),
            totals: self.totals(),
            population: self.population.state(&self.milestones, table),
            fec: self.scorer.fec.as_ref().map(Fec::state),
            hurdle: self.scorer.hurdle,
            best: self.best.as_ref().map(|best| BestState {
                program: best.program.to_string(),
                fitness: best.fitness,
                individual: best.individual,
            }),
            bests: self.bests,
            hall: self.hall.state(),
            milestones: self.milestones.made(),
        }
    }

    /// The same island as it was when its state was taken; it must be new.
    pub(super) fn restore(
        mut self,
        state: IslandState,
        milestones: &RestoredMilestones,
        experiment: &Experiment,
    ) -> Result<Island, Damage> {
        let totals = state.totals.restore()?;
        self.decisions = self.decisions.at(damage::count("random decisions", state.decisions)?);
        self.milestones.set_made(damage::count("milestones", state.milestones)?);
        let capacity = self.population.capacity();
        self.population = Population::restore(capacity, state.population, milestones, &mut self.milestones, experiment)?;
        self.milestones.keep(self.population.lines_mut());
        if self.population.len() as u64 != totals.counts.individuals.min(self.population.capacity() as u64) {
            return Err(Damage(format!("{} programs after {} individuals", self.population.len(), totals.counts.individuals)));
        }
        self.scorer.fec = match (self.settings.score.fec(), state.fec) {
            (Some(settings), Some(entries)) => Some(Fec::restore(settings, entries, totals.counts.fec_hits)?),
            (None, None) => None,
            _ => return Err(Damage("an FEC cache where there is none, or none where there is one".to_owned())),
        };
        self.scorer.hurdle = state.hurdle.map(|hurdle| damage::fitness("the hurdle", hurdle)).transpose()?;
        self.bests = damage::count("best programs", state.bests)?;
        let best = state.best.map(|best| Best::restore(best, totals.counts.individuals, self.bests, experiment)).transpose()?;
        self.best = best.map(Arc::new);
        if self.best.as_ref().map(|best| best.fitness) != totals.best_fitness {
            return Err(Damage("another best fitness than the best program's".to_owned()));
        }
        self.hall = HallOfFame::restore(state.hall, experiment)?;
        (self.individuals, self.train_steps) = (totals.counts.individuals, totals.counts.train_steps);
        (self.scorer.tiers, self.scorer.saved_steps) = (totals.counts.tiers, totals.counts.saved_steps);
        self.scorer.compiled_before = totals.counts.compiled;
        self.rounds = self.settings.migrate_every().map_or(0, |every| Rounds::of(self.individuals, every).begun);
        self.show();
        Ok(self)
    }

    pub(super) fn totals(&self) -> Totals {
        Totals {
            counts: Counts {
                individuals: self.individuals,
                train_steps: self.train_steps,
                fec_hits: self.fec_hits(),
                tiers: self.scorer.tiers,
                saved_steps: self.scorer.saved_steps,
                compiled: self.scorer.compiled(),
            },
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

    /// Which of the experiment's sets of search tasks it evolves on.
    pub(super) const fn task_set(&self) -> usize {
        self.task_set
    }

    /// Children answered by functional equivalence checking.
    pub(super) fn fec_hits(&self) -> u64 {
        self.scorer.fec.as_ref().map_or(0, Fec::hits)
    }

    pub(super) fn best(&self) -> Option<&Best> {
        self.best.as_deref()
    }

    /// The best programs by size.
    pub(super) const fn hall(&self) -> &HallOfFame {
        &self.hall
    }

    /// The improvements since this was called last.
    pub(super) fn take_improvements(&mut self) -> impl Iterator<Item = Improvement> {
        self.improvements.drain(..)
    }

    pub(super) fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.shown)
    }

    /// Makes children until the pass ends for it or `halt` is set. What islands published two rounds of migration before must be there.
    ///
    /// # Errors
    /// A program that cannot be evaluated on these tasks at all, or of which the oracle says otherwise: it is in no population.
    pub(super) fn advance(&mut self, halt: &Halt) -> Result<(), SearchError> {
        let show_every = SHOW_EVERY.max(self.population.capacity() as u64 / 10);
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
        let mut stream = migration::stream(self.id, round, Choice::Published);
        let (population, milestones) = (&self.population, &self.milestones);
        let leaving = |age| {
            let (program, score) = population.get(age);
            let descent = milestones.leave(population.line(age));
            Migrant { program: program.clone(), score, descent, task_set: self.task_set }
        };
        let ages = draw(population.len(), migration.count(population.len()), &mut stream);
        self.exchange.publish(self.id.island as usize, round, ages.into_iter().map(leaving).collect());
    }

    /// Takes in what it draws from all islands' programs of the round before the last, in place of as many of its own. What has its
    /// score on other tasks is scored on these.
    fn begin_round(&mut self) -> Result<(), SearchError> {
        let Some(migration) = &self.settings.migration else { return Ok(()) };
        let round = self.rounds;
        self.rounds += 1;
        if round < 2 {
            return Ok(());
        }
        let mut stream = migration::stream(self.id, round, Choice::Replaced);
        let ages = draw(self.population.len(), migration.count(self.population.len()), &mut stream);
        let migrants = self.exchange.sample(round - 2, ages.len(), &mut stream);
        for (age, Migrant { program, score, descent, task_set }) in ages.into_iter().zip(migrants) {
            self.line = self.milestones.join(descent);
            let score = if task_set == self.task_set {
                score
            } else {
                self.child.copy_from(&program);
                (self.origin, self.parent) = (Origin::Migration, None);
                let scored = self.score_child()?;
                self.compare_with_best(scored);
                scored.score
            };
            self.population.replace(age, &program, score, self.line);
        }
        Ok(())
    }

    /// One individual: made, evaluated, added to the population.
    fn step(&mut self) -> Result<(), SearchError> {
        let scored = self.try_child()?;
        self.add_child(scored);
        Ok(())
    }

    /// The first half of a step: makes a child and gives its score.
    ///
    /// # Errors
    /// As [`Island::advance`].
    pub(super) fn try_child(&mut self) -> Result<Scored, SearchError> {
        if let Some(hurdle) = self.settings.score.hurdle()
            && self.population.is_full()
            && self.individuals.is_multiple_of(self.population.capacity() as u64)
        {
            self.scorer.hurdle = self.population.hurdle(hurdle.percentile);
        }
        self.make_child();
        self.score_child()
    }

    /// The child that is made, and not added yet.
    pub(super) const fn child(&self) -> &Program {
        &self.child
    }

    /// The second half of a step: adds the child with its score to the population.
    pub(super) fn add_child(&mut self, scored: Scored) {
        self.compare_with_best(scored);
        self.population.push(&mut self.child, scored.score, self.line);
        if self.milestones.is_due(self.population.len()) {
            self.milestones.keep(self.population.lines_mut());
        }
        self.individuals += 1;
    }

    /// An initial program until the population is full, and always in random search; then a tournament's winner, mutated with the
    /// probability set.
    fn make_child(&mut self) {
        let settings = &*self.settings;
        if self.population.is_full() && !settings.always_first {
            let parent = self.population.tournament(settings.tournament, &mut self.decisions);
            self.child.copy_from(self.population.get(parent).0);
            self.parent = Some(parent);
            self.line = self.population.line(parent);
            self.origin = Origin::Copy;
            if self.decisions.unit() < settings.mutate_prob {
                self.line = self.line.mutated();
                self.origin = Origin::Mutation(settings.mutator.mutate(&mut self.child, &mut self.decisions));
            }
            return;
        }
        (self.origin, self.parent, self.line) = (Origin::Start, None, Line::NONE);
        self.child.copy_from(&settings.start);
        settings.mutator.randomize(&mut self.child, &settings.random, &mut self.decisions);
    }

    fn score_child(&mut self) -> Result<Scored, SearchError> {
        let scored = self.scorer.score(&self.child, self.individuals)?;
        self.train_steps += scored.train_steps;
        Ok(scored)
    }

    /// Remembers the child if it is the best so far, the best of its size, or better than its ancestors. What did not run on all tasks is
    /// none of these.
    fn compare_with_best(&mut self, Scored { score, size, .. }: Scored) {
        let Score { fitness, is_partial, .. } = score;
        if is_partial {
            return;
        }
        let (IslandId { experiment, island, .. }, individual, task_set) = (self.id, self.individuals, self.task_set);
        let program = || self.child.clone();
        let famous = || Famous { task_set, size, experiment, island, individual, fitness, program: program() };
        self.hall.admit((task_set, size), fitness, [experiment, individual, island], famous);
        let is_best = self.best.as_ref().is_none_or(|best| fitness > best.fitness);
        let is_milestone = self.milestones.best(self.line).is_none_or(|best| fitness > best);
        // In random search nothing has descendants.
        if !is_best && (!is_milestone || self.settings.always_first) {
            return;
        }
        let origin = self.origin;
        let new = NewMilestone { experiment, island, individual, fitness, program: program(), origin };
        let (milestone, line) = self.milestones.make(self.line, new);
        self.line = line;
        if is_best {
            self.bests += 1;
            self.best = Some(Arc::new(Best { program: program(), fitness, individual, number: self.bests }));
            let parent = self.parent.map(|age| ProgramHash::of(self.population.get(age).0));
            self.improvements.push(Improvement { milestone, parent });
        }
    }

    fn show(&self) {
        let look = Look { totals: self.totals(), mean_fitness: self.population.mean_fitness(), best: self.best.clone() };
        self.shown.show(look);
    }
}

#[cfg(test)]
pub(super) mod tests;
