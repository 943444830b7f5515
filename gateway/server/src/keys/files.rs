//! Keys in files of the data directory, or in the environment.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use purser_core::{
    jws::SigningKey,
    secret::{Secret, SecretText},
};
use zeroize::{Zeroize, Zeroizing};

use super::new_key;
use crate::random;

/// The form of the master key, so that a later one can be told from it.
const MASTER_FORM: &str = "purser-master-1";
const SIGNING_FORM: &str = "ed25519";
/// A signing key is a line of 73 bytes; this is room for centuries of rotations.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Why the gateway has no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file system said no.
    #[error("cannot use {path}: {error}; give a data directory that this user may write to with --data", path = path.display())]
    Io {
        /// What was to be used.
        path: PathBuf,
        /// What it said.
        #[source]
        error: io::Error,
    },
    /// Others can read a key, or change which key there is.
    #[error(
        "{path} is open to other users (mode {mode:o}); run `chmod {wanted:o} {path}`, and make new keys if others may have read them",
        path = path.display()
    )]
    OpenToOthers {
        /// The file or directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it should have.
        wanted: u32,
    },
    /// A key that is none.
    #[error("{place} is damaged: it should hold {expected}; restore it from a backup")]
    Damaged {
        /// The file or variable.
        place: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// A key that there was when the books were begun.
    #[error(
        "{path} is not there, and the database holds what was kept under it: restore it from a backup",
        path = path.display()
    )]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// Test keys in a real gateway.
    #[error(
        "{place} holds the keys of a sandbox; start with --sandbox, or with another data directory (--data)"
    )]
    SandboxOnly {
        /// The file or variable.
        place: String,
    },
    /// Real keys in a sandbox.
    #[error(
        "{place} holds the keys of a real gateway; start without --sandbox, or with another data directory (--data)"
    )]
    NoSandbox {
        /// The file or variable.
        place: String,
    },
}

/// What the environment holds in place of files.
#[derive(Default)]
pub(super) struct Sources {
    master: Option<Zeroizing<String>>,
    signing: Option<Zeroizing<String>>,
}

/// The keys as they were found or made.
pub(super) struct Found {
    pub(super) master: Secret<32>,
    pub(super) signing: SigningKeys,
    pub(super) operator: SecretText,
}

/// At least one key.
pub(super) struct SigningKeys {
    pub(super) newest: SigningKey,
    older: Vec<SigningKey>,
}

