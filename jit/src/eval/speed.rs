//! How fast this machine runs and compiles, measured once per process, in about two milliseconds.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::cost::{Speed, interpreted, native};
use super::decoded::Decoded;
use super::evaluation::Evaluation;
use super::schedule::Schedule;
use super::worker::run_settings;
use crate::analysis::Simplifier;
use crate::compile::{Compiler, Form, Target};
use crate::exec::random::Stream;
use crate::interp::{Calls, Interpreter};
use crate::lanes::TaskGroup;
use crate::lang::{Scoring, known_program};
use crate::task::{Examples, GroupSettings, Task};

/// The speed of this machine.
pub(super) fn of_machine() -> Speed {
    static SPEED: OnceLock<Speed> = OnceLock::new();
    *SPEED.get_or_init(measure)
}

/// Runs and compiles the linear model.
fn measure() -> Speed {
    let group = group();
    let program = known_program("linear").expect("a known name");
    let mut decoded = Decoded::default();
    decoded.simplify(&mut Simplifier::default(), &program, group.interface());
    decoded.decode(group.interface(), group.features());
    let settings = run_settings(&group, false);
    let chunking = decoded.fitted(&group);
    let units = interpreted(&decoded.plan, &group, chunking);
    let mut run = Duration::MAX;
    let (mut schedule, mut calls, mut evaluation) = (Schedule::default(), Calls::default(), Evaluation::default());
    for _ in 0..8 {
        calls.clear();
        let begin = Instant::now();
        let mut engine = Interpreter { plan: &decoded.plan, calls: &mut calls, settings };
        schedule.run(&mut engine, &group, decoded.shape(chunking), None, &mut evaluation, None);
        run = run.min(begin.elapsed());
    }
    let target = Target { form: Form::Chain, tile: 12 };
    let (_, compile_units) = native(&decoded.plan, &group, target);
    let mut compile = f64::MAX;
    let mut compiler = Compiler::default();
    for _ in 0..4 {
        compiler.forget();
        let begin = Instant::now();
        // Where nothing can be compiled, nothing ever pays.
        let Ok(_) = compiler.compile(decoded.unit(settings, target, false)) else { break };
        compile = compile.min(begin.elapsed().as_secs_f64());
    }
    Speed { unit: run.as_secs_f64() / units, compile_unit: compile / compile_units }
}

/// Twelve tasks of 200 examples at F = 4.
fn group() -> TaskGroup {
    let (features, tasks, examples) = (4, 12, 200);
    let task = |seed: u64| {
        let mut stream = Stream::new(seed);
        let mut numbers = |count: usize| (0..count).map(|_| stream.unit() - 0.5).collect::<Vec<_>>();
        let mut part = |count: usize| Examples { features: numbers(count * features), labels: vec![0.0; count] };
        Task { seed, train: part(examples), valid: part(1), train_orders: None }
    };
    TaskGroup::new(GroupSettings::new(features, Scoring::Rms), (0..tasks).map(task).collect()).expect("a small group")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_machine_has_a_speed() {
        let speed = super::of_machine();
        assert!(speed.unit > 0.0 && speed.unit.is_finite() && speed.compile_unit > 0.0, "{speed:?}");
    }
}
