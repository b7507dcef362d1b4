//! Two-layer networks that are not learned.

use exnihilo_jit::{ComponentFunction, Op};

use super::super::graph::Source;
use super::{Context, Idiom, IdiomKind};

/// Those ReLUs of a program that have the structure of a two-layer teacher around them, u . relu(M x), with M and u set element by element
/// in Setup and never changed: a program that has learned one task by heart (the paper, figure 5, with a single task).
pub(super) fn find(context: &Context, relus: &[Idiom]) -> Vec<Idiom> {
    relus.iter().filter_map(|relu| of_relu(context, relu.through[0].line, relu.through[0].operand)).collect()
}

fn of_relu(context: &Context, relu: usize, operand: usize) -> Option<Idiom> {
    let first = context.graph.only_source(relu, operand)?;
    let features = |read: &(Source, _)| read.0 == Source::Features;
    if context.op(first) != Op::MatrixVectorProduct || !context.sources(first, 1).iter().all(features) {
        return None;
    }
    let matrix = constants(context, first, 0)?;
    let (second, vector) = context.readers_now(relu).find_map(|second| {
        let weights = 1 - context.operand_from(second, relu)?;
        let inner = context.op(second) == Op::VectorInnerProduct;
        Some((second, constants(context, second, weights).filter(|_| inner)?))
    })?;
    let constants: Vec<usize> = matrix.into_iter().chain(vector).collect();
    let lines = constants.iter().copied().chain([first, relu, second]);
    Some(Idiom { removed: super::ascending(constants.clone()), ..Idiom::removable(IdiomKind::TeacherWeights, lines) })
}

/// The lines of Setup that set an operand element by element, if that is all that ever writes it.
fn constants(context: &Context, line: usize, operand: usize) -> Option<Vec<usize>> {
    let mut from = context.graph.only_source(line, operand)?;
    let mut lines = Vec::new();
    while context.function(from) == ComponentFunction::Setup && context.op(from).writes_one_element() {
        lines.push(from);
        match context.graph.only_source(from, 0) {
            Some(earlier) => from = earlier,
            None => return Some(lines),
        }
    }
    // What the elements are set in is a draw or computed.
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines_of;
    use super::*;

    const PREDICT: &str = "def Predict():\n  v2 = dot(m0, v0)\n  v3 = maximum(v2, v4)\n  s1 = dot(v3, v1)\n";

    #[test]
    fn a_network_of_constants_is_a_teacher_learned_by_heart() {
        let text = format!("def Setup():\n  m0[0.3, 0.6] = 1.5\n  v1[0.3] = -0.7\n  m0[0.9, 0.1] = 0.4\n{PREDICT}");
        assert_eq!(lines_of(&text, IdiomKind::TeacherWeights), [[1, 2, 3, 4, 5, 6]]);
    }

    #[test]
    fn a_network_with_drawn_or_learned_weights_is_none() {
        let drawn = format!("def Setup():\n  m0 = gaussian(0.0, 1.0)\n  m0[0.3, 0.6] = 1.5\n  v1[0.3] = -0.7\n{PREDICT}");
        assert!(lines_of(&drawn, IdiomKind::TeacherWeights).is_empty());
        let learned = format!(
            "def Setup():\n  m0[0.3, 0.6] = 1.5\n  v1[0.3] = -0.7\n{PREDICT}def Learn():\n  s2 = s0 - s1\n  v5 = s2 * v3\n  v1 = v1 + v5\n"
        );
        assert!(lines_of(&learned, IdiomKind::TeacherWeights).is_empty());
        assert!(lines_of("net", IdiomKind::TeacherWeights).is_empty());
    }
}
