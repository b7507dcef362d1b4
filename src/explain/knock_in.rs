//! Idioms of one program put into another, matched by role (the paper, supplement S7: knock-ins).
//!
//! What is put in has addresses of its own, free ones of the other program; constants of Setup that it needs come along. Only its way in
//! and its way out are the other program's:
//! - a normalization of gradients works on the last gradient (or error) of its space; where the learning rate has already scaled that, it
//!   does so again afterwards;
//! - a ReLU and noise work on the last activation of their space on the way to the prediction; noise of the features on the features;
//! - a decay works on the learning rate that Setup sets;
//! - an average is that of the first parameter of its space: training goes on with the parameter, validation uses the average.
//!
//! A normalization or an average of matrices becomes one of vectors where the other program has only these, and the other way round.
//!
//! Layers, forms and updates are a whole model or all of its learning; they have no place in another program.

use std::collections::BTreeMap;

use exnihilo_jit::lang::{MAX_ADDRESSES, MAX_INSTRUCTIONS};
use exnihilo_jit::{ComponentFunction, Data, Instruction, Op, Program, Space};

use super::explanation::Explanation;
use super::graph::{Address, EdgeKind, Read, Source};
use super::idiom::{Idiom, IdiomKind};
use super::knock_out::copy;
use super::role::Role;

/// Why an idiom cannot be put into a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// The idiom is no part that values go through.
    #[error("this is a whole model or all of its learning, not a part that values go through")]
    Whole(IdiomKind),
    /// The program has nothing with the role of what goes through the idiom.
    #[error("the program has no {role} that is a {}", .space.word())]
    Role {
        /// What is looked for.
        role: &'static str,
        /// The space that it must have.
        space: Space,
    },
    /// The idiom reads something that has no counterpart.
    #[error("it reads the result of line {line}, to which nothing in the program corresponds")]
    Input {
        /// The line of the program that the idiom is from, counted from 1.
        line: usize,
    },
    /// The program would be too long.
    #[error("{} would have more than {MAX_INSTRUCTIONS} instructions", .0.name())]
    Length(ComponentFunction),
    /// All addresses are taken.
    #[error("the program has no free {} address left", .0.word())]
    Addresses(Space),
}

/// The program of `host` with an idiom of `guest` in it. Both are explained for tasks of one kind.
///
/// # Errors
/// Why it has no place there.
///
/// # Panics
/// If the idiom is that of another program.
pub fn knock_in(guest: &Explanation, idiom: &Idiom, host: &Explanation) -> Result<Program, NoPlace> {
    let put_in = |graft: Graft| match idiom.kind {
        IdiomKind::GradientNormalization => graft.normalize(idiom),
        IdiomKind::Relu => graft.rectify(idiom),
        IdiomKind::InputNoise => graft.add_noise(idiom),
        IdiomKind::LearningRateDecay => graft.decay(idiom),
        IdiomKind::WeightAveraging => graft.average(idiom),
        kind => Err(NoPlace::Whole(kind)),
    };
    let graft = || Graft::new(guest, host, &idiom.lines);
    let program = match (put_in(graft()), Recast::of(guest, idiom)) {
        (Err(own), Some(recast)) if matches!(own, NoPlace::Role { .. }) => {
            put_in(Graft { recast: Some(recast), ..graft() }).map_err(|_| own)
        }
        (own, _) => own,
    }?;
    let long = ComponentFunction::ALL.into_iter().find(|&function| program.function(function).len() > MAX_INSTRUCTIONS);
    long.map_or(Ok(program), |function| Err(NoPlace::Length(function)))
}

/// Vectors in place of matrices, or matrices in place of vectors.
#[derive(Clone, Copy)]
struct Recast {
    from: Space,
    to: Space,
}

impl Recast {
    /// The one of an idiom, if its ops mean the same for both.
    fn of(guest: &Explanation, idiom: &Idiom) -> Option<Recast> {
        let op = |line: usize| guest.program().instructions()[line].op();
        let recast = match op(idiom.through.first()?.line).output()? {
            Space::Matrix => Recast { from: Space::Matrix, to: Space::Vector },
            Space::Vector => Recast { from: Space::Vector, to: Space::Matrix },
            Space::Scalar => return None,
        };
        idiom.lines.iter().all(|&line| recast.op(op(line)).is_some()).then_some(recast)
    }

