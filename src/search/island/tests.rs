//! What an island does with an evaluation that the oracle does not confirm.

use exnihilo_jit::{Backend, known_program};

use super::*;
use crate::search::checks::Checks;
use crate::task::{DataCache, SetName, build_group};

impl Island {
    /// Makes the memo say of a program what is not so. True fitness values are below 1 on tasks of regression, and above 0 where
    /// nothing stops early.
    pub(in crate::search) fn poison_memo(&mut self, program: &Program, wrong: KnownRun) {
        let key = self.worker.canonical_key(program, &self.group).expect("a small program");
        self.memo.as_mut().expect("the memo is enabled").insert(key, Known { probe: None, run: Some(wrong) });
    }

    /// The program that every initial individual is.
    pub(in crate::search) fn first_program(&self) -> Program {
        assert!(self.settings.random.is_empty());
        self.settings.start.clone()
    }
}

pub(in crate::search) const WRONG: KnownRun = KnownRun { fitness: 1.0, train_steps: NonZeroU64::MIN };

/// An island of empty programs, and the checks of its run.
fn island(backend: Backend, fec: bool, rate: f64) -> (Island, Arc<Checks>) {
    let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    for (key, value) in [("search.initial", "no-op"), ("search.population", "50"), ("tasks.search.tasks", "3")] {
        experiment.set(key, value).expect("a known key");
    }
    experiment.fec.enabled = fec;
    let settings = Arc::new(IslandSettings::new(&experiment).expect("a valid experiment"));
    let group = build_group(&experiment.tasks.search, SetName::Search, 0, 0, &DataCache::new()).expect("small tasks");
    let checks = Arc::new(Checks::new(rate, 0));
    let island_checks = IslandChecks::new(Arc::clone(&checks), 0, 0);
    (Island::new(settings, Arc::new(group), &Evaluator::new(backend), island_checks, [0; 3]), checks)
}

fn go_on(island: &mut Island, individuals: u64) -> Result<(), SearchError> {
    island.advance(individuals, u64::MAX, &Halt::new(Arc::default()))
}

#[test]
fn a_wrong_memo_value_ends_the_search_and_enters_nothing() {
    for fec in [true, false] {
        let (mut island, checks) = island(Backend::Interp, fec, 1.0);
        island.poison_memo(&island.first_program(), WRONG);
        let Err(SearchError::Difference(difference)) = go_on(&mut island, 10) else { panic!("FEC {fec}: not noticed") };
        assert_eq!((difference.subject, difference.found.fitness), ("memo", 1.0));
        assert!(difference.expected.fitness < 1.0 && difference.expected.train_steps == 300, "{difference}");
        assert_eq!(difference.program, island.first_program());
        assert_eq!((island.individuals(), island.population.mean_fitness()), (0, None), "no population has it");
        assert!(island.best().is_none() && checks.confirmed() == 0);
        // FEC does not have it either: with an honest memo the same child gets the true fitness.
        let truth = difference.expected;
        let steps = NonZeroU64::new(truth.train_steps).expect("300");
        island.poison_memo(&difference.program, KnownRun { fitness: truth.fitness, train_steps: steps });
        go_on(&mut island, 1).expect("the truth is confirmed");
        assert_eq!((island.population.mean_fitness(), checks.confirmed()), (Some(truth.fitness), 1));
    }
}

/// Without the check the wrong value comes through: it is the check that finds it.
#[test]
fn a_wrong_memo_value_outside_the_share_is_believed() {
    let (mut island, checks) = island(Backend::Interp, true, 0.0);
    island.poison_memo(&island.first_program(), WRONG);
    go_on(&mut island, 1).expect("nobody looks");
    assert_eq!((island.population.mean_fitness(), checks.confirmed()), (Some(1.0), 0));
}

#[test]
fn wrong_steps_alone_are_a_difference() {
    let (mut island, _) = island(Backend::Interp, false, 1.0);
    go_on(&mut island, 1).expect("nothing is wrong yet");
    let fitness = island.best().expect("one program").fitness;
    island.poison_memo(&island.first_program(), KnownRun { fitness, train_steps: NonZeroU64::MIN });
    let Err(SearchError::Difference(difference)) = go_on(&mut island, 2) else { panic!("not noticed") };
    assert_eq!(difference.found.fitness.to_bits(), difference.expected.fitness.to_bits());
    assert_eq!((difference.found.train_steps, difference.expected.train_steps, island.individuals()), (1, 300, 1));
}

/// A backend that runs another program than it should, as a broken one might.
#[test]
fn a_wrong_run_is_not_remembered() {
    for backend in [Backend::Interp, Backend::Jit, Backend::Oracle] {
        let (mut island, _) = island(backend, true, 1.0);
        let program = island.first_program();
        let Island { worker, group, checks, .. } = &mut island;
        worker.prepare(&known_program("linear").expect("a known program"), group).expect("a small program");
        let mut candidate = Candidate { program: &program, individual: 0, worker, group, checks, known: Known::default(), prepared: true };
        let difference = candidate.run(Combine::Mean).expect_err("two programs with two fitness values");
        assert_eq!(candidate.known, Known::default());
        assert!(difference.subject != "memo" && difference.found.fitness > difference.expected.fitness, "{difference}");
        assert!(difference.detail.starts_with("3 of 3 tasks differ, first task 0: "), "{difference}");
        assert_eq!(difference.cases.len(), 1);
    }
}

/// Simplified, answered by memo, probed, run on: the oracle confirms all of it. FEC answers are not checked.
#[test]
fn an_honest_search_is_confirmed() {
    for backend in [Backend::Interp, Backend::Auto] {
        let (mut island, checks) = island(backend, true, 1.0);
        go_on(&mut island, 2_000).expect("no difference");
        let fec = island.fec.as_ref().expect("FEC is enabled");
        assert_eq!(checks.confirmed(), 2_000 - fec.hits());
        assert!(checks.confirmed() > 100 && island.child.function(ComponentFunction::Setup).len() == 10);
    }
}
