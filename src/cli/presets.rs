//! `presets`: the built-in experiments.

use clap::Args;
use exnihilo::experiment::{Experiment, PRESETS};
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
                let Experiment { name, description, target, .. } = &experiment;
                print_event("preset", &PresetEvent { name, description, target: *target, experiment: &experiment })?;
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
    let set = |spec: &TaskSpec| {
        let features = spec.resolved().features.map_or_else(|| "of the table".to_owned(), |features| features.to_string());
        format!("{} (F = {features})", spec.kind)
    };
    let mut sets: Vec<String> = tasks.search.iter().map(set).collect();
    sets.dedup();
    let sets = sets.join(", ");
    let target = experiment.target.map_or_else(|| "none".to_owned(), |target| target.to_string());
    format!(
        "{:<22}{}\n{:<22}tasks {sets}, addresses {}/{}/{}, at most {sizes} instructions, population {}, target {target}",
        experiment.name, experiment.description, "", counts.scalars, counts.vectors, counts.matrices, search.population
    )
}
