//! One instruction: its op is the row of the table that has the notation, inputs and output found on the line.

use super::super::instruction::{Data, Instruction};
use super::super::op::{DataKind, Notation, Op, Space};
use super::ParseError;
use super::scan::{Address, Literal, Operand, Scanner, quoted};
use super::suggest::{called_name, called_names, forms, nearest};

/// The word that the reference prints for the number of features, in the shapes of draws.
const FEATURES: &str = "n_features";

/// The most arguments that a call can have: two numbers and a shape.
const MAX_ARGUMENTS: usize = 3;

const EXPECTED_LINE: &str = "write an instruction such as `s3 = s1 + s2`, or `noop()`";

/// An argument of a call.
#[derive(Clone, Copy)]
enum Argument<'a> {
    Address(Address),
    Number(Literal<'a>),
    /// `axis=0` or `axis=1`.
    Axis(u8),
    /// The shape of a draw as the reference prints it, with its number of dimensions.
    Shape(Space),
}

/// Reads an instruction; what follows it is left.
pub(super) fn instruction(line: &mut Scanner<'_>) -> Result<Instruction, ParseError> {
    match line.operand("an instruction", EXPECTED_LINE)? {
        Operand::Name("noop" | "NoOp", _) => {
            for symbol in ['(', ')'] {
                line.expect(symbol, "write `noop()`")?;
            }
            Ok(Instruction::NO_OP)
        }
        Operand::Address(out) => assignment(line, out),
        Operand::Name(name, column) => match misspelt_address(name) {
            Some(address) => Err(line.error(column, format!("unknown name {}", quoted(name)), format!("write `{address}`"))),
            None => Err(line.error(column, format!("expected an instruction, found {}", quoted(name)), EXPECTED_LINE)),
        },
        Operand::Number(number) => {
            Err(line.error(number.column, format!("expected an instruction, found {}", quoted(number.text)), EXPECTED_LINE))
        }
    }
}

/// Reads what follows the output address.
fn assignment(line: &mut Scanner<'_>, out: Address) -> Result<Instruction, ParseError> {
    let (letter, first) = (out.space.letter(), out.space.first_writable());
    if out.address < first {
        let message = format!("`{out}` cannot be written: the evaluation sets it");
        return Err(line.error(out.column, message, format!("write to `{letter}{first}` or higher")));
    }
    if line.take('[') {
        return element(line, out);
    }
    let sum = |op: Op| op.output() == Some(out.space) && op.info().notation == Notation::Infix('+');
    let remedy = format!("write `{out} =` and one operation, as in {}", forms(sum));
    line.expect('=', &remedy)?;
    match line.operand("a value", &remedy)? {
        Operand::Address(a) => after_address(line, out, a),
        Operand::Number(number) => after_number(line, out, number),
        Operand::Name(name, column) => call(line, out, name, column),
    }
}

/// The op of the table with this output, these inputs and this notation.
fn find(out: Address, inputs: &[Address], notation: impl Fn(Notation) -> bool) -> Option<Op> {
    Op::ALL.into_iter().find(|op| {
        let same_inputs = || op.inputs().iter().copied().eq(inputs.iter().map(|input| input.space));
        op.output() == Some(out.space) && notation(op.info().notation) && same_inputs()
    })
}

fn build(op: Op, out: Address, inputs: &[Address], data: Data) -> Instruction {
    let input = |which: usize| inputs.get(which).map_or(0, |input| input.address);
    Instruction::new(op, input(0), input(1), out.address, data).expect("addresses, output and fractions were checked as they were read")
}

/// The error for an instruction that no row of the table matches; `forms` is how such things are written.
fn no_such_op(line: &Scanner<'_>, out: Address, forms: &str) -> ParseError {
    let message = format!("{} is not an operation", quoted(line.code_at(out.column)));
    line.error(out.column, message, format!("write {forms}"))
}

