//! What the directory of a run tells of it, read with bounded memory, and read on while the run is at work. Nothing in the directory is
//! trusted: what cannot be read is left out, and a note says so, with file and line.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use exnihilo_jit::rewrite::rewrite;
use exnihilo_jit::{Interface, Program};
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_128;

use super::event::{self, Difference, Done, Progress, RunEvent, Start};
use super::hall::HallRecord;
use super::lineage::{self, Ancestry};
use super::thinned::Thinned;
use crate::experiment::Experiment;
use crate::search::{ProgramHash, Tiers};
use crate::text::{drawable, grouped, printable_path};

/// Longer lines of `events.jsonl` than any that is written are not read.
const MOST_LINE_BYTES: u64 = 16 << 20;
/// The most bytes of any other file of a run that are read.
const MOST_FILE_BYTES: u64 = 64 << 20;
/// The most bytes of an experiment that are shown.
const MOST_SETTINGS_BYTES: u64 = 1 << 20;
/// The most programs of the hall of fame.
const MOST_FAMOUS: usize = 400;
/// The most progress events that are kept.
const MOST_SAMPLES: usize = 400;
/// The most milestones that are kept, some 130 bytes each.
const MOST_MILESTONES: usize = 300_000;
/// The most parts of a run that are kept.
const MOST_PARTS: usize = 100;
/// The most notes that are kept.
const MOST_NOTES: usize = 12;
/// The most characters of a note.
const LONGEST_NOTE: usize = 300;
/// The most names of origins; there are fewer.
const MOST_ORIGINS: usize = 64;
/// By so many of its last bytes a file is known again.
const TAIL: u64 = 256;

/// Why the record of a run cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunRecordError {
    /// Something else.
    #[error("{}: this is not the directory of a run: {problem}; name one as `exnihilo evolve` printed it", printable_path(.path))]
    NoRun {
        /// The directory.
        path: PathBuf,
        /// What is missing.
        problem: &'static str,
    },
    /// A file that cannot be read.
    #[error("{}: cannot be read: {source}", printable_path(.path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A progress event, as far as it is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) seconds: f64,
    pub(crate) individuals: u64,
    pub(crate) best: Option<f64>,
    pub(crate) mean: Option<f64>,
    /// Of the result so far, on the select tasks.
    pub(crate) select: Option<f64>,
    pub(crate) tiers: Tiers,
}

/// A program that was better than all its ancestors, and where its line is.
#[derive(Clone, Debug)]
pub(crate) struct Milestone {
    pub(crate) experiment: u64,
    pub(crate) island: u64,
    pub(crate) individual: u64,
    /// The set of search tasks on which it has its fitness.
    pub(crate) task_set: u64,
    pub(crate) fitness: f64,
    pub(crate) hash: ProgramHash,
    /// Whether it was better than all before it on its island, too.
    pub(crate) is_improvement: bool,
    /// Which of its island it is.
    pub(crate) name: Option<u64>,
    /// Island and name of the one before it in its line.
    pub(crate) before: Option<(u64, u64)>,
    /// The mutations since.
    pub(crate) mutations: u64,
    /// The number of the name of how it came about.
    origin: usize,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

/// A program of the hall of fame.
#[derive(Clone, Debug)]
pub(crate) struct Famous {
    pub(crate) size: u64,
    pub(crate) task_set: u64,
    pub(crate) experiment: u64,
    pub(crate) island: u64,
    pub(crate) fitness: f64,
    /// Simplified.
    pub(crate) program: Program,
}

/// The hall of fame.
#[derive(Clone, Debug, Default)]
struct Hall {
    famous: Vec<Famous>,
    notes: Notes,
    /// The hash of its file, and what its programs were rewritten for.
    of: Option<(u128, Interface)>,
}

/// Things that readers should know, the first ones of them.
#[derive(Clone, Debug, Default)]
struct Notes {
    notes: Vec<String>,
    more: u64,
}

impl Notes {
    fn add(&mut self, note: &str) {
        if self.notes.len() < MOST_NOTES {
            self.notes.push(note.chars().take(LONGEST_NOTE).collect());
        } else {
            self.more += 1;
        }
    }
}

/// What `events.jsonl` tells.
#[derive(Clone, Debug)]
struct Events {
    /// Whole lines up to here were read.
    offset: u64,
    line: u64,
    tail: Vec<u8>,
    parts: Vec<Start>,
    part_count: u64,
    samples: Thinned<Sample>,
    progress: Progress,
    /// The text of the best program so far, simplified; it is told before the improvements of its round.
    best_told: Option<String>,
    milestones: Vec<Milestone>,
    milestones_left_out: u64,
    origins: Vec<String>,
    difference: Option<Difference>,
    /// Of the last part, if it has ended.
    ended: Option<Done>,
    notes: Notes,
}

impl Events {
    fn new() -> Events {
        Events {
            offset: 0,
            line: 0,
            tail: Vec::new(),
            parts: Vec::new(),
            part_count: 0,
            samples: Thinned::new(MOST_SAMPLES),
            progress: Progress::default(),
            best_told: None,
            milestones: Vec::new(),
            milestones_left_out: 0,
            origins: Vec::new(),
            difference: None,
            ended: None,
            notes: Notes { notes: Vec::new(), more: 0 },
        }
    }

