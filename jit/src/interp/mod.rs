//! The lane interpreter: calls the kernels of a plan one after another on a chunk of tasks in lock step, so that dispatch is paid once
//! for all of them. It is the fallback where no native code can be made.

mod calls;
mod run;

pub(crate) use calls::Calls;
pub(crate) use run::Interpreter;
