//! The issuer's key set, by HTTP.

use http::Method;

use super::{FETCH_TIMEOUT, KeysError, MAX_DOCUMENT_BYTES};
use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest};

/// Fetches the document at `url`: at most [`MAX_DOCUMENT_BYTES`] within [`FETCH_TIMEOUT`].
pub async fn fetch(http: &dyn HttpClient, url: &str) -> Result<Vec<u8>, KeysError> {
    let mut request = HttpRequest::new(Method::GET, url.to_owned());
    let accepted = "application/jwk-set+json, application/json";
    request.add_header("accept", accepted.to_owned());
    let answer = http
        .send(request, FETCH_TIMEOUT, MAX_DOCUMENT_BYTES)
        .await
        .map_err(|cause| match cause {
            HttpError::TimedOut => KeysError::TimedOut,
            HttpError::Connection => KeysError::Connection,
            HttpError::TooLarge => KeysError::TooLarge,
        })?;
    match answer.status {
        200 => Ok(answer.body),
        other => Err(KeysError::Status(other)),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use futures_executor::block_on;
    use futures_util::future::LocalBoxFuture;
    use http::HeaderMap;

    use super::*;
    use crate::kernel::http_client::HttpResponse;

    struct Scripted {
        answer: Result<u16, HttpError>,
        asked: RefCell<Vec<String>>,
    }

    impl HttpClient for Scripted {
        fn send(
            &self,
            request: HttpRequest,
            timeout: Duration,
            max_bytes: usize,
        ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
            assert_eq!(timeout, Duration::from_secs(5));
            assert_eq!(max_bytes, 65_536);
            assert!(request.body.is_none());
            let line = format!("{} {}", request.method, request.url);
            self.asked.borrow_mut().push(line);
            Box::pin(std::future::ready(self.answer.map(|status| HttpResponse {
                status,
                headers: HeaderMap::new(),
                body: b"{}".to_vec(),
            })))
        }
    }

    fn answered(answer: Result<u16, HttpError>) -> Result<Vec<u8>, KeysError> {
        let transport = Scripted {
            answer,
            asked: RefCell::default(),
        };
        let result = block_on(fetch(&transport, "https://id.example/jwks"));
        assert_eq!(
            transport.asked.into_inner(),
            ["GET https://id.example/jwks"]
        );
        result
    }

    #[test]
    fn only_a_200_is_a_document() {
        assert_eq!(answered(Ok(200)), Ok(b"{}".to_vec()));
        for status in [204, 302, 404, 500] {
            assert_eq!(answered(Ok(status)), Err(KeysError::Status(status)));
        }
    }

    #[test]
    fn failures_keep_their_cause() {
        for (cause, error) in [
            (HttpError::TimedOut, KeysError::TimedOut),
            (HttpError::Connection, KeysError::Connection),
            (HttpError::TooLarge, KeysError::TooLarge),
        ] {
            assert_eq!(answered(Err(cause)), Err(error));
        }
    }
}
