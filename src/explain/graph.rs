//! Which line reads which line's result: within an example, and from one example to the next.

use std::fmt;

use exnihilo_jit::lang::MAX_ADDRESSES;
use exnihilo_jit::{ComponentFunction, Instruction, Interface, Program, Space};
use serde::{Serialize, Serializer};

/// An address of a program's memory. It is written as in program text: `s3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// The space.
    pub space: Space,
    /// The number within the space.
    pub number: u8,
}

impl From<(Space, u8)> for Address {
    fn from((space, number): (Space, u8)) -> Address {
        Address { space, number }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}{}", self.space.letter(), self.number)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// When a value that a line reads was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// For the same example, or in Setup.
    Now,
    /// For an earlier example: the value lasts until the next one.
    NextExample,
}

/// What a value that a line reads comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Nothing has written the address yet, or it is an input that is zero here.
    Zero,
    /// The features of the example.
    Features,
    /// The label of the example.
    Label,
    /// The result of the line with this index.
    Line(usize),
}

/// One value that a line may read. An operand has several where it depends on what ran before: in the first example it is that of Setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Which operand, from 0. An op that sets one element reads, as operand 0, what its output was: the other elements stay.
    pub operand: usize,
    /// Where the operand is.
    pub address: Address,
    /// What it comes from.
    pub source: Source,
    /// When it was written.
    pub kind: EdgeKind,
    /// Whether it is read in validation only, where no Learn comes between two Predicts.
    pub only_in_validation: bool,
}

/// One line of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The component function that it is in.
    pub function: ComponentFunction,
    /// Its position in that function, from 0.
    pub position: usize,
    /// What it does.
    pub instruction: Instruction,
    /// What it may read, by operand.
    pub reads: Vec<Read>,
}

/// A line that reads another line's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// Index of the line that writes.
    pub from: usize,
    /// Index of the line that reads.
    pub to: usize,
    /// When it was written.
    pub kind: EdgeKind,
    /// Where the value is handed over.
    pub address: Address,
    /// Whether the value is read in validation only.
    pub only_in_validation: bool,
}

/// The dependences between the lines of a program. A line's index is its position in [`Program::instructions`], from 0; people are shown
/// it from 1.
///
/// ```
/// use exnihilo::explain::{EdgeKind, Graph};
/// use exnihilo_jit::{Interface, known_program};
///
/// let graph = Graph::of(&known_program("linear").expect("a known program"), Interface::Number);
/// // Predict's `s1 = dot(v0, v1)` reads the weights that Learn's last line wrote for the example before.
/// let edges = graph.edges();
/// assert!(edges.iter().any(|edge| (edge.from, edge.to, edge.kind) == (5, 1, EdgeKind::NextExample)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    interface: Interface,
    nodes: Vec<Node>,
    prediction: Vec<Read>,
}

impl Graph {
    /// The dependences between the lines of a program, dead ones included, over every sequence Setup (Predict Learn?)*.
    pub fn of(program: &Program, interface: Interface) -> Graph {
        let last = ComponentFunction::ALL.map(|function| LastWrites::of(program, function));
        let mut nodes = Vec::with_capacity(program.instructions().len());
        let mut prediction = Vec::new();
        for function in ComponentFunction::ALL {
            let mut written = LastWrites::default();
            let definitions = |written: &LastWrites, address: Address| match written.of_address(address) {
                Some(line) => vec![Definition::now(Source::Line(line))],
                None => before(function, &last, interface, address),
            };
            for (position, &instruction) in program.function(function).iter().enumerate() {
                let kept = instruction.writes().filter(|_| instruction.op().writes_one_element());
                let operands = instruction.reads().chain(kept).map(Address::from).enumerate();
                let reads = operands
                    .flat_map(|(operand, address)| definitions(&written, address).into_iter().map(move |from| from.read(operand, address)))
                    .collect();
                written.write(&instruction, nodes.len());
                nodes.push(Node { function, position, instruction, reads });
            }
            if function == ComponentFunction::Predict {
                let address = interface.prediction().into();
                prediction = definitions(&written, address).into_iter().map(|from| from.read(0, address)).collect();
            }
        }
        Graph { interface, nodes, prediction }
    }

