//! Graphviz: an instruction is a node, and an edge leads from where a value is written to where it is read.

use std::fmt::Write;

use exnihilo_jit::{ComponentFunction, Op};

use super::Source;
use crate::explain::{EdgeKind, Read, Source as Origin};

/// The whole graph.
pub(super) fn write(source: &Source) -> String {
    let mut out = format!("// {}.\n// dot -Tsvg FILE.dot -o FILE.svg\n", source.title());
    out += "// Dashed: from one example to the next. Dotted: the same, in validation only, where no Learn comes between two Predicts.\n";
    out += "digraph program {\n  node [shape=box, fontname=\"monospace\"];\n  edge [fontname=\"monospace\", fontsize=10];\n";
    let nodes = source.explanation.graph().nodes();
    for function in ComponentFunction::ALL {
        let _ = write!(out, "  subgraph cluster_{0} {{\n    label=\"{0}\";\n", function.name());
        for (line, node) in nodes.iter().enumerate().filter(|(_, node)| node.function == function && node.instruction.op() != Op::NoOp) {
            let _ = writeln!(out, "    i{line} [label=\"{}\\n{}\"];", node.instruction, source.note(line));
        }
        out += "  }\n";
    }
    let mut edges: Vec<String> = Vec::new();
    for (line, node) in nodes.iter().enumerate() {
        let first = edges.len();
        for edge in node.reads.iter().filter_map(|read| edge(read, &format!("i{line}"))) {
            // Both operands may be one address.
            if !edges[first..].contains(&edge) {
                edges.push(edge);
            }
        }
    }
    edges.extend(source.explanation.graph().prediction().iter().filter_map(|read| edge(read, "prediction")));
    for name in ["features", "label", "prediction"] {
        if edges.iter().any(|edge| edge.starts_with(name) || edge.contains(&format!("-> {name} "))) {
            let _ = writeln!(out, "  {name} [label=\"{name}\", shape=ellipse];");
        }
    }
    for edge in edges {
        let _ = writeln!(out, "  {edge}");
    }
    out += "}\n";
    out
}

/// The edge of a value that is read at node `to`; none of one that is always zero.
fn edge(read: &Read, to: &str) -> Option<String> {
    let from = match read.source {
        Origin::Zero => return None,
        Origin::Features => "features".to_owned(),
        Origin::Label => "label".to_owned(),
        Origin::Line(line) => format!("i{line}"),
    };
    let style = match (read.kind, read.only_in_validation) {
        (EdgeKind::Now, _) => "",
        (EdgeKind::NextExample, false) => ", style=dashed, constraint=false",
        (EdgeKind::NextExample, true) => ", style=dotted, constraint=false",
    };
    Some(format!("{from} -> {to} [label=\"{}\"{style}];", read.address))
}

#[cfg(test)]
mod tests {
    use super::super::{Export, Language};
    use exnihilo_jit::{Scoring, known_program};

    #[test]
    fn weights_come_from_the_example_before() {
        let program = known_program("linear").expect("a known name");
        let export = Export { as_written: true, ..Export::new(&program, Scoring::Rms) };
        let graph = export.to(Language::Dot).expect("a valid export");
        let edges: Vec<&str> = graph.lines().filter(|line| line.contains("->")).map(str::trim).collect();
        // 0 sets the rate; 1 predicts; 2 to 5 learn.
        let expected = [
            "features -> i1 [label=\"v0\"];",
            "i5 -> i1 [label=\"v1\", style=dashed, constraint=false];",
            "label -> i2 [label=\"s0\"];",
            "i1 -> i2 [label=\"s1\"];",
            "i2 -> i3 [label=\"s3\"];",
            "i0 -> i3 [label=\"s2\"];",
            "i3 -> i4 [label=\"s3\"];",
            "features -> i4 [label=\"v0\"];",
            "i5 -> i5 [label=\"v1\", style=dashed, constraint=false];",
            "i4 -> i5 [label=\"v2\"];",
            "i1 -> prediction [label=\"s1\"];",
        ];
        assert_eq!(edges, expected);
        assert!(graph.contains("subgraph cluster_Learn {\n    label=\"Learn\";\n    i2 [label=\"s3 = s0 - s1\\nerror\"];"), "{graph}");
    }

    #[test]
    fn long_programs_make_graphs_of_bounded_size() {
        let mut text = "def Predict():\n".to_owned();
        text += &"  v1[0.5] = 1.0\n  s1 = dot(v1, v1)\n".repeat(5_000);
        let program = text.parse().expect("a program");
        let graph = Export { as_written: true, ..Export::new(&program, Scoring::Rms) }.to(Language::Dot).expect("a valid export");
        assert!(graph.lines().count() < 40_000);
    }
}
