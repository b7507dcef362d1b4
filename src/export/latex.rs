//! LaTeX: the algorithm as a document of its own, in the notation of mathematics.

use std::fmt::Write;

use exnihilo_jit::lang::{Data, Distribution, Extent, Reduction};
use exnihilo_jit::{ComponentFunction, Instruction, Scoring, Space};

use super::form::{Element, Form, name_of};
use super::{Line, Source};

/// The whole document.
pub(super) fn write(source: &Source) -> String {
    let title = source.title();
    let mut out = format!(
        "% {title}.\n% pdflatex FILE.tex makes a page of it; the lines between the comments go into a paper that loads amsmath.\n\
         \\documentclass{{article}}\n\\usepackage{{amsmath}}\n\\allowdisplaybreaks\n\\begin{{document}}\n% The algorithm\n\
         \\noindent {}\n",
        introduction(source.scoring),
    );
    let roles: Vec<String> = source
        .memory
        .all()
        .filter(|&(space, address)| source.memory.uses(space, address))
        .filter_map(|place| Some((place, source.memory.role(place.0, place.1))).filter(|(_, role)| !role.is_empty()))
        .map(|(place, role)| format!("${}$: {role}", name(place)))
        .collect();
    if !roles.is_empty() {
        let _ = write!(out, "\nMemory, zero at first: {}.\n", roles.join("; "));
    }
    for function in ComponentFunction::ALL {
        let with_note = |line: Line| Some(format!("{} && \\text{{{}}}", equation(line.instruction)?, in_notation(&line.note)));
        let lines: Vec<String> = source.lines(function).filter_map(with_note).collect();
        let _ = write!(out, "\n\\medskip\\noindent\\textbf{{def}} \\texttt{{{}}}():", function.name());
        if lines.is_empty() {
            out += " nothing.\n";
        } else {
            let _ = write!(out, "\n\\begin{{align*}}\n{}\n\\end{{align*}}\n", lines.join(" \\\\\n"));
        }
    }
    out += "% End of the algorithm\n\\end{document}\n";
    out
}

const fn introduction(scoring: Scoring) -> &'static str {
    match scoring {
        Scoring::Rms => {
            "Setup runs once. For each training example Predict runs on the features $\\mathbf{v}_0$ and leaves its prediction in $s_1$; then Learn \
             runs with the label in $s_0$, which is 0 otherwise."
        }
        Scoring::Accuracy => {
            "Setup runs once. For each training example Predict runs on the features $\\mathbf{v}_0$; its result $s_1$ becomes the prediction \
             $1 / (1 + e^{-s_1})$; then Learn runs with the label, 0 or 1, in $s_0$, which is 0 otherwise."
        }
        Scoring::Classes => {
            "Setup runs once. For each training example Predict runs on the features $\\mathbf{v}_0$; the first ten elements of $\\mathbf{v}_2$ become \
             their softmax; then Learn runs with the label in $\\mathbf{v}_1$, 1 at the class and 0 elsewhere, which is 0 otherwise."
        }
    }
}

/// An address.
fn name((space, address): (Space, u8)) -> String {
    match space {
        Space::Scalar => format!("s_{{{address}}}"),
        Space::Vector => format!("\\mathbf{{v}}_{{{address}}}"),
        Space::Matrix => format!("\\mathbf{{M}}_{{{address}}}"),
    }
}

