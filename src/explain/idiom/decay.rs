//! Learning rates that change by themselves.

use exnihilo_jit::{ComponentFunction, Space};

use super::super::graph::Source;
use super::{Context, Idiom, IdiomKind};

/// A scalar that is kept from example to example, that no label changes, and that is or becomes a learning rate.
pub(super) fn find(context: &Context) -> Vec<Idiom> {
    let kept = |&line: &usize| context.space(line) == Some(Space::Scalar) && context.facts.kept[line] && !context.facts.learned[line];
    context.lines().filter(kept).filter_map(|line| at(context, line)).collect()
}

fn at(context: &Context, line: usize) -> Option<Idiom> {
    let inner = |&other: &usize| {
        context.space(other) == Some(Space::Scalar)
            && context.function(other) != ComponentFunction::Setup
            && !context.facts.learned[other]
            && !context.facts.features[other]
    };
    let closure = |next: &dyn Fn(usize) -> Vec<usize>| {
        let (mut found, mut open) = (vec![false; context.roles.len()], vec![line]);
        found[line] = true;
        while let Some(line) = open.pop() {
            for other in next(line).into_iter().filter(inner) {
                if !std::mem::replace(&mut found[other], true) {
                    open.push(other);
                }
            }
        }
        found
    };
    let after = closure(&|line| context.facts.readers[line].iter().map(|&(to, _)| to).collect());
    let before = closure(&|line| {
        let reads = context.graph.nodes()[line].reads.iter();
        reads.filter_map(|read| if let Source::Line(from) = read.source { Some(from) } else { None }).collect()
    });
    let all = 0..context.roles.len();
    let is_rate = all.clone().any(|line| after[line] && !context.facts.scales[line].is_empty());
    let lines = all.filter(|&line| before[line] && after[line]);
    is_rate.then(|| Idiom { removed: vec![line], ..Idiom::removable(IdiomKind::LearningRateDecay, lines) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines_of;
    use super::*;

    fn with(learn: &str) -> String {
        format!(
            "def Setup():\n  s2 = 0.1\n  s4 = 0.99\ndef Predict():\n  s1 = dot(v0, v1)\n\
             def Learn():\n{learn}  s3 = s0 - s1\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n"
        )
    }

    #[test]
    fn a_rate_that_shrinks_with_every_example_decays() {
        assert_eq!(lines_of(&with("  s2 = s2 * s4\n"), IdiomKind::LearningRateDecay), [[4]]);
        assert_eq!(lines_of(&with("  s5 = sin(s2)\n  s2 = arctan(s5)\n"), IdiomKind::LearningRateDecay), [[4, 5]]);
    }

    #[test]
    fn a_rate_that_is_set_anew_and_a_scalar_weight_do_not() {
        assert!(lines_of(&with("  s2 = s4 * s4\n"), IdiomKind::LearningRateDecay).is_empty());
        let weight = "def Setup():\n  s2 = 0.5\ndef Predict():\n  s4 = mean(v0)\n  s1 = s4 * s2\ndef Learn():\n  s3 = s0 - s1\n  \
                      s5 = s3 * s4\n  s2 = s2 + s5\n";
        assert!(lines_of(weight, IdiomKind::LearningRateDecay).is_empty());
    }
}
