//! The names of islands, by which random streams and checks are told apart.

/// One island of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IslandId {
    /// The seed of the run.
    pub(super) seed: u64,
    /// The number of the experiment in the run.
    pub(super) experiment: u64,
    /// The number of the island in the experiment.
    pub(super) island: u64,
}
