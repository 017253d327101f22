//! Where a request comes from.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::HeaderName;

/// Where the runtime tells the client's address.
pub const CLIENT_ADDRESS_HEADER: HeaderName = HeaderName::from_static("cf-connecting-ip");

/// The client's address, as the runtime tells it.
pub fn client_address(headers: &HeaderMap) -> Option<IpAddr> {
    let text = headers.get(CLIENT_ADDRESS_HEADER)?.to_str().ok()?;
    text.parse().ok()
}
