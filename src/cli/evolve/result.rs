//! What a run was and what came out of it: as events, as JSON for its directory, and for people.

use std::fmt::Write;
use std::path::Path;

use exnihilo::experiment::Experiment;
use exnihilo::search::{Outcome, SearchOptions, StoppedBy, Tiers};
use exnihilo::text::{grouped, printable_name};
use exnihilo_jit::{Backend, SEMANTICS_VERSION};
use serde::Serialize;

use super::baselines::Baseline;
use super::tiers::{self, saved_share};
use crate::cli::output::{percent_of, shell_word};

/// The first line of `events.jsonl`: what the experiment's file does not tell.
#[derive(Serialize)]
pub(super) struct StartEvent<'a> {
    version: &'static str,
    semantics: u32,
    preset: &'a str,
    seed: u64,
    backend: Backend,
    threads: usize,
    max_individuals: Option<u64>,
    max_train_steps: Option<u64>,
    max_seconds: Option<f64>,
    verify: f64,
}

impl StartEvent<'_> {
    pub(super) fn new<'a>(experiment: &'a Experiment, seed: u64, options: &SearchOptions) -> StartEvent<'a> {
        StartEvent {
            version: env!("CARGO_PKG_VERSION"),
            semantics: SEMANTICS_VERSION,
            preset: &experiment.name,
            seed,
            backend: options.backend,
            threads: options.threads,
            max_individuals: options.max_individuals,
            max_train_steps: options.max_train_steps,
            max_seconds: options.max_seconds,
            verify: options.verify,
        }
    }
}

/// The result of a run.
#[derive(Serialize)]
pub(super) struct DoneEvent<'a> {
    preset: &'a str,
    seed: u64,
    backend: Backend,
    threads: usize,
    experiments: u64,
    individuals: u64,
    train_steps: u64,
    elapsed_seconds: f64,
    individuals_per_second: f64,
    search_fitness: f64,
    true_fitness: f64,
    select_fitness: f64,
    final_fitness: Option<f64>,
    /// The number of the experiment that found the program.
    experiment: u64,
    /// The set of search tasks on which it evolved.
    task_set: usize,
    target: Option<f64>,
    reached_target: bool,
    stopped_by: &'static str,
    cache_hits: u64,
    structural_hits: u64,
    tiers: Tiers,
    saved_share: f64,
    compiled: u64,
    verified: u64,
    baselines: &'a [Baseline],
    program: String,
    program_simplified: String,
    run_dir: Option<&'a str>,
    semantics: u32,
    version: &'static str,
}

