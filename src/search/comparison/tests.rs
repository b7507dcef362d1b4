use super::*;

/// A small experiment on linear tasks of two features, which a random program solves now and then.
fn small() -> Experiment {
    let mut experiment = Experiment::preset("fig4-linear").expect("a built-in preset");
    for (key, value) in [
        ("search.population", "50"),
        ("search.max_individuals", "400"),
        ("tasks.search.features", "2"),
        ("tasks.search.train", "20"),
        ("tasks.search.valid", "10"),
    ] {
        experiment.set(key, value).expect("a known key");
    }
    experiment
}

/// Right about the sign of the prediction now and then: many programs are better.
fn poor_reference() -> Program {
    "def Predict():\n  s1 = mean(v0)\n".parse().expect("a program")
}

fn options(runs: &[(Method, u64)], threads: usize) -> ComparisonOptions {
    let methods = runs.iter().map(|&(method, repeats)| MethodRuns { method, repeats }).collect();
    ComparisonOptions { methods, threads, reference: Some(poor_reference()), ..ComparisonOptions::default() }
}

/// A method, its counts, the bits of what is told of the reference, the example.
type Counts = (Method, [u64; 7], [u64; 2], Option<String>);

/// What does not depend on time.
fn counts(outcome: &ComparisonOutcome) -> Vec<Counts> {
    let of = |method: &MethodOutcome| {
        let numbers = [
            method.experiments,
            method.unfinished,
            method.evaluations,
            method.successes,
            method.successful_experiments,
            method.train_steps,
            method.fec_hits,
        ];
        let reference = [method.reference_fitness, method.reference_rms].map(|value| value.expect("experiments").to_bits());
        (method.method, numbers, reference, method.example.as_ref().map(ToString::to_string))
    };
    outcome.methods.iter().map(of).collect()
}

#[test]
fn the_counts_are_the_same_for_any_number_of_threads_and_every_backend() {
    let runs = [(Method::Evolution, 7), (Method::Random, 5), (Method::Local, 6)];
    let run = |threads, backend| {
        let options = ComparisonOptions { backend, ..options(&runs, threads) };
        let comparison = Comparison::new(small(), 3, options).expect("a valid comparison");
        let mut last = None;
        let outcome = comparison.run(|progress| last = Some(*progress)).expect("no difference");
        let last = last.expect("a report at the end of each method");
        assert_eq!((last.method, last.experiments, last.evaluations), (Method::Local, 6, outcome.methods[2].evaluations));
        assert_eq!(last.successes, outcome.methods[2].successes);
        counts(&outcome)
    };
    let one = run(1, Backend::Interp);
    assert_eq!(one, run(2, Backend::Interp));
    assert_eq!(one, run(3, Backend::Auto));
    let [evolution, random, local] = &one[..] else { panic!("three methods") };
    assert!(evolution.1[3] > 0 && random.1[3] > 1 && local.1[3] > 0, "{one:?}");
    for stopping in [evolution, local] {
        assert_eq!(stopping.1[3], stopping.1[4], "at most one success an experiment");
        assert!(stopping.1[2] < 400 * stopping.1[0], "a success ends an experiment");
    }
    assert_eq!(random.1[2], 400 * 5, "random search goes on");
    assert!(random.1[3] > random.1[4], "and counts every acceptable program");
    assert_eq!(evolution.2.len(), random.2.len());
}

