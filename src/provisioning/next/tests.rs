use std::time::Duration;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const WAIT: Duration = Duration::from_secs(3600);
const REMOVALS: RemovalOrder = RemovalOrder {
    limit: 20,
    wait: WAIT,
};

/// A user in this state, queued if such users are, without an error.
fn standing(state: State) -> Standing {
    let is_queued = matches!(state, State::Idle | State::Pending | State::Attaching);
    let has_left = matches!(state, State::Leaving | State::LeftInPlace);
    Standing {
        has_user: !has_left,
        state,
        is_contradicted: false,
        reason: None,
        due_at: is_queued.then_some(NOW),
        is_planned: false,
        lease_until: Timestamp::default(),
        email_holder: None,
        leaving_since: has_left.then_some(NOW),
    }
}

fn act(standing: Standing) -> NextAct {
    standing.next(REMOVALS, NOW).act
}

/// What becomes of a queued user whose last attempt failed for this.
const fn of_queued(reason: Reason) -> Option<NextAct> {
    match reason {
        Reason::NotConfigured
        | Reason::Unauthorized
        | Reason::Rejected
        | Reason::Orphan
        | Reason::Protected
        | Reason::ForeignMapping
        | Reason::MadeForAnotherEmail
        | Reason::Unsealable => Some(NextAct::NeedsSupport),
        Reason::Duplicate | Reason::OtherSpelling => Some(NextAct::NeedsData),
        _ => None,
    }
}

#[test]
fn every_state_with_every_reason_due_or_not() {
    let later = NOW.plus(Duration::from_secs(30));
    let reasons = Reason::ALL.into_iter().map(Some).chain([None]);
    for reason in reasons {
        for state in State::ALL {
            for due in [NOW, later] {
                let user = standing(state);
                let user = Standing {
                    reason,
                    due_at: user.due_at.map(|_| due),
                    ..user
                };
                let mended = reason.and_then(of_queued);
                let expected = match state {
                    State::Complete => NextAct::None,
                    State::LeftInPlace => NextAct::NeedsSupport,
                    State::SetAside => NextAct::NeedsData,
                    State::Quarantined if mended == Some(NextAct::NeedsData) => NextAct::NeedsData,
                    State::Quarantined => NextAct::NeedsSupport,
                    State::Leaving if mended.is_some() => NextAct::NeedsSupport,
                    State::Leaving => NextAct::Remove,
                    State::Idle | State::Pending | State::Attaching => match mended {
                        Some(act) => act,
                        None if due > NOW => NextAct::Wait,
                        None if state == State::Attaching => NextAct::AttachRoles,
                        None => NextAct::Create,
                    },
                };
                assert_eq!(act(user), expected, "{state:?} {reason:?} {due:?}");
            }
        }
    }
}

#[test]
fn the_moment_is_told_where_there_is_one() {
    let at = |standing: Standing| standing.next(REMOVALS, NOW).at;
    for state in [State::Idle, State::Pending, State::Attaching] {
        assert_eq!(at(standing(state)), Some(NOW));
    }
    for state in [
        State::Complete,
        State::Quarantined,
        State::SetAside,
        State::LeftInPlace,
    ] {
        assert_eq!(at(standing(state)), None);
    }
    assert_eq!(at(standing(State::Leaving)), Some(NOW.plus(WAIT)));
}

#[test]
fn a_user_that_is_being_worked_on_waits_for_the_end_of_the_lease() {
    let until = NOW.plus(Duration::from_secs(60));
    for state in [
        State::Idle,
        State::Pending,
        State::Attaching,
        State::Leaving,
    ] {
        let user = Standing {
            lease_until: until,
            reason: Some(Reason::Unsealable),
            ..standing(state)
        };
        let next = user.next(REMOVALS, NOW);
        assert_eq!((next.act, next.at), (NextAct::Wait, Some(until)));
    }
    let ended = Standing {
        lease_until: NOW,
        ..standing(State::Pending)
    };
    assert_eq!(act(ended), NextAct::Create);
}

#[test]
fn a_user_of_a_planned_run_waits_for_it() {
    let planned = Standing {
        is_planned: true,
        ..standing(State::Pending)
    };
    assert_eq!(act(planned), NextAct::Wait);
}

#[test]
fn a_user_that_is_not_queued_needs_an_email_that_can_be_used() {
    for state in [State::Idle, State::Pending, State::Attaching] {
        let user = Standing {
            due_at: None,
            ..standing(state)
        };
        assert_eq!(act(user.clone()), NextAct::NeedsData);
        let gone = Standing {
            has_user: false,
            ..user
        };
        assert_eq!(act(gone), NextAct::None);
    }
}

#[test]
fn the_holder_of_the_email_is_named_where_it_is_in_the_way() {
    let holder = Some(UserId::new("holder"));
    let held = |state| {
        let user = Standing {
            email_holder: holder.clone(),
            ..standing(state)
        };
        user.next(REMOVALS, NOW)
    };
    for state in [State::SetAside, State::Idle] {
        let next = held(state);
        assert_eq!(
            (next.act, next.other_user_id),
            (NextAct::NeedsData, holder.clone())
        );
    }
    assert_eq!(held(State::Complete).other_user_id, None);
}

#[test]
fn a_quarantine_that_the_list_contradicts_ends_with_the_next_run() {
    let user = Standing {
        is_contradicted: true,
        reason: Some(Reason::Orphan),
        ..standing(State::Quarantined)
    };
    let next = user.next(REMOVALS, NOW);
    assert_eq!((next.act, next.at), (NextAct::Create, Some(NOW)));
}

#[test]
fn where_runs_remove_nothing_support_does() {
    let none = RemovalOrder {
        limit: 0,
        wait: WAIT,
    };
    let next = standing(State::Leaving).next(none, NOW);
    assert_eq!((next.act, next.at), (NextAct::NeedsSupport, None));
}
