//! The course of a transfer: tuning pair by pair, the choice, the test seed by seed.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use exnihilo_jit::exec::random::key;
use exnihilo_jit::{Backend, Program, TaskGroup, simplify};

use super::baselines::{Net, logistic};
use super::crew::Crew;
use super::decouple::{self, Valued};
use super::error::TransferError;
use super::outcome::{Constant, Outcome, PairScore, Role, Row, mean_of};
use crate::task::{DataCache, ImageSet, Pair, Part, PixelTask, SetName, task_seed};
use crate::tune::TunableConstants;

/// Everything that a transfer's result depends on besides the program, and how to run it.
#[derive(Clone, Debug)]
pub struct TransferSettings {
    /// The folder of images; the embedded digits if absent.
    pub data: Option<PathBuf>,
    /// The pairs of classes, at least one.
    pub pairs: Vec<Pair>,
    /// Training examples; if absent, [`TransferSettings::TRAIN`] or as many as every pair has.
    pub train: Option<usize>,
    /// Validation examples; if absent, [`TransferSettings::VALID`] or as many as every pair has.
    pub valid: Option<usize>,
    /// Test examples; if absent, [`TransferSettings::TEST`] or as many as every pair has.
    pub test: Option<usize>,
    /// How often the training examples are gone through, at least once.
    pub epochs: u32,
    /// Trials of each program, at least 1.
    pub trials: u32,
    /// How often each tuned program is trained and tested, at least 1.
    pub seeds: u32,
    /// Seeds all of it.
    pub seed: u64,
    /// The network to compare with.
    pub net: Net,
    /// Whether hyperparameters that the program computes become constants.
    pub decouple: bool,
    /// How programs are executed; never changes results.
    pub backend: Backend,
    /// Threads; never changes results.
    pub threads: usize,
    /// The most bytes that the examples of a task may take, and the memory of a program.
    pub memory_limit: usize,
}

impl TransferSettings {
    /// Training examples, if there are so many.
    pub const TRAIN: usize = 8_000;
    /// Validation examples, if there are so many.
    pub const VALID: usize = 2_000;
    /// Test examples, if there are so many.
    pub const TEST: usize = 2_000;
}

/// What has just been done.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    /// A program is about to be tuned, and this is what the beginning of a run took.
    Planned {
        /// The program.
        title: &'a str,
        /// How many times it will be run in tuning.
        runs: u64,
        /// About how long a run takes on a thread if it does not fail early.
        each: Duration,
    },
    /// A program was tuned on a pair.
    Tuned {
        /// The pair.
        pair: Pair,
        /// The program.
        title: &'a str,
        /// The best validation accuracy of a trial on this pair.
        best: f64,
        /// How long all its trials took.
        took: Duration,
    },
    /// All programs were tested on a pair with a seed.
    Tested {
        /// The pair.
        pair: Pair,
        /// The number of the seed, from 0.
        seed: u32,
        /// How long that took.
        took: Duration,
    },
}

/// A transfer that can be run.
#[derive(Debug)]
pub struct Transfer {
    settings: TransferSettings,
    images: std::sync::Arc<ImageSet>,
    train: usize,
    valid: usize,
    test: usize,
}

/// A program to tune.
struct Entrant {
    role: Role,
    title: String,
    program: Program,
    constants: TunableConstants,
    decoupled: Vec<Valued>,
    /// By pair, then trial.
    scores: Vec<Vec<f64>>,
}

impl Entrant {
    /// The trial with the best mean over pairs, the earliest of equals, and that mean.
    fn best(&self) -> (u32, f64) {
        let mut best = (0, f64::NEG_INFINITY);
        for trial in 0..self.scores[0].len() {
            let score = mean_of(self.scores.iter().map(|trials| trials[trial]));
            if score > best.1 {
                best = (trial as u32, score);
            }
        }
        best
    }

    /// The program of a trial.
    fn trial(&self, seed: u64, trial: u32) -> Program {
        self.constants.scaled(&self.program, &self.constants.factors(seed, trial))
    }

    /// The row of a trial, not yet tested.
    fn row(&self, settings: &TransferSettings, trial: u32) -> Row {
        let factors = self.constants.factors(settings.seed, trial);
        let program = self.constants.scaled(&self.program, &factors);
        let constants = self.constants.groups().iter().zip(factors).map(|(group, factor)| {
            let place = group[0];
            Constant { place, instruction: program.function(place.function)[place.position], factor }
        });
        let pairs = settings.pairs.iter().zip(&self.scores);
        Row {
            role: self.role,
            title: self.title.clone(),
            trial,
            constants: constants.collect(),
            decoupled: self.decoupled.clone(),
            pairs: pairs.map(|(&pair, trials)| PairScore { pair, valid: trials[trial as usize], test: Vec::new() }).collect(),
            program,
        }
    }
}

