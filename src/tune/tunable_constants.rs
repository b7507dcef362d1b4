//! The constants of a program as hyperparameters: each can be multiplied by a factor.

use std::fmt;

use exnihilo_jit::exec::math;
use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{ComponentFunction, Data, Instruction, Program, Stream};

/// The largest factor; the smallest is its reciprocal (the paper, S7).
pub const LARGEST_FACTOR: f64 = 1_000.0;

/// Which constant of an instruction is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConstantPart {
    /// The value of a scalar, or of an element of a vector or matrix.
    Value,
    /// The lower end of a uniform distribution.
    Low,
    /// The upper end of a uniform distribution.
    High,
    /// The mean of a normal distribution.
    Mean,
    /// The standard deviation of a normal distribution.
    StDev,
}

impl ConstantPart {
    /// The name in output.
    pub const fn name(self) -> &'static str {
        match self {
            ConstantPart::Value => "value",
            ConstantPart::Low => "low",
            ConstantPart::High => "high",
            ConstantPart::Mean => "mean",
            ConstantPart::StDev => "st_dev",
        }
    }

    /// The constant itself; none where the instruction has no such constant.
    fn of(self, data: Data) -> Option<f64> {
        match (self, data) {
            (ConstantPart::Value, Data::ScalarConst(value)) => Some(value),
            (ConstantPart::Value, Data::VectorConst { value, .. } | Data::MatrixConst { value, .. }) => Some(value.into()),
            (ConstantPart::Low, Data::Uniform { low, .. }) => Some(low.into()),
            // What is not a range is the constant `low`, and its other end means nothing.
            (ConstantPart::High, Data::Uniform { low, high }) if low < high => Some(high.into()),
            (ConstantPart::Mean, Data::Gaussian { mean, .. }) => Some(mean.into()),
            (ConstantPart::StDev, Data::Gaussian { st_dev, .. }) => Some(st_dev.into()),
            _ => None,
        }
    }

    const ALL: [ConstantPart; 5] = [ConstantPart::Value, ConstantPart::Low, ConstantPart::High, ConstantPart::Mean, ConstantPart::StDev];
}

impl fmt::Display for ConstantPart {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where a constant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The component function.
    pub function: ComponentFunction,
    /// The instruction, from 0.
    pub position: usize,
    /// Which of its constants.
    pub part: ConstantPart,
}

impl Place {
    /// The index of the instruction among all of the program: Setup, Predict, Learn.
    pub fn line(self, program: &Program) -> usize {
        let before = ComponentFunction::ALL.into_iter().take_while(|&function| function != self.function);
        before.map(|function| program.function(function).len()).sum::<usize>() + self.position
    }
}

/// What is tuned of a program: groups of constants, those of a group by a common factor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TunableConstants {
    groups: Vec<Vec<Place>>,
}

impl TunableConstants {
    /// Every constant by itself, but those that no factor changes (0, infinities, NaN, the unused end of a range that is none).
    /// Index fractions say where, not how much, and are none of them.
    pub fn each(program: &Program) -> TunableConstants {
        TunableConstants { groups: constants(program).map(|(place, ..)| vec![place]).collect() }
    }

    /// Equal constants of the same op together: for programs that repeat an instruction for each of several like parts, as the
    /// hidden units of a network are.
    pub fn of_equal(program: &Program) -> TunableConstants {
        let mut names = Vec::new();
        let mut groups: Vec<Vec<Place>> = Vec::new();
        for (place, instruction, value) in constants(program) {
            let name = (instruction.op(), place.part, value.to_bits());
            match names.iter().position(|known| *known == name) {
                Some(group) => groups[group].push(place),
                None => {
                    names.push(name);
                    groups.push(vec![place]);
                }
            }
        }
        TunableConstants { groups }
    }

    /// How many factors there are.
    pub fn count(&self) -> usize {
        self.groups.len()
    }

    /// The groups, in program order of their first constants.
    pub fn groups(&self) -> &[Vec<Place>] {
        &self.groups
    }

