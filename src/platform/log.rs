//! Lines of the log on the runtime's console.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::kernel::log::{Level, Log};

#[derive(Serialize)]
struct ConfigurationLine<'a> {
    event: &'static str,
    level: Level,
    #[serde(rename = "config.problems")]
    problems: &'a [String],
}

/// Says once an isolate what is wrong with the configuration.
pub fn configuration(problems: &[String]) {
    let line = ConfigurationLine {
        event: "config.invalid",
        level: Level::Error,
        problems,
    };
    if !problems.is_empty()
        && let Ok(text) = serde_json::to_string(&line)
    {
        error(&text);
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn log(line: &str);

    #[wasm_bindgen(js_namespace = console)]
    fn error(line: &str);
}

/// The runtime's console.
pub struct Console;

impl Log for Console {
    fn write(&self, level: Level, line: &str) {
        match level {
            Level::Info | Level::Warn => log(line),
            Level::Error => error(line),
        }
    }
}
