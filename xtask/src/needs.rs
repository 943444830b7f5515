//! What must be on the machine: installed where we may, otherwise named.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::step;

const WASM: &str = "wasm32-unknown-unknown";

/// Makes sure that plugins can be compiled.
///
/// `rust-toolchain.toml` names the target, but rustup installs it by itself only where automatic
/// installation is on.
pub(crate) fn wasm_target() -> Result<()> {
    if !step::is_on_path("rustup") {
        // A toolchain of a distribution: rustc itself says whether it has the target's library.
        let mut rustc = Command::new("rustc");
        let directory = step::output(rustc.args(["--print", "target-libdir", "--target", WASM]))?;
        if !Path::new(directory.trim()).is_dir() {
            bail!(
                "the target {WASM} is missing: install it (with rustup: `rustup target add {WASM}`)"
            );
        }
        return Ok(());
    }
    let mut list = Command::new("rustup");
    list.args(["target", "list", "--installed"]).current_dir(step::root());
    if step::output(&mut list)?.lines().any(|target| target == WASM) {
        return Ok(());
    }
    let mut add = Command::new("rustup");
    step::run(add.args(["target", "add", WASM]).current_dir(step::root()))
        .with_context(|| format!("plugins need the target {WASM}"))
}

/// Makes sure of what reads and renders the symbols of stamps in the gateway's tests.
pub(crate) fn stamp_readers() -> Result<()> {
    let programs = ["rsvg-convert", "pdftoppm"];
    if programs.iter().all(|program| step::is_on_path(program)) && has_libdmtx() {
        return Ok(());
    }
    let packages = ["libdmtx0b", "librsvg2-bin", "poppler-utils", "python3", "python3-venv"];
    let wanted = "libdmtx, rsvg-convert, pdftoppm and Python 3 with its module venv";
    debian_packages("reading the symbols of stamps", &packages, wanted)
}

/// As Python finds it, which is what loads it.
fn has_libdmtx() -> bool {
    let look = "import ctypes.util, sys; sys.exit(not ctypes.util.find_library('dmtx'))";
    step::output(Command::new("python3").args(["-c", look])).is_ok()
}

/// Installs packages of Debian, or of a system like it, when we may; otherwise says which are missing.
///
/// `purpose` completes "… needs".
pub(crate) fn debian_packages(purpose: &str, packages: &[&str], elsewhere: &str) -> Result<()> {
    let names = packages.join(" ");
    if !is_root() || !step::is_on_path("apt-get") {
        bail!(
            "{purpose} needs {elsewhere}; install it and run this again \
             (Debian and Ubuntu: `sudo apt-get install {names}`)"
        );
    }
    let _no_services = ServicesStayOff::begin();
    step::run(apt(&["update", "--quiet"]).env("LC_ALL", "C"))?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    step::run(apt(&install).args(packages)).with_context(|| format!("{purpose} needs {names}"))
}

/// Whether we run as root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Keeps a package that is being installed from starting its system service: we want its programs.
///
/// Debian asks `/usr/sbin/policy-rc.d` before it starts anything; 101 means no. A machine that has
/// such a file keeps its own.
struct ServicesStayOff(bool);

const POLICY: &str = "/usr/sbin/policy-rc.d";

impl ServicesStayOff {
    fn begin() -> Self {
        let written = !Path::new(POLICY).exists()
            && fs::write(POLICY, "#!/bin/sh\nexit 101\n").is_ok()
            && fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755)).is_ok();
        Self(written)
    }
}

impl Drop for ServicesStayOff {
    fn drop(&mut self) {
        if self.0 {
            let _best_effort = fs::remove_file(POLICY);
        }
    }
}
