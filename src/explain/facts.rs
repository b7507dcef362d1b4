//! What follows from the dependences alone: which lines depend on what, and which values last.

use exnihilo_jit::analysis::Liveness;
use exnihilo_jit::{ComponentFunction, Op, Program, Space};

use super::graph::{EdgeKind, Graph, Read, Source};

/// Facts of every line, by index.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// Whether it can reach a prediction.
    pub(super) live: Vec<bool>,
    /// Whether it depends on the features of the example.
    pub(super) features: Vec<bool>,
    /// Whether it depends on the label of the example.
    pub(super) label: Vec<bool>,
    /// Whether it depends on the label of the example, or of an earlier one by way of values that no parameter keeps.
    pub(super) taught: Vec<bool>,
    /// Whether the prediction for the example depends on it.
    pub(super) predicts: Vec<bool>,
    /// Whether it depends on the label of this example or of an earlier one.
    pub(super) learned: Vec<bool>,
    /// Whether its value lasts, and becomes a new value of its own address later on: a parameter, a decaying rate, a running sum.
    pub(super) kept: Vec<bool>,
    /// The lines that each line scales an update or an error for, where it is a learning rate.
    pub(super) scales: Vec<Vec<usize>>,
    /// The readers of each line, with the kind of dependence.
    pub(super) readers: Vec<Vec<(usize, EdgeKind)>>,
}

impl Facts {
    pub(super) fn of(program: &Program, graph: &Graph) -> Facts {
        let lines = graph.nodes().len();
        let mut readers = vec![Vec::new(); lines];
        for edge in graph.edges() {
            readers[edge.from].push((edge.to, edge.kind));
        }
        let mut live = Vec::new();
        Liveness::mark(program, graph.interface(), &mut live);
        let depends = |on: Source| {
            let mut depends = vec![false; lines];
            for (line, node) in graph.nodes().iter().enumerate() {
                depends[line] = node.reads.iter().any(|read| match read.source {
                    Source::Line(from) => read.kind == EdgeKind::Now && depends[from],
                    source => source == on,
                });
            }
            depends
        };
        let (features, label) = (depends(Source::Features), depends(Source::Label));
        let kept = kept(graph, &readers);
        let passing: Vec<Vec<_>> = readers.iter().zip(&kept).map(|(to, kept)| if *kept { Vec::new() } else { to.clone() }).collect();
        let mut facts = Facts {
            predicts: predicts(graph),
            learned: reached(&readers, label.clone()),
            taught: reached(&passing, label.clone()),
            kept,
            scales: vec![Vec::new(); lines],
            live,
            features,
            label,
            readers,
        };
        facts.find_rates(graph);
        facts
    }

    /// Whether an operand of a line depends on the label of the example.
    pub(super) fn operand_has_label(&self, graph: &Graph, line: usize, operand: usize) -> bool {
        graph.operand(line, operand).any(|read| match read.source {
            Source::Line(from) => read.kind == EdgeKind::Now && self.label[from],
            source => source == Source::Label,
        })
    }

    /// Whether an operand of a line depends on the label of the example, or of an earlier one by way of values that no parameter keeps.
    pub(super) fn operand_is_taught(&self, graph: &Graph, line: usize, operand: usize) -> bool {
        graph.operand(line, operand).any(|read| match read.source {
            Source::Line(from) => self.passes(from, read.kind) && self.taught[from],
            source => source == Source::Label,
        })
    }

    /// Whether what a line writes goes on as a part of what reads it, and not as a parameter of an earlier example.
    pub(super) fn passes(&self, from: usize, kind: EdgeKind) -> bool {
        kind == EdgeKind::Now || !self.kept[from]
    }

    /// Whether an operand of a line depends on the features of the example.
    pub(super) fn operand_has_features(&self, graph: &Graph, line: usize, operand: usize) -> bool {
        graph.operand(line, operand).any(|read| match read.source {
            Source::Line(from) => read.kind == EdgeKind::Now && self.features[from],
            source => source == Source::Features,
        })
    }

    /// Whether an operand of a line is a parameter, or what Setup makes of the address where nothing changes it.
    pub(super) fn operand_is_parameter(&self, graph: &Graph, line: usize, operand: usize) -> bool {
        let mut reads = graph.operand(line, operand).peekable();
        reads.peek().is_some()
            && reads.clone().any(|read| read.source != Source::Zero)
            && reads.all(|read| match read.source {
                Source::Zero => true,
                Source::Line(from) => graph.nodes()[from].function == ComponentFunction::Setup || self.kept[from],
                Source::Features | Source::Label => false,
            })
    }

