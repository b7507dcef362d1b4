//! Sizes of evaluations, written TRAIN/VALID.

use std::fmt;
use std::str::FromStr;

/// How many examples of a task an evaluation goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) train: usize,
    pub(super) valid: usize,
}

impl Size {
    /// The evaluation whose steps, compile time and number a second are a line's own fields.
    pub(super) const STANDARD: Size = Size { train: 1_000, valid: 100 };
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.train, self.valid))
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let number = |text: &str| text.trim().parse::<usize>().ok().filter(|&number| number > 0);
        let size = text.split_once('/').and_then(|(train, valid)| Some(Size { train: number(train)?, valid: number(valid)? }));
        size.ok_or_else(|| "write TRAIN/VALID, two numbers of at least 1, as in 1000/100".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_back_and_others_are_refused() {
        let size = Size { train: 8_000, valid: 1_000 };
        assert_eq!(size.to_string().parse(), Ok(size));
        for text in ["", "10", "10/", "0/10", "10/0", "-1/3", "a/b", "1/2/3"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
