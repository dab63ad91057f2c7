//! Who may ask: browsers that show this server's own page, and from elsewhere only with its token.

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

/// What is checked of each request.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    address: SocketAddr,
    /// Names of this machine that browsers may call it by.
    names: Vec<String>,
    /// Asked for where others than this machine's users can reach the server.
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

    /// Whether a browser that calls the server by this name means it. A page from elsewhere whose name
    /// was made to lead here would not.
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
            // An address leads where it says; only names can be made to lead elsewhere.
            Ok(ip) => ip.is_loopback() || !self.address.ip().is_loopback(),
            Err(_) => {
                let is = |known: &str| known.eq_ignore_ascii_case(name);
                is("localhost") || self.names.iter().any(|known| is(known))
            }
        }
    }

    /// The cookie's name; cookies know no ports, so the name has it.
    fn cookie(&self) -> String {
        format!("bgad_review_{}", self.address.port())
    }

    fn is_token(&self, found: &str) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        // All of it is compared, so that the time tells nothing of where they differ.
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

/// Lets a request through or says why not.
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
             --name for this one"
        );
        sentence(StatusCode::MISDIRECTED_REQUEST, &why)
    } else if is_foreign(request.method(), headers, host) {
        sentence(
            StatusCode::FORBIDDEN,
            "this request is another page's, not this server's own",
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

/// Whether a page from elsewhere has made a browser send this. Programs without a browser send neither
/// header.
fn is_foreign(method: &Method, headers: &HeaderMap, host: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(origin) = text(ORIGIN.as_str()) {
        return origin != format!("http://{host}");
    }
    let site = text("sec-fetch-site").unwrap_or("none");
    // A link to the page may stand anywhere; what changes something is the page's alone.
    let is_link = *method == Method::GET && text("sec-fetch-mode") == Some("navigate");
    !["same-origin", "none"].contains(&site) && !is_link
}

/// The token of an address that was printed: `/?token=...`.
fn offered_token(request: &Request) -> Option<&str> {
    let uri = request.uri();
    let query = uri.query().filter(|_| uri.path() == "/")?;
    query.strip_prefix("token=")
}

/// Keeps the token as a cookie and takes it out of the address, where it would be seen.
fn welcome(guard: &Guard, token: &str) -> Response {
    let cookie = format!(
        "{}={token}; HttpOnly; SameSite=Strict; Path=/",
        guard.cookie()
    );
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_static("/"));
    // A token that was compared with ours has only its digits.
    if let (Some(_), Ok(value)) = (guard.token(), HeaderValue::from_str(&cookie)) {
        headers.insert(SET_COOKIE, value);
    }
    response
}

fn no_token() -> Response {
    let why = "this page asks for its token: open the whole address that `bgad review` printed, with \
               what stands behind ?token=";
    sentence(StatusCode::UNAUTHORIZED, why)
}
