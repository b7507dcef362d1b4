//! One experiment of a run: its islands, its tasks, and the evaluation of its best program on the select tasks.

use std::sync::Arc;

use exnihilo_jit::{Combine, Evaluation, Evaluator, Program, TaskGroup, Worker};
use serde::{Deserialize, Serialize};

use super::checkpoint::CheckpointError;
use super::checks::{Checks, IslandChecks};
use super::damage::{self, Damage};
use super::individual::IslandId;
use super::island::{Best, Island, IslandPlace, IslandSettings, IslandState};
use super::migration::{Exchange, Migration, PoolState, Rounds};
use super::milestones::{MilestoneState, MilestoneTable, RestoredMilestones};
use super::outcome::SearchError;
use super::search_tasks::{SearchTasks, whole_hash};
use super::share;
use super::tasks::TaskSource;
use super::totals::{Pass, Totals};
use crate::experiment::Experiment;
use crate::task::{SetName, TaskError};
use crate::verify::Claim;

/// What a checkpoint has of an experiment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ExperimentState {
    /// What the programs below descend from, each after the one before it.
    pub(super) milestones: Vec<MilestoneState>,
    pub(super) islands: Vec<IslandState>,
    /// Programs on their way between islands.
    pub(super) pools: Vec<PoolState>,
    /// For each set of search tasks: which island's best program was last evaluated on the select tasks, and the how manieth best of that
    /// island it was.
    pub(super) judged: Vec<Option<(u64, u64)>>,
    /// The fingerprint of each set of search tasks.
    pub(super) fingerprints: Vec<u128>,
}

/// A program that was evaluated on the select tasks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct JudgedState {
    pub(super) program: String,
    pub(super) experiment: u64,
    pub(super) task_set: u64,
    pub(super) search_fitness: f64,
    /// On each select task.
    pub(super) select_fitness: Vec<f64>,
    pub(super) select_steps: u64,
}

/// What the experiments of a run have in common.
pub(super) struct Shared<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) settings: Arc<IslandSettings>,
    pub(super) evaluator: Evaluator,
    pub(super) tasks: &'a dyn TaskSource,
    /// Whether the experiment describes these tasks, so that a checkpoint tells of all of them.
    pub(super) is_described: bool,
    pub(super) seed: u64,
    pub(super) checks: Arc<Checks>,
}

impl Shared<'_> {
    /// One of the sets of search tasks of an experiment.
    ///
    /// # Errors
    /// Tasks that cannot be made, or are of another kind than the experiment's programs.
    pub(super) fn search_tasks(&self, task_set: usize, experiment: u64) -> Result<SearchTasks, SearchError> {
        let group = self.made(SetName::Search, self.tasks.search_tasks(task_set, experiment))?;
        let fingerprint = if self.is_described {
            None
        } else {
            let (select, last) = (self.select_tasks(experiment)?, self.final_tasks()?);
            Some(whole_hash([&group, &select].into_iter().chain(&last)))
        };
        let tasks = SearchTasks::new(group, self.settings.first_tasks());
        Ok(match fingerprint {
            Some(fingerprint) => tasks.known_by(fingerprint),
            None => tasks,
        })
    }

    /// Whether select and final tasks can be made, as far as is known: they are made only when there is a result.
    ///
    /// # Errors
    /// They cannot.
    pub(super) fn check_later_tasks(&self) -> Result<(), SearchError> {
        self.tasks.check_later_tasks()?;
        if !self.is_described {
            self.select_tasks(0)?;
            self.final_tasks()?;
        }
        Ok(())
    }

    /// The select tasks of an experiment.
    ///
    /// # Errors
    /// As [`Shared::search_tasks`].
    pub(super) fn select_tasks(&self, experiment: u64) -> Result<TaskGroup, SearchError> {
        self.made(SetName::Select, self.tasks.select_tasks(experiment))
    }

    /// The final tasks, if there are any.
    ///
    /// # Errors
    /// As [`Shared::search_tasks`].
    pub(super) fn final_tasks(&self) -> Result<Option<TaskGroup>, SearchError> {
        let made = self.tasks.final_tasks().transpose();
        made.map(|made| self.made(SetName::Final, made)).transpose()
    }

    fn made(&self, set: SetName, made: Result<TaskGroup, TaskError>) -> Result<TaskGroup, SearchError> {
        let group = made.map_err(|error| SearchError::Tasks { set: set.name(), error: error.into() })?;
        let (found, expected) = (group.interface(), self.experiment.interface());
        if found == expected {
            return Ok(group);
        }
        let value = format!("{} tasks with labels of the kind {found:?}", set.name());
        Err(SearchError::Option { option: "tasks", value, remedy: "give tasks of the kind that the experiment describes" })
    }
}

