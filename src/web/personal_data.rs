//! What an answer shows of personal data: to the admin pair all of it, to an operator of the console only as
//! much as it takes to recognise a person. The rest is a reveal, with a reason.

use crate::kernel::{mask_email, mask_phone};
use crate::web::caller::Admin;

#[derive(Debug, Clone, Copy)]
pub struct PersonalData {
    pub is_shown: bool,
}

impl PersonalData {
    /// As this caller may see it.
    pub const fn for_caller(admin: &Admin) -> Self {
        Self {
            is_shown: admin.shows_personal_data(),
        }
    }

    pub fn email(self, email: String) -> String {
        if self.is_shown {
            email
        } else {
            mask_email(&email)
        }
    }

    pub fn phone(self, phone: String) -> String {
        if self.is_shown {
            phone
        } else {
            mask_phone(&phone)
        }
    }

    /// A name that may be an e-mail address or a phone number, as some services use them.
    pub fn name(self, name: String) -> String {
        if self.is_shown || is_opaque(&name) {
            name
        } else if name.contains('@') {
            mask_email(&name)
        } else {
            mask_phone(&name)
        }
    }
}

/// Whether a name tells nothing about a person by itself.
fn is_opaque(name: &str) -> bool {
    let is_of_phone = |c: char| c.is_ascii_digit() || " +-()./".contains(c);
    let digits = name.chars().filter(char::is_ascii_digit).count();
    // E.164 allows 15.
    let is_phone = (7..=15).contains(&digits) && name.chars().all(is_of_phone);
    !name.contains('@') && !is_phone
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASKED: PersonalData = PersonalData { is_shown: false };
    const SHOWN: PersonalData = PersonalData { is_shown: true };

    #[test]
    fn operators_see_masks_and_the_pair_everything() {
        let shown = |data: PersonalData| {
            [
                data.email("jane@example.com".to_owned()),
                data.phone("+491701234512".to_owned()),
                data.name("jane@example.com".to_owned()),
                data.name("+49 170 1234512".to_owned()),
            ]
        };
        let masked = ["j***@example.com", "+49…12", "j***@example.com", "+49…12"];
        assert_eq!(shown(MASKED), masked);
        let whole = [
            "jane@example.com",
            "+491701234512",
            "jane@example.com",
            "+49 170 1234512",
        ];
        assert_eq!(shown(SHOWN), whole);
    }

    #[test]
    fn a_name_that_tells_nothing_is_shown() {
        for name in [
            "auth0|65f0a2",
            "geralt",
            "12345",
            "00000000-0000-4000-8000-000000000001",
            "",
        ] {
            assert_eq!(MASKED.name(name.to_owned()), name);
        }
    }
}