/// `out = a …`: an operator and a second address.
fn after_address(line: &mut Scanner<'_>, out: Address, a: Address) -> Result<Instruction, ParseError> {
    let column = line.column();
    let Some(symbol) = line.peek() else { return Err(copy(line, out, a)) };
    let infix = |notation| notation == Notation::Infix(symbol);
    if !Op::ALL.into_iter().any(|op| infix(op.info().notation)) {
        let remedy = match symbol {
            '[' => "elements cannot be read one by one: use a whole vector or matrix",
            _ => "the operators are `+`, `-`, `*` and `/`",
        };
        return Err(line.error(column, format!("expected an operator, found {}", line.found()), remedy));
    }
    line.take(symbol);
    let remedy = format!("an operation takes addresses: write {}", forms(|op| infix(op.info().notation) && op.output() == Some(out.space)));
    match line.operand("an address", &remedy)? {
        Operand::Address(b) => match find(out, &[a, b], infix) {
            Some(op) => Ok(build(op, out, &[a, b], Data::None)),
            None if symbol == '*' && find(out, &[b, a], infix).is_some() => {
                let message = format!("`{a} * {b}` has its scalar factor second");
                Err(line.error(a.column, message, format!("scalar factors come first: write `{out} = {b} * {a}`")))
            }
            None => Err(no_such_op(line, out, &forms(|op| infix(op.info().notation)))),
        },
        Operand::Number(number) => {
            let message = format!("the number {} cannot be an operand", quoted(number.text));
            Err(line.error(number.column, message, "set a scalar to it on a line before, and use that"))
        }
        Operand::Name(name, column) => Err(unexpected_name(line, name, column, &remedy)),
    }
}

/// The error for `out = a`, with what copies.
fn copy(line: &Scanner<'_>, out: Address, a: Address) -> ParseError {
    let remedy = match (forms(|op| op.output() == Some(out.space) && op.inputs() == [a.space]), out.space == a.space) {
        // On equal inputs the result of `minimum` is the input, bit for bit, in every space.
        (_, true) => format!("write `{out} = minimum({a}, {a})`"),
        (forms, false) if forms.is_empty() => "go by way of a vector: `v3 = bcast(s1)`, then `m3 = bcast(v3, axis=0)`".into(),
        (forms, false) => format!("write {forms}"),
    };
    line.error(a.column, format!("`{out} = {a}` is a copy, which is not an operation"), remedy)
}

/// `out = number …`: a constant or a reciprocal.
fn after_number(line: &mut Scanner<'_>, out: Address, number: Literal<'_>) -> Result<Instruction, ParseError> {
    if line.at_end() {
        return match find(out, &[], |notation| notation == Notation::ScalarConst) {
            Some(op) => Ok(build(op, out, &[], Data::ScalarConst(number.value()?))),
            None => {
                let element = forms(|op| op.output() == Some(out.space) && op.writes_one_element());
                let remedy = format!("write {element} for one element; `{out} = uniform(a, a)` sets all to the number a");
                Err(line.error(number.column, format!("a {} cannot be set to a number", out.space.word()), remedy))
            }
        };
    }
    let reciprocal = |notation| notation == Notation::Reciprocal;
    let column = line.column();
    if !line.take('/') {
        let message = format!("unexpected {} after the number {}", line.found(), quoted(number.text));
        return Err(line.error(column, message, "a number is set alone, or is the 1 of `1 / s1`; else use a scalar that was set before"));
    }
    if !number.is_one() {
        let message = format!("the numerator {} is not 1", quoted(number.text));
        return Err(line.error(number.column, message, "only 1 can be divided: set a scalar to the number and divide that"));
    }
    let remedy = format!("write {}", forms(|op| reciprocal(op.info().notation)));
    match line.operand("an address", &remedy)? {
        Operand::Address(a) => match find(out, &[a], reciprocal) {
            Some(op) => Ok(build(op, out, &[a], Data::None)),
            None => Err(no_such_op(line, out, &forms(|op| reciprocal(op.info().notation)))),
        },
        Operand::Number(divisor) => {
            let message = format!("the number {} cannot be divided by", quoted(divisor.text));
            Err(line.error(divisor.column, message, remedy))
        }
        Operand::Name(name, column) => Err(unexpected_name(line, name, column, &remedy)),
    }
}

