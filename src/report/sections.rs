//! The sections about one run. Identifiers on the page begin with the run's prefix.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use super::chart::{Axis, Chart, Dot, Dots, Draw, Mark, decimals};
use super::html::{counted, escaped, with_code};
use super::program_view;
use super::table::{Column, Table};
use crate::run::RunRecord;
use crate::run::event::Done;
use crate::run::lineage::{Ancestry, Step};
use crate::run::reader::{Famous, Standing};
use crate::run::thinned::Thinned;
use crate::search::{Origin, Tiers};
use crate::text::drawable;
use crate::text::{grouped, span};

/// The islands that have a name in the plot, and those behind them.
const NAMED_ISLANDS: usize = 6;
const FAINT_ISLANDS: usize = 18;
/// Fewer progress events make no line.
const FEW_SAMPLES: usize = 4;
/// The parts of time in which speeds are told.
const MOST_SPEEDS: usize = 200;

/// All of one run, under a heading of its own. `measured` is what was measured of its program.
pub(super) fn run(prefix: &str, record: &RunRecord, measured: &str) -> String {
    [
        head(prefix, record),
        fitness(prefix, record),
        evaluation(prefix, record),
        best_program(prefix, record),
        measured.to_owned(),
        lineage(prefix, record),
        islands(prefix, record),
        tiers(prefix, record),
        throughput(prefix, record),
        hall_of_fame(prefix, record),
        settings(prefix, record),
    ]
    .concat()
}

/// The sections that a run has: identifier and heading.
pub(super) const CONTENTS: [(&str, &str); 9] = [
    ("fitness", "Fitness over time"),
    ("evaluation", "Final evaluation"),
    ("program", "Best program"),
    ("lineage", "Lineage"),
    ("islands", "Improvements"),
    ("tiers", "How programs were answered"),
    ("throughput", "Throughput"),
    ("hall", "Hall of fame"),
    ("settings", "Settings"),
];

/// A section of this content; without any it says why there is nothing.
fn section(prefix: &str, id: &str, content: &str, nothing: &str) -> String {
    let heading = CONTENTS.iter().find(|(known, _)| *known == id).map_or(id, |(_, heading)| heading);
    let nothing = if content.is_empty() { format!("<p class=\"soft\">{}</p>\n", escaped(nothing)) } else { String::new() };
    format!("<section aria-labelledby=\"{prefix}-{id}\"><h2 id=\"{prefix}-{id}\">{heading}</h2>\n{content}{nothing}</section>\n")
}

/// How a run stands and how it ended, in a sentence.
pub(super) fn standing(record: &RunRecord) -> String {
    let ended = |outcome: &Done| {
        let limit = |name: &str| format!("the limit in {name} ended the search");
        let target = outcome.target.map(|target| format!("target {target}")).unwrap_or_default();
        match (outcome.stopped_by.as_deref(), outcome.reached_target) {
            (Some("target"), _) => format!("Ended: {target} reached."),
            (Some("interrupt"), _) => "Interrupted; `exnihilo resume` goes on with it.".to_owned(),
            (Some(limit_name), Some(false)) if outcome.target.is_some() => {
                format!("Ended: {target} not reached; {}.", limit(&limit_name.replace('_', " ")))
            }
            (Some(name), _) => format!("Ended: {}.", limit(&name.replace('_', " "))),
            (None, _) => "Ended.".to_owned(),
        }
    };
    match (record.standing(), record.ended().or(record.outcome())) {
        (Standing::AtWork, _) => "At work: this is what there is so far.".to_owned(),
        (Standing::Ended, Some(outcome)) => ended(outcome),
        _ if record.difference().is_some() => "Ended by an evaluation that the oracle did not confirm.".to_owned(),
        _ => "Cut short: it was killed or never came to its end; `exnihilo resume` goes on with it.".to_owned(),
    }
}

