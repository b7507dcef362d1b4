//! Rewriting programs for readers: shorter programs with the same results, bit for bit, on every task and at every feature size.
//!
//! It goes further than the dropping of dead instructions that evaluation does, takes longer, and tells each step. Users are the command
//! line and reports; nothing that evaluates programs uses it.
//!
//! - What reaches no prediction goes, as in [`simplify`](crate::simplify).
//! - What writes the value that its output has already goes.
//! - A scalar that is always the same constant is set to it, by the same operation that runs would use.
//! - Who reads a copy of an older value reads the older one: so copies, and values that are computed twice, go in the end.
//! - Addresses are numbered in the order in which they are first written, and the inputs of commuting ops are in ascending order, so that
//!   programs which differ in names only look alike.
//!
//! Equal values are found by numbering them: see `values` for which operations are known to change nothing, and `facts` for what holds
//! whenever Predict begins. A random instruction that matters stays and keeps its number among the others, so that all draws are the same.

mod facts;
mod names;
mod values;

use crate::analysis::Liveness;
use crate::lang::{ComponentFunction, Data, Instruction, Interface, Op, Program, Space};
use facts::{Contents, Facts};
use values::Values;

/// Why an instruction was changed or dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// It reaches no prediction.
    Dead,
    /// What it writes is there already.
    Held,
    /// It always gives the same number.
    Constant,
    /// It reads copies of values that other addresses have had for longer.
    Copy,
    /// Its addresses have other names.
    Names,
}

impl Reason {
    /// In words, to stand behind the instruction.
    pub const fn text(self) -> &'static str {
        match self {
            Reason::Dead => "reaches no prediction",
            Reason::Held => "writes what is there already",
            Reason::Constant => "is always this number",
            Reason::Copy => "read a copy of an older value",
            Reason::Names => "addresses in the order of their first writing",
        }
    }
}

/// One change of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The component function.
    pub function: ComponentFunction,
    /// Where the instruction stood in it at first, from 0, whatever went before.
    pub index: usize,
    /// The instruction before the step.
    pub before: Instruction,
    /// The instruction after it; none where it was dropped.
    pub after: Option<Instruction>,
    /// Why.
    pub reason: Reason,
}

/// The most rounds over a program. Each is linear in its length, times the rounds that the facts take.
const MOST_ROUNDS: usize = 50;

/// A program rewritten, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rewritten {
    /// The program.
    pub program: Program,
    /// All steps, in order.
    pub steps: Vec<Step>,
}

/// A shorter program with the same results, bit for bit, on every task of this kind.
///
/// ```
/// use exnihilo_jit::{Interface, Program, rewrite::rewrite};
/// let text = "
/// def Setup():
///   s5 = 0.5
/// def Predict():
///   v3 = dot(m2, v0)
///   s1 = mean(v3)
/// def Learn():
///   s7 = s5 * s5
///   v4 = dot(m2, v0)    # Predict has it in v3
///   v4 = s7 * v4
///   m2 = outer(v4, v0)
/// ";
/// let rewritten = rewrite(&text.parse::<Program>()?, Interface::Number);
/// let shorter = "
/// def Setup():
/// def Predict():
///   v1 = dot(m0, v0)
///   s1 = mean(v1)
/// def Learn():
///   s2 = 0.25
///   v2 = s2 * v1
///   m0 = outer(v2, v0)
/// ";
/// assert_eq!(rewritten.program, shorter.parse()?);
/// # Ok::<(), exnihilo_jit::ParseError>(())
/// ```
pub fn rewrite(program: &Program, interface: Interface) -> Rewritten {
    let mut work = Work::new(program, interface);
    work.drop_dead();
    // Each round makes reads older, sets constants or drops instructions, and so there is an end; programs that take more rounds than
    // a few are made for it.
    let _ = (0..MOST_ROUNDS).find(|_| !work.round());
    work.rename();
    Rewritten { program: work.program(), steps: work.steps }
}

/// An instruction on its way.
#[derive(Clone, Copy, Debug)]
struct Place {
    function: ComponentFunction,
    /// Where it stood at first.
    index: usize,
    instruction: Instruction,
}

/// A program on its way.
struct Work {
    interface: Interface,
    /// In program order.
    places: Vec<Place>,
    steps: Vec<Step>,
}

impl Work {
    fn new(program: &Program, interface: Interface) -> Work {
        let places = ComponentFunction::ALL.into_iter().flat_map(|function| {
            let instructions = program.function(function).iter().enumerate();
            instructions.map(move |(index, &instruction)| Place { function, index, instruction })
        });
        Work { interface, places: places.collect(), steps: Vec::new() }
    }

    fn program(&self) -> Program {
        let [setup, predict, learn] = ComponentFunction::ALL.map(|function| {
            let places = self.places.iter().filter(|place| place.function == function);
            places.map(|place| place.instruction).collect::<Vec<_>>()
        });
        Program::new(&setup, &predict, &learn)
    }

    /// Puts other instructions in the place of the present ones, or nothing, and notes what changed.
    fn replace(&mut self, changed: &[(Option<Instruction>, Reason)]) {
        let mut changed = changed.iter();
        self.places.retain_mut(|place| {
            let &(after, reason) = changed.next().expect("one for each instruction");
            if after != Some(place.instruction) {
                let Place { function, index, instruction: before } = *place;
                self.steps.push(Step { function, index, before, after, reason });
            }
            if let Some(after) = after {
                place.instruction = after;
            }
            after.is_some()
        });
    }

