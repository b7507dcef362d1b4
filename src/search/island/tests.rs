//! What an island does with an evaluation that the oracle does not confirm.

use std::num::NonZeroU64;

use exnihilo_jit::Backend;

use super::*;
use crate::search::checks::Checks;
use crate::search::memo::KnownRun;
use crate::search::migration::Exchange;
use crate::search::milestones::Milestone;
use crate::task::{DataCache, SetName, build_group};

impl Island {
    /// Makes the memo say of a program what is not so. True fitness values are below 1 on tasks of regression, and above 0 where
    /// nothing stops early.
    pub(in crate::search) fn poison_memo(&mut self, program: &Program, wrong: KnownRun) {
        self.scorer.poison_memo(program, wrong);
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
    let checks = Arc::new(Checks::new(rate, 0, 0));
    (island_of(&experiment, backend, &checks, Arc::new(Exchange::new(1)), 0), checks)
}

/// Island number `number` of an experiment.
fn island_of(experiment: &Experiment, backend: Backend, checks: &Arc<Checks>, exchange: Arc<Exchange>, number: usize) -> Island {
    experiment.validate().expect("a valid experiment");
    let settings = Arc::new(IslandSettings::new(experiment).expect("a valid experiment"));
    let task_set = number % experiment.tasks.search.len();
    let group = build_group(&experiment.tasks.search[task_set], SetName::Search, 0, 0, &DataCache::new()).expect("small tasks");
    let place = IslandPlace {
        tasks: Arc::new(SearchTasks::new(group, settings.first_tasks())),
        task_set,
        evaluator: &Evaluator::new(backend),
        checks: IslandChecks::new(Arc::clone(checks), 0, number as u64),
        exchange,
        id: IslandId { seed: 0, experiment: 0, island: number as u64 },
    };
    Island::new(settings, place)
}

fn go_on(island: &mut Island, individuals: u64) -> Result<(), SearchError> {
    island.set_pass(Pass { goal: individuals, last_step: u64::MAX });
    island.advance(&Halt::new(Arc::default()))
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

/// Simplified, answered by memo, probed, run on: the oracle confirms all of it. FEC answers are not checked.
#[test]
fn an_honest_search_is_confirmed() {
    for backend in [Backend::Interp, Backend::Auto] {
        let (mut island, checks) = island(backend, true, 1.0);
        go_on(&mut island, 2_000).expect("no difference");
        assert_eq!(checks.confirmed(), 2_000 - island.fec_hits());
        assert!(checks.confirmed() > 100 && island.child.function(ComponentFunction::Setup).len() == 10);
    }
}

/// Two islands of random programs that are only copied: what one has of the other came by migration.
#[test]
fn half_of_a_population_is_replaced_by_what_all_islands_published_two_rounds_before() {
    let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    for (key, value) in [
        ("search.population", "20"),
        ("search.mutate_prob", "0"),
        ("search.islands", "2"),
        ("migration.every", "30"),
        ("tasks.search.tasks", "2"),
        ("tasks.search.train", "10"),
    ] {
        experiment.set(key, value).expect("a known key");
    }
    let (exchange, checks) = (Arc::new(Exchange::new(2)), Arc::new(Checks::new(0.0, 0, 0)));
    let mut islands = [0, 1].map(|number| island_of(&experiment, Backend::Interp, &checks, Arc::clone(&exchange), number));
    let programs = |island: &Island| (0..20).map(|age| island.population.get(age).0.clone()).collect::<Vec<_>>();
    let natives = |island: &mut Island| {
        go_on(island, 20).expect("no difference");
        programs(island)
    };
    let [first, second] = &mut islands;
    let (of_first, of_second) = (natives(first), natives(second));
    for island in [&mut *first, &mut *second] {
        go_on(island, 60).expect("no difference");
    }
    assert!(programs(first).iter().all(|program| of_first.contains(program)), "two rounds without exchange");
    first.begin_round().expect("no difference");
    let foreign = programs(first).iter().filter(|program| of_second.contains(program)).count();
    assert!((1..=10).contains(&foreign), "{foreign} of 10 that were drawn from both");
    assert!(programs(first).iter().all(|program| of_first.contains(program) || of_second.contains(program)));
    second.begin_round().expect("no difference");
    let foreign = programs(second).iter().filter(|program| of_first.contains(program)).count();
    assert!((1..=10).contains(&foreign), "{foreign} of 10 that were drawn from both");
    assert!(programs(second).iter().all(|program| of_first.contains(program) || of_second.contains(program)));
}

/// The programs of a search, in order, and the mean fitness of the population at its end.
fn programs(settings: &[(&str, &str)], count: u64) -> (Vec<Program>, f64) {
    let mut experiment = Experiment::preset("fig4-linear").expect("a built-in preset");
    for (key, value) in [("search.population", "50"), ("tasks.search.tasks", "2"), ("tasks.search.train", "20")].iter().chain(settings) {
        experiment.set(key, value).expect("a known key");
    }
    experiment.validate().expect("a valid experiment");
    let checks = Arc::new(Checks::new(0.0, 0, 0));
    let mut island = island_of(&experiment, Backend::Interp, &checks, Arc::new(Exchange::new(1)), 0);
    let programs = (0..count).map(|_| {
        let scored = island.try_child().expect("no difference");
        let program = island.child().clone();
        island.add_child(scored);
        program
    });
    let programs = programs.collect();
    (programs, island.population.mean_fitness().expect("there are programs"))
}

#[test]
fn random_search_makes_every_program_anew() {
    let (random, _) = programs(&[("search.method", "random")], 500);
    let (evolved, _) = programs(&[], 500);
    assert_eq!(random[..50], evolved[..50], "the first population is the same");
    let distinct = |programs: &[Program]| programs.iter().map(ToString::to_string).collect::<std::collections::HashSet<_>>().len();
    assert_eq!(distinct(&random), 500);
    assert!(distinct(&evolved) < 500, "a tenth of the children are copies");
    let lengths = |program: &Program| ComponentFunction::ALL.map(|function| program.function(function).len());
    assert!(random.iter().all(|program| lengths(program) == [5, 1, 4]));
}

#[test]
fn local_search_mutates_but_does_not_select() {
    let (_, evolution) = programs(&[], 3_000);
    let (programs, local) = programs(&[("search.method", "local")], 3_000);
    // A child shares most instructions with one of the population, its parent.
    let shared = |a: &Program, b: &Program| a.instructions().iter().zip(b.instructions()).filter(|(a, b)| a == b).count();
    for at in (100..3_000).step_by(97) {
        assert!(programs[at - 50..at].iter().any(|parent| shared(parent, &programs[at]) >= 5), "individual {at} has no parent");
    }
    assert!(local + 0.02 < evolution, "without selection fitness does not rise: {local} against {evolution}");
}

#[test]
fn named_functions_are_random_at_the_start_and_the_others_given() {
    let start = [
        ("search.initial", "def Setup():\n  s2 = 0.5\ndef Predict():\n  s1 = dot(v0, v1)\n"),
        ("search.randomize", "[\"learn\"]"),
        ("program.setup", "{ max = 1 }"),
        ("program.predict", "{ max = 1 }"),
    ];
    for (method, all) in [("evolution", false), ("random", true)] {
        let (programs, _) = programs(&[&start[..], &[("search.method", method)]].concat(), 200);
        let learns: std::collections::HashSet<String> = programs[..50].iter().map(ToString::to_string).collect();
        assert_eq!(learns.len(), 50);
        for program in &programs {
            let text = program.to_string();
            assert!(text.starts_with("def Setup():\n  s2 = 0.5\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n"), "{text}");
            assert_eq!(program.function(ComponentFunction::Learn).len(), 4);
        }
        let distinct = programs.iter().map(ToString::to_string).collect::<std::collections::HashSet<_>>().len();
        assert_eq!(distinct == 200, all, "{method}");
    }
}

/// Two islands on other tasks: what one has of the other is scored anew.
#[test]
fn migrants_from_other_tasks_are_scored_on_these() {
    let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    let other = experiment.tasks.search[0].clone();
    experiment.tasks.search.push(crate::task::TaskSpec { features: Some(3), tasks: 2, ..other });
    for (key, value) in [("search.population", "20"), ("search.mutate_prob", "0"), ("search.islands", "2"), ("migration.every", "30")] {
        experiment.set(key, value).expect("a known key");
    }
    let (exchange, checks) = (Arc::new(Exchange::new(2)), Arc::new(Checks::new(1.0, 0, 0)));
    let mut islands = [0, 1].map(|number| island_of(&experiment, Backend::Interp, &checks, Arc::clone(&exchange), number));
    for island in &mut islands {
        go_on(island, 60).expect("no difference");
    }
    for number in [0, 1] {
        let island = &mut islands[number];
        let steps = island.train_steps;
        go_on(island, 61).expect("no difference");
        let [tasks, examples] = [[10, 100], [2, 100]][number];
        assert!(island.train_steps > steps + tasks * examples, "more than the one child ran");
        let group = build_group(&experiment.tasks.search[number], SetName::Search, 0, 0, &DataCache::new()).expect("small tasks");
        let mut worker = Evaluator::new(Backend::Oracle).worker();
        for age in 0..20 {
            let (program, score) = island.population.get(age);
            let fitness = worker.evaluate(program, &group).expect("a small program").fitness(Combine::Mean);
            assert!((score.fitness - fitness).abs() < 1e-12, "FEC finds no two programs alike among so few");
        }
    }
}

/// An island of 50 programs that evolve, unchecked.
fn evolving() -> Island {
    let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    experiment.set("search.population", "50").expect("a known key");
    let checks = Arc::new(Checks::new(0.0, 0, 0));
    island_of(&experiment, Backend::Interp, &checks, Arc::new(Exchange::new(1)), 0)
}

/// Every improvement names its parent, and the first have none.
#[test]
fn improvements_tell_where_they_come_from() {
    let mut island = evolving();
    let mut programs = std::collections::HashSet::new();
    let mut improvements = Vec::new();
    for _ in 0..5_000 {
        let scored = island.try_child().expect("no difference");
        let child = ProgramHash::of(island.child()).to_string();
        island.add_child(scored);
        for improvement in island.take_improvements().collect::<Vec<_>>() {
            assert_eq!(ProgramHash::of(&improvement.milestone.program).to_string(), child);
            let is_start = improvement.milestone.individual < 50;
            assert_eq!((improvement.milestone.origin == Origin::Start, improvement.parent.is_none()), (is_start, is_start));
            assert!(improvement.parent.is_none_or(|parent| programs.contains(&parent.to_string())), "a program seen before");
            improvements.push(improvement);
        }
        programs.insert(child);
    }
    let rises = |one: &Milestone, two: &Milestone| one.fitness < two.fitness && one.individual < two.individual;
    assert!(improvements.len() > 5 && improvements.is_sorted_by(|one, two| rises(&one.milestone, &two.milestone)));
    let best = island.best().expect("a best program");
    assert_eq!(improvements.last().map(|last| (last.milestone.fitness, last.milestone.individual)), Some((best.fitness, best.individual)));
    let famous: Vec<_> = island.hall().programs().collect();
    assert!(famous.iter().any(|famous| famous.fitness == best.fitness) && famous.len() > 3);
    assert!(famous.iter().all(|famous| exnihilo_jit::simplify(&famous.program).instructions().len() == famous.size));
}

/// What an improvement says it descends from is what it does descend from, of all programs ever made.
#[test]
fn milestones_are_the_ancestors_that_were_better_than_theirs() {
    let mut island = evolving();
    // Of every individual: its parent, its fitness, and whether it is a mutation.
    let mut all: Vec<(Option<u64>, f64, bool)> = Vec::new();
    let mut improvements = 0;
    for individual in 0..20_000 {
        let scored = island.try_child().expect("no difference");
        // The oldest of the 50 in the queue was made 50 children before.
        let parent = island.parent.map(|age| individual - 50 + age as u64);
        all.push((parent, scored.score.fitness, matches!(island.origin, Origin::Mutation(_))));
        island.add_child(scored);
        let Some(improvement) = island.take_improvements().next() else { continue };
        improvements += 1;
        // From the last back to the first, each with the mutations between.
        let mut line = vec![(individual, 0)];
        let mut ancestor = individual;
        let mut mutations = 0;
        let better_than_theirs = |individual: u64| {
            let ancestors = std::iter::successors(all[individual as usize].0, |&ancestor| all[ancestor as usize].0);
            ancestors.into_iter().all(|ancestor| all[ancestor as usize].1 < all[individual as usize].1)
        };
        while let (Some(parent), _, is_mutation) = all[ancestor as usize] {
            mutations += u32::from(is_mutation);
            if better_than_theirs(parent) {
                line.last_mut().expect("it has the last").1 = std::mem::take(&mut mutations);
                line.push((parent, 0));
            }
            ancestor = parent;
        }
        let told = std::iter::successors(Some(&*improvement.milestone), |milestone| milestone.before());
        let told: Vec<_> = told.inspect(|told| assert_eq!(told.fitness, all[told.individual as usize].1)).collect();
        assert_eq!(told.iter().map(|told| (told.individual, told.mutations)).collect::<Vec<_>>(), line);
    }
    assert!(improvements > 10, "{improvements}");
    let made = island.milestones.made();
    assert!(made < 3_000, "a milestone is rare: {made} of 20000");
}
