//! The JSON of a case, as it stands in the file; [`super::cases`] checks it and builds programs, tasks and memories, and
//! [`super::write`] makes it from them.

use crate::lang::{InstructionRecord, Number};
use serde::{Deserialize, Serialize};

/// One line of a case file.
#[derive(Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum CaseRecord {
    Op(OpRecord),
    Execute(ExecuteRecord),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpRecord {
    #[serde(default = "current_version")]
    pub(super) semantics: u32,
    pub(super) id: String,
    pub(super) features_size: usize,
    #[serde(default)]
    pub(super) note: String,
    pub(super) initial: MemoryRecord,
    pub(super) instruction: InstructionRecord,
    #[serde(rename = "final")]
    pub(super) expected: MemoryRecord,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExecuteRecord {
    #[serde(default = "current_version")]
    pub(super) semantics: u32,
    pub(super) id: String,
    #[serde(default)]
    pub(super) category: String,
    /// Bits are expected, not numbers nearby: of cases that our own oracle wrote.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) exact: bool,
    #[serde(default)]
    pub(super) task_seed: u64,
    pub(super) features_size: usize,
    pub(super) num_scalars: u8,
    pub(super) num_vectors: u8,
    pub(super) num_matrices: u8,
    pub(super) eval_type: EvalType,
    pub(super) max_abs_error: Number,
    pub(super) num_train_epochs: u32,
    pub(super) setup: Vec<InstructionRecord>,
    pub(super) predict: Vec<InstructionRecord>,
    pub(super) learn: Vec<InstructionRecord>,
    pub(super) train_features: Vec<Vec<Number>>,
    pub(super) train_labels: Vec<Number>,
    pub(super) train_order: Vec<Vec<u32>>,
    pub(super) valid_features: Vec<Vec<Number>>,
    pub(super) valid_labels: Vec<Number>,
    pub(super) valid_order: Vec<usize>,
    pub(super) expect: ExpectRecord,
    #[serde(default)]
    pub(super) info: InfoRecord,
    /// The other tasks of the group, where the case is of several that run side by side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) more_tasks: Vec<TaskOfCase>,
}

/// A task and what comes out on it; the first of a case has these fields in [`ExecuteRecord`].
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskOfCase {
    #[serde(default)]
    pub(super) task_seed: u64,
    pub(super) train_features: Vec<Vec<Number>>,
    pub(super) train_labels: Vec<Number>,
    pub(super) train_order: Vec<Vec<u32>>,
    pub(super) valid_features: Vec<Vec<Number>>,
    pub(super) valid_labels: Vec<Number>,
    pub(super) valid_order: Vec<usize>,
    pub(super) expect: ExpectRecord,
    #[serde(default)]
    pub(super) info: InfoRecord,
}

/// How the reference names its two scorings, and our own third one.
#[derive(Clone, Copy, Deserialize, Serialize)]
pub(super) enum EvalType {
    #[serde(rename = "RMS_ERROR")]
    RmsError,
    #[serde(rename = "ACCURACY")]
    Accuracy,
    #[serde(rename = "CLASSES")]
    Classes,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryRecord {
    pub(super) scalars: Vec<Number>,
    pub(super) vectors: Vec<Vec<Number>>,
    pub(super) matrices: Vec<Vec<Vec<Number>>>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectRecord {
    pub(super) fitness: Number,
    pub(super) train_errors: Vec<Number>,
    pub(super) valid_errors: Vec<Number>,
    pub(super) final_memory: Option<MemoryRecord>,
}

/// Mostly for people; what else stands there is ignored.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct InfoRecord {
    pub(super) train_steps: Option<u64>,
}

fn current_version() -> u32 {
    crate::SEMANTICS_VERSION
}
