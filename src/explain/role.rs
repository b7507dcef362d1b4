//! What the value that a line writes is for.

use exnihilo_jit::{ComponentFunction, Interface, Op, Space};
use serde::Serialize;

use super::facts::Facts;
use super::graph::{Address, EdgeKind, Graph, Source};

/// What the value that a line writes is for, by data flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// No prediction depends on it.
    Unused,
    /// Set in Setup, and changed from example to example later.
    Initial,
    /// Set in Setup and never changed.
    Constant,
    /// A scalar that scales an error or an update.
    LearningRate,
    /// A random draw for every example.
    Noise,
    /// Computed from the features on the way to the prediction, or for the update.
    Activation,
    /// What the evaluation takes as the prediction.
    Prediction,
    /// Label and prediction, or what scales them.
    Error,
    /// What the error becomes on its way to a parameter.
    Gradient,
    /// The new value of a parameter, which learns.
    Update,
    /// A value kept from example to example that the labels do not change.
    State,
    /// Computed anew from parameters or constants for every example.
    Derived,
}

impl Role {
    /// The words that people read.
    pub const fn words(self) -> &'static str {
        match self {
            Role::Unused => "no effect",
            Role::Initial => "first value",
            Role::Constant => "constant",
            Role::LearningRate => "learning rate",
            Role::Noise => "noise",
            Role::Activation => "activation",
            Role::Prediction => "prediction",
            Role::Error => "error",
            Role::Gradient => "gradient",
            Role::Update => "update",
            Role::State => "state",
            Role::Derived => "derived",
        }
    }
}

/// The role of every line.
pub(super) fn roles(graph: &Graph, facts: &Facts) -> Vec<Role> {
    let nodes = graph.nodes();
    let mut roles = vec![Role::Derived; nodes.len()];
    for (line, node) in nodes.iter().enumerate() {
        roles[line] = if !facts.live[line] {
            Role::Unused
        } else if graph.prediction().iter().any(|read| read.source == Source::Line(line)) && node.function != ComponentFunction::Setup {
            Role::Prediction
        } else if !facts.scales[line].is_empty() {
            Role::LearningRate
        } else if node.function == ComponentFunction::Setup {
            // Put right below, when the roles of its readers are known.
            Role::Constant
        } else if facts.kept[line] {
            if facts.learned[line] { Role::Update } else { Role::State }
        } else if node.instruction.op().is_random() {
            Role::Noise
        } else if facts.taught[line] {
            if is_error(graph, facts, &roles, line) { Role::Error } else { Role::Gradient }
        } else if facts.features[line] {
            Role::Activation
        } else {
            Role::Derived
        };
    }
    for line in (0..nodes.len()).rev() {
        if roles[line] == Role::Constant && is_initial(graph, facts, &roles, line) {
            roles[line] = Role::Initial;
        }
    }
    roles
}

/// Whether it is where the label is read, or that times something which is no activation.
fn is_error(graph: &Graph, facts: &Facts, roles: &[Role], line: usize) -> bool {
    let node = &graph.nodes()[line];
    if node.reads.iter().any(|read| read.source == Source::Label) {
        let label = graph.interface().label().0;
        return node.instruction.writes().is_some_and(|(space, _)| space == label);
    }
    let of_label = node.reads.iter().filter(|read| facts.operand_is_taught(graph, line, read.operand));
    let of_errors = of_label.clone().all(|read| matches!(read.source, Source::Line(from) if roles[from] == Role::Error));
    let scales = match graph.interface() {
        Interface::Number => node.instruction.writes().is_some_and(|(space, _)| space == Space::Scalar),
        Interface::Classes => node.instruction.op() == Op::ScalarVectorProduct,
    };
    of_errors && scales
}

/// Whether what a line of Setup writes is changed from example to example: a reader finds the work of a later line in its place.
fn is_initial(graph: &Graph, facts: &Facts, roles: &[Role], line: usize) -> bool {
    let written = graph.nodes()[line].instruction.writes().map(Address::from);
    facts.readers[line].iter().any(|&(to, _)| {
        let reader = &graph.nodes()[to];
        if reader.function == ComponentFunction::Setup {
            return roles[to] == Role::Initial && reader.instruction.writes().map(Address::from) == written;
        }
        let operands = reader.reads.iter().filter(|read| read.source == Source::Line(line)).map(|read| read.operand);
        operands.into_iter().any(|operand| graph.operand(to, operand).any(|read| read.kind == EdgeKind::NextExample))
    })
}

/// A value that lasts from example to example and changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Where it is.
    pub address: Address,
    /// The lines of Setup that its first value comes from; none where it starts at zero.
    pub initial: Vec<usize>,
    /// The lines that write its new value, by index.
    pub updates: Vec<usize>,
    /// Whether labels change it: a parameter learns, other state does not.
    pub learned: bool,
}

/// What is kept from example to example, in the order of addresses.
pub(super) fn parameters(graph: &Graph, facts: &Facts) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for (line, node) in graph.nodes().iter().enumerate().filter(|&(line, _)| facts.kept[line] && facts.live[line]) {
        let Some(address) = node.instruction.writes().map(Address::from) else { continue };
        match parameters.iter_mut().find(|parameter| parameter.address == address) {
            Some(parameter) => {
                parameter.updates.push(line);
                parameter.learned |= facts.learned[line];
            }
            None => {
                parameters.push(Parameter { address, initial: Vec::new(), updates: vec![line], learned: facts.learned[line] });
            }
        }
    }
    for (line, node) in graph.nodes().iter().enumerate() {
        if node.function == ComponentFunction::Setup
            && facts.live[line]
            && let Some(written) = node.instruction.writes().map(Address::from)
            && let Some(parameter) = parameters.iter_mut().find(|parameter| parameter.address == written)
        {
            parameter.initial.push(line);
        }
    }
    parameters.sort_by_key(|parameter| parameter.address);
    parameters
}

/// For every line, the parameters whose new value it goes into, other than by way of a parameter of an earlier example, in the order of
/// addresses.
pub(super) fn goes_into(graph: &Graph, facts: &Facts, parameters: &[Parameter]) -> Vec<Vec<Address>> {
    let lines = graph.nodes().len();
    let mut goes_into = vec![Vec::new(); lines];
    for parameter in parameters.iter().filter(|parameter| parameter.learned) {
        let mut reaches = vec![false; lines];
        let mut open = parameter.updates.clone();
        while let Some(line) = open.pop() {
            if std::mem::replace(&mut reaches[line], true) {
                continue;
            }
            for read in &graph.nodes()[line].reads {
                if let Source::Line(from) = read.source
                    && facts.passes(from, read.kind)
                    && graph.nodes()[from].function != ComponentFunction::Setup
                {
                    open.push(from);
                }
            }
        }
        for (line, _) in reaches.iter().enumerate().filter(|(_, reaches)| **reaches) {
            goes_into[line].push(parameter.address);
        }
    }
    goes_into
}
