//! The audit trail, read. What writes it is `db::audit`, in the batch of each change.

pub mod csv;
pub mod endpoints;
pub mod entry;
pub mod retention;
pub mod store;

pub use entry::AuditEntry;