/// `out[…] = number`: one element.
fn element(line: &mut Scanner<'_>, out: Address) -> Result<Instruction, ParseError> {
    let one_element = |op: Op| op.writes_one_element() && op.output() == Some(out.space);
    if !Op::ALL.into_iter().any(one_element) {
        let message = format!("the {} `{out}` has no elements", out.space.word());
        return Err(line.error(out.column, message, format!("write `{out} = 0.5`")));
    }
    let remedy = format!("write {}", forms(one_element));
    let first = line.literal_or(&remedy)?;
    let second = if line.take(',') { Some(line.literal_or(&remedy)?) } else { None };
    for symbol in [']', '='] {
        line.expect(symbol, &remedy)?;
    }
    let value = line.literal_or(&remedy)?;
    let notation = if second.is_some() { Notation::MatrixConst } else { Notation::VectorConst };
    let Some(op) = find(out, &[], |row| row == notation) else {
        return Err(no_such_op(line, out, &forms(one_element)));
    };
    let data = match second {
        None => Data::VectorConst { index: fraction(line, first)?, value: value.value()? },
        Some(second) => Data::MatrixConst { row: fraction(line, first)?, column: fraction(line, second)?, value: value.value()? },
    };
    Ok(build(op, out, &[], data))
}

fn fraction(line: &Scanner<'_>, literal: Literal<'_>) -> Result<f32, ParseError> {
    let value: f32 = literal.value()?;
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    let message = format!("the index fraction {} is not in [0, 1]", quoted(literal.text));
    Err(line.error(literal.column, message, "an index is a fraction of the size: 0.0 is the first element, 1.0 the last"))
}

/// `out = name(arguments)`.
fn call(line: &mut Scanner<'_>, out: Address, name: &str, column: usize) -> Result<Instruction, ParseError> {
    let named = |op: Op| called_name(op) == Some(name);
    if !Op::ALL.into_iter().any(named) {
        return Err(unknown_function(line, out, name, column));
    }
    let remedy = format!("write {}", forms(named));
    line.expect('(', &remedy)?;
    let mut list = [Argument::Axis(0); MAX_ARGUMENTS];
    let mut count = 0;
    while !line.take(')') {
        if count > 0 && !line.take(',') {
            return Err(line.error(line.column(), format!("expected `,` or `)`, found {}", line.found()), remedy));
        }
        let Some(place) = list.get_mut(count) else {
            return Err(line.error(line.column(), format!("`{name}` has too many arguments"), remedy));
        };
        *place = argument(line, &remedy)?;
        count += 1;
    }
    let wrong = || no_such_op(line, out, &forms(named));
    // A notation's name lives longer than the text, so names are compared, not notations.
    let calls = |notation: Notation| matches!(notation, Notation::Call(known) if known == name);
    match &list[..count] {
        [Argument::Address(a)] => plain(out, &[*a], calls).ok_or_else(wrong),
        [Argument::Address(a), Argument::Address(b)] => plain(out, &[*a, *b], calls).ok_or_else(wrong),
        [Argument::Address(a), Argument::Axis(axis)] => {
            plain(out, &[*a], |notation| matches!(notation, Notation::CallAxis(known, at) if known == name && at == *axis))
                .ok_or_else(wrong)
        }
        // The reference prints the value at zero as NumPy has it, for every space.
        [Argument::Address(a), Argument::Number(at_zero)] if name == "heaviside" => {
            let instruction = plain(out, &[*a], calls).ok_or_else(wrong)?;
            if !at_zero.is_one() {
                let message = format!("the second argument {} of `heaviside` is not 1.0", quoted(at_zero.text));
                return Err(line.error(at_zero.column, message, format!("write `{instruction}`")));
            }
            Ok(instruction)
        }
        [Argument::Number(a), Argument::Number(b), shape @ ..] => {
            let given = match shape {
                [] => None,
                [Argument::Shape(space)] => Some(*space),
                _ => return Err(wrong()),
            };
            let drawn = |notation: Notation| matches!(notation, Notation::Draw(known) if known == name);
            let op = find(out, &[], drawn).ok_or_else(wrong)?;
            let (a, b) = (a.value()?, b.value()?);
            let data = match op.info().data {
                DataKind::Uniform => Data::Uniform { low: a, high: b },
                _ => Data::Gaussian { mean: a, st_dev: b },
            };
            let instruction = build(op, out, &[], data);
            if given.is_some_and(|space| space != out.space) {
                let message = format!("the shape is not that of the {} `{out}`", out.space.word());
                return Err(line.error(column, message, format!("leave it out: write `{instruction}`")));
            }
            Ok(instruction)
        }
        _ => Err(wrong()),
    }
}

