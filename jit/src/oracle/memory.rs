//! The memory of one program on one task.

use crate::lang::{AddressCounts, Space};

/// All scalars, vectors (F elements each) and matrices (F x F, row-major) of one program on one task.
#[derive(Clone, Debug)]
pub struct Memory {
    features: usize,
    scalars: Vec<f64>,
    vectors: Vec<f64>,
    matrices: Vec<f64>,
    /// Where an instruction builds its result before it writes it, so that every op reads all its inputs first.
    result: Vec<f64>,
}

/// The parts of a memory that an instruction works on; all flat.
pub(super) struct Parts<'m> {
    pub(super) scalars: &'m mut [f64],
    pub(super) vectors: &'m mut [f64],
    pub(super) matrices: &'m mut [f64],
    pub(super) result: &'m mut [f64],
}

impl Default for Memory {
    fn default() -> Memory {
        Memory::new(1, AddressCounts::MIN)
    }
}

impl Memory {
    /// A memory of zeros for features of size `features`. It takes 8 bytes an element: check untrusted sizes first, with
    /// [`TaskSet::check_memory`](crate::TaskSet::check_memory).
    pub fn new(features: usize, counts: AddressCounts) -> Memory {
        let mut memory = Memory { features, scalars: Vec::new(), vectors: Vec::new(), matrices: Vec::new(), result: Vec::new() };
        memory.reset(features, counts);
        memory
    }

    /// Becomes a memory of zeros of this shape; allocates only if it never was as large.
    pub fn reset(&mut self, features: usize, counts: AddressCounts) {
        let square = features * features;
        self.features = features;
        for (space, elements) in [
            (&mut self.scalars, usize::from(counts.scalars)),
            (&mut self.vectors, usize::from(counts.vectors) * features),
            (&mut self.matrices, usize::from(counts.matrices) * square),
            (&mut self.result, if counts.matrices > 0 { square } else { features }),
        ] {
            space.clear();
            space.resize(elements, 0.0);
        }
    }

    /// F.
    pub fn features(&self) -> usize {
        self.features
    }

    /// The scalars, by address.
    pub fn scalars(&self) -> &[f64] {
        &self.scalars
    }

    /// The scalars, to be set.
    pub fn scalars_mut(&mut self) -> &mut [f64] {
        &mut self.scalars
    }

    /// All vectors one after another, F elements each.
    pub fn vectors(&self) -> &[f64] {
        &self.vectors
    }

    /// All vectors, to be set.
    pub fn vectors_mut(&mut self) -> &mut [f64] {
        &mut self.vectors
    }

    /// All matrices one after another, F x F elements each, row-major.
    pub fn matrices(&self) -> &[f64] {
        &self.matrices
    }

    /// All matrices, to be set.
    pub fn matrices_mut(&mut self) -> &mut [f64] {
        &mut self.matrices
    }

    /// The numbers of addresses.
    pub fn counts(&self) -> AddressCounts {
        let f = self.features;
        let count = |elements: &[f64], size: usize| (elements.len() / size) as u8;
        AddressCounts { scalars: count(&self.scalars, 1), vectors: count(&self.vectors, f), matrices: count(&self.matrices, f * f) }
    }

    /// The elements of one address.
    ///
    /// # Panics
    /// If the memory has no such address.
    pub fn elements_mut(&mut self, space: Space, address: u8) -> &mut [f64] {
        let size = space.elements(self.features);
        let elements = match space {
            Space::Scalar => &mut self.scalars,
            Space::Vector => &mut self.vectors,
            Space::Matrix => &mut self.matrices,
        };
        &mut elements[usize::from(address) * size..][..size]
    }

    pub(super) fn parts(&mut self) -> Parts<'_> {
        Parts { scalars: &mut self.scalars, vectors: &mut self.vectors, matrices: &mut self.matrices, result: &mut self.result }
    }
}