    /// The factors of a trial: all 1 in trial 0; in others each is log-uniform in [1 / [`LARGEST_FACTOR`], [`LARGEST_FACTOR`]), one
    /// draw a group, in order, from a stream named by seed and trial alone.
    pub fn factors(&self, seed: u64, trial: u32) -> Vec<f64> {
        let mut stream = Stream::named(key(seed, purpose::TUNING), trial.into());
        let ends = math::log(LARGEST_FACTOR);
        let mut draw = || if trial == 0 { 1.0 } else { math::exp(ends * (2.0 * stream.unit() - 1.0)) };
        self.groups.iter().map(|_| draw()).collect()
    }

    /// The program with its constants multiplied, each group by its factor. What overflows becomes the largest finite value; the ends of
    /// a range are put in order, so that it stays one.
    ///
    /// # Panics
    /// If the factors are not one a group, or the constants are those of another program.
    pub fn scaled(&self, program: &Program, factors: &[f64]) -> Program {
        assert_eq!(factors.len(), self.groups.len(), "one factor a group");
        let mut scaled = program.clone();
        for (group, &factor) in self.groups.iter().zip(factors) {
            for &Place { function, position, part } in group {
                let instruction = &mut scaled.function_mut(function)[position];
                let data = with(instruction.data(), part, |value, largest| (value * factor).clamp(-largest, largest));
                *instruction = with_data(instruction, data);
            }
        }
        for function in ComponentFunction::ALL {
            for (new, old) in scaled.function_mut(function).iter_mut().zip(program.function(function)) {
                if let (Data::Uniform { low, high }, Data::Uniform { low: old_low, high: old_high }) = (new.data(), old.data())
                    && old_low < old_high
                    && high < low
                {
                    *new = with_data(new, Data::Uniform { low: high, high: low });
                }
            }
        }
        scaled
    }
}

/// The constants of a program that a factor changes, in its order.
fn constants(program: &Program) -> impl Iterator<Item = (Place, Instruction, f64)> {
    let positions = ComponentFunction::ALL.into_iter().flat_map(|function| {
        program.function(function).iter().enumerate().map(move |(position, instruction)| (function, position, *instruction))
    });
    positions.flat_map(|(function, position, instruction)| {
        ConstantPart::ALL.into_iter().filter_map(move |part| {
            let value = part.of(instruction.data()).filter(|value| value.is_finite() && *value != 0.0)?;
            Some((Place { function, position, part }, instruction, value))
        })
    })
}

/// The same constants with one changed by a function of it and the largest finite value of its type.
fn with(data: Data, part: ConstantPart, change: impl Fn(f64, f64) -> f64) -> Data {
    let change_f32 = |value: f32| change(value.into(), f32::MAX.into()) as f32;
    match (part, data) {
        (ConstantPart::Value, Data::ScalarConst(value)) => Data::ScalarConst(change(value, f64::MAX)),
        (ConstantPart::Value, Data::VectorConst { index, value }) => Data::VectorConst { index, value: change_f32(value) },
        (ConstantPart::Value, Data::MatrixConst { row, column, value }) => Data::MatrixConst { row, column, value: change_f32(value) },
        (ConstantPart::Low, Data::Uniform { low, high }) => Data::Uniform { low: change_f32(low), high },
        (ConstantPart::High, Data::Uniform { low, high }) => Data::Uniform { low, high: change_f32(high) },
        (ConstantPart::Mean, Data::Gaussian { mean, st_dev }) => Data::Gaussian { mean: change_f32(mean), st_dev },
        (ConstantPart::StDev, Data::Gaussian { mean, st_dev }) => Data::Gaussian { mean, st_dev: change_f32(st_dev) },
        _ => unreachable!("a place names a constant that its instruction has"),
    }
}

