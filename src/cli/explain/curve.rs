//! A curve in one line of text.

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One bar for each value, from the lowest at the bottom to the highest at the top; all at the top where they are the same.
pub(super) fn bars(values: &[f64]) -> String {
    let (low, high) = range(values);
    let level = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 1.0 };
        LEVELS[((share * LEVELS.len() as f64) as usize).min(LEVELS.len() - 1)]
    };
    values.iter().map(|&value| level(value)).collect()
}

/// The lowest and the highest value.
pub(super) fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_reach_from_the_lowest_to_the_highest() {
        assert_eq!(bars(&[0.0, 0.5, 1.0]), "▁▅█");
        assert_eq!(bars(&[0.98, 0.99]), "▁█");
        assert_eq!(bars(&[0.3, 0.3]), "██");
        assert_eq!(bars(&[]), "");
    }
}
