//! A child process: runs programs and says on stdout which one it is at, what it finds and what it has done, a line of JSON each.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use exnihilo_jit::testing::{Divergence, FuzzReport, Fuzzer};
use serde::{Deserialize, Serialize};

use super::super::Exit;
use super::super::failure::Failure;
use super::Work;

/// What a child says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Message {
    /// It is about to run this program.
    At(u64),
    /// What it found in the program that it was at.
    Found(Box<Divergence>),
    /// All that it has done.
    Report(Box<FuzzReport>),
}

/// The time between two reports.
const REPORT_EVERY: Duration = Duration::from_millis(250);

/// Runs every `stride`-th program.
pub(super) fn run(work: Work) -> Result<Exit, Failure> {
    let begin = Instant::now();
    let mut next_report = REPORT_EVERY;
    let mut fuzzer = Fuzzer::new(work.seed, work.features.map(usize::from));
    let mut number = work.first;
    let mut cases = 0;
    while work.seconds.is_none_or(|seconds| begin.elapsed().as_secs_f64() < seconds) && work.cases.is_none_or(|most| cases < most) {
        say(&Message::At(number))?;
        if let Err(divergence) = fuzzer.run_number(number) {
            say(&Message::Found(divergence))?;
        }
        cases = fuzzer.cases();
        number = number.wrapping_add(work.stride);
        if begin.elapsed() >= next_report {
            next_report = begin.elapsed() + REPORT_EVERY;
            say(&Message::Report(Box::new(fuzzer.report())))?;
        }
    }
    say(&Message::Report(Box::new(fuzzer.report())))?;
    Ok(Exit::Done)
}

fn say(message: &Message) -> io::Result<()> {
    let mut line = serde_json::to_vec(message).map_err(io::Error::other)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}
