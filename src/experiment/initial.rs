//! What a population starts from.

use std::path::Path;

use exnihilo_jit::{ComponentFunction, Program, known_program};

use super::error::shortened;
use super::{Experiment, ExperimentError, MAX_FILE_BYTES, Method, read_text};

/// What the first P programs of a population are.
#[derive(Clone, Debug, PartialEq)]
pub enum InitialPopulation {
    /// Programs of no-ops, in the initial sizes.
    NoOp,
    /// Random programs, in the initial sizes.
    Random,
    /// Copies of one program, in which the component functions in `search.randomize` are random.
    Program(Program),
}

impl Experiment {
    /// What `search.initial` names.
    ///
    /// # Errors
    /// A program that cannot be found, read or parsed.
    pub fn initial_population(&self) -> Result<InitialPopulation, ExperimentError> {
        let initial = self.search.initial.as_str();
        match initial {
            "no-op" => return Ok(InitialPopulation::NoOp),
            "random" => return Ok(InitialPopulation::Random),
            _ => {}
        }
        if let Some(program) = known_program(initial) {
            return Ok(InitialPopulation::Program(program));
        }
        let read;
        let text = if is_program_text(initial) {
            initial
        } else {
            read = read_program(Path::new(initial), initial)?;
            &read
        };
        let program = text.parse::<Program>().map_err(|error| {
            let place = if is_program_text(initial) { "in the program text".to_owned() } else { initial.to_owned() };
            ExperimentError::value("search.initial", shortened(&format!("{place}, {error}")), "correct the program")
        })?;
        Ok(InitialPopulation::Program(program))
    }

    /// The component functions that are random in the first programs, and in random search in all: those named, or else all that have ops
    /// where the start is random or the search is.
    pub(crate) fn random_functions(&self) -> Vec<ComponentFunction> {
        let search = &self.search;
        if !search.randomize.is_empty() {
            return search.randomize.clone();
        }
        let all = search.initial == "random" || search.method == Method::Random;
        ComponentFunction::ALL.into_iter().filter(|&function| all && !self.program.function(function).ops.is_empty()).collect()
    }

    /// Replaces a path in `search.initial`, taken from `folder`, by the text of the program, so that the experiment stands alone and
    /// the file, which may be a pipe, is read once.
    ///
    /// # Errors
    /// A file that cannot be read or is no program.
    pub fn take_in_initial(&mut self, folder: &Path) -> Result<(), ExperimentError> {
        let initial = self.search.initial.as_str();
        if !matches!(initial, "no-op" | "random") && !is_program_text(initial) && known_program(initial).is_none() {
            let path = folder.join(initial);
            let text = read_program(&path, initial)?;
            if let Err(error) = text.parse::<Program>() {
                return Err(ExperimentError::File { path, problem: error.to_string() });
            }
            self.search.initial = text;
        }
        Ok(())
    }
}

/// A path has no line with `def ` in it; a program has at least one.
fn is_program_text(initial: &str) -> bool {
    initial.lines().any(|line| line.trim_start_matches('\u{feff}').trim_start().starts_with("def "))
}

/// The text of a program file; it is half of an experiment file at most, so that an experiment with it can be read back.
fn read_program(path: &Path, named: &str) -> Result<String, ExperimentError> {
    if !path.exists() {
        return Err(ExperimentError::value(
            "search.initial",
            format!("there is no file `{}`", shortened(named)),
            "write \"no-op\", \"random\", \"linear\", \"affine\", \"net\", \"softmax\", \"softmax-net\", the path of a program or its text",
        ));
    }
    read_text(path, MAX_FILE_BYTES / 2)
}
