//! What `simplify` tells of its steps: as comments above the program, as events, as lines on stderr.

use std::collections::BTreeMap;

use exnihilo::ablation::{Change, Line, Reduced};
use exnihilo::stats::{Effect, mean};
use exnihilo::text::printable_name;
use exnihilo_jit::rewrite::{Reason, Rewritten, Step};
use exnihilo_jit::{Program, Space};
use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::{event_line, print_event};

/// The fitness of the original and of the reduced program on one set of fresh tasks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Confirmed {
    task_seed: u64,
    fitness_before: f64,
    fitness: f64,
    effect: Effect,
}

impl Confirmed {
    pub(super) fn new(task_seed: u64, before: &[f64], after: &[f64]) -> Confirmed {
        Confirmed { task_seed, fitness_before: mean(before), fitness: mean(after), effect: Effect::of(before, after) }
    }
}

/// A step that changes no result.
#[derive(Serialize)]
struct ExactEvent {
    kind: Reason,
    /// Where the instruction stood before the first of these steps.
    line: Line,
    before: String,
    after: Option<String>,
}

/// An instruction that hardly mattered.
#[derive(Serialize)]
struct ReducedEvent<'a> {
    kind: &'a str,
    line: Line,
    before: String,
    /// What who read its output reads instead.
    read_instead: Option<String>,
    effect: Effect,
    total: Effect,
    fitness: f64,
    instructions: usize,
}

/// What the reduction came to.
#[derive(Serialize)]
struct Approximate {
    epsilon: f64,
    /// The tasks in words.
    panel: String,
    /// How many there are, of each of the two sets.
    tasks: usize,
    /// On the tasks that decided.
    decided: Confirmed,
    /// On tasks that had no part in it.
    confirmed: Confirmed,
    /// Whether the loss is within epsilon there too.
    within: bool,
}

#[derive(Serialize)]
struct DoneEvent<'a> {
    program: String,
    simplified: String,
    instructions_before: usize,
    instructions: usize,
    #[serde(flatten)]
    approximate: Option<&'a Approximate>,
}

/// The steps of one command, and how they are told.
pub(super) struct Report {
    name: String,
    original: Program,
    result: Program,
    json: bool,
    steps: bool,
    comments: String,
    approximate: Option<Approximate>,
}

impl Report {
    pub(super) fn new(name: &str, original: &Program, json: bool, steps: bool) -> Report {
        let result = Program::default();
        Report { name: name.to_owned(), original: original.clone(), result, json, steps, comments: String::new(), approximate: None }
    }

    /// Steps that change no result, and the program that they lead to.
    ///
    /// # Errors
    /// A closed or full stdout.
    pub(super) fn exact(&mut self, rewritten: &Rewritten) -> Result<(), Failure> {
        for step in &rewritten.steps {
            if self.json {
                let Step { function, index, before, after, reason } = *step;
                let line = Line { function, index };
                let after = after.map(|after| after.to_string());
                print_event("step", &ExactEvent { kind: reason, line, before: before.to_string(), after })?;
            }
            if step.reason != Reason::Names {
                self.comment(&exact_line(step));
            }
        }
        if let Some(line) = names_line(&rewritten.steps) {
            self.comment(&line);
        }
        self.result = rewritten.program.clone();
        Ok(())
    }

    /// One step that may change results.
    ///
    /// # Errors
    /// A closed or full stdout.
    pub(super) fn step(&mut self, step: &Reduced) -> Result<(), Failure> {
        if self.json {
            let kind = match step.change {
                Change::Remove => "remove",
                Change::Merge(_) => "merge",
            };
            let event = ReducedEvent {
                kind,
                line: step.line,
                before: step.instruction.to_string(),
                read_instead: read_instead(step),
                effect: step.step,
                total: step.total,
                fitness: step.fitness,
                instructions: step.program.instructions().len(),
            };
            print_event("step", &event)?;
        }
        self.comment(&step_line(step));
        Ok(())
    }

