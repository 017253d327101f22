//! What a person sees where signing in to the console failed: a page without script or style.

use super::{ApiError, Reply};
use crate::kernel::RequestId;

/// The page of an error, whose message says what to do.
pub fn failed(error: &ApiError, request_id: &RequestId) -> Reply {
    let message = escaped(&error.message);
    let page = format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>You are not signed in</title>\n\
         </head>\n\
         <body>\n\
         <main>\n\
         <h1>You are not signed in</h1>\n\
         <p>{message}.</p>\n\
         <p><a href=\"/console/\">Back to the console</a></p>\n\
         <p>Request {request_id}</p>\n\
         </main>\n\
         </body>\n\
         </html>\n"
    );
    Reply::text(error.status, "text/html; charset=utf-8", page.into_bytes())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_text_and_nothing_else() {
        let error = ApiError::bad_request("<script>a & b</script>");
        let page = failed(&error, &RequestId::example());
        let text = String::from_utf8(page.body).unwrap();
        assert_eq!(page.status, 400);
        assert!(
            text.contains("<p>&lt;script&gt;a &amp; b&lt;/script&gt;.</p>"),
            "{text}"
        );
        assert!(text.contains("href=\"/console/\""));
        assert!(!text.contains("<script") && !text.contains("style"));
    }
}
