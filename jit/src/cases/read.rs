//! Case files (`.jsonl`, `.jsonl.gz`): one case a line, of one instruction or of a whole evaluation. The format is that of the
//! cases recorded from the reference; `semantics` (the version, 1 unless given), `task_seed` (0 unless given), `exact` (whether the
//! very bits are expected, as of cases that our own oracle wrote; false unless given) and `more_tasks` (further
//! tasks that run beside the first, as objects of the fields that differ from task to task) may be added. `eval_type` may also be
//! `CLASSES`: labels are then the numbers of ten classes, the program answers in `v2`, and errors are the largest of ten in training, 0
//! or 1 in validation.

use super::ordinals::ordinals_by_definition;
use super::record::{CaseRecord, EvalType, ExecuteRecord, MemoryRecord, OpRecord, TaskOfCase};
use crate::lanes::TaskGroup;
use crate::lang::Scoring;
use crate::lang::{AddressCounts, Instruction, MAX_FEATURES, Number, Program, ProgramRecord};
use crate::oracle::Memory;
use crate::task::{Examples, GroupSettings, Task};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The longest line that is read, and the most blank bytes between two cases; a memory of a few matrices at F = 256 fits.
pub const MAX_LINE_BYTES: usize = 16 << 20;

/// One case of a file.
#[derive(Debug)]
pub enum Case {
    /// One instruction.
    Op(Box<OpCase>),
    /// A whole evaluation.
    Execute(Box<ExecuteCase>),
}

impl Case {
    /// The name of the case.
    pub fn id(&self) -> &str {
        match self {
            Case::Op(case) => &case.id,
            Case::Execute(case) => &case.id,
        }
    }
}

/// One instruction on a given memory.
#[derive(Debug)]
pub struct OpCase {
    /// Names the case.
    pub id: String,
    /// How the memory was filled, and which operands alias.
    pub note: String,
    /// The instruction.
    pub instruction: Instruction,
    /// The memory before it.
    pub initial: Memory,
    /// The memory after it.
    pub expected: Memory,
}

/// A program evaluated on the tasks of a group, mostly a single one.
#[derive(Debug)]
pub struct ExecuteCase {
    /// Names the case.
    pub id: String,
    /// Where the program came from.
    pub category: String,
    /// Whether bits are expected, and not numbers within the tolerance of recorded cases.
    pub exact: bool,
    /// The shape of the memory.
    pub counts: AddressCounts,
    /// The program, to be run as written.
    pub program: Program,
    /// The number of each instruction among the random ones.
    pub ordinals: Vec<u32>,
    /// The tasks, validation examples in the order in which they are used.
    pub group: TaskGroup,
    /// What comes out on each task.
    pub expected: Vec<ExecuteOutcome>,
}

/// The outcome of a whole evaluation on one task.
#[derive(Clone, Debug)]
pub struct ExecuteOutcome {
    /// The fitness, in [0, 1].
    pub fitness: f64,
    /// The training errors of the first epoch, without the one that stops.
    pub train_errors: Vec<f64>,
    /// The validation errors of the first epoch, without the one that stops.
    pub valid_errors: Vec<f64>,
    /// Training examples begun in all epochs, where known.
    pub train_steps: Option<u64>,
    /// The memory at return, where known.
    pub memory: Option<Memory>,
}

/// A case file that cannot be read: where, and what is wrong there.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct CaseError {
    /// The file and, once it is open, the line.
    place: String,
    problem: String,
}

/// Reads the cases of a file one after another; ends after the first error.
pub struct CaseReader {
    file: String,
    line: usize,
    reader: Box<dyn BufRead>,
    buffer: Vec<u8>,
    ended: bool,
}

impl CaseReader {
    /// Opens a case file, compressed if its name ends in `.gz`.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> Result<CaseReader, CaseError> {
        let file = path.display().to_string();
        let refused = |problem| CaseError { place: file.clone(), problem };
        if path.is_dir() {
            return Err(refused("is a folder; name a file of cases".to_owned()));
        }
        let opened = File::open(path).map_err(|error| refused(format!("cannot be opened: {error}")))?;
        let reader: Box<dyn BufRead> = if path.extension().is_some_and(|extension| extension == "gz") {
            Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(opened)))
        } else {
            Box::new(BufReader::new(opened))
        };
        Ok(CaseReader::new(file, reader))
    }

    /// Reads cases from anything; `file` names it in errors.
    pub fn new(file: String, reader: Box<dyn BufRead>) -> CaseReader {
        CaseReader { file, line: 0, reader, buffer: Vec::new(), ended: false }
    }

    /// The next case, if there is one.
    fn read(&mut self) -> Result<Option<Case>, String> {
        let mut blank = 0;
        loop {
            self.line += 1;
            self.buffer.clear();
            let mut bounded = self.reader.by_ref().take(MAX_LINE_BYTES as u64 + 1);
            bounded.read_until(b'\n', &mut self.buffer).map_err(|error| format!("cannot be read: {error}"))?;
            if self.buffer.len() > MAX_LINE_BYTES {
                return Err(format!("longer than {MAX_LINE_BYTES} bytes; split the case or use smaller features"));
            }
            if self.buffer.is_empty() {
                return Ok(None);
            }
            if self.buffer.trim_ascii().is_empty() {
                // A small compressed file can hold any number of blank lines.
                blank += self.buffer.len();
                if blank > MAX_LINE_BYTES {
                    return Err(format!("more than {MAX_LINE_BYTES} blank bytes up to here; remove blank lines"));
                }
            } else {
                let record = serde_json::from_slice(&self.buffer).map_err(|error| format!("not a case: {error}"))?;
                return case_of(record).map(Some);
            }
        }
    }
}

