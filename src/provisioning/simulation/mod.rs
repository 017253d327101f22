//! The simulation of provisioning: several actors over the same users, and an oracle that looks at the world
//! after each of their effects. What it has in common with others is in `testing::simulation`.
//!
//! | file | what it does |
//! |---|---|
//! | `scene` | who is there and what they do |
//! | `risks` | how effects go wrong |
//! | `stage` | plays a schedule to its end |
//! | `actors`, `administrators`, `lists`, `events` | what the actors do, and what happens beside them |
//! | `oracle` | what must hold after every effect, and at the end |

mod actors;
mod administrators;
mod events;
mod lists;
mod oracle;
mod risks;
mod scene;
pub mod stage;
mod tests;
