//! Numbers for Prometheus. Gauges are written down by the scheduled run, counters where something happens, so that a
//! scrape reads a few rows however many users there are.

pub mod counters;
pub mod endpoints;
pub mod gauges;
pub mod refusals;
pub mod store;
pub mod text;
