//! What is told of a run: the lines of `events.jsonl`, and of stdout with `--json`. Each event is one type, written by
//! [`Recorder`](super::Recorder) and read by reports; `docs/runs.md` describes the fields.
//!
//! Events gain fields from version to version, so most are optional: None is what an older version did not tell. Whatever is written has
//! all of them. Numbers that are not finite are written as null.

use std::time::Duration;

use exnihilo_jit::SEMANTICS_VERSION;
use serde::{Deserialize, Serialize};

use crate::experiment::Experiment;
use crate::search::{self, Improvement, Outcome, ProgramHash, SearchOptions, StoppedBy, Tiers};
use crate::verify;

/// The version of the form of events.
pub const SCHEMA: u32 = 1;

/// Something that is told of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunEvent {
    /// The run begins.
    Start(Start),
    /// It goes on from its latest checkpoint.
    Resume(Start),
    /// How far it is.
    Progress(Progress),
    /// A program is better than all its ancestors.
    Milestone(Milestone),
    /// A program is better than all before it on its island.
    Improvement(ImprovementRecord),
    /// A checkpoint is written after this.
    Checkpoint(Checkpoint),
    /// The oracle does not confirm an evaluation.
    Difference(Difference),
    /// The run has ended.
    Done(Box<Done>),
    /// An event of another version.
    #[serde(other)]
    Other,
}

impl RunEvent {
    /// The event as a line of JSON, without its end.
    pub fn line(&self) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            schema: u32,
            #[serde(flatten)]
            event: &'a RunEvent,
        }
        serde_json::to_string(&Line { schema: SCHEMA, event: self }).expect("numbers, texts and lists only")
    }
}

/// The beginning of a run, or of a part of it: what its `experiment.toml` does not tell.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Start {
    /// The version of the program.
    pub version: Option<String>,
    /// The version of what programs mean.
    pub semantics: Option<u32>,
    /// The name of the experiment.
    pub preset: Option<String>,
    /// The seed of the run.
    pub seed: Option<u64>,
    /// How programs are executed.
    pub backend: Option<String>,
    /// Threads; 0 for all of the machine.
    pub threads: Option<u64>,
    /// The limit in individuals.
    pub max_individuals: Option<u64>,
    /// The limit in training steps.
    pub max_train_steps: Option<u64>,
    /// The limit in seconds.
    pub max_seconds: Option<f64>,
    /// The share of evaluations that the oracle confirms.
    pub verify: Option<f64>,
}

impl Start {
    /// Of a search with these options.
    pub fn new(experiment: &Experiment, seed: u64, options: &SearchOptions) -> Start {
        Start {
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            semantics: Some(SEMANTICS_VERSION),
            preset: Some(experiment.name.clone()),
            seed: Some(seed),
            backend: Some(options.backend.name().to_owned()),
            threads: Some(options.threads as u64),
            max_individuals: options.max_individuals,
            max_train_steps: options.max_train_steps,
            max_seconds: options.max_seconds,
            verify: Some(options.verify),
        }
    }
}

/// How far a run is: totals since its start, resumed parts included.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Programs added to populations.
    pub individuals: u64,
    /// Seconds of search.
    pub elapsed_seconds: Option<f64>,
    /// Their quotient.
    pub individuals_per_second: Option<f64>,
    /// Training examples begun, over all tasks.
    pub train_steps: u64,
    /// The best search fitness so far.
    pub best_fitness: Option<f64>,
    /// The mean search fitness of the populations.
    pub mean_fitness: Option<f64>,
    /// The fitness of the result so far on the select tasks; None before there is any.
    pub select_fitness: Option<f64>,
    /// Programs answered by functional equivalence checking.
    pub cache_hits: u64,
    /// Programs answered by the memo of canonical forms.
    pub structural_hits: u64,
    /// Programs by how they were answered.
    pub tiers: Option<Tiers>,
    /// The share of training steps that need not be begun.
    pub saved_share: Option<f64>,
    /// Programs turned into native code.
    pub compiled: u64,
    /// Experiments begun.
    pub experiments: u64,
    /// Evaluations that the oracle has confirmed.
    pub verified: u64,
    /// Seconds to the nearest limit; None without one.
    pub remaining_seconds: Option<f64>,
    /// The best program, simplified; None where it is the same as in the event before, and before there is one.
    pub best_program: Option<String>,
}

