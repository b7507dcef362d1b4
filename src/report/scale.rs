//! From values to places on an axis.

/// The least share of the range that values of one size are given.
const LEAST_RANGE: f64 = 1e-9;

/// Logarithmic axes that span more have a tick at powers of ten only.
const FINE: f64 = 1e3;

/// About how many ticks an axis has.
const TICKS: f64 = 6.0;

/// An axis: values between `min` and `max` stand between the places `from` and `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) is_log: bool,
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Scale {
    /// An axis for these values, on a logarithmic one for those above 0, that ends at ticks if `round` says so.
    pub(super) fn of(values: impl Iterator<Item = f64>, is_log: bool, round: bool, [from, to]: [f64; 2]) -> Scale {
        let values = values.filter(|value| value.is_finite() && (!is_log || *value > 0.0));
        let (mut min, mut max) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), value| (min.min(value), max.max(value)));
        if min > max {
            (min, max) = if is_log { (1.0, 10.0) } else { (0.0, 1.0) };
        }
        if is_log {
            if max / min < 1.0 + LEAST_RANGE {
                (min, max) = (min / 2.0, max * 2.0);
            }
        } else if max - min <= LEAST_RANGE * max.abs().max(min.abs()) {
            // A fitness lies between 0 and 1.
            (min, max) = if min >= 0.0 && max <= 1.0 { (0.0, 1.0) } else { (min - max.abs() / 10.0, max + max.abs() / 10.0) };
        }
        let mut scale = Scale { min, max, is_log, from, to };
        if round && is_log {
            let ends =
                |end: f64| if max / min > FINE { [10_f64.powf(end.floor()), 10_f64.powf(end.ceil())] } else { around(10_f64.powf(end)) };
            (scale.min, scale.max) = (ends(min.log10())[0], ends(max.log10())[1]);
        } else if round {
            let step = step(min, max);
            (scale.min, scale.max) = ((min / step).floor() * step, (max / step).ceil() * step);
        }
        scale
    }

    /// Where a value stands; nowhere if the axis cannot show it.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        let share = if self.is_log {
            if value <= 0.0 {
                return None;
            }
            (value.ln() - self.min.ln()) / (self.max.ln() - self.min.ln())
        } else {
            (value - self.min) / (self.max - self.min)
        };
        share.is_finite().then(|| self.from + share.clamp(0.0, 1.0) * (self.to - self.from))
    }

    /// The values of its ticks, with their names.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        if self.is_log && self.max / self.min > FINE {
            let (first, last) = ((self.min.log10() - LEAST_RANGE).ceil(), (self.max.log10() + LEAST_RANGE).floor());
            let stride = ((last - first + 1.0) / (TICKS + 2.0)).ceil().max(1.0);
            let powers = (0..).map(|i| stride.mul_add(f64::from(i), first)).take_while(|power| *power <= last);
            return powers.map(|power| (10_f64.powf(power), power_of_ten(power as i32))).collect();
        }
        if self.is_log && self.max / self.min >= 2.0 {
            let decades = (0..=4).map(|i| 10_f64.powf(self.min.log10().floor() + f64::from(i)));
            let values = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|factor| factor * decade));
            let inside = self.min * (1.0 - LEAST_RANGE)..=self.max * (1.0 + LEAST_RANGE);
            return values.filter(|value| inside.contains(value)).map(|value| (value, tick_name(value, value, value))).collect();
        }
        let step = step(self.min, self.max);
        let first = (self.min / step - LEAST_RANGE).ceil();
        let values = (0..=20).map(|i| (first + f64::from(i)) * step).take_while(|value| *value <= self.max + step * LEAST_RANGE);
        values.filter(|value| !self.is_log || *value > 0.0).map(|value| (value, tick_name(value, step, self.max))).collect()
    }
}

/// The neighbours of a number above 0 among 1, 2 and 5 times powers of ten, it being its own neighbour if it is one.
fn around(value: f64) -> [f64; 2] {
    let power = 10_f64.powf(value.log10().floor());
    let factor = value / power;
    let all = [1.0, 2.0, 5.0, 10.0];
    let below = all.into_iter().rfind(|known| *known <= factor * (1.0 + LEAST_RANGE)).unwrap_or(1.0);
    let above = all.into_iter().find(|known| *known >= factor * (1.0 - LEAST_RANGE)).unwrap_or(10.0);
    [below * power, above * power]
}

