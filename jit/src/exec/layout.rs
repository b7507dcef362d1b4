//! Where each address of a program lies in the memory of a chunk of lanes.
//!
//! Memory is a list of rows of `width` f64, one lane a task: a scalar takes one row, a vector F, a matrix F x F (row-major).
//! `s0`, `s1` and `v0` always come first. Row offsets do not depend on the width.

use crate::lang::{AddressCounts, MAX_ADDRESSES, Program, Space};

/// Row offsets of the addresses of one program.
#[derive(Clone, Debug)]
pub struct Layout {
    features: usize,
    rows: usize,
    /// By space, then address; `ABSENT` where the program has no such address.
    first_row: [[u32; MAX_ADDRESSES]; 3],
}

const ABSENT: u32 = u32::MAX;

impl Default for Layout {
    fn default() -> Layout {
        Layout { features: 1, rows: 0, first_row: [[ABSENT; MAX_ADDRESSES]; 3] }
    }
}

impl Layout {
    /// Lays out every address of `counts`, used or not.
    pub fn set_full(&mut self, counts: AddressCounts, features: usize) {
        self.clear(features);
        for space in Space::ALL {
            for address in 0..counts.of(space) {
                self.place(space, address);
            }
        }
    }

    /// Lays out only the addresses that `program` uses; `keeps_output` says of each of its instructions whether its output is one.
    pub fn set_used(&mut self, program: &Program, features: usize, keeps_output: impl Fn(usize) -> bool) {
        self.clear(features);
        for (position, instruction) in program.instructions().iter().enumerate() {
            let output = instruction.writes().filter(|_| keeps_output(position));
            for (space, address) in instruction.reads().chain(output) {
                self.place(space, address);
            }
        }
    }

    fn clear(&mut self, features: usize) {
        self.features = features;
        self.rows = 0;
        self.first_row = [[ABSENT; MAX_ADDRESSES]; 3];
        self.place(Space::Scalar, 0);
        self.place(Space::Scalar, 1);
        self.place(Space::Vector, 0);
    }

    fn place(&mut self, space: Space, address: u8) {
        let row = &mut self.first_row[space as usize][usize::from(address)];
        if *row == ABSENT {
            // Where rows are single f64, vectors begin at cache lines.
            if space != Space::Scalar && self.features.is_multiple_of(8) && self.rows > FEATURES_ROW {
                self.rows = self.rows.next_multiple_of(8);
            }
            *row = self.rows as u32;
            self.rows += space.elements(self.features);
        }
    }

    /// F.
    pub const fn features(&self) -> usize {
        self.features
    }

    /// How many rows the addresses take.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the address is laid out.
    pub const fn has(&self, space: Space, address: u8) -> bool {
        self.first_row[space as usize][address as usize] != ABSENT
    }

    /// The first row of an address that is laid out.
    #[inline]
    pub const fn row(&self, space: Space, address: u8) -> usize {
        self.first_row[space as usize][address as usize] as usize
    }
}

/// The row of the label.
pub const LABEL_ROW: usize = 0;
/// The row of the prediction.
pub const PREDICTION_ROW: usize = 1;
/// The first row of the features.
pub const FEATURES_ROW: usize = 2;
