//! What the 65 ops are to a language that they are written in: a few forms, read off the op table.

use exnihilo_jit::lang::{Notation, OpInfo};
use exnihilo_jit::{Instruction, Space};

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

/// What elements are reduced to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reduction {
    /// The square root of the sum of squares.
    Norm,
    /// The mean.
    Mean,
    /// The standard deviation.
    StDev,
}

impl Reduction {
    /// The name in program text, which is that of the function in exported code.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Reduction::Norm => "norm",
            Reduction::Mean => "mean",
            Reduction::StDev => "std",
        }
    }

    fn of(name: &str) -> Option<Reduction> {
        [Reduction::Norm, Reduction::Mean, Reduction::StDev].into_iter().find(|reduction| reduction.name() == name)
    }
}

/// Which elements are reduced together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All.
    All,
    /// Each row.
    Rows,
    /// Each column.
    Columns,
}

/// What is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distribution {
    /// [low, high).
    Uniform,
    /// A mean and a standard deviation.
    Gaussian,
}

impl Form {
    /// The form of an instruction's op.
    pub(super) fn of(instruction: &Instruction) -> Form {
        let OpInfo { notation, inputs, output, .. } = *instruction.op().info();
        match notation {
            Notation::NoOp => Form::Nothing,
            Notation::Infix(symbol) => Form::Elementwise(Element::Infix(symbol)),
            Notation::Reciprocal => Form::Elementwise(Element::Reciprocal),
            Notation::ScalarConst | Notation::VectorConst | Notation::MatrixConst => Form::Constant,
            Notation::Draw("gaussian") => Form::Draw(Distribution::Gaussian),
            Notation::Draw(_) => Form::Draw(Distribution::Uniform),
            Notation::CallAxis(name, axis) => match Reduction::of(name) {
                Some(reduction) => Form::Reduce(reduction, if axis == 0 { Extent::Columns } else { Extent::Rows }),
                None => Form::Repeat(axis),
            },
            Notation::Call("dot" | "matmul") => Form::Dot,
            Notation::Call("outer") => Form::Outer,
            Notation::Call("transpose") => Form::Transpose,
            Notation::Call(name) => match Reduction::of(name) {
                Some(reduction) => Form::Reduce(reduction, Extent::All),
                None => Form::Elementwise(Element::of(name, output == Some(Space::Scalar), inputs.first() == Some(&Space::Matrix))),
            },
        }
    }
}

impl Element {
    /// The elementwise function of this name in program text.
    fn of(name: &'static str, of_scalar: bool, of_matrix: bool) -> Element {
        match name {
            "abs" => Element::Abs,
            "bcast" => Element::Same,
            // 1 at zero for a scalar, 0 at zero for elements.
            "heaviside" => Element::Step(if of_scalar { ">=" } else { ">" }),
            // A tie or a NaN gives a for scalars and vectors, b for matrices.
            "minimum" => Element::Choice { relation: '<', swapped: !of_matrix },
            "maximum" => Element::Choice { relation: '>', swapped: !of_matrix },
            function => Element::Function(function),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::instruction_of;
    use super::*;
    use exnihilo_jit::Op;

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
