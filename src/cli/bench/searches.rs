//! Whole searches on every backend and number of threads.

use std::time::Instant;

use exnihilo::experiment::{Experiment, ExperimentError};
use exnihilo::search::{Outcome, Search, SearchError, SearchOptions};
use exnihilo::text::grouped;
use exnihilo_jit::Backend;
use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::{percent, print_event, print_line};
use super::{Bench, optional};

/// A search that is measured: a preset, with or without what spares it evaluations.
#[derive(Clone, Copy, Debug)]
struct Variant {
    name: &'static str,
    preset: &'static str,
    /// The preset whose tasks are used.
    tasks: &'static str,
    fec: bool,
    memo: bool,
}

const VARIANTS: [Variant; 4] = [
    Variant { name: "linear", preset: "linear", tasks: "linear", fec: true, memo: true },
    Variant { name: "linear", preset: "linear", tasks: "linear", fec: false, memo: true },
    Variant { name: "linear", preset: "linear", tasks: "linear", fec: false, memo: false },
    Variant { name: "baseline", preset: "baseline", tasks: "digits", fec: true, memo: true },
];

impl Variant {
    /// The experiment, with as little besides evolution as it can have.
    fn experiment(&self) -> Result<Experiment, ExperimentError> {
        let mut experiment = Experiment::preset(self.preset)?;
        experiment.tasks = Experiment::preset(self.tasks)?.tasks;
        experiment.target = None;
        experiment.tasks.select.tasks = 1;
        experiment.tasks.final_set = None;
        experiment.fec.enabled = self.fec;
        experiment.memo.enabled = self.memo;
        Ok(experiment)
    }
}

/// Whole searches on one backend and number of threads.
#[derive(Serialize)]
struct SearchEvent {
    search: &'static str,
    /// The preset whose tasks are used.
    tasks: &'static str,
    fec: bool,
    memo: bool,
    backend: Backend,
    threads: usize,
    /// Of one run; the same search on all backends and threads.
    individuals: u64,
    individuals_per_second: f64,
    /// On as many threads.
    ratio_to_oracle: Option<f64>,
    /// The ratio to the fewest threads measured, on the same backend.
    scaling: Option<f64>,
    fec_hits: u64,
    structural_hits: u64,
    compiled: u64,
}

/// A backend, a number of threads and the rates measured so far.
struct Cell {
    backend: Backend,
    threads: usize,
    rates: Vec<f64>,
    last: Option<Outcome>,
}

/// Measures and shows all searches.
pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    if !bench.json {
        print_line(&format!(
            "{:<10}{:<8}{:<6}{:<6}{:<8}{:>8}{:>15}{:>10}{:>9}{:>11}{:>14}",
            "search", "tasks", "FEC", "memo", "backend", "threads", "individuals/s", "× oracle", "scaling", "FEC hits", "memo hits"
        ))?;
    }
    for variant in VARIANTS {
        for event in measure(&variant, bench)? {
            if bench.json { print_event("search", &event)? } else { show(&event)? }
        }
    }
    Ok(())
}

fn measure(variant: &Variant, bench: &Bench) -> Result<Vec<SearchEvent>, Failure> {
    let experiment = variant.experiment()?;
    let mut cells: Vec<Cell> = Vec::new();
    for &backend in &bench.backends {
        cells.extend(bench.threads.iter().map(|&threads| Cell { backend, threads: threads.into(), rates: Vec::new(), last: None }));
    }
    let seconds = bench.seconds / VARIANTS.len() as f64;
    let begin = Instant::now();
    // How far there is time to go. All cells go as far, since what programs cost changes as they evolve.
    let share = seconds / (cells.len() + 1) as f64;
    let individuals = cells.first().map_or(Ok(1), |cell| cell.individuals_in(&experiment, share))?;
    // Cells take turns, so that noise hits all alike.
    loop {
        let round = Instant::now();
        for cell in &mut cells {
            cell.run(&experiment, individuals)?;
        }
        if (begin.elapsed() + round.elapsed()).as_secs_f64() > seconds {
            break;
        }
    }
    Ok(cells.iter().filter_map(|cell| event(variant, cell, &cells)).collect())
}

