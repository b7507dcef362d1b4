//! The section that compares several runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::chart::{Axis, Chart, Dot, Dots, Draw, decimals};
use super::html::{counted, escaped, shortened};
use super::table::Table;
use crate::run::RunRecord;
use crate::run::reader::Sample;
use crate::text::drawable;
use crate::text::{grouped, span};

/// The runs that have a name in a plot; those after them are grey.
const NAMED: usize = 6;

/// The most settings that are compared.
const MOST_SETTINGS: usize = 60;
/// More settings than these are unfolded by the reader.
const OPEN_SETTINGS: usize = 12;
/// The most characters of a setting.
const LONGEST_SETTING: usize = 60;
/// Settings after so many, and those deeper than names of this length reach, are not compared; no experiment has them.
const MOST_LEAVES: usize = 10_000;
const LONGEST_NAME: usize = 400;

/// Curves of all runs in one plot, and tables of what they came to and of the settings in which they differ.
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
         individuals</h3>\n{by_individuals}{}{finals}{}</section>\n",
        table(runs),
        if finals.is_empty() { "" } else { "<h3>Final fitness</h3>\n" },
        settings(runs)
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

/// The settings in which runs differ, of those whose experiment can be read.
fn settings(runs: &[(String, &RunRecord)]) -> String {
    let all: Vec<BTreeMap<String, String>> = runs
        .iter()
        .map(|(_, record)| record.settings().and_then(|text| text.parse::<toml::Table>().ok()).map_or_else(BTreeMap::new, leaves))
        .collect();
    // What an experiment says of itself is no setting.
    let is_setting = |key: &&String| *key != "description" && !key.starts_with("paper.");
    let keys: BTreeSet<&String> = all.iter().flat_map(BTreeMap::keys).filter(is_setting).collect();
    let differing: Vec<&String> = keys.into_iter().filter(|key| all.iter().any(|run| run.get(*key) != all[0].get(*key))).collect();
    let mut html = "<h3>Settings that differ</h3>\n".to_owned();
    if differing.is_empty() {
        let none =
            if all.iter().all(BTreeMap::is_empty) { "The settings cannot be read." } else { "None: all have the same experiment.toml." };
        return html + "<p>" + none + "</p>\n";
    }
    let open = if differing.len() <= OPEN_SETTINGS { " open" } else { "" };
    let count = counted(differing.len() as u64, "setting");
    html += "<details id=\"all-settings\"";
    write!(html, "{open}><summary>{count}</summary>\n<div class=\"wide\"><table><thead><tr><th scope=\"col\">setting</th>")
        .expect("a String takes everything");
    for (name, _) in runs {
        write!(html, "<th scope=\"col\">{}</th>", escaped(name)).expect("a String takes everything");
    }
    html += "</tr></thead><tbody>\n";
    for key in differing.iter().take(MOST_SETTINGS) {
        write!(html, "<tr><th scope=\"row\">{}</th>", escaped(&shortened(key, LONGEST_SETTING))).expect("a String takes everything");
        for run in &all {
            let value = run.get(*key).map_or_else(|| "–".to_owned(), |value| shortened(value, LONGEST_SETTING));
            write!(html, "<td>{}</td>", escaped(&value)).expect("a String takes everything");
        }
        html += "</tr>\n";
    }
    html += "</tbody></table></div>\n";
    if let Some(more @ 1..) = differing.len().checked_sub(MOST_SETTINGS) {
        writeln!(html, "<p class=\"soft\">{} left out.</p>", counted(more as u64, "more setting")).expect("a String takes everything");
    }
    html + "</details>\n"
}

/// The first values of a table by their dotted names; those in lists of tables have the number of the table in theirs.
fn leaves(table: toml::Table) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    let mut tables = vec![(String::new(), table)];
    while let Some((prefix, table)) = tables.pop() {
        for (key, value) in table {
            // A file may hold long names of long names.
            let key = shortened(&key, LONGEST_SETTING);
            let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
            if leaves.len() == MOST_LEAVES || name.len() > LONGEST_NAME {
                continue;
            }
            match value {
                toml::Value::Table(table) => tables.push((name, table)),
                toml::Value::Array(list) if list.iter().any(toml::Value::is_table) => {
                    let numbered = list.into_iter().enumerate().map(|(number, value)| (number.to_string(), value)).collect();
                    tables.push((name, numbered));
                }
                value => drop(leaves.insert(name, value.to_string())),
            }
        }
    }
    leaves
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn settings_that_differ_stand_side_by_side() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = |name: &str, toml: &str| {
            let path = folder.path().join(name);
            fs::create_dir(&path).expect("a writable folder");
            fs::write(path.join("experiment.toml"), toml).expect("a writable folder");
            (name.to_owned(), RunRecord::read(&path).expect("a run"))
        };
        let long = "x".repeat(100);
        let one = run("one", "name = \"<a>\"\n[search]\npopulation = 10\nsame = 1\n[search.deep]\nlist = [1, 2]\n");
        let two = run("two", &format!("name = \"{long}\"\ndescription = \"d\"\n[search]\npopulation = 20\nsame = 1\n"));
        let of = |runs: &[&(String, RunRecord)]| settings(&runs.iter().map(|(name, record)| (name.clone(), record)).collect::<Vec<_>>());
        let html = of(&[&one, &two]);
        let rows: Vec<&str> = html.split("<tr>").skip(2).collect();
        assert_eq!(rows.len(), 3, "{html}");
        assert!(
            rows[0].starts_with("<th scope=\"row\">name</th><td>&quot;&lt;a&gt;&quot;</td>")
                && rows[0].contains(&format!("{}…<", &long[..58])),
            "{html}"
        );
        assert_eq!(rows[1], "<th scope=\"row\">search.deep.list</th><td>[1, 2]</td><td>–</td></tr>\n");
        assert_eq!(rows[2].lines().next(), Some("<th scope=\"row\">search.population</th><td>10</td><td>20</td></tr>"));
        assert!(of(&[&two, &two]).contains("None: all have the same"));
        let sets =
            |features: u8| format!("[[tasks.search]]\nkind = \"linear\"\n[[tasks.search]]\nkind = \"linear\"\nfeatures = {features}\n");
        let html = of(&[&run("three", &sets(3)), &run("four", &sets(4))]);
        assert!(html.contains("<th scope=\"row\">tasks.search.1.features</th><td>3</td><td>4</td>"), "{html}");
        // A megabyte of this would be gigabytes of names.
        let wide = (0..20_000).map(|number| format!("{number} = 1\n")).collect::<String>();
        let wide = run("wide", &format!("[{}]\n{wide}", "a".repeat(400_000)));
        assert!(of(&[&wide, &one]).len() < 100_000);
        let broken = run("broken", "name = ");
        assert!(of(&[&broken, &broken]).contains("cannot be read"));
        let many: String = (0..100).map(|number| format!("k{number} = 1\n")).collect();
        assert!(of(&[&broken, &run("many", &many)]).contains("40 more settings left out."));
    }
}
