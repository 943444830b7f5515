//! From a file to a plugin: every check that a file must pass before the gateway asks it anything that matters.

use std::sync::{Arc, atomic::AtomicU64};

use purser_pack::{Inspection, LimitsClass, Manifest, PackError, Role, inspect_within};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::{
    cache::CodeCache,
    call::{Call, Guest},
    engine::Sandbox,
    evidence::{Digest, functions},
    failing::Failing,
    fault::CallError,
    peak::PeakMeter,
    registry::{Description, Loaded, Plugin},
    wire,
};

/// Why a file is not taken as a plugin. The text says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// What can be seen without running it: its size, manifest, imports, exports and their types.
    #[error(transparent)]
    Refused(#[from] PackError),
    /// It cannot be compiled, or needs more than the sandbox has.
    #[error("it does not fit the sandbox: {0}")]
    DoesNotFit(String),
    /// It fails already when asked who it is.
    #[error("it fails when asked to describe itself: {0}")]
    Describe(CallError),
    /// It says something else of itself than its manifest.
    #[error(
        "the manifest's {field} is {manifest:?}, but the plugin says {plugin:?}; build it again"
    )]
    Differs {
        /// What differs.
        field: &'static str,
        /// In the manifest.
        manifest: String,
        /// In the plugin's description.
        plugin: String,
    },
    /// What was kept under a digest is another file.
    #[error("the file that was kept is not the one that was installed; install it again")]
    OtherFile,
    /// The thread that compiled it ended before it was done.
    #[error("compiling was interrupted; try again")]
    Interrupted,
}

/// A file that passed all checks that need no call.
pub(crate) struct Compiled {
    digest: Digest,
    manifest: Manifest,
    pre: InstancePre<Guest>,
    exports: Vec<ComponentExportIndex>,
    code_bytes: usize,
}

/// Checks what can be seen from outside, and compiles. Blocks.
pub(crate) fn compile(
    sandbox: &Sandbox,
    cache: Option<&CodeCache>,
    bytes: &[u8],
    bytes_max: usize,
) -> Result<Compiled, LoadError> {
    let Inspection { mut manifest, .. } = inspect_within(bytes, bytes_max)?;
    // Only a runtime makes a file so large, and with it every call.
    if bytes.len() > sandbox.limits.component_bytes {
        manifest.limits = Some(LimitsClass::Interpreter);
    }
    let digest = Digest::of(bytes);
    let component = component(sandbox, cache, digest, bytes)?;
    linked(sandbox, digest, manifest, &component)
}

/// What this gateway compiled before, of a file that was verified when it was installed. Blocks.
pub(crate) fn compiled_before(
    sandbox: &Sandbox,
    cache: Option<&CodeCache>,
    digest: Digest,
    manifest: Manifest,
) -> Option<Compiled> {
    let component = cache?.load(&sandbox.engine, digest)?;
    linked(sandbox, digest, manifest, &component).ok()
}

fn linked(
    sandbox: &Sandbox,
    digest: Digest,
    manifest: Manifest,
    component: &Component,
) -> Result<Compiled, LoadError> {
    let exports = exports(component, manifest.role)?;
    let pre = sandbox.linker.instantiate_pre(component);
    let pre = pre.map_err(|error| LoadError::DoesNotFit(format!("{error:#}")))?;
    let code = component.image_range();
    let code_bytes = (code.end as usize).saturating_sub(code.start as usize);
    Ok(Compiled { digest, manifest, pre, exports, code_bytes })
}

fn component(
    sandbox: &Sandbox,
    cache: Option<&CodeCache>,
    digest: Digest,
    bytes: &[u8],
) -> Result<Component, LoadError> {
    if let Some(component) = cache.and_then(|cache| cache.load(&sandbox.engine, digest)) {
        return Ok(component);
    }
    let component = Component::from_binary(&sandbox.engine, bytes);
    let component = component.map_err(|error| LoadError::DoesNotFit(format!("{error:#}")))?;
    if let Some(cache) = cache {
        cache.keep(&sandbox.engine, digest, &component);
    }
    Ok(component)
}

fn exports(component: &Component, role: Role) -> Result<Vec<ComponentExportIndex>, LoadError> {
    let interface = component.get_export_index(None, role.interface());
    let function = |name: &&str| {
        let export = interface.as_ref().and_then(|of| component.get_export_index(Some(of), *name));
        export.ok_or_else(|| {
            LoadError::DoesNotFit(format!("{} has no function {name}", role.interface()))
        })
    };
    functions(role).iter().map(function).collect()
}

/// Asks the plugin who it is, and compares that with its manifest.
pub(crate) async fn examine(
    sandbox: &Arc<Sandbox>,
    compiled: Compiled,
) -> Result<Plugin, LoadError> {
    let Compiled { digest, manifest, pre, exports, code_bytes } = compiled;
    let peak = PeakMeter::default();
    let description = describe(sandbox, &manifest, &pre, &exports, &peak);
    let description = description.await.map_err(LoadError::Describe)?;
    compare(&manifest, &description)?;
    let sandbox = sandbox.clone();
    Ok(Plugin(Arc::new(Loaded {
        sandbox,
        digest,
        manifest,
        description,
        pre,
        exports,
        failing: Failing::default(),
        peak,
        code_bytes,
        used: AtomicU64::new(0),
    })))
}

async fn describe(
    sandbox: &Sandbox,
    manifest: &Manifest,
    pre: &InstancePre<Guest>,
    exports: &[ComponentExportIndex],
    peak: &PeakMeter,
) -> Result<Description, CallError> {
    let describe = exports.first().ok_or_else(|| CallError::bad_output("no function describe"))?;
    let mut call = Call::begin(sandbox, manifest, peak).await?;
    let instance = call.enter(pre).await?;
    let (description,) = call.ask::<(), (wire::Description,)>(&instance, describe, ()).await?;
    Description::read(description)
}

fn compare(manifest: &Manifest, description: &Description) -> Result<(), LoadError> {
    let covers = match manifest.role {
        Role::Tax | Role::Stamps => &manifest.countries,
        Role::Currency => &manifest.currencies,
        // It tells of events, wherever they happen.
        Role::Webhook => &Vec::new(),
    };
    let sorted = |codes: &[String]| {
        let mut codes = codes.to_vec();
        codes.sort_unstable();
        codes.join(", ")
    };
    let same = |field, manifest: String, plugin: String| match manifest == plugin {
        true => Ok(()),
        false => Err(LoadError::Differs { field, manifest, plugin }),
    };
    same("name", manifest.name.clone(), description.name.clone())?;
    same("version", manifest.version.to_string(), description.version.clone())?;
    same("coverage", sorted(covers), sorted(&description.covers))?;
    let valid_from = description.valid_from.to_string();
    same(
        "valid-from",
        manifest.valid_from.clone().unwrap_or_else(|| valid_from.clone()),
        valid_from,
    )
}
