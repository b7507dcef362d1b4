//! Searches on own arrays, watches the search, records the run and goes on with it: `cargo run --release --example own_search`

use std::error::Error;
use std::fs;
use std::sync::Arc;

use exnihilo::experiment::Experiment;
use exnihilo::report::Page;
use exnihilo::run::{Recorder, RunDirectory, RunRecord};
use exnihilo::search::{Checkpoint, Report, Search, SearchOptions, TasksInMemory};
use exnihilo_jit::{Examples, GroupError, GroupSettings, Scoring, Stream, Task, TaskGroup};

/// Prices of houses: 0.8 times the size, less 0.5 times the distance.
fn houses(count: usize, stream: &mut Stream) -> Examples {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (size, distance) = (stream.normal(), stream.normal());
        features.extend([size, distance]);
        labels.push(0.8 * size - 0.5 * distance);
    }
    Examples { features, labels }
}

/// Tasks of which each has other houses.
fn tasks(count: u64, stream: &mut Stream) -> Result<TaskGroup, GroupError> {
    let task = |seed| Task { seed, train: houses(300, stream), valid: houses(50, stream), train_orders: None };
    TaskGroup::new(GroupSettings::new(2, Scoring::Rms), (0..count).map(task).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut stream = Stream::new(5);
    let own = TasksInMemory { search: vec![tasks(4, &mut stream)?], select: tasks(10, &mut stream)?, last: Some(tasks(10, &mut stream)?) };
    let own = Arc::new(own);

    // The settings of the paper's demonstration, on these tasks. Its target is a fitness of 0.9999.
    let (mut experiment, seed) = (Experiment::preset("linear")?, 2);
    experiment.name = "houses".to_owned();
    let options = SearchOptions { max_individuals: Some(40_000), checkpoint_every: Some(60.0), ..SearchOptions::default() };
    let folder = std::env::temp_dir().join(format!("exnihilo-own-search-{}", std::process::id()));
    let directory = RunDirectory::create(&folder, &experiment, seed)?;
    let mut recorder = Recorder::start(Some(directory), &experiment, seed, &options);
    let mut improvements = 0;
    let search = Search::new(experiment.clone(), seed, options.clone())?.on_tasks(own.clone())?;
    let outcome = search.run(|report| {
        improvements += usize::from(matches!(report, Report::Improvement(_)));
        recorder.record(report);
    })?;
    let done = recorder.conclude(&outcome, Vec::new())?.done;
    println!("{improvements} improvements in {} individuals; final fitness {:.4?}", outcome.counts.individuals, outcome.final_fitness);

    // Half as many again, from the last checkpoint; the tasks are those of before, or it would be refused.
    let mut directory = RunDirectory::open(&folder)?;
    let latest = directory.checkpoints()?[0];
    let checkpoint = Checkpoint::decode(&fs::read(directory.checkpoint_path(latest))?)?;
    directory.resume_from(latest);
    let options = SearchOptions { max_individuals: Some(60_000), ..options };
    let mut recorder = Recorder::resume(directory, &experiment, seed, &options);
    let longer = Search::resume(checkpoint, options)?.on_tasks(own)?.run(|report| recorder.record(report))?;
    recorder.conclude(&longer, Vec::new())?;
    println!("{} individuals; final fitness {:.4?}\n{}", longer.counts.individuals, longer.final_fitness, longer.simplified);

    let runs = [RunRecord::read(&folder)?];
    let page = Page::new(&runs).html();
    fs::remove_dir_all(&folder)?;
    if done.individuals != Some(40_000) || longer.counts.individuals != 60_000 {
        return Err("the record should be that of the run, and the second part should end where it was told to".into());
    }
    if improvements == 0 || !page.contains("houses seed 2") {
        return Err("there should be a page about the run".into());
    }
    Ok(())
}
