//! The routes, read from where they are registered.

use super::requests::{self, ACTIONS};
use crate::*;
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Pictures of the components, in debug builds only; and files that anybody may have.
const LEFT_OUT: &[&str] = &["/_design", "/static/{*name}"];
/// How routes are registered that this test can't follow; whoever needs one teaches it here.
const UNREADABLE: &[&str] = &[".route(\"", ".route_service(", ".nest_service(", ".fallback_service("];

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            files.push(path);
        }
    }
}

/// The text constants of a file.
fn constant(text: &str, name: &str) -> Option<String> {
    let declared = format!("const {name}: &str = \"");
    let (_, rest) = text.split_once(&declared)?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// The paths behind the first argument of a `.at(`.
fn paths_of(argument: &str, file: &Path, text: &str) -> Option<Vec<String>> {
    let argument = argument.trim_start().trim_start_matches('&');
    let value = |argument: &str| -> Option<String> {
        let argument = argument.trim_start();
        match argument.strip_prefix('"') {
            Some(literal) => literal.split_once('"').map(|(value, _)| value.to_owned()),
            None => {
                let name = argument.split([',', ')']).next()?.trim();
                constant(text, name.rsplit("::").next()?)
            }
        }
    };
    let is_api = file.components().any(|part| part.as_os_str() == "api");
    for (call, bases) in [("portal.path(", ["", "/admin"]), ("portal.own(", ["/security", "/admin/account"])]
    {
        if let Some(inner) = argument.strip_prefix(call) {
            let rest = value(inner)?;
            return Some(bases.iter().map(|base| format!("{base}{rest}")).collect());
        }
    }
    let path = value(argument)?;
    Some(vec![if is_api { format!("/api/v1{path}") } else { path }])
}

/// Every path of the site; those that one line registers, for one portal or both, are together.
fn paths() -> BTreeSet<Vec<String>> {
    let (mut files, mut paths) = (Vec::new(), BTreeSet::new());
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for way in UNREADABLE {
            assert!(!text.contains(way), "{}: {way}) registers routes that are not walked", file.display());
        }
        // Pages of verbs declare them as a table; each must be walked.
        for verb in text.split("        path: \"").skip(1).filter_map(|rest| rest.split_once('"')) {
            let is_walked = ACTIONS.iter().any(|(route, actions)| {
                actions
                    .iter()
                    .any(|action| format!("{route}/{action}").replace("/{action}/", "/").ends_with(verb.0))
            });
            assert!(is_walked, "{}: the action {} is missing in ACTIONS", file.display(), verb.0);
        }
        for argument in text.split(".at(").skip(1) {
            let found = paths_of(argument, &file, &text).unwrap_or_else(|| {
                let begin: String = argument.chars().take(40).collect();
                panic!("{}: the path of .at({begin} can't be read", file.display())
            });
            paths.insert(found);
        }
    }
    paths.retain(|together| !together.iter().any(|path| LEFT_OUT.contains(&path.as_str())));
    paths
}

/// The methods that the router takes on a path, as it says itself; nothing if it doesn't know the path.
async fn methods(site: &Site, path: &str) -> Vec<Method> {
    let request = Request::builder()
        .method("PROPFIND")
        .uri(requests::filled(path))
        .header(header::AUTHORIZATION, format!("Bearer {}", site.key));
    let answer = site.send(request.body(Body::empty()).unwrap()).await;
    if answer.status == 404 {
        return Vec::new();
    }
    assert_eq!(answer.status, 405, "{path}: {}", answer.text);
    let allowed = answer.header("allow").split(',').map(str::trim);
    allowed.filter(|method| !matches!(*method, "" | "HEAD")).map(|method| method.parse().unwrap()).collect()
}

/// Every path with each method that the router takes on it.
pub(super) async fn routes(site: &Site) -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for together in paths() {
        for path in together.iter().flat_map(|path| requests::expanded(path)) {
            let methods = methods(site, &path).await;
            routes.extend(methods.into_iter().map(|method| (path.clone(), method.to_string())));
        }
        let known = |path: &String| routes.iter().any(|(known, _)| known == path);
        let found = together.iter().flat_map(|path| requests::expanded(path)).any(|path| known(&path));
        assert!(found, "{together:?} is registered, but the router doesn't know it");
    }
    routes
}
