//! What the parts of a program are worth on fresh tasks.

use exnihilo::ablation::{Changed, Line, Original, without};
use exnihilo::explain::{Explanation, Idiom, IdiomKind, knock_in, knocked_out};
use exnihilo::stats::{Effect, mean};
use exnihilo::text::{grouped, printable_name};
use exnihilo::tune::{Constant, FACTORS, Tuned, Tuner};
use exnihilo_jit::Program;
use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::{print_event, print_line};
use super::super::pace::Pace;
use super::curve::{bars, range};
use super::read::{at_lines, numbered};

/// How many changed programs are made and measured side by side, where their constants are not tuned.
const AT_ONCE: usize = 64;

/// A program on its tasks.
pub(super) struct Measured<'a> {
    pub(super) explanation: &'a Explanation,
    pub(super) original: &'a Original<'a>,
    pub(super) pace: Pace,
    pub(super) json: bool,
}

/// A constant in a tuned program, by what it was multiplied.
#[derive(Serialize)]
struct FactorEvent {
    line: usize,
    constant: &'static str,
    factor: f64,
}

/// A program with its constants tuned.
#[derive(Serialize)]
pub(super) struct TunedEvent {
    /// On the fresh tasks.
    fitness: f64,
    /// Against the whole program with its constants tuned; null for that itself.
    effect: Option<Effect>,
    trial: u32,
    /// On the tuning tasks, with the constants as they are.
    tuning_fitness_before: f64,
    tuning_fitness: f64,
    constants: Vec<FactorEvent>,
    program: String,
}

impl TunedEvent {
    pub(super) fn new(tuned: &Tuned, fitness: f64, effect: Option<Effect>) -> TunedEvent {
        let Tuned { program, trial, constants, before, after } = tuned;
        let constants = constants.iter().map(|constant| FactorEvent {
            line: constant.place.line(program) + 1,
            constant: constant.place.part.name(),
            factor: constant.factor,
        });
        TunedEvent {
            fitness,
            effect,
            trial: *trial,
            tuning_fitness_before: *before,
            tuning_fitness: *after,
            constants: constants.collect(),
            program: program.to_string(),
        }
    }

    /// Of a changed program, where its constants were tuned.
    fn of_change(changed: &Changed) -> Option<TunedEvent> {
        changed.tuned.as_ref().map(|change| TunedEvent::new(&change.tuned, change.fitness, Some(change.effect)))
    }
}

/// How an idiom or a line is knocked out.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum How {
    /// Its lines are gone.
    Removed,
    /// Values go through it unchanged.
    Bypassed,
}

#[derive(Serialize)]
struct KnockOutEvent<'a> {
    /// The idiom; null for a line by itself.
    kind: Option<IdiomKind>,
    name: &'a str,
    lines: Vec<usize>,
    how: How,
    fitness: f64,
    effect: Effect,
    /// The same with the constants tuned; null where they are not.
    tuned: Option<TunedEvent>,
}

/// An idiom in another program; without fitness, and with a reason, where it has no place there.
#[derive(Serialize)]
struct KnockInEvent<'a> {
    into: &'a str,
    kind: IdiomKind,
    name: &'a str,
    lines: Vec<usize>,
    fitness_before: f64,
    fitness: Option<f64>,
    effect: Option<Effect>,
    /// With the constants tuned, of the other program as well; null where they are not.
    tuned_fitness_before: Option<f64>,
    tuned: Option<TunedEvent>,
    program: Option<String>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Point {
    factor: f64,
    fitness: f64,
}

#[derive(Serialize)]
struct ConstantEvent<'a> {
    line: usize,
    constant: &'a str,
    value: f64,
    points: Vec<Point>,
}

