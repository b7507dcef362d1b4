//! Searches that are interrupted and go on: the same as if they had not been.

use exnihilo::search::{CheckpointError, Milestone};
use exnihilo_jit::Backend;

use super::*;

/// Islands that exchange programs at numbers of individuals that no round has, and enough experiments for several batches.
fn islands() -> Experiment {
    let mut experiment = small();
    for (key, value) in [("migration.every", "23"), ("search.population", "[40, 25]"), ("fec.forget_after", "10"), ("search.round", "100")]
    {
        experiment.set(key, value).expect("a known key");
    }
    experiment
}

fn saved(options: SearchOptions) -> SearchOptions {
    SearchOptions { checkpoint_every: Some(f64::MAX), ..options }
}

/// The last checkpoint of a search, through bytes.
fn checkpoint(search: &Search) -> Checkpoint {
    let mut bytes = Vec::new();
    let outcome = search.run(|report| {
        if let Report::Checkpoint(checkpoint, _) = report {
            bytes = checkpoint.encode().expect("a preset can be written");
        }
    });
    outcome.expect("a result");
    Checkpoint::decode(&bytes).expect("what was written")
}

fn resume(checkpoint: Checkpoint, options: SearchOptions) -> Outcome {
    let search = Search::resume(checkpoint, options).expect("possible options");
    search.check().expect("a possible state");
    search.run(|_| {}).expect("a search that ends")
}

#[test]
fn a_resumed_search_is_the_uninterrupted_one_wherever_it_stopped() {
    for fec in ["true", "false"] {
        let mut experiment = islands();
        experiment.set("fec.enabled", fec).expect("a known key");
        let whole = result(&run(&experiment, 1, individuals(5_003)));
        for stop in [1, 5, 7, 99, 240, 241, 600, 601, 1_333, 2_100, 2_101, 3_210, 5_002] {
            let first = Search::new(experiment.clone(), 1, saved(individuals(stop))).expect("a valid search");
            let checkpoint = checkpoint(&first);
            assert_eq!((checkpoint.individuals(), checkpoint.seed(), checkpoint.limits().max_individuals), (stop, 1, Some(stop)));
            let options = SearchOptions { threads: 2, backend: Backend::Interp, verify: 0.1, ..individuals(5_003) };
            assert_eq!(result(&resume(checkpoint, options)), whole, "stopped after {stop} individuals, FEC {fec}");
        }
    }
}

/// What the improvements told of, and of what they descend from: each by experiment, island and number, with the one before it.
fn told(search: &Search) -> (Vec<String>, Option<Checkpoint>) {
    let (mut told, mut last) = (Vec::new(), None);
    let outcome = search.run(|report| match report {
        Report::Milestone(milestone) => told.push(of_line("ancestor", milestone)),
        Report::Improvement(improvement) => told.push(of_line("improvement", &improvement.milestone)),
        Report::Checkpoint(checkpoint, _) => last = Some(checkpoint.clone()),
        _ => {}
    });
    outcome.expect("a result");
    (told, last)
}

fn of_line(what: &str, milestone: &Milestone) -> String {
    let Milestone { experiment, island, number, individual, fitness, origin, mutations, .. } = milestone;
    let before = milestone.before().map(|before| (before.island, before.number));
    format!("{experiment} {island} {number}: {individual} {fitness} {origin:?} {mutations} {before:?} {what}\n{}", milestone.program)
}

