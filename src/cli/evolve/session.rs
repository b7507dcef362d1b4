//! A search from its beginning or its checkpoint to its end, told, saved and concluded: what `evolve` and `resume` have in common.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use exnihilo::experiment::Experiment;
use exnihilo::report::Server;
use exnihilo::run::{Recorded, Recorder, RunDirectory, RunEvent, baselines};
use exnihilo::search::{Search, SearchError, SearchOptions, StoppedBy};
use exnihilo::text::{printable_name, printable_path};
use exnihilo::verify::DEFAULT_RATE;
use exnihilo_jit::Backend;

use super::report::{Reporter, Telling};
use super::result::for_people;
use super::watch;
use crate::cli::args::{ThreadArgs, note_replaced, parse_address, parse_rate, parse_seconds, search_backend};
use crate::cli::failure::Failure;
use crate::cli::output::{note, print_event_line, print_text};
use crate::cli::{Exit, difference};

/// How a search runs and where it ends.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct RunArgs {
    /// How programs are executed; never changes results
    #[arg(long, default_value = "auto", value_parser = search_backend())]
    backend: Backend,
    #[command(flatten)]
    threads: ThreadArgs,
    /// Stop when a program reaches this fitness on the select tasks (default: the experiment's target)
    #[arg(long, value_name = "X")]
    pub(in crate::cli) target_fitness: Option<f64>,
    /// Stop after exactly N individuals in all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) max_individuals: Option<u64>,
    /// Stop when about N training steps are used up
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) max_train_steps: Option<u64>,
    /// Stop after S seconds of search in all
    #[arg(long, value_name = "S", value_parser = parse_seconds)]
    pub(in crate::cli) max_seconds: Option<f64>,
    /// Evaluate this share of programs once more with the oracle (0 to 1); never changes results
    ///
    /// The reported program is always confirmed. A difference ends the run with exit code 3 and a case file.
    #[arg(long, value_name = "RATE", value_parser = parse_rate, default_value_t = DEFAULT_RATE)]
    verify: f64,
    /// Print one JSON object a line
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// No progress on stderr
    #[arg(long)]
    pub(in crate::cli) quiet: bool,
    /// A live view that fills the terminal (stderr); q stops, Ctrl-C twice aborts
    ///
    /// Speed, how programs were answered, fitness over time and the best program so far; the arrow keys scroll in that. Where stderr is
    /// not a terminal there are lines now and then in its place.
    #[arg(long, conflicts_with_all = ["json", "quiet"])]
    watch: bool,
    /// Serve the page of the run, live, while it runs; port 0 is any that is free (see `exnihilo serve`)
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_address)]
    serve: Option<SocketAddr>,
    /// Let --serve take an address that other machines can reach: whoever reaches it reads the page
    #[arg(long, requires = "serve")]
    allow_remote: bool,
}

impl RunArgs {
    /// How the run is told of.
    pub(in crate::cli) const fn telling(&self) -> Telling {
        Telling { json: self.json, quiet: self.quiet, watch: self.watch }
    }

    /// The address for the page of the run, if there is to be one.
    pub(in crate::cli) fn server(&self) -> Result<Option<Server>, Failure> {
        Ok(self.serve.map(|address| Server::bind(address, self.allow_remote)).transpose()?)
    }

    /// What they say of how a search runs; its limits are the caller's.
    pub(in crate::cli) fn options(&self, stop: Arc<AtomicBool>) -> SearchOptions {
        SearchOptions { backend: self.backend, threads: self.threads.count(), verify: self.verify, stop, ..SearchOptions::default() }
    }
}

/// A search that is about to run.
pub(in crate::cli) struct Session {
    pub(in crate::cli) search: Search,
    pub(in crate::cli) experiment: Experiment,
    pub(in crate::cli) seed: u64,
    /// Those of `search`.
    pub(in crate::cli) options: SearchOptions,
    /// What saves it.
    pub(in crate::cli) recorder: Recorder,
    /// What to tell people when it has begun.
    pub(in crate::cli) note: Option<String>,
    pub(in crate::cli) telling: Telling,
    /// Where its page is served.
    pub(in crate::cli) server: Option<Server>,
}

