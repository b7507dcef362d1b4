//! What hurdle, budget and caches do to a score, against plain evaluations.

use exnihilo_jit::{AddressCounts, Stream, TaskGroup};

use super::*;
use crate::experiment::MemoSettings;
use crate::search::checks::Checks;
use crate::search::mutation::Mutator;
use crate::task::{DataCache, SetName, TaskKind, TaskSpec, build_group};

impl Scorer {
    /// Makes the memo say of a program what is not so.
    pub(in crate::search) fn poison_memo(&mut self, program: &Program, wrong: KnownRun) {
        let key = self.worker.simplify(program, self.tasks.all()).expect("a small program").key();
        self.memo.as_mut().expect("the memo is enabled").insert(key, Known { probe: None, run: Some(wrong) });
    }
}

fn group(tasks: usize) -> TaskGroup {
    let spec = TaskSpec { features: Some(3), train: Some(40), valid: Some(20), tasks, ..TaskSpec::new(TaskKind::Linear) };
    build_group(&spec, SetName::Search, 1, 0, &DataCache::new()).expect("small tasks")
}

/// A scorer on five tasks, two of them before the hurdle.
fn scorer(backend: Backend, settings: ScoreSettings, memo: bool, rate: f64) -> Scorer {
    let tasks = SearchTasks::new(group(5), settings.hurdle().map(|hurdle| hurdle.tasks));
    let checks = IslandChecks::new(Arc::new(Checks::new(rate, 0, 0)), 0, 0);
    let memo = memo.then(|| Memo::new(&MemoSettings::default()));
    Scorer::new(Arc::new(settings), Arc::new(tasks), &Evaluator::new(backend), memo, checks)
}

fn settings(change: impl FnOnce(&mut Experiment)) -> ScoreSettings {
    let mut experiment = experiment();
    change(&mut experiment);
    ScoreSettings::new(&experiment)
}

/// Small programs of ops that learn something now and then.
fn experiment() -> Experiment {
    let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    experiment.program.addresses = AddressCounts::new(4, 3, 1).expect("possible counts");
    experiment
}

/// Random programs, each of which comes twice.
fn programs(count: usize) -> Vec<Program> {
    let (mutator, mut stream) = (Mutator::new(&experiment()), Stream::new(4));
    let mut programs = vec![known_program("linear").expect("a known name")];
    while programs.len() < count {
        let mut program = mutator.no_op_program();
        mutator.randomize(&mut program, &experiment().random_functions(), &mut stream);
        programs.push(program);
    }
    programs.iter().chain(&programs).cloned().collect()
}

/// The fitness on each task by the oracle, and the training steps on each.
fn truth(program: &Program) -> (Vec<f64>, Vec<u64>) {
    let (all, mut worker) = (group(5), Evaluator::new(Backend::Oracle).worker());
    let one = |task| {
        let evaluation = worker.evaluate(program, &all.part(task..task + 1)).expect("a small program");
        (evaluation.task_fitness[0], evaluation.train_steps)
    };
    (0..5).map(one).unzip()
}

#[test]
fn below_the_hurdle_the_first_tasks_count_and_above_it_all() {
    let programs = programs(60);
    let truths: Vec<_> = programs.iter().map(truth).collect();
    let mean_of_first = |fitness: &[f64]| (fitness[0] + fitness[1]) / 2.0;
    let mut firsts: Vec<f64> = truths.iter().map(|(fitness, _)| mean_of_first(fitness)).collect();
    firsts.sort_by(f64::total_cmp);
    let hurdle = firsts[70];
    for (backend, memo, fec, combine) in [
        (Backend::Interp, true, true, Combine::Mean),
        (Backend::Interp, false, true, Combine::Median),
        (Backend::Auto, true, false, Combine::Mean),
        (Backend::Jit, false, false, Combine::Median),
    ] {
        let settings = settings(|experiment| {
            experiment.search.fitness = combine;
            experiment.fec.enabled = fec;
            // Whatever comes again is forgotten, so that every score is the program's own.
            experiment.fec.forget_after = 2;
            experiment.hurdle = HurdleSettings { enabled: true, tasks: 2, percentile: 0.75 };
        });
        let mut scorer = scorer(backend, settings, memo, 1.0);
        scorer.hurdle = Some(hurdle);
        let (mut partial, mut full, mut saved) = (0, 0, 0);
        for (number, (program, (fitness, steps))) in programs.iter().zip(&truths).enumerate() {
            let scored = scorer.score(program, number as u64).expect("the oracle agrees");
            let first = mean_of_first(fitness);
            assert_eq!(scored.score.first_stage, Some(first), "program {number}");
            assert_eq!(scored.size, simplify(program).instructions().len());
            let probe: Vec<u64> = steps.iter().map(|&steps| steps.min(10)).collect();
            let hit = fec && scored.train_steps == probe.iter().sum::<u64>();
            if first < hurdle {
                assert_eq!(scored.score, Score::partial(first));
                let probed: u64 = if fec { probe[2..].iter().sum() } else { 0 };
                assert!(hit || scored.train_steps == steps[0] + steps[1] + probed, "program {number}: {}", scored.train_steps);
                partial += 1;
            } else {
                let whole = Evaluation { task_fitness: fitness.clone(), ..Evaluation::default() }.fitness(combine);
                assert_eq!((scored.score.fitness, scored.score.is_partial), (whole, false), "program {number}");
                full += 1;
            }
            if hit || scored.score.is_partial {
                saved += 200 - scored.train_steps;
            }
        }
        assert!(partial > 20 && full > 10, "{partial} and {full}");
        assert_eq!(scorer.saved_steps, saved);
        let counts: Vec<u64> = scorer.tiers.counts().iter().map(|&(_, count)| count).collect();
        assert_eq!(counts.iter().sum::<u64>(), 120);
        assert_eq!(scorer.tiers.structural > 40, memo, "{:?}", scorer.tiers);
        assert!(scorer.tiers.hurdle > 10 && scorer.tiers.interpreted + scorer.tiers.compiled > 5, "{:?}", scorer.tiers);
    }
}

