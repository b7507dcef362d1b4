//! Executable memory: the pages of one generation of compiled programs.
//!
//! One region is reserved per generation, with an inaccessible page before its code and one behind. Plan is written to fresh pages;
//! finalizing makes these readable and executable, and they are never written again: no page is ever writable and executable. When the module and all code that runs from the pages are gone,
//! the region is unmapped, so memory is bounded over any number of compiles.
#![allow(unsafe_code)]

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cranelift_jit::{BranchProtection, JITMemoryKind, JITMemoryProvider};
use cranelift_module::{ModuleError, ModuleResult};
use wasmtime_internal_jit_icache_coherence as icache;

/// Bytes of address space per generation, its two guard pages included; only touched pages take memory.
const RESERVED: usize = 32 << 20;

/// Bytes of executable memory that are mapped now, over all generations of all threads.
static MAPPED: AtomicUsize = AtomicUsize::new(0);

/// Bytes of address space that compiled code holds now, over all threads: a multiple of a generation's, returned when it dies.
pub fn mapped_bytes() -> usize {
    MAPPED.load(Ordering::Relaxed)
}

/// The region of one generation.
pub(super) struct CodePages {
    region: Mutex<Option<Region>>,
}

/// Offsets count from the start of the allocation.
struct Region {
    allocation: region::Allocation,
    /// Where the pages between the guards begin and end.
    pages: std::ops::Range<usize>,
    /// End of what is allocated.
    position: usize,
    /// End of the pages that are executable.
    finalized: usize,
}

// SAFETY: a region is plain memory that any thread may use or unmap; its pointer is only a number to the operating system.
unsafe impl Send for Region {}

impl Region {
    /// Pages to write code to, between two that nobody may touch.
    fn reserve() -> region::Result<Region> {
        let guard = region::page::size();
        let mut allocation = region::alloc(RESERVED, region::Protection::NONE)?;
        let pages = guard..allocation.len() - guard;
        // SAFETY: the pages lie inside the allocation, which is fresh: nobody relies on how they are protected.
        unsafe {
            let first = allocation.as_mut_ptr::<u8>().add(pages.start);
            region::protect(first, pages.len(), region::Protection::READ_WRITE)?;
        }
        MAPPED.fetch_add(allocation.len(), Ordering::Relaxed);
        Ok(Region { allocation, position: pages.start, finalized: pages.start, pages })
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        MAPPED.fetch_sub(self.allocation.len(), Ordering::Relaxed);
    }
}

/// The memory provider of one module.
pub(super) struct CodeMemory {
    pages: Arc<CodePages>,
}

impl CodeMemory {
    /// Memory for a module, and the pages that its code keeps alive.
    pub(super) fn new() -> (CodeMemory, Arc<CodePages>) {
        let pages = Arc::new(CodePages { region: Mutex::new(None) });
        (CodeMemory { pages: Arc::clone(&pages) }, pages)
    }
}

impl CodePages {
    /// Whether `address` is inside executable pages of this region.
    pub(super) fn contains_code(&self, address: *const u8) -> bool {
        let region = self.region.lock().unwrap_or_else(PoisonError::into_inner);
        region.as_ref().is_some_and(|region| {
            let offset = (address as usize).wrapping_sub(region.allocation.as_ptr::<u8>() as usize);
            (region.pages.start..region.finalized).contains(&offset)
        })
    }
}

fn round_up(position: usize, align: usize) -> usize {
    position.next_multiple_of(align)
}

impl JITMemoryProvider for CodeMemory {
    fn allocate(&mut self, size: usize, align: u64, kind: JITMemoryKind) -> io::Result<*mut u8> {
        if !matches!(kind, JITMemoryKind::Executable) {
            return Err(io::Error::other("compiled programs have no data of their own"));
        }
        let mut guard = self.pages.region.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            *guard = Some(Region::reserve().map_err(io::Error::other)?);
        }
        let region = guard.as_mut().expect("filled above");
        let start = round_up(region.position, align as usize);
        if size > region.pages.end.saturating_sub(start) {
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, "the pages of this generation are full"));
        }
        region.position = start + size;
        // SAFETY: `start + size` was checked to be before the guard page at the end of the allocation, so the pointer stays inside it.
        Ok(unsafe { region.allocation.as_mut_ptr::<u8>().add(start) })
    }

    unsafe fn free_memory(&mut self) {
        *self.pages.region.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn finalize(&mut self, _branch_protection: BranchProtection) -> ModuleResult<()> {
        let mut guard = self.pages.region.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(region) = guard.as_mut() else { return Ok(()) };
        let end = round_up(region.position, region::page::size());
        if end > region.finalized {
            // SAFETY: [finalized, end) are whole pages between the guards that hold only code of functions that are complete;
            // nobody writes them after this, since `position` moves past them. Where instruction caches are not coherent, as on Arm,
            // the new code is made visible to them first.
            unsafe {
                let start = region.allocation.as_mut_ptr::<u8>().add(region.finalized);
                icache::clear_cache(start.cast(), end - region.finalized).map_err(|error| ModuleError::Backend(error.into()))?;
                region::protect(start, end - region.finalized, region::Protection::READ_EXECUTE)
                    .map_err(|error| ModuleError::Backend(error.into()))?;
            }
            icache::pipeline_flush_mt().map_err(|error| ModuleError::Backend(error.into()))?;
            region.finalized = end;
            region.position = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may be done with the page at an offset of the region.
    fn protection(pages: &CodePages, offset: usize) -> region::Protection {
        let region = pages.region.lock().expect("nobody panics with it");
        let allocation = &region.as_ref().expect("something was allocated").allocation;
        region::query(allocation.as_ptr::<u8>().wrapping_add(offset)).expect("a mapped page").protection()
    }

    #[test]
    fn pages_are_writable_or_executable_and_guarded_at_both_ends() {
        let page = region::page::size();
        let (mut memory, pages) = CodeMemory::new();
        let first = memory.allocate(100, 16, JITMemoryKind::Executable).expect("room");
        let seen = |offsets: [usize; 5]| offsets.map(|offset| protection(&pages, offset));
        let at = [0, page, 2 * page, RESERVED - page - 1, RESERVED - page];
        let [none, write, execute] = [region::Protection::NONE, region::Protection::READ_WRITE, region::Protection::READ_EXECUTE];
        assert_eq!(seen(at), [none, write, write, write, none]);
        assert!(!pages.contains_code(first), "not finalized");
        // SAFETY: 100 bytes were allocated there.
        unsafe { first.write_bytes(0xc3, 100) };
        memory.finalize(BranchProtection::None).expect("pages of one's own");
        assert_eq!(seen(at), [none, execute, write, write, none]);
        assert!(
            pages.contains_code(first) && !pages.contains_code(first.wrapping_sub(1)) && !pages.contains_code(first.wrapping_add(page))
        );

        let second = memory.allocate(1, 1, JITMemoryKind::Executable).expect("room");
        assert_eq!(second, first.wrapping_add(page), "a page of its own: the first one is not writable any more");
    }

    #[test]
    fn code_ends_before_the_guard_page() {
        let room = RESERVED - 2 * region::page::size();
        let (mut memory, pages) = CodeMemory::new();
        assert!(memory.allocate(room + 1, 16, JITMemoryKind::Executable).is_err());
        memory.allocate(room, 16, JITMemoryKind::Executable).expect("just enough");
        assert!(memory.allocate(1, 1, JITMemoryKind::Executable).is_err());
        memory.finalize(BranchProtection::None).expect("pages of one's own");
        assert_eq!(protection(&pages, RESERVED - 1), region::Protection::NONE);
    }
}
