//! `eval`: the fitness of given programs.

use std::time::Instant;

use clap::Args;
use exnihilo_jit::{Backend, Combine, Evaluation, Evaluator, Program, TaskGroup, Worker};
use serde::Serialize;

use super::Exit;
use super::args::{TaskArgs, any_backend};
use super::failure::Failure;
use super::output::{grouped, print_event, print_line};
use super::programs::{NamedProgram, read_programs};

/// Evaluate programs on tasks: fitness per task and in total, training steps per second
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo eval linear net --task two-layer --features 8
  exnihilo eval runs/linear-s0/best.az --tasks 100 --task-seed 1
  exnihilo eval programs.jsonl.gz --backend oracle --repeat 5 --json
  exnihilo eval linear --data table.csv --label price
  exnihilo eval net --task projected --data mnist/ --pair 3-5 --tasks 4")]
pub(super) struct Eval {
    /// Program files (.az), lists of programs (.jsonl, .jsonl.gz), `linear` or `net`
    #[arg(required = true, value_name = "PROGRAM")]
    programs: Vec<String>,
    #[command(flatten)]
    tasks: TaskArgs,
    /// How programs are executed; never changes results
    #[arg(long, default_value = "auto", value_parser = any_backend())]
    backend: Backend,
    /// Evaluate everything N times and report the median time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
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
}

/// What one pass over all programs took.
#[derive(Clone, Copy, Default)]
struct PassTime {
    eval_seconds: f64,
    compile_seconds: f64,
}

impl Eval {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let mut programs = Vec::new();
        for argument in &self.programs {
            programs.append(&mut read_programs(argument)?);
        }
        let group = self.tasks.build()?;
        let mut worker = Evaluator::new(self.backend).worker();
        // What is made once for all programs (tasks in lanes, the compiler) is not part of any program's time.
        worker.evaluate(&Program::default(), &group)?;
        let before = worker.counters();

        let mut times = Vec::new();
        let (mut fitness_sum, mut train_steps) = (0.0, 0);
        let first = pass(&mut worker, &programs, &group, |name, evaluation| {
            fitness_sum += evaluation.fitness(Combine::Mean);
            train_steps += evaluation.train_steps;
            self.show(name, evaluation)
        })?;
        let after = worker.counters();
        times.push(first);
        for _ in 1..self.repeat {
            times.push(pass(&mut worker, &programs, &group, |_, _| Ok(()))?);
        }
        times.sort_by(|a, b| a.eval_seconds.total_cmp(&b.eval_seconds));
        let PassTime { eval_seconds, compile_seconds } = times[times.len() / 2];
        let done = DoneEvent {
            programs: programs.len(),
            backend: self.backend,
            fitness: fitness_sum / programs.len() as f64,
            train_steps,
            eval_seconds,
            compile_seconds,
            train_steps_per_second: train_steps as f64 / eval_seconds,
            compiled: after.compiled - before.compiled,
            compile_failures: after.compile_failures - before.compile_failures,
        };
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
                print_line(&format!("{name:<24} fitness {fitness:.6}  {backend:<6}  tasks {tasks}"))
            }
        }
    }

    fn show_done(&self, done: &DoneEvent, group: &TaskGroup) -> Result<(), Failure> {
        if self.json {
            return print_event("done", done);
        }
        let programs = if done.programs == 1 { "program" } else { "programs" };
        print_line(&format!(
            "{} {programs} on {} {} tasks (F = {}, {}/{} examples): mean fitness {:.6}, {} train steps in {:.6} s ({:.6} s compiling), {} a second",
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

/// Evaluates every program once; the time of `show` is not counted.
fn pass(
    worker: &mut Worker,
    programs: &[NamedProgram],
    group: &TaskGroup,
    mut show: impl FnMut(&str, &Evaluation) -> Result<(), Failure>,
) -> Result<PassTime, Failure> {
    let compiled_before = worker.counters().compile_seconds;
    let mut eval_seconds = 0.0;
    for NamedProgram { name, program } in programs {
        // A program that came before must not make this one cheaper.
        worker.forget_compiled();
        let begin = Instant::now();
        let evaluated = worker.evaluate(program, group);
        eval_seconds += begin.elapsed().as_secs_f64();
        show(name, evaluated.map_err(|error| Failure::from(error).at(name))?)?;
    }
    Ok(PassTime { eval_seconds, compile_seconds: worker.counters().compile_seconds - compiled_before })
}
