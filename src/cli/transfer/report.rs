//! The result of a transfer: events, a table, the tuned program.

use std::fmt::Write;

use exnihilo::task::Pair;
use exnihilo::text::{grouped, printable_name};
use exnihilo::transfer::{Constant, Outcome, Role, Row, Spread, Transfer as Run};
use exnihilo_jit::{Backend, ComponentFunction};
use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::print_event;
use super::{Transfer, best};

#[derive(Serialize)]
struct ConstantEvent<'a> {
    function: &'a str,
    /// The position in the simplified function, from 0.
    position: usize,
    constant: &'a str,
    factor: f64,
    instruction: String,
}

#[derive(Serialize)]
struct DecoupledEvent {
    scalar: String,
    value: f64,
}

#[derive(Serialize)]
struct PairEvent<'a> {
    pair: Pair,
    valid_accuracy: f64,
    test_accuracy: &'a [f64],
    test_mean: f64,
    test_st_dev: Option<f64>,
}

/// One tested program: the found one in `program` events, the others in `baseline` events.
#[derive(Serialize)]
struct RowEvent<'a> {
    name: &'a str,
    variant: &'a str,
    trial: u32,
    valid_accuracy: f64,
    test_mean: f64,
    test_st_dev: Option<f64>,
    test_by_seed: Vec<f64>,
    pairs: Vec<PairEvent<'a>>,
    constants: Vec<ConstantEvent<'a>>,
    decoupled: Vec<DecoupledEvent>,
    program: String,
}

#[derive(Serialize)]
struct DoneEvent<'a> {
    data: &'a str,
    features: usize,
    train: usize,
    valid: usize,
    test: usize,
    epochs: u32,
    pairs: usize,
    trials: u32,
    seeds: u32,
    seed: u64,
    backend: Backend,
    threads: usize,
    /// Which variant of the program is the best by validation.
    variant: &'a str,
    test_mean: f64,
    test_st_dev: Option<f64>,
    program: String,
    runs: u64,
    train_steps: u64,
    elapsed_seconds: f64,
    compiled: u64,
    compile_failures: u64,
}

const fn variant(role: Role) -> &'static str {
    match role {
        Role::Found => "found",
        Role::Decoupled => "decoupled",
        Role::Tuned | Role::Logistic | Role::Net => "tuned",
    }
}

const fn is_baseline(role: Role) -> bool {
    matches!(role, Role::Logistic | Role::Net)
}

impl RowEvent<'_> {
    fn new(row: &Row) -> RowEvent<'_> {
        let constant = |constant: &Constant| ConstantEvent {
            function: constant.place.function.name(),
            position: constant.place.position,
            constant: constant.place.part.name(),
            factor: constant.factor,
            instruction: constant.instruction.to_string(),
        };
        let pairs = row.pairs.iter().map(|score| {
            let Spread { mean, st_dev } = Spread::of(&score.test);
            PairEvent { pair: score.pair, valid_accuracy: score.valid, test_accuracy: &score.test, test_mean: mean, test_st_dev: st_dev }
        });
        let scalar = |address: u8| format!("s{address}");
        let decoupled = row.decoupled.iter().map(|valued| DecoupledEvent { scalar: scalar(valued.computed.address), value: valued.value });
        let Spread { mean, st_dev } = row.test();
        RowEvent {
            name: &row.title,
            variant: variant(row.role),
            trial: row.trial,
            valid_accuracy: row.valid(),
            test_mean: mean,
            test_st_dev: st_dev,
            test_by_seed: row.test_by_seed(),
            pairs: pairs.collect(),
            constants: row.constants.iter().map(constant).collect(),
            decoupled: decoupled.collect(),
            program: row.program.to_string(),
        }
    }
}

/// One event a row, then `done`.
///
/// # Errors
/// A closed or full stdout.
pub(super) fn print_events(outcome: &Outcome, transfer: &Run, options: &Transfer) -> Result<(), Failure> {
    for row in &outcome.rows {
        print_event(if is_baseline(row.role) { "baseline" } else { "program" }, &RowEvent::new(row))?;
    }
    let row = best(outcome);
    let [train, valid, test] = transfer.examples();
    let Spread { mean, st_dev } = row.test();
    let done = DoneEvent {
        data: transfer.data_name(),
        features: transfer.features(),
        train,
        valid,
        test,
        epochs: options.epochs,
        pairs: row.pairs.len(),
        trials: options.trials,
        seeds: options.seeds,
        seed: options.seed,
        backend: options.backend,
        threads: options.threads.count(),
        variant: variant(row.role),
        test_mean: mean,
        test_st_dev: st_dev,
        program: row.program.to_string(),
        runs: outcome.runs,
        train_steps: outcome.train_steps,
        elapsed_seconds: outcome.elapsed.as_secs_f64(),
        compiled: outcome.compiled,
        compile_failures: outcome.compile_failures,
    };
    print_event("done", &done)
}

