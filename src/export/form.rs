//! What the 65 ops are to a language that they are written in: a few forms, read off the op table.

use exnihilo_jit::lang::{self, Distribution, Extent, Notation, Reduction, Shape};
use exnihilo_jit::{Instruction, Op, Space};

/// How an op makes its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// It makes none.
    Nothing,
    /// Every element from the elements of the inputs at the same place; a scalar goes with all of them.
    Elementwise(Element),
    /// A matrix of equal columns (axis 0: m[r][c] = a[r]) or of equal rows (axis 1: m[r][c] = a[c]).
    Repeat(u8),
    /// m[r][c] = a[r] b[c].
    Outer,
    /// m[r][c] = a[c][r].
    Transpose,
    /// Sums of products: of vectors, of the rows of a matrix and a vector, of rows and columns.
    Dot,
    /// One number from all elements, or from those of each row or column.
    Reduce(Reduction, Extent),
    /// A constant, of a scalar or of one element.
    Constant,
    /// Every element drawn.
    Draw(Distribution),
}

/// What an elementwise op does with the elements a and b of its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// a SYMBOL b.
    Infix(char),
    /// 1 / a.
    Reciprocal,
    /// |a|.
    Abs,
    /// 1 where a RELATION 0, else 0.
    Step(&'static str),
    /// a RELATION b decides: where it holds a, else b; the other way about if `swapped`.
    Choice {
        /// `<` for a minimum, `>` for a maximum.
        relation: char,
        /// Whether it is b RELATION a, b, a: what a tie or a NaN gives depends on it.
        swapped: bool,
    },
    /// a itself.
    Same,
    /// An elementary function, by its name in program text.
    Function(&'static str),
}

/// The name of a reduction in program text, which is that of the function in exported code.
pub(super) const fn name_of(reduction: Reduction) -> &'static str {
    match reduction {
        Reduction::Norm => "norm",
        Reduction::Mean => "mean",
        Reduction::StDev => "std",
    }
}

impl Form {
    /// The form of an instruction's op.
    pub(super) fn of(instruction: &Instruction) -> Form {
        let op = instruction.op();
        match op.shape() {
            Shape::Nothing => Form::Nothing,
            Shape::Elementwise(element) => Form::Elementwise(Element::of(op, element)),
            Shape::Repeat if op.inputs() == [Space::Scalar] => Form::Elementwise(Element::Same),
            Shape::Repeat => Form::Repeat(if op == Op::VectorColumnBroadcast { 0 } else { 1 }),
            Shape::Transpose => Form::Transpose,
            Shape::Outer => Form::Outer,
            Shape::Dot => Form::Dot,
            Shape::Reduce(reduction, extent) => Form::Reduce(reduction, extent),
            Shape::Constant => Form::Constant,
            Shape::Drawn(distribution) => Form::Draw(distribution),
        }
    }
}

impl Element {
    /// What an elementwise op does, in the words of exported code.
    fn of(op: Op, element: lang::Element) -> Element {
        let is_scalar = op.output() == Some(Space::Scalar);
        // A tie or a NaN gives a for scalars and vectors, b for matrices.
        let swapped = op.output() != Some(Space::Matrix);
        match element {
            lang::Element::Sum => Element::Infix('+'),
            lang::Element::Difference => Element::Infix('-'),
            lang::Element::Product => Element::Infix('*'),
            lang::Element::Quotient => Element::Infix('/'),
            lang::Element::Abs => Element::Abs,
            lang::Element::Reciprocal => Element::Reciprocal,
            // 1 at zero for a scalar, 0 at zero for elements.
            lang::Element::Heaviside => Element::Step(if is_scalar { ">=" } else { ">" }),
            lang::Element::Minimum => Element::Choice { relation: '<', swapped },
            lang::Element::Maximum => Element::Choice { relation: '>', swapped },
            lang::Element::Function => match op.info().notation {
                Notation::Call(name) => Element::Function(name),
                _ => unreachable!("functions are written as calls"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::instruction_of;
    use super::*;

    #[test]
    fn every_op_has_the_form_that_its_table_row_says() {
        let mut functions = Vec::new();
        for op in Op::ALL {
            let (info, form) = (op.info(), Form::of(&instruction_of(op, [1, 2, 1])));
            if let Form::Elementwise(Element::Function(name)) = form {
                assert!(op.is_function(), "{op}");
                functions.push(name);
            }
            assert_eq!(matches!(form, Form::Draw(_)), op.is_random(), "{op}");
            assert_eq!(form == Form::Nothing, info.output.is_none(), "{op}");
            // What is elementwise has elements at the same place: all operands of the output's shape, or scalars.
            if matches!(form, Form::Elementwise(_)) {
                assert!(info.inputs.iter().all(|&space| space == Space::Scalar || Some(space) == info.output), "{op}");
            }
        }
        assert_eq!(functions, ["sin", "cos", "tan", "arcsin", "arccos", "arctan", "exp", "log"]);
    }
}
