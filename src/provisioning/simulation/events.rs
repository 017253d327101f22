//! What happens beside the actors.

use crate::kernel::{EmailKey, UserId};
use crate::provisioning::simulation::oracle::GoneUser;
use crate::provisioning::simulation::scene::{Event, Script, user_id};
use crate::provisioning::simulation::stage::Theatre;
use crate::provisioning::world::LOGIN;
use crate::threedeye::RoleId;

impl Theatre<'_> {
    pub fn stage_event(&self, number: usize, event: &Event) {
        self.risks
            .director
            .tell(|| format!("event {number}: {event:?}"));
        let world = self.world;
        match event {
            Event::ChangeEmail { user, email } => world.change_email(&user_id(*user), email),
            Event::LoseEmail { user } => self.lose_email(*user),
            Event::RotateKey => self.rotated.set(true),
            Event::GrantRole { user } => self.grant_role(number, *user),
            Event::AddUser { email } => world.add_user(&user_id(100 + number), email),
            Event::DeleteUser { user } => self.delete_user(*user),
            Event::ReturnUser { user, email } => self.return_user(*user, email.as_deref()),
        }
    }

    fn email_of(&self, user: usize) -> Option<EmailKey> {
        self.world.email_of(&user_id(user))
    }

    fn delete_user(&self, user: usize) {
        let id = UserId::new(user_id(user));
        let mut tables = self.world.rows();
        let Some(email) = tables.users.remove(&id) else {
            return;
        };
        self.world.delete_user(id.as_str());
        let gone = GoneUser {
            email,
            mapping: tables.rows.remove(&id).map(|row| row.mapping),
            at: self.world.now(),
        };
        let mut oracle = self.risks.oracle.borrow_mut();
        // One that came back with another e-mail was not itself.
        oracle.gone.entry(id).or_insert(gone);
    }

    fn return_user(&self, user: usize, other: Option<&str>) {
        let id = UserId::new(user_id(user));
        let mut oracle = self.risks.oracle.borrow_mut();
        let Some(gone) = oracle.gone.get(&id) else {
            return;
        };
        if self.world.rows().users.contains_key(&id) {
            return;
        }
        let own = gone.email.as_ref().map_or("", EmailKey::as_str);
        self.world.add_user(id.as_str(), other.unwrap_or(own));
        let is_touched = self.scene.actors.iter().any(|(_, script)| {
            matches!(script, Script::Reset { user: its, .. } | Script::Offboard { user: its }
                | Script::PlannedReset { user: its, .. } if *its == user)
                || matches!(script, Script::List(list) if list.names(user))
        });
        if other.is_some() {
            return;
        }
        if let Some(gone) = oracle.gone.remove(&id)
            && !is_touched
            && self.world.now().since(gone.at) < self.scene.removals.wait
        {
            oracle.nothing_was_lost(&id, &gone, self.world.mapping(id.as_str()).as_ref());
        }
    }

    fn lose_email(&self, user: usize) {
        let Some(email) = self.email_of(user) else {
            return;
        };
        if email == EmailKey::of(LOGIN).unwrap() {
            return;
        }
        let mut remote = self.world.remote.directory_mut();
        let mut accounts = remote.accounts.iter_mut();
        if let Some(account) =
            accounts.find(|account| account.user.email_key().as_ref() == Some(&email))
        {
            let mut oracle = self.risks.oracle.borrow_mut();
            for role in &account.user.roles {
                oracle.roles.remove(role);
            }
            oracle.taken_away.insert(account.user.id.clone());
            account.ours = false;
            account.password = "somebody else's".to_owned();
            account.user.roles.clear();
            return;
        }
        drop(remote);
        self.world.add_account(
            &format!("foreign-{user}"),
            email.as_str(),
            "theirs",
            &[],
            false,
        );
    }

    fn grant_role(&self, number: usize, user: usize) {
        let email = self.email_of(user);
        let is_leased = {
            let tables = self.world.rows();
            let mut rows = tables.rows.values();
            rows.any(|row| row.mapping.lease_until > self.world.now())
        };
        // What is granted while the account is being deleted is lost: 3dEye has
        // no delete that depends on what it deletes.
        if is_leased {
            return;
        }
        let mut remote = self.world.remote.directory_mut();
        let mut accounts = remote.accounts.iter_mut();
        let account = accounts.find(|account| account.ours && account.user.email_key() == email);
        if let Some(account) = account {
            let role = RoleId(format!("granted-{number}"));
            account.user.roles.push(role.clone());
            remote.roles.insert(role.clone());
            self.risks.oracle.borrow_mut().roles.insert(role);
        }
    }
}
