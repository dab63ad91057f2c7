//! A minimal browser for the tests of this crate and of the command line.
#![allow(dead_code)] // each of the two leaves some of it out

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: {}", self.status, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }
}

#[derive(Clone, Copy)]
pub struct Client(pub SocketAddr);

impl Client {
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.ask_once(method, path, headers, body).unwrap()
    }

    /// `None` if the server ends before its answer is complete.
    fn ask_once(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut stream = self.begin(method, path, headers, body.len())?;
        // A server that refuses a body may close before all of it was sent.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let answer = Answer {
            status,
            head,
            body: bytes[end + 4..].to_vec(),
        };
        let length = answer.header("content-length").map(|text| text.parse());
        let whole = length.is_none_or(|length| length == Ok(answer.body.len()));
        whole.then_some(answer)
    }

    /// Sends a request up to its body, of which `length` bytes are announced.
    pub fn begin(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        length: usize,
    ) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.0.port())).ok()?;
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            request += &format!("Host: 127.0.0.1:{}\r\n", self.0.port());
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("Content-Length: {length}\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        Some(stream)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    pub fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.ask(method, path, &[], body.to_string().as_bytes())
    }

    /// The complete state of the page.
    pub fn state(&self) -> Value {
        self.get("/api/changes/none/0").json()
    }

    /// The state once `is_so` holds. There is no time limit except one against hanging.
    pub fn when(&self, is_so: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let state = self.state();
            if is_so(&state) {
                return state;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{state:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The state once all images are scored.
    pub fn scored(&self, images: usize) -> Value {
        self.when(|state| {
            state["state"]["waiting"] == 0 && state["images"].as_array().unwrap().len() == images
        })
    }

    /// Stores a decision and returns the answer.
    pub fn decide(&self, id: &str, verdict: Option<&str>, mask: &Value, revision: u64) -> Answer {
        self.decide_once(id, verdict, mask, revision).unwrap()
    }

    /// `None` if the server ends before its answer is complete.
    pub fn decide_once(
        &self,
        id: &str,
        verdict: Option<&str>,
        mask: &Value,
        revision: u64,
    ) -> Option<Answer> {
        let body = json!({ "verdict": verdict, "kind": "", "mask": mask, "revision": revision });
        let path = format!("/api/images/{id}/decision");
        self.ask_once("PUT", &path, &[], body.to_string().as_bytes())
    }
}

/// An image's row, by its name.
pub fn row(state: &Value, name: &str) -> Value {
    let images = state["images"].as_array().unwrap();
    let found = images.iter().find(|image| image["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {state:#}"))
        .clone()
}

pub fn id(state: &Value, name: &str) -> String {
    row(state, name)["id"].as_str().unwrap().to_owned()
}