    /// What all steps that may change results came to.
    pub(super) fn reduced(&mut self, epsilon: f64, benchmark: String, tasks: usize, decided: Confirmed, confirmed: Confirmed) {
        self.comment(&benchmark);
        for line in comparison(epsilon, &decided, &confirmed) {
            self.comment(&line);
        }
        self.approximate = Some(Approximate { epsilon, panel: benchmark, tasks, decided, confirmed, within: within(epsilon, &confirmed) });
    }

    /// What goes to stdout in the end.
    pub(super) fn end(&self) -> String {
        let counts = [&self.original, &self.result].map(|program| program.instructions().len());
        if self.json {
            let [program, simplified] = [&self.original, &self.result].map(Program::to_string);
            let [instructions_before, instructions] = counts;
            let done = DoneEvent { program, simplified, instructions_before, instructions, approximate: self.approximate.as_ref() };
            return event_line("done", &done) + "\n";
        }
        if !self.steps {
            return self.result.to_string();
        }
        let [before, after] = counts;
        let name = printable_name(&self.name);
        format!("# {name}: {before} instructions, {after} remain\n{}{}", self.comments, self.result)
    }

    fn comment(&mut self, line: &str) {
        self.comments += "# ";
        self.comments += line;
        self.comments += "\n";
    }
}

/// What who read the output of the instruction reads now, if that was changed.
fn read_instead(step: &Reduced) -> Option<String> {
    match step.change {
        Change::Remove => None,
        Change::Merge(which) => step.instruction.reads().nth(which).map(|(space, address)| name(space, address)),
    }
}

fn name(space: Space, address: u8) -> String {
    format!("{}{address}", space.letter())
}

/// A step that changes no result, for people.
fn exact_line(step: &Step) -> String {
    let line = Line { function: step.function, index: step.index };
    let what = match step.after {
        None => format!("dropped {line} `{}`", step.before),
        Some(after) => format!("changed {line} `{}` to `{after}`", step.before),
    };
    format!("{what:<48}  {}", step.reason.text())
}

/// The addresses that have other names, for people.
fn names_line(steps: &[Step]) -> Option<String> {
    let mut names = BTreeMap::new();
    for step in steps.iter().filter(|step| step.reason == Reason::Names) {
        if let (Some((space, old)), Some((_, new))) = (step.before.writes(), step.after.and_then(|after| after.writes())) {
            names.insert((space, old), new);
        }
    }
    let renamed = names.into_iter().filter(|((_, old), new)| old != new);
    let renamed: Vec<String> = renamed.map(|((space, old), new)| format!("{} to {}", name(space, old), name(space, new))).collect();
    (!renamed.is_empty()).then(|| format!("renamed {}", renamed.join(", ")))
}

/// A step that may change results, for people.
pub(super) fn step_line(step: &Reduced) -> String {
    let what = match (step.instruction.writes(), read_instead(step)) {
        (Some((space, address)), Some(input)) => format!("merged {} into {input}:", name(space, address)),
        _ => "removed".to_owned(),
    };
    let before = format!("{what} {} `{}`", step.line, step.instruction);
    format!("{before:<48}  fitness {:.6}: {}; in all {}", step.fitness, difference(&step.step), difference(&step.total))
}

/// A difference of fitness with its interval.
fn difference(effect: &Effect) -> String {
    format!("{:+.6} [{:+.6}, {:+.6}]", effect.mean, effect.low, effect.high)
}

/// The fitness on both sets of tasks, for people.
pub(super) fn comparison(epsilon: f64, decided: &Confirmed, confirmed: &Confirmed) -> Vec<String> {
    let line = |set: &str, found: &Confirmed| {
        format!("{set:<28} fitness {:.6} -> {:.6}: {} (95 %)", found.fitness_before, found.fitness, difference(&found.effect))
    };
    let mut lines = vec![line("tasks that decided:", decided), line("tasks that it never saw:", confirmed)];
    if !within(epsilon, confirmed) {
        lines.push(format!("there the loss is larger than {epsilon}: more --seeds or a smaller EPS decide more safely"));
    }
    lines
}

fn within(epsilon: f64, confirmed: &Confirmed) -> bool {
    confirmed.effect.mean >= -epsilon
}
