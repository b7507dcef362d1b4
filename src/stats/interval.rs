//! Exact confidence intervals of shares and of ratios of rates.

use statrs::function::beta::beta_reg;

use super::CONFIDENCE;

/// The two-sided quantile of the standard normal distribution for that confidence.
const NORMAL_QUANTILE: f64 = 1.959_963_984_540_054;

/// Where both counts are above it, the incomplete beta function loses its digits, and the normal approximation has as many.
const MOST_EXACT: u64 = 100_000;

/// A range that holds the true value with the confidence stated, at least.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The Clopper-Pearson interval of a share of which `successes` of `trials` independent trials are evidence; of no trials, none.
pub fn share(successes: u64, trials: u64) -> Option<Interval> {
    if trials == 0 {
        return None;
    }
    let failures = trials - successes;
    if successes.min(failures) > MOST_EXACT {
        return Some(wilson(successes as f64, trials as f64));
    }
    let (k, n, tail) = (successes as f64, trials as f64, (1.0 - CONFIDENCE) / 2.0);
    // At least k successes have a probability of beta_reg(k, n - k + 1, p), which grows with p.
    let low = if successes == 0 { 0.0 } else { solve(|p| beta_reg(k, n - k + 1.0, p), tail) };
    let high = if failures == 0 { 1.0 } else { solve(|p| beta_reg(k + 1.0, n - k, p), 1.0 - tail) };
    Some(Interval { low, high })
}

/// The interval of the ratio of two rates of events, `(events, exposure)` each, by the conditional binomial test: given how many events
/// there are in all, the share of the first is binomial if both are Poisson. Without any event there is none; the upper end may be
/// infinite.
pub fn rate_ratio(first: (u64, u64), second: (u64, u64)) -> Option<Interval> {
    let share = share(first.0, first.0 + second.0)?;
    let exposure = second.1 as f64 / first.1 as f64;
    let ratio = |share: f64| if share < 1.0 { share / (1.0 - share) * exposure } else { f64::INFINITY };
    Some(Interval { low: ratio(share.low), high: ratio(share.high) })
}

/// Where in [0, 1] a growing function has this value: bisection, of the exponent first, as shares may be tiny.
fn solve(function: impl Fn(f64) -> f64, value: f64) -> f64 {
    let (mut low, mut high) = (1e-300, 1.0);
    for _ in 0..200 {
        let middle: f64 = if high / low > 2.0 { f64::sqrt(low * high) } else { 0.5 * (low + high) };
        if function(middle) < value { low = middle } else { high = middle }
    }
    low
}

/// Wilson's interval with a correction for continuity.
fn wilson(k: f64, n: f64) -> Interval {
    let z = NORMAL_QUANTILE;
    let end = |k: f64, z: f64| {
        let p = k / n;
        (p + z * z / (2.0 * n) + z * ((p * (1.0 - p) + z * z / (4.0 * n)) / n).sqrt()) / (1.0 + z * z / n)
    };
    Interval { low: end(k - 0.5, -z), high: end(k + 0.5, z) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(interval: Option<Interval>, low: f64, high: f64) {
        let Interval { low: found_low, high: found_high } = interval.expect("there are trials");
        for (found, expected) in [(found_low, low), (found_high, high)] {
            assert!((found - expected).abs() <= 1e-4 * expected, "{found_low:e} to {found_high:e}, not {low:e} to {high:e}");
        }
    }

    #[test]
    fn shares_have_the_intervals_of_tables() {
        near(share(0, 10), 0.0, 0.308_497);
        near(share(10, 10), 0.691_503, 1.0);
        near(share(5, 10), 0.187_086, 0.812_914);
        near(share(1, 20), 0.001_265_1, 0.248_733);
        // By the Poisson limit: the 2.5 % and 97.5 % points of the gamma distribution.
        near(share(0, 200_000_000), 0.0, 3.688_879 / 2e8);
        near(share(1, 200_000_000), 0.025_317_8 / 2e8, 5.571_643 / 2e8);
        near(share(20, 200_000_000), 12.216_52 / 2e8, 30.888_38 / 2e8);
        assert_eq!(share(0, 0), None);
    }

    /// An end is where the tail beyond what was seen has a probability of 2.5 %.
    #[test]
    fn ends_have_the_tails_that_they_should() {
        let (k, n) = (3, 12);
        let Interval { low, high } = share(k, n).expect("there are trials");
        let probability = |p: f64, of: &dyn Fn(u64) -> bool| -> f64 {
            let mut choose = 1.0;
            let mut sum = 0.0;
            for i in 0..=n {
                if of(i) {
                    sum += choose * p.powi(i as i32) * (1.0 - p).powi((n - i) as i32);
                }
                choose = choose * (n - i) as f64 / (i + 1) as f64;
            }
            sum
        };
        assert!((probability(low, &|i| i >= k) - 0.025).abs() < 1e-9);
        assert!((probability(high, &|i| i <= k) - 0.025).abs() < 1e-9);
    }

    #[test]
    fn large_counts_go_on_where_the_exact_ones_end() {
        for n in [300_000, 200_000_000] {
            let (exact, approximate) = (share(MOST_EXACT, n).expect("trials"), wilson(MOST_EXACT as f64, n as f64));
            let width = exact.high - exact.low;
            assert!((exact.low - approximate.low).abs() < 0.01 * width, "{exact:?} {approximate:?}");
            assert!((exact.high - approximate.high).abs() < 0.01 * width, "{exact:?} {approximate:?}");
        }
        let half = share(100_000_000, 200_000_000).expect("trials");
        assert!(half.low < 0.5 && half.high > 0.5 && half.high - half.low < 2e-4, "{half:?}");
    }

    #[test]
    fn ratios_of_rates_are_those_of_the_conditional_test() {
        // 20 of 30 events: a share of 0.471878 to 0.827133.
        near(rate_ratio((20, 1_000), (10, 1_000)), 0.893_509, 4.784_55);
        near(rate_ratio((20, 1_000), (10, 2_000)), 2.0 * 0.893_509, 2.0 * 4.784_55);
        assert_eq!(rate_ratio((0, 10), (0, 10)), None);
        let none = rate_ratio((3, 1_000), (0, 1_000)).expect("events");
        assert!(none.high.is_infinite() && none.low > 0.3, "{none:?}");
    }
}