    /// A learning rate is a scalar that multiplies (or divides) what depends on the label, and is neither part of the error nor an
    /// activation nor a weight, nor made of such scalars.
    fn find_rates(&mut self, graph: &Graph) {
        let nodes = graph.nodes();
        let scalar = |line: usize| nodes[line].instruction.writes().is_some_and(|(space, _)| space == Space::Scalar);
        let weights = (0..nodes.len()).map(|line| scalar(line) && self.kept[line] && self.learned[line]).collect();
        let of_scalars: Vec<Vec<_>> = self
            .readers
            .iter()
            .enumerate()
            .map(|(line, readers)| readers.iter().filter(|(to, _)| scalar(line) && scalar(*to)).copied().collect())
            .collect();
        let weights = reached(&of_scalars, weights);
        let mut scales = vec![Vec::new(); nodes.len()];
        for (line, node) in nodes.iter().enumerate() {
            let (scaled, scale) = match node.instruction.op() {
                Op::ScalarVectorProduct | Op::ScalarMatrixProduct => (1, 0),
                Op::ScalarProduct | Op::ScalarDivision if self.operand_has_label(graph, line, 0) => (0, 1),
                Op::ScalarProduct | Op::ScalarDivision => (1, 0),
                _ => continue,
            };
            if !self.operand_has_label(graph, line, scaled) || self.operand_has_label(graph, line, scale) {
                continue;
            }
            let sources = graph.operand(line, scale).map(|read| match read.source {
                Source::Line(from) if weights[from] || (self.features[from] && self.predicts[from]) => None,
                Source::Line(from) => Some(Some(from)),
                Source::Zero => Some(None),
                _ => None,
            });
            // One source that is something else makes the scalar something else.
            if let Some(sources) = sources.collect::<Option<Vec<_>>>() {
                sources.into_iter().flatten().for_each(|from| scales[from].push(line));
            }
        }
        self.scales = scales;
    }
}

/// Which lines the prediction for an example depends on, within the example.
fn predicts(graph: &Graph) -> Vec<bool> {
    let mut predicts = vec![false; graph.nodes().len()];
    let mark = |predicts: &mut Vec<bool>, reads: &[Read]| {
        for read in reads {
            if let (Source::Line(line), EdgeKind::Now) = (read.source, read.kind) {
                predicts[line] = true;
            }
        }
    };
    mark(&mut predicts, graph.prediction());
    for line in (0..graph.nodes().len()).rev() {
        if predicts[line] {
            mark(&mut predicts, &graph.nodes()[line].reads);
        }
    }
    predicts
}

/// The marked lines and all that depend on them, now or later.
fn reached(readers: &[Vec<(usize, EdgeKind)>], mut marked: Vec<bool>) -> Vec<bool> {
    let mut open: Vec<usize> = (0..marked.len()).filter(|&line| marked[line]).collect();
    while let Some(line) = open.pop() {
        for &(to, _) in &readers[line] {
            if !marked[to] {
                marked[to] = true;
                open.push(to);
            }
        }
    }
    marked
}

/// The lines whose value is read for a later example by a line that they depend on in turn.
fn kept(graph: &Graph, readers: &[Vec<(usize, EdgeKind)>]) -> Vec<bool> {
    let component = components(graph, readers);
    let stays = |line: usize| readers[line].iter().any(|&(to, kind)| kind == EdgeKind::NextExample && component[to] == component[line]);
    let written_later = |line: usize| graph.nodes()[line].function != ComponentFunction::Setup;
    (0..readers.len()).map(|line| written_later(line) && stays(line)).collect()
}

/// The strongly connected component of each line, by Kosaraju's two searches, without recursion: programs may be long.
fn components(graph: &Graph, readers: &[Vec<(usize, EdgeKind)>]) -> Vec<usize> {
    let lines = readers.len();
    let (mut finished, mut seen) = (Vec::with_capacity(lines), vec![false; lines]);
    for root in 0..lines {
        if seen[root] {
            continue;
        }
        seen[root] = true;
        let mut path = vec![(root, 0)];
        while let Some((line, next)) = path.last_mut() {
            if let Some(&(to, _)) = readers[*line].get(*next) {
                *next += 1;
                if !seen[to] {
                    seen[to] = true;
                    path.push((to, 0));
                }
            } else {
                finished.push(*line);
                path.pop();
            }
        }
    }
    let mut component = vec![usize::MAX; lines];
    for &root in finished.iter().rev() {
        let mut open = vec![root];
        while let Some(line) = open.pop() {
            if component[line] != usize::MAX {
                continue;
            }
            component[line] = root;
            for read in &graph.nodes()[line].reads {
                if let Source::Line(from) = read.source
                    && component[from] == usize::MAX
                {
                    open.push(from);
                }
            }
        }
    }
    component
}
