//! What a program does, read off its text: which line depends on which, what each value is for, which known ideas it is made of.
//!
//! [`Graph`] and [`Explanation`] are made from a program alone. Nothing here knows of commands.

mod explanation;
mod facts;
mod graph;
mod idiom;
mod role;

pub use explanation::Explanation;
pub use graph::{Address, Edge, EdgeKind, Graph, Node, Read, Source};
pub use idiom::{Idiom, IdiomKind, Through};
pub use role::{Parameter, Role};