    fn op(self, op: Op) -> Option<Op> {
        const ALIKE: [(Op, Op); 7] = [
            (Op::VectorNorm, Op::MatrixNorm),
            (Op::ScalarVectorProduct, Op::ScalarMatrixProduct),
            (Op::VectorSum, Op::MatrixSum),
            (Op::VectorDiff, Op::MatrixDiff),
            (Op::VectorProduct, Op::MatrixProduct),
            (Op::VectorDivision, Op::MatrixDivision),
            (Op::VectorReciprocal, Op::MatrixReciprocal),
        ];
        if op.inputs().iter().copied().chain(op.output()).all(|space| space == Space::Scalar) {
            return Some(op);
        }
        let (vector, matrix) = ALIKE.into_iter().find(|&(vector, matrix)| op == vector || op == matrix)?;
        Some(if self.to == Space::Vector { vector } else { matrix })
    }
}

/// A program that becomes another.
struct Graft<'a> {
    guest: &'a Explanation,
    host: &'a Explanation,
    program: Program,
    /// The guest's lines that are put in.
    section: &'a [usize],
    /// Where the section writes what it writes, by the guest's addresses.
    outputs: BTreeMap<Address, u8>,
    /// Where values of Setup are that the section needs, by the guest's lines; none for what is zero.
    constants: BTreeMap<(Space, Option<usize>), u8>,
    /// The guest's source that goes through the section, and where the host has it.
    way_in: Option<(Source, u8)>,
    recast: Option<Recast>,
    used: [[bool; MAX_ADDRESSES]; 3],
}

