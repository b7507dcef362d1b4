//! `bench`: the backends side by side on fixed programs.

mod measure;

use clap::Args;
use exnihilo_jit::Backend;
use serde::Serialize;

use super::Exit;
use super::args::{any_backend, parse_seconds};
use super::failure::Failure;
use super::output::{grouped, print_event, print_line};
use measure::{BenchProgram, BenchTasks, Measured};

/// Compare oracle, interpreter, native code and auto on fixed programs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo bench
  exnihilo bench --features 4 --programs linear,net --backends interp,jit --seconds 5 --json

Times are medians, on two-layer tasks without a largest error. An evaluation is that of one program on all tasks, with
1,000 training and 100 validation examples, compiling included; ns are per task and step, without compiling.
Break-even: training steps (over all tasks) from which on native code is cheaper than the interpreter.")]
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
    /// About how long to measure in all
    #[arg(long, value_name = "S", default_value_t = 20.0, value_parser = parse_seconds)]
    seconds: f64,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct BenchEvent {
    program: &'static str,
    features: usize,
    tasks: usize,
    backend: Backend,
    /// What ran; it differs from `backend` for auto, and where there is no native code.
    ran: Backend,
    train_ns_per_step: f64,
    valid_ns_per_step: f64,
    compile_us: Option<f64>,
    evals_per_second: f64,
    /// Of evaluations a second to the oracle's, where that was measured before.
    ratio_to_oracle: Option<f64>,
    /// Training steps over all tasks, where interpreter and native code were measured and it pays at all.
    break_even_steps: Option<f64>,
}

impl Bench {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let cells = self.features.len() * self.programs.len() * self.backends.len();
        let seconds = self.seconds / cells as f64;
        if !self.json {
            print_line(&format!(
                "{:<8}{:>4}  {:<8}{:>10}{:>10}{:>12}{:>12}{:>10}{:>12}",
                "program", "F", "backend", "train ns", "valid ns", "compile µs", "evals/s", "× oracle", "break-even"
            ))?;
        }
        for &features in &self.features {
            let tasks = BenchTasks::new(features.into(), self.tasks.into())?;
            for &program in &self.programs {
                let mut oracle = None;
                let mut interp = None;
                for &backend in &self.backends {
                    let measured = tasks.measure(program, backend, seconds)?;
                    match backend {
                        Backend::Oracle => oracle = Some(measured),
                        Backend::Interp => interp = Some(measured),
                        Backend::Jit | Backend::Auto => {}
                    }
                    self.show(&BenchEvent {
                        program: program.name(),
                        features: features.into(),
                        tasks: self.tasks.into(),
                        backend,
                        ran: measured.ran,
                        train_ns_per_step: measured.train_ns_per_step,
                        valid_ns_per_step: measured.valid_ns_per_step,
                        compile_us: measured.compile_us,
                        evals_per_second: measured.evals_per_second,
                        ratio_to_oracle: oracle.map(|oracle| measured.evals_per_second / oracle.evals_per_second),
                        break_even_steps: interp.and_then(|interp| break_even(&interp, &measured)),
                    })?;
                }
            }
        }
        Ok(Exit::Done)
    }

    fn show(&self, event: &BenchEvent) -> Result<(), Failure> {
        if self.json {
            return print_event("bench", event);
        }
        let optional = |value: Option<f64>, decimals: usize| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"));
        let name = if event.ran == event.backend { event.backend.to_string() } else { format!("{} ({})", event.backend, event.ran) };
        print_line(&format!(
            "{:<8}{:>4}  {name:<14}{:>4.1}{:>10.1}{:>12}{:>12}{:>10}{:>12}",
            event.program,
            event.features,
            event.train_ns_per_step,
            event.valid_ns_per_step,
            optional(event.compile_us, 0),
            grouped(event.evals_per_second as u64),
            optional(event.ratio_to_oracle, 2),
            event.break_even_steps.map_or_else(|| "-".to_owned(), |steps| grouped(steps as u64)),
        ))
    }
}

/// The training steps whose saving pays for compiling.
fn break_even(interp: &Measured, native: &Measured) -> Option<f64> {
    let saved = interp.train_ns_per_step - native.train_ns_per_step;
    native.compile_us.filter(|_| saved > 0.0).map(|us| us * 1e3 / saved)
}
