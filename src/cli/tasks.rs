//! `tasks`: the kinds of task.

use clap::Args;
use exnihilo::task::{KindDoc, Sizes, TASK_KEYS, TASK_KINDS};
use exnihilo_jit::Scoring;
use serde::Serialize;

use super::Exit;
use super::failure::Failure;
use super::output::{print_event, print_line};

/// List the kinds of task with their settings
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  exnihilo eval net --task two-layer --features 8 --tasks 20")]
pub(super) struct Tasks {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct KindEvent {
    name: &'static str,
    summary: &'static str,
    /// `rms` or `accuracy`; null where the data tell.
    scoring: Option<&'static str>,
    features: Option<usize>,
    train: Option<usize>,
    valid: Option<usize>,
    /// The same three with `classes`; null where there are none.
    of_classes: Option<Sizes>,
    keys: Vec<KeyEvent>,
}

#[derive(Serialize)]
struct KeyEvent {
    key: &'static str,
    meaning: &'static str,
}

impl Tasks {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        for kind in &TASK_KINDS {
            if self.json {
                print_event("task", &event(kind))?;
            } else {
                print_line(&summary(kind))?;
            }
        }
        if !self.json {
            print_line("\nSettings (sections [tasks.search], [tasks.select] and [tasks.final] of an experiment):")?;
            for key in &TASK_KEYS {
                print_line(&format!("  {:<14} {}", key.key, key.meaning))?;
            }
        }
        Ok(Exit::Done)
    }
}

fn scoring(kind: &KindDoc) -> Option<&'static str> {
    kind.scoring.map(|scoring| match scoring {
        Scoring::Rms => "rms",
        Scoring::Accuracy | Scoring::Classes => "accuracy",
    })
}

fn event(kind: &KindDoc) -> KindEvent {
    let keys = TASK_KEYS.iter().filter(|doc| kind.keys.contains(&doc.key));
    KindEvent {
        name: kind.name,
        summary: kind.summary,
        scoring: scoring(kind),
        features: kind.features,
        train: kind.train,
        valid: kind.valid,
        of_classes: kind.of_classes,
        keys: keys.map(|doc| KeyEvent { key: doc.key, meaning: doc.meaning }).collect(),
    }
}

fn summary(kind: &KindDoc) -> String {
    let number = |number: Option<usize>| number.map_or_else(|| "of the data".to_owned(), |number| number.to_string());
    let of_classes = kind.of_classes.map_or_else(String::new, |Sizes { features, train, valid }| {
        format!("\n{:<10} with classes = 10: features {features}, train {train}, valid {valid}", "")
    });
    format!(
        "{:<10} {}\n{:<10} features {}, train {}, valid {}, scored by {}{of_classes}\n{:<10} settings: {}",
        kind.name,
        kind.summary,
        "",
        number(kind.features),
        number(kind.train),
        number(kind.valid),
        scoring(kind).unwrap_or("accuracy or rms, as the labels are"),
        "",
        kind.keys.join(", ")
    )
}