fn head(prefix: &str, record: &RunRecord) -> String {
    let (progress, outcome) = (record.progress(), record.outcome());
    let ended = record.ended();
    let mut facts: Vec<(&str, String)> = Vec::new();
    let mut fact = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
    let fitness = |value: Option<f64>| value.map(decimals);
    fact("search fitness", fitness(outcome.map_or(progress.best_fitness, |outcome| outcome.search_fitness)));
    fact("select fitness", fitness(outcome.and_then(|outcome| outcome.select_fitness)));
    fact("final fitness", fitness(outcome.and_then(|outcome| outcome.final_fitness)));
    let individuals = ended.and_then(|outcome| outcome.individuals).unwrap_or(progress.individuals);
    fact("individuals", Some(grouped(individuals)));
    let seconds = ended.and_then(|outcome| outcome.elapsed_seconds).or(progress.elapsed_seconds);
    fact("time", seconds.map(span));
    let rate = seconds.filter(|seconds| *seconds > 0.0).map(|seconds| grouped((individuals as f64 / seconds) as u64));
    fact("individuals a second", rate);
    let steps = ended.and_then(|outcome| outcome.train_steps).unwrap_or(progress.train_steps);
    fact("training steps", Some(grouped(steps)));
    fact("training steps saved", ended.and_then(|outcome| outcome.saved_share).map(|share| format!("{:.1} %", share * 100.0)));
    let experiments = ended.and_then(|outcome| outcome.experiments).unwrap_or(progress.experiments);
    fact("experiments", Some(grouped(experiments)));
    fact("islands an experiment", record.experiment().map(|experiment| grouped(experiment.search.islands as u64)));
    fact("confirmed by the oracle", ended.and_then(|outcome| outcome.verified).map(|verified| counted(verified, "evaluation")));
    fact("seed", record.seed().map(|seed| seed.to_string()));
    let part = record.part();
    let backend = part.and_then(|part| part.backend.as_deref()).or_else(|| outcome?.backend.as_deref());
    fact("backend", backend.map(str::to_owned));
    let threads = part.and_then(|part| part.threads).or_else(|| outcome?.threads);
    fact("threads", threads.map(|threads| threads.to_string()));
    fact("version", record.version().map(str::to_owned));
    fact("last written", record.written().map(date));
    fact(
        "parts",
        (record.part_count() > 1).then(|| format!("{}, resumed {}", record.part_count(), counted(record.part_count() - 1, "time"))),
    );

    let mut html = format!("<p id=\"{prefix}-standing\"><strong>{}</strong>", with_code(&standing(record)));
    if let Some(experiment) = record.experiment()
        && !experiment.description.is_empty()
    {
        write!(html, " {}.", escaped(experiment.description.trim_end_matches('.'))).expect("a String takes everything");
    }
    html += "</p>\n<dl class=\"facts\">";
    for (name, value) in facts {
        write!(html, "<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), escaped(&value)).expect("a String takes everything");
    }
    html += "</dl>\n";
    let mut notes = record.notes();
    if let Some(difference) = record.difference() {
        let what = difference.difference.as_deref().unwrap_or("difference.jsonl has it");
        notes.push(format!("The oracle did not confirm an evaluation: {what}"));
    }
    if !notes.is_empty() {
        let items: String = notes.iter().map(|note| format!("<li>{}</li>", escaped(note))).collect();
        writeln!(html, "<div class=\"note\" role=\"note\">About the files of this run:<ul>{items}</ul></div>")
            .expect("a String takes everything");
    }
    html
}

/// A moment in universal time.
fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, minutes) = (seconds / 86_400, seconds % 86_400 / 60);
    // Of the Gregorian calendar, years from March (H. Hinnant, "chrono-compatible low-level date algorithms").
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// Pairs of time and a value of the samples.
fn over_time(record: &RunRecord, value: impl Fn(&crate::run::reader::Sample) -> Option<f64>) -> Vec<Option<f64>> {
    record.samples().values().map(value).collect()
}

fn seconds(record: &RunRecord) -> Vec<f64> {
    record.samples().values().map(|sample| sample.seconds).collect()
}

