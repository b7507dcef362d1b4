//! Exnihilo evolves complete machine-learning algorithms from nothing: AutoML-Zero (Real, Liang, So, Le, ICML 2020).
//!
//! The command line `exnihilo` is made of this library. A search is a [`search::Search`] of an [`experiment::Experiment`], which can be a
//! preset, a TOML file, or made in code; programs and their evaluation are in the crate [`exnihilo_jit`].
//!
//! ```
//! use exnihilo::experiment::Experiment;
//! use exnihilo::search::{Report, Search, SearchOptions};
//!
//! let mut experiment = Experiment::preset("linear")?;
//! experiment.set("search.population", "100")?;
//! let options = SearchOptions { max_individuals: Some(5_000), ..SearchOptions::default() };
//! let outcome = Search::new(experiment, 1, options)?.run(|report| {
//!     if let Report::Progress(progress) = report {
//!         println!("{} individuals, best {:?}", progress.counts.individuals, progress.best_fitness);
//!     }
//! })?;
//! println!("{}final fitness {:?}", outcome.simplified, outcome.final_fitness);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Whole programs are in the folder `examples`: `search` (with a callback), `own_data` (programs on own data), `own_search` (a search on own arrays, recorded), and in the crate
//! `exnihilo-jit` `native_code` (a program is compiled and called).
//!
//! The rooms, from the lowest up; each uses only those before it, and the crate [`exnihilo_jit`] below them:
//!
//! | folder | what |
//! |---|---|
//! | [`text`] | numbers and names as people read them |
//! | [`stats`] | effects and confidence intervals |
//! | [`task`] | groups of tasks from descriptions, images and tables |
//! | [`limit`] | what the arithmetic of a program takes at least |
//! | [`experiment`] | everything that decides the result of a search; presets |
//! | [`verify`] | the oracle confirms what a search says |
//! | [`search`] | evolution, checkpoints, comparison of search methods |
//! | [`run`] | the record of a run: its directory, its events, what they tell |
//! | [`tune`] | the constants of programs, tuned on a benchmark of fresh tasks |
//! | [`ablation`] | what a change does to a program's fitness |
//! | [`explain`] | what each line of a program is for |
//! | [`transfer`] | found programs at full dimension, with tuned constants |
//! | [`export`] | programs in other languages |
//! | [`report`] | pages about runs, and the server that shows them live |
#![forbid(unsafe_code)]

pub mod ablation;
pub mod experiment;
pub mod explain;
pub mod export;
pub mod limit;
pub mod report;
pub mod run;
pub mod search;
pub mod stats;
pub mod task;
pub mod text;
pub mod transfer;
pub mod tune;
pub mod verify;
