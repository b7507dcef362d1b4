//! What a program does, read off its text: which line depends on which, what each value is for, which known ideas it is made of; and the
//! changed programs that show what each of these is worth.
//!
//! [`Graph`] and [`Explanation`] are made from a program alone. [`knocked_out`], [`knock_in`] and [`Constant`](crate::tune::Constant) make programs whose effect
//! an [`Benchmark`](crate::tune::Benchmark) measures. Nothing here knows of commands.

mod explanation;
mod facts;
mod graph;
mod idiom;
mod knock_in;
mod knock_out;
mod role;

pub use explanation::Explanation;
pub use graph::{Address, Edge, EdgeKind, Graph, Node, Read, Source};
pub use idiom::{Idiom, IdiomKind, Through};
pub use knock_in::{NoPlace, knock_in};
pub use knock_out::knocked_out;
pub use role::{Parameter, Role};
