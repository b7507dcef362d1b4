//! Graphviz: an instruction is a node, and an edge leads from where a value is written to where it is read.

use std::collections::BTreeSet;
use std::fmt::Write;

use exnihilo_jit::lang::MAX_ADDRESSES;
use exnihilo_jit::{ComponentFunction, Instruction, Op, Space};

use super::Source;

/// The whole graph.
pub(super) fn write(source: &Source) -> String {
    let mut out = format!("// {}.\n// dot -Tsvg FILE.dot -o FILE.svg\n", source.title());
    out += "digraph program {\n  rankdir=TB;\n  node [shape=box, fontname=\"monospace\"];\n  edge [fontname=\"monospace\", fontsize=10];\n";
    let mut number = 0;
    for function in ComponentFunction::ALL {
        let _ = write!(out, "  subgraph cluster_{0} {{\n    label=\"{0}\";\n", function.name());
        for instruction in source.program.function(function) {
            if instruction.op() != Op::NoOp {
                let _ = writeln!(out, "    i{number} [label=\"{instruction}\"];");
            }
            number += 1;
        }
        out += "  }\n";
    }
    let graph = Graph::of(source);
    for (node, label) in [(Node::Features, "features"), (Node::Label, "label"), (Node::Prediction, "prediction")] {
        if graph.edges.iter().any(|edge| edge.from == node || edge.to == node) {
            let _ = writeln!(out, "  {} [label=\"{label}\", shape=ellipse];", node.name());
        }
    }
    for Edge { from, to, address, crosses } in &graph.edges {
        let style = if *crosses { ", style=dashed, constraint=false" } else { "" };
        let (space, address) = address;
        let _ = writeln!(out, "  {} -> {} [label=\"{}{address}\"{style}];", from.name(), to.name(), space.letter());
    }
    out += "}\n";
    out
}

/// What a value comes from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// What the evaluation sets.
    Features,
    Label,
    /// What it reads.
    Prediction,
    /// By its place in the program.
    Instruction(usize),
}

impl Node {
    fn name(self) -> String {
        match self {
            Node::Features => "features".to_owned(),
            Node::Label => "label".to_owned(),
            Node::Prediction => "prediction".to_owned(),
            Node::Instruction(number) => format!("i{number}"),
        }
    }
}

/// A value that is written at one node and read at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: Node,
    to: Node,
    address: (Space, u8),
    /// Whether from one example to the next.
    crosses: bool,
}

/// Where the value at an address may come from: the nodes, each with whether from an earlier example. At most one in each function, so
/// these sets stay small.
type Origins = BTreeSet<(Node, bool)>;

/// The origins of every address.
#[derive(Clone, Debug, Default, PartialEq)]
struct State(Vec<Origins>);

impl State {
    fn empty() -> State {
        State(vec![Origins::new(); 3 * MAX_ADDRESSES])
    }

    fn at(&mut self, (space, address): (Space, u8)) -> &mut Origins {
        &mut self.0[space as usize * MAX_ADDRESSES + usize::from(address)]
    }

    /// Takes in what another state has.
    fn join(&mut self, other: &State) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, others)| own.extend(others));
    }

    /// Takes in what is left of an earlier example. What the first `setup` instructions made belongs to none.
    fn join_earlier(&mut self, other: &State, setup: usize) {
        let crosses = |node: Node| !matches!(node, Node::Instruction(number) if number < setup);
        for (own, others) in self.0.iter_mut().zip(&other.0) {
            own.extend(others.iter().map(|&(node, crossed)| (node, crossed || crosses(node))));
        }
    }
}

/// All edges of a program.
struct Graph {
    edges: BTreeSet<Edge>,
}

