//! The ops that relate rows and columns of a matrix. Those whose output may be one of their inputs go through spare memory.

use super::code::Step;
use super::reduce::{RowSeries, dot};
use super::step::{cells, mean, norm, st_dev};
use crate::exec::lanes::Lanes;
use crate::lang::Op;

#[inline(always)]
pub(super) fn execute<const L: usize>(step: &Step, features: usize, rows: &mut [[f64; L]], spare: &mut [[f64; L]]) {
    let (a, b, out, f) = (step.in1 as usize, step.in2 as usize, step.out as usize, features);
    match step.op {
        Op::VectorOuterProduct => {
            let rows = cells(rows);
            let (left, right) = (&rows[a..a + f], &rows[b..b + f]);
            for (left, row) in left.iter().zip(rows[out..out + f * f].chunks_exact(f)) {
                let left = Lanes(left.get());
                for (product, right) in row.iter().zip(right) {
                    product.set((left * Lanes(right.get())).0);
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
                rows[out + r] = norm(rows, f, RowSeries::from(a + r * f)).0;
            }
        }
        Op::MatrixColumnNorm => {
            for c in 0..f {
                rows[out + c] = norm(rows, f, RowSeries { first: a + c, stride: f }).0;
            }
        }
        Op::MatrixRowMean => {
            for r in 0..f {
                rows[out + r] = mean(rows, f, RowSeries::from(a + r * f)).0;
            }
        }
        Op::MatrixRowStDev => {
            for r in 0..f {
                rows[out + r] = st_dev(rows, f, RowSeries::from(a + r * f)).0;
            }
        }
        Op::MatrixVectorProduct => {
            for (r, result) in spare.iter_mut().enumerate().take(f) {
                *result = dot(rows, f, RowSeries::from(a + r * f), RowSeries::from(b)).0;
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
                    spare[r * f + c] = dot(rows, f, RowSeries::from(a + r * f), RowSeries { first: b + c, stride: f }).0;
                }
            }
            rows[out..out + f * f].copy_from_slice(&spare[..f * f]);
        }
        _ => unreachable!("step::execute handles the other ops"),
    }
}
