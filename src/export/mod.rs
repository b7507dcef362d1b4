//! Programs as stand-alone code: NumPy, Rust, C, LaTeX, Graphviz, JSON. One file a language; what ops are to all of them is in `form`, what
//! of a program's addresses is memory in `memory`.
//!
//! NumPy, Rust and C have the order of sums, the random draws and the evaluation of `docs/semantics.md` written out, so that a program
//! learns and predicts there what it does here: the same bits, as far as the language's own sin, exp and the like give the same ones.
//!
//! ```
//! use exnihilo::export::{Export, Language};
//! use exnihilo_jit::{Scoring, known_program};
//!
//! let program = known_program("linear").expect("a known name");
//! let code = Export::new(&program, Scoring::Rms).to(Language::Numpy)?;
//! assert!(code.contains("self.s1 = total(v0 * self.v2)"));
//! # Ok::<(), exnihilo::export::ExportError>(())
//! ```

mod c;
mod demo;
mod dot;
mod form;
mod latex;
mod memory;
mod numpy;
mod rust;

use std::borrow::Cow;

use exnihilo_jit::analysis::{Liveness, random_ordinals};
use exnihilo_jit::lang::{MAX_FEATURES, RecordId};
use exnihilo_jit::rewrite::rewrite;
use exnihilo_jit::{CLASSES, ComponentFunction, Instruction, InterfaceError, Program, ProgramRecord, SEMANTICS_VERSION, Scoring, Space};

use crate::explain::{Explanation, Role};
use crate::text::is_unseen;
use memory::Memory;

pub use demo::MAX_DEMO_FEATURES;

/// What a program can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Python with NumPy: a class with setup, predict, learn, fit and score, and a command line on CSV files.
    Numpy,
    /// Rust, without crates: the same.
    Rust,
    /// C11, without libraries but for its own mathematics: the same.
    C,
    /// LaTeX: the algorithm as a document.
    Latex,
    /// Graphviz: which instruction depends on which.
    Dot,
    /// JSON: a program record, a line as lists of programs have them.
    Json,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 6] = [Language::Numpy, Language::Rust, Language::C, Language::Latex, Language::Dot, Language::Json];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Language::Numpy => "numpy",
            Language::Rust => "rust",
            Language::C => "c",
            Language::Latex => "latex",
            Language::Dot => "dot",
            Language::Json => "json",
        }
    }

    /// Whether it can be run.
    pub const fn is_code(self) -> bool {
        matches!(self, Language::Numpy | Language::Rust | Language::C)
    }
}

impl std::str::FromStr for Language {
    type Err = ExportError;

    fn from_str(name: &str) -> Result<Language, ExportError> {
        Language::ALL.into_iter().find(|language| language.name() == name).ok_or_else(|| ExportError::Language(name.to_owned()))
    }
}

/// Why a program cannot be exported.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// No such language.
    #[error("{0:?} is no language of exports; choose numpy, rust, c, latex, dot or json")]
    Language(String),
    /// F outside its range.
    #[error("features of size {0} are not possible: choose 1 to {MAX_FEATURES}")]
    Features(usize),
    /// Fewer features than classes.
    #[error("tasks with {CLASSES} classes need features of size {CLASSES} or more, not {0}")]
    FewFeatures(usize),
    /// A largest error that is negative or NaN.
    #[error("the largest error allowed must be at least 0, not {0}")]
    MaxAbsError(f64),
    /// A data set that would make the file too long.
    #[error("a demonstration can have features of size {MAX_DEMO_FEATURES} at most, not {0}; choose fewer, or leave it out")]
    Demo(usize),
    /// A demonstration of what cannot be run.
    #[error("there is no demonstration in {}; choose numpy, rust or c, or leave it out", .0.name())]
    NoDemo(Language),
    /// A program that writes a label.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
}

/// A program and how it is to be written.
#[derive(Clone, Debug)]
pub struct Export<'a> {
    /// The program.
    pub program: &'a Program,
    /// The kind of task: what becomes of the prediction, and what labels are.
    pub scoring: Scoring,
    /// F in Rust and C, where it is a constant at the top; NumPy takes it from the data.
    pub features: usize,
    /// An error above it ends training or validation; NaN does too.
    pub max_abs_error: f64,
    /// Every instruction as it is, in place of the program as it is rewritten for readers ([`rewrite`]).
    pub as_written: bool,
    /// Whether a small set of examples comes along, on which the code runs when no files are named.
    pub demo: bool,
    /// What the program is called, where the file says so.
    pub source: &'a str,
}

