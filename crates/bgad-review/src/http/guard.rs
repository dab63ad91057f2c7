//! Access control: lets through browsers that show this server's own page, and from other machines only with
//! its token.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, ORIGIN, REFERRER_POLICY,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answers::sentence;

/// What the page may load: its own files, and pictures that it made itself.
const POLICY: &str = "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What every request is checked against.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    address: SocketAddr,
    /// Names that browsers may use for this machine.
    names: Vec<String>,
    /// Required if others than this machine's users can reach the server.
    token: Option<String>,
}

impl Guard {
    pub(crate) fn new(address: SocketAddr, names: Vec<String>, token: Option<String>) -> Self {
        Self {
            address,
            names,
            token,
        }
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Whether `host` is a name of this server. A foreign website whose name resolves to this machine has
    /// another one.
    fn is_own_host(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, Some(80)),
        };
        if port != Some(self.address.port()) {
            return false;
        }
        let plain = name.trim_start_matches('[').trim_end_matches(']');
        match plain.parse::<IpAddr>() {
            // An IP address can't be redirected; only a name can.
            Ok(ip) => ip.is_loopback() || !self.address.ip().is_loopback(),
            Err(_) => {
                let is = |known: &str| known.eq_ignore_ascii_case(name);
                is("localhost") || self.names.iter().any(|known| is(known))
            }
        }
    }

    /// The cookie's name. Cookies ignore ports, so the name contains the port.
    fn cookie(&self) -> String {
        format!("bgad_review_{}", self.address.port())
    }

    fn is_token(&self, found: &str) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        // Compares all bytes, so that the time does not reveal where they differ.
        let differing = token.bytes().zip(found.bytes()).map(|(a, b)| a ^ b);
        found.len() == token.len() && differing.fold(0, |all, one| all | one) == 0
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        if self.token.is_none() {
            return true;
        }
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = text(AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        if bearer.is_some_and(|found| self.is_token(found.trim())) {
            return true;
        }
        let name = self.cookie();
        let cookies = text(COOKIE).unwrap_or("").split(';');
        let mut pairs = cookies.filter_map(|cookie| cookie.trim().split_once('='));
        pairs.any(|(key, value)| key == name && self.is_token(value))
    }
}

/// Lets a request through, or answers why not.
pub(super) async fn check(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST).unwrap_or("");
    let mut response = if !guard.is_own_host(host) {
        let why = format!(
            "this server is not called {host:?}; open the address that it printed, or start it with \
             this name as --name"
        );
        sentence(StatusCode::MISDIRECTED_REQUEST, &why)
    } else if is_foreign(request.method(), headers, host) {
        sentence(
            StatusCode::FORBIDDEN,
            "this request comes from another website's page",
        )
    } else if let Some(found) = offered_token(&request) {
        match guard.is_token(found) {
            true => welcome(&guard, found),
            false => no_token(),
        }
    } else if !guard.has_token(headers) {
        no_token()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let fixed = |text| HeaderValue::from_static(text);
    headers.insert(CONTENT_SECURITY_POLICY, fixed(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.insert(REFERRER_POLICY, fixed("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        fixed("same-origin"),
    );
    response
}

/// Whether a foreign page made a browser send this. Programs other than browsers send neither header.
fn is_foreign(method: &Method, headers: &HeaderMap, host: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(origin) = text(ORIGIN.as_str()) {
        return origin != format!("http://{host}");
    }
    let site = text("sec-fetch-site").unwrap_or("none");
    // Any website may link to the page, but only the page itself may change anything.
    let is_link = *method == Method::GET && text("sec-fetch-mode") == Some("navigate");
    !["same-origin", "none"].contains(&site) && !is_link
}

/// The token of the printed address: `/?token=...`.
fn offered_token(request: &Request) -> Option<&str> {
    let uri = request.uri();
    let query = uri.query().filter(|_| uri.path() == "/")?;
    query.strip_prefix("token=")
}

/// Stores the token as a cookie and removes it from the address, where others could see it.
fn welcome(guard: &Guard, token: &str) -> Response {
    let cookie = format!(
        "{}={token}; HttpOnly; SameSite=Strict; Path=/",
        guard.cookie()
    );
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_static("/"));
    // A token that equals ours contains only hexadecimal digits.
    if let (Some(_), Ok(value)) = (guard.token(), HeaderValue::from_str(&cookie)) {
        headers.insert(SET_COOKIE, value);
    }
    response
}

fn no_token() -> Response {
    let why = "this page needs its token: open the whole address that `bgad review` printed, including \
               the part after ?token=";
    sentence(StatusCode::UNAUTHORIZED, why)
}
