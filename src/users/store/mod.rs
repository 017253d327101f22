//! Users in SQL. Other services write `users`, so its columns may hold values of any type and size: what is
//! shown is cast to text and cut.

mod columns;
mod detail;
mod list;
mod reveal;
mod search;

pub use columns::UserColumns;
pub use detail::{
    DetailColumns, InstanceUserRow, NoticeCounts, PushTokenRow, SecondFactorColumns, UserDetails,
    read_user,
};
pub use list::{ListPlace, ListedUser, Listing, UserFilter, list_users};
pub use reveal::{Revealed, reveal};
pub use search::{FoundUser, SearchPlace, find_first, search_users};

#[cfg(test)]
mod tests;
