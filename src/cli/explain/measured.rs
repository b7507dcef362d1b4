//! What the parts of a program are worth on fresh tasks.

use exnihilo::ablation::{Effect, Line, Panel, mean, without};
use exnihilo::explain::{Constant, Explanation, FACTORS, Idiom, IdiomKind, knock_in, knocked_out};
use exnihilo::text::printable_name;
use exnihilo_jit::Program;
use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::{print_event, print_line};
use super::curve::{bars, range};
use super::read::{at_lines, numbered};

/// How many changed programs are made and measured side by side.
const AT_ONCE: usize = 64;

/// A program on its tasks.
pub(super) struct Measured<'a> {
    pub(super) explanation: &'a Explanation,
    pub(super) panel: &'a Panel,
    /// Its fitness on every task.
    pub(super) original: &'a [f64],
    pub(super) json: bool,
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
    pub(super) fn begin(&self) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        let (mean, tasks) = (mean(self.original), self.panel.tasks());
        print_line(&format!("\nFitness {mean:.6} on {tasks} fresh tasks. Without a part, the mean change and its 95 % interval:"))
    }

    /// Knocks out every idiom.
    pub(super) fn idioms(&self) -> Result<(), Failure> {
        for some in self.explanation.idioms().chunks(AT_ONCE) {
            let changed: Vec<Program> = some.iter().map(|idiom| knocked_out(self.program(), idiom)).collect();
            for (idiom, fitness) in some.iter().zip(self.panel.fitness_of(&changed)?) {
                let Idiom { kind, lines, through, .. } = idiom;
                let how = if through.is_empty() { How::Removed } else { How::Bypassed };
                self.knock_out(Some(*kind), kind.words(), lines, how, &fitness)?;
            }
        }
        Ok(())
    }

    /// Knocks out every line by itself.
    pub(super) fn lines(&self) -> Result<(), Failure> {
        let places: Vec<Line> = Line::all(self.program()).map(|(line, _)| line).collect();
        let names: Vec<String> = self.program().instructions().iter().map(ToString::to_string).collect();
        let width = names.iter().map(String::len).max().unwrap_or(0);
        let lines: Vec<usize> = (0..places.len()).collect();
        for some in lines.chunks(AT_ONCE) {
            let changed: Vec<Program> = some.iter().map(|&line| without(self.program(), &[places[line]])).collect();
            for (&line, fitness) in some.iter().zip(self.panel.fitness_of(&changed)?) {
                let name = format!("{:<width$}", names[line]);
                self.knock_out(None, &name, &[line], How::Removed, &fitness)?;
            }
        }
        Ok(())
    }

    fn knock_out(&self, kind: Option<IdiomKind>, name: &str, lines: &[usize], how: How, fitness: &[f64]) -> Result<(), Failure> {
        let effect = Effect::of(self.original, fitness);
        if self.json {
            return print_event(
                "knock_out",
                &KnockOutEvent { kind, name: name.trim_end(), lines: numbered(lines), how, fitness: mean(fitness), effect },
            );
        }
        let how = match how {
            How::Removed => "removed",
            How::Bypassed => "bypassed",
        };
        print_line(&format!("  {}  {name:<28}  {how:<8}  {}", shown(&effect), at_lines(lines)))
    }

    /// Puts every idiom into another program.
    pub(super) fn knock_in(&self, into: &str, host: &Explanation) -> Result<(), Failure> {
        let original = self.panel.fitness(host.program())?;
        let fitness_before = mean(&original);
        if !self.json {
            print_line(&format!("\nPut into {}, which has fitness {fitness_before:.6} on the same tasks:", printable_name(into)))?;
        }
        for idiom in self.explanation.idioms() {
            let (kind, name, lines) = (idiom.kind, idiom.kind.words(), numbered(&idiom.lines));
            let event = KnockInEvent { into, kind, name, lines, fitness_before, fitness: None, effect: None, program: None, reason: None };
            let event = match knock_in(self.explanation, idiom, host) {
                Ok(changed) => {
                    let fitness = self.panel.fitness(&changed)?;
                    let effect = Some(Effect::of(&original, &fitness));
                    KnockInEvent { fitness: Some(mean(&fitness)), effect, program: Some(changed.to_string()), ..event }
                }
                Err(reason) => KnockInEvent { reason: Some(reason.to_string()), ..event },
            };
            if self.json {
                print_event("knock_in", &event)?;
                continue;
            }
            let told = match (&event.effect, &event.reason) {
                (Some(effect), _) => format!("{}  {name}", shown(effect)),
                (None, reason) => format!("{:<27}  {name}: {}", "not possible", reason.as_deref().unwrap_or_default()),
            };
            print_line(&format!("  {told}"))?;
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
            let fitness: Vec<f64> = self.panel.fitness_of(&changed)?.iter().map(|fitness| mean(fitness)).collect();
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

/// A mean change with its interval.
pub(super) fn shown(effect: &Effect) -> String {
    format!("{:+.4} [{:+.4}, {:+.4}]", effect.mean, effect.low, effect.high)
}
