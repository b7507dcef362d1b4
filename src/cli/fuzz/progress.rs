//! How a fuzzer's run goes, in words.

use std::time::Duration;

use exnihilo::text::grouped;
use exnihilo_jit::Op;
use exnihilo_jit::testing::FuzzReport;

/// The time between two lines about progress.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// When to say how it goes.
pub(super) struct Progress {
    next_line: Duration,
}

impl Progress {
    pub(super) const fn new() -> Progress {
        Progress { next_line: LINE_EVERY }
    }

    /// Whether it is time for a line.
    pub(super) fn is_due(&mut self, elapsed: Duration) -> bool {
        let due = elapsed >= self.next_line;
        if due {
            self.next_line = elapsed + LINE_EVERY;
        }
        due
    }
}

/// What was done, what was found, and what it covered.
pub(super) fn summary(report: &FuzzReport, findings: u64, elapsed: f64) -> String {
    let per_second = |count: u64| grouped((count as f64 / elapsed.max(1e-9)) as u64);
    let rarest = report.ops.iter().min_by_key(|(_, count)| **count);
    let rarest = rarest.map_or_else(String::new, |(op, count)| format!(" (rarest {op}, in {})", grouped(*count)));
    format!(
        "{} programs ({} a second), {} comparisons ({} a second), {findings} findings, {} of {} ops{rarest}, {} sizes of F, {} code paths, \
         {:.0} % of the runs trained to the end",
        grouped(report.programs),
        per_second(report.programs),
        grouped(report.cases),
        per_second(report.cases),
        report.ops.len(),
        Op::ALL.len(),
        report.features.len(),
        report.code_paths.len(),
        100.0 * report.finished_share()
    )
}
