//! Own data in the place of an experiment's.

use std::path::{Path, PathBuf};

use super::{Experiment, ExperimentError};
use crate::task::{TaskKind, TaskSpec};

impl Experiment {
    /// Replaces the data of all tasks: image pairs from a directory (kind `projected`) or a table from a file (kind `table`).
    ///
    /// With several, there is a set of search tasks for each set and each of them, which take turns, and as many islands at least; to select
    /// and for the final evaluation there is the first. Images take the counts in `with_data`, where a set has them. A table's own sizes
    /// replace those of the experiment: all feature columns, a fifth of the rows for validation.
    ///
    /// # Errors
    /// A path that is not UTF-8.
    pub fn set_data(&mut self, paths: &[impl AsRef<Path>]) -> Result<(), ExperimentError> {
        let sources = paths.iter().map(|path| Source::of(path.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = sources.first() else { return Ok(()) };
        let tasks = &mut self.tasks;
        tasks.search = tasks.search.iter().flat_map(|spec| sources.iter().map(|source| source.put_into(spec))).collect();
        tasks.select = first.put_into(&tasks.select);
        tasks.final_set = tasks.final_set.as_ref().map(|spec| first.put_into(spec));
        if sources.len() > 1 {
            self.search.islands = self.search.islands.max(self.tasks.search.len());
        }
        Ok(())
    }

    /// Makes the paths of data independent of the current folder, so that a run can be resumed from any.
    pub fn make_data_absolute(&mut self) {
        let tasks = &mut self.tasks;
        for spec in tasks.search.iter_mut().chain([&mut tasks.select]).chain(tasks.final_set.as_mut()) {
            spec.data = spec.data.as_deref().map(absolute);
        }
    }
}

/// An empty path, which is none, stays as it is, to be refused by that name.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Where data come from.
struct Source {
    kind: TaskKind,
    path: PathBuf,
}

impl Source {
    fn of(path: &Path) -> Result<Source, ExperimentError> {
        let kind = if path.is_dir() { TaskKind::Projected } else { TaskKind::Table };
        let absolute = absolute(path);
        if absolute.to_str().is_none() {
            let problem = "the path is not UTF-8, so no experiment can record it; rename it".to_owned();
            return Err(ExperimentError::File { path: path.to_owned(), problem });
        }
        Ok(Source { kind, path: absolute })
    }

    /// The set of tasks on these data.
    fn put_into(&self, spec: &TaskSpec) -> TaskSpec {
        let on_data = TaskSpec { kind: self.kind, data: Some(self.path.clone()), zeroed: None, with_data: None, ..spec.clone() };
        match spec.with_data {
            _ if self.kind == TaskKind::Table => TaskSpec { features: None, train: None, valid: None, ..on_data },
            Some(counts) => TaskSpec { train: Some(counts.train), valid: Some(counts.valid), ..on_data },
            None => on_data,
        }
    }
}
