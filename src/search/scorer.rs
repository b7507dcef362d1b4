//! How an island comes by the score of a program: from its memo, from its cache of functional equivalence, or by running it, as far as its
//! budget and the hurdle let it.

use std::num::NonZeroU64;
use std::sync::Arc;

use exnihilo_jit::analysis::{CanonicalKey, charge, simplify};
use exnihilo_jit::{Backend, Combine, Evaluation, Evaluator, Prepared, Program, Simplified, Worker, known_program};
use serde::{Deserialize, Serialize};

use super::checks::IslandChecks;
use super::fec::Fec;
use super::memo::{Known, KnownProbe, KnownRun, Memo};
use super::outcome::SearchError;
use super::population::Score;
use super::search_tasks::SearchTasks;
use crate::experiment::{BudgetSettings, Experiment, FecSettings, HurdleSettings};
use crate::verify::Claim;

/// How programs were answered; each is counted once, by the dearest thing that was done for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiers {
    /// Nothing was run: one with the same canonical form was known.
    pub structural: u64,
    /// Fitness 0 without running anything, since it would cost too much.
    pub over_budget: u64,
    /// A few examples were run, and one with the same errors on these was known.
    pub fec: u64,
    /// It ran on the first tasks and stayed below the hurdle.
    pub hurdle: u64,
    /// It was interpreted on all tasks.
    pub interpreted: u64,
    /// It was run as native code on all tasks.
    pub compiled: u64,
}

impl Tiers {
    /// Counts one program.
    const fn count(&mut self, answer: Answer) {
        let count = match answer {
            Answer::Structural => &mut self.structural,
            Answer::OverBudget => &mut self.over_budget,
            Answer::Fec => &mut self.fec,
            Answer::Hurdle => &mut self.hurdle,
            Answer::Interpreted => &mut self.interpreted,
            Answer::Compiled => &mut self.compiled,
        };
        *count += 1;
    }

    /// The sum.
    pub(super) const fn and(self, other: Tiers) -> Tiers {
        Tiers {
            structural: self.structural + other.structural,
            over_budget: self.over_budget + other.over_budget,
            fec: self.fec + other.fec,
            hurdle: self.hurdle + other.hurdle,
            interpreted: self.interpreted + other.interpreted,
            compiled: self.compiled + other.compiled,
        }
    }

    /// All of them, with their names for people.
    pub const fn counts(&self) -> [(&'static str, u64); 6] {
        [
            ("structural cache", self.structural),
            ("over budget", self.over_budget),
            ("FEC", self.fec),
            ("hurdle", self.hurdle),
            ("interpreted", self.interpreted),
            ("compiled", self.compiled),
        ]
    }
}

/// The dearest thing that was done for a program; each is one of the counts of [`Tiers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Structural,
    OverBudget,
    Fec,
    Hurdle,
    Interpreted,
    Compiled,
}

/// What decides how programs are scored.
#[derive(Clone, Debug)]
pub(super) struct ScoreSettings {
    pub(super) combine: Combine,
    fec: Option<FecSettings>,
    hurdle: Option<HurdleSettings>,
    budget: Option<BudgetSettings>,
}

impl ScoreSettings {
    /// The settings of an experiment that was validated.
    pub(super) fn new(experiment: &Experiment) -> ScoreSettings {
        ScoreSettings {
            combine: experiment.search.fitness,
            fec: experiment.fec.enabled.then(|| experiment.fec.clone()),
            hurdle: experiment.hurdle.enabled.then(|| experiment.hurdle.clone()),
            budget: experiment.budget.enabled.then(|| experiment.budget.clone()),
        }
    }

    pub(super) const fn fec(&self) -> Option<&FecSettings> {
        self.fec.as_ref()
    }

    pub(super) const fn hurdle(&self) -> Option<&HurdleSettings> {
        self.hurdle.as_ref()
    }
}

/// The answer to one program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scored {
    pub(super) score: Score,
    /// Training steps begun, or that would have been begun had the memo not known better.
    pub(super) train_steps: u64,
    /// Its instructions that matter.
    pub(super) size: usize,
}

/// Scores programs on one set of tasks; the caches of one island.
pub(super) struct Scorer {
    settings: Arc<ScoreSettings>,
    tasks: Arc<SearchTasks>,
    worker: Worker,
    pub(super) fec: Option<Fec>,
    memo: Option<Memo>,
    checks: IslandChecks,
    /// What the mean fitness on the first tasks must reach, once it is known.
    pub(super) hurdle: Option<f64>,
    /// The most that a program may be charged.
    most_charge: u64,
    pub(super) tiers: Tiers,
    /// Training steps of whole runs that FEC, hurdle and budget left out.
    pub(super) saved_steps: u64,
    /// Programs compiled before the checkpoint that it comes from.
    pub(super) compiled_before: u64,
    /// The full run of the program at hand.
    evaluation: Evaluation,
}

