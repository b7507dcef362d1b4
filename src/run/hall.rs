//! The hall of fame as a file: a list of program records, which `eval` reads too.

use exnihilo_jit::lang::RecordId;
use exnihilo_jit::{InstructionRecord, ProgramRecord};
use serde::{Deserialize, Serialize};

use crate::search::{Famous, HallOfFame, ProgramHash};

/// A line of `hall_of_fame.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HallRecord {
    /// The [`ProgramHash`] of the program.
    #[serde(default)]
    pub id: Option<String>,
    /// The program's component functions.
    pub setup: Vec<InstructionRecord>,
    /// As above.
    pub predict: Vec<InstructionRecord>,
    /// As above.
    pub learn: Vec<InstructionRecord>,
    /// Its instructions that matter.
    pub size: u64,
    /// The set of search tasks on which it has its fitness, from 0.
    #[serde(default)]
    pub task_set: u64,
    /// The experiment that found it.
    #[serde(default)]
    pub experiment: u64,
    /// The island of the experiment.
    #[serde(default)]
    pub island: u64,
    /// How many individuals the island had made before it.
    #[serde(default)]
    pub individual: u64,
    /// Its search fitness.
    pub search_fitness: Option<f64>,
}

impl HallRecord {
    /// Of a program of a hall of fame.
    pub fn new(famous: &Famous) -> HallRecord {
        let Famous { task_set, size, experiment, island, individual, fitness, ref program, .. } = *famous;
        let ProgramRecord { setup, predict, learn, .. } = program.into();
        HallRecord {
            id: Some(ProgramHash::of(program).to_string()),
            setup,
            predict,
            learn,
            size: size as u64,
            task_set: task_set as u64,
            experiment,
            island,
            individual,
            search_fitness: Some(fitness),
        }
    }

    /// The program.
    ///
    /// # Errors
    /// Instructions that make none.
    pub fn into_program(self) -> Result<exnihilo_jit::Program, exnihilo_jit::RecordError> {
        let HallRecord { setup, predict, learn, .. } = self;
        exnihilo_jit::Program::try_from(&ProgramRecord { id: None::<RecordId>, setup, predict, learn })
    }
}

/// A hall of fame as a file.
pub(super) fn lines(hall: &HallOfFame) -> String {
    let line = |famous: &Famous| serde_json::to_string(&HallRecord::new(famous)).expect("numbers, texts and lists only") + "\n";
    hall.programs().map(line).collect()
}
