//! The section that compares several runs.

use std::fmt::Write;

use super::chart::{Axis, Chart, Dot, Dots, Draw, decimals};
use super::html::escaped;
use super::run_record::{RunRecord, Sample};
use super::table::{Table, drawable};
use crate::text::{grouped, span};

/// The runs that have a name in a plot; those after them are grey.
const NAMED: usize = 6;

/// Curves of all runs in one plot, and a table of what they came to.
pub(super) fn comparison(runs: &[(String, &RunRecord)]) -> String {
    let by_time = curves(runs, "time", "seconds", |sample| sample.seconds);
    let by_individuals = curves(runs, "individuals", "individuals", |sample| sample.individuals as f64);
    let mut dots = Vec::new();
    for (number, (name, record)) in runs.iter().enumerate() {
        let fitness = record.outcome().and_then(|outcome| outcome.final_fitness).and_then(drawable);
        dots.extend(fitness.map(|value| Dot { name: name.clone(), value, interval: None, look: number }));
    }
    let finals = if dots.is_empty() {
        String::new()
    } else {
        let told: Vec<String> = dots.iter().map(|dot| format!("{} {}", dot.name, decimals(dot.value))).collect();
        Dots {
            id: "all-chart-final".to_owned(),
            title: "Fitness on the final tasks".to_owned(),
            description: format!("Points on one axis: {}.", told.join("; ")),
            label: "final fitness".to_owned(),
            dots,
            notes: vec!["Runs of other experiments have other tasks, and their fitness cannot be compared.".to_owned()],
        }
        .figure()
    };
    format!(
        "<section aria-labelledby=\"all\"><h2 id=\"all\">Comparison</h2>\n{}\n<h3>Best fitness over time</h3>\n{by_time}<h3>Best fitness over \
         individuals</h3>\n{by_individuals}{}{finals}</section>\n",
        table(runs),
        if finals.is_empty() { "" } else { "<h3>Final fitness</h3>\n" }
    )
}

fn curves(runs: &[(String, &RunRecord)], id: &str, label: &str, x: fn(&Sample) -> f64) -> String {
    let points = |record: &RunRecord| record.samples().values().filter_map(|sample| Some((x(sample), sample.best?))).collect::<Vec<_>>();
    let columns: Vec<(String, Vec<(f64, f64)>)> = runs.iter().map(|(name, record)| (name.clone(), points(record))).collect();
    let (table, thinned) = Table::of_steps(label, false, &columns);
    let told: Vec<String> = columns
        .iter()
        .filter_map(|(name, points)| {
            points.last().map(|(x, fitness)| format!("{name} has {} at {}", decimals(*fitness), grouped(*x as u64)))
        })
        .collect();
    let mut notes: Vec<String> =
        runs.iter().filter_map(|(name, record)| Some(format!("{name}: {}", record.samples().note("progress events")?))).collect();
    if runs.len() > NAMED {
        notes.push(format!("{} more runs are grey.", runs.len() - NAMED));
    }
    notes.extend(thinned);
    Chart {
        id: format!("all-chart-{id}"),
        title: format!("Best search fitness of all runs over {label}"),
        description: format!("Rising steps. In the end: {}.", told.join("; ")),
        x: Axis::from_zero(label),
        y: Axis::linear("best search fitness"),
        table,
        draw: (0..runs.len()).map(|number| if number < NAMED { Draw::Steps(number) } else { Draw::Faint }).collect(),
        marks: Vec::new(),
        notes,
    }
    .figure()
}

fn table(runs: &[(String, &RunRecord)]) -> String {
    let heads = ["search fitness", "select fitness", "final fitness", "individuals", "time", "instructions"];
    let mut html = "<div class=\"wide\"><table><thead><tr><th scope=\"col\">run</th>".to_owned();
    for head in heads {
        write!(html, "<th scope=\"col\" class=\"n\">{head}</th>").expect("a String takes everything");
    }
    html += "</tr></thead><tbody>\n";
    for (number, (name, record)) in runs.iter().enumerate() {
        let (outcome, progress) = (record.outcome(), record.progress());
        let fitness = |fitness: Option<f64>| fitness.map_or_else(|| "–".to_owned(), decimals);
        let cells = [
            fitness(outcome.map_or(progress.best_fitness, |outcome| outcome.search_fitness)),
            fitness(outcome.and_then(|outcome| outcome.select_fitness)),
            fitness(outcome.and_then(|outcome| outcome.final_fitness)),
            grouped(outcome.and_then(|outcome| outcome.individuals).unwrap_or(progress.individuals)),
            outcome.and_then(|outcome| outcome.elapsed_seconds).or(progress.elapsed_seconds).map_or_else(|| "–".to_owned(), span),
            record.found().map_or_else(|| "–".to_owned(), |found| found.program.instructions().len().to_string()),
        ];
        write!(html, "<tr><th scope=\"row\"><a href=\"#r{number}\">{}</a></th>", escaped(name)).expect("a String takes everything");
        for cell in cells {
            write!(html, "<td class=\"n\">{cell}</td>").expect("a String takes everything");
        }
        html += "</tr>\n";
    }
    html + "</tbody></table></div>\n"
}
