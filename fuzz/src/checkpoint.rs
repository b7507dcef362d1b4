//! Checkpoints: files, and bodies under a head that fits them.

use exnihilo::search::{Checkpoint, Search, SearchOptions};
use exnihilo::task::{TaskKind, TaskSpec};

/// Any bytes are a checkpoint that is written and read back, and either is refused or goes on for a few individuals, or an error.
///
/// # Panics
/// If not.
pub fn checkpoint(bytes: &[u8]) {
    for bytes in [bytes.to_vec(), Checkpoint::with_head(bytes)] {
        let Ok(checkpoint) = Checkpoint::decode(&bytes) else { continue };
        let again = checkpoint.encode().expect("it was read from TOML");
        assert_eq!(Checkpoint::decode(&again).expect("it was just written").individuals(), checkpoint.individuals());
        let tasks = &checkpoint.experiment().tasks;
        // Any experiment is possible, and so any amount of work; here it is about checkpoints.
        if !tasks.search.iter().chain([&tasks.select]).chain(&tasks.final_set).all(is_small) {
            continue;
        }
        let most = checkpoint.individuals().saturating_add(5).max(1);
        let options = SearchOptions { threads: 1, verify: 0.0, max_individuals: Some(most), ..SearchOptions::default() };
        let search = Search::resume(checkpoint, options).expect("the experiment was checked and the options are possible");
        if search.check().is_ok() {
            // A wrong result is told by the oracle, as an error.
            let _ = search.run(|_| {});
        }
    }
}

fn is_small(spec: &TaskSpec) -> bool {
    let given = |count: Option<usize>| count.unwrap_or(1_000);
    let size = given(spec.features).saturating_mul(given(spec.train) + given(spec.valid)).saturating_mul(spec.tasks);
    matches!(spec.kind, TaskKind::Linear | TaskKind::Affine | TaskKind::TwoLayer) && size < 10_000 && spec.epochs < 10
}