/// A program with its fitness on the select tasks of its experiment.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) program: Program,
    pub(super) experiment: u64,
    /// The set of search tasks on which it has its search fitness.
    pub(super) task_set: usize,
    pub(super) search_fitness: f64,
    pub(super) select_fitness: f64,
    /// Where `select_fitness` comes from.
    pub(super) select: Evaluation,
    /// The tasks that `search_fitness` is about.
    pub(super) search_tasks: Arc<SearchTasks>,
}

impl Judged {
    pub(super) fn state(&self) -> JudgedState {
        JudgedState {
            program: self.program.to_string(),
            experiment: self.experiment,
            task_set: self.task_set as u64,
            search_fitness: self.search_fitness,
            select_fitness: self.select.task_fitness.clone(),
            select_steps: self.select.train_steps,
        }
    }

    /// The result so far of a checkpoint; what it says of its fitness is confirmed by the oracle in the end.
    pub(super) fn restore(state: JudgedState, shared: &Shared<'_>) -> Result<Judged, SearchError> {
        let JudgedState { program, experiment, task_set, search_fitness, select_fitness, select_steps } = state;
        let task_set = task_set as usize;
        if task_set >= shared.tasks.search_sets() {
            return Err(Damage(format!("set {task_set} of search tasks")).into());
        }
        let tasks = shared.tasks.select_count();
        if select_fitness.len() != tasks {
            return Err(Damage(format!("the fitness on {} of {tasks} select tasks", select_fitness.len())).into());
        }
        for &fitness in &select_fitness {
            damage::fitness("the result so far", fitness)?;
        }
        let select = Evaluation {
            task_fitness: select_fitness,
            train_steps: damage::steps("training steps on the select tasks", select_steps)?,
            ..Evaluation::default()
        };
        Ok(Judged {
            program: damage::program("the result so far", &program, shared.experiment)?,
            experiment,
            task_set,
            search_fitness: damage::fitness("the result so far", search_fitness)?,
            select_fitness: select.fitness(Combine::Mean),
            select,
            search_tasks: Arc::new(shared.search_tasks(task_set, experiment)?),
        })
    }
}

/// One experiment under way.
pub(super) struct ExperimentRun {
    number: u64,
    /// Its sets of search tasks, which the islands take in turn.
    tasks: Vec<Arc<SearchTasks>>,
    islands: Vec<Island>,
    exchange: Arc<Exchange>,
    migrate_every: Option<u64>,
    /// The select tasks and who evaluates on them, from the first use on.
    select: Option<(TaskGroup, Worker)>,
    /// For each set of search tasks: whose best program was judged last, and the how manieth best of that island it was.
    judged: Vec<Option<(usize, u64)>>,
}

impl ExperimentRun {
    /// Experiment number `number`, before its first individual.
    ///
    /// # Errors
    /// Search tasks that cannot be made.
    pub(super) fn new(shared: &Shared<'_>, number: u64) -> Result<ExperimentRun, SearchError> {
        ExperimentRun::with_exchange(shared, number, Exchange::new(shared.experiment.search.islands))
    }

