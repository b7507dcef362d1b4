//! Linear layers.

use exnihilo_jit::{ComponentFunction, Op};

use super::{Context, Idiom, IdiomKind};

/// A parameter times what is made of the features, in Predict: of two vectors, or of a matrix and a vector. A parameter that is added to
/// the result is its bias.
pub(super) fn find(context: &Context) -> Vec<Idiom> {
    let layers = context.lines().filter(|&line| {
        let either = |a, b| context.is_parameter(line, a) && context.has_features(line, b);
        context.function(line) == ComponentFunction::Predict
            && match context.op(line) {
                Op::VectorInnerProduct => either(0, 1) || either(1, 0),
                Op::MatrixVectorProduct => either(0, 1),
                _ => false,
            }
    });
    layers
        .map(|line| {
            let bias = context.readers_now(line).find(|&sum| {
                let other = context.operand_from(sum, line).map(|operand| 1 - operand.min(1));
                context.function(sum) == ComponentFunction::Predict
                    && matches!(context.op(sum), Op::ScalarSum | Op::VectorSum)
                    && other.is_some_and(|other| context.is_parameter(sum, other))
            });
            Idiom::removable(IdiomKind::LinearLayer, [line].into_iter().chain(bias))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines_of;
    use super::*;

    #[test]
    fn weights_times_features_are_a_layer_and_features_times_themselves_are_not() {
        let layer = "def Setup():\n  v1[0.0] = 0.5\ndef Predict():\n  s1 = dot(v1, v0)\n";
        assert_eq!(lines_of(layer, IdiomKind::LinearLayer), [[2]]);
        let none = "def Predict():\n  v1 = v0 + v0\n  s1 = dot(v1, v0)\n";
        assert!(lines_of(none, IdiomKind::LinearLayer).is_empty());
    }
}
