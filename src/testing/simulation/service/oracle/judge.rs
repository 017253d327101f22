//! What must hold once the faults are over and every notice was delivered.

use crate::account::lockout::MAX_CONSECUTIVE_FAILURES;
use crate::account::totp::TotpSecret;
use crate::kernel::audit::Action;
use crate::kernel::{Purpose, Sealed, UserId};
use crate::testing::simulation::schedule::Violation;
use crate::testing::simulation::service::known::Proof;
use crate::testing::simulation::service::oracle::Oracle;
use crate::testing::simulation::service::scene::user_id;
use crate::testing::simulation::service::stage::{AFTER, Theatre};
use crate::testing::simulation::service::world::World;
use crate::testing::simulation::stage::Stage as _;
use crate::user_keys::Key;

/// The number of the one who tries everything out.
const JUDGE: usize = AFTER + 1000;

impl Theatre<'_> {
    pub fn judge(&self) -> Result<(), Violation> {
        let (world, judge) = (self.world, self.performer(JUDGE));
        self.lone(
            JUDGE,
            Box::pin(async move {
                let services = judge.services();
                let factors = world.oracle.borrow().tables.factors.clone();
                for (user, factor) in factors {
                    let Some(sealed) = &factor.secret else {
                        continue;
                    };
                    let sealed = Sealed::from_stored(sealed.clone());
                    let secret = TotpSecret::open(
                        &sealed,
                        Purpose::TotpSecret,
                        &UserId::new(&*user),
                        services.sealer().unwrap(),
                    );
                    let secret = secret.unwrap().to_base32().expose().to_owned();
                    let Some(proof) = Proof::totp(&secret, world.now(), 0) else {
                        continue;
                    };
                    let is_open = factor.totp.failures < MAX_CONSECUTIVE_FAILURES;
                    if judge.verify(&user, &proof).await != is_open {
                        let seen = format!("{user}, after {} failures", factor.totp.failures);
                        object(world, "a lock ends, but for the last", seen);
                    }
                    judge.verify(&user, &proof).await;
                }
                let keys = world.oracle.borrow().tables.keys.clone();
                for (number, (subject, hash)) in keys.iter().enumerate() {
                    let user = user_id(number);
                    let given = world.known.borrow_mut().of(&user).keys.clone();
                    let mut working = 0;
                    for key in &given {
                        let is_valid = Key::parse(key).unwrap().hash() == *hash;
                        working += u32::from(is_valid);
                        if judge.opens(key).await != is_valid {
                            object(world, "one key of a user works", subject.clone());
                        }
                    }
                    if working == 0 && !world.oracle.borrow().has_lost_a_reset() {
                        object(world, "one key of a user works", subject.clone());
                    }
                }
            }),
        )
    }
}

fn object(world: &World, promise: &'static str, seen: String) {
    world.oracle.borrow_mut().object(promise, seen);
}

impl Oracle {
    /// Whether some new key's answer was lost.
    fn has_lost_a_reset(&self) -> bool {
        let resets = self.untold.iter();
        let mut resets = resets.filter(|((_, action), _)| *action == Action::ResetUserKey.as_str());
        resets.any(|(_, untold)| *untold > 0)
    }
}
