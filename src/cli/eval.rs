//! `eval`: the fitness of given programs.

mod list;

use std::path::{Path, PathBuf};

use clap::Args;
use exnihilo::text::{grouped, printable_name};
use exnihilo::verify::Sample;
use exnihilo_jit::{Backend, Combine, Evaluation, TaskGroup};
use serde::Serialize;

use super::args::{TaskArgs, ThreadArgs, any_backend, note_replaced, parse_rate};
use super::failure::Failure;
use super::output::{print_event, print_event_line, print_line};
use super::programs::read_programs;
use super::{Exit, difference};
use list::{ListError, ListEvaluation};

/// Evaluate programs on tasks: fitness per task and in total, training steps per second
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo eval linear net --task two-layer --features 8
  exnihilo eval runs/linear-s0/best.az --tasks 100 --task-seed 1
  exnihilo eval programs.jsonl.gz --backend oracle --repeat 5 --json
  exnihilo eval linear --data table.csv --label price
  exnihilo eval net --task projected --data mnist/ --pair 3-5 --tasks 4
  exnihilo eval softmax softmax-net --task digits --classes 10")]
pub(super) struct Eval {
    /// Program files (.az), lists of programs (.jsonl, .jsonl.gz), or names of hand-written ones
    #[arg(required = true, value_name = "PROGRAM")]
    programs: Vec<PathBuf>,
    #[command(flatten)]
    tasks: TaskArgs,
    /// How programs are executed; never changes results
    #[arg(long, default_value = "auto", value_parser = any_backend())]
    backend: Backend,
    #[command(flatten)]
    threads: ThreadArgs,
    /// Evaluate every program N times and report the sum of the median times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    /// Evaluate this share of programs once more with the oracle (0 to 1)
    ///
    /// A difference ends the command with exit code 3 and a case file.
    #[arg(long, value_name = "RATE", value_parser = parse_rate, default_value_t = 0.0)]
    verify: f64,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Print the last line only
    #[arg(long)]
    quiet: bool,
}

#[derive(Serialize)]
struct ProgramEvent<'a> {
    name: &'a str,
    fitness: f64,
    task_fitness: &'a [f64],
    train_steps: u64,
    backend: Backend,
}

#[derive(Serialize)]
struct DoneEvent {
    programs: usize,
    backend: Backend,
    fitness: f64,
    train_steps: u64,
    eval_seconds: f64,
    compile_seconds: f64,
    train_steps_per_second: f64,
    compiled: u64,
    compile_failures: u64,
    verified: u64,
}

impl Eval {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let mut programs = Vec::new();
        for argument in &self.programs {
            programs.append(&mut read_programs(argument)?);
        }
        let group = self.tasks.build()?;
        note_replaced(self.backend);
        let mut done = DoneEvent {
            programs: programs.len(),
            backend: self.backend,
            fitness: 0.0,
            train_steps: 0,
            eval_seconds: 0.0,
            compile_seconds: 0.0,
            train_steps_per_second: 0.0,
            compiled: 0,
            compile_failures: 0,
            verified: 0,
        };
        let verify = Sample::new(self.verify, &[self.tasks.seed()]);
        let evaluation = ListEvaluation { programs: &programs, group: &group, backend: self.backend, repeat: self.repeat, verify };
        let evaluated = evaluation.run(self.threads.count(), |name, timed| {
            done.fitness += timed.evaluation.fitness(Combine::Mean);
            done.train_steps += timed.evaluation.train_steps;
            done.eval_seconds += timed.seconds;
            done.compile_seconds += timed.compile_seconds;
            done.compiled += timed.compiled;
            done.compile_failures += timed.compile_failures;
            done.verified += u64::from(timed.verified);
            self.show(name, &timed.evaluation)
        });
        match evaluated {
            Err(ListError::Difference { name, difference }) => {
                let (event, failure) = difference::conclude(&difference, Path::new(""));
                if self.json {
                    print_event_line(&event.line())?;
                }
                return Err(failure.at(name));
            }
            Err(ListError::Failure(failure)) => return Err(failure),
            Ok(()) => {}
        }
        done.fitness /= programs.len() as f64;
        done.train_steps_per_second = done.train_steps as f64 / done.eval_seconds;
        self.show_done(&done, &group)?;
        Ok(Exit::Done)
    }

    fn show(&self, name: &str, evaluation: &Evaluation) -> Result<(), Failure> {
        let fitness = evaluation.fitness(Combine::Mean);
        let Evaluation { task_fitness, train_steps, backend } = evaluation;
        match (self.json, self.quiet) {
            (true, _) => {
                print_event("program", &ProgramEvent { name, fitness, task_fitness, train_steps: *train_steps, backend: *backend })
            }
            (false, true) => Ok(()),
            (false, false) => {
                const SHOWN: usize = 10;
                let mut tasks = task_fitness.iter().take(SHOWN).map(|fitness| format!("{fitness:.4}")).collect::<Vec<_>>().join(" ");
                if task_fitness.len() > SHOWN {
                    tasks += " …";
                }
                print_line(&format!("{:<24} fitness {fitness:.6}  {backend:<6}  tasks {tasks}", printable_name(name)))
            }
        }
    }

    fn show_done(&self, done: &DoneEvent, group: &TaskGroup) -> Result<(), Failure> {
        if self.json {
            return print_event("done", done);
        }
        let programs = if done.programs == 1 { "program" } else { "programs" };
        let verified = if self.verify == 0.0 { String::new() } else { format!("; {} confirmed by the oracle", grouped(done.verified)) };
        print_line(&format!(
            "{} {programs} on {} {} tasks (F = {}, {}/{} examples): mean fitness {:.6}, {} train steps in {:.6} s ({:.6} s compiling), {} a second{verified}",
            grouped(done.programs as u64),
            group.tasks().len(),
            self.tasks.kind(),
            group.features(),
            group.train_examples(),
            group.valid_examples(),
            done.fitness,
            grouped(done.train_steps),
            done.eval_seconds,
            done.compile_seconds,
            grouped(done.train_steps_per_second as u64),
        ))
    }
}