impl<'a> Export<'a> {
    /// The simplified program, at F = 4, or 16 for classification, and a largest error of 100.
    pub const fn new(program: &'a Program, scoring: Scoring) -> Export<'a> {
        let features = match scoring {
            Scoring::Rms => 4,
            Scoring::Accuracy | Scoring::Classes => 16,
        };
        Export { program, scoring, features, max_abs_error: 100.0, as_written: false, demo: false, source: "a program" }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// Sizes that cannot be, a demonstration that cannot be, a program that writes a label.
    pub fn to(&self, language: Language) -> Result<String, ExportError> {
        let interface = self.scoring.interface();
        interface.check_outputs(self.program)?;
        if !(1..=MAX_FEATURES).contains(&self.features) {
            return Err(ExportError::Features(self.features));
        }
        if self.scoring == Scoring::Classes && self.features < CLASSES {
            return Err(ExportError::FewFeatures(self.features));
        }
        if self.max_abs_error.is_nan() || self.max_abs_error < 0.0 {
            return Err(ExportError::MaxAbsError(self.max_abs_error));
        }
        if self.demo && !language.is_code() {
            return Err(ExportError::NoDemo(language));
        }
        if self.demo && self.features > MAX_DEMO_FEATURES {
            return Err(ExportError::Demo(self.features));
        }
        let program = if self.as_written { Cow::Borrowed(self.program) } else { Cow::Owned(rewrite(self.program, interface).program) };
        let source = Source::new(self, &program);
        Ok(match language {
            Language::Numpy => numpy::write(&source),
            Language::Rust => rust::write(&source),
            Language::C => c::write(&source),
            Language::Latex => latex::write(&source),
            Language::Dot => dot::write(&source),
            Language::Json => json(source.program, self.source),
        })
    }
}

/// An instruction, and what is known of it.
struct Line<'a> {
    instruction: &'a Instruction,
    /// Its number among the random ones.
    ordinal: u32,
    /// What it is for.
    note: String,
}

/// What is written: a program, and what is known of it.
struct Source<'a> {
    program: &'a Program,
    /// The number of each instruction among the random ones.
    ordinals: Vec<u32>,
    memory: Memory,
    explanation: Explanation,
    scoring: Scoring,
    features: usize,
    max_abs_error: f64,
    as_written: bool,
    demo: Option<demo::Demo>,
    /// What the program is called, without characters that end comments.
    name: String,
}

impl<'a> Source<'a> {
    fn new(export: &Export, program: &'a Program) -> Source<'a> {
        let (interface, mut live, mut ordinals) = (export.scoring.interface(), Vec::new(), Vec::new());
        Liveness::mark(program, interface, &mut live);
        random_ordinals(program, &live, &mut ordinals);
        Source {
            program,
            ordinals,
            memory: Memory::of(program, interface),
            explanation: Explanation::of(program, interface),
            scoring: export.scoring,
            features: export.features,
            max_abs_error: export.max_abs_error,
            as_written: export.as_written,
            demo: export.demo.then(|| demo::Demo::new(export.scoring, export.features)),
            name: harmless(export.source),
        }
    }

    /// The lines of a function.
    fn lines(&self, function: ComponentFunction) -> impl Iterator<Item = Line<'a>> + use<'a, '_> {
        let before = match function {
            ComponentFunction::Setup => 0,
            ComponentFunction::Predict => self.program.function(ComponentFunction::Setup).len(),
            ComponentFunction::Learn => self.program.instructions().len() - self.program.function(function).len(),
        };
        let line = move |(position, instruction)| Line {
            instruction,
            ordinal: self.ordinals[before + position],
            note: self.note(before + position),
        };
        self.program.function(function).iter().enumerate().map(line)
    }

    /// What a line is for, by its index in the program.
    fn note(&self, line: usize) -> String {
        match self.explanation.role(line) {
            // Its note names lines by numbers that exports do not have.
            role @ Role::LearningRate => role.words().to_owned(),
            _ => self.explanation.note(line),
        }
    }

    /// Whether any instruction draws.
    fn draws(&self) -> bool {
        self.program.instructions().iter().any(|instruction| instruction.op().is_random())
    }

    /// Whether the address of a matrix is used.
    fn has_matrices(&self) -> bool {
        self.program.address_counts().matrices > 0
    }

    /// Whether a function reads what the evaluation sets at an address.
    fn reads(&self, function: ComponentFunction, space: Space, address: u8) -> bool {
        self.memory.reads(function, space, address)
    }

    /// The first line of every header.
    fn title(&self) -> String {
        let what = if self.as_written { "as written" } else { "simplified" };
        format!(
            "{} ({what}): an AutoML-Zero program, exported by exnihilo {} (semantics version {SEMANTICS_VERSION})",
            self.name,
            env!("CARGO_PKG_VERSION"),
        )
    }

    /// What the program predicts, in a line.
    const fn task(&self) -> &'static str {
        match self.scoring {
            Scoring::Rms => "Regression: the prediction is s1.",
            Scoring::Accuracy => "Binary classification: the prediction is sigmoid(s1), the probability of class 1; labels are 0 or 1.",
            Scoring::Classes => "Ten classes: the prediction is the softmax of the first ten elements of v2; labels are 0 to 9.",
        }
    }
}

