//! Who may call the routes under `/admin/`.

use super::{Role, Session};
use crate::auth::{AdminPair, SignIn};
use crate::kernel::Timestamp;
use crate::kernel::audit::Actor;

/// An administrator: a program or a person with the admin pair, or an operator of the console.
#[derive(Debug, Clone)]
pub enum Admin {
    Pair(AdminPair),
    Operator(Session),
}

/// What a caller lacks for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// It takes this role.
    Role(Role),
    /// It takes a sign-in of the last 2 h.
    RecentToken,
    /// It takes a sign-in of the last 15 minutes, which the console can ask for.
    StepUp,
}

impl Admin {
    /// Names the caller in the audit trail.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Pair(pair) => pair.actor(),
            Self::Operator(session) => session.operator().actor(),
        }
    }

    /// Names the person, whichever admin key or session they use. Different persons have different names.
    pub fn name(&self) -> &str {
        match self {
            Self::Pair(pair) => pair.name(),
            Self::Operator(session) => &session.operator().id,
        }
    }

    /// The identity provider's name of the person.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Pair(pair) => pair.identity().subject.as_deref(),
            Self::Operator(session) => session.operator().subject.as_deref(),
        }
    }

    /// The person's verified e-mail.
    pub fn email(&self) -> Option<&str> {
        match self {
            Self::Pair(pair) => pair.identity().verified_email(),
            Self::Operator(session) => Some(session.operator().email.as_str()),
        }
    }

    /// Whether answers show e-mails and phone numbers whole. To a page they are masked, so that who looks at
    /// a screen, or injects a script, sees no more of a person than an operator has asked for with a reason.
    pub const fn shows_personal_data(&self) -> bool {
        matches!(self, Self::Pair(_))
    }

    /// Checks that the caller has the role, or a higher one, and has signed in so.
    ///
    /// # Errors
    ///
    /// What is missing, the role first.
    pub fn require(&self, role: Role, sign_in: SignIn, now: Timestamp) -> Result<(), Shortfall> {
        match self {
            Self::Pair(pair) if pair.satisfies(sign_in, now) => Ok(()),
            Self::Pair(_) => Err(Shortfall::RecentToken),
            Self::Operator(session) if session.operator().role < role => Err(Shortfall::Role(role)),
            Self::Operator(session) if sign_in == SignIn::AnyTime || session.is_recent(now) => {
                Ok(())
            }
            Self::Operator(_) => Err(Shortfall::StepUp),
        }
    }
}
