//! `search.mutations`: which kinds of mutation there are and how likely each is, in three notations.

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ExperimentError;

/// The most kinds of mutation in a list, repetitions included.
const MAX_LISTED: usize = 1_000;
/// The largest sum of weights.
const MAX_SUM: u64 = 1_000_000;

/// A kind of mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MutationKind {
    /// Redraws one address or alters one constant of one instruction.
    AlterParameter,
    /// Replaces one instruction by a random one.
    RandomizeInstruction,
    /// Replaces all instructions of one component function by random ones.
    RandomizeFunction,
    /// Inserts a random instruction.
    InsertInstruction,
    /// Removes an instruction.
    RemoveInstruction,
    /// Inserts a random instruction, then removes one, in the same component function.
    TradeInstruction,
    /// Replaces all instructions of all component functions by random ones.
    RandomizeProgram,
    /// Changes nothing.
    Identity,
}

impl MutationKind {
    /// Every kind.
    pub const ALL: [MutationKind; 8] = [
        MutationKind::AlterParameter,
        MutationKind::RandomizeInstruction,
        MutationKind::RandomizeFunction,
        MutationKind::InsertInstruction,
        MutationKind::RemoveInstruction,
        MutationKind::TradeInstruction,
        MutationKind::RandomizeProgram,
        MutationKind::Identity,
    ];

    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            MutationKind::AlterParameter => "alter-parameter",
            MutationKind::RandomizeInstruction => "randomize-instruction",
            MutationKind::RandomizeFunction => "randomize-function",
            MutationKind::InsertInstruction => "insert-instruction",
            MutationKind::RemoveInstruction => "remove-instruction",
            MutationKind::TradeInstruction => "trade-instruction",
            MutationKind::RandomizeProgram => "randomize-program",
            MutationKind::Identity => "identity",
        }
    }
}

/// Which kinds of mutation there are and how likely each is.
///
/// ```
/// use exnihilo::experiment::{Experiment, MutationKind, Mutations};
/// let mut experiment = Experiment::preset("linear").expect("a built-in preset");
/// experiment.set("search.mutations", "{ alter-parameter = 3, insert-instruction = 1 }").expect("a table of weights");
/// let weights = [(MutationKind::AlterParameter, 3), (MutationKind::InsertInstruction, 1)];
/// assert_eq!(experiment.search.mutations.weights(), weights);
/// experiment.set("search.mutations", "paper").expect("a name");
/// assert_eq!(experiment.search.mutations, Mutations::Paper);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mutations {
    /// Drawn uniformly; a kind that stands twice is twice as likely.
    List(Vec<MutationKind>),
    /// Drawn in proportion to their weights; in the order of [`MutationKind`], whatever the order of the file.
    Weights(Vec<(MutationKind, u64)>),
    /// As the paper says (section 3.2): with equal probability an instruction is added or removed, removal twice as likely; one component
    /// function is randomized; one parameter is altered.
    Paper,
    /// As the published code does unless told otherwise: alters a parameter, randomizes an instruction or a component function, with
    /// equal probability.
    Reference,
}

impl Mutations {
    /// Each kind with its weight, in the order in which they are drawn.
    pub fn weights(&self) -> Vec<(MutationKind, u64)> {
        match self {
            Mutations::List(kinds) => kinds.iter().map(|&kind| (kind, 1)).collect(),
            Mutations::Weights(weights) => weights.clone(),
            Mutations::Paper => vec![
                (MutationKind::AlterParameter, 3),
                (MutationKind::RandomizeFunction, 3),
                (MutationKind::InsertInstruction, 1),
                (MutationKind::RemoveInstruction, 2),
            ],
            Mutations::Reference => {
                vec![(MutationKind::AlterParameter, 1), (MutationKind::RandomizeInstruction, 1), (MutationKind::RandomizeFunction, 1)]
            }
        }
    }

    /// Whether one can be drawn.
    pub(super) fn validate(&self) -> Result<(), ExperimentError> {
        const NAME_ONE: &str = "name at least one, such as \"alter-parameter\"; \"identity\" changes nothing";
        let refused = |problem: String, remedy: String| Err(ExperimentError::value("search.mutations", problem, remedy));
        match self {
            Mutations::List(kinds) if kinds.is_empty() => refused("the list is empty".to_owned(), NAME_ONE.to_owned()),
            Mutations::List(kinds) if kinds.len() > MAX_LISTED => {
                refused(format!("{} kinds are too many", kinds.len()), format!("name at most {MAX_LISTED}, or write a table of weights"))
            }
            Mutations::Weights(weights) => match weights.iter().fold(0, |sum: u64, (_, weight)| sum.saturating_add(*weight)) {
                0 => refused("there is no weight above 0".to_owned(), "give at least one kind a weight of 1 or more".to_owned()),
                1..=MAX_SUM => Ok(()),
                sum => refused(format!("the sum of weights, {sum}, is too large"), format!("choose weights of {MAX_SUM} together at most")),
            },
            Mutations::List(_) | Mutations::Paper | Mutations::Reference => Ok(()),
        }
    }
}

