//! How predictions become errors and fitness.

use super::Interface;

/// How the predictions on a task are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scoring {
    /// Regression: fitness falls with the root mean squared error.
    Rms,
    /// Binary classification: labels are 0 or 1, the prediction goes through a sigmoid.
    Accuracy,
    /// Classification into [`CLASSES`](super::CLASSES) classes: labels are their numbers, the prediction is a vector that goes through
    /// a softmax.
    Classes,
}

impl Scoring {
    /// The addresses through which programs meet tasks that are scored so.
    pub const fn interface(self) -> Interface {
        match self {
            Scoring::Rms | Scoring::Accuracy => Interface::Number,
            Scoring::Classes => Interface::Classes,
        }
    }
}
