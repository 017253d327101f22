use super::*;

#[test]
fn an_instance_is_created_once_and_keeps_its_age() {
    let store = Store::new();
    let first = store.create_instance("novigrad");
    assert!(!first.existed);
    let later = Timestamp::from_millis(first.row.created_at.as_millis() + 1);
    let again = Entry {
        at: later,
        ..entry(Action::CreateInstance, "novigrad")
    };
    let again = block_on(create_instance(&store.database, name("novigrad"), &again)).unwrap();
    assert!(again.existed);
    assert_eq!(again.row, first.row);
    assert_eq!(store.trail(), ["instance.create novigrad"]);
    let names: Vec<String> = block_on(list_instances(&store.database))
        .unwrap()
        .into_iter()
        .map(|row| row.name.to_string())
        .collect();
    assert_eq!(names, ["novigrad", "rivia"]);
}
