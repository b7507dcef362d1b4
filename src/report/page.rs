//! The page: style and script, the sections of its runs, and the file.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::sync::LazyLock;

use super::comparison::comparison;
use super::effects::effects_section;
use super::error::ReportError;
use super::html::escaped;
use super::policy::content_policy;
use super::sections::{self, CONTENTS};
use crate::run::RunRecord;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// By this a report is known again, near its beginning.
const GENERATOR: &str = "<meta name=\"generator\" content=\"exnihilo report\">";

/// A measurement with an interval, of a part of a program that was knocked out, say.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// What was measured.
    pub name: String,
    /// The mean.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The lines of the program that it is about, with their numbers.
    pub lines: Vec<String>,
    /// Whether it stands beside the one before it, for comparison, and looks different.
    pub is_beside: bool,
}

/// A section of measurements that stand beside one another on one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// The heading.
    pub title: String,
    /// What was measured and how, in a sentence or two; code stands between backticks.
    pub text: String,
    /// The name of the axis.
    pub label: String,
    /// The measurements, in the order in which they are shown; without any there is the text alone.
    pub effects: Vec<Effect>,
}

/// A page about one run or several.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    runs: Vec<(String, &'a RunRecord)>,
    /// With the number of their run.
    effects: Vec<(usize, Effects)>,
}

impl<'a> Page<'a> {
    /// The page of these runs.
    pub fn new(runs: &'a [RunRecord]) -> Page<'a> {
        let names: Vec<String> = runs.iter().map(RunRecord::name).collect();
        let name = |(number, record): (usize, &'a RunRecord)| {
            let is_twin = names.iter().filter(|name| **name == names[number]).count() > 1;
            // Two runs of one experiment and seed are told apart by their directories.
            let folder = record.path().file_name().filter(|_| is_twin).map(|folder| format!(" ({})", folder.to_string_lossy()));
            (names[number].clone() + &folder.unwrap_or_default(), record)
        };
        Page { runs: runs.iter().enumerate().map(name).collect(), effects: Vec::new() }
    }

    /// Adds a section of measurements to run number `run`, after its best program.
    #[must_use]
    pub fn with_effects(mut self, run: usize, effects: Effects) -> Page<'a> {
        self.effects.push((run, effects));
        self
    }

    /// The measurements of a run, each with the identifier of its section.
    fn effects_of(&self, run: usize) -> Vec<(String, &Effects)> {
        let own = self.effects.iter().filter(|(of, _)| *of == run);
        own.enumerate().map(|(number, (_, effects))| (format!("r{run}-effects-{number}"), effects)).collect()
    }

    /// The whole page, as a file.
    pub fn html(&self) -> String {
        document(&self.title(), &self.main(), None)
    }