impl std::iter::FusedIterator for CaseReader {}

impl Iterator for CaseReader {
    type Item = Result<Case, CaseError>;

    fn next(&mut self) -> Option<Result<Case, CaseError>> {
        if self.ended {
            return None;
        }
        let case = self.read().transpose();
        self.ended = !matches!(case, Some(Ok(_)));
        case.map(|case| case.map_err(|problem| CaseError { place: format!("{}, line {}", self.file, self.line), problem }))
    }
}

fn case_of(record: CaseRecord) -> Result<Case, String> {
    let (version, id, features) = match &record {
        CaseRecord::Op(op) => (op.semantics, &op.id, op.features_size),
        CaseRecord::Execute(execute) => (execute.semantics, &execute.id, execute.features_size),
    };
    let of_case = format!("case {id:?}: ");
    if version != crate::SEMANTICS_VERSION {
        return Err(format!("{of_case}semantics version {version}, but this build has version {}", crate::SEMANTICS_VERSION));
    }
    if !(1..=MAX_FEATURES).contains(&features) {
        return Err(format!("{of_case}features_size {features} is not in 1 to {MAX_FEATURES}"));
    }
    match record {
        CaseRecord::Op(record) => op_case(record).map(|case| Case::Op(Box::new(case))),
        CaseRecord::Execute(record) => execute_case(record).map(|case| Case::Execute(Box::new(case))),
    }
    .map_err(|problem| of_case + &problem)
}

fn op_case(record: OpRecord) -> Result<OpCase, String> {
    let (initial, counts) = memory(&record.initial, record.features_size, "initial")?;
    let (expected, expected_counts) = memory(&record.expected, record.features_size, "final")?;
    if counts != expected_counts {
        return Err(format!("initial has {counts:?}, but final has {expected_counts:?}"));
    }
    let instruction = Instruction::try_from(&record.instruction).map_err(|error| error.to_string())?;
    Program::new(&[instruction], &[], &[]).check_addresses(counts).map_err(|error| error.to_string())?;
    Ok(OpCase { id: record.id, note: record.note, instruction, initial, expected })
}

fn execute_case(record: ExecuteRecord) -> Result<ExecuteCase, String> {
    let features = record.features_size;
    let counts = AddressCounts::new(record.num_scalars, record.num_vectors, record.num_matrices).map_err(|error| error.to_string())?;
    let program = ProgramRecord { id: None, setup: record.setup, predict: record.predict, learn: record.learn };
    let program = Program::try_from(&program).map_err(|error| error.to_string())?;
    program.check_addresses(counts).map_err(|error| error.to_string())?;

    let scoring = match record.eval_type {
        EvalType::RmsError => Scoring::Rms,
        EvalType::Accuracy => Scoring::Accuracy,
        EvalType::Classes => Scoring::Classes,
    };
    let least = scoring.interface().least_counts();
    if counts != counts.max(least) {
        return Err(format!("num_vectors is {}, but tasks with classes need v0, v1 and v2: at least {}", counts.vectors, least.vectors));
    }
    scoring.interface().check_outputs(&program).map_err(|error| error.to_string())?;
    let settings =
        GroupSettings { epochs: record.num_train_epochs, max_abs_error: record.max_abs_error.0, ..GroupSettings::new(features, scoring) };
    let first = TaskOfCase {
        task_seed: record.task_seed,
        train_features: record.train_features,
        train_labels: record.train_labels,
        train_order: record.train_order,
        valid_features: record.valid_features,
        valid_labels: record.valid_labels,
        valid_order: record.valid_order,
        expect: record.expect,
        info: record.info,
    };
    let (mut tasks, mut expected) = (Vec::new(), Vec::new());
    for (number, task) in std::iter::once(first).chain(record.more_tasks).enumerate() {
        let (task, outcome) = task_of_case(task, features, counts).map_err(|problem| match number {
            0 => problem,
            _ => format!("more_tasks, entry {}: {problem}", number - 1),
        })?;
        tasks.push(task);
        expected.push(outcome);
    }
    let group = TaskGroup::new(settings, tasks).map_err(|error| error.to_string())?;
    group.check_memory(counts).map_err(|error| error.to_string())?;
    let ordinals = ordinals_by_definition(&program, group.interface());
    Ok(ExecuteCase { id: record.id, category: record.category, exact: record.exact, counts, program, ordinals, group, expected })
}

