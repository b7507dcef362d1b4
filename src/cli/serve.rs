//! `serve`: the page of a run, live.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use exnihilo::report::{ServeError, Server};
use serde::Serialize;

use super::Exit;
use super::args::parse_address;
use super::failure::Failure;
use super::output::{print_event, print_text};

/// Serve the page of a run to a browser on this machine, live while the run is at work
///
/// It is the page of `exnihilo report`, read again every two seconds. Nothing can be changed through it. Ctrl-C ends it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exnihilo serve runs/linear-s0                      at http://127.0.0.1:8060/
  exnihilo serve runs/linear-s0 --addr 127.0.0.1:0   at any port that is free
  exnihilo evolve digits --serve 127.0.0.1:8060      the same, with the search itself

It answers GET and HEAD for its own name only. Addresses that other machines can reach are refused
without --allow-remote.
With --json, one line: serving, with address.")]
pub(super) struct Serve {
    /// Directory of the run, as `evolve` printed it
    #[arg(value_name = "RUN_DIR")]
    directory: PathBuf,
    /// Where to serve it; port 0 is any that is free
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8060", value_parser = parse_address)]
    addr: SocketAddr,
    /// Take an address that other machines can reach: whoever reaches it reads the page
    #[arg(long)]
    allow_remote: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct ServingEvent {
    address: String,
}

impl Serve {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let server = Server::bind(self.addr, self.allow_remote)?;
        let address = format!("http://{}/", server.address());
        let serving = server.serve(&self.directory)?;
        if self.json {
            print_event("serving", &ServingEvent { address })?;
        } else {
            print_text(&format!("{address}\n"))?;
        }
        serving.wait();
        Ok(Exit::Done)
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Failure {
        match error {
            ServeError::Remote(_) => Failure::Usage(error.into()),
            _ => Failure::Failed(error.into()),
        }
    }
}