impl Progress {
    /// Of the progress of a search.
    pub fn new(progress: &search::Progress, remaining: Option<Duration>, best_program: Option<String>) -> Progress {
        let elapsed_seconds = progress.elapsed.as_secs_f64();
        Progress {
            individuals: progress.counts.individuals,
            elapsed_seconds: Some(elapsed_seconds),
            individuals_per_second: Some(progress.counts.individuals as f64 / elapsed_seconds),
            train_steps: progress.counts.train_steps,
            best_fitness: progress.best_fitness,
            mean_fitness: progress.mean_fitness,
            select_fitness: progress.select_fitness,
            cache_hits: progress.counts.fec_hits,
            structural_hits: progress.counts.tiers.structural,
            tiers: Some(progress.counts.tiers),
            saved_share: Some(progress.counts.saved_share()),
            compiled: progress.counts.compiled,
            experiments: progress.experiments,
            verified: progress.verified,
            remaining_seconds: remaining.map(|remaining| remaining.as_secs_f64()),
            best_program,
        }
    }
}

/// A program better than all its ancestors on the same tasks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Milestone {
    /// The experiment, from 0.
    pub experiment: u64,
    /// The island of the experiment, from 0.
    pub island: u64,
    /// The set of search tasks, from 0.
    #[serde(default)]
    pub task_set: u64,
    /// How many individuals the island had made before it.
    pub individual: u64,
    /// Its search fitness.
    pub search_fitness: Option<f64>,
    /// Which milestone of its island, from 0.
    pub milestone: Option<u64>,
    /// The mutations since the one before it.
    #[serde(default)]
    pub mutations: u64,
    /// The one before it in its line of descent.
    pub before: Option<MilestoneName>,
    /// How it came about: the name of the mutation, or `start`, `copy`, `migration`.
    pub origin: String,
    /// The [`ProgramHash`] of the program.
    pub hash: String,
    /// The program's text, as evolved.
    #[serde(default)]
    pub program: String,
}

/// Which milestone of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneName {
    /// Its island.
    pub island: u64,
    /// Which of the island.
    pub milestone: u64,
}

impl Milestone {
    /// Of a milestone of a search.
    pub fn new(milestone: &search::Milestone) -> Milestone {
        let search::Milestone { experiment, island, task_set, individual, fitness, ref program, origin, number, mutations, .. } =
            *milestone;
        let before = milestone.before().map(|&search::Milestone { island, number, .. }| MilestoneName { island, milestone: number });
        Milestone {
            experiment,
            island,
            task_set: task_set as u64,
            individual,
            search_fitness: Some(fitness),
            milestone: Some(number),
            mutations: mutations.into(),
            before,
            origin: origin.name().to_owned(),
            hash: ProgramHash::of(program).to_string(),
            program: program.to_string(),
        }
    }
}

/// A program better than all before it on its island.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImprovementRecord {
    /// The program, and what it descends from.
    #[serde(flatten)]
    pub milestone: Milestone,
    /// The [`ProgramHash`] of its parent, if it has one on this island.
    #[serde(default)]
    pub parent: Option<String>,
}

impl ImprovementRecord {
    /// Of an improvement of a search.
    pub fn new(improvement: &Improvement) -> ImprovementRecord {
        let parent = improvement.parent.map(|parent| parent.to_string());
        ImprovementRecord { milestone: Milestone::new(&improvement.milestone), parent }
    }
}

