//! The picture of a view, on a terminal of any size.

use exnihilo::text::{grouped, span};
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, Gauge, GraphType, Paragraph, Sparkline, Wrap};

use super::super::report::share_done;
use super::{Improved, Saved, View};
use crate::cli::output::{percent, percent_of};

/// The smallest terminal that the view is drawn on.
const LEAST_WIDTH: u16 = 40;
const LEAST_HEIGHT: u16 = 12;

/// From this width on there are two columns.
const TWO_COLUMNS: u16 = 96;

const COUNTS_HEIGHT: u16 = 10;
const TIERS_HEIGHT: u16 = 8;
const RATES_HEIGHT: u16 = 5;

/// Draws a part of the view.
type Part = fn(&mut Frame<'_>, &View, Rect);

/// Draws the view; returns the last line of the program that can be scrolled to the top.
pub(super) fn draw(frame: &mut Frame<'_>, view: &View) -> u16 {
    let area = frame.area();
    if area.width < LEAST_WIDTH || area.height < LEAST_HEIGHT {
        let text = format!("The terminal is too small: {} x {}; --watch needs {LEAST_WIDTH} x {LEAST_HEIGHT}.", area.width, area.height);
        frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
        return 0;
    }
    let [title, gauge, body, keys] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(area);
    let heading = Line::from(vec![
        Span::styled(view.about.title.as_str(), Style::new().add_modifier(Modifier::BOLD)),
        Span::raw("  "),
        Span::raw(view.about.run.as_str()),
    ]);
    frame.render_widget(heading, title);
    frame.render_widget(time(view), gauge);
    frame.render_widget(keys_line(view), keys);
    if body.width >= TWO_COLUMNS { two_columns(frame, view, body) } else { one_column(frame, view, body) }
}

/// Figures on the left, fitness and programs on the right.
fn two_columns(frame: &mut Frame<'_>, view: &View, area: Rect) -> u16 {
    let [left, right] = Layout::horizontal([Constraint::Length(46), Constraint::Min(0)]).areas(area);
    let [figures, tiers, rates, improvements] = Layout::vertical([
        Constraint::Length(COUNTS_HEIGHT),
        Constraint::Length(TIERS_HEIGHT),
        Constraint::Length(RATES_HEIGHT),
        Constraint::Min(0),
    ])
    .areas(left);
    counts(frame, view, figures);
    answers(frame, view, tiers);
    speed(frame, view, rates);
    list(frame, view, improvements);
    let [chart, text] = Layout::vertical([Constraint::Percentage(45), Constraint::Min(0)]).areas(right);
    fitness(frame, view, chart);
    program(frame, view, text)
}

/// One below the other, as far as there is room beside the program.
fn one_column(frame: &mut Frame<'_>, view: &View, area: Rect) -> u16 {
    const LEAST_PROGRAM: u16 = 6;
    let parts: [(u16, Part); 5] = [(COUNTS_HEIGHT, counts), (TIERS_HEIGHT, answers), (9, fitness), (RATES_HEIGHT, speed), (6, list)];
    let mut left = area;
    for (height, part) in parts {
        if left.height >= height + LEAST_PROGRAM {
            let [here, below] = Layout::vertical([Constraint::Length(height), Constraint::Min(0)]).areas(left);
            part(frame, view, here);
            left = below;
        }
    }
    program(frame, view, left)
}

/// A color, where there are any.
const fn color(view: &View, color: Color) -> Style {
    if view.about.has_color { Style::new().fg(color) } else { Style::new() }
}

fn block<'a>(title: impl Into<Line<'a>>) -> Block<'a> {
    Block::bordered().title(title)
}

/// The time so far and to the limit.
fn time(view: &View) -> Gauge<'static> {
    let elapsed = span(view.progress.elapsed.as_secs_f64());
    let (label, done) = match view.remaining {
        Some(remaining) => {
            let done = share_done(view.progress.elapsed, remaining);
            (format!("{elapsed}, {} left ({})", span(remaining.as_secs_f64()), percent_of(done)), done)
        }
        None if view.about.has_limit => (elapsed, 0.0),
        None => (format!("{elapsed}, no limit"), 0.0),
    };
    let style = if view.about.has_color { Style::new().fg(Color::Blue).bg(Color::Black) } else { Style::new() };
    Gauge::default().gauge_style(style).ratio(done.clamp(0.0, 1.0)).label(label)
}

fn keys_line(view: &View) -> Line<'_> {
    if view.is_stopping {
        return Line::styled("stopping; Ctrl-C aborts", color(view, Color::Yellow).add_modifier(Modifier::BOLD));
    }
    Line::raw("q stop   Ctrl-C stop, once more abort   Up Down PgUp PgDn scroll the program")
}

fn number(fitness: Option<f64>) -> String {
    fitness.map_or_else(|| "-".to_owned(), |fitness| format!("{fitness:.6}"))
}

