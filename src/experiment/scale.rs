//! The same experiment at another size.

use std::fmt;

use super::{Experiment, ExperimentError, FecSettings};
use crate::task::{ExampleCounts, TaskKind, TaskSpec};

/// The largest factor.
const MAX_SCALE: f64 = 1000.0;

/// What became of one section of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// The section, `tasks.search.0` say.
    pub section: String,
    /// Its keys with the number before and after.
    pub changes: Vec<(&'static str, usize, usize)>,
}

impl fmt::Display for Scaled {
    /// As in `tasks.select: train 232 to 24, tasks 50 to 5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.section)?;
        for (index, (key, before, after)) in self.changes.iter().enumerate() {
            write!(f, "{}{key} {before} to {after}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl Experiment {
    /// Multiplies islands, tasks of each set and examples of each task by a factor, rounded up, and tells what changed.
    ///
    /// As few examples as the probe of functional equivalence checking takes are left as they are. With fewer islands than sets of search
    /// tasks only the first sets stay. Images and tables have no more examples than they have, so a factor above 1 leaves those as they are;
    /// those of a table that only its file tells are not changed at all.
    ///
    /// # Errors
    /// A factor that is not above 0, or above 1,000.
    ///
    /// ```
    /// use exnihilo::experiment::Experiment;
    /// let mut experiment = Experiment::preset("linear").expect("a built-in preset");
    /// experiment.scale(0.25).expect("a factor above 0");
    /// assert_eq!((experiment.tasks.search[0].train, experiment.tasks.search[0].tasks), (Some(25), 3));
    /// ```
    pub fn scale(&mut self, factor: f64) -> Result<Vec<Scaled>, ExperimentError> {
        if !(factor > 0.0 && factor <= MAX_SCALE) {
            let remedy = format!("choose a number above 0, at most {MAX_SCALE}");
            return Err(ExperimentError::value("--scale", format!("{factor} is not possible"), remedy));
        }
        let tasks = &mut self.tasks;
        let islands = times(self.search.islands, factor, 1);
        let sets = tasks.search.len().min(islands);
        let mut all = vec![
            Scaled { section: "search".to_owned(), changes: vec![("islands", self.search.islands, islands)] },
            Scaled { section: "tasks.search".to_owned(), changes: vec![("sets", tasks.search.len(), sets)] },
        ];
        self.search.islands = islands;
        tasks.search.truncate(sets);
        let name = |index: usize| if sets == 1 { "tasks.search".to_owned() } else { format!("tasks.search.{index}") };
        let search = tasks.search.iter_mut().enumerate().map(|(index, spec)| (name(index), spec));
        let select = [("tasks.select".to_owned(), &mut tasks.select)];
        let last = tasks.final_set.as_mut().map(|spec| ("tasks.final".to_owned(), spec));
        for (section, spec) in search.chain(select).chain(last) {
            all.push(Scaled { section, changes: scale_set(spec, factor, &self.fec) });
        }
        for scaled in &mut all {
            scaled.changes.retain(|(_, before, after)| before != after);
        }
        all.retain(|scaled| !scaled.changes.is_empty());
        Ok(all)
    }
}

/// Scales a set of tasks.
fn scale_set(spec: &mut TaskSpec, factor: f64, fec: &FecSettings) -> Vec<(&'static str, usize, usize)> {
    let is_bounded = matches!(spec.kind, TaskKind::Digits | TaskKind::Projected | TaskKind::Table);
    let of_examples = if is_bounded { factor.min(1.0) } else { factor };
    let [least_train, least_valid] = if fec.enabled { [fec.train, fec.valid] } else { [1, 1] };
    let mut changes = Vec::new();
    let TaskSpec { train, valid, .. } = spec.resolved();
    for (key, place, count, least) in [("train", &mut spec.train, train, least_train), ("valid", &mut spec.valid, valid, least_valid)] {
        if let Some(count) = count {
            let scaled = times(count, of_examples, least);
            *place = Some(scaled);
            changes.push((key, count, scaled));
        }
    }
    if let Some(ExampleCounts { train, valid }) = &mut spec.with_data {
        *train = times(*train, of_examples, least_train);
        *valid = times(*valid, of_examples, least_valid);
    }
    let tasks = times(spec.tasks, factor, 1);
    changes.push(("tasks", spec.tasks, tasks));
    spec.tasks = tasks;
    changes
}

/// `count` times `factor`, rounded up, and not below `least` unless it was before.
fn times(count: usize, factor: f64, least: usize) -> usize {
    // A product that is whole but for the rounding of a factor such as 0.07 is that number, and not the next.
    const ROUNDING: f64 = 1e-12;
    let scaled = (count as f64 * factor * (1.0 - ROUNDING)).ceil() as usize;
    scaled.max(least.min(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_up_and_not_below_the_least() {
        for (count, factor, least, scaled) in [
            (232, 0.1, 10, 24),
            (100, 0.07, 1, 7),
            (100, 0.001, 10, 10),
            (5, 0.001, 10, 5),
            (3, 0.5, 1, 2),
            (1, 1e-300, 1, 1),
            (1000, 1.0, 1, 1000),
            (3, 2.5, 1, 8),
        ] {
            assert_eq!(times(count, factor, least), scaled, "{count} x {factor}");
        }
    }

    fn preset(name: &str) -> Experiment {
        Experiment::preset(name).expect("a built-in preset")
    }

    #[test]
    fn every_set_is_scaled_and_what_changed_is_told() {
        let mut experiment = preset("linear");
        let told = experiment.scale(0.05).expect("a factor");
        let sizes = |spec: &TaskSpec| (spec.tasks, spec.train, spec.valid);
        assert_eq!(sizes(&experiment.tasks.search[0]), (1, Some(10), Some(10)), "the probe takes ten");
        assert_eq!(sizes(&experiment.tasks.select), (5, Some(50), Some(10)));
        assert_eq!(experiment.tasks.final_set.as_ref().map(sizes), Some((5, Some(50), Some(10))));
        let lines: Vec<String> = told.iter().map(Scaled::to_string).collect();
        assert_eq!(
            lines,
            [
                "tasks.search: train 100 to 10, valid 100 to 10, tasks 10 to 1",
                "tasks.select: train 1000 to 50, valid 100 to 10, tasks 100 to 5",
                "tasks.final: train 1000 to 50, valid 100 to 10, tasks 100 to 5",
            ]
        );
        let mut without_probe = preset("linear");
        without_probe.fec.enabled = false;
        without_probe.scale(0.001).expect("a factor");
        assert_eq!(sizes(&without_probe.tasks.search[0]), (1, Some(1), Some(1)));
        let mut same = preset("linear");
        assert_eq!(same.scale(1.0), Ok(Vec::new()));
        assert_eq!(same, preset("linear"));
    }

    #[test]
    fn fewer_islands_keep_the_first_sets() {
        let mut experiment = preset("main");
        let sets = experiment.tasks.search.len();
        assert_eq!((sets, experiment.search.islands), (18, 18));
        let told = experiment.scale(0.3).expect("a factor");
        assert_eq!((experiment.search.islands, experiment.tasks.search.len()), (6, 6));
        assert_eq!(told[0].to_string(), "search: islands 18 to 6");
        assert_eq!(told[1].to_string(), "tasks.search: sets 18 to 6");
        assert!(told[2].section == "tasks.search.0" && told[7].section == "tasks.search.5", "{told:?}");
        let first = preset("main").tasks.search;
        assert!(
            experiment.tasks.search.iter().zip(first).all(|(kept, first)| (kept.features, kept.epochs) == (first.features, first.epochs))
        );
        experiment.validate().expect("as many islands as sets");
    }

    #[test]
    fn there_are_no_more_images_than_there_are() {
        let mut experiment = preset("digits");
        experiment.tasks.search[0].train = None;
        experiment.tasks.search[0].with_data = Some(ExampleCounts { train: 8_000, valid: 1_000 });
        let mut small = experiment.clone();
        experiment.scale(2.0).expect("a factor");
        assert_eq!((experiment.tasks.search[0].train, experiment.tasks.search[0].tasks), (Some(232), 20));
        assert_eq!(experiment.search.islands, 2);
        small.scale(0.125).expect("a factor");
        assert_eq!(small.tasks.search[0].train, Some(29), "of the kind's own number");
        assert_eq!(small.tasks.search[0].with_data, Some(ExampleCounts { train: 1_000, valid: 125 }));
        let mut linear = preset("linear");
        linear.scale(2.0).expect("a factor");
        assert_eq!(linear.tasks.search[0].train, Some(200));
        let mut table = preset("linear");
        table.set_data(&["table.csv"]).expect("a path");
        table.scale(0.1).expect("a factor");
        assert_eq!((table.tasks.search[0].train, table.tasks.search[0].tasks), (None, 1));
    }

    #[test]
    fn impossible_factors_are_refused() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY, 1000.1] {
            let message = preset("linear").scale(factor).expect_err("refused").to_string();
            assert!(message.starts_with("--scale: ") && message.contains("above 0, at most 1000"), "{message}");
        }
    }
}
