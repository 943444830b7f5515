//! Which calls may come without a body: those of which no field is needed, as [`crate::http::body::parse`] reads them.

use utoipa::{
    Modify,
    openapi::{Components, OpenApi, RefOr, Required, Schema, path::Operation, schema::Type},
};

use super::problems::operations;

/// Says of each body of JSON whether it is needed.
pub(super) struct Optional;

impl Modify for Optional {
    fn modify(&self, document: &mut OpenApi) {
        let Some(components) = &document.components else { return };
        for item in document.paths.paths.values_mut() {
            for (_, operation) in operations(item) {
                if is_all_optional(operation, components) == Some(true)
                    && let Some(RefOr::T(body)) = &mut operation.request_body
                {
                    body.required = Some(Required::False);
                }
            }
        }
    }
}

/// Whether `{}` is a good body; nothing where there is no body of JSON that has a name.
fn is_all_optional(operation: &Operation, components: &Components) -> Option<bool> {
    let RefOr::T(body) = operation.request_body.as_ref()? else { return None };
    let RefOr::T(content) = body.content.get("application/json")? else { return None };
    let RefOr::Ref(named) = content.schema.as_ref()? else { return None };
    let name = named.ref_location.rsplit('/').next()?;
    match components.schemas.get(name)? {
        RefOr::T(Schema::Object(object)) => {
            Some(object.required.is_empty() && object.schema_type == Type::Object.into())
        }
        RefOr::T(_) | RefOr::Ref(_) => None,
    }
}
