//! What must hold for an experiment to run. Every refusal names the key and what would be right.

use std::fmt::Display;

use exnihilo_jit::lang::MAX_INSTRUCTIONS;
use exnihilo_jit::{ComponentFunction, Program, Space};

use super::{Experiment, ExperimentError, InitialPopulation, Method};
use crate::task::TaskSpec;

/// The largest population of an island.
const MAX_POPULATION: usize = 1_000_000;
/// The most draws of a tournament.
const MAX_TOURNAMENT: usize = 1_000_000;
/// The most islands that run at once, over all experiments side by side.
const MAX_ISLANDS: usize = 10_000;
/// The most cache entries over all islands, about 100 bytes each.
const MAX_CACHE_ENTRIES: usize = 100_000_000;
/// The most instructions in all populations together, 24 bytes each.
const MAX_POPULATION_INSTRUCTIONS: usize = 1_000_000_000;
/// The most examples of a probe.
const MAX_PROBE: usize = 1_000_000;
/// The most bytes of all sets of search tasks together, of all experiments side by side; one set may have 1 GiB.
const MAX_TASK_BYTES: u128 = 16 << 30;
/// The least time between two checkpoints: writing one takes about a hundredth of a second.
const LEAST_CHECKPOINT_SECONDS: f64 = 0.01;
/// The largest integer that TOML holds.
const MAX_INTEGER: u64 = i64::MAX as u64;

