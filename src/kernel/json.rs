//! JSON, written. `serde_json::to_vec` has code to grow its vector in the place of every comma, which was a
//! twentieth of the Worker; here that is a call.

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::Error as _;

struct Buffer(Vec<u8>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline(never)]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// # Errors
///
/// Where a type refuses to be written, or a map has keys that are no texts.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut buffer = Buffer(Vec::with_capacity(256));
    serde_json::to_writer(&mut buffer, value)?;
    Ok(buffer.0)
}

/// # Errors
///
/// As [`to_vec`].
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    String::from_utf8(to_vec(value)?).map_err(serde_json::Error::custom)
}