impl DoneEvent<'_> {
    pub(super) fn new<'a>(
        experiment: &'a Experiment,
        outcome: &Outcome,
        baselines: &'a [Baseline],
        options: &SearchOptions,
        seed: u64,
        run_dir: Option<&'a str>,
    ) -> DoneEvent<'a> {
        let elapsed_seconds = outcome.elapsed.as_secs_f64();
        DoneEvent {
            preset: &experiment.name,
            seed,
            backend: options.backend,
            threads: options.threads,
            experiments: outcome.experiments,
            individuals: outcome.individuals,
            train_steps: outcome.train_steps,
            elapsed_seconds,
            individuals_per_second: outcome.individuals as f64 / elapsed_seconds,
            search_fitness: outcome.search_fitness,
            true_fitness: outcome.true_fitness,
            select_fitness: outcome.select_fitness,
            final_fitness: outcome.final_fitness,
            experiment: outcome.experiment,
            task_set: outcome.task_set,
            target: options.target.or(experiment.target),
            reached_target: outcome.reached_target,
            stopped_by: match outcome.stopped_by {
                StoppedBy::Target => "target",
                StoppedBy::Individuals => "individuals",
                StoppedBy::TrainSteps => "train_steps",
                StoppedBy::Seconds => "seconds",
                StoppedBy::Interrupt => "interrupt",
            },
            cache_hits: outcome.fec_hits,
            structural_hits: outcome.tiers.structural,
            tiers: outcome.tiers,
            saved_share: saved_share(outcome.saved_steps, outcome.train_steps),
            compiled: outcome.compiled,
            verified: outcome.verified,
            baselines,
            program: outcome.program.to_string(),
            program_simplified: outcome.simplified.to_string(),
            run_dir,
            semantics: SEMANTICS_VERSION,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// As indented JSON.
    pub(super) fn pretty(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers, texts and lists only")
    }

    pub(super) fn for_people(&self) -> String {
        let ended = match (self.stopped_by, self.target) {
            ("target", Some(target)) => format!("Target {target} reached"),
            ("interrupt", _) => "Interrupted".to_owned(),
            (_, Some(target)) => {
                format!("Target {target} not reached: the limit in {} ended the search", self.stopped_by.replace('_', " "))
            }
            (_, None) => format!("The limit in {} ended the search", self.stopped_by.replace('_', " ")),
        };
        let mut text = format!(
            "{ended}.\n{} seed {}: {} individuals in {} experiments, {:.1} s, {} individuals a second\n\
             answered: {}\n{} of the training steps saved; {} evaluations confirmed by the oracle\n\n{}\n",
            printable_name(self.preset),
            self.seed,
            grouped(self.individuals),
            grouped(self.experiments),
            self.elapsed_seconds,
            grouped(self.individuals_per_second as u64),
            tiers::for_people(self.tiers),
            percent_of(self.saved_share),
            grouped(self.verified),
            self.program_simplified,
        );
        let mut line = |name: &str, value: String| writeln!(text, "{name:<16} {value}").expect("a String takes everything");
        let is_true = self.search_fitness.to_bits() == self.true_fitness.to_bits();
        let truth = if is_true { "true".to_owned() } else { format!("by FEC; true: {:.6}", self.true_fitness) };
        line("search fitness", format!("{:.6} ({truth})", self.search_fitness));
        line("select fitness", format!("{:.6}", self.select_fitness));
        line("final fitness", self.final_fitness.map_or_else(|| "no final tasks".to_owned(), |fitness| format!("{fitness:.6}")));
        for Baseline { title, final_fitness, .. } in self.baselines {
            line(&format!("  {title}"), format!("{final_fitness:.6} on the same final tasks"));
        }
        if let Some(run_dir) = self.run_dir {
            line("saved in", printable_name(run_dir));
            text += &next_commands(run_dir, self.stopped_by == "interrupt");
        }
        text
    }
}

/// What to try next with a run, ready to be copied.
fn next_commands(run_dir: &str, is_interrupted: bool) -> String {
    let run_dir = Path::new(run_dir);
    let (run, best) = (shell_word(run_dir), shell_word(&run_dir.join("best.az")));
    let mut commands = vec![
        (format!("explain {best}"), "line by line, with what each part is worth"),
        (format!("report {run}"), "a page with plots, lineage and settings"),
        (format!("export {best} --to numpy"), "or rust, c, latex, dot, json"),
    ];
    if is_interrupted {
        commands.insert(0, (format!("resume {run}"), "goes on"));
    }
    let width = commands.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    commands.iter().fold("\nNext:\n".to_owned(), |text, (command, what)| text + &format!("  exnihilo {command:<width$}  # {what}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_can_be_pasted_into_a_shell() {
        assert_eq!(
            next_commands("runs/linear-s0", false),
            "\nNext:\n  exnihilo explain runs/linear-s0/best.az            # line by line, with what each part is worth\n\
             \x20 exnihilo report runs/linear-s0                     # a page with plots, lineage and settings\n\
             \x20 exnihilo export runs/linear-s0/best.az --to numpy  # or rust, c, latex, dot, json\n"
        );
        let odd = next_commands("it's $HOME", true);
        assert!(odd.contains(r"exnihilo resume 'it'\''s $HOME' "), "{odd}");
        assert!(odd.contains(r"exnihilo explain 'it'\''s $HOME/best.az' "), "{odd}");
    }
}
