//! Runs a search and watches it: `cargo run --release --example search`

use std::error::Error;

use exnihilo::experiment::Experiment;
use exnihilo::search::{Report, Search, SearchOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut experiment = Experiment::preset("linear")?;
    experiment.set("fec.capacity", "50_000")?;
    let options = SearchOptions { max_individuals: Some(2_000_000), ..SearchOptions::default() };
    let mut improvements = 0;
    // Told by the threads of the search, one at a time.
    let outcome = Search::new(experiment, 1, options)?.run(|report| match report {
        Report::Progress(progress) => println!("{:>8} individuals, best fitness {:?}", progress.counts.individuals, progress.best_fitness),
        Report::Improvement(_) => improvements += 1,
        _ => {}
    })?;
    println!(
        "{improvements} improvements; {} individuals in {:.1?}; stopped by {:?}\n",
        outcome.counts.individuals, outcome.elapsed, outcome.stopped_by
    );
    println!(
        "{}\nsearch {:.4}, select {:.4}, final {:.4?}",
        outcome.simplified, outcome.search_fitness, outcome.select_fitness, outcome.final_fitness
    );
    Ok(())
}
