//! From the runtime's events to ours and back.

pub mod fetch;
pub mod queue;
pub mod scheduled;

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
