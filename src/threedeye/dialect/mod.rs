//! How a tenant of 3dEye speaks, as far as that is data: `THREEDEYE_DIALECT`.
//!
//! Paths, names, statuses and how a role is attached. The default is what we assume (docs/3DEYE.md);
//! how answers are told apart stays code, in `wire`.

mod body;
mod parse;
mod path;
#[cfg(test)]
mod tests;

use http::Method;

pub use body::BodyTemplate;
pub use path::PathTemplate;

/// How a tenant speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    pub paths: Paths,
    pub query: QueryNames,
    /// The number of the list's first page.
    pub first_page: u32,
    /// The largest page that may be asked for.
    pub max_page_size: u32,
    pub answers: AnswerNames,
    pub create: CreateNames,
    pub login: LoginNames,
    pub taken: Taken,
    pub attach_role: AttachRoleForm,
    /// Row 9: what a delete of an account that is gone answers.
    pub gone_statuses: Vec<u16>,
}

/// Rows 3, 6 and 8 to 10: paths below the base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    pub token: PathTemplate,
    pub users: PathTemplate,
    /// With the id of the user.
    pub user: PathTemplate,
    /// With the ids of the role and the user that [`AttachRoleForm::body`] does not hold.
    pub attach_role: PathTemplate,
}

/// Row 6: parameters of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryNames {
    pub customer: Name,
    pub page: Name,
    pub page_size: Name,
}

/// The names of a user's roles that we assume.
const ROLES: &str = "roles";
const ROLE_IDS: &str = "roleIds";

/// Rows 3 and 5 to 7: members of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerNames {
    /// The envelope of lists, and of single objects that do not come bare.
    pub items: Name,
    pub total: Name,
    pub id: Name,
    pub email: Name,
    pub roles: Name,
    pub role_ids: Name,
    /// The id within a role.
    pub role_id: Name,
    pub access_token: Name,
    pub expires_in: Name,
}

impl AnswerNames {
    /// Whether every user must have one of the two lists of roles. Where their names are not the assumed ones,
    /// a user with neither means that the setting is wrong, not that the user has no roles.
    pub fn must_tell_roles(&self) -> bool {
        self.roles.as_str() != ROLES || self.role_ids.as_str() != ROLE_IDS
    }
}

/// Row 8: members of a create's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateNames {
    pub email: Name,
    pub password: Name,
    pub first_name: Name,
    pub last_name: Name,
    pub customer: Name,
    pub role_ids: Name,
}

/// Rows 3 and 18: members of a token call's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginNames {
    pub username: Name,
    pub password: Name,
}

/// Row 11: how the answer to a create says that the e-mail is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// These say so by themselves.
    pub statuses: Vec<u16>,
    /// These do if the text holds one of the words.
    pub statuses_with_word: Vec<u16>,
    /// In lower case.
    pub words: Vec<String>,
}

/// Row 10: how a role is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachRoleForm {
    pub method: Method,
    pub body: Option<BodyTemplate>,
    /// What attaching a role answers that is attached already.
    pub attached_statuses: Vec<u16>,
}

/// The name of a member or of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    given: String,
    in_pascal_case: String,
}

impl Name {
    fn new(name: &str) -> Self {
        let mut rest = name.chars();
        let first = rest.next();
        let first = first.into_iter().flat_map(char::to_uppercase);
        Self {
            given: name.to_owned(),
            in_pascal_case: first.chain(rest).collect(),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.given
    }

    /// Whether it is the name of this member of an answer: as it is, or in PascalCase.
    pub fn names(&self, member: &str) -> bool {
        self.given == member || self.in_pascal_case == member
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            paths: Paths {
                token: PathTemplate::assumed("/auth/token"),
                users: PathTemplate::assumed("/users"),
                user: PathTemplate::assumed("/users/{userId}"),
                attach_role: PathTemplate::assumed("/roles/{roleId}/users/{userId}"),
            },
            query: QueryNames {
                customer: Name::new("customerId"),
                page: Name::new("page"),
                page_size: Name::new("pageSize"),
            },
            first_page: 1,
            max_page_size: 5000,
            answers: AnswerNames {
                items: Name::new("data"),
                total: Name::new("total"),
                id: Name::new("id"),
                email: Name::new("email"),
                roles: Name::new(ROLES),
                role_ids: Name::new(ROLE_IDS),
                role_id: Name::new("id"),
                access_token: Name::new("accessToken"),
                expires_in: Name::new("expiresIn"),
            },
            create: CreateNames {
                email: Name::new("email"),
                password: Name::new("password"),
                first_name: Name::new("firstName"),
                last_name: Name::new("lastName"),
                customer: Name::new("customerId"),
                role_ids: Name::new("roleIds"),
            },
            login: LoginNames {
                username: Name::new("username"),
                password: Name::new("password"),
            },
            taken: Taken {
                statuses: vec![409],
                statuses_with_word: vec![400, 422],
                // "exists" and not "exist": a customer that "does not exist" is another matter.
                words: ["exists", "taken", "duplicate", "already"]
                    .map(str::to_owned)
                    .to_vec(),
            },
            attach_role: AttachRoleForm {
                method: Method::POST,
                body: None,
                attached_statuses: vec![409],
            },
            gone_statuses: vec![404],
        }
    }
}
