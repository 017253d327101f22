//! Deterministic simulation: several actors at once, interleaved by a seed, with every effect at risk.
//!
//! | file | what it does |
//! |---|---|
//! | `dice` | draws that depend on the seed and their own name alone |
//! | `hazard` | what may go wrong with an effect |
//! | `crew` | whose turn it is, and who is dead |
//! | `director` | how every effect goes |
//! | `stage` | lets actors act by turns |
//! | `schedule` | plays many schedules, and shrinks one that breaks a promise |
//!
//! A schedule is its seed and what is left out of it, so a failure is replayed
//! from its seed (`npm run soak -- --seed N`).

pub mod crew;
pub mod dice;
pub mod director;
pub mod hazard;
pub mod schedule;
pub mod service;
mod soak;
pub mod stage;
