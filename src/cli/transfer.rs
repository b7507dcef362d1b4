//! `transfer`: a found program at full dimension.

mod report;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use exnihilo::task::{HELD_OUT_PAIRS, Pair};
use exnihilo::text::{grouped, printable_name, printable_path};
use exnihilo::transfer::{MOST_UNITS, Net, Outcome, Stage, Transfer as Run, TransferError, TransferSettings};
use exnihilo_jit::{Backend, GroupSettings};

use super::Exit;
use super::args::{ThreadArgs, any_backend, note_replaced, parse_pair};
use super::failure::Failure;
use super::output::{note, print_text};
use super::programs::read_program;

/// Evaluate a found program at full dimension with tuned constants, baselines beside it
///
/// The features are the pixels of images, not projected: F is 3,072 for CIFAR-10, 784 for MNIST, 64 for the embedded digits.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo transfer runs/digits-s0/best.az
  exnihilo transfer runs/baseline-s0/best.az --data cifar-10-batches-bin/ --out tuned.az
  exnihilo transfer best.az --data mnist/ --pair 3-5 --pair 4-9 --trials 300 --decouple --json

Every constant of the simplified program is multiplied by a factor, log-uniform in [0.001, 1000],
all at once; the trial with the best accuracy on the validation images, averaged over the pairs,
wins. Trial 0 is the program as it is. The tuned program is then trained with several seeds and
scored on the test images, which nothing else sees. Baselines have the same trials: logistic
regression (its learning rate) and a two-layer net (learning rate and two standard deviations of its
first weights).

Test accuracies are means over pairs; ± is their standard deviation over seeds.

A run takes as long as its program has operations on vectors: on CIFAR-10, 8,000 examples of 3,072
numbers, 0.03 s for logistic regression and 0.1 s for the net with 16 hidden units on one core; a
matrix there takes 75 MB and minutes. What will take long is said beforehand. More in
docs/transfer.md.")]
pub(super) struct Transfer {
    /// Program file (.az), or `linear` or `net`
    program: PathBuf,
    /// Folder of IDX or CIFAR-10 binary files (default: the embedded 8x8 digits)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Classes to tell apart: A-B, as in 3-5 (repeatable; default: the nine pairs that searches do not see)
    #[arg(long, value_name = "A-B", value_parser = parse_pair)]
    pair: Vec<Pair>,
    /// Training examples of a pair (default: 8000, or as many as there are)
    #[arg(long, value_name = "N")]
    train: Option<usize>,
    /// Validation examples of a pair, to tune on (default: 2000, or as many as there are)
    #[arg(long, value_name = "M")]
    valid: Option<usize>,
    /// Test examples of a pair (default: 2000, or as many as there are)
    #[arg(long, value_name = "M")]
    test: Option<usize>,
    /// How often the training examples are gone through; scored after the last time
    #[arg(long, value_name = "E", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: u32,
    /// Trials of each program, the first as it is
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    trials: u32,
    /// How often each tuned program is trained anew and tested
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    seeds: u32,
    /// Replace hyperparameters that the program computes by constants and tune these
    ///
    /// A scalar that scales an update and does not depend on the error of the step, such as the norm of a vector as a learning rate. Each
    /// is replaced alone, and all together; the best of these is kept if its tuned validation accuracy is not below that of the program.
    #[arg(long)]
    decouple: bool,
    /// Hidden units of the two-layer net, 1 to 28; `full` for F of them (a matrix of F x F); `none` for no net
    #[arg(long, value_name = "UNITS", default_value = "16", value_parser = parse_net)]
    net: Net,
    /// The same seed gives the same result
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How programs are executed; never changes results
    #[arg(long, default_value = "auto", value_parser = any_backend())]
    backend: Backend,
    #[command(flatten)]
    threads: ThreadArgs,
    /// The most memory for the examples of a pair, and for a program on each thread, in MiB
    #[arg(long, value_name = "MIB", default_value_t = (GroupSettings::DEFAULT_MEMORY_LIMIT >> 20) as u32, value_parser = clap::value_parser!(u32).range(1..))]
    memory_limit: u32,
    /// Write the best program, tuned, to this new file
    #[arg(long, value_name = "FILE.az")]
    out: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// No progress on stderr
    #[arg(long)]
    quiet: bool,
}

