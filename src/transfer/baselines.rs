//! The hand-written models that a found program is held against.

use std::fmt::Write;

use exnihilo_jit::{Program, known_program};

/// The most hidden units of a network that has a vector for each.
pub const MOST_UNITS: u8 = 28;

/// How large the two-layer network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Net {
    /// There is none.
    None,
    /// So many hidden units, 1 to [`MOST_UNITS`], each with its weights in a vector: a step costs about as much as one of as many linear
    /// models.
    Units(u8),
    /// F hidden units with their weights in a matrix, as the program `net` has: a step goes through F x F weights three times.
    Full,
}

impl Net {
    /// The program; none for [`Net::None`].
    ///
    /// # Panics
    /// If there are no units, or more than [`MOST_UNITS`].
    pub fn program(self) -> Option<Program> {
        match self {
            Net::None => None,
            Net::Units(units) => Some(net(units)),
            Net::Full => known_program("net"),
        }
    }
}

/// Logistic regression by stochastic gradient descent; its one hyperparameter is the learning rate. In Learn `s1` has gone through the
/// sigmoid, so that the difference is the gradient of the logistic loss.
pub(super) fn logistic() -> Program {
    include_str!("programs/logistic.az").parse().expect("the text is part of the crate and parsed in its tests")
}

/// A two-layer network with ReLU and so many hidden units, trained by back-propagation of the logistic loss.
///
/// # Panics
/// If there are none, or more than [`MOST_UNITS`].
fn net(units: u8) -> Program {
    assert!((1..=MOST_UNITS).contains(&units), "{units} hidden units");
    // s2: learning rate; s3: output bias; s4: error; s5: scratch; s6 is never written, so it is zero; v1: scratch. Each unit has its
    // weights in a vector, what it is given in one scalar, and its output weight in another.
    let [mut setup, mut predict, mut learn] = ["def Setup():\n  s2 = 0.01\n", "def Predict():\n", "def Learn():\n"].map(String::from);
    learn += "  s4 = s0 - s1\n  s4 = s4 * s2\n  s3 = s3 + s4\n";
    for unit in 0..units {
        let (weights, given, output) = (2 + unit, 7 + 2 * unit, 8 + 2 * unit);
        write!(setup, "  v{weights} = gaussian(0.0, 0.1)\n  s{output} = gaussian(0.0, 0.1)\n").expect("a String takes everything");
        write!(
            predict,
            "  s{given} = dot(v{weights}, v0)\n  s5 = maximum(s{given}, s6)\n  s5 = s5 * s{output}\n  s1 = {}\n",
            if unit == 0 { "s3 + s5" } else { "s1 + s5" }
        )
        .expect("a String takes everything");
        write!(
            learn,
            "  s5 = heaviside(s{given})\n  s5 = s5 * s{output}\n  s5 = s5 * s4\n  v1 = s5 * v0\n  v{weights} = v{weights} + v1\n  \
             s5 = maximum(s{given}, s6)\n  s5 = s5 * s4\n  s{output} = s{output} + s5\n"
        )
        .expect("a String takes everything");
    }
    (setup + &predict + &learn).parse().expect("the text above is a program for every number of units")
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::{Backend, Combine, Evaluator, Examples, GroupSettings, Scoring, Stream, Task, TaskGroup};

    use super::*;
    use crate::tune::TunableConstants;

    /// Classes that a function of two standard normal features tells apart.
    fn group(is_first: impl Fn(f64, f64) -> bool) -> TaskGroup {
        let mut stream = Stream::new(4);
        let mut examples = |count: usize| {
            let features: Vec<f64> = (0..2 * count).map(|_| stream.normal()).collect();
            let labels = features.chunks_exact(2).map(|x| f64::from(is_first(x[0], x[1]))).collect();
            Examples { features, labels }
        };
        let task = Task { seed: 2, train: examples(4_000), valid: examples(1_000), train_orders: None };
        TaskGroup::new(GroupSettings::new(2, Scoring::Accuracy), vec![task]).expect("a valid group")
    }

    fn accuracy(program: &Program, factors: &[f64], group: &TaskGroup) -> f64 {
        let program = TunableConstants::of_equal(program).scaled(program, factors);
        Evaluator::new(Backend::Interp).worker().evaluate(&program, group).expect("a small program").fitness(Combine::Mean)
    }

    #[test]
    fn logistic_regression_learns_a_line_that_does_not_go_through_the_origin() {
        let line = group(|x, y| x + 2.0 * y > 1.0);
        assert!(accuracy(&logistic(), &[30.0], &line) > 0.97);
        let exclusive = group(|x, y| x * y > 0.0);
        assert!(accuracy(&logistic(), &[30.0], &exclusive) < 0.6);
    }

    #[test]
    fn the_network_learns_what_no_line_tells_apart() {
        let exclusive = group(|x, y| x * y > 0.0);
        for (units, least) in [(8, 0.93), (MOST_UNITS, 0.93)] {
            let found = accuracy(&net(units), &[10.0, 5.0, 5.0], &exclusive);
            assert!(found > least, "{units} units: {found}");
        }
        assert!(accuracy(&net(1), &[10.0, 5.0, 5.0], &exclusive) < 0.8);
    }

    #[test]
    fn hyperparameters_of_the_models_are_few_whatever_their_size() {
        assert_eq!(TunableConstants::of_equal(&logistic()).count(), 1);
        for units in [1, 16, MOST_UNITS] {
            let program = Net::Units(units).program().expect("a network");
            assert_eq!(TunableConstants::of_equal(&program).count(), 3, "learning rate and two standard deviations");
            assert_eq!(exnihilo_jit::simplify(&program), program, "nothing in it is idle");
        }
        assert_eq!((Net::None.program(), Net::Full.program()), (None, known_program("net")));
    }
}
