//! Noise in what predictions are made of.

use exnihilo_jit::{ComponentFunction, Op};

use super::{Context, Idiom, IdiomKind, Through};

/// A random draw for every example that is combined with the features or with an activation in Predict.
pub(super) fn find(context: &Context) -> Vec<Idiom> {
    let drawn_anew = |&line: &usize| context.op(line).is_random() && context.function(line) != ComponentFunction::Setup;
    context.lines().filter(drawn_anew).filter_map(|line| at(context, line)).collect()
}

fn at(context: &Context, draw: usize) -> Option<Idiom> {
    let (mut lines, mut through, mut open) = (vec![draw], Vec::new(), vec![draw]);
    while let Some(line) = open.pop() {
        for &(to, _) in &context.facts.readers[line] {
            if lines.contains(&to) || !context.facts.live[to] {
                continue;
            }
            let Some(noise) = context.operand_from(to, line) else { continue };
            if combines(context.op(to)) && context.facts.predicts[to] && context.has_features(to, 1 - noise) {
                lines.push(to);
                through.push(Through { line: to, operand: 1 - noise });
            } else if !context.facts.features[to] && !context.facts.label[to] && !context.facts.kept[to] {
                // Noise that is scaled or bent before it is used.
                lines.push(to);
                open.push(to);
            }
        }
    }
    through.sort_by_key(|through| through.line);
    (!through.is_empty()).then(|| Idiom::bypassed(IdiomKind::InputNoise, lines, through))
}

/// Whether both operands and the result are of one space.
fn combines(op: Op) -> bool {
    op.inputs().len() == 2 && op.output().is_some_and(|space| op.inputs() == [space; 2]) && op != Op::MatrixMatrixProduct
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines_of;
    use super::*;

    fn with(setup: &str, predict: &str) -> String {
        format!(
            "def Setup():\n{setup}def Predict():\n{predict}  v3 = v0 + v2\n  s1 = dot(v3, v1)\n\
             def Learn():\n  s2 = s0 - s1\n  v4 = s2 * v0\n  v1 = v1 + v4\n"
        )
    }

    #[test]
    fn a_draw_for_every_example_added_to_the_features_is_input_noise() {
        assert_eq!(lines_of(&with("", "  v2 = uniform(-0.1, 0.1)\n"), IdiomKind::InputNoise), [[1, 2]]);
        let in_learn = "def Predict():\n  v3 = v0 + v2\n  v5 = v0 - v2\n  v6 = v3 * v5\n  s1 = dot(v6, v1)\ndef Learn():\n  s2 = s0 - s1\n  \
                        v4 = s2 * v0\n  v1 = v1 + v4\n  v2 = gaussian(0.0, 0.1)\n";
        assert_eq!(lines_of(in_learn, IdiomKind::InputNoise), [[1, 2, 8]]);
        let scaled = with("  s3 = 0.1\n", "  v2 = gaussian(0.0, 1.0)\n  v2 = s3 * v2\n");
        assert_eq!(lines_of(&scaled, IdiomKind::InputNoise), [[2, 3, 4]]);
    }

    #[test]
    fn a_draw_of_setup_is_none() {
        assert!(lines_of(&with("  v2 = uniform(-0.1, 0.1)\n", ""), IdiomKind::InputNoise).is_empty());
    }
}