    /// Whether the file is longer than what was read, and begins with it.
    fn goes_on(&self, file: &mut File, length: u64) -> io::Result<bool> {
        if length < self.offset {
            return Ok(false);
        }
        let mut tail = vec![0; self.tail.len()];
        file.seek(SeekFrom::Start(self.offset - tail.len() as u64))?;
        file.read_exact(&mut tail)?;
        Ok(tail == self.tail)
    }

    /// Reads on up to the last whole line. `name` is the file's, for notes.
    fn read_on(&mut self, file: &mut File, length: u64, name: &str) -> io::Result<()> {
        file.seek(SeekFrom::Start(self.offset))?;
        // What is added meanwhile is for the next time.
        let mut reader = BufReader::new(file.take(length.saturating_sub(self.offset)));
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bytes = reader.by_ref().take(MOST_LINE_BYTES + 1).read_until(b'\n', &mut line)? as u64;
            let is_long = bytes > MOST_LINE_BYTES;
            while is_long && !line.ends_with(b"\n") {
                line.clear();
                let more = reader.by_ref().take(1 << 20).read_until(b'\n', &mut line)? as u64;
                if more == 0 {
                    break;
                }
                bytes += more;
            }
            if !line.ends_with(b"\n") {
                return Ok(());
            }
            self.line += 1;
            let at = self.offset;
            self.offset += bytes;
            let kept = line.len() - line.len().min(TAIL as usize);
            self.tail = line[kept..].to_vec();
            if is_long {
                let line = self.line;
                self.notes.add(&format!("{name}, line {line}: longer than {MOST_LINE_BYTES} bytes, and left out"));
                continue;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match object(&line) {
                Ok(event) => self.take_in(event, at, bytes),
                Err(error) => {
                    let line = self.line;
                    self.notes.add(&format!("{name}, line {line}: no event that can be read, and left out: {error}"));
                }
            }
        }
    }

    /// The best improvement, unless a better program was told of since.
    fn best_on_record(&self) -> Option<&Milestone> {
        let improvements = self.milestones.iter().filter(|milestone| milestone.is_improvement);
        let best = improvements.reduce(|first, second| if second.fitness > first.fitness { second } else { first })?;
        let is_passed = self.best_told.is_some() && self.progress.best_fitness.is_some_and(|fitness| fitness > best.fitness);
        (!is_passed).then_some(best)
    }

