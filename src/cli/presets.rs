//! `presets`: the built-in experiments.

use clap::Args;
use exnihilo::experiment::{Experiment, PRESETS, PaperScale};
use exnihilo::task::TaskSpec;
use serde::Serialize;

use super::Exit;
use super::failure::Failure;
use super::output::{print_event, print_line, print_text};

/// List the built-in experiments, or print one as a TOML file to start from
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  exnihilo presets\n  exnihilo presets linear > own.toml && exnihilo evolve own.toml")]
pub(super) struct Presets {
    /// Print the settings of this one
    name: Option<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct PresetEvent<'a> {
    name: &'a str,
    description: &'a str,
    target: Option<f64>,
    paper: Option<&'a PaperScale>,
    experiment: &'a Experiment,
}

impl Presets {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let names = match &self.name {
            Some(name) => vec![name.as_str()],
            None => PRESETS.iter().map(|preset| preset.name).collect(),
        };
        for name in names {
            let experiment = Experiment::preset(name)?;
            if self.json {
                let Experiment { name, description, target, paper, .. } = &experiment;
                let event = PresetEvent { name, description, target: *target, paper: paper.as_ref(), experiment: &experiment };
                print_event("preset", &event)?;
            } else if self.name.is_some() {
                print_text(PRESETS.iter().find(|preset| preset.name == name).map_or("", |preset| preset.toml))?;
            } else {
                print_line(&summary(&experiment))?;
            }
        }
        if !self.json && self.name.is_none() {
            print_line("\nAll settings of one: exnihilo presets NAME; change some: exnihilo evolve NAME --set KEY=VALUE.")?;
        }
        Ok(Exit::Done)
    }
}

fn summary(experiment: &Experiment) -> String {
    let Experiment { program, search, tasks, .. } = experiment;
    let counts = program.addresses;
    let sizes = [&program.setup, &program.predict, &program.learn].map(|function| function.max.to_string()).join("/");
    let target = experiment.target.map_or_else(|| "none".to_owned(), |target| target.to_string());
    let paper = experiment.paper.as_ref().map_or_else(String::new, |paper| format!("\n{:<24}paper: {paper}", ""));
    format!(
        "{:<24}{}\n{:<24}{}, addresses {}/{}/{}, at most {sizes} instructions, {} x {} islands of {}, target {target}{paper}",
        experiment.name,
        experiment.description,
        "",
        tasks_summary(&tasks.search),
        counts.scalars,
        counts.vectors,
        counts.matrices,
        search.side_by_side,
        search.islands,
        search.population
    )
}

/// Kinds and sizes of the sets of search tasks: what differs between sets has all its values.
fn tasks_summary(sets: &[TaskSpec]) -> String {
    let list = |value: &dyn Fn(&TaskSpec) -> String| {
        let mut values: Vec<String> = Vec::new();
        for value in sets.iter().map(value) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.join(", ")
    };
    let features = list(&|spec| spec.resolved().features.map_or_else(|| "of the table".to_owned(), |features| features.to_string()));
    let classes = if sets.iter().any(|spec| spec.classes.is_some()) { " of ten classes" } else { "" };
    format!("{} tasks{classes} (D = {}, F = {features})", list(&|spec| spec.kind.to_string()), list(&|spec| spec.tasks.to_string()))
}