impl SigningKeys {
    pub(super) fn iter(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl Sources {
    pub(super) fn from_environment() -> Self {
        let variable = |name| std::env::var(name).ok().map(Zeroizing::new);
        Self { master: variable("PURSER_MASTER_KEY"), signing: variable("PURSER_SIGNING_KEYS") }
    }
}

/// Reads the keys, and makes those that are missing. Where there are books, only the operator's can be made anew: nothing is
/// kept under it.
pub(super) fn open(
    data: &Path,
    sandbox: bool,
    has_books: bool,
    sources: Sources,
) -> Result<Found, KeysError> {
    prepare_directory(data)?;
    let variables = [&sources.master, &sources.signing];
    for (name, variable) in ["master.key", "signing.keys"].into_iter().zip(variables) {
        let path = data.join(name);
        if has_books && variable.is_none() && !path.exists() {
            return Err(KeysError::Gone { path });
        }
    }
    let (text, place) =
        text_of(sources.master, "PURSER_MASTER_KEY", &data.join("master.key"), || {
            let mode = if sandbox { "test" } else { "live" };
            Zeroizing::new(format!("{MASTER_FORM} {mode} {}\n", random_hex().as_str()))
        })?;
    let master = read_master(&text, place, sandbox)?;
    let (text, place) =
        text_of(sources.signing, "PURSER_SIGNING_KEYS", &data.join("signing.keys"), || {
            Zeroizing::new(format!("{SIGNING_FORM} {}\n", random_hex().as_str()))
        })?;
    let signing = read_signing(&text, place)?;
    let path = data.join("operator.key");
    let text = read_or_make(&path, || Zeroizing::new(new_key("op_", sandbox).expose().to_owned()))?;
    let operator = read_operator(&text, place_of(&path))?;
    Ok(Found { master, signing, operator })
}

fn text_of(
    variable: Option<Zeroizing<String>>,
    name: &str,
    path: &Path,
    make: impl FnOnce() -> Zeroizing<String>,
) -> Result<(Zeroizing<String>, String), KeysError> {
    match variable {
        Some(text) => Ok((text, name.to_owned())),
        None => Ok((read_or_make(path, make)?, place_of(path))),
    }
}

fn read_master(text: &str, place: String, sandbox: bool) -> Result<Secret<32>, KeysError> {
    let mut words = text.split_ascii_whitespace();
    let test = match (words.next(), words.next()) {
        (Some(MASTER_FORM), Some("test")) => Some(true),
        (Some(MASTER_FORM), Some("live")) => Some(false),
        _ => None,
    };
    let key = words.next().and_then(read_hex).filter(|_| words.next().is_none());
    match (test, key) {
        (Some(true), Some(_)) if !sandbox => Err(KeysError::SandboxOnly { place }),
        (Some(false), Some(_)) if sandbox => Err(KeysError::NoSandbox { place }),
        (Some(_), Some(key)) => Ok(key),
        _ => Err(KeysError::Damaged {
            place,
            expected: "`purser-master-1`, `live` or `test`, and 64 hexadecimal digits",
        }),
    }
}

/// Lines, or in a variable also commas, separate the keys. The last one is the newest.
fn read_signing(text: &str, place: String) -> Result<SigningKeys, KeysError> {
    let lines = text.split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty());
    let key = |line: &str| {
        let seed = line.strip_prefix(SIGNING_FORM).map(str::trim_start).and_then(read_hex)?;
        SigningKey::from_seed(&seed).ok()
    };
    let newest_first: Option<Vec<SigningKey>> = lines.rev().map(key).collect();
    let mut keys = newest_first.into_iter().flatten();
    match keys.next() {
        Some(newest) => Ok(SigningKeys { newest, older: keys.collect() }),
        None => Err(KeysError::Damaged {
            place,
            expected: "lines of `ed25519` and 64 hexadecimal digits",
        }),
    }
}

fn read_operator(text: &str, place: String) -> Result<SecretText, KeysError> {
    let key = text.trim_end();
    let random = key.strip_prefix("op_").unwrap_or_default();
    if (32..=100).contains(&random.len()) && random.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(SecretText::new(key.to_owned()));
    }
    Err(KeysError::Damaged { place, expected: "a key that starts with `op_`" })
}

fn read_hex(text: &str) -> Option<Secret<32>> {
    let mut decoded = HEXLOWER.decode(text.as_bytes()).ok()?;
    let key = <[u8; 32]>::try_from(decoded.as_slice()).ok().map(Secret::new);
    decoded.zeroize();
    key
}

fn random_hex() -> Zeroizing<String> {
    let random = Zeroizing::new(random::bytes::<32>());
    Zeroizing::new(HEXLOWER.encode(random.as_slice()))
}

fn place_of(path: &Path) -> String {
    path.display().to_string()
}

/// Makes the directory for the gateway alone. One that was there may be read by others, as its files cannot be; but
/// whoever may write to it could put their own keys there.
fn prepare_directory(data: &Path) -> Result<(), KeysError> {
    let fault = |error| KeysError::Io { path: data.to_owned(), error };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(fault)?;
    let mode = fs::metadata(data).map_err(fault)?.mode() & 0o7777;
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(KeysError::OpenToOthers { path: data.to_owned(), mode, wanted: mode & 0o7755 })
}

fn read_or_make(
    path: &Path,
    make: impl FnOnce() -> Zeroizing<String>,
) -> Result<Zeroizing<String>, KeysError> {
    if !path.exists() {
        let fault = |error| KeysError::Io { path: path.to_owned(), error };
        write_whole(path, &make()).map_err(fault)?;
    }
    read_private(path)
}

fn read_private(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let fault = |error| KeysError::Io { path: path.to_owned(), error };
    let file = File::open(path).map_err(fault)?;
    // What was opened is what is judged: the path may name another file by now.
    let mode = file.metadata().map_err(fault)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeysError::OpenToOthers { path: path.to_owned(), mode, wanted: 0o600 });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(fault)?;
    Ok(text)
}

/// Writes a file that is either whole or not there, also when two gateways start at once or the power fails: it
/// gets its name when its content is on disk, and the first to name it wins.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension(format!("{}.unfinished", std::process::id()));
    let written = write_and_name(&unfinished, path, text);
    fs::remove_file(&unfinished)?;
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}

