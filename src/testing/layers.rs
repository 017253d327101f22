//! Imports run down: no module uses what lies above it, so there is no circle either.

mod paths;

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer may use those before it. Within a layer nothing uses its neighbours.
const LAYERS: [&[&str]; 15] = [
    &["kernel"],
    &["db"],
    &["threedeye"],
    &["auth"],
    &["operators"],
    &["metrics"],
    &[
        "provisioning",
        "user_keys",
        "account",
        "health",
        "users",
        "audit",
        "overview",
        "alerts",
    ],
    &["config"],
    &["services"],
    &["web"],
    &[
        "auth/endpoints",
        "operators/endpoints",
        "provisioning/endpoints",
        "user_keys/endpoints",
        "account/endpoints",
        "health/endpoint",
        "health/endpoints",
        "metrics/endpoints",
        "users/endpoints",
        "audit/endpoints",
        "overview/endpoints",
    ],
    &["app"],
    &["openapi"],
    &["platform"],
    &["lib"],
];

/// The layer of a path below `src`, and its place in it: the longest name that fits.
fn place(path: &str) -> Option<(usize, &'static str)> {
    let fits = |name: &&str| {
        let rest = path.strip_prefix(*name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
    };
    let mut found: Option<(usize, &'static str)> = None;
    for (number, names) in LAYERS.iter().enumerate() {
        for name in names.iter().filter(|name| fits(name)) {
            if found.is_none_or(|(_, best)| best.len() < name.len()) {
                found = Some((number, name));
            }
        }
    }
    found
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether the file is compiled for tests only: there everything may be used.
fn is_test(path: &str) -> bool {
    let of_tests = [
        "tests",
        "testing",
        "simulation",
        "conformance",
        "simulated",
        "world",
        "differential",
        "sqlite",
    ];
    let parts = path.trim_end_matches(".rs").split('/');
    parts.into_iter().any(|part| {
        of_tests.contains(&part) || part == "fake" || part == "faulty" || part == "bridge"
    })
}

#[test]
fn modules_import_from_lower_layers_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut upwards = Vec::new();
    for file in files {
        let path = file
            .strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        if is_test(&path) {
            continue;
        }
        let (layer, own) = place(&path).unwrap_or_else(|| panic!("{path} is in no layer"));
        for used in paths::uses(&path, &fs::read_to_string(&file).unwrap()) {
            let Some((other, name)) = place(&used) else {
                continue;
            };
            let is_neighbour = other == layer && name != own;
            if other > layer || is_neighbour {
                upwards.push(format!("{path} uses {used}"));
            }
        }
    }
    assert!(
        upwards.is_empty(),
        "arrows that run up:\n{}",
        upwards.join("\n")
    );
}
