//! How many programs evolve together.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// P, the programs of a population: one number for all islands, or several, which the islands take in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Populations(Vec<usize>);

impl Populations {
    /// P of an island, from 0.
    pub fn of_island(&self, island: usize) -> usize {
        self.0[island % self.0.len()]
    }

    /// The different islands' P, in turn; at least one.
    pub fn sizes(&self) -> &[usize] {
        &self.0
    }

    /// The programs of so many islands.
    pub(super) fn total(&self, islands: usize) -> usize {
        (0..islands).map(|island| self.of_island(island)).fold(0, usize::saturating_add)
    }
}

impl From<usize> for Populations {
    fn from(population: usize) -> Populations {
        Populations(vec![population])
    }
}

impl fmt::Display for Populations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(usize::to_string).collect::<Vec<_>>().join(", "))
    }
}

impl Serialize for Populations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let [population] = self.0[..] { population.serialize(serializer) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Populations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Populations, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Populations;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a list of such, which the islands take in turn")
            }

            fn visit_u64<E: de::Error>(self, population: u64) -> Result<Populations, E> {
                usize::try_from(population)
                    .map(Populations::from)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(population), &self))
            }

            fn visit_i64<E: de::Error>(self, population: i64) -> Result<Populations, E> {
                usize::try_from(population).map(Populations::from).map_err(|_| E::invalid_value(de::Unexpected::Signed(population), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Populations, A::Error> {
                let sizes = Vec::deserialize(SeqAccessDeserializer::new(list))?;
                if sizes.is_empty() { Err(de::Error::invalid_length(0, &self)) } else { Ok(Populations(sizes)) }
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}

#[cfg(test)]
mod tests {
    use crate::experiment::Experiment;

    #[test]
    fn islands_take_the_sizes_in_turn() {
        let mut experiment = Experiment::preset("linear").expect("a preset");
        experiment.set("search.population", "[100, 215, 464]").expect("a list of sizes");
        let populations = &experiment.search.population;
        assert_eq!([0, 1, 2, 3, 4].map(|island| populations.of_island(island)), [100, 215, 464, 100, 215]);
        assert_eq!((populations.total(2), populations.total(4), populations.to_string()), (315, 879, "100, 215, 464".to_owned()));
        let again = Experiment::from_toml(&experiment.to_toml().expect("it can be written")).expect("what was written is read");
        assert_eq!(again.search.population, experiment.search.population);
        for wrong in ["[]", "[10, -1]", "-1", "1.5", "\"many\"", "[[1]]", "{ a = 1 }"] {
            let error = experiment.set("search.population", wrong).expect_err(wrong).to_string();
            assert!(error.contains("search.population") || error.contains("population"), "{wrong}: {error}");
        }
        experiment.set("search.population", "[100, 0]").expect("a list");
        assert!(experiment.validate().expect_err("an empty population").to_string().contains("choose 1 to 1000000"));
    }
}
