//! Plots as SVG: each a figure with a title and a description that are read aloud, its data and itself to download, and a line for the
//! values at the pointer, which the page's script writes. Colours come in pairs, for light and dark, and are never all that tells series
//! apart: lines differ in their dashes, points in their shapes, areas are labelled.

use std::fmt::Write;

use super::html::{escaped, shortened};
use super::scale::Scale;
use super::table::{Column, Table, cell, data_uri};

/// Okabe and Ito's colours, dark enough for a white page; `style.css` has those for a dark one.
const COLOURS: [&str; 6] = ["#0072b2", "#c04a00", "#00795a", "#a8487f", "#8a6200", "#444444"];
const DASHES: [&str; 6] = ["", "7 3", "2 3", "9 3 2 3", "5 5", "1 4"];
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 310.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const BOTTOM: f64 = 44.0;
const LINE: f64 = 18.0;
/// The width that a character is taken to have.
const CHARACTER: f64 = 7.0;
/// The most characters of a name in a plot.
const LONGEST: usize = 34;

/// Lines of at most so many points show them.
const FEW: usize = 3;

/// How a column is drawn; the number chooses colour, dashes and shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draw {
    /// From point to point.
    Line(usize),
    /// A value holds until the next one.
    Steps(usize),
    /// Steps in the background, without a name.
    Faint,
    /// Points alone.
    Points(usize),
    /// The area above the areas before it.
    Area(usize),
}

impl Draw {
    const fn look(self) -> Option<usize> {
        match self {
            Draw::Line(look) | Draw::Steps(look) | Draw::Points(look) | Draw::Area(look) => Some(look % COLOURS.len()),
            Draw::Faint => None,
        }
    }
}

/// What an axis shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Axis {
    pub(super) label: String,
    pub(super) is_log: bool,
    pub(super) from_zero: bool,
}

impl Axis {
    pub(super) fn linear(label: &str) -> Axis {
        Axis { label: label.to_owned(), ..Axis::default() }
    }

    pub(super) fn from_zero(label: &str) -> Axis {
        Axis { from_zero: true, ..Axis::linear(label) }
    }

    pub(super) fn log(label: &str) -> Axis {
        Axis { is_log: true, ..Axis::linear(label) }
    }
}

/// A point with a name of its own.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) look: usize,
    pub(super) name: String,
}

/// A plot of columns over one variable.
#[derive(Clone, Debug, Default)]
pub(super) struct Chart {
    /// Letters, digits and hyphens, different from all others on the page.
    pub(super) id: String,
    pub(super) title: String,
    /// What is seen, in a sentence, for who does not see it.
    pub(super) description: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) table: Table,
    /// One for each column.
    pub(super) draw: Vec<Draw>,
    pub(super) marks: Vec<Mark>,
    /// What is to be said under it.
    pub(super) notes: Vec<String>,
}

impl Chart {
    /// The figure.
    pub(super) fn figure(&self) -> String {
        let name = format!("{}; arrow keys show values", self.title);
        figure(&self.id, &name, &self.svg(), &self.table.csv(), &self.notes)
    }

    fn is_area(&self) -> bool {
        self.draw.iter().any(|draw| matches!(draw, Draw::Area(_)))
    }

    /// The columns as they are drawn: areas on top of one another.
    fn stacked(&self) -> Vec<Vec<Option<f64>>> {
        let mut below = vec![0.0; self.table.x.len()];
        let stack = |(column, draw): (&Column, &Draw)| match draw {
            Draw::Area(_) => {
                below.iter_mut().zip(&column.values).for_each(|(below, value)| *below += value.unwrap_or(0.0));
                below.iter().copied().map(Some).collect()
            }
            _ => column.values.clone(),
        };
        self.table.columns.iter().zip(&self.draw).map(stack).collect()
    }

