//! A page that is served while a run is at work: a small HTTP/1.1 server of fixed addresses, for the machine that it runs on.
//!
//! It is made of `std::net`, since what it needs most are limits: at most [`MOST_CONNECTIONS`] at once, each with a time to ask and a time
//! to take the answer in, and a bounded question. It answers GET and HEAD, for two addresses that are known beforehand; nothing of what is
//! asked becomes a path. The name of the host must be its own, so that no other site can lead a browser to it by a name of that site.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_128;

use super::error::ReportError;
use super::page::{Page, document};
use crate::run::RunRecord;

/// The most connections at once.
pub const MOST_CONNECTIONS: usize = 16;

/// The most bytes of a request, its headers included.
pub const MOST_REQUEST_BYTES: usize = 8 << 10;

/// The time that a client has for its request.
const ASKING: Duration = Duration::from_secs(5);
/// The time that a client has to take the answer in.
const ANSWERING: Duration = Duration::from_secs(20);
/// The page is not made more often.
const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// Nor sooner than after so many times the time that making it took, so that the pages of long runs leave the search as much.
const REFRESH_SHARE: u32 = 100;
/// And it is not older than this, whatever it costs: a long file is read as a whole only once.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Waited after a connection could not be taken, as where there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Where the page asks for news.
const MAIN: &str = "/main";

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// An address that other machines may reach.
    #[error(
        "{0} can be reached from other machines, and the page of a run is for this one; choose 127.0.0.1, or allow it with --allow-remote"
    )]
    Remote(SocketAddr),
    /// An address that cannot be had.
    #[error("{address}: cannot be served at: {source}; choose another port, or port 0 for any that is free")]
    Taken {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// No run.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// An address that is the program's, with nothing served yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes an address; port 0 is any that is free.
    ///
    /// # Errors
    /// [`ServeError`]: other machines may reach it and `allow_remote` does not say that they may, or it cannot be had.
    pub fn bind(address: SocketAddr, allow_remote: bool) -> Result<Server, ServeError> {
        if !address.ip().is_loopback() && !allow_remote {
            return Err(ServeError::Remote(address));
        }
        let taken = |source| ServeError::Taken { address, source };
        let listener = TcpListener::bind(address).map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        Ok(Server { listener, address })
    }

    /// Where it is.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the page of a run, from a thread of its own, until what is returned is dropped.
    ///
    /// # Errors
    /// No run in this directory.
    pub fn serve(self, directory: &Path) -> Result<Serving, ServeError> {
        let source = Source {
            directory: directory.to_owned(),
            state: Mutex::new(State::of(RunRecord::read(directory).map_err(ReportError::from)?)),
        };
        let (is_over, address) = (Arc::new(AtomicBool::new(false)), self.address);
        let shared = Arc::clone(&is_over);
        let thread = thread::Builder::new()
            .name("serve".to_owned())
            .spawn(move || accept(&self.listener, self.address, &Arc::new(source), &shared))
            .map_err(|source| ServeError::Taken { address, source })?;
        Ok(Serving { address, is_over, thread: Some(thread) })
    }
}

/// A page that is served until this is dropped.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    /// Waits for the end, which does not come by itself.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic in it has told of itself.
            let _ = thread.join();
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.is_over.store(true, Ordering::Relaxed);
        // It waits for a connection; if none can be made, it goes with the process.
        let here = if self.address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { self.address.ip() };
        if TcpStream::connect_timeout(&SocketAddr::new(here, self.address.port()), PAUSE * 10).is_ok() {
            let _ = thread.join();
        }
    }
}

/// Takes connections, each for a thread of its own.
fn accept(listener: &TcpListener, address: SocketAddr, source: &Arc<Source>, is_over: &AtomicBool) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else {
            thread::sleep(PAUSE);
            continue;
        };
        let connection = Connection::begin(&open);
        if open.load(Ordering::Relaxed) > MOST_CONNECTIONS {
            // Nothing but what fits the system's own buffer, so that nobody is waited for.
            let busy = Answer::text("503 Service Unavailable", "There are too many connections; try again soon.\n");
            let _ = stream.set_nonblocking(true).and_then(|()| (&stream).write_all(&busy.bytes(true)));
            continue;
        }
        let source = Arc::clone(source);
        // Where there is no thread to be had, the connection is closed.
        let _ = thread::Builder::new().name("serve page".to_owned()).spawn(move || {
            let _connection = connection;
            // Whoever has gone needs no answer.
            let _ = talk(&stream, address, &source);
        });
    }
}

