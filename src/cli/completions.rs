//! `completions`: what shells complete.

use clap::Args;
use clap_complete::Shell;

use super::failure::Failure;
use super::output::print_data;
use super::{Exit, command_line};

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  exnihilo completions bash > ~/.local/share/bash-completion/completions/exnihilo")]
pub(super) struct Completions {
    /// Shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command_line(), "exnihilo", &mut script);
        print_data(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
