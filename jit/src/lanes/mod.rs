//! Tasks side by side: their examples interleaved, where programs have their memory, and the state of a chunk of tasks while one runs.
//! It uses the language, [`exec`](crate::exec) and [`task`](crate::task); the interpreter and compiled code both work on it.

mod chunk;
mod chunking;
mod data;
mod group;
pub(crate) mod layout;

pub(crate) use chunk::{Block, Chunk, Engine, Row, RunSettings};
pub(crate) use chunking::{ALONG, ChunkSpan, Chunking, WIDTHS, fitted};
pub(crate) use data::ChunkData;
pub use group::TaskGroup;
pub(crate) use layout::Layout;
