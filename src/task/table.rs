//! Reads a table of numbers from a CSV file.
//!
//! The first line is a header if any of its fields is neither a number nor blank. (So a table of numbers whose labels are
//! words needs a header: without one its first line would be taken for it.) The label column is the last one unless named.
//! All other columns are features and must hold finite numbers. The label is a class if the column has exactly two different
//! values: numbers in numerical order, otherwise words in the order of their bytes, become 0 and 1.

use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord, Trim};

use super::error::TaskError;
use super::file::DataFile;

/// The most bytes of text that are read, decompressed.
const MAX_TEXT: u64 = 1 << 27;
/// The most columns of a table.
const MAX_COLUMNS: usize = 1 << 16;
/// Numbers beyond it in size are refused, so that no mean or deviation can overflow.
const MAX_NUMBER: f64 = 1e100;

/// The labels of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// Of two values: 0 or 1 a row.
    Classes(Vec<f64>),
    /// Anything else: the number in each row.
    Numbers(Vec<f64>),
}

/// A table of finite numbers with labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    path: PathBuf,
    columns: Vec<String>,
    features: Vec<f64>,
    labels: Labels,
}

impl Table {
    /// Reads a CSV file, plain or compressed by gzip; `label` names the label column.
    ///
    /// # Errors
    /// [`TaskError::Io`], [`TaskError::Field`] and [`TaskError::Table`], which name the file and the line and column in it.
    pub fn read(path: &Path, label: Option<&str>) -> Result<Table, TaskError> {
        Table::read_file(path, &mut DataFile::open(path)?, label)
    }

    /// Reads an open file; `path` is only for messages.
    pub(super) fn read_file(path: &Path, file: &mut DataFile, label: Option<&str>) -> Result<Table, TaskError> {
        let bytes = file.read_up_to(MAX_TEXT + 1)?;
        if bytes.len() as u64 > MAX_TEXT {
            return Err(Source { path }.table(format!("holds more than {MAX_TEXT} bytes of text; keep fewer rows or columns")));
        }
        Table::parse(path, &bytes, label)
    }

    /// Reads the text of a CSV file; `path` is only for messages.
    pub(super) fn parse(path: &Path, bytes: &[u8], label: Option<&str>) -> Result<Table, TaskError> {
        let source = Source { path };
        // Before the parser allocates for each of them.
        if let Some(line) =
            bytes.split(|&byte| byte == b'\n').position(|line| line.iter().filter(|&&byte| byte == b',').count() >= MAX_COLUMNS)
        {
            return Err(source.table(format!("line {} has more than {MAX_COLUMNS} fields; keep fewer columns", line + 1)));
        }
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(bytes);
        let mut record = StringRecord::new();
        let mut next = |record: &mut StringRecord| reader.read_record(record).map_err(|error| source.unreadable(&error));

        if !next(&mut record)? {
            return Err(source.table("is empty; expected lines of numbers with commas between them".to_owned()));
        }
        let has_header = record.iter().any(|field| !field.is_empty() && field.parse::<f64>().is_err());
        let name = |(index, field): (usize, &str)| if has_header && !field.is_empty() { field.to_owned() } else { (index + 1).to_string() };
        let mut columns: Vec<String> = record.iter().enumerate().map(name).collect();
        if columns.len() < 2 {
            return Err(
                source.table("has one column; expected at least one of features and one of labels, with a comma between them".to_owned())
            );
        }
        let label_column = source.label_column(&columns, label)?;

        let mut features = Vec::new();
        let mut labels = LabelColumn::default();
        let mut has_row = if has_header { next(&mut record)? } else { true };
        while has_row {
            let line = record.position().map_or(0, csv::Position::line);
            source.check_width(line, &record, &columns)?;
            for (index, field) in record.iter().enumerate() {
                if index == label_column {
                    labels.push(field, line).map_err(|problem| source.field(line, &columns[index], problem))?;
                } else {
                    features.push(number(field).map_err(|problem| source.field(line, &columns[index], problem))?);
                }
            }
            has_row = next(&mut record)?;
        }
        if labels.numbers.is_empty() {
            return Err(source.table("has a header and no rows; expected at least 2".to_owned()));
        }
        let label_name = columns.remove(label_column);
        let labels = labels.finish().map_err(|(line, problem)| match line {
            Some(line) => source.field(line, &label_name, problem),
            None => source.table(problem),
        })?;
        Ok(Table { path: path.to_owned(), columns, features, labels })
    }

    /// The file that it came from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the feature columns, or their numbers from 1 where there is no header.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.features.len() / self.columns.len()
    }

    /// The features of a row, one a column.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.features[row * self.columns.len()..][..self.columns.len()]
    }

    /// The labels, one a row.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }
}

/// The file in messages.
struct Source<'a> {
    path: &'a Path,
}