fn parse_net(text: &str) -> Result<Net, String> {
    match (text, text.parse::<u8>()) {
        ("none", _) => Ok(Net::None),
        ("full", _) => Ok(Net::Full),
        (_, Ok(units)) if (1..=MOST_UNITS).contains(&units) => Ok(Net::Units(units)),
        _ => Err(format!("choose 1 to {MOST_UNITS} hidden units, `full` or `none`")),
    }
}

impl Transfer {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let program = read_program(&self.program)?;
        if let Some(path) = &self.out
            && path.exists()
        {
            return Err(Failure::failed(format!("{}: exists already; choose another name for --out", printable_path(path))));
        }
        let transfer = Run::new(self.settings())?;
        note_replaced(self.backend);
        let speaks = !self.quiet && !self.json;
        if speaks {
            self.announce(&transfer);
        }
        let title = self.program.display().to_string();
        let outcome = transfer.run(&title, &program, |stage| {
            if speaks && let Some(line) = self.line(stage) {
                note(&printable_name(&line));
            }
        })?;
        if let Some(path) = &self.out {
            write_new(path, &report::program_text(&outcome, &title, transfer.data_name()))?;
        }
        if self.json {
            report::print_events(&outcome, &transfer, &self)?;
        } else {
            print_text(&report::for_people(&outcome, &transfer))?;
        }
        Ok(Exit::Done)
    }

    fn settings(&self) -> TransferSettings {
        TransferSettings {
            data: self.data.clone(),
            pairs: if self.pair.is_empty() { HELD_OUT_PAIRS.to_vec() } else { self.pair.clone() },
            train: self.train,
            valid: self.valid,
            test: self.test,
            epochs: self.epochs,
            trials: self.trials,
            seeds: self.seeds,
            seed: self.seed,
            net: self.net,
            decouple: self.decouple,
            backend: self.backend,
            threads: self.threads.count(),
            memory_limit: (self.memory_limit as usize) << 20,
        }
    }

    /// Says what will be done, and where there are fewer images than usual.
    fn announce(&self, transfer: &Run) {
        let [train, valid, test] = transfer.examples().map(|count| grouped(count as u64));
        let features = grouped(transfer.features() as u64);
        let data = printable_name(transfer.data_name());
        note(&format!("{data}: F = {features}, {train} training, {valid} validation and {test} test examples a pair"));
    }

    /// A stage, for people; of plans, those that take long.
    fn line(&self, stage: Stage<'_>) -> Option<String> {
        Some(match stage {
            Stage::Planned { title, runs, each } => {
                let total = each.as_secs_f64() * runs as f64 / self.threads.count() as f64;
                if total < LONG {
                    return None;
                }
                let (each, minutes, threads) = (each.as_secs_f64(), (total / 60.0).ceil() as u64, self.threads.count());
                let remedy = "fewer --trials, --pair or --train take less";
                format!(
                    "{title}: {} runs of up to {each:.2} s: up to {} minutes on {threads} threads; {remedy}",
                    grouped(runs),
                    grouped(minutes)
                )
            }
            Stage::Tuned { pair, title, best, took } => {
                format!("pair {pair}: {title}: best validation accuracy {:.2} %, {:.1} s", 100.0 * best, took.as_secs_f64())
            }
            Stage::Tested { pair, seed, took } => format!("pair {pair}: tested with seed {seed}, {:.1} s", took.as_secs_f64()),
        })
    }
}

/// Seconds of tuning from which on people are told beforehand.
const LONG: f64 = 60.0;

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::failed(format!("{}: cannot be written: {error}", printable_path(path)));
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// What is wrong with the words of the user is wrong usage.
impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Failure {
        match error {
            TransferError::Setting { .. } => Failure::Usage(error.into()),
            TransferError::Task(error) => error.into(),
            _ => Failure::Failed(error.into()),
        }
    }
}

/// The row of the program that counts.
fn best(outcome: &Outcome) -> &exnihilo::transfer::Row {
    &outcome.rows[outcome.best]
}