/// A connection that counts as open until it is dropped.
struct Connection(Arc<AtomicUsize>);

impl Connection {
    fn begin(open: &Arc<AtomicUsize>) -> Connection {
        open.fetch_add(1, Ordering::Relaxed);
        Connection(Arc::clone(open))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Reads one request and answers it.
fn talk(stream: &TcpStream, address: SocketAddr, source: &Source) -> io::Result<()> {
    let (answer, with_body) = match read_request(stream)? {
        Ok(request) => (answer(&request, address, source), !request.starts_with(b"HEAD ")),
        Err(refusal) => (refusal, true),
    };
    write_in_time(stream, &answer.bytes(with_body))
}

/// The bytes of a request up to the blank line after its headers, or why it is refused.
fn read_request(mut stream: &TcpStream) -> io::Result<Result<Vec<u8>, Answer>> {
    let until = Instant::now() + ASKING;
    let mut request = Vec::new();
    let mut part = [0; 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Err(Answer::text("408 Request Timeout", "The request took too long.\n")));
        }
        stream.set_read_timeout(Some(left))?;
        let length = match stream.read(&mut part) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => length,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {
                continue;
            }
            Err(error) => return Err(error),
        };
        request.extend_from_slice(&part[..length]);
        if let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            request.truncate(end);
            return Ok(Ok(request));
        }
        if request.len() > MOST_REQUEST_BYTES {
            return Ok(Err(Answer::text("431 Request Header Fields Too Large", "The request is too long.\n")));
        }
    }
}

fn write_in_time(mut stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    let until = Instant::now() + ANSWERING;
    while !bytes.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(left))?;
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(length) => bytes = &bytes[length..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    stream.flush()
}

/// What is answered.
struct Answer {
    status: &'static str,
    media_type: &'static str,
    tag: Option<String>,
    /// None where there must be no length either.
    body: Option<Arc<str>>,
}

impl Answer {
    fn text(status: &'static str, text: &str) -> Answer {
        Answer { status, media_type: "text/plain; charset=utf-8", tag: None, body: Some(text.into()) }
    }

    fn html(body: Arc<str>, tag: Option<String>) -> Answer {
        Answer { status: "200 OK", media_type: "text/html; charset=utf-8", tag, body: Some(body) }
    }

    /// What was asked for is as it was. Its length would be that of what is not sent (RFC 9110, 8.6).
    const fn not_modified(tag: String) -> Answer {
        Answer { status: "304 Not Modified", media_type: "text/html; charset=utf-8", tag: Some(tag), body: None }
    }

    fn bytes(&self, with_body: bool) -> Vec<u8> {
        let Answer { status, media_type, tag, body } = self;
        let tag = tag.as_ref().map_or_else(String::new, |tag| format!("ETag: {tag}\r\n"));
        let length = body.as_ref().map_or_else(String::new, |body| format!("Content-Length: {}\r\n", body.len()));
        let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\n{length}{tag}{allow}Connection: close\r\nCache-Control: no-store\r\n\
             Content-Security-Policy: {}; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\
             Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n\r\n",
            Page::live_policy()
        );
        let mut bytes = head.into_bytes();
        if let Some(body) = body.as_ref().filter(|_| with_body) {
            bytes.extend_from_slice(body.as_bytes());
        }
        bytes
    }
}

/// The answer to the request line and headers of a request.
fn answer(request: &[u8], address: SocketAddr, source: &Source) -> Answer {
    let bad = || Answer::text("400 Bad Request", "This is no request of HTTP/1.1 that can be understood.\n");
    let Ok(request) = std::str::from_utf8(request) else { return bad() };
    let mut lines = request.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) = (first.next(), first.next(), first.next(), first.next()) else {
        return bad();
    };
    let (mut hosts, mut tags) = (Vec::new(), Vec::new());
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { return bad() };
        if name.is_empty() || name.contains(|c: char| c.is_ascii_whitespace() || c.is_control()) {
            return bad();
        }
        match name.to_ascii_lowercase().as_str() {
            "host" => hosts.push(value.trim()),
            "if-none-match" => tags.push(value.trim()),
            _ => {}
        }
    }
    let [host] = hosts[..] else { return bad() };
    if !is_own_name(host, address) {
        let own = format!("This is {address}, and it answers to no other name.\n");
        return Answer::text("403 Forbidden", &own);
    }
    if !matches!(method, "GET" | "HEAD") {
        return Answer::text("405 Method Not Allowed", "The page can only be read.\n");
    }
    if !matches!(target, "/" | MAIN) {
        return Answer::text("404 Not Found", "There is one page here, at /.\n");
    }
    match source.look() {
        Err(error) => Answer::text("500 Internal Server Error", &format!("{error}\n")),
        Ok(made) if target == "/" => Answer::html(document(&made.title, &made.main, Some(MAIN)).into(), None),
        Ok(made) if tags.contains(&made.tag.as_str()) => Answer::not_modified(made.tag),
        Ok(made) => Answer::html(made.main, Some(made.tag)),
    }
}

