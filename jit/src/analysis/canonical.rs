//! One form for programs that differ only in names, and its hash.

use xxhash_rust::xxh3::xxh3_128;

use super::operands::{Operands, WORDS};
use crate::lang::{ComponentFunction, Data, DataKind, Instruction, Interface, MAX_ADDRESSES, Op, Program, Space, element_index};

/// The hash of a canonical form: programs that have it in common have the same errors, fitness and training steps on every task of
/// the feature size and the kind that it was made for (but for accidents of 128 bits).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CanonicalKey(u128);

impl CanonicalKey {
    /// All 128 bits, each as good as the others.
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// Another key, by which something else about the same programs can be known: one for each number, this one for 0.
    #[must_use]
    pub const fn with_number(self, number: u32) -> CanonicalKey {
        // An odd factor, so that both halves differ.
        CanonicalKey(self.0 ^ (number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
    }
}

/// Brings programs without dead instructions into canonical form; keeps its buffer from program to program.
///
/// In canonical form
/// - the addresses of each space are numbered in the order in which they are first written (Setup, Predict, Learn), after those that the
///   evaluation sets or reads, which keep their names: `s0`, `s1` and `v0`, or `s0`, `v0`, `v1` and `v2` on tasks with classes;
/// - what is certainly zero when it is read has one name: an address that nothing writes, in Setup any that Setup did not write
///   before, in Setup and Predict the label, in Setup `v0`, on tasks with classes always `s0`. Outside Setup this is never the
///   prediction, which the sigmoid of a task scored by accuracy, or the softmax of one with classes, would make something else than 0:
///   where nothing writes it nothing is live;
/// - the inputs of ops that commute to the bit are in ascending order;
/// - an element constant has the element that it sets at this feature size, instead of a fraction.
///
/// Order of first writing, unlike that of first use, does not depend on the order of inputs. The numbers of random instructions need
/// no place in the form: live ones are numbered from 0 in program order, all instructions here are live, and their order is kept.
///
/// ```
/// use exnihilo_jit::{Interface, Program, analysis::{Canonicalizer, simplify}};
/// let a: Program = "def Predict():\n  s1 = dot(v0, v2)\ndef Learn():\n  s3 = s0 - s1\n  v1 = s3 * v0\n  v2 = v1 + v2\n".parse()?;
/// let b: Program = "def Predict():\n  s1 = dot(v5, v0)\ndef Learn():\n  s2 = s0 - s1\n  v3 = s2 * v0\n  v5 = v5 + v3\n".parse()?;
/// let mut canonicalizer = Canonicalizer::default();
/// let mut key = |program| canonicalizer.key(&simplify(program), Interface::Number, 4);
/// assert_eq!(key(&a), key(&b));
/// # Ok::<(), exnihilo_jit::ParseError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Canonicalizer {
    /// The canonical form, which can be read back: the feature size and the interface, the lengths of Setup and Predict, then each
    /// instruction.
    form: Vec<u8>,
}

/// No name yet.
const UNNAMED: u8 = u8::MAX;

/// The names of the addresses of one program.
struct Names {
    /// By space and old address; those that nothing writes are not named.
    names: [[u8; MAX_ADDRESSES]; WORDS],
    /// The first free name of each space.
    next: [u8; WORDS],
    interface: Interface,
}

impl Names {
    fn new(instructions: &[Instruction], interface: Interface) -> Names {
        let mut names = Names { names: [[UNNAMED; MAX_ADDRESSES]; WORDS], next: [0; WORDS], interface };
        for space in Space::ALL {
            let kept = interface.first_free(space);
            names.next[space as usize] = kept;
            (0..kept).for_each(|address| names.names[space as usize][usize::from(address)] = address);
        }
        for instruction in instructions {
            let operands = Operands::of(instruction.op());
            let space = operands.out_space();
            let name = &mut names.names[space][usize::from(instruction.out()) % MAX_ADDRESSES];
            if *name == UNNAMED && operands.written(instruction.out()) != 0 {
                *name = names.next[space];
                names.next[space] += 1;
            }
        }
        names
    }

    #[inline]
    fn of(&self, space: usize, address: u8) -> u8 {
        self.names[space][usize::from(address) % MAX_ADDRESSES]
    }

    /// The name of zero when `function` runs. Where no reserved address is zero it is the first free one: an address that nothing
    /// writes leaves a name free. (A matrix that Setup reads before it writes it may find none, if all 64 are written.)
    fn zero(&self, function: ComponentFunction) -> [u8; WORDS] {
        let [scalar, vector, matrix, none] = self.next;
        match (function, self.interface) {
            (ComponentFunction::Setup, _) => [0, 0, matrix, none],
            (ComponentFunction::Predict, Interface::Number) => [0, vector, matrix, none],
            (ComponentFunction::Learn, Interface::Number) => [scalar, vector, matrix, none],
            (ComponentFunction::Predict, Interface::Classes) => [0, 1, matrix, none],
            (ComponentFunction::Learn, Interface::Classes) => [0, vector, matrix, none],
        }
    }
}

impl Canonicalizer {
    /// The key of a program of which every instruction is live on tasks of this kind, as [`super::Simplifier`] leaves it, for features of
    /// size `features`.
    ///
    /// # Panics
    /// If `features` is 0.
    pub fn key(&mut self, simplified: &Program, interface: Interface, features: usize) -> CanonicalKey {
        self.set_form(simplified, interface, features);
        CanonicalKey(xxh3_128(&self.form))
    }