    fn svg(&self) -> String {
        let entries: Vec<(Sample, &str)> = self
            .table
            .columns
            .iter()
            .zip(&self.draw)
            .filter_map(|(column, draw)| Some((Sample::of(*draw)?, column.name.as_str())))
            .chain(self.marks.iter().map(|mark| (Sample::Point(mark.look % COLOURS.len()), mark.name.as_str())))
            .collect();
        let (legend, top) = legend(&entries);
        let columns = self.stacked();
        let values = columns.iter().flatten().copied().flatten().chain(self.marks.iter().map(|mark| mark.y));
        let zero = (self.y.from_zero || self.is_area()).then_some(0.0);
        let y = Scale::of(values.chain(zero), self.y.is_log, true, [HEIGHT - BOTTOM, top]);
        let xs = self.table.x.iter().copied().chain(self.marks.iter().map(|mark| mark.x));
        let x = Scale::of(xs.chain(self.x.from_zero.then_some(0.0)), self.x.is_log, false, [LEFT, WIDTH - RIGHT]);

        let mut svg = begin(&self.id, &self.title, &self.description, HEIGHT, Some(&x));
        for (value, name) in y.ticks() {
            let Some(at) = y.at(value) else { continue };
            line(&mut svg, "g", "#dddddd", [LEFT, at, WIDTH - RIGHT, at]);
            text(&mut svg, [LEFT - 6.0, at + 4.0], "end", &name);
        }
        for (value, name) in x.ticks() {
            let Some(at) = x.at(value) else { continue };
            line(&mut svg, "a", "#888888", [at, HEIGHT - BOTTOM, at, HEIGHT - BOTTOM + 4.0]);
            text(&mut svg, [at, HEIGHT - BOTTOM + 17.0], "middle", &name);
        }
        line(&mut svg, "a", "#888888", [LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM]);
        text(&mut svg, [f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 8.0], "middle", &self.x.label);
        text(&mut svg, [2.0, top - 14.0], "start", &self.y.label);
        svg += &legend;

        let place = |row: usize, value: Option<f64>| Some([x.at(self.table.x[row])?, y.at(value?)?]);
        let mut bottom: Vec<Option<f64>> = vec![Some(0.0); self.table.x.len()];
        // What is in the background comes first.
        let faint_first = |number: &usize| (self.draw[*number] != Draw::Faint, *number);
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by_key(faint_first);
        for number in order {
            let (values, draw) = (&columns[number], self.draw[number]);
            let places: Vec<Option<[f64; 2]>> = values.iter().enumerate().map(|(row, value)| place(row, *value)).collect();
            match draw {
                Draw::Line(_) | Draw::Steps(_) | Draw::Faint => {
                    path(&mut svg, draw, &places);
                    let few = places.iter().flatten().count() <= FEW;
                    // A line of one point would not be seen.
                    let look = draw.look().filter(|_| few);
                    look.into_iter().for_each(|look| places.iter().flatten().for_each(|at| point(&mut svg, *at, look, None)));
                }
                Draw::Points(look) => places.iter().flatten().for_each(|at| point(&mut svg, *at, look, None)),
                Draw::Area(look) => {
                    let below: Vec<_> = bottom.iter().enumerate().map(|(row, value)| place(row, *value)).collect();
                    area(&mut svg, look, &places, &below);
                    label_area(&mut svg, &self.table.columns[number].name, &places, &below);
                    bottom.clone_from(values);
                }
            }
        }
        for mark in &self.marks {
            if let (Some(at), Some(height)) = (x.at(mark.x), y.at(mark.y)) {
                point(&mut svg, [at, height], mark.look, Some(&format!("{}: {}", mark.name, mark.y)));
            }
        }
        svg + "</svg>"
    }
}

/// A value with a name, and an interval if there is one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dot {
    pub(super) name: String,
    pub(super) value: f64,
    /// Its lower and upper end.
    pub(super) interval: Option<[f64; 2]>,
    pub(super) look: usize,
}

/// Values with names, one below the other on one axis.
#[derive(Clone, Debug, Default)]
pub(super) struct Dots {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) label: String,
    pub(super) dots: Vec<Dot>,
    pub(super) notes: Vec<String>,
}

impl Dots {
    /// The figure.
    pub(super) fn figure(&self) -> String {
        let mut csv = "\"name\",\"value\",\"low\",\"high\"\n".to_owned();
        for Dot { name, value, interval, .. } in &self.dots {
            let [low, high] = interval.map_or_else(Default::default, |interval| interval.map(|end| end.to_string()));
            writeln!(csv, "{},{value},{low},{high}", cell(name)).expect("a String takes everything");
        }
        figure(&self.id, &self.title, &self.svg(), &csv, &self.notes)
    }

