//! Recognized idioms: what groups of lines do together. One matcher a file, over the dependences; none runs the program.

mod averaging;
mod bilinear;
mod decay;
mod layer;
mod noise;
mod normalization;
mod relu;
mod teacher;
mod update;

use exnihilo_jit::{ComponentFunction, Op, Program, Space};
use serde::Serialize;

use super::facts::Facts;
use super::graph::{EdgeKind, Graph, Source};
use super::role::Role;

/// What a group of lines does together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdiomKind {
    /// Weights times activations, with a bias if there is one.
    LinearLayer,
    /// What is negative becomes zero; in Learn the gradient of that.
    Relu,
    /// A form in two vectors made of the features: u . M w.
    BilinearForm,
    /// An outer product with the error in it is added to a matrix.
    OuterProductUpdate,
    /// What the error scales is added to a vector or a scalar.
    GradientStep,
    /// An error or a gradient is divided by a norm.
    GradientNormalization,
    /// A running sum or mean of a parameter.
    WeightAveraging,
    /// A random draw for every example changes the features or an activation.
    InputNoise,
    /// A learning rate that changes from example to example by itself.
    LearningRateDecay,
    /// A two-layer network whose weights are constants.
    TeacherWeights,
}

impl IdiomKind {
    /// The words that people read.
    pub const fn words(self) -> &'static str {
        match self {
            IdiomKind::LinearLayer => "linear layer",
            IdiomKind::Relu => "ReLU",
            IdiomKind::BilinearForm => "bilinear form",
            IdiomKind::OuterProductUpdate => "outer-product weight update",
            IdiomKind::GradientStep => "gradient step",
            IdiomKind::GradientNormalization => "gradient normalization",
            IdiomKind::WeightAveraging => "weight averaging",
            IdiomKind::InputNoise => "input noise",
            IdiomKind::LearningRateDecay => "learning-rate decay",
            IdiomKind::TeacherWeights => "hard-coded teacher weights",
        }
    }
}

/// A line that can hand on one of its operands in place of its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Through {
    /// Its index.
    pub line: usize,
    /// Which operand, 0 or 1; its space is that of the result.
    pub operand: usize,
}

/// An idiom with the lines that form it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idiom {
    /// What they do.
    pub kind: IdiomKind,
    /// The indices of the lines, ascending.
    pub lines: Vec<usize>,
    /// Where values go through it unchanged when it is knocked out; empty if its lines are removed instead.
    pub through: Vec<Through>,
    /// The lines that are removed when it is knocked out, where nothing goes through.
    pub removed: Vec<usize>,
}

impl Idiom {
    /// One that is knocked out by removing all its lines.
    fn removable(kind: IdiomKind, lines: impl IntoIterator<Item = usize>) -> Idiom {
        let lines = ascending(lines);
        Idiom { kind, removed: lines.clone(), lines, through: Vec::new() }
    }

    /// One that is knocked out by handing on what goes through it.
    fn bypassed(kind: IdiomKind, lines: impl IntoIterator<Item = usize>, through: Vec<Through>) -> Idiom {
        Idiom { kind, lines: ascending(lines), through, removed: Vec::new() }
    }
}

fn ascending(lines: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut lines: Vec<usize> = lines.into_iter().collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// All idioms of a program, by kind and by line.
pub(super) fn find(program: &Program, graph: &Graph, facts: &Facts, roles: &[Role]) -> Vec<Idiom> {
    let context = Context { program, graph, facts, roles };
    let relus = relu::find(&context);
    let teachers = teacher::find(&context, &relus);
    let others: [fn(&Context) -> Vec<Idiom>; 7] =
        [bilinear::find, update::outer_products, update::gradient_steps, normalization::find, averaging::find, noise::find, decay::find];
    let mut all = layer::find(&context);
    all.extend(relus);
    all.extend(others.iter().flat_map(|find| find(&context)));
    all.extend(teachers);
    all
}

/// What matchers look at.
struct Context<'a> {
    program: &'a Program,
    graph: &'a Graph,
    facts: &'a Facts,
    roles: &'a [Role],
}

