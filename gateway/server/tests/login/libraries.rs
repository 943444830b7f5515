//! Shops with libraries that nobody here wrote: npm `openid-client` and PyPI `authlib`, as they come.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::LazyLock,
};

use super::{shop::AFTER, *};

/// Newer ones may ask for a newer Node.js or Python than the tests do.
const NPM: &str = "openid-client@6.9.0";
const PYPI: [&str; 4] =
    ["authlib==1.9.10", "flask==3.1.3", "pyjwt[crypto]==2.15.1", "requests==2.34.2"];

/// Of an address that a buyer comes back to, `openid-client` keeps no query.
const PLAIN: &str = "http://127.0.0.1:9/callback";

/// Where these tests install and write.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[track_caller]
fn done(command: &mut Command, needs: &str) {
    let output = command.output();
    let said = output.as_ref().map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.as_ref().is_ok_and(|output| output.status.success()), "{needs}: {said:?}");
}

/// A folder in which Node.js finds the library.
pub(crate) fn node() -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = folder("login-node");
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", NPM]).current_dir(&folder);
        done(&mut npm, "npm and Node.js 20 or later are needed");
        folder
    });
    FOLDER.clone()
}

/// A virtual environment of Python with the library.
pub(crate) fn python() -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = folder("login-venv");
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(&folder);
        done(
            &mut venv,
            "python3 and its module venv are needed (Debian: apt install python3-venv)",
        );
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(PYPI);
        done(&mut pip, "PyPI is needed");
        folder
    });
    FOLDER.clone()
}

/// Which library.
#[derive(Debug, Clone, Copy)]
enum Library {
    OpenidClient,
    Authlib,
}

impl Library {
    /// What it says of an answer that is not meant for its request.
    fn of_state(self) -> &'static str {
        match self {
            Self::OpenidClient => "OAUTH_INVALID_RESPONSE",
            Self::Authlib => "mismatching_state",
        }
    }

    /// And of an ID token with another nonce.
    fn of_nonce(self) -> &'static str {
        match self {
            Self::OpenidClient => "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
            Self::Authlib => "invalid_claim",
        }
    }

    /// And of one that was not signed as agreed, or changed.
    fn of_forgery(self, forged: &str) -> &'static str {
        match (self, forged) {
            (Self::OpenidClient, _) => "OAUTH_INVALID_RESPONSE",
            (Self::Authlib, "changed") => "bad_signature",
            (Self::Authlib, _) => "unsupported_algorithm",
        }
    }

    /// And of an access token that has ended.
    fn of_ended(self) -> &'static str {
        match self {
            Self::OpenidClient => "OAUTH_WWW_AUTHENTICATE_CHALLENGE",
            Self::Authlib => "HTTPError",
        }
    }
}

