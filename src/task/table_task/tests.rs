use std::path::Path;

use super::super::TaskKind;
use super::*;

/// A table of `rows` rows: the number of the row, a constant, and the label.
fn table(rows: usize, label: impl Fn(usize) -> String) -> Table {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let text: String = (0..rows).map(|row| format!("{row},0.1,{}\n", label(row))).collect();
    std::fs::write(file.path(), format!("number,constant,label\n{text}")).expect("it is written");
    Table::read(file.path(), None).expect("it is good")
}

fn spec() -> TaskSpec {
    TaskSpec { data: Some(Path::new("table.csv").to_owned()), ..TaskSpec::new(TaskKind::Table) }
}

fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    (mean, values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count)
}

#[test]
fn parts_are_disjoint_and_standardized_by_training() {
    let table = table(50, |row| (3 * row + 1).to_string());
    let tasks = TableTasks::plan(&spec(), &table).expect("it fits");
    assert_eq!((tasks.features, tasks.train, tasks.valid, tasks.scoring()), (2, 40, 10, Scoring::Rms));
    let task = tasks.task(1);
    let (train_rows, valid_rows) = tasks.split(Stream::named(1, purpose::CHOICE));
    let mut all = [train_rows.clone(), valid_rows.clone()].concat();
    all.sort_unstable();
    assert_eq!(all, (0..50).collect::<Vec<_>>());
    let (mean, variance) = moments(task.train.features.iter().step_by(2).copied());
    assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 1e-12);
    let (mean, variance) = moments(task.train.labels.iter().copied());
    assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 1e-12);
    // The label rises with the row number, so both are equal once standardized; the constant column is only shifted.
    for examples in [&task.train, &task.valid] {
        for (row, label) in examples.features.chunks_exact(2).zip(&examples.labels) {
            assert!((row[0] - label).abs() < 1e-12 && row[1] == 0.0);
        }
    }
    let (mean, variance) = moments(train_rows.iter().map(|&row| row as f64));
    assert!((task.valid.features[0] - (valid_rows[0] as f64 - mean) / variance.sqrt()).abs() < 1e-12);
    assert_eq!(task, tasks.task(1));
    assert_ne!(task.train, tasks.task(2).train);
}

#[test]
fn classes_keep_their_proportions_whatever_the_numbers() {
    for ones in [1, 3, 10, 19] {
        let table = table(20, |row| if row < ones { "b".to_owned() } else { "a".to_owned() });
        for train in 1..20 {
            for valid in 1..=20 - train {
                let tasks = TableTasks { table: &table, features: 2, train, valid };
                assert_eq!(tasks.scoring(), Scoring::Accuracy);
                let (train_rows, valid_rows) = tasks.split(Stream::new(5));
                assert_eq!((train_rows.len(), valid_rows.len()), (train, valid));
                let mut all = [train_rows.clone(), valid_rows.clone()].concat();
                all.sort_unstable();
                all.dedup();
                assert_eq!(all.len(), train + valid, "no row is in both parts");
                for rows in [train_rows, valid_rows] {
                    let found = rows.iter().filter(|&&row| row < ones).count() as f64;
                    let share = rows.len() as f64 * ones as f64 / 20.0;
                    assert!((found - share).abs() <= 1.0, "{found} of {} for {ones} of 20", rows.len());
                }
            }
        }
    }
}

#[test]
fn other_feature_sizes_project_or_pad() {
    let table = table(30, |row| (row % 2).to_string());
    let padded = TaskSpec { features: Some(5), ..spec() };
    let padded = TableTasks::plan(&padded, &table).expect("it fits").task(3);
    let plain = TableTasks::plan(&spec(), &table).expect("it fits").task(3);
    for (wide, narrow) in padded.valid.features.chunks_exact(5).zip(plain.valid.features.chunks_exact(2)) {
        assert_eq!((&wide[..2], &wide[2..]), (narrow, &[0.0; 3][..]));
    }
    assert_eq!(padded.train.labels, plain.train.labels);

    let projected = TaskSpec { features: Some(1), ..spec() };
    let projected = TableTasks::plan(&projected, &table).expect("it fits").task(3);
    // Of the two columns one is constant, so the projection is the other one up to its sign.
    assert_eq!(projected.valid.features.len(), 6);
    for (one, two) in projected.valid.features.iter().zip(plain.valid.features.chunks_exact(2)) {
        assert!((one.abs() - two[0].abs()).abs() < 1e-12);
    }
}

#[test]
fn numbers_that_do_not_fit_the_rows_are_refused() {
    let table = table(10, |row| (row % 2).to_string());
    let plan = |train, valid| TableTasks::plan(&TaskSpec { train, valid, ..spec() }, &table).map(|tasks| (tasks.train, tasks.valid));
    assert_eq!(plan(None, None).expect("it fits"), (8, 2));
    assert_eq!(plan(Some(9), None).expect("it fits"), (9, 1));
    assert_eq!(plan(None, Some(3)).expect("it fits"), (7, 3));
    for (train, valid) in [(Some(8), Some(3)), (Some(10), None), (None, Some(10)), (Some(usize::MAX), Some(1))] {
        let message = plan(train, valid).expect_err("it is refused").to_string();
        assert!(message.contains("has 10 rows, too few for"), "{message}");
    }
}

#[test]
fn any_text_gives_finite_tasks_or_an_error() {
    let tokens = ["0", "1", "2", "0.1", "-1e100", "1e100", "1e-300", "1e-150", "x", "", "nan", "1e999", "\"", ",", "\n", "\r\n", "\0", "é"];
    let mut stream = Stream::new(11);
    let (mut built, mut refused) = (0, 0);
    for _ in 0..4_000 {
        // Mostly well-formed rows of three numbers, with some tokens out of place.
        let mut text = String::new();
        for _ in 0..2 + stream.below(6) {
            let mut odd = |usual: &'static str| if stream.below(30) == 0 { tokens[stream.below(tokens.len())] } else { usual };
            let ends = [odd(","), odd(","), odd("\n")];
            for end in ends {
                text.push_str(tokens[stream.below(8)]);
                text.push_str(end);
            }
        }
        let spec = TaskSpec { features: Some(1 + stream.below(4)), ..spec() };
        let table = Table::parse(Path::new("t.csv"), text.as_bytes(), None);
        match table
            .as_ref()
            .map_err(|error| error.to_string())
            .and_then(|table| TableTasks::plan(&spec, table).map_err(|error| error.to_string()))
        {
            Ok(tasks) => {
                let task = tasks.task(stream.next_u64());
                let numbers = [&task.train, &task.valid].into_iter().flat_map(|examples| examples.features.iter().chain(&examples.labels));
                assert!(numbers.into_iter().all(|number| number.is_finite()), "{text:?}");
                built += 1;
            }
            Err(message) => {
                assert!(message.starts_with("t.csv"), "{message}");
                refused += 1;
            }
        }
    }
    assert!(built > 500 && refused > 500, "{built} built, {refused} refused");
}
