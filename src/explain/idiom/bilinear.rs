//! Bilinear forms.

use exnihilo_jit::{ComponentFunction, Op};

use super::{Context, Idiom, IdiomKind};

/// The inner product of a vector made of the features and of a matrix times such a vector, in Predict.
pub(super) fn find(context: &Context) -> Vec<Idiom> {
    let forms = context.lines().filter(|&line| {
        context.function(line) == ComponentFunction::Predict
            && context.op(line) == Op::VectorInnerProduct
            && [0, 1].into_iter().all(|operand| context.has_features(line, operand))
    });
    let with_product = |line: usize| {
        let product = [0, 1].into_iter().filter_map(|operand| context.graph.only_source(line, operand)).find(|&product| {
            context.op(product) == Op::MatrixVectorProduct && context.is_parameter(product, 0) && context.has_features(product, 1)
        })?;
        Some(Idiom::removable(IdiomKind::BilinearForm, [product, line]))
    };
    forms.filter_map(with_product).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines_of;
    use super::*;

    #[test]
    fn features_on_both_sides_of_a_matrix_are_a_bilinear_form_and_weights_on_one_are_not() {
        let learn = "def Learn():\n  s2 = s0 - s1\n  v2 = s2 * v0\n  m1 = outer(v2, v0)\n  m0 = m0 + m1\n  v3 = v3 + v2\n";
        let form = format!("def Predict():\n  v1 = dot(m0, v0)\n  s1 = dot(v0, v1)\n{learn}");
        assert_eq!(lines_of(&form, IdiomKind::BilinearForm), [[1, 2]]);
        let net = format!("def Predict():\n  v1 = dot(m0, v0)\n  s1 = dot(v3, v1)\n{learn}");
        assert!(lines_of(&net, IdiomKind::BilinearForm).is_empty());
    }
}
