//! The sections of an experiment and their defaults.

use exnihilo_jit::{AddressCounts, Combine, ComponentFunction, Op};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::error::nearest;
use super::mutations::{MutationKind, Mutations};
use super::populations::Populations;
use crate::task::TaskSpec;

/// `[program]`: what programs may look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramSettings {
    /// How many scalars, vectors and matrices there are.
    pub addresses: AddressCounts,
    /// Setup.
    #[serde(default)]
    pub setup: FunctionSettings,
    /// Predict.
    #[serde(default)]
    pub predict: FunctionSettings,
    /// Learn.
    #[serde(default)]
    pub learn: FunctionSettings,
}

impl ProgramSettings {
    /// The settings of one component function.
    pub fn function(&self, function: ComponentFunction) -> &FunctionSettings {
        match function {
            ComponentFunction::Setup => &self.setup,
            ComponentFunction::Predict => &self.predict,
            ComponentFunction::Learn => &self.learn,
        }
    }
}

/// `[program.setup]` and the like: sizes and ops of one component function.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FunctionSettings {
    /// Instructions at the start, if no program is given to start from.
    pub initial: usize,
    /// The fewest instructions that removal leaves.
    pub min: usize,
    /// The most instructions, inclusive.
    pub max: usize,
    /// The ops that mutation may put here; with none the function never changes.
    pub ops: Vec<OpName>,
}

/// `[search]`: regularized evolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchSettings {
    /// P, the programs of one island's population: one number, or several, which the islands take in turn.
    pub population: Populations,
    /// T, the draws of which the best is the parent.
    pub tournament: usize,
    /// The probability that a child is mutated; otherwise it is an exact copy.
    pub mutate_prob: f64,
    /// The kinds of mutation: a list from which one is drawn uniformly, a table of weights, `paper` or `reference`.
    pub mutations: Mutations,
    /// What an altered constant is multiplied by, where its sign is not flipped.
    pub constants: ConstantFactor,
    /// How children come about.
    pub method: Method,
    /// What the population starts from: `no-op`, `random`, the name or path of a program, or its text.
    pub initial: String,
    /// The component functions of a program in `initial` that random ones, of their initial sizes, take the place of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub randomize: Vec<ComponentFunction>,
    /// Islands of each experiment, each with a population of its own.
    pub islands: usize,
    /// Experiments that run side by side.
    pub side_by_side: usize,
    /// The individuals of one experiment, over all its islands; without it an experiment goes on until the run ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_individuals: Option<u64>,
    /// The individuals of one experiment between two looks at the select tasks.
    pub round: u64,
    /// How the fitness on several tasks becomes one.
    pub fitness: Combine,
}

impl Default for SearchSettings {
    fn default() -> SearchSettings {
        SearchSettings {
            population: Populations::from(1000),
            tournament: 10,
            mutate_prob: 0.9,
            mutations: Mutations::List(vec![
                MutationKind::AlterParameter,
                MutationKind::RandomizeFunction,
                MutationKind::InsertInstruction,
                MutationKind::RemoveInstruction,
            ]),
            constants: ConstantFactor::LogNormal,
            method: Method::Evolution,
            initial: "no-op".to_owned(),
            randomize: Vec::new(),
            islands: 1,
            side_by_side: 1,
            max_individuals: None,
            round: 10_000,
            fitness: Combine::Mean,
        }
    }
}

/// How the children of a search come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Regularized evolution: the parent is the best of a tournament.
    Evolution,
    /// Random search: every individual is a new random program of the initial sizes.
    Random,
    /// Local search without selection: the parent is drawn uniformly from the population.
    Local,
}

impl Method {
    /// Every method.
    pub const ALL: [Method; 3] = [Method::Evolution, Method::Random, Method::Local];

    /// The name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Evolution => "evolution",
            Method::Random => "random",
            Method::Local => "local",
        }
    }
}

/// What an altered constant is multiplied by; one in ten has its sign flipped instead, standard deviations apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConstantFactor {
    /// exp(z) with z standard normal, as in the published code.
    LogNormal,
    /// Uniform in [0.5, 2), as in the paper.
    Uniform,
}

/// `[fec]`: functional equivalence checking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FecSettings {
    /// Whether programs with equal probe errors are taken for equal.
    pub enabled: bool,
    /// Training examples of the probe; all, if there are fewer.
    pub train: usize,
    /// Validation examples of the probe; all, if there are fewer.
    pub valid: usize,
    /// Entries of each island's cache.
    pub capacity: usize,
    /// An entry goes when seen for this time, its insertion included.
    pub forget_after: u32,
}

impl Default for FecSettings {
    fn default() -> FecSettings {
        FecSettings { enabled: true, train: 10, valid: 10, capacity: 100_000, forget_after: 100 }
    }
}

/// `[memo]`: what is remembered of programs by their canonical form. It never changes the result of a search, only its speed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemoSettings {
    /// Whether programs that were seen before, under whatever names, are answered without running them.
    pub enabled: bool,
    /// The most entries of each island's memo, of 64 bytes; rounded down to a power of two.
    pub capacity: usize,
}

