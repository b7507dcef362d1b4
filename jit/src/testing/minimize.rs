//! A smaller case that still fails: fewer instructions, tasks, examples, epochs and features, plainer numbers.

use super::generate::FuzzCase;
use crate::lanes::TaskGroup;
use crate::lang::{AddressCounts, ComponentFunction, Data, Instruction, Program};
use crate::task::{Examples, GroupSettings, Task};

/// A case in parts that can be left out.
#[derive(Clone)]
struct Parts {
    counts: AddressCounts,
    instructions: Vec<(ComponentFunction, Instruction)>,
    settings: GroupSettings,
    tasks: Vec<Task>,
}

/// Makes a case smaller for as long as `fails` says that the smaller one fails too, which is asked at most `attempts` times.
/// Returns nothing if no smaller one does.
pub fn minimize(case: &FuzzCase, attempts: usize, fails: impl FnMut(&FuzzCase) -> bool) -> Option<FuzzCase> {
    let mut search = Search { seed: case.seed, best: Parts::of(case), attempts, smaller: false, fails };
    // Each pass may make room for another; there is an end, since every step makes the case smaller.
    while search.pass() {}
    search.smaller.then(|| search.best.case(case.seed)).flatten()
}

struct Search<F> {
    seed: u64,
    best: Parts,
    attempts: usize,
    smaller: bool,
    fails: F,
}

impl<F: FnMut(&FuzzCase) -> bool> Search<F> {
    /// Tries every kind of change; true if one made the case smaller.
    fn pass(&mut self) -> bool {
        let mut progress = self.leave_out(|parts| parts.tasks.len(), |parts, range| drop(parts.tasks.drain(range)));
        progress |= self.leave_out(|parts| parts.instructions.len(), |parts, range| drop(parts.instructions.drain(range)));
        for epochs in [1, self.best.settings.epochs.saturating_sub(1)] {
            progress |= epochs > 0 && epochs < self.best.settings.epochs && self.attempt(|parts| parts.shorten(epochs));
        }
        if self.best.tasks.iter().any(|task| task.train_orders.is_some()) {
            progress |= self.attempt(|parts| parts.tasks.iter_mut().for_each(|task| task.train_orders = None));
        }
        progress |= self.leave_out(|parts| parts.train(), |parts, range| parts.leave_out_training(&range));
        progress |= self.leave_out(|parts| parts.valid(), |parts, range| parts.leave_out_examples(|task| &mut task.valid, &range));
        progress |= self.leave_out(|parts| parts.settings.features, |parts, range| parts.leave_out_features(&range));
        progress | self.plainer()
    }

    /// Leaves out ever smaller pieces of a list of `count(parts)` items.
    fn leave_out(&mut self, count: impl Fn(&Parts) -> usize, leave_out: impl Fn(&mut Parts, std::ops::Range<usize>)) -> bool {
        let mut progress = false;
        let mut piece = count(&self.best).div_ceil(2).max(1);
        loop {
            let mut begin = 0;
            while begin < count(&self.best) {
                let end = (begin + piece).min(count(&self.best));
                if self.attempt(|parts| leave_out(parts, begin..end)) {
                    progress = true;
                } else {
                    begin = end;
                }
            }
            if piece == 1 {
                return progress;
            }
            piece = piece.div_ceil(2);
        }
    }

    /// Puts plain numbers in place of others, and declares no more addresses than are used.
    fn plainer(&mut self) -> bool {
        let mut progress = false;
        let program = self.best.program();
        let counts = program.address_counts().max(self.best.settings.scoring.interface().least_counts());
        if self.best.counts != counts {
            progress |= self.attempt(|parts| parts.counts = counts);
        }
        for index in 0..self.best.instructions.len() {
            let (_, instruction) = self.best.instructions[index];
            if let Some(plain) = plain(&instruction) {
                progress |= self.attempt(|parts| parts.instructions[index].1 = plain);
            }
        }
        let roundings: [fn(f64) -> f64; 3] = [|_| 1.0, f64::round, |x| (x * 8.0).round() / 8.0];
        let lists: [fn(&mut Task) -> &mut Vec<f64>; 4] = [
            |task| &mut task.train.features,
            |task| &mut task.valid.features,
            |task| &mut task.train.labels,
            |task| &mut task.valid.labels,
        ];
        for list in lists {
            for round in roundings {
                let is_rounded = self.best.tasks.iter_mut().flat_map(|task| list(task).iter()).all(|&x| round(x).to_bits() == x.to_bits());
                if is_rounded {
                    break;
                }
                if self.attempt(|parts| parts.tasks.iter_mut().flat_map(|task| list(task).iter_mut()).for_each(|x| *x = round(*x))) {
                    progress = true;
                    break;
                }
            }
        }
        progress
    }

    /// Keeps a change if the case still fails with it.
    fn attempt(&mut self, change: impl FnOnce(&mut Parts)) -> bool {
        if self.attempts == 0 {
            return false;
        }
        let mut changed = self.best.clone();
        change(&mut changed);
        let Some(case) = changed.case(self.seed) else { return false };
        self.attempts -= 1;
        let fails = (self.fails)(&case);
        if fails {
            self.best = changed;
            self.smaller = true;
        }
        fails
    }
}

