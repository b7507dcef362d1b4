//! What stops the islands between two children.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Flags that every island looks at before each child: the user's, that of the time limit, and that of a fault elsewhere.
#[derive(Debug)]
pub(super) struct Halt {
    interrupt: Arc<AtomicBool>,
    time_is_up: AtomicBool,
    failed: AtomicBool,
}

impl Halt {
    pub(super) const fn new(interrupt: Arc<AtomicBool>) -> Halt {
        Halt { interrupt, time_is_up: AtomicBool::new(false), failed: AtomicBool::new(false) }
    }

    pub(super) fn end_time(&self) {
        self.time_is_up.store(true, Ordering::Relaxed);
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

    pub(super) fn is_set(&self) -> bool {
        self.is_interrupted() || self.is_time_up() || self.failed.load(Ordering::Relaxed)
    }
}
