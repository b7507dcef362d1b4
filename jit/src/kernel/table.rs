//! Which kernel computes what.

use super::along::*;
use super::elementwise::*;
use super::entry::{along, flat, rows};
use super::fill::*;
use super::matrix::*;
use super::reduce::*;
#[cfg(feature = "jit")]
use super::{Classes, Classification, ErrorKernel, Errors, Regression, entry::error};
use super::{Combine, Fused, Kernel};
use crate::exec::simd::SimdLevel;
use crate::lang::Op;
#[cfg(feature = "jit")]
use crate::lang::Scoring;

/// A kernel for the sizes of F that are common, `$any` for the others.
macro_rules! by_features {
    ($level:expr, $width:expr, $features:expr, { $($f:literal => $kernel:ty,)* }, $any:ty) => {
        match $features {
            $($f => rows::<$kernel>($level, $width),)*
            _ => rows::<$any>($level, $width),
        }
    };
}

/// A reduction for sums of common lengths.
macro_rules! by_terms {
    ($level:expr, $width:expr, $terms:expr, $body:ident $(, $reduction:ident)?) => {
        by_features!($level, $width, $terms, {
            4 => $body<4 $(, $reduction)?>,
            8 => $body<8 $(, $reduction)?>,
            16 => $body<16 $(, $reduction)?>,
        }, $body<0 $(, $reduction)?>)
    };
}