/// Whether a host that a browser names is this server. Names other than `localhost` may belong to anybody, addresses in numbers do not.
fn is_own_name(host: &str, address: SocketAddr) -> bool {
    let port = address.port();
    let name = match host.rsplit_once(':') {
        Some((name, digits)) if digits.parse() == Ok(port) && !digits.starts_with('+') => name,
        // Browsers leave out the usual port.
        _ if port == 80 => host,
        _ => return false,
    };
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let number = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    number.parse::<IpAddr>().is_ok_and(|ip| ip == address.ip() || address.ip().is_unspecified())
}

/// The page as it was last made.
#[derive(Clone)]
struct Made {
    title: String,
    main: Arc<str>,
    tag: String,
}

/// Where the page comes from.
struct Source {
    directory: PathBuf,
    state: Mutex<State>,
}

struct State {
    record: Option<RunRecord>,
    made: Option<Made>,
    /// When it may be made again.
    next: Instant,
}

impl State {
    fn of(record: RunRecord) -> State {
        State { record: Some(record), made: None, next: Instant::now() }
    }
}

impl Source {
    /// The page, made again if it is of some age: nothing is done while nobody asks.
    fn look(&self) -> Result<Made, ReportError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Instant::now();
        if let Some(made) = &state.made
            && begun < state.next
        {
            return Ok(made.clone());
        }
        state.made = None;
        let record = match state.record.take() {
            Some(mut record) => {
                record.refresh()?;
                record
            }
            None => RunRecord::read(&self.directory)?,
        };
        let records = [record];
        let page = Page::new(&records);
        let main: Arc<str> = page.main().into();
        let made = Made { title: page.title(), tag: format!("\"{:032x}\"", xxh3_128(main.as_bytes())), main };
        let [record] = records;
        let next = next_refresh(begun, Instant::now());
        *state = State { record: Some(record), made: Some(made.clone()), next };
        Ok(made)
    }
}

/// When the page may be made again that was begun and ended then.
fn next_refresh(begun: Instant, ended: Instant) -> Instant {
    ended + (ended - begun).saturating_mul(REFRESH_SHARE).clamp(REFRESH_EVERY, LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_take_no_more_than_their_share_of_the_time() {
        let begun = Instant::now();
        for milliseconds in [0, 1, 10, 50, 3_000] {
            let cost = Duration::from_millis(milliseconds);
            let next = next_refresh(begun, begun + cost);
            assert_eq!(next - (begun + cost), (100 * cost).clamp(REFRESH_EVERY, LONGEST_WAIT), "{cost:?}");
        }
    }

    #[test]
    fn only_own_names_are_answered() {
        let is_own = |host, address: &str| is_own_name(host, address.parse().expect("an address"));
        for host in ["127.0.0.1:8060", "localhost:8060", "LocalHost:8060"] {
            assert!(is_own(host, "127.0.0.1:8060"), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "localhost",
            "127.0.0.1:80",
            "evil.example:8060",
            "localhost.evil.example:8060",
            "127.0.0.2:8060",
            "localhost:+8060",
        ] {
            assert!(!is_own(host, "127.0.0.1:8060"), "{host}");
        }
        assert!(is_own("[::1]:8060", "[::1]:8060") && !is_own("[::2]:8060", "[::1]:8060"));
        assert!(is_own("localhost", "127.0.0.1:80") && is_own("127.0.0.1", "127.0.0.1:80"));
        assert!(is_own("192.168.7.7:8060", "0.0.0.0:8060") && !is_own("my.example:8060", "0.0.0.0:8060"));
    }

    #[test]
    fn other_machines_are_let_in_only_where_that_is_said() {
        let everywhere = "0.0.0.0:0".parse().expect("an address");
        assert!(matches!(Server::bind(everywhere, false), Err(ServeError::Remote(_))));
        let server = Server::bind(everywhere, true).expect("any free port");
        assert_ne!(server.address().port(), 0);
        let here = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), server.address().port());
        assert!(Server::bind(here, false).expect_err("it is taken").to_string().contains("choose another port"));
    }
}
