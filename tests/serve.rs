//! `serve` and `evolve --serve` over raw sockets: who is answered, and what.
#![cfg(feature = "cli")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use exnihilo::report::{MOST_CONNECTIONS, MOST_REQUEST_BYTES};
use serde_json::Value;

use common::{BUILT, command};

/// A server that ends with its test.
struct Serving {
    child: Child,
    /// 127.0.0.1:PORT
    address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // If it has ended, that is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Starts a search without a limit that serves its page.
fn live(folder: &Path) -> Serving {
    let arguments = ["evolve", "--out", "run", "--target-fitness", "1", "--set", "search.population=100", "--serve", "localhost:0"];
    let mut child = command(folder, &arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect(BUILT);
    let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut lines = stderr.lines();
    let line = lines.find_map(|line| line.expect("text").strip_prefix("live at http://").map(str::to_owned)).expect("it tells its address");
    // Nobody reads on, and it must not wait for that.
    std::thread::spawn(move || lines.for_each(drop));
    Serving { child, address: line.trim_end_matches('/').to_owned() }
}

/// Serves a run without events.
fn serve(folder: &Path) -> Serving {
    std::fs::create_dir(folder.join("run")).expect("a writable folder");
    std::fs::write(folder.join("run/events.jsonl"), "{\"event\":\"start\",\"preset\":\"<own>\",\"seed\":3}\n").expect("a writable folder");
    let arguments = ["serve", "run", "--addr", "127.0.0.1:0", "--json"];
    let mut child = command(folder, &arguments).stdout(Stdio::piped()).spawn().expect(BUILT);
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let event: Value = serde_json::from_str(&line).expect("an event");
    assert_eq!((&event["schema"], &event["event"]), (&1.into(), &"serving".into()));
    let address = event["address"].as_str().expect("an address").strip_prefix("http://").expect("HTTP").trim_end_matches('/').to_owned();
    Serving { child, address }
}

impl Serving {
    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).expect("it listens")
    }

    /// Sends bytes and returns all that is answered.
    fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // What is too long may be refused before all of it is sent, and the rest of the answer may be lost with it.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).expect("text")
    }

    fn ask(&self, method: &str, target: &str, more: &str) -> String {
        self.send(format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n{more}\r\n", self.address).as_bytes())
    }

    fn get(&self, target: &str) -> String {
        self.ask("GET", target, "")
    }
}

fn status(answer: &str) -> &str {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or("none")
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("the end of the headers").1
}

