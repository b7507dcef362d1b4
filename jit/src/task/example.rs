//! One task: its examples, their order, and the seed of its randomness.

use crate::exec::random::{Stream, key, purpose};

/// Labelled examples of one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Examples {
    /// Row-major, one row of F features an example.
    pub features: Vec<f64>,
    /// One label an example; with classes the number of the class.
    pub labels: Vec<f64>,
}

/// One task: examples to train and to validate on, and the seed of all its randomness.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Seeds the program's draws and the order of examples.
    pub seed: u64,
    /// Training examples.
    pub train: Examples,
    /// Validation examples.
    pub valid: Examples,
    /// The order of training examples in each epoch, where it was recorded; otherwise it follows from the seed.
    pub train_orders: Option<Vec<Vec<u32>>>,
}

impl Task {
    /// The order of the `count` training examples in epoch `epoch`: the given one first, a shuffle of it in each later epoch.
    pub fn train_order(&self, epoch: u32) -> Vec<u32> {
        if let Some(orders) = &self.train_orders {
            return orders[epoch as usize].clone();
        }
        let mut order: Vec<u32> = (0..self.train.labels.len() as u32).collect();
        if epoch > 0 {
            Stream::named(key(self.seed, purpose::ORDER), epoch.into()).shuffle(&mut order);
        }
        order
    }
}