fn with_data(instruction: &Instruction, data: Data) -> Instruction {
    Instruction::new(instruction.op(), instruction.in1(), instruction.in2(), instruction.out(), data)
        .expect("only the size of a constant has changed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Program {
        let text = "def Setup():\n  s2 = 0.5\n  v2[0.25] = -3.0\n  m1[0.5, 0.75] = 2.0\n  v1 = uniform(-1.0, 2.0)\n  s3 = gaussian(0.0, 0.1)\n  \
                    v3 = uniform(2.0, -1.0)\ndef Predict():\n  s4 = inf\ndef Learn():\n  s5 = 0.5\n  s6 = 0.0\n";
        text.parse().expect("a program")
    }

    #[test]
    fn every_constant_but_places_zeros_and_what_is_not_finite_is_a_knob() {
        let constants = TunableConstants::each(&program());
        let parts: Vec<(usize, &str)> = constants.groups().iter().map(|group| (group[0].position, group[0].part.name())).collect();
        assert_eq!(parts, [(0, "value"), (1, "value"), (2, "value"), (3, "low"), (3, "high"), (4, "st_dev"), (5, "low"), (0, "value")]);
        assert_eq!(TunableConstants::each(&Program::default()).count(), 0);
    }

    #[test]
    fn factors_scale_what_they_belong_to_and_nothing_else() {
        let constants = TunableConstants::each(&program());
        let scaled = constants.scaled(&program(), &[2.0, 10.0, 100.0, 1.0, 3.0, 1e300, 0.5, 4.0]);
        let expected = "def Setup():\n  s2 = 1.0\n  v2[0.25] = -30.0\n  m1[0.5, 0.75] = 200.0\n  v1 = uniform(-1.0, 6.0)\n  \
                        s3 = gaussian(0.0, 3.4028235e38)\n  v3 = uniform(1.0, -1.0)\ndef Predict():\n  s4 = inf\ndef Learn():\n  s5 = 2.0\n  s6 = 0.0\n";
        assert_eq!(scaled.to_string(), expected);
        assert_eq!(constants.scaled(&program(), &constants.factors(7, 0)), program());
    }

    #[test]
    fn a_range_stays_a_range() {
        let program: Program = "def Setup():\n  v1 = uniform(1.0, 2.0)\n".parse().expect("a program");
        let scaled = TunableConstants::each(&program).scaled(&program, &[100.0, 1.0]);
        assert_eq!(scaled.to_string(), "def Setup():\n  v1 = uniform(2.0, 100.0)\ndef Predict():\ndef Learn():\n");
    }

    #[test]
    fn equal_constants_of_one_op_can_be_tied() {
        let constants = TunableConstants::of_equal(&program());
        assert_eq!(constants.count(), 7);
        assert_eq!(constants.groups()[0].iter().map(|place| place.function.name()).collect::<Vec<_>>(), ["Setup", "Learn"]);
        let scaled = constants.scaled(&program(), &[2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]).to_string();
        assert!(scaled.contains("s2 = 1.0") && scaled.contains("s5 = 1.0"), "{scaled}");
    }

    #[test]
    fn factors_are_log_uniform_and_a_function_of_seed_and_trial() {
        let constants = TunableConstants::each(&program());
        let all: Vec<f64> = (1..2_000).flat_map(|trial| constants.factors(3, trial)).collect();
        assert!(all.iter().all(|factor| (1.0 / LARGEST_FACTOR..=LARGEST_FACTOR).contains(factor)));
        let below = |bound: f64| all.iter().filter(|&&factor| factor < bound).count() as f64 / all.len() as f64;
        for (bound, share) in [(0.01, 1.0 / 6.0), (0.1, 2.0 / 6.0), (1.0, 0.5), (100.0, 5.0 / 6.0)] {
            assert!((below(bound) - share).abs() < 0.02, "{} below {bound}", below(bound));
        }
        assert_eq!(constants.factors(3, 5), constants.factors(3, 5));
        assert_ne!(constants.factors(3, 5), constants.factors(3, 6));
        assert_ne!(constants.factors(3, 5), constants.factors(4, 5));
    }
}