impl Measured<'_> {
    fn program(&self) -> &Program {
        self.explanation.program()
    }

    /// Says how good the program is as it is.
    pub(super) fn begin(&self, has_parts: bool) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        let (fitness, tasks) = (self.original.fitness(), self.original.benchmark().tasks());
        let (Some((tuned, best)), Some(tuner)) = (self.original.tuned(), self.original.tuner()) else {
            let heading = if has_parts { " Without a part, the mean change and its 95 % interval:" } else { "" };
            return print_line(&format!("\nFitness {fitness:.6} on {tasks} fresh tasks.{heading}"));
        };
        print_line(&format!(
            "\nFitness {fitness:.6} on {tasks} fresh tasks; with its constants tuned on {} others, {best:.6} ({}):",
            tuner.benchmark().tasks(),
            trials(tuned, tuner)
        ))?;
        let mut lines: Vec<usize> = tuned.constants.iter().map(|constant| constant.place.line(&tuned.program)).collect();
        lines.dedup();
        for line in lines {
            print_line(&format!("  {}", tuned.program.instructions()[line]))?;
        }
        if !has_parts {
            return Ok(());
        }
        print_line("Without a part, the mean change and its 95 % interval:")?;
        print_line(&columns())
    }

    /// Knocks out every idiom.
    pub(super) fn idioms(&mut self) -> Result<(), Failure> {
        let explanation = self.explanation;
        for some in explanation.idioms().chunks(self.at_once()) {
            let changed: Vec<Program> = some.iter().map(|idiom| knocked_out(self.program(), idiom)).collect();
            for (idiom, changed) in some.iter().zip(self.measure(&changed)?) {
                let Idiom { kind, lines, through, .. } = idiom;
                let how = if through.is_empty() { How::Removed } else { How::Bypassed };
                self.knock_out(Some(*kind), kind.words(), lines, how, &changed)?;
            }
        }
        Ok(())
    }

    /// Knocks out every line by itself.
    pub(super) fn lines(&mut self) -> Result<(), Failure> {
        let places: Vec<Line> = Line::all(self.program()).map(|(line, _)| line).collect();
        let names: Vec<String> = self.program().instructions().iter().map(ToString::to_string).collect();
        let width = names.iter().map(String::len).max().unwrap_or(0);
        let lines: Vec<usize> = (0..places.len()).collect();
        for some in lines.chunks(self.at_once()) {
            let changed: Vec<Program> = some.iter().map(|&line| without(self.program(), &[places[line]])).collect();
            for (&line, changed) in some.iter().zip(self.measure(&changed)?) {
                let name = format!("{:<width$}", names[line]);
                self.knock_out(None, &name, &[line], How::Removed, &changed)?;
            }
        }
        Ok(())
    }

    /// How many changed programs are measured before they are told of: tuning takes long, so each of these is told when it is done.
    fn at_once(&self) -> usize {
        if self.original.tuner().is_some() { 1 } else { AT_ONCE }
    }

    fn measure(&mut self, changed: &[Program]) -> Result<Vec<Changed>, Failure> {
        Ok(self.original.measure(changed, |trials| self.pace.done(trials))?)
    }

    fn knock_out(&self, kind: Option<IdiomKind>, name: &str, lines: &[usize], how: How, changed: &Changed) -> Result<(), Failure> {
        if self.json {
            let &Changed { fitness, effect, .. } = changed;
            let tuned = TunedEvent::of_change(changed);
            return print_event(
                "knock_out",
                &KnockOutEvent { kind, name: name.trim_end(), lines: numbered(lines), how, fitness, effect, tuned },
            );
        }
        let how = match how {
            How::Removed => "removed",
            How::Bypassed => "bypassed",
        };
        print_line(&format!("  {}  {name:<28}  {how:<8}  {}", effects(changed), at_lines(lines)))
    }

    /// Puts every idiom into another program.
    pub(super) fn knock_in(&mut self, into: &str, host: &Explanation) -> Result<(), Failure> {
        let tuner = self.original.tuner().copied();
        let original = Original::new(host.program(), self.original.benchmark(), tuner, |trials| self.pace.done(trials))?;
        let (fitness_before, shown) = (original.fitness(), printable_name(into));
        let tuned_fitness_before = original.tuned().map(|(_, fitness)| fitness);
        match (original.tuned(), tuner) {
            _ if self.json => {}
            (Some((tuned, fitness)), Some(tuner)) => {
                print_line(&format!(
                    "\nPut into {shown}, which has fitness {fitness_before:.6} on the same tasks, with its constants tuned {fitness:.6} ({}):",
                    trials(tuned, &tuner)
                ))?;
                print_line(&columns())?;
            }
            _ => print_line(&format!("\nPut into {shown}, which has fitness {fitness_before:.6} on the same tasks:"))?,
        }
        for idiom in self.explanation.idioms() {
            let (kind, name, lines) = (idiom.kind, idiom.kind.words(), numbered(&idiom.lines));
            let put_in = match knock_in(self.explanation, idiom, host) {
                Ok(program) => {
                    let changed = original.measure(std::slice::from_ref(&program), |trials| self.pace.done(trials))?.remove(0);
                    Ok((program, changed))
                }
                Err(reason) => Err(reason.to_string()),
            };
            if self.json {
                let changed = put_in.as_ref().ok().map(|(_, changed)| changed);
                let event = KnockInEvent {
                    into,
                    kind,
                    name,
                    lines,
                    fitness_before,
                    fitness: changed.map(|changed| changed.fitness),
                    effect: changed.map(|changed| changed.effect),
                    tuned_fitness_before,
                    tuned: changed.and_then(TunedEvent::of_change),
                    program: put_in.as_ref().ok().map(|(program, _)| program.to_string()),
                    reason: put_in.as_ref().err().cloned(),
                };
                print_event("knock_in", &event)?;
                continue;
            }
            let width = if tuner.is_some() { 2 * SHOWN + 2 } else { SHOWN };
            print_line(&match put_in {
                Ok((_, changed)) => format!("  {}  {name}", effects(&changed)),
                Err(reason) => format!("  {:<width$}  {name}: {reason}", "not possible"),
            })?;
        }
        Ok(())
    }

    /// Multiplies every constant by factors.
    pub(super) fn constants(&self) -> Result<(), Failure> {
        let constants = Constant::all(self.program());
        if !self.json && !constants.is_empty() {
            let factors = FACTORS.map(|factor| factor.to_string()).join(", ");
            print_line(&format!("\nFitness with each constant times {factors}:"))?;
        }
        for constant in constants {
            let changed = FACTORS.map(|factor| constant.scaled(self.program(), factor));
            let fitness: Vec<f64> = self.original.benchmark().fitness_of(&changed)?.iter().map(|fitness| mean(fitness)).collect();
            let part = constant.part.name();
            if self.json {
                let points = FACTORS.into_iter().zip(fitness).map(|(factor, fitness)| Point { factor, fitness }).collect();
                let event = ConstantEvent { line: constant.line + 1, constant: part, value: constant.value, points };
                print_event("constant", &event)?;
                continue;
            }
            let (low, high) = range(&fitness);
            let best = FACTORS.into_iter().zip(&fitness).filter(|(_, fitness)| **fitness == high).map(|(factor, _)| factor);
            // Of factors that are as good the one that changes least.
            let best = best.min_by(|a, b| (a - 1.0).abs().total_cmp(&(b - 1.0).abs())).unwrap_or(1.0);
            let name = self.program().instructions()[constant.line].to_string();
            print_line(&format!(
                "  {}  {low:.4} to {high:.4}, best at x {best:<5} {name}, {part} (line {})",
                bars(&fitness),
                constant.line + 1
            ))?;
        }
        Ok(())
    }
}

/// What a change does: with tuned constants first, where they are tuned.
fn effects(changed: &Changed) -> String {
    let as_they_are = shown(&changed.effect);
    changed.tuned.as_ref().map_or_else(|| as_they_are.clone(), |tuned| format!("{}  {as_they_are}", shown(&tuned.effect)))
}

/// The characters of [`shown`].
const SHOWN: usize = 26;

/// The headings over [`effects`] where constants are tuned.
fn columns() -> String {
    format!("  {:<SHOWN$}  with them as they are", "constants tuned anew")
}

/// Which trial was the best, in words.
fn trials(tuned: &Tuned, tuner: &Tuner<'_>) -> String {
    format!("trial {} of {}", grouped(tuned.trial.into()), grouped(tuner.trials().into()))
}

/// A mean change with its interval.
pub(super) fn shown(effect: &Effect) -> String {
    format!("{:+.4} [{:+.4}, {:+.4}]", effect.mean, effect.low, effect.high)
}