    /// The addresses through which the program meets its tasks.
    pub const fn interface(&self) -> Interface {
        self.interface
    }

    /// All lines, in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What the prediction may be when Predict ends.
    pub fn prediction(&self) -> &[Read] {
        &self.prediction
    }

    /// Which line reads which line's result, in the order of the readers; two lines are joined once by each address and kind.
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges = Vec::new();
        for (to, node) in self.nodes.iter().enumerate() {
            let first = edges.len();
            for read in &node.reads {
                if let Source::Line(from) = read.source {
                    let edge = Edge { from, to, kind: read.kind, address: read.address, only_in_validation: read.only_in_validation };
                    if !edges[first..].contains(&edge) {
                        edges.push(edge);
                    }
                }
            }
        }
        edges
    }

    /// What one operand of a line may read.
    pub fn operand(&self, line: usize, operand: usize) -> impl Iterator<Item = &Read> + Clone {
        self.nodes[line].reads.iter().filter(move |read| read.operand == operand)
    }

    /// The line whose result an operand of a line always is; none if that varies, or is no line's.
    pub fn only_source(&self, line: usize, operand: usize) -> Option<usize> {
        let mut reads = self.operand(line, operand);
        match (reads.next()?.source, reads.next()) {
            (Source::Line(from), None) => Some(from),
            _ => None,
        }
    }
}

/// The last line of a component function that writes each address.
#[derive(Clone, Debug)]
struct LastWrites {
    lines: [[Option<usize>; MAX_ADDRESSES]; 3],
}

impl Default for LastWrites {
    fn default() -> LastWrites {
        LastWrites { lines: [[None; MAX_ADDRESSES]; 3] }
    }
}

impl LastWrites {
    fn of(program: &Program, function: ComponentFunction) -> LastWrites {
        let earlier = ComponentFunction::ALL.into_iter().take_while(|&earlier| earlier != function);
        let first: usize = earlier.map(|earlier| program.function(earlier).len()).sum();
        let mut writes = LastWrites::default();
        for (position, instruction) in program.function(function).iter().enumerate() {
            writes.write(instruction, first + position);
        }
        writes
    }

    fn write(&mut self, instruction: &Instruction, line: usize) {
        if let Some((space, address)) = instruction.writes() {
            self.lines[space as usize][usize::from(address)] = Some(line);
        }
    }

    fn of_address(&self, address: Address) -> Option<usize> {
        self.lines[address.space as usize][usize::from(address.number)]
    }
}

/// A value that an address may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Definition {
    source: Source,
    kind: EdgeKind,
    only_in_validation: bool,
}

impl Definition {
    const fn now(source: Source) -> Definition {
        Definition { source, kind: EdgeKind::Now, only_in_validation: false }
    }

    const fn earlier(line: usize, only_in_validation: bool) -> Definition {
        Definition { source: Source::Line(line), kind: EdgeKind::NextExample, only_in_validation }
    }

    const fn read(self, operand: usize, address: Address) -> Read {
        Read { operand, address, source: self.source, kind: self.kind, only_in_validation: self.only_in_validation }
    }
}