#[test]
fn a_resumed_search_tells_of_the_same_lines_of_descent_and_of_nothing_twice() {
    let mut whole = told(&Search::new(islands(), 1, individuals(20_000)).expect("a valid search")).0;
    whole.sort();
    let names: std::collections::HashSet<&str> = whole.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(names.len(), whole.len(), "each is told of once");
    let ancestors = whole.iter().filter(|line| line.contains("ancestor\n")).count();
    assert!(ancestors > 20 && whole.len() - ancestors > 100, "{ancestors} of {}", whole.len());
    let island = |line: &str| line.split(' ').nth(1).map(str::to_owned);
    let before = |line: &str| line.split_once(" Some((").and_then(|(_, tail)| tail.split(',').next()).map(str::to_owned);
    assert!(whole.iter().any(|line| before(line).is_some_and(|before| island(line) != Some(before))), "some come from another island");
    for stop in [7, 600, 3_210, 11_111] {
        let (mut all, last) = told(&Search::new(islands(), 1, saved(individuals(stop))).expect("a valid search"));
        let last = last.expect("a search that is saved has checkpoints").encode().expect("a preset can be written");
        let last = Checkpoint::decode(&last).expect("what was written");
        all.extend(told(&Search::resume(last, individuals(20_000)).expect("possible options")).0);
        all.sort();
        assert!(all == whole, "stopped after {stop} individuals");
    }
}

/// Two sets of search tasks with a hurdle: programs go from one to the other, and only what is on the same tasks is compared.
#[test]
fn in_a_line_over_several_tasks_each_is_the_best_of_its_own() {
    let mut experiment = islands();
    let first = experiment.tasks.search[0].clone();
    experiment.tasks.search.push(exnihilo::task::TaskSpec { features: Some(3), ..first });
    for (key, value) in [("search.islands", "4"), ("hurdle.enabled", "true"), ("hurdle.tasks", "1"), ("search.max_individuals", "20000")] {
        experiment.set(key, value).expect("a known key");
    }
    let before = |milestone: &Milestone| {
        let line = std::iter::successors(milestone.before(), |milestone| milestone.before());
        let same = line.filter(|before| before.task_set == milestone.task_set);
        same.map(|before| before.fitness).reduce(f64::max)
    };
    let (mut compared, mut crossed) = (0, 0);
    let search = Search::new(experiment, 2, individuals(60_000)).expect("a valid search");
    let outcome = search.run(|report| {
        let (milestone, is_improvement) = match report {
            Report::Milestone(milestone) => (milestone, false),
            Report::Improvement(improvement) => (&*improvement.milestone, true),
            _ => return,
        };
        crossed += u64::from(milestone.before().is_some_and(|before| before.task_set != milestone.task_set));
        if let Some(best) = before(milestone) {
            assert!(is_improvement || milestone.fitness > best, "{milestone:?}");
            compared += 1;
        }
    });
    outcome.expect("a result");
    assert!(compared > 50 && crossed > 10, "{compared} {crossed}");
}