impl Transfer {
    /// A transfer of programs with these settings; reads the images.
    ///
    /// # Errors
    /// Settings that cannot be, images that cannot be read or are too few.
    pub fn new(settings: TransferSettings) -> Result<Transfer, TransferError> {
        let refuse = |key, value: String, remedy: &str| Err(TransferError::Setting { key, value, remedy: remedy.to_owned() });
        if settings.pairs.is_empty() {
            return refuse("pair", "missing".to_owned(), "name at least one pair, as in 3-5");
        }
        if let Some((_, twice)) = settings.pairs.iter().enumerate().find(|(index, pair)| settings.pairs[..*index].contains(pair)) {
            return refuse("pair", format!("{twice} twice"), "name each pair once");
        }
        let counts = [
            ("epochs", Some(settings.epochs as usize)),
            ("trials", Some(settings.trials as usize)),
            ("seeds", Some(settings.seeds as usize)),
            ("threads", Some(settings.threads)),
            ("train", settings.train),
            ("valid", settings.valid),
            ("test", settings.test),
        ];
        if let Some((key, _)) = counts.into_iter().find(|(_, count)| *count == Some(0)) {
            return refuse(key, "0".to_owned(), "choose at least 1");
        }
        let data = DataCache::new();
        let images = settings.data.as_ref().map_or_else(|| Ok(data.digits()), |folder| data.images(folder))?;
        let most = |part, usual: usize| {
            let most = settings.pairs.iter().map(|&pair| PixelTask::most_examples(&images, pair, part)).fold(usual, usize::min);
            // Of a class that is not there, as many as usual are asked for, so that the refusal names it.
            if most == 0 { usual } else { most }
        };
        let [train, valid, test] = [
            settings.train.unwrap_or_else(|| most(Part::Train, TransferSettings::TRAIN)),
            settings.valid.unwrap_or_else(|| most(Part::Valid, TransferSettings::VALID)),
            settings.test.unwrap_or_else(|| most(Part::Test, TransferSettings::TEST)),
        ];
        let transfer = Transfer { settings, images, train, valid, test };
        for &pair in &transfer.settings.pairs {
            for part in [Part::Valid, Part::Test] {
                transfer.task(pair, part, 0).check(&transfer.images, transfer.settings.memory_limit)?;
            }
        }
        Ok(transfer)
    }

    /// F, the numbers of an image.
    pub fn features(&self) -> usize {
        self.images.image_size()
    }

    /// Training, validation and test examples of each pair.
    pub const fn examples(&self) -> [usize; 3] {
        [self.train, self.valid, self.test]
    }

    /// Where the images came from.
    pub fn data_name(&self) -> &str {
        self.images.name()
    }

