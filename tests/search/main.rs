//! Whole searches in small: what decides their results, what ends them, and what they count.

mod resume;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use exnihilo::experiment::Experiment;
use exnihilo::search::{Checkpoint, Outcome, Progress, Report, Search, SearchError, SearchOptions, StoppedBy, TasksInMemory};
use exnihilo::task::{DataCache, SetName, build_group};
use exnihilo_jit::{Examples, GroupSettings, Scoring, Task, TaskGroup};

/// The linear preset in small: 3 experiments of 2 islands side by side, no target.
fn small() -> Experiment {
    let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    for (key, value) in [
        ("search.population", "40"),
        ("search.tournament", "4"),
        ("search.islands", "2"),
        ("search.side_by_side", "3"),
        ("search.round", "150"),
        ("search.max_individuals", "700"),
        ("fec.capacity", "100"),
        ("tasks.search.tasks", "2"),
        ("tasks.search.train", "20"),
        ("tasks.search.valid", "20"),
        ("tasks.select.tasks", "2"),
        ("tasks.select.train", "20"),
        ("tasks.select.valid", "20"),
        ("tasks.final.tasks", "2"),
        ("tasks.final.train", "20"),
        ("tasks.final.valid", "20"),
    ] {
        experiment.set(key, value).expect("a known key");
    }
    experiment.target = None;
    experiment
}

fn individuals(most: u64) -> SearchOptions {
    SearchOptions { threads: 1, max_individuals: Some(most), ..SearchOptions::default() }
}

fn run(experiment: &Experiment, seed: u64, options: SearchOptions) -> Outcome {
    let search = Search::new(experiment.clone(), seed, options).expect("a valid search");
    search.run(|_| {}).expect("a search that ends")
}

/// Hears of progress alone.
fn on_progress(mut hear: impl FnMut(&Progress) + Send) -> impl FnMut(Report<'_>) + Send {
    move |report| {
        if let Report::Progress(progress) = report {
            hear(progress);
        }
    }
}

/// All that must not depend on time, threads, luck or checks.
fn result(outcome: &Outcome) -> (String, [u64; 8]) {
    let bits = |fitness: f64| fitness.to_bits();
    let numbers = [
        outcome.experiment,
        bits(outcome.search_fitness),
        bits(outcome.true_fitness),
        bits(outcome.select_fitness),
        outcome.final_fitness.map_or(0, bits),
        outcome.counts.individuals,
        outcome.counts.train_steps,
        outcome.counts.fec_hits,
    ];
    (outcome.program.to_string(), numbers)
}

#[test]
fn results_do_not_depend_on_threads_and_repeat() {
    let experiment = small();
    let reference = result(&run(&experiment, 1, individuals(3_001)));
    for threads in [1, 2, 4] {
        let options = SearchOptions { threads, ..individuals(3_001) };
        assert_eq!(result(&run(&experiment, 1, options)), reference, "{threads} threads");
    }
    assert_ne!(result(&run(&experiment, 2, individuals(3_001))), reference, "another seed, another search");
    let mut other_tasks = experiment;
    other_tasks.tasks.seed = Some(77);
    assert_ne!(result(&run(&other_tasks, 1, individuals(3_001))), reference, "other tasks, another search");
}

#[test]
fn islands_exchange_programs_the_same_on_all_threads() {
    let mut experiment = small();
    for (key, value) in
        [("search.islands", "3"), ("search.max_individuals", "3000"), ("search.side_by_side", "2"), ("migration.every", "70")]
    {
        experiment.set(key, value).expect("a known key");
    }
    let reference = result(&run(&experiment, 1, individuals(5_003)));
    for threads in [2, 3, 5] {
        assert_eq!(result(&run(&experiment, 1, SearchOptions { threads, ..individuals(5_003) })), reference, "{threads} threads");
    }
    // The round between two looks at the select tasks ends where no round of migration does; it is not what decides.
    experiment.set("search.round", "211").expect("a known key");
    let steps = |experiment: &Experiment| run(experiment, 1, individuals(5_003)).counts.train_steps;
    assert_eq!(steps(&experiment), reference.1[6], "the same children");
    for (key, value) in [("migration.every", "71"), ("migration.share", "0.25"), ("migration.enabled", "false")] {
        let mut other = experiment.clone();
        other.set(key, value).expect("a known key");
        assert_ne!(steps(&other), reference.1[6], "{key} decides");
    }
}

