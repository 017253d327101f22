//! `GET …/user/`: the user that the user key belongs to.

use crate::user_keys::endpoints::user::handle;

routes!(GET, "user/", "getOwnUser", ReadOwnUser);