impl Graph {
    fn of(source: &Source) -> Graph {
        let interface = source.scoring.interface();
        let [setup, predict, learn] = ComponentFunction::ALL.map(|function| source.program.function(function));
        let mut edges = BTreeSet::new();
        let mut after_setup = State::empty();
        run(setup, 0, &mut after_setup, &mut edges);
        let (mut after_predict, mut after_learn) = (State::empty(), State::empty());
        let prediction = interface.prediction();
        // Origins only grow, so this ends.
        loop {
            let mut state = State::empty();
            state.join(&after_setup);
            state.join_earlier(&after_learn, setup.len());
            // In validation a Predict follows a Predict.
            state.join_earlier(&after_predict, setup.len());
            for &input in interface.inputs() {
                state.at(input).clear();
            }
            state.at((Space::Vector, 0)).insert((Node::Features, false));
            run(predict, setup.len(), &mut state, &mut edges);
            for &(from, crosses) in state.at(prediction).iter() {
                edges.insert(Edge { from, to: Node::Prediction, address: prediction, crosses });
            }
            let predicted = state.clone();
            for &input in interface.inputs() {
                state.at(input).clear();
            }
            state.at((Space::Vector, 0)).insert((Node::Features, false));
            state.at(interface.label()).insert((Node::Label, false));
            run(learn, setup.len() + predict.len(), &mut state, &mut edges);
            if (&predicted, &state) == (&after_predict, &after_learn) {
                return Graph { edges };
            }
            (after_predict, after_learn) = (predicted, state);
        }
    }
}

/// Goes through the instructions of a function, of which the first is number `first` of the program.
fn run(instructions: &[Instruction], first: usize, state: &mut State, edges: &mut BTreeSet<Edge>) {
    for (number, instruction) in instructions.iter().enumerate() {
        let to = Node::Instruction(first + number);
        // What sets one element goes on with the others.
        let kept = instruction.writes().filter(|_| instruction.op().writes_one_element());
        for address in instruction.reads().chain(kept) {
            for &(from, crosses) in state.at(address).iter() {
                edges.insert(Edge { from, to, address, crosses });
            }
        }
        if let Some(address) = instruction.writes() {
            let origins = state.at(address);
            origins.clear();
            origins.insert((to, false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Export;
    use super::*;
    use exnihilo_jit::{Scoring, known_program};

    #[test]
    fn weights_come_from_the_example_before() {
        let program = known_program("linear").expect("a known name");
        let graph = Export::new(&program, Scoring::Rms).to(super::super::Language::Dot).expect("a valid export");
        let edges: Vec<&str> = graph.lines().filter(|line| line.contains("->")).map(str::trim).collect();
        // 0 sets the rate; 1 predicts; 2 to 5 learn.
        let expected = [
            "features -> i1 [label=\"v0\"];",
            "features -> i4 [label=\"v0\"];",
            "label -> i2 [label=\"s0\"];",
            "i0 -> i3 [label=\"s2\"];",
            "i1 -> prediction [label=\"s1\"];",
            "i1 -> i2 [label=\"s1\"];",
            "i2 -> i3 [label=\"s3\"];",
            "i3 -> i4 [label=\"s3\"];",
            "i4 -> i5 [label=\"v2\"];",
            "i5 -> i1 [label=\"v1\", style=dashed, constraint=false];",
            "i5 -> i5 [label=\"v1\", style=dashed, constraint=false];",
        ];
        assert_eq!(edges, expected);
        assert!(graph.contains("subgraph cluster_Learn {\n    label=\"Learn\";\n    i2 [label=\"s3 = s0 - s1\"];"), "{graph}");
    }

    #[test]
    fn long_programs_make_graphs_of_bounded_size() {
        let mut text = "def Predict():\n".to_owned();
        text += &"  v1[0.5] = 1.0\n  s1 = dot(v1, v1)\n".repeat(5_000);
        let program = text.parse().expect("a program");
        let graph = Export { as_written: true, ..Export::new(&program, Scoring::Rms) }.to(super::super::Language::Dot).expect("valid");
        assert!(graph.lines().count() < 40_000);
    }
}