impl<'a> Graft<'a> {
    fn new(guest: &'a Explanation, host: &'a Explanation, section: &'a [usize]) -> Graft<'a> {
        let mut used = [[false; MAX_ADDRESSES]; 3];
        for instruction in host.program().instructions() {
            for (space, address) in instruction.reads().chain(instruction.writes()) {
                used[space as usize][usize::from(address)] = true;
            }
        }
        for space in Space::ALL {
            let reserved = usize::from(host.graph().interface().first_free(space));
            used[space as usize][..reserved].fill(true);
        }
        let (outputs, constants) = (BTreeMap::new(), BTreeMap::new());
        Graft { guest, host, program: host.program().clone(), section, outputs, constants, way_in: None, recast: None, used }
    }

    fn normalize(mut self, idiom: &Idiom) -> Result<Program, NoPlace> {
        let through = idiom.through[0];
        let space = self.space_of(through.line);
        let host = self.host;
        let with_role = |role: Role| self.last_of_host(space, |line| host.role(line) == role);
        let place = with_role(Role::Gradient).or_else(|| with_role(Role::Error)).ok_or(NoPlace::Role { role: "gradient", space })?;
        let at = self.out_of_host(place);
        let (mut lines, result) = self.through(through.line, through.operand, at, idiom.lines.iter().copied())?;
        lines.push(copy(space, result, at));
        if is_scaled(host, place)
            && !is_scaled(self.guest, through.line)
            && let Some(rate) = self.constant_rate()
        {
            lines.push(product(space, rate, at));
        }
        self.insert_after(place, lines);
        Ok(self.program)
    }

    fn rectify(mut self, idiom: &Idiom) -> Result<Program, NoPlace> {
        // The first is the unit itself; what follows is its gradient, which the host has no need of.
        let through = idiom.through[0];
        let first = idiom.lines.iter().copied().filter(|&line| line == through.line || self.guest.predicts(line));
        self.on_activation(through.line, through.operand, first.collect())
    }

    fn add_noise(mut self, idiom: &Idiom) -> Result<Program, NoPlace> {
        let of_features =
            |line: usize, operand: usize| self.guest.graph().operand(line, operand).all(|read| read.source == Source::Features);
        let consumers: Vec<usize> = idiom.through.iter().map(|through| through.line).collect();
        let Some(through) = idiom.through.iter().find(|through| of_features(through.line, through.operand)) else {
            let through = idiom.through[0];
            let lines = idiom.lines.iter().copied().filter(|line| *line == through.line || !consumers.contains(line));
            return self.on_activation(through.line, through.operand, lines.collect());
        };
        let lines = idiom.lines.iter().copied().filter(|line| *line == through.line || !consumers.contains(line));
        let lines: Vec<usize> = lines.collect();
        let in_learn = consumers
            .iter()
            .any(|&line| self.guest.readers(line).any(|to| self.guest.graph().nodes()[to].function == ComponentFunction::Learn));
        let instructions = self.emit(&lines)?;
        let noisy = self.outputs[&self.written_by_guest(through.line)];
        let reads_noisy = |function| function == ComponentFunction::Predict || (in_learn && function == ComponentFunction::Learn);
        for function in [ComponentFunction::Predict, ComponentFunction::Learn].into_iter().filter(|&function| reads_noisy(function)) {
            for instruction in self.program.function_mut(function) {
                *instruction = renamed(instruction, (Space::Vector, 0), noisy);
            }
        }
        // In Predict before everything else, in Learn after it, for the next example.
        let of = |function| {
            let of_function = lines.iter().zip(&instructions).filter(|&(&line, _)| self.guest.graph().nodes()[line].function == function);
            of_function.map(|(_, instruction)| *instruction).collect::<Vec<_>>()
        };
        let (predict, learn) = (of(ComponentFunction::Predict), of(ComponentFunction::Learn));
        for instruction in predict.into_iter().rev() {
            self.program.insert(ComponentFunction::Predict, 0, instruction);
        }
        self.append(ComponentFunction::Learn, learn);
        Ok(self.program)
    }

    fn decay(mut self, idiom: &Idiom) -> Result<Program, NoPlace> {
        let rate = self.constant_rate().ok_or(NoPlace::Role { role: "learning rate set in Setup", space: Space::Scalar })?;
        for &line in &idiom.removed {
            let kept = self.written_by_guest(line);
            self.outputs.insert(kept, rate);
        }
        for function in [ComponentFunction::Predict, ComponentFunction::Learn] {
            let lines = idiom.lines.iter().copied().filter(|&line| self.guest.graph().nodes()[line].function == function);
            let instructions = self.emit(&lines.collect::<Vec<_>>())?;
            self.append(function, instructions);
        }
        Ok(self.program)
    }

    fn average(mut self, idiom: &Idiom) -> Result<Program, NoPlace> {
        let through = idiom.through[0];
        let space = self.space_of(through.line);
        let writes = |function: ComponentFunction, address: Address| {
            self.host.program().function(function).iter().any(|line| line.writes().map(Address::from) == Some(address))
        };
        let averaged = self.host.parameters().iter().find(|parameter| {
            let address = parameter.address;
            parameter.learned && address.space == space && !writes(ComponentFunction::Predict, address)
        });
        let weights = averaged.ok_or(NoPlace::Role { role: "parameter that only Learn updates and", space })?.address.number;
        let current = self.fresh(space)?;
        self.append(ComponentFunction::Setup, vec![copy(space, weights, current)]);
        for instruction in self.program.function_mut(ComponentFunction::Learn) {
            *instruction = renamed(instruction, (space, weights), current);
            if instruction.writes() == Some((space, weights)) {
                *instruction = with_addresses(instruction, instruction.in1(), instruction.in2(), current);
            }
        }
        self.append(ComponentFunction::Learn, vec![copy(space, current, weights)]);
        let (mut lines, sum) = self.through(through.line, through.operand, current, idiom.lines.iter().copied())?;
        lines.push(copy(space, sum, weights));
        self.append(ComponentFunction::Predict, lines);
        Ok(self.program)
    }

    /// Puts a section on the last activation of its space.
    fn on_activation(&mut self, line: usize, operand: usize, lines: Vec<usize>) -> Result<Program, NoPlace> {
        let space = self.space_of(line);
        let host = self.host;
        let rectified = |line: usize| host.idioms().iter().any(|idiom| idiom.kind == IdiomKind::Relu && idiom.through[0].line == line);
        let place = self
            .last_of_host(space, |line| host.role(line) == Role::Activation && host.predicts(line) && !rectified(line))
            .ok_or(NoPlace::Role { role: "activation on the way to the prediction", space })?;
        let at = self.out_of_host(place);
        let (mut instructions, result) = self.through(line, operand, at, lines.into_iter())?;
        instructions.push(copy(space, result, at));
        self.insert_after(place, instructions);
        Ok(self.program.clone())
    }

    /// The section's instructions, with what goes through one operand of a line taken from an address of the host, and where the result is.
    fn through(
        &mut self,
        line: usize,
        operand: usize,
        from: u8,
        lines: impl Iterator<Item = usize>,
    ) -> Result<(Vec<Instruction>, u8), NoPlace> {
        let sources: Vec<Source> = self.guest.graph().operand(line, operand).map(|read| read.source).collect();
        // What is kept has several sources, of which Setup's is only the first value.
        let later = sources.iter().find(|source| match source {
            Source::Line(from) => !self.in_setup(*from),
            Source::Features | Source::Label => true,
            Source::Zero => false,
        });
        self.way_in = later.or(sources.first()).map(|&source| (source, from));
        let lines: Vec<usize> = lines.collect();
        let instructions = self.emit(&lines)?;
        Ok((instructions, self.outputs[&self.written_by_guest(line)]))
    }

    /// The instructions of these lines at addresses of the host.
    fn emit(&mut self, lines: &[usize]) -> Result<Vec<Instruction>, NoPlace> {
        for &line in lines {
            let output = self.written_by_guest(line);
            if !self.outputs.contains_key(&output) {
                let fresh = self.fresh(self.cast(output.space))?;
                self.outputs.insert(output, fresh);
            }
        }
        let mut instructions = Vec::with_capacity(lines.len());
        for &line in lines {
            let instruction = self.guest.program().instructions()[line];
            let mut inputs = [0; 2];
            for (operand, input) in inputs.iter_mut().enumerate().take(instruction.op().inputs().len()) {
                *input = self.input(line, operand)?;
            }
            let output = self.outputs[&self.written_by_guest(line)];
            let op = self.recast.map_or(Some(instruction.op()), |recast| recast.op(instruction.op())).expect("it was looked at before");
            let made = Instruction::new(op, inputs[0], inputs[1], output, instruction.data());
            instructions.push(made.expect("free addresses may be read and written"));
        }
        Ok(instructions)
    }

    /// Where the host has what an operand of a line of the section reads.
    fn input(&mut self, line: usize, operand: usize) -> Result<u8, NoPlace> {
        let graph = self.guest.graph();
        let reads: Vec<_> = graph.operand(line, operand).copied().collect();
        let address = reads[0].address;
        if let Some((source, from)) = self.way_in
            && reads.iter().any(|read| read.source == source)
        {
            return Ok(from);
        }
        let in_section = |source: Source| matches!(source, Source::Line(from) if self.section.contains(&from));
        if reads.iter().any(|read| in_section(read.source)) {
            let output = self.outputs[&address];
            let is_hosts = self.host.program().instructions().iter().any(|line| line.writes() == Some((address.space, output)));
            let first = reads.iter().find_map(|read| match read.source {
                Source::Line(from) if self.in_setup(from) => Some(from),
                _ => None,
            });
            // What a decaying rate begins with is the host's.
            if let Some(first) = first.filter(|_| !is_hosts) {
                self.copy_setup(first, output)?;
            }
            return Ok(output);
        }
        let &[read] = reads.as_slice() else { return Err(NoPlace::Input { line: later_line(&reads) }) };
        let space = self.cast(address.space);
        match read.source {
            Source::Zero => self.constant(space, None),
            Source::Line(from) if space != address.space => Err(NoPlace::Input { line: from + 1 }),
            Source::Features => Ok(0),
            Source::Label => Ok(graph.interface().label().1),
            Source::Line(from) if self.in_setup(from) => self.constant(address.space, Some(from)),
            Source::Line(from) => {
                let role = self.guest.role(from);
                let host = self.host;
                let counterpart = matches!(role, Role::Error | Role::Prediction | Role::Gradient)
                    .then(|| self.last_of_host(address.space, |line| host.role(line) == role))
                    .flatten();
                counterpart.map(|line| self.out_of_host(line)).ok_or(NoPlace::Input { line: from + 1 })
            }
        }
    }

    /// Where the host has a value of the guest's Setup, or zero.
    fn constant(&mut self, space: Space, line: Option<usize>) -> Result<u8, NoPlace> {
        if let Some(&known) = self.constants.get(&(space, line)) {
            return Ok(known);
        }
        let fresh = self.fresh(space)?;
        self.constants.insert((space, line), fresh);
        if let Some(line) = line {
            self.copy_setup(line, fresh)?;
        }
        Ok(fresh)
    }

    /// Copies a line of the guest's Setup with all that it needs to the end of the host's, its result at this address.
    fn copy_setup(&mut self, line: usize, to: u8) -> Result<(), NoPlace> {
        let mut needed = vec![false; line + 1];
        needed[line] = true;
        for reader in (0..=line).rev() {
            if needed[reader] {
                for read in &self.guest.graph().nodes()[reader].reads {
                    if let (Source::Line(from), EdgeKind::Now) = (read.source, read.kind) {
                        needed[from] = true;
                    }
                }
            }
        }
        let mut addresses = BTreeMap::from([(self.written_by_guest(line), to)]);
        for line in (0..=line).filter(|&line| needed[line]) {
            let instruction = self.guest.program().instructions()[line];
            let mut inputs = [0; 2];
            for ((space, address), input) in instruction.reads().zip(&mut inputs) {
                *input = self.renumbered(&mut addresses, (space, address).into())?;
            }
            let output = self.renumbered(&mut addresses, self.written_by_guest(line))?;
            self.append(ComponentFunction::Setup, vec![with_addresses(&instruction, inputs[0], inputs[1], output)]);
        }
        Ok(())
    }

    fn renumbered(&mut self, addresses: &mut BTreeMap<Address, u8>, address: Address) -> Result<u8, NoPlace> {
        if let Some(&known) = addresses.get(&address) {
            return Ok(known);
        }
        let fresh = self.fresh(address.space)?;
        addresses.insert(address, fresh);
        Ok(fresh)
    }

    /// An address that nothing uses yet.
    fn fresh(&mut self, space: Space) -> Result<u8, NoPlace> {
        let used = &mut self.used[space as usize];
        let free = used.iter().position(|used| !used).ok_or(NoPlace::Addresses(space))?;
        used[free] = true;
        Ok(free as u8)
    }

    /// The address of a scalar that Setup sets and that scales updates, where nothing changes it later.
    fn constant_rate(&self) -> Option<u8> {
        let nodes = self.host.graph().nodes();
        let rate = (0..nodes.len()).find(|&line| {
            let always = |&scaled: &usize| [0, 1].into_iter().any(|operand| self.host.graph().only_source(scaled, operand) == Some(line));
            nodes[line].function == ComponentFunction::Setup && self.host.scales(line).first().is_some_and(always)
        })?;
        let address = self.out_of_host(rate);
        let changed = nodes
            .iter()
            .any(|node| node.function != ComponentFunction::Setup && node.instruction.writes() == Some((Space::Scalar, address)));
        (!changed).then_some(address)
    }

    fn in_setup(&self, line: usize) -> bool {
        self.guest.graph().nodes()[line].function == ComponentFunction::Setup
    }

    fn space_of(&self, line: usize) -> Space {
        self.cast(self.written_by_guest(line).space)
    }

    /// The space that something of the guest has in the host.
    fn cast(&self, space: Space) -> Space {
        self.recast.filter(|recast| recast.from == space).map_or(space, |recast| recast.to)
    }

    fn written_by_guest(&self, line: usize) -> Address {
        self.guest.program().instructions()[line].writes().expect("idioms have no lines that do nothing").into()
    }

    fn out_of_host(&self, line: usize) -> u8 {
        self.host.program().instructions()[line].out()
    }

    /// The last line of the host that writes to a space and is accepted.
    fn last_of_host(&self, space: Space, accepted: impl Fn(usize) -> bool) -> Option<usize> {
        let instructions = self.host.program().instructions();
        (0..instructions.len()).rev().find(|&line| instructions[line].writes().is_some_and(|written| written.0 == space) && accepted(line))
    }

    fn append(&mut self, function: ComponentFunction, instructions: Vec<Instruction>) {
        for instruction in instructions {
            let end = self.program.function(function).len();
            self.program.insert(function, end, instruction);
        }
    }

    /// Inserts after a line of the host, before anything else has been inserted into that function.
    fn insert_after(&mut self, line: usize, instructions: Vec<Instruction>) {
        let node = &self.host.graph().nodes()[line];
        for instruction in instructions.into_iter().rev() {
            self.program.insert(node.function, node.position + 1, instruction);
        }
    }
}

/// The line, counted from 1, that a value with several sources comes from later.
fn later_line(reads: &[Read]) -> usize {
    let mut lines = reads.iter().filter_map(|read| if let Source::Line(from) = read.source { Some(from + 1) } else { None });
    lines.next_back().unwrap_or(1)
}

/// Whether a line depends, within the example, on one in which a learning rate scales something, or is one.
fn is_scaled(explanation: &Explanation, line: usize) -> bool {
    let nodes = explanation.graph().nodes();
    let mut scaled = vec![false; nodes.len()];
    (0..nodes.len()).for_each(|rate| explanation.scales(rate).iter().for_each(|&line| scaled[line] = true));
    for (reader, node) in nodes.iter().enumerate() {
        scaled[reader] |=
            node.reads.iter().any(|read| matches!((read.source, read.kind), (Source::Line(from), EdgeKind::Now) if scaled[from]));
    }
    scaled[line]
}

/// A scalar times what is at an address, in place.
fn product(space: Space, scalar: u8, at: u8) -> Instruction {
    let op = match space {
        Space::Scalar => Op::ScalarProduct,
        Space::Vector => Op::ScalarVectorProduct,
        Space::Matrix => Op::ScalarMatrixProduct,
    };
    Instruction::new(op, scalar, at, at, Data::None).expect("addresses of a program, one that it writes")
}

/// The instruction with another address in place of one that it reads.
fn renamed(instruction: &Instruction, from: (Space, u8), to: u8) -> Instruction {
    let mut inputs = instruction.reads().map(|read| if read == from { to } else { read.1 });
    let (in1, in2) = (inputs.next().unwrap_or(0), inputs.next().unwrap_or(0));
    with_addresses(instruction, in1, in2, instruction.out())
}

fn with_addresses(instruction: &Instruction, in1: u8, in2: u8, out: u8) -> Instruction {
    Instruction::new(instruction.op(), in1, in2, out, instruction.data()).expect("free addresses may be read and written")
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::testing::FuzzCase;
    use exnihilo_jit::{Interface, known_program};

    use super::*;

    fn explained(program: &str) -> Explanation {
        let program = known_program(program).unwrap_or_else(|| program.parse().expect("a program"));
        Explanation::of(&program, Interface::Number)
    }

    fn into(host: &str, guest: &str, kind: IdiomKind) -> Result<String, NoPlace> {
        let guest = explained(guest);
        let idiom = guest.idioms().iter().find(|idiom| idiom.kind == kind).expect("the guest has it");
        knock_in(&guest, idiom, &explained(host)).map(|program| program.to_string())
    }

    /// With address numbers that clash with those of the hosts.
    const GUEST: &str = "def Setup():\n  s2 = 0.5\n  s4 = 0.9\n  s4 = s4 * s4\ndef Predict():\n  v2 = uniform(-0.5, 0.5)\n  v3 = v0 + v2\n  \
                         s1 = dot(v3, v1)\ndef Learn():\n  s3 = s0 - s1\n  v2 = s3 * v3\n  s2 = s2 * s4\n  s3 = norm(v2)\n  s3 = 1 / s3\n  \
                         v2 = s3 * v2\n  v2 = s2 * v2\n  v1 = v1 + v2\n";

    #[test]
    fn a_normalization_works_on_the_gradient_and_the_rate_scales_it_again() {
        let text = into("linear", GUEST, IdiomKind::GradientNormalization).expect("it has a place");
        let expected = "def Setup():\n  s2 = 0.01\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s3 = s0 - s1\n  s3 = s3 * s2\n  \
                        v2 = s3 * v0\n  s4 = norm(v2)\n  s4 = 1 / s4\n  v3 = s4 * v2\n  v2 = maximum(v3, v3)\n  v2 = s2 * v2\n  v1 = v1 + v2\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_for_matrices_works_on_vectors_where_there_are_no_matrices() {
        let guest = "def Predict():\n  v2 = dot(m0, v0)\n  s1 = mean(v2)\ndef Learn():\n  s2 = s0 - s1\n  v3 = s2 * v0\n  m1 = outer(v3, v3)\n  \
                     s3 = norm(m1)\n  s3 = 1 / s3\n  m1 = s3 * m1\n  m0 = m0 + m1\n";
        let text = into("linear", guest, IdiomKind::GradientNormalization).expect("it has a place");
        assert!(text.contains("  s4 = norm(v2)\n  s4 = 1 / s4\n  v3 = s4 * v2\n  v2 = maximum(v3, v3)\n  v2 = s2 * v2\n"), "{text}");
    }

    #[test]
    fn noise_takes_the_place_of_the_features() {
        let text = into("linear", GUEST, IdiomKind::InputNoise).expect("it has a place");
        let expected = "def Setup():\n  s2 = 0.01\ndef Predict():\n  v3 = uniform(-0.5, 0.5)\n  v4 = v0 + v3\n  s1 = dot(v4, v1)\ndef Learn():\n  \
                        s3 = s0 - s1\n  s3 = s3 * s2\n  v2 = s3 * v4\n  v1 = v1 + v2\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_decay_works_on_the_hosts_rate_and_brings_its_constants() {
        let text = into("linear", GUEST, IdiomKind::LearningRateDecay).expect("it has a place");
        let expected = "def Setup():\n  s2 = 0.01\n  s4 = 0.9\n  s4 = s4 * s4\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s3 = s0 - s1\n  \
                        s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n  s2 = s2 * s4\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn an_average_is_for_validation() {
        let guest = "def Predict():\n  s1 = dot(v0, v1)\n  v3 = v3 + v2\n  v1 = maximum(v3, v3)\ndef Learn():\n  s3 = s0 - s1\n  v4 = s3 * v0\n  \
                     v2 = v2 + v4\n  v1 = maximum(v2, v2)\n";
        let text = into("linear", guest, IdiomKind::WeightAveraging).expect("it has a place");
        let expected = "def Setup():\n  s2 = 0.01\n  v3 = maximum(v1, v1)\ndef Predict():\n  s1 = dot(v0, v1)\n  v4 = v4 + v3\n  \
                        v1 = maximum(v4, v4)\ndef Learn():\n  s3 = s0 - s1\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v3 = v3 + v2\n  v1 = maximum(v3, v3)\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_relu_needs_an_activation() {
        let role = "activation on the way to the prediction";
        assert_eq!(into("linear", "net", IdiomKind::Relu), Err(NoPlace::Role { role, space: Space::Vector }));
        let host = "def Setup():\n  m0 = gaussian(0.0, 0.1)\ndef Predict():\n  v2 = dot(m0, v0)\n  s1 = dot(v2, v1)\ndef Learn():\n  s3 = s0 - s1\n  \
                    v3 = s3 * v2\n  v1 = v1 + v3\n";
        let text = into(host, "net", IdiomKind::Relu).expect("it has a place");
        assert!(text.contains("  v2 = dot(m0, v0)\n  v4 = maximum(v2, v5)\n  v2 = maximum(v4, v4)\n  s1 = dot(v2, v1)\n"), "{text}");
    }

    #[test]
    fn what_has_no_place_is_told() {
        assert_eq!(into("linear", "net", IdiomKind::LinearLayer), Err(NoPlace::Whole(IdiomKind::LinearLayer)));
        let constant = "def Predict():\n  s1 = mean(v0)\n";
        let refusal = into(constant, GUEST, IdiomKind::GradientNormalization).expect_err("no gradient");
        assert_eq!(refusal.to_string(), "the program has no gradient that is a vector");
        assert!(matches!(into(constant, GUEST, IdiomKind::LearningRateDecay), Err(NoPlace::Role { .. })));
        let lines: String = (2..64).map(|scalar| format!("  s{scalar} = 0.5\n  s1 = s1 + s{scalar}\n")).collect();
        let full = format!(
            "def Predict():\n{lines}  s9 = dot(v0, v1)\n  s1 = s1 + s9\ndef Learn():\n  s2 = s0 - s1\n  v2 = s2 * v0\n  v1 = v1 + v2\n"
        );
        assert_eq!(into(&full, GUEST, IdiomKind::GradientNormalization), Err(NoPlace::Addresses(Space::Scalar)));
    }

    /// Programs whose idioms have a place in other ones.
    const GUESTS: [&str; 5] = [
        GUEST,
        "net",
        // An average of vectors.
        "def Predict():\n  s1 = dot(v0, v1)\n  v3 = v3 + v2\n  v1 = maximum(v3, v3)\ndef Learn():\n  s3 = s0 - s1\n  v4 = s3 * v0\n  \
         v2 = v2 + v4\n  v1 = maximum(v2, v2)\n",
        // An average and a normalization of matrices.
        "def Setup():\n  m0 = gaussian(0.0, 0.1)\n  m1 = maximum(m0, m0)\ndef Predict():\n  v2 = dot(m1, v0)\n  s1 = dot(v0, v2)\n  \
         m2 = m2 + m0\n  m1 = maximum(m2, m2)\ndef Learn():\n  s3 = s0 - s1\n  v5 = s3 * v0\n  m3 = outer(v0, v5)\n  s4 = norm(m3)\n  \
         s4 = 1 / s4\n  m3 = s4 * m3\n  m0 = m0 + m3\n  m1 = maximum(m0, m0)\n",
        // Noise that is drawn in Learn for the next example.
        "def Predict():\n  v2 = v0 + v1\n  s1 = dot(v2, v3)\ndef Learn():\n  s2 = s0 - s1\n  v4 = s2 * v2\n  v3 = v3 + v4\n  \
         v1 = uniform(-0.1, 0.1)\n",
    ];

    #[test]
    fn whatever_program_is_put_into_keeps_its_instructions_in_their_order() {
        let guests = |interface| {
            GUESTS.map(|guest| {
                let program = known_program(guest).unwrap_or_else(|| guest.parse().expect("a program"));
                Explanation::of(&program, interface)
            })
        };
        let (of_numbers, of_classes) = (guests(Interface::Number), guests(Interface::Classes));
        let mut put_in = BTreeMap::new();
        for seed in 0..4_000 {
            let case = FuzzCase::generate(seed);
            let interface = case.group.interface();
            let host = Explanation::of(&case.program, interface);
            // Also with random programs as guests, whose idioms are chance.
            let other = Explanation::of(&FuzzCase::generate(seed + 4_000).program, interface);
            let guests = if interface == Interface::Number { &of_numbers } else { &of_classes };
            for guest in guests.iter().chain([&other]) {
                for idiom in guest.idioms() {
                    if let Ok(changed) = knock_in(guest, idiom, &host) {
                        check(&case.program, &changed, interface);
                        *put_in.entry(idiom.kind).or_insert(0) += 1;
                    }
                }
            }
        }
        let kinds = [
            IdiomKind::GradientNormalization,
            IdiomKind::Relu,
            IdiomKind::InputNoise,
            IdiomKind::LearningRateDecay,
            IdiomKind::WeightAveraging,
        ];
        for kind in kinds {
            assert!(put_in.get(&kind).is_some_and(|&times| times > 20), "{kind:?} is hardly ever put in: {put_in:?}");
        }
    }

    /// The result of a knock-in reads back, leaves labels alone if the host does, and has the host's instructions in their order:
    /// with an operand or an output at another address at most.
    #[track_caller]
    fn check(host: &Program, changed: &Program, interface: Interface) {
        let told = || format!("{host}\nbecame\n{changed}");
        assert_eq!(changed.to_string().parse::<Program>().as_ref(), Ok(changed), "{}", told());
        assert!(interface.check_outputs(changed).is_ok() || interface.check_outputs(host).is_err(), "{}", told());
        for function in ComponentFunction::ALL {
            let mut rest = changed.function(function).iter();
            for kept in host.function(function) {
                let alike = |other: &Instruction| other.op() == kept.op() && other.data() == kept.data();
                assert!(rest.any(alike), "{kept} is missing in {}:\n{}", function.name(), told());
            }
        }
    }
}
