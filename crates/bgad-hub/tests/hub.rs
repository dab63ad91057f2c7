//! Weights from a hub that cuts connections, sends wrong bytes, redirects and stalls.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bgad::weights::{PublishedWeights, WeightsCache};
use bgad_hub::{FetchProgress, Hub, HubError};

mod hub_server;
use hub_server::{COMMIT, Fault, Imitation, Server, head, hub_headers};

const NAME: &str = "tf_efficientnet_b0";
const SIZE: usize = 300_000;
const TOKEN: &str = "hf_secret";

fn weights() -> PublishedWeights {
    NAME.parse().unwrap()
}

fn content() -> Vec<u8> {
    (0..SIZE).map(|n| (n * n / 7 % 251) as u8).collect()
}

struct Case {
    folder: tempfile::TempDir,
    imitation: Imitation,
}

impl Case {
    fn new(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            imitation: Imitation::start(&content(), faults),
        }
    }

    fn cache(&self) -> WeightsCache {
        WeightsCache::at(self.folder.path())
    }

    fn hub(&self) -> Hub {
        hub(&self.imitation.hub).with_token(TOKEN)
    }

    fn fetch(&self) -> Result<PathBuf, HubError> {
        self.hub().fetch(weights(), &self.cache(), |_| {})
    }

    fn repository(&self) -> PathBuf {
        let name = format!("models--timm--{}", weights().name());
        self.folder.path().join(name)
    }

    fn blob(&self) -> PathBuf {
        self.repository().join("blobs").join(&self.imitation.sha256)
    }

    fn part(&self) -> PathBuf {
        let name = format!("{}.incomplete", self.imitation.sha256);
        self.repository().join("blobs").join(name)
    }

    /// The first bytes of the ranges requested from the server of large files.
    fn ranges(&self) -> Vec<Option<usize>> {
        let requests = self.imitation.files.requests();
        requests.iter().map(|request| request.from()).collect()
    }

    /// Checks that the file is stored as Python would store it, and nothing else.
    fn assert_complete(&self, path: &Path) {
        let snapshot = self.repository().join("snapshots").join(COMMIT);
        assert_eq!(path, snapshot.join("model.safetensors"));
        assert!(std::fs::read(path).unwrap() == content());
        assert_eq!(self.cache().find(weights()).as_deref(), Some(path));
        let commit = std::fs::read_to_string(self.repository().join("refs/main"));
        assert_eq!(commit.unwrap(), COMMIT);
        assert_eq!(
            names(&self.repository().join("blobs")),
            [self.imitation.sha256.as_str()]
        );
        assert_eq!(names(&snapshot), ["model.safetensors"]);
        assert_eq!(names(&self.repository()), ["blobs", "refs", "snapshots"]);
        #[cfg(unix)]
        assert_eq!(
            std::fs::read_link(path).unwrap(),
            Path::new("../../blobs").join(&self.imitation.sha256)
        );
    }
}

fn hub(server: &Server) -> Hub {
    Hub::at(server.url()).with_timeout(Duration::from_millis(400))
}

fn names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// All files in a folder, including links to files.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

#[test]
fn weights_are_stored_as_by_python_and_only_the_hub_gets_the_token() {
    let case = Case::new([]);
    let mut told = Vec::new();
    let path = case
        .hub()
        .fetch(weights(), &case.cache(), |progress| told.push(progress))
        .unwrap();
    case.assert_complete(&path);
    let (bytes, total) = (SIZE as u64, SIZE as u64);
    assert_eq!(told.last(), Some(&FetchProgress::Received { bytes, total }));

    let asked = case.imitation.hub.requests();
    let paths: Vec<(&str, &str)> = asked
        .iter()
        .map(|request| (request.method.as_str(), request.path.as_str()))
        .collect();
    let main = "/timm/tf_efficientnet_b0.aa_in1k/resolve/main/model.safetensors";
    let pinned = main.replace("main", COMMIT);
    assert_eq!(paths, [("HEAD", main), ("GET", pinned.as_str())]);
    for request in &asked {
        assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
    }
    let large = case.imitation.files.requests();
    assert_eq!(large.len(), 1);
    assert!(!large[0].headers.contains_key("authorization"), "{large:?}");
    assert!(large[0].path.ends_with("x-id=GetObject"), "{large:?}");
    assert!(!format!("{:?}", case.hub()).contains(TOKEN));

    // A second time: the hub is asked, but the file is not fetched.
    case.assert_complete(&case.fetch().unwrap());
    assert_eq!(case.imitation.files.requests().len(), 1);
}

