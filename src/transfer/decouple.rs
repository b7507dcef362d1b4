//! Hyperparameters that a program computes, replaced by constants that can be tuned. The paper did this by hand (S7).
//!
//! Such a hyperparameter is a scalar that scales an update: in Learn it multiplies a vector or a matrix, or it is multiplied with the
//! error, divided by it or divides it. It is taken to be one if
//! - an instruction computes it: what a constant or a draw sets can be tuned as it is;
//! - it does not depend, within the step, on the label or on the prediction, nor on scalars of Predict that carry the features to the
//!   prediction (the units of a network, say): what does is part of the error or of the gradient;
//! - it is no scalar that remembers such a value from an earlier step: that is a weight.
//!
//! It may depend on the features themselves and on vectors and matrices that the program remembers, weights included: so a rate that
//! decays, one made of the norm of the input or of the mean of the weights is among them.
//!
//! Each gets a scalar address that the program does not use, which Setup sets to the value that the hyperparameter had in the last
//! training step of the program as it is. Where that is 0, not finite, or further from its value in the first step than tuning reaches,
//! because it has run away, it is the value in the first step. What then computes for nobody goes by simplification.

use std::collections::BTreeSet;

use exnihilo_jit::lang::{InstructionError, MAX_ADDRESSES};
use exnihilo_jit::{
    ComponentFunction, Data, EvalError, Examples, GroupError, GroupSettings, Instruction, Op, Program, Space, Task, TaskGroup, Worker,
    simplify,
};

use crate::tune::LARGEST_FACTOR;

/// A hyperparameter that a program computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// Its scalar address.
    pub address: u8,
    /// Where Learn scales something with it: the position of the instruction, and which of its inputs it is.
    pub uses: Vec<(usize, usize)>,
}

/// A computed hyperparameter with what it was in training.
#[derive(Clone, Debug, PartialEq)]
pub struct Valued {
    /// The hyperparameter.
    pub computed: Computed,
    /// Its value, finite and not 0.
    pub value: f64,
}

/// Positions of the instructions that an address may have its value from, by address; [`ZERO`] where nothing has written it yet.
type Sources = Vec<BTreeSet<usize>>;

/// The source of what memory is before Setup.
const ZERO: usize = usize::MAX;

/// The hyperparameters that a program computes, in the order of their first use. `program` has no dead instructions.
pub fn find(program: &Program) -> Vec<Computed> {
    let (mut sources, mut tainted) = (sources_before_learn(program), Tainted::before_learn(program));
    let first_learn = program.instructions().len() - program.function(ComponentFunction::Learn).len();
    let mut found: Vec<(Computed, BTreeSet<usize>)> = Vec::new();
    for (position, instruction) in program.function(ComponentFunction::Learn).iter().enumerate() {
        if let Some((input, address)) = scale(instruction, &tainted)
            && is_computed(program, &sources[usize::from(address)])
        {
            let set = sources[usize::from(address)].clone();
            match found.iter_mut().find(|(computed, known)| computed.address == address && *known == set) {
                Some((computed, _)) => computed.uses.push((position, input)),
                None => found.push((Computed { address, uses: vec![(position, input)] }, set)),
            }
        }
        step(&mut sources, first_learn + position, instruction);
        tainted.step(instruction);
    }
    found.into_iter().map(|(computed, _)| computed).collect()
}

/// The input that scales what an instruction makes, if it is a scalar of its own: which it is, and its address.
fn scale(instruction: &Instruction, tainted: &Tainted) -> Option<(usize, u8)> {
    let [first, second] = [instruction.in1(), instruction.in2()].map(|address| tainted.has(Space::Scalar, address));
    match instruction.op() {
        Op::ScalarVectorProduct | Op::ScalarMatrixProduct if !first => Some((0, instruction.in1())),
        Op::ScalarProduct | Op::ScalarDivision if first && !second => Some((1, instruction.in2())),
        Op::ScalarProduct | Op::ScalarDivision if second && !first => Some((0, instruction.in1())),
        _ => None,
    }
}

/// Whether some instruction among the sources does more than to set a constant or to draw.
fn is_computed(program: &Program, sources: &BTreeSet<usize>) -> bool {
    let computes = |&source: &usize| {
        let op = program.instructions()[source].op();
        !matches!(op, Op::ScalarConstSet | Op::ScalarUniformSet | Op::ScalarGaussianSet)
    };
    sources.iter().filter(|&&source| source != ZERO).any(computes)
}

