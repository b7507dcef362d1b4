//! Fresh constants of instructions, and their alteration.

use exnihilo_jit::exec::math;
use exnihilo_jit::lang::DataKind;
use exnihilo_jit::{Data, Stream};

use crate::experiment::ConstantFactor;

/// The probability that an altered constant changes its sign instead of its size.
const FLIP_SIGN: f64 = 0.1;

/// Fresh constants: values and means uniform in [-1, 1), standard deviations and index fractions in [0, 1), the ends of a
/// uniform distribution both in [-1, 1) and not ordered, so half of the fresh ones are constants.
pub(super) fn fresh(kind: DataKind, stream: &mut Stream) -> Data {
    match kind {
        DataKind::None => Data::None,
        DataKind::ScalarConst => Data::ScalarConst(2.0 * stream.unit() - 1.0),
        DataKind::VectorConst => Data::VectorConst { index: fraction(stream), value: signed(stream) },
        DataKind::MatrixConst => Data::MatrixConst { row: fraction(stream), column: fraction(stream), value: signed(stream) },
        DataKind::Uniform => Data::Uniform { low: signed(stream), high: signed(stream) },
        DataKind::Gaussian => Data::Gaussian { mean: signed(stream), st_dev: fraction(stream) },
    }
}

/// Alters one of the constants, drawn uniformly.
pub(super) fn alter(data: Data, factor: ConstantFactor, stream: &mut Stream) -> Data {
    match data {
        Data::None => Data::None,
        Data::ScalarConst(value) => Data::ScalarConst(altered(value, f64::MAX, factor, stream)),
        Data::VectorConst { index, value } => match stream.below(2) {
            0 => Data::VectorConst { index: fraction(stream), value },
            _ => Data::VectorConst { index, value: altered_f32(value, factor, stream) },
        },
        Data::MatrixConst { row, column, value } => match stream.below(3) {
            0 => Data::MatrixConst { row: fraction(stream), column, value },
            1 => Data::MatrixConst { row, column: fraction(stream), value },
            _ => Data::MatrixConst { row, column, value: altered_f32(value, factor, stream) },
        },
        Data::Uniform { low, high } => {
            let (low, high) = match stream.below(2) {
                0 => (altered_f32(low, factor, stream), high),
                _ => (low, altered_f32(high, factor, stream)),
            };
            if high < low { Data::Uniform { low: high, high: low } } else { Data::Uniform { low, high } }
        }
        Data::Gaussian { mean, st_dev } => match stream.below(2) {
            0 => Data::Gaussian { mean: altered_f32(mean, factor, stream), st_dev },
            // Text may hold a negative one; mutation makes none.
            _ => Data::Gaussian { mean, st_dev: scaled(f64::from(st_dev.abs()), f32::MAX.into(), factor, stream) as f32 },
        },
    }
}

/// Uniform in [0, 1), of the 24 bits that f32 holds: more would round up to 1.
fn fraction(stream: &mut Stream) -> f32 {
    (stream.next_u64() >> 40) as f32 / (1u32 << 24) as f32
}

/// Uniform in [-1, 1).
fn signed(stream: &mut Stream) -> f32 {
    2.0 * fraction(stream) - 1.0
}

fn altered_f32(value: f32, factor: ConstantFactor, stream: &mut Stream) -> f32 {
    altered(value.into(), f32::MAX.into(), factor, stream) as f32
}

fn altered(value: f64, largest: f64, factor: ConstantFactor, stream: &mut Stream) -> f64 {
    if stream.unit() < FLIP_SIGN { -value } else { scaled(value, largest, factor, stream) }
}

