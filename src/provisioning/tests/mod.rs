//! What is promised of provisioning, on the shipped SQL and a simulated 3dEye.
//!
//! | module | what it tests |
//! |---|---|
//! | `runs` | a backfill run as a whole |
//! | `creating` | users without an account in our customer |
//! | `replacing` | users whose e-mail has an account already |
//! | `credentials` | one user on demand |
//! | `resets` | resets, and which accounts they delete |
//! | `forgotten` | the account that a reset let go of |
//! | `budgets` | resets that run out of time |
//! | `crashes` | runs and resets that die at every step |

mod budgets;
mod crashes;
mod creating;
mod credentials;
mod forgotten;
mod replacing;
mod resets;
mod runs;

use std::cell::RefMut;
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};

use crate::kernel::audit::{Actor, Origin};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::sealing::Purpose;
use crate::kernel::unicode::Tables;
use crate::kernel::{RequestId, Sealer, Secret, Timestamp, UserId};
use crate::provisioning::backfill::{Finished, RunOrder};
use crate::provisioning::offboarding::RemovalOrder;
use crate::provisioning::record::State;
use crate::provisioning::reset::{ResetDone, ResetOrder, ResetTerms};
use crate::provisioning::single::Proof;
use crate::provisioning::store::{self, Trigger};
use crate::provisioning::world::{Fuse, World};
use crate::provisioning::{Context, Provisioner, ProvisioningError};
use crate::testing::transport::{VirtualClock, yield_once};
use crate::threedeye::config::ThreedeyeConfig;
use crate::threedeye::retry::MAX_TRIES;
use crate::threedeye::simulated::directory::Directory;
use crate::threedeye::simulated::faults::Fault;
use crate::threedeye::simulated::{Operation, response};
use crate::threedeye::{Client, RoleId};

const ANNA: &str = "anna@example.com";

/// What Anna's e-mail is changed to.
const NEW_ANNA: &str = "anna@new.example";

/// The rows are cleared and nothing else.
const CLEAR: ResetOrder = ResetOrder {
    clear_mapping: true,
    delete_remote: false,
    reprovision: false,
    preserve_roles: false,
};

const CLEAR_AND_DELETE: ResetOrder = ResetOrder {
    delete_remote: true,
    ..CLEAR
};

const EVERYTHING: ResetOrder = ResetOrder {
    clear_mapping: true,
    delete_remote: true,
    reprovision: true,
    preserve_roles: true,
};

/// The terms on which accounts of deleted users are removed.
pub const REMOVALS: RemovalOrder = RemovalOrder {
    limit: 20,
    wait: Duration::from_secs(72 * 3600),
};

/// The effects of a first run up to the claim: open the run, claim.
const CLAIM: u32 = 2;

/// The effects of a first run up to its create: open the run, claim, token, list, create.
const CREATE: u32 = 5;

pub fn order(limit: u32, max_replacements: u32) -> RunOrder {
    RunOrder {
        trigger: Trigger::Manual,
        limit,
        max_replacements,
        removals: REMOVALS,
    }
}

/// A refusal with this status.
pub fn refused(status: u16) -> Fault {
    Fault::Refused(response(status, ""))
}

/// A refusal that asks to wait.
pub fn rate_limited(retry_after: u32) -> Fault {
    let mut answer = response(429, "");
    let value = HeaderValue::from(retry_after);
    answer.headers.insert(header::RETRY_AFTER, value);
    Fault::Refused(answer)
}

/// Outages of a call that is repeated, until its caller gives up.
pub fn outage() -> [Fault; MAX_TRIES as usize] {
    [503; MAX_TRIES as usize].map(refused)
}

/// A sealer whose only key consists of this byte.
fn sealer(byte: u8) -> Sealer {
    Sealer::new(&key(byte), None).unwrap()
}

fn key(byte: u8) -> Secret {
    Secret::new(STANDARD.encode([byte; 32]))
}

/// A world, and what its actors work with.
pub struct Bench {
    pub world: Rc<World>,
    /// Used instead of the world's, where calls may take longer.
    patient_client: Option<Client>,
    sealer: Sealer,
    origin: Origin,
}

impl Bench {
    pub fn new() -> Self {
        Self {
            world: World::new(),
            patient_client: None,
            sealer: sealer(5),
            origin: Origin::event(
                Actor::cron(),
                RequestId::mint(Timestamp::from_millis(1), &Seeded::new(1)),
            ),
        }
    }

    /// A bench with the user `a`, whose e-mail is [`ANNA`].
    fn with_anna() -> Self {
        let bench = Self::new();
        bench.add_user("a", ANNA);
        bench
    }

    /// A bench whose calls to 3dEye may take this long.
    fn with_timeout(timeout: Duration) -> Self {
        let mut bench = Self::new();
        let world = &bench.world;
        let config = ThreedeyeConfig {
            timeout,
            ..world.remote.config(500)
        };
        bench.patient_client = Some(Client::new(
            config,
            Rc::new(world.remote.clone()),
            Rc::<VirtualClock>::clone(&world.time),
            Rc::<Seeded>::clone(&world.random),
            Rc::new(Tables),
            Rc::default(),
        ));
        bench
    }

    /// An account of our customer's whose password no user has.
    pub fn add_account(&self, id: &str, email: &str, roles: &[&str]) {
        self.world.add_account(id, email, "unknown", roles, true);
    }

