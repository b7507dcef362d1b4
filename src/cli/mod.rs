//! The command line: one file per command, each from its arguments to output and exit code. What commands do is in the
//! library; what they share here is `args` (options), `programs` (program files), `output` (stdout), `pace` (how long it takes) and `failure` (errors).

mod args;
mod bench;
mod compare;
mod completions;
mod conform;
mod difference;
mod disasm;
mod eval;
mod evolve;
mod explain;
mod export;
mod failure;
mod fuzz;
mod man;
mod output;
mod pace;
mod presets;
mod programs;
mod report;
mod resume;
mod serve;
mod simplify;
mod tasks;
mod transfer;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use exnihilo::text::printable_name;

use failure::Failure;
use output::{note, print_text};

/// Evolves complete machine-learning algorithms from nothing (AutoML-Zero).
///
/// Every candidate program is evaluated as native code or by an interpreter, with the same bits.
#[derive(Debug, Parser)]
#[command(name = "exnihilo", version, propagate_version = true, after_help = EXAMPLES, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  exnihilo evolve                          discover linear regression from random programs
  exnihilo evolve digits --max-seconds 60  evolve classifiers of handwritten digits
  exnihilo report runs/linear-s0           a page about a run
  exnihilo eval linear net --task two-layer
  exnihilo explain net --task two-layer    what each line is for, and what each part is worth
  exnihilo bench --features 4,16

A PROGRAM is a file of program text (.az), or the name of a hand-written model:
`linear`, `affine` and `net`, for tasks with classes `softmax` and `softmax-net`.
Results go to stdout, progress and messages to stderr.

Exit codes: 0 done; 1 failed, such as unreadable input; 2 wrong usage; 3 a difference between
backends was found (see --verify); 4 the target was not reached; 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    Evolve(evolve::Evolve),
    Resume(resume::Resume),
    Compare(compare::Compare),
    Eval(eval::Eval),
    Report(report::Report),
    Serve(serve::Serve),
    Transfer(transfer::Transfer),
    Conform(conform::Conform),
    Bench(bench::Bench),
    Fuzz(fuzz::Fuzz),
    Simplify(simplify::Simplify),
    Export(export::Export),
    Explain(explain::Explain),
    Disasm(disasm::Disasm),
    Presets(presets::Presets),
    Tasks(tasks::Tasks),
    Completions(completions::Completions),
    Man(man::ManPage),
}

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done,
    /// The parser has said what is wrong with the arguments.
    Usage,
    /// Backends differ.
    Difference,
    /// The search ended without reaching its target.
    TargetMissed,
    Interrupted,
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Usage => 2,
            Exit::Difference => 3,
            Exit::TargetMissed => 4,
            Exit::Interrupted => 130,
        }
    }
}

pub(crate) fn main() -> ExitCode {
    let ended = match Cli::try_parse() {
        Ok(cli) => cli.command.run(),
        Err(error) => unparsed(&error),
    };
    match ended {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => ExitCode::from(failure.report()),
    }
}

/// Prints what the parser has to say instead of a command: help and version to stdout, wrong usage to stderr.
fn unparsed(error: &clap::Error) -> Result<Exit, Failure> {
    // It quotes arguments as they are. Of the same ones as they are shown it says the same.
    let shown = std::env::args_os().map(|argument| printable_name(&argument.to_string_lossy()));
    let printed = match Cli::try_parse_from(shown) {
        Err(again) if again.kind() == error.kind() => again.print().map_err(Failure::from),
        _ if error.use_stderr() => {
            note(error.render().to_string().trim_end());
            Ok(())
        }
        _ => print_text(&error.render().to_string()),
    };
    // Where stderr is closed, nobody is there to be told.
    if error.use_stderr() { Ok(Exit::Usage) } else { printed.map(|()| Exit::Done) }
}

impl Command {
    fn run(self) -> Result<Exit, Failure> {
        match self {
            Command::Evolve(command) => command.run(),
            Command::Resume(command) => command.run(),
            Command::Compare(command) => command.run(),
            Command::Eval(command) => command.run(),
            Command::Report(command) => command.run(),
            Command::Serve(command) => command.run(),
            Command::Transfer(command) => command.run(),
            Command::Conform(command) => command.run(),
            Command::Bench(command) => command.run(),
            Command::Fuzz(command) => command.run(),
            Command::Simplify(command) => command.run(),
            Command::Export(command) => command.run(),
            Command::Explain(command) => command.run(),
            Command::Disasm(command) => command.run(),
            Command::Presets(command) => command.run(),
            Command::Tasks(command) => command.run(),
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(),
        }
    }
}

/// Everything that the parser knows, for completions and man pages.
fn command_line() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        super::command_line().debug_assert();
    }

    /// What the parser wraps by itself is no longer than the terminal; examples and notes are as they are written.
    #[test]
    fn lines_of_help_fit_a_terminal() {
        fn check(command: &clap::Command) {
            let notes = command.get_after_help().into_iter().chain(command.get_after_long_help());
            for line in notes.flat_map(|text| text.to_string().lines().map(str::to_owned).collect::<Vec<_>>()) {
                assert!(line.chars().count() <= 100, "{}: {} columns: {line}", command.get_name(), line.chars().count());
            }
            command.get_subcommands().for_each(check);
        }
        let command = super::command_line();
        assert!(command.get_subcommands().count() > 10);
        check(&command);
    }
}
