//! A whole run in which something is wrong.

use super::*;
use crate::search::island::tests::WRONG;

#[test]
fn a_difference_on_one_island_ends_the_run() {
    let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    for (key, value) in [("search.initial", "no-op"), ("search.side_by_side", "3"), ("search.round", "2000")] {
        experiment.set(key, value).expect("a known key");
    }
    let options = SearchOptions { threads: 3, verify: 1.0, ..SearchOptions::default() };
    let search = Search::new(experiment, 0, options).expect("a valid search");
    let shared = search.shared().expect("a valid experiment");
    let mut batch: Vec<ExperimentRun> = (0..3).map(|number| ExperimentRun::new(&shared, number).expect("small tasks")).collect();
    for (island, _) in batch[1].islands_with_goals(1) {
        island.poison_memo(&island.first_program(), WRONG);
    }
    let halt = Halt::new(Arc::default());
    let board = Board::new(Arc::clone(&shared.checks));
    let mut run = Run { options: &search.options, shared, halt: &halt, board: &board, best: None, individuals: 0, train_steps: 0 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("three threads");
    let ended = pool.install(|| run.rounds(&mut batch, &|| {}));
    assert!(matches!(ended, Err(SearchError::Difference(ref difference)) if difference.subject == "memo"), "{ended:?}");
    assert!(run.best.is_none(), "nothing is reported");
    assert_eq!(batch[1].islands()[0].individuals(), 0, "it entered no population");
    assert!(halt.is_set(), "the other islands stop at their next child: what they would still do is lost");
}

/// What is reported is confirmed even where nothing else is checked.
#[test]
fn a_wrong_report_is_no_result() {
    let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    experiment.tasks.select.tasks = 2;
    let options = SearchOptions { threads: 1, verify: 0.0, ..SearchOptions::default() };
    let search = Search::new(experiment, 0, options.clone()).expect("a valid search");
    let finish = |alter: fn(&mut Judged)| {
        let shared = search.shared().expect("a valid experiment");
        let mut experiment = ExperimentRun::new(&shared, 0).expect("small tasks");
        for (island, goal) in experiment.islands_with_goals(20) {
            island.advance(goal, u64::MAX, &Halt::new(Arc::default())).expect("no difference");
        }
        let mut best = experiment.judge(&shared, 0.0).expect("no difference").expect("a best program");
        alter(&mut best);
        let board = Board::new(Arc::clone(&shared.checks));
        let halt = Halt::new(Arc::default());
        let run = Run { options: &options, shared, halt: &halt, board: &board, best: Some(best), individuals: 20, train_steps: 0 };
        run.finish(StoppedBy::Individuals, board.progress(Duration::ZERO))
    };
    let outcome = finish(|_| {}).expect("all is right");
    assert_eq!(outcome.verified, 3, "on search, select and final tasks");
    let ended = finish(|best| best.select.task_fitness[1] = 1.0);
    assert!(matches!(ended, Err(SearchError::Difference(ref difference)) if difference.detail.contains("task 1")), "{ended:?}");
    let steps = finish(|best| best.select.train_steps += 1);
    assert!(matches!(steps, Err(SearchError::Difference(_))), "{steps:?}");
}
