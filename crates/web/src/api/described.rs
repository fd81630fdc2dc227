//! What the gate does to every operation, in the description (S13.1).

use super::{condition, schema};
use utoipa::openapi::{
    Content, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
    schema::Type,
};

/// The one operation without a limit, that is neither repeated nor made conditional.
const VERIFY: &str = "/api/v1/users/{id}/mfa/verify";

const TAG: &str = r#"^(\*|"[0-9]{1,18}(-[0-9a-f]{1,64})?")$"#;
const TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$"#;
const CALL_KEY: &str = "^[!-~]{1,255}$";

/// Adds to every operation what the gate does to it.
pub(super) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        in_path(item);
        if path == VERIFY {
            continue;
        }
        let has_tag = condition::counts_changes(path);
        reading(path, item);
        for operation in [&mut item.put, &mut item.patch, &mut item.delete, &mut item.post] {
            operation.as_mut().into_iter().for_each(|operation| changing(operation, has_tag));
        }
        item.post.as_mut().into_iter().for_each(repeated);
    }
}

/// What a path names is an id, or a kind of mail.
fn in_path(item: &mut PathItem) {
    let operations = [&mut item.get, &mut item.put, &mut item.patch, &mut item.delete, &mut item.post];
    let parameters = operations.into_iter().flatten().flat_map(|operation| operation.parameters.iter_mut());
    for parameter in parameters.flatten() {
        if let RefOr::T(parameter) = parameter
            && matches!(parameter.parameter_in, ParameterIn::Path)
        {
            parameter.schema = Some(schema::named(&parameter.name));
        }
    }
}

fn reading(path: &str, item: &mut PathItem) {
    let Some(operation) = item.get.as_mut().filter(|_| condition::is_tagged(path)) else { return };
    ask(operation, "If-None-Match", TAGS, "An ETag that was told before: 304 if nothing has changed.");
    tell(operation, "200", "ETag", "The revision, a dash, and a digest of the answer.");
    let known = ResponseBuilder::new().description("Nothing has changed since that ETag.").build();
    operation.responses.responses.insert("304".into(), known.into());
}

fn changing(operation: &mut Operation, has_tag: bool) {
    if has_tag {
        let about =
            "The ETag, or its revision in quotes, that is to be changed: 412 if it is another one by now.";
        ask(operation, "If-Match", TAG, about);
    }
    add(operation, "400", "A header or the body can't be read.");
    add(operation, "412", "It is not as If-Match says. ETag has its present revision.");
    tell(operation, "412", "ETag", "The present revision.");
}

fn repeated(operation: &mut Operation) {
    let about = "1 to 255 visible ASCII characters. The same call under the same key within 24 hours is carried out once.";
    ask(operation, "Idempotency-Key", CALL_KEY, about);
    add(operation, "409", "The same call is under way, or was carried out and its answer is not kept.");
    add(operation, "413", "The body is too large.");
    add(operation, "422", "Another call was sent under the same Idempotency-Key.");
    for status in ["200", "201", "202", "204"] {
        tell(operation, status, "Idempotency-Replayed", "`true` if the call was carried out before.");
    }
    tell(operation, "201", "Location", "Where it is.");
    tell(operation, "202", "Location", "Where its progress is.");
}

fn ask(operation: &mut Operation, name: &str, pattern: &str, about: &str) {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    let asked = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).description(Some(about));
    let asked: Parameter = asked.schema(Some(text)).build();
    operation.parameters.get_or_insert_default().push(RefOr::T(asked));
}

fn add(operation: &mut Operation, status: &str, about: &str) {
    let responses = &mut operation.responses.responses;
    responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(about)));
}

fn problem(about: &str) -> Response {
    let schema = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(about).content("application/problem+json", schema).build()
}

fn tell(operation: &mut Operation, status: &str, name: &str, about: &str) {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let header = HeaderBuilder::new().description(Some(about)).schema(Some(text));
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(status) {
        response.headers.insert(name.to_owned(), RefOr::T(header.build()));
    }
}
