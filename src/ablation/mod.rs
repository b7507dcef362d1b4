//! What a change does to a program: its fitness on fresh tasks with and without the change, pair by pair, with a confidence interval.
//! Simplification and explanation of programs use it; it knows tasks and how they are evaluated, and nothing of a search.
//!
//! ```
//! use exnihilo::ablation::{Line, without};
//! use exnihilo::task::{DataCache, TaskKind, TaskSpec};
//! use exnihilo::tune::Benchmark;
//! use exnihilo_jit::{ComponentFunction, known_program};
//!
//! let program = known_program("linear").expect("a program of that name");
//! let benchmark = Benchmark::new(&TaskSpec::new(TaskKind::Linear), &[0, 1], 1, &DataCache::new())?;
//! let original = benchmark.fitness(&program)?;
//! // Without its last instruction, which adds the update to the weights, the linear model learns nothing.
//! let last = Line { function: ComponentFunction::Learn, index: 3 };
//! let effect = benchmark.effect(&original, &without(&program, &[last]))?;
//! assert!(effect.mean < -0.2 && effect.high < 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod change;
mod error;
mod line;
mod original;
mod reduce;

pub use change::{Change, changes};
pub use error::AblationError;
pub use line::{Line, without};
pub use original::{Changed, Original, TunedChange};
pub use reduce::{MOST_INSTRUCTIONS, Reduced, reduce};