/// From the first value to the last, in words.
fn from_to(name: &str, values: &[Option<f64>]) -> String {
    let mut known = values.iter().flatten();
    match (known.next(), values.iter().rev().flatten().next()) {
        (Some(first), Some(last)) => format!(" {name} goes from {} to {}.", decimals(*first), decimals(*last)),
        _ => format!(" {name} has no values."),
    }
}

fn fitness(prefix: &str, record: &RunRecord) -> String {
    let (best, mean) = (over_time(record, |sample| sample.best), over_time(record, |sample| sample.mean));
    if best.iter().all(Option::is_none) {
        return section(prefix, "fitness", "", "There is no progress on record yet.");
    }
    let x = seconds(record);
    let end = x.iter().copied().fold(0.0, f64::max);
    let mut marks = Vec::new();
    if let Some(outcome) = record.outcome() {
        let end = outcome.elapsed_seconds.and_then(drawable).unwrap_or(end);
        for (name, fitness, look) in [("select tasks", outcome.select_fitness, 2), ("final tasks", outcome.final_fitness, 3)] {
            marks.extend(fitness.and_then(drawable).map(|y| Mark { x: end, y, look, name: format!("result on the {name}") }));
        }
    }
    let column = |name: &str, values: &[Option<f64>]| Column { name: name.to_owned(), values: values.to_vec() };
    let mut description = format!("Lines over {:.1} seconds.", end);
    description += &from_to("The best search fitness", &best);
    description += &from_to("The mean", &mean);
    for mark in &marks {
        write!(description, " The {} has {}.", mark.name, decimals(mark.y)).expect("a String takes everything");
    }
    let mut notes = vec!["Mean: of the populations at work; it falls when new experiments begin.".to_owned()];
    let mut columns = vec![column("best search fitness", &best), column("mean search fitness", &mean)];
    let mut draw = vec![Draw::Line(0), Draw::Line(1)];
    let select = over_time(record, |sample| sample.select);
    if select.iter().any(Option::is_some) {
        description += &from_to("The select fitness of the result so far", &select);
        columns.push(column("select fitness so far", &select));
        draw.push(Draw::Steps(2));
        notes.push("Select: programs are tried there when they pass the target in search, and at the end of their experiment.".to_owned());
    }
    notes.extend((x.len() < FEW_SAMPLES).then(|| "The run was too short for a line: its improvements, below, tell more.".to_owned()));
    notes.extend(record.samples().note("progress events"));
    let chart = Chart {
        id: format!("{prefix}-chart-fitness"),
        title: "Fitness over time".to_owned(),
        description,
        x: Axis::from_zero("seconds"),
        y: Axis::linear("fitness"),
        table: Table { x_name: "seconds".to_owned(), x: x.clone(), columns },
        draw,
        marks,
        notes,
    };
    let mut html = chart.figure();
    // A point or two tell no more than the plot above.
    let is_line = x.len() >= FEW_SAMPLES;
    let missing: Vec<Option<f64>> = best.iter().map(|best| best.map(|best| 1.0 - best).filter(|missing| *missing > 0.0)).collect();
    if is_line && missing.iter().flatten().any(|missing| *missing < 0.1) {
        let chart = Chart {
            id: format!("{prefix}-chart-missing"),
            title: "What the best program lacks of fitness 1".to_owned(),
            description: format!("A line on a logarithmic axis.{}", from_to("1 - fitness of the best program", &missing)),
            x: Axis::from_zero("seconds"),
            y: Axis::log("1 - fitness, logarithmic"),
            table: Table { x_name: "seconds".to_owned(), x, columns: vec![column("1 - best search fitness", &missing)] },
            draw: vec![Draw::Line(0)],
            marks: Vec::new(),
            notes: record.samples().note("progress events").into_iter().collect(),
        };
        html += "<h3>The same near 1</h3>\n";
        html += &chart.figure();
    }
    section(prefix, "fitness", &html, "")
}

