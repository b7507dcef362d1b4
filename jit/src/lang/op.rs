//! The table of the 65 operations. Parser, printer, mutation, interpreter, compiler and documentation read it;
//! the meaning of each op is written once, in [`crate::oracle`].

use serde::{Deserialize, Serialize};

/// One of the three typed address spaces of a program's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Space {
    /// `s0, s1, …`: one f64 each.
    Scalar,
    /// `v0, v1, …`: F elements each.
    Vector,
    /// `m0, m1, …`: F x F elements each, row-major.
    Matrix,
}

impl Space {
    /// All spaces, in the order of their letters in documentation.
    pub const ALL: [Space; 3] = [Space::Scalar, Space::Vector, Space::Matrix];

    /// The letter that starts an address of this space: `s`, `v` or `m`.
    pub const fn letter(self) -> char {
        match self {
            Space::Scalar => 's',
            Space::Vector => 'v',
            Space::Matrix => 'm',
        }
    }

    /// The lowest address of this space that an instruction may write: `s0` (label) and `v0` (features) are inputs only.
    pub const fn first_writable(self) -> u8 {
        match self {
            Space::Scalar | Space::Vector => 1,
            Space::Matrix => 0,
        }
    }

    /// The number of f64 elements at one address of this space for features of size `features`.
    pub const fn elements(self, features: usize) -> usize {
        match self {
            Space::Scalar => 1,
            Space::Vector => features,
            Space::Matrix => features * features,
        }
    }

    /// The word for one address of this space in messages.
    pub const fn word(self) -> &'static str {
        match self {
            Space::Scalar => "scalar",
            Space::Vector => "vector",
            Space::Matrix => "matrix",
        }
    }
}

/// What an op carries besides its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataKind {
    /// Nothing.
    None,
    /// One f64 constant.
    ScalarConst,
    /// An index fraction and a value, both f32.
    VectorConst,
    /// A row fraction, a column fraction and a value, all f32.
    MatrixConst,
    /// The two ends of a uniform distribution, f32.
    Uniform,
    /// Mean and standard deviation of a normal distribution, f32.
    Gaussian,
}

/// How an op is written in program text, after `out = `.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notation {
    /// `noop()`, a whole line of its own.
    NoOp,
    /// `in1 SYMBOL in2`.
    Infix(char),
    /// `1 / in1`.
    Reciprocal,
    /// `NAME(in1)` or `NAME(in1, in2)`.
    Call(&'static str),
    /// `NAME(in1, axis=AXIS)`.
    CallAxis(&'static str, u8),
    /// A bare number: `s3 = 0.5`.
    ScalarConst,
    /// An element of a vector: `v3[0.4] = 0.5`.
    VectorConst,
    /// An element of a matrix: `m3[0.4, 0.9] = 0.5`.
    MatrixConst,
    /// `NAME(number, number)`.
    Draw(&'static str),
}

/// What the elements of an op's output are made of, whatever the spaces of its operands. Cost, limits, memory and exports follow from it;
/// what an op means, down to the bit, is in [`crate::oracle`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// There is no output.
    Nothing,
    /// Each from the elements of the inputs at the same place; a scalar goes with all of them.
    Elementwise(Element),
    /// Each is a copy of the scalar, or of the vector's element of its row or column.
    Repeat,
    /// `m[r][c] = a[c][r]`.
    Transpose,
    /// `m[r][c] = a[r] b[c]`.
    Outer,
    /// Each is the sum of F products: of vectors, of a row and a vector, of a row and a column.
    Dot,
    /// Each from many elements of the one input.
    Reduce(Reduction, Extent),
    /// A constant, for a scalar or one element.
    Constant,
    /// Each is a random draw.
    Drawn(Distribution),
}

/// What an elementwise op does with the elements a and b of its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// a + b.
    Sum,
    /// a - b.
    Difference,
    /// a b.
    Product,
    /// a / b.
    Quotient,
    /// |a|.
    Abs,
    /// 1 / a.
    Reciprocal,
    /// 1 above zero, and for scalars at zero, else 0.
    Heaviside,
    /// The lower one.
    Minimum,
    /// The higher one.
    Maximum,
    /// A function of the mathematics library; its name is in the op's notation.
    Function,
}

/// What elements are reduced to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The square root of the sum of squares.
    Norm,
    /// The mean.
    Mean,
    /// The standard deviation.
    StDev,
}

/// Which elements are reduced together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// All.
    All,
    /// Each row.
    Rows,
    /// Each column.
    Columns,
}

/// What is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// [low, high).
    Uniform,
    /// A mean and a standard deviation.
    Gaussian,
}