/// Stopped between two children of some pass, wherever the islands just are.
#[test]
fn a_search_that_is_stopped_again_and_again_is_the_uninterrupted_one() {
    let experiment = islands();
    for limits in [individuals(40_000), SearchOptions { max_train_steps: Some(400_000), ..SearchOptions::default() }] {
        let whole = result(&run(&experiment, 2, SearchOptions { threads: 1, ..limits.clone() }));
        let mut last: Option<Checkpoint> = None;
        for part in 1..=8 {
            let stop = Arc::new(AtomicBool::new(false));
            let options = SearchOptions { threads: 1 + part % 3, stop: Arc::clone(&stop), checkpoint_every: Some(1e-9), ..limits.clone() };
            let search = match last.take() {
                Some(checkpoint) => Search::resume(checkpoint, options).expect("possible options"),
                None => Search::new(experiment.clone(), 2, options).expect("a valid search"),
            };
            let mut checkpoints = 0;
            let outcome = search.run(|report| {
                if let Report::Checkpoint(checkpoint, _) = report {
                    last = Some(checkpoint.clone());
                    checkpoints += 1;
                    // The first is of the beginning, and so may be others where the machine is busy.
                    stop.store(checkpoints > part && checkpoint.individuals() > 0, Ordering::Relaxed);
                }
            });
            let (outcome, checkpoint) = (outcome.expect("a result"), last.as_ref().expect("a search that is saved has checkpoints"));
            assert_eq!(outcome.counts.individuals, checkpoint.individuals(), "part {part}: the last one is of the end");
            if outcome.stopped_by != StoppedBy::Interrupt {
                // On a machine that let the watcher wait for too long.
                assert_eq!(result(&outcome), whole);
                break;
            }
        }
        let checkpoint = last.expect("a search that is saved has checkpoints");
        assert_eq!(result(&resume(checkpoint, limits)), whole);
    }
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let search = Search::new(islands(), 3, saved(individuals(700))).expect("a valid search");
    let bytes = checkpoint(&search).encode().expect("a preset can be written");
    let refused = |bytes: &[u8]| Checkpoint::decode(bytes).expect_err("it is damaged");
    for length in [0, 1, 8, 39, 40, 41, bytes.len() / 2, bytes.len() - 1] {
        let error = refused(&bytes[..length]);
        assert!(matches!(error, CheckpointError::Torn(_) | CheckpointError::Other), "{length} bytes: {error}");
    }
    // A bit anywhere: in the head, in the experiment, in programs, in the middle of numbers.
    for bit in (0..bytes.len() * 8).step_by(bytes.len() / 50 + 1) {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused(&bytes);
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(refused(&longer), CheckpointError::Torn(_)));
    let head_with = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(&bytes[..24]);
        hasher.update(&bytes[40..]);
        bytes[24..40].copy_from_slice(&hasher.digest128().to_le_bytes());
        refused(&bytes)
    };
    assert!(matches!(head_with(0, b'e'), CheckpointError::Other));
    assert!(matches!(head_with(8, 77), CheckpointError::Format { found: 77 }), "another format");
    assert!(matches!(head_with(12, 9), CheckpointError::Semantics { found: 9 }), "other results");
}

/// Bodies with a right hash and wrong contents: an answer, and no panic.
#[test]
fn impossible_contents_are_refused_or_harmless() {
    let mut experiment = islands();
    experiment.set("search.population", "5").expect("a known key");
    let search = Search::new(experiment, 3, saved(individuals(300))).expect("a valid search");
    let bytes = checkpoint(&search).encode().expect("a preset can be written");
    let (mut refused, mut stream) = (0, exnihilo_jit::Stream::new(1));
    for _ in 0..600 {
        let mut body = bytes[40..].to_vec();
        for _ in 0..1 + stream.below(3) {
            let at = stream.below(body.len());
            match stream.below(3) {
                0 => body[at] ^= 1 << stream.below(8),
                1 => body[at] = stream.below(256) as u8,
                _ => drop(body.splice(at..(at + stream.below(9)).min(body.len()), [0xff; 3])),
            }
        }
        let Ok(checkpoint) = Checkpoint::decode(&Checkpoint::with_head(&body)) else {
            refused += 1;
            continue;
        };
        let Ok(search) = Search::resume(checkpoint, individuals(400)) else { panic!("the options are possible") };
        match search.check() {
            Err(SearchError::Checkpoint(_) | SearchError::Tasks { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
            // What can be cannot be told from what was.
            Ok(()) => {}
        }
    }
    assert!(refused > 300, "{refused} of 600");
}

/// Seeds of another format would be refused at their head, and the fuzz target would find nothing.
#[test]
fn the_corpus_of_the_fuzz_target_has_this_format() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/checkpoint");
    let mut files = 0;
    for entry in corpus.read_dir().expect("the corpus") {
        let path = entry.expect("a file of the corpus").path();
        let bytes = std::fs::read(&path).expect("a file of the corpus");
        let bytes = if path.extension().is_some_and(|extension| extension == "body") { Checkpoint::with_head(&bytes) } else { bytes };
        let checkpoint = Checkpoint::decode(&bytes).unwrap_or_else(|error| panic!("{}: {error}; make it anew", path.display()));
        let most = checkpoint.individuals() + 40;
        resume(checkpoint, individuals(most));
        files += 1;
    }
    assert!(files >= 5, "{files}");
}