#[test]
fn a_cut_connection_resumes_where_it_broke() {
    let case = Case::new([Fault::Cut(100_000), Fault::Status(503), Fault::Cut(50_000)]);
    let mut again = 0;
    let path = case.hub().fetch(weights(), &case.cache(), |progress| {
        again += u32::from(matches!(progress, FetchProgress::Again { .. }));
    });
    case.assert_complete(&path.unwrap());
    assert_eq!(again, 3);
    let expected = [None, Some(100_000), Some(100_000), Some(150_000)];
    assert_eq!(case.ranges(), expected);
}

#[test]
fn a_stalled_transfer_ends_and_the_next_one_resumes() {
    let case = Case::new([Fault::Stall(120_000)]);
    let start = Instant::now();
    let error = case
        .hub()
        .with_attempts(1)
        .fetch(weights(), &case.cache(), |_| {});
    let error = error.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(20));
    let text = error.to_string();
    assert!(
        matches!(
            error,
            HubError::Connection {
                received: 120_000,
                ..
            }
        ),
        "{text}"
    );
    assert!(
        text.contains("nothing was received for 0.4 seconds"),
        "{text}"
    );
    assert!(text.contains("120000 bytes are kept"), "{text}");
    assert!(text.contains("/timm/tf_efficientnet_b0.aa_in1k/"), "{text}");
    assert!(std::fs::read(case.part()).unwrap() == content()[..120_000]);
    assert_eq!(case.cache().find(weights()), None);

    case.assert_complete(&case.fetch().unwrap());
    assert_eq!(case.ranges(), [None, Some(120_000)]);
}

#[test]
fn attempts_without_progress_end() {
    let case = Case::new([const { Fault::Cut(0) }; 9]);
    let error = case
        .hub()
        .with_attempts(3)
        .fetch(weights(), &case.cache(), |_| {});
    assert!(
        matches!(error, Err(HubError::Connection { received: 0, .. })),
        "{error:?}"
    );
    assert_eq!(case.ranges().len(), 3);
}

#[test]
fn bytes_that_the_hub_did_not_state_are_not_kept() {
    for fault in [Fault::Wrong, Fault::Endless] {
        let case = Case::new([fault.clone()]);
        let error = case.fetch().unwrap_err();
        match fault {
            Fault::Wrong => assert!(
                matches!(&error, HubError::WrongBytes { expected, .. } if *expected == case.imitation.sha256),
                "{error}"
            ),
            _ => assert!(
                error.to_string().contains("more than the 300000 bytes"),
                "{error}"
            ),
        }
        assert_eq!(case.cache().find(weights()), None);
        assert_eq!(
            names(&case.repository().join("blobs")),
            [""; 0],
            "{fault:?}"
        );
        case.assert_complete(&case.fetch().unwrap());
    }
}

#[test]
fn a_damaged_remainder_is_fetched_in_one_piece() {
    for length in [1000, SIZE, SIZE + 1] {
        let case = Case::new([]);
        std::fs::create_dir_all(case.part().parent().unwrap()).unwrap();
        std::fs::write(case.part(), vec![7; length]).unwrap();
        case.assert_complete(&case.fetch().unwrap());
        assert_eq!(case.ranges().last(), Some(&None), "{length}");
    }
}

#[test]
fn a_server_without_ranges_begins_anew() {
    let case = Case::new([Fault::Cut(100_000), Fault::IgnoresRanges]);
    case.assert_complete(&case.fetch().unwrap());
    let case = Case::new([Fault::Cut(100_000), Fault::Shifted]);
    let error = case.fetch().unwrap_err().to_string();
    assert!(
        error.contains("from 100000, got bytes from 100001"),
        "{error}"
    );
}

#[test]
fn a_damaged_blob_is_replaced() {
    let case = Case::new([]);
    case.fetch().unwrap();
    std::fs::write(case.blob(), "damaged").unwrap();
    case.assert_complete(&case.fetch().unwrap());
}

#[test]
fn a_new_name_of_the_repository_is_followed_with_the_token() {
    let case = Case::new([]);
    let (sha256, files) = (case.imitation.sha256.clone(), case.imitation.files.url());
    let server = Server::start(
        move |request, stream| match request.path.contains("/new/") {
            true => head(stream, 302, &hub_headers(&sha256, SIZE, &files)),
            false => {
                let (_, rest) = request.path.split_once("/resolve/").unwrap();
                head(
                    stream,
                    307,
                    &[("Location", format!("/new/name/resolve/{rest}"))],
                );
            }
        },
    );
    let path = hub(&server)
        .with_token(TOKEN)
        .fetch(weights(), &case.cache(), |_| {});
    case.assert_complete(&path.unwrap());
    let asked = server.requests();
    assert_eq!(asked.len(), 4);
    assert!(
        asked
            .iter()
            .all(|request| request.headers.contains_key("authorization"))
    );
    assert!(
        !case.imitation.files.requests()[0]
            .headers
            .contains_key("authorization")
    );
}

