//! What running a program costs on each backend, and so which one to take.
//!
//! The unit is one elementwise op on one row of twelve lanes (about 0.5 to 1 ns). The constants were fitted to `exnihilo bench` (linear
//! model and two-layer net, F = 4 to 32, ten tasks); how long a unit takes, and how long compiling does, is an argument: [`super::speed`]
//! measures it. Nothing here can change a result.

use crate::compile::{Form, MAX_REGISTER_VECTOR, Target};
use crate::kernel::Fused;
use crate::lanes::{ALONG, Chunking, Layout, TaskGroup, WIDTHS, fitted};
use crate::lang::{ComponentFunction, Distribution, Element, Reduction, Scoring, Shape, Space};
use crate::plan::{Plan, Step};

/// How tasks are divided for native code.
pub(super) fn chunking(target: Target) -> Chunking {
    match target.form {
        Form::Registers => Chunking::Pairs,
        Form::Chain => Chunking::Uniform(target.tile),
    }
}

/// The width of equal chunks, not above that of `chunking`, whose kernels have least to do: a call costs about as much as four more lanes.
fn uniform(chunking: Chunking, tasks: usize) -> usize {
    let widest = chunking.widest();
    if widest == ALONG {
        return ALONG;
    }
    let cost = |width: usize| tasks.div_ceil(width) * (width + 4);
    WIDTHS.into_iter().filter(|&width| width <= widest).rev().min_by_key(|&width| cost(width)).unwrap_or(WIDTHS[0])
}

/// Units of the rows that one step goes through.
fn rows(step: &Step, features: usize) -> f64 {
    let f = features as f64;
    let elements = |space: Option<Space>| space.map_or(0.0, |space| space.elements(features) as f64);
    let output = elements(step.op.output());
    let input = elements(step.op.inputs().first().copied());
    let Fused::Op(op) = step.kind else { return 1.3 * output };
    match op.shape() {
        Shape::Nothing => 0.0,
        Shape::Constant => 1.0,
        Shape::Elementwise(element) => match element {
            Element::Quotient | Element::Reciprocal => 3.0 * output,
            Element::Function => 25.0,
            Element::Sum
            | Element::Difference
            | Element::Product
            | Element::Abs
            | Element::Heaviside
            | Element::Minimum
            | Element::Maximum => output,
        },
        Shape::Repeat | Shape::Transpose | Shape::Outer => output,
        Shape::Dot => f * output,
        Shape::Reduce(Reduction::Mean, _) => input,
        Shape::Reduce(Reduction::Norm, _) => input + 6.0 * output,
        Shape::Reduce(Reduction::StDev, _) => 2.0 * input + 6.0 * output,
        Shape::Drawn(Distribution::Uniform) => 8.0 * output,
        Shape::Drawn(Distribution::Gaussian) => 35.0 * output,
    }
}

const LOOP: [ComponentFunction; 2] = [ComponentFunction::Predict, ComponentFunction::Learn];

/// Units of the rows of twelve lanes that the error of an example takes in training and in validation, where they are more than a few: a
/// softmax has an exp for each class.
const fn error_rows(scoring: Scoring) -> [f64; 2] {
    match scoring {
        Scoring::Rms | Scoring::Accuracy => [0.0; 2],
        Scoring::Classes => [300.0, 40.0],
    }
}

/// Units of an evaluation whose examples take so many units in Predict, in Learn, and around them, and `per_row` for each row of an error.
fn evaluation(group: &TaskGroup, [predict, learn]: [f64; 2], around: f64, per_row: f64) -> f64 {
    let (train, valid) = (group.train_examples() as f64, group.valid_examples() as f64);
    let [in_training, in_validation] = error_rows(group.settings().scoring).map(|rows| around + per_row * rows);
    f64::from(group.settings().epochs) * (train * (predict + learn + in_training) + valid * (predict + in_validation))
}

/// Units of one row of two lanes.
const PER_ROW_OF_TWO: f64 = 0.33;