/// Counts again from nothing but the programs of an experiment: every one is evaluated on each task, and its errors are held against
/// those of the reference.
#[test]
fn acceptable_programs_are_those_of_the_definition() {
    let seed = 5;
    for fec in [false, true] {
        let mut experiment = small();
        experiment.fec.enabled = fec;
        let outcome =
            Comparison::new(experiment.clone(), seed, options(&[(Method::Random, 3)], 1)).expect("valid").run(|_| {}).expect("ran");
        let random = with_method(&experiment, Method::Random);
        let settings = Arc::new(IslandSettings::new(&random).expect("a valid experiment"));
        let evaluator = Evaluator::new(Backend::Interp);
        let mut worker = evaluator.worker();
        let (mut acceptable, mut evaluations) = (0, 0);
        for number in 0..3 {
            let group = build_group(&experiment.tasks.search[0], SetName::Search, seed, number, &DataCache::new()).expect("small tasks");
            let tasks = Arc::new(SearchTasks::new(group, None));
            let mut error = |program: &Program| {
                let fitness = &worker.evaluate(program, tasks.all()).expect("a small program").task_fitness;
                fitness.iter().map(|f| if *f == 0.0 { f64::INFINITY } else { (std::f64::consts::FRAC_PI_2 * (1.0 - f)).tan() }).sum::<f64>()
            };
            let reference = error(&poor_reference());
            let place = IslandPlace {
                tasks: Arc::clone(&tasks),
                task_set: 0,
                evaluator: &evaluator,
                checks: IslandChecks::new(Arc::new(Checks::new(0.0, 0, 0)), number, 0),
                exchange: Arc::new(Exchange::new(1)),
                id: IslandId { seed: key(key(seed, purpose::COMPARE), Method::Random as u64), experiment: number, island: 0 },
            };
            let mut island = Island::new(Arc::clone(&settings), place);
            for _ in 0..400 {
                let scored = island.try_child().expect("no difference");
                acceptable += u64::from(error(island.child()) < reference);
                evaluations += 1;
                island.add_child(scored);
            }
        }
        let found = &outcome.methods[0];
        assert_eq!((found.successes, found.evaluations), (acceptable, evaluations), "FEC {fec}");
        assert!(acceptable > 10, "{acceptable}");
        let example = found.example.as_ref().expect("an acceptable program");
        assert!(example.function(exnihilo_jit::ComponentFunction::Setup).len() == 5);
        assert!(outcome.verified >= found.successful_experiments, "the oracle confirms the first of each experiment");
    }
}

#[test]
fn an_interrupt_counts_what_was_evaluated() {
    let options = options(&[(Method::Random, 4), (Method::Local, 4)], 1);
    let stop = Arc::clone(&options.stop);
    let mut experiment = small();
    experiment.search.max_individuals = Some(100_000);
    let comparison = Comparison::new(experiment, 0, options).expect("a valid comparison");
    let outcome = comparison.run(|_| stop.store(true, Ordering::Relaxed)).expect("no difference");
    assert!(outcome.interrupted && outcome.methods.len() == 1, "{outcome:?}");
    let random = &outcome.methods[0];
    assert_eq!((random.experiments, random.unfinished), (0, 1));
    assert!(random.evaluations > 0 && random.evaluations < 100_000);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let refusal = |change: fn(&mut Experiment, &mut ComparisonOptions)| {
        let (mut experiment, mut options) = (small(), options(&[(Method::Random, 1)], 1));
        change(&mut experiment, &mut options);
        Comparison::new(experiment, 0, options).expect_err("refused").to_string()
    };
    for (message, words) in [
        (refusal(|experiment, _| experiment.search.max_individuals = None), "search.max_individuals: is missing"),
        (refusal(|experiment, _| experiment.search.islands = 2), "search.islands: "),
        (refusal(|_, options| options.methods.clear()), "methods: none"),
        (refusal(|_, options| options.methods.push(options.methods[0])), "methods: random twice"),
        (refusal(|_, options| options.methods[0].repeats = 0), "repeats: 0"),
        (refusal(|_, options| options.verify = 2.0), "verify: 2"),
    ] {
        assert!(message.starts_with(words), "{message}");
    }
    let mut digits = Experiment::preset("digits").expect("a built-in preset");
    digits.search.max_individuals = Some(10);
    let message = Comparison::new(digits, 0, options(&[(Method::Random, 1)], 1)).expect_err("empty programs").to_string();
    assert!(message.starts_with("search.method: ") && message.contains("program.setup.initial"), "{message}");
}
