//! The child processes: started, listened to, and started again behind the program that ended one.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use exnihilo_jit::testing::{Divergence, FuzzReport};

use super::{Message, Work};

/// A program that takes longer is taken to run for ever; the slowest take a tenth of a second.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// The most bytes of a child's last words that are kept.
const LAST_WORDS: u64 = 2_000;

/// What happened.
pub(super) enum Event {
    /// A child reported, or came to its end.
    Reported,
    /// A program has another result on some backend.
    Found { number: u64, divergence: Box<Divergence> },
    /// A program ended its child, or had to be ended with it.
    Died { number: u64, how: String },
}

/// Children at work.
pub(super) struct Children {
    begin: Instant,
    work: Work,
    children: Vec<Running>,
    /// What children have done that came to their end.
    done: FuzzReport,
    sender: Sender<(u64, Option<Message>)>,
    receiver: Receiver<(u64, Option<Message>)>,
    started: u64,
}

struct Running {
    /// Its own number, by which its messages are known.
    id: u64,
    process: Child,
    work: Work,
    /// The program that it is at.
    at: Option<u64>,
    since: Instant,
    report: FuzzReport,
    hung: bool,
}

impl Children {
    /// Starts as many children as asked for, each with its share of the programs.
    pub(super) fn start(work: Work, processes: usize) -> io::Result<Children> {
        let (sender, receiver) = channel();
        let mut children =
            Children { begin: Instant::now(), work, children: Vec::new(), done: FuzzReport::default(), sender, receiver, started: 0 };
        let count = processes as u64;
        for index in 0..count {
            let cases = work.cases.map(|cases| cases / count + u64::from(index < cases % count));
            if cases != Some(0) {
                children.spawn(Work { first: work.first.wrapping_add(index), stride: count, cases, ..work })?;
            }
        }
        Ok(children)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// What all children have done, as far as they have said.
    pub(super) fn report(&self) -> FuzzReport {
        let mut report = self.done.clone();
        self.children.iter().for_each(|child| report.add(&child.report));
        report
    }

    /// Waits for the next event, not much longer than `at_most`.
    pub(super) fn wait(&mut self, at_most: Duration) -> io::Result<Option<Event>> {
        for child in &mut self.children {
            if !child.hung && child.since.elapsed() > HANGS_AFTER {
                child.hung = true;
                child.process.kill()?;
            }
        }
        let (id, message) = match self.receiver.recv_timeout(at_most) {
            Ok(received) => received,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(None),
        };
        let Some(index) = self.children.iter().position(|child| child.id == id) else { return Ok(None) };
        let child = &mut self.children[index];
        child.since = Instant::now();
        match message {
            Some(Message::At(number)) => {
                child.at = Some(number);
                Ok(None)
            }
            Some(Message::Report(report)) => {
                child.report = *report;
                Ok(Some(Event::Reported))
            }
            Some(Message::Found(divergence)) => Ok(child.at.map(|number| Event::Found { number, divergence })),
            None => self.ended(index),
        }
    }

    /// A child's stdout has ended, and so has the child, or is about to.
    fn ended(&mut self, index: usize) -> io::Result<Option<Event>> {
        let mut child = self.children.swap_remove(index);
        let status = child.process.wait()?;
        self.done.add(&child.report);
        if status.success() || is_interrupt(status) {
            return Ok(Some(Event::Reported));
        }
        let mut last_words = String::new();
        if let Some(stderr) = &mut child.process.stderr {
            // Only what it managed to say: it need not be text.
            let mut bytes = Vec::new();
            stderr.take(LAST_WORDS).read_to_end(&mut bytes)?;
            last_words = String::from_utf8_lossy(&bytes).trim().to_owned();
        }
        let how = if child.hung { format!("did not end in {} seconds", HANGS_AFTER.as_secs()) } else { in_words(status, &last_words) };
        // Without a program it never began to work: another would do no better.
        let Some(number) = child.at else { return Err(io::Error::other(how)) };
        let cases = child.work.cases.map(|cases| cases.saturating_sub(child.report.cases));
        let seconds = self.work.seconds.map(|seconds| seconds - self.begin.elapsed().as_secs_f64());
        if seconds.is_none_or(|seconds| seconds > 0.0) && cases != Some(0) {
            self.spawn(Work { first: number.wrapping_add(child.work.stride), cases, seconds, ..child.work })?;
        }
        Ok(Some(Event::Died { number, how }))
    }

    fn spawn(&mut self, work: Work) -> io::Result<()> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["fuzz", "--seed", &work.seed.to_string(), "--first", &work.first.to_string(), "--child", &work.stride.to_string()]);
        if let Some(features) = work.features {
            command.args(["--features", &features.to_string()]);
        }
        if let Some(seconds) = work.seconds {
            command.args(["--seconds", &seconds.to_string()]);
        }
        if let Some(cases) = work.cases {
            command.args(["--cases", &cases.to_string()]);
        }
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().ok_or_else(|| io::Error::other("no pipe to the child"))?;
        let (id, sender) = (self.started, self.sender.clone());
        self.started += 1;
        std::thread::Builder::new().spawn(move || listen(id, stdout, &sender))?;
        let running = Running { id, process, work, at: None, since: Instant::now(), report: FuzzReport::default(), hung: false };
        self.children.push(running);
        Ok(())
    }
}

/// Children that are still at work end with their parent.
impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.children {
            // One that has ended by itself cannot be killed, and need not be.
            let _ = child.process.kill();
            let _ = child.process.wait();
        }
    }
}

/// Passes on what a child says, and that it says no more.
fn listen(id: u64, stdout: impl Read, sender: &Sender<(u64, Option<Message>)>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        // Half a line is what a crash leaves.
        let Ok(message) = serde_json::from_str(&line) else { break };
        if sender.send((id, Some(message))).is_err() {
            return;
        }
    }
    // Where nobody listens any more, nobody needs to know.
    let _ = sender.send((id, None));
}

#[cfg(unix)]
fn is_interrupt(status: ExitStatus) -> bool {
    // SIGINT
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(2)
}

#[cfg(not(unix))]
fn is_interrupt(_: ExitStatus) -> bool {
    false
}

/// How a process ended that should not have.
pub(super) fn in_words(status: ExitStatus, last_words: &str) -> String {
    let words = if last_words.is_empty() { String::new() } else { format!(": {last_words}") };
    format!("ended its process with {status}{words}")
}
