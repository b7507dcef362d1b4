//! Everything that a program's text tells, together.

use exnihilo_jit::{Interface, Program};

use super::facts::Facts;
use super::graph::{Address, EdgeKind, Graph, Source};
use super::idiom::{self, Idiom};
use super::role::{self, Parameter, Role};

/// A program with the meaning of its lines.
///
/// ```
/// use exnihilo::explain::{Explanation, Role};
/// use exnihilo_jit::{Interface, known_program};
///
/// let explanation = Explanation::of(&known_program("linear").expect("a known program"), Interface::Number);
/// assert_eq!(explanation.role(0), Role::LearningRate);
/// assert_eq!(explanation.parameters()[0].address.to_string(), "v1");
/// assert_eq!(explanation.note(5), "new value of v1");
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    program: Program,
    graph: Graph,
    facts: Facts,
    roles: Vec<Role>,
    parameters: Vec<Parameter>,
    goes_into: Vec<Vec<Address>>,
    idioms: Vec<Idiom>,
}

impl Explanation {
    /// Of a program as it is; dead lines have the role [`Role::Unused`].
    pub fn of(program: &Program, interface: Interface) -> Explanation {
        let graph = Graph::of(program, interface);
        let facts = Facts::of(program, &graph);
        let roles = role::roles(&graph, &facts);
        let parameters = role::parameters(&graph, &facts);
        let goes_into = role::goes_into(&graph, &facts, &parameters);
        let idioms = idiom::find(program, &graph, &facts, &roles);
        Explanation { program: program.clone(), graph, facts, roles, parameters, goes_into, idioms }
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The dependences between its lines.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What the value that a line writes is for.
    ///
    /// # Panics
    /// If the program has no such line.
    pub fn role(&self, line: usize) -> Role {
        self.roles[line]
    }

    /// What is kept from example to example.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The idioms that were recognized.
    pub fn idioms(&self) -> &[Idiom] {
        &self.idioms
    }

    /// The lines that a learning rate scales an error or an update in, by index; empty for others.
    ///
    /// # Panics
    /// If the program has no such line.
    pub fn scales(&self, line: usize) -> &[usize] {
        &self.facts.scales[line]
    }

    /// Whether the prediction for an example depends on a line, within the example.
    ///
    /// # Panics
    /// If the program has no such line.
    pub fn predicts(&self, line: usize) -> bool {
        self.facts.predicts[line]
    }

    /// The lines that read a line's result, for the same example or a later one.
    ///
    /// # Panics
    /// If the program has no such line.
    pub fn readers(&self, line: usize) -> impl Iterator<Item = usize> {
        self.facts.readers[line].iter().map(|&(to, _)| to)
    }

    /// The role of a line in words, with what it refers to.
    ///
    /// # Panics
    /// If the program has no such line.
    pub fn note(&self, line: usize) -> String {
        let address = || self.program.instructions()[line].writes().map_or_else(String::new, |written| Address::from(written).to_string());
        let words = self.roles[line].words();
        match self.roles[line] {
            Role::Initial if self.begins_rate(line) => format!("first value of {}, the learning rate", address()),
            Role::Initial => format!("first value of {}", address()),
            Role::LearningRate if self.facts.kept[line] => format!("learning rate, kept; scales {}", listed(&self.facts.scales[line])),
            Role::LearningRate => format!("learning rate, scales {}", listed(&self.facts.scales[line])),
            Role::Update => format!("new value of {}", address()),
            Role::State => format!("{} kept for the next example", address()),
            Role::Gradient if !self.goes_into[line].is_empty() => {
                format!("gradient for {}", self.listed_parameters(line))
            }
            Role::Activation | Role::Derived if !self.facts.predicts[line] && !self.goes_into[line].is_empty() => {
                format!("for the update of {}", self.listed_parameters(line))
            }
            Role::Error if self.graph.nodes()[line].reads.iter().all(|read| read.source != Source::Label) => "error, scaled".to_owned(),
            _ => words.to_owned(),
        }
    }

    fn listed_parameters(&self, line: usize) -> String {
        self.goes_into[line].iter().map(Address::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Whether a line of Setup writes what becomes a learning rate that is kept.
    fn begins_rate(&self, line: usize) -> bool {
        let written = self.program.instructions()[line].writes();
        let instructions = self.program.instructions().iter().enumerate();
        let mut kept = instructions.filter(|(other, instruction)| self.facts.kept[*other] && instruction.writes() == written);
        kept.any(|(other, _)| !self.facts.scales[other].is_empty())
    }

    /// What a line reads, in words: `features, 2, 6 (last example)`.
    ///
    /// # Panics
    /// If the program has no such line.
    pub fn reads(&self, line: usize) -> String {
        let mut words: Vec<String> = Vec::new();
        let reads = &self.graph.nodes()[line].reads;
        for read in reads {
            let word = match (read.source, read.kind, read.only_in_validation) {
                // What is zero at first is told only where it stays zero.
                (Source::Zero, ..) if reads.iter().any(|other| other.operand == read.operand && other.source != Source::Zero) => continue,
                (Source::Zero, ..) => "zero".to_owned(),
                (Source::Features, ..) => "features".to_owned(),
                (Source::Label, ..) => "label".to_owned(),
                (Source::Line(from), EdgeKind::Now, _) => (from + 1).to_string(),
                (Source::Line(from), EdgeKind::NextExample, false) => format!("{} (last example)", from + 1),
                (Source::Line(from), EdgeKind::NextExample, true) => format!("{} (last example, in validation)", from + 1),
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words.join(", ")
    }
}

/// Lines as people are shown them.
fn listed(lines: &[usize]) -> String {
    lines.iter().map(|line| (line + 1).to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::known_program;
    use exnihilo_jit::testing::FuzzCase;

    use super::super::graph::Read;
    use super::super::{knock_in, knocked_out};
    use super::*;

    fn notes(explanation: &Explanation) -> Vec<String> {
        (0..explanation.program().instructions().len()).map(|line| explanation.note(line)).collect()
    }

    #[test]
    fn the_network_is_annotated_as_its_author_would() {
        let net = Explanation::of(&known_program("net").expect("known"), Interface::Number);
        let expected = [
            "learning rate, scales 8",
            "first value of v2",
            "first value of m0",
            "activation",
            "activation",
            "prediction",
            "error",
            "error, scaled",
            "gradient for v2, m0",
            "new value of v2",
            "gradient for m0",
            "for the update of m0",
            "gradient for m0",
            "gradient for m0",
            "new value of m0",
        ];
        assert_eq!(notes(&net), expected);
        assert_eq!(net.reads(3), "3, 15 (last example), features");
        assert_eq!(net.reads(4), "4, zero");
        assert_eq!(net.reads(6), "label, 6");
        let parameters: Vec<String> = net.parameters().iter().map(|parameter| parameter.address.to_string()).collect();
        assert_eq!(parameters, ["v2", "m0"]);
        assert_eq!((&net.parameters()[0].initial, &net.parameters()[0].updates), (&vec![1], &vec![9]));
    }

    #[test]
    fn classes_have_an_error_of_each() {
        let softmax = Explanation::of(&known_program("softmax").expect("known"), Interface::Classes);
        let expected = [
            "learning rate, scales 5",
            "activation",
            "prediction",
            "error",
            "error, scaled",
            "new value of v3",
            "gradient for m0",
            "new value of m0",
        ];
        assert_eq!(notes(&softmax), expected);
    }

    #[test]
    fn a_decaying_rate_a_draw_and_dead_lines_are_told_apart() {
        let text = "def Setup():\n  s2 = 0.1\n  s4 = 0.99\n  s9 = 3.0\ndef Predict():\n  v3 = gaussian(0.0, 0.1)\n  v4 = v0 + v3\n  \
                    s1 = dot(v4, v1)\ndef Learn():\n  s2 = s2 * s4\n  s3 = s0 - s1\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n";
        let explanation = Explanation::of(&text.parse().expect("a program"), Interface::Number);
        let expected = [
            "first value of s2, the learning rate",
            "constant",
            "no effect",
            "noise",
            "activation",
            "prediction",
            "learning rate, kept; scales 9",
            "error",
            "error, scaled",
            "gradient for v1",
            "new value of v1",
        ];
        assert_eq!(notes(&explanation), expected);
        let learned: Vec<(String, bool)> =
            explanation.parameters().iter().map(|parameter| (parameter.address.to_string(), parameter.learned)).collect();
        assert_eq!(learned, [("s2".to_owned(), false), ("v1".to_owned(), true)]);
    }

    #[test]
    fn any_program_is_explained_and_dependences_agree_with_liveness() {
        let host = Explanation::of(&known_program("net").expect("known"), Interface::Number);
        let (mut put_in, mut recognized) = (0, 0);
        for seed in 0..1_500 {
            let FuzzCase { program, group, .. } = FuzzCase::generate(seed);
            let interface = group.interface();
            let explanation = Explanation::of(&program, interface);
            // What leads to a prediction by edges is what is live.
            let mut open: Vec<usize> = Vec::new();
            let mut leads = vec![false; program.instructions().len()];
            let from = |reads: &[Read]| {
                reads.iter().filter_map(|read| if let Source::Line(line) = read.source { Some(line) } else { None }).collect()
            };
            let mut next: Vec<usize> = from(explanation.graph().prediction());
            loop {
                for line in next {
                    if !std::mem::replace(&mut leads[line], true) {
                        open.push(line);
                    }
                }
                let Some(line) = open.pop() else { break };
                next = from(&explanation.graph().nodes()[line].reads);
            }
            assert_eq!(leads, explanation.facts.live, "seed {seed}:\n{program}");
            for (line, leads) in leads.iter().enumerate() {
                assert_eq!(explanation.role(line) == Role::Unused, !leads, "seed {seed}, line {line}");
                assert!(!explanation.note(line).is_empty());
            }
            for idiom in explanation.idioms() {
                recognized += 1;
                let lines = idiom.lines.iter().chain(&idiom.removed).chain(idiom.through.iter().map(|through| &through.line));
                assert!(lines.clone().all(|line| leads[*line]) && idiom.lines.is_sorted(), "seed {seed}: {idiom:?}");
                assert_ne!(knocked_out(&program, idiom), program, "seed {seed}: {idiom:?}");
                if interface == Interface::Number
                    && let Ok(program) = knock_in(&explanation, idiom, &host)
                {
                    put_in += 1;
                    assert_ne!(&program, host.program(), "seed {seed}: {idiom:?}");
                }
            }
        }
        assert!(recognized > 100 && put_in > 0, "{recognized} idioms, {put_in} put in");
    }

    #[test]
    fn long_programs_take_no_stack_and_little_time() {
        let chain = "  s2 = s2 + s3\n  v1[0.5] = 0.1\n".repeat(4_000);
        let text = format!("def Setup():\n{chain}def Predict():\n{chain}  s1 = s2 + s0\ndef Learn():\n{chain}  s2 = s2 * s0\n");
        let explanation = Explanation::of(&text.parse().expect("a program"), Interface::Number);
        assert_eq!(explanation.parameters().len(), 1);
    }
}