/// A shop that runs one, and does as it is told.
struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    fn start(library: Library, shop: &Shop, alg: &str, auth: &str) -> Self {
        let (mut command, script) = match library {
            Library::OpenidClient => {
                let mut command = Command::new("node");
                command.current_dir(node());
                (command, "openid_client.mjs")
            }
            Library::Authlib => (Command::new(python().join("bin/python")), "authlib_client.py"),
        };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/login").join(script);
        // A program in JavaScript finds its libraries beside itself.
        let copy = match library {
            Library::OpenidClient => node().join(format!("{}.mjs", new_key())),
            Library::Authlib => folder("login-programs").join(format!("{}.py", new_key())),
        };
        fs::copy(source, &copy).unwrap();
        command.arg(copy).args([&shop.base, &shop.id, &shop.secret, alg, auth, PLAIN]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { input: child.stdin.take().unwrap(), output, child }
    }

    /// What comes of it, which may be a refusal.
    fn try_to(&mut self, deed: &str, given: Value) -> Value {
        let mut line = given;
        line["deed"] = deed.into();
        writeln!(self.input, "{line}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{deed}: {answer}"))
    }

    #[track_caller]
    fn does(&mut self, deed: &str, given: Value) -> Value {
        let answer = self.try_to(deed, given);
        assert_eq!(answer.get("error"), None, "{deed}: {answer:#}");
        answer
    }

    /// What it must not get, and how it says so: what the gateway answered, or what it thinks itself.
    #[track_caller]
    fn is_refused(&mut self, deed: &str, given: Value, error: &str) {
        let answer = self.try_to(deed, given);
        assert_eq!(answer["error"], error, "{deed}: {answer:#}");
    }

    /// Sends a person through the gateway, and gives what the shop has to finish with.
    #[track_caller]
    fn sends(&mut self, person: &Person, login: &Value) -> Value {
        let mut begun = self.does("start", json!({}));
        begun["url"] = person.log_in(&text(&begun, "/url"), login).into();
        begun
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn with(begun: &Value, part: &str, value: &str) -> Value {
    let mut changed = begun.clone();
    changed[part] = value.into();
    changed
}

/// The whole life of a log-in, and all that is to be refused on the way.
fn lives(library: Library, alg: &str, auth: &str) {
    let world = World::on_sqlite();
    let fields = json!({ "id_token_signed_response_alg": alg, "redirect_uris": [PLAIN] });
    let (shop, buyer) = (Shop::with(&world, &fields), world.buyer());
    let mut program = Program::start(library, &shop, alg, auth);
    let person = Person::new(&world.base);

    let begun = program.sends(&person, &buyer.login);
    let done = program.does("finish", begun.clone());
    let sub = text(&done, "/claims/sub");
    assert_eq!(shop::header(&done["tokens"]["id_token"])["alg"], alg);
    let asked = json!({ "token": done["tokens"]["access_token"], "sub": sub });
    let seen = program.does("userinfo", asked.clone());
    assert_eq!((&seen["sub"], &seen["email"]), (&done["claims"]["sub"], &done["claims"]["email"]));
    let old = json!({ "token": done["tokens"]["refresh_token"] });
    let fresh = program.does("refresh", old.clone());
    assert_eq!(text(&fresh, "/claims/sub"), sub);
    program.is_refused("refresh", old, "invalid_grant");
    program.is_refused("userinfo", asked, library.of_ended());
    let newest = json!({ "token": fresh["tokens"]["refresh_token"] });
    program.is_refused("refresh", newest, "invalid_grant");

    refuses(library, &mut program, &person, &buyer.login);

    let begun = program.sends(&person, &buyer.login);
    let done = program.does("finish", begun);
    program.does("revoke", json!({ "token": done["tokens"]["refresh_token"] }));
    let ended = json!({ "token": done["tokens"]["refresh_token"] });
    program.is_refused("refresh", ended, "invalid_grant");
    let hint = json!({ "token": done["tokens"]["id_token"], "after": AFTER });
    let out = text(&program.does("logout", hint), "/url");
    assert!(person.get(&out).leads().starts_with(AFTER));
    let look = program.does("start", json!({ "parameters": { "prompt": "none" } }));
    let back = person.get(&text(&look, "/url")).leads();
    program.is_refused("finish", with(&look, "url", &back), "login_required");
}

/// What the library refuses, and what the gateway does.
fn refuses(library: Library, program: &mut Program, person: &Person, login: &Value) {
    let other = "another-one-of-at-least-43-characters-as-a-verifier-has";
    let wrong = [
        ("state", library.of_state()),
        ("nonce", library.of_nonce()),
        ("verifier", "invalid_grant"),
    ];
    for (part, error) in wrong {
        let begun = program.sends(person, login);
        program.is_refused("finish", with(&begun, part, other), error);
    }
    let begun = program.sends(person, login);
    let elsewhere = text(&begun, "/url").replace("iss=", "iss=https%3A%2F%2Fevil.example&was=");
    match library {
        Library::OpenidClient => {
            program.is_refused("finish", with(&begun, "url", &elsewhere), library.of_state());
        }
        // It compares no `iss` of an answer, only that of the ID token.
        Library::Authlib => {}
    }
    for forged in ["none", "hs256", "changed"] {
        let begun = program.sends(person, login);
        program.is_refused("finish", with(&begun, "forged", forged), library.of_forgery(forged));
    }
    let begun = program.sends(person, login);
    let done = program.does("finish", begun.clone());
    // A code is good once, and ends what it gave.
    program.is_refused("finish", begun, "invalid_grant");
    let ended = json!({ "token": done["tokens"]["access_token"], "sub": done["claims"]["sub"] });
    program.is_refused("userinfo", ended, library.of_ended());
    let wrong = json!({ "parameters": { "redirect_uri": "http://127.0.0.1:9/elsewhere" } });
    let url = text(&program.does("start", wrong), "/url");
    assert!(url.contains("elsewhere"), "{url}");
    assert_eq!(person.get(&url).status, 400);
}

#[test]
fn openid_client_lives_with_eddsa() {
    lives(Library::OpenidClient, "EdDSA", "basic");
}

#[test]
fn openid_client_lives_with_rs256() {
    lives(Library::OpenidClient, "RS256", "post");
}

#[test]
fn authlib_lives_with_eddsa() {
    lives(Library::Authlib, "EdDSA", "post");
}

#[test]
fn authlib_lives_with_rs256() {
    lives(Library::Authlib, "RS256", "basic");
}