/// A checkpoint, which is written after this event.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Its number, from 1.
    pub checkpoint: u64,
    /// Individuals until then.
    #[serde(default)]
    pub individuals: u64,
    /// Seconds until then.
    #[serde(default)]
    pub elapsed_seconds: Option<f64>,
}

/// An evaluation that the oracle did not confirm.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Difference {
    /// The backend's name, or `memo`.
    pub subject: Option<String>,
    /// The fitness that it gave.
    pub fitness: Option<f64>,
    /// The training steps that it gave.
    pub train_steps: Option<u64>,
    /// The oracle's fitness.
    pub oracle_fitness: Option<f64>,
    /// The oracle's training steps.
    pub oracle_train_steps: Option<u64>,
    /// Where the difference is, in words.
    pub difference: Option<String>,
    /// The program's text.
    pub program: Option<String>,
    /// The case file, if one could be written.
    pub file: Option<String>,
}

impl Difference {
    /// Of a difference whose case file is `file`.
    pub fn new(difference: &verify::Difference, file: Option<String>) -> Difference {
        let verify::Difference { subject, found, expected, detail, program, .. } = difference;
        Difference {
            subject: Some((*subject).to_owned()),
            fitness: Some(found.fitness),
            train_steps: Some(found.train_steps),
            oracle_fitness: Some(expected.fitness),
            oracle_train_steps: Some(expected.train_steps),
            difference: Some(detail.clone()),
            program: Some(program.to_string()),
            file,
        }
    }
}

/// What a hand-written program reaches on the final tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its name, one of [`KNOWN_PROGRAMS`](exnihilo_jit::KNOWN_PROGRAMS).
    pub name: String,
    /// The mean fitness over the final tasks.
    pub final_fitness: Option<f64>,
}

/// What came out of a run: the last event, and `result.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Done {
    /// The name of the experiment.
    pub preset: Option<String>,
    /// The seed of the run.
    pub seed: Option<u64>,
    /// How programs were executed.
    pub backend: Option<String>,
    /// Threads; 0 for all of the machine.
    pub threads: Option<u64>,
    /// Experiments begun.
    pub experiments: Option<u64>,
    /// Programs added to populations.
    pub individuals: Option<u64>,
    /// Training examples begun in search, over all tasks.
    pub train_steps: Option<u64>,
    /// Seconds of search and selection.
    pub elapsed_seconds: Option<f64>,
    /// Individuals over seconds.
    pub individuals_per_second: Option<f64>,
    /// The fitness that evolution saw.
    pub search_fitness: Option<f64>,
    /// The fitness on the search tasks, evaluated anew.
    pub true_fitness: Option<f64>,
    /// The fitness on the select tasks.
    pub select_fitness: Option<f64>,
    /// The fitness on the final tasks; None without any.
    pub final_fitness: Option<f64>,
    /// The number of the experiment that found the program.
    pub experiment: Option<u64>,
    /// The set of search tasks on which it evolved.
    pub task_set: Option<u64>,
    /// The target on the select tasks; None without one.
    pub target: Option<f64>,
    /// Whether it was reached.
    pub reached_target: Option<bool>,
    /// What ended the search: `target`, `individuals`, `train_steps`, `seconds` or `interrupt`.
    pub stopped_by: Option<String>,
    /// Programs answered by functional equivalence checking.
    pub cache_hits: Option<u64>,
    /// Programs answered by the memo of canonical forms.
    pub structural_hits: Option<u64>,
    /// Programs by how they were answered.
    pub tiers: Option<Tiers>,
    /// The share of training steps that need not be begun.
    pub saved_share: Option<f64>,
    /// Programs turned into native code.
    pub compiled: Option<u64>,
    /// Evaluations that the oracle has confirmed.
    pub verified: Option<u64>,
    /// What hand-written programs reach on the final tasks.
    pub baselines: Vec<Baseline>,
    /// The program's text, as evolved.
    pub program: Option<String>,
    /// The same, simplified.
    pub program_simplified: Option<String>,
    /// The directory of the run; None where nothing is saved.
    pub run_dir: Option<String>,
    /// The version of what programs mean.
    pub semantics: Option<u32>,
    /// The version of the program.
    pub version: Option<String>,
}

