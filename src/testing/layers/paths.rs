//! The paths into the crate that a source names.

use std::collections::{BTreeMap, BTreeSet};

/// Where a path leads, from the root of the crate.
type Names = Vec<String>;

/// The paths that the source `file` names, as paths below `src`, up to its unit tests.
pub fn uses(file: &str, source: &str) -> BTreeSet<String> {
    let shipped = source.split("#[cfg(test)]\nmod tests").next();
    let tokens = tokens(shipped.unwrap_or(source));
    let mut reader = Reader {
        tokens: &tokens,
        own: module(file),
        aliases: BTreeMap::new(),
        found: BTreeSet::new(),
    };
    // Twice: what is imported or declared further down counts further up as well.
    reader.read();
    reader.read();
    reader.found
}

/// The module that a file holds.
fn module(file: &str) -> Names {
    let path = file.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    let names = path.split('/').filter(|name| *name != "lib");
    names.map(str::to_owned).collect()
}

/// Words, `::` and single other characters, without comments and white space.
fn tokens(source: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for line in source.lines() {
        let mut rest = match line.split_once("// ") {
            _ if line.trim_start().starts_with("//") => "",
            Some((code, _)) if !code.contains('"') => code,
            _ => line,
        };
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len());
            let length = match word {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                length => length,
            };
            let (token, after) = rest.split_at(length);
            if !first.is_whitespace() {
                tokens.push(token);
            }
            rest = after;
        }
    }
    tokens
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Reader<'a> {
    tokens: &'a [&'a str],
    own: Names,
    /// What a name means that was imported, or declared as a module.
    aliases: BTreeMap<&'a str, Names>,
    found: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn token(&self, at: usize) -> &'a str {
        self.tokens.get(at).copied().unwrap_or_default()
    }

    fn read(&mut self) {
        let mut is_import = false;
        for at in 0..self.tokens.len() {
            let token = self.token(at);
            let before = self.token(at.wrapping_sub(1));
            match token {
                // Not the word in a text, nor `use<'a>`.
                "use" if ["", ";", "{", "}", "]", "pub", ")"].contains(&before) => is_import = true,
                ";" => is_import = false,
                "mod" if self.token(at + 2) == ";" => {
                    let name = self.token(at + 1);
                    self.aliases.insert(name, joined(&self.own, name));
                }
                // Within an import, each path starts at its beginning only.
                _ if before == "::" || is_import && before != "use" => {}
                _ if is_import || self.token(at + 1) == "::" => {
                    if let Some(start) = self.start(token) {
                        self.follow(at + 1, start, is_import.then_some(token));
                    }
                }
                _ => {}
            }
        }
    }

    /// Where a path leads whose first name is `name`; `None`: out of the crate.
    fn start(&self, name: &str) -> Option<Names> {
        match name {
            "crate" => Some(Names::new()),
            "self" => Some(self.own.clone()),
            "super" => Some(parent(&self.own)),
            _ => self.aliases.get(name).cloned(),
        }
    }

    /// Follows the path, or the tree of paths, whose names so far end before `at`. Returns where it ends.
    fn follow(&mut self, mut at: usize, mut path: Names, import: Option<&'a str>) -> usize {
        let mut last = import;
        while self.token(at) == "::" {
            let name = self.token(at + 1);
            at += 2;
            match name {
                "{" => return self.follow_all(at, &path, import.is_some()),
                "super" => path = parent(&path),
                "self" => {}
                _ if name.starts_with(is_of_word) => {
                    path.push(name.to_owned());
                    last = import.and(Some(name));
                }
                _ => break,
            }
        }
        if import.is_some() && self.token(at) == "as" {
            last = Some(self.token(at + 1));
            at += 2;
        }
        self.found.insert(path.join("/"));
        if let Some(name) = last {
            self.aliases.insert(name, path);
        }
        at
    }

    /// Follows the paths of a list in braces, which starts at `at`.
    fn follow_all(&mut self, mut at: usize, path: &Names, is_import: bool) -> usize {
        while !["}", ""].contains(&self.token(at)) {
            let name = self.token(at);
            at = match name {
                "self" => {
                    let own = path.last().and_then(|own| self.word(own));
                    self.follow(at + 1, path.clone(), own)
                }
                _ if name.starts_with(is_of_word) => {
                    let import = is_import.then_some(name);
                    self.follow(at + 1, joined(path, name), import)
                }
                _ => at + 1,
            };
        }
        at + 1
    }

    fn word(&self, name: &str) -> Option<&'a str> {
        self.tokens.iter().copied().find(|token| *token == name)
    }
}

fn joined(path: &Names, name: &str) -> Names {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn parent(path: &Names) -> Names {
    let above = path.len().saturating_sub(1);
    path.iter().take(above).cloned().collect()
}

#[test]
fn every_form_of_path_is_seen() {
    let of = |source: &str| Vec::from_iter(uses("auth/store/find.rs", source));
    assert_eq!(of("fn f(x: &crate::db::Batch<X>) {}"), ["db/Batch"]);
    assert_eq!(of("use crate::kernel::*;"), ["kernel"]);
    assert_eq!(of("use crate::{a, b::c};"), ["a", "b/c"]);
    let nested = "pub use crate::auth::{\n    Scope, endpoints::{create::ROUTE, list},\n    store::{self, Row as R},\n};\nuse http::web;";
    let expected = [
        "auth/Scope",
        "auth/endpoints/create/ROUTE",
        "auth/endpoints/list",
        "auth/store",
        "auth/store/Row",
    ];
    assert_eq!(of(nested), expected);
    assert_eq!(
        of("use super::{Row, x::Y};"),
        ["auth/store/Row", "auth/store/x/Y"]
    );
    assert_eq!(of("let x = super::super::z();"), ["auth/z"]);
    assert_eq!(of("use self::inner::A;"), ["auth/store/find/inner/A"]);
    assert_eq!(of("$crate::web::handler!(x)"), ["web/handler"]);
    let renamed = "fn f() { w::Call::new(); auth::endpoints::g(); }\nuse crate::{auth, web as w};";
    let expected = ["auth", "auth/endpoints/g", "web", "web/Call/new"];
    assert_eq!(of(renamed), expected);
    assert_eq!(
        of("mod part;\npub use part::Part;"),
        ["auth/store/find/part/Part"]
    );
    assert_eq!(
        of("{self::a(); std::web::b(); crate::c!() }"),
        ["auth/store/find/a", "c"]
    );
}

#[test]
fn comments_and_unit_tests_do_not_count() {
    let source = "/// [`x`](crate::web::X)\nlet a = 1; // crate::app\n#[cfg(test)]\nmod openapi;\nuse crate::db::D;\n#[cfg(test)]\nmod tests {\n use crate::web;\n}";
    let found = uses("kernel/mod.rs", source);
    assert_eq!(Vec::from_iter(found), ["db/D"]);
}
