//! The endpoint of the metrics.

pub mod metrics;
mod scraper;
