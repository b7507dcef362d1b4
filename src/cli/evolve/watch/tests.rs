use exnihilo::search::{Counts, Origin, Tiers};
use exnihilo_jit::Backend;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use super::*;

const PROGRAM: &str = "def Setup():\n  s2 = 0.01\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s3 = s0 - s1\n  v1 = v1 + v0\n";

fn about() -> About {
    let experiment = Experiment::preset("linear").expect("a built-in preset");
    let options = SearchOptions { threads: 2, backend: Backend::Interp, max_seconds: Some(60.0), ..SearchOptions::default() };
    About { has_color: true, ..About::new(&experiment, 7, &options, Some("runs/linear-s7".to_owned())) }
}

fn view() -> View {
    let mut view = View::new(about());
    for step in 1..=20_u64 {
        let progress = Progress {
            elapsed: Duration::from_millis(500 * step),
            best_fitness: Some(0.5 + 0.02 * step as f64),
            mean_fitness: Some(0.3),
            counts: Counts {
                individuals: 1_000 * step * step,
                train_steps: 3_000,
                saved_steps: 1_000,
                tiers: Tiers { structural: 30, fec: 50, hurdle: 15, interpreted: 5, ..Tiers::default() },
                ..Counts::default()
            },
            experiments: 8,
            verified: 12,
            ..Progress::default()
        };
        view.progressed(&progress, Some(Duration::from_secs(30)), PROGRAM);
    }
    let improved = |fitness, island| Improved { experiment: 3, island, fitness, origin: Origin::Migration.name() };
    view.improved(improved(0.25, 1));
    view.improved(improved(0.75, 2));
    view.saved = Some(Saved { number: 4, seconds: 61.0 });
    view
}

fn drawn(view: &View, width: u16, height: u16) -> (Terminal<TestBackend>, u16) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("it cannot fail");
    let mut most_scroll = 0;
    terminal.draw(|frame| most_scroll = draw::draw(frame, view)).expect("it cannot fail");
    (terminal, most_scroll)
}

fn text(view: &View, width: u16, height: u16) -> String {
    drawn(view, width, height).0.backend().to_string()
}

#[track_caller]
fn check(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "no {words:?} in\n{text}");
    }
}

#[test]
fn everything_is_on_a_large_terminal() {
    let text = text(&view(), 120, 40);
    check(&text, &["linear seed 7, interp, 2 threads  runs/linear-s7", "10 s, 30 s left (25.0 %)"]);
    check(&text, &["individuals  400,000", "78,000 now, 40,000 on average", "experiments  8, 8 at once of 1 island"]);
    check(&text, &["best fitness 0.900000, target 0.9999", "mean fitness 0.300000", "steps saved  25.0 %", "verified     12 evaluations"]);
    check(&text, &["checkpoint   4 after 1 min 1 s "]);
    check(&text, &["structural cache   30.0 % ", "FEC                50.0 % ", "hurdle             15.0 % ", "over budget         0.0 % "]);
    check(&text, &["def Setup():", "  s1 = dot(v0, v1)", "  v1 = v1 + v0", "q stop"]);
    let [newer, older] =
        ["0.750000  experiment 3 island 2  migration", "0.250000  experiment 3 island 1  migration"].map(|line| text.find(line));
    assert!(newer.is_some() && newer < older, "{text}");
    assert!(text.contains('█') && text.contains('▃') && text.chars().any(|c| ('⠁'..='⣿').contains(&c)), "bars, rates and curves:\n{text}");
}

#[test]
fn what_matters_most_is_on_a_small_terminal() {
    let small = text(&view(), 60, 24);
    check(&small, &["individuals  400,000", "def Setup():", "10 s, 30 s left"]);
    assert!(!small.contains("last improvements"), "{small}");
    check(&text(&view(), 80, 50), &["last improvements", "individuals a second", "answered by", "fitness", "def Learn():"]);
    check(&text(&view(), 40, 12), &["best program", "def Setup():"]);
}

#[test]
fn a_terminal_may_have_any_size() {
    for view in [view(), View::default(), View::new(about())] {
        for width in [1, 2, 3, 20, 39, 40, 41, 60, 95, 96, 97, 130, 300] {
            for height in [1, 2, 3, 11, 12, 13, 16, 20, 25, 31, 40, 60, 100] {
                let text = text(&view, width, height);
                let is_small = width < 40 || height < 12;
                assert!(is_small != text.contains("individuals a") || height < 60, "{width} x {height}");
            }
        }
    }
    check(&text(&view(), 30, 5), &["The terminal is too small:"]);
}

