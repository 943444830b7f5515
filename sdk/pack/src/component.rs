//! The component: how it is made of a core module, and what can be known of one without running it.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest, Sha256};
use wasm_encoder::{ComponentSectionId, CustomSection, Encode};
use wasmparser::{
    Encoding, Parser, Payload, Validator,
    component_types::{ComponentAnyTypeId, ComponentEntityType},
    types::Types,
};
use wit_component::ComponentEncoder;

use crate::{LOG, Manifest, ManifestError, PackError, Role, contract, manifest};

/// The custom section that holds the manifest.
const MANIFEST: &str = "purser:manifest";

/// How large a plugin of the SDK may be: eight times what the largest of ours is.
pub const LIMIT_DEFAULT: usize = 2 * 1024 * 1024;

/// How large one may be that brings its language's runtime along, where the operator allows it.
pub const LIMIT_LARGE: usize = 32 * 1024 * 1024;

/// What a plugin file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The interfaces it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// SHA-256 of the file, in small hexadecimal digits: the plugin's identity.
    pub digest: String,
    /// Bytes of the file.
    pub size: usize,
}

impl Inspection {
    /// What it does.
    pub fn role(&self) -> Role {
        self.manifest.role
    }
}

/// Makes a component of a core `module` that was compiled against the SDK, with `manifest` inside.
pub fn componentize(module: &[u8], manifest: &Manifest) -> Result<Vec<u8>, PackError> {
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode());
    let component = encoded.map_err(|error| PackError::NotComponentizable(format!("{error:#}")))?;
    pack_within(component, manifest, LIMIT_DEFAULT)
}

/// Puts `manifest` into a component that another toolchain made, and looks whether the whole, of at most `limit` bytes,
/// may be installed.
pub fn pack_within(
    mut component: Vec<u8>,
    manifest: &Manifest,
    limit: usize,
) -> Result<Vec<u8>, PackError> {
    let manifest = manifest.to_json()?;
    component.push(ComponentSectionId::CoreCustom.into());
    CustomSection { name: Cow::Borrowed(MANIFEST), data: Cow::Owned(manifest) }
        .encode(&mut component);
    inspect_within(&component, limit)?;
    Ok(component)
}

/// Said first, and plainly: other files are handed in by mistake.
pub(crate) fn check_begin(component: &[u8]) -> Result<(), PackError> {
    if component.starts_with(b"\0asm") {
        return Ok(());
    }
    Err(PackError::NotAComponent("it does not begin as WebAssembly does".to_owned()))
}

/// What a plugin file is, if it may be installed: see [`inspect_within`].
pub fn inspect(component: &[u8]) -> Result<Inspection, PackError> {
    inspect_within(component, LIMIT_DEFAULT)
}

/// What a plugin file of at most `limit` bytes is, if it may be installed: it is valid, imports
/// nothing but the log, and exports the one role that its manifest names, with the contract's types.
pub fn inspect_within(component: &[u8], limit: usize) -> Result<Inspection, PackError> {
    if component.len() > limit {
        return Err(PackError::TooLarge { size: component.len(), limit });
    }
    let invalid =
        |error: wasmparser::BinaryReaderError| PackError::NotAComponent(error.to_string());
    check_begin(component)?;
    let types = Validator::new().validate_all(component).map_err(invalid)?;
    let surface = Surface::read(component)?;
    for import in &surface.imports {
        // Interfaces without functions only give names to types, and are filled by nothing.
        if import != LOG && !only_types(&types, import) {
            return Err(PackError::ImportRefused(import.clone()));
        }
    }
    let manifest = Manifest::from_json(surface.manifest.ok_or(ManifestError::Missing)?)?;
    let roles = Role::ALL
        .into_iter()
        .filter(|role| surface.exports.iter().any(|export| export == role.interface()));
    if !roles.eq([manifest.role]) {
        return Err(PackError::RoleMissing { manifest: manifest.role, exports: surface.exports });
    }
    contract::check(manifest.role, component)?;
    Ok(Inspection {
        manifest,
        imports: surface.imports,
        exports: surface.exports,
        digest: HEXLOWER.encode(&Sha256::digest(component)),
        size: component.len(),
    })
}

/// What is visible of a component from outside.
#[derive(Default)]
struct Surface<'a> {
    imports: Vec<String>,
    exports: Vec<String>,
    manifest: Option<&'a [u8]>,
}

impl<'a> Surface<'a> {
    fn read(component: &'a [u8]) -> Result<Self, PackError> {
        let invalid =
            |error: wasmparser::BinaryReaderError| PackError::NotAComponent(error.to_string());
        let mut surface = Self::default();
        // Modules and components nest; only the outermost component is what the gateway sees.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload.map_err(invalid)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(PackError::NotAComponent(
                        "it is a core module; `purser plugin build` makes a component of a crate"
                            .to_owned(),
                    ));
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                    depth = depth.saturating_add(1);
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(imports) if depth == 0 => {
                    for import in imports {
                        surface.imports.push(import.map_err(invalid)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(exports) if depth == 0 => {
                    for export in exports {
                        surface.exports.push(export.map_err(invalid)?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if depth == 0 && section.name() == MANIFEST => {
                    if surface.manifest.replace(section.data()).is_some() {
                        return Err(ManifestError::Repeated.into());
                    }
                    if section.data().len() > manifest::SIZE_MAX {
                        return Err(ManifestError::Unreadable("it is too large".into()).into());
                    }
                }
                _ => {}
            }
        }
        Ok(surface)
    }
}

fn only_types(types: &Types, import: &str) -> bool {
    let types = types.as_ref();
    let item = types.component_item_for_import(import);
    let Some(ComponentEntityType::Instance(instance)) = item.map(|item| item.ty) else {
        return false;
    };
    let Some(instance) = types.get(instance) else { return false };
    instance.exports.values().all(|export| match export.ty {
        ComponentEntityType::Type { referenced, .. } => {
            !matches!(referenced, ComponentAnyTypeId::Resource(_))
        }
        _ => false,
    })
}
