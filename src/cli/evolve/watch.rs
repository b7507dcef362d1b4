//! The live view of a search: what it shows, drawn over the whole terminal by a thread of its own, which takes keys as well.

mod draw;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, Stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use exnihilo::experiment::Experiment;
use exnihilo::search::{Checkpoint, Milestone, Progress, SearchOptions};
use exnihilo::text::printable_name;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::crossterm::{cursor, execute};

use super::session::interrupt;

/// The longest time between a key or a change and the next picture.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Points of a curve before every other one goes.
const MOST_POINTS: usize = 512;

/// The least seconds that a rate is taken of.
const RATE_EVERY: f64 = 0.4;

/// Improvements that are remembered.
const MOST_IMPROVEMENTS: usize = 100;

/// What stays the same for the whole run.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    title: String,
    run: String,
    islands: usize,
    side_by_side: usize,
    target: Option<f64>,
    has_limit: bool,
    has_color: bool,
}

impl About {
    /// Of a run in the directory `path`, if it is saved.
    pub(super) fn new(experiment: &Experiment, seed: u64, options: &SearchOptions, path: Option<String>) -> About {
        let threads = if options.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", options.threads) };
        About {
            title: printable_name(&format!("{} seed {seed}, {}, {threads}", experiment.name, options.backend)),
            run: path.map_or_else(|| "not saved".to_owned(), |path| printable_name(&path)),
            islands: experiment.search.islands,
            side_by_side: experiment.search.side_by_side,
            target: options.target.or(experiment.target),
            has_limit: options.limits() != Default::default(),
            has_color: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}

/// A program better than all before it on its island, as the view lists it.
#[derive(Clone, Debug)]
pub(super) struct Improved {
    experiment: u64,
    island: u64,
    fitness: f64,
    origin: &'static str,
}

impl From<&Milestone> for Improved {
    fn from(milestone: &Milestone) -> Improved {
        let Milestone { experiment, island, fitness, origin, .. } = *milestone;
        Improved { experiment, island, fitness, origin: origin.name() }
    }
}

/// The last checkpoint.
#[derive(Clone, Copy, Debug)]
struct Saved {
    number: u64,
    seconds: f64,
}

/// Values over time, of which every other one goes when there are many.
#[derive(Clone, Debug)]
struct Curve {
    points: Vec<(f64, f64)>,
    /// One in so many values is a point.
    stride: usize,
    seen: usize,
}

impl Default for Curve {
    fn default() -> Curve {
        Curve { points: Vec::new(), stride: 1, seen: 0 }
    }
}

impl Curve {
    fn add(&mut self, seconds: f64, value: f64) {
        if self.seen.is_multiple_of(self.stride) {
            self.points.push((seconds, value));
        }
        self.seen += 1;
        if self.points.len() == MOST_POINTS {
            let mut place = 0;
            self.points.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.stride *= 2;
        }
    }
}

/// All that the view shows.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    about: About,
    progress: Progress,
    remaining: Option<Duration>,
    /// Individuals a second lately.
    rate: f64,
    /// The seconds and individuals until which there is a rate.
    rated: (f64, u64),
    rates: Curve,
    best: Curve,
    mean: Curve,
    /// The best program, simplified.
    program: String,
    /// The first line of the program that is seen, and the last that can be.
    scroll: u16,
    most_scroll: u16,
    improvements: VecDeque<Improved>,
    saved: Option<Saved>,
    is_stopping: bool,
}

impl View {
    /// Before the first report.
    pub(super) fn new(about: About) -> View {
        View { about, ..View::default() }
    }

    /// Takes in progress, the time to the limit, and the best program, simplified.
    pub(super) fn progressed(&mut self, progress: &Progress, remaining: Option<Duration>, program: &str) {
        let seconds = progress.elapsed.as_secs_f64();
        // The first is that of the whole run until then. Reports that come soon after another tell little of it.
        let (rated_seconds, rated_individuals) = self.rated;
        if seconds - rated_seconds >= RATE_EVERY || self.rates.points.is_empty() {
            let passed = (seconds - rated_seconds).max(f64::MIN_POSITIVE);
            self.rate = progress.counts.individuals.saturating_sub(rated_individuals) as f64 / passed;
            self.rates.add(seconds, self.rate);
            self.rated = (seconds, progress.counts.individuals);
        }
        if let Some(fitness) = progress.best_fitness {
            self.best.add(seconds, fitness);
        }
        if let Some(fitness) = progress.mean_fitness {
            self.mean.add(seconds, fitness);
        }
        self.progress = progress.clone();
        self.remaining = remaining;
        if self.program != program {
            program.clone_into(&mut self.program);
        }
    }

    /// Takes in an improvement.
    pub(super) fn improved(&mut self, improved: Improved) {
        self.improvements.truncate(MOST_IMPROVEMENTS - 1);
        self.improvements.push_front(improved);
    }

    /// Takes in a checkpoint that was saved.
    pub(super) fn saved(&mut self, number: u64, checkpoint: &Checkpoint) {
        self.saved = Some(Saved { number, seconds: checkpoint.elapsed_seconds() });
    }