impl Cell {
    fn search(&self, experiment: &Experiment, individuals: Option<u64>, seconds: Option<f64>) -> Result<Outcome, SearchError> {
        let options = SearchOptions {
            backend: self.backend,
            threads: self.threads,
            max_individuals: individuals,
            max_seconds: seconds,
            ..SearchOptions::default()
        };
        Search::new(experiment.clone(), 0, options)?.run(|_| {})
    }

    /// How many individuals a search reaches in the time, a number that experiments can share evenly.
    fn individuals_in(&self, experiment: &Experiment, seconds: f64) -> Result<u64, SearchError> {
        let begun = self.search(experiment, Some(1), None)?;
        let reached = match self.search(experiment, None, Some(seconds + begun.elapsed.as_secs_f64())) {
            Ok(outcome) => outcome.counts.individuals,
            // A busy machine may not even get that far in the time.
            Err(SearchError::NothingEvaluated) => 0,
            Err(error) => return Err(error),
        };
        // Every experiment needs more than its first individual.
        Ok(reached.next_multiple_of(side_by_side(experiment)).max(2 * side_by_side(experiment)))
    }

    /// Runs the search once. What comes before the second individual of each experiment (threads, tasks) is measured by a search that
    /// ends there, and is not counted; in a search too short to tell the two apart it is.
    fn run(&mut self, experiment: &Experiment, individuals: u64) -> Result<(), SearchError> {
        let begun = self.search(experiment, Some(side_by_side(experiment)), None)?;
        let whole = self.search(experiment, Some(individuals), None)?;
        let (individuals, time) = match whole.elapsed.checked_sub(begun.elapsed) {
            Some(time) if !time.is_zero() => (whole.counts.individuals - begun.counts.individuals, time),
            _ => (whole.counts.individuals, whole.elapsed),
        };
        self.rates.push(individuals as f64 / time.as_secs_f64());
        self.last = Some(whole);
        Ok(())
    }

    /// The median.
    fn rate(&self) -> Option<f64> {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied()
    }
}

const fn side_by_side(experiment: &Experiment) -> u64 {
    experiment.search.side_by_side as u64
}

fn event(variant: &Variant, cell: &Cell, cells: &[Cell]) -> Option<SearchEvent> {
    let rate = cell.rate()?;
    let ratio = |other: &Cell| Some(rate / other.rate()?).filter(|ratio| ratio.is_finite());
    let oracle = cells.iter().find(|other| other.backend == Backend::Oracle && other.threads == cell.threads);
    let fewest = cells.iter().filter(|other| other.backend == cell.backend).min_by_key(|other| other.threads);
    let outcome = cell.last.as_ref()?;
    Some(SearchEvent {
        search: variant.name,
        tasks: variant.tasks,
        fec: variant.fec,
        memo: variant.memo,
        backend: cell.backend,
        threads: cell.threads,
        individuals: outcome.counts.individuals,
        individuals_per_second: rate,
        ratio_to_oracle: oracle.and_then(ratio),
        scaling: fewest.and_then(ratio),
        fec_hits: outcome.counts.fec_hits,
        structural_hits: outcome.counts.tiers.structural,
        compiled: outcome.counts.compiled,
    })
}

fn show(event: &SearchEvent) -> Result<(), Failure> {
    let word = |on: bool| if on { "yes" } else { "no" };
    print_line(&format!(
        "{:<10}{:<8}{:<6}{:<6}{:<8}{:>8}{:>15}{:>10}{:>9}{:>11}{:>14}",
        event.search,
        event.tasks,
        word(event.fec),
        word(event.memo),
        event.backend,
        event.threads,
        grouped(event.individuals_per_second as u64),
        optional(event.ratio_to_oracle, 2),
        optional(event.scaling, 2),
        percent(event.fec_hits, event.individuals),
        percent(event.structural_hits, event.individuals),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_search_that_is_measured_is_a_valid_one() {
        for variant in VARIANTS {
            let experiment = variant.experiment().expect("built-in presets");
            experiment.validate().expect("a valid experiment");
            assert_eq!((experiment.fec.enabled, experiment.memo.enabled), (variant.fec, variant.memo));
            assert!(experiment.tasks.search[0].data.is_none() && experiment.target.is_none());
        }
    }
}
