//! `explain`: a program annotated, and what its parts are worth.

mod curve;
mod measured;
mod read;

use std::path::{Path, PathBuf};

use clap::Args;
use exnihilo::ablation::{MOST_INSTRUCTIONS, Original};
use exnihilo::explain::Explanation;
use exnihilo::task::DataCache;
use exnihilo::text::printable_path;
use exnihilo::tune::Benchmark;
use exnihilo_jit::rewrite::rewrite;
use exnihilo_jit::{Interface, Program};
use serde::Serialize;

use super::args::{PanelArgs, PanelPlan, TUNING_ROUND, ThreadArgs, TuneArgs};
use super::failure::Failure;
use super::output::{note, print_event};
use super::pace::Pace;
use super::{Exit, programs};
use measured::{Measured, TunedEvent};
pub(super) use read::at_lines;

/// Explain a program: what each line is for, which ideas it is made of, and what each of them is worth
///
/// Lines are numbered and annotated by data flow. Recognized idioms are knocked out one by one and the loss of fitness on fresh tasks
/// is measured; every constant is scaled up and down.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo explain runs/linear-s0/best.az
  exnihilo explain net --task two-layer --features 8
  exnihilo explain best.az --no-measure
  exnihilo explain runs/digits-s0/best.az --each-line --seeds 10 --json
  exnihilo explain runs/digits-s0/best.az --knock-in linear
  exnihilo explain runs/digits-s0/best.az --tune 300
  exnihilo explain softmax --task digits --classes 10

A program in the directory of a run is measured on tasks like those of the run's final evaluation,
with other seeds; otherwise on those that the options describe. More in docs/explain.md.

Without a part, a program may be worse only because its constants no longer fit. With --tune, those
of the whole program and of each changed one are tuned on other fresh tasks before they are
measured: 300 trials of a program on 100 small tasks, such as those of digits, take about a second.")]
pub(super) struct Explain {
    /// Program file (.az), or the name of a hand-written one
    program: PathBuf,
    /// Explain the program as it is written, and not as `simplify` prints it
    #[arg(long)]
    as_written: bool,
    /// Only what the text tells: no knock-outs, no curves of constants
    #[arg(long, conflicts_with = "each_line")]
    no_measure: bool,
    /// Knock out every line by itself as well
    #[arg(long)]
    each_line: bool,
    /// Also put every idiom into this program (a file or a name), where it has a place, and measure what it does there
    #[arg(long, value_name = "PROGRAM", conflicts_with = "no_measure")]
    knock_in: Option<PathBuf>,
    #[command(flatten)]
    tune: TuneArgs,
    #[command(flatten)]
    benchmark: PanelArgs,
    #[command(flatten)]
    threads: ThreadArgs,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// No messages on stderr
    #[arg(long)]
    quiet: bool,
}

/// What the whole came to.
#[derive(Serialize)]
struct DoneEvent<'a> {
    program: String,
    lines: usize,
    left_out: usize,
    parameters: Vec<read::ParameterEvent<'a>>,
    edges: Vec<read::EdgeEvent>,
    idioms: usize,
    tasks: usize,
    /// The mean over the fresh tasks; null where nothing was measured.
    fitness: Option<f64>,
    /// The trials of each program; null where constants are not tuned.
    trials: Option<u32>,
    tuning_tasks: Option<usize>,
    /// The whole program with its constants tuned.
    tuned: Option<TunedEvent>,
}

/// Why the parts of a program of so many instructions are not measured.
pub(super) fn too_long(path: &Path, count: usize) -> String {
    format!(
        "{}: the program has {count} instructions, and to measure what its parts are worth takes a time that grows with the square of their \
         number: at most {MOST_INSTRUCTIONS} are possible",
        printable_path(path)
    )
}