/// A name in which nothing is unseen, and nothing ends a comment, or a string of one of the languages.
fn harmless(name: &str) -> String {
    let replace = |c: char| if is_unseen(c) || matches!(c, '*' | '"' | '\\' | '{' | '}' | '?') { '_' } else { c };
    name.chars().take(200).map(replace).collect()
}

/// A number as all three languages read it, but for what is not finite.
fn decimal(value: f64, infinity: &str, nan: &str) -> String {
    match value {
        x if x.is_nan() => nan.to_owned(),
        f64::INFINITY => infinity.to_owned(),
        f64::NEG_INFINITY => format!("-{infinity}"),
        x => format!("{x:?}"),
    }
}

/// Those of the helpers that `code` calls, each once and before those that call it. They are given in that order.
fn called(code: &str, helpers: &[(&str, &str)]) -> String {
    let mut needed = String::new();
    for &(call, text) in helpers.iter().rev() {
        if code.contains(call) || needed.contains(call) {
            needed.insert_str(0, text);
        }
    }
    needed
}

/// A program record with the name of the program.
fn json(program: &Program, name: &str) -> String {
    let record = ProgramRecord { id: Some(RecordId::Text(name.to_owned())), ..ProgramRecord::from(program) };
    let mut line = serde_json::to_string(&record).expect("a record is texts, numbers and lists");
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use exnihilo_jit::lang::DataKind;
    use exnihilo_jit::{Data, Interface, Op, known_program};

    /// An instruction of any op; addresses of the two inputs and the output.
    pub(super) fn instruction_of(op: Op, [in1, in2, out]: [u8; 3]) -> Instruction {
        let data = match op.info().data {
            DataKind::None => Data::None,
            DataKind::ScalarConst => Data::ScalarConst(0.25),
            DataKind::VectorConst => Data::VectorConst { index: 0.5, value: -0.1 },
            DataKind::MatrixConst => Data::MatrixConst { row: 0.5, column: 1.0, value: 0.5 },
            DataKind::Uniform => Data::Uniform { low: -1.0, high: 2.0 },
            DataKind::Gaussian => Data::Gaussian { mean: 1.0, st_dev: 0.5 },
        };
        Instruction::new(op, in1, in2, out, data).expect("a valid instruction")
    }

    #[test]
    fn a_name_ends_no_comment() {
        let program = known_program("linear").expect("a known name");
        let name = "a*/\nint x; \"\"\"\u{2028}\u{202e}\u{2066}\\input{x}\r.az";
        for language in Language::ALL {
            let text = Export { source: name, ..Export::new(&program, Scoring::Rms) }.to(language).expect("a valid export");
            if language == Language::Json {
                let record: serde_json::Value = serde_json::from_str(&text).expect("a record");
                assert_eq!(record["id"], name);
                continue;
            }
            assert!(!text.contains("int x; \"") && !text.contains("\nint x") && !text.contains("a*/"), "{text}");
            assert!(!text.contains(|c| is_unseen(c) && c != '\n'), "{text}");
        }
    }

    #[test]
    fn json_is_read_back() {
        let program = known_program("net").expect("a known name");
        let export = Export { source: "net", ..Export::new(&program, Scoring::Rms) };
        let line = export.to(Language::Json).expect("a valid export");
        assert_eq!(serde_json::from_str::<Program>(&line).expect("a record"), rewrite(&program, Interface::Number).program);
        let written = Export { as_written: true, ..export }.to(Language::Json).expect("a valid export");
        assert_eq!(serde_json::from_str::<Program>(&written).expect("a record"), program);
        assert!(line.starts_with("{\"id\":\"net\"") && line.ends_with("}\n"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let program = known_program("linear").expect("a known name");
        let export = Export::new(&program, Scoring::Rms);
        let refused = |export: Export, language| export.to(language).expect_err("refused");
        assert_eq!(refused(Export { features: 0, ..export.clone() }, Language::C), ExportError::Features(0));
        assert_eq!(refused(Export { features: 4_097, ..export.clone() }, Language::C), ExportError::Features(4_097));
        assert_eq!(refused(Export { max_abs_error: -1.0, ..export.clone() }, Language::C), ExportError::MaxAbsError(-1.0));
        assert_eq!(refused(Export { demo: true, ..export.clone() }, Language::Dot), ExportError::NoDemo(Language::Dot));
        assert_eq!(refused(Export { demo: true, features: 65, ..export.clone() }, Language::C), ExportError::Demo(65));
        assert!(matches!(refused(Export { scoring: Scoring::Classes, ..export }, Language::C), ExportError::Interface(_)));
        let softmax = known_program("softmax").expect("a known name");
        let export = Export { features: 9, ..Export::new(&softmax, Scoring::Classes) };
        assert_eq!(refused(export, Language::Numpy), ExportError::FewFeatures(9));
    }
}