    /// Does what a key asks for.
    fn key(&mut self, key: KeyEvent, stop: &AtomicBool) {
        // Some terminals tell of releases, too.
        if key.kind == KeyEventKind::Release {
            return;
        }
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let page = self.most_page();
        let scrolled = match key.code {
            // A key that repeats must not abort.
            KeyCode::Char('c') if is_control && key.kind == KeyEventKind::Press => {
                interrupt(stop);
                self.scroll
            }
            KeyCode::Char('q') | KeyCode::Esc => {
                stop.store(true, Ordering::Relaxed);
                self.scroll
            }
            KeyCode::Up => self.scroll.saturating_sub(1),
            KeyCode::Down => self.scroll.saturating_add(1),
            KeyCode::PageUp => self.scroll.saturating_sub(page),
            KeyCode::PageDown => self.scroll.saturating_add(page),
            KeyCode::Home => 0,
            KeyCode::End => self.most_scroll,
            _ => self.scroll,
        };
        self.scroll = scrolled.min(self.most_scroll);
    }

    /// What PgUp and PgDn scroll by: the lines that are seen, but one.
    fn most_page(&self) -> u16 {
        (self.program.lines().count() as u16).saturating_sub(self.most_scroll).saturating_sub(1).max(1)
    }
}

/// Whether the terminal is the view's.
static IS_OPEN: AtomicBool = AtomicBool::new(false);

/// Held while something is drawn, so that nothing is drawn after the terminal was restored.
static DRAWING: Mutex<()> = Mutex::new(());

thread_local! {
    /// Whether this thread holds `DRAWING`: a panic in the middle of a picture restores the terminal as well.
    static IS_DRAWING: Cell<bool> = const { Cell::new(false) };
}

/// Whether the view is open.
pub(super) fn is_open() -> bool {
    IS_OPEN.load(Ordering::SeqCst)
}

/// Gives the terminal back as it was, if the view has it.
pub(super) fn restore_terminal() {
    let _nothing_is_drawn = (!IS_DRAWING.get()).then(|| DRAWING.lock().unwrap_or_else(PoisonError::into_inner));
    if IS_OPEN.swap(false, Ordering::SeqCst) {
        // Whoever has closed the terminal needs it no more.
        let _ = execute!(io::stderr(), LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
}

/// Before a panic is told of, the terminal is restored.
fn restore_before_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore_terminal();
            tell(panic);
        }));
    });
}

/// A view that is open, until it is closed or dropped.
pub(super) struct Watch {
    view: Arc<Mutex<View>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Opens the view; `stop` is what its keys set.
    ///
    /// # Errors
    /// A terminal that does not do what it needs, which is as it was then.
    pub(super) fn open(view: View, stop: &Arc<AtomicBool>) -> io::Result<Watch> {
        restore_before_panics();
        enable_raw_mode()?;
        IS_OPEN.store(true, Ordering::SeqCst);
        let begin = || {
            execute!(io::stderr(), EnterAlternateScreen, cursor::Hide)?;
            let terminal = Terminal::new(CrosstermBackend::new(io::stderr()))?;
            let (view, is_over, stop) = (Arc::new(Mutex::new(view)), Arc::new(AtomicBool::new(false)), Arc::clone(stop));
            let shared = (Arc::clone(&view), Arc::clone(&is_over));
            let thread = thread::Builder::new().name("watch".to_owned()).spawn(move || run(terminal, &shared.0, &shared.1, &stop))?;
            Ok(Watch { view, is_over, thread: Some(thread) })
        };
        begin().inspect_err(|_| restore_terminal())
    }

    /// Changes what is shown.
    pub(super) fn update(&self, update: impl FnOnce(&mut View)) {
        update(&mut lock(&self.view));
    }

    /// Closes the view.
    pub(super) fn close(self) {
        drop(self);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in it has told of itself.
            let _ = thread.join();
        }
        restore_terminal();
    }
}

fn lock(view: &Mutex<View>) -> MutexGuard<'_, View> {
    view.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws and takes keys until the view is closed, or the terminal is gone: the search goes on without it.
fn run(mut terminal: Terminal<CrosstermBackend<Stderr>>, view: &Mutex<View>, is_over: &AtomicBool, stop: &AtomicBool) {
    loop {
        lock(view).is_stopping = stop.load(Ordering::Relaxed);
        if picture(&mut terminal, view).is_err() || is_over.load(Ordering::Relaxed) {
            return;
        }
        match event::poll(LOOK_EVERY) {
            Ok(true) => {
                if let Ok(Event::Key(key)) = event::read() {
                    lock(view).key(key, stop);
                }
            }
            Ok(false) => {}
            // Without keys it is a view all the same.
            Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
}

fn picture(terminal: &mut Terminal<CrosstermBackend<Stderr>>, view: &Mutex<View>) -> io::Result<()> {
    let _drawing = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_open() {
        return Err(io::ErrorKind::NotConnected.into());
    }
    IS_DRAWING.set(true);
    let drawn = terminal.draw(|frame| {
        let mut view = lock(view);
        view.most_scroll = draw::draw(frame, &view);
        view.scroll = view.scroll.min(view.most_scroll);
    });
    IS_DRAWING.set(false);
    drawn.map(drop)
}
