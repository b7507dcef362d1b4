//! The ops that relate rows and columns of a matrix. Those whose output may be one of their inputs go through spare memory.

use super::code::Step;
use super::step::{exist, get, reduce, st_dev};
use crate::exec::lanes::Lanes;
use crate::lang::Op;

#[inline(always)]
pub(super) fn execute<const L: usize>(step: &Step, features: usize, rows: &mut [[f64; L]], spare: &mut [[f64; L]]) {
    let (a, b, out, f) = (step.in1 as usize, step.in2 as usize, step.out as usize, features);
    match step.op {
        Op::VectorOuterProduct => {
            exist(rows, &[a, b], f);
            exist(rows, &[out], f * f);
            for r in 0..f {
                let left = get(rows, a + r);
                for c in 0..f {
                    rows[out + r * f + c] = (left * get(rows, b + c)).0;
                }
            }
        }
        Op::VectorColumnBroadcast => {
            for r in 0..f {
                let value = rows[a + r];
                rows[out + r * f..out + r * f + f].fill(value);
            }
        }
        Op::VectorRowBroadcast => {
            for r in 0..f {
                rows.copy_within(a..a + f, out + r * f);
            }
        }
        Op::MatrixRowNorm => {
            for r in 0..f {
                rows[out + r] = reduce(f, |c| square(get(rows, a + r * f + c))).sqrt().0;
            }
        }
        Op::MatrixColumnNorm => {
            for c in 0..f {
                rows[out + c] = reduce(f, |r| square(get(rows, a + r * f + c))).sqrt().0;
            }
        }
        Op::MatrixRowMean => {
            for r in 0..f {
                rows[out + r] = (reduce(f, |c| get(rows, a + r * f + c)) / Lanes::splat(f as f64)).0;
            }
        }
        Op::MatrixRowStDev => {
            for r in 0..f {
                rows[out + r] = st_dev(f, |c| get(rows, a + r * f + c)).0;
            }
        }
        Op::MatrixVectorProduct => {
            for (r, result) in spare.iter_mut().enumerate().take(f) {
                let row = a + r * f;
                exist(rows, &[row, b], f);
                *result = reduce(f, |c| get(rows, row + c) * get(rows, b + c)).0;
            }
            rows[out..out + f].copy_from_slice(&spare[..f]);
        }
        Op::MatrixTranspose => {
            for r in 0..f {
                for c in 0..f {
                    spare[r * f + c] = rows[a + c * f + r];
                }
            }
            rows[out..out + f * f].copy_from_slice(&spare[..f * f]);
        }
        Op::MatrixMatrixProduct => {
            for r in 0..f {
                for c in 0..f {
                    spare[r * f + c] = reduce(f, |k| get(rows, a + r * f + k) * get(rows, b + k * f + c)).0;
                }
            }
            rows[out..out + f * f].copy_from_slice(&spare[..f * f]);
        }
        _ => unreachable!("step::execute handles the other ops"),
    }
}

#[inline(always)]
fn square<const L: usize>(x: Lanes<L>) -> Lanes<L> {
    x * x
}
