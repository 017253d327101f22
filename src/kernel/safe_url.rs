//! Addresses of other services.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::Scheme;

/// Whether this is an address at which secrets may be sent and answers trusted: https anywhere, http on a
/// loopback host only, no credentials inside. In ASCII: a host in other letters is written in A-labels
/// (`xn--…`). What the runtime would read in another way than it is written, such as `127.1`, is not safe.
pub fn is_safe_url(text: &str) -> bool {
    let uri = text.parse::<Uri>().ok().filter(|_| text.is_ascii());
    let Some((scheme, authority)) = uri
        .as_ref()
        .and_then(|uri| uri.scheme().zip(uri.authority()))
    else {
        return false;
    };
    let host = authority.host();
    let port = authority.as_str().strip_prefix(host);
    let has_port_or_none = port.is_some_and(|port| {
        port.is_empty()
            || port
                .strip_prefix(':')
                .is_some_and(|port| port.parse::<u16>().is_ok())
    });
    let transport_is_safe =
        *scheme == Scheme::HTTPS || (*scheme == Scheme::HTTP && is_loopback(host));
    // A user name would come before the host.
    has_port_or_none && is_plain(host) && transport_is_safe
}

/// A name, an IPv4 address as four numbers, or an IPv6 address in brackets.
fn is_plain(host: &str) -> bool {
    if let Some(address) = in_brackets(host) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_name = host.split('.').all(|label| {
        let mut bytes = label.bytes();
        !label.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    // A host that ends in a number is an IPv4 address (WHATWG URL, 3.5).
    let ends_in_number = host.rsplit('.').next().is_some_and(|label| {
        label.bytes().all(|byte| byte.is_ascii_digit())
            || label.to_ascii_lowercase().starts_with("0x")
    });
    is_name && (!ends_in_number || host.parse::<Ipv4Addr>().is_ok())
}

fn is_loopback(host: &str) -> bool {
    let v4 = || {
        host.parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
    };
    let v6 = |text: &str| {
        text.parse::<Ipv6Addr>()
            .is_ok_and(|address| address.is_loopback())
    };
    host == "localhost" || in_brackets(host).is_some_and(v6) || v4()
}

fn in_brackets(host: &str) -> Option<&str> {
    host.strip_prefix('[')?.strip_suffix(']')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::{Host, Url};

    use super::is_safe_url;

    #[test]
    fn only_https_and_loopback_are_safe() {
        for safe in [
            "https://id.example/x?y=z",
            "http://127.0.0.1:8790/token",
            "http://localhost:8790/authorize",
            "http://[::1]:8790/",
            "https://xn--bcher-kva.example/",
            "HTTPS://Id.example",
            "https://id.example:65535/a/../b?c=d#e",
            "http://127.255.0.1",
        ] {
            assert!(is_safe_url(safe), "{safe}");
        }
        for unsafe_url in [
            "https://b\u{fc}cher.example/",
            "https://id.example/\u{e9}",
            "http://id.example/",
            "http://localhost.example/",
            "http://127.0.0.1.example/",
            "https://user@id.example/",
            "https://user:pw@id.example/",
            "https://user@127.0.0.1/",
            "http://[::2]/",
            "http://[::1/",
            "http://127.1/",
            "https://id.example:65536/",
            "https://id.example:x/",
            "https://id.example:/",
            "https://:443/",
            "https://id%2eexample/",
            "https://id.example\\@evil.example/",
            "https:\\\\id.example/",
            "https:/id.example/",
            "https:id.example",
            " https://id.example/",
            "https://id.example/ ",
            "https://id.exa\tmple/",
            "https://id.example/\n",
            "https://id,example/",
            "https:///x",
            "ftp://127.0.0.1/",
            "javascript:alert(1)",
            "//id.example/",
            "/token",
            "",
        ] {
            assert!(!is_safe_url(unsafe_url), "{unsafe_url:?}");
        }
    }

    proptest! {
        /// What a browser, and the runtime, make of the same text.
        #[test]
        fn no_text_is_safe_that_is_another_address_to_the_runtime(text in "https?://[-a-zA-Z0-9.:@/\\\\?#\\[\\]%_, \t]{0,24}") {
            if !is_safe_url(&text) {
                return Ok(());
            }
            let url = Url::parse(&text);
            prop_assert!(url.is_ok(), "{text:?}");
            let url = url.unwrap();
            let is_local = match url.host().unwrap() {
                Host::Domain(domain) => domain == "localhost",
                Host::Ipv4(address) => address.is_loopback(),
                Host::Ipv6(address) => address.is_loopback(),
            };
            prop_assert!(url.scheme() == "https" || is_local);
            prop_assert!(url.username().is_empty() && url.password().is_none());
        }
    }
}
