//! Updates of parameters by the error.

use exnihilo_jit::{Op, Space};

use super::super::graph::{EdgeKind, Source};
use super::{Context, Idiom, IdiomKind};
use crate::explain::role::Role;

/// An outer product with the error in it, or scaled by it, added to or subtracted from a matrix that learns.
pub(super) fn outer_products(context: &Context) -> Vec<Idiom> {
    let updates = steps(context).filter(|&(line, _)| context.space(line) == Some(Space::Matrix));
    let with_outer_product = |(line, step): (usize, usize)| {
        let made_of = made_of(context, line, step, |from| context.space(from) == Some(Space::Matrix));
        let outer = made_of.iter().any(|&from| context.op(from) == Op::VectorOuterProduct);
        outer.then(|| Idiom::removable(IdiomKind::OuterProductUpdate, made_of.into_iter().chain([line])))
    };
    updates.filter_map(with_outer_product).collect()
}

/// What the error scales, added to or subtracted from a vector or a scalar that learns.
pub(super) fn gradient_steps(context: &Context) -> Vec<Idiom> {
    let updates = steps(context).filter(|&(line, _)| context.space(line) != Some(Space::Matrix));
    updates
        .map(|(line, step)| {
            let made_of =
                made_of(context, line, step, |from| context.space(from) == context.space(line) && context.roles[from] == Role::Gradient);
            Idiom::removable(IdiomKind::GradientStep, made_of.into_iter().chain([line]))
        })
        .collect()
}

/// The lines that add to a parameter, or subtract from it, what depends on the label, and which operand that is.
fn steps<'a>(context: &'a Context) -> impl Iterator<Item = (usize, usize)> + 'a {
    let updates = context.lines().filter(|&line| context.facts.kept[line] && context.facts.learned[line]);
    updates.filter_map(|line| {
        let of_parameter = |operand: usize| {
            let mut sources = context.sources(line, operand).into_iter();
            sources.any(|(source, _)| matches!(source, Source::Line(from) if context.facts.kept[from]))
        };
        let step = [0, 1].into_iter().find(|&operand| {
            context.facts.operand_is_taught(context.graph, line, operand) && !of_parameter(operand) && builds_on(context, line, 1 - operand)
        });
        step.filter(|_| adds(context.op(line))).map(|step| (line, step))
    })
}

fn adds(op: Op) -> bool {
    matches!(op, Op::ScalarSum | Op::ScalarDiff | Op::VectorSum | Op::VectorDiff | Op::MatrixSum | Op::MatrixDiff)
}

/// Whether an operand of a line is the line's own value of the example before, or that with something added to it.
fn builds_on(context: &Context, line: usize, operand: usize) -> bool {
    let mut seen = vec![false; context.roles.len()];
    let mut open = vec![(line, operand)];
    while let Some((reader, operand)) = open.pop() {
        for (source, kind) in context.sources(reader, operand) {
            match source {
                Source::Line(from) if from == line && kind == EdgeKind::NextExample => return true,
                Source::Line(from) if kind == EdgeKind::Now && adds(context.op(from)) && !std::mem::replace(&mut seen[from], true) => {
                    open.extend([(from, 0), (from, 1)]);
                }
                _ => {}
            }
        }
    }
    false
}

/// The lines that an operand is made of, by way of lines that are accepted only.
fn made_of(context: &Context, line: usize, operand: usize, accepted: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut found = vec![false; context.roles.len()];
    let mut open = vec![(line, operand)];
    while let Some((reader, operand)) = open.pop() {
        for (source, kind) in context.sources(reader, operand) {
            if let Source::Line(from) = source
                && context.facts.passes(from, kind)
                && !context.facts.kept[from]
                && accepted(from)
                && !std::mem::replace(&mut found[from], true)
                && context.op(from) != Op::VectorOuterProduct
            {
                open.extend([(from, 0), (from, 1)]);
            }
        }
    }
    (0..found.len()).filter(|&line| found[line]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines_of;
    use super::*;

    #[test]
    fn an_outer_product_that_is_scaled_before_it_is_added_is_one() {
        let text = "def Setup():\n  s3 = 0.01\ndef Predict():\n  v1 = dot(m0, v0)\n  s1 = mean(v1)\ndef Learn():\n  s2 = s0 - s1\n  \
                    m1 = outer(v0, v0)\n  m1 = s2 * m1\n  m1 = s3 * m1\n  m0 = m0 + m1\n";
        assert_eq!(lines_of(text, IdiomKind::OuterProductUpdate), [[5, 6, 7, 8]]);
        assert!(lines_of(text, IdiomKind::GradientStep).is_empty());
    }

    #[test]
    fn a_sum_without_label_and_a_matrix_without_outer_product_are_none() {
        let sum = "def Predict():\n  v1 = dot(m0, v0)\n  s1 = mean(v1)\ndef Learn():\n  m1 = outer(v0, v0)\n  m0 = m0 + m1\n";
        assert!(lines_of(sum, IdiomKind::OuterProductUpdate).is_empty());
        let broadcast = "def Predict():\n  v1 = dot(m0, v0)\n  s1 = mean(v1)\ndef Learn():\n  s2 = s0 - s1\n  v2 = s2 * v0\n  \
                         m1 = bcast(v2, axis=0)\n  m0 = m0 + m1\n";
        assert!(lines_of(broadcast, IdiomKind::OuterProductUpdate).is_empty());
    }

    #[test]
    fn the_error_times_the_input_added_to_weights_is_a_gradient_step() {
        let text = "def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s2 = s0 - s1\n  v2 = s2 * v0\n  v1 = v1 + v2\n";
        assert_eq!(lines_of(text, IdiomKind::GradientStep), [[3, 4]]);
        let replaced = "def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s2 = s0 - s1\n  v1 = s2 * v0\n";
        assert!(lines_of(replaced, IdiomKind::GradientStep).is_empty());
    }

    #[test]
    fn a_step_may_come_an_example_late_and_in_two_sums() {
        let late = "def Predict():\n  v4 = v0 + v5\n  s1 = dot(v6, v0)\ndef Learn():\n  v6 = v4 + v6\n  v5 = s0 * v0\n";
        assert_eq!(lines_of(late, IdiomKind::GradientStep), [[1, 3, 4]]);
        let twice = "def Predict():\n  s1 = dot(v6, v0)\ndef Learn():\n  s2 = s0 - s1\n  v5 = s2 * v0\n  v6 = v0 + v6\n  v6 = v5 + v6\n";
        assert_eq!(lines_of(twice, IdiomKind::GradientStep), [[3, 5]]);
    }
}