/// The function that computes `kind` at F = `features` on rows of `width` lanes with the instructions of `level`; it may only be called on
/// a machine that has these.
pub(crate) fn kernel(kind: Fused, level: SimdLevel, width: usize, features: usize) -> Kernel {
    let (t, w, f) = (level, width, features);
    if width == 1
        && let Some(kernel) = along_kernel(kind, level)
    {
        return kernel;
    }
    let op = match kind {
        Fused::Op(op) => op,
        Fused::Scaled(Combine::Sum) => return rows::<ScaleThen<Sum>>(t, w),
        Fused::Scaled(Combine::DiffFrom) => return rows::<ScaleThen<DiffFrom>>(t, w),
        Fused::Scaled(Combine::DiffOf) => return rows::<ScaleThen<Diff>>(t, w),
        Fused::Outer(Combine::Sum) => return rows::<OuterThen<Sum>>(t, w),
        Fused::Outer(Combine::DiffFrom) => return rows::<OuterThen<DiffFrom>>(t, w),
        Fused::Outer(Combine::DiffOf) => return rows::<OuterThen<Diff>>(t, w),
    };
    match op {
        Op::NoOp => unreachable!("a no-op is not executed"),
        Op::ScalarSum => rows::<ScalarZip<Sum>>(t, w),
        Op::ScalarDiff => rows::<ScalarZip<Diff>>(t, w),
        Op::ScalarProduct => rows::<ScalarZip<Product>>(t, w),
        Op::ScalarDivision => rows::<ScalarZip<Division>>(t, w),
        Op::ScalarMin => rows::<ScalarZip<MinFirst>>(t, w),
        Op::ScalarMax => rows::<ScalarZip<MaxFirst>>(t, w),
        Op::ScalarAbs => rows::<ScalarMap<Abs>>(t, w),
        Op::ScalarReciprocal => rows::<ScalarMap<Reciprocal>>(t, w),
        Op::ScalarHeaviside => rows::<ScalarMap<HeavisideFromZero>>(t, w),
        Op::VectorSum | Op::MatrixSum => flat::<Zip<Sum>>(t, w),
        Op::VectorDiff | Op::MatrixDiff => flat::<Zip<Diff>>(t, w),
        Op::VectorProduct | Op::MatrixProduct => flat::<Zip<Product>>(t, w),
        Op::VectorDivision | Op::MatrixDivision => flat::<Zip<Division>>(t, w),
        Op::VectorMin => flat::<Zip<MinFirst>>(t, w),
        Op::VectorMax => flat::<Zip<MaxFirst>>(t, w),
        Op::MatrixMin => flat::<Zip<MinSecond>>(t, w),
        Op::MatrixMax => flat::<Zip<MaxSecond>>(t, w),
        Op::VectorAbs | Op::MatrixAbs => flat::<Map<Abs>>(t, w),
        Op::VectorReciprocal | Op::MatrixReciprocal => flat::<Map<Reciprocal>>(t, w),
        Op::VectorHeaviside | Op::MatrixHeaviside => flat::<Map<HeavisideAboveZero>>(t, w),
        Op::ScalarSin => rows::<ScalarMap<Sin>>(t, w),
        Op::ScalarCos => rows::<ScalarMap<Cos>>(t, w),
        Op::ScalarTan => rows::<ScalarMap<Tan>>(t, w),
        Op::ScalarArcsin => rows::<ScalarMap<Arcsin>>(t, w),
        Op::ScalarArccos => rows::<ScalarMap<Arccos>>(t, w),
        Op::ScalarArctan => rows::<ScalarMap<Arctan>>(t, w),
        Op::ScalarExp => rows::<ScalarMap<Exp>>(t, w),
        Op::ScalarLog => rows::<ScalarMap<Log>>(t, w),
        Op::ScalarVectorProduct | Op::ScalarMatrixProduct => rows::<Scale>(t, w),
        Op::ScalarBroadcast => rows::<Broadcast>(t, w),
        Op::VectorInnerProduct => by_terms!(t, w, f, Dot),
        Op::VectorNorm => by_terms!(t, w, f, Whole, Norm),
        Op::VectorMean => by_terms!(t, w, f, Whole, Mean),
        Op::VectorStDev => by_terms!(t, w, f, Whole, StDev),
        Op::MatrixNorm => rows::<Whole<0, Norm>>(t, w),
        Op::MatrixMean => rows::<Whole<0, Mean>>(t, w),
        Op::MatrixStDev => rows::<Whole<0, StDev>>(t, w),
        Op::MatrixRowNorm => by_terms!(t, w, f, Rows, Norm),
        Op::MatrixRowMean => by_terms!(t, w, f, Rows, Mean),
        Op::MatrixRowStDev => by_terms!(t, w, f, Rows, StDev),
        Op::MatrixColumnNorm => by_terms!(t, w, f, Columns, Norm),
        Op::ScalarConstSet | Op::VectorConstSet | Op::MatrixConstSet => rows::<Constant>(t, w),
        Op::ScalarUniformSet | Op::VectorUniformSet | Op::MatrixUniformSet => rows::<Random<Uniform>>(t, w),
        Op::ScalarGaussianSet | Op::VectorGaussianSet | Op::MatrixGaussianSet => rows::<Random<Gaussian>>(t, w),
        Op::VectorOuterProduct => rows::<Outer>(t, w),
        Op::VectorColumnBroadcast => rows::<ColumnBroadcast>(t, w),
        Op::VectorRowBroadcast => rows::<RowBroadcast>(t, w),
        Op::MatrixTranspose => rows::<Transpose>(t, w),
        Op::MatrixVectorProduct => by_features!(t, w, f, {
            4 => SmallMatrixVector<4>,
            8 => SmallMatrixVector<8>,
            16 => MatrixVectorByHalves<2>,
            32 => MatrixVectorByHalves<4>,
        }, MatrixVector),
        Op::MatrixMatrixProduct => by_features!(t, w, f, {
            4 => SmallMatrixMatrix<4>,
            8 => SmallMatrixMatrix<8>,
        }, MatrixMatrix),
    }
}