impl Source<'_> {
    fn table(&self, problem: String) -> TaskError {
        TaskError::Table { path: self.path.to_owned(), problem }
    }

    fn field(&self, line: u64, column: &str, problem: String) -> TaskError {
        TaskError::Field { path: self.path.to_owned(), line, column: shortened(column), problem }
    }

    /// What the parser refuses: nothing but bytes that are no text.
    fn unreadable(&self, error: &csv::Error) -> TaskError {
        match error.kind() {
            csv::ErrorKind::Utf8 { pos: Some(position), err } => {
                self.field(position.line(), &(err.field() + 1).to_string(), "the text is not UTF-8; save the file as UTF-8".to_owned())
            }
            _ => self.table(format!("not readable as CSV: {error}")),
        }
    }

    /// Which column has the labels.
    fn label_column(&self, columns: &[String], label: Option<&str>) -> Result<usize, TaskError> {
        let Some(label) = label else { return Ok(columns.len() - 1) };
        let mut found = (0..columns.len()).filter(|&column| columns[column] == label);
        match (found.next(), found.next()) {
            (Some(column), None) => Ok(column),
            (Some(_), Some(_)) => Err(self.table(format!("has two columns called `{}`; rename one of them", shortened(label)))),
            (None, _) => {
                let mut names: Vec<String> = columns.iter().take(20).map(|column| format!("`{}`", shortened(column))).collect();
                if columns.len() > names.len() {
                    names.push("…".to_owned());
                }
                Err(self.table(format!("has no column `{}` for the label; its columns are {}", shortened(label), names.join(", "))))
            }
        }
    }

    /// Every line must have as many fields as the first one.
    fn check_width(&self, line: u64, record: &StringRecord, columns: &[String]) -> Result<(), TaskError> {
        let (found, expected) = (record.len(), columns.len());
        if found == expected {
            return Ok(());
        }
        let column = columns.get(found).cloned().unwrap_or_else(|| (expected + 1).to_string());
        let what = if found < expected { "is missing" } else { "does not exist" };
        Err(self.field(
            line,
            &column,
            format!("{what}: this line has {found} fields, the first line {expected}; give all lines the same number"),
        ))
    }
}

/// The label column while it is read: as numbers and as words, for only the end tells which it is.
#[derive(Default)]
struct LabelColumn {
    numbers: Vec<f64>,
    first_word: Option<(u64, String)>,
    /// The different texts, up to three: with three it is no class.
    texts: Vec<String>,
    text_of_row: Vec<u8>,
}

impl LabelColumn {
    fn push(&mut self, field: &str, line: u64) -> Result<(), String> {
        if field.is_empty() {
            return Err("the label is missing; fill it in or remove the line".to_owned());
        }
        if field.parse::<f64>().is_ok() {
            self.numbers.push(number(field)?);
        } else {
            self.first_word.get_or_insert_with(|| (line, field.to_owned()));
            self.numbers.push(0.0);
        }
        let text = self.texts.iter().position(|text| text == field).unwrap_or_else(|| {
            if self.texts.len() < 3 {
                self.texts.push(field.to_owned());
            }
            self.texts.len() - 1
        });
        self.text_of_row.push(text as u8);
        Ok(())
    }

    /// What the labels are, or the problem that keeps them from being anything, with its line if it has one.
    fn finish(self) -> Result<Labels, (Option<u64>, String)> {
        let same = |value: &str| Err((None, format!("every label is `{}`; expected at least two different ones", shortened(value))));
        let Some((line, word)) = self.first_word else {
            let low = self.numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let high = self.numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if low == high {
                return same(&low.to_string());
            }
            let two_valued = self.numbers.iter().all(|&number| number == low || number == high);
            let class = |number: f64| f64::from(u8::from(number == high));
            return Ok(if two_valued {
                Labels::Classes(self.numbers.into_iter().map(class).collect())
            } else {
                Labels::Numbers(self.numbers)
            });
        };
        match self.texts.as_slice() {
            [only] => same(only),
            [first, second] => {
                let positive = u8::from(first < second);
                Ok(Labels::Classes(self.text_of_row.into_iter().map(|text| f64::from(u8::from(text == positive))).collect()))
            }
            _ => Err((
                Some(line),
                format!(
                    "the label `{}` is not a number, and there are more than two different labels; expected numbers, or exactly two different words",
                    shortened(&word)
                ),
            )),
        }
    }
}

/// A field as a finite number of reasonable size, or what is wrong with it.
fn number(field: &str) -> Result<f64, String> {
    if field.is_empty() {
        return Err("the value is missing; fill it in or remove the line".to_owned());
    }
    match field.parse::<f64>() {
        Err(_) => Err(format!("`{}` is not a number; encode words as numbers or remove the column", shortened(field))),
        Ok(number) if !number.is_finite() => Err(format!("`{}` is not finite; fill in a number or remove the line", shortened(field))),
        Ok(number) if number.abs() > MAX_NUMBER => {
            Err(format!("`{}` is larger than {MAX_NUMBER:e}; choose another unit", shortened(field)))
        }
        Ok(number) => Ok(number),
    }
}

