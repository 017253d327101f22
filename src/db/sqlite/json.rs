//! Rows as the JSON that `engine.js` makes of them.

use rusqlite::Statement;
use rusqlite::types::ValueRef;

/// All rows of a statement whose parameters are bound: a list of objects.
pub fn rows(statement: &mut Statement<'_>) -> rusqlite::Result<String> {
    let keys = keys(statement);
    let mut rows = statement.raw_query();
    let mut json = String::from("[");
    while let Some(row) = rows.next()? {
        json.push_str(if json.len() > 1 { ",{" } else { "{" });
        for (place, (column, key)) in keys.iter().enumerate() {
            if place > 0 {
                json.push(',');
            }
            json.push_str(key);
            push(&mut json, row.get_ref(*column)?);
        }
        json.push('}');
    }
    json.push(']');
    Ok(json)
}

/// The columns and their keys, each with its colon. An object has every key
/// once; of columns with the same name the last one wins.
fn keys(statement: &Statement<'_>) -> Vec<(usize, String)> {
    let names: Vec<&str> = statement.column_names().collect();
    let is_last = |(column, name): &(usize, &&str)| !names[column + 1..].contains(name);
    let columns = names.iter().enumerate().filter(is_last);
    columns
        .map(|(column, name)| (column, serde_json::to_string(name).unwrap() + ":"))
        .collect()
}

fn push(json: &mut String, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => json.push_str("null"),
        #[expect(clippy::cast_precision_loss, reason = "D1 rounds in the same way")]
        ValueRef::Integer(integer) => json.push_str(&number(integer as f64)),
        ValueRef::Real(real) => json.push_str(&number(real)),
        ValueRef::Text(text) => {
            let text = String::from_utf8_lossy(text);
            json.push_str(&serde_json::to_string(&text).unwrap());
        }
        ValueRef::Blob(bytes) => json.push_str(&serde_json::to_string(bytes).unwrap()),
    }
}

/// A number as JavaScript writes it in JSON.
pub fn number(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    let size = number.abs();
    if (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let scientific = format!("{number:e}");
    if size < 1.0 {
        scientific
    } else {
        scientific.replace('e', "e+")
    }
}