/// The kernel whose registers go along the elements; none for scalars, and where nothing is gained.
fn along_kernel(kind: Fused, t: SimdLevel) -> Option<Kernel> {
    let op = match kind {
        Fused::Op(op) => op,
        Fused::Scaled(Combine::Sum) => return Some(along::<AlongScaleThen<Sum>>(t)),
        Fused::Scaled(Combine::DiffFrom) => return Some(along::<AlongScaleThen<DiffFrom>>(t)),
        Fused::Scaled(Combine::DiffOf) => return Some(along::<AlongScaleThen<Diff>>(t)),
        Fused::Outer(Combine::Sum) => return Some(along::<AlongOuterThen<Sum>>(t)),
        Fused::Outer(Combine::DiffFrom) => return Some(along::<AlongOuterThen<DiffFrom>>(t)),
        Fused::Outer(Combine::DiffOf) => return Some(along::<AlongOuterThen<Diff>>(t)),
    };
    Some(match op {
        Op::VectorSum | Op::MatrixSum => along::<AlongZip<Sum>>(t),
        Op::VectorDiff | Op::MatrixDiff => along::<AlongZip<Diff>>(t),
        Op::VectorProduct | Op::MatrixProduct => along::<AlongZip<Product>>(t),
        Op::VectorDivision | Op::MatrixDivision => along::<AlongZip<Division>>(t),
        Op::VectorMin => along::<AlongZip<MinFirst>>(t),
        Op::VectorMax => along::<AlongZip<MaxFirst>>(t),
        Op::MatrixMin => along::<AlongZip<MinSecond>>(t),
        Op::MatrixMax => along::<AlongZip<MaxSecond>>(t),
        Op::VectorAbs | Op::MatrixAbs => along::<AlongMap<Abs>>(t),
        Op::VectorReciprocal | Op::MatrixReciprocal => along::<AlongMap<Reciprocal>>(t),
        Op::VectorHeaviside | Op::MatrixHeaviside => along::<AlongMap<HeavisideAboveZero>>(t),
        Op::ScalarVectorProduct | Op::ScalarMatrixProduct => along::<AlongScale>(t),
        Op::ScalarBroadcast => along::<AlongBroadcast>(t),
        Op::VectorInnerProduct => along::<AlongDot>(t),
        Op::VectorNorm | Op::MatrixNorm => along::<AlongWhole<Norm>>(t),
        Op::VectorMean | Op::MatrixMean => along::<AlongWhole<Mean>>(t),
        Op::VectorStDev | Op::MatrixStDev => along::<AlongWhole<StDev>>(t),
        Op::MatrixRowNorm => along::<AlongRows<Norm>>(t),
        Op::MatrixRowMean => along::<AlongRows<Mean>>(t),
        Op::MatrixRowStDev => along::<AlongRows<StDev>>(t),
        Op::MatrixColumnNorm => along::<AlongColumnNorm>(t),
        Op::VectorUniformSet | Op::MatrixUniformSet => along::<AlongRandom<Uniform>>(t),
        Op::VectorGaussianSet | Op::MatrixGaussianSet => along::<AlongRandom<Gaussian>>(t),
        Op::VectorOuterProduct => along::<AlongOuter>(t),
        Op::VectorColumnBroadcast => along::<AlongColumnBroadcast>(t),
        Op::VectorRowBroadcast => along::<AlongRowBroadcast>(t),
        Op::MatrixVectorProduct => along::<AlongMatrixVector>(t),
        Op::MatrixMatrixProduct => along::<AlongMatrixMatrix>(t),
        _ => return None,
    })
}

/// The error kernel of a kind of task.
#[cfg(feature = "jit")]
pub(crate) fn error_kernel(scoring: Scoring, training: bool, level: SimdLevel, width: usize) -> ErrorKernel {
    match scoring {
        Scoring::Rms => error_kernel_of::<Regression>(training, level, width),
        Scoring::Accuracy => error_kernel_of::<Classification>(training, level, width),
        Scoring::Classes => error_kernel_of::<Classes>(training, level, width),
    }
}

#[cfg(feature = "jit")]
fn error_kernel_of<E: Errors>(training: bool, level: SimdLevel, width: usize) -> ErrorKernel {
    if training { error::<E::Train>(level, width) } else { error::<E::Valid>(level, width) }
}