#[test]
fn individuals_are_exact() {
    let mut experiment = small();
    for most in [1, 2, 5, 7, 449, 451, 2_100, 2_101, 4_999] {
        let outcome = run(&experiment, 3, individuals(most));
        assert_eq!((outcome.counts.individuals, outcome.stopped_by), (most, StoppedBy::Individuals));
        assert_eq!(outcome.experiments, 3 * (most - 1).div_euclid(2_100) + 3, "batches of 3 experiments of 700 individuals");
    }
    experiment.set("search.side_by_side", "8").expect("a known key");
    experiment.set("search.islands", "3").expect("a known key");
    for most in [3, 1_001, 3_333] {
        assert_eq!(run(&experiment, 3, individuals(most)).counts.individuals, most);
    }
}

#[test]
fn a_longer_run_begins_as_the_shorter_one() {
    let mut experiment = small();
    experiment.set("search.side_by_side", "1").expect("a known key");
    let bests = [300, 600].map(|most| run(&experiment, 4, individuals(most)).search_fitness);
    assert!(bests[1] >= bests[0], "{bests:?}");
}

#[test]
fn the_first_round_with_a_program_that_passes_ends_the_run() {
    let mut experiment = small();
    experiment.target = Some(0.0);
    let outcome = run(&experiment, 5, individuals(100_000));
    assert!(outcome.reached_target);
    assert_eq!(outcome.stopped_by, StoppedBy::Target);
    assert_eq!((outcome.experiment, outcome.counts.individuals), (0, 450), "the lowest number wins; all three finish the round");
    let options = SearchOptions { target: Some(1.0), ..individuals(2_000) };
    assert!(!run(&experiment, 5, options).reached_target, "the option's target counts");
}

#[test]
fn training_steps_are_limited_the_same_on_all_threads() {
    let experiment = small();
    let limited = |threads| {
        let options = SearchOptions { threads, max_train_steps: Some(20_000), ..SearchOptions::default() };
        run(&experiment, 6, options)
    };
    let outcome = limited(1);
    assert_eq!(outcome.stopped_by, StoppedBy::TrainSteps);
    // Beyond the limit by less than one child, 2 tasks of 20 examples, on each of 6 islands.
    assert!((20_000..20_000 + 6 * 40).contains(&outcome.counts.train_steps), "{}", outcome.counts.train_steps);
    assert_eq!(result(&limited(4)), result(&outcome));
}

#[test]
fn a_stop_ends_the_search_at_the_next_child() {
    let stop = Arc::new(AtomicBool::new(false));
    let options = SearchOptions { threads: 2, stop: Arc::clone(&stop), ..SearchOptions::default() };
    let search = Search::new(small(), 7, options.clone()).expect("a valid search");
    let outcome = search.run(on_progress(|progress| stop.store(progress.counts.individuals > 0, Ordering::Relaxed))).expect("a result");
    assert_eq!(outcome.stopped_by, StoppedBy::Interrupt);
    assert!(outcome.counts.individuals > 0);
    let before = Search::new(small(), 7, options).expect("a valid search").run(|_| {});
    assert!(matches!(before, Err(SearchError::NothingEvaluated)), "the flag was set from the start");
    let options = SearchOptions { max_seconds: Some(1e-9), ..individuals(u64::MAX) };
    match Search::new(small(), 7, options).expect("a valid search").run(|_| {}) {
        Ok(outcome) => assert_eq!(outcome.stopped_by, StoppedBy::Seconds),
        Err(error) => assert!(matches!(error, SearchError::NothingEvaluated)),
    }
}

#[test]
fn progress_adds_up() {
    let last = std::sync::Mutex::new(Progress::default());
    let calls = AtomicU64::new(0);
    let options = SearchOptions { verify: 0.2, ..individuals(2_500) };
    let search = Search::new(small(), 8, options).expect("a valid search");
    let outcome = search
        .run(on_progress(|progress| {
            let mut last = last.lock().expect("no panic in a report");
            assert!(progress.counts.individuals >= last.counts.individuals && progress.counts.train_steps >= last.counts.train_steps);
            *last = progress.clone();
            calls.fetch_add(1, Ordering::Relaxed);
        }))
        .expect("a result");
    let last = last.lock().expect("no panic in a report");
    assert!(calls.into_inner() >= 6, "one report a round at least: 5 rounds of the first batch, 1 of the second");
    assert_eq!(
        (last.counts.individuals, last.counts.train_steps, last.counts.fec_hits),
        (2_500, outcome.counts.train_steps, outcome.counts.fec_hits)
    );
    assert_eq!(last.counts.tiers, outcome.counts.tiers);
    assert_eq!(last.verified + 3, outcome.verified, "the reported program's come last");
    assert_eq!(last.experiments, 6);
    assert!(last.counts.fec_hits > 0 && last.counts.tiers.structural > 0, "exact copies are known");
    let (best, mean) = (last.best_fitness.expect("programs"), last.mean_fitness.expect("programs"));
    assert!(best >= mean && best >= outcome.search_fitness);
}

