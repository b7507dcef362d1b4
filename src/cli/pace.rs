//! How long tuning takes, said beforehand.

use std::time::Instant;

use exnihilo::text::grouped;

use super::output::note;

/// Seconds of tuning from which on people are told beforehand.
const LONG: f64 = 60.0;

/// Watches the first trials and says once what all of them will take, where that is long.
pub(super) struct Pace {
    begin: Instant,
    /// How many programs are tuned.
    programs: usize,
    trials: u32,
    silent: bool,
}

impl Pace {
    /// Tuning begins: of so many programs, with so many trials each. A silent one says nothing.
    pub(super) fn new(programs: usize, trials: u32, silent: bool) -> Pace {
        Pace { begin: Instant::now(), programs, trials, silent }
    }

    /// So many trials of a program are done.
    pub(super) fn done(&mut self, trials: u32) {
        if !std::mem::replace(&mut self.silent, true)
            && let Some(words) = estimate(self.begin.elapsed().as_secs_f64() / f64::from(trials), self.trials, self.programs)
        {
            note(&words);
        }
    }
}

/// What tuning takes at so many seconds a trial, if that is long.
fn estimate(each: f64, trials: u32, programs: usize) -> Option<String> {
    let seconds = each * f64::from(trials) * programs as f64;
    (seconds >= LONG).then(|| {
        format!(
            "{} trials of each of {} programs take about {} minutes; fewer --tune trials take less",
            grouped(trials.into()),
            grouped(programs as u64),
            grouped((seconds / 60.0).ceil() as u64)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_long_is_told_and_only_once() {
        assert_eq!(estimate(0.01, 300, 10), None);
        let told = "10,000 trials of each of 21 programs take about 35 minutes; fewer --tune trials take less";
        assert_eq!(estimate(0.01, 10_000, 21).as_deref(), Some(told));
        let mut pace = Pace::new(1, 300, false);
        pace.done(33);
        assert!(pace.silent, "the first trials tell");
    }
}
