//! Fresh tasks, in several groups by seed, and the threads that evaluate programs on them.

use std::sync::{Mutex, PoisonError};

use exnihilo_jit::{Backend, EvalError, Evaluator, GroupSettings, Interface, Program, TaskGroup, Worker};
use rayon::prelude::*;

use super::error::BenchmarkError;
use crate::stats::Effect;
use crate::task::{DataCache, SetName, TaskError, TaskSpec, build_group};

/// Tasks that no search sees, one group for each task seed, and threads to evaluate programs on all of them. Fitness values are in the
/// order of the seeds and of the tasks of each, whatever the number of threads.
#[derive(Debug)]
pub struct Benchmark {
    groups: Vec<TaskGroup>,
    interface: Interface,
    evaluator: Evaluator,
    pool: rayon::ThreadPool,
    /// Workers that wait, so that what they have compiled is there for programs that differ in constants.
    idle: Mutex<Vec<Worker>>,
}

impl Benchmark {
    /// The tasks that the command `eval` has with these seeds.
    ///
    /// # Errors
    /// Tasks that cannot be made or are too large together, no seed, threads that cannot be started.
    pub fn new(spec: &TaskSpec, seeds: &[u64], threads: usize, data: &DataCache) -> Result<Benchmark, BenchmarkError> {
        let (&first, rest) = seeds.split_first().ok_or(BenchmarkError::NoTasks)?;
        let make = |seed| build_group(spec, SetName::Eval, seed, 0, data);
        let group = make(first)?;
        // The sets are alike; so all of them are refused when the first is there.
        let limit = GroupSettings::DEFAULT_MEMORY_LIMIT;
        let examples = (group.train_examples() + group.valid_examples()) * group.tasks().len();
        let needed = 8 * examples as u128 * (group.features() as u128 + 1) * seeds.len() as u128;
        if needed > limit as u128 {
            return Err(BenchmarkError::Memory { seeds: seeds.len(), needed, limit });
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let rest: Vec<Result<TaskGroup, TaskError>> = pool.install(|| rest.par_iter().map(|&seed| make(seed)).collect());
        let groups = std::iter::once(Ok(group)).chain(rest).collect::<Result<_, _>>()?;
        Ok(Benchmark::with_pool(groups, pool))
    }

    /// These tasks.
    ///
    /// # Errors
    /// No tasks, threads that cannot be started.
    ///
    /// # Panics
    /// If the groups have different interfaces.
    pub fn of_groups(groups: Vec<TaskGroup>, threads: usize) -> Result<Benchmark, BenchmarkError> {
        if groups.is_empty() {
            return Err(BenchmarkError::NoTasks);
        }
        Ok(Benchmark::with_pool(groups, rayon::ThreadPoolBuilder::new().num_threads(threads).build()?))
    }

    fn with_pool(groups: Vec<TaskGroup>, pool: rayon::ThreadPool) -> Benchmark {
        let interface = groups[0].interface();
        assert!(groups.iter().all(|group| group.interface() == interface), "tasks of one kind");
        Benchmark { groups, interface, evaluator: Evaluator::new(Backend::Auto), pool, idle: Mutex::default() }
    }

    /// The same with programs executed on `backend`, which never changes results. Otherwise each is compiled where that pays for it alone:
    /// for many that differ in constants only, which share their code, [`Backend::Jit`] is faster.
    #[must_use]
    pub fn on_backend(self, backend: Backend) -> Benchmark {
        Benchmark { evaluator: Evaluator::new(backend), idle: Mutex::default(), ..self }
    }

    /// The tasks, a group for each seed.
    pub fn groups(&self) -> &[TaskGroup] {
        &self.groups
    }

    /// How many tasks there are in all.
    pub fn tasks(&self) -> usize {
        self.groups.iter().map(|group| group.tasks().len()).sum()
    }

    /// The addresses through which programs meet the tasks.
    pub const fn interface(&self) -> Interface {
        self.interface
    }

    /// The fitness of a program on every task.
    ///
    /// # Errors
    /// A program whose memory would pass the limit, or that writes a label.
    pub fn fitness(&self, program: &Program) -> Result<Vec<f64>, EvalError> {
        let mut all = self.fitness_of(std::slice::from_ref(program))?;
        Ok(all.pop().expect("one for each program"))
    }

    /// The fitness of several programs on every task, side by side.
    ///
    /// # Errors
    /// As [`Benchmark::fitness`], of the first such program.
    pub fn fitness_of(&self, programs: &[Program]) -> Result<Vec<Vec<f64>>, EvalError> {
        let groups = self.groups.len();
        let on_groups: Vec<Result<Vec<f64>, EvalError>> = self.pool.install(|| {
            let one = |pair: usize| self.evaluate(&programs[pair / groups], &self.groups[pair % groups]);
            (0..programs.len() * groups).into_par_iter().map(one).collect()
        });
        let mut all = vec![Vec::with_capacity(self.tasks()); programs.len()];
        for (pair, fitness) in on_groups.into_iter().enumerate() {
            all[pair / groups].append(&mut fitness?);
        }
        Ok(all)
    }

    /// What a change does: `original` is what [`Benchmark::fitness`] gives for the program before it.
    ///
    /// # Errors
    /// As [`Benchmark::fitness`].
    ///
    /// # Panics
    /// If `original` is not one value a task.
    pub fn effect(&self, original: &[f64], changed: &Program) -> Result<Effect, EvalError> {
        Ok(Effect::of(original, &self.fitness(changed)?))
    }

    /// What each of several changes does, side by side, as [`Benchmark::effect`].
    ///
    /// # Errors
    /// As [`Benchmark::fitness`], of the first such program.
    ///
    /// # Panics
    /// As [`Benchmark::effect`].
    pub fn effects(&self, original: &[f64], changed: &[Program]) -> Result<Vec<Effect>, EvalError> {
        Ok(self.fitness_of(changed)?.iter().map(|changed| Effect::of(original, changed)).collect())
    }

    fn evaluate(&self, program: &Program, group: &TaskGroup) -> Result<Vec<f64>, EvalError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut worker = waiting.unwrap_or_else(|| self.evaluator.worker());
        let fitness = worker.evaluate(program, group).map(|evaluation| evaluation.task_fitness.clone());
        idle().push(worker);
        fitness
    }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::{Combine, known_program};