impl Context<'_> {
    /// The lines that can matter, in order.
    fn lines(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.roles.len()).filter(|&line| self.facts.live[line])
    }

    fn op(&self, line: usize) -> Op {
        self.program.instructions()[line].op()
    }

    fn space(&self, line: usize) -> Option<Space> {
        self.op(line).output()
    }

    fn function(&self, line: usize) -> ComponentFunction {
        self.graph.nodes()[line].function
    }

    fn has_features(&self, line: usize, operand: usize) -> bool {
        self.facts.operand_has_features(self.graph, line, operand)
    }

    fn has_label(&self, line: usize, operand: usize) -> bool {
        self.facts.operand_has_label(self.graph, line, operand)
    }

    fn is_parameter(&self, line: usize, operand: usize) -> bool {
        self.facts.operand_is_parameter(self.graph, line, operand)
    }

    /// What an operand may come from, and when.
    fn sources(&self, line: usize, operand: usize) -> Vec<(Source, EdgeKind)> {
        self.graph.operand(line, operand).map(|read| (read.source, read.kind)).collect()
    }

    /// The readers of a line for the same example that can matter.
    fn readers_now(&self, line: usize) -> impl Iterator<Item = usize> + '_ {
        let readers = self.facts.readers[line].iter().filter(|(_, kind)| *kind == EdgeKind::Now).map(|&(to, _)| to);
        readers.filter(|&to| self.facts.live[to])
    }

    /// Which operand of a line reads another line's result.
    fn operand_from(&self, line: usize, from: usize) -> Option<usize> {
        self.graph.nodes()[line].reads.iter().find(|read| read.source == Source::Line(from)).map(|read| read.operand)
    }

    /// Whether an operand is always zero: nothing writes it, or a constant does that is 0.
    fn is_zero(&self, line: usize, operand: usize) -> bool {
        let mut reads = self.graph.operand(line, operand).peekable();
        let zero = |from: usize| {
            let values = self.program.instructions()[from].data().values();
            match self.op(from) {
                Op::ScalarConstSet => values.0[0] == 0.0,
                Op::ScalarBroadcast => self.graph.only_source(from, 0).is_some_and(|constant| {
                    self.op(constant) == Op::ScalarConstSet && self.program.instructions()[constant].data().values().0[0] == 0.0
                }),
                _ => false,
            }
        };
        reads.peek().is_some()
            && reads.all(|read| match read.source {
                Source::Zero => true,
                Source::Line(from) => zero(from),
                Source::Features | Source::Label => false,
            })
    }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::{Interface, known_program};

    use super::super::Explanation;
    use super::*;

    fn found(program: &str) -> Vec<(IdiomKind, Vec<usize>)> {
        let (program, interface) = match known_program(program) {
            Some(known) if program.starts_with("softmax") => (known, Interface::Classes),
            Some(known) => (known, Interface::Number),
            None => (program.parse().expect("a program"), Interface::Number),
        };
        let explanation = Explanation::of(&program, interface);
        let numbered = |lines: &[usize]| lines.iter().map(|line| line + 1).collect();
        explanation.idioms().iter().map(|idiom| (idiom.kind, numbered(&idiom.lines))).collect()
    }

    /// The lines, from 1, of every idiom of a kind.
    pub(super) fn lines_of(program: &str, kind: IdiomKind) -> Vec<Vec<usize>> {
        found(program).into_iter().filter(|found| found.0 == kind).map(|found| found.1).collect()
    }

    #[test]
    fn the_hand_written_programs_have_the_idioms_that_they_are_made_of() {
        use IdiomKind::*;
        assert_eq!(found("linear"), [(LinearLayer, vec![2]), (GradientStep, vec![5, 6])]);
        assert_eq!(found("affine"), [(LinearLayer, vec![2, 3]), (GradientStep, vec![6, 7]), (GradientStep, vec![8])]);
        let net = [
            (LinearLayer, vec![4]),
            (LinearLayer, vec![6]),
            (Relu, vec![5, 12, 13]),
            (OuterProductUpdate, vec![14, 15]),
            (GradientStep, vec![9, 10]),
        ];
        assert_eq!(found("net"), net);
        let softmax = found("softmax").iter().map(|found| found.0).collect::<Vec<_>>();
        assert_eq!(softmax, [LinearLayer, OuterProductUpdate, GradientStep]);
        assert_eq!(found("def Predict():\ndef Learn():\n"), []);
    }
}