/// The value times a random factor; what overflows becomes the largest finite value, an infinity stays one.
fn scaled(value: f64, largest: f64, factor: ConstantFactor, stream: &mut Stream) -> f64 {
    let product = value
        * match factor {
            ConstantFactor::LogNormal => math::exp(stream.normal()),
            ConstantFactor::Uniform => 0.5 + 1.5 * stream.unit(),
        };
    if value.is_finite() { product.clamp(-largest, largest) } else { product }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG_NORMAL: ConstantFactor = ConstantFactor::LogNormal;

    const KINDS: [DataKind; 5] =
        [DataKind::ScalarConst, DataKind::VectorConst, DataKind::MatrixConst, DataKind::Uniform, DataKind::Gaussian];

    #[test]
    fn fresh_constants_fill_their_ranges() {
        let mut stream = Stream::new(1);
        for kind in KINDS {
            let (mut low, mut high, mut unordered) = ([f64::MAX; 3], [f64::MIN; 3], 0);
            for _ in 0..10_000 {
                let (values, count) = fresh(kind, &mut stream).values();
                for which in 0..count {
                    (low[which], high[which]) = (low[which].min(values[which]), high[which].max(values[which]));
                }
                unordered += usize::from(values[0] >= values[1]);
            }
            let signed = match kind {
                DataKind::VectorConst => &[false, true][..],
                DataKind::MatrixConst => &[false, false, true],
                DataKind::Gaussian => &[true, false],
                _ => &[true],
            };
            for (which, &signed) in signed.iter().enumerate() {
                let least = if signed { -1.0 } else { 0.0 };
                assert!(low[which] >= least && low[which] < least + 0.01 && high[which] < 1.0 && high[which] > 0.99, "{kind:?} {which}");
            }
            if kind == DataKind::Uniform {
                assert!((4_700..5_300).contains(&unordered), "about half of the fresh ends are in the wrong order: {unordered}");
            }
        }
    }

    #[test]
    fn a_tenth_of_the_alterations_flips_the_sign() {
        let mut stream = Stream::new(2);
        let (mut flips, mut logs, mut squares) = (0, 0.0, 0.0);
        for _ in 0..20_000 {
            let (values, _) = alter(Data::ScalarConst(2.0), LOG_NORMAL, &mut stream).values();
            if values[0] < 0.0 {
                assert_eq!(values[0], -2.0);
                flips += 1;
            } else {
                let log = math::log(values[0] / 2.0);
                (logs, squares) = (logs + log, squares + log * log);
            }
        }
        let scaled = f64::from(20_000 - flips);
        assert!((1_800..2_200).contains(&flips), "{flips}");
        assert!((logs / scaled).abs() < 0.03 && (squares / scaled - 1.0).abs() < 0.05);
    }

    #[test]
    fn uniform_factors_lie_between_a_half_and_two() {
        let mut stream = Stream::new(5);
        let (mut flips, mut sum, mut least, mut most) = (0, 0.0, f64::MAX, f64::MIN);
        for _ in 0..20_000 {
            let (values, _) = alter(Data::ScalarConst(4.0), ConstantFactor::Uniform, &mut stream).values();
            if values[0] < 0.0 {
                assert_eq!(values[0], -4.0);
                flips += 1;
            } else {
                (sum, least, most) = (sum + values[0] / 4.0, f64::min(least, values[0] / 4.0), f64::max(most, values[0] / 4.0));
            }
        }
        assert!((1_800..2_200).contains(&flips), "{flips}");
        assert!((0.5..0.501).contains(&least) && (1.999..2.0).contains(&most), "{least} to {most}");
        assert!((sum / f64::from(20_000 - flips) - 1.25).abs() < 0.01);
        for _ in 0..1_000 {
            let Data::Gaussian { mean, st_dev } = alter(Data::Gaussian { mean: 1.0, st_dev: 1.0 }, ConstantFactor::Uniform, &mut stream)
            else {
                panic!("the kind of the constants changed");
            };
            assert!((0.5..2.0).contains(&st_dev) && (mean == -1.0 || (0.5..2.0).contains(&mean)), "deviations are never flipped");
        }
    }

    #[test]
    fn altered_constants_obey_the_language() {
        let mut stream = Stream::new(3);
        for kind in KINDS {
            let mut data = fresh(kind, &mut stream);
            let mut changed = [false; 3];
            for _ in 0..2_000 {
                let next = alter(data, LOG_NORMAL, &mut stream);
                for (changed, (old, new)) in changed.iter_mut().zip(data.values().0.into_iter().zip(next.values().0)) {
                    *changed |= old != new;
                }
                match next {
                    Data::Uniform { low, high } => assert!(low <= high),
                    Data::Gaussian { st_dev, .. } => assert!(st_dev >= 0.0),
                    Data::VectorConst { index, .. } => assert!((0.0..1.0).contains(&index)),
                    Data::MatrixConst { row, column, .. } => assert!((0.0..1.0).contains(&row) && (0.0..1.0).contains(&column)),
                    _ => {}
                }
                assert!(next.values().0.iter().all(|value| value.is_finite()));
                data = next;
            }
            assert!(changed[..data.values().1].iter().all(|&changed| changed), "{kind:?} {changed:?}");
        }
    }

    #[test]
    fn overflow_stops_at_the_largest_value() {
        let mut stream = Stream::new(4);
        let altered: Vec<f64> = (0..100).map(|_| alter(Data::ScalarConst(f64::MAX), LOG_NORMAL, &mut stream).values().0[0]).collect();
        assert!(altered.iter().all(|value| value.is_finite()) && altered.contains(&f64::MAX));
        for _ in 0..100 {
            let Data::Uniform { low, high } = alter(Data::Uniform { low: f32::MIN, high: f32::MAX }, LOG_NORMAL, &mut stream) else {
                panic!("the kind of the constants changed");
            };
            assert!(low.is_finite() && high.is_finite());
            let Data::Gaussian { st_dev, .. } = alter(Data::Gaussian { mean: 0.0, st_dev: -1.0 }, LOG_NORMAL, &mut stream) else {
                panic!("the kind of the constants changed");
            };
            assert!(st_dev == -1.0 || st_dev > 0.0, "a negative deviation is kept or repaired");
        }
        let nan = alter(Data::ScalarConst(f64::NAN), LOG_NORMAL, &mut stream).values().0[0];
        assert!(nan.is_nan());
    }
}