/// Where scalars have their values from after one more instruction.
fn step(sources: &mut Sources, position: usize, instruction: &Instruction) {
    if let Some((Space::Scalar, address)) = instruction.writes() {
        sources[usize::from(address)] = BTreeSet::from([position]);
    }
}

/// Where scalars have their values from at the beginning of Learn.
fn sources_before_learn(program: &Program) -> Sources {
    let [setup, predict, learn] = ComponentFunction::ALL.map(|function| program.function(function));
    let run = |mut sources: Sources, first: usize, instructions: &[Instruction]| {
        instructions.iter().enumerate().for_each(|(position, instruction)| step(&mut sources, first + position, instruction));
        sources
    };
    let mut before_predict = run(vec![BTreeSet::from([ZERO]); MAX_ADDRESSES], 0, setup);
    // Predict comes after Setup, after Learn, and in validation after itself. The sets only grow, so this ends.
    loop {
        let after_predict = run(before_predict.clone(), setup.len(), predict);
        let after_learn = run(after_predict.clone(), setup.len() + predict.len(), learn);
        let mut grown = before_predict.clone();
        for (set, (predict, learn)) in grown.iter_mut().zip(after_predict.iter().zip(&after_learn)) {
            set.extend(predict.iter().chain(learn));
        }
        if grown == before_predict {
            return after_predict;
        }
        before_predict = grown;
    }
}

/// The addresses whose values depend on the label or the prediction of the step, and the scalars that remember those of earlier steps.
#[derive(Clone, Debug, Default, PartialEq)]
struct Tainted {
    addresses: BTreeSet<(Space, u8)>,
}

impl Tainted {
    fn has(&self, space: Space, address: u8) -> bool {
        self.addresses.contains(&(space, address))
    }

    fn step(&mut self, instruction: &Instruction) {
        let Some(output) = instruction.writes() else { return };
        // What sets one element leaves the others as they are.
        let keeps = instruction.op().writes_one_element() && self.addresses.contains(&output);
        if keeps || instruction.reads().any(|(space, address)| self.has(space, address)) {
            self.addresses.insert(output);
        } else {
            self.addresses.remove(&output);
        }
    }

    /// At the beginning of Learn.
    fn before_learn(program: &Program) -> Tainted {
        let [predict, learn] = [ComponentFunction::Predict, ComponentFunction::Learn].map(|function| program.function(function));
        let carries = carry_features_to_prediction(predict);
        let mut before_predict = Tainted::default();
        // The set only grows, so this ends.
        loop {
            let mut tainted = before_predict.clone();
            for (instruction, &carries) in predict.iter().zip(&carries) {
                tainted.step(instruction);
                if carries {
                    tainted.addresses.extend(instruction.writes());
                }
            }
            tainted.addresses.extend([(Space::Scalar, 0), (Space::Scalar, 1)]);
            let before_learn = tainted.clone();
            learn.iter().for_each(|instruction| tainted.step(instruction));
            // Vectors and matrices that remember are weights, of which a program may make a rate; scalars that do are weights themselves.
            // The label is gone.
            let remembered = tainted.addresses.into_iter().filter(|&(space, address)| space == Space::Scalar && address != 0);
            let known = before_predict.addresses.len();
            before_predict.addresses.extend(remembered);
            if before_predict.addresses.len() == known {
                return before_learn;
            }
        }
    }
}

/// Which instructions of Predict make scalars of the features that the prediction is made of in turn, by scalars only.
fn carry_features_to_prediction(predict: &[Instruction]) -> Vec<bool> {
    let (mut wanted, mut carries) = (BTreeSet::from([1]), vec![false; predict.len()]);
    for (instruction, carries) in predict.iter().zip(&mut carries).rev() {
        if let Some((Space::Scalar, address)) = instruction.writes()
            && wanted.remove(&address)
        {
            *carries = true;
            wanted.extend(instruction.reads().filter(|read| read.0 == Space::Scalar).map(|read| read.1));
        }
    }
    let mut of_features = Tainted { addresses: BTreeSet::from([(Space::Vector, 0)]) };
    for (instruction, carries) in predict.iter().zip(&mut carries) {
        of_features.step(instruction);
        *carries &= instruction.writes().is_some_and(|(space, address)| of_features.has(space, address));
    }
    carries
}

