//! Kernels: each op as one function on the rows of a chunk of lanes, for every register width that machines have.
//!
//! The interpreter is a list of calls of kernels, and compiled code calls the same functions for what it does not do in registers of its
//! own, so that both give the same bits. A kernel is a generic [`Body`]; [`SimdLevel`] says for which instructions `entry` makes machine code of it,
//! chosen at run time. What each op means is defined in [`crate::oracle`].
//!
//! Memory is `[row][lane]`: a row has one value of each task of the chunk. Elementwise ops are flat loops over registers; reductions go
//! down the rows one register at a time, so no sum ever crosses lanes. Where a row is a single task's, registers go along the elements.
#![allow(unsafe_code)]

mod along;
mod elementwise;
mod entry;
mod error;
mod fill;
mod matrix;
mod reduce;
mod table;

#[cfg(feature = "jit")]
pub(crate) use error::ErrorKernel;
pub(crate) use error::{Classes, Classification, ErrorBody, ErrorRows, Errors, Regression};
#[cfg(feature = "jit")]
pub(crate) use table::error_kernel;
pub(crate) use table::kernel;

use crate::exec::random::DrawKey;
use crate::exec::simd::Register;
use crate::lang::{Op, Shape, Space};

/// What a kernel computes: an op, or two instructions in one whose intermediate result nobody else reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fused {
    /// One instruction: `out = op(a, b)`.
    Op(Op),
    /// A product of scalar a and vector or matrix b, then combined with c.
    Scaled(Combine),
    /// The outer product of vectors a and b, then combined with the matrix c: a rank-one update.
    Outer(Combine),
}

impl Fused {
    /// A number of its own.
    #[cfg(feature = "jit")]
    pub(crate) fn number(self) -> u32 {
        match self {
            Fused::Op(op) => op.number().into(),
            Fused::Scaled(combined) => 100 + combined as u32,
            Fused::Outer(combined) => 110 + combined as u32,
        }
    }
}

/// How a product p is combined with a third operand c, elementwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combine {
    /// c + p.
    Sum,
    /// c - p.
    DiffFrom,
    /// p - c.
    DiffOf,
}

/// The numbers that a kernel needs besides its operands.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Operation {
    /// Rows of the output of an elementwise op; of the first input of a reduction to a scalar.
    pub(crate) rows: u32,
    /// F.
    pub(crate) features: u32,
    /// Lanes of the chunk.
    pub(crate) width: u32,
    /// Which of the chunk's draw keys a random instruction uses.
    pub(crate) draw: u32,
    /// The constants: the value to set; low and high; mean and standard deviation.
    pub(crate) constants: [f64; 2],
}

/// What changes from example to example, and where kernels may write besides their output.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Context {
    /// By [`Operation::draw`], then lane.
    pub(crate) keys: *const DrawKey,
    /// The step number.
    pub(crate) step: u64,
    /// As many rows as [`scratch_rows`] of every op that runs.
    pub(crate) scratch: *mut f64,
}

/// A kernel. Inputs that an op does not have may be anything.
///
/// # Safety
/// `out`, `a`, `b` and `c` point to as many rows of `width` f64 as the op's operands have; an output may be an input or lie apart from
/// it, not overlap it otherwise. The context's pointers are valid for what they say. The machine has the instructions of the level that the
/// kernel was made for.
pub(crate) type Kernel = unsafe extern "C" fn(*mut f64, *const f64, *const f64, *const f64, &Operation, &Context);

/// The operands of one call.
#[derive(Clone, Copy)]
struct Operands<'a> {
    out: *mut f64,
    a: *const f64,
    b: *const f64,
    c: *const f64,
    operation: &'a Operation,
    context: &'a Context,
}

/// The code of a kernel, for rows of `R` registers.
trait Body {
    /// # Safety
    /// As for a [`Kernel`], with rows of `R` registers `V`.
    unsafe fn run<V: Register, const R: usize>(x: Operands<'_>);
}

/// How many rows of scratch memory a kernel may need.
pub(crate) fn scratch_rows(op: Op, features: usize) -> usize {
    match (op.shape(), op.output()) {
        // Scalars have room in a register; a result may be one of the inputs.
        (Shape::Dot, Some(Space::Scalar)) => 0,
        (Shape::Dot | Shape::Transpose, output) => output.map_or(0, |space| space.elements(features)),
        (
            Shape::Nothing | Shape::Elementwise(_) | Shape::Repeat | Shape::Outer | Shape::Reduce(..) | Shape::Constant | Shape::Drawn(_),
            _,
        ) => 0,
    }
}
