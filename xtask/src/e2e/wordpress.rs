//! WordPress beside the gateway: shop software that nobody here wrote, behind an OpenID Connect client that nobody here
//! wrote. All of it is Debian's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use crate::gateway::{Gateway, House};
use crate::http::{Client, Request};
use crate::interrupt::{self, Ending, Removal};
use crate::postgres::free_port;
use crate::shop::{Operator, text};
use crate::{needs, step};

const SOURCE: &str = "/usr/share/wordpress";
const MODULES: &str = "/usr/lib/apache2/modules";

/// A limit, no measurement.
const READY_MAX: Duration = Duration::from_secs(60);

/// WordPress, running; dropping it ends it.
pub(super) struct WordPress {
    pub(super) address: String,
    _programs: Vec<Program>,
    _removal: Removal,
    _folder: TempDir,
}

/// A program that runs until this is dropped.
struct Program {
    process: Child,
    _ending: Ending,
}

impl Program {
    fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let log = fs::File::create(log)?;
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let process = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let ending = Ending::with(&process, Signal::TERM);
        Ok(Self { process, _ending: ending })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        interrupt::send(&self.process, Signal::TERM);
        let _reaped = self.process.wait();
    }
}

impl WordPress {
    /// Installs it into a folder of its own, with a database server of its own, as a shop of this gateway.
    pub(super) fn open(house: &House, gateway: &Gateway<'_>, files: &Path) -> Result<Self> {
        needs::foreign("WordPress", &needs::WORDPRESS)?;
        let folder =
            tempfile::Builder::new().prefix("purser-wordpress-").tempdir_in(step::scratch())?;
        let removal = Removal::of(folder.path());
        // Its servers run as users of their own.
        open_to_all(folder.path())?;
        let port = free_port()?;
        let address = format!("http://127.0.0.1:{port}");
        let client = login_client(house, gateway, &address)?;
        let php = php_module()?;
        let site = copied(folder.path(), files)?;
        let socket = folder.path().join("database.sock");
        let database = database(folder.path(), &socket)?;
        let with_environment = |command: &mut Command| {
            command
                .env("WORDPRESS_FOLDER", folder.path())
                .env("WORDPRESS_URL", &address)
                .env("WORDPRESS_PORT", port.to_string())
                .env("WORDPRESS_DB_SOCKET", &socket)
                .env("WORDPRESS_SECRET", text(&client, "/client_secret"))
                .env("WORDPRESS_CLIENT_ID", text(&client, "/client_id"))
                .env("WORDPRESS_CLIENT_SECRET", text(&client, "/client_secret"))
                .env("WORDPRESS_EMAIL_DOMAIN", "buyers.example")
                .env("PURSER_URL", house.issuer())
                .env("APACHE_MODULES", MODULES)
                .env("APACHE_PHP", &php);
        };
        let mut install = Command::new("php");
        with_environment(install.arg("install.php").current_dir(&site));
        step::run(&mut install)?;
        let mut apache = Command::new("apache2");
        apache.arg("-f").arg(files.join("apache.conf")).arg("-DFOREGROUND");
        with_environment(&mut apache);
        let log = folder.path().join("apache.log");
        let apache = Program::start(&mut apache, &log)?;
        wait_for("Apache", || {
            let mut client = Client::new(([127, 0, 0, 1], port).into());
            client.send(Request::get("/")).is_ok_and(|answer| answer.status == 200)
        })
        .with_context(|| format!("it logged:\n{}", fs::read_to_string(&log).unwrap_or_default()))?;
        Ok(Self { address, _programs: vec![apache, database], _removal: removal, _folder: folder })
    }
}

/// WordPress is a shop: a merchant, and its client for logging in. Debian's Apache knows RS256 only.
fn login_client(house: &House, gateway: &Gateway<'_>, address: &str) -> Result<serde_json::Value> {
    let merchant = Operator::of(house, gateway)?.merchant("Kerzenladen")?;
    let wish = json!({
        "name": "WordPress",
        "redirect_uris": [format!("{address}/purser")],
        "post_logout_redirect_uris": [format!("{address}/")],
        "id_token_signed_response_alg": "RS256",
    });
    let wish = wish.to_string();
    let register = Request::post("/v1/login-clients", &wish).by(&merchant.secret_key);
    gateway.client().expect(201, register)
}

/// Debian's WordPress with a configuration of its own: its own one is for all sites of a machine.
fn copied(folder: &Path, files: &Path) -> Result<PathBuf> {
    let site = folder.join("site");
    step::run(Command::new("cp").args(["--recursive", "--dereference", SOURCE]).arg(&site))?;
    for name in ["wp-config.php", "install.php"] {
        fs::copy(files.join(name), site.join(name))?;
    }
    Ok(site)
}

fn database(folder: &Path, socket: &Path) -> Result<Program> {
    let data = folder.join("database");
    let data = format!("--datadir={}", data.display());
    let socket = format!("--socket={}", socket.display());
    let mut install = Command::new("mariadb-install-db");
    install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    step::output(install.args([data.as_str(), "--user=mysql"]))?;
    let mut server = Command::new("mariadbd");
    server.args(["--no-defaults", "--skip-networking", "--user=mysql", &data, &socket]);
    let server = Program::start(&mut server, &folder.join("database.log"))?;
    let create = || {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--user=root", &socket]);
        step::output(client.args(["--execute", "CREATE DATABASE IF NOT EXISTS wordpress"])).is_ok()
    };
    wait_for("MariaDB", create)?;
    Ok(server)
}

/// Its name has PHP's version in it.
fn php_module() -> Result<PathBuf> {
    let modules = fs::read_dir(MODULES)?.collect::<Result<Vec<_>, _>>()?;
    let is_php = |module: &fs::DirEntry| module.file_name().to_string_lossy().starts_with("libphp");
    let found = modules.iter().find(|module| is_php(module));
    Ok(found.context("Apache has no PHP: install libapache2-mod-php")?.path())
}

fn open_to_all(folder: &Path) -> Result<()> {
    // The database server makes its socket there.
    Ok(fs::set_permissions(folder, fs::Permissions::from_mode(0o777))?)
}

fn wait_for(name: &str, is_ready: impl Fn() -> bool) -> Result<()> {
    let started = Instant::now();
    while !is_ready() {
        if started.elapsed() > READY_MAX {
            bail!("{name} is not ready");
        }
        sleep(Duration::from_millis(50));
    }
    Ok(())
}