impl Explain {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let program = programs::read_program(&self.program)?;
        let plan = self.benchmark.plan(&self.program)?;
        let interface = plan.interface();
        interface.check_outputs(&program).map_err(|error| Failure::failed(format!("{}: {error}", printable_path(&self.program))))?;
        let explained = if self.as_written { program.clone() } else { rewrite(&program, interface).program };
        let left_out = program.instructions().len() - explained.instructions().len();
        let explanation = Explanation::of(&explained, interface);
        let host = self.knock_in.as_ref().map(|host| self.host(host, interface)).transpose()?;
        if !self.quiet {
            programs::note_if_nothing_matters(&explained, interface);
        }
        // What cannot be measured is refused before anything is shown.
        let benchmarks = if self.measures(&explained)? { Some(self.benchmarks(&plan)?) } else { None };
        let mut pace = Pace::new(self.programs(&explanation), self.tune.tune.unwrap_or(0), self.is_silent());
        let original = benchmarks.as_ref().map(|(benchmark, tuning)| {
            let tuner = self.tune.tuner(&plan, tuning.as_ref());
            Original::new(&explained, benchmark, tuner, |trials| pace.done(trials))
        });
        let original = original.transpose()?;
        read::show(&explanation, left_out, self.json)?;
        let (mut tasks, mut fitness, mut tuning_tasks, mut tuned) = (0, None, None, None);
        if let Some(original) = original {
            let mut measured = Measured { explanation: &explanation, original: &original, pace, json: self.json };
            measured.begin(self.each_line || !explanation.idioms().is_empty())?;
            measured.idioms()?;
            if self.each_line {
                measured.lines()?;
            }
            measured.constants()?;
            if let (Some(name), Some(host)) = (&self.knock_in, &host) {
                measured.knock_in(&name.display().to_string(), host)?;
            }
            (tasks, fitness) = (original.benchmark().tasks(), Some(original.fitness()));
            tuning_tasks = benchmarks.as_ref().and_then(|(_, tuning)| tuning.as_ref()).map(Benchmark::tasks);
            tuned = original.tuned().map(|(tuned, fitness)| TunedEvent::new(tuned, fitness, None));
        }
        if self.json {
            let done = DoneEvent {
                program: explained.to_string(),
                lines: explained.instructions().len(),
                left_out,
                parameters: read::parameter_events(&explanation),
                edges: read::edge_events(explanation.graph()),
                idioms: explanation.idioms().len(),
                tasks,
                fitness,
                trials: self.tune.tune,
                tuning_tasks,
                tuned,
            };
            print_event("done", &done)?;
        }
        Ok(Exit::Done)
    }

    /// Whether the parts of a program are to be measured. Of a long one they are only if that is asked for part by part, which is refused.
    fn measures(&self, program: &Program) -> Result<bool, Failure> {
        let count = program.instructions().len();
        if self.no_measure || count <= MOST_INSTRUCTIONS {
            return Ok(!self.no_measure);
        }
        let long = too_long(&self.program, count);
        let asked = [("--each-line", self.each_line), ("--knock-in", self.knock_in.is_some()), ("--tune", self.tune.tune.is_some())];
        match asked.into_iter().find(|(_, is_asked)| *is_asked) {
            Some((option, _)) => Err(Failure::usage(format!("{long}; leave out {option} to have it explained only"))),
            None if self.quiet => Ok(false),
            None => {
                note(&format!("{long}; it is explained only, as with --no-measure (its fitness: exnihilo eval)"));
                Ok(false)
            }
        }
    }

    /// Whether nobody is told what is being done.
    const fn is_silent(&self) -> bool {
        self.quiet || self.json
    }

    /// Fresh tasks to measure on, and others to tune constants on, where they are tuned.
    fn benchmarks(&self, plan: &PanelPlan) -> Result<(Benchmark, Option<Benchmark>), Failure> {
        if !self.is_silent() {
            note("making fresh tasks (--seeds and --tasks say how many)");
        }
        let (data, threads) = (DataCache::new(), self.threads.count());
        let benchmark = plan.build(0, threads, &data)?;
        let tuning = self.tune.benchmark(plan, threads, &data)?;
        if !self.is_silent() {
            note(&plan.describe(&benchmark, 0));
            tuning.iter().for_each(|tuning| note(&format!("constants are tuned on {}", plan.describe(tuning, TUNING_ROUND))));
        }
        Ok((benchmark, tuning))
    }

    /// How many programs are measured: the whole one, the changed ones, and what idioms are put into.
    fn programs(&self, explanation: &Explanation) -> usize {
        let (idioms, lines) = (explanation.idioms().len(), explanation.program().instructions().len());
        1 + idioms + if self.each_line { lines } else { 0 } + if self.knock_in.is_some() { 1 + idioms } else { 0 }
    }

    /// The program that idioms are put into, without what cannot matter.
    fn host(&self, path: &Path, interface: Interface) -> Result<Explanation, Failure> {
        let program = programs::read_program(path)?;
        interface.check_outputs(&program).map_err(|error| Failure::failed(format!("{}: {error}", printable_path(path))))?;
        let program = rewrite(&program, interface).program;
        let count = program.instructions().len();
        if count > MOST_INSTRUCTIONS {
            return Err(Failure::usage(format!(
                "{}: the program has {count} instructions, and idioms are put into programs of at most {MOST_INSTRUCTIONS}: choose a \
                 simpler one",
                printable_path(path)
            )));
        }
        Ok(Explanation::of(&program, interface))
    }
}
