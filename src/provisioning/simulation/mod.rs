//! Deterministic simulation: several actors over the same users, interleaved
//! by a seed, with every effect at risk; and an oracle that looks at the world
//! after each of them.
//!
//! | file | what it does |
//! |---|---|
//! | `dice` | draws that depend on the seed and their own name alone |
//! | `scene` | who is there and what they do |
//! | `director` | how every effect goes |
//! | `stage` | plays a schedule to its end |
//! | `oracle` | what must hold after every effect, and at the end |
//! | `shrink` | the smallest schedule that still breaks the same promise |
//!
//! A schedule is its seed and what is left out of it, so a failure is replayed
//! from its seed (`npm run soak -- --seed N`).

mod dice;
mod director;
mod oracle;
mod scene;
mod shrink;
mod stage;
mod tests;