#[test]
fn there_are_colors_only_where_they_are_wanted() {
    let mut view = view();
    for has_color in [true, false] {
        view.about.has_color = has_color;
        let (terminal, _) = drawn(&view, 120, 40);
        let cells = &terminal.backend().buffer().content;
        assert_eq!(cells.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset), has_color);
    }
}

#[test]
fn a_run_without_limit_or_program_says_so() {
    let mut view = View::new(About { has_limit: false, ..about() });
    view.progressed(&Progress { elapsed: Duration::from_secs(75), ..Progress::default() }, None, "");
    let none = text(&view, 120, 40);
    check(&none, &["1 min 15 s, no limit", "best fitness -, target", "checkpoint   none"]);
    view.is_stopping = true;
    check(&text(&view, 120, 40), &["stopping; Ctrl-C aborts"]);
}

#[test]
fn keys_scroll_the_program_and_stop_the_search() {
    let mut view = view();
    let lines: Vec<String> = (0..30).map(|line| format!("line {line}.")).collect();
    view.program = lines.join("\n");
    let stop = AtomicBool::new(false);
    let (_, most_scroll) = drawn(&view, 50, 12);
    // Two lines of frame and three around it leave 7.
    assert_eq!(most_scroll, 23);
    view.most_scroll = most_scroll;
    let scroll = |view: &mut View, codes: &[KeyCode]| {
        codes.iter().for_each(|&code| view.key(KeyEvent::from(code), &stop));
        view.scroll
    };
    assert_eq!(scroll(&mut view, &[KeyCode::Up]), 0);
    assert_eq!(scroll(&mut view, &[KeyCode::Down, KeyCode::Down, KeyCode::Up]), 1);
    assert_eq!(scroll(&mut view, &[KeyCode::PageDown]), 7, "a line stays in sight");
    check(&text(&view, 50, 12), &["line 7.", "line 13.", "8 to 14 of 30"]);
    assert_eq!(scroll(&mut view, &[KeyCode::PageUp, KeyCode::PageUp]), 0);
    assert_eq!(scroll(&mut view, &[KeyCode::End, KeyCode::Down, KeyCode::PageDown]), 23);
    check(&text(&view, 50, 12), &["line 29."]);
    assert_eq!(scroll(&mut view, &[KeyCode::Home, KeyCode::Char('c'), KeyCode::Char('x')]), 0);
    assert!(!stop.load(Ordering::Relaxed));
    for key in [KeyEvent::from(KeyCode::Char('q')), KeyEvent::from(KeyCode::Esc), KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)]
    {
        stop.store(false, Ordering::Relaxed);
        view.key(KeyEvent { kind: KeyEventKind::Release, ..key }, &stop);
        assert!(!stop.load(Ordering::Relaxed), "{key:?}");
        view.key(key, &stop);
        assert!(stop.load(Ordering::Relaxed), "{key:?}");
    }
    // Unlike Ctrl-C these never abort, and this process goes on.
    scroll(&mut view, &[KeyCode::Char('q'), KeyCode::Esc]);
}

#[test]
fn curves_keep_their_shape_in_few_points() {
    let mut curve = Curve::default();
    for value in 0..100_000 {
        curve.add(f64::from(value), f64::from(value));
        assert!(curve.points.len() < MOST_POINTS);
    }
    let points = &curve.points;
    assert!(points.len() >= MOST_POINTS / 2 - 1 && points[0].0 == 0.0 && points[points.len() - 1].0 > 99_000.0, "{}", points.len());
    assert!(points.windows(2).all(|pair| pair[1].0 - pair[0].0 == curve.stride as f64), "at equal distances");
}

#[test]
fn rates_are_of_the_time_between_reports() {
    let mut view = View::new(about());
    let mut report = |millis, individuals| {
        view.progressed(
            &Progress {
                elapsed: Duration::from_millis(millis),
                counts: Counts { individuals, ..Counts::default() },
                ..Progress::default()
            },
            None,
            "",
        );
        (view.rate, view.rates.points.len())
    };
    assert_eq!(report(2_000, 1_000), (500.0, 1));
    assert_eq!(report(2_100, 9_000), (500.0, 1), "too soon");
    assert_eq!(report(2_500, 2_000), (2_000.0, 2));
    assert_eq!(report(3_500, 2_000), (0.0, 3));
}
