//! The lane interpreter: calls the kernels of a program one after another on a chunk of tasks in lock step, so that dispatch is paid once
//! for all of them. It is the fallback where no native code can be made.

mod calls;
pub(crate) mod code;
mod run;

pub(crate) use calls::Calls;
pub(crate) use code::Code;
#[cfg(feature = "jit")]
pub(crate) use code::Step;
pub(crate) use run::Interpreter;