    /// The content policy of a page that is served.
    pub(super) fn live_policy() -> &'static str {
        static POLICY: LazyLock<String> = LazyLock::new(|| content_policy(STYLE, SCRIPT, true));
        &POLICY
    }

    /// The name of the page.
    pub(super) fn title(&self) -> String {
        match &self.runs[..] {
            [(name, _)] => name.clone(),
            runs => format!("{} runs", runs.len()),
        }
    }

    /// What the page is about, without style and script.
    pub fn main(&self) -> String {
        let mut html = String::new();
        match &self.runs[..] {
            [(name, record)] => {
                writeln!(html, "<header><h1>{}</h1></header>", escaped(name)).expect("a String takes everything");
                let effects = self.effects_of(0);
                let mut links = String::new();
                for (id, heading) in CONTENTS {
                    write!(links, "<li><a href=\"#r0-{id}\">{heading}</a></li>").expect("a String takes everything");
                    for (section, measured) in effects.iter().filter(|_| id == "program") {
                        write!(links, "<li><a href=\"#{section}\">{}</a></li>", escaped(&measured.title))
                            .expect("a String takes everything");
                    }
                }
                writeln!(html, "<nav aria-label=\"Sections\"><ul>{links}</ul></nav>").expect("a String takes everything");
                html += &self.run(0, record);
            }
            runs => {
                writeln!(html, "<header><h1>{} runs</h1></header>", runs.len()).expect("a String takes everything");
                html += &comparison(runs);
                for (number, (name, record)) in runs.iter().enumerate() {
                    let prefix = format!("r{number}");
                    writeln!(html, "<section class=\"run\" aria-labelledby=\"{prefix}\"><h1 id=\"{prefix}\">{}</h1>", escaped(name))
                        .expect("a String takes everything");
                    html += &self.run(number, record);
                    html += "</section>\n";
                }
            }
        }
        html
    }

    /// All about one run.
    fn run(&self, number: usize, record: &RunRecord) -> String {
        let measured: String = self.effects_of(number).into_iter().map(|(id, effects)| effects_section(&id, effects)).collect();
        sections::run(&format!("r{number}"), record, &measured)
    }

    /// Writes the page, under another name first, so that it is never seen in part. An earlier report gives way; another file does only
    /// where `force` says so.
    ///
    /// # Errors
    /// A file that is in the way or cannot be written.
    pub fn write(&self, path: &Path, force: bool) -> Result<(), ReportError> {
        if !force && path.exists() && !is_report(path) {
            return Err(ReportError::Exists(path.to_owned()));
        }
        let partial = path.with_added_extension(format!("{}.partial", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&partial)
            .map_err(|source| ReportError::Unwritable { path: path.to_owned(), source })?;
        let mut write = || -> io::Result<()> {
            file.write_all(self.html().as_bytes())?;
            file.sync_all()?;
            fs::rename(&partial, path)
        };
        write().map_err(|source| {
            // What cannot be removed either is left; the error is reported all the same.
            let _ = fs::remove_file(&partial);
            ReportError::Unwritable { path: path.to_owned(), source }
        })
    }
}

/// A page of this name about this; one that is served has the address at which it asks for news.
pub(super) fn document(title: &str, main: &str, live: Option<&str>) -> String {
    let (begin, state) = match live {
        Some(address) => {
            (format!("<main data-live=\"{}\">", escaped(address)), "<p class=\"soft\" id=\"live-state\" role=\"status\">live</p>\n")
        }
        None => ("<main>".to_owned(), ""),
    };
    let policy = if live.is_some() { Page::live_policy().to_owned() } else { content_policy(STYLE, SCRIPT, false) };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n{GENERATOR}\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{} - exnihilo</title>\n<style>{STYLE}</style></head>\n\
         <body>\n{state}{begin}\n{main}</main>\n<script>{SCRIPT}</script>\n</body></html>\n",
        escaped(title)
    )
}

/// Whether a file is a report.
fn is_report(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(2_048).read_to_end(&mut head));
    read.is_ok() && head.windows(GENERATOR.len()).any(|part| part == GENERATOR.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_stand_behind_the_program_of_their_run() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("events.jsonl"), "").expect("a writable folder");
        let read = || RunRecord::read(folder.path()).expect("a run");
        let effects = |title: &str| Effects { title: title.to_owned(), ..Effects::default() };
        let one = [read()];
        let html = Page::new(&one).with_effects(0, effects("Parts")).with_effects(0, effects("More")).main();
        let at = |part: &str| html.find(part).unwrap_or_else(|| panic!("no {part} in {html}"));
        assert!(
            html.contains(
                "Best program</a></li><li><a href=\"#r0-effects-0\">Parts</a></li><li><a href=\"#r0-effects-1\">More</a></li><li>"
            )
        );
        assert!(at("id=\"r0-program\"") < at("id=\"r0-effects-0\"") && at("id=\"r0-effects-1\"") < at("id=\"r0-lineage\""));
        let two = [read(), read()];
        let html = Page::new(&two).with_effects(1, effects("Parts")).main();
        assert!(html.contains("id=\"r1-effects-0\"") && !html.contains("id=\"r0-effects"));
    }

    #[test]
    fn only_reports_give_way() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("page.html");
        let page = Page::new(&[]);
        page.write(&path, false).expect("a writable folder");
        page.write(&path, false).expect("it is a report");
        fs::write(&path, "<!doctype html>").expect("a writable folder");
        assert!(matches!(page.write(&path, false), Err(ReportError::Exists(_))));
        page.write(&path, true).expect("that is asked for");
        assert!(is_report(&path));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