/// Units of interpreting the program.
pub(super) fn interpreted(plan: &Plan, group: &TaskGroup, chunking: Chunking) -> f64 {
    calls(plan, group, chunking, 1.6, 16.0)
}

/// Units of calling kernels, with so many units for each call and around each example.
fn calls(plan: &Plan, group: &TaskGroup, chunking: Chunking, per_call: f64, around: f64) -> f64 {
    let of_width = |width: usize| {
        // Registers along elements hold as many as registers of lanes.
        let lanes = if width == ALONG { 1.5 } else { width as f64 };
        let of_step = |step: &Step| per_call + lanes / 12.0 * rows(step, group.features());
        // Two lanes are a register as four are.
        let per_row = (lanes / 12.0).max(PER_ROW_OF_TWO);
        evaluation(group, LOOP.map(|function| plan.function(function).iter().map(of_step).sum()), around, per_row)
    };
    chunking.chunks(group.tasks().len()).map(|span| of_width(span.width)).sum()
}

/// Units of running a target's code, and of compiling it.
pub(super) fn native(plan: &Plan, group: &TaskGroup, target: Target) -> (f64, f64) {
    let steps = plan.steps().len() as f64;
    match target.form {
        Form::Chain => (calls(plan, group, chunking(target), 1.1, 10.0), 1.0 + steps / 8.0),
        Form::Registers => {
            // A tile has a sixth of twelve lanes, in registers of half the width; kernels that it calls cost a call each.
            let f = group.features();
            let of_step = |step: &Step| PER_ROW_OF_TWO * rows(step, f) + if is_in_registers(step) { 0.0 } else { 6.0 };
            let units = LOOP.map(|function| plan.function(function).iter().map(of_step).sum());
            let emitted: f64 = plan.steps().iter().map(|step| if is_in_registers(step) { rows(step, f) } else { 4.0 }).sum();
            let tiles = group.tasks().len().div_ceil(2) as f64;
            (tiles * evaluation(group, units, 1.0, PER_ROW_OF_TWO), 1.5 + steps / 12.0 + emitted / 12.0)
        }
    }
}

/// Whether a step is made of instructions on registers, and not a call of a kernel.
fn is_in_registers(step: &Step) -> bool {
    !step.op.is_random() && !step.op.is_function() && step.operand_spaces().all(|space| space != Space::Matrix)
}

/// The best native code for a program.
pub(super) fn best_target(plan: &Plan, layout: &Layout, group: &TaskGroup, speed: Speed) -> Target {
    cheapest(plan, layout, group, speed).0
}

/// The best native code for a program on a machine of this speed, and its cost in seconds.
fn cheapest(plan: &Plan, layout: &Layout, group: &TaskGroup, speed: Speed) -> (Target, f64) {
    let seconds = |target: Target| {
        let (run, compile) = native(plan, group, target);
        run * speed.unit + compile * speed.compile_unit
    };
    let chain = Target { form: Form::Chain, tile: uniform(fitted(layout, group), group.tasks().len()) };
    let registers = Target { form: Form::Registers, tile: 2 };
    let candidates = [chain, registers].into_iter().take(if group.features() <= MAX_REGISTER_VECTOR { 2 } else { 1 });
    let with_cost = candidates.map(|target| (target, seconds(target)));
    with_cost.min_by(|a, b| a.1.total_cmp(&b.1)).expect("the chain is always a candidate")
}

/// The native code that is cheaper than interpreting, compiling included, if any is. The speed is asked for only where it can matter.
pub(super) fn worthwhile_target(plan: &Plan, layout: &Layout, group: &TaskGroup, speed: impl FnOnce() -> Speed) -> Option<Target> {
    // No step goes through more than all rows, but products of large matrices: short runs are known without adding up.
    let examples = (group.train_examples() + group.valid_examples()) as f64 * f64::from(group.settings().epochs);
    let most = (plan.steps().len() * layout.rows()) as f64;
    if examples * most < LEAST_UNITS {
        return None;
    }
    let units = interpreted(plan, group, fitted(layout, group));
    if units < LEAST_UNITS {
        return None;
    }
    let speed = speed();
    let (target, seconds) = cheapest(plan, layout, group, speed);
    (seconds < units * speed.unit).then_some(target)
}

