//! Tasks from a table: each is another random split of the rows into training and validation.
//!
//! The split is drawn by the task's stream CHOICE; where labels are classes it is stratified, each part having the classes in the
//! proportions of the table, to the nearest row. Features are standardized by the training part. Given an F below the number of
//! columns they are then projected by a matrix of N(0, 1) from the task's stream WEIGHTS and standardized again; given
//! an F above it, zeros follow them. Labels of regression are standardized by the training part too.
//! The sets of a run differ in their splits only: a final task validates on rows that other splits trained on.

use exnihilo_jit::exec::random::purpose;
use exnihilo_jit::lang::MAX_FEATURES;
use exnihilo_jit::{Examples, Scoring, Stream, Task};

use super::error::TaskError;
use super::spec::TaskSpec;
use super::standardize::{random_projection, standardize};
use super::table::{Labels, Table};

/// What the tasks of a table have in common.
pub(super) struct TableTasks<'a> {
    table: &'a Table,
    pub(super) features: usize,
    pub(super) train: usize,
    pub(super) valid: usize,
}

impl<'a> TableTasks<'a> {
    /// Settles what the description leaves to the data, and checks it against them.
    pub(super) fn plan(spec: &TaskSpec, table: &'a Table) -> Result<TableTasks<'a>, TaskError> {
        let (rows, columns) = (table.count(), table.columns().len());
        let path = || table.path().to_owned();
        if rows < 2 {
            return Err(TaskError::Table {
                path: path(),
                problem: "has 1 row; expected at least 2, to train and to validate on".to_owned(),
            });
        }
        let features = spec.features.unwrap_or(columns);
        if features > MAX_FEATURES {
            let problem = format!("has {columns} feature columns, above the limit of {MAX_FEATURES}; set `features` to project them down");
            return Err(TaskError::Table { path: path(), problem });
        }
        let fifth = (rows / 5).max(1);
        let valid = spec.valid.unwrap_or_else(|| spec.train.map_or(fifth, |train| fifth.min(rows.saturating_sub(train)).max(1)));
        let train = spec.train.unwrap_or_else(|| rows.saturating_sub(valid).max(1));
        if train.checked_add(valid).is_none_or(|sum| sum > rows) {
            let problem =
                format!("has {rows} rows, too few for {train} training and {valid} validation examples; lower `train` or `valid`");
            return Err(TaskError::Table { path: path(), problem });
        }
        Ok(TableTasks { table, features, train, valid })
    }

    /// How predictions are scored.
    pub(super) fn scoring(&self) -> Scoring {
        match self.table.labels() {
            Labels::Classes(_) => Scoring::Accuracy,
            Labels::Numbers(_) => Scoring::Rms,
        }
    }

    /// The task with this seed.
    pub(super) fn task(&self, seed: u64) -> Task {
        let (train_rows, valid_rows) = self.split(Stream::named(seed, purpose::CHOICE));
        let (mut train, mut valid) = (self.gather(&train_rows), self.gather(&valid_rows));
        let columns = self.table.columns().len();
        standardize(&mut train.features, &mut valid.features, columns);
        if self.features < columns {
            let projection = random_projection(columns, self.features, Stream::named(seed, purpose::WEIGHTS));
            for examples in [&mut train, &mut valid] {
                let mut projected = Vec::with_capacity(examples.labels.len() * self.features);
                projection.apply(examples.features.chunks_exact(columns), &mut projected);
                examples.features = projected;
            }
            standardize(&mut train.features, &mut valid.features, self.features);
        } else if self.features > columns {
            for examples in [&mut train, &mut valid] {
                let padding = vec![0.0; self.features - columns];
                examples.features = examples.features.chunks_exact(columns).flat_map(|row| row.iter().chain(&padding)).copied().collect();
            }
        }
        if self.scoring() == Scoring::Rms {
            standardize(&mut train.labels, &mut valid.labels, 1);
        }
        Task { seed, train, valid, train_orders: None }
    }

    /// The rows of the training and of the validation part, in random order.
    fn split(&self, mut stream: Stream) -> (Vec<usize>, Vec<usize>) {
        let all = 0..self.table.count();
        let Labels::Classes(classes) = self.table.labels() else {
            let mut rows: Vec<usize> = all.collect();
            stream.shuffle(&mut rows);
            let rest = rows.split_off(self.train);
            return (rows, rest[..self.valid].to_vec());
        };
        let (mut ones, mut zeros): (Vec<usize>, Vec<usize>) = all.partition(|&row| classes[row] == 1.0);
        stream.shuffle(&mut ones);
        stream.shuffle(&mut zeros);
        let share = |count: usize| (2 * count as u128 * ones.len() as u128 + classes.len() as u128) / (2 * classes.len() as u128);
        let valid_ones = share(self.valid) as usize;
        let valid_zeros = self.valid - valid_ones;
        // Two halves that are both rounded up may ask for one row too many; rounding down, which the other class then sees, never does.
        let train_ones = (share(self.train) as usize).min(ones.len() - valid_ones);
        let train_zeros = self.train - train_ones;
        let mut train = [&ones[..train_ones], &zeros[..train_zeros]].concat();
        let mut valid = [&ones[train_ones..][..valid_ones], &zeros[train_zeros..][..valid_zeros]].concat();
        stream.shuffle(&mut train);
        stream.shuffle(&mut valid);
        (train, valid)
    }

    fn gather(&self, rows: &[usize]) -> Examples {
        let (Labels::Classes(labels) | Labels::Numbers(labels)) = self.table.labels();
        Examples {
            features: rows.iter().flat_map(|&row| self.table.row(row)).copied().collect(),
            labels: rows.iter().map(|&row| labels[row]).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