impl Experiment {
    /// Whether the experiment can run.
    ///
    /// # Errors
    /// The first key with an impossible value, and the remedy.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        if let Some(target) = self.target {
            between("target", target, 0.0, 1.0)?;
        }
        self.validate_program()?;
        self.validate_search()?;
        self.validate_fec()?;
        between("hurdle.tasks", self.hurdle.tasks, 1, MAX_PROBE)?;
        between("hurdle.percentile", self.hurdle.percentile, 0.0, 1.0)?;
        between("budget.factor", self.budget.factor, 0.0, f64::MAX)?;
        between("memo.capacity", self.memo.capacity, 1, MAX_CACHE_ENTRIES)?;
        between("migration.every", self.migration.every, 1, MAX_INTEGER)?;
        between("migration.share", self.migration.share, 0.0, 1.0)?;
        between("checkpoint.every_seconds", self.checkpoint.every_seconds, LEAST_CHECKPOINT_SECONDS, f64::INFINITY)?;
        self.validate_sizes()?;
        let tasks = &self.tasks;
        if let Some(seed) = tasks.seed {
            between("tasks.seed", seed, 0, MAX_INTEGER)?;
        }
        self.validate_task_sets()?;
        self.validate_initial()
    }

    fn validate_task_sets(&self) -> Result<(), ExperimentError> {
        let tasks = &self.tasks;
        let count = tasks.search.len();
        if count == 0 {
            return Err(ExperimentError::value("tasks.search", "the list is empty", "name at least one set of tasks"));
        }
        if self.search.islands < count {
            let problem = format!("{} islands cannot evolve on {count} sets of search tasks", self.search.islands);
            return Err(ExperimentError::value("search.islands", problem, format!("choose {count} or more, or leave sets out")));
        }
        // A table's own size is known when it is read; it is one set at most then, or small.
        let bytes = |spec: &TaskSpec| {
            let spec = spec.resolved();
            let [features, train, valid] = [spec.features, spec.train, spec.valid].map(|number| number.unwrap_or(0) as u128);
            (train + valid) * (features + 1) * 8 * spec.tasks as u128
        };
        let all = tasks.search.iter().map(bytes).fold(0, u128::saturating_add).saturating_mul(self.search.side_by_side as u128);
        if all > MAX_TASK_BYTES {
            let problem = format!("all sets of all experiments side by side take {} MiB", all >> 20);
            let remedy = format!(
                "lower search.side_by_side, examples, features or tasks, or leave sets out; {} MiB are possible",
                MAX_TASK_BYTES >> 20
            );
            return Err(ExperimentError::value("tasks.search", problem, remedy));
        }
        let key = |index: usize| if count == 1 { "tasks.search".to_owned() } else { format!("tasks.search.{index}") };
        let search = tasks.search.iter().enumerate().map(|(index, spec)| (key(index), spec));
        let others = [("tasks.select".to_owned(), Some(&tasks.select)), ("tasks.final".to_owned(), tasks.final_set.as_ref())];
        for (key, spec) in search.chain(others.into_iter().filter_map(|(key, spec)| Some((key, spec?)))) {
            let remedy = format!("change the section [{key}]");
            spec.validate().map_err(|error| ExperimentError::value(&key, error.to_string(), remedy))?;
            if spec.interface() != self.interface() {
                let problem = "has tasks of another kind than tasks.search: one has classes, the other not";
                return Err(ExperimentError::value(key, problem, "give `classes = 10` to all sets or to none"));
            }
        }
        Ok(())
    }

    fn validate_program(&self) -> Result<(), ExperimentError> {
        let addresses = self.program.addresses;
        addresses
            .check()
            .map_err(|error| ExperimentError::value("program.addresses", error.to_string(), "change the count of this space"))?;
        let interface = self.interface();
        let least = interface.least_counts().vectors;
        if addresses.vectors < least {
            let problem = format!(
                "{} vectors are too few for tasks with classes, where v0 to v2 are features, label and prediction",
                addresses.vectors
            );
            return Err(ExperimentError::value("program.addresses", problem, format!("declare at least {least} vectors")));
        }
        for function in ComponentFunction::ALL {
            let key = function_key(function);
            let settings = self.program.function(function);
            between(&format!("{key}.max"), settings.max, 0, MAX_INSTRUCTIONS)?;
            between(&format!("{key}.min"), settings.min, 0, settings.max)?;
            between(&format!("{key}.initial"), settings.initial, settings.min, settings.max)?;
            for op in &settings.ops {
                let op = op.0;
                let lacking = |space: Space, writing: bool| {
                    let least = if writing { interface.first_writable(space) + 1 } else { 1 };
                    (addresses.of(space) < least).then_some((space, least))
                };
                let inputs = op.inputs().iter().find_map(|&space| lacking(space, false));
                if let Some((space, least)) = inputs.or_else(|| op.output().and_then(|space| lacking(space, true))) {
                    return Err(ExperimentError::value(
                        format!("{key}.ops"),
                        format!("{op} needs at least {least} {} addresses", space.word()),
                        "leave it out or raise the count in program.addresses",
                    ));
                }
            }
        }
        Ok(())
    }

    fn validate_search(&self) -> Result<(), ExperimentError> {
        let search = &self.search;
        for &population in search.population.sizes() {
            between("search.population", population, 1, MAX_POPULATION)?;
        }
        between("search.tournament", search.tournament, 1, MAX_TOURNAMENT)?;
        between("search.mutate_prob", search.mutate_prob, 0.0, 1.0)?;
        between("search.islands", search.islands, 1, MAX_ISLANDS)?;
        between("search.side_by_side", search.side_by_side, 1, MAX_ISLANDS / search.islands)?;
        between("search.round", search.round, 1, MAX_INTEGER)?;
        if let Some(individuals) = search.max_individuals {
            between("search.max_individuals", individuals, 1, MAX_INTEGER)?;
        }
        search.mutations.validate()?;
        self.validate_randomized()
    }

    /// What is random at the start, and in random search always.
    fn validate_randomized(&self) -> Result<(), ExperimentError> {
        let search = &self.search;
        let refused = |key: &str, problem: String, remedy: &str| Err(ExperimentError::value(key, problem, remedy));
        for (index, &function) in search.randomize.iter().enumerate() {
            if matches!(search.initial.as_str(), "no-op" | "random") {
                let problem = format!("means nothing where search.initial is \"{}\"", search.initial);
                return refused("search.randomize", problem, "remove it, or start from a program");
            }
            if search.randomize[..index].contains(&function) {
                return refused("search.randomize", format!("has {} twice", function.name()), "name each component function once");
            }
            if self.program.function(function).ops.is_empty() {
                let problem = format!("{} has no ops to be made of", function.name());
                return refused("search.randomize", problem, &format!("list some in {}.ops, or leave it out", function_key(function)));
            }
        }
        if search.method == Method::Random && self.random_functions().iter().all(|&function| self.program.function(function).initial == 0) {
            let problem = "random programs of the initial sizes have no random instruction".to_owned();
            return refused("search.method", problem, "raise program.setup.initial and the like where there are ops, or choose evolution");
        }
        Ok(())
    }

    fn validate_fec(&self) -> Result<(), ExperimentError> {
        let fec = &self.fec;
        between("fec.train", fec.train, 1, MAX_PROBE)?;
        between("fec.valid", fec.valid, 0, MAX_PROBE)?;
        between("fec.capacity", fec.capacity, 1, MAX_CACHE_ENTRIES)?;
        if fec.forget_after < 2 {
            let remedy = "choose 2 or more, or switch the cache off with fec.enabled = false";
            return Err(ExperimentError::value("fec.forget_after", format!("{} lets no entry live", fec.forget_after), remedy));
        }
        Ok(())
    }

    /// Bounds what the search will hold in memory, all islands together.
    fn validate_sizes(&self) -> Result<(), ExperimentError> {
        let islands = self.search.islands * self.search.side_by_side;
        if self.fec.enabled && self.fec.capacity > MAX_CACHE_ENTRIES / islands {
            let problem = format!("{islands} caches of {} entries are too large", self.fec.capacity);
            return Err(ExperimentError::value("fec.capacity", problem, format!("choose at most {}", MAX_CACHE_ENTRIES / islands)));
        }
        if self.memo.enabled && self.memo.capacity > MAX_CACHE_ENTRIES / islands {
            let problem = format!("{islands} memos of {} entries are too large", self.memo.capacity);
            return Err(ExperimentError::value("memo.capacity", problem, format!("choose at most {}", MAX_CACHE_ENTRIES / islands)));
        }
        let longest: usize = ComponentFunction::ALL.iter().map(|&function| self.program.function(function).max).sum();
        let most = MAX_POPULATION_INSTRUCTIONS / islands / longest.max(1);
        let programs = self.search.population.total(self.search.islands).saturating_mul(self.search.side_by_side);
        if programs > most * islands {
            let problem = format!("{islands} populations of {} programs of {longest} instructions are too large", self.search.population);
            return Err(ExperimentError::value("search.population", problem, format!("choose at most {most}, or smaller programs")));
        }
        Ok(())
    }

    fn validate_initial(&self) -> Result<(), ExperimentError> {
        let InitialPopulation::Program(program) = self.initial_population()? else { return Ok(()) };
        let refused = |Misfit { problem, remedy }| ExperimentError::value("search.initial", problem, remedy);
        self.check_program(&program, &self.search.randomize).map_err(refused)
    }

    /// Whether a program can be in a population of this experiment, whatever the sizes of the component functions in `except`.
    pub(crate) fn check_program(&self, program: &Program, except: &[ComponentFunction]) -> Result<(), Misfit> {
        let misfit = |problem: String, remedy: &str| Misfit { problem, remedy: remedy.to_owned() };
        program
            .check_addresses(self.program.addresses)
            .map_err(|error| misfit(error.to_string(), "raise program.addresses or start from another program"))?;
        self.interface()
            .check_outputs(program)
            .map_err(|error| misfit(error.to_string(), "start from a program for tasks with classes, such as \"softmax\""))?;
        for function in ComponentFunction::ALL.into_iter().filter(|function| !except.contains(function)) {
            let settings = self.program.function(function);
            let length = program.function(function).len();
            if length < settings.min || length > settings.max {
                let key = function_key(function);
                return Err(Misfit {
                    problem: format!("{} has {length} instructions", function.name()),
                    remedy: format!("choose {key}.min and {key}.max so that they hold it; they are {} and {}", settings.min, settings.max),
                });
            }
        }
        Ok(())
    }
}

/// Why a program cannot be in a population.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) problem: String,
    remedy: String,
}

const fn function_key(function: ComponentFunction) -> &'static str {
    match function {
        ComponentFunction::Setup => "program.setup",
        ComponentFunction::Predict => "program.predict",
        ComponentFunction::Learn => "program.learn",
    }
}

/// NaN lies between nothing.
fn between<T: PartialOrd + Display>(key: &str, value: T, low: T, high: T) -> Result<(), ExperimentError> {
    if value >= low && value <= high {
        return Ok(());
    }
    Err(ExperimentError::value(key, format!("{value} is not possible"), format!("choose {low} to {high}")))
}
