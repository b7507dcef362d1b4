//! Numbers that backends get wrong: the edges of arithmetic, and where functions and index fractions change their branch.

use std::f64::consts::{FRAC_PI_2, LN_2};

use super::choices::Choices;
use crate::lang::{Data, DataKind};

/// Numbers at the edges of arithmetic, and at the branch points of the functions.
pub const SPECIAL_NUMBERS: [f64; 28] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    5e-324,
    -5e-324,
    f64::MIN_POSITIVE,
    1e-308,
    1e308,
    -1e308,
    f64::MAX,
    1.0 + f64::EPSILON,
    1.0 - f64::EPSILON / 2.0,
    -1.0 - f64::EPSILON,
    709.79,
    -745.14,
    FRAC_PI_2,
    LN_2,
    1e22,
    9_007_199_254_740_993.0,
    1e-160,
    1e160,
];

/// The same for constants of 32 bits.
const SPECIAL_NARROW: [f32; 13] =
    [0.0, -0.0, 1.0, -1.0, 0.5, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-45, f32::MIN_POSITIVE, f32::MAX, -f32::MAX, 1e-30];

/// Index fractions, the ends and what rounds near them among them.
const FRACTIONS: [f32; 8] = [0.0, 1.0, 0.5, 0.999_999_94, 1e-45, 0.4, 0.7, 0.333_333_34];

/// Constants of a kind, often special ones.
pub(super) fn constants(choices: &mut Choices<'_>, kind: DataKind) -> Data {
    match kind {
        DataKind::None => Data::None,
        DataKind::ScalarConst if choices.below(2) == 0 => Data::ScalarConst(choices.one_of(&SPECIAL_NUMBERS)),
        DataKind::ScalarConst => Data::ScalarConst(choices.normal()),
        DataKind::VectorConst => Data::VectorConst { index: fraction(choices), value: narrow(choices) },
        DataKind::MatrixConst => Data::MatrixConst { row: fraction(choices), column: fraction(choices), value: narrow(choices) },
        DataKind::Uniform => Data::Uniform { low: narrow(choices), high: narrow(choices) },
        DataKind::Gaussian => Data::Gaussian { mean: narrow(choices), st_dev: narrow(choices) },
    }
}

/// Other constants for the same instruction; elements stay where they are, so that compiled code serves both.
pub(super) fn other_constants(choices: &mut Choices<'_>, data: Data) -> Data {
    match data {
        Data::VectorConst { index, .. } => Data::VectorConst { index, value: narrow(choices) },
        Data::MatrixConst { row, column, .. } => Data::MatrixConst { row, column, value: narrow(choices) },
        _ => constants(choices, data.kind()),
    }
}

fn fraction(choices: &mut Choices<'_>) -> f32 {
    if choices.below(2) == 0 { choices.one_of(&FRACTIONS) } else { choices.unit() as f32 }
}

fn narrow(choices: &mut Choices<'_>) -> f32 {
    if choices.once_in(5) { choices.one_of(&SPECIAL_NARROW) } else { choices.normal() as f32 }
}
