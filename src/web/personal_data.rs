//! What an answer shows of personal data: to the admin pair all of it, to an operator of the console only as
//! much as it takes to recognise a person. The rest is a reveal, with a reason.

use crate::kernel::{mask_email, mask_phone, mask_text};
use crate::web::caller::Admin;

#[derive(Debug, Clone, Copy)]
pub struct PersonalData {
    is_shown: bool,
}

impl PersonalData {
    /// As this caller may see it.
    pub const fn for_caller(admin: &Admin) -> Self {
        Self {
            is_shown: admin.shows_personal_data(),
        }
    }

    fn shown(self, text: String, mask: fn(&str) -> String) -> String {
        if self.is_shown { text } else { mask(&text) }
    }

    pub fn email(self, email: String) -> String {
        self.shown(email, mask_email)
    }

    pub fn phone(self, phone: String) -> String {
        self.shown(phone, mask_phone)
    }

    /// An e-mail or a phone number that something is sent to.
    pub fn recipient(self, recipient: String) -> String {
        let is_email = recipient.contains('@');
        self.shown(recipient, if is_email { mask_email } else { mask_phone })
    }

    /// What a person or a program wrote, such as a name, a label or a reason: e-mails and phone numbers in it.
    pub fn text(self, text: String) -> String {
        self.shown(text, mask_text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_see_masks_and_the_pair_everything() {
        let (email, phone) = ("jane@example.com", "+49 170 1234512");
        let text = "jane@example.com, +49 170 1234512 (work)";
        let seen = |is_shown| {
            let data = PersonalData { is_shown };
            [
                data.email(email.to_owned()),
                data.phone(phone.to_owned()),
                data.recipient(email.to_owned()),
                data.recipient(phone.to_owned()),
                // What is no phone number is a recipient's all the same.
                data.recipient("1234".to_owned()),
                data.text(text.to_owned()),
            ]
        };
        assert_eq!(seen(true), [email, phone, email, phone, "1234", text]);
        let (email, phone) = ("j***@example.com", "+49…12");
        let text = "j***@example.com, +49…12 (work)";
        assert_eq!(seen(false), [email, phone, email, phone, "…", text]);
    }
}
