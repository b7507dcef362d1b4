//! What a program does, read off its text: which line depends on which.
//!
//! Nothing here knows of commands; [`Graph`] is made from a program alone.

mod graph;

pub use graph::{Address, Edge, EdgeKind, Graph, Node, Read, Source};