#[test]
fn the_page_of_a_search_at_work_is_live() {
    let folder = folder();
    let serving = live(folder.path());
    let page = serving.get("/");
    assert_eq!(status(&page), "200");
    assert!(body(&page).starts_with("<!doctype html>") && body(&page).contains("<main data-live=\"/main\">"));
    assert!(body(&page).contains("At work: this is what there is so far."));
    let policy = header(&page, "Content-Security-Policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("connect-src 'self'"), "{policy}");
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    // The page says the same itself, but for what only a header can say.
    let own = format!("content=\"{}\"", policy.trim_end_matches("; frame-ancestors 'none'"));
    assert!(body(&page).contains(&own), "{own}");
    for (name, value) in
        [("Connection", "close"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY")]
    {
        assert_eq!(header(&page, name), Some(value));
    }
    // It goes on, and so does the page.
    let first = serving.get("/main");
    assert_eq!(status(&first), "200");
    assert!(!body(&first).contains("<script") && body(&first).contains("<h1>linear seed 0</h1>"));
    loop {
        let next = serving.get("/main");
        if header(&next, "ETag") != header(&first, "ETag") {
            assert_ne!(body(&next), body(&first));
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let folder = folder();
    let serving = serve(folder.path());
    let main = serving.get("/main");
    assert!(body(&main).contains("&lt;own&gt; seed 3"), "{main}");
    let tag = header(&main, "ETag").expect("a tag");
    let again = serving.ask("GET", "/main", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((status(&again), body(&again)), ("304", ""));
    assert_eq!(
        (header(&again, "ETag"), header(&again, "Content-Length")),
        (Some(tag), None),
        "its length would be that of what is not sent"
    );
    assert_eq!(status(&serving.ask("GET", "/main", "If-None-Match: \"0\"\r\n")), "200");
    let head = serving.ask("HEAD", "/main", "");
    assert_eq!((status(&head), body(&head)), ("200", ""));
    assert_eq!(header(&head, "Content-Length"), Some(body(&main).len().to_string().as_str()));
}

#[test]
fn nothing_else_is_answered() {
    let folder = folder();
    let serving = serve(folder.path());
    let port = serving.address.rsplit(':').next().expect("a port").to_owned();
    for target in
        ["/x", "/main/", "//", "/../run/events.jsonl", "/events.jsonl", "/%2e%2e/", "/?a", "/main?a", "http://127.0.0.1/", "*", ""]
    {
        let answer = serving.get(target);
        assert!(matches!(status(&answer), "404" | "400"), "{target}: {answer}");
        assert!(!answer.contains("seed 3"), "{target}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "get", "X"] {
        let answer = serving.ask(method, "/", "Content-Length: 3\r\n");
        assert_eq!((status(&answer), header(&answer, "Allow")), ("405", Some("GET, HEAD")), "{method}");
    }
    let with_host = |host: &str| serving.send(format!("GET / HTTP/1.1\r\n{host}\r\n").as_bytes());
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "127.0.0.1",
        "127.0.0.1:1",
        &format!("127.0.0.2:{port}"),
        &format!("a@localhost:{port}"),
        "",
    ] {
        assert_eq!(status(&with_host(&format!("Host: {host}\r\n"))), "403", "{host}");
    }
    assert_eq!(status(&with_host(&format!("hOST:   localhost:{port}  \r\n"))), "200");
    let twice = format!("Host: {0}\r\nHost: {0}\r\n", serving.address);
    for (name, headers) in [("none", ""), ("twice", twice.as_str())] {
        assert_eq!(status(&with_host(headers)), "400", "{name}");
    }
    let host = format!("Host: {}\r\n", serving.address);
    let malformed: [&[u8]; 7] = [
        b"\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"\xff\xfe\x00 / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
    ];
    for request in malformed {
        assert_eq!(status(&serving.send(request)), "400", "{}", String::from_utf8_lossy(request));
    }
    assert_eq!(status(&serving.send(format!("GET / HTTP/1.1\r\n{host} folded: x\r\n\r\n").as_bytes())), "400");
    assert_eq!(status(&serving.send(format!("GET / HTTP/1.1\r\nX: {}\r\n", "y".repeat(MOST_REQUEST_BYTES)).as_bytes())), "431");
    // Whoever goes in the middle leaves nothing behind.
    for _ in 0..3 * MOST_CONNECTIONS {
        let mut stream = serving.connect();
        // Where there are too many at once it is closed already.
        let _ = stream.write_all(b"GET / HT").and_then(|()| stream.shutdown(Shutdown::Both));
    }
    until_answered(&serving);
}

/// Asks until there is a connection free.
fn until_answered(serving: &Serving) {
    while status(&serving.get("/")) != "200" {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn connections_are_bounded_and_those_that_say_nothing_are_closed() {
    let folder = folder();
    let serving = serve(folder.path());
    let mut silent: Vec<TcpStream> = (0..MOST_CONNECTIONS).map(|_| serving.connect()).collect();
    // They are taken in the order in which they were made, so one more is one too many.
    let refused = serving.get("/");
    assert_eq!(status(&refused), "503", "{refused}");
    // One that says a little now and then has no longer than others.
    let mut slow = silent.pop().expect("there are several");
    let mut answer = String::new();
    slow.set_read_timeout(Some(Duration::from_millis(200))).expect("not zero");
    while slow.write_all(b"G").is_ok() && slow.read_to_string(&mut answer).is_err() {}
    assert!(matches!(status(&answer), "408" | "none"), "{answer}");
    let mut rest = String::new();
    silent[0].read_to_string(&mut rest).expect("it is closed with an answer");
    assert_eq!(status(&rest), "408");
    until_answered(&serving);
}

#[test]
fn other_machines_and_what_is_no_run_are_refused() {
    let folder = folder();
    let refuse = |arguments: &[&str], code: i32, words: &str| {
        let ended = command(folder.path(), arguments).output().expect(BUILT);
        let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(words), "{arguments:?}: {stderr}");
    };
    refuse(&["serve", "none", "--addr", "127.0.0.1:0"], 1, "it does not exist");
    refuse(&["serve", ".", "--addr", "0.0.0.0:0"], 2, "--allow-remote");
    refuse(&["serve", ".", "--addr", "here"], 2, "write an address with a port");
    refuse(&["evolve", "--serve", "0.0.0.0:0"], 2, "--allow-remote");
    refuse(&["evolve", "--serve", "127.0.0.1:0", "--no-save"], 2, "--no-save");
    refuse(&["evolve", "--allow-remote"], 2, "--serve");
    assert!(!folder.path().join("runs").exists(), "nothing has begun");
    let serving = serve(folder.path());
    refuse(&["serve", "run", "--addr", &serving.address], 1, "choose another port");
}