/// A task, and what a program with a memory of `counts` gives on it.
fn task_of_case(record: TaskOfCase, features: usize, counts: AddressCounts) -> Result<(Task, ExecuteOutcome), String> {
    let train = Examples { features: rows(&record.train_features, features, "train_features")?, labels: numbers(&record.train_labels) };
    let given = Examples { features: rows(&record.valid_features, features, "valid_features")?, labels: numbers(&record.valid_labels) };
    let valid = in_order(&given, features, &record.valid_order)?;
    let task = Task { seed: record.task_seed, train, valid, train_orders: Some(record.train_order) };
    let memory = match &record.expect.final_memory {
        None => None,
        Some(given) => {
            let (memory, found) = memory(given, features, "final_memory")?;
            if found != counts {
                return Err(format!("final_memory has {found:?}, but the case declares {counts:?}"));
            }
            Some(memory)
        }
    };
    let outcome = ExecuteOutcome {
        fitness: record.expect.fitness.0,
        train_errors: numbers(&record.expect.train_errors),
        valid_errors: numbers(&record.expect.valid_errors),
        train_steps: record.info.train_steps,
        memory,
    };
    Ok((task, outcome))
}

/// The examples picked by `order`, in that order.
fn in_order(examples: &Examples, features: usize, order: &[usize]) -> Result<Examples, String> {
    let count = examples.labels.len();
    if examples.features.len() != count * features {
        return Err(format!("{} rows of valid_features for {count} valid_labels", examples.features.len() / features));
    }
    if order.len() != count {
        return Err(format!("valid_order has {} entries for {count} examples", order.len()));
    }
    let mut picked = Examples::default();
    for &example in order {
        let Some(&label) = examples.labels.get(example) else {
            return Err(format!("valid_order names example {example}, but there are {count}"));
        };
        picked.features.extend_from_slice(&examples.features[example * features..][..features]);
        picked.labels.push(label);
    }
    Ok(picked)
}

/// A memory and its shape.
fn memory(record: &MemoryRecord, features: usize, what: &str) -> Result<(Memory, AddressCounts), String> {
    let count = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
    let counts = AddressCounts::new(count(record.scalars.len()), count(record.vectors.len()), count(record.matrices.len()))
        .map_err(|error| format!("{what}: {error}"))?;
    let scalars = numbers(&record.scalars);
    let vectors = rows(&record.vectors, features, &format!("{what}, vectors"))?;
    let mut matrices = Vec::new();
    for (address, matrix) in record.matrices.iter().enumerate() {
        if matrix.len() != features {
            return Err(format!("{what}, m{address}: {} rows where {features} belong", matrix.len()));
        }
        matrices.extend(rows(matrix, features, &format!("{what}, m{address}"))?);
    }
    // The numbers are all there, so the memory is no larger than the line it came from.
    let mut memory = Memory::new(features, counts);
    memory.scalars_mut().copy_from_slice(&scalars);
    memory.vectors_mut().copy_from_slice(&vectors);
    memory.matrices_mut().copy_from_slice(&matrices);
    Ok((memory, counts))
}

