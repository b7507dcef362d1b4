//! What the constants of a program are worth: each by itself multiplied by factors around 1.

use exnihilo_jit::{Data, Program};

use super::tunable_constants::{ConstantPart, TunableConstants};

/// The factors of a curve, ascending.
pub const FACTORS: [f64; 10] = [0.0, 0.1, 0.3, 0.5, 0.8, 1.0, 1.25, 2.0, 3.3, 10.0];

/// A constant that can be multiplied: the value of a scalar, or an end, the mean or the standard deviation of a random draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// The index of its line.
    pub line: usize,
    /// Which constant of the line.
    pub part: ConstantPart,
    /// What it is.
    pub value: f64,
    /// Its number among all that can be multiplied.
    knob: usize,
}

impl Constant {
    /// All of a program, in its order: those that a factor changes, so no zeros, infinities or NaN. Elements of vectors and matrices are
    /// not among them.
    pub fn all(program: &Program) -> Vec<Constant> {
        let constants = TunableConstants::each(program);
        let constants = constants.groups().iter().enumerate().filter_map(|(knob, group)| {
            let place = group[0];
            let line = place.line(program);
            let value = match (program.instructions()[line].data(), place.part) {
                (Data::ScalarConst(value), _) => value,
                (Data::Uniform { low, .. }, ConstantPart::Low) => low.into(),
                (Data::Uniform { high, .. }, _) => high.into(),
                (Data::Gaussian { mean, .. }, ConstantPart::Mean) => mean.into(),
                (Data::Gaussian { st_dev, .. }, _) => st_dev.into(),
                _ => return None,
            };
            Some(Constant { line, part: place.part, value, knob })
        });
        constants.collect()
    }

    /// The program with this constant multiplied. What overflows becomes the largest finite value; the ends of a range are put in order.
    ///
    /// # Panics
    /// If the constant is that of another program.
    pub fn scaled(&self, program: &Program, factor: f64) -> Program {
        let constants = TunableConstants::each(program);
        let mut factors = vec![1.0; constants.count()];
        factors[self.knob] = factor;
        constants.scaled(program, &factors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_and_draws_are_scaled_one_by_one_and_elements_are_left_alone() {
        let text = "def Setup():\n  s2 = 0.5\n  v2[0.25] = -3.0\n  s3 = 0.0\n  v1 = uniform(-1.0, 2.0)\n  m0 = gaussian(0.0, 0.5)\n\
                    def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  v1 = uniform(3.0, 1.0)\n";
        let program: Program = text.parse().expect("a program");
        let constants = Constant::all(&program);
        let told: Vec<(usize, &str, f64)> =
            constants.iter().map(|constant| (constant.line, constant.part.name(), constant.value)).collect();
        assert_eq!(told, [(0, "value", 0.5), (3, "low", -1.0), (3, "high", 2.0), (4, "st_dev", 0.5), (6, "low", 3.0)]);
        let scaled = constants[3].scaled(&program, 3.0).to_string();
        assert_eq!(scaled, program.to_string().replace("0.0, 0.5", "0.0, 1.5"));
        assert!(constants[0].scaled(&program, 0.0).to_string().contains("s2 = 0.0\n"));
        assert_eq!(constants[2].scaled(&program, 1.0), program);
        assert!(FACTORS.is_sorted() && FACTORS.contains(&0.0) && FACTORS.contains(&1.0));
    }
}
