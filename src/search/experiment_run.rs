//! One experiment of a run: its islands, its tasks, and the evaluation of its best program on the select tasks.

use std::sync::Arc;

use exnihilo_jit::{Combine, Evaluation, Evaluator, Program, TaskGroup, Worker};

use super::checkpoint::Damage;
use super::checkpoint::state::{self, ExperimentState, JudgedState, Pass, Totals};
use super::checks::{Checks, IslandChecks};
use super::island::{Best, Island, IslandSettings};
use super::migration::{Exchange, Migration, Rounds};
use super::outcome::SearchError;
use super::share;
use crate::experiment::Experiment;
use crate::task::{DataCache, SetName, build_group};
use crate::verify::Claim;

/// What the experiments of a run have in common.
pub(super) struct Shared<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) settings: Arc<IslandSettings>,
    pub(super) evaluator: Evaluator,
    pub(super) data: DataCache,
    pub(super) seed: u64,
    pub(super) checks: Arc<Checks>,
}

impl Shared<'_> {
    /// The seed of all tasks: the experiment's, or else the run's.
    pub(super) fn task_seed(&self) -> u64 {
        self.experiment.tasks.seed.unwrap_or(self.seed)
    }

    /// The search or select tasks of an experiment.
    ///
    /// # Errors
    /// Tasks that cannot be made.
    pub(super) fn group(&self, set: SetName, experiment: u64) -> Result<TaskGroup, SearchError> {
        let (spec, name) = match set {
            SetName::Search => (&self.experiment.tasks.search, "search"),
            _ => (&self.experiment.tasks.select, "select"),
        };
        build_group(spec, set, self.task_seed(), experiment, &self.data)
            .map_err(|error| SearchError::Tasks { set: name, error: error.into() })
    }
}

/// A program with its fitness on the select tasks of its experiment.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) program: Program,
    pub(super) experiment: u64,
    pub(super) search_fitness: f64,
    pub(super) select_fitness: f64,
    /// Where `select_fitness` comes from.
    pub(super) select: Evaluation,
    /// The tasks that `search_fitness` is about.
    pub(super) search_group: Arc<TaskGroup>,
}

impl Judged {
    pub(super) fn state(&self) -> JudgedState {
        JudgedState {
            program: self.program.to_string(),
            experiment: self.experiment,
            search_fitness: self.search_fitness,
            select_fitness: self.select.task_fitness.clone(),
            select_steps: self.select.train_steps,
        }
    }

    /// The result so far of a checkpoint; what it says of its fitness is confirmed by the oracle in the end.
    pub(super) fn restore(state: JudgedState, shared: &Shared<'_>) -> Result<Judged, SearchError> {
        let JudgedState { program, experiment, search_fitness, select_fitness, select_steps } = state;
        let tasks = shared.experiment.tasks.select.tasks;
        if select_fitness.len() != tasks {
            return Err(Damage(format!("the fitness on {} of {tasks} select tasks", select_fitness.len())).into());
        }
        for &fitness in &select_fitness {
            state::fitness("the result so far", fitness)?;
        }
        let select = Evaluation {
            task_fitness: select_fitness,
            train_steps: state::count("training steps on the select tasks", select_steps)?,
            ..Evaluation::default()
        };
        Ok(Judged {
            program: state::program("the result so far", &program, shared.experiment)?,
            experiment,
            search_fitness: state::fitness("the result so far", search_fitness)?,
            select_fitness: select.fitness(Combine::Mean),
            select,
            search_group: Arc::new(shared.group(SetName::Search, experiment)?),
        })
    }
}

/// One experiment under way.
pub(super) struct ExperimentRun {
    number: u64,
    group: Arc<TaskGroup>,
    islands: Vec<Island>,
    exchange: Arc<Exchange>,
    migrate_every: Option<u64>,
    /// The select tasks and who evaluates on them, from the first use on.
    select: Option<(TaskGroup, Worker)>,
    /// Island and individual that were judged last.
    judged: Option<(usize, u64)>,
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
        let group = Arc::new(shared.group(SetName::Search, number)?);
        let exchange = Arc::new(exchange);
        let islands = (0..shared.experiment.search.islands as u64)
            .map(|island| {
                let names = [shared.seed, number, island];
                let checks = IslandChecks::new(Arc::clone(&shared.checks), number, island);
                let exchange = Arc::clone(&exchange) as Arc<dyn Migration>;
                Island::new(Arc::clone(&shared.settings), Arc::clone(&group), &shared.evaluator, checks, exchange, names)
            })
            .collect();
        Ok(ExperimentRun { number, group, islands, exchange, migrate_every: shared.settings.migrate_every(), select: None, judged: None })
    }

    /// Everything that decides how it goes on.
    pub(super) fn state(&self) -> ExperimentState {
        ExperimentState {
            islands: self.islands.iter().map(Island::state).collect(),
            pools: self.exchange.state(),
            judged: self.judged.map(|(island, individual)| (island as u64, individual)),
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
        let exchange = match shared.settings.migrate_every() {
            Some(every) => {
                let rounds: Vec<Rounds> = state.islands.iter().map(|island| Rounds::of(island.totals.individuals, every)).collect();
                Exchange::restore(&rounds, state.pools, shared.experiment)?
            }
            None => Exchange::new(count),
        };
        let mut experiment = ExperimentRun::with_exchange(shared, number, exchange)?;
        let islands = std::mem::take(&mut experiment.islands).into_iter().zip(state.islands);
        experiment.islands = islands.map(|(island, state)| island.restore(state, shared.experiment)).collect::<Result<_, _>>()?;
        experiment.judged = state.judged.map(|(island, individual)| (island as usize, individual));
        Ok(experiment)
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

    /// The best program so far and its island: highest search fitness, the earliest of equals, then the lowest island.
    fn best(&self) -> Option<(usize, &Best)> {
        let candidates = self.islands.iter().enumerate().filter_map(|(index, island)| Some((index, island.best()?)));
        candidates.reduce(|first, second| {
            let better = second.1.fitness > first.1.fitness;
            let earlier = second.1.fitness == first.1.fitness && second.1.individual < first.1.individual;
            if better || earlier { second } else { first }
        })
    }

    /// Evaluates the best program on the select tasks, unless it was judged before or its search fitness is below `least`.
    ///
    /// # Errors
    /// Select tasks that cannot be made, or on which the program cannot be evaluated; an evaluation in the share that the oracle
    /// checks, and does not confirm.
    pub(super) fn judge(&mut self, shared: &Shared<'_>, least: f64) -> Result<Option<Judged>, SearchError> {
        let Some((island, best)) = self.best() else { return Ok(None) };
        let identity = (island, best.individual);
        if best.fitness < least || self.judged == Some(identity) {
            return Ok(None);
        }
        let (program, search_fitness) = (best.program.clone(), best.fitness);
        let (group, worker) = match &mut self.select {
            Some(select) => select,
            none => none.insert((shared.group(SetName::Select, self.number)?, shared.evaluator.worker())),
        };
        let select = worker.evaluate(&program, group)?.clone();
        let mut checks = IslandChecks::new(Arc::clone(&shared.checks), self.number, island as u64);
        checks.check(identity.1, &program, group, || Claim::of(&select, Combine::Mean))?;
        let select_fitness = select.fitness(Combine::Mean);
        self.judged = Some(identity);
        let search_group = Arc::clone(&self.group);
        Ok(Some(Judged { program, experiment: self.number, search_fitness, select_fitness, select, search_group }))
    }
}