/// The same scores and steps with and without the memo, whatever the hurdle does meanwhile.
#[test]
fn the_memo_changes_no_score_at_a_moving_hurdle() {
    let run = |memo: bool| {
        let settings = settings(|experiment| experiment.hurdle.enabled = true);
        let mut scorer = scorer(Backend::Interp, settings, memo, 0.0);
        let scored = programs(150).into_iter().enumerate().map(|(number, program)| {
            scorer.hurdle = [None, Some(0.4), Some(0.6), Some(0.2)][number / 40 % 4];
            scorer.score(&program, number as u64).expect("a small program")
        });
        scored.collect::<Vec<_>>()
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn what_costs_too_much_is_not_run() {
    let net = charge_on(&simplify(&known_program("net").expect("a known name")), &SearchTasks::new(group(5), None));
    let linear = charge_on(&simplify(&known_program("linear").expect("a known name")), &SearchTasks::new(group(5), None));
    for (factor, runs) in
        [(linear as f64 / net as f64 * 1.01, [true, false]), (linear as f64 / net as f64 * 0.99, [false, false]), (1.0, [true, true])]
    {
        let settings = settings(|experiment| experiment.budget = BudgetSettings { enabled: true, factor });
        let mut scorer = scorer(Backend::Interp, settings, true, 1.0);
        for (number, name) in (0..).zip(["linear", "net"]) {
            let program = known_program(name).expect("a known name");
            let scored = scorer.score(&program, number).expect("a small program");
            let ran = runs[number as usize];
            assert_eq!((scored.score.fitness > 0.0, scored.train_steps > 0), (ran, ran), "{name} at {factor}");
        }
        assert_eq!(scorer.tiers.over_budget, runs.iter().filter(|&&ran| !ran).count() as u64);
        let mut dead = known_program("linear").expect("a known name").to_string();
        dead.push_str("  m0 = matmul(m0, m0)\n");
        let scored = scorer.score(&dead.parse().expect("a program"), 3).expect("a small program");
        assert_eq!(scored.train_steps > 0, runs[0], "dead instructions are free");
    }
}

/// A backend that runs another program than it should, as a broken one might.
#[test]
fn a_wrong_run_is_not_remembered() {
    for backend in [Backend::Interp, Backend::Jit, Backend::Oracle] {
        let settings = settings(|_| {});
        let mut scorer = scorer(backend, settings, true, 1.0);
        let tasks = Arc::clone(&scorer.tasks);
        let (program, other) = (Program::default(), known_program("linear").expect("a known name"));
        let simplified = scorer.worker.simplify(&other, tasks.all()).expect("a small program");
        let mut candidate = Candidate {
            program: &program,
            individual: 0,
            settings: &scorer.settings,
            tasks: &tasks,
            runnable: Runnable::Simplified(Some(simplified)),
            checks: &mut scorer.checks,
            evaluation: &mut scorer.evaluation,
            known: KnownOfStages::default(),
            has_run_first: false,
            ran_on: None,
        };
        let Err(SearchError::Difference(difference)) = candidate.run(None) else { panic!("two programs with two fitness values") };
        assert_eq!(candidate.known, KnownOfStages::default());
        assert!(difference.subject != "memo" && difference.found.fitness > difference.expected.fitness, "{difference}");
        assert!(difference.detail.starts_with("5 of 5 tasks differ, first task 0: "), "{difference}");
        assert_eq!(difference.cases.len(), 1);
    }
}
