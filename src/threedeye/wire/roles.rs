//! Camera roles.

use crate::kernel::Timestamp;
use crate::kernel::http_client::{HttpRequest, HttpResponse};
use crate::threedeye::config::ThreedeyeConfig;
use crate::threedeye::dialect::Dialect;
use crate::threedeye::{RemoteId, RoleId, UpstreamError};

use crate::threedeye::wire::{
    Call, is_markup, is_success, refusal, request, request_with_json, segment,
};

/// Row 10, GUESS: attaches a role to an account. 404 means that the role or the account is not there, or not yet.
pub struct AttachRole<'a> {
    pub role: &'a RoleId,
    pub user: &'a RemoteId,
}

impl Call for AttachRole<'_> {
    type Answer = ();

    fn request(&self, config: &ThreedeyeConfig) -> Result<HttpRequest, UpstreamError> {
        let (role, user) = (segment(&self.role.0)?, segment(&self.user.0)?);
        let path = config.dialect.paths.attach_role.filled(&user, &role);
        let form = &config.dialect.attach_role;
        match &form.body {
            Some(body) => {
                let body = body.filled(&self.user.0, &self.role.0);
                request_with_json(config, form.method.clone(), &path, &body)
            }
            None => Ok(request(config, form.method.clone(), &path)),
        }
    }

    fn answer(
        &self,
        response: &HttpResponse,
        dialect: &Dialect,
        now: Timestamp,
    ) -> Result<(), UpstreamError> {
        match response.status {
            status if is_success(status) && is_markup(&response.body) => {
                Err(UpstreamError::Protocol)
            }
            status if is_success(status) => Ok(()),
            status if dialect.attach_role.attached_statuses.contains(&status) => Ok(()),
            404 => Err(UpstreamError::NotFound),
            _ => Err(refusal(response, now)),
        }
    }
}
