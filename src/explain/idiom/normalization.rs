//! Division of errors and gradients by norms.

use exnihilo_jit::Op;

use super::{Context, Idiom, IdiomKind, Through};

/// What depends on the label divided by a norm, or multiplied by the reciprocal of one. The norm is that of the gradient itself or of
/// something else: it bounds the update in either case.
pub(super) fn find(context: &Context) -> Vec<Idiom> {
    context.lines().filter_map(|line| at(context, line)).collect()
}

fn at(context: &Context, line: usize) -> Option<Idiom> {
    let (operand, divisor) = match context.op(line) {
        Op::ScalarDivision | Op::VectorDivision | Op::MatrixDivision => (0, norm(context, line, 1)?),
        Op::ScalarProduct if context.has_label(line, 0) => (0, reciprocal(context, line, 1)?),
        Op::ScalarProduct | Op::ScalarVectorProduct | Op::ScalarMatrixProduct => (1, reciprocal(context, line, 0)?),
        Op::VectorProduct | Op::MatrixProduct if context.has_label(line, 0) => (0, reciprocal(context, line, 1)?),
        Op::VectorProduct | Op::MatrixProduct => (1, reciprocal(context, line, 0)?),
        _ => return None,
    };
    let lines = divisor.into_iter().chain([line]);
    context.has_label(line, operand).then(|| Idiom::bypassed(IdiomKind::GradientNormalization, lines, vec![Through { line, operand }]))
}

/// The lines that make an operand a norm, or one that is spread over a vector or a matrix.
fn norm(context: &Context, line: usize, operand: usize) -> Option<Vec<usize>> {
    let from = context.graph.only_source(line, operand)?;
    match context.op(from) {
        Op::VectorNorm | Op::MatrixNorm | Op::MatrixRowNorm | Op::MatrixColumnNorm => Some(vec![from]),
        Op::ScalarBroadcast | Op::VectorColumnBroadcast | Op::VectorRowBroadcast => {
            let inner = context.graph.only_source(from, 0)?;
            let is_norm = matches!(context.op(inner), Op::VectorNorm | Op::MatrixRowNorm | Op::MatrixColumnNorm | Op::MatrixNorm);
            is_norm.then(|| vec![inner, from])
        }
        _ => None,
    }
}

/// The lines that make an operand a constant or a rate over a norm.
fn reciprocal(context: &Context, line: usize, operand: usize) -> Option<Vec<usize>> {
    let from = context.graph.only_source(line, operand)?;
    let divisor = match context.op(from) {
        Op::ScalarReciprocal | Op::VectorReciprocal | Op::MatrixReciprocal => 0,
        Op::ScalarDivision if !context.has_label(from, 0) => 1,
        _ => return None,
    };
    let mut lines = norm(context, from, divisor)?;
    lines.push(from);
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines_of;
    use super::*;

    fn with(learn: &str) -> String {
        format!("def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s2 = s0 - s1\n  v2 = s2 * v0\n{learn}  v1 = v1 + v2\n")
    }

    #[test]
    fn a_gradient_over_its_norm_is_normalized() {
        let by_reciprocal = with("  s3 = norm(v2)\n  s4 = 1 / s3\n  v2 = s4 * v2\n");
        assert_eq!(lines_of(&by_reciprocal, IdiomKind::GradientNormalization), [[4, 5, 6]]);
        let by_division = with("  s3 = norm(v2)\n  v3 = bcast(s3)\n  v2 = v2 / v3\n");
        assert_eq!(lines_of(&by_division, IdiomKind::GradientNormalization), [[4, 5, 6]]);
        let of_error = "def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s2 = s0 - s1\n  s3 = norm(v0)\n  s2 = s2 / s3\n  v2 = s2 * v0\n  v1 = v1 + v2\n";
        assert_eq!(lines_of(of_error, IdiomKind::GradientNormalization), [[3, 4]]);
    }

    #[test]
    fn a_product_with_the_norm_and_a_mean_are_none() {
        for other in ["  s3 = norm(v2)\n  v2 = s3 * v2\n", "  s3 = mean(v2)\n  s4 = 1 / s3\n  v2 = s4 * v2\n"] {
            assert!(lines_of(&with(other), IdiomKind::GradientNormalization).is_empty(), "{other}");
        }
    }
}
