//! Makes the tasks that programs are evaluated on, from a few settings and a seed: synthetic regression, projected pairs of
//! image classes, or ten of them, tables. Here are also the readers of IDX, CIFAR-10 and CSV files. Experiments and commands call
//! [`build_group`]; nothing here knows of programs or of search.
//!
//! ```
//! use exnihilo::task::{DataCache, SetName, TaskKind, TaskSpec, build_group};
//!
//! let spec = TaskSpec { features: Some(8), tasks: 3, ..TaskSpec::new(TaskKind::Affine) };
//! let group = build_group(&spec, SetName::Search, 7, 0, &DataCache::new())?;
//! assert_eq!((group.features(), group.tasks().len(), group.train_examples()), (8, 3, 1_000));
//! # Ok::<(), exnihilo::task::TaskError>(())
//! ```

mod cache;
mod cifar;
mod classes;
mod digits;
mod error;
mod file;
mod format;
mod idx;
mod images;
mod kind;
mod pixels;
mod projected;
mod set;
mod spec;
mod standardize;
mod synthetic;
mod table;
mod table_task;

#[cfg(test)]
mod real_data_tests;

pub use cache::DataCache;
pub use classes::CLASS_PROJECTIONS;
pub use error::TaskError;
pub use format::DataFormat;
pub use images::{CLASSES_OF_PAIRS, ImageSet, Part};
pub use kind::{KindDoc, Sizes, TASK_KINDS, TaskKind};
pub use pixels::PixelTask;
pub use projected::{HELD_OUT_PAIRS, PROJECTIONS, Pair};
pub use set::{SetName, build_group, build_group_from, task_seed};
pub use spec::{ExampleCounts, KeyDoc, TASK_KEYS, TaskSpec};
pub use table::{Labels, Table};
