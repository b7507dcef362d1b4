//! What the text of a program tells: its lines, what is kept, the idioms.

use exnihilo::explain::{Address, EdgeKind, Explanation, Graph, IdiomKind, Parameter, Role};
use exnihilo_jit::ComponentFunction;
use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::{print_event, print_line};

/// A line; numbers of lines count from 1.
#[derive(Serialize)]
struct LineEvent<'a> {
    line: usize,
    function: ComponentFunction,
    text: &'a str,
    writes: Option<Address>,
    role: Role,
    note: &'a str,
    reads: &'a str,
}

/// A line that reads another's result.
#[derive(Serialize)]
pub(super) struct EdgeEvent {
    from: usize,
    to: usize,
    kind: EdgeKind,
    address: Address,
    only_in_validation: bool,
}

/// What is kept from example to example.
#[derive(Serialize)]
pub(super) struct ParameterEvent<'a> {
    address: &'a Address,
    learned: bool,
    initial: Vec<usize>,
    updates: Vec<usize>,
}

#[derive(Serialize)]
struct IdiomEvent {
    kind: IdiomKind,
    name: &'static str,
    lines: Vec<usize>,
}

/// Prints the annotated program, what it keeps and what it is made of.
pub(super) fn show(explanation: &Explanation, left_out: usize, json: bool) -> Result<(), Failure> {
    if json { events(explanation) } else { table(explanation, left_out) }
}

fn events(explanation: &Explanation) -> Result<(), Failure> {
    for (line, node) in explanation.graph().nodes().iter().enumerate() {
        let event = LineEvent {
            line: line + 1,
            function: node.function,
            text: &node.instruction.to_string(),
            writes: node.instruction.writes().map(Address::from),
            role: explanation.role(line),
            note: &explanation.note(line),
            reads: &explanation.reads(line),
        };
        print_event("line", &event)?;
    }
    for idiom in explanation.idioms() {
        print_event("idiom", &IdiomEvent { kind: idiom.kind, name: idiom.kind.words(), lines: numbered(&idiom.lines) })?;
    }
    Ok(())
}

/// Numbers of lines as people count them.
pub(super) fn numbered(lines: &[usize]) -> Vec<usize> {
    lines.iter().map(|line| line + 1).collect()
}

/// The dependences as events show them.
pub(super) fn edge_events(graph: &Graph) -> Vec<EdgeEvent> {
    let edges = graph.edges().into_iter();
    edges
        .map(|edge| EdgeEvent {
            from: edge.from + 1,
            to: edge.to + 1,
            kind: edge.kind,
            address: edge.address,
            only_in_validation: edge.only_in_validation,
        })
        .collect()
}

/// What is kept, as events show it.
pub(super) fn parameter_events(explanation: &Explanation) -> Vec<ParameterEvent<'_>> {
    let parameters = explanation.parameters().iter();
    parameters
        .map(|parameter| ParameterEvent {
            address: &parameter.address,
            learned: parameter.learned,
            initial: numbered(&parameter.initial),
            updates: numbered(&parameter.updates),
        })
        .collect()
}

/// Line numbers in words: `line 2`, `lines 2, 5`.
pub(in super::super) fn at_lines(lines: &[usize]) -> String {
    let numbers = numbered(lines).iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    format!("{} {numbers}", if lines.len() == 1 { "line" } else { "lines" })
}

fn table(explanation: &Explanation, left_out: usize) -> Result<(), Failure> {
    let nodes = explanation.graph().nodes();
    let texts: Vec<String> = nodes.iter().map(|node| node.instruction.to_string()).collect();
    let notes: Vec<String> = (0..nodes.len()).map(|line| explanation.note(line)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let (text_width, note_width) = (widest(&texts), widest(&notes));
    for function in ComponentFunction::ALL {
        print_line(&format!("def {}():", function.name()))?;
        for (line, _) in nodes.iter().enumerate().filter(|(_, node)| node.function == function) {
            let (text, note, reads) = (&texts[line], &notes[line], explanation.reads(line));
            let reads = if reads.is_empty() { reads } else { format!("reads {reads}") };
            let row = format!("{:>4}  {text:<text_width$}  | {note:<note_width$}  {reads}", line + 1);
            print_line(row.trim_end())?;
        }
    }
    print_line("")?;
    for parameter in explanation.parameters() {
        print_line(&kept(parameter))?;
    }
    if explanation.parameters().iter().all(|parameter| !parameter.learned) {
        print_line("Learns nothing: no value that depends on a label is kept and changed.")?;
    }
    if left_out > 0 {
        print_line(&format!(
            "Left out: {left_out} of the lines as written, which change nothing; addresses are renumbered (see simplify --steps)."
        ))?;
    }
    let idioms = explanation.idioms();
    print_line(if idioms.is_empty() { "\nNo idiom was recognized." } else { "\nIdioms:" })?;
    for idiom in idioms {
        print_line(&format!("  {:<28} {}", idiom.kind.words(), at_lines(&idiom.lines)))?;
    }
    Ok(())
}

fn kept(parameter: &Parameter) -> String {
    let Parameter { address, initial, updates, learned } = parameter;
    let what = if *learned { "Parameter" } else { "State    " };
    let begins = if initial.is_empty() { "begins at zero".to_owned() } else { format!("begins with {}", at_lines(initial)) };
    format!("{what} {address}: {begins}, updated by {}", at_lines(updates))
}