fn evaluation(prefix: &str, record: &RunRecord) -> String {
    let Some(outcome) = record.outcome() else {
        return section(prefix, "evaluation", "", "The run has not come to its final evaluation.");
    };
    let mut dots = Vec::new();
    let mut dot = |name: String, value: Option<f64>, look| {
        dots.extend(value.and_then(drawable).map(|value| Dot { name, value, interval: None, look }));
    };
    dot("this program, search tasks".to_owned(), outcome.search_fitness, 1);
    dot("this program, select tasks".to_owned(), outcome.select_fitness, 2);
    dot("this program, final tasks".to_owned(), outcome.final_fitness, 0);
    for baseline in outcome.baselines.iter().take(8) {
        dot(format!("{}, final tasks", baseline_name(&baseline.name)), baseline.final_fitness, 5);
    }
    if dots.is_empty() {
        return section(prefix, "evaluation", "", "The result has no fitness.");
    }
    let told: Vec<String> = dots.iter().map(|dot| format!("{} {}", dot.name, decimals(dot.value))).collect();
    let mut notes = Vec::new();
    if let (Some(search), Some(true_fitness)) = (outcome.search_fitness, outcome.true_fitness)
        && search.to_bits() != true_fitness.to_bits()
    {
        notes.push(format!(
            "By functional equivalence checking the search took it for a program of fitness {}; its own is {}.",
            decimals(search),
            decimals(true_fitness)
        ));
    }
    notes.push("Search tasks chose it, select tasks chose among the best, and the final tasks are new to all.".to_owned());
    let chart = Dots {
        id: format!("{prefix}-chart-evaluation"),
        title: "Fitness of the program and of hand-written ones".to_owned(),
        description: format!("Points on one axis: {}.", told.join("; ")),
        label: "fitness".to_owned(),
        dots,
        notes,
    };
    section(prefix, "evaluation", &chart.figure(), "")
}

fn baseline_name(name: &str) -> String {
    match name {
        "linear" => "linear model by hand".to_owned(),
        "net" => "two-layer net by hand".to_owned(),
        "softmax" => "softmax model by hand".to_owned(),
        "softmax-net" => "softmax net by hand".to_owned(),
        other => format!("{other} by hand"),
    }
}

fn best_program(prefix: &str, record: &RunRecord) -> String {
    let Some(found) = record.found() else {
        return section(prefix, "program", "", "There is no program on record yet.");
    };
    let left = found.program.instructions().len() as u64;
    let which = if found.is_result { "" } else { "The best on the search tasks so far; the run has not said its last word. " };
    let simplified = program_view::program(&found.program);
    let html = match &found.evolved {
        Some(evolved) => format!(
            "<p>{which}As evolved it has {}; simplified it has {}, with the same predictions.</p>\n<div class=\"pair\"><div><h3>Simplified</h3>\n{simplified}\
             </div><div><h3>As evolved</h3>\n{}</div></div>\n",
            counted(evolved.instructions().len() as u64, "instruction"),
            grouped(left),
            program_view::program(evolved)
        ),
        None => format!("<p>{which}It has {} that can matter to a prediction.</p>\n{simplified}", counted(left, "instruction")),
    };
    section(prefix, "program", &html, "")
}