macro_rules! op_table {
    ($(($number:literal, $op:ident, $reference:literal, [$($input:ident)*] -> $output:tt, $data:ident, $shape:expr, $notation:expr, $doc:literal),)*) => {
        /// How many ops there are.
        const COUNT: usize = [$($number),*].len();

        /// An operation; the discriminant is its number in the paper (Table S1).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = concat!("`", $doc, "`")] $op = $number,)*
        }

        impl Op {
            /// Every op, by number.
            pub const ALL: [Op; COUNT] = [$(Op::$op),*];

            /// The row of the table for this op.
            pub const fn info(self) -> &'static OpInfo {
                const TABLE: [OpInfo; COUNT] = [$(OpInfo {
                    op: Op::$op,
                    reference_name: $reference,
                    inputs: &[$(Space::$input),*],
                    output: op_table!(@output $output),
                    data: DataKind::$data,
                    shape: $shape,
                    notation: $notation,
                    doc: $doc,
                }),*];
                const { assert_table_is_ordered(&TABLE); }
                &TABLE[self as usize]
            }
        }
    };
    (@output None) => { None };
    (@output $space:ident) => { Some(Space::$space) };
}

const fn assert_table_is_ordered(table: &[OpInfo; COUNT]) {
    let mut number = 0;
    while number < COUNT {
        assert!(table[number].op as usize == number, "the rows of the op table are in the order of their numbers");
        number += 1;
    }
}

/// One row of the op table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpInfo {
    /// The op itself.
    pub op: Op,
    /// The name in the reference implementation and in case files, e.g. `SCALAR_SUM_OP`.
    pub reference_name: &'static str,
    /// The spaces of the inputs, in order.
    pub inputs: &'static [Space],
    /// The space of the output; only [`Op::NoOp`] has none.
    pub output: Option<Space>,
    /// The constants that the op carries.
    pub data: DataKind,
    /// What the elements of the output are made of.
    pub shape: Shape,
    /// How it is written.
    pub notation: Notation,
    /// One line on what it computes; a is the first input, b the second, r a row, c a column.
    pub doc: &'static str,
}

use Notation::{Call, CallAxis, Draw, Infix};
use Shape::{Constant, Dot, Drawn, Elementwise, Nothing, Outer, Reduce, Repeat, Transpose};