#[test]
fn without_equivalence_checking_the_search_fitness_is_the_true_one() {
    let mut experiment = small();
    experiment.set("fec.enabled", "false").expect("a known key");
    let outcome = run(&experiment, 9, individuals(1_500));
    assert_eq!(outcome.counts.fec_hits, 0);
    assert_eq!(outcome.search_fitness.to_bits(), outcome.true_fitness.to_bits());
}

/// The memo of canonical forms is pure: with it, without it and with any capacity the search is the same.
#[test]
fn the_memo_changes_nothing_but_speed() {
    for fec in ["true", "false"] {
        for preset in ["linear", "digits"] {
            let mut experiment = small();
            if preset == "digits" {
                // Random ops, matrices and the sigmoid; programs that grow from nothing.
                experiment = Experiment::preset(preset).expect("a built-in preset");
                for (key, value) in [
                    ("search.population", "50"),
                    ("tasks.search.tasks", "2"),
                    ("tasks.search.epochs", "2"),
                    ("tasks.select.tasks", "2"),
                    ("tasks.final.tasks", "2"),
                ] {
                    experiment.set(key, value).expect("a known key");
                }
                experiment.target = None;
            }
            experiment.set("fec.enabled", fec).expect("a known key");
            // So few that entries go and come back while the memo still knows them.
            experiment.set("fec.capacity", "30").expect("a known key");
            let with = |enabled: &str, capacity: &str| {
                let mut experiment = experiment.clone();
                experiment.set("memo.enabled", enabled).expect("a known key");
                experiment.set("memo.capacity", capacity).expect("a known key");
                run(&experiment, 11, individuals(4_000))
            };
            let without = with("false", "65536");
            assert_eq!(without.counts.tiers.structural, 0);
            let mut hits = Vec::new();
            for capacity in ["1", "100", "65536"] {
                let outcome = with("true", capacity);
                assert_eq!(result(&outcome), result(&without), "{preset}, FEC {fec}, capacity {capacity}");
                hits.push(outcome.counts.tiers.structural);
            }
            assert!(hits[0] > 0 && hits.is_sorted() && hits[2] > 1_000 && hits[2] < 4_000, "{preset}, FEC {fec}: {hits:?}");
        }
    }
}

/// Which evaluations the oracle checks is no decision of the search.
#[test]
fn checks_change_nothing_and_are_as_many_as_asked_for() {
    for fec in ["true", "false"] {
        let mut experiment = small();
        experiment.set("fec.enabled", fec).expect("a known key");
        let with = |verify: f64, threads: usize| run(&experiment, 12, SearchOptions { verify, threads, ..individuals(3_000) });
        let none = with(0.0, 1);
        assert_eq!(none.verified, 3, "the reported program on search, select and final tasks");
        let default = run(&experiment, 12, individuals(3_000));
        let [tenth, again, all] = [(0.1, 1), (0.1, 3), (1.0, 2)].map(|(verify, threads)| with(verify, threads));
        for outcome in [&default, &tenth, &again, &all] {
            assert_eq!(result(outcome), result(&none), "FEC {fec}");
        }
        assert_eq!(tenth.verified, again.verified, "threads choose nothing");
        // One select evaluation each of 6 experiments, all individuals that FEC did not answer, and the report.
        assert_eq!(all.verified, 6 + 3_000 - all.counts.fec_hits + 3);
        let share = tenth.verified as f64 / all.verified as f64;
        assert!((0.05..0.15).contains(&share), "{share}");
    }
}

#[test]
fn what_was_never_run_is_no_result() {
    let mut experiment = small();
    for (key, value) in [("search.initial", "linear"), ("search.mutations", "[\"identity\"]"), ("program.setup", "{ max = 1 }")] {
        experiment.set(key, value).expect("a known key");
    }
    for key in ["program.predict", "program.learn"] {
        experiment.set(key, "{ max = 9 }").expect("a known key");
    }
    experiment.budget.enabled = true;
    experiment.budget.factor = 1e-5;
    let search = Search::new(experiment.clone(), 1, individuals(500)).expect("a valid search");
    let ended = search.run(|_| {});
    assert!(matches!(ended, Err(SearchError::NothingEvaluated)), "{ended:?}");
    experiment.budget.factor = 1.0;
    assert!(run(&experiment, 1, individuals(500)).search_fitness > 0.0);
}

