//! Rectified linear units.

use std::collections::BTreeMap;

use exnihilo_jit::Op;

use super::super::graph::{EdgeKind, Source};
use super::{Context, Idiom, IdiomKind, Through};

/// `maximum` of something made of the features and zero, or its product with its own heaviside. The heaviside of the same in what learns,
/// times a gradient, is part of it: the gradient of the ReLU.
pub(super) fn find(context: &Context) -> Vec<Idiom> {
    // Steps by what they are steps of. Two units of one input have the same gradient, which is told of the first.
    let mut steps: BTreeMap<Vec<(Source, EdgeKind)>, Vec<usize>> = BTreeMap::new();
    for step in context.lines().filter(|&step| is_heaviside(context.op(step))) {
        steps.entry(context.sources(step, 0)).or_default().push(step);
    }
    context.lines().filter_map(|line| at(context, line, &mut steps)).collect()
}

/// The one whose result is that of a line.
fn at(context: &Context, line: usize, steps: &mut BTreeMap<Vec<(Source, EdgeKind)>, Vec<usize>>) -> Option<Idiom> {
    let operand = rectified(context, line)?;
    let mut lines = vec![line];
    let mut through = vec![Through { line, operand }];
    if let Some(step) = context.graph.only_source(line, 1 - operand).filter(|&step| is_heaviside(context.op(step))) {
        lines.push(step);
    }
    let of_input = steps.remove(&context.sources(line, operand)).unwrap_or_default();
    let of_output = steps.remove(&vec![(Source::Line(line), EdgeKind::Now)]).unwrap_or_default();
    for step in of_input.into_iter().chain(of_output) {
        for product in context.readers_now(step).filter(|&product| is_product(context.op(product))) {
            let Some(mask) = context.operand_from(product, step) else { continue };
            if context.has_label(product, 1 - mask) {
                lines.extend([step, product]);
                through.push(Through { line: product, operand: 1 - mask });
            }
        }
    }
    Some(Idiom::bypassed(IdiomKind::Relu, lines, through))
}

/// Which operand a line rectifies.
fn rectified(context: &Context, line: usize) -> Option<usize> {
    let with_features = |operand: &usize| context.has_features(line, *operand) && !context.has_label(line, *operand);
    match context.op(line) {
        Op::ScalarMax | Op::VectorMax | Op::MatrixMax => {
            [0, 1].into_iter().filter(with_features).find(|operand| context.is_zero(line, 1 - operand))
        }
        op if is_product(op) => [0, 1].into_iter().filter(with_features).find(|&operand| {
            let step = context.graph.only_source(line, 1 - operand);
            step.is_some_and(|step| is_heaviside(context.op(step)) && context.sources(step, 0) == context.sources(line, operand))
        }),
        _ => None,
    }
}

fn is_heaviside(op: Op) -> bool {
    matches!(op, Op::ScalarHeaviside | Op::VectorHeaviside | Op::MatrixHeaviside)
}

fn is_product(op: Op) -> bool {
    matches!(op, Op::ScalarProduct | Op::VectorProduct | Op::MatrixProduct)
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines_of;
    use super::*;

    #[test]
    fn a_maximum_with_zero_and_a_product_with_the_heaviside_are_relus() {
        let maximum = "def Setup():\n  s2 = 0.0\ndef Predict():\n  s3 = mean(v0)\n  s1 = maximum(s2, s3)\n";
        assert_eq!(lines_of(maximum, IdiomKind::Relu), [[3]]);
        let product = "def Predict():\n  v1 = heaviside(v0)\n  v2 = v0 * v1\n  s1 = mean(v2)\n";
        assert_eq!(lines_of(product, IdiomKind::Relu), [[1, 2]]);
    }

    #[test]
    fn other_maxima_and_products_are_not() {
        let maximum = "def Setup():\n  s2 = 0.5\ndef Predict():\n  s3 = mean(v0)\n  s1 = maximum(s2, s3)\n";
        assert!(lines_of(maximum, IdiomKind::Relu).is_empty());
        let product = "def Predict():\n  v3 = abs(v0)\n  v1 = heaviside(v3)\n  v2 = v0 * v1\n  s1 = mean(v2)\n";
        assert!(lines_of(product, IdiomKind::Relu).is_empty());
    }
}
