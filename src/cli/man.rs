//! `man`: manual pages.

use clap::Args;
use exnihilo::text::printable_name;

use super::failure::Failure;
use super::output::print_data;
use super::{Exit, command_line};

/// Print the manual page, of the whole or of one command
#[derive(Debug, Args)]
#[command(name = "man", after_help = "Example:\n  exnihilo man evolve | man -l -")]
pub(super) struct ManPage {
    /// Command (default: an overview)
    command: Option<String>,
}

impl ManPage {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let mut whole = command_line();
        whole.build();
        let page = match &self.command {
            None => whole,
            Some(name) => {
                let known = whole.get_subcommands().map(clap::Command::get_name).collect::<Vec<_>>().join(", ");
                let found = whole.find_subcommand(name).cloned();
                found.ok_or_else(|| Failure::usage(format!("there is no command `{}`; there are {known}", printable_name(name))))?
            }
        };
        let mut text = Vec::new();
        clap_mangen::Man::new(page).render(&mut text)?;
        print_data(&String::from_utf8_lossy(&text))?;
        Ok(Exit::Done)
    }
}