#[test]
fn a_fixed_start_is_where_evolution_begins() {
    let mut experiment = small();
    for function in ["setup", "predict", "learn"] {
        experiment.set(&format!("program.{function}.min"), "1").expect("a known key");
        experiment.set(&format!("program.{function}.initial"), "1").expect("a known key");
    }
    experiment.set("search.initial", "linear").expect("a known key");
    let outcome = run(&experiment, 10, individuals(6));
    let linear = exnihilo_jit::known_program("linear").expect("a known program");
    assert_eq!(outcome.program, linear, "the first individuals are copies of the start");
}

#[test]
fn impossible_options_are_refused() {
    for options in [
        SearchOptions { max_individuals: Some(0), ..SearchOptions::default() },
        SearchOptions { max_train_steps: Some(0), ..SearchOptions::default() },
        SearchOptions { max_seconds: Some(f64::NAN), ..SearchOptions::default() },
        SearchOptions { max_seconds: Some(-1.0), ..SearchOptions::default() },
        SearchOptions { target: Some(f64::NAN), ..SearchOptions::default() },
        SearchOptions { threads: usize::MAX, ..SearchOptions::default() },
        SearchOptions { verify: -0.1, ..SearchOptions::default() },
        SearchOptions { verify: 1.1, ..SearchOptions::default() },
        SearchOptions { verify: f64::NAN, ..SearchOptions::default() },
        SearchOptions { checkpoint_every: Some(0.0), ..SearchOptions::default() },
    ] {
        assert!(matches!(Search::new(small(), 0, options), Err(SearchError::Option { .. })));
    }
    let mut experiment = small();
    experiment.search.population = 0.into();
    let message = Search::new(experiment, 0, SearchOptions::default()).expect_err("no population").to_string();
    assert!(message.contains("search.population"), "{message}");
}

#[test]
fn evolution_repairs_the_damaged_net() {
    let mut experiment = Experiment::preset("net-from-damaged").expect("a built-in preset");
    experiment.set("tasks.select.tasks", "20").expect("a known key");
    experiment.set("tasks.final.tasks", "20").expect("a known key");
    let start = run(&experiment, 0, individuals(1));
    let outcome = run(&experiment, 0, individuals(20_000));
    assert!(outcome.reached_target, "best select fitness {}", outcome.select_fitness);
    assert!(outcome.search_fitness > start.search_fitness && outcome.select_fitness > start.select_fitness + 0.1);
    let start = experiment.initial_population().expect("the start");
    let exnihilo::experiment::InitialPopulation::Program(start) = start else { panic!("the preset starts from a program") };
    for fixed in [exnihilo_jit::ComponentFunction::Predict, exnihilo_jit::ComponentFunction::Learn] {
        assert_eq!(outcome.program.function(fixed), start.function(fixed), "only Setup evolves");
    }
}

#[test]
fn progress_has_the_select_fitness_of_the_result_so_far() {
    let mut told = Vec::new();
    let search = Search::new(small(), 1, individuals(9_000)).expect("a valid search");
    let outcome = search.run(on_progress(|progress| told.push(progress.select_fitness))).expect("a search that ends");
    assert_eq!(told.first(), Some(&None), "the first round ends before an experiment does");
    assert_eq!(told.last(), Some(&Some(outcome.select_fitness)));
    let known: Vec<f64> = told.iter().copied().skip_while(Option::is_none).map(|fitness| fitness.expect("it does not go")).collect();
    assert!(known.is_sorted() && known[0] < outcome.select_fitness, "{known:?}");
}

/// The tasks that an experiment describes, as tasks in memory; those of search are the same for all experiments of a run.
fn in_memory(experiment: &Experiment, task_seed: u64) -> Arc<TasksInMemory> {
    let (tasks, data) = (&experiment.tasks, DataCache::new());
    let group = |spec, set| build_group(spec, set, task_seed, 0, &data).expect("small tasks");
    Arc::new(TasksInMemory {
        search: vec![group(&tasks.search[0], SetName::Search)],
        select: group(&tasks.select, SetName::Select),
        last: tasks.final_set.as_ref().map(|spec| group(spec, SetName::Final)),
    })
}

#[test]
fn tasks_in_memory_are_as_good_as_described_ones() {
    let mut experiment = small();
    // One experiment, so that its tasks are those of experiment 0.
    for (key, value) in [("search.side_by_side", "1"), ("search.max_individuals", "100000")] {
        experiment.set(key, value).expect("a known key");
    }
    let search = || Search::new(experiment.clone(), 7, individuals(900)).expect("a valid search");
    let described = search().run(|_| {}).expect("a result");
    let own = search().on_tasks(in_memory(&experiment, 7)).expect("one set").run(|_| {}).expect("a result");
    assert_eq!(result(&own), result(&described));
    let others = search().on_tasks(in_memory(&experiment, 8)).expect("one set").run(|_| {}).expect("a result");
    assert_ne!(result(&others), result(&described));
}

