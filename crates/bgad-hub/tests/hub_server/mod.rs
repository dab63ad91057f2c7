//! A local server that answers like the Hugging Face hub and its server of large files, and fails in all the
//! ways that networks do.
#![allow(dead_code)] // each test uses a part

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A received request.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
}

impl Request {
    /// The first byte of the requested range.
    pub fn from(&self) -> Option<usize> {
        let range = self.headers.get("range")?;
        let start = range.strip_prefix("bytes=")?.strip_suffix('-')?;
        Some(start.parse().unwrap())
    }
}

/// A fault in one answer of the server of large files.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The connection ends after this many bytes.
    Cut(usize),
    /// Nothing comes after this many bytes.
    Stall(usize),
    /// Wrong bytes, in the right number.
    Wrong,
    /// Bytes without end.
    Endless,
    /// The whole file, whatever range was requested.
    IgnoresRanges,
    /// A range that begins elsewhere.
    Shifted,
    /// An error.
    Status(u16),
}

/// A listening socket, served until the process ends.
pub struct Server {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut stream = stream;
                    let Some(request) = read(&stream) else {
                        return;
                    };
                    seen.lock().unwrap().push(request.clone());
                    answer(&request, &mut stream);
                });
            }
        });
        Self { address, requests }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let headers = lines.take_while(|line| !line.is_empty());
    let headers = headers.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_lowercase(), value.trim().to_owned()))
    });
    let headers = headers.collect();
    Some(Request {
        method,
        path,
        headers,
    })
}

/// Writes a status line and headers; the connection ends after the answer.
pub fn head(stream: &mut TcpStream, status: u16, headers: &[(&str, String)]) {
    let mut text = format!("HTTP/1.1 {status} Any\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let _ = stream.write_all(text.as_bytes());
}

/// The hub, and the server to which it redirects for a large file.
pub struct Imitation {
    pub hub: Server,
    pub files: Server,
    pub sha256: String,
}

impl Imitation {
    /// A hub with one file. Its answers fail in turn as `faults` say, and then no more.
    pub fn start(content: &[u8], faults: impl IntoIterator<Item = Fault>) -> Self {
        let faults = Mutex::new(faults.into_iter().collect::<VecDeque<_>>());
        let sha256: String = Sha256::digest(content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let size = content.len();
        let content = content.to_vec();
        let files = Server::start(move |request, stream| {
            let fault = faults.lock().unwrap().pop_front();
            serve(request, stream, &content, fault);
        });
        let (stated, location) = (sha256.clone(), files.url());
        let hub = Server::start(move |request, stream| {
            if !request.path.ends_with("/model.safetensors") {
                head(stream, 404, &[("X-Error-Code", "EntryNotFound".into())]);
                return;
            }
            head(stream, 302, &hub_headers(&stated, size, &location));
        });
        Self { hub, files, sha256 }
    }
}

/// The headers of the hub's answer for a large file, as it sends them.
pub fn hub_headers(sha256: &str, size: usize, files: &str) -> Vec<(&'static str, String)> {
    let location = format!("{files}/repos/ab/cd/{sha256}?X-Amz-Signature=0123&x-id=GetObject");
    vec![
        ("Content-Type", "text/plain; charset=utf-8".into()),
        // The size of a text that says where to look.
        ("Content-Length", "1087".into()),
        ("X-Repo-Commit", COMMIT.into()),
        ("Accept-Ranges", "bytes".into()),
        (
            "Access-Control-Expose-Headers",
            "X-Repo-Commit,X-Linked-Size,X-Linked-ETag".into(),
        ),
        ("X-Linked-Size", size.to_string()),
        ("X-Linked-ETag", format!("\"{sha256}\"")),
        ("X-Xet-Hash", "f".repeat(64)),
        ("Location", location),
        ("Vary", "Origin, Accept".into()),
    ]
}

fn serve(request: &Request, stream: &mut TcpStream, content: &[u8], fault: Option<Fault>) {
    if let Some(Fault::Status(status)) = fault {
        head(stream, status, &[("Content-Length", "0".into())]);
        return;
    }
    let asked = match fault {
        Some(Fault::IgnoresRanges) => None,
        _ => request.from(),
    };
    let start = asked.unwrap_or(0);
    let mut bytes = content[start..].to_vec();
    let mut headers = vec![("Content-Length", bytes.len().to_string())];
    if fault == Some(Fault::Endless) {
        headers.clear();
    }
    let stated = match fault {
        Some(Fault::Shifted) => start + 1,
        _ => start,
    };
    let status = match asked {
        Some(_) => {
            let (last, all) = (content.len() - 1, content.len());
            headers.push(("Content-Range", format!("bytes {stated}-{last}/{all}")));
            206
        }
        None => 200,
    };
    head(stream, status, &headers);
    match fault {
        Some(Fault::Cut(count)) => {
            let _ = stream.write_all(&bytes[..count]);
        }
        Some(Fault::Stall(count)) => {
            let _ = stream.write_all(&bytes[..count]);
            std::thread::sleep(Duration::from_secs(60));
        }
        Some(Fault::Wrong) => {
            bytes.iter_mut().for_each(|byte| *byte ^= 1);
            let _ = stream.write_all(&bytes);
        }
        Some(Fault::Endless) => while stream.write_all(&bytes).is_ok() {},
        _ => {
            let _ = stream.write_all(&bytes);
        }
    }
}
