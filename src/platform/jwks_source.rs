//! The issuer's key set, by HTTP.

use http::Method;

use crate::auth::jwks::{FETCH_TIMEOUT, KeySource, KeysError, MAX_DOCUMENT_BYTES};
use crate::kernel::transport::{OutboundRequest, Transport, TransportError};

/// The document at `JWT_JWKS_URL`.
pub struct JwksSource<T> {
    transport: T,
    url: String,
}

impl<T> JwksSource<T> {
    /// A source that asks `url` by way of `transport`.
    pub fn new(transport: T, url: impl Into<String>) -> Self {
        Self {
            transport,
            url: url.into(),
        }
    }
}

impl<T: Transport> KeySource for JwksSource<T> {
    async fn fetch(&self) -> Result<Vec<u8>, KeysError> {
        let request = OutboundRequest {
            method: Method::GET,
            url: self.url.clone(),
            headers: vec![(
                "accept",
                "application/jwk-set+json, application/json".to_owned(),
            )],
            body: None,
        };
        let answer = self
            .transport
            .send(request, FETCH_TIMEOUT, MAX_DOCUMENT_BYTES)
            .await
            .map_err(|cause| match cause {
                TransportError::TimedOut => KeysError::TimedOut,
                TransportError::Connection => KeysError::Connection,
                TransportError::TooLarge => KeysError::TooLarge,
            })?;
        match answer.status {
            200 => Ok(answer.body),
            other => Err(KeysError::Status(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use futures_executor::block_on;
    use http::HeaderMap;

    use super::*;
    use crate::kernel::transport::InboundResponse;

    struct Scripted {
        answer: Result<u16, TransportError>,
        asked: RefCell<Vec<String>>,
    }

    impl Transport for Scripted {
        async fn send(
            &self,
            request: OutboundRequest,
            timeout: Duration,
            max_bytes: usize,
        ) -> Result<InboundResponse, TransportError> {
            assert_eq!(timeout, Duration::from_secs(5));
            assert_eq!(max_bytes, 65_536);
            assert!(request.body.is_none());
            let line = format!("{} {}", request.method, request.url);
            self.asked.borrow_mut().push(line);
            self.answer.map(|status| InboundResponse {
                status,
                headers: HeaderMap::new(),
                body: b"{}".to_vec(),
            })
        }
    }

    fn fetch(answer: Result<u16, TransportError>) -> Result<Vec<u8>, KeysError> {
        let transport = Scripted {
            answer,
            asked: RefCell::default(),
        };
        let result = block_on(JwksSource::new(&transport, "https://id.example/jwks").fetch());
        assert_eq!(
            transport.asked.into_inner(),
            ["GET https://id.example/jwks"]
        );
        result
    }

    #[test]
    fn only_a_200_is_a_document() {
        assert_eq!(fetch(Ok(200)), Ok(b"{}".to_vec()));
        for status in [204, 302, 404, 500] {
            assert_eq!(fetch(Ok(status)), Err(KeysError::Status(status)));
        }
    }

    #[test]
    fn failures_keep_their_cause() {
        for (cause, error) in [
            (TransportError::TimedOut, KeysError::TimedOut),
            (TransportError::Connection, KeysError::Connection),
            (TransportError::TooLarge, KeysError::TooLarge),
        ] {
            assert_eq!(fetch(Err(cause)), Err(error));
        }
    }
}
