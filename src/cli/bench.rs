//! `bench`: the backends side by side, on fixed programs and in whole searches.

mod measure;
mod program;
mod programs;
mod searches;
mod size;

use clap::Args;
use exnihilo_jit::Backend;

use super::Exit;
use super::args::{any_backend, parse_seconds};
use super::failure::Failure;
use program::BenchProgram;
use size::Size;

/// Compare oracle, interpreter, native code and auto on fixed programs, or in whole searches
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo bench
  exnihilo bench --features 4 --programs linear,net --backends interp,jit --seconds 5 --json
  exnihilo bench --search --threads 1,2

Programs run on two-layer tasks without a largest error, scaled so that gradients are alike at every
F. Backends take turns, so that noise hits all alike; times are medians. ns are per task and step,
without compiling; an evaluation is that of one program on all tasks, with compiling.

× oracle: how many times as fast as the plain interpreter of one task at a time, in this run.
Limits: what arithmetic alone takes for a training step if every instruction of the simplified
program is executed: its operations over the peak of this core, as measured at the start with
independent additions and multiplications in registers; and the latency of the chain of operations
that a step has to wait for after the step before, shared by all tasks.
Compile µs: of one program, for evaluations of 1000/100.
Break-even: training steps, over all tasks, from which on native code is cheaper than the
interpreter.

--search counts individuals a second of searches without target and final evaluation, their select
tasks cut to one: `linear` as it is, without FEC, and with neither FEC nor memo; and the preset
`baseline` with the tasks of `digits`. All backends and numbers of threads do the same search, as
far as the first of them comes in its share of the time.")]
pub(super) struct Bench {
    /// Feature sizes
    #[arg(long, value_name = "F,…", value_delimiter = ',', default_value = "4,8,16,32", value_parser = clap::value_parser!(u16).range(2..=256))]
    features: Vec<u16>,
    /// Programs; `random` is the mean over 20 fixed random ones
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_value = "linear,net,random")]
    programs: Vec<BenchProgram>,
    /// Backends
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_value = "oracle,interp,jit,auto", value_parser = any_backend())]
    backends: Vec<Backend>,
    /// Tasks side by side
    #[arg(long, value_name = "D", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    tasks: u16,
    /// Training and validation examples of whole evaluations; 1000/100 is always among them
    #[arg(long, value_name = "TRAIN/VALID,…", value_delimiter = ',', default_value = "10/10,100/100,1000/100,1000/1000,8000/1000")]
    sizes: Vec<Size>,
    /// Measure whole searches instead
    #[arg(long, conflicts_with_all = ["features", "programs", "tasks", "sizes"])]
    search: bool,
    /// Threads of searches
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,2", requires = "search", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Vec<u16>,
    /// About how long to measure in all; running everything once may take longer
    #[arg(long, value_name = "S", default_value_t = 20.0, value_parser = parse_seconds)]
    seconds: f64,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        if self.search {
            searches::run(&self)?
        } else {
            programs::run(&self)?
        }
        Ok(Exit::Done)
    }
}

/// A number with so many decimals, or a dash.
fn optional(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}
