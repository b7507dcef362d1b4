//! What stops the islands between two children.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Flags that every island looks at before each child: the user's, that of the time limit, that of a checkpoint, and that of a fault
/// elsewhere.
#[derive(Debug)]
pub(super) struct Halt {
    interrupt: Arc<AtomicBool>,
    time_is_up: AtomicBool,
    checkpoint_is_due: AtomicBool,
    failed: AtomicBool,
}

impl Halt {
    pub(super) const fn new(interrupt: Arc<AtomicBool>) -> Halt {
        Halt { interrupt, time_is_up: AtomicBool::new(false), checkpoint_is_due: AtomicBool::new(false), failed: AtomicBool::new(false) }
    }

    pub(super) fn end_time(&self) {
        self.time_is_up.store(true, Ordering::Relaxed);
    }

    /// The islands pause, so that their state can be taken.
    pub(super) fn ask_for_checkpoint(&self) {
        self.checkpoint_is_due.store(true, Ordering::Relaxed);
    }

    /// Whether a checkpoint was asked for; not any more after this.
    pub(super) fn take_checkpoint(&self) -> bool {
        self.checkpoint_is_due.swap(false, Ordering::Relaxed)
    }

    /// One island cannot go on: what the others would still do is lost.
    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    pub(super) fn is_time_up(&self) -> bool {
        self.time_is_up.load(Ordering::Relaxed)
    }

    /// Whether the run ends.
    pub(super) fn ends(&self) -> bool {
        self.is_interrupted() || self.is_time_up() || self.failed.load(Ordering::Relaxed)
    }

    /// Whether islands stop at their next child.
    pub(super) fn is_set(&self) -> bool {
        self.ends() || self.checkpoint_is_due.load(Ordering::Relaxed)
    }
}
