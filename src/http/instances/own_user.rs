//! `GET …/user/`: the user that the user key belongs to.

use super::user::handle;

routes!(GET, "user/", "getOwnUser", ReadOwnUser);