    fn take_in(&mut self, event: RunEvent, offset: u64, bytes: u64) {
        match event {
            RunEvent::Start(part) | RunEvent::Resume(part) => {
                self.part_count += 1;
                self.ended = None;
                if self.parts.len() < MOST_PARTS {
                    self.parts.push(part);
                }
            }
            RunEvent::Progress(progress) => {
                if let Some(seconds) = progress.elapsed_seconds.and_then(drawable) {
                    let [best, mean, select] =
                        [progress.best_fitness, progress.mean_fitness, progress.select_fitness].map(|fitness| fitness.and_then(drawable));
                    let tiers = progress.tiers.unwrap_or_default();
                    self.samples.push(Sample { seconds, individuals: progress.individuals, best, mean, select, tiers });
                }
                if let Some(program) = &progress.best_program {
                    self.best_told = Some(program.clone());
                }
                self.progress = Progress { best_program: None, ..progress };
            }
            RunEvent::Milestone(milestone) => self.take_in_milestone(milestone, false, offset, bytes),
            RunEvent::Improvement(improvement) => self.take_in_milestone(improvement.milestone, true, offset, bytes),
            RunEvent::Difference(difference) => self.difference = Some(difference),
            RunEvent::Done(outcome) => self.ended = Some(*outcome),
            RunEvent::Checkpoint(_) | RunEvent::Other => {}
        }
    }

    fn take_in_milestone(&mut self, told: event::Milestone, is_improvement: bool, offset: u64, bytes: u64) {
        let (hash, fitness) = (ProgramHash::from_hex(&told.hash), told.search_fitness.and_then(drawable));
        let (Some(hash), Some(fitness)) = (hash, fitness) else {
            let line = self.line;
            let what = if is_improvement { "an improvement" } else { "a milestone" };
            self.notes.add(&format!("events.jsonl, line {line}: {what} without fitness or hash, and left out"));
            return;
        };
        if self.milestones.len() >= MOST_MILESTONES {
            self.milestones_left_out += 1;
            return;
        }
        let origin = self.origins.iter().position(|origin| *origin == told.origin).unwrap_or_else(|| {
            self.origins.truncate(MOST_ORIGINS - 1);
            self.origins.push(told.origin.chars().take(LONGEST_NOTE).collect());
            self.origins.len() - 1
        });
        let event::Milestone { experiment, island, individual, task_set, milestone: name, mutations, .. } = told;
        let before = told.before.map(|before| (before.island, before.milestone));
        self.milestones.push(Milestone {
            experiment,
            island,
            individual,
            task_set,
            fitness,
            hash,
            is_improvement,
            name,
            before,
            mutations,
            origin,
            offset,
            bytes,
        });
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A process writes in its directory.
    AtWork,
    /// Its last part came to its end.
    Ended,
    /// It was killed, or has not come to its end.
    CutShort,
}

/// A program that is reported.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Simplified.
    pub(crate) program: Program,
    /// As evolved, if that is on record.
    pub(crate) evolved: Option<Program>,
    /// Whether the run has said that it is the one, and not only the best so far.
    pub(crate) is_result: bool,
}

/// The record of one run.
#[derive(Clone, Debug)]
pub struct RunRecord {
    path: PathBuf,
    settings: Option<String>,
    experiment: Option<Experiment>,
    events: Events,
    result: Option<Done>,
    hall: Hall,
    file_notes: Notes,
    is_at_work: bool,
    /// When something was last written to it.
    written: Option<SystemTime>,
    /// Whether the last line has no end.
    is_torn: bool,
    found: Option<Found>,
    ancestry: Option<Ancestry>,
}

impl RunRecord {
    /// Reads the directory of a run, which may be at work.
    ///
    /// # Errors
    /// No such directory, or something else in it.
    pub fn read(path: &Path) -> Result<RunRecord, RunRecordError> {
        let no_run = |problem| RunRecordError::NoRun { path: path.to_owned(), problem };
        if !path.is_dir() {
            return Err(no_run(if path.exists() { "it is a file" } else { "it does not exist" }));
        }
        if !["experiment.toml", "events.jsonl"].into_iter().any(|name| path.join(name).is_file()) {
            return Err(no_run("it has neither experiment.toml nor events.jsonl"));
        }
        let mut record = RunRecord {
            path: path.to_owned(),
            settings: None,
            experiment: None,
            events: Events::new(),
            result: None,
            hall: Hall::default(),
            file_notes: Notes::default(),
            is_at_work: false,
            written: None,
            is_torn: false,
            found: None,
            ancestry: None,
        };
        record.refresh()?;
        Ok(record)
    }