fn write_and_name(unfinished: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::hard_link(unfinished, path)?;
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn refused(data: &Path, sandbox: bool) -> String {
        open(data, sandbox, false, Sources::default()).err().expect("must be refused").to_string()
    }

    #[test]
    fn files_are_for_the_gateway_alone() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("new/data");
        open(&data, false, false, Sources::default()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        assert_eq!(mode(&data), 0o700);
        for file in ["master.key", "signing.keys", "operator.key"] {
            assert_eq!(mode(&data.join(file)), 0o600, "{file}");
        }
        assert_eq!(fs::read_dir(&data).unwrap().count(), 3, "nothing unfinished is left");

        set_mode(&data.join("master.key"), 0o640);
        assert!(refused(&data, false).contains("run `chmod 600 "));
        set_mode(&data.join("master.key"), 0o600);
        set_mode(&data, 0o770);
        assert!(refused(&data, false).contains("run `chmod 750 "));
    }

    #[test]
    fn damaged_keys_are_named_and_never_replaced() {
        let data = tempfile::tempdir().unwrap();
        open(data.path(), false, false, Sources::default()).unwrap();
        for (file, content) in
            [("master.key", ""), ("signing.keys", "ed25519 zz"), ("operator.key", "sk_no")]
        {
            let path = data.path().join(file);
            let good = fs::read(&path).unwrap();
            fs::write(&path, content).unwrap();
            let error = refused(data.path(), false);
            assert!(error.contains(file) && error.contains("restore it from a backup"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content, "left as it is");
            fs::write(&path, good).unwrap();
        }
        open(data.path(), false, false, Sources::default()).unwrap();
    }

    #[test]
    fn keys_that_books_were_kept_under_are_not_made_anew() {
        let data = tempfile::tempdir().unwrap();
        open(data.path(), false, false, Sources::default()).unwrap();
        for file in ["master.key", "signing.keys"] {
            let (path, aside) = (data.path().join(file), data.path().join("aside"));
            fs::rename(&path, &aside).unwrap();
            let gone =
                open(data.path(), false, true, Sources::default()).err().unwrap().to_string();
            assert!(gone.contains(file) && gone.contains("restore it from a backup"), "{gone}");
            assert!(!path.exists());
            fs::rename(&aside, &path).unwrap();
        }
        let before = fs::read(data.path().join("operator.key")).unwrap();
        fs::remove_file(data.path().join("operator.key")).unwrap();
        open(data.path(), false, true, Sources::default()).unwrap();
        assert_ne!(fs::read(data.path().join("operator.key")).unwrap(), before);
    }

    #[test]
    fn test_keys_open_no_real_gateway_and_real_keys_no_sandbox() {
        let (real, test) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        open(real.path(), false, false, Sources::default()).unwrap();
        open(test.path(), true, false, Sources::default()).unwrap();
        assert!(refused(test.path(), false).contains("start with --sandbox"));
        assert!(refused(real.path(), true).contains("start without --sandbox"));
    }

    #[test]
    fn the_newest_key_signs_and_older_ones_stay_known() {
        let (old, new) = ("11".repeat(32), "22".repeat(32));
        let keys =
            read_signing(&format!("ed25519 {old}\ned25519 {new}\n"), String::new()).ok().unwrap();
        let kids: Vec<_> = keys.iter().map(|key| key.kid().to_owned()).collect();
        let kid =
            |seed: u8| SigningKey::from_seed(&Secret::new([seed; 32])).unwrap().kid().to_owned();
        assert_eq!(kids, [kid(0x22), kid(0x11)]);
    }

    #[test]
    fn the_environment_takes_the_place_of_files() {
        let data = tempfile::tempdir().unwrap();
        let text = |text: String| Some(Zeroizing::new(text));
        let sources = Sources {
            master: text(format!("{MASTER_FORM} live {}", "ab".repeat(32))),
            signing: text(format!("ed25519 {}, ed25519 {}", "11".repeat(32), "22".repeat(32))),
        };
        let found = open(data.path(), false, false, sources).ok().unwrap();
        assert!(found.master == Secret::new([0xab; 32]));
        assert_eq!(found.signing.iter().count(), 2);
        assert!(
            !data.path().join("master.key").exists() && !data.path().join("signing.keys").exists()
        );
        let wrong = Sources { master: text("ab".repeat(32)), signing: None };
        let error = open(data.path(), false, false, wrong).err().unwrap().to_string();
        assert!(error.starts_with("PURSER_MASTER_KEY is damaged"), "{error}");
    }
}
