//! Access control.

use std::net::{IpAddr, Ipv4Addr};

use bgad_review::Server;
use serde_json::json;

use crate::client::Client;
use crate::engine::{Brightness, Case};

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let case = Case::new();
    let page = case.client().get("/");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'self'"), "{policy}");
    assert!(!page.text().contains("http://") && !page.text().contains("https://"));
    for (file, kind) in [
        ("/page.js", "text/javascript"),
        ("/page.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
    ] {
        let answer = case.client().get(file);
        assert_eq!(answer.status, 200, "{file}");
        assert!(answer.header("content-type").unwrap().starts_with(kind));
        assert!(answer.body.len() > 200, "{file}: {}", answer.body.len());
    }
    assert_eq!(case.client().get("/nothing.js").status, 404);
}

#[test]
fn another_host_and_another_page_are_refused() {
    let case = Case::new();
    let client = case.client();
    let port = client.0.port();
    let changes = "/api/changes/none/0";
    let hosts = |host: &str| client.ask("GET", changes, &[("Host", host)], b"").status;
    assert_eq!(hosts(&format!("localhost:{port}")), 200);
    assert_eq!(hosts(&format!("[::1]:{port}")), 200);
    // A foreign name that resolves to this machine, an address of the network, another port.
    assert_eq!(hosts(&format!("evil.example:{port}")), 421);
    assert_eq!(hosts(&format!("192.168.1.7:{port}")), 421);
    assert_eq!(hosts("127.0.0.1:1"), 421);
    assert_eq!(hosts(""), 421);

    let own = format!("http://127.0.0.1:{port}");
    let body = json!({ "threshold": 0.4, "seen": 0.5 }).to_string();
    let set = |headers: &[(&str, &str)]| {
        let answer = client.ask("PUT", "/api/threshold", headers, body.as_bytes());
        answer.status
    };
    assert_eq!(set(&[("Origin", "http://evil.example")]), 403);
    assert_eq!(set(&[("Origin", "null")]), 403);
    assert_eq!(set(&[("Sec-Fetch-Site", "cross-site")]), 403);
    assert_eq!(client.state()["state"]["threshold"], 0.5);
    assert_eq!(
        set(&[("Origin", &own), ("Sec-Fetch-Site", "same-origin")]),
        200
    );
    // Pictures of this machine must not be loaded by another page either; any site may link to the page.
    let embed = [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "no-cors"),
    ];
    assert_eq!(client.ask("GET", changes, &embed, b"").status, 403);
    let link = [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "navigate"),
    ];
    assert_eq!(client.ask("GET", "/", &link, b"").status, 200);
}

#[test]
fn other_machines_need_a_token() {
    let case = Case::new();
    let mut options = case.options();
    options.model = case.path("other");
    options.listen = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    options.names.push("line-3".to_owned());
    std::fs::create_dir(&options.model).unwrap();
    std::fs::write(options.model.join("run.json"), "{}").unwrap();
    std::fs::write(options.model.join("model.bgad"), "0.5").unwrap();
    let server = Server::start(Box::new(Brightness), &options).unwrap();
    let client = Client(server.address());
    let url = server.url();
    let (_, token) = url.split_once("/?token=").unwrap();
    assert_eq!(token.len(), 32, "{url}");
    // Not 0.0.0.0, which no tablet can open.
    let port = server.address().port();
    assert!(url.starts_with(&format!("http://line-3:{port}/")), "{url}");

    let changes = "/api/changes/none/0";
    let refused = client.get(changes);
    assert_eq!(refused.status, 401);
    assert!(refused.error().contains("token"), "{}", refused.error());
    assert_eq!(
        client
            .get("/?token=00000000000000000000000000000000")
            .status,
        401
    );
    assert_eq!(client.get("/?token=").status, 401);

    let welcome = client.get(&format!("/?token={token}"));
    assert_eq!(
        (welcome.status, welcome.header("location")),
        (303, Some("/"))
    );
    let cookie = welcome.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(
        client
            .ask("GET", changes, &[("Cookie", cookie)], b"")
            .status,
        200
    );
    let bearer = format!("Bearer {token}");
    let with_token = [("Authorization", bearer.as_str())];
    assert_eq!(client.ask("GET", changes, &with_token, b"").status, 200);
    let host = format!("line-3:{}", client.0.port());
    let named = [("Authorization", bearer.as_str()), ("Host", host.as_str())];
    assert_eq!(client.ask("GET", changes, &named, b"").status, 200);

    drop(server);
    options.names.clear();
    let server = Server::start(Box::new(Brightness), &options).unwrap();
    let url = server.url();
    let address = url.strip_prefix("http://").unwrap().split('/').next();
    let address: std::net::SocketAddr = address.unwrap().parse().unwrap();
    assert!(!address.ip().is_unspecified(), "{url}");
    let (_, token) = url.split_once("/?token=").unwrap();
    let client = Client(server.address());
    let bearer = format!("Bearer {token}");
    let with_token = [("Authorization", bearer.as_str())];

    // Whoever has the token sees the wall, but not the machine's folders.
    for path in ["/api/browse", "/api/open", "/api/watch"] {
        let answer = client.ask("POST", path, &with_token, br#"{"path":"/"}"#);
        assert_eq!(answer.status, 501, "{path}: {}", answer.text());
    }
}