    /// Reads what has been added since the last time.
    ///
    /// # Errors
    /// Events that cannot be read.
    pub fn refresh(&mut self) -> Result<(), RunRecordError> {
        self.file_notes = Notes::default();
        self.read_experiment();
        let path = self.path.join("events.jsonl");
        if path.is_file() {
            self.read_events(&path).map_err(|source| RunRecordError::Unreadable { path, source })?;
        } else {
            self.file_notes.add("events.jsonl is not there: there is nothing to draw");
        }
        self.read_result();
        self.read_hall();
        self.find_program();
        Ok(())
    }

    fn read_experiment(&mut self) {
        if self.experiment.is_some() {
            return;
        }
        match read_text(&self.path.join("experiment.toml"), MOST_SETTINGS_BYTES) {
            Err(problem) => self.file_notes.add(&format!("experiment.toml {problem}")),
            Ok(text) => {
                match Experiment::from_toml(&text) {
                    Ok(experiment) => self.experiment = Some(experiment),
                    Err(error) => self.file_notes.add(&format!("experiment.toml: {error}")),
                }
                self.settings = Some(text);
            }
        }
    }

    fn read_events(&mut self, path: &Path) -> io::Result<()> {
        let mut file = File::open(path)?;
        self.is_at_work = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        // A reader must not keep a run from going on.
        let _ = file.unlock();
        let metadata = file.metadata()?;
        let length = metadata.len();
        self.written = metadata.modified().ok();
        if !self.events.goes_on(&mut file, length)? {
            // The run went back to a checkpoint. Steps of a lineage are numbers of milestones, which are others now.
            self.events = Events::new();
            self.forget_program();
        }
        self.events.read_on(&mut file, length, "events.jsonl")?;
        self.is_torn = length > self.events.offset;
        Ok(())
    }

    fn read_result(&mut self) {
        let path = self.path.join("result.json");
        self.result = None;
        if !path.exists() {
            return;
        }
        let read = |text: String| {
            let outcome: Done = object(text.as_bytes()).map_err(|problem| format!("is no result: {problem}"))?;
            if outcome.program.is_some() { Ok(outcome) } else { Err("is no result: it has no program".to_owned()) }
        };
        match read_text(&path, MOST_FILE_BYTES).and_then(read) {
            Ok(result) => self.result = Some(result),
            Err(problem) => self.file_notes.add(&format!("result.json {problem}")),
        }
    }

    fn read_hall(&mut self) {
        let path = self.path.join("hall_of_fame.jsonl");
        if !path.exists() {
            self.hall = Hall::default();
            return;
        }
        let text = match read_text(&path, MOST_FILE_BYTES) {
            Ok(text) => text,
            Err(problem) => {
                self.hall = Hall::default();
                return self.hall.notes.add(&format!("hall_of_fame.jsonl {problem}"));
            }
        };
        // It is written with each checkpoint, and looked at each second.
        let of = Some((xxh3_128(text.as_bytes()), self.interface()));
        if self.hall.of != of {
            self.hall = Hall { of, ..hall(&text, self.interface()) };
        }
    }

