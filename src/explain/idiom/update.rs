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
        let adds =
            matches!(context.op(line), Op::ScalarSum | Op::ScalarDiff | Op::VectorSum | Op::VectorDiff | Op::MatrixSum | Op::MatrixDiff);
        let own = |operand: usize| context.sources(line, operand).contains(&(Source::Line(line), EdgeKind::NextExample));
        let step = [0, 1].into_iter().find(|&operand| context.has_label(line, operand) && own(1 - operand));
        step.filter(|_| adds).map(|step| (line, step))
    })
}

/// The lines that an operand is made of for the example, by way of lines that are accepted only.
fn made_of(context: &Context, line: usize, operand: usize, accepted: impl Fn(usize) -> bool) -> Vec<usize> {
    let now = |reads: Vec<(Source, EdgeKind)>| {
        reads.into_iter().filter_map(|(source, kind)| match source {
            Source::Line(from) if kind == EdgeKind::Now => Some(from),
            _ => None,
        })
    };
    let mut open: Vec<usize> = now(context.sources(line, operand)).filter(|&from| accepted(from)).collect();
    let mut found = open.clone();
    while let Some(line) = open.pop() {
        if context.op(line) == Op::VectorOuterProduct {
            continue;
        }
        for from in [0, 1].into_iter().flat_map(|operand| now(context.sources(line, operand))) {
            if accepted(from) && !context.facts.kept[from] && !found.contains(&from) {
                found.push(from);
                open.push(from);
            }
        }
    }
    found
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
}