/// A text in which addresses are written as in equations.
fn in_notation(text: &str) -> String {
    let word = |word: &str| {
        let (bare, end) = word.strip_suffix(',').map_or((word, ""), |bare| (bare, ","));
        let address = Space::ALL.into_iter().find_map(|space| Some((space, bare.strip_prefix(space.letter())?.parse().ok()?)));
        address.map_or_else(|| word.to_owned(), |address| format!("${}${end}", name(address)))
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// One instruction.
fn equation(instruction: &Instruction) -> Option<String> {
    let written = instruction.writes()?;
    let out = name(written);
    let reads: Vec<(Space, u8)> = instruction.reads().collect();
    let input = |which: usize| reads.get(which).copied().map(name).unwrap_or_default();
    let (a, b) = (input(0), input(1));
    let all_scalars = reads.iter().all(|(space, _)| *space == Space::Scalar);
    let value = match Form::of(instruction) {
        Form::Nothing => return None,
        Form::Elementwise(element) => match element {
            Element::Infix('*') if all_scalars => format!("{a} \\cdot {b}"),
            Element::Infix('*') if reads[0].0 == Space::Scalar => format!("{a} \\, {b}"),
            Element::Infix('*') => format!("{a} \\odot {b}"),
            Element::Infix('/') if all_scalars => format!("{a} / {b}"),
            Element::Infix('/') => format!("{a} \\oslash {b}"),
            Element::Infix(symbol) => format!("{a} {symbol} {b}"),
            Element::Reciprocal if all_scalars => format!("1 / {a}"),
            Element::Reciprocal => format!("1 \\oslash {a}"),
            Element::Abs => format!("\\lvert {a} \\rvert"),
            Element::Step(relation) => format!("[{a} {} 0]", if relation == ">" { ">" } else { "\\ge" }),
            Element::Choice { relation, .. } => format!("\\{}({a}, {b})", if relation == '<' { "min" } else { "max" }),
            Element::Same => format!("{a} \\, \\mathbf{{1}}"),
            Element::Function(function) => format!("\\{function}({a})"),
        },
        Form::Repeat(0) => format!("{a} \\, \\mathbf{{1}}^\\top"),
        Form::Repeat(_) => format!("\\mathbf{{1}} \\, {a}^\\top"),
        Form::Outer => format!("{a} \\, {b}^\\top"),
        Form::Transpose => format!("{a}^\\top"),
        Form::Dot if written.0 == Space::Scalar => format!("{a}^\\top {b}"),
        Form::Dot => format!("{a} \\, {b}"),
        Form::Reduce(reduction, extent) => {
            let along = match extent {
                Extent::All => "",
                Extent::Rows => "_{\\text{rows}}",
                Extent::Columns => "_{\\text{columns}}",
            };
            match reduction {
                Reduction::Norm => format!("\\lVert {a} \\rVert{along}"),
                reduction => format!("\\operatorname{{{}}}{along}({a})", name_of(reduction)),
            }
        }
        Form::Constant => return Some(constant(&out, instruction.data())),
        Form::Draw(distribution) => {
            let (a, b) = match instruction.data() {
                Data::Uniform { low, high } => (number(low), number(high)),
                Data::Gaussian { mean, st_dev } => (number(mean), number(st_dev)),
                _ => return None,
            };
            return Some(match distribution {
                Distribution::Uniform => format!("{out} &\\sim \\mathcal{{U}}({a}, {b})"),
                Distribution::Gaussian if b.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
                    format!("{out} &\\sim \\mathcal{{N}}({a}, {b}^2)")
                }
                Distribution::Gaussian => format!("{out} &\\sim \\mathcal{{N}}({a}, ({b})^2)"),
            });
        }
    };
    Some(format!("{out} &= {value}"))
}

/// Sets a scalar or one element, whose place is a fraction of F.
fn constant(out: &str, data: Data) -> String {
    let place = |fraction: f32| format!("\\lfloor {} F \\rfloor", number(fraction));
    match data {
        Data::VectorConst { index, value } => format!("{out}[{}] &= {}", place(index), number(value)),
        Data::MatrixConst { row, column, value } => format!("{out}[{}, {}] &= {}", place(row), place(column), number(value)),
        Data::ScalarConst(value) => format!("{out} &= {}", number(value)),
        _ => String::new(),
    }
}

/// A number in the shortest decimal of its type, with a power of ten where it has an exponent.
fn number<T: std::fmt::Debug + Copy + Into<f64>>(value: T) -> String {
    let wide: f64 = value.into();
    if wide.is_nan() {
        return "\\mathrm{NaN}".to_owned();
    }
    if wide.is_infinite() {
        return if wide > 0.0 { "\\infty" } else { "-\\infty" }.to_owned();
    }
    let text = format!("{value:?}");
    match text.split_once('e') {
        None => text.strip_suffix(".0").map_or(text.clone(), str::to_owned),
        Some(("1", exponent)) => format!("10^{{{exponent}}}"),
        Some((mantissa, exponent)) => format!("{mantissa} \\cdot 10^{{{exponent}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::instruction_of;
    use super::super::{Export, Language};
    use super::*;
    use exnihilo_jit::{Op, known_program};

    #[test]
    fn every_op_has_an_equation_of_its_own() {
        let mut equations = std::collections::BTreeSet::new();
        for op in Op::ALL.into_iter().filter(|op| *op != Op::NoOp) {
            let equation = equation(&instruction_of(op, [2, 3, 1])).expect("it writes something");
            assert_eq!(equation.matches('{').count(), equation.matches('}').count(), "{equation}");
            assert_eq!(equation.matches('&').count(), 1, "{equation}");
            assert!(equations.insert(equation.clone()), "{op} is written as another op: {equation}");
        }
    }

    #[test]
    fn the_network_is_written_as_in_the_paper() {
        let program = known_program("net").expect("a known name");
        let export = Export { as_written: true, ..Export::new(&program, Scoring::Rms) };
        let text = export.to(Language::Latex).expect("a valid export");
        for line in [
            "\\mathbf{M}_{0} &\\sim \\mathcal{N}(0, 0.1^2) && \\text{first value of $\\mathbf{M}_{0}$}",
            "\\mathbf{v}_{3} &= \\mathbf{M}_{0} \\, \\mathbf{v}_{0} && \\text{activation} \\\\",
            "\\mathbf{v}_{5} &= s_{3} \\, \\mathbf{v}_{4} && \\text{gradient for $\\mathbf{v}_{2}$, $\\mathbf{M}_{0}$} \\\\",
            "\\mathbf{M}_{1} &= \\mathbf{v}_{6} \\, \\mathbf{v}_{0}^\\top && \\text{gradient for $\\mathbf{M}_{0}$} \\\\",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_mathematics() {
        let numbers = [0.0, -1.0, 0.25, 1e-7, -2.5e30, f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(number);
        let expected = ["0", "-1", "0.25", "10^{-7}", "-2.5 \\cdot 10^{30}", "\\infty", "-\\infty", "\\mathrm{NaN}"];
        assert_eq!(numbers, expected);
    }
}