    use super::super::Tuner;
    use super::*;
    use crate::ablation::{Line, without};
    use crate::stats::mean;
    use crate::task::TaskKind;

    fn spec() -> TaskSpec {
        TaskSpec { train: Some(60), valid: Some(10), tasks: 3, ..TaskSpec::new(TaskKind::Affine) }
    }

    fn benchmark(seeds: &[u64], threads: usize) -> Benchmark {
        Benchmark::new(&spec(), seeds, threads, &DataCache::new()).expect("small tasks")
    }

    #[test]
    fn fitness_is_that_of_eval_in_the_order_of_seeds_and_tasks_on_any_threads() {
        let program = known_program("affine").expect("a known name");
        let mut expected = Vec::new();
        for seed in [7, 3] {
            let group = build_group(&spec(), SetName::Eval, seed, 0, &DataCache::new()).expect("small tasks");
            let mut worker = Evaluator::new(Backend::Oracle).worker();
            let evaluation = worker.evaluate(&program, &group).expect("a small program");
            assert_eq!(mean(&evaluation.task_fitness), evaluation.fitness(Combine::Mean));
            expected.extend_from_slice(&evaluation.task_fitness);
        }
        for threads in [1, 3] {
            let benchmark = benchmark(&[7, 3], threads);
            assert_eq!((benchmark.tasks(), benchmark.groups().len(), benchmark.interface()), (6, 2, Interface::Number));
            let programs = [program.clone(), Program::default(), program.clone()];
            let all = benchmark.fitness_of(&programs).expect("small programs");
            assert_eq!((&all[0], &all[2]), (&expected, &expected));
            assert_ne!(all[1], expected);
            assert_eq!(benchmark.fitness(&program), Ok(expected.clone()));
        }
    }

    #[test]
    fn programs_that_differ_in_constants_only_share_their_code() {
        if exnihilo_jit::no_native_code().is_some() {
            return;
        }
        let benchmark = benchmark(&[1, 2, 3], 2).on_backend(Backend::Jit);
        let compiled = |benchmark: &Benchmark| -> u64 {
            benchmark.idle.lock().expect("no evaluation panicked").iter().map(|worker| worker.counters().compiled).sum()
        };
        let program = known_program("affine").expect("a known name");
        let tuned = Tuner::new(&benchmark, 200, 1).tune(&program, |_| {}).expect("a small program");
        assert!((1..=2).contains(&compiled(&benchmark)), "once a worker: {}", compiled(&benchmark));
        benchmark.fitness(&known_program("linear").expect("a known name")).expect("a small program");
        assert!(compiled(&benchmark) > 1, "another program is other code");
        let interpreted = Tuner::new(&self::benchmark(&[1, 2, 3], 1).on_backend(Backend::Interp), 200, 1).tune(&program, |_| {});
        assert_eq!(interpreted, Ok(tuned));
    }

    #[test]
    fn changes_have_the_effect_of_their_programs() {
        let program = known_program("affine").expect("a known name");
        let benchmark = benchmark(&[0, 1], 2);
        let original = benchmark.fitness(&program).expect("a small program");
        let changed: Vec<Program> = Line::all(&program).map(|(line, _)| without(&program, &[line])).collect();
        let effects = benchmark.effects(&original, &changed).expect("small programs");
        assert_eq!(benchmark.effect(&original, &changed[0]), Ok(effects[0]));
        assert_eq!(benchmark.effect(&original, &program), Ok(Effect { mean: 0.0, low: 0.0, high: 0.0 }));
        for (effect, changed) in effects.iter().zip(&changed) {
            let difference = mean(&benchmark.fitness(changed).expect("a small program")) - mean(&original);
            assert!((effect.mean - difference).abs() < 1e-12 && effect.low <= effect.mean && effect.mean <= effect.high, "{effect:?}");
        }
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        let refusal =
            |spec: &TaskSpec, seeds: &[u64]| Benchmark::new(spec, seeds, 1, &DataCache::new()).expect_err("it is refused").to_string();
        assert!(refusal(&spec(), &[]).contains("at least one seed"));
        assert!(refusal(&TaskSpec { train: Some(0), ..spec() }, &[1]).contains("`train` is 0"));
        let large = TaskSpec { features: Some(64), train: Some(100_000), valid: Some(1), tasks: 1, ..TaskSpec::new(TaskKind::Linear) };
        assert!(refusal(&large, &(0..100).collect::<Vec<_>>()).contains("the examples of 100 sets of tasks"));
        let writes_label: Program = "def Learn():\n  v1 = v0 + v0\n".parse().expect("a program");
        let classes = TaskSpec { classes: Some(10), tasks: 1, ..TaskSpec::new(TaskKind::Digits) };
        let benchmark = Benchmark::new(&classes, &[1], 1, &DataCache::new()).expect("small tasks");
        assert!(benchmark.fitness(&writes_label).is_err());
    }
}
