//! Noise in what predictions are made of.

use exnihilo_jit::{ComponentFunction, Op};

use super::{Context, Idiom, IdiomKind, Through};

/// A random draw for every example that is combined with the features or with an activation in Predict.
pub(super) fn find(context: &Context) -> Vec<Idiom> {
    let drawn_anew = |&line: &usize| context.op(line).is_random() && context.function(line) != ComponentFunction::Setup;
    let mut seen = vec![None; context.roles.len()];
    let mut noises: Vec<Noise> = Vec::new();
    for draw in context.lines().filter(drawn_anew) {
        let (noise, meets) = follow(context, draw, noises.len(), &mut seen);
        // Draws that are mixed before they are used are one noise.
        match meets {
            Some(earlier) => {
                noises[earlier].lines.extend(noise.lines);
                noises[earlier].through.extend(noise.through);
                noises.push(Noise::default());
            }
            None => noises.push(noise),
        }
    }
    let used = noises.into_iter().filter(|noise| !noise.through.is_empty());
    used.map(|mut noise| {
        noise.through.sort_by_key(|through| through.line);
        Idiom::bypassed(IdiomKind::InputNoise, noise.lines, noise.through)
    })
    .collect()
}

/// What noise goes through.
#[derive(Default)]
struct Noise {
    lines: Vec<usize>,
    through: Vec<Through>,
}

/// Follows a draw to where it is combined with what is made of the features. Tells the noise that it meets on the way, if one was there
/// before; `seen` has the number of the noise that each line belongs to.
fn follow(context: &Context, draw: usize, number: usize, seen: &mut [Option<usize>]) -> (Noise, Option<usize>) {
    let (mut noise, mut meets, mut open) = (Noise { lines: vec![draw], through: Vec::new() }, None, vec![draw]);
    seen[draw] = Some(number);
    while let Some(line) = open.pop() {
        for &(to, _) in context.facts.readers[line].iter().filter(|(to, _)| context.facts.live[*to]) {
            let Some(operand) = context.operand_from(to, line) else { continue };
            let combined = combines(context.op(to)) && context.facts.predicts[to] && context.has_features(to, 1 - operand);
            // Noise that is scaled or bent before it is used.
            let bent = !context.facts.features[to] && !context.facts.label[to] && !context.facts.kept[to];
            match seen[to] {
                Some(known) if known != number && (combined || bent) => meets = meets.or(Some(known)),
                None if combined => {
                    noise.through.push(Through { line: to, operand: 1 - operand });
                    seen[to] = Some(number);
                    noise.lines.push(to);
                }
                None if bent => {
                    seen[to] = Some(number);
                    noise.lines.push(to);
                    open.push(to);
                }
                _ => {}
            }
        }
    }
    if let Some(earlier) = meets {
        noise.lines.iter().for_each(|&line| seen[line] = Some(earlier));
    }
    (noise, meets)
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
        let mixed = with("", "  v2 = gaussian(0.0, 1.0)\n  v6 = uniform(-1.0, 1.0)\n  v2 = v2 * v6\n");
        assert_eq!(lines_of(&mixed, IdiomKind::InputNoise), [[1, 2, 3, 4]]);
    }

    #[test]
    fn a_draw_of_setup_is_none() {
        assert!(lines_of(&with("  v2 = uniform(-0.1, 0.1)\n", ""), IdiomKind::InputNoise).is_empty());
    }
}