/// Counts and fitness.
fn counts(frame: &mut Frame<'_>, view: &View, area: Rect) {
    let progress = &view.progress;
    let mean_rate = progress.counts.individuals as f64 / progress.elapsed.as_secs_f64().max(1e-9);
    let saved = view.saved.map_or_else(|| "none".to_owned(), |Saved { number, seconds }| format!("{number} after {}", span(seconds)));
    let lines = [
        ("individuals", grouped(progress.counts.individuals)),
        ("a second", format!("{} now, {} on average", grouped(view.rate as u64), grouped(mean_rate as u64))),
        (
            "experiments",
            format!("{}, {} at once of {}", grouped(progress.experiments), view.about.side_by_side, islands(view.about.islands)),
        ),
        (
            "best fitness",
            format!("{}, target {}", number(progress.best_fitness), view.about.target.map_or("none".to_owned(), |t| t.to_string())),
        ),
        ("mean fitness", number(progress.mean_fitness)),
        ("steps saved", percent_of(progress.counts.saved_share())),
        ("verified", format!("{} evaluations", grouped(progress.verified))),
        ("checkpoint", saved),
    ];
    let line = |(name, value): (&'static str, String)| {
        Line::from(vec![Span::styled(format!("{name:<13}"), color(view, Color::Cyan)), value.into()])
    };
    frame.render_widget(Paragraph::new(lines.map(line).to_vec()).block(block("search")), area);
}

fn islands(count: usize) -> String {
    if count == 1 { "1 island".to_owned() } else { format!("{count} islands") }
}

/// How programs were answered.
fn answers(frame: &mut Frame<'_>, view: &View, area: Rect) {
    let tiers = view.progress.counts.tiers.counts();
    let sum: u64 = tiers.iter().map(|(_, count)| count).sum();
    let room = f64::from(area.width.saturating_sub(30));
    let line = |(name, count): (&'static str, u64)| {
        let bar = "█".repeat((room * count as f64 / sum.max(1) as f64).round() as usize);
        Line::from(vec![
            Span::styled(format!("{name:<17}"), color(view, Color::Cyan)),
            Span::raw(format!("{:>8} ", percent(count, sum))),
            Span::styled(bar, color(view, Color::Blue)),
        ])
    };
    frame.render_widget(Paragraph::new(tiers.map(line).to_vec()).block(block("answered by")), area);
}

/// Individuals a second over time.
fn speed(frame: &mut Frame<'_>, view: &View, area: Rect) {
    let points = &view.rates.points;
    let seen = points.len().saturating_sub(usize::from(area.width.saturating_sub(2)));
    let rates = points[seen..].iter().map(|&(_, rate)| rate as u64);
    let sparkline = Sparkline::default().data(rates).style(color(view, Color::Green)).block(block("individuals a second"));
    frame.render_widget(sparkline, area);
}

/// The last improvements.
fn list(frame: &mut Frame<'_>, view: &View, area: Rect) {
    let line = |Improved { experiment, island, fitness, origin }: &Improved| {
        Line::raw(format!("{fitness:.6}  experiment {experiment} island {island}  {origin}"))
    };
    let seen = usize::from(area.height.saturating_sub(2));
    let lines: Vec<Line<'_>> = view.improvements.iter().take(seen).map(line).collect();
    frame.render_widget(Paragraph::new(lines).block(block("last improvements")), area);
}

/// Best and mean fitness over time.
fn fitness(frame: &mut Frame<'_>, view: &View, area: Rect) {
    let all = || view.best.points.iter().chain(&view.mean.points);
    let values = all().map(|&(_, fitness)| fitness);
    let (low, high) = values.fold((1.0_f64, 0.0_f64), |(low, high), fitness| (low.min(fitness), high.max(fitness)));
    let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
    let padding = ((high - low) * 0.05).max(1e-6);
    let times = all().map(|&(seconds, _)| seconds);
    let (first, last) = times.fold((f64::INFINITY, 0.0_f64), |(first, last), seconds| (first.min(seconds), last.max(seconds)));
    let first = first.min(last);
    let curve = |name, fg| Dataset::default().name(name).marker(Marker::Braille).graph_type(GraphType::Line).style(color(view, fg));
    let sets = vec![curve("mean", Color::DarkGray).data(&view.mean.points), curve("best", Color::Green).data(&view.best.points)];
    let x = Axis::default().bounds([first, last.max(first + 1e-3)]).labels([span(first), span(last)]);
    let y = Axis::default().bounds([low - padding, high + padding]).labels([format!("{low:.4}"), format!("{high:.4}")]);
    frame.render_widget(Chart::new(sets).x_axis(x).y_axis(y).block(block("fitness")), area);
}

/// The best program; returns the last line that can be at the top.
fn program(frame: &mut Frame<'_>, view: &View, area: Rect) -> u16 {
    let lines = view.program.lines().count() as u16;
    let most_scroll = lines.saturating_sub(area.height.saturating_sub(2));
    let scroll = view.scroll.min(most_scroll);
    let mut block = block("best program, simplified");
    if most_scroll > 0 {
        let seen = format!("{} to {} of {lines}", scroll + 1, (scroll + area.height.saturating_sub(2)).min(lines));
        block = block.title_bottom(Line::raw(seen).alignment(Alignment::Right));
    }
    frame.render_widget(Paragraph::new(view.program.as_str()).scroll((scroll, 0)).block(block), area);
    most_scroll
}