impl Done {
    /// Of the outcome of a search with these options.
    pub fn new(
        experiment: &Experiment,
        seed: u64,
        options: &SearchOptions,
        outcome: &Outcome,
        baselines: Vec<Baseline>,
        run_dir: Option<String>,
    ) -> Done {
        let elapsed_seconds = outcome.elapsed.as_secs_f64();
        Done {
            preset: Some(experiment.name.clone()),
            seed: Some(seed),
            backend: Some(options.backend.name().to_owned()),
            threads: Some(options.threads as u64),
            experiments: Some(outcome.experiments),
            individuals: Some(outcome.counts.individuals),
            train_steps: Some(outcome.counts.train_steps),
            elapsed_seconds: Some(elapsed_seconds),
            individuals_per_second: Some(outcome.counts.individuals as f64 / elapsed_seconds),
            search_fitness: Some(outcome.search_fitness),
            true_fitness: Some(outcome.true_fitness),
            select_fitness: Some(outcome.select_fitness),
            final_fitness: outcome.final_fitness,
            experiment: Some(outcome.experiment),
            task_set: Some(outcome.task_set as u64),
            target: options.target.or(experiment.target),
            reached_target: Some(outcome.reached_target),
            stopped_by: Some(stop_name(outcome.stopped_by).to_owned()),
            cache_hits: Some(outcome.counts.fec_hits),
            structural_hits: Some(outcome.counts.tiers.structural),
            tiers: Some(outcome.counts.tiers),
            saved_share: Some(outcome.counts.saved_share()),
            compiled: Some(outcome.counts.compiled),
            verified: Some(outcome.verified),
            baselines,
            program: Some(outcome.program.to_string()),
            program_simplified: Some(outcome.simplified.to_string()),
            run_dir,
            semantics: Some(SEMANTICS_VERSION),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }
    }

    /// As indented JSON, without its end: `result.json`.
    pub fn pretty(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers, texts and lists only")
    }
}

const fn stop_name(stopped_by: StoppedBy) -> &'static str {
    match stopped_by {
        StoppedBy::Target => "target",
        StoppedBy::Individuals => "individuals",
        StoppedBy::TrainSteps => "train_steps",
        StoppedBy::Seconds => "seconds",
        StoppedBy::Interrupt => "interrupt",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of the versions before are read, and what is written is read back as it was.
    #[test]
    fn events_are_written_and_read_by_one_type() {
        let line =
            r#"{"schema":1,"event":"milestone","experiment":1,"island":2,"individual":3,"search_fitness":0.5,"hash":"x","origin":"copy"}"#;
        let Ok(RunEvent::Milestone(milestone)) = serde_json::from_str(line) else { panic!("a milestone without what came later") };
        assert_eq!((milestone.task_set, milestone.mutations, milestone.before, milestone.program.as_str()), (0, 0, None, ""));
        assert!(matches!(serde_json::from_str(r#"{"event":"something new","x":[1]}"#), Ok(RunEvent::Other)));
        let done = Done { final_fitness: Some(0.25), individuals: Some(7), ..Done::default() };
        let line = RunEvent::Done(Box::new(done)).line();
        assert!(line.starts_with(r#"{"schema":1,"event":"done","preset":null,"seed":null,"#), "{line}");
        let Ok(RunEvent::Done(read)) = serde_json::from_str(&line) else { panic!("what was written is read") };
        assert_eq!(RunEvent::Done(read).line(), line);
        // An undefined number is null, and null is None.
        let line = RunEvent::Progress(Progress { best_fitness: Some(f64::NAN), ..Progress::default() }).line();
        let Ok(RunEvent::Progress(read)) = serde_json::from_str(&line) else { panic!("what was written is read") };
        assert_eq!(read.best_fitness, None);
    }
}