impl Default for MemoSettings {
    fn default() -> MemoSettings {
        MemoSettings { enabled: true, capacity: 65_536 }
    }
}

/// `[migration]`: islands of an experiment exchange programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MigrationSettings {
    /// Whether they do; one island alone never does.
    pub enabled: bool,
    /// The individuals of an island between two exchanges: what it publishes, others draw after as many more.
    pub every: u64,
    /// The share of its population that an island publishes, and replaces by programs drawn from all islands.
    pub share: f64,
}

impl Default for MigrationSettings {
    fn default() -> MigrationSettings {
        MigrationSettings { enabled: true, every: 1_000, share: 0.5 }
    }
}

impl MigrationSettings {
    /// The programs that are published by a population of `programs`, or replaced in it.
    pub fn count(&self, programs: usize) -> usize {
        (programs as f64 * self.share).round() as usize
    }
}

/// `[hurdle]`: programs that are poor on the first tasks are not run on the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HurdleSettings {
    /// Whether there is one.
    pub enabled: bool,
    /// The first tasks, in front of it; sets that have no more tasks have no hurdle.
    pub tasks: usize,
    /// Which share of the unique mean fitness values of the population on the first tasks does not exceed it.
    pub percentile: f64,
}

impl Default for HurdleSettings {
    fn default() -> HurdleSettings {
        HurdleSettings { enabled: false, tasks: 2, percentile: 0.75 }
    }
}

/// `[budget]`: programs that would cost too much get fitness 0 unrun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetSettings {
    /// Whether there is one.
    pub enabled: bool,
    /// What a program may be charged, in charges for the hand-written two-layer network on the same tasks (by the table of `docs/semantics.md`).
    pub factor: f64,
}

impl Default for BudgetSettings {
    fn default() -> BudgetSettings {
        BudgetSettings { enabled: false, factor: 2.0 }
    }
}

/// `[checkpoint]`: how often a run that is saved can be resumed from. It never changes the result of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointSettings {
    /// Seconds between two checkpoints; `inf` for none but at the beginning and at the end.
    pub every_seconds: f64,
}

impl Default for CheckpointSettings {
    fn default() -> CheckpointSettings {
        CheckpointSettings { every_seconds: 60.0 }
    }
}

/// `[tasks]`: the sets of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSets {
    /// The seed of all tasks, instead of the run's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The tasks of evolution, new for every experiment: one set, or several, which the islands take in turn.
    #[serde(with = "one_or_more")]
    pub search: Vec<TaskSpec>,
    /// The tasks that choose between the best programs of experiments, new for every experiment.
    pub select: TaskSpec,
    /// The unseen tasks of the final evaluation; without them there is none.
    #[serde(rename = "final", default, skip_serializing_if = "Option::is_none")]
    pub final_set: Option<TaskSpec>,
}

/// One set of tasks is written as a table, several as a list of tables.
mod one_or_more {
    use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
    use serde::de::{MapAccess, SeqAccess, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::task::TaskSpec;

    pub(super) fn serialize<S: Serializer>(specs: &Vec<TaskSpec>, serializer: S) -> Result<S::Ok, S::Error> {
        if let [spec] = &specs[..] { spec.serialize(serializer) } else { specs.serialize(serializer) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TaskSpec>, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Vec<TaskSpec>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a set of tasks, or a list of such sets")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<TaskSpec>, A::Error> {
                TaskSpec::deserialize(MapAccessDeserializer::new(map)).map(|spec| vec![spec])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<TaskSpec>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list))
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}

/// An op as experiments write it: by its reference name, `SCALAR_SUM_OP`, or its number in the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpName(pub Op);

impl Serialize for OpName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.info().reference_name)
    }
}

impl<'de> Deserialize<'de> for OpName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OpName, D::Error> {
        struct OpVisitor;

        impl de::Visitor<'_> for OpVisitor {
            type Value = OpName;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the reference name of an op, such as \"SCALAR_SUM_OP\", or its number, 0 to 64")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<OpName, E> {
                Op::from_reference_name(name).map(OpName).ok_or_else(|| {
                    let names = Op::ALL.into_iter().map(|op| op.info().reference_name);
                    let guess = nearest(name, names).map(|op| format!("; did you mean `{op}`?")).unwrap_or_default();
                    E::custom(format!("there is no op `{name}`{guess}"))
                })
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<OpName, E> {
                let op = u8::try_from(number).ok().and_then(Op::from_number);
                op.map(OpName).ok_or_else(|| E::custom(format!("there is no op {number}; the numbers are 0 to 64")))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<OpName, E> {
                let op = u8::try_from(number).ok().and_then(Op::from_number);
                op.map(OpName).ok_or_else(|| E::custom(format!("there is no op {number}; the numbers are 0 to 64")))
            }
        }

        deserializer.deserialize_any(OpVisitor)
    }
}