op_table! {
    (0, NoOp, "NO_OP", [] -> None, None, Nothing, Notation::NoOp, "Does nothing."),
    (1, ScalarSum, "SCALAR_SUM_OP", [Scalar Scalar] -> Scalar, None, Elementwise(Element::Sum), Infix('+'), "a + b"),
    (2, ScalarDiff, "SCALAR_DIFF_OP", [Scalar Scalar] -> Scalar, None, Elementwise(Element::Difference), Infix('-'), "a - b"),
    (3, ScalarProduct, "SCALAR_PRODUCT_OP", [Scalar Scalar] -> Scalar, None, Elementwise(Element::Product), Infix('*'), "a * b"),
    (4, ScalarDivision, "SCALAR_DIVISION_OP", [Scalar Scalar] -> Scalar, None, Elementwise(Element::Quotient), Infix('/'), "a / b (IEEE 754)"),
    (5, ScalarAbs, "SCALAR_ABS_OP", [Scalar] -> Scalar, None, Elementwise(Element::Abs), Call("abs"), "|a|"),
    (6, ScalarReciprocal, "SCALAR_RECIPROCAL_OP", [Scalar] -> Scalar, None, Elementwise(Element::Reciprocal), Notation::Reciprocal, "1 / a"),
    (7, ScalarSin, "SCALAR_SIN_OP", [Scalar] -> Scalar, None, Elementwise(Element::Function), Call("sin"), "sin a, radians"),
    (8, ScalarCos, "SCALAR_COS_OP", [Scalar] -> Scalar, None, Elementwise(Element::Function), Call("cos"), "cos a, radians"),
    (9, ScalarTan, "SCALAR_TAN_OP", [Scalar] -> Scalar, None, Elementwise(Element::Function), Call("tan"), "tan a, radians"),
    (10, ScalarArcsin, "SCALAR_ARCSIN_OP", [Scalar] -> Scalar, None, Elementwise(Element::Function), Call("arcsin"), "arcsin a, NaN outside [-1, 1]"),
    (11, ScalarArccos, "SCALAR_ARCCOS_OP", [Scalar] -> Scalar, None, Elementwise(Element::Function), Call("arccos"), "arccos a, NaN outside [-1, 1]"),
    (12, ScalarArctan, "SCALAR_ARCTAN_OP", [Scalar] -> Scalar, None, Elementwise(Element::Function), Call("arctan"), "arctan a"),
    (13, ScalarExp, "SCALAR_EXP_OP", [Scalar] -> Scalar, None, Elementwise(Element::Function), Call("exp"), "e to the power a"),
    (14, ScalarLog, "SCALAR_LOG_OP", [Scalar] -> Scalar, None, Elementwise(Element::Function), Call("log"), "natural logarithm of a"),
    (15, ScalarHeaviside, "SCALAR_HEAVYSIDE_OP", [Scalar] -> Scalar, None, Elementwise(Element::Heaviside), Call("heaviside"), "1 if a >= 0 else 0"),
    (16, VectorHeaviside, "VECTOR_HEAVYSIDE_OP", [Vector] -> Vector, None, Elementwise(Element::Heaviside), Call("heaviside"), "elementwise 1 if a > 0 else 0"),
    (17, MatrixHeaviside, "MATRIX_HEAVYSIDE_OP", [Matrix] -> Matrix, None, Elementwise(Element::Heaviside), Call("heaviside"), "elementwise 1 if a > 0 else 0"),
    (18, ScalarVectorProduct, "SCALAR_VECTOR_PRODUCT_OP", [Scalar Vector] -> Vector, None, Elementwise(Element::Product), Infix('*'), "a * b[i]"),
    (19, ScalarBroadcast, "SCALAR_BROADCAST_OP", [Scalar] -> Vector, None, Repeat, Call("bcast"), "every element = a"),
    (20, VectorReciprocal, "VECTOR_RECIPROCAL_OP", [Vector] -> Vector, None, Elementwise(Element::Reciprocal), Notation::Reciprocal, "1 / a[i]"),
    (21, VectorNorm, "VECTOR_NORM_OP", [Vector] -> Scalar, None, Reduce(Reduction::Norm, Extent::All), Call("norm"), "square root of the sum of squares"),
    (22, VectorAbs, "VECTOR_ABS_OP", [Vector] -> Vector, None, Elementwise(Element::Abs), Call("abs"), "|a[i]|"),
    (23, VectorSum, "VECTOR_SUM_OP", [Vector Vector] -> Vector, None, Elementwise(Element::Sum), Infix('+'), "a[i] + b[i]"),
    (24, VectorDiff, "VECTOR_DIFF_OP", [Vector Vector] -> Vector, None, Elementwise(Element::Difference), Infix('-'), "a[i] - b[i]"),
    (25, VectorProduct, "VECTOR_PRODUCT_OP", [Vector Vector] -> Vector, None, Elementwise(Element::Product), Infix('*'), "a[i] * b[i]"),
    (26, VectorDivision, "VECTOR_DIVISION_OP", [Vector Vector] -> Vector, None, Elementwise(Element::Quotient), Infix('/'), "a[i] / b[i]"),
    (27, VectorInnerProduct, "VECTOR_INNER_PRODUCT_OP", [Vector Vector] -> Scalar, None, Dot, Call("dot"), "sum of a[i] * b[i]"),
    (28, VectorOuterProduct, "VECTOR_OUTER_PRODUCT_OP", [Vector Vector] -> Matrix, None, Outer, Call("outer"), "m[r][c] = a[r] * b[c]"),
    (29, ScalarMatrixProduct, "SCALAR_MATRIX_PRODUCT_OP", [Scalar Matrix] -> Matrix, None, Elementwise(Element::Product), Infix('*'), "a * b[r][c]"),
    (30, MatrixReciprocal, "MATRIX_RECIPROCAL_OP", [Matrix] -> Matrix, None, Elementwise(Element::Reciprocal), Notation::Reciprocal, "1 / a[r][c]"),
    (31, MatrixVectorProduct, "MATRIX_VECTOR_PRODUCT_OP", [Matrix Vector] -> Vector, None, Dot, Call("dot"), "v[r] = sum over c of a[r][c] * b[c]"),
    (32, VectorColumnBroadcast, "VECTOR_COLUMN_BROADCAST_OP", [Vector] -> Matrix, None, Repeat, CallAxis("bcast", 0), "every column = a: m[r][c] = a[r]"),
    (33, VectorRowBroadcast, "VECTOR_ROW_BROADCAST_OP", [Vector] -> Matrix, None, Repeat, CallAxis("bcast", 1), "every row = a: m[r][c] = a[c]"),
    (34, MatrixNorm, "MATRIX_NORM_OP", [Matrix] -> Scalar, None, Reduce(Reduction::Norm, Extent::All), Call("norm"), "Frobenius norm"),
    (35, MatrixColumnNorm, "MATRIX_COLUMN_NORM_OP", [Matrix] -> Vector, None, Reduce(Reduction::Norm, Extent::Columns), CallAxis("norm", 0), "norm of each column"),
    (36, MatrixRowNorm, "MATRIX_ROW_NORM_OP", [Matrix] -> Vector, None, Reduce(Reduction::Norm, Extent::Rows), CallAxis("norm", 1), "norm of each row"),
    (37, MatrixTranspose, "MATRIX_TRANSPOSE_OP", [Matrix] -> Matrix, None, Transpose, Call("transpose"), "m[r][c] = a[c][r]"),
    (38, MatrixAbs, "MATRIX_ABS_OP", [Matrix] -> Matrix, None, Elementwise(Element::Abs), Call("abs"), "|a[r][c]|"),
    (39, MatrixSum, "MATRIX_SUM_OP", [Matrix Matrix] -> Matrix, None, Elementwise(Element::Sum), Infix('+'), "a[r][c] + b[r][c]"),
    (40, MatrixDiff, "MATRIX_DIFF_OP", [Matrix Matrix] -> Matrix, None, Elementwise(Element::Difference), Infix('-'), "a[r][c] - b[r][c]"),
    (41, MatrixProduct, "MATRIX_PRODUCT_OP", [Matrix Matrix] -> Matrix, None, Elementwise(Element::Product), Infix('*'), "a[r][c] * b[r][c]"),
    (42, MatrixDivision, "MATRIX_DIVISION_OP", [Matrix Matrix] -> Matrix, None, Elementwise(Element::Quotient), Infix('/'), "a[r][c] / b[r][c]"),
    (43, MatrixMatrixProduct, "MATRIX_MATRIX_PRODUCT_OP", [Matrix Matrix] -> Matrix, None, Dot, Call("matmul"), "m[r][c] = sum over k of a[r][k] * b[k][c]"),
    (44, ScalarMin, "SCALAR_MIN_OP", [Scalar Scalar] -> Scalar, None, Elementwise(Element::Minimum), Call("minimum"), "b if b < a else a"),
    (45, VectorMin, "VECTOR_MIN_OP", [Vector Vector] -> Vector, None, Elementwise(Element::Minimum), Call("minimum"), "b[i] if b[i] < a[i] else a[i]"),
    (46, MatrixMin, "MATRIX_MIN_OP", [Matrix Matrix] -> Matrix, None, Elementwise(Element::Minimum), Call("minimum"), "a[r][c] if a[r][c] < b[r][c] else b[r][c]"),
    (47, ScalarMax, "SCALAR_MAX_OP", [Scalar Scalar] -> Scalar, None, Elementwise(Element::Maximum), Call("maximum"), "b if a < b else a"),
    (48, VectorMax, "VECTOR_MAX_OP", [Vector Vector] -> Vector, None, Elementwise(Element::Maximum), Call("maximum"), "b[i] if a[i] < b[i] else a[i]"),
    (49, MatrixMax, "MATRIX_MAX_OP", [Matrix Matrix] -> Matrix, None, Elementwise(Element::Maximum), Call("maximum"), "a[r][c] if a[r][c] > b[r][c] else b[r][c]"),
    (50, VectorMean, "VECTOR_MEAN_OP", [Vector] -> Scalar, None, Reduce(Reduction::Mean, Extent::All), Call("mean"), "mean of the elements"),
    (51, MatrixMean, "MATRIX_MEAN_OP", [Matrix] -> Scalar, None, Reduce(Reduction::Mean, Extent::All), Call("mean"), "mean of the elements"),
    (52, MatrixRowMean, "MATRIX_ROW_MEAN_OP", [Matrix] -> Vector, None, Reduce(Reduction::Mean, Extent::Rows), CallAxis("mean", 1), "mean of each row"),
    (53, MatrixRowStDev, "MATRIX_ROW_ST_DEV_OP", [Matrix] -> Vector, None, Reduce(Reduction::StDev, Extent::Rows), CallAxis("std", 1), "sqrt(mean of squares - mean^2) of each row"),
    (54, VectorStDev, "VECTOR_ST_DEV_OP", [Vector] -> Scalar, None, Reduce(Reduction::StDev, Extent::All), Call("std"), "sqrt(mean of squares - mean^2)"),
    (55, MatrixStDev, "MATRIX_ST_DEV_OP", [Matrix] -> Scalar, None, Reduce(Reduction::StDev, Extent::All), Call("std"), "sqrt(mean of squares - mean^2) of all elements"),
    (56, ScalarConstSet, "SCALAR_CONST_SET_OP", [] -> Scalar, ScalarConst, Constant, Notation::ScalarConst, "a constant"),
    (57, VectorConstSet, "VECTOR_CONST_SET_OP", [] -> Vector, VectorConst, Constant, Notation::VectorConst, "sets one element, the others stay"),
    (58, MatrixConstSet, "MATRIX_CONST_SET_OP", [] -> Matrix, MatrixConst, Constant, Notation::MatrixConst, "sets one element, the others stay"),
    (59, ScalarUniformSet, "SCALAR_UNIFORM_SET_OP", [] -> Scalar, Uniform, Drawn(Distribution::Uniform), Draw("uniform"), "a draw from [low, high)"),
    (60, VectorUniformSet, "VECTOR_UNIFORM_SET_OP", [] -> Vector, Uniform, Drawn(Distribution::Uniform), Draw("uniform"), "every element a draw from [low, high)"),
    (61, MatrixUniformSet, "MATRIX_UNIFORM_SET_OP", [] -> Matrix, Uniform, Drawn(Distribution::Uniform), Draw("uniform"), "every element a draw from [low, high)"),
    (62, ScalarGaussianSet, "SCALAR_GAUSSIAN_SET_OP", [] -> Scalar, Gaussian, Drawn(Distribution::Gaussian), Draw("gaussian"), "a draw from N(mean, sd^2)"),
    (63, VectorGaussianSet, "VECTOR_GAUSSIAN_SET_OP", [] -> Vector, Gaussian, Drawn(Distribution::Gaussian), Draw("gaussian"), "every element a draw from N(mean, sd^2)"),
    (64, MatrixGaussianSet, "MATRIX_GAUSSIAN_SET_OP", [] -> Matrix, Gaussian, Drawn(Distribution::Gaussian), Draw("gaussian"), "every element a draw from N(mean, sd^2)"),
}