/// Runs the program on the first task of a group and keeps those of `found` that have a value which a constant can take the place of,
/// finite and not 0, each as it was in training (see above).
///
/// # Errors
/// If the program's memory would pass the group's limit.
pub fn values(program: &Program, found: Vec<Computed>, group: &TaskGroup, worker: &mut Worker) -> Result<Vec<Valued>, EvalError> {
    // A program that uses all addresses leaves none to look at a value with, and none for a constant either.
    let looked_at: Vec<(Computed, u8)> = found.into_iter().zip(free_scalars(program)).collect();
    let mut observed = program.clone();
    let mut looks: Vec<(usize, Instruction)> =
        looked_at.iter().map(|(computed, copy)| (computed.uses[0].0, copy_of(computed.address, *copy))).collect();
    looks.sort_by_key(|&(position, _)| position);
    for (position, look) in looks.into_iter().rev() {
        observed.insert(ComponentFunction::Learn, position, look);
    }
    let counts = observed.address_counts();
    let mut scalars = |group: &TaskGroup| -> Result<Vec<f64>, EvalError> {
        Ok(worker.observe(&observed, counts, group, None)?.records[0].memory.scalars().to_vec())
    };
    let (first, last) = (scalars(&beginning(group)?)?, scalars(group)?);
    let valued = looked_at.into_iter().filter_map(|(computed, copy)| {
        let value = typical(first[usize::from(copy)], last[usize::from(copy)])?;
        Some(Valued { computed, value })
    });
    Ok(valued.collect())
}

/// The first training example of the first task, by itself.
fn beginning(group: &TaskGroup) -> Result<TaskGroup, GroupError> {
    let (task, features) = (&group.tasks()[0], group.features());
    let one = |examples: &Examples| Examples { features: examples.features[..features].to_vec(), labels: examples.labels[..1].to_vec() };
    let task = Task { seed: task.seed, train: one(&task.train), valid: one(&task.valid), train_orders: None };
    TaskGroup::new(GroupSettings { epochs: 1, ..*group.settings() }, vec![task])
}

/// What stands for a hyperparameter that had these values in the first and in the last step; none if neither is any use.
fn typical(first: f64, last: f64) -> Option<f64> {
    let usable = |value: &f64| value.is_finite() && *value != 0.0;
    let in_reach = |value: &f64| !usable(&first) || (1.0 / LARGEST_FACTOR..=LARGEST_FACTOR).contains(&(value / first).abs());
    Some(last).filter(|last| usable(last) && in_reach(last)).or_else(|| Some(first).filter(usable))
}

/// The program with constants in place of these hyperparameters, simplified.
///
/// # Panics
/// If the program has fewer free scalar addresses than that, or the hyperparameters are those of another program.
pub fn replaced<'a>(program: &Program, hyperparameters: impl IntoIterator<Item = &'a Valued>) -> Program {
    let mut free = free_scalars(program);
    let mut replaced = program.clone();
    for Valued { computed, value } in hyperparameters {
        let address = free.next().expect("values were found by means of free addresses");
        let constant = instruction(Op::ScalarConstSet, 0, 0, address, Data::ScalarConst(*value));
        replaced.insert(ComponentFunction::Setup, 0, constant);
        for &(position, input) in &computed.uses {
            let place = &mut replaced.function_mut(ComponentFunction::Learn)[position];
            let (in1, in2) = if input == 0 { (address, place.in2()) } else { (place.in1(), address) };
            *place = instruction(place.op(), in1, in2, place.out(), Data::None);
        }
    }
    simplify(&replaced)
}

/// The scalar addresses that a program does not use.
fn free_scalars(program: &Program) -> impl Iterator<Item = u8> + use<> {
    let used: BTreeSet<u8> = program
        .instructions()
        .iter()
        .flat_map(|instruction| instruction.reads().chain(instruction.writes()))
        .filter_map(|(space, address)| (space == Space::Scalar).then_some(address))
        .collect();
    (2..MAX_ADDRESSES as u8).filter(move |address| !used.contains(address))
}

/// Copies a scalar: the larger of it and itself is it, to the bit.
fn copy_of(address: u8, copy: u8) -> Instruction {
    instruction(Op::ScalarMax, address, address, copy, Data::None)
}

