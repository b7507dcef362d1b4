//! Where each address of a program lies in the memory of a chunk of lanes.
//!
//! Memory is a list of rows of `width` f64, one lane a task: a scalar takes one row, a vector F, a matrix F x F (row-major).
//! `s0`, `s1` and `v0` always come first; on tasks with classes `v1`, `v2` and the rows of the label follow. Row offsets do not depend on
//! the width.
//!
//! The label of classes has rows of its own, where Learn reads `v1`: the rows of `v1` itself keep the zeros that Setup and Predict read, so
//! that nothing need be cleared between two examples.

use crate::lang::{AddressCounts, ComponentFunction, Interface, MAX_ADDRESSES, Program, Space};

/// Row offsets of the addresses of one program.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    features: usize,
    interface: Interface,
    rows: usize,
    /// By space, then address; `ABSENT` where the program has no such address.
    first_row: [[u32; MAX_ADDRESSES]; 3],
}

const ABSENT: u32 = u32::MAX;

impl Default for Layout {
    fn default() -> Layout {
        Layout { features: 1, interface: Interface::Number, rows: 0, first_row: [[ABSENT; MAX_ADDRESSES]; 3] }
    }
}

impl Layout {
    /// Lays out every address of `counts`, used or not.
    pub(crate) fn set_full(&mut self, counts: AddressCounts, interface: Interface, features: usize) {
        self.clear(interface, features);
        for space in Space::ALL {
            for address in 0..counts.of(space) {
                self.place(space, address);
            }
        }
    }

    /// Lays out only the addresses that `program` uses; `keeps_output` says of each of its instructions whether its output is one.
    pub(crate) fn set_used(&mut self, program: &Program, interface: Interface, features: usize, keeps_output: impl Fn(usize) -> bool) {
        self.clear(interface, features);
        for (position, instruction) in program.instructions().iter().enumerate() {
            let output = instruction.writes().filter(|_| keeps_output(position));
            for (space, address) in instruction.reads().chain(output) {
                self.place(space, address);
            }
        }
    }

    fn clear(&mut self, interface: Interface, features: usize) {
        self.features = features;
        self.interface = interface;
        self.rows = 0;
        self.first_row = [[ABSENT; MAX_ADDRESSES]; 3];
        self.place(Space::Scalar, 0);
        self.place(Space::Scalar, 1);
        self.place(Space::Vector, 0);
        if interface == Interface::Classes {
            self.place(Space::Vector, 1);
            self.place(Space::Vector, 2);
            self.rows = least_rows(interface, features);
        }
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
    pub(crate) const fn features(&self) -> usize {
        self.features
    }

    /// The kind of tasks that it is for.
    pub(crate) const fn interface(&self) -> Interface {
        self.interface
    }

    /// How many rows the addresses take.
    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the address is laid out.
    #[cfg(feature = "jit")]
    pub(crate) const fn has(&self, space: Space, address: u8) -> bool {
        self.first_row[space as usize][address as usize] != ABSENT
    }

    /// The first row of an address that is laid out.
    #[inline]
    pub(crate) const fn row(&self, space: Space, address: u8) -> usize {
        self.first_row[space as usize][address as usize] as usize
    }

    /// The first row of an address that is laid out, for instructions of `function` that read it.
    #[inline]
    pub(crate) fn row_to_read(&self, function: ComponentFunction, space: Space, address: u8) -> usize {
        if self.interface == Interface::Classes && function == ComponentFunction::Learn && (space, address) == self.interface.label() {
            return ClassRows::of(self.features).label;
        }
        self.row(space, address)
    }
}

/// The first rows of what an evaluation with classes sets and reads, F rows each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClassRows {
    /// `v1` as Setup and Predict see it.
    pub(crate) zero: usize,
    /// `v2`.
    pub(crate) prediction: usize,
    /// `v1` as Learn sees it; it follows the prediction.
    pub(crate) label: usize,
}

/// The rows that an evaluation needs, whatever the program: those of what it sets and reads.
pub(crate) const fn least_rows(interface: Interface, features: usize) -> usize {
    match interface {
        Interface::Number => FEATURES_ROW + features,
        Interface::Classes => ClassRows::of(features).label + features,
    }
}

/// The first row of the prediction, and how many it has.
pub(crate) const fn prediction_rows(interface: Interface, features: usize) -> (usize, usize) {
    match interface {
        Interface::Number => (PREDICTION_ROW, 1),
        Interface::Classes => (ClassRows::of(features).prediction, features),
    }
}

impl ClassRows {
    /// Where they are at this feature size.
    pub(crate) const fn of(features: usize) -> ClassRows {
        let first = if features.is_multiple_of(8) { 8 } else { FEATURES_ROW };
        ClassRows { zero: first + features, prediction: first + 2 * features, label: first + 3 * features }
    }
}

/// The row of the label.
pub(crate) const LABEL_ROW: usize = 0;
/// The row of the prediction.
pub(crate) const PREDICTION_ROW: usize = 1;
/// The first row of the features.
pub(crate) const FEATURES_ROW: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_classes_are_where_they_are_said_to_be() {
        for features in [10, 11, 15, 16, 17, 24, 100, 256] {
            let mut layout = Layout::default();
            let counts = AddressCounts { scalars: 4, vectors: 5, matrices: 1 };
            layout.set_full(counts, Interface::Classes, features);
            let rows = ClassRows::of(features);
            let [predict, learn] = [ComponentFunction::Predict, ComponentFunction::Learn]
                .map(|function| [0, 1, 2].map(|address| layout.row_to_read(function, Space::Vector, address)));
            assert_eq!(predict, [FEATURES_ROW, rows.zero, rows.prediction]);
            assert_eq!(learn, [FEATURES_ROW, rows.label, rows.prediction]);
            assert_eq!(rows.label, rows.prediction + features);
            // Nothing overlaps.
            let mut taken = vec![0; layout.rows()];
            taken[rows.label..rows.label + features].fill(1);
            for space in Space::ALL {
                for address in 0..counts.of(space) {
                    let first = layout.row(space, address);
                    taken[first..first + space.elements(features)].iter_mut().for_each(|row| *row += 1);
                }
            }
            assert!(taken.iter().all(|&count| count <= 1), "F = {features}: {taken:?}");
            assert_eq!(taken.iter().sum::<i32>() as usize, counts.elements(features) + features);
        }
    }
}