const PAPER: &str = "paper";
const REFERENCE: &str = "reference";

impl Serialize for Mutations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Mutations::List(kinds) => serializer.collect_seq(kinds),
            Mutations::Weights(weights) => serializer.collect_map(weights.iter().copied()),
            Mutations::Paper => serializer.serialize_str(PAPER),
            Mutations::Reference => serializer.serialize_str(REFERENCE),
        }
    }
}

impl<'de> Deserialize<'de> for Mutations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Mutations, D::Error> {
        struct MutationsVisitor;

        impl<'de> Visitor<'de> for MutationsVisitor {
            type Value = Mutations;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "\"paper\", \"reference\", a list of kinds such as [\"alter-parameter\"], \
                     or a table of weights such as { alter-parameter = 2 }",
                )
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Mutations, E> {
                match name {
                    PAPER => Ok(Mutations::Paper),
                    REFERENCE => Ok(Mutations::Reference),
                    _ => Err(E::unknown_variant(name, &[PAPER, REFERENCE])),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Mutations, A::Error> {
                let mut kinds = Vec::new();
                while let Some(kind) = list.next_element()? {
                    kinds.push(kind);
                }
                Ok(Mutations::List(kinds))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Mutations, A::Error> {
                let mut weights = Vec::new();
                while let Some(weight) = table.next_entry::<MutationKind, u64>()? {
                    weights.push(weight);
                }
                weights.sort_unstable();
                Ok(Mutations::Weights(weights))
            }
        }

        deserializer.deserialize_any(MutationsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use crate::experiment::Experiment;

    use super::*;

    fn linear() -> Experiment {
        Experiment::preset("linear").expect("a built-in preset")
    }

    #[test]
    fn every_notation_reads_back() {
        let kinds: Vec<String> = MutationKind::ALL.iter().map(|kind| toml::Value::try_from(kind).expect("a name").to_string()).collect();
        for notation in [
            "paper".to_owned(),
            "\"reference\"".to_owned(),
            format!("[{}, \"identity\"]", kinds.join(", ")),
            format!("{{ {} = 0, identity = 4 }}", kinds[..7].iter().map(|kind| kind.trim_matches('"')).collect::<Vec<_>>().join(" = 7, ")),
        ] {
            let mut experiment = linear();
            experiment.set("search.mutations", &notation).expect("a notation");
            experiment.validate().expect("possible");
            let text = experiment.to_toml().expect("it can be written");
            assert_eq!(Experiment::from_toml(&text).expect("what was written reads back"), experiment, "{text}");
            // Another key goes through a table whose keys have another order.
            let before = experiment.search.mutations.clone();
            experiment.set("search.population", "10").expect("a known key");
            assert_eq!(experiment.search.mutations, before);
        }
    }

    #[test]
    fn the_order_of_a_table_means_nothing() {
        let read = |notation: &str| {
            let mut experiment = linear();
            experiment.set("search.mutations", notation).expect("a table");
            experiment.search.mutations
        };
        let weights = Mutations::Weights(vec![(MutationKind::AlterParameter, 3), (MutationKind::RemoveInstruction, 2)]);
        assert_eq!(read("{ remove-instruction = 2, alter-parameter = 3 }"), weights);
        assert_eq!(read("{ alter-parameter = 3, remove-instruction = 2 }"), weights);
    }

    #[test]
    fn one_weight_can_be_set_by_itself() {
        let mut experiment = linear();
        experiment.set("search.mutations", "{ alter-parameter = 3, identity = 1 }").expect("a table");
        experiment.set("search.mutations.identity", "2").expect("a weight");
        assert_eq!(experiment.search.mutations.weights(), [(MutationKind::AlterParameter, 3), (MutationKind::Identity, 2)]);
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_remedy() {
        for (notation, words) in [
            ("papr", "did you mean `paper`?"),
            ("7", "a table of weights"),
            ("[\"alter\"]", "alter-parameter"),
            ("{ alter-paramter = 1 }", "did you mean `alter-parameter`?"),
            ("{ alter-parameter = -1 }", "expected a whole number"),
            ("{ alter-parameter = 0.5 }", "expected a whole number"),
        ] {
            let message = linear().set("search.mutations", notation).expect_err("refused").to_string();
            assert!(message.starts_with("cannot set search.mutations: ") && message.contains(words), "{message}");
        }
        for (notation, words) in [
            ("[]", "name at least one"),
            ("{}", "a weight of 1 or more"),
            ("{ identity = 0 }", "a weight of 1 or more"),
            ("{ identity = 1000001 }", "1000000 together at most"),
            ("{ identity = 9223372036854775807, alter-parameter = 9223372036854775807, trade-instruction = 9 }", "together at most"),
        ] {
            let mut experiment = linear();
            experiment.set("search.mutations", notation).expect("a notation");
            let message = experiment.validate().expect_err("impossible").to_string();
            assert!(message.starts_with("search.mutations: ") && message.contains(words), "{message}");
        }
    }
}
