//! Why a command failed: one message on stderr and an exit code.

use std::io;

use exnihilo::ablation::AblationError;
use exnihilo::experiment::ExperimentError;
use exnihilo::run::RunDirectoryError;
use exnihilo::search::SearchError;
use exnihilo::task::TaskError;
use exnihilo::tune::BenchmarkError;
use exnihilo_jit::EvalError;

use super::Exit;
use super::output::note;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Options, keys or values that cannot be.
    Usage(anyhow::Error),
    /// The oracle does not confirm an evaluation.
    Difference(anyhow::Error),
    /// Unreadable or malformed input, a full disk and the like.
    Failed(anyhow::Error),
    /// Whoever reads stdout has gone; there is nobody to tell.
    BrokenPipe,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(anyhow::Error::msg(message.into()))
    }

    pub(crate) fn failed(message: impl Into<String>) -> Failure {
        Failure::Failed(anyhow::Error::msg(message.into()))
    }

    /// The same failure, with what it happened to before its message.
    pub(crate) fn at(self, place: impl std::fmt::Display) -> Failure {
        let place = place.to_string();
        match self {
            Failure::Usage(error) => Failure::Usage(error.context(place)),
            Failure::Failed(error) => Failure::Failed(error.context(place)),
            Failure::Difference(error) => Failure::Difference(error.context(place)),
            Failure::BrokenPipe => Failure::BrokenPipe,
        }
    }

    /// What there is to say of it.
    pub(crate) fn message(&self) -> String {
        match self {
            Failure::Usage(error) | Failure::Failed(error) | Failure::Difference(error) => message(error),
            Failure::BrokenPipe => "nobody reads the output".to_owned(),
        }
    }

    /// Prints the message and returns the exit code.
    pub(crate) fn report(self) -> u8 {
        let code = match self {
            Failure::Usage(_) => 2,
            Failure::Failed(_) => 1,
            Failure::Difference(_) => Exit::Difference.code(),
            Failure::BrokenPipe => return 0,
        };
        note(&format!("error: {}", self.message()));
        code
    }
}

/// An error with its causes, each said once.
fn message(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // Many errors tell their cause themselves.
        if !message.contains(&cause) {
            if !message.is_empty() {
                message += ": ";
            }
            message += &cause;
        }
    }
    message
}

/// Of writing to stdout; errors of other files come with their path.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::BrokenPipe;
        }
        Failure::Failed(anyhow::Error::new(error).context("cannot write to stdout"))
    }
}

impl From<ExperimentError> for Failure {
    fn from(error: ExperimentError) -> Failure {
        match error {
            ExperimentError::Toml(_) | ExperimentError::File { .. } => Failure::Failed(error.into()),
            _ => Failure::Usage(error.into()),
        }
    }
}

/// Whether the words of the user are wrong, and not the data that they name.
fn is_usage(error: &TaskError) -> bool {
    matches!(error, TaskError::Kind { .. } | TaskError::Key { .. } | TaskError::Pair { .. } | TaskError::Group(_))
}

impl From<TaskError> for Failure {
    fn from(error: TaskError) -> Failure {
        if is_usage(&error) { Failure::Usage(error.into()) } else { Failure::Failed(error.into()) }
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Failure {
        match error {
            SearchError::Experiment(error) => error.into(),
            SearchError::Option { .. } => Failure::Usage(error.into()),
            SearchError::Difference(_) => Failure::Difference(error.into()),
            SearchError::Tasks { error: ref cause, .. } if is_usage(cause) => Failure::Usage(error.into()),
            _ => Failure::Failed(error.into()),
        }
    }
}

impl From<RunDirectoryError> for Failure {
    fn from(error: RunDirectoryError) -> Failure {
        Failure::Failed(error.into())
    }
}

impl From<AblationError> for Failure {
    fn from(error: AblationError) -> Failure {
        Failure::Failed(error.into())
    }
}

impl From<BenchmarkError> for Failure {
    fn from(error: BenchmarkError) -> Failure {
        match error {
            BenchmarkError::Task(error) => error.into(),
            BenchmarkError::Memory { .. } => Failure::Usage(error.into()),
            _ => Failure::Failed(error.into()),
        }
    }
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Failure {
        Failure::Failed(error.into())
    }
}
