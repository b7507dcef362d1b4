//! What the paper ran where a preset runs on one machine.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `[paper]`: what the paper says of the experiment. It changes nothing; it tells how far the experiment is from the paper's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PaperScale {
    /// The section or figure.
    pub section: String,
    /// Processes, each with a population of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// Days for which they ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<f64>,
    /// Individuals of one experiment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub individuals: Option<u64>,
    /// What else differs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl fmt::Display for PaperScale {
    /// One line: section, processes, time, individuals, note.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.section)?;
        let plural = |count: bool| if count { "" } else { "s" };
        if let Some(processes) = self.processes {
            write!(f, "; {processes} process{}", if processes == 1 { "" } else { "es" })?;
        }
        if let Some(days) = self.days {
            write!(f, "; {days} day{}", plural(days == 1.0))?;
        }
        if let Some(individuals) = self.individuals {
            write!(f, "; {individuals} individual{} an experiment", plural(individuals == 1))?;
        }
        if !self.note.is_empty() {
            write!(f, "; {}", self.note)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_line() {
        let all = PaperScale {
            section: "section 4.2".to_owned(),
            processes: Some(10_000),
            days: Some(5.0),
            individuals: Some(100_000),
            note: "larger tasks".to_owned(),
        };
        assert_eq!(all.to_string(), "section 4.2; 10000 processes; 5 days; 100000 individuals an experiment; larger tasks");
        let few = PaperScale { section: "figure 4".to_owned(), processes: Some(1), days: Some(0.5), ..PaperScale::default() };
        assert_eq!(few.to_string(), "figure 4; 1 process; 0.5 days");
    }
}