    /// The program that the run found; without a result the best so far. Its ancestry is traced where it has changed.
    fn find_program(&mut self) {
        let path = self.path.join("events.jsonl");
        let (evolved, is_result) = match self.outcome().and_then(|outcome| outcome.program.as_deref()) {
            Some(text) => {
                (Some(text.parse::<Program>().map_err(|error| format!("the program of the result cannot be read: {error}"))), true)
            }
            None => (self.events.best_on_record().map(|best| lineage::program_of(&path, best)), false),
        };
        let evolved = match evolved {
            Some(Ok(evolved)) => evolved,
            Some(Err(problem)) => {
                self.file_notes.add(&problem);
                return self.forget_program();
            }
            None => {
                self.forget_program();
                self.found = self.events.best_told.as_deref().and_then(|text| text.parse().ok()).map(|program| Found {
                    program,
                    evolved: None,
                    is_result: false,
                });
                return;
            }
        };
        let known = self.found.take().filter(|found| found.evolved.as_ref() == Some(&evolved));
        if self.ancestry.is_none() || known.is_none() {
            self.ancestry = lineage::trace(&path, &self.events.milestones, &evolved, self.interface());
        }
        let program = known.map_or_else(|| rewrite(&evolved, self.interface()).program, |found| found.program);
        self.found = Some(Found { program, evolved: Some(evolved), is_result });
    }

    fn forget_program(&mut self) {
        (self.found, self.ancestry) = (None, None);
    }