impl Op {
    /// The number in the paper, 0 to 64.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The op with this reference name (`SCALAR_SUM_OP`), if there is one.
    pub fn from_reference_name(name: &str) -> Option<Op> {
        Op::ALL.into_iter().find(|op| op.info().reference_name == name)
    }

    /// The op with this number, if it is 0 to 64.
    pub fn from_number(number: u8) -> Option<Op> {
        Op::ALL.get(usize::from(number)).copied()
    }

    /// The spaces of the inputs, in order.
    pub const fn inputs(self) -> &'static [Space] {
        self.info().inputs
    }

    /// The space of the output; [`Op::NoOp`] has none.
    pub const fn output(self) -> Option<Space> {
        self.info().output
    }

    /// Whether the op draws random numbers (59 to 64).
    pub const fn is_random(self) -> bool {
        matches!(self.info().data, DataKind::Uniform | DataKind::Gaussian)
    }

    /// What the elements of the output are made of.
    pub const fn shape(self) -> Shape {
        self.info().shape
    }

    /// Whether the op is a function of the mathematics library (7 to 14).
    pub const fn is_function(self) -> bool {
        matches!(self.shape(), Shape::Elementwise(Element::Function))
    }

    /// Whether the op sets one element and leaves the others of its output as they were (57, 58).
    pub const fn writes_one_element(self) -> bool {
        matches!(self.info().data, DataKind::VectorConst | DataKind::MatrixConst)
    }
}