fn instruction(op: Op, in1: u8, in2: u8, out: u8, data: Data) -> Instruction {
    let made: Result<Instruction, InstructionError> = Instruction::new(op, in1, in2, out, data);
    made.expect("addresses are below the most and outputs may be written")
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::{Backend, Evaluator, Scoring, known_program};

    use super::super::baselines::Net;
    use super::*;

    fn program(setup: &str, predict: &str, learn: &str) -> Program {
        let lines = |text: &str| text.lines().map(|line| format!("  {}\n", line.trim())).collect::<String>();
        let text = format!("def Setup():\n{}def Predict():\n{}def Learn():\n{}", lines(setup), lines(predict), lines(learn));
        let program: Program = text.parse().expect("a program");
        assert_eq!(simplify(&program), program, "what is dead would be gone");
        program
    }

    /// A linear model whose learning rate is the norm of a vector that Setup sets.
    fn norm_as_rate() -> Program {
        let setup = "v3[0.0] = 0.03\nv3[0.6] = 0.04\ns2 = norm(v3)";
        program(setup, "s1 = dot(v0, v1)", "s3 = s0 - s1\ns3 = s3 * s2\nv2 = s3 * v0\nv1 = v1 + v2")
    }

    /// One whose learning rate is made of the mean of its weights, by a sine.
    fn mean_as_rate() -> Program {
        let learn = "s2 = mean(m0)\ns4 = sin(s2)\ns3 = s0 - s1\nv3 = s3 * v0\nv3 = s4 * v3\nv1 = v1 + v3\nm1 = outer(v1, v0)\nm0 = m0 + m1";
        program("m0 = gaussian(0.5, 0.01)", "s1 = dot(v0, v1)", learn)
    }

    fn group() -> TaskGroup {
        let part = |count: usize| Examples {
            features: (0..2 * count).map(|number| if number % 2 == 0 { 0.1 } else { -0.2 + 0.01 * number as f64 }).collect(),
            labels: (0..count).map(|number| (number % 2) as f64).collect(),
        };
        let task = Task { seed: 1, train: part(20), valid: part(10), train_orders: None };
        TaskGroup::new(GroupSettings::new(2, Scoring::Accuracy), vec![task]).expect("a valid group")
    }

    fn valued(program: &Program, backend: Backend) -> Vec<Valued> {
        values(program, find(program), &group(), &mut Evaluator::new(backend).worker()).expect("a small program")
    }

    #[test]
    fn a_norm_that_scales_the_error_becomes_a_constant() {
        let program = norm_as_rate();
        assert_eq!(find(&program), [Computed { address: 2, uses: vec![(1, 1)] }]);
        let found = valued(&program, Backend::Interp);
        assert!((found[0].value - 0.05).abs() < 1e-8, "{found:?}");
        let expected = "def Setup():\n  s4 = 0.25\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s3 = s0 - s1\n  s3 = s3 * s4\n  \
                        v2 = s3 * v0\n  v1 = v1 + v2\n";
        let constant = Valued { value: 0.25, ..found[0].clone() };
        assert_eq!(replaced(&program, [&constant]).to_string(), expected);
    }

    #[test]
    fn a_rate_made_of_the_weights_becomes_a_constant_with_its_last_value() {
        let program = mean_as_rate();
        let computed = find(&program);
        assert_eq!(computed, [Computed { address: 4, uses: vec![(4, 0)] }]);
        for backend in [Backend::Oracle, Backend::Interp, Backend::Jit] {
            let found = valued(&program, backend);
            let mut worker = Evaluator::new(backend).worker();
            let end = worker.observe(&program, program.address_counts(), &group(), None).expect("a small program");
            assert_eq!(found[0].value, end.records[0].memory.scalars()[4]);
        }
        let decoupled = replaced(&program, &valued(&program, Backend::Interp)).to_string();
        assert!(!decoupled.contains("m0") && !decoupled.contains("sin") && decoupled.contains("v3 = s5 * v3"), "{decoupled}");
    }

    #[test]
    fn programs_that_compute_no_hyperparameter_are_left_alone() {
        for program in [known_program("linear"), known_program("net"), Net::Units(4).program()] {
            assert_eq!(find(&program.expect("a known program")), []);
        }
        // The rate is drawn; the rate is the error; the scale is part of the prediction; it is the bias, a weight.
        let predict = "s1 = dot(v0, v1)";
        assert_eq!(find(&program("s2 = uniform(0.1, 0.2)", predict, "s3 = s0 - s1\ns3 = s3 * s2\nv2 = s3 * v0\nv1 = v1 + v2")), []);
        assert_eq!(find(&program("", predict, "s3 = s0 - s1\ns2 = abs(s3)\ns3 = s3 * s2\nv2 = s3 * v0\nv1 = v1 + v2")), []);
        assert_eq!(find(&program("", "s2 = dot(v0, v1)\ns1 = sin(s2)", "s3 = cos(s2)\nv2 = s3 * v0\nv1 = v1 + v2")), []);
        let learn = "s3 = s0 - s1\nv2 = s3 * v0\nv3 = s4 * v0\ns4 = s4 + s3\nv1 = v1 + v2\nv1 = v1 - v3";
        assert_eq!(find(&program("", "s1 = dot(v0, v1)\ns1 = s1 + s4", learn)), []);
    }

    #[test]
    fn features_and_what_is_remembered_may_make_a_hyperparameter() {
        let normalized = program("", "s1 = dot(v0, v1)", "s2 = norm(v0)\ns3 = s0 - s1\ns2 = s3 / s2\nv2 = s2 * v0\nv1 = v1 + v2");
        assert_eq!(find(&normalized), [Computed { address: 2, uses: vec![(2, 1)] }]);
        // Of the last training example, before the use overwrites it.
        let found = valued(&normalized, Backend::Interp);
        assert!((found[0].value - 0.1f64.hypot(0.19)).abs() < 1e-12, "{found:?}");
        // A rate that decays by a step of its own, after its use, and scales two updates.
        let learn = "s3 = s0 - s1\ns3 = s2 * s3\nv2 = s3 * v0\nv3 = s2 * v1\nv1 = v1 + v2\nv1 = v1 - v3\ns4 = 0.999\ns2 = s2 * s4";
        let decaying = program("s2 = 0.5", "s1 = dot(v0, v1)", learn);
        assert_eq!(find(&decaying), [Computed { address: 2, uses: vec![(1, 0), (3, 0)] }]);
        let found = valued(&decaying, Backend::Interp);
        assert!((found[0].value - 0.5 * 0.999f64.powi(19)).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn a_value_that_runs_away_is_that_of_the_first_step() {
        assert_eq!([typical(0.5, 0.25), typical(0.0, 3.0), typical(f64::NAN, -3.0)], [Some(0.25), Some(3.0), Some(-3.0)]);
        for last in [0.0, f64::NAN, f64::INFINITY, 501.0, -1e-4] {
            assert_eq!(typical(0.5, last), Some(0.5), "{last}");
        }
        assert_eq!([typical(0.0, f64::INFINITY), typical(0.0, 0.0)], [None, None]);
        let learn = "s3 = s0 - s1\ns3 = s3 * s2\nv2 = s3 * v0\nv1 = v1 + v2\ns4 = 1e6\ns2 = s2 * s4";
        let growing = program("s2 = 0.5", "s1 = dot(v0, v1)", learn);
        assert_eq!(valued(&growing, Backend::Interp).iter().map(|valued| valued.value).collect::<Vec<_>>(), [0.5]);
    }

    #[test]
    fn several_are_told_apart_and_replaced_alone_or_together() {
        let learn = "s2 = norm(v0)\ns3 = s0 - s1\ns3 = s3 * s2\nv2 = s3 * v0\ns2 = norm(v1)\nv3 = s2 * v1\nv1 = v1 + v2\nv1 = v1 - v3";
        let both = program("", "s1 = dot(v0, v1)", learn);
        assert_eq!(find(&both), [Computed { address: 2, uses: vec![(2, 1)] }, Computed { address: 2, uses: vec![(5, 0)] }]);
        let found = valued(&both, Backend::Interp);
        assert_eq!(found.len(), 2);
        let [first, second, all] = [vec![&found[0]], vec![&found[1]], found.iter().collect()].map(|some| replaced(&both, some).to_string());
        assert_eq!([&first, &second, &all].map(|text| text.matches("norm").count()), [1, 1, 0]);
    }

    #[test]
    fn what_has_no_usable_value_or_no_free_address_is_left_as_it_is() {
        // The norm of a vector that is zero.
        let zero = program("", "s1 = dot(v0, v1)", "s2 = norm(v9)\ns3 = s0 - s1\ns3 = s3 * s2\nv2 = s3 * v0\nv1 = v1 + v2");
        assert_eq!((find(&zero).len(), valued(&zero, Backend::Interp)), (1, Vec::new()));
        let sums: String = (4..64).map(|address| format!("s1 = s1 + s{address}\n")).collect();
        let full = program(
            "v3[0.0] = 0.5\ns2 = norm(v3)",
            &format!("s1 = dot(v0, v1)\n{sums}"),
            "s3 = s0 - s1\ns3 = s3 * s2\nv2 = s3 * v0\nv1 = v1 + v2",
        );
        assert_eq!((find(&full).len(), valued(&full, Backend::Interp)), (1, Vec::new()));
    }
}