fn lineage(prefix: &str, record: &RunRecord) -> String {
    let Some(Ancestry { length, shown, is_cut }) = record.ancestry() else {
        let nothing = "The program is not among the improvements on record, by which its ancestors are found.";
        return section(prefix, "lineage", "", nothing);
    };
    let mut html =
        "<p>How the program came about: of all programs that it descends from those that were better than all before them in the line, \
         without instructions that cannot matter and with the addresses as evolved. Added lines have a <ins>+</ins>, removed ones a <del>-</del> before them.</p>\n"
            .to_owned();
    let left_out = length - shown.len();
    if left_out > 0 {
        let left_out = counted(left_out as u64, "step");
        writeln!(html, "<p class=\"soft\">Left out: {left_out} with smaller gains in fitness. Changes are from one shown to the next.</p>")
            .expect("a String takes everything");
    }
    if *is_cut {
        html += "<p class=\"soft\">What the first one descends from is not on record.</p>\n";
    }
    html += "<ol class=\"steps\">\n";
    let task_set = |step: &Step| record.milestones()[step.milestone].task_set;
    let several = shown.iter().any(|step| task_set(step) != task_set(&shown[0]));
    if several {
        html = html.replacen("all before them in the line,", "all before them in the line on the same search tasks,", 1);
    }
    let mut before: Option<&Step> = None;
    for step in shown {
        let milestone = &record.milestones()[step.milestone];
        let how = how(step, before.is_some(), record.origin(milestone));
        let from = before.map(|before| record.milestones()[before.milestone].island).filter(|&from| from != milestone.island);
        let from = from.map_or_else(String::new, |from| format!("; the one before it was on island {from}"));
        let tasks = if several { format!(", set {} of search tasks", milestone.task_set) } else { String::new() };
        let passed = before.map_or(0, |before| step.place - before.place - 1);
        let skipped = if passed > 0 { format!("; {} between left out", counted(passed as u64, "step")) } else { String::new() };
        let text =
            before.map_or_else(|| program_view::program(&step.program), |before| program_view::changes(&before.program, &step.program));
        writeln!(
            html,
            "<li><h3>{}. Fitness {}</h3><p class=\"soft\">experiment {}, island {}{tasks}, individual {}: {}{from}{skipped}</p>{text}</li>",
            step.place + 1,
            decimals(milestone.fitness),
            milestone.experiment,
            milestone.island,
            grouped(milestone.individual),
            escaped(&how)
        )
        .expect("a String takes everything");
        before = Some(step);
    }
    html += "</ol>\n";
    section(prefix, "lineage", &html, "")
}

/// How a step came about from the one shown before it, if any is.
fn how(step: &Step, has_before: bool, origin: &str) -> String {
    if origin == Origin::Migration.name() {
        return "came from an island with other tasks".to_owned();
    }
    match (has_before, step.mutations) {
        (false, 0) => "one of the first programs".to_owned(),
        (false, mutations) => format!("{}, the last one {origin}", counted(mutations, "mutation")),
        (true, 0) => "a copy of the one before it".to_owned(),
        (true, 1) => format!("{origin} of the one before it"),
        (true, mutations) => format!("{} after the one before it, the last one {origin}", counted(mutations, "mutation")),
    }
}

/// The improvements of one island: the number of the individual, from 1 for a logarithmic axis, and its fitness.
struct Track {
    experiment: u64,
    island: u64,
    points: Vec<(f64, f64)>,
}

impl Track {
    fn best(&self) -> f64 {
        self.points.last().map_or(f64::NEG_INFINITY, |(_, fitness)| *fitness)
    }
}

/// The islands of experiment `first`, then the others, each by the fitness they reach.
fn tracks(record: &RunRecord, first: Option<u64>) -> Vec<Track> {
    let mut all: BTreeMap<(u64, u64), Vec<(f64, f64)>> = BTreeMap::new();
    for improved in record.milestones().iter().filter(|milestone| milestone.is_improvement) {
        let points = all.entry((improved.experiment, improved.island)).or_default();
        let x = improved.individual as f64 + 1.0;
        if points.last().is_none_or(|(last, _)| *last < x) {
            points.push((x, improved.fitness));
        }
    }
    let mut tracks: Vec<Track> = all.into_iter().map(|((experiment, island), points)| Track { experiment, island, points }).collect();
    let is_other = |track: &Track| Some(track.experiment) != first;
    tracks.sort_by(|one, other| is_other(one).cmp(&is_other(other)).then(other.best().total_cmp(&one.best())));
    tracks
}

