//! How programs were answered, for people.

use exnihilo::search::Tiers;

use crate::cli::output::percent;

/// As shares, those that are 0 left out.
pub(super) fn for_people(tiers: Tiers) -> String {
    let all = tiers.counts();
    let sum = all.iter().map(|(_, count)| count).sum();
    let shares = all.into_iter().filter(|&(_, count)| count > 0).map(|(name, count)| format!("{name} {}", percent(count, sum)));
    shares.collect::<Vec<_>>().join(", ")
}
