//! A whole run in which something is wrong.

use super::*;
use crate::search::island::tests::WRONG;

/// Does something with the run of a search that was not begun, on three threads.
fn in_run(search: &Search, halt: &Halt, act: impl FnOnce(Run<'_, fn(Report<'_>)>) + Send) {
    let described = DescribedTasks::new(&search.experiment, search.seed);
    let shared = search.shared(&described).expect("a valid experiment");
    let board = Board::new(Arc::clone(&shared.checks), Totals::default());
    let report: Mutex<fn(Report<'_>)> = Mutex::new(|_| {});
    let over = Over::default();
    let reporting = Reporting::new(&report, &board, &over, Clock::new(Duration::ZERO), None);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("three threads");
    pool.install(|| act(Run::new(search, shared, halt, &reporting).expect("small tasks")));
}

#[test]
fn a_difference_on_one_island_ends_the_run() {
    let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    for (key, value) in [("search.initial", "no-op"), ("search.side_by_side", "3"), ("search.round", "2000")] {
        experiment.set(key, value).expect("a known key");
    }
    let options = SearchOptions { threads: 3, verify: 1.0, ..SearchOptions::default() };
    let search = Search::new(experiment, 0, options).expect("a valid search");
    let halt = Halt::new(Arc::default());
    in_run(&search, &halt, |mut run| {
        for island in run.batch[1].islands_mut() {
            island.poison_memo(&island.first_program(), WRONG);
        }
        let ended = run.rounds();
        assert!(matches!(ended, Err(SearchError::Difference(ref difference)) if difference.subject == "memo"), "{ended:?}");
        assert!(run.best.is_none(), "nothing is reported");
        assert_eq!(run.batch[1].islands()[0].individuals(), 0, "it entered no population");
    });
    assert!(halt.is_set(), "the other islands stop at their next child: what they would still do is lost");
}

/// What is reported is confirmed even where nothing else is checked.
#[test]
fn a_wrong_report_is_no_result() {
    let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    experiment.tasks.select.tasks = 2;
    let options = SearchOptions { threads: 1, verify: 0.0, ..SearchOptions::default() };
    let search = Search::new(experiment, 0, options).expect("a valid search");
    let finish = |alter: fn(&mut Judged)| {
        let halt = Halt::new(Arc::default());
        let mut outcome = None;
        in_run(&search, &halt, |mut run| {
            run.round(20).expect("no difference");
            run.judge(true).expect("no difference");
            alter(run.best.as_mut().expect("a best program"));
            outcome = Some(run.finish(StoppedBy::Individuals, Progress::default()));
        });
        outcome.expect("the run ended")
    };
    let outcome = finish(|_| {}).expect("all is right");
    assert_eq!(outcome.verified, 3, "on search, select and final tasks");
    let ended = finish(|best| best.select.task_fitness[1] = 1.0);
    assert!(matches!(ended, Err(SearchError::Difference(ref difference)) if difference.detail.contains("task 1")), "{ended:?}");
    let steps = finish(|best| best.select.train_steps += 1);
    assert!(matches!(steps, Err(SearchError::Difference(_))), "{steps:?}");
}