fn islands(prefix: &str, record: &RunRecord) -> String {
    if !record.milestones().iter().any(|milestone| milestone.is_improvement) {
        return section(prefix, "islands", "", "There is no improvement on record yet.");
    }
    let winner = record.outcome().and_then(|outcome| outcome.experiment);
    let mut all = tracks(record, winner);
    let count = all.len();
    all.truncate(NAMED_ISLANDS + FAINT_ISLANDS);
    let several = all.iter().any(|track| track.island > 0);
    let name = |Track { experiment, island, .. }: &Track| {
        if several { format!("experiment {experiment}, island {island}") } else { format!("experiment {experiment}") }
    };
    let told: Vec<String> =
        all.iter().take(NAMED_ISLANDS).map(|track| format!("{} reaches {}", name(track), decimals(track.best()))).collect();
    let columns: Vec<(String, Vec<(f64, f64)>)> = all.into_iter().map(|track| (name(&track), track.points)).collect();
    let (table, thinned) = Table::of_steps("individual", true, &columns);
    let draw = (0..columns.len()).map(|number| if number < NAMED_ISLANDS { Draw::Steps(number) } else { Draw::Faint }).collect();
    let mut notes = vec!["Each step is a program better than all before it on its island; 1 is the island's first individual.".to_owned()];
    if let Some(winner) = winner {
        notes.push(format!("The reported program is from experiment {winner}, which comes first; the others by the fitness they reach."));
    }
    if columns.len() > NAMED_ISLANDS {
        notes.push(format!("{} more are grey.", columns.len() - NAMED_ISLANDS));
    }
    if count > columns.len() {
        notes.push(format!("{} islands with lower fitness are left out.", count - columns.len()));
    }
    notes.extend(thinned);
    let chart = Chart {
        id: format!("{prefix}-chart-islands"),
        title: "Best search fitness of each island".to_owned(),
        description: format!("Rising steps over the individuals of an island, on a logarithmic axis: {}.", told.join("; ")),
        x: Axis::log("individuals of the island, logarithmic"),
        y: Axis::linear("best search fitness"),
        table,
        draw,
        marks: Vec::new(),
        notes,
    };
    section(prefix, "islands", &chart.figure(), "")
}

