//! The end of a run, for people.

use std::fmt::Write;
use std::path::Path;

use exnihilo::run::event::Done;
use exnihilo::search::{Outcome, StoppedBy};
use exnihilo::text::{grouped, printable_name};

use super::tiers;
use crate::cli::output::{percent_of, shell_word};

/// What came out of a run, and what to try next.
pub(super) fn for_people(outcome: &Outcome, done: &Done) -> String {
    let unit = match outcome.stopped_by {
        StoppedBy::Individuals => "individuals",
        StoppedBy::TrainSteps => "train steps",
        StoppedBy::Seconds => "seconds",
        StoppedBy::Target | StoppedBy::Interrupt => "",
    };
    let ended = match (outcome.stopped_by, done.target) {
        (StoppedBy::Target, Some(target)) => format!("Target {target} reached"),
        (StoppedBy::Interrupt, _) => "Interrupted".to_owned(),
        (_, Some(target)) => format!("Target {target} not reached: the limit in {unit} ended the search"),
        (_, None) => format!("The limit in {unit} ended the search"),
    };
    let seconds = outcome.elapsed.as_secs_f64();
    let mut text = format!(
        "{ended}.\n{} seed {}: {} individuals in {} experiments, {seconds:.1} s, {} individuals a second\n\
         answered: {}\n{} of the training steps saved; {} evaluations confirmed by the oracle\n\n{}\n",
        printable_name(done.preset.as_deref().unwrap_or("run")),
        done.seed.unwrap_or_default(),
        grouped(outcome.counts.individuals),
        grouped(outcome.experiments),
        grouped((outcome.counts.individuals as f64 / seconds) as u64),
        tiers::for_people(outcome.counts.tiers),
        percent_of(outcome.counts.saved_share()),
        grouped(outcome.verified),
        outcome.simplified,
    );
    let mut line = |name: &str, value: String| writeln!(text, "{name:<16} {value}").expect("a String takes everything");
    let is_true = outcome.search_fitness.to_bits() == outcome.true_fitness.to_bits();
    let truth = if is_true { "true".to_owned() } else { format!("by FEC; true: {:.6}", outcome.true_fitness) };
    line("search fitness", format!("{:.6} ({truth})", outcome.search_fitness));
    line("select fitness", format!("{:.6}", outcome.select_fitness));
    line("final fitness", outcome.final_fitness.map_or_else(|| "no final tasks".to_owned(), |fitness| format!("{fitness:.6}")));
    for baseline in &done.baselines {
        let title = if baseline.name.contains("net") { "two-layer net" } else { "linear model" };
        line(&format!("  {title}"), format!("{:.6} on the same final tasks", baseline.final_fitness.unwrap_or(f64::NAN)));
    }
    if let Some(run_dir) = &done.run_dir {
        line("saved in", printable_name(run_dir));
        text += &next_commands(run_dir, outcome.stopped_by == StoppedBy::Interrupt);
    }
    text
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