impl Session {
    /// Runs it.
    pub(in crate::cli) fn run(self) -> Result<Exit, Failure> {
        let Session { search, experiment, seed, options, recorder, note: first_note, telling, server } = self;
        let folder = recorder.path().map_or_else(PathBuf::new, Path::to_owned);
        note_replaced(options.backend);
        let server = server.filter(|_| recorder.path().is_some());
        let address = server.as_ref().map(|server| format!("live at http://{}/", server.address()));
        let _serving = server.map(|server| server.serve(&folder)).transpose()?;

        let notes = if telling.quiet {
            Vec::new()
        } else {
            let paper = paper_scale(&experiment).filter(|_| !telling.json);
            first_note.into_iter().chain(address).chain(paper).chain(idle_threads(&experiment, options.threads)).collect()
        };
        let mut reporter = Reporter::new(telling, &experiment, seed, &options, recorder, notes);
        let searched = search.run(|report| reporter.report(report));
        let (mut recorder, finished) = reporter.finish();
        if let Err(SearchError::Difference(difference)) = &searched {
            let (event, failure) = difference::conclude(difference, &folder);
            // What else cannot be written is of less weight.
            if finished.is_ok() {
                recorder.record_event(&event);
            }
            if telling.json {
                let _ = print_event_line(&event.line());
            }
            return Err(failure);
        }
        finished?;
        let outcome = match searched {
            Err(SearchError::NothingEvaluated) if options.stop.load(Ordering::Relaxed) => {
                note("interrupted before a single program was evaluated");
                return Ok(Exit::Interrupted);
            }
            searched => searched?,
        };
        let interrupted = outcome.stopped_by == StoppedBy::Interrupt;
        let last = if interrupted { None } else { search.final_tasks()? };
        let baselines = last.map_or_else(|| Ok(Vec::new()), |group| baselines(&experiment, &group))?;
        let Recorded { done, result } = recorder.conclude(&outcome, baselines)?;
        if let Some(saved) = result.filter(|saved| *saved != folder.join("result.json")) {
            note(&format!("an earlier result of this run is better on the select tasks and stays; this one is {}", printable_path(&saved)));
        }
        if telling.json {
            print_event_line(&RunEvent::Done(Box::new(done)).line())?;
        } else {
            print_text(&for_people(&outcome, &done))?;
        }
        let target = options.target.or(experiment.target);
        Ok(match outcome.stopped_by {
            StoppedBy::Interrupt => Exit::Interrupted,
            _ if target.is_some() && !outcome.reached_target => Exit::TargetMissed,
            _ => Exit::Done,
        })
    }
}

/// What the paper ran, and what this run is.
fn paper_scale(experiment: &Experiment) -> Option<String> {
    let (paper, search) = (experiment.paper.as_ref()?, &experiment.search);
    let sets = experiment.tasks.search.len();
    let of_sets = if sets == 1 { String::new() } else { format!(" on {sets} sets of search tasks") };
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    Some(format!(
        "paper: {}\nhere: {} island{} an experiment{of_sets}, {} experiment{} side by side",
        printable_name(&paper.to_string()),
        search.islands,
        plural(search.islands),
        search.side_by_side,
        plural(search.side_by_side)
    ))
}

/// What is to be said where there are more threads than islands.
fn idle_threads(experiment: &Experiment, threads: usize) -> Option<String> {
    let search = &experiment.search;
    let islands = search.islands * search.side_by_side;
    (threads > islands).then(|| {
        format!(
            "{} of {threads} threads are idle, since one thread takes a whole island and there are {islands} ({} experiments side by side, \
             each of {}); more islands (evolve --islands N, or --set search.side_by_side=N) would use them, in another search",
            threads - islands,
            search.side_by_side,
            search.islands
        )
    })
}

/// A flag that the first interrupt sets, which asks the search to stop; the second ends the process.
pub(in crate::cli) fn stop_on_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let set = ctrlc::set_handler(move || interrupt(&flag));
    set.map_err(|error| Failure::failed(format!("cannot watch for Ctrl-C: {error}"))).map(|()| stop)
}

/// What Ctrl-C does, as a signal or, while the live view is open, as a key.
pub(super) fn interrupt(stop: &AtomicBool) {
    if stop.swap(true, Ordering::Relaxed) {
        watch::restore_terminal();
        RunDirectory::exit_between_writes(Exit::Interrupted.code().into());
    }
    // The view says so itself.
    if !watch::is_open() {
        note("stopping; once more to abort");
    }
}