    fn drop_dead(&mut self) {
        let mut live = Vec::new();
        Liveness::mark(&self.program(), self.interface, &mut live);
        let changed: Vec<_> =
            live.iter().zip(&self.places).map(|(&live, place)| (live.then_some(place.instruction), Reason::Dead)).collect();
        self.replace(&changed);
    }

    /// One round over the whole program. Whether it changed anything.
    fn round(&mut self) -> bool {
        let changed = self.rewritten();
        if !self.keeps_draws(&changed) {
            return false;
        }
        let steps = self.steps.len();
        self.replace(&changed);
        self.drop_dead();
        self.steps.len() > steps
    }

    /// Whether the random instructions that a changed program leaves have the numbers that they have now: those that it leaves without
    /// readers, if there are any, must be the last. No change that is made here is known to leave one without: only constants lose readers.
    fn keeps_draws(&self, changed: &[(Option<Instruction>, Reason)]) -> bool {
        let mut work = Work { places: self.places.clone(), steps: Vec::new(), ..*self };
        work.replace(changed);
        let mut live = Vec::new();
        Liveness::mark(&work.program(), self.interface, &mut live);
        let mut draws = work.places.iter().zip(live).filter(|(place, _)| place.instruction.op().is_random()).map(|(_, live)| live);
        draws.by_ref().find(|live| !live);
        draws.all(|live| !live)
    }

    /// What becomes of each instruction: every one still writes the same values, so that all changes hold side by side.
    fn rewritten(&self) -> Vec<(Option<Instruction>, Reason)> {
        let program = self.program();
        let facts = Facts::before_predict(&program, self.interface);
        let ranks = Ranks::of(&program, self.interface);
        let mut values = Values::new();
        let mut memory = Contents::zero(&mut values);
        let mut changed = Vec::with_capacity(self.places.len());
        for function in ComponentFunction::ALL {
            match function {
                ComponentFunction::Setup => {}
                ComponentFunction::Predict => {
                    values = Values::new();
                    memory = Contents::before_predict(&facts, self.interface, &mut values);
                }
                ComponentFunction::Learn => memory.enter_learn(self.interface, &mut values),
            }
            for instruction in program.function(function) {
                changed.push(rewritten_instruction(instruction, &mut memory, &mut values, &ranks));
            }
        }
        changed
    }

    fn rename(&mut self) {
        let renamed = names::renamed(&self.program(), self.interface);
        let changed: Vec<_> = renamed.instructions().iter().map(|&instruction| (Some(instruction), Reason::Names)).collect();
        self.replace(&changed);
    }
}

/// What becomes of an instruction, given memory before it, which is then as it is after it.
fn rewritten_instruction(
    instruction: &Instruction,
    memory: &mut Contents,
    values: &mut Values,
    ranks: &Ranks,
) -> (Option<Instruction>, Reason) {
    let mut inputs = [0; 2];
    for (input, (space, address)) in inputs.iter_mut().zip(instruction.reads()) {
        *input = ranks.oldest(memory, space, address);
    }
    let Some(result) = memory.step(instruction, values) else { return (None, Reason::Held) };
    let (op, out) = (instruction.op(), instruction.out());
    if op.output() == Some(Space::Scalar)
        && !op.is_random()
        && let Some(constant) = values.known(result).constant
    {
        let set = Instruction::new(Op::ScalarConstSet, 0, 0, out, Data::ScalarConst(f64::from_bits(constant)));
        return (Some(set.expect("an output that may be written")), Reason::Constant);
    }
    let same = Instruction::new(op, inputs[0], inputs[1], out, instruction.data());
    (Some(same.expect("inputs that are addresses")), Reason::Copy)
}

/// Which of several addresses with one value is read, where they have had it equally long: what the evaluation sets, then what nothing
/// writes, then what is written first. That does not depend on names.
struct Ranks([[usize; crate::lang::MAX_ADDRESSES]; 3]);

impl Ranks {
    /// Addresses that a program does not use have none, so that it uses no more than before.
    const UNUSED: usize = usize::MAX;

    fn of(program: &Program, interface: Interface) -> Ranks {
        let mut ranks = Ranks([[Ranks::UNUSED; crate::lang::MAX_ADDRESSES]; 3]);
        for (space, address) in program.instructions().iter().flat_map(Instruction::reads) {
            *ranks.of_mut(space, address) = 1;
        }
        for (position, instruction) in program.instructions().iter().enumerate().rev() {
            if let Some((space, address)) = instruction.writes() {
                *ranks.of_mut(space, address) = 2 + position;
            }
        }
        interface.inputs().iter().for_each(|&(space, address)| *ranks.of_mut(space, address) = 0);
        ranks
    }

    fn of_mut(&mut self, space: Space, address: u8) -> &mut usize {
        &mut self.0[space as usize][usize::from(address)]
    }

    /// The address that has had the value of this one for longest.
    fn oldest(&self, memory: &Contents, space: Space, address: u8) -> u8 {
        let value = memory.at(space, address);
        let used = (0u8..).zip(&self.0[space as usize]).filter(|&(_, &rank)| rank != Ranks::UNUSED);
        let same = used.filter(|&(other, _)| memory.at(space, other) == value);
        same.min_by_key(|&(other, &rank)| (memory.since(space, other), rank)).map_or(address, |(other, _)| other)
    }
}