    fn svg(&self) -> String {
        const ROW: f64 = 30.0;
        let names = self.dots.iter().map(|dot| dot.name.chars().count().min(LONGEST)).max().unwrap_or(0);
        let left = CHARACTER.mul_add(names as f64, 16.0);
        let height = ROW.mul_add(self.dots.len() as f64, BOTTOM + 8.0);
        let values = self.dots.iter().flat_map(|dot| dot.interval.into_iter().flatten().chain([dot.value]));
        let x = Scale::of(values, false, true, [left, WIDTH - 104.0]);
        let mut svg = begin(&self.id, &self.title, &self.description, height, None);
        for (value, name) in x.ticks() {
            let Some(at) = x.at(value) else { continue };
            line(&mut svg, "g", "#dddddd", [at, 4.0, at, height - BOTTOM]);
            text(&mut svg, [at, height - BOTTOM + 15.0], "middle", &name);
        }
        text(&mut svg, [f64::midpoint(left, WIDTH - 104.0), height - 8.0], "middle", &self.label);
        for (number, dot) in self.dots.iter().enumerate() {
            let middle = ROW.mul_add(number as f64, 4.0 + ROW / 2.0);
            text(&mut svg, [left - 10.0, middle + 4.0], "end", &shortened(&dot.name, LONGEST));
            if let Some([low, high]) = dot.interval
                && let (Some(low), Some(high)) = (x.at(low), x.at(high))
            {
                line(&mut svg, "i", "#444444", [low, middle, high, middle]);
            }
            let Some(at) = x.at(dot.value) else { continue };
            let value = decimals(dot.value);
            point(&mut svg, [at, middle], dot.look, Some(&format!("{}: {value}", dot.name)));
            text(&mut svg, [WIDTH - 82.0, middle + 4.0], "start", &value);
        }
        svg + "</svg>"
    }
}

/// A fitness or the like, with six decimals.
pub(super) fn decimals(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-5 { format!("{value:.2e}") } else { format!("{value:.6}") }
}

/// A plot with what belongs to it.
fn figure(id: &str, name: &str, svg: &str, csv: &str, notes: &[String]) -> String {
    let (id, mut said) = (escaped(id), String::new());
    for note in notes {
        write!(said, " {}", escaped(note)).expect("a String takes everything");
    }
    format!(
        "<figure class=\"chart\" data-chart=\"{id}\"><div class=\"plot\" tabindex=\"0\" role=\"group\" \
         aria-label=\"{}\">{svg}</div><p class=\"readout\" role=\"status\"></p>\
         <figcaption>{said} <span class=\"links\"><a download=\"{id}.svg\" href=\"{}\">SVG</a> <a download=\"{id}.csv\" href=\"{}\">CSV</a></span>\
         </figcaption></figure>\n",
        escaped(name),
        data_uri("image/svg+xml", svg),
        data_uri("text/csv", csv)
    )
}

fn begin(id: &str, title: &str, description: &str, height: f64, x: Option<&Scale>) -> String {
    let id = escaped(id);
    let scale = x.map_or_else(String::new, |x| {
        format!(" data-from=\"{}\" data-to=\"{}\" data-min=\"{}\" data-max=\"{}\" data-log=\"{}\"", x.from, x.to, x.min, x.max, x.is_log)
    });
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\"{scale}><title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>",
        escaped(title),
        escaped(description)
    )
}

fn line(svg: &mut String, class: &str, colour: &str, [x1, y1, x2, y2]: [f64; 4]) {
    write!(svg, "<path class=\"{class}\" stroke=\"{colour}\" fill=\"none\" d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\"/>")
        .expect("a String takes everything");
}

