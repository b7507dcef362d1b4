//! The child processes: started, listened to, and started again behind the program that ended one.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use exnihilo_jit::testing::{Divergence, FuzzReport};

use super::{Message, Work};

/// A program that takes longer is taken to run for ever; the slowest take a tenth of a second.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// How many bytes of a child's last words are kept.
const LAST_WORDS: u64 = 2_000;

/// What happened.
pub(super) enum Event {
    /// A program has another result on some backend.
    Found { number: u64, divergence: Box<Divergence> },
    /// A program ended its child, or had to be ended with it.
    Died { number: u64, hung: bool, how: String },
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
    /// When to look for children that hang.
    next_look: Instant,
}

struct Running {
    /// Its own number, by which its messages are known.
    id: u64,
    process: Child,
    work: Work,
    /// The program that it is at.
    at: Option<u64>,
    /// When it last said something, in milliseconds since all began; as its listener heard it, since the parent may be busy.
    heard: Arc<AtomicU64>,
    report: FuzzReport,
    hung: bool,
    /// Reads what it says on stderr.
    last_words: JoinHandle<String>,
}

impl Children {
    /// Starts as many children as asked for, each with its share of the programs.
    pub(super) fn start(work: Work, processes: usize) -> io::Result<Children> {
        let (sender, receiver) = channel();
        let begin = Instant::now();
        let (children, done) = (Vec::new(), FuzzReport::default());
        let mut children = Children { begin, work, children, done, sender, receiver, started: 0, next_look: begin };
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
        if self.next_look <= Instant::now() {
            self.next_look = Instant::now() + at_most;
            self.end_hung()?;
        }
        let (id, message) = match self.receiver.recv_timeout(at_most) {
            Ok(received) => received,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(None),
        };
        let Some(index) = self.children.iter().position(|child| child.id == id) else { return Ok(None) };
        let child = &mut self.children[index];
        match message {
            Some(Message::At(number)) => {
                child.at = Some(number);
                Ok(None)
            }
            Some(Message::Report(report)) => {
                child.report = *report;
                Ok(None)
            }
            Some(Message::Found(divergence)) => Ok(child.at.map(|number| Event::Found { number, divergence })),
            None => self.ended(index),
        }
    }

    /// Ends the children that have been at one program for too long.
    fn end_hung(&mut self) -> io::Result<()> {
        let now = self.begin.elapsed();
        let silent = |child: &Running| now.saturating_sub(Duration::from_millis(child.heard.load(Ordering::Relaxed)));
        for child in self.children.iter_mut().filter(|child| !child.hung && silent(child) > HANGS_AFTER) {
            child.hung = true;
            child.process.kill()?;
        }
        Ok(())
    }

    /// A child's stdout has ended, and so has the child, or is about to.
    fn ended(&mut self, index: usize) -> io::Result<Option<Event>> {
        let mut child = self.children.swap_remove(index);
        let status = child.process.wait()?;
        self.done.add(&child.report);
        if status.success() || is_interrupt(status) {
            return Ok(None);
        }
        let last_words = child.last_words.join().unwrap_or_default();
        let how = if child.hung { format!("did not end in {} seconds", HANGS_AFTER.as_secs()) } else { in_words(status, &last_words) };
        // Without a program it never began to work: another would do no better.
        let Some(number) = child.at else { return Err(io::Error::other(how)) };
        // It did at least the program that ended it, whatever it had time to report.
        let cases = child.work.cases.map(|cases| cases.saturating_sub(child.report.cases.max(1)));
        let seconds = self.work.seconds.map(|seconds| seconds - self.begin.elapsed().as_secs_f64());
        if seconds.is_none_or(|seconds| seconds > 0.0) && cases != Some(0) {
            self.spawn(Work { first: number.wrapping_add(child.work.stride), cases, seconds, ..child.work })?;
        }
        Ok(Some(Event::Died { number, hung: child.hung, how }))
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
        let (begin, heard) = (self.begin, Arc::new(AtomicU64::new(self.begin.elapsed().as_millis() as u64)));
        let by_listener = Arc::clone(&heard);
        let hear = move || by_listener.store(begin.elapsed().as_millis() as u64, Ordering::Relaxed);
        std::thread::Builder::new().spawn(move || listen(id, stdout, &sender, hear))?;
        let stderr = process.stderr.take().ok_or_else(|| io::Error::other("no pipe to the child"))?;
        let last_words = std::thread::Builder::new().spawn(move || beginning(stderr))?;
        let report = FuzzReport::default();
        self.children.push(Running { id, process, work, at: None, heard, report, hung: false, last_words });
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
fn listen(id: u64, stdout: impl Read, sender: &Sender<(u64, Option<Message>)>, hear: impl Fn()) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        hear();
        // Half a line is what a crash leaves.
        let Ok(message) = serde_json::from_str(&line) else { break };
        if sender.send((id, Some(message))).is_err() {
            return;
        }
    }
    // Where nobody listens any more, nobody needs to know.
    let _ = sender.send((id, None));
}

/// The beginning of what a child says, which need not be text; the rest is read too, so that it never waits for a reader.
fn beginning(mut stderr: impl Read) -> String {
    let mut bytes = Vec::new();
    // What cannot be read was not said.
    let _ = stderr.by_ref().take(LAST_WORDS).read_to_end(&mut bytes);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// Whether Ctrl-C ended a process, which goes to all processes of a terminal.
#[cfg(unix)]
pub(super) fn is_interrupt(status: ExitStatus) -> bool {
    // SIGINT
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(2)
}

#[cfg(not(unix))]
pub(super) fn is_interrupt(_: ExitStatus) -> bool {
    false
}

/// How a process ended that should not have.
pub(super) fn in_words(status: ExitStatus, last_words: &str) -> String {
    let words = if last_words.is_empty() { String::new() } else { format!(": {last_words}") };
    format!("ended its process with {status}{words}")
}