#[test]
fn redirects_that_lead_nowhere_are_refused() {
    let cases = [
        ("/again", "too many redirects"),
        ("file:///etc/passwd", "a redirect to nowhere"),
        ("ftp://127.0.0.1/x", "a redirect to no web server"),
        (
            "http://user:word@127.0.0.1:1/",
            "a redirect to no web server",
        ),
        ("not an address", "a redirect to nowhere"),
    ];
    for (location, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(move |_, stream| {
            head(stream, 302, &[("Location", location.to_owned())]);
        });
        let cache = WeightsCache::at(folder.path());
        let error = hub(&server).fetch(weights(), &cache, |_| {}).unwrap_err();
        assert!(error.to_string().contains(expected), "{location}: {error}");
        assert!(server.requests().len() <= 6);
        assert!(files(folder.path()).is_empty());
    }
}

#[test]
fn an_answer_that_states_too_little_or_too_much_leaves_nothing() {
    type Change = fn(&mut Vec<(&'static str, String)>);
    let cases: [(Change, &str); 6] = [
        (
            |h| {
                h.iter_mut()
                    .filter(|h| h.0 == "X-Linked-ETag")
                    .for_each(|h| h.1 = "\"abc\"".into())
            },
            "no SHA-256",
        ),
        (|h| h.retain(|h| h.0 != "X-Repo-Commit"), "no commit"),
        (
            |h| {
                h.iter_mut()
                    .filter(|h| h.0 == "X-Repo-Commit")
                    .for_each(|h| h.1 = "../../../../tmp/escaped-from-the-cache--".into())
            },
            "no commit",
        ),
        (|h| h.retain(|h| h.0 != "X-Linked-Size"), "no file size"),
        (
            |h| {
                h.iter_mut()
                    .filter(|h| h.0 == "X-Linked-Size")
                    .for_each(|h| h.1 = "99999999999".into())
            },
            "99999999999 bytes",
        ),
        (
            |h| {
                h.iter_mut()
                    .filter(|h| h.0 == "X-Linked-Size")
                    .for_each(|h| h.1 = "0".into())
            },
            "0 bytes",
        ),
    ];
    for (change, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(move |_, stream| {
            let mut headers = hub_headers(&"a".repeat(64), SIZE, "http://127.0.0.1:1");
            change(&mut headers);
            head(stream, 302, &headers);
        });
        let cache = WeightsCache::at(folder.path());
        let error = hub(&server).fetch(weights(), &cache, |_| {}).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(files(folder.path()).is_empty());
    }
}

#[test]
fn hub_errors_are_reported_and_temporary_ones_retried() {
    for (status, asked, hint) in [
        (401, 1, "HF_TOKEN"),
        (404, 1, "does not exist"),
        (503, 3, "503"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(move |_, stream| {
            head(
                stream,
                status,
                &[("X-Error-Message", "Repository not found".into())],
            );
        });
        let cache = WeightsCache::at(folder.path());
        let error = hub(&server)
            .with_attempts(3)
            .fetch(weights(), &cache, |_| {});
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains(&status.to_string()) && error.contains(hint),
            "{error}"
        );
        assert!(error.contains("Repository not found"), "{error}");
        assert_eq!(server.requests().len(), asked, "{status}");
    }
}

#[test]
fn a_hub_that_does_not_answer_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let cache = WeightsCache::at(folder.path());
    // A port without a listener.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Hub::at(&address)
        .fetch(weights(), &cache, |_| {})
        .unwrap_err();
    assert!(error.to_string().contains(&address), "{error}");
    // A listener that accepts the connection and sends nothing.
    let server = Server::start(|_, _| std::thread::sleep(Duration::from_secs(60)));
    let error = hub(&server)
        .with_attempts(2)
        .fetch(weights(), &cache, |_| {});
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("nothing was received for 0.4 seconds"),
        "{error}"
    );
    for wrong in [
        "",
        "huggingface.co",
        "ftp://huggingface.co",
        "http://me:word@127.0.0.1",
    ] {
        let error = Hub::at(wrong).fetch(weights(), &cache, |_| {}).unwrap_err();
        assert!(
            error.to_string().contains("HF_ENDPOINT"),
            "{wrong}: {error}"
        );
    }
    assert!(files(folder.path()).is_empty());
}

#[test]
fn only_one_of_several_simultaneous_fetches_downloads() {
    let case = Arc::new(Case::new([]));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let case = Arc::clone(&case);
            std::thread::spawn(move || case.fetch().unwrap())
        })
        .collect();
    for thread in threads {
        case.assert_complete(&thread.join().unwrap());
    }
    assert_eq!(case.ranges(), [None]);
}
