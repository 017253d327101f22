//! Addresses of other services.

use url::{Host, Url};

/// An address at which secrets may be sent and answers trusted: https anywhere, http on a loopback host
/// only, no credentials inside. In ASCII: a host in other letters is written in A-labels (`xn--…`), as the
/// tables that would turn one into the other are not compiled in.
pub fn safe_url(text: &str) -> Option<Url> {
    if !text.is_ascii() {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let transport_is_safe = match url.scheme() {
        "https" => true,
        "http" => is_loopback(&url),
        _ => false,
    };
    (transport_is_safe && url.username().is_empty() && url.password().is_none()).then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::safe_url;

    #[test]
    fn only_https_and_loopback_are_safe() {
        for safe in [
            "https://id.example/x?y=z",
            "http://127.0.0.1:8790/token",
            "http://localhost:8790/authorize",
            "http://[::1]:8790/",
            "https://xn--bcher-kva.example/",
        ] {
            assert!(safe_url(safe).is_some(), "{safe}");
        }
        for unsafe_url in [
            "https://b\u{fc}cher.example/",
            "https://id.example/\u{e9}",
            "http://id.example/",
            "http://localhost.example/",
            "http://127.0.0.1.example/",
            "https://user@id.example/",
            "https://user:pw@id.example/",
            "ftp://127.0.0.1/",
            "javascript:alert(1)",
            "//id.example/",
            "/token",
            "",
        ] {
            assert!(safe_url(unsafe_url).is_none(), "{unsafe_url}");
        }
    }
}
