//! The simulation of accounts and user keys: people, services and the delivery of notices call the endpoints
//! through the router, on the SQL and triggers that ship.
//!
//! | file | what it does |
//! |---|---|
//! | `scene` | who is there and what they do |
//! | `world` | the service between its walls: its database and the receiver of notices |
//! | `known` | what people and callers have learned from answers |
//! | `stage` | plays a schedule to its end |
//! | `codes`, `accounts`, `keys` | what the actors do |
//! | `rows` | the tables as an observer reads them |
//! | `oracle` | what must hold after every effect, for every answer, and at the end |

mod accounts;
mod codes;
mod keys;
mod known;
mod oracle;
mod rows;
mod scene;
pub mod stage;
mod tests;
mod world;
