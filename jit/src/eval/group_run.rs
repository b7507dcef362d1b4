//! What the program at hand has left on the groups that it ran on, so that a run goes on where a probe of the same group ended.

use super::evaluation::Probe;
use super::schedule::Schedule;
use crate::interp::Calls;
use crate::lanes::TaskGroup;

/// How many groups are remembered for one program: the stages of a hurdle are two.
const MAX_GROUPS: usize = 4;

/// One program's state on each group; memory is reused from program to program.
#[derive(Debug, Default)]
pub(super) struct GroupRuns {
    runs: Vec<GroupRun>,
    /// How many of them are of the program at hand.
    active: usize,
}

/// One program's state on one group.
#[derive(Debug, Default)]
pub(super) struct GroupRun {
    /// The group's number.
    group: u64,
    pub(super) schedule: Schedule,
    pub(super) calls: Calls,
    pub(super) probe: Probe,
    /// Training examples that a probe has done, where the chunks still hold its memory.
    pub(super) probed: Option<usize>,
}

impl GroupRuns {
    /// Begins with another program.
    pub(super) fn clear(&mut self) {
        self.active = 0;
    }

    /// The state on a group: a fresh one if the program has not run there.
    pub(super) fn of(&mut self, group: &TaskGroup) -> &mut GroupRun {
        let known = self.runs[..self.active].iter().position(|run| run.group == group.id());
        let number = known.unwrap_or_else(|| self.begin(group));
        &mut self.runs[number]
    }

    /// The state on a group where the program has run.
    pub(super) fn known(&self, group: &TaskGroup) -> Option<&GroupRun> {
        self.runs[..self.active].iter().find(|run| run.group == group.id())
    }

    /// The number of a fresh state; the latest one gives way if there are too many.
    fn begin(&mut self, group: &TaskGroup) -> usize {
        if self.active < MAX_GROUPS {
            self.active += 1;
        }
        if self.runs.len() < self.active {
            self.runs.push(GroupRun::default());
        }
        let number = self.active - 1;
        let run = &mut self.runs[number];
        run.group = group.id();
        run.calls.clear();
        run.probed = None;
        number
    }
}
