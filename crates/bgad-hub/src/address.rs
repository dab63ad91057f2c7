//! Addresses of servers, and how their identity is checked.

use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::error::HubError;

/// Scheme, host and port.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin(String, String, u16);

impl Origin {
    /// The origin of an address; `None` if it names no server or contains a password.
    pub fn of(address: &Uri) -> Option<Self> {
        let scheme = address.scheme_str()?.to_lowercase();
        let port = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let authority = address.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let host = authority.host().to_lowercase();
        Some(Self(scheme, host, authority.port_u16().unwrap_or(port)))
    }

    pub fn is_this_machine(&self) -> bool {
        let host = self.1.trim_matches(['[', ']']);
        let address: Result<std::net::IpAddr, _> = host.parse();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

/// Where a redirect leads.
pub(crate) fn target(from: &Uri, location: &str) -> Option<Uri> {
    let scheme = from.scheme_str()?;
    let full = if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{}{location}", from.authority()?)
    } else {
        location.to_owned()
    };
    full.parse().ok()
}

/// Mozilla's root certificates, or those of the file in `SSL_CERT_FILE`.
pub(crate) fn tls() -> Result<TlsConfig, HubError> {
    let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else {
        return Ok(TlsConfig::default());
    };
    let path = std::path::PathBuf::from(path);
    let pem = std::fs::read(&path).map_err(HubError::io(&path))?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<_> = certificates.collect();
    match certificates.is_empty() {
        true => Err(HubError::Certificates { path }),
        false => Ok(TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&certificates))
            .build()),
    }
}
