//! The one implementation of every function whose last bit could differ between platforms. All backends, the task
//! generators and the random draws use these and nothing of the platform's own library.
//!
//! They come from `libm` (a Rust port of musl), pinned to one version and without its platform-specific paths, so the bits
//! are the same on every machine. `lanes` has the same functions on registers of f64 lanes, with the same bits.

pub(crate) mod lanes;

/// sin x, x in radians; NaN for an infinity.
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// cos x, x in radians; NaN for an infinity.
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// tan x, x in radians; NaN for an infinity.
pub fn tan(x: f64) -> f64 {
    libm::tan(x)
}

/// arcsin x; NaN outside [-1, 1].
pub fn arcsin(x: f64) -> f64 {
    libm::asin(x)
}

/// arccos x; NaN outside [-1, 1].
pub fn arccos(x: f64) -> f64 {
    libm::acos(x)
}

/// arctan x.
pub fn arctan(x: f64) -> f64 {
    libm::atan(x)
}

/// e to the power x.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// The natural logarithm: NaN below 0, -inf at 0.
pub fn log(x: f64) -> f64 {
    libm::log(x)
}

/// 1 / (1 + exp(-x)), in exactly these operations.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

/// The fitness of a root-mean-square task whose mean squared error is `loss`: 1 - (2 / pi) atan(sqrt(loss)), 0 if not finite.
pub fn rms_fitness(loss: f64) -> f64 {
    let fitness = 1.0 - std::f64::consts::FRAC_2_PI * arctan(loss.sqrt());
    if fitness.is_finite() { fitness } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_saturates_without_nan() {
        assert_eq!(sigmoid(0.0), 0.5);
        assert_eq!(sigmoid(720.0), 1.0);
        assert_eq!(sigmoid(-720.0), 0.0);
        assert!(sigmoid(-709.0) > 0.0);
        assert!(sigmoid(f64::NAN).is_nan());
        // Too near 0 for exp(-x) to differ from 1.
        assert_eq!(sigmoid(1e-17), 0.5);
    }

    #[test]
    fn fitness_falls_from_one_to_zero() {
        assert_eq!(rms_fitness(0.0), 1.0);
        assert!((rms_fitness(1.0) - 0.5).abs() < 1e-15);
        assert!(rms_fitness(f64::INFINITY) < 1e-15);
        assert_eq!(rms_fitness(f64::NAN), 0.0);
    }
}