impl std::fmt::Display for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.info().reference_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for op in Op::ALL {
            assert_eq!(Op::from_reference_name(op.info().reference_name), Some(op));
            assert_eq!(Op::from_number(op.number()), Some(op));
        }
        assert_eq!(Op::from_reference_name("SCALAR_HEAVISIDE_OP"), None);
        assert_eq!(Op::from_number(65), None);
    }

    #[test]
    fn no_two_ops_share_a_notation_given_the_letters() {
        for a in Op::ALL {
            for b in Op::ALL {
                if a != b {
                    let (a, b) = (a.info(), b.info());
                    assert!((a.notation, a.inputs, a.output) != (b.notation, b.inputs, b.output), "{} and {}", a.op, b.op);
                }
            }
        }
    }

    #[test]
    fn random_ops_are_the_last_six() {
        for op in Op::ALL {
            assert_eq!(op.is_random(), op.number() >= 59);
            assert_eq!(op.writes_one_element(), op.number() == 57 || op.number() == 58);
            assert_eq!(op.is_function(), (7..=14).contains(&op.number()));
            // The columns of a row go together.
            assert_eq!(matches!(op.shape(), Shape::Drawn(_)), op.is_random());
            assert_eq!(op.shape() == Shape::Constant, op.info().data != DataKind::None && !op.is_random());
            assert_eq!(op.shape() == Shape::Nothing, op.output().is_none());
        }
    }
}