    /// The canonical form as a program, for those who want to look at it: equal programs, equal forms.
    ///
    /// # Panics
    /// If `features` is not 1 to [`MAX_FEATURES`](crate::lang::MAX_FEATURES).
    pub fn program(&mut self, simplified: &Program, interface: Interface, features: usize) -> Program {
        self.set_form(simplified, interface, features);
        let mut words = self.form.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let mut next = || words.next();
        let (_, lengths) = (next(), next().expect("the form begins with two words"));
        let mut instructions = Vec::with_capacity(simplified.instructions().len());
        while let Some(head) = next() {
            let constants = if Encoded::has_constants(head) { next().expect("each op is followed by its constants") } else { 0 };
            instructions.push(Encoded { head, constants }.decode(features));
        }
        let (setup, rest) = instructions.split_at((lengths as u32) as usize);
        let (predict, learn) = rest.split_at((lengths >> 32) as usize);
        Program::new(setup, predict, learn)
    }

    fn set_form(&mut self, simplified: &Program, interface: Interface, features: usize) {
        let names = Names::new(simplified.instructions(), interface);
        let [setup, predict, _] = ComponentFunction::ALL.map(|function| simplified.function(function).len() as u64);
        self.form.clear();
        self.push(features as u64 | (interface as u64) << 32);
        self.push(setup | predict << 32);
        // What Setup has written so far; the rest of memory is zero there.
        let mut written = [0; WORDS];
        for function in ComponentFunction::ALL {
            let zero = names.zero(function);
            for instruction in simplified.function(function) {
                let operands = Operands::of(instruction.op());
                let name = |which: usize, address: u8| {
                    let space = operands.in_space(which);
                    if !operands.has_input(which) {
                        return 0;
                    }
                    let is_zero = match function {
                        ComponentFunction::Setup => written[space] & operands.read(which, address) == 0,
                        // Without a name; or an address whose own name is that of zero here.
                        ComponentFunction::Predict | ComponentFunction::Learn => names.of(space, address) == UNNAMED,
                    };
                    if is_zero && usize::from(zero[space]) < MAX_ADDRESSES { zero[space] } else { names.of(space, address) }
                };
                let mut inputs = [name(0, instruction.in1()), name(1, instruction.in2())];
                if operands.commutes && inputs[0] > inputs[1] {
                    inputs.swap(0, 1);
                }
                written[operands.out_space()] |= operands.written(instruction.out());
                let out = if instruction.op() == Op::NoOp { 0 } else { names.of(operands.out_space(), instruction.out()) };
                let encoded = Encoded::new(instruction.op(), inputs, out, instruction.data(), features);
                self.push(encoded.head);
                if Encoded::has_constants(encoded.head) {
                    self.push(encoded.constants);
                }
            }
        }
    }

    #[inline]
    fn push(&mut self, word: u64) {
        self.form.extend_from_slice(&word.to_le_bytes());
    }
}

/// An instruction in canonical form.
struct Encoded {
    /// From the low end: op, two inputs and output, 8 bits each; two indices of elements, 16 bits each.
    head: u64,
    /// The bits of the constants, if the op has any.
    constants: u64,
}

impl Encoded {
    fn new(op: Op, [in1, in2]: [u8; 2], out: u8, data: Data, features: usize) -> Encoded {
        let element = |fraction: f32| element_index(fraction, features) as u64;
        let pair = |a: f32, b: f32| u64::from(a.to_bits()) | u64::from(b.to_bits()) << 32;
        let (elements, constants) = match data {
            Data::None => (0, 0),
            Data::ScalarConst(value) => (0, value.to_bits()),
            Data::VectorConst { index, value } => (element(index), value.to_bits().into()),
            Data::MatrixConst { row, column, value } => (element(row) | element(column) << 16, value.to_bits().into()),
            Data::Uniform { low, high } => (0, pair(low, high)),
            Data::Gaussian { mean, st_dev } => (0, pair(mean, st_dev)),
        };
        let head = u64::from(op.number()) | u64::from(in1) << 8 | u64::from(in2) << 16 | u64::from(out) << 24 | elements << 32;
        Encoded { head, constants }
    }

    fn op(head: u64) -> Op {
        Op::ALL[usize::from(head as u8)]
    }

    fn has_constants(head: u64) -> bool {
        Encoded::op(head).info().data != DataKind::None
    }

    fn decode(&self, features: usize) -> Instruction {
        let Encoded { head, constants } = *self;
        // The middle of the element: far enough from its ends for the rounding of f32.
        let fraction = |shift: u32| (f32::from((head >> shift) as u16) + 0.5) / features as f32;
        let (low, high) = (f32::from_bits(constants as u32), f32::from_bits((constants >> 32) as u32));
        let op = Encoded::op(head);
        let data = match op.info().data {
            DataKind::None => Data::None,
            DataKind::ScalarConst => Data::ScalarConst(f64::from_bits(constants)),
            DataKind::VectorConst => Data::VectorConst { index: fraction(32), value: low },
            DataKind::MatrixConst => Data::MatrixConst { row: fraction(32), column: fraction(48), value: low },
            DataKind::Uniform => Data::Uniform { low, high },
            DataKind::Gaussian => Data::Gaussian { mean: low, st_dev: high },
        };
        let [_, in1, in2, out, ..] = head.to_le_bytes();
        Instruction::new(op, in1, in2, out, data).expect("names are addresses, and outputs keep clear of the inputs")
    }
}
