//! What the hand-written programs reach on the final tasks.

use exnihilo::experiment::Experiment;
use exnihilo::task::{DataCache, SetName, build_group};
use exnihilo_jit::{Backend, Combine, Evaluator, Interface, known_program};
use serde::Serialize;

use super::Failure;

/// The final fitness of a hand-written program.
#[derive(Debug, Serialize)]
pub(super) struct Baseline {
    pub(super) name: &'static str,
    #[serde(skip)]
    pub(super) title: &'static str,
    pub(super) final_fitness: f64,
}

/// Evaluates the hand-written programs for tasks of the kind that the experiment's addresses can hold on its final tasks, if it has any.
pub(super) fn evaluate(experiment: &Experiment, seed: u64) -> Result<Vec<Baseline>, Failure> {
    let Some(spec) = &experiment.tasks.final_set else { return Ok(Vec::new()) };
    let group = build_group(spec, SetName::Final, experiment.tasks.seed.unwrap_or(seed), 0, &DataCache::new())?;
    let mut worker = Evaluator::new(Backend::Auto).worker();
    let mut baselines = Vec::new();
    let names = match experiment.interface() {
        Interface::Number => ["linear", "net"],
        Interface::Classes => ["softmax", "softmax-net"],
    };
    for (name, title) in names.into_iter().zip(["linear model", "two-layer net"]) {
        let program = known_program(name).expect("a name from the list of known programs");
        if program.check_addresses(experiment.program.addresses).is_ok() {
            let final_fitness = worker.evaluate(&program, &group)?.fitness(Combine::Mean);
            baselines.push(Baseline { name, title, final_fitness });
        }
    }
    Ok(baselines)
}