/// Text from the file as messages show it.
fn shortened(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(40).chain("…".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, label: Option<&str>) -> Result<Table, TaskError> {
        Table::parse(Path::new("t.csv"), text.as_bytes(), label)
    }

    fn refusal(text: &str) -> String {
        parse(text, None).expect_err("it is refused").to_string()
    }

    #[test]
    fn headers_are_recognized_by_words() {
        let table = parse("a,b,y\n1,2,3\n4,5,6\n7,8,10\n", None).expect("it is read");
        assert_eq!((table.columns(), table.count(), table.row(1)), (&["a".to_owned(), "b".to_owned()][..], 3, &[4.0, 5.0][..]));
        assert_eq!(table.labels(), &Labels::Numbers(vec![3.0, 6.0, 10.0]));
        let table = parse("\u{feff}1, 2 ,3\r\n4,5e-1,6\r\n\r\n+7,.5,10", None).expect("it is read");
        assert_eq!((table.columns(), table.count(), table.row(2)), (&["1".to_owned(), "2".to_owned()][..], 3, &[7.0, 0.5][..]));
    }

    #[test]
    fn the_label_column_is_the_named_one_or_the_last() {
        let table = parse("y,a,b\n1,2,3\n4,5,6\n7,8,10\n", Some("y")).expect("it is read");
        assert_eq!((table.row(0), table.labels()), (&[2.0, 3.0][..], &Labels::Numbers(vec![1.0, 4.0, 7.0])));
        let by_number = parse("1,2,3\n4,5,6\n7,8,10\n", Some("1")).expect("it is read");
        assert_eq!(by_number.labels(), table.labels());
        let message = parse("y,a\n1,2\n", Some("z")).expect_err("it is refused").to_string();
        assert_eq!(message, "t.csv: has no column `z` for the label; its columns are `y`, `a`");
        assert!(parse("y,y\n1,2\n", Some("y")).expect_err("it is refused").to_string().contains("two columns called `y`"));
    }

    #[test]
    fn two_values_are_classes_in_sorted_order() {
        let classes = |text: &str| match parse(text, None).expect("it is read").labels() {
            Labels::Classes(classes) => classes.clone(),
            Labels::Numbers(_) => panic!("these are classes"),
        };
        assert_eq!(classes("a,y\n1,yes\n2,no\n3,yes\n"), [1.0, 0.0, 1.0]);
        assert_eq!(classes("a,y\n1,no\n2,yes\n"), [0.0, 1.0]);
        // By value, not by text: 10 is above 9, and 9 is 9.0.
        assert_eq!(classes("a,y\n1,10\n2,9\n3,9.0\n"), [1.0, 0.0, 0.0]);
        assert_eq!(classes("a,y\n1,1\n2,none\n"), [0.0, 1.0]);
    }

    #[test]
    fn bad_fields_are_refused_with_line_and_column() {
        assert_eq!(
            refusal("a,b,y\n1,2,3\n1,x,3\n"),
            "t.csv, line 3, column `b`: `x` is not a number; encode words as numbers or remove the column"
        );
        assert!(refusal("a,b,y\n1,,3\n").starts_with("t.csv, line 2, column `b`: the value is missing"));
        assert!(refusal("1,2,3\n1,nan,3\n").starts_with("t.csv, line 2, column `2`: `nan` is not finite"));
        assert!(refusal("1,2,3\n1,-inf,3\n").contains("`-inf` is not finite"));
        assert!(refusal("1,2,3\n1,1e400,3\n").contains("`1e400` is not finite"));
        assert!(refusal("1,2,3\n1,1e101,3\n").contains("larger than 1e100"));
        assert!(refusal("1,2,3\n1,2,\n").starts_with("t.csv, line 2, column `3`: the label is missing"));
        assert!(refusal("1,2,3\n1,2,NaN\n").starts_with("t.csv, line 2, column `3`: `NaN` is not finite"));
        assert!(refusal("1,,3\n1,2,4\n").starts_with("t.csv, line 1, column `2`: the value is missing"), "not taken for a header");
        assert!(refusal("a,y\n1,u\n2,v\n\n3,w\n").starts_with("t.csv, line 2, column `y`: the label `u` is not a number"));
        assert!(refusal("a,y\n1,2\n1,3\n1,4\n5,w\n").starts_with("t.csv, line 5, column `y`: the label `w` is not a number"));
    }

    #[test]
    fn bad_shapes_are_refused() {
        assert!(refusal("").starts_with("t.csv: is empty"));
        assert!(refusal("\n\n").starts_with("t.csv: is empty"));
        assert!(refusal("a,y\n").contains("no rows"));
        assert!(refusal("1\n2\n").contains("one column"));
        assert!(refusal("1,2,3\n1,2\n").starts_with("t.csv, line 2, column `3`: is missing: this line has 2 fields, the first line 3"));
        assert!(refusal("1,2\n1,2,3\n").starts_with("t.csv, line 2, column `3`: does not exist"));
        assert!(refusal("1,2\n3,2\n").contains("every label is `2`"));
        assert!(refusal("a,y\n1,u\n2,u\n").contains("every label is `u`"));
        assert!(refusal(&",".repeat(MAX_COLUMNS)).contains("line 1 has more than 65536 fields"));
        let broken = Table::parse(Path::new("t.csv"), b"1,2\n\xff,3\n", None).expect_err("it is refused").to_string();
        assert!(broken.starts_with("t.csv, line 2, column `1`: the text is not UTF-8"), "{broken}");
    }
}