/// Percent with two decimals, and the deviation where there is one.
fn percent(Spread { mean, st_dev }: Spread) -> String {
    let deviation = st_dev.map_or_else(String::new, |st_dev| format!(" ± {:.2}", 100.0 * st_dev));
    format!("{:.2}{deviation}", 100.0 * mean)
}

const fn what(role: Role) -> &'static str {
    match role {
        Role::Found => "as found",
        Role::Decoupled => "decoupled, tuned",
        Role::Tuned | Role::Logistic | Role::Net => "tuned",
    }
}

/// The heading of a column.
const fn heading(role: Role) -> &'static str {
    match role {
        Role::Found => "as found",
        Role::Tuned => "tuned",
        Role::Decoupled => "decoupled",
        Role::Logistic => "logistic",
        Role::Net => "net",
    }
}

/// The rows as a table, then by pair, then what tuning made of the program.
pub(super) fn for_people(outcome: &Outcome, transfer: &Run) -> String {
    let mut text = String::new();
    let mut line = |line: &str| writeln!(text, "{}", line.trim_end()).expect("a String takes everything");
    let titles: Vec<String> = outcome.rows.iter().map(|row| printable_name(&row.title)).collect();
    let width = titles.iter().map(|title| title.chars().count()).max().unwrap_or(0);
    line(&format!("{:<width$}  {:<16}  {:>6}  {:>7}  test %", "", "", "trial", "valid %"));
    for (row, title) in outcome.rows.iter().zip(&titles) {
        let (valid, test) = (100.0 * row.valid(), percent(row.test()));
        line(&format!("{:<width$}  {:<16}  {:>6}  {valid:>7.2}  {test}", title, what(row.role), row.trial));
    }
    if outcome.rows[0].pairs.len() > 1 {
        let columns: String = outcome.rows.iter().map(|row| format!("  {:<14}", heading(row.role))).collect();
        line(&format!("\ntest % of each pair\n{:<7}{columns}", ""));
        for (number, score) in outcome.rows[0].pairs.iter().enumerate() {
            let columns: String =
                outcome.rows.iter().map(|row| format!("  {:<14}", percent(Spread::of(&row.pairs[number].test)))).collect();
            line(&format!("{:<7}{columns}", score.pair.to_string()));
        }
    }
    let row = best(outcome);
    for decoupled in outcome.rows.iter().filter(|row| row.role == Role::Decoupled) {
        let kept = if row.role == Role::Decoupled { "kept" } else { "not kept: in validation the program as it is does better" };
        line(&format!("\nconstants for hyperparameters that the program computes, before tuning: {} ({kept})", decoupled_text(decoupled)));
    }
    line(&format!("\n{}, {}, simplified:", printable_name(&row.title), what(row.role)));
    line(&annotated(row));
    line(&format!(
        "{} runs, {} training steps, {:.1} s; F = {}, {} programs compiled",
        grouped(outcome.runs),
        grouped(outcome.train_steps),
        outcome.elapsed.as_secs_f64(),
        grouped(transfer.features() as u64),
        grouped(outcome.compiled)
    ));
    text
}

fn decoupled_text(row: &Row) -> String {
    row.decoupled.iter().map(|valued| format!("s{} = {:?}", valued.computed.address, valued.value)).collect::<Vec<_>>().join(", ")
}

/// The program with the factor of each constant as a comment.
fn annotated(row: &Row) -> String {
    let mut text = String::new();
    for function in ComponentFunction::ALL {
        writeln!(text, "def {}():", function.name()).expect("a String takes everything");
        for (position, instruction) in row.program.function(function).iter().enumerate() {
            let here = row.constants.iter().filter(|constant| constant.place.function == function && constant.place.position == position);
            let factors: Vec<String> = here.map(|constant| format!("{} x {:.4}", constant.place.part, constant.factor)).collect();
            let comment = if factors.is_empty() { String::new() } else { format!("   # {}", factors.join(", ")) };
            writeln!(text, "  {instruction}{comment}").expect("a String takes everything");
        }
    }
    text
}

/// The best program as a file that says where it comes from.
pub(super) fn program_text(outcome: &Outcome, title: &str, data: &str) -> String {
    let row = best(outcome);
    let mut text = format!("# {}, tuned on {}: {} % on test images.\n", printable_name(title), printable_name(data), percent(row.test()));
    if !row.decoupled.is_empty() {
        text += &format!("# Constants took the place of hyperparameters that it computed: {}.\n", decoupled_text(row));
    }
    text + &annotated(row)
}