/// The instruction without constants that has this notation, if there is one.
fn plain(out: Address, inputs: &[Address], notation: impl Fn(Notation) -> bool) -> Option<Instruction> {
    find(out, inputs, notation).map(|op| build(op, out, inputs, Data::None))
}

fn argument<'a>(line: &mut Scanner<'a>, remedy: &str) -> Result<Argument<'a>, ParseError> {
    if line.take('(') {
        let shape = "write the shape of a matrix as `(n_features, n_features)`, or leave it out";
        expect_features(line, shape)?;
        line.expect(',', shape)?;
        expect_features(line, shape)?;
        line.expect(')', shape)?;
        return Ok(Argument::Shape(Space::Matrix));
    }
    match line.operand("an argument", remedy)? {
        Operand::Address(address) => Ok(Argument::Address(address)),
        Operand::Number(number) => Ok(Argument::Number(number)),
        Operand::Name(FEATURES, _) => Ok(Argument::Shape(Space::Vector)),
        Operand::Name("axis", _) => {
            line.expect('=', remedy)?;
            let axis = line.literal_or(remedy)?;
            match axis.text {
                "0" => Ok(Argument::Axis(0)),
                "1" => Ok(Argument::Axis(1)),
                other => Err(line.error(axis.column, format!("the axis {} does not exist", quoted(other)), "write `axis=0` or `axis=1`")),
            }
        }
        Operand::Name(name, column) => Err(unexpected_name(line, name, column, remedy)),
    }
}

fn expect_features(line: &mut Scanner<'_>, remedy: &str) -> Result<(), ParseError> {
    let column = line.column();
    let found = line.found();
    match line.word() {
        Some(FEATURES) => Ok(()),
        _ => Err(line.error(column, format!("expected `{FEATURES}`, found {found}"), remedy)),
    }
}

/// The error for a word where only an address can stand.
fn unexpected_name(line: &Scanner<'_>, name: &str, column: usize, remedy: &str) -> ParseError {
    if line.peek() == Some('(') {
        let message = format!("{} is called inside another operation", quoted(name));
        return line.error(column, message, "write one operation a line, its result in an address of its own");
    }
    let remedy = misspelt_address(name).map_or_else(|| remedy.to_string(), |address| format!("write `{address}`"));
    line.error(column, format!("unknown name {}", quoted(name)), remedy)
}

/// The address, infinity or NaN that was meant by a word of the wrong case.
fn misspelt_address(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let (letter, digits) = lower.split_at_checked(1)?;
    let address = Space::ALL.into_iter().any(|space| letter.starts_with(space.letter()))
        && matches!(digits.len(), 1 | 2)
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    match lower.as_str() {
        "inf" | "infinity" => Some("inf".into()),
        "nan" => Some("nan".into()),
        _ => address.then_some(lower),
    }
}

fn unknown_function(line: &Scanner<'_>, out: Address, name: &str, column: usize) -> ParseError {
    if matches!(name, "noop" | "NoOp") {
        return line.error(column, "`noop()` has no output", "write `noop()` alone on the line");
    }
    if let Some(meant) = misspelt_address(name) {
        return line.error(column, format!("unknown name {}", quoted(name)), format!("write `{meant}`"));
    }
    let space = out.space.word();
    let offered = called_names(|op| op.output() == Some(out.space)).join(", ");
    let meant = nearest(name, called_names(|_| true)).map_or_else(String::new, |known| format!("did you mean `{known}`? "));
    let (what, or) = if line.peek() == Some('(') { ("function", "") } else { ("name", "write an address, a number or a function; ") };
    let remedy = format!("{meant}{or}the functions that give a {space} are {offered}");
    line.error(column, format!("unknown {what} {}", quoted(name)), remedy)
}
