//! The page: style and script, the sections of its runs, and the file.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::Path;

use super::chart::{Dot, Dots, decimals};
use super::comparison::comparison;
use super::html::escaped;
use super::policy::content_policy;
use super::run_record::{ReportError, RunRecord};
use super::sections::{self, CONTENTS};
use super::table::drawable;

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
    /// Whether it stands beside the one before it, for comparison, and looks different.
    pub is_beside: bool,
}

/// A section of measurements that stand beside one another on one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// The heading.
    pub title: String,
    /// What was measured and how, in a sentence or two.
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
    effects: Vec<Effects>,
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

    /// Adds a section of measurements, after those of the runs.
    #[must_use]
    pub fn with_effects(mut self, effects: Effects) -> Page<'a> {
        self.effects.push(effects);
        self
    }

    /// The whole page, as a file.
    pub fn html(&self) -> String {
        self.document(None)
    }

    /// The whole page, as it is served: it asks for [`Page::main`] under this address of the same server now and then.
    pub fn live_html(&self, address: &str) -> String {
        self.document(Some(address))
    }

    /// The content policy of the page as it is served.
    pub fn live_policy() -> String {
        content_policy(STYLE, SCRIPT, true)
    }

    fn document(&self, live: Option<&str>) -> String {
        let title = match &self.runs[..] {
            [(name, _)] => name.clone(),
            runs => format!("{} runs", runs.len()),
        };
        let (main, state) = match live {
            Some(address) => {
                (format!("<main data-live=\"{}\">", escaped(address)), "<p class=\"soft\" id=\"live-state\" role=\"status\">live</p>\n")
            }
            None => ("<main>".to_owned(), ""),
        };
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n{GENERATOR}\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{} - exnihilo</title>\n<style>{STYLE}</style></head>\n\
             <body>\n{state}{main}\n{}</main>\n<script>{SCRIPT}</script>\n</body></html>\n",
            content_policy(STYLE, SCRIPT, live.is_some()),
            escaped(&title),
            self.main()
        )
    }

    /// What the page is about, without style and script.
    pub fn main(&self) -> String {
        let mut html = String::new();
        match &self.runs[..] {
            [(name, record)] => {
                writeln!(html, "<header><h1>{}</h1></header>", escaped(name)).expect("a String takes everything");
                let links: String = CONTENTS.iter().map(|(id, heading)| format!("<li><a href=\"#r0-{id}\">{heading}</a></li>")).collect();
                writeln!(html, "<nav aria-label=\"Sections\"><ul>{links}</ul></nav>").expect("a String takes everything");
                html += &sections::run("r0", record);
            }
            runs => {
                writeln!(html, "<header><h1>{} runs</h1></header>", runs.len()).expect("a String takes everything");
                html += &comparison(runs);
                for (number, (name, record)) in runs.iter().enumerate() {
                    let prefix = format!("r{number}");
                    writeln!(html, "<section class=\"run\" aria-labelledby=\"{prefix}\"><h1 id=\"{prefix}\">{}</h1>", escaped(name))
                        .expect("a String takes everything");
                    html += &sections::run(&prefix, record);
                    html += "</section>\n";
                }
            }
        }
        for (number, effects) in self.effects.iter().enumerate() {
            html += &effects_section(number, effects);
        }
        html
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

/// Whether a file is a report.
fn is_report(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(2_048).read_to_end(&mut head));
    read.is_ok() && head.windows(GENERATOR.len()).any(|part| part == GENERATOR.as_bytes())
}

fn effects_section(number: usize, effects: &Effects) -> String {
    let dots: Vec<Dot> = effects
        .effects
        .iter()
        .filter_map(|effect| {
            let interval = drawable(effect.low).zip(drawable(effect.high)).map(|(low, high)| [low, high]);
            Some(Dot { name: effect.name.clone(), value: drawable(effect.mean)?, interval, look: usize::from(effect.is_beside) })
        })
        .collect();
    let told: Vec<String> = dots.iter().map(|dot| format!("{} {}", dot.name, decimals(dot.value))).collect();
    let chart = Dots {
        id: format!("effects-{number}"),
        title: effects.title.clone(),
        description: format!("Points with intervals on one axis: {}.", told.join("; ")),
        label: effects.label.clone(),
        dots,
        notes: Vec::new(),
    };
    let figure = if chart.dots.is_empty() { String::new() } else { chart.figure() };
    format!(
        "<section aria-labelledby=\"e{number}\"><h2 id=\"e{number}\">{}</h2>\n<p>{}</p>\n{}</section>\n",
        escaped(&effects.title),
        escaped(&effects.text),
        figure
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_have_a_section_with_their_intervals() {
        let effect = |name: &str, mean, high| Effect { name: name.to_owned(), mean, low: mean - 0.1, high, is_beside: false };
        let effects = Effects {
            title: "Knock-outs <1>".to_owned(),
            text: "Without a part.".to_owned(),
            label: "fitness".to_owned(),
            effects: vec![effect("all & more", 0.5, 0.6), effect("open", 0.2, f64::INFINITY), effect("none", f64::NAN, 1.0)],
        };
        let html = Page::new(&[]).with_effects(effects).main();
        assert!(html.contains("<h2 id=\"e0\">Knock-outs &lt;1&gt;</h2>\n<p>Without a part.</p>"), "{html}");
        assert!(html.contains("Points with intervals on one axis: all &amp; more 0.500000; open 0.200000."), "{html}");
        assert_eq!(html.matches("class=\"i\"").count(), 1, "an interval without an end is not drawn");
        let beside = Effects { effects: vec![Effect { is_beside: true, ..effect("other", 0.1, 0.2) }], ..Effects::default() };
        let html = [Page::new(&[]).with_effects(beside).main(), html];
        assert!(html[0].contains("class=\"f1\"") && !html[1].contains("class=\"f1\""), "it has another look");
    }

    #[test]
    fn what_could_not_be_measured_is_a_section_of_text() {
        let effects = Effects { title: "Knock-outs".to_owned(), text: "No <file>.".to_owned(), ..Effects::default() };
        let html = Page::new(&[]).with_effects(effects).main();
        assert!(html.ends_with("<h2 id=\"e0\">Knock-outs</h2>\n<p>No &lt;file&gt;.</p>\n</section>\n"), "{html}");
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
