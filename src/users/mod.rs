//! Users as support sees them: found by whatever a ticket holds, listed by state, shown in one look.
//!
//! | module | what it does |
//! |---|---|
//! | `query` | what a text may be: an e-mail, a phone number, an id … |
//! | `store` | the statements: each finds its page by an index |

pub mod endpoints;
pub mod query;
pub mod store;