impl Parts {
    fn of(case: &FuzzCase) -> Parts {
        let instructions =
            ComponentFunction::ALL.into_iter().flat_map(|function| case.program.function(function).iter().map(move |&i| (function, i)));
        Parts {
            counts: case.counts,
            instructions: instructions.collect(),
            settings: *case.group.settings(),
            tasks: case.group.tasks().to_vec(),
        }
    }

    fn program(&self) -> Program {
        let [setup, predict, learn] = ComponentFunction::ALL
            .map(|function| self.instructions.iter().filter(|(of, _)| *of == function).map(|(_, i)| *i).collect::<Vec<_>>());
        Program::new(&setup, &predict, &learn)
    }

    /// The case; none if these parts make none.
    fn case(&self, seed: u64) -> Option<FuzzCase> {
        let group = TaskGroup::new(self.settings, self.tasks.clone()).ok()?;
        Some(FuzzCase { seed, origin: "minimized", counts: self.counts, program: self.program(), group })
    }

    fn train(&self) -> usize {
        self.tasks.first().map_or(0, |task| task.train.labels.len())
    }

    fn valid(&self) -> usize {
        self.tasks.first().map_or(0, |task| task.valid.labels.len())
    }

    fn leave_out_examples(&mut self, part: fn(&mut Task) -> &mut Examples, range: &std::ops::Range<usize>) {
        let features = self.settings.features;
        for task in &mut self.tasks {
            let examples = part(task);
            examples.labels.drain(range.clone());
            examples.features.drain(range.start * features..range.end * features);
        }
    }

    fn shorten(&mut self, epochs: u32) {
        self.settings.epochs = epochs;
        self.tasks.iter_mut().flat_map(|task| &mut task.train_orders).for_each(|orders| orders.truncate(epochs as usize));
    }

    /// Leaves out training examples, and as many places of recorded orders, which then name what is left.
    fn leave_out_training(&mut self, range: &std::ops::Range<usize>) {
        self.leave_out_examples(|task| &mut task.train, range);
        let left = self.train().max(1) as u32;
        for order in self.tasks.iter_mut().flat_map(|task| &mut task.train_orders).flatten() {
            order.drain(range.clone());
            order.iter_mut().filter(|example| **example >= left).for_each(|example| *example %= left);
        }
    }

    fn leave_out_features(&mut self, range: &std::ops::Range<usize>) {
        let features = self.settings.features;
        for task in &mut self.tasks {
            for examples in [&mut task.train, &mut task.valid] {
                let kept = examples.features.iter().enumerate().filter(|(index, _)| !range.contains(&(index % features)));
                examples.features = kept.map(|(_, &x)| x).collect();
            }
        }
        self.settings.features -= range.len();
    }
}

/// The instruction with plainer constants; none if it has none or they are plain.
fn plain(instruction: &Instruction) -> Option<Instruction> {
    let data = match instruction.data() {
        Data::None => return None,
        Data::ScalarConst(_) => Data::ScalarConst(0.5),
        Data::VectorConst { .. } => Data::VectorConst { index: 0.0, value: 0.5 },
        Data::MatrixConst { .. } => Data::MatrixConst { row: 0.0, column: 0.0, value: 0.5 },
        Data::Uniform { .. } => Data::Uniform { low: 0.0, high: 1.0 },
        Data::Gaussian { .. } => Data::Gaussian { mean: 0.0, st_dev: 1.0 },
    };
    let plain = Instruction::new(instruction.op(), instruction.in1(), instruction.in2(), instruction.out(), data).ok()?;
    (plain != *instruction).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{CLASSES, Interface, Op};

    /// What does not matter to the failure goes; what does stays.
    #[test]
    fn only_what_fails_is_left() {
        let mut minimized = 0;
        for seed in 0..200 {
            let case = FuzzCase::generate(seed);
            // Fails if it has a vector op in Learn, two tasks and three training examples.
            let is_vector = |i: &Instruction| matches!(i.op(), Op::VectorSum | Op::VectorAbs | Op::VectorOuterProduct | Op::MatrixNorm);
            let fails = |case: &FuzzCase| {
                case.program.function(ComponentFunction::Learn).iter().any(is_vector)
                    && case.group.tasks().len() >= 2
                    && case.group.train_examples() >= 3
            };
            if !fails(&case) {
                continue;
            }
            let small = minimize(&case, 10_000, fails).unwrap_or_else(|| panic!("seed {seed} is not minimal yet"));
            assert!(fails(&small));
            assert_eq!((small.program.instructions().len(), small.group.tasks().len(), small.group.train_examples()), (1, 2, 3));
            let interface = small.group.interface();
            let features = if interface == Interface::Classes { CLASSES } else { 1 };
            assert_eq!((small.group.valid_examples(), small.group.features(), small.group.settings().epochs), (1, features, 1));
            assert_eq!(small.counts, small.program.address_counts().max(interface.least_counts()));
            assert!(small.group.tasks().iter().all(|task| task.train.features.iter().all(|&x| x == 1.0)));
            minimized += 1;
        }
        assert!(minimized > 5, "{minimized} cases were minimized");
    }

    #[test]
    fn attempts_are_bounded_and_nothing_is_better_than_nothing() {
        let mut asked = 0;
        let mut ask = |answer: bool| {
            minimize(&FuzzCase::generate(3), 17, |_| {
                asked += 1;
                answer
            })
            .is_some()
        };
        assert!(!ask(false));
        assert!(ask(true));
        assert!(asked <= 34, "{asked}");
    }
}