/// The distance between ticks: 1, 2 or 5 times a power of ten.
fn step(min: f64, max: f64) -> f64 {
    let rough = (max - min) / TICKS;
    let power = 10_f64.powf(rough.log10().floor());
    let factor = match rough / power {
        ..=1.0 => 1.0,
        ..=2.0 => 2.0,
        ..=5.0 => 5.0,
        _ => 10.0,
    };
    factor * power
}

fn power_of_ten(power: i32) -> String {
    match power {
        -4..=0 => format!("{:.*}", (-power) as usize, 10_f64.powi(power)),
        1..=2 => format!("{}", 10_f64.powi(power)),
        3..=5 => format!("{}k", 10_f64.powi(power - 3)),
        6..=8 => format!("{}M", 10_f64.powi(power - 6)),
        _ => format!("1e{power}"),
    }
}

/// A value with as many decimals as its neighbours need, large ones in thousands, millions, or as powers of ten, by the largest.
fn tick_name(value: f64, step: f64, largest: f64) -> String {
    let value = if value.abs() < step * LEAST_RANGE { 0.0 } else { value };
    let (unit, suffix) = match largest.abs() {
        ..1e4 => (1.0, ""),
        ..1e6 => (1e3, "k"),
        ..1e12 => (1e6, "M"),
        _ => return format!("{value:e}"),
    };
    if step < 1e-9 {
        return format!("{value:e}");
    }
    let decimals = (-(step / unit).log10().floor()).max(0.0) as usize;
    if decimals > 4 && value != 0.0 && value.abs() < 1e-3 {
        return format!("{value:.0e}");
    }
    let name = format!("{:.decimals$}", value / unit);
    if value == 0.0 { name } else { name + suffix }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(values: &[f64], is_log: bool, round: bool) -> Vec<String> {
        Scale::of(values.iter().copied(), is_log, round, [0.0, 1.0]).ticks().into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(names(&[0.0, 1.0], false, true), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(names(&[0.93, 0.948], false, true), ["0.930", "0.935", "0.940", "0.945", "0.950"]);
        assert_eq!(names(&[1.0, 1.0], false, true), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(names(&[0.0, 806_021.0], false, false), ["0", "200k", "400k", "600k", "800k"]);
        assert_eq!(names(&[-3.0, 4.0], false, true), ["-4", "-2", "0", "2", "4"]);
        assert_eq!(names(&[1e-4, 0.5], true, true), ["0.0001", "0.001", "0.01", "0.1", "1"]);
        assert_eq!(names(&[0.012, 0.025], true, true), ["0.01", "0.02", "0.05"]);
        assert_eq!(names(&[6e-6, 2e-5], true, true), ["5e-6", "1e-5", "2e-5"]);
        assert_eq!(names(&[1.0, 99.0], true, false), ["1", "2", "5", "10", "20", "50"]);
        assert_eq!(names(&[1.0, 2_000_000.0], true, false), ["1", "10", "100", "1k", "10k", "100k", "1M"]);
    }

    #[test]
    fn any_values_have_an_axis() {
        let hostile: [&[f64]; 7] = [&[], &[0.0], &[7.0], &[-1e15, 1e15], &[f64::NAN], &[1e-300, 2e-300], &[0.1, 0.1 + 1e-16]];
        for values in hostile {
            for (is_log, round) in [(false, false), (false, true), (true, false), (true, true)] {
                let scale = Scale::of(values.iter().copied(), is_log, round, [10.0, 110.0]);
                let ticks = scale.ticks();
                assert!(ticks.len() < 25, "{values:?}: {ticks:?}");
                for place in values.iter().chain(ticks.iter().map(|(tick, _)| tick)).filter_map(|value| scale.at(*value)) {
                    assert!((10.0..=110.0).contains(&place), "{values:?} at {place}");
                }
            }
        }
    }
}