fn text(svg: &mut String, [x, y]: [f64; 2], anchor: &str, text: &str) {
    write!(svg, "<text class=\"t\" fill=\"#333333\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text))
        .expect("a String takes everything");
}

/// What stands before a name in the legend.
#[derive(Clone, Copy)]
enum Sample {
    Line(usize),
    Area(usize),
    Point(usize),
}

impl Sample {
    fn of(draw: Draw) -> Option<Sample> {
        let look = draw.look()?;
        Some(match draw {
            Draw::Area(_) => Sample::Area(look),
            Draw::Points(_) => Sample::Point(look),
            Draw::Line(_) | Draw::Steps(_) | Draw::Faint => Sample::Line(look),
        })
    }
}

/// The legend, and where the plot begins below it and the name of the y axis.
fn legend(entries: &[(Sample, &str)]) -> (String, f64) {
    let (mut svg, mut x, mut y) = (String::new(), LEFT, 14.0);
    for (sample, name) in entries {
        let name = shortened(name, LONGEST);
        let width = CHARACTER.mul_add(name.chars().count() as f64, 46.0);
        if x + width > WIDTH && x > LEFT {
            (x, y) = (LEFT, y + LINE);
        }
        match *sample {
            Sample::Line(look) => path(&mut svg, Draw::Line(look), &[Some([x, y - 4.0]), Some([x + 26.0, y - 4.0])]),
            Sample::Point(look) => point(&mut svg, [x + 18.0, y - 4.0], look, None),
            Sample::Area(look) => {
                let [top, bottom] = [y - 10.0, y].map(|y| [Some([x + 8.0, y]), Some([x + 26.0, y])]);
                area(&mut svg, look, &top, &bottom);
            }
        }
        text(&mut svg, [x + 32.0, y], "start", &name);
        x += width;
    }
    let rows = if entries.is_empty() { y - LINE } else { y };
    (svg, rows + 38.0)
}

fn path(svg: &mut String, draw: Draw, places: &[Option<[f64; 2]>]) {
    let mut d = String::new();
    let mut before: Option<[f64; 2]> = None;
    for place in places {
        if let Some([x, y]) = *place {
            match (before, draw) {
                (None, _) => write!(d, "M{x:.1} {y:.1}"),
                // Where nothing changes nothing is added.
                (Some([_, at]), Draw::Steps(_) | Draw::Faint) if (at - y).abs() < 0.05 => Ok(()),
                (Some(_), Draw::Steps(_) | Draw::Faint) => write!(d, "H{x:.1}V{y:.1}"),
                (Some(_), _) => write!(d, "L{x:.1} {y:.1}"),
            }
            .expect("a String takes everything");
        }
        before = *place;
    }
    if let (Some([x, _]), Draw::Steps(_) | Draw::Faint) = (before, draw) {
        write!(d, "H{x:.1}").expect("a String takes everything");
    }
    let stroke = match draw.look() {
        Some(look) => {
            let dashes = DASHES[look];
            let dashed = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
            format!("class=\"s{look}\" stroke=\"{}\" stroke-width=\"2\"{dashed}", COLOURS[look])
        }
        None => "class=\"faint\" stroke=\"#bbbbbb\" stroke-width=\"1\"".to_owned(),
    };
    write!(svg, "<path {stroke} fill=\"none\" stroke-linejoin=\"round\" d=\"{d}\"/>").expect("a String takes everything");
}

/// A point of the shape of its look: circle, square, triangle, diamond, cross, ring.
fn point(svg: &mut String, [x, y]: [f64; 2], look: usize, title: Option<&str>) {
    let look = look % COLOURS.len();
    let colour = COLOURS[look];
    let fill = format!("class=\"f{look}\" fill=\"{colour}\"");
    let stroke = format!("class=\"s{look}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"");
    let title = title.map_or_else(String::new, |title| format!("<title>{}</title>", escaped(title)));
    let (element, attributes) = match look {
        0 => ("circle", format!("{fill} cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"")),
        1 => ("rect", format!("{fill} x=\"{:.1}\" y=\"{:.1}\" width=\"8\" height=\"8\"", x - 4.0, y - 4.0)),
        2 => ("path", format!("{fill} d=\"M{x:.1} {:.1}l5.5 9.5h-11z\"", y - 5.5)),
        3 => ("path", format!("{fill} d=\"M{x:.1} {:.1}l5.5 5.5l-5.5 5.5l-5.5 -5.5z\"", y - 5.5)),
        4 => ("path", format!("{stroke} d=\"M{:.1} {:.1}l8 8m0 -8l-8 8\"", x - 4.0, y - 4.0)),
        _ => ("circle", format!("{stroke} cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"")),
    };
    write!(svg, "<{element} {attributes}>{title}</{element}>").expect("a String takes everything");
}

fn area(svg: &mut String, look: usize, places: &[Option<[f64; 2]>], below: &[Option<[f64; 2]>]) {
    let corners: Vec<String> = places.iter().flatten().chain(below.iter().rev().flatten()).map(|[x, y]| format!("{x:.1} {y:.1}")).collect();
    if !corners.is_empty() {
        let look = look % COLOURS.len();
        write!(svg, "<path class=\"f{look} e\" fill=\"{}\" stroke=\"#ffffff\" d=\"M{}z\"/>", COLOURS[look], corners.join("L"))
            .expect("a String takes everything");
    }
}

/// Writes the name of an area in it, at its end, where it is high enough all along the name.
fn label_area(svg: &mut String, name: &str, places: &[Option<[f64; 2]>], below: &[Option<[f64; 2]>]) {
    let name = shortened(name, LONGEST);
    let Some(Some([end, _])) = places.last() else { return };
    let begin = CHARACTER.mul_add(-(name.chars().count() as f64), end - 10.0);
    let along = |places: &[Option<[f64; 2]>]| {
        let known: Vec<[f64; 2]> = places.iter().flatten().copied().collect();
        let after = known.iter().position(|[x, _]| *x >= begin).unwrap_or(0);
        // The name begins between two points.
        let first = after.checked_sub(1).map(|before| {
            let ([x0, y0], [x1, y1]) = (known[before], known[after]);
            y0 + (y1 - y0) * (begin - x0) / (x1 - x0)
        });
        first.into_iter().chain(known[after..].iter().map(|[_, y]| *y)).collect::<Vec<_>>()
    };
    let top = along(places).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let bottom = along(below).into_iter().fold(f64::INFINITY, f64::min);
    if bottom - top > 15.0 {
        let (x, y) = (end - 6.0, f64::midpoint(top, bottom) + 4.0);
        write!(svg, "<text class=\"on\" fill=\"#ffffff\" text-anchor=\"end\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(&name))
            .expect("a String takes everything");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        let column = |name: &str, values: [Option<f64>; 3]| Column { name: name.to_owned(), values: values.into() };
        let columns = vec![column("best", [Some(0.1), Some(0.5), Some(0.9)]), column("<mean>", [None, Some(0.2), Some(0.0)])];
        Chart {
            id: "fitness".to_owned(),
            title: "Fitness & \"time\"".to_owned(),
            description: "It rises.".to_owned(),
            x: Axis::from_zero("seconds"),
            y: Axis::linear("fitness"),
            table: Table { x_name: "seconds".to_owned(), x: vec![1.0, 2.0, 3.0], columns },
            draw: vec![Draw::Line(0), Draw::Steps(1)],
            marks: vec![Mark { x: 3.0, y: 0.95, look: 2, name: "final".to_owned() }],
            notes: vec!["All <drawn>.".to_owned()],
        }
    }

    #[test]
    fn a_plot_has_names_data_and_itself_to_take_along() {
        let figure = chart().figure();
        for part in [
            "role=\"img\" aria-labelledby=\"fitness-title fitness-desc\"",
            "<title id=\"fitness-title\">Fitness &amp; &quot;time&quot;</title><desc id=\"fitness-desc\">It rises.</desc>",
            "&lt;mean&gt;",
            "All &lt;drawn&gt;.",
            "download=\"fitness.svg\" href=\"data:image/svg+xml;charset=utf-8,%3Csvg%20xmlns",
            "download=\"fitness.csv\" href=\"data:text/csv;charset=utf-8,%22seconds%22,%22best%22,%22%3Cmean%3E%22%0A1,0.1,%0A2,0.5,0.2%0A3,0.9,0%0A\"",
            "<title>final: 0.95</title>",
        ] {
            assert!(figure.contains(part), "no {part} in {figure}");
        }
        assert!(!figure.contains(" style=") && !figure.contains("<mean>"), "{figure}");
    }

    #[test]
    fn on_a_logarithmic_axis_nothing_is_at_zero() {
        let logarithmic = Chart { y: Axis::log("1 - fitness"), ..chart() };
        assert!(!logarithmic.svg().contains("NaN") && !logarithmic.svg().contains("inf"));
        // The third value of the second column has no place, so its line ends at the second.
        let x = Scale::of([0.0, 3.0].into_iter(), false, false, [LEFT, WIDTH - RIGHT]).at(2.0).expect("it has a place");
        assert!(logarithmic.svg().contains(&format!("d=\"M{x:.1} ")), "{}", logarithmic.svg());
    }

    #[test]
    fn areas_stand_on_one_another() {
        let areas = Chart { draw: vec![Draw::Area(0), Draw::Area(1)], ..chart() };
        assert_eq!(areas.stacked()[1], [Some(0.1), Some(0.7), Some(0.9)]);
        assert_eq!(areas.svg().matches("class=\"f0 e\"").count(), 2, "the area and its sample");
    }

    #[test]
    fn dots_have_intervals_and_their_names_in_the_file() {
        let dot = |name: &str, interval| Dot { name: name.to_owned(), value: 0.5, interval, look: 0 };
        let dots = Dots { id: "d".to_owned(), dots: vec![dot("a \"b\"", Some([0.4, 0.6])), dot("c", None)], ..Dots::default() };
        let csv = super::super::html::percent_encoded("\"name\",\"value\",\"low\",\"high\"\n\"a \"\"b\"\"\",0.5,0.4,0.6\n\"c\",0.5,,\n");
        assert!(dots.figure().contains(&csv), "{}", dots.figure());
        assert_eq!(dots.svg().matches("class=\"i\"").count(), 1);
    }
}