    /// An account outside our customer.
    pub fn add_foreign_account(&self, email: &str) {
        self.world.add_account("x", email, "p", &[], false);
    }

    fn client(&self) -> &Client {
        self.patient_client.as_ref().unwrap_or(&self.world.client)
    }

    pub fn context(&self) -> Context<'_> {
        self.world.context(&self.sealer, &self.origin)
    }

    pub fn provisioner(&self) -> Provisioner<'_> {
        self.context().with(self.client())
    }

    /// What the next requests of this kind meet.
    pub fn plan_faults(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        self.world.planned.plan(operation, faults);
    }

    /// How long requests of this kind take from now on.
    fn slow_down(&self, operation: Operation, latency: Duration) {
        self.world.planned.slow_down(operation, latency);
    }

    /// How many requests of this kind have arrived.
    pub fn calls(&self, operation: Operation) -> u32 {
        self.world.remote.calls(operation)
    }

    /// 3dEye's accounts.
    pub fn directory(&self) -> RefMut<'_, Directory> {
        self.world.remote.directory_mut()
    }

    fn backfill_until(&self, fuse: Fuse, max_replacements: u32) -> Option<Finished> {
        let provisioner = self.provisioner();
        let order = order(500, max_replacements);
        self.world
            .run(fuse, async { provisioner.backfill(order).await.unwrap() })
    }

    fn backfill_replacing(&self, max_replacements: u32) -> Finished {
        self.backfill_until(Fuse::None, max_replacements).unwrap()
    }

    pub fn backfill(&self) -> Finished {
        self.backfill_replacing(20)
    }

    /// A backfill that dies.
    fn backfill_dying(&self, fuse: Fuse) {
        assert!(self.backfill_until(fuse, 20).is_none(), "{fuse:?}");
    }

    /// A backfill beside which something else happens once this user is claimed.
    fn backfill_beside(&self, claimed: &str, event: impl FnOnce()) -> Finished {
        let provisioner = self.provisioner();
        let run = async { provisioner.backfill(order(500, 20)).await.unwrap() };
        let other = async {
            while self.mapping(claimed).is_none() {
                yield_once().await;
            }
            event();
        };
        let both = futures_util::future::join(run, other);
        let ended = self.world.run(Fuse::None, async { both.await.0 });
        ended.unwrap()
    }

    fn credentials(&self, user: &str) -> Result<(String, String), ProvisioningError> {
        self.credentials_by(&Proof::Support, user)
    }

    fn credentials_by(
        &self,
        proof: &Proof,
        user: &str,
    ) -> Result<(String, String), ProvisioningError> {
        let user = UserId::new(user);
        let context = self.context();
        self.world
            .run(Fuse::None, async {
                let record = store::load(&self.world.database, &user).await.unwrap();
                let account = context
                    .credentials(Some(self.client()), &user, record, proof)
                    .await?;
                Ok((account.id.0, account.password.expose().to_owned()))
            })
            .unwrap()
    }

    fn reset_until(
        &self,
        fuse: Fuse,
        user: &str,
        order: ResetOrder,
    ) -> Option<Result<ResetDone, ProvisioningError>> {
        let user = UserId::new(user);
        let context = self.context();
        let reset = context.reset(Some(self.client()), &user, order, ResetTerms::ANY);
        self.world.run(fuse, reset)
    }

    fn reset(&self, user: &str, order: ResetOrder) -> Result<ResetDone, ProvisioningError> {
        self.reset_until(Fuse::None, user, order).unwrap()
    }

    /// The one sentence that support must be able to trust: the user has exactly one account, which
    /// the stored password opens.
    pub fn assert_complete(&self, user: &str, email: &str) {
        let mapping = self.mapping(user).unwrap();
        assert_eq!(mapping.state, State::Complete, "{user}");
        let accounts = self.accounts_of(email);
        assert_eq!(accounts.len(), 1, "{user}: exactly one remote account");
        assert_eq!(mapping.threedeye_id.as_ref(), Some(&accounts[0].user.id));
        let sealed = mapping.password.unwrap();
        let stored = self
            .sealer
            .open(Purpose::ThreedeyePassword, &UserId::new(user), &sealed)
            .unwrap();
        assert_eq!(stored.expose(), accounts[0].password, "{user}: password");
    }

    /// That, the roles are attached, and no work is left.
    fn assert_settled(&self, user: &str, email: &str, roles: &[&str]) {
        self.assert_complete(user, email);
        let account = &self.accounts_of(email)[0].user;
        for role in roles {
            let role = RoleId((*role).to_owned());
            assert!(account.roles.contains(&role), "{user}: {role:?}");
        }
        assert_eq!(self.recovery(user), None, "{user}: no roles wait");
        assert!(!self.queued().contains(&user.to_owned()));
    }

    /// Runs until no user is due any more; leases of dead holders run out in between.
    fn converge(&self) {
        for _ in 0..8 {
            self.pass(Duration::from_secs(3600));
            self.backfill();
            if self.queued().is_empty() {
                return;
            }
        }
        panic!("still queued: {:?}", self.queued());
    }
}

/// The users of the crash tests: a fresh one, and one whose account is to be replaced and whose roles
/// wait meanwhile.
fn crash_scene(bench: Bench) -> Bench {
    bench.add_user("a", ANNA);
    bench.add_user("b", "bert@example.com");
    bench.add_account("old", "bert@example.com", &["r1", "r2"]);
    bench
}

impl Deref for Bench {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}