#[test]
fn tasks_in_memory_must_fit_the_experiment_and_the_checkpoint() {
    let experiment = small();
    let search = Search::new(experiment.clone(), 7, individuals(900)).expect("a valid search");
    let mut none = in_memory(&experiment, 7);
    Arc::get_mut(&mut none).expect("nobody else has it").search.clear();
    let error = search.clone().on_tasks(none).expect_err("no search tasks").to_string();
    assert!(error.contains("0 sets of search tasks, where the experiment has 1"), "{error}");

    let options = SearchOptions { checkpoint_every: Some(f64::MAX), ..individuals(300) };
    let mut bytes = Vec::new();
    let first = Search::new(experiment.clone(), 7, options).expect("a valid search").on_tasks(in_memory(&experiment, 7)).expect("one set");
    let outcome = first.run(|report| {
        if let Report::Checkpoint(checkpoint, _) = report {
            bytes = checkpoint.encode().expect("a preset can be written");
        }
    });
    outcome.expect("a result");
    let resumed = |task_seed| {
        let checkpoint = Checkpoint::decode(&bytes).expect("what was written");
        Search::resume(checkpoint, individuals(900))
            .expect("options")
            .on_tasks(in_memory(&experiment, task_seed))
            .expect("one set")
            .run(|_| {})
    };
    let whole = search.on_tasks(in_memory(&experiment, 7)).expect("one set").run(|_| {}).expect("a result");
    assert_eq!(result(&resumed(7).expect("the tasks of before")), result(&whole));
    let error = resumed(8).expect_err("other tasks").to_string();
    assert!(error.contains("the data of the tasks have changed"), "{error}");

    // The search tasks of before, with other settings, and with other tasks behind them.
    let (same, others) = (in_memory(&experiment, 7), in_memory(&experiment, 8));
    let again = |group: &TaskGroup, epochs| {
        TaskGroup::new(GroupSettings { epochs, ..*group.settings() }, group.tasks().to_vec()).expect("valid tasks")
    };
    let last = |tasks: &TasksInMemory, epochs| tasks.last.as_ref().map(|last| again(last, epochs));
    for (tasks, is_refused) in [
        (TasksInMemory { search: vec![again(&same.search[0], 1)], select: again(&same.select, 1), last: last(&same, 1) }, false),
        (TasksInMemory { search: vec![again(&same.search[0], 2)], select: again(&same.select, 1), last: last(&same, 1) }, true),
        (TasksInMemory { search: vec![again(&same.search[0], 1)], select: again(&others.select, 1), last: last(&same, 1) }, true),
        (TasksInMemory { search: vec![again(&same.search[0], 1)], select: again(&same.select, 1), last: last(&others, 1) }, true),
        (TasksInMemory { search: vec![again(&same.search[0], 1)], select: again(&same.select, 1), last: None }, true),
    ] {
        let checkpoint = Checkpoint::decode(&bytes).expect("what was written");
        let search = Search::resume(checkpoint, individuals(900)).expect("options").on_tasks(Arc::new(tasks)).expect("one set");
        let refused = search.run(|_| {}).err().map(|error| error.to_string());
        assert_eq!(refused.is_some(), is_refused, "{refused:?}");
        assert!(refused.is_none_or(|error| error.contains("the data of the tasks have changed")));
    }
}

#[test]
fn final_tasks_of_another_kind_are_told_before_the_search() {
    let experiment = small();
    let mut tasks = in_memory(&experiment, 7);
    let part = |count: usize| Examples { features: vec![0.5; 10 * count], labels: vec![3.0; count] };
    let task = Task { seed: 1, train: part(2), valid: part(1), train_orders: None };
    let classes = TaskGroup::new(GroupSettings::new(10, Scoring::Classes), vec![task]).expect("valid tasks");
    Arc::get_mut(&mut tasks).expect("nobody else has it").last = Some(classes);
    let search = Search::new(experiment, 7, individuals(900)).expect("a valid search").on_tasks(tasks).expect("one set");
    let mut reports = 0;
    let error = search.run(|_| reports += 1).expect_err("labels of another kind").to_string();
    assert!(error.contains("final tasks with labels of the kind Classes") && reports == 0, "{reports} reports; {error}");
}
