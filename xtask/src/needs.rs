//! What must be on the machine: installed where we may, otherwise named.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
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

/// What is not ours, and is asked whether it understands us.
pub(crate) struct Foreign {
    name: &'static str,
    packages: &'static [&'static str],
    is_there: fn() -> bool,
}

/// Python, with what makes environments of its own.
pub(crate) const PYTHON: Foreign = Foreign {
    name: "Python 3.10 or later with its module venv",
    packages: &["python3", "python3-venv"],
    is_there: || python("import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))"),
};
/// What runs JavaScript: the library for merchants. Debian 12 has this release.
const NODE: Foreign = Foreign {
    name: "Node.js 18 or later",
    packages: &["nodejs"],
    is_there: || node_major().is_some_and(|major| major >= 18),
};
/// What runs the tools that make plugins of JavaScript, the bookshop and the browser: they ask for more.
pub(crate) const NODE_20: Foreign = Foreign {
    name: "Node.js 20 or later",
    is_there: || node_major().is_some_and(|major| major >= 20),
    ..NODE
};
/// What installs its packages. It comes with Node.js, but not from Debian.
pub(crate) const NPM: Foreign =
    Foreign { name: "npm", packages: &["npm"], is_there: || step::is_on_path("npm") };
/// What stops a process at its system calls.
pub(crate) const STRACE: Foreign =
    Foreign { name: "strace", packages: &["strace"], is_there: || step::is_on_path("strace") };
/// What reads a database of SQLite without the gateway.
pub(crate) const SQLITE: Foreign = Foreign {
    name: "SQLite's shell",
    packages: &["sqlite3"],
    is_there: || step::is_on_path("sqlite3"),
};

/// A browser, with fonts for the languages of the pages.
pub(crate) const CHROMIUM: Foreign = Foreign {
    name: "Chromium",
    packages: &["chromium", "fonts-noto-core", "fonts-ipafont-gothic"],
    is_there: || chromium().is_some(),
};

/// Shop software of others, and an OpenID Connect client of others before it.
pub(crate) const WORDPRESS: [Foreign; 4] = [
    Foreign {
        name: "WordPress with its plugin for HTTP authentication, as Debian has them",
        packages: &["wordpress", "wordpress-plugin-http-authentication"],
        is_there: || {
            let plugin = "/usr/share/wordpress/wp-content/plugins/http-authentication";
            Path::new(plugin).is_dir()
        },
    },
    Foreign {
        name: "PHP",
        packages: &["php-cli", "php-mysql", "libapache2-mod-php"],
        is_there: || step::is_on_path("php"),
    },
    Foreign {
        name: "Apache with mod_auth_openidc",
        packages: &["apache2", "libapache2-mod-auth-openidc"],
        is_there: || Path::new("/usr/lib/apache2/modules/mod_auth_openidc.so").is_file(),
    },
    Foreign {
        name: "MariaDB",
        packages: &["mariadb-server"],
        is_there: || step::is_on_path("mariadbd"),
    },
];

/// The browser that is on this machine, or the one that `CHROMIUM` names.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from).filter(|file| file.is_file());
    let known = ["chromium", "chromium-browser", "google-chrome"];
    named.or_else(|| known.iter().find_map(|name| step::find_on_path(name)))
}

/// What the gateway's tests run: shops' clients, merchants' libraries, and what reads and renders the symbols of stamps.
const OF_TESTS: [Foreign; 7] = [
    PYTHON,
    NODE,
    NPM,
    Foreign { name: "curl", packages: &["curl"], is_there: || step::is_on_path("curl") },
    Foreign { name: "libdmtx", packages: &["libdmtx0b"], is_there: has_libdmtx },
    Foreign {
        name: "rsvg-convert",
        packages: &["librsvg2-bin"],
        is_there: || step::is_on_path("rsvg-convert"),
    },
    Foreign {
        name: "pdftoppm",
        packages: &["poppler-utils"],
        is_there: || step::is_on_path("pdftoppm"),
    },
];

/// Makes sure of all that the gateway's tests run.
pub(crate) fn foreign_software() -> Result<()> {
    foreign("the gateway's tests", &OF_TESTS)
}

/// Makes sure of what `purpose` runs.
pub(crate) fn foreign(purpose: &str, wanted: &[Foreign]) -> Result<()> {
    let missing = || wanted.iter().filter(|one| !(one.is_there)()).collect::<Vec<_>>();
    let names = |of: &[&Foreign]| of.iter().map(|one| one.name).collect::<Vec<_>>().join(", ");
    let absent = missing();
    if absent.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = absent.iter().flat_map(|one| one.packages).copied().collect();
    debian_packages(purpose, &packages, &names(&absent))?;
    let absent = missing();
    if !absent.is_empty() {
        bail!("{purpose}: what apt-get installed is not {}; install it", names(&absent));
    }
    Ok(())
}

/// As Python finds it, which is what loads it.
fn has_libdmtx() -> bool {
    python("import ctypes.util, sys; sys.exit(not ctypes.util.find_library('dmtx'))")
}

/// Whether a program in Python ends well.
fn python(program: &str) -> bool {
    step::output(Command::new("python3").args(["-c", program])).is_ok()
}

fn node_major() -> Option<u32> {
    let version = step::output(Command::new("node").arg("--version")).ok()?;
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
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
