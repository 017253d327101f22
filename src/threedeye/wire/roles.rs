//! `POST /roles/{roleId}/users/{userId}`: camera roles.

use http::Method;

use crate::kernel::Timestamp;
use crate::kernel::http_client::{HttpRequest, HttpResponse};
use crate::threedeye::config::ThreedeyeConfig;
use crate::threedeye::{RemoteId, RoleId, UpstreamError};

use crate::threedeye::wire::{Call, is_markup, is_success, refusal, request, segment};

/// Row 10, GUESS: attaches a role to an account. 409 means that it is attached
/// already, 404 that the role or the account is not there, or not yet.
pub struct AttachRole<'a> {
    pub role: &'a RoleId,
    pub user: &'a RemoteId,
}

impl Call for AttachRole<'_> {
    type Answer = ();

    fn request(&self, config: &ThreedeyeConfig) -> Result<HttpRequest, UpstreamError> {
        let (role, user) = (segment(&self.role.0)?, segment(&self.user.0)?);
        let path = format!("/roles/{role}/users/{user}");
        Ok(request(config, Method::POST, &path))
    }

    fn answer(&self, response: &HttpResponse, now: Timestamp) -> Result<(), UpstreamError> {
        match response.status {
            status if is_success(status) && is_markup(&response.body) => {
                Err(UpstreamError::Protocol)
            }
            status if is_success(status) => Ok(()),
            409 => Ok(()),
            404 => Err(UpstreamError::NotFound),
            _ => Err(refusal(response, now)),
        }
    }
}