/// The numbers of rows of F, one after another.
fn rows(rows: &[Vec<Number>], features: usize, what: &str) -> Result<Vec<f64>, String> {
    if let Some((number, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != features) {
        return Err(format!("{what}: row {number} has {} numbers where {features} belong", row.len()));
    }
    Ok(rows.iter().flatten().map(|number| number.0).collect())
}

fn numbers(records: &[Number]) -> Vec<f64> {
    records.iter().map(|number| number.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OP: &str = r#"{"kind":"op","id":"x","features_size":1,"initial":{"scalars":[1,"NaN"],"vectors":[[-0.0]],"matrices":[]},"instruction":{"op":"SCALAR_SIN_OP","in1":0,"out":1},"final":{"scalars":[1,2],"vectors":[[0]],"matrices":[]}}"#;
    const EXECUTE: &str = r#"{"kind":"execute","id":"y","features_size":1,"num_scalars":2,"num_vectors":1,"num_matrices":0,"eval_type":"RMS_ERROR","max_abs_error":"Infinity","num_train_epochs":1,"setup":[],"predict":[],"learn":[],"train_features":[[1]],"train_labels":[0],"train_order":[[0]],"valid_features":[[1],[2]],"valid_labels":[3,4],"valid_order":[1,0],"expect":{"fitness":1,"train_errors":[],"valid_errors":[]}}"#;

    fn read(text: &str) -> Result<Vec<Case>, CaseError> {
        CaseReader::new("cases".to_owned(), Box::new(std::io::Cursor::new(text.to_owned()))).collect()
    }

    /// The error for a text in which `from` has become `to`.
    fn error(text: &str, from: &str, to: &str) -> String {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from} is there to be replaced");
        read(&changed).expect_err("a broken case").to_string()
    }

    #[test]
    fn well_formed_cases_are_read() {
        let cases = read(&format!("{OP}\r\n\n{EXECUTE}")).expect("two cases");
        let [Case::Op(op), Case::Execute(execute)] = &cases[..] else { panic!("{cases:?}") };
        assert!(op.initial.scalars()[1].is_nan() && op.initial.vectors()[0].is_sign_negative());
        assert_eq!(execute.group.tasks()[0].valid, Examples { features: vec![2.0, 1.0], labels: vec![4.0, 3.0] });
        assert_eq!(execute.group.settings().max_abs_error, f64::INFINITY);
    }

    #[test]
    fn errors_name_file_line_case_and_fault() {
        let second = read(&format!("{OP}\n{{")).expect_err("no JSON").to_string();
        assert!(second.starts_with("cases, line 2: not a case: "), "{second}");
        for (text, from, to, fault) in [
            (OP, "SCALAR_SIN_OP", "SCALAR_SINE_OP", "unknown op \"SCALAR_SINE_OP\""),
            (OP, "\"out\":1", "\"out\":0", "may not write s0"),
            (OP, "\"out\":1", "\"out\":9", "uses s9"),
            (OP, "\"features_size\":1", "\"features_size\":0", "features_size 0 is not in 1 to 4096"),
            (OP, "\"features_size\":1", "\"features_size\":2", "row 0 has 1 numbers where 2 belong"),
            (OP, "[1,\"NaN\"]", "[1]", "1 scalars are not possible"),
            (OP, "[[-0.0]]", "[[-0.0],[1]]", "but final has"),
            (OP, "\"id\":\"x\"", "\"id\":\"x\",\"semantics\":2", "semantics version 2, but this build has version 1"),
            (OP, "\"id\"", "\"name\"", "unknown field `name`"),
            (OP, "\"NaN\"", "\"nan\"", "invalid value"),
            (EXECUTE, "[1,0]", "[1]", "valid_order has 1 entries for 2 examples"),
            (EXECUTE, "[1,0]", "[1,2]", "valid_order names example 2, but there are 2"),
            (EXECUTE, "[1,0]", "[1,18446744073709551615]", "valid_order names example 18446744073709551615"),
            (EXECUTE, "[[1],[2]]", "[[1]]", "1 rows of valid_features for 2 valid_labels"),
            (EXECUTE, "[[0]]", "[[1]]", "order of training examples does not fit"),
            (EXECUTE, "\"num_train_epochs\":1", "\"num_train_epochs\":4000000000", "of task data pass the memory limit"),
            (EXECUTE, "\"Infinity\"", "-1", "max_abs_error must be at least 0"),
            (EXECUTE, "\"train_labels\":[0]", "\"train_labels\":[]", "at least one training example"),
            (EXECUTE, "\"num_scalars\":2", "\"num_scalars\":200", "200 scalars are not possible"),
        ] {
            let error = error(text, from, to);
            assert!(error.starts_with("cases, line 1: ") && error.contains(fault), "{from} -> {to}: {error}");
        }
    }

    #[test]
    fn an_endless_line_is_bounded_and_an_error_ends_the_reading() {
        let endless = Box::new(BufReader::new(std::io::repeat(b'[')));
        let error = CaseReader::new("endless".to_owned(), endless).next().expect("an error").expect_err("no case").to_string();
        assert!(error.contains("longer than 16777216 bytes"), "{error}");
        // After an error there is nothing more to expect.
        let mut reader = CaseReader::new("cases".to_owned(), Box::new(std::io::Cursor::new("x\nx\n")));
        assert!(reader.next().is_some_and(|case| case.is_err()) && reader.next().is_none());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = CaseReader::open(Path::new("/no/such/cases.jsonl")).err().expect("no file").to_string();
        assert!(error.starts_with("/no/such/cases.jsonl: cannot be opened"), "{error}");
    }
}