    pub(crate) fn interface(&self) -> Interface {
        self.experiment.as_ref().map_or_else(Interface::default, Experiment::interface)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Preset and seed, as far as they are known.
    pub(crate) fn name(&self) -> String {
        let part = self.events.parts.first();
        let outcome = self.outcome();
        let preset = part.and_then(|part| part.preset.clone()).or_else(|| outcome.and_then(|outcome| outcome.preset.clone()));
        let preset =
            preset.or_else(|| self.experiment.as_ref().map(|experiment| experiment.name.clone())).unwrap_or_else(|| "run".to_owned());
        match self.seed() {
            Some(seed) => format!("{preset} seed {seed}"),
            None => preset,
        }
    }

    pub(crate) fn seed(&self) -> Option<u64> {
        self.events.parts.first().and_then(|part| part.seed).or_else(|| self.outcome()?.seed)
    }

    pub(crate) fn version(&self) -> Option<&str> {
        self.events.parts.last().and_then(|part| part.version.as_deref()).or_else(|| self.outcome()?.version.as_deref())
    }

    /// The experiment, if it could be read.
    pub fn experiment(&self) -> Option<&Experiment> {
        self.experiment.as_ref()
    }

    /// The text of `experiment.toml`.
    pub(crate) fn settings(&self) -> Option<&str> {
        self.settings.as_deref()
    }

    /// Its last part, as it began.
    pub(crate) fn part(&self) -> Option<&Start> {
        self.events.parts.last()
    }

    /// How often it was begun and resumed.
    pub(crate) const fn part_count(&self) -> u64 {
        self.events.part_count
    }

    pub(crate) const fn samples(&self) -> &Thinned<Sample> {
        &self.events.samples
    }

    /// The last progress event.
    pub(crate) const fn progress(&self) -> &Progress {
        &self.events.progress
    }

    pub(crate) fn milestones(&self) -> &[Milestone] {
        &self.events.milestones
    }

    pub(crate) fn origin(&self, milestone: &Milestone) -> &str {
        self.events.origins.get(milestone.origin).map_or("", String::as_str)
    }

    pub(crate) const fn difference(&self) -> Option<&Difference> {
        self.events.difference.as_ref()
    }

    /// What its last part came to, if it came to its end.
    pub(crate) const fn ended(&self) -> Option<&Done> {
        self.events.ended.as_ref()
    }

    /// What is reported: the result on file, which may be an earlier part's, or else what the last part came to; nothing while a part is
    /// at work, which may do better.
    pub(crate) fn outcome(&self) -> Option<&Done> {
        if self.is_at_work && self.events.ended.is_none() {
            return None;
        }
        self.result.as_ref().or(self.events.ended.as_ref())
    }

    /// When `events.jsonl` was last written.
    pub(crate) const fn written(&self) -> Option<SystemTime> {
        self.written
    }

    pub(crate) fn hall(&self) -> &[Famous] {
        &self.hall.famous
    }

    pub(crate) const fn found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    pub(crate) const fn ancestry(&self) -> Option<&Ancestry> {
        self.ancestry.as_ref()
    }

    pub(crate) fn standing(&self) -> Standing {
        match (self.is_at_work, &self.events.ended, &self.result) {
            (true, ..) => Standing::AtWork,
            (false, None, None) => Standing::CutShort,
            (false, None, Some(_)) if self.events.part_count > 0 => Standing::CutShort,
            _ => Standing::Ended,
        }
    }

    /// What a reader should know of what could not be read.
    pub fn notes(&self) -> Vec<String> {
        let all = [&self.events.notes, &self.file_notes, &self.hall.notes];
        let mut notes: Vec<String> = all.into_iter().flat_map(|notes| notes.notes.iter().cloned()).collect();
        if self.is_torn && !self.is_at_work {
            notes.push(format!("events.jsonl, line {}: has no end, as after a crash, and is left out", self.events.line + 1));
        }
        let more = all.into_iter().map(|notes| notes.more).sum();
        if more > 0 {
            notes.push(format!("{} more notes of this kind", grouped(more)));
        }
        if self.events.milestones_left_out > 0 {
            let left_out = grouped(self.events.milestones_left_out);
            notes.push(format!(
                "{left_out} improvements and their ancestors after the first {} are left out",
                grouped(MOST_MILESTONES as u64)
            ));
        }
        notes
    }
}

/// The hall of fame of which this is the file, without what identifies it.
fn hall(text: &str, interface: Interface) -> Hall {
    let mut hall = Hall::default();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if hall.famous.len() == MOST_FAMOUS {
            hall.notes.add(&format!("hall_of_fame.jsonl: only the first {MOST_FAMOUS} programs are shown"));
            break;
        }
        let place = |famous: &Famous| (famous.task_set, famous.size);
        match famous(line, interface) {
            Ok(famous) if hall.famous.iter().any(|other| place(other) == place(&famous)) => {
                hall.notes.add(&format!("hall_of_fame.jsonl, line {}: left out: another program has its size", number + 1));
            }
            Ok(famous) => hall.famous.push(famous),
            Err(problem) => hall.notes.add(&format!("hall_of_fame.jsonl, line {}: left out: {problem}", number + 1)),
        }
    }
    hall
}

fn famous(line: &str, interface: Interface) -> Result<Famous, String> {
    let record: HallRecord = object(line.as_bytes())?;
    let HallRecord { size, task_set, experiment, island, search_fitness, .. } = record;
    let program = record.into_program().map_err(|error| error.to_string())?;
    let fitness = search_fitness.and_then(drawable).ok_or("it has no fitness")?;
    if size > program.instructions().len() as u64 {
        return Err(format!("its size is {size}, of a program of {} instructions", program.instructions().len()));
    }
    Ok(Famous { size, task_set, experiment, island, fitness, program: rewrite(&program, interface).program })
}

/// A JSON object; a list of its values, which would be taken for it, is none.
fn object<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    if text.trim_ascii_start().starts_with(b"[") {
        return Err("it is a list, and no object".to_owned());
    }
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

/// The text of a regular file of at most `most` bytes.
fn read_text(path: &Path, most: u64) -> Result<String, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    // Opening something else may wait for ever.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err("is no file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(unreadable)?.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(format!("is larger than {most} bytes"));
    }
    String::from_utf8(bytes).map_err(|error| format!("is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(seconds: u32, fitness: f64) -> String {
        format!("{{\"event\":\"progress\",\"individuals\":{seconds},\"elapsed_seconds\":{seconds},\"best_fitness\":{fitness}}}\n")
    }

    /// A line about milestone number `name` of an island.
    fn milestone(event: &str, [experiment, island, name]: [u64; 3], before: Option<[u64; 2]>, fitness: f64, text: &str) -> String {
        let program: Program = text.parse().expect("a program");
        let before = before.map(|[island, milestone]| serde_json::json!({"island": island, "milestone": milestone}));
        let event = serde_json::json!({"event": event, "experiment": experiment, "island": island, "individual": 1,
            "search_fitness": fitness, "milestone": name, "mutations": u64::from(before.is_some()), "before": before,
            "hash": ProgramHash::of(&program).to_string(), "origin": "alter-parameter", "program": program.to_string()});
        format!("{event}\n")
    }

    #[test]
    fn a_run_is_read_on_where_it_goes_on_and_again_where_it_went_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("events.jsonl");
        let write = |text: &str| fs::write(&path, text).expect("a writable folder");
        let head = "{\"event\":\"start\",\"preset\":\"p\",\"seed\":1}\n";
        let (first, second) = (progress(1, 0.1), progress(2, 0.2));
        let found = milestone("improvement", [0, 0, 1], None, 0.2, "def Predict():\n  s1 = mean(v0)\n");
        write(&format!("{head}{first}{}", &second[..20]));
        let mut record = RunRecord::read(folder.path()).expect("a run");
        let seconds = |record: &RunRecord| record.samples().values().map(|sample| sample.seconds).collect::<Vec<_>>();
        assert_eq!((seconds(&record), record.standing()), (vec![1.0], Standing::CutShort));
        assert!(record.notes().iter().any(|note| note.contains("line 3: has no end")), "{:?}", record.notes());

        let forgotten = milestone("improvement", [0, 0, 0], None, 0.1, "def Predict():\n  s1 = norm(v0)\n");
        let whole = format!("{head}{first}{second}{forgotten}{found}");
        write(&whole);
        record.refresh().expect("it can be read");
        assert_eq!((seconds(&record), record.milestones().len()), (vec![1.0, 2.0], 2));
        let traced = |record: &RunRecord| record.ancestry().map(|ancestry| ancestry.shown[0].milestone);
        assert_eq!(traced(&record), Some(1));
        let before = record.events.line;
        record.refresh().expect("it can be read");
        assert_eq!((record.events.line, seconds(&record).len()), (before, 2), "nothing is read twice");

        // As after a resume: it went back, and has grown longer than it was.
        let other = (5..20).map(|second| progress(second, 0.3)).collect::<String>();
        write(&format!("{head}{first}{other}{found}"));
        record.refresh().expect("it can be read");
        assert_eq!(seconds(&record).len(), 16);
        assert_eq!((record.milestones().len(), traced(&record)), (1, Some(0)));
    }

    #[test]
    fn lines_at_the_limit_are_told_apart_from_those_after_them() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let line = |bytes: u64| {
            let [head, tail] = ["{\"event\":\"progress\",\"elapsed_seconds\":9,\"x\":\"", "\"}\n"];
            format!("{head}{}{tail}", "y".repeat(bytes as usize - head.len() - tail.len()))
        };
        for (bytes, is_read) in [(MOST_LINE_BYTES, true), (MOST_LINE_BYTES + 1, false), (MOST_LINE_BYTES + 2, false)] {
            let events = [progress(1, 0.1), line(bytes), progress(2, 0.2)].concat();
            fs::write(folder.path().join("events.jsonl"), events).expect("a writable folder");
            let record = RunRecord::read(folder.path()).expect("a run");
            let seconds: Vec<f64> = record.samples().values().map(|sample| sample.seconds).collect();
            assert_eq!(seconds, if is_read { vec![1.0, 9.0, 2.0] } else { vec![1.0, 2.0] }, "{bytes}");
            assert_eq!(record.notes().iter().any(|note| note.starts_with("events.jsonl, line 2: longer than")), !is_read, "{bytes}");
        }
    }

    #[test]
    fn results_are_objects_with_a_program() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("events.jsonl"), "[\"done\"]\n").expect("a writable folder");
        let list = "it is a list, and no object";
        for (text, problem) in [("[]", list), (" [[], 1]", list), ("{}", "it has no program"), ("{\"program\":\"\"}", "")] {
            fs::write(folder.path().join("result.json"), text).expect("a writable folder");
            let record = RunRecord::read(folder.path()).expect("a run");
            assert_eq!((record.outcome().is_some(), record.ended().is_some()), (problem.is_empty(), false), "{text}");
            let notes = record.notes();
            assert!(notes.contains(&format!("events.jsonl, line 1: no event that can be read, and left out: {list}")), "{notes:?}");
            assert!(problem.is_empty() || notes.contains(&format!("result.json is no result: {problem}")), "{notes:?}");
        }
    }

    #[test]
    fn the_hall_of_fame_is_read_again_when_it_has_changed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("events.jsonl"), "").expect("a writable folder");
        let path = folder.path().join("hall_of_fame.jsonl");
        let write = |fitness: f64| {
            let line = format!("{{\"setup\":[],\"predict\":[],\"learn\":[],\"size\":0,\"search_fitness\":{fitness}}}\nx\n");
            fs::write(&path, line).expect("a writable folder");
        };
        let told = |record: &RunRecord| {
            let notes = record.notes().iter().filter(|note| note.starts_with("hall_of_fame.jsonl")).count();
            (record.hall().iter().map(|famous| famous.fitness).collect::<Vec<_>>(), notes)
        };
        write(0.25);
        let mut record = RunRecord::read(folder.path()).expect("a run");
        for _ in 0..2 {
            assert_eq!(told(&record), (vec![0.25], 1));
            record.refresh().expect("it can be read");
        }
        // Of the same length.
        write(0.75);
        record.refresh().expect("it can be read");
        assert_eq!(told(&record), (vec![0.75], 1));
        fs::remove_file(&path).expect("it is there");
        record.refresh().expect("it can be read");
        assert_eq!(told(&record), (vec![], 0));
    }

    #[test]
    fn a_lineage_leads_from_island_to_island_and_ends_where_it_is_cut() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mean, norm, dot) =
            ("def Predict():\n  s1 = mean(v0)\n", "def Predict():\n  s1 = norm(v0)\n", "def Predict():\n  s1 = dot(v0, v1)\n");
        let lines = [
            milestone("improvement", [3, 1, 0], None, 0.2, mean),
            milestone("milestone", [4, 0, 7], None, 0.1, mean),
            milestone("milestone", [4, 1, 7], None, 0.1, dot),
            milestone("milestone", [4, 1, 9], Some([0, 7]), 0.4, dot),
            milestone("improvement", [4, 1, 12], Some([1, 9]), 0.6, norm),
        ];
        let trace = |lines: &[String]| {
            fs::write(folder.path().join("events.jsonl"), lines.concat()).expect("a writable folder");
            let record = RunRecord::read(folder.path()).expect("a run");
            let Ancestry { shown, length, is_cut } = record.ancestry().expect("it is on record");
            (shown.iter().map(|step| (step.milestone, step.mutations)).collect::<Vec<_>>(), *length, *is_cut)
        };
        assert_eq!(trace(&lines), (vec![(1, 0), (3, 1), (4, 1)], 3, false));
        // What cannot be read is left out, and its mutations belong to the next.
        let damaged = lines[3].replace("dot", "dog");
        assert_eq!(trace(&[&lines[..3], &[damaged], &lines[4..]].concat()), (vec![(1, 0), (4, 2)], 3, false));
        assert_eq!(trace(&lines[2..]), (vec![(1, 1), (2, 1)], 2, true));
        let circle = milestone("milestone", [4, 0, 7], Some([1, 12]), 0.1, mean);
        assert_eq!(trace(&[&lines[..1], &[circle], &lines[2..]].concat()), (vec![(1, 1), (3, 1), (4, 1)], 3, true));
    }
}
