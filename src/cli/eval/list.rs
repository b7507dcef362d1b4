//! Evaluating a list of programs on several threads, with results in the order of the list.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use exnihilo::verify::{Claim, Difference, Sample, Verifier};
use exnihilo_jit::{Backend, Combine, EvalError, Evaluation, Evaluator, Program, TaskGroup, Worker};

use super::super::failure::Failure;
use super::super::programs::NamedProgram;

/// Programs to evaluate, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListEvaluation<'a> {
    pub(super) programs: &'a [NamedProgram],
    pub(super) group: &'a TaskGroup,
    pub(super) backend: Backend,
    /// Evaluations of each program, at least 1.
    pub(super) repeat: u32,
    /// Which programs of the list the oracle checks.
    pub(super) verify: Sample,
}

/// The result of one program and what it took.
#[derive(Clone, Debug)]
pub(super) struct Timed {
    pub(super) evaluation: Evaluation,
    /// The median of all repeats.
    pub(super) seconds: f64,
    /// Part of that.
    pub(super) compile_seconds: f64,
    /// Programs compiled in one repeat: 1 or 0.
    pub(super) compiled: u64,
    /// Programs that should have been.
    pub(super) compile_failures: u64,
    /// Whether the oracle confirmed it.
    pub(super) verified: bool,
}

/// Why the evaluation of a list ended early.
#[derive(Debug)]
pub(super) enum ListError {
    /// The oracle does not confirm what was evaluated.
    Difference {
        /// The program's name.
        name: String,
        /// What it says.
        difference: Box<Difference>,
    },
    /// Anything else.
    Failure(Failure),
}

/// Why a program has no result.
enum ProgramError {
    Evaluation(EvalError),
    Difference(Box<Difference>),
}

impl ProgramError {
    fn at(self, name: &str) -> ListError {
        match self {
            ProgramError::Evaluation(error) => ListError::Failure(Failure::from(error).at(name)),
            ProgramError::Difference(difference) => ListError::Difference { name: name.to_owned(), difference },
        }
    }
}

impl ListEvaluation<'_> {
    /// Evaluates every program on one of `threads` threads and calls `show` with each result, in the order of the list, from this
    /// thread.
    ///
    /// # Errors
    /// Of the first program that cannot be evaluated or is not confirmed, after those before it were shown; of `show`.
    pub(super) fn run(&self, threads: usize, mut show: impl FnMut(&str, &Timed) -> Result<(), Failure>) -> Result<(), ListError> {
        let next = AtomicUsize::new(0);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for number in 0..threads.min(self.programs.len()) {
                let (sender, next) = (sender.clone(), &next);
                match std::thread::Builder::new().spawn_scoped(scope, move || self.work(next, &sender)) {
                    Ok(_) => {}
                    // Those that have started do it all.
                    Err(_) if number > 0 => break,
                    Err(error) => {
                        let message = format!("cannot start a thread: {error}; close other programs");
                        return Err(ListError::Failure(Failure::failed(message)));
                    }
                }
            }
            drop(sender);
            let mut early: Vec<Option<Result<Timed, ProgramError>>> = self.programs.iter().map(|_| None).collect();
            let mut shown = 0;
            // Leaving this loop drops the receiver, at which the threads end.
            for (index, result) in receiver {
                early[index] = Some(result);
                while let Some(result) = early.get_mut(shown).and_then(Option::take) {
                    let name = &self.programs[shown].name;
                    show(name, &result.map_err(|error| error.at(name))?).map_err(ListError::Failure)?;
                    shown += 1;
                }
            }
            Ok(())
        })
    }

    /// Evaluates one program after another until none is left or nobody wants more.
    fn work(&self, next: &AtomicUsize, results: &mpsc::Sender<(usize, Result<Timed, ProgramError>)>) {
        let (mut worker, mut verifier) = (Evaluator::new(self.backend).worker(), Verifier::default());
        // What is made once for all programs (tasks in lanes, the compiler) is not part of any program's time. Where this fails,
        // so does every program.
        let _ = worker.evaluate(&Program::default(), self.group);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(NamedProgram { program, .. }) = self.programs.get(index) else { return };
            let result = self.evaluate(&mut worker, program).map_err(ProgramError::Evaluation);
            let result = result.and_then(|timed| self.check(&mut verifier, index, timed));
            if results.send((index, result)).is_err() {
                return;
            }
        }
    }

    /// The same result, confirmed if it is one of those to check.
    fn check(&self, verifier: &mut Verifier, index: usize, timed: Timed) -> Result<Timed, ProgramError> {
        let verified = self.verify.takes(index as u64);
        if verified {
            let claim = Claim::of(&timed.evaluation, Combine::Mean);
            verifier.confirm(&self.programs[index].program, self.group, claim).map_err(ProgramError::Difference)?;
        }
        Ok(Timed { verified, ..timed })
    }

    fn evaluate(&self, worker: &mut Worker, program: &Program) -> Result<Timed, EvalError> {
        let mut timed = Vec::new();
        for _ in 0..self.repeat {
            // What came before must not make this evaluation cheaper.
            worker.testing().forget_compiled();
            let before = worker.counters();
            let begin = Instant::now();
            let evaluation = worker.evaluate(program, self.group)?;
            let seconds = begin.elapsed().as_secs_f64();
            let evaluation = evaluation.clone();
            let after = worker.counters();
            timed.push(Timed {
                evaluation,
                seconds,
                compile_seconds: after.compile_seconds - before.compile_seconds,
                compiled: after.compiled - before.compiled,
                compile_failures: after.compile_failures - before.compile_failures,
                verified: false,
            });
        }
        timed.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let middle = timed.len() / 2;
        Ok(timed.swap_remove(middle))
    }
}
