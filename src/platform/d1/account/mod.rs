//! Account security's tables.
//!
//! | file | what it holds |
//! |---|---|
//! | `notices` | a notice's way into the outbox |

#[expect(dead_code, reason = "its first writer is on its way")]
mod notices;
