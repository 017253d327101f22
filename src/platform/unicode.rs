//! Unicode by the runtime's JavaScript.

use js_sys::JsString;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::*;

use crate::kernel::unicode::Unicode;

#[wasm_bindgen]
extern "C" {
    type Url;

    #[wasm_bindgen(constructor, catch, js_class = "URL")]
    fn new(text: &str) -> Result<Url, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn hostname(this: &Url) -> String;
}

#[derive(Debug, Clone, Copy)]
pub struct RuntimeUnicode;

impl Unicode for RuntimeUnicode {
    fn fold(&self, text: &str) -> String {
        JsString::from(text)
            .normalize("NFC")
            .to_lower_case()
            .to_upper_case()
            .to_lower_case()
            .normalize("NFC")
            .into()
    }

    fn ascii_domain(&self, domain: &str) -> Option<String> {
        // In a URL these would end the domain, or make what is before them something else.
        let is_delimiter = |c: char| "@:/?#\\[]%".contains(c) || c.is_ascii_whitespace();
        if domain.is_empty() || domain.contains(is_delimiter) {
            return None;
        }
        let host = Url::new(&format!("https://{domain}/")).ok()?.hostname();
        // The parser also understands numbers as IPv4 addresses.
        let is_address = host
            .rsplit('.')
            .next()
            .is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
        (!is_address).then_some(host)
    }
}