impl Scorer {
    pub(super) fn new(
        settings: Arc<ScoreSettings>,
        tasks: Arc<SearchTasks>,
        evaluator: &Evaluator,
        memo: Option<Memo>,
        checks: IslandChecks,
    ) -> Scorer {
        let most_charge = settings.budget.as_ref().map_or(u64::MAX, |budget| (budget.factor * net_charge(&tasks) as f64) as u64);
        Scorer {
            worker: evaluator.worker(),
            fec: settings.fec.as_ref().map(Fec::new),
            memo,
            checks,
            hurdle: None,
            most_charge,
            tiers: Tiers::default(),
            saved_steps: 0,
            compiled_before: 0,
            evaluation: Evaluation::default(),
            settings,
            tasks,
        }
    }

    /// Programs turned into native code.
    pub(super) fn compiled(&self) -> u64 {
        self.compiled_before + self.worker.counters().compiled
    }

    /// The score of `program`, which is individual number `individual` of its island.
    ///
    /// # Errors
    /// A program that cannot be evaluated on these tasks at all, or of which the oracle says otherwise: no cache has it.
    pub(super) fn score(&mut self, program: &Program, individual: u64) -> Result<Scored, SearchError> {
        let tasks = Arc::clone(&self.tasks);
        let mut simplified = self.worker.simplify(program, tasks.all())?;
        let size = simplified.program().instructions().len();
        let is_over_budget = self.most_charge < u64::MAX && charge_on(simplified.program(), &tasks) > self.most_charge;
        let key = self.memo.as_ref().filter(|_| !is_over_budget).map(|_| simplified.key());
        if is_over_budget {
            self.tiers.count(Answer::OverBudget);
            self.save(tasks.whole_steps());
            return Ok(Scored { score: Score::unrun(), train_steps: 0, size });
        }
        let mut candidate = Candidate {
            program,
            individual,
            settings: &self.settings,
            tasks: &tasks,
            runnable: Runnable::Simplified(Some(simplified)),
            checks: &mut self.checks,
            evaluation: &mut self.evaluation,
            known: key.and_then(|key| Some(KnownOfStages::look_up(self.memo.as_ref()?, key, &tasks))).unwrap_or_default(),
            has_run_first: false,
            ran_on: None,
        };
        let mut is_fec_hit = false;
        let (score, train_steps) = match &mut self.fec {
            Some(fec) => {
                let probe = candidate.probe(fec)?;
                match fec.look_up(probe.key) {
                    Some(score) => {
                        is_fec_hit = true;
                        (score, probe.train_steps.get())
                    }
                    None => {
                        let (score, train_steps) = candidate.run(self.hurdle)?;
                        fec.insert(probe.key, score);
                        (score, train_steps)
                    }
                }
            }
            None => candidate.run(self.hurdle)?,
        };
        let Candidate { known, ran_on, .. } = candidate;
        let has_run = candidate.runnable.is_decoded();
        if is_fec_hit || score.is_partial {
            self.save(tasks.whole_steps().saturating_sub(train_steps));
        }
        self.tiers.count(match ran_on {
            _ if !has_run => Answer::Structural,
            _ if is_fec_hit => Answer::Fec,
            _ if score.is_partial => Answer::Hurdle,
            Some(Backend::Jit) => Answer::Compiled,
            _ => Answer::Interpreted,
        });
        if let (Some(memo), Some(key), true) = (&mut self.memo, key, has_run) {
            memo.insert(key, known.whole);
            if known.first.is_some() {
                memo.insert(key.with_number(1), Known { probe: None, run: known.first });
            }
        }
        Ok(Scored { score, train_steps, size })
    }

    const fn save(&mut self, steps: u64) {
        self.saved_steps = self.saved_steps.saturating_add(steps);
    }
}

/// The charge for the hand-written two-layer network on these tasks.
fn net_charge(tasks: &SearchTasks) -> u64 {
    charge_on(&simplify(&known_program("net").expect("a known name")), tasks)
}

/// The charge for a simplified program on one of these tasks.
fn charge_on(program: &Program, tasks: &SearchTasks) -> u64 {
    let group = tasks.all();
    charge(program, group.features(), group.train_examples(), group.valid_examples(), group.settings().epochs)
}

/// What is known of a program on the tasks as a whole and on the first of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct KnownOfStages {
    whole: Known,
    /// Its run on the first tasks, where these are a stage.
    first: Option<KnownRun>,
}

impl KnownOfStages {
    fn look_up(memo: &Memo, key: CanonicalKey, tasks: &SearchTasks) -> KnownOfStages {
        let first = if tasks.has_hurdle() { memo.look_up(key.with_number(1)).run } else { None };
        KnownOfStages { whole: memo.look_up(key), first }
    }
}

/// A program that is decoded when something must be run.
enum Runnable<'w> {
    /// Empty only while it is being decoded.
    Simplified(Option<Simplified<'w>>),
    Decoded(Prepared<'w>),
}

impl<'w> Runnable<'w> {
    fn decoded(&mut self) -> &mut Prepared<'w> {
        if let Runnable::Simplified(simplified) = self {
            let simplified = simplified.take().expect("it is decoded once");
            *self = Runnable::Decoded(simplified.decode());
        }
        match self {
            Runnable::Decoded(prepared) => prepared,
            Runnable::Simplified(_) => unreachable!("decoded above"),
        }
    }

    const fn is_decoded(&self) -> bool {
        matches!(self, Runnable::Decoded(_))
    }
}

