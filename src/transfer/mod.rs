//! Full dimension (the paper, S7): what a found program is worth on whole images, with its constants tuned, next to hand-written models
//! tuned with the same budget.
//!
//! [`Transfer`] tunes on the validation part of the images and tests on their test part, which nothing else sees. It uses tasks and the
//! evaluator; it knows nothing of search.
//!
//! **Tuning.** All constants of the simplified program are multiplied by factors ([`TunableConstants`](crate::tune::TunableConstants)); trial 0 is the program as it is. A trial is
//! scored by the mean of its accuracies on all pairs after training on each; the best one wins, the earliest of equals. Every program has
//! the same number of trials, with factors from the same streams.
//!
//! **Decoupling.** Where hyperparameters that the program computes are to become constants ([`decouple`]), each variant (each alone, and
//! all together) is tuned with as many trials, and the best variant is kept if its tuned score is not below that of the tuned program.
//!
//! **Test.** Each tuned program trains anew with several seeds, which change the order of examples and its draws, and is scored on the test
//! part. In both, accuracy is that after the last pass over the training examples, and not of the best one: that would be a choice by
//! the examples that are to be unseen.
//!
//! Pairs and seeds follow one another, so that the examples of one task at a time are in memory.

mod baselines;
mod crew;
pub mod decouple;
mod error;
mod outcome;
mod run;

pub use baselines::{MOST_UNITS, Net};
pub use error::TransferError;
pub use outcome::{Constant, Outcome, PairScore, Role, Row, Spread};
pub use run::{Stage, Transfer, TransferSettings};