/// What an address may hold when a component function begins.
fn before(function: ComponentFunction, last: &[LastWrites; 3], interface: Interface, address: Address) -> Vec<Definition> {
    let pair = (address.space, address.number);
    if interface.inputs().contains(&pair) {
        let source = match function {
            ComponentFunction::Setup => Source::Zero,
            _ if pair == (Space::Vector, 0) => Source::Features,
            ComponentFunction::Learn if pair == interface.label() => Source::Label,
            _ => Source::Zero,
        };
        return vec![Definition::now(source)];
    }
    let [setup, predict, learn] = [0, 1, 2].map(|function: usize| last[function].of_address(address));
    let started = Definition::now(setup.map_or(Source::Zero, Source::Line));
    match (function, predict, learn) {
        (ComponentFunction::Setup, ..) => vec![Definition::now(Source::Zero)],
        // Predict has run for this example.
        (ComponentFunction::Learn, Some(line), _) => vec![Definition::now(Source::Line(line))],
        (_, None, None) => vec![started],
        (_, None, Some(line)) => vec![started, Definition::earlier(line, false)],
        (_, Some(line), None) => vec![started, Definition::earlier(line, false)],
        // After a Predict without Learn, which only validation has, what Predict wrote is still there.
        (_, Some(of_predict), Some(of_learn)) => {
            vec![started, Definition::earlier(of_learn, false), Definition::earlier(of_predict, true)]
        }
    }
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::known_program;

    use super::*;

    fn graph(text: &str) -> Graph {
        Graph::of(&text.parse().expect("a program"), Interface::Number)
    }

    /// From, to, kind, in the numbers that people are shown.
    fn arrows(graph: &Graph) -> Vec<(usize, usize, EdgeKind)> {
        graph.edges().into_iter().map(|edge| (edge.from + 1, edge.to + 1, edge.kind)).collect()
    }

    use EdgeKind::{NextExample, Now};

    #[test]
    fn the_linear_model_reads_its_weights_from_the_example_before() {
        let graph = Graph::of(&known_program("linear").expect("known"), Interface::Number);
        let expected = [(6, 2, NextExample), (2, 3, Now), (3, 4, Now), (1, 4, Now), (4, 5, Now), (6, 6, NextExample), (5, 6, Now)];
        assert_eq!(arrows(&graph), expected);
        assert_eq!(graph.nodes()[1].reads[0].source, Source::Features);
        assert_eq!(graph.nodes()[2].reads[0].source, Source::Label);
        // The weights of the first example are zero: Setup does not write them.
        assert!(graph.operand(5, 0).any(|read| read.source == Source::Zero));
        assert_eq!(graph.prediction()[0].source, Source::Line(1));
        assert_eq!((graph.only_source(2, 1), graph.only_source(5, 0), graph.only_source(1, 0)), (Some(1), None, None));
    }

    #[test]
    fn what_learn_overwrites_is_seen_in_validation_only() {
        // Predict reads s2 before it writes it, and Learn writes it too.
        let graph = graph("def Setup():\n  s2 = 1.0\ndef Predict():\n  s1 = s2 + s2\n  s2 = exp(s1)\ndef Learn():\n  s2 = 0.5\n");
        let reads: Vec<_> = graph.operand(1, 0).map(|read| (read.source, read.kind, read.only_in_validation)).collect();
        let expected = [(Source::Line(0), Now, false), (Source::Line(3), NextExample, false), (Source::Line(2), NextExample, true)];
        assert_eq!(reads, expected);
    }

    #[test]
    fn one_element_builds_on_the_others() {
        let graph = graph("def Setup():\n  v1[0.0] = 1.0\n  v1[0.5] = 2.0\ndef Predict():\n  s1 = dot(v1, v0)\n");
        assert_eq!(arrows(&graph), [(1, 2, Now), (2, 3, Now)]);
        assert_eq!(graph.nodes()[0].reads[0].source, Source::Zero);
    }

    #[test]
    fn labels_are_where_the_interface_says() {
        let graph = Graph::of(&known_program("softmax").expect("known"), Interface::Classes);
        let reader = graph.nodes().iter().find(|node| node.reads.iter().any(|read| read.source == Source::Label)).expect("an error");
        assert_eq!(reader.instruction.to_string(), "v4 = v1 - v2");
        // s0 is the label in Learn only, and of tasks without classes only.
        let text = "def Predict():\n  s1 = s0 + s0\ndef Learn():\n  s2 = s0 + s0\n".parse().expect("a program");
        let source = |interface, line: usize| Graph::of(&text, interface).nodes()[line].reads[0].source;
        assert_eq!((source(Interface::Number, 0), source(Interface::Number, 1)), (Source::Zero, Source::Label));
        assert_eq!(source(Interface::Classes, 1), Source::Zero);
    }
}
