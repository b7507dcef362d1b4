//! How programs were answered, as events and for people.

use exnihilo::search;
use serde::Serialize;

use crate::cli::output::percent;

/// Programs by the dearest thing that was done for them.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Tiers {
    structural: u64,
    over_budget: u64,
    fec: u64,
    hurdle: u64,
    interpreted: u64,
    compiled: u64,
}

impl From<search::Tiers> for Tiers {
    fn from(tiers: search::Tiers) -> Tiers {
        let search::Tiers { structural, over_budget, fec, hurdle, interpreted, compiled, .. } = tiers;
        Tiers { structural, over_budget, fec, hurdle, interpreted, compiled }
    }
}

impl Tiers {
    /// All of them, with their names for people.
    pub(super) const fn named(self) -> [(&'static str, u64); 6] {
        let Tiers { structural, over_budget, fec, hurdle, interpreted, compiled } = self;
        [
            ("structural cache", structural),
            ("over budget", over_budget),
            ("FEC", fec),
            ("hurdle", hurdle),
            ("interpreted", interpreted),
            ("compiled", compiled),
        ]
    }

    /// As shares, those that are 0 left out.
    pub(super) fn for_people(self) -> String {
        let all = self.named();
        let sum = all.iter().map(|(_, count)| count).sum();
        let shares = all.into_iter().filter(|&(_, count)| count > 0).map(|(name, count)| format!("{name} {}", percent(count, sum)));
        shares.collect::<Vec<_>>().join(", ")
    }
}

/// The share of training steps that need not be begun, thanks to FEC, hurdle and budget, as far as no program stops early.
pub(super) fn saved_share(saved: u64, begun: u64) -> f64 {
    saved as f64 / (saved + begun).max(1) as f64
}