    fn with_exchange(shared: &Shared<'_>, number: u64, exchange: Exchange) -> Result<ExperimentRun, SearchError> {
        let sets = shared.tasks.search_sets();
        let tasks = (0..sets).map(|set| shared.search_tasks(set, number).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        let exchange = Arc::new(exchange);
        let island = |island: usize| {
            let task_set = island % sets;
            let place = IslandPlace {
                tasks: Arc::clone(&tasks[task_set]),
                task_set,
                evaluator: &shared.evaluator,
                checks: IslandChecks::new(Arc::clone(&shared.checks), number, island as u64),
                exchange: Arc::clone(&exchange) as Arc<dyn Migration>,
                id: IslandId { seed: shared.seed, experiment: number, island: island as u64 },
            };
            Island::new(Arc::clone(&shared.settings), place)
        };
        let islands = (0..shared.experiment.search.islands).map(island).collect();
        let migrate_every = shared.settings.migrate_every();
        Ok(ExperimentRun { number, tasks, islands, exchange, migrate_every, select: None, judged: vec![None; sets] })
    }

    /// Everything that decides how it goes on.
    pub(super) fn state(&self) -> ExperimentState {
        let mut table = MilestoneTable::default();
        ExperimentState {
            islands: self.islands.iter().map(|island| island.state(&mut table)).collect(),
            pools: self.exchange.state(&mut table),
            milestones: table.into_states(),
            judged: self.judged.iter().map(|judged| judged.map(|(island, number)| (island as u64, number))).collect(),
            fingerprints: self.fingerprints().collect(),
        }
    }

    /// Experiment number `number` as it was when its state was taken.
    ///
    /// # Errors
    /// Search tasks that cannot be made, and an impossible state.
    pub(super) fn restore(shared: &Shared<'_>, number: u64, state: ExperimentState) -> Result<ExperimentRun, SearchError> {
        let count = shared.experiment.search.islands;
        if state.islands.len() != count {
            return Err(Damage(format!("{} islands where there are {count}", state.islands.len())).into());
        }
        let milestones = RestoredMilestones::new(state.milestones, number, shared.experiment)?;
        let exchange = match shared.settings.migrate_every() {
            Some(every) => {
                let rounds: Vec<Rounds> = state.islands.iter().map(|island| Rounds::of(island.totals.counts.individuals, every)).collect();
                Exchange::restore(&rounds, state.pools, &milestones, shared.experiment)?
            }
            None => Exchange::new(count),
        };
        let mut experiment = ExperimentRun::with_exchange(shared, number, exchange)?;
        if !experiment.fingerprints().eq(state.fingerprints) {
            return Err(CheckpointError::Data.into());
        }
        let islands = std::mem::take(&mut experiment.islands).into_iter().zip(state.islands);
        let islands = islands.map(|(island, state)| island.restore(state, &milestones, shared.experiment));
        experiment.islands = islands.collect::<Result<_, _>>()?;
        if state.judged.len() != experiment.judged.len() {
            return Err(Damage(format!("programs of {} sets of search tasks were judged", state.judged.len())).into());
        }
        experiment.judged = state.judged.into_iter().map(|judged| judged.map(|(island, number)| (island as usize, number))).collect();
        Ok(experiment)
    }

    fn fingerprints(&self) -> impl Iterator<Item = u128> {
        self.tasks.iter().map(|tasks| tasks.fingerprint())
    }

    /// The totals of all islands.
    pub(super) fn totals(&self) -> Totals {
        self.islands.iter().map(Island::totals).fold(Totals::default(), Totals::and)
    }

    pub(super) fn islands_mut(&mut self) -> &mut [Island] {
        &mut self.islands
    }

    pub(super) fn islands(&self) -> &[Island] {
        &self.islands
    }

    /// Says where each island ends its part of a pass: at its share of the experiment's `goal` of individuals, where `passes` say, or
    /// before it needs what others have not published yet.
    pub(super) fn set_passes(&mut self, goal: u64, passes: impl Iterator<Item = Pass>) {
        let count = self.islands.len();
        // Round r draws from round r - 2, so all can make the two rounds after those that all have ended.
        let slowest = self.islands.iter().map(Island::individuals).min().unwrap_or(0);
        let reach = self.migrate_every.map_or(u64::MAX, |every| (slowest / every).saturating_add(2).saturating_mul(every));
        for ((index, island), pass) in self.islands.iter_mut().enumerate().zip(passes) {
            island.set_pass(Pass { goal: pass.goal.min(share(goal, count, index)).min(reach), ..pass });
        }
    }

    /// The best program so far on a set of search tasks and its island: highest search fitness, the earliest of equals, then the lowest
    /// island.
    fn best(&self, task_set: usize) -> Option<(usize, &Best)> {
        let islands = self.islands.iter().enumerate().filter(|(_, island)| island.task_set() == task_set);
        let candidates = islands.filter_map(|(index, island)| Some((index, island.best()?)));
        candidates.reduce(|first, second| {
            let better = second.1.fitness > first.1.fitness;
            let earlier = second.1.fitness == first.1.fitness && second.1.individual < first.1.individual;
            if better || earlier { second } else { first }
        })
    }

    /// Evaluates the best program on each set of search tasks on the select tasks, unless it was judged before or its search fitness is
    /// below `least`.
    ///
    /// # Errors
    /// Select tasks that cannot be made, or on which the program cannot be evaluated; an evaluation in the share that the oracle
    /// checks, and does not confirm.
    pub(super) fn judge(&mut self, shared: &Shared<'_>, least: f64) -> Result<Vec<Judged>, SearchError> {
        let mut all = Vec::new();
        for task_set in 0..self.tasks.len() {
            let Some((island, best)) = self.best(task_set) else { continue };
            let identity = Some((island, best.number));
            if best.fitness < least || self.judged[task_set] == identity {
                continue;
            }
            let (program, search_fitness, individual) = (best.program.clone(), best.fitness, best.individual);
            let (group, worker) = match &mut self.select {
                Some(select) => select,
                none => none.insert((shared.select_tasks(self.number)?, shared.evaluator.worker())),
            };
            let select = worker.evaluate(&program, group)?.clone();
            let mut checks = IslandChecks::new(Arc::clone(&shared.checks), self.number, island as u64);
            checks.check(individual, &program, group, || Claim::of(&select, Combine::Mean))?;
            let select_fitness = select.fitness(Combine::Mean);
            self.judged[task_set] = identity;
            let search_tasks = Arc::clone(&self.tasks[task_set]);
            all.push(Judged { program, experiment: self.number, task_set, search_fitness, select_fitness, select, search_tasks });
        }
        Ok(all)
    }
}