/// An evaluation of fewer units is interpreted without asking further: no machine compiles anything in that time.
const LEAST_UNITS: f64 = 50_000.0;

/// How fast a machine is, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speed {
    /// One unit of running.
    pub(super) unit: f64,
    /// One unit of compiling: the function around the steps.
    pub(super) compile_unit: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Simplifier;
    use crate::eval::decoded::Decoded;
    use crate::lang::{Program, known_program};
    use crate::task::{Examples, GroupSettings, Task};

    fn group(features: usize, tasks: usize, train: usize) -> TaskGroup {
        scored(Scoring::Rms, features, tasks, train)
    }

    fn scored(scoring: Scoring, features: usize, tasks: usize, train: usize) -> TaskGroup {
        let part = |count: usize| Examples { features: vec![0.5; count * features], labels: vec![0.0; count] };
        let task = |seed| Task { seed, train: part(train), valid: part(10), train_orders: None };
        TaskGroup::new(GroupSettings::new(features, scoring), (0..tasks as u64).map(task).collect()).expect("a valid group")
    }

    /// Exponentials of four tasks at once take as long as of two: no tiles of two for what little there is beside them.
    #[test]
    fn softmax_is_left_to_wide_rows() {
        let group = scored(Scoring::Classes, 10, 4, 100_000);
        let program = "def Predict():\n  v2 = s2 * v0\ndef Learn():\n  s2 = mean(v2)\n".parse().expect("a program");
        let decoded = decoded(&program, &group);
        let (target, _) = cheapest(&decoded.plan, &decoded.layout, &group, SPEED);
        assert_eq!(target.form, Form::Chain);
    }

    /// A machine as fast as those that the constants were fitted on.
    const SPEED: Speed = Speed { unit: 0.8e-9, compile_unit: 60e-6 };

    fn decoded(program: &Program, group: &TaskGroup) -> Decoded {
        let mut decoded = Decoded::default();
        decoded.simplify(&mut Simplifier::default(), program, group.interface());
        decoded.decode(group.interface(), group.features());
        decoded
    }

    fn known(name: &str, group: &TaskGroup) -> Decoded {
        decoded(&known_program(name).expect("a known name"), group)
    }

    fn choice(name: &str, group: &TaskGroup) -> Option<Target> {
        let decoded = known(name, group);
        worthwhile_target(&decoded.plan, &decoded.layout, group, || SPEED)
    }

    #[test]
    fn short_runs_are_interpreted_and_long_ones_compiled() {
        for name in ["linear", "net"] {
            assert_eq!(choice(name, &group(4, 10, 100)), None, "{name}: the demonstration is never worth compiling");
            let long = choice(name, &group(4, 10, 200_000));
            assert!(long.is_some(), "{name}");
        }
    }

    #[test]
    fn matrices_are_left_to_kernels() {
        for (name, features, form) in [("net", 16, Form::Chain), ("net", 4, Form::Chain), ("linear", 4, Form::Registers)] {
            let group = group(features, 10, 100_000);
            let decoded = known(name, &group);
            let (target, _) = cheapest(&decoded.plan, &decoded.layout, &group, SPEED);
            assert_eq!(target.form, form, "{name}, F = {features}");
        }
    }

    #[test]
    fn equal_chunks_leave_few_lanes_idle() {
        assert_eq!(uniform(Chunking::Fitted(12), 10), 12);
        assert_eq!(uniform(Chunking::Fitted(16), 16), 16);
        assert_eq!(uniform(Chunking::Fitted(4), 3), 4);
        assert_eq!(uniform(Chunking::Fitted(2), 1), 2);
        assert_eq!(uniform(Chunking::Fitted(16), 24), 12);
    }
}
