use super::*;

#[test]
fn a_user_is_created_and_its_id_is_in_the_trail() {
    let store = Store::new();
    let id = store
        .try_create_user("rivia", "geralt", Some("ann"))
        .unwrap();
    let entry = entry(Action::CreateInstanceUser, "");
    let filter = UserFilter::default();
    let listed = block_on(list_users(&store.database, &name("rivia"), &filter, 10));
    assert_eq!(
        listed.unwrap().unwrap(),
        [UserRow {
            id,
            username: "geralt".to_owned(),
            user_id: Some(UserId::new("ann")),
            created_at: entry.at,
            key_changed_at: entry.at,
        }]
    );
    assert_eq!(
        store.trail(),
        [format!("instance_user.create instance-user:{id}")]
    );
}

#[test]
fn what_keeps_a_user_from_being_created_is_told_in_order() {
    let store = Store::new();
    store.create_user("geralt");
    let created = store.trail().len();
    let create = |instance, username, account| {
        store
            .try_create_user(instance, username, account)
            .unwrap_err()
    };
    for account in [None, Some("ann"), Some("bob")] {
        assert_eq!(
            create("nilfgaard", "geralt", account),
            UserNotCreated::UnknownInstance
        );
    }
    for username in ["geralt", "ciri"] {
        assert_eq!(
            create("rivia", username, Some("bob")),
            UserNotCreated::UnknownAccount
        );
    }
    for account in [None, Some("ann")] {
        assert_eq!(
            create("rivia", "geralt", account),
            UserNotCreated::UsernameTaken
        );
    }
    assert_eq!(store.trail().len(), created);
}

#[test]
fn a_name_is_unique_within_its_instance_only() {
    let store = Store::new();
    store.create_instance("novigrad");
    let here = store.create_user("geralt");
    let there = store.try_create_user("novigrad", "geralt", None).unwrap();
    assert_ne!(here, there);
    // Names differ by case.
    store.create_user("Geralt");
}

#[test]
fn an_id_is_never_given_twice() {
    let store = Store::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = store.create_user("geralt");
        assert!(store.delete_user("rivia", Some(id)));
        ids.push(id.get());
    }
    // A conflict and an unknown account give no id away.
    ids.push(store.create_user("geralt").get());
    store
        .try_create_user("rivia", "geralt", None)
        .expect_err("the name is taken");
    store
        .try_create_user("rivia", "ciri", Some("bob"))
        .expect_err("the account is unknown");
    ids.push(store.create_user("ciri").get());
    let ascending = ids.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(ascending, "{ids:?}");
}

#[test]
fn a_user_is_deleted_once_and_only_in_its_instance() {
    let store = Store::new();
    store.create_instance("novigrad");
    let id = store.create_user("geralt");
    let created = store.trail().len();
    assert!(!store.delete_user("nilfgaard", Some(id)));
    assert!(store.delete_user("novigrad", Some(id)));
    assert!(store.delete_user("rivia", None));
    assert_eq!(store.trail().len(), created);
    assert!(store.delete_user("rivia", Some(id)));
    assert!(store.delete_user("rivia", Some(id)));
    assert_eq!(
        store.trail().split_off(created),
        ["instance_user.delete geralt"]
    );
    assert_eq!(store.owner(&key("rivia geralt")), None);
}

#[test]
fn users_are_listed_by_every_filter() {
    let store = Store::new();
    store.create_instance("novigrad");
    let geralt = store
        .try_create_user("rivia", "geralt", Some("ann"))
        .unwrap();
    store.create_user("ciri");
    store
        .try_create_user("rivia", "triss", Some("ann"))
        .unwrap();
    store
        .try_create_user("novigrad", "geralt", Some("ann"))
        .unwrap();
    let all = UserFilter::default();
    let of_ann = UserFilter {
        user_id: Some(UserId::new("ann")),
        ..UserFilter::default()
    };
    let named = UserFilter {
        username: Username::parse("geralt").ok(),
        ..UserFilter::default()
    };
    let both = UserFilter {
        username: Username::parse("ciri").ok(),
        ..of_ann.clone()
    };
    let after = UserFilter {
        after: Some(geralt),
        ..of_ann.clone()
    };
    let users = |filter| store.users("rivia", filter).unwrap();
    assert_eq!(users(&all), ["geralt", "ciri", "triss"]);
    assert_eq!(users(&of_ann), ["geralt", "triss"]);
    assert_eq!(users(&named), ["geralt"]);
    assert!(users(&both).is_empty());
    assert_eq!(users(&after), ["triss"]);
    assert_eq!(store.users("nilfgaard", &all), None);
    let one = block_on(list_users(&store.database, &name("rivia"), &all, 1)).unwrap();
    assert_eq!(one.unwrap().len(), 1);
}