    /// Tunes, decouples and tests a program, called `title`, and the baselines. `report` is called after each stage, from this thread.
    ///
    /// # Errors
    /// A program whose memory at full dimension passes the limit, threads that cannot be started.
    pub fn run(&self, title: &str, program: &Program, mut report: impl FnMut(Stage<'_>)) -> Result<Outcome, TransferError> {
        let begin = Instant::now();
        let settings = &self.settings;
        let mut crew = Crew::new(settings.backend, settings.threads)?;
        let mut entrants = self.entrants(title, &simplify(program));
        let mut runs = 0;
        for (number, &pair) in settings.pairs.iter().enumerate() {
            let group = self.task(pair, Part::Valid, 0).build(&self.images, settings.memory_limit)?;
            if number == 0 {
                // What memory does not hold is refused before the first long run.
                for entrant in &entrants {
                    group.check_memory(entrant.program.address_counts()).map_err(|error| too_large(&entrant.title, error.into()))?;
                }
                if settings.decouple {
                    let variants = variants(&entrants[0], &group, &mut crew)?;
                    entrants.splice(1..1, variants);
                }
                let runs = u64::from(settings.trials) * settings.pairs.len() as u64;
                for entrant in &entrants {
                    let each = crew.estimate(&entrant.program, &group).map_err(|error| too_large(&entrant.title, error))?;
                    report(Stage::Planned { title: &entrant.title, runs, each });
                }
            }
            for entrant in &mut entrants {
                let begin = Instant::now();
                let trials = settings.trials as usize;
                let scores = crew.fitness(trials, |trial| entrant.trial(settings.seed, trial as u32), &group);
                let scores = scores.map_err(|error| too_large(&entrant.title, error))?;
                runs += u64::from(settings.trials);
                let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                entrant.scores.push(scores);
                report(Stage::Tuned { pair, title: &entrant.title, best, took: begin.elapsed() });
            }
        }
        let (mut rows, best) = self.choose(&entrants);
        for (number, &pair) in settings.pairs.iter().enumerate() {
            for seed in 0..settings.seeds {
                let begin = Instant::now();
                let group = self.task(pair, Part::Test, seed).build(&self.images, settings.memory_limit)?;
                let tested = crew.fitness(rows.len(), |row| rows[row].program.clone(), &group);
                let tested = tested.map_err(|error| too_large(title, error))?;
                runs += rows.len() as u64;
                for (row, accuracy) in rows.iter_mut().zip(tested) {
                    row.pairs[number].test.push(accuracy);
                }
                report(Stage::Tested { pair, seed, took: begin.elapsed() });
            }
        }
        let counters = crew.counters();
        Ok(Outcome {
            rows,
            best,
            compiled: counters.compiled,
            compile_failures: counters.compile_failures,
            train_steps: crew.train_steps(),
            runs,
            elapsed: begin.elapsed(),
        })
    }

    /// The task of a pair: to tune on the validation part, or to test with a seed.
    fn task(&self, pair: Pair, part: Part, seed: u32) -> PixelTask {
        let set = if part == Part::Test { SetName::Final } else { SetName::Eval };
        let seed = key(task_seed(set, self.settings.seed, 0, pair.number()), seed.into());
        let scored = if part == Part::Test { self.test } else { self.valid };
        PixelTask { pair, train: self.train, scored, part, epochs: self.settings.epochs, seed }
    }

    /// The program and the baselines, none of them tuned.
    fn entrants(&self, title: &str, simplified: &Program) -> Vec<Entrant> {
        let entrant = |role, title: String, program: Program, constants| Entrant {
            role,
            title,
            program,
            constants,
            decoupled: Vec::new(),
            scores: Vec::new(),
        };
        let mut entrants = vec![entrant(Role::Tuned, title.to_owned(), simplified.clone(), TunableConstants::each(simplified))];
        let logistic = logistic();
        let constants = TunableConstants::of_equal(&logistic);
        entrants.push(entrant(Role::Logistic, "logistic regression".to_owned(), logistic, constants));
        if let Some(net) = self.settings.net.program() {
            let units = if let Net::Units(units) = self.settings.net { units.into() } else { self.features() };
            let constants = TunableConstants::of_equal(&net);
            entrants.push(entrant(Role::Net, format!("two-layer net, {units} hidden"), net, constants));
        }
        entrants
    }

    /// The rows to test, and which of them is the best of the program: the best decoupled variant if it is not worse than the tuned
    /// program, else that.
    fn choose(&self, entrants: &[Entrant]) -> (Vec<Row>, usize) {
        let settings = &self.settings;
        let found = Row { role: Role::Found, constants: Vec::new(), ..entrants[0].row(settings, 0) };
        let (trial, tuned) = entrants[0].best();
        let mut rows = vec![found, entrants[0].row(settings, trial)];
        let mut best = 1;
        let mut variant: Option<(&Entrant, u32, f64)> = None;
        for entrant in entrants.iter().filter(|entrant| entrant.role == Role::Decoupled) {
            let (trial, score) = entrant.best();
            if variant.is_none_or(|(_, _, known)| score > known) {
                variant = Some((entrant, trial, score));
            }
        }
        if let Some((entrant, trial, score)) = variant {
            rows.push(entrant.row(settings, trial));
            if score >= tuned {
                best = 2;
            }
        }
        let baselines = entrants.iter().filter(|entrant| matches!(entrant.role, Role::Logistic | Role::Net));
        rows.extend(baselines.map(|entrant| entrant.row(settings, entrant.best().0)));
        (rows, best)
    }
}

/// The program with constants in place of hyperparameters that it computes: each alone, then all together.
fn variants(found: &Entrant, group: &TaskGroup, crew: &mut Crew) -> Result<Vec<Entrant>, TransferError> {
    let computed = decouple::find(&found.program);
    let values = decouple::values(&found.program, computed, group, crew.worker()).map_err(|error| too_large(&found.title, error))?;
    let mut choices: Vec<Vec<Valued>> = values.iter().map(|value| vec![value.clone()]).collect();
    if values.len() > 1 {
        choices.push(values);
    }
    let variants = choices.into_iter().map(|decoupled| {
        let program = decouple::replaced(&found.program, &decoupled);
        let names: Vec<String> = decoupled.iter().map(|valued| format!("s{}", valued.computed.address)).collect();
        Entrant {
            role: Role::Decoupled,
            title: format!("{} without {}", found.title, names.join(", ")),
            constants: TunableConstants::each(&program),
            program,
            decoupled,
            scores: Vec::new(),
        }
    });
    Ok(variants.collect())
}

fn too_large(title: &str, source: exnihilo_jit::EvalError) -> TransferError {
    TransferError::Program { title: title.to_owned(), source }
}

#[cfg(test)]
mod tests;