/// The tiers with their names, the cheapest first.
fn named_tiers(tiers: Tiers) -> [(&'static str, u64); 6] {
    [
        ("structural cache", tiers.structural),
        ("over budget", tiers.over_budget),
        ("FEC", tiers.fec),
        ("hurdle", tiers.hurdle),
        ("interpreted", tiers.interpreted),
        ("compiled", tiers.compiled),
    ]
}

fn tiers(prefix: &str, record: &RunRecord) -> String {
    let last = record.samples().last().map(|sample| named_tiers(sample.tiers)).unwrap_or_default();
    let total: f64 = last.iter().map(|(_, count)| *count as f64).sum();
    if total == 0.0 {
        return section(prefix, "tiers", "", "No program was counted yet.");
    }
    let used: Vec<usize> = (0..last.len()).filter(|number| last[*number].1 > 0).collect();
    let columns = used.iter().map(|&number| {
        let values = over_time(record, |sample| drawable(named_tiers(sample.tiers)[number].1 as f64));
        // Before the first event there was none.
        Column { name: last[number].0.to_owned(), values: [vec![Some(0.0)], values].concat() }
    });
    let share = |count: u64| format!("{:.1} %", 100.0 * count as f64 / total);
    let told: Vec<String> = used.iter().map(|&number| format!("{} {}", last[number].0, share(last[number].1))).collect();
    let named: Vec<&str> = used.iter().map(|&number| last[number].0).collect();
    let chart = Chart {
        id: format!("{prefix}-chart-tiers"),
        title: "Individuals by how they were answered".to_owned(),
        description: format!("Areas on one another, over time. At the end: {}.", told.join("; ")),
        x: Axis::from_zero("seconds"),
        y: Axis::from_zero("individuals so far"),
        table: Table { x_name: "seconds".to_owned(), x: [vec![0.0], seconds(record)].concat(), columns: columns.collect() },
        draw: used.iter().map(|&number| Draw::Area(number)).collect(),
        marks: Vec::new(),
        notes: [format!("From the bottom: {}.", named.join(", "))].into_iter().chain(record.samples().note("progress events")).collect(),
    };
    let mut html = chart.figure();
    html += "<div class=\"wide\"><table><thead><tr><th scope=\"col\">tier</th><th scope=\"col\" class=\"n\">individuals</th>\
             <th scope=\"col\" class=\"n\">share</th><th scope=\"col\">what was done</th></tr></thead><tbody>\n";
    let done = [
        "nothing: a program with the same canonical form was known",
        "nothing: it would cost too much",
        "a few examples: a program with the same errors on these was known",
        "the first tasks only: it stayed below the hurdle",
        "all tasks, by the interpreter",
        "all tasks, as native code",
    ];
    for ((name, count), done) in last.into_iter().zip(done) {
        writeln!(
            html,
            "<tr><th scope=\"row\">{name}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{done}</td></tr>",
            grouped(count),
            share(count)
        )
        .expect("a String takes everything");
    }
    html += "</tbody></table></div>\n";
    section(prefix, "tiers", &html, "")
}

fn throughput(prefix: &str, record: &RunRecord) -> String {
    let mut speeds = Thinned::new(MOST_SPEEDS);
    let (mut time, mut individuals) = (0.0, 0);
    for sample in record.samples().values() {
        let passed = sample.seconds - time;
        if passed > 0.0 && sample.individuals > individuals {
            speeds.push((sample.seconds, (sample.individuals - individuals) as f64 / passed));
            (time, individuals) = (sample.seconds, sample.individuals);
        }
    }
    let (x, values): (Vec<f64>, Vec<Option<f64>>) = speeds.values().map(|(seconds, speed)| (*seconds, drawable(*speed))).unzip();
    if x.is_empty() {
        return section(prefix, "throughput", "", "There is no progress on record yet.");
    }
    let mean = if time > 0.0 { individuals as f64 / time } else { 0.0 };
    let speed = |value: f64| grouped(value as u64);
    if x.len() < 2 {
        let text = format!("{} individuals a second; the run was too short for a line.", speed(mean));
        return section(prefix, "throughput", "", &text);
    }
    let range = values.iter().flatten().fold((f64::INFINITY, 0.0_f64), |(least, most), value| (least.min(*value), most.max(*value)));
    let chart = Chart {
        id: format!("{prefix}-chart-throughput"),
        title: "Individuals a second".to_owned(),
        description: format!("A line between {} and {} a second; {} in the mean.", speed(range.0), speed(range.1), speed(mean)),
        x: Axis::from_zero("seconds"),
        y: Axis::from_zero("individuals a second, since the event before"),
        table: Table { x_name: "seconds".to_owned(), x, columns: vec![Column { name: "individuals a second".to_owned(), values }] },
        draw: vec![Draw::Line(0)],
        marks: Vec::new(),
        notes: record.samples().note("progress events").into_iter().chain(speeds.note("speeds")).collect(),
    };
    section(prefix, "throughput", &chart.figure(), "")
}

fn hall_of_fame(prefix: &str, record: &RunRecord) -> String {
    let hall = record.hall();
    if hall.is_empty() {
        return section(prefix, "hall", "", "There is no hall of fame yet; it is written with every checkpoint.");
    }
    let mut sets: Vec<u64> = hall.iter().map(|famous| famous.task_set).collect();
    sets.sort_unstable();
    sets.dedup();
    let mut sizes: Vec<u64> = hall.iter().map(|famous| famous.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let shown_sets = &sets[..sets.len().min(3)];
    let of = |set: u64, size: u64| hall.iter().find(|famous| famous.task_set == set && famous.size == size).map(|famous| famous.fitness);
    let mut columns = Vec::new();
    let mut draw = Vec::new();
    for (look, &set) in shown_sets.iter().enumerate() {
        let what = if sets.len() == 1 { String::new() } else { format!(", task set {set}") };
        let values: Vec<Option<f64>> = sizes.iter().map(|&size| of(set, size)).collect();
        let mut most: Option<f64> = None;
        let front = values.iter().map(|value| {
            most = most.into_iter().chain(*value).reduce(f64::max);
            most
        });
        columns.push(Column { name: format!("best up to this size{what}"), values: front.collect() });
        draw.push(Draw::Steps(2 * look));
        columns.push(Column { name: format!("best of this size{what}"), values });
        draw.push(Draw::Points(2 * look + 1));
    }
    let best = hall.iter().reduce(|one, other| if other.fitness > one.fitness { other } else { one });
    let described =
        best.map_or_else(String::new, |best| format!(" The best has {} and {} instructions.", decimals(best.fitness), best.size));
    let mut notes = vec!["Size: instructions that can matter.".to_owned()];
    if sets.len() > shown_sets.len() {
        notes.push(format!("{} of {} sets of search tasks are drawn.", shown_sets.len(), sets.len()));
    }
    let chart = Chart {
        id: format!("{prefix}-chart-hall"),
        title: "Size against search fitness".to_owned(),
        description: format!(
            "Points for {}, and steps through the best up to each size.{described}",
            counted(hall.len() as u64, "program")
        ),
        x: Axis::linear("instructions that matter"),
        y: Axis::linear("search fitness"),
        table: Table { x_name: "size".to_owned(), x: sizes.iter().map(|size| *size as f64).filter_map(drawable).collect(), columns },
        draw,
        marks: Vec::new(),
        notes,
    };
    let mut html = chart.figure();
    html += "<details id=\"";
    writeln!(html, "{prefix}-programs\"><summary>The {}</summary>", counted(hall.len() as u64, "program"))
        .expect("a String takes everything");
    for famous in hall {
        html += &famous_program(prefix, famous, sets.len() > 1);
    }
    html += "</details>\n";
    section(prefix, "hall", &html, "")
}

fn famous_program(prefix: &str, famous: &Famous, several_sets: bool) -> String {
    let Famous { size, task_set, experiment, island, fitness, program } = famous;
    let set = if several_sets { format!(", task set {task_set}") } else { String::new() };
    let left = program.instructions().len() as u64;
    let simplified = if left == *size { String::new() } else { format!(", simplified to {}", grouped(left)) };
    format!(
        "<details id=\"{prefix}-program-{task_set}-{size}\"><summary>{}{simplified}, fitness {}{set}, experiment {experiment}, island {island}</summary>\n{}</details>\n",
        counted(*size, "instruction"),
        decimals(*fitness),
        program_view::program(program)
    )
}

fn settings(prefix: &str, record: &RunRecord) -> String {
    let mut html = String::new();
    if let Some(part) = record.part() {
        let number = |name: &str, value: Option<u64>| value.map(|value| format!("{name} {}", grouped(value)));
        let limits: Vec<String> = [
            number("individuals", part.max_individuals),
            number("training steps", part.max_train_steps),
            part.max_seconds.map(|seconds| format!("time {}", span(seconds))),
        ]
        .into_iter()
        .flatten()
        .collect();
        let limits = if limits.is_empty() { "those of the experiment".to_owned() } else { limits.join(", ") };
        writeln!(html, "<p>Limits given: {}.</p>", escaped(&limits)).expect("a String takes everything");
    }
    if let Some(settings) = record.settings() {
        write!(
            html,
            "<details id=\"{prefix}-toml\"><summary>experiment.toml, all settings</summary>\n<pre tabindex=\"0\"><code>{}</code></pre></details>\n\
             <p class=\"soft\">Read from {}</p>\n",
            escaped(settings),
            escaped(&record.path().display().to_string())
        )
        .expect("a String takes everything");
    }
    section(prefix, "settings", &html, "The settings cannot be read.")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let at = |seconds| date(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!([0, 951_827_640, 1_709_251_199].map(at), ["1970-01-01 00:00 UTC", "2000-02-29 12:34 UTC", "2024-02-29 23:59 UTC"]);
    }
}
