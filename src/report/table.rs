//! What a plot shows, as numbers: the plot is drawn from it, and it is the file to download.

use crate::text::drawable;
use std::collections::BTreeSet;
use std::fmt::Write;

use super::html::percent_encoded;

/// The most rows that are drawn.
pub(super) const MOST_ROWS: usize = 400;

/// A named column; None where there is no value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) values: Vec<Option<f64>>,
}

/// Columns over one variable, in its ascending order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    pub(super) x_name: String,
    pub(super) x: Vec<f64>,
    pub(super) columns: Vec<Column>,
}

impl Table {
    /// The table of columns that have points of their own, in ascending order, each with its name: a value holds until the next one,
    /// and the last one to the end if `holds` says so. Has at most [`MOST_ROWS`] rows; the second value says so where there were more.
    pub(super) fn of_steps(x_name: &str, holds: bool, all: &[(String, Vec<(f64, f64)>)]) -> (Table, Option<String>) {
        let xs: BTreeSet<Ordered> = all.iter().flat_map(|(_, points)| points).filter_map(|&(x, _)| drawable(x)).map(Ordered).collect();
        let mut x: Vec<f64> = xs.into_iter().map(|Ordered(x)| x).collect();
        let note = thin_rows(&mut x);
        let columns = all
            .iter()
            .map(|(name, points)| {
                let mut rest = points.iter().peekable();
                let mut value = None;
                let end = points.last().map_or(f64::NEG_INFINITY, |(x, _)| *x);
                let values = x.iter().map(|&x| {
                    while let Some(&&(at, next)) = rest.peek()
                        && at <= x
                    {
                        value = drawable(next).or(value);
                        rest.next();
                    }
                    value.filter(|_| holds || x <= end)
                });
                Column { name: name.clone(), values: values.collect() }
            })
            .collect();
        (Table { x_name: x_name.to_owned(), x, columns }, note)
    }

    /// As comma-separated values with a line of names.
    pub(super) fn csv(&self) -> String {
        let mut text = cell(&self.x_name);
        for column in &self.columns {
            text += ",";
            text += &cell(&column.name);
        }
        text += "\n";
        for (row, x) in self.x.iter().enumerate() {
            write!(text, "{x}").expect("a String takes everything");
            for column in &self.columns {
                text += ",";
                if let Some(value) = column.values[row] {
                    write!(text, "{value}").expect("a String takes everything");
                }
            }
            text += "\n";
        }
        text
    }
}

/// A total order of numbers that can be drawn.
#[derive(PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Ordered) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Ordered) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Leaves every n-th row, the last one in any case, and says so.
fn thin_rows(x: &mut Vec<f64>) -> Option<String> {
    let (rows, last) = (x.len(), *x.last()?);
    let stride = rows.div_ceil(MOST_ROWS - 1).max(1);
    if stride == 1 {
        return None;
    }
    *x = x.iter().copied().step_by(stride).collect();
    if x.last() != Some(&last) {
        x.push(last);
    }
    Some(format!("{} of {rows} changes are drawn: one in {stride}, and the last.", x.len()))
}

/// A name as a cell: quoted, and never taken for a formula by a spreadsheet.
pub(super) fn cell(name: &str) -> String {
    let formula = if name.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{formula}{}\"", name.replace('"', "\"\""))
}

/// A text as an address that holds it, of this type.
pub(super) fn data_uri(media_type: &str, text: &str) -> String {
    format!("data:{media_type};charset=utf-8,{}", percent_encoded(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_their_own_points_share_rows() {
        let all = [("a".to_owned(), vec![(1.0, 0.5), (4.0, 0.7)]), ("b,\"".to_owned(), vec![(2.0, 0.1), (3.0, f64::NAN), (9.0, 0.2)])];
        let (table, note) = Table::of_steps("=x", true, &all);
        assert_eq!(note, None);
        assert_eq!(table.csv(), "\"'=x\",\"a\",\"b,\"\"\"\n1,0.5,\n2,0.5,0.1\n3,0.5,0.1\n4,0.7,0.1\n9,0.7,0.2\n");
        let (table, _) = Table::of_steps("x", false, &all);
        assert_eq!(table.columns[0].values, [Some(0.5), Some(0.5), Some(0.5), Some(0.7), None]);
    }

    #[test]
    fn many_rows_are_thinned_and_that_is_said() {
        let points: Vec<(f64, f64)> = (0..1_001).map(|i| (f64::from(i), f64::from(i))).collect();
        let (table, note) = Table::of_steps("x", true, &[("a".to_owned(), points)]);
        assert_eq!(table.x.len(), 335);
        assert_eq!((table.x[1], table.x[334]), (3.0, 1_000.0));
        assert_eq!(note.as_deref(), Some("335 of 1001 changes are drawn: one in 3, and the last."));
        let (table, _) = Table::of_steps("x", true, &[("a".to_owned(), vec![(f64::INFINITY, 1.0), (1e300, 1.0)])]);
        assert!(table.x.is_empty());
    }
}
