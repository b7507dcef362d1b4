//! Running sums and means of parameters.

use exnihilo_jit::{Op, Space};

use super::super::graph::{EdgeKind, Source};
use super::{Context, Idiom, IdiomKind, Through};

/// A vector or matrix to which a parameter that predictions are made with is added for every example; either may be scaled before.
pub(super) fn find(context: &Context) -> Vec<Idiom> {
    context.lines().filter(|&line| context.facts.kept[line]).filter_map(|line| at(context, line)).collect()
}

fn at(context: &Context, line: usize) -> Option<Idiom> {
    if !matches!(context.op(line), Op::VectorSum | Op::MatrixSum) {
        return None;
    }
    let own = |operand: usize| {
        let (sources, scaling) = scaled(context, line, operand);
        sources.contains(&(Source::Line(line), EdgeKind::NextExample)).then_some(scaling)
    };
    let weights = |operand: usize| {
        let (sources, scaling) = scaled(context, line, operand);
        let is_weight = |source| matches!(source, Source::Line(from) if from != line && is_weight(context, from));
        sources.into_iter().any(|(source, _)| is_weight(source)).then_some(scaling)
    };
    [0, 1].into_iter().find_map(|operand| {
        let lines = own(1 - operand)?.into_iter().chain(weights(operand)?).chain([line]);
        Some(Idiom::bypassed(IdiomKind::WeightAveraging, lines, vec![Through { line, operand }]))
    })
}

/// Where an operand comes from, and the line that scales it if one does.
fn scaled(context: &Context, line: usize, operand: usize) -> (Vec<(Source, EdgeKind)>, Option<usize>) {
    match context.graph.only_source(line, operand) {
        Some(from) if matches!(context.op(from), Op::ScalarVectorProduct | Op::ScalarMatrixProduct) && !context.has_label(from, 0) => {
            (context.sources(from, 1), Some(from))
        }
        _ => (context.sources(line, operand), None),
    }
}

/// Whether a line writes a parameter that is read on the way to a prediction, as it is or as a copy.
fn is_weight(context: &Context, line: usize) -> bool {
    let large = context.space(line) != Some(Space::Scalar);
    let reads = |line: usize| context.facts.readers[line].iter().map(|&(to, _)| to);
    let predicts = |line: usize| {
        reads(line).any(|to| {
            let product = matches!(context.op(to), Op::VectorInnerProduct | Op::MatrixVectorProduct | Op::MatrixMatrixProduct);
            product && context.facts.predicts[to]
        })
    };
    let copies = |to: &usize| {
        let instruction = context.program.instructions()[*to];
        matches!(instruction.op(), Op::VectorMax | Op::VectorMin | Op::MatrixMax | Op::MatrixMin) && instruction.in1() == instruction.in2()
    };
    let learns = context.facts.kept[line] && context.facts.learned[line];
    large && learns && (predicts(line) || reads(line).filter(copies).any(predicts))
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines_of;
    use super::*;

    /// The accumulation of the paper's best program: Predict leaves the sum in place, Learn puts the weights back.
    const ACCUMULATED: &str = "def Setup():\n  s2 = 0.01\ndef Predict():\n  s1 = dot(v0, v1)\n  v3 = v3 + v2\n  v1 = maximum(v3, v3)\n\
                               def Learn():\n  s3 = s0 - s1\n  s3 = s3 * s2\n  v4 = s3 * v0\n  v2 = v2 + v4\n  v1 = maximum(v2, v2)\n";

    #[test]
    fn a_running_sum_of_weights_is_averaging() {
        assert_eq!(lines_of(ACCUMULATED, IdiomKind::WeightAveraging), [[3]]);
        let mean = "def Setup():\n  s2 = 0.9\n  s3 = 0.1\ndef Predict():\n  s4 = dot(v0, v1)\n  s5 = dot(v0, v3)\n  s1 = s4 + s5\n\
                    def Learn():\n  s3 = s0 - s1\n  v4 = s3 * v0\n  v1 = v1 + v4\n  v3 = s2 * v3\n  v5 = s2 * v1\n  v3 = v3 + v5\n";
        assert_eq!(lines_of(mean, IdiomKind::WeightAveraging), [[9, 10, 11]]);
        assert_eq!(lines_of(mean, IdiomKind::GradientStep), [[7, 8]]);
    }

    #[test]
    fn momentum_is_none() {
        let momentum = "def Setup():\n  s2 = 0.01\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s3 = s0 - s1\n  s3 = s3 * s2\n  \
                        v4 = s3 * v0\n  v2 = v2 + v4\n  v1 = v1 + v2\n";
        assert!(lines_of(momentum, IdiomKind::WeightAveraging).is_empty());
    }
}
