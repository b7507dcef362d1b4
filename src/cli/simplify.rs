//! `simplify`: a program without what cannot matter, or hardly does.

mod report;

use std::path::PathBuf;

use clap::Args;
use exnihilo::ablation::{self, Reduced};
use exnihilo::stats::mean;
use exnihilo::task::DataCache;
use exnihilo::text::printable_path;
use exnihilo_jit::Program;
use exnihilo_jit::rewrite::rewrite;

use super::args::{PanelArgs, PanelPlan, ThreadArgs};
use super::failure::Failure;
use super::output::{note, print_data};
use super::{Exit, programs};
use report::{Confirmed, Report};

/// Print an equivalent program without instructions that cannot matter
///
/// Dead instructions, copies and values computed twice go, constants are folded, addresses are numbered anew. The fitness on every task is
/// the same, bit for bit: with --classes on every task with classes, without on every other one; a program in the directory of a run is
/// for tasks like those of the run. With --approximate also without what hardly matters on fresh tasks.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo simplify runs/linear-s0/best.az
  exnihilo simplify runs/digits-s0/best.az --steps
  exnihilo simplify runs/digits-s0/best.az --approximate 0.01
  exnihilo simplify best.az --approximate 0.005 --task two-layer --features 8 --seeds 20 --json
  exnihilo simplify softmax --classes 10

--approximate takes out one instruction after another, each time the one that costs the least
fitness, as long as the mean fitness on the fresh tasks stays within EPS of the original program's.
The result is evaluated once more on other fresh tasks, which had no part in it; the steps and both
comparisons are told on stderr.
More in docs/simplify.md.")]
pub(super) struct Simplify {
    /// Program file (.az), or the name of a hand-written one
    program: PathBuf,
    /// Also remove or merge instructions, as long as the mean fitness is at most EPS lower (0 to 1)
    #[arg(long, value_name = "EPS", value_parser = parse_epsilon)]
    approximate: Option<f64>,
    /// List every step, with its effect, as comments above the program
    #[arg(long)]
    steps: bool,
    #[command(flatten)]
    benchmark: PanelArgs,
    #[command(flatten)]
    threads: ThreadArgs,
    /// Print one JSON object a line: each step, and in the end both programs
    #[arg(long, conflicts_with = "steps")]
    json: bool,
    /// No progress on stderr
    #[arg(long)]
    quiet: bool,
}

/// The loss of fitness that is accepted.
fn parse_epsilon(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(epsilon) if (0.0..=1.0).contains(&epsilon) => Ok(epsilon),
        _ => Err("choose a loss of fitness between 0 and 1, as in 0.01".to_owned()),
    }
}

impl Simplify {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let program = programs::read_program(&self.program)?;
        let plan = self.benchmark.plan(&self.program)?;
        let name = self.program.display().to_string();
        plan.interface().check_outputs(&program).map_err(|error| Failure::failed(format!("{}: {error}", printable_path(&self.program))))?;
        programs::note_if_nothing_matters(&program, plan.interface());
        let mut report = Report::new(&name, &program, self.json, self.steps);
        let exact = rewrite(&program, plan.interface());
        report.exact(&exact)?;
        if let Some(epsilon) = self.approximate {
            self.reduce(epsilon, &program, &exact.program, &plan, &mut report)?;
        }
        print_data(&report.end())?;
        Ok(Exit::Done)
    }

    /// Takes out what hardly matters and tells what that did, on the tasks that decided and on others.
    fn reduce(&self, epsilon: f64, program: &Program, exact: &Program, plan: &PanelPlan, report: &mut Report) -> Result<(), Failure> {
        let speaks = !self.quiet && !self.json;
        let (data, threads) = (DataCache::new(), self.threads.count());
        let benchmark = plan.build(0, threads, &data)?;
        let original = benchmark.fitness(program)?;
        let tasks = plan.describe(&benchmark, 0);
        if speaks {
            note(&tasks);
            note(&format!(
                "the program has {} instructions that can matter and a mean fitness of {:.6}",
                exact.instructions().len(),
                mean(&original)
            ));
        }
        let mut told = Ok(());
        let reduced = ablation::reduce(exact, &benchmark, epsilon, |step: &Reduced| {
            if speaks {
                note(&report::step_line(step));
            }
            told = std::mem::replace(&mut told, Ok(())).and_then(|()| report.step(step));
        })?;
        told?;
        // What went may leave more that goes without a change.
        let rest = rewrite(&reduced, plan.interface());
        report.exact(&rest)?;
        let first = Confirmed::new(plan.first_seed(0), &original, &benchmark.fitness(&rest.program)?);
        drop(benchmark);
        let benchmark = plan.build(1, threads, &data)?;
        let second = Confirmed::new(plan.first_seed(1), &benchmark.fitness(program)?, &benchmark.fitness(&rest.program)?);
        if speaks {
            for line in report::comparison(epsilon, &first, &second) {
                note(&line);
            }
        }
        report.reduced(epsilon, tasks, benchmark.tasks(), first, second);
        Ok(())
    }
}
