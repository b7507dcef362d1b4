//! What the hand-written programs reach on the final tasks.

use exnihilo_jit::{Backend, Combine, Evaluator, Interface, TaskGroup, known_program};

use super::event::Baseline;
use crate::experiment::Experiment;
use crate::search::SearchError;

/// Evaluates on `group`, the final tasks of a search, the hand-written programs for tasks of its kind that the experiment's addresses can
/// hold.
///
/// # Errors
/// Programs that need more memory than the tasks allow.
pub fn baselines(experiment: &Experiment, group: &TaskGroup) -> Result<Vec<Baseline>, SearchError> {
    let mut worker = Evaluator::new(Backend::Auto).worker();
    let names = match group.interface() {
        Interface::Number => ["linear", "net"],
        Interface::Classes => ["softmax", "softmax-net"],
    };
    let mut baselines = Vec::new();
    for name in names {
        let program = known_program(name).expect("a name from the list of known programs");
        if program.check_addresses(experiment.program.addresses).is_ok() {
            let final_fitness = Some(worker.evaluate(&program, group)?.fitness(Combine::Mean));
            baselines.push(Baseline { name: name.to_owned(), final_fitness });
        }
    }
    Ok(baselines)
}