/// A program under evaluation, and what is known of it.
struct Candidate<'a> {
    program: &'a Program,
    /// Which one of its island.
    individual: u64,
    settings: &'a ScoreSettings,
    tasks: &'a SearchTasks,
    runnable: Runnable<'a>,
    checks: &'a mut IslandChecks,
    evaluation: &'a mut Evaluation,
    known: KnownOfStages,
    /// Whether `evaluation` holds its run on the first tasks.
    has_run_first: bool,
    /// What ran it on the last stage, if it ran there.
    ran_on: Option<Backend>,
}

impl Candidate<'_> {
    fn probe(&mut self, fec: &mut Fec) -> Result<KnownProbe, SearchError> {
        if let Some(probe) = self.known.whole.probe {
            return Ok(probe);
        }
        let settings = self.settings.fec.as_ref().expect("there is a cache");
        let (group, stages) = (self.tasks.all(), self.tasks.stages());
        let train = settings.train.min(group.train_examples());
        let valid = settings.valid.min(group.valid_examples());
        let prepared = self.runnable.decoded();
        let (mut first, mut all) = (None, 0);
        for stage in stages {
            let steps = prepared.probe(stage, train, valid).train_steps;
            first = first.or(Some(steps));
            all += steps;
        }
        let errors = stages.iter().flat_map(|stage| {
            let probe = prepared.probed(stage).expect("it was probed there");
            (0..stage.tasks().len()).map(|task| [probe.train_errors(task), probe.valid_errors(task)])
        });
        let key = fec.key(group, errors);
        let probe = KnownProbe { key, train_steps: begun(all), rest_steps: all - first.unwrap_or(all) };
        Ok(*self.known.whole.probe.insert(probe))
    }

    /// The score by the program's own runs, and the training steps that these and the probe begin. What a run gave is nowhere yet when a
    /// check finds it wrong.
    fn run(&mut self, hurdle: Option<f64>) -> Result<(Score, u64), SearchError> {
        if !self.tasks.has_hurdle() {
            let run = self.run_whole()?;
            return Ok((Score::full(run.fitness), run.train_steps.get()));
        }
        let first = self.run_first()?;
        if hurdle.is_some_and(|hurdle| first.fitness < hurdle) {
            let probed = self.known.whole.probe.map_or(0, |probe| probe.rest_steps);
            return Ok((Score::partial(first.fitness), first.train_steps.get() + probed));
        }
        let run = self.run_whole()?;
        Ok((Score { fitness: run.fitness, first_stage: Some(first.fitness), is_partial: false }, run.train_steps.get()))
    }

    /// On the first tasks; the fitness is the mean.
    fn run_first(&mut self) -> Result<KnownRun, SearchError> {
        let stage = &self.tasks.stages()[0];
        if let Some(run) = self.known.first {
            let claim = || Claim::remembered(run.fitness, run.train_steps.get(), Combine::Mean);
            self.checks.check(self.individual, self.program, stage, claim)?;
            return Ok(run);
        }
        let evaluation = self.runnable.decoded().run(stage);
        self.checks.check(self.individual, self.program, stage, || Claim::of(evaluation, Combine::Mean))?;
        self.evaluation.task_fitness.clone_from(&evaluation.task_fitness);
        self.evaluation.train_steps = evaluation.train_steps;
        self.has_run_first = true;
        let run = KnownRun { fitness: evaluation.fitness(Combine::Mean), train_steps: begun(evaluation.train_steps) };
        Ok(*self.known.first.insert(run))
    }

    /// On all tasks.
    fn run_whole(&mut self) -> Result<KnownRun, SearchError> {
        let combine = self.settings.combine;
        if let Some(run) = self.known.whole.run {
            let claim = || Claim::remembered(run.fitness, run.train_steps.get(), combine);
            self.checks.check(self.individual, self.program, self.tasks.all(), claim)?;
            return Ok(run);
        }
        let stages = self.tasks.stages();
        let done = usize::from(self.has_run_first);
        if done == 0 {
            self.evaluation.task_fitness.clear();
            self.evaluation.train_steps = 0;
        }
        let prepared = self.runnable.decoded();
        for stage in &stages[done..] {
            let evaluation = prepared.run(stage);
            self.evaluation.task_fitness.extend_from_slice(&evaluation.task_fitness);
            self.evaluation.train_steps += evaluation.train_steps;
            self.evaluation.backend = evaluation.backend;
        }
        self.ran_on = Some(self.evaluation.backend);
        self.checks.check(self.individual, self.program, self.tasks.all(), || Claim::of(self.evaluation, combine))?;
        let run = KnownRun { fitness: self.evaluation.fitness(combine), train_steps: begun(self.evaluation.train_steps) };
        Ok(*self.known.whole.run.insert(run))
    }
}

fn begun(train_steps: u64) -> NonZeroU64 {
    NonZeroU64::new(train_steps).expect("there is a task, and it begins its first training example")
}

#[cfg(test)]
mod tests;
