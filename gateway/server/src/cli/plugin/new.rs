//! The beginning of a plugin: a crate that builds and passes its tests at once.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail, ensure};
use purser_host::Role;
use purser_starter::{NOWHERE, SDK, VENDORED, files, is_taken};

use crate::place::place;

/// What a plugin may be begun as.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum RoleArgument {
    /// The taxes of a sale
    Tax,
    /// Exchange rates
    Currency,
    /// Postage
    Stamps,
    /// What endpoints are told of events
    Webhook,
}

impl From<RoleArgument> for Role {
    fn from(argument: RoleArgument) -> Self {
        match argument {
            RoleArgument::Tax => Self::Tax,
            RoleArgument::Currency => Self::Currency,
            RoleArgument::Stamps => Self::Stamps,
            RoleArgument::Webhook => Self::Webhook,
        }
    }
}

/// Longest name that a manifest takes.
const NAME_LEN_MAX: usize = 40;

pub(super) fn run(role: Role, name: &str, country: Option<&str>) -> anyhow::Result<ExitCode> {
    check_name(name)?;
    let country = checked_country(role, country)?;
    let folder = Path::new(name);
    match fs::create_dir(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{name} is there already; take another name, or another folder to begin in")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot make the folder {name}")),
    }
    for (path, text) in files(role, name, &country) {
        write(&folder.join(path), &text)?;
    }
    write_sdk(folder)?;
    println!("{name} is a {role} plugin that does what its example does. Next:");
    println!("  cd {name}");
    println!("  purser plugin test");
    if role == Role::Tax && country == NOWHERE {
        println!("{NOWHERE} stands for no country: put yours into plugin.toml and src/lib.rs.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts the SDK of this program into the plugin in `folder`, in place of the one that is there.
pub(super) fn vendor(folder: &Path) -> anyhow::Result<ExitCode> {
    let manifest = folder.join("plugin.toml");
    ensure!(
        manifest.is_file(),
        "there is no {}; name the folder of a plugin, or begin one with `purser plugin new`",
        manifest.display()
    );
    let sdk = folder.join(VENDORED);
    match fs::remove_dir_all(&sdk) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot replace {}", sdk.display()));
        }
    }
    write_sdk(folder)?;
    println!("{} is the SDK of purser {}", sdk.display(), env!("CARGO_PKG_VERSION"));
    Ok(ExitCode::SUCCESS)
}

fn write_sdk(folder: &Path) -> anyhow::Result<()> {
    let sdk = folder.join(VENDORED);
    SDK.iter().try_for_each(|file| write(&sdk.join(file.path), file.text))
}

fn write(path: &PathBuf, text: &str) -> anyhow::Result<()> {
    let shown = path.display();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {shown}"))
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let plain = plain(name);
    if plain != name || plain.len() < 2 {
        let such_as = if plain.len() < 2 { "gst-sg" } else { &plain };
        bail!(
            "a plugin's name is 2 to {NAME_LEN_MAX} small letters, digits and hyphens, a letter first: {such_as}, say"
        );
    }
    ensure!(
        !is_taken(name),
        "{name} is a crate that every plugin uses; {name}-plugin, say, is free"
    );
    Ok(())
}

/// The nearest name that is one.
fn plain(name: &str) -> String {
    let fits = |letter: char| match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9') => letter,
        _ => '-',
    };
    let plain: String = name.chars().map(fits).collect();
    let plain = plain.trim_start_matches(|first: char| !first.is_ascii_lowercase());
    plain.chars().take(NAME_LEN_MAX).collect()
}

fn checked_country(role: Role, country: Option<&str>) -> anyhow::Result<String> {
    match (role, country) {
        (Role::Tax | Role::Stamps, None) => Ok(NOWHERE.to_owned()),
        (Role::Tax | Role::Stamps, Some(country)) => {
            let known = place(country, "country").ok();
            let whole = known.filter(|place| place.subdivision().is_none());
            let whole = whole.with_context(|| {
                format!("--country {country}: two capital letters of ISO 3166-1, like SG")
            })?;
            Ok(whole.country().to_owned())
        }
        (Role::Currency | Role::Webhook, None) => Ok(String::new()),
        (Role::Currency | Role::Webhook, Some(_)) => {
            bail!("a {role} plugin is of no country; leave --country out")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_name_is_told_with_one_that_is_good() {
        for (name, cure) in [
            ("Gst-SG", "gst-sg, say"),
            ("gst sg", "gst-sg, say"),
            ("../gst", "gst, say"),
            ("9", "gst-sg, say"),
            ("", "gst-sg, say"),
            ("\u{1f4a3}", "gst-sg, say"),
            (&"x".repeat(41), &"x".repeat(40)),
            ("purser-sdk", "purser-sdk-plugin, say"),
            ("jiff", "jiff-plugin, say"),
        ] {
            let error = check_name(name).unwrap_err().to_string();
            assert!(error.contains(cure), "{name}: {error}");
        }
        check_name("gst-sg").unwrap();
    }

    #[test]
    fn a_country_is_one_that_there_is_and_only_where_it_means_something() {
        assert_eq!(checked_country(Role::Tax, Some("SG")).unwrap(), "SG");
        assert_eq!(checked_country(Role::Tax, None).unwrap(), "XX");
        for wrong in ["sg", "SGP", "ZZ", "US-CA", ""] {
            assert!(checked_country(Role::Tax, Some(wrong)).is_err(), "{wrong}");
        }
        assert!(checked_country(Role::Currency, Some("SG")).is_err());
    }
}
