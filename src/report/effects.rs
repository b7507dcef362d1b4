//! The section of measurements with intervals: a plot, and a table with the lines of the program that each is about.

use std::fmt::Write;

use super::chart::{Dot, Dots, decimals};
use super::html::{escaped, with_code};
use super::page::Effects;
use crate::text::drawable;

/// The section with this identifier.
pub(super) fn effects_section(id: &str, effects: &Effects) -> String {
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
        id: format!("{id}-chart"),
        title: effects.title.clone(),
        description: format!("Points with intervals on one axis: {}.", told.join("; ")),
        label: effects.label.clone(),
        dots,
        notes: Vec::new(),
    };
    // Without any the text says why.
    let shown = if chart.dots.is_empty() { String::new() } else { chart.figure() + &table(effects) };
    format!(
        "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{}</h2>\n<p>{}</p>\n{shown}</section>\n",
        escaped(&effects.title),
        with_code(&effects.text)
    )
}

fn table(effects: &Effects) -> String {
    let number = |value: f64| drawable(value).map_or_else(|| "–".to_owned(), decimals);
    let mut html = format!(
        "<div class=\"wide\"><table><thead><tr><th scope=\"col\">part</th><th scope=\"col\" class=\"n\">{}</th>\
         <th scope=\"col\" class=\"n\">95 % interval</th><th scope=\"col\">its lines</th></tr></thead><tbody>\n",
        escaped(&effects.label)
    );
    for effect in &effects.effects {
        let lines: Vec<String> = effect.lines.iter().map(|line| format!("<code>{}</code>", escaped(line))).collect();
        writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{} to {}</td><td>{}</td></tr>",
            escaped(&effect.name),
            number(effect.mean),
            number(effect.low),
            number(effect.high),
            lines.join("<br>")
        )
        .expect("a String takes everything");
    }
    html + "</tbody></table></div>\n"
}

#[cfg(test)]
mod tests {
    use super::super::page::Effect;
    use super::*;

    #[test]
    fn measurements_have_a_plot_and_a_table_with_their_intervals() {
        let effect = |name: &str, mean, high| Effect {
            name: name.to_owned(),
            mean,
            low: mean - 0.1,
            high,
            lines: vec!["1: s1 = s2 < s3".to_owned(), "2: v1 = v2".to_owned()],
            is_beside: false,
        };
        let effects = Effects {
            title: "Knock-outs <1>".to_owned(),
            text: "Without `a part`.".to_owned(),
            label: "fitness".to_owned(),
            effects: vec![effect("all & more", 0.5, 0.6), effect("open", 0.2, f64::INFINITY), effect("none", f64::NAN, 1.0)],
        };
        let html = effects_section("r0-effects-0", &effects);
        assert!(html.contains("<h2 id=\"r0-effects-0\">Knock-outs &lt;1&gt;</h2>\n<p>Without <code>a part</code>.</p>"), "{html}");
        assert!(html.contains("Points with intervals on one axis: all &amp; more 0.500000; open 0.200000."), "{html}");
        assert_eq!(html.matches("class=\"i\"").count(), 1, "an interval without an end is not drawn");
        let row = "<th scope=\"row\">all &amp; more</th><td class=\"n\">0.500000</td><td class=\"n\">0.400000 to 0.600000</td>\
                   <td><code>1: s1 = s2 &lt; s3</code><br><code>2: v1 = v2</code></td>";
        assert!(html.contains(row), "{html}");
        assert!(html.contains("<td class=\"n\">0.100000 to –</td>") && !html.contains("NaN") && !html.contains("inf<"), "{html}");
        let beside = Effects { effects: vec![Effect { is_beside: true, ..effect("other", 0.1, 0.2) }], ..effects };
        let html = [effects_section("e", &beside), html];
        assert!(html[0].contains("class=\"f1\"") && !html[1].contains("class=\"f1\""), "it has another look");
    }

    #[test]
    fn what_could_not_be_measured_is_a_section_of_text() {
        let effects = Effects { title: "Knock-outs".to_owned(), text: "No <file>.".to_owned(), ..Effects::default() };
        let html = effects_section("e0", &effects);
        assert!(html.ends_with("<h2 id=\"e0\">Knock-outs</h2>\n<p>No &lt;file&gt;.</p>\n</section>\n"), "{html}");
    }
}
